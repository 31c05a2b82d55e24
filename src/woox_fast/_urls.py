"""The exchange's URLs, and checks of their origins."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from ._hosts import is_host

PRODUCTION_URL = "https://api.woox.io"
STAGING_URL = "https://api.staging.woox.io"

_ORIGIN = re.compile(r"(https?://([^/]+))/?", re.IGNORECASE)


def origin(base_url: str) -> str:
    """Return an http(s) scheme, host and optional port without '/' at the end. Raise TypeError or ValueError."""
    if not isinstance(base_url, str):
        raise TypeError(f"base_url must be a str, got {type(base_url).__name__}")
    found = _ORIGIN.fullmatch(base_url)
    if not found or not is_host(found[2]):
        shown = ascii(base_url) if "@" not in base_url else "one with a user name or password"
        raise ValueError(f"base_url must be scheme, host and maybe port, such as {PRODUCTION_URL!r}; got {shown}")
    return found[1]


def is_loopback(url: str) -> bool:
    """Return whether the host of `url` is localhost, in 127.0.0.0/8, or ::1. No name is resolved."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback if address.version == 4 else address == ipaddress.IPv6Address("::1")
