"""NotSentError and NoReplyError, the errors for requests without a response."""

from __future__ import annotations

import re

_TIMESTAMP = re.compile(rb"\r\nx-api-timestamp: (\d+)\r\n", re.IGNORECASE)


class NotSentError(ConnectionError):
    """The socket accepted no byte of the request. You may send it again."""


class NoReplyError(ConnectionError):
    """The request may have gone out, and no whole response came. The exchange may have carried it out.

    The gateway does not send it again. Ask for the order by its clientOrderId.

    Attributes:
        method: The HTTP method.
        path: The path with its query.
        body: The body as bytes.
        timestamp: The signed timestamp in milliseconds, 0 for an unsigned request.
        last_error: The exception that ended the request, or None.
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

    def __eq__(self, other: object) -> bool:
        """Compare the requests and the messages, since `gateway.unknown` has a copy without the traceback."""
        return isinstance(other, NoReplyError) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self.args, self.method, self.path, self.body, self.timestamp

    @classmethod
    def from_request(cls, request: bytes, reason: str, last_error: BaseException | None = None) -> NoReplyError:
        """Describe `request`, as encoded by `Signer.encode_request`; `reason` is a short clause."""
        head, _, body = request.partition(b"\r\n\r\n")
        method, path, _ = head.split(b" ", 2)
        stamp = _TIMESTAMP.search(head + b"\r\n")
        return cls(
            f"{reason}: {method.decode()} {path.decode()} went out and may or may not have been carried out. It was "
            "not sent again; ask for the order (by its clientOrderId) before you send it again",
            method=method.decode(),
            path=path.decode(),
            body=body,
            timestamp=int(stamp[1]) if stamp else 0,
            last_error=last_error,
        )

    @staticmethod
    def find(error: BaseException | None) -> NoReplyError | None:
        """Return the NoReplyError in the causes and contexts of `error`, for example a TimeoutError."""
        seen, queue = set(), [error]
        for current in queue:
            if isinstance(current, NoReplyError):
                return current
            if current is not None and id(current) not in seen:
                seen.add(id(current))
                queue += [current.__cause__, current.__context__]
        return None


def is_from_call(error: BaseException) -> bool:
    """Return True if a C function that this package called raised `error`.

    If a signal handler raised it, the traceback contains the handler's frame.
    """
    traceback = error.__traceback__
    while traceback is not None:
        module = str(traceback.tb_frame.f_globals.get("__name__"))
        if module != "ssl" and not module.startswith("woox_fast.gateway."):
            return False
        traceback = traceback.tb_next
    return error.__traceback__ is not None


def describe(error: BaseException | None) -> str:
    return str(error) or type(error).__name__
