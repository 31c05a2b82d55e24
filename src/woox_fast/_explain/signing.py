"""What was sent, the secret that no traceback shows, and layouts: how the parts of a request become one message."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from functools import lru_cache
from hashlib import sha256
from itertools import product
from string import Formatter
from typing import NamedTuple, TypeAlias
from urllib.parse import quote

BATCH = 4096  # messages that are made together, and
BATCH_BYTES = 1 << 19  # bytes of them: how far a search may run past its time limit
MOST_LAYOUTS = 1 << 15  # that are kept in pieces
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
        return text.encode()
    except UnicodeEncodeError:
        pass
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


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


TRANSFORMS: dict[str, Transform] = {
    "seconds": lambda t: t[:-3] if len(t) == 13 else t,
    "iso": _of_time(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"),
    "iso-encoded": _of_time(lambda at: f"{at:%Y-%m-%dT%H%%3A%M%%3A%S}"),
    "bare": lambda q: q.removeprefix(b"?"),
    "relative": lambda p: p.removeprefix(b"/"),
    "last": lambda p: p.rpartition(b"/")[2],
    "unversioned": lambda p: re.sub(rb"\A/v\d+/", b"", p),
    "commas": lambda q: q.replace(b"&", b","),
    "lower": bytes.lower,
    "sha256": lambda b: hashlib.sha256(b).hexdigest().encode(),
    "sha1": lambda b: hashlib.sha1(b, usedforsecurity=False).hexdigest().encode(),
    "sha512": lambda b: hashlib.sha512(b).hexdigest().encode(),
    "md5": lambda b: _md5(b).hex().encode(),
    "md5-base64": lambda b: base64.b64encode(_md5(b)),
    "sha256-base64": lambda b: base64.b64encode(hashlib.sha256(b).digest()),
    "base64": base64.b64encode,
    "encoded": lambda b: to_bytes(quote(b, safe="")),
    "json": lambda b: to_bytes(json.dumps(to_text(b), ensure_ascii=False)),
    "length": lambda b: str(len(b)).encode(),
}


@lru_cache(maxsize=MOST_LAYOUTS)
def segments(template: str, separator: str) -> tuple[Segment, ...]:
    """A template in pieces: bytes that stand as they are, and parts (slot, transform) to be filled in."""
    found: list[Segment] = []
    for literal, slot, transform, _ in Formatter().parse(template.replace(JOINT, separator)):
        if literal:
            found.append(literal.encode())
        if slot is not None:
            found.append((slot, TRANSFORMS[transform] if transform else None))
    return tuple(found)


class _Frame(NamedTuple):
    """A layout with all slots but one filled in: `fixed` stands before, between and after `inner`, which goes through
    `transforms`; `outer` are the indexes of the other slots' values."""

    inner: str
    values: list[bytes]
    outer: dict[str, int]
    fixed: list[bytes]
    transforms: list[Transform | None]


def _frames(layout: Layout, lists: Mapping[str, list[bytes]]) -> Iterator[_Frame]:
    """A frame for every combination of the values but those of the slot with the most of them."""
    pieces = segments(layout.template, layout.separator)
    slots = slots_of(layout)
    if "h" in slots:
        lists = {**lists, "h": [sha256(t + b).digest() for t in lists["t"] for b in lists["b"]]}
    if all(len(lists[slot]) == 1 for slot in slots):
        yield _Frame("", [], dict.fromkeys(slots, 0), [_message(pieces, lists)], [])
        return
    inner = max(slots, key=lambda slot: len(lists[slot])) if slots else ""
    others = sorted(slots - {inner})
    for indexes in product(*(range(len(lists[slot])) for slot in others)):
        outer = dict(zip(others, indexes, strict=True))
        fixed: list[bytes] = [b""]
        transforms: list[Transform | None] = []
        for piece in pieces:
            if isinstance(piece, bytes):
                fixed[-1] += piece
                continue
            slot, transform = piece
            if slot == inner:
                transforms.append(transform)
                fixed.append(b"")
            else:
                value = lists[slot][outer[slot]]
                fixed[-1] += transform(value) if transform else value
        yield _Frame(inner, lists.get(inner, []), outer, fixed, transforms)


def _message(pieces: tuple[Segment, ...], lists: Mapping[str, list[bytes]]) -> bytes:
    """The message of each slot's first value."""
    parts = []
    for piece in pieces:
        if isinstance(piece, bytes):
            parts.append(piece)
        else:
            slot, transform = piece
            value = lists[slot][0]
            parts.append(transform(value) if transform else value)
    return b"".join(parts)


def messages_of(layout: Layout, lists: Mapping[str, list[bytes]]) -> Iterator[list[bytes]]:
    """The messages of every combination of the values, many at a time."""
    for _, values, _, fixed, transforms in _frames(layout, lists):
        if not transforms:
            yield [fixed[0]]
            continue
        step = min(BATCH, max(1, BATCH_BYTES // (sum(map(len, fixed)) + len(values[0]) + 64)))
        for start in range(0, len(values), step):
            yield _filled(fixed, transforms, values[start : start + step] if step < len(values) else values)


def choices_of(layout: Layout, lists: Mapping[str, list[bytes]], message: bytes) -> Iterator[dict[str, int]]:
    """The index of each slot's value, for every combination of the values that makes this message."""
    for inner, values, outer, fixed, transforms in _frames(layout, lists):
        if not transforms:
            if fixed[0] == message:
                yield outer
        elif transforms == [None]:
            before, after = fixed
            if len(message) >= len(before) + len(after) and message.startswith(before) and message.endswith(after):
                value = message[len(before) : len(message) - len(after)]
                if value in values:
                    yield {**outer, inner: values.index(value)}
        else:
            for index, value in enumerate(values):
                if message in _filled(fixed, transforms, [value]):
                    yield {**outer, inner: index}


def _filled(fixed: list[bytes], transforms: list[Transform | None], values: list[bytes]) -> list[bytes]:
    """For each value the fixed bytes with the value, transformed, between them."""
    if len(transforms) == 1:
        before, after = fixed
        if transform := transforms[0]:
            return [before + transform(value) + after for value in values]
        return [before + value + after for value in values]
    filled = []
    for value in values:
        parts = [fixed[0]]
        for transform, after in zip(transforms, fixed[1:], strict=True):
            parts += (transform(value) if transform else value, after)
        filled.append(b"".join(parts))
    return filled


@lru_cache(maxsize=MOST_LAYOUTS)
def slots_of(layout: Layout) -> frozenset[str]:
    """The slots that a layout has."""
    return frozenset(piece[0] for piece in segments(layout.template, layout.separator) if not isinstance(piece, bytes))


@lru_cache(maxsize=MOST_LAYOUTS)
def form_of(layout: Layout, empty: frozenset[str]) -> tuple[Segment, ...]:
    """The pieces of a layout without the slots that are empty, with what then stands together joined."""
    joined: list[Segment] = []
    for piece in segments(layout.template, layout.separator):
        if not isinstance(piece, bytes) and piece[0] in empty and not (piece[1] and piece[1](b"")):
            continue
        if joined and isinstance(piece, bytes) and isinstance(last := joined[-1], bytes):
            joined[-1] = last + piece
        else:
            joined.append(piece)
    return tuple(joined)
