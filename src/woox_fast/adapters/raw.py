"""A connection of our own on asyncio: what `encode_request` wrote goes to the socket, and httptools reads the reply.

For one exchange, many orders and few microseconds; no redirects, no proxies, no cookies, no decompression.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import httptools

from .. import Signer
from .._urls import PRODUCTION_URL, origin

if TYPE_CHECKING:
    from .._types import Body

IDLE_S = 0.01


class NoReplyError(ConnectionError):
    """A request went out and no whole reply came back: it may or may not have been carried out, and is not repeated."""


class Reply(NamedTuple):
    """The exchange's answer: HTTP status, raw body, and headers as they came and by their names in lower case."""

    status: int
    body: bytes
    raw_headers: list[tuple[bytes, bytes]]

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self.raw_headers}


class Connection:
    """One keep-alive connection to `url`, plain or TLS by its scheme, for as many tasks as like.

    One request is under way at a time. A connection that was closed is opened again before the next request, `attempts`
    times with a pause of `backoff_s`, doubled each time; `timeout_s` is how long to wait for it, and for each reply.
    """

    def __init__(
        self,
        signer: Signer,
        url: str = PRODUCTION_URL,
        *,
        timeout_s: float = 10.0,
        attempts: int = 5,
        backoff_s: float = 0.05,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(origin(url))
        self.host = parts.netloc
        self._signer = signer
        self._timeout_s, self._attempts, self._backoff_s = timeout_s, attempts, backoff_s
        self._address = (parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme])
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._lock = asyncio.Lock()
        self._wire: _Wire | None = None

    async def request(self, method: str, path: str, body: Body = b"") -> Reply:
        """Sign this request, send it once, and return the reply, whatever its status.

        Raises what `Signer.encode_request` does; ConnectionError where nothing could be sent, and NoReplyError, which
        is one, where something was: ask the exchange what became of an order before sending it again.
        """
        async with self._lock:
            wire = self._wire
            if wire is not None and asyncio.get_running_loop().time() - wire.used > IDLE_S:
                await asyncio.sleep(0)  # once to look at the sockets, once to hear that the server closed this one
                await asyncio.sleep(0)
            if wire is None or wire.transport.is_closing():
                wire = self._wire = await self._connect()
            return await wire.exchange(self._signer.encode_request(method, path, body, host=self.host))

    async def _connect(self) -> _Wire:
        connect = asyncio.get_running_loop().create_connection
        for attempt in range(self._attempts):
            if attempt:
                await asyncio.sleep(self._backoff_s * 2 ** (attempt - 1))
            try:
                return (
                    await asyncio.wait_for(
                        connect(lambda: _Wire(self._timeout_s), *self._address, ssl=self._tls), self._timeout_s
                    )
                )[1]
            except ssl.SSLCertVerificationError:
                raise
            except (OSError, asyncio.TimeoutError) as error:
                failure = error
        raise ConnectionError(
            f"cannot connect to {self.host} in {self._attempts} attempts, so nothing was sent: "
            f"{failure or type(failure).__name__}"
        ) from failure

    async def close(self) -> None:
        """Close the connection once the request that is under way has its reply; a later request opens another."""
        async with self._lock:
            if self._wire is not None:
                self._wire.transport.close()
                self._wire = None
                await asyncio.sleep(0)  # the socket is closed in the loop's next round

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class _Wire(asyncio.BufferedProtocol):
    """The protocol of one connection, and the callbacks of its parser.

    Buffered, since for any other asyncio makes room for 256 KiB, and gives it back, each time that something arrives.
    """

    transport: asyncio.Transport

    def __init__(self, timeout_s: float) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._room = memoryview(bytearray(16384))
        self._loop = asyncio.get_running_loop()
        self._reply: asyncio.Future[Reply] | None = None
        self._timeout_s = timeout_s
        self._timer: asyncio.TimerHandle | None = None
        self.used = self._loop.time()

    async def exchange(self, request: bytes) -> Reply:
        reply: asyncio.Future[Reply] = self._loop.create_future()
        self._reply = reply
        self.used = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout_s, self._ring)
        try:
            self.transport.write(request)
            return await reply
        except BaseException:  # cancelled, too: a reply that comes later must not be taken for the next one's
            self._reply = None
            self.transport.abort()
            raise

    def _ring(self) -> None:
        """One timer for all requests, which are many and quick: it is set again for what is left of the latest."""
        self._timer = None
        left_s = self.used + self._timeout_s - self._loop.time()
        if self._reply is None:
            return
        if left_s <= 0:
            self._give_up(f"no whole reply came within {self._timeout_s:g} s")
        else:
            self._timer = self._loop.call_later(left_s, self._ring)

    def _give_up(self, why: str, cause: BaseException | None = None) -> None:
        reply, self._reply = self._reply, None
        if reply is not None and not reply.done():
            error = NoReplyError(
                f"{why}: the request went out and may or may not have been carried out; it was not sent again. "
                "Ask for the order (by its clientOrderId) before sending it again"
            )
            error.__cause__ = cause
            reply.set_exception(error)
        self.transport.abort()

    # asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        if self._reply is None:  # an answer to nothing
            self.transport.abort()
            return
        try:
            self._parser.feed_data(self._room[:nbytes])
        except httptools.HttpParserError as error:
            self._give_up(f"the reply is not HTTP/1.1 ({error})", error)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._give_up(f"the server closed the connection before its reply was whole{f' ({exc})' if exc else ''}", exc)

    # httptools' callbacks

    def on_message_begin(self) -> None:
        if self._reply is None:  # a second reply to one request
            self.transport.abort()
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # 100 Continue, 103 Early Hints
            return
        reply, self._reply = self._reply, None
        if reply is not None and not reply.done():
            reply.set_result(Reply(status, b"".join(self._body), self._headers))
        self.used = self._loop.time()
        if not self._parser.should_keep_alive():
            self.transport.close()
