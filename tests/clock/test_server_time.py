"""`ServerClock` over HTTP: servers whose clocks are wrong, that are slow, and that do not answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import threading
import time

import pytest
from helpers.oracle import KEY, SECRET
from helpers.recorder import DROP, Received, Recorder, Reply

from woox_fast import Signer
from woox_fast._server_time import ServerTime
from woox_fast.clock import SYSTEM_INFO_PATH, ServerClock
from woox_fast.sandbox import Sandbox


@pytest.fixture
def signer():
    return Signer(KEY, SECRET)


def now_ms() -> float:
    return time.time_ns() / 1_000_000


def time_reply(offset_ms: float = 0) -> Reply:
    return Reply(body=json.dumps({"success": True, "timestamp": int(now_ms() + offset_ms)}).encode())


def time_server(offset_ms: float, delays_s: dict[int, float] | None = None) -> Recorder:
    """A server whose clock is wrong. It delays some responses, by number, after it has read its clock."""
    numbers = iter(range(1, 10**6))

    def answer(received: Received) -> Reply:
        reply = time_reply(offset_ms)
        time.sleep((delays_s or {}).get(next(numbers), 0))
        return reply

    return Recorder(answer)


def error_ms(clock: ServerClock, offset_ms: float) -> float:
    """The error of the signer's offset, less the error explained by the duration of the requests."""
    return abs(clock._signer.clock_offset_ms - offset_ms) - clock._known.width / 2_000_000 - 1.5


def wait_until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("offset_ms", [0, 250, -250, 3_600_000, -86_400_000])
def test_offset_is_the_servers(implementation, offset_ms):
    signer = implementation.Signer(KEY, SECRET)
    with time_server(offset_ms) as server:
        clock = ServerClock(signer, base_url=server.url)
        assert clock.round_trip_ms is None
        assert clock.update() == signer.clock_offset_ms
        clock.stop()
    assert error_ms(clock, offset_ms) <= 0
    assert [(each.method, each.target) for each in server.received] == [("GET", SYSTEM_INFO_PATH)] * 3
    assert all(each.api_headers == [] for each in server.received)
    assert server.connections == 1


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_thread_asks_every_interval(signer, kind):
    async def run(clock):
        if kind == "async":
            async with clock:
                await asyncio.to_thread(wait_until, lambda: len(server.received) >= seen + 4)
        else:
            with clock:
                clock.start()  # the thread runs, so this call has no effect
                wait_until(lambda: len(server.received) >= seen + 4)

    with time_server(0) as server:
        clock = ServerClock(signer, base_url=server.url, interval_s=0.01)
        for _ in range(2):  # a stopped clock can be started again
            seen = len(server.received)
            asyncio.run(run(clock))
            stopped = len(server.received)
            time.sleep(0.03)
            assert len(server.received) == stopped
    assert not [thread for thread in threading.enumerate() if thread.name == "woox-fast clock"]


def test_thread_is_a_daemon(signer):
    """A program that does not stop the clock still ends."""
    with ServerClock(signer, fetch=lambda: int(now_ms())):
        (thread,) = (thread for thread in threading.enumerate() if thread.name == "woox-fast clock")
        assert thread.daemon
    assert not thread.is_alive()


def test_sandbox_answers_the_clock(signer):
    sandbox = Sandbox(KEY, SECRET, clock=lambda: time.time() + 1000)
    with sandbox as url, ServerClock(signer, base_url=url) as clock:
        assert error_ms(clock, 1_000_000) <= 0
        assert clock.error is None
    assert sandbox.verified == 0


def test_async_update_leaves_the_loop_free(signer):
    async def run() -> None:
        async def tick() -> None:
            while True:
                ticks.append(1)
                await asyncio.sleep(0)

        ticks: list[int] = []
        ticking = asyncio.create_task(tick())
        async with ServerClock(signer, base_url=server.url) as clock:
            await clock.update_async()
            assert error_ms(clock, 7000) <= 0
        ticking.cancel()
        assert len(ticks) > 5

    with time_server(7000, dict.fromkeys(range(1, 5), 0.02)) as server:
        asyncio.run(run())
    assert len(server.received) == 4


BAD = [
    Reply(status=500),
    Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    Reply(body=b"<html>"),
    Reply(body=b"[]"),
    Reply(body=b"{}"),
    Reply(body=b'{"timestamp": "1578565539808"}'),
    Reply(body=b'{"timestamp": 1578565539.8}'),
    Reply(body=b'{"timestamp": 1578565539}'),
    Reply(body=b'{"timestamp": true}'),
    Reply(body=b"[" * 60_000),
    Reply(body=b'{"timestamp": %d' % (10**11) + b"0" * 5000 + b"}"),
    Reply(body=b'{"timestamp": 999999999999}'),
    Reply(body=b'{"timestamp": 10000000000000}'),
    Reply(body=b'{"timestamp": 1578565539808, "data": "' + b"x" * 70_000 + b'"}'),
]


@pytest.mark.parametrize("reply", BAD)
def test_invalid_time_raises(signer, reply):
    signer.clock_offset_ms = 5
    with Recorder(lambda received: reply) as server:
        clock = ServerClock(signer, base_url=server.url)
        words = f"/v3/public/systemInfo must return its timestamp in milliseconds, got HTTP {reply.status} with "
        with pytest.raises(ValueError, match=re.escape(words)):
            clock.update()
        clock.stop()
    assert signer.clock_offset_ms == 5


@pytest.mark.parametrize("reply", [DROP, Reply(raw=b"SSH-2.0\r\n", close=True)])
def test_no_answer_keeps_the_offset(signer, reply):
    signer.clock_offset_ms = 5
    with Recorder(lambda received: reply) as server:
        clock = ServerClock(signer, base_url=server.url)
        with pytest.raises(OSError, match=r".+"):
            clock.update()
        assert len(server.received) == 1
        clock.stop()
    with pytest.raises(OSError, match=r".+"):
        ServerClock(signer, base_url=server.url).update()
    assert signer.clock_offset_ms == 5


def test_closed_connection_is_replaced(signer):
    with time_server(0) as server:
        clock = ServerClock(signer, base_url=server.url)
        clock.update()
        server.hang_up()
        clock.update()
        clock.stop()
    assert server.connections == 2


def test_long_response_closes_the_connection(signer):
    long = Reply(body=b'{"timestamp": 1, "data": "' + b"x" * 70_000 + b'"}')
    with Recorder(lambda received: time_reply() if server.received[1:] else long) as server:
        clock = ServerClock(signer, base_url=server.url)
        with pytest.raises(ValueError, match="must return its timestamp"):
            clock.update()
        clock.update()
        clock.stop()
    assert server.connections == 2


class SlowServer:
    """Accept connections and send one byte every 0.05 s, for a minute in all."""

    def __init__(self, start: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._start = start
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.first_bytes: list[bytes] = []

    def __enter__(self) -> SlowServer:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._threads.append(threading.Thread(target=self._send, args=(connection,), daemon=True))
                self._threads[-1].start()

    def _send(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self.first_bytes.append(connection.recv(1))
            connection.sendall(self._start)
            for _ in range(1200):
                if self._over.wait(0.05):
                    return
                connection.sendall(b"a")


@pytest.mark.parametrize(
    ("scheme", "start"),
    [
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 1200\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nx-long: "),
        ("http", b"HTTP/1.1 200 OK\r\n\r\n"),
        ("https", b"\x16\x03\x03\x20\x00"),  # the first bytes of a long TLS record
    ],
)
def test_slow_response_times_out(signer, scheme, start):
    """No read of the socket times out, because each byte arrives in time. The whole response would last a minute."""
    signer.clock_offset_ms = 5
    with SlowServer(start) as server:
        url = f"{scheme}://127.0.0.1:{server.port}"
        clock = ServerClock(signer, base_url=url, timeout_s=0.3)
        for _ in range(2):
            with pytest.raises(TimeoutError, match=re.escape(f"{url} sent no complete response within 0.3 s")):
                clock.update()
        clock.stop()
        wait_until(lambda: not [each for each in threading.enumerate() if each.name == "woox-fast request"])
        wait_until(lambda: len(server.first_bytes) == 2)
    assert set(server.first_bytes) <= {{"http": b"G", "https": b"\x16"}[scheme], b""}
    assert signer.clock_offset_ms == 5


def test_update_after_a_timeout(signer):
    release = threading.Event()

    def answer(received: Received) -> Reply:
        if len(server.received) == 1:
            release.wait(60)
        return time_reply(7000)

    with Recorder(answer) as server:
        clock = ServerClock(signer, base_url=server.url, timeout_s=0.2)
        with pytest.raises(TimeoutError, match="sent no complete response"):
            clock.update()
        release.set()
        clock._server = ServerTime(server.url, 60)
        clock.update()
        assert error_ms(clock, 7000) <= 0
        clock.stop()


def test_timed_out_request_is_not_repeated(signer):
    """On a persistent connection, where a request is repeated if the server has closed the connection."""
    requests: list[threading.Thread] = []
    release = threading.Event()

    def answer(received: Received) -> Reply:
        requests.extend(thread for thread in threading.enumerate() if thread.name == "woox-fast request")
        if len(server.received) > 3:
            release.wait(60)
        return time_reply()

    with Recorder(answer) as server:
        clock = ServerClock(signer, base_url=server.url, timeout_s=60)
        clock.update()
        clock._server._timeout_s = 0.2
        with pytest.raises(TimeoutError, match="sent no complete response"):
            clock.update()
        for thread in requests:
            thread.join(60)
        release.set()
        clock.stop()
    assert len(server.received) == 4
    assert all(thread.daemon for thread in requests)  # the end of a program does not wait for them


@pytest.mark.parametrize(("got", "error"), [(1.7e12, TypeError), (1700000000, ValueError), (None, TypeError)])
def test_fetch_returns_no_time(signer, got, error):
    signer.clock_offset_ms = 5
    with pytest.raises(error, match="timestamp must be"):
        ServerClock(signer, fetch=lambda: got).update()
    assert signer.clock_offset_ms == 5
