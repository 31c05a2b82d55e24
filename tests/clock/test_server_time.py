"""`ServerClock` over HTTP, with servers whose clocks are wrong, that respond slowly, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest
from helpers.oracle import KEY, SECRET
from helpers.recorder import DROP, CannedResponse, Received, Recorder

from woox_fast import Signer
from woox_fast.clock import SYSTEM_INFO_PATH, ServerClock


@pytest.fixture
def signer():
    return Signer(KEY, SECRET)


def now_ms() -> float:
    return time.time_ns() / 1_000_000


def time_response(offset_ms: float = 0) -> CannedResponse:
    return CannedResponse(body=json.dumps({"success": True, "timestamp": int(now_ms() + offset_ms)}).encode())


def time_server(offset_ms: float) -> Recorder:
    """Return a server whose clock is wrong by `offset_ms`."""
    return Recorder(lambda received: time_response(offset_ms))


def measure_error_ms(clock: ServerClock, offset_ms: float) -> float:
    """Return the error of the signer's offset, less the error that the duration of the requests explains."""
    return abs(clock._signer.clock_offset_ms - offset_ms) - clock._known.width / 2_000_000 - 1.5


def wait_until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("offset_ms", [0, 250, -86_400_000])
def test_offset_matches_server(implementation, offset_ms):
    signer = implementation.Signer(KEY, SECRET)
    with time_server(offset_ms) as server:
        clock = ServerClock(signer, base_url=server.url)
        assert clock.round_trip_ms is None
        assert clock.update() == signer.clock_offset_ms
        clock.stop()
    assert measure_error_ms(clock, offset_ms) <= 0
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
                (thread,) = (thread for thread in threading.enumerate() if thread.name == "woox-fast clock")
                assert thread.daemon  # a program that does not stop the clock still ends
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


def test_async_update_frees_loop(signer):
    looped = threading.Event()  # the server responds after the event loop has run a task

    def answer(received: Received) -> CannedResponse:
        assert looped.wait(60)
        return time_response(7000)

    async def loop_meanwhile() -> None:
        while not server.received:
            await asyncio.sleep(0)
        looped.set()

    async def run() -> None:
        clock = ServerClock(signer, base_url=server.url, timeout_s=60)
        meanwhile = asyncio.create_task(loop_meanwhile())
        await clock.update_async()
        await meanwhile
        assert measure_error_ms(clock, 7000) <= 0
        clock.stop()

    with Recorder(answer) as server:
        asyncio.run(run())
    assert len(server.received) == 3


BAD = [
    CannedResponse(status=500),
    CannedResponse(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    CannedResponse(body=b"<html>"),
    CannedResponse(body=b"[]"),
    CannedResponse(body=b"{}"),
    CannedResponse(body=b'{"timestamp": "1578565539808"}'),
    CannedResponse(body=b'{"timestamp": 1578565539.8}'),
    CannedResponse(body=b'{"timestamp": true}'),
    CannedResponse(body=b"[" * 60_000),
    CannedResponse(body=b'{"timestamp": %d' % (10**11) + b"0" * 5000 + b"}"),
    CannedResponse(body=b'{"timestamp": 999999999999}'),
    CannedResponse(body=b'{"timestamp": 10000000000000}'),
]


@pytest.mark.parametrize("response", BAD)
def test_invalid_time_raises(signer, response):
    signer.clock_offset_ms = 5
    with Recorder(lambda received: response) as server:
        clock = ServerClock(signer, base_url=server.url)
        words = f"/v3/public/systemInfo must return its timestamp in milliseconds, got HTTP {response.status} with "
        with pytest.raises(ValueError, match=re.escape(words)):
            clock.update()
        clock.stop()
    assert signer.clock_offset_ms == 5


@pytest.mark.parametrize("response", [DROP, CannedResponse(raw=b"SSH-2.0\r\n", close=True)])
def test_failure_keeps_offset(signer, response):
    signer.clock_offset_ms = 5
    with Recorder(lambda received: response) as server:
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


def test_long_response_closes_connection(signer):
    long = CannedResponse(body=b'{"timestamp": 1578565539808, "data": "' + b"x" * 70_000 + b'"}')
    with Recorder(lambda received: time_response() if server.received[1:] else long) as server:
        clock = ServerClock(signer, base_url=server.url)
        with pytest.raises(ValueError, match="must return its timestamp"):
            clock.update()
        clock.update()
        clock.stop()
    assert server.connections == 2


@contextlib.contextmanager
def slow_server(start: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the port of the server, which sends `start` and a byte every 0.05 s, and a list of first bytes."""
    over = threading.Event()
    first_bytes: list[bytes] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                first_bytes.append(self.request.recv(1))
                self.request.sendall(start)
                while not over.wait(0.05):
                    self.request.sendall(b"a")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1], first_bytes
        over.set()
        server.shutdown()


@pytest.mark.parametrize(
    ("scheme", "start"),
    [
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 1200\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nx-long: "),
        ("http", b"HTTP/1.1 200 OK\r\n\r\n"),
        ("https", b"\x16\x03\x03\x20\x00"),  # the header for a long TLS record
    ],
)
def test_slow_response_times_out(signer, scheme, start):
    """The timeout limits the whole response, not the time between two bytes."""
    signer.clock_offset_ms = 5
    with slow_server(start) as (port, first_bytes):
        url = f"{scheme}://127.0.0.1:{port}"
        clock = ServerClock(signer, base_url=url, timeout_s=0.3)
        for _ in range(2):
            with pytest.raises(TimeoutError, match=re.escape(f"{url} sent no complete response within 0.3 s")):
                clock.update()
        clock.stop()
        wait_until(lambda: not [each for each in threading.enumerate() if each.name == "woox-fast request"])
        wait_until(lambda: len(first_bytes) == 2)
    assert set(first_bytes) <= {{"http": b"G", "https": b"\x16"}[scheme], b""}
    assert signer.clock_offset_ms == 5


def test_timeout_repeats_no_request(signer):
    """The clock repeats a request on a persistent connection only if the server has closed the connection."""
    requests: list[threading.Thread] = []
    release = threading.Event()

    def answer(received: Received) -> CannedResponse:
        requests.extend(thread for thread in threading.enumerate() if thread.name == "woox-fast request")
        if len(server.received) > 3:
            release.wait(60)
        return time_response()

    with Recorder(answer) as server:
        clock = ServerClock(signer, base_url=server.url, timeout_s=60)
        clock.update()
        clock._server._timeout_s = 0.2
        with pytest.raises(TimeoutError, match="sent no complete response"):
            clock.update()
        for thread in requests:
            thread.join(60)
        assert len(server.received) == 4
        release.set()
        clock._server._timeout_s = 60
        clock.update()  # on a new connection
        clock.stop()
    assert all(thread.daemon for thread in requests)  # a program ends without waiting for them


@pytest.mark.parametrize(("got", "error"), [(1.7e12, TypeError), (1700000000, ValueError), (None, TypeError)])
def test_fetch_returns_no_time(signer, got, error):
    signer.clock_offset_ms = 5
    with pytest.raises(error, match="timestamp must be"):
        ServerClock(signer, fetch=lambda: got).update()
    assert signer.clock_offset_ms == 5
