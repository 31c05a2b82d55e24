"""Opening, using and closing a gateway; queues, deadlines and lanes."""

from __future__ import annotations

import asyncio
import gc
import pickle
import sys
import threading
import time

import pytest
from helpers.gateways import ORDER, created, eventually, new_event_loop, opened, run, shorten
from helpers.oracle import KEY, SECRET
from helpers.raw_server import RawServer, response

from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, NoReplyError, NotSentError
from woox_fast.gateway.asynchronous import _Waiter
from woox_fast.gateway.connection import CLOSED, TRANSITIONS, Connection, State


class Gate:
    """An answer that waits until it is released."""

    def __init__(self) -> None:
        self.is_open = threading.Event()

    def __call__(self, peer, request):
        self.is_open.wait(20)
        peer.send(response(request.split()[1]))
        return True


def test_table_lists_every_state():
    assert set(TRANSITIONS) == set(State)
    assert all(CLOSED in states for states in TRANSITIONS.values())


def test_open_and_close_replace_with(mode):
    with RawServer() as server, created(mode, server.url, connections=1) as (gateway, call):
        with pytest.raises(RuntimeError, match="the gateway is not open; open it with"):
            call(gateway.request, *ORDER)
        assert call(gateway.open) is gateway
        with pytest.raises(RuntimeError, match="cannot be opened: the gateway is already open"):
            call(gateway.open)
        assert call(gateway.request, *ORDER).status == 200
        call(gateway.close)
        call(gateway.close)
        with pytest.raises(RuntimeError, match="the gateway is closed"):
            call(gateway.request, *ORDER)
        with pytest.raises(RuntimeError, match="the gateway is closed"):
            call(gateway.open)
    assert len(server.requests) == 1


def test_retry_loop_ends_after_close(mode):
    """A closed gateway raises RuntimeError, which a loop over NotSentError does not catch."""
    with RawServer() as server, opened(mode, server.url, connections=1) as gateway:
        gateway.run(gateway.gateway.close)
        with pytest.raises(RuntimeError):  # noqa: PT012
            while True:
                try:
                    gateway.request(*ORDER)
                except NotSentError:
                    continue


def test_failed_open_refuses_requests(mode):
    with created(mode, "http://127.0.0.1:1", connections=1, timeout_s=20) as (gateway, call):
        with pytest.raises(NotSentError, match="cannot open a connection"):
            call(gateway.open)
        with pytest.raises(RuntimeError, match="the gateway is closed"):
            call(gateway.request, *ORDER)


def test_close_waits_for_due_responses(mode):
    gate = Gate()
    with RawServer(gate) as server:
        with opened(mode, server.url, connections=1, timeout_s=20) as gateway:
            due = gateway.submit("POST", "/slow", "{}")
            eventually(lambda: server.requests)
            waiting = gateway.submit(*ORDER)
            eventually(lambda: gateway.gateway._pool.waiters)
            threading.Timer(0.2, gate.is_open.set).start()
        assert due.result(0).body == b"/slow"
        with pytest.raises(NotSentError, match="the gateway is closed"):
            waiting.result(20)
        assert len(server.requests) == 1
    eventually(lambda: not [thread for thread in threading.enumerate() if "woox-fast gateway" in thread.name])


def test_close_ends_in_time(mode):
    """Though the server never answers, and though an interrupted request keeps its connection."""
    with RawServer(lambda peer, request: True) as server:
        with opened(mode, server.url, connections=2, timeout_s=20) as gateway:
            due = gateway.submit(*ORDER)
            eventually(lambda: server.requests)
            lost = gateway.gateway._pool.take()
            shorten(gateway.gateway, 0.5)
            started = time.monotonic()
        assert time.monotonic() - started < 10
        assert lost.state is CLOSED
        with pytest.raises(NoReplyError, match="the gateway was closed"):
            due.result(20)


def test_abandoned_request_is_ended(mode):
    """An interrupt may end a request without a word to its connection."""
    with RawServer(lambda peer, request: True) as server, opened(mode, server.url, connections=1) as gateway:
        lost = gateway.gateway._pool.take()
        request = Signer(KEY, SECRET).encode_request("GET", "/lost")
        assert gateway.run(lost.send, request, "GET", 10**8)
        eventually(lambda: lost.state is CLOSED)


def test_other_loop_is_refused(loop_mode):
    async def other() -> None:
        with pytest.raises(RuntimeError, match="another event loop"):
            await gateway.request(*ORDER)

    async def trade() -> None:
        await asyncio.to_thread(run, loop_mode, other())
        assert (await gateway.request(*ORDER)).status == 200
        await gateway.close()

    with RawServer() as server:
        gateway = AsyncGateway(Signer(KEY, SECRET), server.url, connections=1)

        async def begin() -> None:
            await gateway.open()
            await trade()

        run(loop_mode, begin())


def test_closed_loop_reports_unknown_order(loop_mode):
    async def begin():
        gateway = AsyncGateway(Signer(KEY, SECRET), server.url, connections=1)
        await gateway.open()
        request = gateway.request(*ORDER)
        request.send(None)
        return gateway, request

    with RawServer() as server:
        loop = new_event_loop(loop_mode)
        gateway, request = loop.run_until_complete(begin())
        loop.close()
        with pytest.raises(NoReplyError, match="its coroutine was closed while the response was due"):
            request.close()
        for connection in gateway._pool.live():
            connection.close()
        gateway._refusal = "the loop is closed"


def test_proactor_loop_is_refused(monkeypatch):
    monkeypatch.setattr(asyncio, "ProactorEventLoop", asyncio.SelectorEventLoop, raising=False)
    gateway = AsyncGateway(Signer(KEY, SECRET), "http://127.0.0.1:1")
    with pytest.raises(RuntimeError, match=r"got asyncio.ProactorEventLoop; run it on asyncio.SelectorEventLoop"):
        run("asyncio", gateway.open())


# The queue


def test_queue_keeps_order(mode):
    gate = Gate()
    with RawServer(gate) as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:
        futures = []
        for number in range(6):
            futures.append(gateway.submit("POST", f"/{number}", "{}"))
            eventually(lambda: len(server.requests) + len(gateway.gateway._pool.waiters) == number + 1)  # noqa: B023
        gate.is_open.set()
        assert [future.result(20).body for future in futures] == [b"/%d" % number for number in range(6)]
        assert futures[0].result().queued_ns == 0
        assert all(future.result().queued_ns > 0 for future in futures[1:])
    paths = [request.split()[1] for _, request in server.requests]
    assert paths == [b"/%d" % number for number in range(6)]


def test_signature_is_fresh_after_queue(mode):
    gate = Gate()
    with RawServer(gate) as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:
        first, second = gateway.submit("POST", "/0", "{}"), gateway.submit("POST", "/1", "{}")
        eventually(lambda: server.requests and gateway.gateway._pool.waiters)
        time.sleep(0.3)
        released_ms = time.time() * 1000
        gate.is_open.set()
        assert first.result(20).status == second.result(20).status == 200
    stamp = server.requests[1][1].lower().split(b"x-api-timestamp: ")[1][:13]
    assert int(stamp) >= int(released_ms)


def test_replaced_request_goes_first(monkeypatch):
    """A request whose connection was closed goes before a request that waits."""
    send, later = Connection.send, []

    def find_closed(self, request, *arguments, **options):
        if b"/first" not in request or self.number > 2:
            return send(self, request, *arguments, **options)
        if not later:
            later.append(gateway.submit("POST", "/later", "{}"))
            eventually(lambda: gateway.gateway._pool.waiters)
        return False

    monkeypatch.setattr(Connection, "send", find_closed)
    monkeypatch.setattr("woox_fast.gateway.base.POLL_S", 20)  # no request takes a connection out of turn
    with RawServer() as server, opened("blocking", server.url, connections=1, timeout_s=20) as gateway:
        assert gateway.request("POST", "/first", "{}").status == 200
        assert later[0].result(20).status == 200
    assert [request.split()[1] for _, request in server.requests] == [b"/first", b"/later"]


def test_timeout_covers_queue_and_response(mode):
    gate = Gate()
    with RawServer(gate) as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:
        blocker = gateway.submit("POST", "/blocker", "{}")
        eventually(lambda: server.requests)
        with pytest.raises(NotSentError, match=r"no connection was free for 0.\d+ s; all 1 were in use"):
            gateway.request(*ORDER, timeout_s=0.2)
        with pytest.raises(NotSentError, match="no connection was free"):
            gateway.request(*ORDER, send_within_s=0.1)
        with pytest.raises(NotSentError, match="no connection was free"):
            gateway.request(*ORDER, send_within_s=0)
        with pytest.raises(NotSentError, match="no connection was free"):  # the whole time is shorter
            gateway.request(*ORDER, timeout_s=0.1, send_within_s=3600)
        gate.is_open.set()
        assert blocker.result(20).status == 200
        assert gateway.request(*ORDER, send_within_s=0, timeout_s=20).status == 200
    assert len(server.requests) == 2


def test_reserved_lane_serves_cancels(mode):
    gate = Gate()

    def answer(peer, request):
        return gate(peer, request) if request.startswith(b"POST") else peer.send(response()) or True

    with RawServer(answer) as server, opened(mode, server.url, connections=2, reserved=1, timeout_s=20) as gateway:
        orders = [gateway.submit("POST", f"/{number}", "{}") for number in range(6)]
        eventually(lambda: len(gateway.gateway._pool.waiters) == 4)
        assert gateway.request("DELETE", "/v3/trade/order").status == 200
        assert gateway.request("GET", "/urgent", priority=True).status == 200
        eventually(lambda: len([one for _, one in server.requests if one.startswith(b"POST")]) == 2)
        gate.is_open.set()
        assert [order.result(20).status for order in orders] == [200] * 6


def test_slow_cancel_delays_no_order(mode):
    gate = Gate()

    def answer(peer, request):
        return gate(peer, request) if request.startswith(b"DELETE") else peer.send(response()) or True

    with RawServer(answer) as server, opened(mode, server.url, connections=1, reserved=1, timeout_s=20) as gateway:
        cancel = gateway.submit("DELETE", "/v3/trade/order")
        eventually(lambda: any(one.startswith(b"DELETE") for _, one in server.requests))
        assert gateway.request(*ORDER, send_within_s=0).status == 200
        gate.is_open.set()
        assert cancel.result(20).status == 200


@pytest.mark.parametrize("loop_mode", ["asyncio", "uvloop"])
def test_stalled_loop_sends_no_late_order(loop_mode):
    async def main() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20) as gateway:
            blocker = asyncio.ensure_future(gateway.request("GET", "/blocker"))
            queued = asyncio.ensure_future(gateway.request(*ORDER, send_within_s=0.1))
            while not gateway._pool.waiters:
                await asyncio.sleep(0)
            time.sleep(0.3)
            assert (await blocker).status == 200
            with pytest.raises(NotSentError):
                await queued

    with RawServer() as server:
        event_loop = new_event_loop(loop_mode)
        event_loop.run_until_complete(main())
        event_loop.close()
    assert not [one for _, one in server.requests if one.startswith(b"POST")]


def test_closed_idle_connections_leave_pool(mode):
    with RawServer() as server, opened(mode, server.url, connections=2, timeout_s=20) as gateway:
        pool = gateway.gateway._pool
        server.hang_up()
        eventually(lambda: pool.is_full and len(pool.idle) == 3 and all(one.state is not CLOSED for one in pool.idle))


@pytest.mark.parametrize("loop_mode", ["asyncio", "uvloop"])
def test_interrupted_timers_end_wait(loop_mode, monkeypatch):
    """Exceptions of a signal handler in all timers of a queued request. Its wait still ends."""
    wake, errors = _Waiter.wake, [TimeoutError("alarm")] * 3

    def interrupted(waiter, *arguments):
        if errors:
            raise errors.pop()
        wake(waiter, *arguments)

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20) as gateway:
            blocker = asyncio.ensure_future(gateway.request("GET", "/blocker"))
            await asyncio.sleep(0)
            monkeypatch.setattr(_Waiter, "wake", interrupted)
            with pytest.raises(NotSentError):
                await asyncio.wait_for(gateway.request(*ORDER, send_within_s=0.01), 15)
            gate.is_open.set()
            assert (await blocker).status == 200

    gate = Gate()
    with RawServer(gate) as server:
        event_loop = new_event_loop(loop_mode)
        event_loop.run_until_complete(main())
        event_loop.close()


def test_lost_wakeup_is_repaired(mode):
    """An interrupted request may leave itself in the queue, or take a wake-up with it."""
    gate = Gate()
    with RawServer(gate) as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:
        pool = gateway.gateway._pool

        class Ghost:
            urgent = False
            by_ns = time.perf_counter_ns() + 60_000_000_000
            seen_ns = time.perf_counter_ns()

            def wake(self) -> None:
                pass

        blocker = gateway.submit("POST", "/blocker", "{}")
        eventually(lambda: server.requests)
        gateway.run(lambda: pool.enter(Ghost()))
        waiting = gateway.submit(*ORDER)
        eventually(lambda: len(pool.waiters) == 2)
        gate.is_open.set()
        assert blocker.result(20).status == waiting.result(20).status == 200


# Errors and memory


def test_swapped_arguments_are_explained():
    for kind in (Gateway, AsyncGateway):
        for arguments in (("key", "secret"), ("http://127.0.0.1", Signer(KEY, SECRET)), (Signer, "http://a"), (None,)):
            with pytest.raises(TypeError, match="signer must be a Signer, got .*: pass Signer"):  # noqa: RUF043
                kind(*arguments)


def test_signed_request_is_refused(mode):
    signed = Signer(KEY, SECRET).prepare("GET", "/v3/x")
    with RawServer() as server, opened(mode, server.url, connections=1) as gateway:
        with pytest.raises(TypeError, match="would be signed twice"):
            gateway.run(lambda: gateway.gateway.request(signed))
        assert gateway.request("GET", "/v3/x", params={"a": 1}).status == 200
        assert gateway.request("POST", "/v3/x", json={"a": 1}).status == 200
        with pytest.raises(ValueError, match="json or body"):
            gateway.request("POST", "/v3/x", "{}", json={})
    assert [request.split()[1] for _, request in server.requests] == [b"/v3/x?a=1", b"/v3/x"]
    assert server.requests[1][1].endswith(b'{"a":1}')


def test_no_reply_error_survives_pickle():
    """Processes exchange errors by pickle."""
    request = Signer(KEY, SECRET).encode_request(*ORDER, timestamp=1578565539808)
    error = NoReplyError.from_request(request, "lost", TimeoutError("late"))
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert copy == error
    assert hash(copy) == hash(error)
    assert (copy.method, copy.path, copy.body) == (*ORDER[:2], ORDER[2].encode())
    assert (copy.timestamp, str(copy.last_error)) == (1578565539808, "late")
    assert NoReplyError.find(ValueError()) is None


def test_memory_stays_flat(mode):
    with RawServer() as server, opened(mode, server.url, connections=2) as gateway:

        def count_blocks(orders: int) -> int:
            for number in range(orders):
                gateway.request("POST", "/v3/trade/order", f'{{"a":{number}}}')
            server.requests.clear()
            for peer in server.peers:
                peer.received = b""
            gc.collect()
            return sys.getallocatedblocks()

        count_blocks(300)
        before = count_blocks(300)
        assert count_blocks(2000) - before < 1000
