"""The response parser: split bytes, surplus bytes, cut responses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from woox_fast.gateway.parser import ResponseError, ResponseParser
from woox_fast.gateway.response import Response

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
RESPONSES = {
    "a length": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}"),
    "no body": (b"HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n", 429, b""),
    "chunks": (CHUNKED + b"2\r\n{}\r\n3\r\nabc\r\n0\r\n\r\n", 200, b"{}abc"),
    "chunks and a trailer": (CHUNKED + b"2\r\n{}\r\n0\r\nX-After: 1\r\n\r\n", 200, b"{}"),
    "no chunk": (CHUNKED + b"0\r\n\r\n", 200, b""),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    "304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b""),
    "100 before it": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x"),
    "103 before it": (b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x"),
    "a redirect": (b"HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 307, b""),
    "a body that ends lines": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{}\r\n", 200, b"{}\r\n"),
}
END_BY_CLOSING = b"HTTP/1.1 200 OK\r\nX-Request-Id: a\r\n\r\n"


def test_missing_httptools_names_extra():
    program = "import sys; sys.modules['httptools'] = None; import woox_fast.gateway"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "woox_fast.gateway needs httptools; run: pip install 'woox-fast[gateway]'" in done.stderr


@pytest.mark.parametrize("name", RESPONSES)
def test_split_response_is_parsed(name):
    raw, status, body = RESPONSES[name]
    parser = ResponseParser(1000)
    for cut in range(len(raw)):
        for pieces in ([raw[:cut], raw[cut:]], [raw[:cut], *(raw[at : at + 1] for at in range(cut, len(raw)))]):
            response = [parser.feed(piece) for piece in pieces if piece]
            assert response[:-1] == [None] * (len(response) - 1)
            assert (response[-1].status, response[-1].body) == (status, body)
            assert parser.reusable


@pytest.mark.parametrize("name", RESPONSES)
@pytest.mark.parametrize(
    "surplus", [b"x", b" ", b"\r\n", b"\n", b"\r\n\r\n", b"H", b"HTTP/1.1 200 OK\r\n", "everything again"]
)
def test_surplus_bytes_end_connection(name, surplus):
    raw, status, body = RESPONSES[name]
    raw += raw if isinstance(surplus, str) else surplus
    whole = RESPONSES[name][0]
    for cut in range(len(whole)):  # the surplus comes with the last piece
        parser = ResponseParser(1000)
        assert not cut or parser.feed(raw[:cut]) is None
        response = parser.feed(raw[cut:])
        assert (response.status, response.body) == (status, body)
        assert not parser.reusable


def test_line_end_body_ends_connection():
    """A surplus line end would be invisible."""
    parser = ResponseParser(1000)
    assert parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\r\n").body == b"\r\n"
    assert not parser.reusable


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        CHUNKED.replace(b"\r\n", b"\r\nconnection: Close\r\n", 1) + b"2\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_connection_close_ends_connection(raw):
    parser = ResponseParser(1000)
    assert parser.feed(raw).body == b"{}"
    assert not parser.reusable


@pytest.mark.parametrize("length", [b"", b"Content-Length: 9\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_head_ends_with_headers(length):
    raw = b"HTTP/1.1 200 OK\r\n" + length + b"\r\n"
    for cut in range(1, len(raw)):
        parser = ResponseParser(1000)
        parser.expect_head()
        assert parser.feed(raw[:cut]) is None
        response = parser.feed(raw[cut:])
        assert (response.status, response.body) == (200, b"")
        assert parser.reusable == (length != b"")  # without a length the server may mean to close
        assert parser.feed(RESPONSES["a length"][0]).body == b"{}"  # the next is not to HEAD


@pytest.mark.parametrize("surplus", [b"{}", b"\r\n", b"HTTP/1.1 200 OK\r\n"])
def test_body_after_head_is_dropped(surplus):
    parser = ResponseParser(1000)
    parser.expect_head()
    assert parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + surplus).body == b""
    assert not parser.reusable


@pytest.mark.parametrize("body", [b"", b"{}", b"{}\r\n"])
def test_close_ends_response(body):
    raw = END_BY_CLOSING + body
    for cut in range(len(END_BY_CLOSING), len(raw) + 1):
        parser = ResponseParser(1000)
        assert [parser.feed(piece) for piece in (raw[:cut], raw[cut:]) if piece] in ([None], [None, None])
        response = parser.end()
        assert (response.status, response.body, response.request_id) == (200, body, "a")
        assert not parser.reusable


def test_close_ends_response_after_100():
    parser = ResponseParser(1000)
    assert parser.feed(b"HTTP/1.1 100 Continue\r\n\r\n" + END_BY_CLOSING + b"{}") is None
    assert (parser.end().body, parser.reusable) == (b"{}", False)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"H",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
        CHUNKED + b"2\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nConte",
        END_BY_CLOSING[:-2],
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
    ],
)
def test_cut_response_is_error(raw):
    parser = ResponseParser(1000)
    assert not raw or parser.feed(raw) is None
    with pytest.raises(ResponseError, match=r"^the server closed the connection before its response was complete$"):
        parser.end()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "the response is not HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "the response is not HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", "the response is not HTTP/1.1"),
        (CHUNKED + b"x\r\n", "the response is not HTTP/1.1"),
        (b"HTTP/1.1 101 Up\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", "another protocol"),
    ],
)
def test_invalid_response_is_error(raw, why):
    parser = ResponseParser(1000)
    with pytest.raises(ResponseError, match=why):
        parser.feed(raw)


def test_long_response_is_error():
    raw = RESPONSES["a length"][0]
    for size in (len(raw), len(raw) - 1):
        for cut in range(len(raw) - 1):
            parser = ResponseParser(size)
            assert not cut or parser.feed(raw[:cut]) is None
            if size == len(raw):
                assert parser.feed(raw[cut:]).body == b"{}"
                assert parser.feed(raw).body == b"{}"  # the limit is per response
            else:
                with pytest.raises(ResponseError, match=f"longer than {size} bytes"):
                    parser.feed(raw[cut:])


def test_response_joins_headers():
    raw = b"HTTP/1.1 200 OK\r\nX-Trace-ID:  t \r\nVary: a\r\nvary: b\r\nX-L: \xe9\r\nContent-Length: 3\r\n\r\nA:1"
    response = ResponseParser(1000).feed(b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n" + raw)
    assert response.raw_headers == [
        (b"X-Trace-ID", b"t "),
        (b"Vary", b"a"),
        (b"vary", b"b"),
        (b"X-L", b"\xe9"),
        (b"Content-Length", b"3"),
    ]
    assert response.headers == {"x-trace-id": "t", "vary": "a, b", "x-l": "é", "content-length": "3"}
    assert response.request_id == "t"
    assert ResponseParser(1000).feed(raw.replace(b"Vary", b"X-Request-ID")).request_id == "a"
    assert ResponseParser(1000).feed(RESPONSES["a length"][0]).request_id is None


def test_headers_exclude_next_response():
    """The bytes of the next response are ignored."""
    raw = b"HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 2\r\n\r\n{}"
    parser = ResponseParser(1000)
    assert parser.feed(raw[:20]) is None
    response = parser.feed(raw[20:] + b"HTTP/1.1 200 OK\r\nB: 2\r\n\r\n")
    assert response.headers == {"a": "1", "content-length": "2"}


def test_response_parses_json():
    assert Response(200, b'{"a": [1]}', b"").json() == {"a": [1]}
    for body in (b"", b"<html>", b"[" * 100_000, b'"\xff"'):
        with pytest.raises(
            ValueError, match=r"^the response \(HTTP 502, \d+ bytes\) is not JSON: .*; its body begins b'"
        ):
            Response(502, body, b"").json()


def test_response_has_repr():
    assert repr(Response(200, b"{}", b"", 1_234_567)) == "<Response 200 with a body of 2 bytes after 1,235 us>"


def test_interrupt_in_parser_propagates(monkeypatch):
    parser = ResponseParser(1000)

    def interrupt(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(ResponseParser, "_on_complete", interrupt)
    parser = ResponseParser(1000)
    with pytest.raises(KeyboardInterrupt):
        parser.feed(RESPONSES["a length"][0])
