"""Helpers for your own tests: `assert_signed(request)` fails unless a request carries its correct signature.

With the `sandbox` extra installed, pytest also has two fixtures:

- `woox_sandbox`: an exchange for a test on 127.0.0.1, a `RunningSandbox`. The marker `woox_faults` adds failures;
- `woox_signer`: a `Signer` for its account.

A whole test::

    def test_order(woox_sandbox, woox_signer):
        order = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "1", "quantity": "1"}
        signed = woox_signer.prepare("POST", "/v3/trade/order", json=order, base_url=woox_sandbox.url)
        assert_signed(signed)
        assert requests.request(signed.method, signed.url, headers=signed.headers, data=signed.body).ok
        assert woox_sandbox.requests[-1].verdict == "OK"
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from . import _checks, _credentials, _urls, prehash
from ._explain import explain

_URL = re.compile(r"\A(\w+://[^/?#]*)?([^#]*)", re.ASCII)


class RunningSandbox(NamedTuple):
    """The value of the fixture `woox_sandbox`: an address, the account's credentials, and the exchange's reports.

    Attributes:
        requests: The newest 1,000 `RequestRecord`.
        faults: The fault rules, with `add(RULE)`, `remove(NUMBER)` and `clear()`.
        orders: A function that returns the open orders and how often every clientOrderId arrived.
        price: A function that sets a price: `price("SPOT_BTC_USDT", "60000")`.
        account: A function that returns order counts, balances, positions, and whether they add up.
    """

    url: str
    api_key: str
    api_secret: str
    requests: Sequence[Any]
    faults: Any = None
    orders: Callable[[], dict[str, Any]] = dict
    price: Callable[..., None] = lambda *_, **__: None
    account: Callable[[], dict[str, Any]] = dict

    def __repr__(self) -> str:
        return f"<RunningSandbox {self.url} with {len(self.requests)} requests>"


class _OutgoingRequest(NamedTuple):
    method: str
    origin: str
    target: str
    headers: dict[str, str]  # lower-case names
    body: bytes


def assert_signed(
    request: Any, api_secret: str | bytes = _credentials.API_SECRET, *, api_key: str | None = None,
    scheme: str | None = None,
) -> None:  # fmt: skip
    """Assert that a request carries its correct signature, verified with the standard library's `hmac`.

    Args:
        request: An object with `method`, `url`, `headers` and `body` or `content`: a `SignedRequest`, a prepared
            request of requests, or a request of httpx.
        api_secret: The secret; by default the sandbox's.
        api_key: The expected key. Any key is valid by default.
        scheme: "v3" or "v1"; by default the scheme of the path.

    Raises:
        AssertionError: With the mistake and its remedy.
        TypeError: If `request` lacks these attributes.
        ValueError: For an invalid secret or scheme.
    """
    try:
        if scheme not in (None, "v3", "v1"):
            raise ValueError(f"scheme must be 'v3', 'v1' or None for the scheme of the path, got {scheme!r}")
        outgoing = _read_outgoing(request)
        mistake = _check_headers(outgoing, api_key) or _check_signature(outgoing, api_secret, scheme)
    finally:
        del api_secret  # a traceback with locals must not show it
    if mistake:
        raise AssertionError(f"{outgoing.method} {outgoing.origin}{outgoing.target} {mistake}")


def _read_outgoing(request: Any) -> _OutgoingRequest:
    method, url, headers = (getattr(request, name, None) for name in ("method", "url", "headers"))
    if not isinstance(method, str) or url is None or not isinstance(headers, Mapping):
        raise TypeError(
            f"request must have method, url, headers and body or content, got {type(request).__name__}; "
            "pass the request, not its response"
        )
    body = request.body if hasattr(request, "body") else getattr(request, "content", None)
    lower = {_decode(name).lower(): _decode(value) for name, value in headers.items()}
    origin, target = _URL.findall(str(url))[0]
    httpx_target = _read_httpx_target(request, url)
    target = httpx_target or (target if target.startswith("/") else "/" + target)
    if not httpx_target or target.startswith("//"):  # some clients send '//' as '/'
        try:
            _urls.check_sendable_path(target)
        except ValueError as error:
            raise AssertionError(f"{method} {str(url)!a} would not reach the server unchanged: {error}") from None
    return _OutgoingRequest(method, origin, target, lower, bytes(_checks.check_body(body)))


def _read_httpx_target(request: Any, url: Any) -> str:
    raw = getattr(url, "raw_path", None)
    return _decode(getattr(request, "extensions", {}).get("target", raw)) if isinstance(raw, bytes) else ""


def _decode(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _check_headers(outgoing: _OutgoingRequest, api_key: str | None) -> str:
    missing = [name for name in ("x-api-key", "x-api-timestamp", "x-api-signature") if name not in outgoing.headers]
    if missing:
        return f"is not signed: it lacks {', '.join(missing)}"
    key = outgoing.headers["x-api-key"]
    if api_key is not None and key != api_key:
        return f"has x-api-key {key[:4]!a}..., expected {api_key[:4]!a}..."
    return ""


def _check_signature(outgoing: _OutgoingRequest, api_secret: str | bytes, scheme: str | None) -> str:
    secret = b""
    try:
        secret = _checks.encode_secret(api_secret)
        scheme = scheme or prehash.scheme_of(outgoing.target)
        key, stamp, signature = (outgoing.headers[f"x-api-{name}"] for name in ("key", "timestamp", "signature"))
        method, target = _encode(outgoing.method), _encode(outgoing.target)
        message = prehash.build_unchecked(scheme, _encode(stamp), method, target, outgoing.body)
        expected = hmac.new(secret, message, hashlib.sha256).hexdigest()
        has_timestamp = len(stamp) == 13 and stamp.isascii() and stamp.isdigit()
        if has_timestamp and hmac.compare_digest(_encode(signature).lower(), expected.encode()):
            return ""
        found = explain(api_secret, signature, stamp, outgoing.method, outgoing.target, outgoing.body,
                        api_key=key, scheme=scheme, origin=outgoing.origin)  # fmt: skip
        return f"is not signed correctly.\n{found}"
    finally:
        del api_secret, secret
