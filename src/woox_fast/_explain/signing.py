"""What was sent, the secret that no traceback shows, and layouts: how the parts of a request become one message."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timezone
from functools import lru_cache
from string import Formatter
from typing import NamedTuple, TypeAlias

JOINT = "¦"  # in a template: where the separator stands


class Secret(bytes):
    """An API secret, or what was taken for one. It shows itself nowhere: frames hold one of these and no bytes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__


class Sent(NamedTuple):
    """A request as it was sent: `path` without query, `query` with its '?', `scheme` "v3", "v1" or "ws"."""

    api_key: str
    origin: str
    timestamp: str
    method: str
    path: str
    query: str
    body: bytes
    scheme: str

    @property
    def host(self) -> str:
        """The host of `origin`, and its port if it has one."""
        return self.origin.partition("://")[2]

    @property
    def milliseconds(self) -> int | None:
        """The timestamp as Unix epoch milliseconds, from whatever unit its digits are in; None if it has none."""
        digits = self.timestamp
        if not (digits.isascii() and digits.isdigit() and len(digits) in _UNITS):
            return None
        return int(int(digits) * _UNITS[len(digits)])


_UNITS = {10: 1000, 13: 1, 16: 1e-3, 19: 1e-6}


def to_bytes(text: str) -> bytes:
    """`text` as UTF-8. Undecodable bytes that Python keeps as lone surrogates are those bytes again."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def to_text(data: bytes) -> str:
    """The inverse of `to_bytes`."""
    return data.decode("utf-8", "surrogateescape")


class Layout(NamedTuple):
    """How a message is put together.

    `template` is a format string over t (timestamp), m (method), p (path), q (query with its '?'), b (body), k (API
    key), o (host) and h (SHA-256 of timestamp and body); "{b:sha512}" puts the part through one of `TRANSFORMS`.
    `separator` stands at each `JOINT`. `source` (of `layers.layout.SOURCES`) says what counts as query and body,
    `digest` (of `layers.digest.DIGESTS`) what the message is digested by.
    """

    template: str
    separator: str = ""
    source: str = "sent"
    digest: str = "hmac-sha256"


Transform: TypeAlias = Callable[[bytes], bytes]
Segment: TypeAlias = "bytes | tuple[str, Transform | None]"


def _of_time(write: Callable[[datetime], str]) -> Transform:
    def change(digits: bytes) -> bytes:
        try:
            return write(datetime.fromtimestamp(int(digits) / 1000, timezone.utc)).encode()
        except (ValueError, OverflowError, OSError):
            return digits

    return change


TRANSFORMS: dict[str, Transform] = {
    "seconds": lambda t: t[:-3] if len(t) == 13 else t,
    "iso": _of_time(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"),
    "iso-encoded": _of_time(lambda at: f"{at:%Y-%m-%dT%H%%3A%M%%3A%S}"),
    "bare": lambda q: q.removeprefix(b"?"),
    "relative": lambda p: p.removeprefix(b"/"),
    "lower": bytes.lower,
    "sha256": lambda b: hashlib.sha256(b).hexdigest().encode(),
    "sha512": lambda b: hashlib.sha512(b).hexdigest().encode(),
    "md5": lambda b: hashlib.md5(b, usedforsecurity=False).hexdigest().encode(),
    "md5-base64": lambda b: base64.b64encode(hashlib.md5(b, usedforsecurity=False).digest()),
    "sha256-base64": lambda b: base64.b64encode(hashlib.sha256(b).digest()),
    "base64": base64.b64encode,
}


@lru_cache(maxsize=4096)
def segments(template: str, separator: str) -> tuple[Segment, ...]:
    """A template in pieces: bytes that stand as they are, and parts (slot, transform) to be filled in."""
    found: list[Segment] = []
    for literal, slot, transform, _ in Formatter().parse(template.replace(JOINT, separator)):
        if literal:
            found.append(literal.encode())
        if slot is not None:
            found.append((slot, TRANSFORMS[transform] if transform else None))
    return tuple(found)
