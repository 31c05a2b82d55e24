"""Types of the parts of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, TypeAlias

    Buffer: TypeAlias = bytes | bytearray | memoryview
    # A request's body: str is UTF-8, None is an empty body.
    Body: TypeAlias = str | Buffer | None
    # Unix epoch milliseconds: an int, or a str of 13 digits.
    Timestamp: TypeAlias = int | str
    # A request in a batch: timestamp, method, path and body.
    Request: TypeAlias = tuple[Timestamp, str, str, Body]
    # Query parameters: a mapping, or pairs if a name repeats.
    Params: TypeAlias = Mapping[str, Any] | Iterable[tuple[str, Any]]
