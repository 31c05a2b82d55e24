"""requests alone: bodies, prepared requests, pickles, adapter options and connection pools."""

from __future__ import annotations

import copy
import io
import pickle
import time

import pytest
import requests
import urllib3
from helpers.oracle import KEY, SECRET
from helpers.recorder import CannedResponse, Received, Recorder

import woox_fast.adapters.requests
import woox_fast.testing
from woox_fast import Signer
from woox_fast.adapters.requests import WooXAdapter, WooXAuth

KINDS = ["auth", "session"]


def create_session(kind: str, signer, url: str) -> requests.Session:
    if kind == "session":
        return woox_fast.adapters.requests.session(signer, origins=[url])
    session = requests.Session()
    session.auth = WooXAuth(signer, origins=[url])
    return session


# Bodies


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"data": iter([b"a", b"b"])}, "a stream (list_iterator)"),
        ({"data": io.StringIO("ab")}, "a stream (StringIO)"),
        ({"data": b"ab", "headers": {"Transfer-Encoding": "chunked"}}, "a stream (bytes)"),
        ({"files": {"a": b"b"}}, "a multipart body"),
    ],
)
def test_incomplete_body_is_refused(kind, signer, options, found):
    with Recorder() as server, create_session(kind, signer, server.url) as session:
        with pytest.raises(ValueError, match="body must be complete before signing, got") as raised:
            session.post(server.url, timeout=10, **options)
        assert server.connections == 0
    assert f"got {found}; pass json=, or data=" in str(raised.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kind_of_buffer", [bytearray, memoryview])
@pytest.mark.parametrize("content", [b"", bytes(range(256))])
def test_buffer_body_is_signed(kind, kind_of_buffer, content, signer):
    with Recorder() as server, create_session(kind, signer, server.url) as session:
        assert session.post(server.url + "/v3/x", data=kind_of_buffer(content), timeout=10).status_code == 200
        assert server.faults == []
        (received,) = server.received
        assert (received.body, received.all("content-length")) == (content, [str(len(content))])
        assert received.all("transfer-encoding") == []


@pytest.mark.parametrize("kind", KINDS)
def test_form_and_unicode_are_signed(kind, signer):
    with Recorder() as server, create_session(kind, signer, server.url) as session:
        second = WooXAuth(signer, origins=[server.url])
        form = {"symbol": "SPOT_币_USDT"}
        session.post(server.url + "/v3/x", params={"é": "币 &"}, data=form, auth=second, timeout=10)
        assert (len(server.received), server.faults) == (1, [])


# Requests that change after signing

CHANGES = {
    "url": lambda prepared: setattr(prepared, "url", prepared.url + "&c=d"),
    "method": lambda prepared: setattr(prepared, "method", "PUT"),
    "body": lambda prepared: setattr(prepared, "body", b'{"a":2}'),
}


def prepare_and_change(session, server, change):
    prepared = session.prepare_request(requests.Request("POST", server.url + "/v3/x?a=b", data=b'{"a":1}'))
    change(prepared)
    return prepared


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changed_request_is_refused(signer, change):
    with Recorder() as server, create_session("auth", signer, server.url) as session:
        prepared = prepare_and_change(session, server, change)
        with pytest.raises(ValueError, match="changed after WooXAuth signed the request; prepare a new request"):
            session.send(prepared, timeout=10)
        assert (server.received, server.torn) == ([], [])


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_session_signs_changed_request(signer, change):
    with Recorder() as server, create_session("session", signer, server.url) as session:
        session.send(prepare_and_change(session, server, change), timeout=10)
        assert (len(server.received), server.faults) == (1, [])


@pytest.mark.parametrize("first", [b"a", "é"])
def test_changed_str_is_recounted(first, signer):
    with Recorder() as server, create_session("session", signer, server.url) as session:
        prepared = session.prepare_request(requests.Request("POST", server.url + "/v3/x", data=first))
        prepared.body = "éé"
        session.send(prepared, timeout=10)
        (received,) = server.received
        assert (received.body, received.all("content-length"), server.faults) == ("éé".encode(), ["4"], [])


@pytest.mark.parametrize("kind", KINDS)
def test_prepared_request_can_be_resent(kind, signer):
    with Recorder() as server, create_session(kind, signer, server.url) as session:
        prepared = session.prepare_request(requests.Request("POST", server.url + "/v3/x", json={"a": 1}))
        prepared.headers["x-tag"] = "a"
        for request in (prepared, prepared, prepared.copy()):
            session.send(request, timeout=10)
        assert server.faults == []
        assert [received.all("x-tag") for received in server.received] == [["a"]] * 3


# Signing


def test_session_signs_after_connecting(signer, monkeypatch):
    connect, opened = urllib3.util.connection.create_connection, []

    def slow_connect(*arguments, **options):
        time.sleep(0.01)
        opened.append(time.time_ns() // 1_000_000)
        return connect(*arguments, **options)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", slow_connect)
    with Recorder() as server, create_session("session", signer, server.url) as session:
        session.get(server.url, timeout=10)
        assert int(server.received[0].all("x-api-timestamp")[0]) >= opened[0]


def test_doubled_slash_is_refused(signer):
    """Some releases of requests remove a slash after the auth has run."""
    url = "http://127.0.0.1:1"
    refused = pytest.raises(ValueError, match=r"path must not begin with '//'.*got '//v3/x'")
    with create_session("auth", signer, url) as session, refused:
        session.get(url + "//v3/x", timeout=10)


@pytest.mark.parametrize("status", [303, 307])
def test_auth_reports_followed_redirect(signer, status):
    def answer(received: Received) -> CannedResponse:
        return (
            CannedResponse() if received.target == "/v3/landed" else CannedResponse(status, {"Location": "/v3/landed"})
        )

    with Recorder(answer) as server, create_session("auth", signer, server.url) as session:
        with pytest.raises(ValueError, match="requests followed a redirect with the first signature"):
            session.post(server.url + "/v3/x", json={}, timeout=10)
        assert [received.fault() == "" for received in server.received] == [True, False]


def test_other_adapter_receives_no_signature(signer):
    """The user mounts an adapter without origins for a foreign server, to which the exchange redirects."""
    with Recorder() as other, Recorder(lambda _: CannedResponse(307, {"Location": other.url + "/v3/x"})) as server:
        with create_session("session", signer, server.url) as session:
            session.mount(other.url, requests.adapters.HTTPAdapter())
            session.post(server.url + "/v3/x", json={}, timeout=10)
        assert [received.api_headers for received in other.received] == [[]]
        assert KEY.encode() not in other.received[0].raw


def test_refused_redirect_closes_response(signer, monkeypatch):
    closed = []
    close = requests.Response.close
    monkeypatch.setattr(requests.Response, "close", lambda self: closed.append(self.status_code) or close(self))
    with Recorder(lambda received: CannedResponse(307, {"Location": "http://evil.invalid/"})) as server:
        with create_session("auth", signer, server.url) as session, pytest.raises(ValueError, match="redirect refused"):
            session.get(server.url, stream=True, timeout=10)
        assert closed == [307]


# Pickles and options


def pickle_and_load(thing):
    return pickle.loads(pickle.dumps(thing))  # noqa: S301


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("again", [pickle_and_load, copy.copy, copy.deepcopy])
def test_response_can_be_pickled(kind, again, signer):
    with Recorder() as server, create_session(kind, signer, server.url) as session:
        response = again(session.post(server.url + "/v3/x", json={"a": 1}, timeout=10))
    assert (response.json()["success"], response.request.body) == (True, b'{"a": 1}')
    woox_fast.testing.assert_signed(response.request, SECRET)


@pytest.mark.parametrize("again", [pickle.dumps, copy.deepcopy])
def test_session_cannot_be_pickled(again, signer):
    """A Signer cannot be pickled, and the copy would send unsigned requests."""
    with woox_fast.adapters.requests.session(signer) as session, pytest.raises(TypeError, match="holds a secret"):
        again(session)


def test_adapter_passes_options_on(signer):
    adapter = WooXAdapter(signer, pool_maxsize=3)
    for manager in (adapter.poolmanager, adapter.proxy_manager_for("http://127.0.0.1:1")):
        assert manager.connection_from_host("api.woox.io").pool.maxsize == 3
    with pytest.raises(TypeError, match="pool_size"):
        WooXAdapter(signer, pool_size=3)


def test_sessions_keep_their_signers(signer):
    """All sessions share urllib3's classes."""
    with Recorder() as server:
        others = [create_session("session", Signer(name, SECRET), server.url) for name in ("first", "second")]
        for session in [*others, requests.Session(), create_session("session", signer, server.url)]:
            with session:
                for proxies in ({}, {"http": server.url}, {"http": server.url}):
                    session.get(server.url + "/v3/x", proxies=proxies, timeout=10)
    keys = [received.all("x-api-key") for received in server.received]
    assert keys == [["first"]] * 3 + [["second"]] * 3 + [[]] * 3 + [[KEY]] * 3
