"""Connections: opened early, checked before use, replaced in the background."""

from __future__ import annotations

import asyncio
import select
import threading
import time

import pytest
from helpers.gateways import ORDER, eventually, opened, run
from helpers.oracle import KEY, SECRET
from helpers.raw_server import RawServer, response

import woox_fast.gateway.connection
from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, NoReplyError, NotSentError
from woox_fast.gateway.connection import Connection


def hang_up_after(peer, request):
    peer.send(response())
    return False


def test_all_connections_open_first(mode):
    with RawServer() as server, opened(mode, server.url, connections=3, reserved=1) as gateway:
        assert len(server.peers) == 5
        assert repr(gateway.gateway).endswith(": 5 connections open>")
        assert gateway.request(*ORDER).status == 200


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
        assert gateway.request("GET", "/first").status == 200  # with the long timeout
        for number in range(2):
            with pytest.raises(NoReplyError, match=r"no whole response came within 0.05 s"):
                gateway.request("GET", f"/slow{number}", timeout_s=0.05)
            send_within_s = 0 if number == 0 else None  # the spare connection is there
            assert gateway.request("GET", "/between", send_within_s=send_within_s).body == b"/between"
        released.set()
        for number in range(6):
            assert gateway.request("GET", f"/{number}").body == b"/%d" % number
        assert gateway.gateway._pool._failures == 0
        assert len(server.peers) == 3
