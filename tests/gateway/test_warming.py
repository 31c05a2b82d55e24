"""Public GETs that keep connections warm."""

from __future__ import annotations

import threading
import time

import pytest
from helpers.gateways import ORDER, eventually, opened, shorten
from helpers.raw_server import RawServer, response

from woox_fast.gateway import Limit, NotSentError


def reply(peer, request):
    peer.send(response())
    return True


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


def test_warming_delays_no_request(mode, monkeypatch):
    """The spare connection serves while the only other connection waits for the response to a public GET."""
    for module in ("pool", "keeper"):
        monkeypatch.setattr(f"woox_fast.gateway.{module}.TICK_NS", 60 * 10**9)
    released = threading.Event()
    with RawServer() as server, opened(mode, server.url, connections=1, timeout_s=60, warm_s=0.05) as gateway:
        server.answer_get = lambda peer, request: released.wait(60) and reply(peer, request)
        gets = server.gets
        eventually(lambda: server.gets > gets)
        assert gateway.request(*ORDER, timeout_s=20).status == 200
        released.set()


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


@pytest.mark.parametrize("headers", ["", "Connection: close\r\n"])
def test_closing_after_get_ends_warming(mode, headers):
    """The server closes each connection after a response, so that a warmed connection would be useless."""
    with RawServer() as server, opened(mode, server.url, connections=2, timeout_s=20) as gateway:
        server.answer_get = lambda peer, request: peer.send(response(headers=headers))
        server.hang_up()
        eventually(lambda: not gateway.gateway._connector.pace.is_on)
        assert gateway.request(*ORDER).status == 200


def test_closing_server_can_be_opened(mode):
    with RawServer() as server:
        server.answer_get = lambda peer, request: peer.send(response(headers="Connection: close\r\n"))
        with opened(mode, server.url, connections=2, timeout_s=20, warm_s=0.01) as gateway:
            gets = server.gets
            assert gateway.request(*ORDER).status == 200
    assert 1 <= gets <= 3
