"""The gateway's connections: open before they are needed, warm, one request at a time, dropped after any surprise."""

from __future__ import annotations

import contextlib
import gc
import re
import select
import socket
import ssl
import threading
import time
from itertools import pairwise

import pytest
import trustme
from helpers.gateways import MODES, ORDER, Exchange, RawExchange, eventually, opened
from helpers.recorder import Received, Reply

import woox_fast.gateway.blocking
from woox_fast.gateway import NoReplyError, NotSentError
from woox_fast.gateway.connection import Connection, Tls, TlsConnection
from woox_fast.gateway.parser import ResponseParser


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


def slowly(seconds: float):
    """Answers with the target, after so long."""

    def answer(received: Received) -> Reply:
        time.sleep(seconds)
        return Reply(body=received.target.encode())

    return answer


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_all_are_open_before_the_first_request(mode, tls):
    authority = trustme.CA()
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    authority.configure_trust(client_side)
    options = {"tls": client_side} if tls else {}
    with (
        Exchange(tls=server_side if tls else None) as server,
        opened(mode, server.url, connections=5, **options) as gateway,
    ):
        assert repr(gateway.gateway).endswith(f"to {server.host}: 6 connections open>")
        eventually(lambda: server.connections == 6)  # those that the kernel accepted are counted a little later
        assert gateway.request(*ORDER).status == 200
    assert server.connections <= 6


def test_one_that_fails_at_first_is_opened_all_the_same(mode):
    with Exchange() as server:
        replies = iter([None])
        server.answer_get = lambda received: next(replies, Reply())
        with opened(mode, server.url, connections=3) as gateway:
            assert repr(gateway.gateway).endswith(": 4 connections open>")
        assert server.connections == 5


def test_one_that_never_opens(mode):
    with Exchange() as server:
        server.answer_get = lambda received: Reply() if received.connection == 1 else None
        started = time.monotonic()
        refused = r"^cannot open all 3 connections to .*; nothing was sent$"
        with pytest.raises(NotSentError, match=refused), opened(mode, server.url, connections=2, timeout_s=0.5):
            pass
        assert 0.45 < time.monotonic() - started < 5


def test_so_many_at_once_and_one_on_each(mode):
    with Exchange(slowly(0.2)) as server, opened(mode, server.url, connections=3) as gateway:
        started = time.monotonic()
        replies = [gateway.submit("POST", f"/{number}", "{}") for number in range(9)]
        assert [reply.result(30).body for reply in replies] == [b"/%d" % number for number in range(9)]
        assert 0.6 <= time.monotonic() - started < 1.5
    assert server.faults == []
    assert server.connections <= 4


def test_first_come_first_served_and_signed_in_its_turn(mode):
    with Exchange(slowly(0.1)) as server, opened(mode, server.url, connections=1) as gateway:
        replies = []
        for number in range(6):
            replies.append(gateway.submit("POST", f"/{number}", "{}"))
            time.sleep(0.01)
        for reply in replies:
            reply.result(30)
    assert [received.target for received in server.received] == [f"/{number}" for number in range(6)]
    stamps = [int(received.all("x-api-timestamp")[0]) for received in server.received]
    assert all(later - earlier >= 95 for earlier, later in pairwise(stamps)), stamps


def test_who_waits_too_long_is_told_and_not_sent(mode):
    """Every reply takes long, but not too long: the third in the queue has no chance."""
    with Exchange(slowly(0.25)) as server, opened(mode, server.url, connections=1, timeout_s=0.4) as gateway:
        replies = []
        for number in range(3):
            replies.append(gateway.submit("POST", f"/{number}", "{}"))
            time.sleep(0.02)
        assert [reply.result(30).status for reply in replies[:2]] == [200, 200]
        with pytest.raises(NotSentError) as raised:
            replies[2].result(30)
    assert str(raised.value) == (
        f"the request to {server.host} was not sent: no connection was free for 0.4 s; all 1 were in use"
    )
    assert [received.target for received in server.received] == ["/0", "/1"]


def test_the_most_recently_used_goes_first(mode):
    with Exchange(slowly(0)) as server, opened(mode, server.url, connections=4) as gateway:
        for _ in range(20):
            gateway.request(*ORDER)
    assert len({received.connection for received in server.received}) == 1


def test_connections_are_kept_warm_by_a_public_get(mode):
    """Each when it is opened, and again when it was idle."""
    with Exchange() as server, opened(mode, server.url, connections=2, warm_s=0.1) as gateway:
        assert sorted(received.connection for received in server.warmed) == [1, 2, 3]
        eventually(lambda: {received.connection for received in server.warmed[3:]} == {1, 2, 3})
        assert gateway.request(*ORDER).status == 200
    assert {(received.method, received.body, *received.api_headers) for received in server.warmed} == {("GET", b"")}
    assert {received.target for received in server.warmed} == {"/v3/public/systemInfo"}
    assert {tuple(received.all("host")) for received in server.warmed} == {(server.host,)}
    assert server.connections == 3


def test_warming_is_never_in_the_way(mode):
    """Though the public GET takes a second, and only one request may be under way."""
    asked = threading.Event()

    def slow(received: Received) -> Reply:
        asked.set()
        time.sleep(1)
        return Reply()

    with Exchange() as server, opened(mode, server.url, connections=1, warm_s=0.05) as gateway:
        server.answer_get = slow
        assert asked.wait(10)
        started = time.monotonic()
        for _ in range(20):
            gateway.request(*ORDER)
        assert time.monotonic() - started < 0.7
    assert server.connections == 2


def test_a_connection_in_use_needs_no_warming(mode):
    with Exchange(slowly(0.01)) as server, opened(mode, server.url, connections=1, warm_s=0.6) as gateway:
        started = time.monotonic()
        while time.monotonic() - started < 0.5:
            gateway.request(*ORDER)
    assert len(server.warmed) == 2


@pytest.mark.parametrize("how", ["silently", "and says so"])
def test_what_the_server_closes_is_opened_again_in_the_background(mode, how):
    def answer(received: Received) -> Reply:
        return Reply(close=True, headers={"Connection": "close"} if how == "and says so" else {})

    with Exchange(answer) as server, opened(mode, server.url, connections=2) as gateway:
        for number in range(5):
            eventually(lambda: server.connections == 3 + number)  # noqa: B023
            eventually(lambda: len(gateway.gateway._pool.idle) == 3)
            assert gateway.request(*ORDER).status == 200
    assert server.faults == []
    assert len(server.received) == 5


@pytest.mark.parametrize("how", ["silently", "and says so"])
def test_a_server_that_closes_after_every_reply(mode, how):
    """Its connections cannot be warm."""

    def answer(received: Received) -> Reply:
        return Reply(close=True, headers={"Connection": "close"} if how == "and says so" else {})

    with Exchange(answer) as server:
        server.answer_get = answer
        with opened(mode, server.url, connections=1) as gateway:
            replies = 0
            while replies < 5:
                with contextlib.suppress(NoReplyError if how == "silently" else ()):  # closed just as it was sent
                    replies += gateway.request(*ORDER).status == 200
    assert server.faults == []


@pytest.mark.parametrize("odd", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"])
def test_a_server_that_does_not_answer_a_public_get(mode, odd):
    with Exchange() as server:
        server.answer_get = lambda received: Reply(raw=odd)
        started = time.monotonic()
        why = (
            "the response is not HTTP/1.1"
            if b"SSH" in odd
            else r"(timed out|no reply to a public GET in time|not in 0.3 s)"
        )
        with pytest.raises(NotSentError, match=why), opened(mode, server.url, timeout_s=0.3):
            pass
        assert time.monotonic() - started < 2


def test_idle_ones_that_the_server_closes_are_opened_again(mode):
    with Exchange() as server, opened(mode, server.url, connections=3) as gateway:
        for number in (1, 2):
            eventually(lambda: len(server._open) == 4)
            gateway.request(*ORDER)
            server.hang_up()
            eventually(lambda: server.connections == 4 * (1 + number))  # noqa: B023
    assert len(server.received) == 2


def test_where_the_system_does_not_tell_that_a_server_closed(monkeypatch):
    monkeypatch.setattr(woox_fast.gateway.blocking, "_CLOSED_BY_SERVER", 0)
    with Exchange() as server, opened("blocking", server.url, connections=3) as gateway:
        gateway.request(*ORDER)
        eventually(lambda: len(server._open) == 4)
        server.hang_up()
        eventually(lambda: server.connections == 8)
        gateway.request(*ORDER)


def test_the_look_needs_no_poll(monkeypatch):
    """As on Windows."""
    monkeypatch.setattr(
        "woox_fast.gateway.connection._arrived_at",
        lambda sock: lambda timeout: select.select([sock], [], [], timeout)[0],
    )
    with Exchange() as server, opened("blocking", server.url, connections=1) as gateway:
        for _ in range(3):
            gateway.request(*ORDER)
        assert len({received.connection for received in server.received}) == 1


def test_a_server_that_accepts_and_closes_is_not_hammered(mode):
    with Exchange() as server, opened(mode, server.url, connections=2, timeout_s=0.5) as gateway:
        server.deaf = 10**6
        server._serve = lambda connection, number: connection.close()
        eventually(lambda: len(server._open) == 3)
        server.hang_up()
        time.sleep(0.5)
        assert server.connections < 20
        with pytest.raises(ConnectionError):
            gateway.request(*ORDER)


def test_after_a_restart_of_the_server_it_goes_on(mode):
    before = RawExchange().__enter__()
    with opened(mode, before.url, connections=1, timeout_s=0.3) as gateway:
        before.__exit__()
        with pytest.raises(NotSentError, match=r"another cannot be opened: .*refused$") as raised:
            gateway.request(*ORDER)
        assert isinstance(raised.value.__cause__, ConnectionRefusedError)
        with RawExchange(before.address) as after:
            eventually(lambda: len(after.warm) == 2)
            order = gateway.submit(*ORDER)
            (sock, *_), _, _ = select.select(after.warm, [], [], 10)
            assert sock.recv(4096).startswith(b"POST ")
            sock.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            assert order.result(10).status == 200


@pytest.mark.parametrize("stray", [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray", b"x", b"\r\n"])
@pytest.mark.parametrize("when", ["with the reply", "after it"])
def test_what_comes_to_no_request_is_given_to_none(mode, stray, when):
    """Also while an event loop is blocked, and sees no event."""
    plain = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue"
    with RawExchange() as exchange, opened(mode, exchange.url, connections=1) as gateway:
        eventually(lambda: len(exchange.warm) == 2)
        heard, sent = threading.Event(), threading.Event()

        def serve() -> None:
            (first, *_), _, _ = select.select(exchange.warm, [], [], 10)
            first.recv(4096)
            if when == "with the reply":
                first.sendall(plain + stray)
            else:
                first.sendall(plain)
                assert heard.wait(10)
                first.sendall(stray)
            sent.set()
            others = [sock for sock in exchange.warm if sock is not first]
            (second, *_), _, _ = select.select(others, [], [], 10)
            second.recv(4096)
            second.sendall(plain)

        thread = threading.Thread(target=serve)
        thread.start()
        assert gateway.request(*ORDER).body == b"true"
        heard.set()
        again = []

        def order_after_the_stray() -> None:
            sent.wait(10)
            time.sleep(0.02)
            again.append(gateway.submit(*ORDER))

        if mode == "blocking":
            order_after_the_stray()
        else:
            gateway.gateway._loop.call_soon_threadsafe(order_after_the_stray)  # which holds up the loop
            eventually(lambda: again)
        assert again[0].result(10).body == b"true"
        thread.join(10)


def test_every_address_of_a_name_is_tried_and_names_are_resolved_again(mode, monkeypatch):
    resolve, asked = socket.getaddrinfo, []

    def two_addresses(host, port, **options):
        asked.append(host)
        nobody = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))
        return [nobody, *resolve("127.0.0.1", port, **options)]

    with Exchange(lambda received: Reply(close=True)) as server:
        monkeypatch.setattr(socket, "getaddrinfo", two_addresses)
        with opened(mode, f"http://exchange.test:{server.port}", connections=1) as gateway:
            assert asked == ["exchange.test"] * 2
            assert gateway.request(*ORDER).status == 200
            eventually(lambda: len(asked) == 3)
        monkeypatch.undo()
    assert server.received[0].all("host") == [f"exchange.test:{server.port}"]


def test_an_address_that_never_answers_leaves_time_for_the_next(mode, monkeypatch):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, Exchange() as server:
        full = [socket.socket() for _ in range(4)]  # nobody accepts, and soon nobody is put in the queue
        for sock in full:
            sock.setblocking(False)
            sock.connect_ex(deaf.getsockname())
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda *_, **__: [(*address, deaf.getsockname()), (*address, ("127.0.0.1", server.port))],
        )
        started = time.monotonic()
        with opened(mode, f"http://exchange.test:{server.port}", connections=1, timeout_s=2) as gateway:
            assert time.monotonic() - started >= 0.9
            assert gateway.request(*ORDER).status == 200
        monkeypatch.undo()
        for sock in full:
            sock.close()


def test_socket_options(mode):
    with Exchange() as server, opened(mode, server.url, connections=1) as gateway:
        for connection in gateway.gateway._pool.live:
            option = connection.sock.getsockopt
            assert option(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
            assert option(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0
            assert option(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15


def test_a_large_request_to_a_server_that_reads_slowly(mode):
    body = b"x" * 30_000_000
    with Exchange() as server, opened(mode, server.url, connections=1) as gateway:
        assert gateway.request("POST", "/v3/x", body).status == 200
        assert gateway.request(*ORDER).status == 200
    assert server.received[0].body == body
    assert server.faults == []


@pytest.fixture
def tls_pair():
    """A connection over TLS 1.3, and the server's end of it, byte by byte."""
    authority, here, there = trustme.CA(), *socket.socketpair()
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("a.test").configure_cert(server_side)
    authority.configure_trust(client_side)
    ends = []
    for context, options in ((client_side, {"server_hostname": "a.test"}), (server_side, {"server_side": True})):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        ends.append(Tls(context.wrap_bio(incoming, outgoing, **options), incoming, outgoing))
    client, server = ends
    for end, other in ((client, server), (server, client), (client, server), (server, None)):
        with contextlib.suppress(ssl.SSLWantReadError):
            end.stream.do_handshake()
        if other is not None:
            other.incoming.write(end.outgoing.read())
    tickets = server.outgoing.read()
    connection = TlsConnection(here, ResponseParser(1000), client)
    yield connection, there, server, tickets
    connection.close()
    there.close()


def test_session_tickets_mean_nothing(tls_pair):
    connection, there, _, tickets = tls_pair
    assert tickets
    there.send(tickets)
    assert connection.is_quiet()
    assert connection.send(b"GET / HTTP/1.1\r\n\r\n", "GET")


@pytest.mark.parametrize("what", ["data", "a part of a record", "a goodbye", "an end", "no TLS"])
def test_anything_else_over_tls_means_that_the_connection_is_not_used(tls_pair, what):
    connection, there, server, tickets = tls_pair
    there.send(tickets)
    assert connection.is_quiet()
    if what == "a goodbye":
        with pytest.raises(ssl.SSLWantReadError):
            server.stream.unwrap()
    else:
        server.stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    data = server.outgoing.read()
    if what == "an end":
        there.close()
    else:
        there.send({"a part of a record": data[:-1], "no TLS": b"HTTP/1.1 200 OK\r\n"}.get(what, data))
    assert not connection.send(b"GET / HTTP/1.1\r\n\r\n", "GET")
    assert re.search(
        {"data": "bytes came to no request", "a part of a record": "came to no request", "no TLS": "SSL"}.get(
            what, "closed"
        ),
        str(connection.last_error),
    )


def test_what_lies_beyond_a_reply_over_tls(tls_pair):
    connection, there, server, tickets = tls_pair
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    server.stream.write(reply)
    whole = server.outgoing.read()
    server.stream.write(reply)
    there.send(tickets + whole + server.outgoing.read()[:-1])
    assert connection.receive().body == b"{}"
    assert not connection.framing.reusable


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_a_connection_that_dies_closes_its_socket(tls):
    """At once, not when the garbage collector finds it."""
    here, there = socket.socketpair()
    if tls:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        stream = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="a.test")
        connection = TlsConnection(here, ResponseParser(1000), Tls(stream, incoming, outgoing))
        del stream
    else:
        connection = Connection(here, ResponseParser(1000))
    gc.disable()
    del connection, here
    gc.enable()
    there.settimeout(1)
    assert there.recv(1) == b""
    there.close()
