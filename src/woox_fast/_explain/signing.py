"""The request as sent, the secret, and layouts: how a request's parts become a message."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from functools import lru_cache
from itertools import product
from string import Formatter
from typing import NamedTuple

RULE = "{rule}"  # in a remedy: the rule of the request's scheme
JOINT = "¦"  # marks the places of the separator in a template


class Secret(bytes):
    """An API secret with a repr that hides it, so that no traceback can show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__


class SignedParts(NamedTuple):
    """A request as sent: `path` without query, `query` with its '?', `scheme` "v3", "v1" or "ws"."""

    api_key: str
    origin: str
    timestamp: str
    method: str
    path: str
    query: str
    body: bytes
    scheme: str
    memo: str | None = None
    given_secret: Secret = Secret()  # with the quotes and white space around it

    @property
    def host(self) -> str:
        return self.origin.partition("://")[2]

    @property
    def milliseconds(self) -> int | None:
        """The timestamp in milliseconds, whatever its unit; None if it is not a number."""
        digits = self.timestamp.strip()
        if not (digits.isascii() and digits.isdigit() and len(digits) in _UNITS):
            return None
        return int(int(digits) * _UNITS[len(digits)])


_UNITS = {10: 1000, 13: 1, 16: 1e-3, 19: 1e-6}


def to_bytes(text: str) -> bytes:
    """Encode `text` as UTF-8. Surrogate escapes become the bytes they represent."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def to_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


Source = Callable[[SignedParts], "tuple[str, bytes]"]


def as_sent(request: SignedParts) -> tuple[str, bytes]:
    return request.query, request.body


class Layout(NamedTuple):
    """How a message is assembled.

    `template` is a format string over t (timestamp), m (method), p (path), q (query with its '?'), b (body), k (API
    key) and n (memo); "{b:sha512}" applies a function of `TRANSFORMS`. `separator` replaces every `JOINT`.
    `source` returns the query and body to sign; `digest` names the digest.
    """

    template: str
    separator: str = ""
    source: Source = as_sent
    digest: str = "hmac-sha256"


def format_iso(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, timezone.utc):%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"


TRANSFORMS: dict[str, Callable[[bytes], bytes]] = {
    "seconds": lambda t: t[:-3] if len(t) == 13 else t,
    "iso": lambda t: format_iso(int(t)).encode() if t.isdigit() and len(t) == 13 else t,
    "bare": lambda q: q.removeprefix(b"?"),
    "sha512": lambda b: hashlib.sha512(b).hexdigest().encode(),
}


@lru_cache(maxsize=4096)
def split_template(template: str, separator: str) -> tuple[bytes | tuple[str, str], ...]:
    """Split a template into literal bytes and (slot, transform) pairs."""
    found: list[bytes | tuple[str, str]] = []
    for literal, slot, transform, _ in Formatter().parse(template.replace(JOINT, separator)):
        if literal:
            found.append(literal.encode())
        if slot:
            found.append((slot, transform or ""))
    return tuple(found)


def get_slots(layout: Layout) -> set[str]:
    return {piece[0] for piece in split_template(layout.template, layout.separator) if not isinstance(piece, bytes)}


def build_messages(layout: Layout, values: Mapping[str, list[bytes]]) -> Iterator[tuple[bytes, ...]]:
    """Yield the pieces of the message for every combination of the slots' values."""
    lists = []
    for piece in split_template(layout.template, layout.separator):
        if isinstance(piece, bytes):
            lists.append([piece])
        else:
            slot, transform = piece
            lists.append([TRANSFORMS[transform](value) for value in values[slot]] if transform else values[slot])
    return product(*lists)
