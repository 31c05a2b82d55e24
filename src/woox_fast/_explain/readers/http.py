"""Raw HTTP: request line, headers, an empty line, the body."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import NamedTuple

from ..signing import to_bytes

METHODS = b"GET|POST|PUT|DELETE|PATCH|HEAD"
_TARGET = rb"(?:/|https?://)\S*"
REQUEST_LINE = re.compile(
    rb"^[ \t]*(?:[A-Za-z]{1,20}[ \t]+%s[ \t]+HTTP/\d(?:\.\d)?|(?i:%s)[ \t]+%s)[ \t]*\r?$" % (_TARGET, METHODS, _TARGET),
    re.MULTILINE,
)
BYTES_REPR = rb"b'[^'\\\n]*(?:\\.[^'\\\n]*)*'|b\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\""


class SentRequest(NamedTuple):
    """A request as sent. `headers` have lower-case names; `body` is None if the text does not show it."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None

    def __repr__(self) -> str:
        body = "an unknown body" if self.body is None else f"a body of {len(self.body)} bytes"
        return f"<SentRequest {self.method} {self.url} with {body}>"


def choose(requests: Sequence[SentRequest]) -> SentRequest:
    """Return the first request with a signature, or else the first."""
    return next((request for request in requests if "x-api-signature" in request.headers), requests[0])


def read(data: bytes) -> SentRequest:
    found = REQUEST_LINE.search(data)
    return parse(data[found.start() if found else 0 :].lstrip())


def parse(data: bytes) -> SentRequest:
    """Parse a request. Lines may end with a bare newline."""
    end = re.search(rb"\r?\n\r?\n", data)
    head, body = (data[: end.start()], data[end.end() :]) if end else (data, b"")
    line, *lines = head.decode("latin-1").split("\n")
    method, url = line.split()[:2]
    headers: dict[str, str] = {}
    for header in lines:
        name, colon, value = header.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    length = headers.get("content-length", "")
    if re.fullmatch(BYTES_REPR, body.strip()):  # printed by a Python program
        body = evaluate(body.strip())
    elif length.isdecimal() and int(length) <= len(body):
        body = body[: int(length)]
    else:
        body = body.removesuffix(b"\n").removesuffix(b"\r")  # the end of the text file's last line
    is_missing = not body and length.isdecimal() and int(length) > 0
    return SentRequest(method, url, headers, None if is_missing else body)


def evaluate(literal: bytes) -> bytes:
    """Evaluate the repr of bytes or str."""
    text = literal.decode("utf-8", "replace")
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        raise ValueError(f"{text[:40]!a} is not a Python literal") from None
    return value if isinstance(value, bytes) else to_bytes(str(value))
