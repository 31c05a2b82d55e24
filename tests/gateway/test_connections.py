"""Connections: opened early, warmed, checked before use, replaced in the background."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import os
import select
import socket
import subprocess
import sys
import threading
import time
import warnings
from importlib.util import find_spec

import pytest
from helpers.gateways import ORDER, eventually, new_event_loop, opened, run, shorten
from helpers.oracle import KEY, SECRET
from helpers.raw_server import RawServer, response

import woox_fast.gateway.connection
from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, Limit, NoReplyError, NotSentError
from woox_fast.gateway.blocking import ThreadKeeper
from woox_fast.gateway.connection import Connection

FORKS = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


def reply(peer, request):
    peer.send(response())
    return True


def hang_up_after(peer, request):
    peer.send(response())
    return False


def test_all_connections_open_first(mode):
    with RawServer() as server, opened(mode, server.url, connections=3, reserved=1) as gateway:
        assert len(server.peers) == 5
        assert repr(gateway.gateway).endswith(": 5 connections open>")
        assert gateway.request(*ORDER).status == 200


def test_public_gets_keep_pace(mode):
    """At most five within a second, at opening as well as later."""
    started = time.monotonic()
    with RawServer() as server, opened(mode, server.url, connections=12, warm_s=0.01) as gateway:
        assert 5 <= server.gets <= 5 * (1 + time.monotonic() - started)
        eventually(lambda: server.gets > 12)
        assert server.gets <= 5 * (1 + time.monotonic() - started)
        assert gateway.request(*ORDER).status == 200


@pytest.mark.parametrize("is_late", [False, True])
def test_429_pauses_warming(mode, is_late):
    def refuse(peer, request):
        peer.send(response(b"", 429))
        return True

    with RawServer() as server:
        server.answer_get = reply if is_late else refuse
        with opened(mode, server.url, connections=2, warm_s=0.01) as gateway:
            server.answer_get = refuse
            gets, started = server.gets, time.monotonic()
            time.sleep(1.5)  # six GETs without the pause
            assert server.gets <= gets + 2 + (time.monotonic() - started) / 5
            assert gateway.request(*ORDER).status == 200


def test_public_gets_share_limit(mode):
    limits = [Limit("GET", "/v3/public/*", 2, 60)]
    with RawServer() as server, opened(mode, server.url, connections=4, limits=limits, warm_s=0.01) as gateway:
        assert server.gets == 2
        with pytest.raises(NotSentError, match="rate limit"):
            gateway.request("GET", "/v3/public/systemInfo", send_within_s=0.1)
    assert server.gets == 2


def test_cold_connection_is_warmed(mode):
    """The pool warms the connection that was idle for longest, and no request waits for it."""
    order: list[int] = []
    with RawServer() as server:
        server.answer_get = lambda peer, request: order.append(peer.number) or reply(peer, request)
        server.answer = lambda peer, request: order.append(-peer.number) or reply(peer, request)
        with opened(mode, server.url, connections=2, warm_s=0.3) as gateway:
            for _ in range(3):
                gateway.request(*ORDER)
            last = len(order) - order[::-1].index(min(order))
            eventually(lambda: len(order) >= last + 3)
    used = -order[last - 1]
    assert set(order[last : last + 2]) == {1, 2, 3} - {used}
    assert len(server.peers) == 3


def test_failed_warming_closes_connection(mode):
    """A lost response to a public GET costs a connection each time, and warming goes on."""
    with RawServer() as server, opened(mode, server.url, connections=1, warm_s=0.05) as gateway:
        shorten(gateway.gateway, 0.2)
        server.answer_get = lambda peer, request: True
        eventually(lambda: server.gets > 6)
        server.answer_get = reply
        gets = server.gets
        eventually(lambda: server.gets > gets + 2)
        assert gateway.request(*ORDER, timeout_s=20).status == 200


def test_closing_after_get_ends_warming(mode):
    """The server closes each connection after a response, so that a warmed connection would be useless."""
    with RawServer() as server:
        server.answer_get = lambda peer, request: peer.send(response(headers="Connection: close\r\n"))
        with opened(mode, server.url, connections=2, timeout_s=20, warm_s=0.01) as gateway:
            gets = server.gets
            assert gateway.request(*ORDER).status == 200
    assert 1 <= gets <= 3


def test_most_recently_used_goes_first(mode):
    with RawServer() as server, opened(mode, server.url, connections=4) as gateway:
        for _ in range(20):
            gateway.request(*ORDER)
    assert len({number for number, _ in server.requests}) == 1


def test_idle_connection_outlives_timeout(mode):
    with RawServer() as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:
        gateway.request(*ORDER, timeout_s=1.5)
        time.sleep(2.5)
        gateway.request(*ORDER)
        assert len(server.peers) == 2


def test_closed_connections_are_replaced(mode):
    with RawServer(hang_up_after) as server, opened(mode, server.url, connections=2) as gateway:
        for number in range(5):
            eventually(lambda: len(server.peers) >= 3 + number)  # noqa: B023
            eventually(lambda: len(gateway.gateway._pool.live()) == 3)
            assert gateway.request(*ORDER).status == 200
    assert len(server.requests) == 5


def test_look_finds_hangup(loop_mode):
    """The loop has had no chance to report that the server closed."""

    async def trade() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20) as gateway:
            assert (await gateway.request(*ORDER)).status == 200
            server.hang_up()
            assert (await gateway.request(*ORDER)).status == 200

    with RawServer() as server:
        run(loop_mode, trade())
    assert len(server.requests) == 2


def test_reset_after_data_is_found(loop_mode):
    """The loop reports a part of the response and the reset after it in one event."""
    is_reset = threading.Event()

    def cut(peer, request):
        peer.send(response()[:-1])
        peer.reset()
        is_reset.set()
        return False

    async def trade() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=60) as gateway:
            order = asyncio.ensure_future(gateway.request(*ORDER))
            await asyncio.sleep(0)
            is_reset.wait(20)
            with pytest.raises(NoReplyError, match="reset by peer"):
                await asyncio.wait_for(order, 20)

    with RawServer(cut) as server:
        run(loop_mode, trade())


def test_closed_connections_share_deadline(mode, monkeypatch):
    """Every connection is found closed. The request keeps its first deadline."""
    deadlines = []
    send = Connection.send

    def find_closed(self, request, method, timeout_ns, deadline_ns=0, **due):
        if method != "POST":
            return send(self, request, method, timeout_ns, deadline_ns, **due)
        deadlines.append(deadline_ns)
        return False

    monkeypatch.setattr(Connection, "send", find_closed)
    with RawServer() as server, opened(mode, server.url, connections=2, timeout_s=20) as gateway:
        with pytest.raises(NotSentError):
            gateway.request(*ORDER, timeout_s=0.6)
        assert server.requests == []
    assert len(deadlines) > 2
    assert len(set(deadlines) - {0}) == 1


def test_refused_send_uses_another_connection(mode, monkeypatch):
    """The server closes after the look: the system refuses the bytes, so the request may go out elsewhere."""
    monkeypatch.setattr(woox_fast.gateway.connection, "readable_check", lambda sock: lambda timeout_ms: [])
    monkeypatch.delattr(select, "POLLRDHUP")

    resets = []

    def reset_later(peer, request):
        peer.send(response())
        time.sleep(0.1)
        peer.reset()
        resets.append(peer)
        return False

    with RawServer(reset_later) as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:
        for number in range(3):
            assert gateway.request(*ORDER).status == 200
            eventually(lambda: len(resets) > number)  # noqa: B023
    assert len(server.requests) == 3


def test_unsolicited_data_ends_connection(mode):
    with RawServer() as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:
        server.answer = lambda peer, request: peer.send(response(b"true") + response(b"stray")) or True
        assert gateway.request(*ORDER).body == b"true"
        server.answer = lambda peer, request: peer.send(response(b"second")) or True
        assert gateway.request(*ORDER).body == b"second"
        for peer in server.open_peers:
            peer.send(b"x")
        assert gateway.request(*ORDER).body == b"second"


def test_early_413_is_returned(mode):
    """The connection is not used again: half of the body is unsent."""

    def refuse(peer, request=b""):
        data = b""
        while b"\r\n\r\n" not in data:
            if not (more := peer.sock.recv(4096)):
                return False
            data += more
        if data.startswith(b"GET /v3/public"):
            peer.send(response())
            return refuse(peer)
        if b" /big " in data:
            peer.send(response(b"big", 413))
            drained = 0
            while drained < 3_000_000:
                drained += len(peer.sock.recv(65536))
            time.sleep(0.5)
            return False
        peer.received += data
        peer.send(response(b"small"))
        return refuse(peer)

    with RawServer() as server:
        server.read = refuse
        with opened(mode, server.url, connections=1, timeout_s=20) as gateway:
            assert gateway.request("POST", "/big", b"x" * 16_000_000).status == 413
            assert gateway.request("GET", "/small").body == b"small"


def test_loop_answers_during_large_send(loop_mode):
    async def trade() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20) as gateway:
            big = asyncio.ensure_future(gateway.request("POST", "/big", b"x" * 16_000_000, timeout_s=3))
            for _ in range(20):
                await asyncio.sleep(0.001)
            assert not big.done()
            with pytest.raises(NoReplyError):
                await big

    def read_nothing(peer):
        peer.sock.recv(200)
        peer.send(response())
        time.sleep(4)

    with RawServer() as server:
        server.read = read_nothing
        run(loop_mode, trade())


def test_late_response_is_drained(mode):
    """A connection that waits for a late response takes no request's place, and serves again with the right response.

    The client's deadlines do not count as server failures.
    """
    released = threading.Event()

    def answer(peer, request):
        path = request.split()[1]
        if path.startswith(b"/slow"):
            released.wait(20)
        peer.send(response(path))
        return True

    with RawServer(answer) as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:
        for number in range(2):
            with pytest.raises(NoReplyError, match=r"no whole response came within 0.05 s"):
                gateway.request("GET", f"/slow{number}", timeout_s=0.05)
            send_within_s = 0 if number == 0 else None  # the spare connection is there
            assert gateway.request("GET", "/between", send_within_s=send_within_s).body == b"/between"
        released.set()
        for number in range(6):
            assert gateway.request("GET", f"/{number}").body == b"/%d" % number
        assert gateway.gateway._pool._failures == 0


def resolve(monkeypatch, *ports):
    """Resolve every name to these ports of this machine."""
    infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: list(infos))


def test_deaf_address_leaves_time(mode, monkeypatch):
    """RFC 8305: the next address after 250 ms, and the address that worked comes first from then on."""
    with RawServer() as deaf, RawServer() as server:
        deaf.answer_get = lambda peer, request: True
        resolve(monkeypatch, deaf.port, server.port)
        with opened(mode, f"http://exchange.test:{server.port}", connections=1, timeout_s=20) as gateway:
            assert gateway.request(*ORDER).status == 200
            monkeypatch.setattr("woox_fast.gateway.connector.NEXT_ADDRESS_S", 60)
            asked, served = len(deaf.peers), len(server.peers)
            server.hang_up()
            eventually(lambda: len(server.peers) >= served + 2)
            assert len(deaf.peers) == asked
        monkeypatch.undo()


def test_racing_addresses_keep_pace(mode, monkeypatch):
    """Each address of the host may cost a public GET."""
    with RawServer() as server:
        server.answer_get = lambda peer, request: time.sleep(0.4) or reply(peer, request)
        resolve(monkeypatch, server.port, server.port)
        started = time.monotonic()
        with opened(mode, f"http://exchange.test:{server.port}", connections=4, timeout_s=20):
            assert server.gets <= 5 * (1 + time.monotonic() - started)
        monkeypatch.undo()


def test_slow_resolution_ends_in_time(monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(30) and [])
    gateway = Gateway(Signer(KEY, SECRET), "http://exchange.test", connections=40, timeout_s=0.3)
    started = time.monotonic()
    with pytest.raises(NotSentError):
        gateway.open()
    took_s = time.monotonic() - started
    released.set()
    monkeypatch.undo()
    assert took_s < 5, "each opening thread adds to the wait"


def test_refused_address_is_skipped(mode, monkeypatch):
    with RawServer() as server:
        resolve(monkeypatch, 1, server.port)
        with opened(mode, f"http://exchange.test:{server.port}", connections=1) as gateway:
            assert gateway.request(*ORDER).status == 200
        monkeypatch.undo()


def test_restarted_server_is_found(mode):
    before = RawServer().__enter__()
    with opened(mode, before.url, connections=1, timeout_s=20) as gateway:
        before.__exit__()
        eventually(lambda: gateway.gateway._pool.last_error)
        with pytest.raises(NotSentError, match="the last opening failed") as raised:
            gateway.request(*ORDER, timeout_s=0.4)
        assert isinstance(raised.value.__cause__, ConnectionRefusedError)
        with RawServer(address=("127.0.0.1", before.port)) as after:
            eventually(lambda: len(after.peers) == 2)
            assert gateway.request(*ORDER).status == 200


def test_closing_server_is_not_hammered(mode):
    with RawServer() as server, opened(mode, server.url, connections=2, timeout_s=20) as gateway:
        server.read = lambda peer: peer.sock.shutdown(socket.SHUT_RDWR)
        server.hang_up()
        time.sleep(1)
        assert len(server.peers) < 30
        with pytest.raises(ConnectionError):
            gateway.request(*ORDER, timeout_s=0.5)
        shorten(gateway.gateway, 0.5)


def test_old_connections_are_replaced(mode):
    with RawServer() as server, opened(mode, server.url, connections=1, max_connection_age_s=0.2) as gateway:
        eventually(lambda: len(server.peers) > 4)
        assert gateway.request(*ORDER).status == 200


def test_socket_options_are_set(mode):
    options = [(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)]
    with (
        RawServer() as server,
        opened(mode, server.url, connections=1, socket_options=options, source_address=("127.0.0.2", 0)) as gateway,
    ):
        for connection in gateway.gateway._pool.live():
            assert connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
            assert connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 16384
            assert connection.sock.getsockname()[0] == "127.0.0.2"


# Threads, descriptors, forks and patched sockets


def test_exhausted_descriptors_are_reported(monkeypatch):
    def refuse(*_: object, **__: object):
        raise OSError(errno.EMFILE, "Too many open files")

    gateway = Gateway(Signer(KEY, SECRET), "http://127.0.0.1:1")
    monkeypatch.setattr(socket, "socketpair", refuse)
    with pytest.raises((NotSentError, OSError), match="Too many open files"):
        gateway.open()
    gateway.close()


def test_exhausted_threads_are_reported(mode, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    with RawServer() as server:
        gateway = (Gateway if mode == "blocking" else AsyncGateway)(Signer(KEY, SECRET), server.url)
        start = threading.Thread.start
        monkeypatch.setattr(
            threading.Thread, "start", lambda thread: refuse(thread) if "open" in thread.name else start(thread)
        )
        with pytest.raises(NotSentError, match="can't start new thread"):  # noqa: PT012
            if mode == "blocking":
                gateway.open()
            else:
                loop = new_event_loop(mode)
                try:
                    loop.run_until_complete(gateway.open())
                finally:
                    loop.close()


def test_failed_housekeeping_is_reported(monkeypatch):
    """The thread survives an exception, and the caller's error names it."""

    def broken(*_: object):
        raise OSError("no more rounds")

    with RawServer(hang_up_after) as server:
        gateway = Gateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20).open()
        monkeypatch.setattr(ThreadKeeper, "_round", broken)
        gateway._keeper.wake()
        eventually(lambda: gateway._keeper.failure)
        try:
            with pytest.raises(NotSentError, match="housekeeping failed: no more rounds"):  # noqa: PT012
                for _ in range(99):
                    with contextlib.suppress(NoReplyError):
                        gateway.request(*ORDER, timeout_s=0.3)
        finally:
            monkeypatch.undo()
        eventually(lambda: gateway._keeper.failure is None)
        assert gateway.request(*ORDER).status == 200
        gateway.close()


def test_dropped_gateway_closes_itself():
    with RawServer() as server:
        gateway = Gateway(Signer(KEY, SECRET), server.url, connections=1).open()
        thread = gateway._keeper.thread
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del gateway
            gc.collect()
        assert [str(warning.message)[:17] for warning in caught if warning.category is ResourceWarning] == [
            "unclosed <Gateway"
        ]
        eventually(lambda: not thread.is_alive())


@pytest.mark.parametrize("missing", [("POLLRDHUP",), ("poll", "POLLRDHUP"), ("poll",)])
def test_missing_poll_is_replaced(missing, monkeypatch):
    """As on Windows, on macOS and with eventlet."""
    for name in missing:
        monkeypatch.delattr(select, name)
    with RawServer() as server, Gateway(Signer(KEY, SECRET), server.url, connections=2, timeout_s=20) as gateway:
        assert gateway.request(*ORDER).status == 200
        server.hang_up()
        eventually(lambda: len(server.peers) >= 6)
        assert gateway.request(*ORDER).status == 200
        with pytest.raises(NoReplyError):  # noqa: PT012
            server.answer = lambda peer, request: True
            gateway.request(*ORDER, timeout_s=0.1)


@pytest.mark.skipif(not find_spec("eventlet"), reason="eventlet is not installed")
def test_eventlet_program_trades():
    program = f"""
import eventlet
eventlet.monkey_patch()
import sys
from woox_fast import Signer
from woox_fast.gateway import Gateway
with Gateway(Signer({KEY!r}, {SECRET!r}), sys.argv[1], connections=2) as gateway:
    pool = eventlet.GreenPool()
    print(sorted(r.status for r in pool.imap(lambda n: gateway.request("GET", f"/{{n}}"), range(6))))
"""
    with RawServer() as server:
        command = [sys.executable, "-W", "ignore", "-c", program, server.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "[200, 200, 200, 200, 200, 200]\n"), done.stderr


def in_child(check) -> str:
    """Run `check` in a forked process. Return "passed" or the exception."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        outcome = "passed"
        try:
            check()
        except BaseException as error:
            outcome = repr(error)
        os.write(write, outcome.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        outcome = pipe.read()
    os.waitpid(child, 0)
    return outcome


@FORKS
def test_forked_gateway_refuses(mode):
    with RawServer() as server, opened(mode, server.url, connections=2) as gateway:
        assert gateway.request(*ORDER).status == 200

        def check() -> None:
            with pytest.raises(RuntimeError, match="the process was forked"):  # noqa: PT012
                if mode == "blocking":
                    gateway.gateway.request(*ORDER)
                else:
                    gateway.gateway.request(*ORDER).send(None)
            if mode == "blocking":
                gateway.gateway.close()
                with Gateway(Signer(KEY, SECRET), server.url, connections=1) as another:
                    assert another.request("GET", "/child").status == 200

        assert in_child(check) == "passed"
        assert gateway.request(*ORDER).status == 200


@FORKS
def test_fork_keeps_no_socket(mode):
    """The child has no copy of the socket, so the server sees the parent's close."""
    waiting = threading.Event()
    with RawServer() as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:
        server.answer_get = lambda peer, request: waiting.set() or peer.sock.recv(1) != b""
        server.hang_up()
        assert waiting.wait(20)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.read(read, 1)
            os._exit(0)
        opening = server.peers[-1]
        gateway.run(gateway.gateway.close)
        try:
            opening.sock.settimeout(20)
            eventually(lambda: opening.sock.fileno() < 0 or not server._threads[-1].is_alive())
        finally:
            os.write(write, b"x")
            os.waitpid(child, 0)
            os.close(read)
            os.close(write)
