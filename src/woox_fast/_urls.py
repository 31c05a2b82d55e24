"""The exchange's URLs, and checks of origins and of paths to be sent."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from ._checks import check_path, path_error
from ._hosts import is_host

PRODUCTION_URL = "https://api.woox.io"
STAGING_URL = "https://api.staging.woox.io"

_ORIGIN = re.compile(r"(https?://([^/]+))/?", re.IGNORECASE)

# Clients (requests, httpx, yarl) percent-encode characters that RFC 3986 does not allow in a path or query. They
# rewrite escapes that are malformed, lower-case or unnecessary ('%7E' for '~'), and '//' at the start.
_REWRITTEN_BY_CLIENTS = re.compile(
    r"[^A-Za-z0-9._~!$&'()*+,;=:@/?%-]"
    r"|%(?![0-9A-F]{2})|%(?:2[DE]|3\d|4[1-9A-F]|5[\dAF]|6[1-9A-F]|7[\dAE])"
    r"|^//"
)
# They remove '.' and '..' segments, and a '?' at the end.
_REMOVED_BY_CLIENTS = re.compile(r"[^?]*?((?<=/)\.\.?(?=[/?]|\Z)|\?\Z)")


def parse_origin(base_url: str) -> str:
    """Return an http(s) scheme, host and optional port without '/' at the end. Raise TypeError or ValueError."""
    if not isinstance(base_url, str):
        raise TypeError(f"base_url must be a str, got {type(base_url).__name__}")
    found = _ORIGIN.fullmatch(base_url)
    if not found or not is_host(found[2]):
        shown = ascii(base_url) if "@" not in base_url else "one with a user name or password"
        raise ValueError(f"base_url must be scheme, host and maybe port, such as {PRODUCTION_URL!r}; got {shown}")
    return found[1]


def check_sendable_path(path: object) -> str:
    """Return `path` if every HTTP client sends it unchanged. Raise ValueError for a path with a space, for example."""
    text = check_path(path)
    if found := _REWRITTEN_BY_CLIENTS.search(text):
        raise path_error(found[0], found.start())
    if found := _REMOVED_BY_CLIENTS.match(text):
        raise path_error(found[1], found.start(1))
    return text


def is_loopback(url: str) -> bool:
    """Return whether the host of `url` is localhost, in 127.0.0.0/8, or ::1. No name is resolved."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback if address.version == 4 else address == ipaddress.IPv6Address("::1")
