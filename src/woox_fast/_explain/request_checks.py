"""Checks of the whole request: mistakes that no signature shows, found before the search."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from .. import _checks
from .rows import Finding
from .signature import MIN_DIGITS, read_signature
from .signing import Secret, SignedParts, to_bytes

HEADERS = ("x-api-key", "x-api-timestamp", "x-api-signature")
_HOST_OF_STAGING = "api.staging.woox.io"

# Domains outside WOO X, and their owners.
_FOREIGN = {"wooxpro.com": "WOO X Pro", "bitmart.com": "BitMart", "orderly.org": "Orderly", "binance.com": "Binance"}
_FOREIGN |= {"bybit.com": "Bybit", "okx.com": "OKX", "kucoin.com": "KuCoin"}
# Prefixes of foreign header names.
_OWNERS = {"xbm": "WOO X Pro", "xmbx": "Binance", "okaccess": "OKX", "xbapi": "Bybit", "kcapi": "KuCoin"}
_ROLES = (
    ("x-api-signature", re.compile(r"(?:signature|sign|sig|hmac)\Z")),
    ("x-api-timestamp", re.compile(r"(?:timestamp|apits|apitime|nonce|accesstime|reqtime|wootime)\Z")),
    ("x-api-key", re.compile(r"(?:apikey|accesskey|authorization|wookey|wooxkey|bmkey|apitoken)\Z")),
)
_UNRELATED = re.compile(r"(?:sec|idempotency|if|access-control|x-amz|proxy|x-forwarded)-", re.IGNORECASE)


_SEND_JSON = "Send the parameters as a JSON object: json.dumps(order)."


class Headers(NamedTuple):
    """The values for the three headers, even under wrong names, and the findings about them."""

    values: dict[str, str]
    findings: tuple[Finding, ...]


def check_headers(headers: Mapping[str, str], method: str, body: bytes, *, scheme: str, api_key: str = "") -> Headers:
    """Check a request's headers as sent. A non-empty `api_key` is compared with x-api-key."""
    lower = {name.strip().lower(): value for name, value in headers.items()}
    values = {name: lower[name] for name in HEADERS if lower.get(name, "").strip()}
    findings = list(_find_misnamed(headers, values))
    for name in HEADERS:
        if name not in values:
            findings.append(Finding(f"no-{name}", f"The request has no {name} header.", f"Send {name}."))
    sent_key = values.get("x-api-key", "")
    if api_key and sent_key not in ("", api_key) and not re.search(r"[$%{}<>*]", sent_key):  # not a placeholder
        cause = "The request sent another x-api-key than your API key."
        findings.append(Finding("other-api-key", cause, "Send the key that belongs to the secret."))
    findings += _check_content_type(lower.get("content-type"), method, body, scheme)
    return Headers(values, tuple(findings))


def _find_misnamed(headers: Mapping[str, str], values: dict[str, str]) -> Iterator[Finding]:
    for name, value in headers.items():
        bare = re.sub("[^a-z0-9]", "", name.lower())
        similar = get_close_matches(name.lower(), HEADERS, 1, 0.85)  # x-api-signatrue, x-api-key-id
        right = next((right for right, pattern in _ROLES if pattern.search(bare)), (*similar, None)[0])
        if right is None or name.strip().lower() in HEADERS or _UNRELATED.match(name) or right in values:
            continue
        values[right] = value.removeprefix("Bearer ")
        owner = next((f" (of {label})" for prefix, label in _OWNERS.items() if bare.startswith(prefix)), "")
        yield Finding(f"header-{right}", f"The header {name[:40]} has a wrong name{owner}.", f"Name it {right}.")


def _check_content_type(content_type: str | None, method: str, body: bytes, scheme: str) -> Iterator[Finding]:
    if not body or method.upper() not in ("POST", "PUT") or scheme == "ws":
        return
    kind = (content_type or "").partition(";")[0].strip().lower()
    wanted = "application/json" if scheme == "v3" else "application/x-www-form-urlencoded"
    if content_type is None:
        yield Finding("no-content-type", "The request has a body but no Content-Type.", f"Send Content-Type: {wanted}.")
    elif kind != wanted:
        cause = f"Content-Type was {kind[:60] or 'empty'}, but {scheme.upper()} expects {wanted}."
        yield Finding("content-type", cause, f"Send Content-Type: {wanted}.")


def check_request(request: SignedParts, secret: Secret) -> Iterator[Finding]:
    """Yield the mistakes in a request that its signature does not show."""
    yield from _check_credentials(request, secret)
    if request.scheme == "ws":
        return
    yield from _check_host(request.host)
    method = request.method.upper()
    if not (request.method.isascii() and request.method.isupper()):
        yield Finding("sent-method", f"The method was sent as {request.method[:20]!a}.", "Send it in upper case.")
    if not request.path.startswith("/"):
        yield Finding("sent-path", "The path that was sent does not begin with '/'.", "Begin it with '/'.")
    if method in ("GET", "DELETE") and request.body and request.scheme == "v3":
        cause = f"A body was sent with a {method}."
        yield Finding("sent-body", cause, f"Send the parameters of a {method} in the query.")
    elif method in ("POST", "PUT") and request.scheme == "v3":
        if request.query:
            cause = f"A query was sent with a {method}."
            yield Finding("sent-query", cause, f"Send the parameters of a {method} in a JSON body.")
        if request.body and not _is_json(request.body):
            kind = "a form" if re.match(rb"[\w.-]{1,80}=", request.body) else "no JSON object"
            yield Finding(
                "sent-no-json", f"V3 expects a JSON object, but the body that was sent is {kind}.", _SEND_JSON
            )
    elif request.scheme == "v1" and request.body.lstrip()[:1] in (b"{", b"["):
        cause = "A JSON body was sent, but V1 expects a form."
        yield Finding("v1-json", cause, "Send the signed parameters as a form: symbol=SPOT_BTC_USDT&side=BUY.")


def _is_json(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict | list)
    except (ValueError, RecursionError):
        return False


def _check_credentials(request: SignedParts, secret: Secret) -> Iterator[Finding]:
    digits = request.timestamp
    if len(digits) == 10 and digits.isascii() and digits.isdigit():
        cause = "The timestamp was sent in seconds (10 digits)."
        yield Finding("sent-seconds", cause, "Send and sign milliseconds (13 digits).")
    else:
        try:
            _checks.check_timestamp(digits)
        except ValueError as error:
            yield Finding("sent-timestamp", f"The timestamp is invalid: {error}.", "Send 13 digits of milliseconds.")
    if request.api_key and to_bytes(request.api_key).strip() == secret:
        yield Finding("sent-secret", "The secret was sent as the API key.", "Delete this key pair; create a new one.")
    elif request.api_key != request.api_key.strip():
        yield Finding("sent-api-key", "The API key was sent with white space around it.", "Send the key alone.")


def _check_host(host: str) -> Iterator[Finding]:
    name = host.lower().partition(":")[0]
    if product := _FOREIGN.get(".".join(name.split(".")[-2:])):
        cause = f"The request went to {name}, a host of {product}, which signs by another rule."
        yield Finding("other-product", cause, f"Send it to https://api.woox.io, or sign by the rule of {product}.")
    if name == _HOST_OF_STAGING:
        cause = "The request went to staging, which accepts only keys created on staging."
        yield Finding("staging", cause, "Use a staging key, or send the request to https://api.woox.io.")
    elif name.endswith((".woox.io", ".woo.org")) and not name.startswith("api"):
        cause = f"The request went to {name}, which does not serve the REST API."
        yield Finding("other-host", cause, "Send it to https://api.woox.io.")
    elif name == "api.woo.org":
        yield Finding("old-host", "The host api.woo.org is being shut down.", "Send requests to https://api.woox.io.")


def check_signature(signature: str) -> Iterator[Finding]:
    if not signature.strip():
        yield Finding("sent-signature", "The signature that was sent is empty.", "Send 64 hex characters.")
    elif not read_signature(signature):
        shown = f"{signature[:24]!a}{'...' if len(signature) > 24 else ''}"
        few = f"; fewer than {MIN_DIGITS} hex digits identify no digest" if len(signature) < MIN_DIGITS else ""
        cause = f"The signature {shown} is not a digest ({len(signature):,} characters{few})."
        yield Finding("sent-signature", cause, "Send 64 lower-case hex characters (hexdigest()).")
