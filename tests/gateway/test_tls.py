"""TLS: certificates, session tickets, and responses that are cut."""

from __future__ import annotations

import socket
import ssl
import threading
import time

import pytest
import trustme
from helpers.gateways import ORDER, eventually, opened
from helpers.raw_server import RawServer, response

from woox_fast.gateway import NoReplyError
from woox_fast.gateway.tls import default_context


@pytest.fixture(scope="module")
def contexts():
    authority = trustme.CA()
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    authority.configure_trust(client_side)
    return server_side, client_side


class TlsServer(RawServer):
    """A RawServer over TLS whose peers send records as the test asks."""

    def __init__(self, context: ssl.SSLContext, answer=None) -> None:
        super().__init__(answer)
        self.url = self.url.replace("http", "https")
        self._context = context

    def _serve(self, peer) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._context.wrap_bio(incoming, outgoing, server_side=True)
        raw = peer.sock
        try:
            while not _has_shaken_hands(tls):
                if outgoing.pending:
                    raw.sendall(outgoing.read())
                if not (data := raw.recv(65536)):
                    return
                incoming.write(data)
        except OSError:  # SSLError too: the client gave up
            return
        peer.tickets = outgoing.read()
        peer.seal = lambda data: (tls.write(data), outgoing.read())[1]
        peer.unwrap = lambda: _goodbye(tls, outgoing)
        peer.raw_send = raw.sendall
        plain = _Plain(raw, tls, incoming)
        peer.sock = plain
        peer.send = lambda data: raw.sendall(peer.__dict__.pop("tickets", b"") + peer.seal(data))
        super()._serve(peer)


def _has_shaken_hands(tls: ssl.SSLObject) -> bool:
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


class _Plain:
    def __init__(self, raw, tls, incoming) -> None:
        self._raw, self._tls, self._incoming = raw, tls, incoming
        self.shutdown, self.close, self.getpeername = raw.shutdown, raw.close, raw.getpeername

    def recv(self, size: int) -> bytes:
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                if not (data := self._raw.recv(65536)):
                    return b""
                self._incoming.write(data)


def _goodbye(tls, outgoing) -> bytes:
    try:  # noqa: SIM105
        tls.unwrap()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def test_tickets_with_response_keep_connection(mode, contexts):
    """The session tickets come in the same read as the response."""
    with TlsServer(contexts[0]) as server, opened(mode, server.url, connections=1, tls=contexts[1]) as gateway:
        for _ in range(3):
            assert gateway.request(*ORDER).status == 200
        assert len(server.peers) == 2
        eventually(lambda: all(hasattr(peer, "raw_send") for peer in server.peers))
        for peer in list(server.peers):  # closed connections are replaced
            peer.raw_send(peer.seal(b"stray"))
        time.sleep(0.2)  # until the bytes have arrived
        assert gateway.request(*ORDER).status == 200


def test_goodbye_with_response_ends_connection(mode, contexts):
    """close_notify comes in the same read as the response, and the TCP connection stays open."""

    def answer(peer, request):
        peer.raw_send(peer.__dict__.pop("tickets", b"") + peer.seal(response()) + peer.unwrap())
        return True

    with TlsServer(contexts[0], answer) as server, opened(mode, server.url, connections=1, tls=contexts[1]) as gateway:
        for _ in range(3):
            assert gateway.request(*ORDER).status == 200


@pytest.mark.parametrize("ignores_eof", [False, True])
def test_cut_response_is_no_response(mode, contexts, ignores_eof, monkeypatch):
    """A response until close needs close_notify, whatever the options of the caller's context."""
    is_clean = threading.Event()

    def answer(peer, request):
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n{}")
        if is_clean.is_set():
            peer.raw_send(peer.unwrap())
        return False

    client_side = contexts[1]
    option = getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    before = client_side.options
    client_side.options = before | option if ignores_eof else before & ~option
    try:
        with TlsServer(contexts[0], answer) as server, opened(mode, server.url, tls=client_side) as gateway:
            with pytest.raises(NoReplyError, match="EOF occurred in violation of protocol"):
                gateway.request(*ORDER)
            is_clean.set()
            assert gateway.request(*ORDER).body == b"{}"
    finally:
        client_side.options = before


def test_own_context_reports_cut_connections(monkeypatch):
    create = ssl.create_default_context

    def as_on_debian_12():
        context = create()
        context.options |= getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
        return context

    monkeypatch.setattr(ssl, "create_default_context", as_on_debian_12)
    assert not default_context().options & getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)


@pytest.mark.parametrize("what", ["data", "part of a record", "close_notify", "no TLS", "end"])
def test_unsolicited_record_ends_connection(mode, contexts, what):
    with TlsServer(contexts[0]) as server, opened(mode, server.url, connections=1, tls=contexts[1]) as gateway:
        assert gateway.request(*ORDER).status == 200
        eventually(lambda: all(hasattr(peer, "raw_send") for peer in server.peers))
        for peer in list(server.peers):
            data = {"close_notify": peer.unwrap, "no TLS": lambda: b"HTTP/1.1 200 OK\r\n\r\n", "end": lambda: b""}.get(
                what,
                lambda: peer.seal(response()),  # noqa: B023
            )()
            if what == "end":
                peer.sock.shutdown(socket.SHUT_RDWR)
            else:
                peer.raw_send(data[:-1] if what == "part of a record" else data)
        time.sleep(0.2)  # until the bytes have arrived
        assert gateway.request(*ORDER).body == response().split(b"\r\n\r\n")[1]


def test_large_response_arrives_whole(mode, contexts):
    with (
        TlsServer(contexts[0], lambda peer, request: peer.send(response(b"x" * 3_000_000)) or True) as server,
        opened(mode, server.url, connections=1, tls=contexts[1]) as gateway,
    ):
        for _ in range(3):
            assert len(gateway.request(*ORDER).body) == 3_000_000
    assert len(server.peers) <= 2
