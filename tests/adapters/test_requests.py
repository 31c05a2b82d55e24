"""What requests alone does: bodies in pieces, doubled slashes, hooks, pickles, and options of its adapters."""

from __future__ import annotations

import copy
import io
import pickle
import time

import pytest
import requests
import urllib3
from helpers.oracle import KEY, SECRET
from helpers.recorder import Received, Recorder, Reply

import woox_fast.adapters.requests
from woox_fast import Signer
from woox_fast.adapters.requests import WooXAdapter, WooXAuth

KINDS = ["auth", "session"]


@pytest.fixture(scope="module")
def signer():
    return Signer(KEY, SECRET)


def session_of(kind: str, signer, url: str) -> requests.Session:
    if kind == "session":
        return woox_fast.adapters.requests.session(signer, origins=[url])
    session = requests.Session()
    session.auth = WooXAuth(signer, origins=[url])
    return session


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("options", "got"),
    [
        ({"data": iter([b"a", b"b"])}, "a stream (list_iterator)"),
        ({"data": io.BytesIO(b"ab")}, "a stream (BytesIO)"),
        ({"data": io.StringIO("ab")}, "a stream (StringIO)"),
        ({"data": (chunk for chunk in [b"ab"])}, "a stream (generator)"),
        ({"data": bytearray(b"ab")}, "a stream (bytearray)"),
        ({"data": b"ab", "headers": {"Transfer-Encoding": "chunked"}}, "a stream (bytes)"),
        ({"files": {"a": b"b"}}, "a multipart one"),
    ],
)
def test_a_body_in_pieces_is_refused(kind, signer, options, got):
    with Recorder() as server, session_of(kind, signer, server.url) as session:
        with pytest.raises(ValueError, match="body must be whole before it can be signed, got") as raised:
            session.post(server.url, timeout=10, **options)
        assert server.connections == 0
    assert f"got {got}; pass json=, or data=" in str(raised.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_str_is_sent_as_utf8_and_its_bytes_are_counted(kind, signer):
    with Recorder() as server, session_of(kind, signer, server.url) as session:
        prepared = session.prepare_request(requests.Request("POST", server.url + "/v3/x", data="é"))
        session.send(prepared, timeout=10)
        (received,) = server.received
        assert (received.body, received.all("content-length"), server.faults) == ("é".encode(), ["2"], [])


def test_a_str_that_is_put_in_later_is_counted_again(signer):
    with Recorder() as server, session_of("session", signer, server.url) as session:
        prepared = session.prepare_request(requests.Request("POST", server.url + "/v3/x", data=b"a"))
        prepared.body = "éé"
        session.send(prepared, timeout=10)
        (received,) = server.received
        assert (received.body, received.all("content-length"), server.faults) == ("éé".encode(), ["4"], [])


def test_a_session_signs_once_its_connection_is_open(signer, monkeypatch):
    opened = []

    def slow(*arguments, **options):
        time.sleep(0.05)
        connection = create_connection(*arguments, **options)
        opened.append(time.time_ns() // 1_000_000)
        return connection

    create_connection = urllib3.util.connection.create_connection
    monkeypatch.setattr(urllib3.util.connection, "create_connection", slow)
    with Recorder() as server, session_of("session", signer, server.url) as session:
        session.get(server.url, timeout=10)
        assert int(server.received[0].all("x-api-timestamp")[0]) >= opened[0]


def test_a_path_that_begins_with_two_slashes(signer):
    """Some releases of requests drop one of them after the auth has run; others do not."""
    with Recorder() as server:
        with session_of("auth", signer, server.url) as session:
            with pytest.raises(ValueError, match=r"path must begin with one '/'.*got '//v3/x'"):
                session.get(server.url + "//v3/x", timeout=10)
            assert server.connections == 0
        with session_of("session", signer, server.url) as session:
            assert session.get(server.url + "//v3/x?a=//b", timeout=10).status_code == 200
        assert server.faults == []
        assert server.received[0].target.endswith("/v3/x?a=//b")


def test_a_session_signs_each_request_once():
    calls = []

    class Counting:
        def headers(self, *arguments):
            calls.append(arguments)
            return signed.headers(*arguments)

    signed = Signer(KEY, SECRET)
    with Recorder() as server, woox_fast.adapters.requests.session(Counting(), origins=[server.url]) as session:
        for _ in range(3):
            session.post(server.url + "/v3/x?a=b", json={"a": 1}, timeout=10)
        assert calls == [("POST", "/v3/x?a=b", b'{"a": 1}')] * 3
        assert server.faults == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_what_auth_cannot_sign_again_is_not_believed(signer, status):
    def answer(received: Received) -> Reply:
        return Reply() if received.target == "/v3/landed" else Reply(status, {"Location": "/v3/landed"})

    with Recorder(answer) as server, session_of("auth", signer, server.url) as session:
        with pytest.raises(ValueError, match="requests followed a redirect with the first signature"):
            session.post(server.url + "/v3/x", json={}, timeout=10)
        assert [received.fault() == "" for received in server.received] == [True, False]


def test_a_redirect_elsewhere_closes_the_reply(signer, monkeypatch):
    closed = []
    monkeypatch.setattr(requests.Response, "close", lambda reply: closed.append(reply.status_code))
    with Recorder(lambda received: Reply(307, {"Location": "http://evil.invalid/"})) as server:
        with session_of("auth", signer, server.url) as session, pytest.raises(ValueError, match="redirects elsewhere"):
            session.get(server.url, stream=True, timeout=10)
        assert closed == [307]


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))  # noqa: S301


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("again", [pickled, copy.copy, copy.deepcopy])
def test_a_reply_can_be_pickled_and_copied(kind, again, signer):
    with Recorder() as server, session_of(kind, signer, server.url) as session:
        reply = again(session.post(server.url + "/v3/x", json={"a": 1}, timeout=10))
    assert (reply.json()["success"], reply.request.body) == (True, b'{"a": 1}')


@pytest.mark.parametrize("again", [pickle.dumps, copy.deepcopy])
def test_a_session_that_signs_cannot_be_pickled(again, signer):
    """It would come back without its Signer."""
    with woox_fast.adapters.requests.session(signer) as session, pytest.raises(TypeError, match="holds a secret"):
        again(session)


def test_options_of_the_adapter_are_passed_on(signer):
    adapter = WooXAdapter(signer, max_retries=7, pool_maxsize=3, pool_block=True)
    assert adapter.max_retries.total == 7
    for manager in (adapter.poolmanager, adapter.proxy_manager_for("http://127.0.0.1:1", timeout=4)):
        for scheme in ("http", "https"):
            pool = manager.connection_from_host("api.woox.io", scheme=scheme)
            assert (pool.pool.maxsize, pool.block) == (3, True)
    assert manager.connection_from_host("api.woox.io").timeout.connect_timeout == 4
    assert WooXAdapter(signer).max_retries.total == 0
    with pytest.raises(TypeError, match="pool_size"):
        WooXAdapter(signer, pool_size=3)


def test_options_of_a_request_are_passed_on(signer, tmp_path):
    with Recorder() as server, woox_fast.adapters.requests.session(signer, origins=[server.url]) as session:
        with session.get(server.url, stream=True, timeout=10) as reply:
            assert not reply._content_consumed
        server.answer = lambda received: Reply(raw=b"")
        with pytest.raises(requests.ReadTimeout):
            session.get(server.url, timeout=0.05)
    wrong = pytest.raises(OSError, match="Could not find a suitable TLS CA certificate bundle")
    with woox_fast.adapters.requests.session(signer) as session, wrong:
        session.get("https://api.woox.io", verify=str(tmp_path / "none"), timeout=10)


def test_other_connection_pools_sign_no_more_than_before(signer):
    """The classes of urllib3 are shared by the process: each adapter has its own."""
    first, second = WooXAdapter(signer), WooXAdapter(Signer("other", "secret"))
    plain = requests.adapters.HTTPAdapter()
    kinds = [one.poolmanager.pool_classes_by_scheme["http"].ConnectionCls for one in (first, second, plain)]
    assert [getattr(kind, "signer", None) for kind in kinds] == [signer, second.signer, None]


def test_the_pools_of_a_proxy_sign_once_however_often_they_are_asked_for(signer):
    adapter = WooXAdapter(signer)
    made = [adapter.proxy_manager_for("http://127.0.0.1:1") for _ in range(3)]
    kinds = [manager.pool_classes_by_scheme["http"].ConnectionCls for manager in made]
    assert kinds[0] is kinds[1] is kinds[2]
    assert len([kind for kind in kinds[0].__mro__ if "signer" in vars(kind)]) == 1
