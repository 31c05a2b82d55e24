"""`prepare` builds and signs a request once; a `SignedRequest` is sent unchanged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _checks
from ._encoding import encode_json, encode_query
from ._urls import PRODUCTION_URL, check_sendable_path, parse_origin

if TYPE_CHECKING:
    from ._types import Body, Params, Timestamp

_QUERY_METHODS = ("GET", "DELETE")


class SignedRequest(NamedTuple):
    """A signed request. Send its `url` and `body` unchanged, and follow no redirect.

    With the standard library::

        class NoRedirect(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None  # urllib would send the signature to the new host

        signed = signer.prepare("GET", "/v3/trade/orders", params={"symbol": "SPOT_BTC_USDT"})
        request = urllib.request.Request(signed.url, signed.body or None, signed.headers, method=signed.method)
        response = urllib.request.build_opener(NoRedirect).open(request)
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<SignedRequest {self.method} {self.url} with a body of {len(self.body)} bytes>"


def prepare(
    headers: Callable[..., dict[str, str]],
    method: str,
    path: str,
    *,
    params: Params | None = None,
    json: Any = None,
    body: Body = None,
    timestamp: Timestamp | None = None,
    base_url: str = PRODUCTION_URL,
) -> SignedRequest:
    """Implement `Signer.prepare`; `headers` is the method `Signer.headers`."""
    method = _checks.check_method(method)
    target = check_sendable_path(path)
    if json is not None and body is not None:
        raise ValueError("give json or body, not both: only one of them can be sent")
    if params is not None:
        if method not in _QUERY_METHODS:
            raise ValueError(
                f"params are for {' and '.join(_QUERY_METHODS)}, got them with {method}; give json instead"
            )
        if json is not None:
            raise ValueError(f"give params or json with {method}, not both; WOO X reads its parameters from the query")
        query = encode_query(params)
        if query:
            target += ("&" if "?" in target else "?") + query
    data = bytes(_checks.check_body(body)) if json is None else encode_json(json)
    signed = headers(method, target, data, timestamp=timestamp)
    return SignedRequest(method, parse_origin(base_url) + target, signed, data)
