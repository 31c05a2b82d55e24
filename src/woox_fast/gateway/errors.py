"""The two ways in which a request has no reply: it was not sent, or it may have been carried out."""

from __future__ import annotations

import asyncio
import re

_TIMESTAMP = re.compile(rb"\r\nx-api-timestamp: (\d+)\r\n", re.IGNORECASE)


class NotSentError(ConnectionError):
    """No byte of the request was handed to a socket: it may be sent again."""


class NoReplyError(ConnectionError):
    """The request went out, or a part of it, and no whole reply came: it may or may not have been carried out.

    It is not sent again. `method`, `path`, `body` (bytes) and `timestamp` (ms) are the request's, to ask for the order
    with; `last_error` is what happened to the connection, None where nothing did.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str = "",
        path: str = "",
        body: bytes = b"",
        timestamp: int = 0,
        last_error: BaseException | None = None,
    ) -> None:
        super().__init__(message)
        self.method = method
        self.path = path
        self.body = body
        self.timestamp = timestamp
        self.last_error = last_error

    @classmethod
    def of(cls, request: bytes, why: str, last_error: BaseException | None = None) -> NoReplyError:
        """For `request` as `Signer.encode_request` wrote it; `why` is what happened, in a few words."""
        head, _, body = request.partition(b"\r\n\r\n")
        method, path, _ = head.split(b" ", 2)
        stamp = _TIMESTAMP.search(head + b"\r\n")
        error = cls(
            f"{why}: {method.decode()} {path.decode()} went out and may or may not have been carried out. It was not "
            "sent again; ask for the order (by its clientOrderId) before you send it again",
            method=method.decode(),
            path=path.decode(),
            body=body,
            timestamp=int(stamp[1]) if stamp else 0,
            last_error=last_error,
        )
        error.__cause__ = last_error
        return error


class CancelledNoReplyError(NoReplyError, asyncio.CancelledError):
    """A NoReplyError of a task that was cancelled while it awaited the reply; to asyncio it is a CancelledError."""
