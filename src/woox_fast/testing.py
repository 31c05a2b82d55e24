"""For your own tests: `assert_signed(request)` fails, and says why, unless a request is signed as WOO X wants it.

With the `sandbox` extra installed, pytest has two fixtures as well:

- `woox_sandbox`: an exchange of the test's own on 127.0.0.1, a `RunningSandbox`, which fails on purpose if the marker
  `woox_faults` says so;
- `woox_signer`: a `Signer` for its account.

A whole test::

    def test_an_order(woox_sandbox, woox_signer):
        order = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "1", "quantity": "1"}
        signed = woox_signer.prepare("POST", "/v3/trade/order", json=order, base_url=woox_sandbox.url)
        assert_signed(signed)
        response = requests.request(
            signed.method, signed.url, headers=signed.headers, data=signed.body, allow_redirects=False
        )
        assert response.json()["success"]
        assert woox_sandbox.requests[-1].verdict == "OK"
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from . import _checks, _credentials, prehash
from ._explain import explain

_URL = re.compile(r"\A(\w+://[^/?#]*)?([^#]*)", re.ASCII)


class RunningSandbox(NamedTuple):
    """What the fixture `woox_sandbox` gives.

    `requests` holds a `RequestRecord` of each request, the last 1,000. `faults` are the rules in force, with
    `add(RULE)` and `clear()`. `orders()` says what the exchange holds, and how often each clientOrderId arrived.
    """

    url: str
    api_key: str
    api_secret: str
    requests: Sequence[Any]
    faults: Any = None
    orders: Callable[[], dict[str, Any]] = dict

    def __repr__(self) -> str:
        return f"<RunningSandbox {self.url} with {len(self.requests)} requests>"


class Sent(NamedTuple):
    """A request as it goes out; `headers` have lower-case names."""

    method: str
    origin: str
    target: str
    headers: dict[str, str]
    body: bytes


def assert_signed(
    request: Any,
    api_secret: str | bytes = _credentials.API_SECRET,
    *,
    api_key: str | None = None,
    scheme: str | None = None,
) -> None:
    """Raise AssertionError, with the mistake and how to fix it, unless `request` carries its own signature.

    `request` is any object with `method`, `url`, `headers` and `body` or `content`: a `SignedRequest`, a prepared
    request of requests, a request of httpx. `api_secret` is by default the sandbox's; `api_key` is compared if given.
    `scheme` is "v3" or "v1"; None is what the path says. Verified with the standard library's `hmac`. Raises TypeError
    for what is no such request, and as `Signer` for a secret that is none.
    """
    try:
        if scheme not in (None, "v3", "v1"):
            raise ValueError(f"scheme must be 'v3', 'v1' or None for what the path says, got {scheme!r}")
        sent = _as_sent(request)
        wrong = _headers_fault(sent, api_key) or _signature_fault(sent, api_secret, scheme)
    finally:
        del api_secret  # a traceback that shows locals must not show it
    if wrong:
        raise AssertionError(f"{sent.method} {sent.origin}{sent.target} {wrong}")


def _as_sent(request: Any) -> Sent:
    method, url, headers = (getattr(request, name, None) for name in ("method", "url", "headers"))
    if not isinstance(method, str) or url is None or not isinstance(headers, Mapping):
        raise TypeError(
            f"request must have method, url, headers and body or content, got {type(request).__name__}; "
            "pass the request, not its response"
        )
    body = request.body if hasattr(request, "body") else getattr(request, "content", None)
    lower = {_text(name).lower(): _text(value) for name, value in headers.items()}
    origin, target = _URL.findall(str(url))[0]
    theirs = _target_of_httpx(request, url)
    target = theirs or (target if target.startswith("/") else "/" + target)
    if not theirs or target.startswith("//"):  # which some clients send as '/'
        try:
            _checks.sendable_path(target)
        except ValueError as error:
            raise AssertionError(f"{method} {str(url)!a} would not be sent as it is written: {error}") from None
    return Sent(method, origin, target, lower, bytes(_checks.body_bytes(body)))


def _target_of_httpx(request: Any, url: Any) -> str:
    """Path and query as httpx sends them, for a request of httpx; else ""."""
    raw = getattr(url, "raw_path", None)
    return _text(getattr(request, "extensions", {}).get("target", raw)) if isinstance(raw, bytes) else ""


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _headers_fault(sent: Sent, api_key: str | None) -> str:
    missing = [name for name in ("x-api-key", "x-api-timestamp", "x-api-signature") if name not in sent.headers]
    if missing:
        return f"is not signed: it has no {', '.join(missing)}"
    key = sent.headers["x-api-key"]
    if api_key is not None and key != api_key:
        return f"has x-api-key {key[:4]!a}..., expected {api_key[:4]!a}..."
    return ""


def _signature_fault(sent: Sent, api_secret: str | bytes, scheme: str | None) -> str:
    secret = b""
    try:
        secret = _checks.secret_bytes(api_secret)
        scheme = scheme or prehash.scheme_of(sent.target)
        key, stamp, signature = (sent.headers[f"x-api-{name}"] for name in ("key", "timestamp", "signature"))
        message = prehash.unchecked(scheme, _bytes(stamp), _bytes(sent.method), _bytes(sent.target), sent.body)
        expected = hmac.new(secret, message, hashlib.sha256).hexdigest()
        well_stamped = len(stamp) == 13 and stamp.isascii() and stamp.isdigit()
        if well_stamped and hmac.compare_digest(_bytes(signature), expected.encode()):
            return ""
        found = explain(
            api_secret,
            signature,
            stamp,
            sent.method,
            sent.target,
            sent.body,
            api_key=key,
            scheme=scheme,
            origin=sent.origin,
        )
        return f"is not signed as WOO X wants it.\n{found}"
    finally:
        del api_secret, secret
