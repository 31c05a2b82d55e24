"""`ServerClock` against servers whose clocks are off, slow ones, and ones that do not answer."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import re
import socket
import threading
import time
from collections.abc import Callable

import pytest
from helpers.oracle import KEY, SECRET
from helpers.recorder import DROP, Received, Recorder, Reply

from woox_fast import PRODUCTION_URL, Signer, _server_time
from woox_fast import clock as clock_module
from woox_fast.clock import SYSTEM_INFO_PATH, LocalClock, ServerClock
from woox_fast.sandbox import Sandbox


@pytest.fixture
def signer():
    return Signer(KEY, SECRET)


def now_ms() -> float:
    return time.time_ns() / 1_000_000


def telling(offset_ms: float, delays_s: dict[int, float] | None = None) -> Recorder:
    """A server whose clock is off. `delays_s` by the number of the request: its time is read before the delay."""
    numbers = iter(range(1, 10**6))

    def answer(received: Received) -> Reply:
        body = json.dumps({"success": True, "data": {"status": 0}, "timestamp": int(now_ms() + offset_ms)})
        time.sleep((delays_s or {}).get(next(numbers), 0))
        return Reply(body=body.encode())

    return Recorder(answer)


@pytest.mark.parametrize("offset_ms", [0, 250, -250, 3_600_000, -86_400_000])
def test_the_offset_is_the_servers(twin, offset_ms):
    signer = twin.Signer(KEY, SECRET)
    with telling(offset_ms) as server:
        clock = ServerClock(signer, base_url=server.url)
        assert clock.round_trip_ms is None
        found = clock.update()
        bound = clock._known.width / 2_000_000 + 1.5
        assert clock.round_trip_ms is not None
        clock.stop()
    assert signer.clock_offset_ms == found
    assert abs(found - offset_ms) <= bound
    assert [(one.method, one.target) for one in server.received] == [("GET", SYSTEM_INFO_PATH)] * 3
    assert all(one.api_headers == [] for one in server.received)
    assert server.connections == 1


def test_the_samples_with_the_lowest_round_trip_count(signer):
    """Each slow reply told a time 200 ms old: half of that would be the error."""
    with telling(5000, {1: 0.2, 3: 0.2, 5: 0.2}) as server:
        clock = ServerClock(signer, base_url=server.url)
        for _ in range(4):
            found = clock.update()
        clock.stop()
    assert len(server.received) == 6
    assert abs(found - 5000) < 50
    assert clock.round_trip_ms < 200


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_thread_asks_every_interval_and_no_sooner(signer, kind):
    async def hold(clock, until):
        if kind == "async":
            async with clock:
                await asyncio.to_thread(until)
        else:
            with clock:
                until()

    def asked_again():
        most, deadline = len(server.received) + 4, time.monotonic() + 20
        while len(server.received) < most and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(server.received) >= most

    with telling(0) as server:
        asyncio.run(hold(ServerClock(signer, base_url=server.url, interval_s=600), lambda: time.sleep(0.6)))
        assert len(server.received) == 3  # as it began; it has looked at the local clock twice since
        clock = ServerClock(signer, base_url=server.url, interval_s=0.01)
        for _ in range(2):  # it can be started again
            asyncio.run(hold(clock, asked_again))


@pytest.mark.parametrize("error_ns", [90_000_000_000, 0])
def test_the_thread_sees_that_the_clock_was_set(signer, monkeypatch, error_ns):
    """Long before the next update is due, and as long as the exchange does not answer the offset is 0."""
    wall = {"error_ns": 90_000_000_000 - error_ns}
    answers = [True]

    class Local(LocalClock):
        def __init__(self):
            super().__init__()
            self.wall_ns = lambda: time.time_ns() + wall["error_ns"]

    def fetch() -> int:
        if not answers:
            raise ConnectionError("no answer")
        return int(now_ms())

    def wait_until(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    monkeypatch.setattr(clock_module, "LocalClock", Local)
    monkeypatch.setattr(clock_module, "RETRY_S", 0.01)
    with ServerClock(signer, fetch=fetch, interval_s=600) as clock:
        assert abs(signer.clock_offset_ms + wall["error_ns"] / 1_000_000) < 500
        answers.clear()
        wall["error_ns"] = error_ns
        wait_until(lambda: clock.error is not None)
        assert str(clock.error) == "no answer"
        assert signer.clock_offset_ms == 0
        answers.append(True)
        wait_until(lambda: clock.error is None)
        assert abs(signer.clock_offset_ms + error_ns / 1_000_000) < 500


def test_as_documented(signer):
    defaults = {name: each.default for name, each in inspect.signature(ServerClock).parameters.items()}
    assert (defaults["base_url"], defaults["interval_s"], defaults["timeout_s"]) == (PRODUCTION_URL, 30, 5)
    with ServerClock(signer, fetch=lambda: int(now_ms())):
        (thread,) = (thread for thread in threading.enumerate() if thread.name == "woox-fast clock")
        assert thread.daemon  # a program that forgets to stop it still ends
    assert not thread.is_alive()
    assert clock_module.WATCH_S <= 0.2  # for so long a clock that was set can go unseen
    assert clock_module.RETRY_S <= 1


def test_it_is_the_sandboxs_clock(signer):
    sandbox = Sandbox(KEY, SECRET, clock=lambda: time.time() + 1000)
    with sandbox as url, ServerClock(signer, base_url=url) as clock:
        assert abs(signer.clock_offset_ms - 1_000_000) < 1000
        assert clock.error is None
    assert sandbox.verified == 0


def test_a_thread_keeps_it_true(signer):
    offsets = {"now": 1000}

    def answer(received: Received) -> Reply:
        return Reply(body=json.dumps({"timestamp": int(now_ms()) + offsets["now"]}).encode())

    with Recorder(answer) as server, ServerClock(signer, base_url=server.url, interval_s=0.01) as clock:
        clock.start()  # it runs already
        assert abs(signer.clock_offset_ms - 1000) < 500
        offsets["now"] = 60_000
        deadline = time.monotonic() + 10
        while abs(signer.clock_offset_ms - 60_000) > 500 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert abs(signer.clock_offset_ms - 60_000) < 500
    seen = len(server.received)
    time.sleep(0.05)
    assert len(server.received) == seen  # it has stopped


def test_async(signer):
    async def walk() -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.001)

        ticking = asyncio.create_task(tick())
        async with ServerClock(signer, base_url=server.url) as clock:
            assert abs(signer.clock_offset_ms - 7000) < 500
            await clock.update_async()
        ticking.cancel()
        assert ticks > 5  # the event loop went on meanwhile

    with telling(7000, dict.fromkeys(range(1, 5), 0.02)) as server:
        asyncio.run(walk())
    assert len(server.received) == 4
    assert not [thread for thread in threading.enumerate() if thread.name == "woox-fast clock"]


def test_a_fetch_of_ones_own(signer):
    clock = ServerClock(signer, fetch=lambda: int(now_ms()) + 42_000)
    assert abs(clock.update() - 42_000) < 100
    clock.stop()


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
def test_what_is_no_time_is_refused(signer, reply):
    signer.clock_offset_ms = 5
    with Recorder(lambda received: reply) as server:
        clock = ServerClock(signer, base_url=server.url)
        words = f"/v3/public/systemInfo must give its timestamp in milliseconds, got HTTP {reply.status} with "
        with pytest.raises(ValueError, match=re.escape(words)):
            clock.update()
        clock.stop()
    assert signer.clock_offset_ms == 5


def test_no_answer_is_an_error_and_the_offset_stays(signer):
    signer.clock_offset_ms = 5
    for answer in (lambda received: DROP, lambda received: Reply(raw=b"SSH-2.0\r\n", close=True)):
        with Recorder(answer) as server:
            clock = ServerClock(signer, base_url=server.url, timeout_s=5)
            with pytest.raises(OSError, match=r".+"):
                clock.update()
            assert len(server.received) == 1
            clock.stop()
    with pytest.raises(OSError, match=r".+"):
        ServerClock(signer, base_url=server.url).update()
    assert signer.clock_offset_ms == 5


def test_the_thread_outlives_an_error_and_says_what_it_was(signer):
    answers = [Reply(status=500)]

    def answer(received: Received) -> Reply:
        return answers[-1] if len(server.received) > 3 else Reply(body=b'{"timestamp": %d}' % (now_ms() + 9000))

    with Recorder(answer) as server, ServerClock(signer, base_url=server.url, interval_s=0.01) as clock:
        deadline = time.monotonic() + 10
        while clock.error is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert "got HTTP 500" in str(clock.error)
        assert abs(signer.clock_offset_ms - 9000) < 500
        answers.append(Reply(body=b'{"timestamp": %d}' % (now_ms() + 9000)))
        while clock.error is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert clock.error is None


def test_a_connection_closed_while_idle_is_opened_again(signer):
    with telling(0) as server:
        clock = ServerClock(signer, base_url=server.url)
        clock.update()
        server.hang_up()
        time.sleep(0.02)
        clock.update()
        clock.stop()
    assert (server.connections, len(server.received)) == (2, 4)


def test_a_reply_longer_than_is_read_is_not_the_start_of_the_next(signer):
    long = Reply(body=b'{"timestamp": 1, "data": "' + b"x" * 70_000 + b'"}')
    with Recorder(
        lambda received: Reply(body=b'{"timestamp": %d}' % now_ms()) if server.received[1:] else long
    ) as server:
        clock = ServerClock(signer, base_url=server.url)
        with pytest.raises(ValueError, match="must give its timestamp"):
            clock.update()
        clock.update()
        clock.stop()
    assert server.connections == 2


class Dripping:
    """Accepts connections and answers with a byte every 0.05 s, for a minute in all."""

    def __init__(self, start: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._start = start
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.connections = 0
        self.heard: list[bytes] = []  # the first byte on each

    def __enter__(self) -> Dripping:
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
                self.connections += 1
                self._threads.append(threading.Thread(target=self._drip, args=(connection,), daemon=True))
                self._threads[-1].start()

    def _drip(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self.heard.append(connection.recv(1))
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
        ("https", b"\x16\x03\x03\x20\x00"),  # the start of a long record of a TLS handshake
    ],
)
def test_a_reply_that_drips_is_given_up(signer, scheme, start):
    """Each byte comes in time, all of them would take a minute."""
    signer.clock_offset_ms = 5
    with Dripping(start) as server:
        url = f"{scheme}://127.0.0.1:{server.port}"
        clock = ServerClock(signer, base_url=url, timeout_s=0.3)
        started = time.monotonic()
        for _ in range(2):
            with pytest.raises(TimeoutError, match=re.escape(f"{url} gave no whole answer within 0.3 s")):
                clock.update()
        assert time.monotonic() - started < 30
        clock.stop()
        deadline = time.monotonic() + 20
        while any(thread.name == "woox-fast request" for thread in threading.enumerate()):
            assert time.monotonic() < deadline  # nobody waits for it any more, and still it ends
            time.sleep(0.01)
    assert server.connections == 2
    assert server.heard == [{"http": b"G", "https": b"\x16"}[scheme]] * 2  # GET, or a TLS handshake
    assert signer.clock_offset_ms == 5


def test_after_a_reply_that_was_given_up_the_next_is_taken(signer):
    with telling(7000, {1: 2}) as server:
        clock = ServerClock(signer, base_url=server.url, timeout_s=0.5)
        with pytest.raises(TimeoutError, match="gave no whole answer"):
            clock.update()
        clock._server._timeout_s = 20  # on a busy machine too
        assert abs(clock.update() - 7000) < 500
        clock.stop()


def test_a_request_that_was_given_up_is_not_asked_again(signer):
    """On a connection that was kept, where one that the server has closed is."""
    asking = []

    def answer(received: Received) -> Reply:
        asking.extend(thread for thread in threading.enumerate() if thread.name == "woox-fast request")
        if len(server.received) > 3:
            time.sleep(1)
        return Reply(body=b'{"timestamp": %d}' % now_ms())

    with Recorder(answer) as server:
        clock = ServerClock(signer, base_url=server.url, timeout_s=20)
        clock.update()
        clock._server._timeout_s = 0.2
        with pytest.raises(TimeoutError, match="gave no whole answer"):
            clock.update()
        for thread in asking:
            thread.join(20)
        clock.stop()
    assert len(server.received) == 4
    assert all(thread.daemon for thread in asking)  # a program that ends does not wait for them


def test_an_interrupted_request_leaves_nothing_behind(signer, monkeypatch):
    with telling(7000) as server:
        clock = ServerClock(signer, base_url=server.url)

        def interrupted(self: object, **_: object) -> int:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(_server_time, "SimpleQueue", type("Queue", (), {"put": lambda *_: None, "get": interrupted}))
            with pytest.raises(KeyboardInterrupt):
                clock.update()
        assert abs(clock.update() - 7000) < 500
        clock.stop()


@pytest.mark.parametrize(("got", "error"), [(1.7e12, TypeError), (1700000000, ValueError), (None, TypeError)])
def test_a_fetch_that_gives_no_time(signer, got, error):
    signer.clock_offset_ms = 5
    with pytest.raises(error, match="timestamp must be"):
        ServerClock(signer, fetch=lambda: got).update()
    assert signer.clock_offset_ms == 5


@pytest.mark.parametrize("url", ["api.woox.io", "https://api.woox.io/v3", ""])
def test_bad_urls(signer, url):
    with pytest.raises(ValueError, match="base_url must be scheme, host and maybe port"):
        ServerClock(signer, base_url=url)
