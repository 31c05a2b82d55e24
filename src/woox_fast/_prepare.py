"""A whole request, built once and signed: `prepare` makes a `SignedRequest` that goes out as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _checks
from ._encoding import json_bytes, query_text
from ._urls import PRODUCTION_URL, origin

if TYPE_CHECKING:
    from ._types import Body, Params, Timestamp

_QUERY_METHODS = ("GET", "DELETE")

# Clients (seen on requests, httpx and yarl) encode what RFC 3986 does not allow in a path or query; rewrite escapes
# that are broken, in lower case or needless ('%7E' for '~') and '//' in front; remove '.', '..' and a '?' at the end.
_REWRITTEN = re.compile(
    r"[^A-Za-z0-9._~!$&'()*+,;=:@/?%-]"
    r"|%(?![0-9A-F]{2})|%(?:2[DE]|3\d|4[1-9A-F]|5[\dAF]|6[1-9A-F]|7[\dAE])"
    r"|^//"
)
_CUT = re.compile(r"[^?]*?((?<=/)\.\.?(?=[/?]|\Z)|\?\Z)")


class SignedRequest(NamedTuple):
    """A request whose `url` and `body` were signed: both must be sent exactly as they are."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    def for_requests(self) -> dict[str, Any]:
        """For `requests`: `session.request(**signed.for_requests())`. No redirect is followed."""
        return {**self._common(), "data": self.body, "allow_redirects": False}

    def for_httpx(self) -> dict[str, Any]:
        """For `httpx`: `client.request(**signed.for_httpx())`, sync or async. No redirect is followed."""
        return {**self._common(), "content": self.body, "follow_redirects": False}

    def for_aiohttp(self) -> dict[str, Any]:
        """For `aiohttp`: `session.request(**signed.for_aiohttp())`. No redirect is followed."""
        try:
            from yarl import URL
        except ModuleNotFoundError:
            raise ImportError("for_aiohttp needs aiohttp; run: pip install 'woox-fast[aiohttp]'") from None
        url = URL(self.url, encoded=True)  # aiohttp would encode a str again
        return {**self._common(), "url": url, "data": self.body or None, "allow_redirects": False}

    def _common(self) -> dict[str, Any]:
        return {"method": self.method, "url": self.url, "headers": self.headers}

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
    """Build query and body once, sign them with `headers` (a `Signer.headers`), and return what is to be sent.

    `params` go into the query and belong to GET and DELETE; `json` is written by `json_bytes`; `body` is signed as
    given. `timestamp` (milliseconds) None is the local clock plus the signer's offset; `base_url` is scheme and host.
    Raises ValueError for options that do not go together, and as `Signer.sign`.
    """
    method = _checks.method_text(method)
    target = sendable(_checks.path_text(path))
    if json is not None and body is not None:
        raise ValueError("give json or body, not both: only one of them can be sent")
    if params is not None:
        if method not in _QUERY_METHODS:
            raise ValueError(
                f"params are for {' and '.join(_QUERY_METHODS)}, got them with {method}; give json instead"
            )
        if json is not None:
            raise ValueError(f"give params or json with {method}, not both; WOO X reads its parameters from the query")
        query = query_text(params)
        if query:
            target += ("&" if "?" in target else "?") + query
    data = bytes(_checks.body_bytes(body)) if json is None else json_bytes(json)
    signed = headers(method, target, data, timestamp=timestamp)
    return SignedRequest(method, origin(base_url) + target, signed, data)


def sendable(path: str) -> str:
    """`path`, if every client sends it as it is; ValueError if one would change it after it was signed."""
    if found := _REWRITTEN.search(path):
        at, got = found.start(), found[0]
    elif found := _CUT.match(path):
        at, got = found.start(1), found[1]
    else:
        return path
    raise ValueError(
        f"path must be percent-encoded ASCII to be sent as it is signed, got {got[:20]!a} at index {at}; "
        "use params, or urllib.parse.quote"
    )
