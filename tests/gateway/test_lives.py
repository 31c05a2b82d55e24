"""A gateway's beginning and end: closed, forked, interrupted, cancelled, on another event loop."""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
import time
import traceback

import pytest
from helpers.gateways import MODES, ORDER, Exchange, eventually, new_event_loop, opened
from helpers.oracle import KEY, SECRET
from helpers.recorder import Received, Reply

from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, NoReplyError, NotSentError

LOOPS = MODES[1:]
# CPython 3.12 and later warn of every fork while there are threads, and a gateway has one.
FORKS = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


def answer(received: Received) -> Reply:
    if received.target.startswith("/slow"):
        time.sleep(0.3)
    return Reply(body=received.target.encode())


def run(loop_mode, walk):
    loop = new_event_loop(loop_mode)
    try:
        return loop.run_until_complete(asyncio.wait_for(walk, 30))
    finally:
        loop.close()


def in_a_child(check) -> None:
    """Run `check` in a forked process; fail with what it printed where it raises."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        said = "passed"
        try:
            check()
        except BaseException:
            said = traceback.format_exc()
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    assert said == "passed", said


def test_it_is_opened_once_and_used_while_it_is_open():
    with Exchange(answer) as server:
        gateway = Gateway(Signer(KEY, SECRET), server.url, connections=1)
        with pytest.raises(NotSentError, match=r"the gateway is not open; open it by `with Gateway\("):
            gateway.request(*ORDER)
        with gateway:
            assert gateway.request(*ORDER).status == 200
        assert repr(gateway) == f"<Gateway to {server.host}: the gateway is closed>"
        with pytest.raises(NotSentError, match=r"^the request to .* was not sent: the gateway is closed$"):
            gateway.request(*ORDER)
        with pytest.raises(RuntimeError, match="cannot be opened: the gateway is closed; make another"), gateway:
            pass
    assert len(server.received) == 1


@pytest.mark.parametrize("loop_mode", LOOPS)
def test_an_async_one_is_opened_once_and_used_while_it_is_open(loop_mode):
    async def walk() -> None:
        gateway = AsyncGateway(Signer(KEY, SECRET), server.url, connections=1)
        with pytest.raises(NotSentError, match="the gateway is not open; open it by"):
            await gateway.request(*ORDER)
        async with gateway:
            assert (await gateway.request(*ORDER)).status == 200
        with pytest.raises(NotSentError, match="the gateway is closed"):
            await gateway.request(*ORDER)
        with pytest.raises(RuntimeError, match="the gateway is closed; make another"):
            await gateway.__aenter__()

    with Exchange(answer) as server:
        run(loop_mode, walk())
    assert len(server.received) == 1


def test_no_gateway_waits_for_another():
    with Exchange(answer) as server:
        one, other = (Gateway(Signer(KEY, SECRET), server.url, connections=1) for _ in range(2))
        with one, one._lock, other:
            assert other.request(*ORDER).status == 200


def test_an_event_loop_that_watches_no_sockets(monkeypatch):
    """As Windows' own is one."""
    monkeypatch.setattr(asyncio, "ProactorEventLoop", asyncio.SelectorEventLoop, raising=False)
    gateway = AsyncGateway(Signer(KEY, SECRET), "http://127.0.0.1:1")
    with pytest.raises(RuntimeError, match=r"got asyncio.ProactorEventLoop; run it on asyncio.SelectorEventLoop"):
        run("asyncio", gateway.__aenter__())


def test_closing_waits_for_the_replies_that_are_due_and_turns_away_who_waits(mode):
    threads = set(threading.enumerate())
    with Exchange(answer) as server:
        with opened(mode, server.url, connections=1) as gateway:
            due = gateway.submit("POST", "/slow", "{}")
            eventually(lambda: server.received)
            waiting = gateway.submit(*ORDER)
            time.sleep(0.05)
        assert due.result(0).status == 200
        with pytest.raises(NotSentError, match="the gateway is closed"):
            waiting.result(10)
        assert len(server.received) == 1
        eventually(lambda: not server._open)
    eventually(lambda: {thread for thread in threading.enumerate() if "woox" in thread.name} <= threads)


def test_closing_while_a_server_says_nothing_ends_in_time(mode):
    with Exchange(lambda received: Reply(raw=b"")) as server:
        started = time.monotonic()
        with opened(mode, server.url, connections=1, timeout_s=0.3) as gateway:
            due = gateway.submit(*ORDER)
            eventually(lambda: server.received)
        assert time.monotonic() - started < 5
        with pytest.raises(NoReplyError, match=r"no whole response came within 0.3 s"):
            due.result(10)


@FORKS
def test_a_fork(mode):
    """The child says so before anything is sent, and takes nothing from its parent."""
    with Exchange(answer) as server, opened(mode, server.url, connections=2) as gateway:
        due = gateway.submit("POST", "/slow", "{}")
        eventually(lambda: server.received)

        def check() -> None:
            assert "the process was forked" in repr(gateway.gateway)
            if mode == "blocking":
                with pytest.raises(
                    NotSentError, match=r"the process was forked after it was opened, .* in this process$"
                ):
                    gateway.gateway.request(*ORDER)
                gateway.gateway.__exit__()
                with Gateway(Signer(KEY, SECRET), server.url, connections=1) as another:
                    assert another.request("GET", "/child").body == b"/child"
                return
            request = gateway.gateway.request(*ORDER)
            with pytest.raises(NotSentError, match="the process was forked after it was opened"):
                request.send(None)
            gateway.gateway._readable(next(iter(gateway.gateway._pool.live), None) or exhausted)
            gateway.gateway._keep()

        exhausted = next(iter(gateway.gateway._pool.live))
        in_a_child(check)
        assert due.result(10).body == b"/slow"
        assert gateway.request(*ORDER).status == 200
    assert server.faults == []
    assert [received.target for received in server.received if received.target != "/child"] == ["/slow", ORDER[1]]


@FORKS
def test_a_fork_while_a_reply_is_due():
    """In a signal's handler: the child must not read the reply, which is its parent's."""
    with Exchange(answer) as server, Gateway(Signer(KEY, SECRET), server.url, connections=1) as gateway:
        children = []

        def fork(*_: object) -> None:
            children.append(os.fork())

        before = signal.signal(signal.SIGALRM, fork)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        read, write = os.pipe()
        try:
            reply = gateway.request("POST", "/slow", "{}")
        except NoReplyError as error:
            if children[0] == 0:
                os.write(write, str(error).encode())
                os._exit(0)
            raise
        finally:
            if children == [0]:
                os._exit(1)
            signal.signal(signal.SIGALRM, before)
        assert reply.body == b"/slow"
        os.close(write)
        with os.fdopen(read) as pipe:
            assert pipe.read().startswith("the process was forked while a response was due: POST /slow went out")
        os.waitpid(children[0], 0)


@pytest.mark.parametrize("loop_mode", LOOPS)
def test_another_event_loop(loop_mode):
    async def other() -> None:
        with pytest.raises(NotSentError, match="it belongs to another event loop than the one that runs here"):
            await gateway.request(*ORDER)

    async def walk() -> None:
        await asyncio.to_thread(run, loop_mode, other())
        assert (await gateway.request(*ORDER)).status == 200

    with Exchange(answer) as server:
        gateway = AsyncGateway(Signer(KEY, SECRET), server.url, connections=1)
        loop = new_event_loop(loop_mode)
        loop.run_until_complete(gateway.__aenter__())
        loop.run_until_complete(walk())
        loop.run_until_complete(gateway.__aexit__(None, None, None))
        loop.close()
    assert len(server.received) == 1


@pytest.mark.parametrize("loop_mode", LOOPS)
def test_a_cancelled_request_is_not_sent_unless_it_was(loop_mode):
    async def walk() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=1) as gateway:
            tasks = [asyncio.create_task(gateway.request("POST", f"/slow{number}", "{}")) for number in range(3)]
            never = asyncio.create_task(gateway.request("POST", "/never", "{}"))
            never.cancel()  # before it began
            await asyncio.sleep(0.1)
            tasks[1].cancel()  # in the queue
            tasks[0].cancel()  # its reply is due
            results = await asyncio.gather(*tasks, never, return_exceptions=True)
            assert results[2].body == b"/slow2"
            assert all(type(result) is asyncio.CancelledError for result in (results[1], results[3]))
            assert tasks[0].cancelled()

            async def place() -> None:
                try:
                    await gateway.request("POST", "/slow3", "{}")
                except NoReplyError as error:
                    errors.append(error)
                    raise

            errors: list[NoReplyError] = []
            # On 3.11 and 3.12 asyncio's timeouts let every CancelledError through that is more than one.
            with pytest.raises((asyncio.TimeoutError, NoReplyError)):
                await asyncio.wait_for(place(), 0.1)
            assert isinstance(errors[0], asyncio.CancelledError)
            assert str(errors[0]).startswith("cancelled while its response was due: POST /slow3 went out")
            assert (errors[0].path, errors[0].body) == ("/slow3", b"{}")
            assert (await gateway.request("GET", "/quick")).body == b"/quick"  # and not the reply that came too late

    with Exchange(answer) as server:
        run(loop_mode, walk())
    assert [received.target for received in server.received] == ["/slow0", "/slow2", "/slow3", "/quick"]


@pytest.mark.parametrize("loop_mode", LOOPS)
def test_a_connection_given_to_a_cancelled_task_is_not_lost(loop_mode):
    async def walk() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=1) as gateway:
            for _ in range(5):
                first = asyncio.create_task(gateway.request("GET", "/slow"))
                await asyncio.sleep(0)
                second = asyncio.create_task(gateway.request("GET", "/second"))
                await asyncio.sleep(0)
                first.add_done_callback(lambda _: second.cancel())  # in the round in which its turn came  # noqa: B023
                assert (await first).body == b"/slow"
                with contextlib.suppress(asyncio.CancelledError):
                    await second
                assert (await gateway.request("GET", "/after")).body == b"/after"

    with Exchange(answer) as server:
        run(loop_mode, walk())
    assert server.connections - 2 <= sum(received.target == "/second" for received in server.received)


@pytest.mark.parametrize("loop_mode", LOOPS)
def test_a_closed_event_loop(loop_mode):
    """What was under way is told when its coroutine is closed, and nothing else is sent."""

    async def begin() -> None:
        gateway = AsyncGateway(Signer(KEY, SECRET), server.url, connections=1)
        await gateway.__aenter__()
        request = gateway.request(*ORDER)
        request.send(None)
        return gateway, request

    with Exchange(answer) as server:
        loop = new_event_loop(loop_mode)
        gateway, request = loop.run_until_complete(begin())
        loop.close()
        with pytest.raises(NoReplyError, match=r"^its coroutine was closed while the response was due: POST"):
            request.close()

        async def again() -> None:
            with pytest.raises(NotSentError, match="another event loop"):
                await gateway.request(*ORDER)

        run(loop_mode, again())
        for connection in list(gateway._pool.live):
            connection.close()
        eventually(lambda: server.received)
    assert len(server.received) == 1


@pytest.mark.parametrize("where", ["in flight", "in the queue"])
def test_ctrl_c(where):
    with Exchange(answer) as server, Gateway(Signer(KEY, SECRET), server.url, connections=1) as gateway:
        target = "/slow"
        if where == "in the queue":
            thread = threading.Thread(target=gateway.request, args=("GET", "/slow"))
            thread.start()
            eventually(lambda: server.received)
            target = "/never"
        timer = threading.Timer(0.1, _thread.interrupt_main)
        timer.start()
        before = signal.signal(signal.SIGALRM, lambda *_: None)  # wakes a main thread that only interrupt_main called
        signal.setitimer(signal.ITIMER_REAL, 0.15)
        try:
            with pytest.raises(KeyboardInterrupt) as raised:
                gateway.request("POST", target, "{}")
        finally:
            timer.join()
            signal.signal(signal.SIGALRM, before)
        cause = raised.value.__cause__
        if where == "in flight":
            assert isinstance(cause, NoReplyError)
            assert str(cause).startswith("interrupted by KeyboardInterrupt: POST /slow went out and may or may not")
        else:
            assert cause is None
            thread.join()
        del raised, cause
        gc.collect()
        for _ in range(3):
            assert gateway.request("GET", "/after").body == b"/after"
        eventually(lambda: len(gateway._pool.idle) == 2)
    assert [received.target for received in server.received] == ["/slow", "/after", "/after", "/after"]


def test_a_signal_that_does_not_end_it(mode):
    """A handler that returns: the reply is waited for as before, and no longer than `timeout_s`."""
    with Exchange(answer) as server, opened(mode, server.url, connections=1, timeout_s=1) as gateway:
        calls = []
        before = signal.signal(signal.SIGALRM, lambda *_: calls.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        try:
            request = gateway.gateway.request if mode == "blocking" else gateway.request
            assert request("POST", "/slow", "{}").body == b"/slow"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert len(calls) > 2


def test_memory_stays_flat(mode):
    with Exchange() as server, opened(mode, server.url, connections=2) as gateway:

        def work(orders: int) -> int:
            for number in range(orders):
                gateway.request("POST", "/v3/trade/order", f'{{"a":{number}}}')
            server.received.clear()
            gc.collect()
            return sys.getallocatedblocks()

        work(300)
        before = work(300)
        after = work(3000)
        assert after - before < 1000
