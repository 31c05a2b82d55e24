"""Rate limits and events."""

from __future__ import annotations

import logging
import threading
import time
from itertools import pairwise

import pytest
from helpers.gateways import ORDER, eventually, opened
from helpers.oracle import KEY, SECRET
from helpers.raw_server import RawServer, response

from woox_fast.gateway import WOO_X_LIMITS, Event, Limit, NoReplyError, NotSentError
from woox_fast.gateway.connection import Connection
from woox_fast.gateway.limits import Limiter

SECOND = 1_000_000_000
WINDOW = SECOND + SECOND // 10  # a second, and a margin for the travel times


def test_window_delays_requests(mode):
    limits = [Limit("POST", "/v3/*", 2, 0.5)]
    with RawServer() as server, opened(mode, server.url, connections=2, limits=limits) as gateway:
        started = time.monotonic()
        futures = [gateway.submit(*ORDER) for _ in range(6)]
        responses = [future.result(20) for future in futures]
        assert time.monotonic() - started >= 1
    assert sorted(found.queued_ns > 0.3 * SECOND for found in responses)[2:] == [True] * 4
    assert len(server.requests) == 6


def test_connection_wait_keeps_limit(mode):
    """Requests that waited for a connection go out within the limit, although their slots passed meanwhile."""
    arrivals: list[float] = []
    released = threading.Event()

    def answer(peer, request):
        if request.startswith(b"POST"):
            arrivals.append(time.monotonic())
        else:
            released.wait(20)
        return peer.send(response()) or True

    limits = [Limit("POST", "/v3/*", 2, 1)]
    with RawServer(answer) as server, opened(mode, server.url, connections=6, timeout_s=20, limits=limits) as gateway:
        busy = [gateway.submit("GET", "/slow") for _ in range(6)]
        eventually(lambda: len(server.requests) == 6)
        queued = [gateway.submit(*ORDER) for _ in range(5)]
        time.sleep(2.5)  # until all slots have passed
        released.set()
        assert [future.result(20).status for future in busy + queued] == [200] * 11
    assert all(later - earlier >= 1 for earlier, later in zip(arrivals, arrivals[2:], strict=False))


def test_unused_slot_is_replaced():
    """A request whose connection came late moves its slot."""
    limiter = Limiter([Limit("", "/*", 2, 1)])

    def reserve(now, unused=None):
        return limiter.reserve("GET", "/", b"", now, 9 * SECOND, unused)

    late = SECOND // 2
    assert [reserve(0), reserve(0), reserve(5)] == [0, 0, WINDOW]
    assert reserve(7, unused=0) == 7  # hardly late
    assert reserve(late, unused=0) == late  # instead of the second
    assert reserve(late, unused=0) == late + WINDOW  # two requests follow the first
    assert reserve(late) == 2 * WINDOW


@pytest.mark.parametrize("delay_s", [0, 1.2])
def test_replaced_request_keeps_limit(mode, monkeypatch, delay_s):
    """A request whose connection was closed keeps its slot, or gets a new slot after a long wait."""
    arrivals: list[float] = []
    send, delays = Connection.send, [delay_s]

    def refused_once(connection, request, method, *arguments, **options):
        if method == "POST" and delays:
            time.sleep(delays.pop())
            return False
        return send(connection, request, method, *arguments, **options)

    def answer(peer, request):
        arrivals.append(time.monotonic())
        return peer.send(response()) or True

    monkeypatch.setattr(Connection, "send", refused_once)
    limits = [Limit("POST", "/v3/*", 1, 1 if delay_s else 60)]
    with RawServer(answer) as server, opened(mode, server.url, timeout_s=20, limits=limits) as gateway:
        orders = [gateway.submit(*ORDER) for _ in range(2 if delay_s else 1)]
        assert all(order.result(20).status == 200 for order in orders)
    assert all(later - earlier >= 1 for earlier, later in pairwise(arrivals))


def test_refused_request_uses_no_slot():
    limiter = Limiter([Limit("", "/*", 1, 1)])
    assert limiter.reserve("GET", "/", b"", 0, until=0) == 0
    assert [limiter.reserve("GET", "/", b"", 1, until=SECOND) for _ in range(3)] == [None] * 3
    assert limiter.reserve("GET", "/", b"", 1, until=9 * SECOND) == WINDOW


def test_slot_after_deadline_is_refused(mode):
    with RawServer() as server, opened(mode, server.url, limits=[Limit("", "/v3/*", 1, 60)]) as gateway:
        assert gateway.request(*ORDER).status == 200
        with pytest.raises(NotSentError, match="rate limit"):
            gateway.request(*ORDER, send_within_s=0.2)
        assert gateway.request("GET", "/v1/other").status == 200
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [response(b"", 429), *(response(b'{"success":false,"code":%b}' % code, 400) for code in (b"-1003", b'"-1003"'))],
)
def test_429_pauses_bucket(mode, answer):
    with RawServer(lambda peer, request: peer.send(answer) or True) as server:  # noqa: SIM117
        with opened(mode, server.url, limits=[Limit("POST", "/v3/*", 9, 60)]) as gateway:
            gateway.request(*ORDER)
            with pytest.raises(NotSentError, match="rate limit"):
                gateway.request(*ORDER, send_within_s=0.1)


def test_documented_limits_count_symbols():
    limiter = Limiter(WOO_X_LIMITS)

    def slots(count, method, path, body=b""):
        return [limiter.reserve(method, path, body, 0, 9 * SECOND) for _ in range(count)]

    assert slots(6, "POST", "/v3/trade/order", b'{"symbol": "SPOT_BTC_USDT"}') == [0] * 5 + [WINDOW]
    assert slots(5, "POST", "/v3/trade/order", '{"symbol":"SPOT_ETH_USDT"}') == [0] * 5
    assert slots(11, "DELETE", "/v3/trade/order?symbol=a&orderId=1") == [0] * 10 + [WINDOW]
    assert slots(3, "POST", "/v3/trade/algoOrder") == [0, 0, WINDOW]
    assert slots(11, "GET", "/v3/public/systemInfo") == [0] * 10 + [WINDOW]
    assert slots(9, "GET", "/v1/unknown") == [0] * 9
    assert limiter.reserve("POST", "/v3/trade/algoOrder", b"", 0, SECOND // 2) is None


def test_lost_lock_is_replaced():
    """A signal handler may end the code that holds the lock."""
    limiter = Limiter([Limit("", "/*", 1, 1)])
    limiter._lock.acquire()
    assert [limiter.reserve("GET", "/", b"", 0, 9 * SECOND) for _ in range(3)] == [0, WINDOW, 2 * WINDOW]
    assert not limiter._lock.locked()


def test_events_describe_requests(mode):
    events: list[Event] = []
    answers = [response(), b""]
    with RawServer(lambda peer, request: peer.send(answers.pop(0)) or True) as server:  # noqa: SIM117
        with opened(mode, server.url, connections=1, timeout_s=20, on_event=events.append) as gateway:
            gateway.request(*ORDER)
            with pytest.raises(NoReplyError):
                gateway.request("GET", "/lost", timeout_s=0.1)
            server.hang_up()
            eventually(lambda: any(event.kind == "dropped" for event in events))
    kinds = [event.kind for event in events]
    assert kinds.count("opened") >= 2
    assert kinds.count("sent") == 2
    found = next(event for event in events if event.kind == "response")
    assert (found.method, found.path, found.status, found.latency_ns > 0) == (*ORDER[:2], 200, True)
    lost = next(event for event in events if event.kind == "unknown")
    assert (lost.path, lost.reason) == ("/lost", "no whole response came within 0.1 s")
    assert "dropped" in kinds


def test_failing_callback_ends_no_request(mode, caplog):
    def fail(event: Event) -> None:
        raise ValueError("broken callback")

    with RawServer() as server, opened(mode, server.url, on_event=fail) as gateway:
        assert gateway.request(*ORDER).status == 200
    assert "broken callback" in caplog.text


def test_debug_log_has_no_secret(mode, caplog):
    with (
        caplog.at_level(logging.DEBUG, "woox_fast.gateway"),
        RawServer() as server,
        opened(mode, server.url) as gateway,
    ):
        gateway.request(*ORDER)
    assert "kind=sent" in caplog.text
    assert "status=200" in caplog.text
    assert not any(secret in caplog.text for secret in (KEY, SECRET, "x-api"))
