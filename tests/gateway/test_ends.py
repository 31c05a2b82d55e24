"""A gateway that is closed leaves no thread that holds a socket, and no socket in a queue."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import pickle
import socket
import ssl
import threading
import time

import pytest
import trustme
from helpers.gateways import MODES, ORDER, Exchange, eventually, new_event_loop, opened
from helpers.oracle import KEY, SECRET
from helpers.recorder import Reply

import woox_fast.gateway.base
from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, NoReplyError, NotSentError
from woox_fast.gateway.endpoint import Endpoint

PATIENCE_S = 30  # what an opening may take


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


def opening_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "woox-fast gateway open"]


@contextlib.contextmanager
def nobody(where: str):
    """The address of one that is never there, or that says nothing."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(
            socket.create_server(("127.0.0.1", 0), backlog=0 if where == "connecting" else 9)
        )
        if where == "connecting":  # nobody accepts, and soon nobody is put in the queue
            for _ in range(4):
                sock = stack.enter_context(socket.socket())
                sock.setblocking(False)
                sock.connect_ex(listener.getsockname())
        yield listener


def tls_contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    authority.configure_trust(client_side)
    return server_side, client_side


@pytest.mark.parametrize("where", ["connecting", "in the TLS handshake", "before the first reply"])
def test_what_is_being_opened_is_given_up(mode, where, monkeypatch):
    server_side, client_side = tls_contexts() if where == "in the TLS handshake" else (None, None)
    with nobody(where) as listener, Exchange(tls=server_side) as server:
        with opened(mode, server.url, connections=1, timeout_s=PATIENCE_S, tls=client_side) as gateway:
            there = (socket.AF_INET, socket.SOCK_STREAM, 6, "", listener.getsockname())
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [there])
            eventually(lambda: len(server._open) == 2)
            server.hang_up()
            eventually(lambda: gateway.gateway._endpoint._opening)
            time.sleep(0.05)  # so that it waits at its socket
            started = time.monotonic()
        assert time.monotonic() - started < PATIENCE_S / 2
        assert gateway.gateway._endpoint._opening == {}
        eventually(lambda: not opening_threads())


@pytest.mark.parametrize("late_s", [0, 0.05])
def test_a_connection_that_is_opened_just_then(mode, late_s, monkeypatch):
    """It is closed before the gateway's end returns, also where the loop is closed at once."""
    made, begun, release = [], threading.Event(), threading.Event()
    open_one = Endpoint.open

    def slow_open(self):
        made.append(open_one(self))
        if len(made) > 2:
            begun.set()
            release.wait(10)
            time.sleep(late_s)
        return made[-1]

    monkeypatch.setattr(Endpoint, "open", slow_open)
    close_pool = woox_fast.gateway.base.Pool.close

    def close_and_release(pool):
        close_pool(pool)
        release.set()

    monkeypatch.setattr(woox_fast.gateway.base.Pool, "close", close_and_release)
    with Exchange(lambda received: Reply(close=True)) as server:
        with opened(mode, server.url, connections=1) as gateway:
            gateway.request(*ORDER)
            assert begun.wait(10)
        assert [connection.sock.fileno() for connection in made] == [-1] * len(made)
        made.clear()
        del gateway
        gc.collect()  # a socket that was not closed is a warning, and so a failure


@pytest.mark.parametrize("loop_mode", MODES[1:])
def test_a_loop_that_is_closed_with_a_connection_on_its_way(loop_mode, monkeypatch):
    """Nobody closed the gateway: what a thread opens then is closed by it."""
    made, release = [], threading.Event()
    open_one = Endpoint.open

    def slow_open(self):
        if len(made) == 2:
            release.wait(10)
        made.append(open_one(self))
        return made[-1]

    async def begin() -> AsyncGateway:
        gateway = AsyncGateway(Signer(KEY, SECRET), server.url, connections=1)
        await gateway.__aenter__()
        await gateway.request(*ORDER)
        return gateway

    monkeypatch.setattr(Endpoint, "open", slow_open)
    with Exchange(lambda received: Reply(close=True, headers={"Connection": "close"})) as server:
        loop = new_event_loop(loop_mode)
        gateway = loop.run_until_complete(begin())
        eventually(opening_threads)
        loop.close()
        release.set()
        eventually(lambda: not opening_threads())
        assert made[2].sock.fileno() == -1
        for connection in list(gateway._pool.live):
            connection.close()


@pytest.mark.parametrize("loop_mode", MODES[1:])
def test_opening_that_is_cancelled(loop_mode):
    async def walk() -> None:
        gateway = AsyncGateway(Signer(KEY, SECRET), server.url, connections=3, timeout_s=PATIENCE_S)
        task = asyncio.ensure_future(gateway.__aenter__())
        while len(server.warmed) < 4:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert gateway._endpoint._opening == {}
        assert not gateway._pool.live

    with Exchange() as server:
        server.answer_get = lambda received: Reply() if received.connection == 1 else Reply(raw=b"")
        loop = new_event_loop(loop_mode)
        loop.run_until_complete(asyncio.wait_for(walk(), 20))
        loop.close()
        eventually(lambda: not opening_threads())


def test_closing_does_not_wait_for_a_warming_get(mode):
    with Exchange() as server:
        with opened(mode, server.url, connections=1, timeout_s=PATIENCE_S, warm_s=0.1) as gateway:
            assert gateway.request(*ORDER).status == 200
            asked = len(server.warmed)
            server.answer_get = lambda received: Reply(raw=b"")
            eventually(lambda: len(server.warmed) > asked and gateway.gateway._pool.warming)
            started = time.monotonic()
        assert time.monotonic() - started < PATIENCE_S / 2


def test_no_thread_is_to_be_had(mode, monkeypatch):
    """The system has a limit. Opening says so; a connection that cannot be warmed stays."""
    start = threading.Thread.start
    refused = []

    def start_or_refuse(thread):
        if thread.name.startswith(("woox-fast gateway open", "woox-fast gateway warm")):
            refused.append(thread.name)
            raise RuntimeError("can't start new thread")
        start(thread)

    with Exchange() as server:
        with opened(mode, server.url, connections=1, warm_s=0.05) as gateway:
            monkeypatch.setattr(threading.Thread, "start", start_or_refuse)
            if mode == "blocking":
                eventually(lambda: len(refused) > 3)
            assert gateway.request(*ORDER).status == 200
            assert server.connections == 2
        with (
            pytest.raises(NotSentError, match=r"cannot open a connection to .*: can't start new thread; nothing was"),
            opened(mode, server.url, connections=1, timeout_s=5),
        ):
            pass


def test_not_even_its_own_thread(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    gateway = Gateway(Signer(KEY, SECRET), "http://127.0.0.1:1")
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"), gateway:
        pass
    assert gateway._wake_at.fileno() == gateway._waker.fileno() == -1


# What an error without a reply tells


def test_an_error_without_a_reply_passes_from_process_to_process():
    request = Signer(KEY, SECRET).encode_request(*ORDER, timestamp=1578565539808)
    error = pickle.loads(pickle.dumps(NoReplyError.from_request(request, "it was lost", TimeoutError("late"))))  # noqa: S301
    assert (error.method, error.path, error.body) == (*ORDER[:2], ORDER[2].encode())
    assert error.timestamp == 1578565539808
    assert str(error.last_error) == "late"
    assert str(error).startswith("it was lost: POST /v3/trade/order went out and may or may not have been carried out.")


def test_an_error_of_a_request_that_says_nothing_of_it():
    bare = NoReplyError("lost")
    assert (bare.method, bare.path, bare.body, bare.timestamp, bare.last_error) == ("", "", b"", 0, None)
    public = NoReplyError.from_request(b"GET /v3/public/systemInfo HTTP/1.1\r\nhost: a\r\n\r\n", "lost")
    assert (public.method, public.path, public.body, public.timestamp) == ("GET", "/v3/public/systemInfo", b"", 0)
    assert public.__cause__ is public.last_error is None
