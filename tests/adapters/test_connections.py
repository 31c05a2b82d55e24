"""Broken, reused and awaited connections: requests arrive at most once, signed when the connection is ready."""

from __future__ import annotations

import ssl
import struct
import time

import aiohttp
import pytest
import requests
import trustme
import urllib3
from helpers.clients import ADAPTERS, Call, Outcome, open_client, send, send_at_once
from helpers.recorder import DROP, CannedResponse, Received, Recorder

import woox_fast.adapters.httpx
import woox_fast.adapters.requests
from woox_fast import Signer

ORDER = Call("POST", "/v3/trade/order", json={"symbol": "SPOT_BTC_USDT"})


def read_timestamps(server: Recorder) -> list[int]:
    return [int(received.all("x-api-timestamp")[0]) for received in server.received]


def is_transport_error(outcome: object) -> bool:
    names = ("ReadError", "RemoteProtocolError", "WriteError")  # raised by httpx and httpx2
    return isinstance(outcome, OSError | aiohttp.ClientError) or type(outcome).__name__ in names


def test_closed_keepalive_is_replaced(client, signer):
    """The server closes the connection between two orders; the client reconnects or raises, but repeats no order."""

    def calls():
        for _ in range(4):
            server.hang_up()
            yield ORDER

    with Recorder() as server:
        outcomes = send(client, signer, server.url, calls())
        assert server.faults == []
        if "async" in client or client.startswith("aiohttp"):
            assert all(isinstance(outcome, Outcome) or is_transport_error(outcome) for outcome in outcomes)
        else:
            assert [outcome.status for outcome in outcomes] == [200] * 4
        assert len(server.received) == sum(isinstance(outcome, Outcome) for outcome in outcomes)


@pytest.mark.parametrize("deaf", [0, 1], ids=["after reading", "before reading"])
def test_dropped_order_is_not_repeated(client, signer, deaf):
    with Recorder(lambda received: DROP, deaf=deaf) as server:
        (outcome,) = send(client, signer, server.url, [ORDER])
        assert is_transport_error(outcome), outcome
        assert len(server.received) == 1 - deaf
        assert server.connections == 1
        assert server.faults == []


@pytest.mark.parametrize("client", ["aiohttp connector", "aiohttp middleware"])
def test_aiohttp_retry_is_resigned(client, signer):
    def answer(received: Received) -> CannedResponse | None:
        time.sleep(0.003)
        return DROP if len(server.received) == 1 else CannedResponse()

    with Recorder(answer) as server:
        (outcome,) = send(client, signer, server.url, [Call("PUT", "/v3/x", json={"a": 1})])
    assert outcome.status == 200
    assert server.faults == []
    first, second = read_timestamps(server)
    assert first < second


@pytest.mark.parametrize("deaf", [0, 2])
def test_urllib3_retries_are_resigned(signer, deaf):
    def answer(received: Received) -> CannedResponse | None:
        time.sleep(0.003)
        number = len(server.received)
        return (
            DROP if number == 1 and not deaf else CannedResponse(503) if number == 2 - bool(deaf) else CannedResponse()
        )

    module = woox_fast.adapters.requests
    retries = urllib3.Retry(5, status_forcelist=[503], backoff_factor=0)
    with Recorder(answer, deaf=deaf) as server, module.session(signer, origins=[server.url]) as session:
        session.mount(server.url, module.WooXAdapter(signer, origins=[server.url], max_retries=retries))
        assert session.get(server.url + "/v3/x?a=b c", timeout=10).status_code == 200
    assert server.faults == []
    assert len(server.received) == 3 - bool(deaf)
    assert read_timestamps(server) == sorted(set(read_timestamps(server)))


class BreaksTls(Recorder):
    """Break the TLS connection during every response."""

    def finish_request(self, connection, number):
        raw = connection.dup()
        self.answer = lambda received: (
            raw.send(b"\x17\x03\x03" + struct.pack(">H", 64) + b"?" * 64) and CannedResponse(raw=b"")
        )
        super().finish_request(connection, number)
        raw.close()


@pytest.mark.parametrize("retries", [2, urllib3.Retry(3, backoff_factor=0, other=3)], ids=["count", "Retry"])
def test_tls_error_repeats_no_order(signer, retries, tmp_path):
    """urllib3 alone repeats any method after a TLS error, even if the order has arrived."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    module = woox_fast.adapters.requests
    with BreaksTls(tls=tls) as server, module.session(signer, origins=[server.url]) as session:
        session.mount(server.url, module.WooXAdapter(signer, origins=[server.url], max_retries=retries))
        with pytest.raises(requests.exceptions.SSLError) as raised:
            session.post(server.url + "/v3/trade/order", json={"a": 1}, timeout=10, verify=str(tmp_path / "ca.pem"))
    assert len(server.received) == 1, raised.value
    assert server.faults == []


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_retrying_transport_is_resigned(signer, name):
    module = pytest.importorskip(name)

    class Retrying(module.HTTPTransport):
        def handle_request(self, request):
            try:
                return super().handle_request(request)
            except module.ReadError:
                time.sleep(0.003)
                return super().handle_request(request)

    with Recorder(lambda received: DROP if len(server.received) == 1 else CannedResponse()) as server:
        auth = woox_fast.adapters.httpx.WooXAuth(signer, origins=[server.url])
        with module.Client(auth=auth, transport=Retrying()) as client:
            assert client.get(server.url + "/v3/x").status_code == 200
    assert server.faults == []
    first, second = read_timestamps(server)
    assert first < second


class SerialSigner:
    """Sign with consecutive timestamps."""

    def __init__(self, signer: Signer) -> None:
        self.signer, self.stamp = signer, time.time_ns() // 1_000_000

    def headers(self, *request):
        self.stamp += 1
        return self.signer.headers(*request, timestamp=self.stamp)


def are_signed_after_wait(client: str, signer: Signer) -> set[bool]:
    """Send five requests at once over a single connection, and compare signatures with the preceding arrivals."""
    serial = SerialSigner(signer)
    last_stamps: list[int] = []

    def answer(received: Received) -> CannedResponse:
        last_stamps.append(serial.stamp)
        time.sleep(0.02)  # The other requests wait.
        return CannedResponse()

    with Recorder(answer) as server, open_client(client, serial, server.url, connections=1, timeout_s=30) as opened:
        send_at_once(opened, [ORDER] * 5)
    assert (server.faults, server.connections) == ([], 1)
    return {stamp > last for stamp, last in zip(read_timestamps(server)[1:], last_stamps[:-1], strict=True)}


@pytest.mark.parametrize("client", [name for name in ADAPTERS if name not in ("requests auth", "aiohttp middleware")])
def test_wait_keeps_signature_fresh(client, signer):
    assert are_signed_after_wait(client, signer) == {True}


def test_middleware_signs_before_wait(signer):
    """The control of the test above; documented in `WooXMiddleware`."""
    assert are_signed_after_wait("aiohttp middleware", signer) == {False}
