"""What is signed, in WOO X's words: V3, V1 and websocket strings, query and JSON text. Pure functions.

Sources: WOO X integration guide, "Authentication"; legacy API documentation, "Authentication" (V1) and "auth".
"""

from __future__ import annotations

import json as _json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict
from urllib.parse import quote, urlencode

from . import _checks

if TYPE_CHECKING:
    from typing import TypeAlias

    from ._sign_base import Body, Timestamp

    Params: TypeAlias = Mapping[str, Any] | Iterable[tuple[str, Any]]

PRODUCTION_URL = "https://api.woox.io"
STAGING_URL = "https://api.staging.woox.io"

_QUERY_METHODS = ("GET", "DELETE")

# What clients write anew before they send it (seen on requests, httpx and yarl): all that RFC 3986 does not allow in a
# path or query, escapes that are broken, in lower case or needless ('%7E' for '~'), '//' in front. And what they cut:
# segments '.' and '..', a '?' with nothing after it.
_REWRITTEN = re.compile(
    r"[^A-Za-z0-9._~!$&'()*+,;=:@/?%-]"
    r"|%(?![0-9A-F]{2})|%(?:2[DE]|3\d|4[1-9A-F]|5[\dAF]|6[1-9A-F]|7[\dAE])"
    r"|^//"
)
_CUT = re.compile(r"[^?]*?(?:/(\.\.?)(?=[/?]|\Z)|(\?)\Z)")

_ORIGIN = re.compile(r"(https?://([^/]+))/?", re.IGNORECASE)


class PrepareOptions(TypedDict, total=False):
    """What `Signer.prepare` takes after method and path."""

    params: Params | None
    json: Any
    body: Body
    timestamp: Timestamp | None
    base_url: str


class SignedRequest(NamedTuple):
    """A request whose `url` and `body` must go out exactly as they stand here: they are what was signed."""

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
        from yarl import URL

        return {
            **self._common(),
            "url": URL(self.url, encoded=True),  # a str would be quoted anew
            "data": self.body or None,
            "allow_redirects": False,
        }

    def _common(self) -> dict[str, Any]:
        return {"method": self.method, "url": self.url, "headers": self.headers}

    def __repr__(self) -> str:
        return f"<SignedRequest {self.method} {self.url} with a body of {len(self.body)} bytes>"


def v3(timestamp: Timestamp, method: str, path: str, body: Body = b"") -> bytes:
    """The bytes that V3 signs: timestamp + method + path?query + body. Checks and raises as `Signer.sign`."""
    head = _checks.timestamp_text(timestamp) + _checks.method_text(method) + _checks.path_text(path)
    return head.encode("utf-8") + _checks.body_bytes(body)


def v1(params: Params | None, timestamp: Timestamp) -> bytes:
    """The bytes that V1 signs: every query and body parameter, sorted by name, then '|' and the timestamp.

    Send the same text, without '|' and what follows: as the query of a GET, as the form body of any other method.
    """
    pairs = sorted(_pairs(params or {}), key=lambda pair: pair[0])
    return f"{query_text(pairs)}|{_checks.timestamp_text(timestamp)}".encode()


def websocket(timestamp: Timestamp) -> bytes:
    """The bytes that the V2 websocket's `auth` event signs: '|' and the timestamp."""
    return f"|{_checks.timestamp_text(timestamp)}".encode()


def query_text(params: Params) -> str:
    """`params` (a mapping, or pairs where a name repeats) as a percent-encoded query, in the order given.

    Booleans are `true` and `false`, None is left out, lists repeat their name, numbers are written without exponent.
    Raises TypeError for other values and ValueError for numbers that are not finite.
    """
    return urlencode(_pairs(params), quote_via=quote)


def json_bytes(value: Any) -> bytes:
    """`value` as compact UTF-8 JSON in insertion order, Decimals as strings (WOO X asks for strings for values).

    Raises ValueError for NaN and infinities and TypeError for what JSON cannot hold.
    """
    try:
        text = _write_json(value)
    except ValueError as error:
        raise ValueError(f"json must hold finite numbers of sane length and no cycles: {error}") from None
    return text.encode("utf-8")


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
    """Build query and body once, sign them with `headers` (a `Signer.headers`), and return them to be sent as they are.

    `params` go into the query and belong to GET and DELETE; `json` is written by `json_bytes`; `body` is signed as
    given. `timestamp` (milliseconds) None is the local clock plus the signer's offset; `base_url` is scheme and host.
    Raises ValueError for combinations with no one meaning, and as `Signer.sign`.
    """
    method = _checks.method_text(method)
    target = _target(_checks.path_text(path))
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


def _target(path: str) -> str:
    """`path`, if it can stand in a URL as it is: a client would encode or cut anything else after it was signed."""
    if found := _REWRITTEN.search(path):
        at, got = found.start(), found[0]
    elif found := _CUT.match(path):
        at, got = found.start(found.lastindex or 0), found[found.lastindex or 0]
    else:
        return path
    raise ValueError(
        f"path must be percent-encoded ASCII to be sent as it is signed, got {got[:20]!a} at index {at}; "
        "use params, or urllib.parse.quote"
    )


def origin(base_url: str) -> str:
    """`base_url` without a last '/', if it is http(s), a host and maybe a port; else TypeError or ValueError."""
    if not isinstance(base_url, str):
        raise TypeError(f"base_url must be a str, got {type(base_url).__name__}")
    found = _ORIGIN.fullmatch(base_url)
    if not found or not _checks.is_host(found[2]):
        shown = ascii(base_url) if "@" not in base_url else "one with a user name or password"
        raise ValueError(f"base_url must be scheme, host and maybe port, such as {PRODUCTION_URL!r}; got {shown}")
    return found[1]


def _pairs(params: Params) -> list[tuple[str, str]]:
    if isinstance(params, str | bytes):
        raise TypeError(
            f"params must be a mapping or pairs, got {type(params).__name__}; write a ready query after '?' in path"
        )
    pairs = []
    for name, value in params.items() if isinstance(params, Mapping) else params:
        for one in value if isinstance(value, list | tuple) else (value,):
            if one is not None:
                pairs.append((str(name), _query_value(str(name), one)))
    return pairs


def _query_value(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str.__str__(value)  # a member of a str Enum is its value, as in JSON, and not its name
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        value = Decimal(repr(float(value)))
    if isinstance(value, Decimal):
        return _decimal_text(value)
    raise TypeError(
        f"params[{name!r}] must be str, int, float, Decimal, bool, None or a list of them, got {type(value).__name__}"
    )


def _decimal_text(value: Decimal) -> str:
    """Without exponent: an exchange reads 0.0000001, not 1E-7."""
    if not value.is_finite():
        raise ValueError(f"a number to be sent must be finite, got {value}")
    return format(value, "f")


def _json_default(value: object) -> str:
    if isinstance(value, Decimal):
        return _decimal_text(value)
    raise TypeError(f"json cannot hold a {type(value).__name__}; write it as str, int, bool, None, list or dict")


# Made once: json.dumps makes one for each call that has options.
_write_json = _json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_json_default
).encode
