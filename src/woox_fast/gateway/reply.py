"""Replies out of the bytes of one connection. No I/O: the reader of a socket feeds what came.

httptools parses. What is added here: where a reply ends when the request was HEAD or when the server ends it by
closing, that nothing comes beyond it, and that it is not longer than allowed. Headers are parsed only if asked for.
"""

from __future__ import annotations

import contextlib
import json
from types import SimpleNamespace
from typing import Any

import httptools


class ReplyError(Exception):
    """What came is not one whole reply; the message says why."""


class Reply:
    """The exchange's answer, whatever its status: `status`, `body` (bytes), and `latency_ns`.

    `latency_ns` is nanoseconds from just before the request went to the socket until the reply was whole.
    """

    __slots__ = ("_head", "body", "latency_ns", "status")

    def __init__(self, status: int, body: bytes, head: bytes, latency_ns: int = 0) -> None:
        self.status = status
        self.body = body
        self.latency_ns = latency_ns
        self._head = head

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """Names and values as they came, in their order."""
        return _headers_in(self._head) or []

    @property
    def headers(self) -> dict[str, str]:
        """By name in lower case; the values of a name that came twice are joined by ', '."""
        found: dict[str, str] = {}
        for raw_name, raw_value in self.raw_headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip()
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found

    @property
    def request_id(self) -> str | None:
        """The exchange's own name for the request, to quote to its support: x-request-id, or else x-trace-id."""
        headers = self.headers
        return headers.get("x-request-id", headers.get("x-trace-id"))

    def json(self) -> Any:
        """The body, parsed. Raises ValueError where it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f"the reply (HTTP {self.status}, {len(self.body)} bytes) is not JSON: {error}; its body begins "
                f"{self.body[:60]!r}"
            ) from error

    def __repr__(self) -> str:
        return f"<Reply {self.status} with a body of {len(self.body)} bytes after {self.latency_ns / 1000:,.0f} us>"


class Framing:
    """The replies of one connection, one after the other, none longer than `max_bytes`, head and body.

    After each, `reusable` says whether the connection may carry another request: not after 'Connection: close', and not
    when anything came beyond the reply.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._body: list[bytes] = []
        # What httptools calls. The body's is a builtin, and there is none for headers: each call takes 0.1 us.
        self._callbacks = SimpleNamespace(
            on_message_begin=self._on_begin,
            on_body=self._body.append,
            on_chunk_complete=self._on_chunk,
            on_message_complete=self._on_complete,
        )
        self._parser = httptools.HttpResponseParser(self._callbacks)
        self.reusable = True
        # Of the reply that is under way, or whole and not yet returned:
        self._status = 0  # 0 until it is whole
        self._odd = False  # in pieces, in chunks, to HEAD, the last one, or with more behind it
        self._head = self._tail = b""  # all of it until its body begins, and the end of what came before
        self._size = 0
        self._keep_alive = True
        self._of_head = self._chunked = self._surplus = self._has_body = False
        self._pieces = 0  # of its body, where there is a surplus

    def expect_head(self) -> None:
        """The next reply is to HEAD: it ends with its headers, whatever they say of a body."""
        self._of_head = self._odd = True
        self._parser = httptools.HttpResponseParser(
            SimpleNamespace(**vars(self._callbacks), on_headers_complete=self._on_complete)
        )

    def feed(self, data: bytes) -> Reply | None:
        """What the server sent -> the reply, if it is whole now. Raises ReplyError."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self._status:
                raise _as_reply_error(error) from error
            self._odd = self._surplus = True  # what came beyond the reply is no reply
            self._pieces = self._pieces or len(self._body)
        body, status = self._body, self._status
        if status and not self._odd and len(body) == 1 and len(data) <= self._max_bytes:
            last = body[0]
            if data.endswith(last) and not last.isspace():  # as nearly every reply: at once, with a length, and alone
                self._status = 0
                body.clear()
                return Reply(status, last, data)
        return self._feed_slowly(data)

    def _feed_slowly(self, data: bytes) -> Reply | None:
        body = self._body
        if not self._has_body:
            self._head += data
        self._size += len(data)
        if self._size > self._max_bytes:
            raise ReplyError(f"the reply is longer than max_reply_bytes={self._max_bytes}")
        end, self._tail = self._tail + data, data[-4:] if len(data) > 3 else (self._tail + data)[-4:]
        self._odd, self._has_body = True, bool(body)
        if not self._status:
            return None
        if self._surplus:
            del body[self._pieces :]
        reply = Reply(self._status, b"".join(body), self._head)
        # The parser skips line ends beyond a reply and does not say so; after a body of line ends one cannot tell.
        if body and not self._chunked:
            clean = len(data) == len(body[-1]) or (data.endswith(body[-1]) and not body[-1].isspace())
        else:
            clean = end.endswith(b"\r\n\r\n") and not end.endswith(b"\n\r\n\r\n")
        self.reusable = clean and self._keep_alive and not self._surplus
        if self._of_head:
            self._after_head(reply)
        self._status = self._size = 0
        self._head = self._tail = b""
        self._odd = self._chunked = self._surplus = self._has_body = False
        body.clear()
        return reply

    def _after_head(self, reply: Reply) -> None:
        if reply.body:
            reply.body, self.reusable = b"", False
        self._of_head = False
        self._parser = httptools.HttpResponseParser(self._callbacks)  # the one of before waits for a body

    def end(self) -> Reply:
        """The server closed -> the reply that this ends. Raises ReplyError, unless there is one."""
        headers = _headers_in(self._head)
        if headers is None or any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in headers):
            raise ReplyError("the server closed the connection before its reply was whole")
        self.reusable = False
        return Reply(self._parser.get_status_code(), b"".join(self._body), self._head)

    # httptools' callbacks

    def _on_begin(self) -> None:
        if self._status and not self._surplus:  # a second reply to one request
            self._odd = self._surplus = True
            self._pieces = len(self._body)

    def _on_chunk(self) -> None:
        self._odd = self._chunked = True

    def _on_complete(self) -> None:
        parser = self._parser
        if not self._status and (status := parser.get_status_code()) >= 200:  # below: 100 Continue, 103 Early Hints
            self._status = status
            if not parser.should_keep_alive():  # known only now
                self._keep_alive, self._odd = False, True


def _as_reply_error(error: Exception) -> BaseException:
    if isinstance(error, httptools.HttpParserUpgrade):
        return ReplyError("the reply changes to another protocol (101), which was not asked for")
    if isinstance(error.__context__, Exception | None):
        return ReplyError(f"the reply is not HTTP/1.1 ({error})")
    return error.__context__  # Ctrl-C in a callback


def _headers_in(head: bytes) -> list[tuple[bytes, bytes]] | None:
    """The headers of the last reply in `head`, which may have more behind them; None where they are not whole."""
    headers: list[tuple[bytes, bytes]] = []
    whole = False

    def complete() -> None:
        nonlocal whole
        if parser.get_status_code() >= 200:
            whole = True
            raise EOFError  # what follows is not parsed

    parser = httptools.HttpResponseParser(
        SimpleNamespace(
            on_message_begin=headers.clear,
            on_header=lambda name, value: headers.append((name, value)),
            on_headers_complete=complete,
        )
    )
    with contextlib.suppress(httptools.HttpParserError):
        parser.feed_data(head)
    return headers if whole else None
