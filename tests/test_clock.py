"""`ServerClock` against servers whose clocks are off, slow ones, and ones that do not answer."""

from __future__ import annotations

import asyncio
import json
import re
import time

import pytest
from helpers.oracle import KEY, SECRET
from helpers.recorder import DROP, Received, Recorder, Reply

from woox_fast.clock import SYSTEM_INFO_PATH, ServerClock
from woox_fast.sandbox import Sandbox


@pytest.fixture
def signer(twin):
    return twin.Signer(KEY, SECRET)


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
def test_the_offset_is_the_servers(signer, offset_ms):
    with telling(offset_ms) as server:
        clock = ServerClock(signer, base_url=server.url)
        assert clock.round_trip_ms is None
        found = clock.update()
        # The median of the samples, each of which may be off by half its own round trip.
        bound = max(sample.round_trip_ns for sample in clock._samples) / 2_000_000 + 1.5
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


def test_a_step_of_the_local_clock_is_made_good(signer, monkeypatch):
    with telling(0) as server:
        clock = ServerClock(signer, base_url=server.url)
        before = clock.update()
        true_ns = time.time_ns
        monkeypatch.setattr(time, "time_ns", lambda: true_ns() - 90_000_000_000)
        monkeypatch.setattr(f"{__name__}.now_ms", lambda: true_ns() / 1_000_000)
        after = clock.update()
        clock.stop()
    assert 89_000 < after - before < 91_000


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


@pytest.mark.parametrize("url", ["api.woox.io", "https://api.woox.io/v3", ""])
def test_bad_urls(signer, url):
    with pytest.raises(ValueError, match="base_url must be scheme, host and maybe port"):
        ServerClock(signer, base_url=url)
