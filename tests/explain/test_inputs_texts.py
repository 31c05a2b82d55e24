"""HTTP as text, clients' logs, and what browsers copy: what is read of the forms that they come in."""

from __future__ import annotations

import base64
import json

import pytest

from woox_fast._explain.inputs import parse_request

URL = "https://api.woox.io/v3/trade/order"
PATH = "/v3/trade/order"
Read = tuple[str, str, "bytes | None"]

HTTP: list[tuple[str | bytes, Read]] = [
    *((f"{method} {PATH} HTTP/1.1\n\n", (method, PATH, b"")) for method in ("GET", "DELETE", "HEAD", "PATCH", "Put")),
    (f"POST {PATH} HTTP/2\n\na", ("POST", PATH, b"a")),
    (f"  POST \t{URL}  HTTP/1.0 \r\n\r\na\r\n", ("POST", URL, b"a")),
    (f"### name\nPOST {PATH}\nA: b\n\na\n\n", ("POST", PATH, b"a\n")),
    (f"\ufeff\n\n POST {PATH} HTTP/1.1\n\na", ("POST", PATH, b"a")),
    (f"POST {PATH} HTTP/1.1\n\na\n".encode("utf-16"), ("POST", PATH, b"a")),
    (b"\xfe\xff" + f"POST {PATH} HTTP/1.1\n\na".encode("utf-16-be"), ("POST", PATH, b"a")),
    (f"POST {PATH} HTTP/1.1\nContent-Length: 2\n\nabc", ("POST", PATH, b"ab")),
    (f"POST {PATH} HTTP/1.1\nContent-Length: 3\n\nabc", ("POST", PATH, b"abc")),
    (f"POST {PATH} HTTP/1.1\nContent-Length: 4\n\nabc\n", ("POST", PATH, b"abc\n")),
    (f"POST {PATH} HTTP/1.1\nContent-Length: 9\n\nabc\n", ("POST", PATH, b"abc")),
    (f"POST {PATH} HTTP/1.1\nContent-Length: x\n\nabc", ("POST", PATH, b"abc")),
    (f"POST {PATH} HTTP/1.1\nContent-Length: 0\n\n", ("POST", PATH, b"")),
    (f"POST {PATH} HTTP/1.1\nContent-Length: 1\n\n", ("POST", PATH, None)),
    (f"POST {PATH} HTTP/1.1\n\nb'a\\x62'\n", ("POST", PATH, b"ab")),
    (f'POST {PATH} HTTP/1.1\n\nb"a\'b"', ("POST", PATH, b"a'b")),
    (f"POST {PATH} HTTP/1.1\n\nab'c'", ("POST", PATH, b"ab'c'")),
    (f"POST {PATH} HTTP/1.1\n\na\n\nHTTP/1.1 200 OK\n\nb", ("POST", PATH, b"a")),
    (f"POST {PATH} HTTP/1.1\r\n\r\na\r\n\r\n\r\nHTTP/2 404\r\n", ("POST", PATH, b"a")),
    (f"POST {PATH} HTTP/1.1\nTransfer-Encoding: Chunked\n\n2\nab\n1;x=y\nc\n0\n\n", ("POST", PATH, b"abc")),
    (
        f"POST {PATH} HTTP/1.1\nTransfer-Encoding: chunked\n\n2\r\nab\r\n10\r\n0123456789abcdef\r\n0\r\n",
        ("POST", PATH, b"ab0123456789abcdef"),
    ),
    (f"POST {PATH} HTTP/1.1\nTransfer-Encoding: chunked\n\n2\nab\nno", ("POST", PATH, b"2\nab\nno")),
    (f"POST {PATH} HTTP/1.1\nTransfer-Encoding: chunked\n\n2\nab\nno\n0\n", ("POST", PATH, b"2\nab\nno\n0\n")),
    (f"POST {PATH} HTTP/1.1\nTransfer-Encoding: gzip\n\n2\nab\n0\n", ("POST", PATH, b"2\nab\n0")),
    (f"POST {PATH} HTTP/1.1\n\ncurl {URL}", ("POST", PATH, f"curl {URL}".encode())),
    # HTTP/2
    (f":method: PUT\n:path: {PATH}\nA: b\n\nabc\n\n", ("PUT", PATH, b"abc\n")),
    (f":authority: api.woox.io\r\n:method: PUT\r\n:path: {PATH}\r\n\r\nabc", ("PUT", URL, b"abc")),
    (f":scheme: http\n:path: {PATH}\n:method:PUT\n:authority: a.io", ("PUT", f"http://a.io{PATH}", None)),
    (f":path: {PATH}\n:method: GET\n:authority: api.woox.io\n", ("GET", URL, b"")),
    (f":path: {PATH}\n:method: POST\ncontent-length: 0\n", ("POST", PATH, b"")),
    # http.client's debuglevel
    (f"send: b'POST {PATH} HTTP/1.1\\r\\n\\r\\n'\nsend: b'ab'\nsend: b\"c'\"\nreply: x", ("POST", PATH, b"abc'")),
    (
        f"send: b'GET {PATH} HTTP/1.1\\r\\n\\r\\n'\nsend: b'PUT {PATH} HTTP/1.1\\r\\nx-api-signature: a\\r\\n\\r\\nb'",
        ("PUT", PATH, b"b"),
    ),
    (f"send: b'c'\n send: b'GET {PATH} HTTP/1.1\\r\\n\\r\\n'", ("GET", PATH, b"")),
    # curl -v, --trace and --trace-ascii
    (f"> POST {PATH} HTTP/1.1\n> Content-Length: 0\n> \n< HTTP/1.1 200 OK\n", ("POST", PATH, b"")),
    (f"* Connected\n> GET {PATH} HTTP/1.1\n>\n> x", ("GET", PATH, b"")),
    (
        f"> junk\n< a\n> GET {PATH} HTTP/1.1\n> \n< b\n> PUT {PATH} HTTP/1.1\n> X-Api-Signature: a\n>\n",
        ("PUT", PATH, None),
    ),
]


def _trace(*parts: tuple[str, bytes], stamp: str = "") -> str:
    """What `curl --trace` prints."""
    lines = []
    for kind, data in parts:
        lines.append(f"{stamp}=> Send {kind}, {len(data)} bytes (0x{len(data):x})")
        for at in range(0, len(data), 16):
            lines.append(f"{at:04x}: {data[at : at + 16].hex(' '):<48}" + "." * len(data[at : at + 16]))
    return "\n".join([*lines, "<= Recv header, 2 bytes (0x2)", "0000: 61 62   ab", ""])


HEAD = f"POST {PATH} HTTP/1.1\r\nHost: api.woox.io\r\n\r\n".encode()
HTTP += [
    (_trace(("header", HEAD), ("data", b"a" * 20), ("data", b"\xff\n.")), ("POST", PATH, b"a" * 20 + b"\xff\n.")),
    (_trace(("header", HEAD), ("data", b"ab"), stamp="10:00:00.123 "), ("POST", PATH, b"ab")),
    (
        _trace(("header", HEAD), ("header", HEAD.replace(b"\r\n\r\n", b"\r\nX-API-Signature: a\r\n\r\nb"))),
        ("POST", PATH, b"b"),
    ),
    (
        f"=> Send header, {len(HEAD)} bytes\n0000: POST {PATH} HTTP/1.1\n{len(HEAD) - 21:04x}: Host: api.woox.io\n"
        f"{len(HEAD) - 2:04x}: \n=> Send data, 6 bytes (0x6)\n0000: ab\n0004: c.\n",
        ("POST", PATH, b"ab\r\nc."),
    ),
]

LOGS: list[tuple[str | bytes, Read]] = [
    (f"GET {URL}", ("GET", URL, b"")),
    *(
        (f"sent {method} {URL}", (method, URL, b"" if method in ("GET", "DELETE", "HEAD") else None))
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")
    ),
    (f"method='PUT', url=URL('{URL}?a=1'), headers={{'Content-Length': '0'}}", ("PUT", f"{URL}?a=1", b"")),
    (f"'{URL}', method='PUT', data=b'ab'", ("PUT", URL, b"ab")),
    (f"URL({URL!r}) PUT data: abc", ("PUT", URL, b"abc")),
    (f'https://api.woox.io:443 "DELETE {PATH} HTTP/1.1" 200', ("DELETE", URL, b"")),
    (f'http://api.woox.io:80 "DELETE {PATH} HTTP/1.1" 200', ("DELETE", URL.replace("https", "http"), b"")),
    (f'http://127.0.0.1:8080 "DELETE {PATH} HTTP/1.1" 200', ("DELETE", f"http://127.0.0.1:8080{PATH}", b"")),
    *(
        (f"x POST {URL} {name}{mark} abc\nnext", ("POST", URL, b"abc"))
        for name in ("RequestBody", "request_body", "body", "content", "data", "payload", "chunk", "Body")
        for mark in (":", "=", " =", '":')
    ),
    *(
        (f"x POST {URL} body={nothing}", ("POST", URL, b""))
        for nothing in ("None", "undefined", "null", "b''", "''", '""', 'b""')
    ),
    *((f"x POST {URL} body={nothing}\nmore", ("POST", URL, b"")) for nothing in ("None", "undefined", "null")),
    (f"x POST {URL} body='it\\'s' more", ("POST", URL, b"it's")),
    (f'x POST {URL} body=b"\\xff" more', ("POST", URL, b"\xff")),
    (f'x POST {URL} body={{"a": [1]}} more', ("POST", URL, b'{"a": [1]}')),
    (f'x POST {URL} body=[{{"a": 1}}], more', ("POST", URL, b'[{"a": 1}]')),
    (f"x POST {URL} body={{a: 1\r\nmore", ("POST", URL, b"{a: 1")),
    (f"ccxt POST {URL}, Request: {{'x-api-key': 'a'}} abc", ("POST", URL, b"abc")),
    *(
        (f"x POST {URL} body: abc d\n  {end} more", ("POST", URL, b"abc d"))
        for end in ("fetch Response", "ResponseHeaders", "2026-01-02", "DEBUG", "INFO")
    ),
    (f"x POST {URL}\nx-api-key: 'a'\n  b'ab'  \nb'c'", ("POST", URL, b"ab")),
    (f"x POST {URL}\n{{'x-api-key': 'a'}}\n {{\"b\": 1}} \n", ("POST", URL, b'{"b": 1}')),
    (f"x POST {URL}\n['x-api-key']\n[1, 2]\r\n", ("POST", URL, b"[1, 2]")),
    (f"x POST {URL} b'ab'", ("POST", URL, None)),
    (f"x PUT {URL}a\nx GET {URL}b\nx-api-signature: abc\nx PUT {URL}c", ("GET", f"{URL}b", b"")),
    (f"{URL}a PUT,\n{URL}b GET x-api-signature=abc {URL}c PUT", ("GET", f"{URL}b", b"")),
]

# HAR files and fetch


def _har(**request: object) -> str:
    return json.dumps({"log": {"entries": [{"request": {"method": "POST", "url": URL, **request}}]}})


SIGNED = {"x-api-signature": "a"}
BROWSERS: list[tuple[str | bytes, Read]] = [
    (_har(), ("POST", URL, b"")),
    (_har(postData={"text": "é"}), ("POST", URL, "é".encode())),
    (_har(postData={"text": base64.b64encode(b"\xff").decode(), "encoding": "base64"}), ("POST", URL, b"\xff")),
    (
        _har(postData={"params": [{"name": "a", "value": "b c"}, {"value": "d"}, {"name": "e"}]}),
        ("POST", URL, b"a=b+c&=d&e="),
    ),
    (_har(postData={"text": "", "params": [{"name": "a", "value": "b"}]}), ("POST", URL, b"")),
    (_har(postData={"params": None}), ("POST", URL, b"")),
    (_har(postData=None), ("POST", URL, b"")),
    (_har(postData="text"), ("POST", URL, b"")),
    (json.dumps({"request": {"method": "PUT", "url": URL}}), ("PUT", URL, b"")),
    (json.dumps({"method": "PUT", "url": URL}), ("PUT", URL, b"")),
    (
        json.dumps({"log": {"entries": [None, {"request": 7}, {"url": URL}, {"method": "PUT", "url": URL}]}}),
        ("PUT", URL, b""),
    ),
    (json.dumps({"log": 7, "method": "PUT", "url": URL}), ("PUT", URL, b"")),
    (
        json.dumps(
            {
                "log": {
                    "entries": [
                        {"method": "PUT", "url": "a"},
                        {"method": "GET", "url": URL, "headers": [{"name": "X-API-Signature", "value": "a"}]},
                    ]
                }
            }
        ),
        ("GET", URL, b""),
    ),
    (f'fetch("{URL}")', ("GET", URL, b"")),
    (f'fetch("{URL}'.encode() + b'\xff")', ("GET", f"{URL}\ufffd", b"")),
    (f'fetch( "{URL}", {{"method": "PUT", "body": "a"}});', ("PUT", URL, b"a")),
    (f'fetch("{URL}",\r\n\t{{"body": null}})', ("GET", URL, b"")),
    (f'fetch("{URL}a"); fetch("{URL}b", {json.dumps({"headers": SIGNED})})', ("GET", f"{URL}b", b"")),
    (f'fetch("{URL}a");' * 31 + f'fetch("{URL}b", {json.dumps({"headers": SIGNED})})', ("GET", f"{URL}b", b"")),
    (f'fetch("{URL}a");' * 32 + f'fetch("{URL}b", {json.dumps({"headers": SIGNED})})', ("GET", f"{URL}a", b"")),
]


@pytest.mark.parametrize(("text", "read"), [*HTTP, *LOGS, *BROWSERS])
def test_a_text(text: str | bytes, read: Read) -> None:
    found = parse_request(text)
    assert (found.method, found.url, found.body) == read


def test_headers_of_each_form() -> None:
    headers = {"x-api-key": "K=", "x-api-timestamp": "1578565539808"}
    lines = "X-API-Key: K=\nx-api-timestamp: 1578565539808"
    listed = [{"name": name.upper(), "value": value} for name, value in headers.items()]
    texts = (
        f"POST {PATH} HTTP/1.1\n{lines}\n\na",
        f":method: POST\n:path: {PATH}\n{lines}\n\na",
        f"curl {URL} -d a -H 'X-API-Key: K=' --header 'x-api-timestamp:1578565539808' -H 'no colon'",
        f"x POST {URL} {headers}",
        f"x POST {URL} x-api-key=K= X-API-TIMESTAMP: 1578565539808 x-api-key=other",
        _har(headers=listed),
        _har(headers=headers),
        _har(headers=[*listed, None]),
        f"fetch({json.dumps(URL)}, {json.dumps({'headers': headers})})",
    )
    for text in texts:
        assert parse_request(text).headers == headers, text
    assert parse_request(f"curl {URL} -H 'A:  b '").headers == {"a": " b "}
    assert parse_request(_har(headers=7)).headers == {}
    assert parse_request(f"x {URL} GET host: a, content-type: b; content-length=3 accept: c").headers == {
        "host": "a",
        "content-type": "b;",
        "content-length": "3",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "the JSON cannot be read"),
        ('{"a":' * 100_000, "the JSON cannot be read"),
        ("GET /v3/x HTTP/1.1\n" + "a: b\n" * 200, "the headers after GET cannot be read"),
        ("=> Send header, 9 bytes (0x9)\n0000: hello\n", "curl's trace holds no request line"),
        ("send: b'hello'", "the log's 'send:' lines hold no request line"),
        ("", "got nothing to read a request from; give a curl command"),
        (b"\xff\xfe", "got nothing to read a request from"),
        ("[" * 50, "found no request in what begins with"),
        (json.dumps({"log": {"entries": []}}), r"a HAR file has log\.entries"),
        (json.dumps({"log": {"entries": None}}), r"a HAR file has log\.entries"),
        (json.dumps({"log": {"entries": [{"request": {"url": URL}}]}}), r"a HAR file has log\.entries"),
        (json.dumps({"log": {"entries": [{"request": {"method": "GET"}}]}}), r"a HAR file has log\.entries"),
        (_har(postData={"text": "*", "encoding": "base64"}), "says that it is base64, and is not"),
        (f'fetch("{URL}", {{"body": ', "the call of fetch cannot be read"),
        (f"POST {PATH} HTTP/1.1\n\nb'\\x'", "no literal of Python"),
        (":path: /v3/x", ":method and :path"),
        (f"curl {URL} -d", "the curl command cannot be read: "),
        ("curl words only", "the curl command holds no URL"),
        ("see https://api.woox.io", "the log holds no method and URL; give a curl command"),
    ],
)
def test_what_cannot_be_read_is_said(text: str | bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_request(text)
