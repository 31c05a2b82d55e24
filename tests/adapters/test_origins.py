"""No signature and no API key reach a foreign origin: by URL, redirect or proxy."""

from __future__ import annotations

import time
import traceback

import pytest
from helpers.clients import ADAPTERS, Call, Outcome, send
from helpers.oracle import KEY, SECRET
from helpers.recorder import DROP, CannedResponse, Received, Recorder
from helpers.request_parts import METHODS

import woox_fast.adapters.aiohttp
import woox_fast.adapters.httpx
import woox_fast.adapters.requests
from woox_fast.adapters._common import Origins

STATUSES = [301, 303, 308, 302, 307]
ORDER = Call("POST", "/v3/trade/order", json={"symbol": "SPOT_BTC_USDT"})


def send_one(client, signer, url, call=ORDER, **settings):
    (outcome,) = send(client, signer, url, [call], **settings)
    return outcome


def assert_refused(outcome, *words):
    assert isinstance(outcome, ValueError), outcome
    assert all(word in str(outcome) for word in words), str(outcome)


# Origins

OTHER_URLS = [
    "http://api.woox.io",
    "https://api.woox.io:8443",
    "https://evil.example/api.woox.io",
    "https://api.woox.io:topsecret@evil.example",
    "https://xapi.woox.io",
    "https://api.woox.io.",
    "https://[::1]",
]


@pytest.mark.parametrize("url", OTHER_URLS)
def test_other_origin_is_never_contacted(client, signer, url, monkeypatch):
    def never(*arguments: object) -> None:
        raise AssertionError(f"a connection to {arguments}")

    monkeypatch.setattr("socket.socket.connect", never)
    monkeypatch.setattr("socket.getaddrinfo", never)
    outcome = send_one(client, signer, url, origins=None)
    assert_refused(outcome, "is not one of the origins this signer signs for (https://api.woox.io, https://api.stag")
    shown = "".join(traceback.TracebackException.from_exception(outcome, capture_locals=True).format())
    assert SECRET not in shown
    assert "topsecret" not in str(outcome)


@pytest.mark.parametrize(
    "make",
    [
        woox_fast.adapters.requests.WooXAuth,
        woox_fast.adapters.requests.WooXAdapter,
        woox_fast.adapters.requests.session,
        woox_fast.adapters.httpx.WooXAuth,
        woox_fast.adapters.aiohttp.WooXMiddleware,
        woox_fast.adapters.aiohttp.WooXConnector,
    ],
)
@pytest.mark.parametrize(
    "origins",
    ["https://api.woox.io", (), ("https://api.woox.io/v3",), ("api.woox.io",), ("ftp://api.woox.io",), (None,)],
)
def test_invalid_origins_are_refused(make, signer, origins):
    with pytest.raises(TypeError if origins in ("https://api.woox.io", (None,)) else ValueError):
        make(signer, origins=origins)


@pytest.mark.parametrize(
    ("origin", "url"),
    [
        ("https://api.woox.io", "https://api.woox.io"),
        ("https://api.woox.io/", "https://api.woox.io?a=b"),
        ("https://api.woox.io", "https://api.woox.io:443/v3"),
        ("https://api.woox.io:443", "https://api.woox.io/v3"),
        ("http://h:80", "http://h/"),
        ("HTTPS://API.woox.io", "https://api.WOOX.io/v3"),
        ("http://[::1]:8080", "http://[::1]:8080/v3?x=//evil.example"),
        ("https://api.woox.io", "https://api.woox.io/@evil.example"),
    ],
)
def test_equivalent_spellings_are_accepted(origin, url):
    Origins([origin]).check(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.woox.io\\@evil.example/",
        "https://api.woox.io\t.evil.example/",
        "https://api.woox.io%2f.evil.example/",
        "https://api.woox.io:443@evil.example/",
        "https://api.woox.io:0443/",
        "https:/api.woox.io/",
        "//api.woox.io/",
        "",
        "https://\uff41pi.woox.io/",
        " https://api.woox.io/",
    ],
)
def test_ambiguous_host_is_refused(url):
    with pytest.raises(ValueError, match="is not one of the origins"):
        Origins(["https://api.woox.io"]).check(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://evil.example/v3/x?token=topsecret", "https://evil.example"),
        ("https://user:topsecret@evil.example/v3?x=topsecret", "'https://...@evil.example/v3'"),
        ("\x1b[2J" + "é" * 80, "'\\x1b[2J" + "\\xe9" * 18),  # 80 characters
    ],
)
def test_message_hides_secrets_of_url(url, shown):
    with pytest.raises(ValueError) as raised:
        Origins(["https://api.woox.io"]).check(url)
    assert str(raised.value).partition(" is not one of")[0] == shown


# Redirects

LOCATIONS = {
    "another host": lambda server, other: f"http://localhost:{server.port}/v3/landed",
    "another host and port": lambda server, other: f"{other.url}/v3/landed",
    "without a scheme": lambda server, other: f"//{other.host}/v3/landed",
    "another scheme": lambda server, other: f"https://{server.host}/v3/landed",
    "a user name": lambda server, other: f"http://{server.host}@{other.host}/v3/landed",
}


@pytest.mark.parametrize(
    ("status", "kind"), [*((307, kind) for kind in LOCATIONS), *((status, "another host") for status in STATUSES[:3])]
)
def test_redirect_elsewhere_is_refused(client, signer, status, kind):
    def answer(received: Received) -> CannedResponse:
        return CannedResponse(status, {"Location": LOCATIONS[kind](server, other)})

    with Recorder() as other, Recorder(answer) as server:
        for method in METHODS:
            outcome = send_one(client, signer, server.url, Call(method, "/v3/x", json={"a": 1}), follow=True)
            if client.startswith("httpx") and type(outcome).__name__ == "ConnectError":
                continue  # https to a server without TLS: httpx checks the origin after the handshake
            assert_refused(outcome, "is not one of the origins this signer signs for", "origins=")
    assert (other.received, other.torn) == ([], [])
    assert [received.target for received in server.received] == ["/v3/x"] * 4
    assert (server.faults, server.torn) == ([], [])
    if not client.startswith("httpx"):
        assert other.connections == 0


def test_unfollowed_redirect_is_returned(client, signer):
    with Recorder(lambda received: CannedResponse(307, {"Location": "/v3/landed"})) as server:
        assert send_one(client, signer, server.url).status == 307
        assert (len(server.received), server.faults) == (1, [])


@pytest.mark.parametrize("client", [name for name in ADAPTERS if name != "requests auth"])
@pytest.mark.parametrize("status", STATUSES)
def test_redirect_within_origin_is_resigned(client, signer, status):
    def answer(received: Received) -> CannedResponse:
        time.sleep(0.003)
        if received.target == "/v3/landed?a=b%20c":
            return CannedResponse()
        return CannedResponse(status, {"Location": (server.url if status > 302 else "") + "/v3/landed?a=b%20c"})

    with Recorder(answer) as server:
        for method in METHODS:
            outcome = send_one(client, signer, server.url, Call(method, "/v3/x", json={"a": 1}), follow=True)
            assert isinstance(outcome, Outcome), outcome
    assert server.faults == []
    assert len(server.received) == 8
    for first, second in zip(server.received[::2], server.received[1::2], strict=True):
        stamps = [int(each.all("x-api-timestamp")[0]) for each in (first, second)]
        assert stamps[0] < stamps[1]
        assert second.body == (first.body if second.method == first.method and second.body else b"")


@pytest.mark.parametrize(
    "location",
    ["//evil.example/", "/\\evil.example/", "/\t/evil.example", "/ /evil", "\\\\evil.example", "v3", "?a=b", ""],
)
def test_ambiguous_redirect_is_refused(location):
    with pytest.raises(ValueError, match=r"redirect refused: .* is not one of the origins"):
        Origins(["http://h"]).check_redirect(location)


# Proxies


def test_proxy_receives_signed_request(client, signer):
    with Recorder() as proxy:
        call = Call("POST", "/v3/x?a=b c", json={"a": 1})
        assert send_one(client, signer, "http://exchange.invalid:8080", call, proxy=proxy.url).status == 200
        assert proxy.faults == []
        (received,) = proxy.received
        space = "+" if client.startswith("aiohttp") else "%20"
        assert received.target == f"http://exchange.invalid:8080/v3/x?a=b{space}c"
        assert received.all("host") == ["exchange.invalid:8080"]


def test_proxied_redirect_elsewhere_is_refused(client, signer):
    with Recorder(lambda received: CannedResponse(307, {"Location": "http://evil.invalid/v3/x"})) as proxy:
        outcome = send_one(client, signer, "http://exchange.invalid", ORDER, proxy=proxy.url, follow=True)
        assert_refused(outcome, "http://evil.invalid is not one of the origins")
        assert [received.target for received in proxy.received] == ["http://exchange.invalid/v3/trade/order"]


@pytest.mark.parametrize("response", [CannedResponse(407), CannedResponse(302, {"Location": "/v3/x"}), DROP])
def test_refused_tunnel_receives_no_signature(client, signer, response):
    with Recorder(lambda received: response) as proxy:
        outcome = send_one(client, signer, "https://exchange.invalid:8080", proxy=proxy.url)
        assert isinstance(outcome, Exception), outcome
        assert proxy.received
        for received in proxy.received:
            assert (received.method, received.target, received.body) == ("CONNECT", "exchange.invalid:8080", b"")
            assert received.api_headers == []
            assert KEY.encode() not in received.raw
        assert proxy.torn == []


def test_proxy_of_environment_receives_signature(client, signer, monkeypatch):
    """aiohttp reads the environment only with trust_env=True."""
    with Recorder() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        outcome = send_one(client, signer, "http://exchange.invalid")
        if client.startswith("aiohttp"):
            assert isinstance(outcome, Exception)
        else:
            assert outcome.status == 200
        assert proxy.faults == []


def test_netrc_password_is_not_sent(client, signer, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password topsecret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Recorder() as server:
        assert send_one(client, signer, server.url).status == 200
        assert server.faults == []
        assert server.received[0].all("authorization") == []
