"""`encode_request`: the bytes of requests. No argument can add a header or a second request."""

from __future__ import annotations

import array
import itertools
import re

import pytest
from helpers.oracle import KEY, NOW, oracle

from woox_fast import _http

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
ORDER = '{"symbol":"SPOT_BTC_USDT","side":"BUY","type":"LIMIT","price":"9000","quantity":"0.11"}'


def expected(method: str, path: str, data: bytes = b"", host: str = "api.woox.io", stamp=NOW) -> bytes:
    signature = oracle(f"{stamp}{method}{path}".encode() + data)
    content_type = {"GET": FORM, "DELETE": FORM, "POST": JSON, "PUT": JSON}.get(method, JSON if data else FORM)
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(data)}",
        f"x-api-key: {KEY}",
        f"x-api-timestamp: {stamp}",
        f"x-api-signature: {signature}",
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + data


def test_guide_request_has_these_bytes(signer):
    assert signer.encode_request("GET", "/v3/algo/orders?algoType=STOP", timestamp=NOW) == (
        b"GET /v3/algo/orders?algoType=STOP HTTP/1.1\r\n"
        b"Host: api.woox.io\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 0\r\n"
        b"x-api-key: AbmyVJGUpN064ks5ELjLfA==\r\n"
        b"x-api-timestamp: 1578565539808\r\n"
        b"x-api-signature: fddab579aff8c193f920c2d4f0cda6a21a60f06fd9c3916541ecc4f6461f5977\r\n"
        b"\r\n"
    )


BODIES = [
    (None, b""),
    ("", b""),
    (b"", b""),
    (bytearray(), b""),
    ("{}", b"{}"),
    (ORDER, ORDER.encode()),
    (ORDER.encode(), ORDER.encode()),
    ('{"symbol":"SPOT_币安人生_USDT"}', '{"symbol":"SPOT_币安人生_USDT"}'.encode()),
    ("é", "é".encode()),
    ("\U0001f680", "\U0001f680".encode()),
    (bytearray(b"abc"), b"abc"),
    (memoryview(b"abcdef")[2:5], b"cde"),
    (memoryview(b"abcdef").cast("B", (2, 3)), b"abcdef"),
    (array.array("H", [1, 2, 3]), array.array("H", [1, 2, 3]).tobytes()),
    (b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", b"\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
    (bytes(range(256)), bytes(range(256))),
]


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST", "PUT", "PATCH", "A", "OPTIONS" * 20])
def test_methods_may_have_bodies(signer, method):
    for timestamp, (body, data) in itertools.product((NOW, str(NOW)), BODIES):
        request = signer.encode_request(method, "/v3/trade/order?a=b", body, timestamp=timestamp)
        assert type(request) is bytes
        assert request == expected(method, "/v3/trade/order?a=b", data), (timestamp, body)


PRINTABLE = "".join(map(chr, range(0x21, 0x7F))).replace("#", "")


def test_every_body_length_is_written(signer):
    for size in (*range(300), 999, 1000, 9999, 10_000, 32_767, 32_768, 65_536, 10**6, 2**20):
        data = (b"0123456789abcdef" * (size // 16 + 1))[:size]
        request = signer.encode_request("POST", "/v3/x", data, timestamp=NOW)
        assert request == expected("POST", "/v3/x", data), size
        if size < 300:
            path = f"/{PRINTABLE * 3}"[: size + 1]
            assert signer.encode_request("GET", path, timestamp=NOW) == expected("GET", path), size


HOSTS = f"""
api.staging.woox.io localhost 127.0.0.1 127.0.0.1:8080 api.woox.io:443 API.woox.io a_b-c.example:65535 h:0 api.woox.io.
[::1] [::1]:8080 [2001:DB8::ff]:1 [::ffff:127.0.0.1]:80 [::1.2.3.4] xn--bcher-kva.example 10.0.255.1:80 a.1b
{"a" * 63} {"a" * 63}.{"b" * 63}.{"c" * 63}.{"d" * 61}
"""


@pytest.mark.parametrize("host", HOSTS.split())
def test_valid_host_is_sent(signer, host):
    request = signer.encode_request("PUT", "/v3/trade/order", ORDER, host=host, timestamp=NOW)
    assert request == expected("PUT", "/v3/trade/order", ORDER.encode(), host)


# Errors

HOST_RULE = "host must be a host name and maybe a port, such as 'api.woox.io:443', got "
LEAVE_OUT = "; leave out the scheme and the path"
ENCODED = (
    "path must be percent-encoded ASCII to be sent as it is signed, got {} at index {}; use urllib.parse.quote, or "
)


INVALID_HOSTS = """
api.woox.io: api.woox.io:x api.woox.io:\u0661 api.woox.io:65536 api.woox.io:000443 api.woox.io:-1 api.woox.io:1_0
api.woox.io:1:2 :443 ::1 [::1 [] [1] [::g] [::1]8080 [::1]: [::1]:x [::1%eth0] [[::1]] [:::::] [::1::2] [12345::]
[1:2:3:4:5:6:7:8:9] [1.2.3.4] a,b a~b a?b a#b a%20b a..b .a . .. - -a a- a-.b a.-b 256.1.1.1 1.2.3 1.2.3.4.5 01.2.3.4
2130706433 \ud800
"""
LONG_HOSTS = ["a" * 64, ("a" * 50 + ".") * 5, f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 62}"]


def refused(words: str, error=ValueError):
    return pytest.raises(error, match=f"^{re.escape(words)}$")


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("", "''"),
        ("https://api.woox.io", "'https://api.woox.io'" + LEAVE_OUT),
        ("api.woox.io/v3", "'api.woox.io/v3'" + LEAVE_OUT),
        ("api.woox.io\r\nX-Evil: 1", "'api.woox.io\\r\\nX-Evil: 1'"),
        ("api.wööx.io", "'api.w\\xf6\\xf6x.io'"),
        ("user:password@api.woox.io", "one with a user name or password"),
        *(
            (host, ascii(host))
            for host in ("api.woox.io\n", "api.woox.io\0", " api.woox.io", "api\twoox", "\uff11", "a\x7f")
        ),
        *((host, ascii(host)) for host in INVALID_HOSTS.split()),
        *((host, f"'{host[:60]}'... ({len(host)} characters)") for host in LONG_HOSTS),
    ],
)
def test_invalid_host_raises(signer, host, shown):
    with refused(HOST_RULE + shown) as raised:
        signer.encode_request("GET", "/", host=host)
    assert raised.type is ValueError


@pytest.mark.parametrize(("host", "kind"), [(None, "NoneType"), (b"api.woox.io", "bytes"), (5, "int")])
def test_host_type_raises(signer, host, kind):
    with refused(f"host must be a str such as 'api.woox.io', got {kind}", TypeError):
        signer.encode_request("GET", "/", host=host)


@pytest.mark.parametrize("path", ["/{}", "/v3/!~?a={}b", "/" + "x" * 100 + "{}" + " " * 5])
def test_path_cannot_break_line(signer, path):
    others = ("#", "\x7f", "\x80", "\x85", "\xa0", "é", "\u2028", "币", "\ud800", "\U0001f680")
    for bad in (*map(chr, range(0x21)), *others):
        with refused(ENCODED.format(ascii(bad), path.index("{")) + "prepare(params=...)") as raised:
            signer.encode_request("GET", path.format(bad), timestamp=NOW)
        assert raised.type is ValueError


def test_first_invalid_argument_is_named(signer):
    arguments = {"timestamp": 5, "method": "get", "path": "/ ", "host": "", "body": 5}
    for name, good in [("timestamp", NOW), ("method", "GET"), ("path", "/"), ("host", "h"), ("body", b"")]:
        with pytest.raises((TypeError, ValueError), match=f"^{name} must be"):
            signer.encode_request(**arguments)
        arguments[name] = good
    assert signer.encode_request(**arguments) == expected("GET", "/", host="h")


def test_changed_buffer_keeps_signature(signer, monkeypatch):
    """A second thread may write into the buffer after the signature."""
    body = bytearray(b"a" * 100)

    def build_headers(*arguments):
        body[:] = b"b" * 100
        return original(*arguments)

    original = _http.build_headers
    monkeypatch.setattr(_http, "build_headers", build_headers)
    assert signer.encode_request("POST", "/v3/x", body, timestamp=NOW) == expected("POST", "/v3/x", b"a" * 100)
    assert body == b"b" * 100
