"""The exchange's response."""

from __future__ import annotations

import contextlib
import json
from types import SimpleNamespace
from typing import Any

import httptools


class Response:
    """The exchange's response, whatever its status.

    Attributes:
        status: The HTTP status.
        body: The body as bytes.
        queued_ns: Nanoseconds that the request waited for a connection and for a rate limit, 0 without a wait.
        latency_ns: Nanoseconds from just before the send to the last byte of the response.
    """

    __slots__ = ("_head", "body", "latency_ns", "queued_ns", "status")

    def __init__(self, status: int, body: bytes, head: bytes = b"", latency_ns: int = 0) -> None:
        self.status = status
        self.body = body
        self.latency_ns = latency_ns
        self.queued_ns = 0
        self._head = head

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """Names and values as received, in order."""
        return parse_headers(self._head) or []

    @property
    def headers(self) -> dict[str, str]:
        """Values by lower-case name. Repeated values are joined by ', '."""
        found: dict[str, str] = {}
        for raw_name, raw_value in self.raw_headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip()
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found

    @property
    def request_id(self) -> str | None:
        """The exchange's identifier of the request (x-request-id, else x-trace-id), for its support."""
        headers = self.headers
        return headers.get("x-request-id", headers.get("x-trace-id"))

    @property
    def text(self) -> str:
        """The body as UTF-8. Invalid bytes become U+FFFD."""
        return self.body.decode("utf-8", "replace")

    @property
    def envelope(self) -> dict[str, Any] | None:
        """The body if it is WOO X's JSON object with a boolean `success`, else None (a proxy answered)."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) and isinstance(found.get("success"), bool) else None

    @property
    def ok(self) -> bool:
        """True if the status is 2xx and the body has `success` true."""
        return 200 <= self.status < 300 and (self.envelope or {}).get("success") is True

    def json(self) -> Any:
        """Parse the body. Raises ValueError if it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f"the response (HTTP {self.status}, {len(self.body)} bytes) is not JSON: {error}; its body begins "
                f"{self.body[:60]!r}"
            ) from error

    def __repr__(self) -> str:
        return f"<Response {self.status} with a body of {len(self.body)} bytes after {self.latency_ns / 1000:,.0f} us>"


def code_of(envelope: dict[str, Any] | None) -> str:
    """Return the exchange's error code as a str, whether it came as a number or as a string."""
    return str((envelope or {}).get("code"))


def parse_headers(head: bytes) -> list[tuple[bytes, bytes]] | None:
    """Return the headers of the final response in `head`, or None if they are incomplete. Ignore trailing bytes."""
    headers: list[tuple[bytes, bytes]] = []
    complete = False

    def stop_after_final_headers() -> None:
        nonlocal complete
        if parser.get_status_code() >= 200:
            complete = True
            raise EOFError

    parser = httptools.HttpResponseParser(
        SimpleNamespace(
            on_message_begin=headers.clear,
            on_header=lambda name, value: headers.append((name, value)),
            on_headers_complete=stop_after_final_headers,
        )
    )
    with contextlib.suppress(httptools.HttpParserError):
        parser.feed_data(head)
    return headers if complete else None
