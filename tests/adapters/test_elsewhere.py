"""Nothing signed goes to another host: not by a URL, a redirect, or a proxy that opens no tunnel."""

from __future__ import annotations

import time

import httpx
import pytest
from helpers.clients import ADAPTERS, Answered, Call, send
from helpers.oracle import KEY, SECRET
from helpers.recorder import DROP, Received, Recorder, Reply
from helpers.written import METHODS

import woox_fast.adapters.aiohttp
import woox_fast.adapters.httpx
import woox_fast.adapters.requests
from woox_fast import Signer
from woox_fast.adapters._common import Origins

STATUSES = [301, 302, 303, 307, 308]
ONCE = Call("POST", "/v3/trade/order", json={"symbol": "SPOT_BTC_USDT"})


@pytest.fixture(scope="module")
def signer():
    return Signer(KEY, SECRET)


@pytest.fixture(params=ADAPTERS)
def client(request):
    return request.param


def one(client, signer, url, call=ONCE, **way):
    (outcome,) = send(client, signer, url, [call], **way)
    return outcome


def refused(outcome, *words):
    """A ValueError that says what was got and what to do."""
    assert isinstance(outcome, ValueError), outcome
    assert all(word in str(outcome) for word in words), str(outcome)


# Origins

ELSEWHERE = [
    "http://api.woox.io",
    "https://api.woox.io:8443",
    "https://api.woox.io.evil.example",
    "https://evil.example",
    "https://evil.example/api.woox.io",
    "https://user:topsecret@evil.example",
    "https://api.woox.io@evil.example",
    "https://api.woox.io:topsecret@evil.example",
    "https://xapi.woox.io",
    "https://woox.io",
    "https://api.woox.io.",
    "http://127.0.0.1:1",
    "http://localhost",
    "https://[::1]",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_nothing_is_sent_elsewhere(client, signer, url, monkeypatch):
    def never(*arguments: object) -> None:
        raise AssertionError(f"a connection to {arguments}")

    monkeypatch.setattr("socket.socket.connect", never)
    monkeypatch.setattr("socket.getaddrinfo", never)
    outcome = one(client, signer, url, origins=None)
    refused(
        outcome, "is not one of the origins this signer signs for (https://api.woox.io, https://api.stag", "origins="
    )
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
    ("origins", "error", "words"),
    [
        (
            "https://api.woox.io",
            TypeError,
            "origins must be several URLs, such as ('https://api.woox.io',), got one str",
        ),
        ((), ValueError, "origins must not be empty"),
        (("https://api.woox.io/v3",), ValueError, "base_url must be scheme, host and maybe port"),
        (("api.woox.io",), ValueError, "base_url must be scheme, host and maybe port"),
        (("ftp://api.woox.io",), ValueError, "base_url must be scheme, host and maybe port"),
        (("https://a:b@api.woox.io",), ValueError, "got one with a user name or password"),
        ((None,), TypeError, "base_url must be a str, got NoneType"),
    ],
)
def test_bad_origins(make, signer, origins, error, words):
    with pytest.raises(error) as raised:
        make(signer, origins=origins)
    assert words in str(raised.value)


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
def test_origins_are_the_same_whatever_the_spelling(origin, url):
    Origins([origin]).check(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.woox.io\\@evil.example/",
        "https://api.woox.io\t.evil.example/",
        "https://api.woox.io%2f.evil.example/",
        "https://api.woox.io:443@evil.example/",
        "https://api.woox.io:80/",
        "https://api.woox.io:0443/",
        "https:/api.woox.io/",
        "https:api.woox.io/",
        "//api.woox.io/",
        "/v3",
        "",
        "https://\uff41pi.woox.io/",
        " https://api.woox.io/",
    ],
)
def test_what_two_readers_could_take_for_different_hosts_is_refused(url):
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
def test_a_url_is_shown_without_what_is_secret_in_it(url, shown):
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


@pytest.mark.parametrize("location", LOCATIONS.values(), ids=LOCATIONS)
@pytest.mark.parametrize("status", STATUSES)
def test_nothing_follows_a_redirect_elsewhere(client, signer, status, location):
    def answer(received: Received) -> Reply:
        return Reply(status, {"Location": location(server, other)})

    with Recorder() as other, Recorder(answer) as server:
        for method in METHODS:
            outcome = one(client, signer, server.url, Call(method, "/v3/x", json={"a": 1}), follow=True)
            if client.startswith("httpx") and isinstance(outcome, httpx.ConnectError):
                continue  # the other scheme: a signature is made only once there is a connection
            refused(outcome, "is not one of the origins this signer signs for", "origins=")
    assert (other.received, other.torn) == ([], [])
    assert [received.target for received in server.received] == ["/v3/x"] * 4
    assert (server.faults, server.torn) == ([], [])
    if not client.startswith("httpx"):
        assert other.connections == 0


@pytest.mark.parametrize("status", [302, 307, 308])
def test_a_redirect_that_is_not_followed(client, signer, status):
    """To the same origin it is the caller's to read."""
    with Recorder(lambda received: Reply(status, {"Location": "/v3/landed"})) as server:
        outcome = one(client, signer, server.url)
        assert outcome.status == status
        assert (len(server.received), server.faults) == (1, [])


@pytest.mark.parametrize("client", [name for name in ADAPTERS if name != "requests auth"])
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("absolute", [False, True])
def test_a_redirect_within_the_origin_is_signed_again(client, signer, status, absolute):
    def answer(received: Received) -> Reply:
        time.sleep(0.003)
        if received.target == "/v3/landed?a=b%20c":
            return Reply()
        return Reply(status, {"Location": (server.url if absolute else "") + "/v3/landed?a=b%20c"})

    with Recorder(answer) as server:
        for method in METHODS:
            outcome = one(client, signer, server.url, Call(method, "/v3/x", json={"a": 1}), follow=True)
            assert isinstance(outcome, Answered), outcome
    assert server.faults == []
    assert len(server.received) == 8
    for first, second in zip(server.received[::2], server.received[1::2], strict=True):
        stamps = [int(one.all("x-api-timestamp")[0]) for one in (first, second)]
        assert stamps[0] < stamps[1]
        assert second.body == (first.body if second.method == first.method and second.body else b"")


@pytest.mark.parametrize(
    "location",
    ["//evil.example/", "/\\evil.example/", "/\t/evil.example", "/ /evil", "\\\\evil.example", "v3", "?a=b", ""],
)
def test_a_redirect_that_readers_could_take_for_another_host_is_refused(location):
    with pytest.raises(ValueError, match="a reply redirects elsewhere, which is not followed"):
        Origins(["http://h"]).check_redirect(location)


# Proxies


def test_a_proxy_is_told_the_signature_of_what_it_passes_on(client, signer):
    with Recorder() as proxy:
        call = Call("POST", "/v3/x?a=b c", json={"a": 1})
        assert one(client, signer, "http://exchange.invalid:8080", call, proxy=proxy.url).status == 200
        assert proxy.faults == []
        (received,) = proxy.received
        space = "+" if client.startswith("aiohttp") else "%20"
        assert received.target == f"http://exchange.invalid:8080/v3/x?a=b{space}c"
        assert received.all("host") == ["exchange.invalid:8080"]


@pytest.mark.parametrize("status", STATUSES)
def test_no_proxy_is_asked_to_follow_a_redirect_elsewhere(client, signer, status):
    with Recorder(lambda received: Reply(status, {"Location": "http://evil.invalid/v3/x"})) as proxy:
        outcome = one(client, signer, "http://exchange.invalid", ONCE, proxy=proxy.url, follow=True)
        refused(outcome, "http://evil.invalid is not one of the origins")
        assert [received.target for received in proxy.received] == ["http://exchange.invalid/v3/trade/order"]


@pytest.mark.parametrize("reply", [Reply(502), Reply(407), Reply(302, {"Location": "/v3/x"}), DROP])
def test_a_proxy_that_fails_to_open_a_tunnel_never_sees_a_signature(client, signer, reply):
    with Recorder(lambda received: reply) as proxy:
        outcome = one(client, signer, "https://exchange.invalid:8080", proxy=proxy.url)
        assert isinstance(outcome, Exception), outcome
        assert proxy.received
        for received in proxy.received:
            assert (received.method, received.target, received.body) == ("CONNECT", "exchange.invalid:8080", b"")
            assert received.api_headers == []
            assert KEY.encode() not in received.raw
        assert proxy.torn == []


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy"])
def test_a_proxy_that_the_environment_names_gets_what_is_signed(client, signer, name, monkeypatch):
    """aiohttp asks for no environment unless told so; ~/.netrc adds no second way to log in."""
    with Recorder() as proxy:
        monkeypatch.setenv(name, proxy.url)
        outcome = one(client, signer, "http://exchange.invalid")
        if client.startswith("aiohttp"):
            assert isinstance(outcome, Exception)
        else:
            assert outcome.status == 200
        assert proxy.faults == []


def test_netrc_adds_nothing(client, signer, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password topsecret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Recorder() as server:
        assert one(client, signer, server.url).status == 200
        assert server.faults == []
        assert server.received[0].all("authorization") == []
