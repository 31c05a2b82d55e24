"""Checks and headers that all adapters share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager

from .. import Signer
from .._checks import is_host
from .._urls import PRODUCTION_URL, STAGING_URL, parse_origin

DEFAULT_ORIGINS = (PRODUCTION_URL, STAGING_URL)
INCOMPLETE_BODY = "body must be complete before signing, got {}; pass json=, or data= (httpx: content=) str or bytes"

_AUTHORITY = re.compile(r"(https?)://([^/?#]*)", re.IGNORECASE)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_SAME_HOST = re.compile(r"/(?![/\\])[!-~]*")


@contextmanager
def needs(client: str) -> Iterator[None]:
    """Name the extra to install when a missing or outdated `client` raises ImportError."""
    try:
        yield
    except ImportError as error:
        if error.name != client:
            raise
        advice = f"woox_fast.adapters.{client} needs {client} ({error}); run: pip install 'woox-fast[{client}]'"
        raise type(error)(advice, name=client) from None


def sign(headers: MutableMapping[str, str], signer: Signer, method: str, path: str, body: bytes | None) -> None:
    """Set the x-api headers for this request and moment. A Content-Type already present stays."""
    for name, value in signer.headers(method, path, body).items():
        if name != "Content-Type" or name not in headers:
            headers[name] = value


class Origins:
    """The origins (scheme, host and port) for which an adapter signs."""

    def __init__(self, origins: Iterable[str]) -> None:
        if isinstance(origins, str):
            raise TypeError(f"origins must be several URLs, such as ({origins!r},), got one str")
        self._origins = tuple(dict.fromkeys(_parse_url_origin(parse_origin(url)) or "" for url in origins))
        if not self._origins:
            raise ValueError(f"origins must not be empty; omit it to sign for {DEFAULT_ORIGINS}")
        # The "/" ends the host, so every parser reads the same host in a URL with this prefix.
        self._prefixes = tuple(f"{allowed}/" for allowed in self._origins)

    def check(self, url: str, reason: str = "") -> None:
        """Raise ValueError unless `url` belongs to an allowed origin."""
        if not url.startswith(self._prefixes) and _parse_url_origin(url) not in self._origins:
            raise ValueError(
                f"{reason}{_redact(url)} is not one of the origins this signer signs for ({', '.join(self._origins)}), "
                "so no request was sent there. To sign for it, pass its scheme, host and port in origins=(...)"
            )

    def check_redirect(self, location: str) -> None:
        """Raise ValueError unless `location` leads to the redirecting server or an allowed origin."""
        if not _SAME_HOST.fullmatch(location):
            self.check(location, "redirect refused: ")


def _parse_url_origin(url: str) -> str | None:
    """Return scheme, host and port without a default port, or None if two parsers could read different hosts."""
    found = _AUTHORITY.match(url)
    if not found or not is_host(found[2]):
        return None
    scheme, host = found[1].lower(), found[2].lower()
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS[scheme])}"


def _redact(url: str) -> str:
    """Return the origin of `url` for a message, never its query or password."""
    return _parse_url_origin(url) or ascii(re.sub(r"//[^/]*@", "//...@", url.partition("?")[0]))[:80]
