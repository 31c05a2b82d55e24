"""What all adapters share: which requests they sign (those to their origins and no others), and how."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager

from .. import Signer
from .._checks import is_host
from .._urls import PRODUCTION_URL, STAGING_URL, origin

DEFAULT = (PRODUCTION_URL, STAGING_URL)
NOT_WHOLE = "body must be whole before it can be signed, got {}; pass json=, or data= (httpx: content=) str or bytes"

_AUTHORITY = re.compile(r"(https?)://([^/?#]*)", re.IGNORECASE)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_SAME_HOST = re.compile(r"/(?![/\\])[!-~]*")


@contextmanager
def needs(client: str) -> Iterator[None]:
    """Add to the ImportError of a `client` that is missing or too old which extra to install."""
    try:
        yield
    except ImportError as error:
        if error.name != client:
            raise
        advice = f"woox_fast.adapters.{client} needs {client} ({error}); run: pip install 'woox-fast[{client}]'"
        raise type(error)(advice, name=client) from None


def sign(headers: MutableMapping[str, str], signer: Signer, method: str, path: str, body: bytes | None) -> None:
    """Put the x-api headers of this request in, with the time of now, and the Content-Type if there is none."""
    for name, value in signer.headers(method, path, body).items():
        if name != "Content-Type" or name not in headers:
            headers[name] = value


class Origins:
    """The origins that one adapter signs for. Raises ValueError for what is no origin (scheme, host and maybe port)."""

    def __init__(self, origins: Iterable[str]) -> None:
        if isinstance(origins, str):
            raise TypeError(f"origins must be several URLs, such as ({origins!r},), got one str")
        self._origins = tuple(dict.fromkeys(_origin_of(origin(url)) or "" for url in origins))
        if not self._origins:
            raise ValueError(f"origins must not be empty: nothing would be signed; leave it out for {DEFAULT}")
        # The '/' ends the host, so no parser can read another host in a URL that begins with one of these.
        self._prefixes = tuple(f"{one}/" for one in self._origins)

    def check(self, url: str) -> None:
        """Raise ValueError unless `url` is of one of the origins."""
        if not url.startswith(self._prefixes) and _origin_of(url) not in self._origins:
            raise ValueError(
                f"{_shown(url)} is not one of the origins this signer signs for ({', '.join(self._origins)}); nothing "
                "was sent there. If it should be signed, name its scheme, host and port in origins=(...)"
            )

    def check_redirect(self, location: str) -> None:
        """Raise ValueError unless a reply's `location` leads to its own host or one of the origins, for any reader."""
        if not _SAME_HOST.fullmatch(location):
            try:
                self.check(location)
            except ValueError as error:
                raise ValueError(f"a reply redirects elsewhere, which is not followed: {error}") from None


def _origin_of(url: str) -> str | None:
    """Scheme, host and port of `url` in lower case, without a port that is the scheme's own; None if it has a user name
    or anything else that two readers could take for different hosts."""
    found = _AUTHORITY.match(url)
    if not found or not is_host(found[2]):
        return None
    scheme, host = found[1].lower(), found[2].lower()
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS[scheme])}"


def _shown(url: str) -> str:
    """The origin of `url` for a message, without the query and without a password."""
    return _origin_of(url) or ascii(re.sub(r"//[^/]*@", "//...@", url.partition("?")[0]))[:80]
