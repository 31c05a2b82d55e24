"""The response parser for a connection. It does no I/O: the connection feeds it the received bytes.

httptools parses. This module adds responses to HEAD, responses until close, a size limit, and a check for surplus
bytes. Headers are parsed on access only.
"""

from __future__ import annotations

from types import SimpleNamespace

try:
    import httptools
except ModuleNotFoundError as error:
    if error.name != "httptools":
        raise
    advice = "woox_fast.gateway needs httptools; run: pip install 'woox-fast[gateway]'"
    raise ModuleNotFoundError(advice, name="httptools") from None

from .response import Response, parse_headers

MAX_RESPONSE_BYTES = 8 * 2**20


class ResponseError(Exception):
    """The received bytes are not a whole HTTP/1.1 response."""


class ResponseParser:
    """Parse a connection's responses. `max_bytes` limits a response with its head.

    `reusable` becomes False after 'Connection: close' and after surplus bytes.
    """

    def __init__(self, max_bytes: int = MAX_RESPONSE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._body: list[bytes] = []
        # A Python callback costs 0.1 us, so headers have no callback and the body has a builtin.
        self._callbacks = SimpleNamespace(
            on_message_begin=self._on_begin,
            on_body=self._body.append,
            on_chunk_complete=self._on_chunk,
            on_message_complete=self._on_complete,
        )
        self._parser = httptools.HttpResponseParser(self._callbacks)
        self.reusable = True
        # State of the current response:
        self._status = 0  # 0 until the response is complete
        self._is_slow = False  # split, chunked, to HEAD, final, or followed by surplus bytes
        self._head = self._tail = b""  # the bytes before the body, and the last four bytes
        self._size = 0
        self._keep_alive = True
        self._is_head = self._chunked = self._surplus = self._has_body = False
        self._body_pieces = 0  # pieces of the body before the surplus

    def expect_head(self) -> None:
        """Expect a response to HEAD, which ends with its headers."""
        self._is_head = self._is_slow = True
        self._parser = httptools.HttpResponseParser(
            SimpleNamespace(**vars(self._callbacks), on_headers_complete=self._on_complete)
        )

    def feed(self, data: bytes) -> Response | None:
        """Return the response if `data` completes it, else None. Raises ResponseError."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:  # a signal handler raised in a callback
            raise (error.__context__ or error) from None
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self._status:
                raise _response_error(error) from error
            self._is_slow = self._surplus = True  # the bytes after the response are not HTTP
            self._body_pieces = self._body_pieces or len(self._body)
        body, status = self._body, self._status
        if status and not self._is_slow and len(body) == 1 and len(data) <= self._max_bytes:
            last = body[0]
            if (
                data.endswith(last) and not last.isspace()
            ):  # nearly every response: a length, a single piece, no surplus
                self._status = 0
                body.clear()
                return Response(status, last, data)
        return self._feed_slowly(data)

    def _feed_slowly(self, data: bytes) -> Response | None:
        body = self._body
        if not self._has_body:
            self._head += data
        self._size += len(data)
        if self._size > self._max_bytes:
            raise ResponseError(f"the response is longer than {self._max_bytes:,} bytes")
        end, self._tail = self._tail + data, data[-4:] if len(data) > 3 else (self._tail + data)[-4:]
        self._is_slow, self._has_body = True, bool(body)
        if not self._status:
            return None
        if self._surplus:
            del body[self._body_pieces :]
        response = Response(self._status, b"".join(body), self._head)
        # llhttp skips line ends after a response silently. After a body of line ends they cannot be detected.
        if body and not self._chunked:
            clean = len(data) == len(body[-1]) or (data.endswith(body[-1]) and not body[-1].isspace())
        else:
            clean = end.endswith(b"\r\n\r\n") and not end.endswith(b"\n\r\n\r\n")
        self.reusable = clean and self._keep_alive and not self._surplus
        if self._is_head:
            self._after_head(response)
        self._status = self._size = 0
        self._head = self._tail = b""
        self._is_slow = self._chunked = self._surplus = self._has_body = False
        body.clear()
        return response

    def _after_head(self, response: Response) -> None:
        if response.body:
            response.body, self.reusable = b"", False
        self._is_head = False
        self._parser = httptools.HttpResponseParser(self._callbacks)  # the previous parser still expects a body

    def end(self) -> Response:
        """Return the response that the end of the stream completes. Raises ResponseError without a response."""
        headers = parse_headers(self._head)
        if headers is None or any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in headers):
            raise ResponseError("the server closed the connection before its response was complete")
        self.reusable = False
        return Response(self._parser.get_status_code(), b"".join(self._body), self._head)

    def _on_begin(self) -> None:
        if self._status and not self._surplus:  # a second response to one request
            self._is_slow = self._surplus = True
            self._body_pieces = len(self._body)

    def _on_chunk(self) -> None:
        self._is_slow = self._chunked = True

    def _on_complete(self) -> None:
        parser = self._parser
        if not self._status and (status := parser.get_status_code()) >= 200:  # below: 100 Continue, 103 Early Hints
            self._status = status
            if not parser.should_keep_alive():  # known only now
                self._keep_alive, self._is_slow = False, True


def _response_error(error: Exception) -> ResponseError:
    if isinstance(error, httptools.HttpParserUpgrade):
        return ResponseError("the response changes to another protocol (101), which the gateway did not request")
    return ResponseError(f"the response is not HTTP/1.1 ({error})")
