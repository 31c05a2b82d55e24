"""Exceptions of signal handlers, at every line of the package and at random moments. No order may arrive twice."""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import gc
import os
import random
import signal
import socket
import threading
import time
from types import FrameType

import pytest
from helpers.exactly_once import place_orders
from helpers.gateways import MODES, eventually, opened, shorten
from helpers.interruption import Tracer, lines_of, play
from helpers.oracle import KEY, SECRET
from helpers.raw_server import RawServer, response

from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, NoReplyError, NotSentError
from woox_fast.gateway.base import GatewayBase
from woox_fast.gateway.blocking import ThreadKeeper
from woox_fast.gateway.connection import IDLE, TRANSITIONS, Connection

ERRORS = (KeyboardInterrupt, TimeoutError)
# A gateway's threads survive an exception, or report it by the interpreter's hook.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]


@pytest.mark.parametrize("background", [False, True], ids=["caller", "threads"])
def test_interrupt_doubles_no_order(mode, background):
    interrupt_lines(mode, 40, background=background)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif("WOOX_FAST_EVERY_LINE" not in os.environ, reason="an hour; set WOOX_FAST_EVERY_LINE=1")
@pytest.mark.parametrize("background", [False, True], ids=["caller", "threads"])
def test_every_line_doubles_no_order(mode, background):
    interrupt_lines(mode, 1, background=background)


def interrupt_lines(mode, step, *, background):
    """Raise both exceptions at the first and the last run of the lines."""
    lines = lines_of(mode, background=background)
    assert len(lines) > 100
    for line, runs in lines[random.Random(mode).randrange(step) :: step]:
        for error in ERRORS:
            for hit in sorted({1, runs}):
                try:
                    play(mode, Tracer(line, error, hit), background=background)
                except AssertionError as failure:
                    raise AssertionError(f"{error.__name__} at {line}, run {hit}: {failure}") from failure


@contextlib.contextmanager
def handling(handle):
    """Call `handle` for SIGALRM."""
    before = signal.signal(signal.SIGALRM, handle)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def raising(error):
    """Raise `error` for SIGALRM, but only inside the package: an alarm after the request must not end the test."""

    def handle(_: int, frame: FrameType | None) -> None:
        while frame is not None and not frame.f_globals["__name__"].startswith("woox_fast."):
            frame = frame.f_back
        if frame is not None:
            raise error("alarm")

    return handling(handle)


def interrupt():
    """Send SIGALRM to the main thread in its system call. A signal just before the call does not end the call."""
    time.sleep(0.1)
    signal.pthread_kill(threading.main_thread().ident, signal.SIGALRM)


def interrupt_silently(peer, request):
    """An answer that interrupts the main thread when the request has arrived, and sends no response."""
    interrupt()
    return True


@pytest.mark.parametrize("error", ERRORS)
def test_random_alarm_doubles_no_order(error):
    chance = random.Random(7)
    outcomes: dict[int, BaseException | None] = {}
    with RawServer() as server, Gateway(Signer(KEY, SECRET), server.url, connections=2, timeout_s=20) as gateway:
        for order_id in range(1, 301):
            with raising(error):
                try:
                    signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.00002, 0.0004))
                    gateway.request("POST", f"/v3/trade/order?clientOrderId={order_id}", b"{}")
                    outcomes[order_id] = None
                except BaseException as failure:
                    outcomes[order_id] = failure
        counts = server.order_counts()
    assert set(counts.values()) == {1}
    for order_id, failure in outcomes.items():
        assert not (isinstance(failure, NotSentError) and order_id in counts)
        if failure is not None and order_id in counts:
            assert NoReplyError.find(failure) is not None or gateway.unknown


def test_interrupt_keeps_its_type():
    with RawServer(interrupt_silently) as server:  # noqa: SIM117
        with Gateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20) as gateway:
            with raising(KeyboardInterrupt), pytest.raises(KeyboardInterrupt) as raised:
                gateway.request("POST", "/v3/trade/order?clientOrderId=1", b"{}")
            assert isinstance(raised.value.__cause__, NoReplyError)
            assert raised.value.__cause__.path == "/v3/trade/order?clientOrderId=1"
            with raising(TimeoutError), pytest.raises(NoReplyError) as lost:
                gateway.request("POST", "/v3/trade/order?clientOrderId=2", b"{}")
            assert type(lost.value.__cause__) is TimeoutError
            assert [error.path[-1] for error in gateway.unknown] == ["1", "2"]
            assert gateway.unknown[1] == lost.value
            record = gateway.unknown[1]  # keeps no frame alive
            assert (record.__traceback__, record.__cause__, record.last_error) == (None, None, None)


def test_handler_broken_pipe_is_unknown(mode, monkeypatch):
    """The handler's own BrokenPipeError, from the socket module, comes while the order's bytes go out."""

    class Interrupted(socket.socket):
        def send(self, data, flags=0):
            sent = super().send(data, flags)
            if data.startswith(b"POST"):
                writer.write(b"x")
            return sent

    here, there = socket.socketpair()
    there.close()
    with here, here.makefile("wb", 0) as writer, RawServer() as server:
        monkeypatch.setattr(socket, "socket", Interrupted)
        with opened(mode, server.url, connections=2) as gateway, pytest.raises(NoReplyError) as raised:
            gateway.request("POST", "/v3/trade/order?clientOrderId=1", b"{}")
        assert isinstance(raised.value.__cause__, BrokenPipeError)
        monkeypatch.undo()
        assert server.order_counts() == {1: 1}


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_handler_request_hides_no_order(error):
    """A signal handler's own request has an unknown fate, and its exception ends the interrupted order."""

    def answer(peer, request):
        return interrupt_silently(peer, request) if b"clientOrderId=1" in request else True

    def handle(*_: object) -> None:
        try:
            gateway.request("POST", "/v3/trade/order?clientOrderId=2", b"{}", timeout_s=0.1)
        except NoReplyError as lost:
            raise (lost if error is None else error("alarm")) from lost

    with (
        RawServer(answer) as server,
        Gateway(Signer(KEY, SECRET), server.url, connections=2, timeout_s=20) as gateway,
        handling(handle),
    ):
        with pytest.raises(error or NoReplyError) as raised:
            gateway.request("POST", "/v3/trade/order?clientOrderId=1", b"{}")
        assert NoReplyError.find(raised.value).path.endswith("=1")
        assert [lost.path[-1] for lost in gateway.unknown] == ["2", "1"]
        shorten(gateway, 0.1)


@pytest.mark.parametrize("closes_first", [False, True])
@pytest.mark.parametrize("resets", [False, True])
def test_two_interrupts_lose_no_order(mode, monkeypatch, resets, closes_first):
    """Signals interrupt both places that note the order's fate. Then `unknown` has it, once."""
    interrupts = [TimeoutError("alarm")] * 2
    outcome = GatewayBase._outcome

    def interrupted(*arguments):
        if interrupts:
            raise interrupts.pop()
        return outcome(*arguments)

    def answer(peer, request):
        if resets:
            peer.reset()
        return not resets

    monkeypatch.setattr(GatewayBase, "_outcome", interrupted)
    with RawServer(answer) as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:
        shorten(gateway.gateway, 0.3)
        with pytest.raises(TimeoutError):
            gateway.request("POST", "/v3/trade/order?clientOrderId=1", b"{}")
        if not closes_first:
            eventually(lambda: gateway.gateway.unknown)
    assert [error.path[-1] for error in gateway.gateway.unknown] == ["1"]


@pytest.mark.parametrize("error", ERRORS)
def test_interrupt_withholds_no_connection(monkeypatch, error):
    """The connection serves the next request, or is replaced at once. Nothing was sent, so the order is not unknown."""
    interrupts = [error("alarm")] * 2
    send = Connection.send

    def interrupted(connection, request, method, *arguments, **options):
        if method == "POST" and interrupts:
            raise interrupts.pop()
        return send(connection, request, method, *arguments, **options)

    monkeypatch.setattr(Connection, "send", interrupted)
    with RawServer() as server, Gateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=5) as gateway:
        for order_id in range(2):
            with pytest.raises(error):
                gateway.request("POST", f"/v3/trade/order?clientOrderId={order_id}", b"{}")
            assert not any(one.state is IDLE for one in gateway._pool.live() if one not in gateway._pool.idle)
        assert gateway.request("GET", "/after").status == 200
        assert not gateway.unknown


def test_interrupted_line_withholds_no_connection():
    """After an interrupt at any line of a request, the next request need not wait."""

    def trade(line=None):
        tracer = Tracer(line)
        with Gateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20) as gateway:
            gateway.request("GET", "/before")
            with tracer.traced(background=False), contextlib.suppress(BaseException):
                gateway.request("POST", "/v3/trade/order?clientOrderId=1", b"{}")
            assert gateway.request("GET", "/after", send_within_s=0).status == 200
        return sorted(tracer.lines)

    with RawServer() as server:
        for line in trade():
            trade(line)


def test_every_state_follows_table(mode, monkeypatch):
    """A connection that checks each assignment, in the scenario of this file and at a faulty exchange."""
    moves = set()

    class Checked(Connection):
        __slots__ = ()

        def __setattr__(self, name, value):
            if name == "state":
                before = getattr(self, "state", None)
                if before is not None:
                    moves.add((before, value))
            super().__setattr__(name, value)

    monkeypatch.setattr("woox_fast.gateway.connector.Connection", Checked)
    play(mode, Tracer())
    place_orders(mode, orders=2000, seed=3)
    assert len(moves) > 8
    assert not [(before, after) for before, after in moves if after not in TRANSITIONS[before]]


@pytest.mark.parametrize("error", ERRORS)
def test_interrupted_close_ends_thread(monkeypatch, error):
    interrupts: list[BaseException] = []
    close = ThreadKeeper.close

    def interrupted(*arguments):
        if interrupts:
            raise interrupts.pop()
        close(*arguments)

    monkeypatch.setattr(ThreadKeeper, "close", interrupted)
    with RawServer() as server:
        gateway = Gateway(Signer(KEY, SECRET), server.url, connections=1).open()
        gc.collect()  # so that no earlier gateway closes instead
        interrupts.append(error("alarm"))
        with pytest.raises(error):
            gateway.close()
        eventually(lambda: not gateway._keeper.thread.is_alive())
        eventually(lambda: not server.open_peers)


def test_alarm_in_queue_sends_nothing():
    released = threading.Event()

    def interrupt_queue() -> None:
        eventually(lambda: gateway._pool.waiters)
        interrupt()

    with RawServer(lambda peer, request: (released.wait(20) and peer.send(response())) or True) as server:
        with Gateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20) as gateway:
            other = threading.Thread(target=gateway.request, args=("GET", "/slow"))
            other.start()
            eventually(lambda: server.requests)
            threading.Thread(target=interrupt_queue).start()
            with raising(TimeoutError), pytest.raises(TimeoutError) as raised:
                gateway.request("POST", "/v3/trade/order?clientOrderId=1", b"{}")
            assert raised.value.__cause__ is None
            released.set()
            other.join()
            assert gateway.request("GET", "/after").status == 200
        assert not server.order_counts()


@pytest.mark.parametrize("connections", [1, 2])
def test_signal_handler_can_send(connections):
    """With a free connection the handler's request works; without, it raises at once."""
    found: list[object] = []

    def handle(*_: object) -> None:
        try:
            found.append(gateway.request("DELETE", "/cancel").status)
        except NotSentError as error:
            found.append(str(error))

    def answer(peer, request):
        if request.startswith(b"GET /slow"):
            interrupt()
            eventually(lambda: found)
        peer.send(response())
        return True

    with (
        RawServer(answer) as server,
        Gateway(Signer(KEY, SECRET), server.url, connections=connections, timeout_s=60) as gateway,
        handling(handle),
    ):
        assert gateway.request("GET", "/slow").status == 200
    assert found == [200] if connections == 2 else "signal handler" in str(found[0])


def test_endless_signals_keep_deadline():
    """Signals restart the system call. Housekeeping still ends the request."""
    with (
        RawServer(lambda peer, request: True) as server,
        Gateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20) as gateway,
        handling(lambda *_: None),
    ):
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        with pytest.raises(NoReplyError, match=r"no whole response came within 0.3 s"):
            gateway.request("GET", "/silent", timeout_s=0.3)
        assert not gateway._pool.background()  # housekeeping hung up, so that no response can arrive


@pytest.mark.skipif("uvloop" not in MODES, reason="uvloop is not installed")
def test_interrupted_rounds_keep_deadline():
    """The rounds of housekeeping are interrupted before their first instruction, several times."""
    import uvloop

    raised = []
    armed = threading.Event()

    class Loop(uvloop.Loop):
        def call_soon_threadsafe(self, callback, *args, **options):
            super().call_soon_threadsafe(_thread.interrupt_main, signal.SIGALRM)
            return super().call_soon_threadsafe(callback, *args, **options)

    def handle(_: int, frame: FrameType | None) -> None:
        module = "" if frame is None else frame.f_globals["__name__"]
        if armed.is_set() and module == "woox_fast.gateway.asynchronous" and len(raised) < 6:
            raised.append(frame)
            raise TimeoutError("alarm")

    async def trade() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20) as gateway:
            armed.set()
            with pytest.raises(NoReplyError, match=r"no whole response came within 0.3 s"):
                await gateway.request("GET", "/silent", timeout_s=0.3)

    # From here on, since pytest-timeout's own handler would end the test at the first signal.
    with handling(handle), RawServer(lambda peer, request: True) as server:
        loop = Loop()
        loop.set_exception_handler(lambda loop, context: None)
        loop.run_until_complete(asyncio.wait_for(trade(), 30))
        loop.close()
    assert len(raised) == 6
