"""What both gateways share: their options, what they raise when a request fails, and what happens after a fork."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING
from weakref import WeakSet

from .._urls import PRODUCTION_URL
from .connection import Connection
from .endpoint import Endpoint
from .errors import NoReplyError, NotSentError
from .pool import Pool

if TYPE_CHECKING:
    import ssl

    from .. import Signer

NOT_OPEN = "the gateway is not open; open it by `with Gateway(...) as gateway:` (or `async with AsyncGateway(...)`)"
CLOSED = "the gateway is closed"
FORKED = (
    "the process was forked after it was opened, and its connections are the parent's; open another in this process"
)

_all: WeakSet[GatewayBase] = WeakSet()


class GatewayBase:
    """`connections` requests at once to `url`, each on a connection of its own; more wait, first come, first served.

    A request waits `timeout_s` seconds for a connection, and from then on as long for its reply. A connection that was
    idle for `warm_s` seconds gets a public GET, and one that was closed is opened again, both in the background; so
    that this is never in the way of a request there is one connection more. `tls` is an SSLContext in place of the
    default one. A reply longer than `max_reply_bytes`, head and body, is an error.
    """

    def __init__(
        self,
        signer: Signer,
        url: str = PRODUCTION_URL,
        *,
        connections: int = 4,
        timeout_s: float = 10.0,
        warm_s: float = 20.0,
        tls: ssl.SSLContext | None = None,
        max_reply_bytes: int = 8 * 2**20,
    ) -> None:
        self._host, self._refusal = "nowhere yet", NOT_OPEN  # for a traceback that shows a Gateway half made
        _check_count("connections", connections)
        _check_count("max_reply_bytes", max_reply_bytes)
        _check_seconds("timeout_s", timeout_s)
        _check_seconds("warm_s", warm_s)
        self._encode = signer.encode_request
        self._endpoint = Endpoint(url, timeout_s=timeout_s, tls=tls, max_reply_bytes=max_reply_bytes)
        self._pool = Pool(connections, timeout_s=timeout_s, warm_s=warm_s)
        self._host = self._endpoint.host
        self._refusal = NOT_OPEN  # why it takes no request; empty while it does
        _all.add(self)

    def _check_unopened(self) -> None:
        if self._refusal != NOT_OPEN:
            raise RuntimeError(f"this gateway cannot be opened: {self._refusal}; make another")

    def _refuse(self) -> None:
        """Refuse every request from now on, and those that wait. A public GET that is under way is not waited for."""
        self._refusal = CLOSED
        self._pool.close()
        if self._pool.warming is not None:
            self._pool.warming.hang_up()

    def _not_sent(self, why: str = "") -> NotSentError:
        """The error of a request that was not sent; `why` is empty if it waited too long for a connection."""
        cause = None
        if not why:
            cause = self._pool.last_error
            why = f"no connection was free for {self._endpoint.timeout_s:g} s" + (
                f", and another cannot be opened: {_text(cause)}" if cause else f"; all {self._pool.size} were in use"
            )
        error = NotSentError(f"the request to {self._host} was not sent: {why}")
        error.__cause__ = cause
        return error

    def _not_opened(self) -> NotSentError:
        cause = self._pool.last_error
        what = "a connection" if self._pool.hopeless else f"all {self._pool.size + 1} connections"
        why = _text(cause) if cause else f"not in {self._endpoint.timeout_s:g} s"
        error = NotSentError(f"cannot open {what} to {self._host}: {why}; nothing was sent")
        error.__cause__ = cause
        return error

    def _no_reply(self, request: bytes, connection: Connection, error: BaseException) -> NoReplyError:
        if connection.overdue:
            return NoReplyError.of(request, f"no whole reply came within {self._endpoint.timeout_s:g} s", error)
        if self._refusal == FORKED:
            return NoReplyError.of(request, "the process was forked while a reply was due", error)
        return NoReplyError.of(request, _text(error), error)

    def _forked(self) -> None:
        """In the child: the sockets are the parent's; not a byte of them may be read or written here."""
        if self._refusal not in (NOT_OPEN, CLOSED):
            self._refusal = FORKED
        self._endpoint.forked()
        self._pool.idle.clear()
        self._pool.close()
        for connection in list(self._pool.live):
            with contextlib.suppress(OSError):
                connection.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} to {self._host}: {self._refusal or f'{len(self._pool.live)} connections open'}>"


def _text(error: BaseException | None) -> str:
    return str(error) or type(error).__name__


def check_loop(loop: asyncio.AbstractEventLoop) -> None:
    if isinstance(loop, getattr(asyncio, "ProactorEventLoop", ())):  # Windows' own
        raise RuntimeError(
            "AsyncGateway needs an event loop that watches sockets (add_reader), got asyncio.ProactorEventLoop; "
            "run it on asyncio.SelectorEventLoop"
        )


def _check_count(name: str, value: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, got {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name} must be 1 or more, got {value}")


def _check_seconds(name: str, value: float) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number of seconds, got {type(value).__name__}")
    if not 0.001 <= value <= 86400:
        raise ValueError(f"{name} must be seconds from 0.001 to 86400, got {value}")


def _after_fork() -> None:
    for gateway in list(_all):
        gateway._forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
