"""Opening: addresses, restarts, socket options."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from helpers.gateways import ORDER, eventually, new_event_loop, opened, shorten
from helpers.oracle import KEY, SECRET
from helpers.raw_server import RawServer, response

from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, NotSentError


def reply(peer, request):
    peer.send(response())
    return True


def resolve(monkeypatch, *ports):
    """Resolve every name to these ports of this machine."""
    infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: list(infos))


def test_unresponsive_address_leaves_time(mode, monkeypatch):
    """RFC 8305: the next address after 250 ms, and the address that worked comes first from then on."""
    with RawServer() as silent, RawServer() as server:
        silent.answer_get = lambda peer, request: True
        resolve(monkeypatch, silent.port, server.port)
        with opened(mode, f"http://exchange.test:{server.port}", connections=1, timeout_s=20) as gateway:
            assert gateway.request(*ORDER).status == 200
            monkeypatch.setattr("woox_fast.gateway.connector.NEXT_ADDRESS_S", 60)
            asked, served = len(silent.peers), len(server.peers)
            server.hang_up()
            eventually(lambda: len(server.peers) >= served + 2)
            assert len(silent.peers) == asked
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
