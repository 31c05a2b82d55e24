"""Requests as people have them at hand: a curl command, a HAR file, HTTP as text, a client's log."""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import json
import re
import time
from collections.abc import Callable

import httpx
import pytest
import requests
from helpers.oracle import KEY, NOW, SECRET, oracle
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

import woox_fast
from woox_fast._explain.inputs import SentRequest, parse_request

URL = "https://api.woox.io/v3/trade/order"
PATH = "/v3/trade/order"
BODY = '{"symbol": "SPOT_币_USDT", "tag": "it\'s \\"5\\"", "price": "9000"}'
SIGNATURE = oracle(f"{NOW}POST{PATH}{BODY}".encode())
HEADERS = {"x-api-key": KEY, "x-api-timestamp": str(NOW), "x-api-signature": SIGNATURE}
LINES = [f"{name}: {value}" for name, value in HEADERS.items()]
REQUEST_INFO = f"RequestInfo(url=URL('{URL}'), method='POST', headers=<CIMultiDictProxy({str(HEADERS)[1:-1]})>)"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def http_client_log() -> str:
    """What http.client prints with debuglevel=1, as requests and urllib3 use it."""

    class Socket:
        def sendall(self, data: bytes) -> None:
            pass

    connection = http.client.HTTPConnection("api.woox.io")
    connection.set_debuglevel(1)
    connection.sock = Socket()  # type: ignore[assignment]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        connection.request("POST", PATH, BODY.encode(), HEADERS)
    return "connect: ('api.woox.io', 443)\n" + printed.getvalue() + "reply: 'HTTP/1.1 401 Unauthorized\\r\\n'\n"


def har(**post: str) -> str:
    other = {"method": "GET", "url": "https://x.woo.org/", "headers": []}
    headers = [{"name": name.title(), "value": value} for name, value in HEADERS.items()]
    request = {"method": "POST", "url": URL, "httpVersion": "HTTP/2", "headers": headers, "postData": post}
    return json.dumps({"log": {"version": "1.2", "entries": [{"request": other}, {"request": request}]}})


def curl_trace(head: str, *, in_hex: bool) -> str:
    """What `curl --trace` and `--trace-ascii` print: offsets, then bytes in hex or text; of the latter no line ends."""
    printed = ["== Info: Connected to api.woox.io (127.0.0.1) port 443 (#0)"]
    for kind, data in (("header", f"{head}\r\n\r\n".replace("\n", "\r\n").replace("\r\r", "\r")), ("data", BODY)):
        sent = data.encode()
        printed.append(f"=> Send {kind}, {len(sent)} bytes (0x{len(sent):x})")
        if in_hex:
            for at in range(0, len(sent), 16):
                some = sent[at : at + 16]
                printed.append(f"{at:04x}: {some.hex(' ') + ' ':<48}{''.join(map(ascii_or_dot, some))}")
            continue
        at = 0
        for line in sent.split(b"\r\n") if kind == "header" else [sent]:
            for start in range(0, len(line) or 1, 64):
                printed.append(f"{at + start:04x}: {line[start : start + 64].decode()}")
            at += len(line) + 2
    return "\n".join([*printed, "<= Recv header, 27 bytes (0x1b)", "0000: HTTP/1.1 401 Unauthorized"])


def ascii_or_dot(byte: int) -> str:
    return chr(byte) if 32 <= byte < 127 else "."


def for_cmd(text: str) -> str:
    """As Chrome's "copy as cURL (cmd)" writes an argument: for the C runtime, then carets for the shell."""
    quoted_text = text.replace("\\", "\\\\").replace('"', '\\"') if '"' in text else text
    return '^"' + re.sub(r"[^a-zA-Z0-9\s_\-:=+~'/.,?;()*`]", lambda found: "^" + found[0], quoted_text) + '^"'


def for_cmd_in_quotes(text: str) -> str:
    """As people write it by hand there: in double quotes, in which a caret is one."""
    return '"' + re.sub(r'(\\*)"', r'\1\1\\"', text) + '"'


REQUEST = requests.Request("POST", URL, data=BODY.encode(), headers=HEADERS).prepare()
HTTPX = httpx.Request("POST", URL, content=BODY.encode(), headers=HEADERS)
CURL = f"curl '{URL}' \\\n  -X POST \\\n" + "".join(f"  -H '{line}' \\\n" for line in LINES)
HTTP = f"POST {PATH} HTTP/1.1\nHost: api.woox.io\n" + "\n".join(LINES)
WHOLE = {
    "curl": CURL + f"  --data-raw {quoted(BODY)} --compressed",
    "curl-short": f"$ curl -sSX POST {URL} -m 10 -H'{LINES[0]}' -H '{LINES[1]}' -H '{LINES[2]}' -d {quoted(BODY)} -o o",
    "curl-data-alone": "curl --url="
    + URL
    + "".join(f" --header '{line}'" for line in LINES)
    + f" --data {quoted(BODY)}",
    "curl-json": "curl " + "".join(f"-H '{line}' " for line in LINES) + f"--json {quoted(BODY)} {URL}",
    "curl-ansi-c": CURL
    + "  --data-raw $'"
    + BODY.replace("\\", "\\\\").replace("'", "\\'").replace("币", "\\u5e01")
    + "'",
    "har": har(mimeType="application/json", text=BODY),
    "har-base64": har(text=base64.b64encode(BODY.encode()).decode(), encoding="base64"),
    "har-entry": json.dumps(json.loads(har(text=BODY))["log"]["entries"][1]),
    "http": f"{HTTP}\n\n{BODY}\n",
    "http-crlf": HTTP.replace("\n", "\r\n") + "\r\n\r\n" + BODY,
    "http-length": f"{HTTP}\nContent-Length: {len(BODY.encode())}\n\n{BODY}and more",
    "http-chunked": f"{HTTP}\nTransfer-Encoding: chunked\n\n{len(BODY.encode()):x}\n{BODY}\n0\n\n",
    "http-2": f":authority: api.woox.io\n:method: POST\n:path: {PATH}\n:scheme: https\n"
    + "\n".join(LINES)
    + f"\n\n{BODY}\n",
    "http-client-log": http_client_log(),
    "ccxt": f"\nfetch Request: woo POST {URL} RequestHeaders: {HEADERS} RequestBody: {BODY}\n\nfetch Response: woo 401",
    "ccxt-debug": f"DEBUG:ccxt:POST {URL}, Request: {HEADERS} {BODY}",
    "ccxt-javascript": (
        f"fetch Request:\n woo POST {URL} \nRequestHeaders:\n {{\n  'x-api-key': '{KEY}',\n  'x-api-signature':\n"
        f"   '{SIGNATURE}',\n  'x-api-timestamp': '{NOW}'\n}} \nRequestBody:\n {BODY} \n\n"
    ),
    "curl-after-a-prompt": f"me@host:~$ TOKEN=a curl -XPOST {URL} {' '.join(f'-H {quoted(line)}' for line in LINES)} "
    f"-d {quoted(BODY)} 2>/dev/null | jq .",
    "curl-second": f"curl -s https://api.woox.io/v3/public/systemInfo\n{CURL} --data-binary {quoted(BODY)}",
    "curl-cmd": f"curl {for_cmd(URL)} ^\r\n"
    + "".join(f"  -H {for_cmd(line)} ^\r\n" for line in LINES)
    + f"  --data-raw {for_cmd(BODY)}",
    "curl-cmd-quotes": f"curl.exe {URL} ^\r\n"
    + "".join(f"  -H {for_cmd_in_quotes(line)} ^\r\n" for line in LINES)
    + f"  -d {for_cmd_in_quotes(BODY)}",
    "curl-trace": curl_trace(HTTP, in_hex=True),
    "curl-trace-ascii": curl_trace(HTTP, in_hex=False),
    "fetch": "await fetch("
    + json.dumps(URL)
    + ", "
    + json.dumps({"headers": HEADERS, "body": BODY, "method": "POST", "mode": "cors"}, indent=2)
    + ");",
    "httpie": f"{HTTP}\n\n{BODY}\n\nHTTP/1.1 401 Unauthorized\nContent-Type: application/json\n\n{{}}\n",
    "http-after-a-name": f"### an order\n# @name order\n{HTTP.replace(PATH, URL)}\n\n{BODY}\n",
    "http-utf-16": "\ufeff" + f"{HTTP}\n\n{BODY}\n",
    "requests-printed": f"{REQUEST.method} {REQUEST.url}\n{REQUEST.headers}\n{REQUEST.body!r}\n",
    "requests-in-lines": f"-----START-----\n{REQUEST.method} {REQUEST.url}\r\n"
    + "\r\n".join(f"{name}: {value}" for name, value in REQUEST.headers.items())
    + f"\r\n\r\n{REQUEST.body!r}\n",
    "httpx-hook": f"Request event hook: {HTTPX.method} {HTTPX.url} - Waiting for response\n"
    f"{HTTPX.headers!r}\n{HTTPX.content!r}\n2026-01-01 00:00:00 DEBUG httpcore.connection: connect_tcp.started\n",
    "aiohttp-trace": f"TraceRequestStartParams(method='POST', url=URL('{URL}'), headers={CIMultiDict(HEADERS)!r})\n"
    f"TraceRequestChunkSentParams(method='POST', url=URL('{URL}'), chunk={BODY.encode()!r})\n",
    "another-request-before": f'DEBUG:urllib3.connectionpool:https://api.woox.io:443 "GET /v3/x HTTP/1.1" 200 1\n'
    f"ccxt: GET https://api.woox.io/v3/public/systemInfo\nfetch Request: woo POST {URL} RequestHeaders: {HEADERS} "
    f"RequestBody: {BODY}\n",
    "log-of-bytes": f"sent POST {URL} headers={HEADERS} content={BODY.encode()!r}",
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_request(name: str) -> None:
    found = parse_request(WHOLE[name])
    assert found.method == "POST"
    assert found.url in (URL, PATH)
    assert {header: found.headers[header] for header in HEADERS} == HEADERS
    assert found.body.decode() == BODY
    assert parse_request(WHOLE[name].encode("utf-16-le" if name == "http-utf-16" else "utf-8")) == found
    signature, stamp = found.headers["x-api-signature"], found.headers["x-api-timestamp"]
    assert woox_fast.explain(SECRET, signature, stamp, found.method, found.url, found.body).right


@pytest.mark.parametrize(
    ("text", "method", "url", "names"),
    [
        (
            f'DEBUG:urllib3.connectionpool:https://api.woox.io:443 "GET {PATH}?a=1 HTTP/1.1" 401 None',
            "GET",
            f"{URL}?a=1",
            0,
        ),
        (
            f'INFO:httpx:HTTP Request: DELETE {URL}?orderId=7 "HTTP/1.1 401 Unauthorized"',
            "DELETE",
            f"{URL}?orderId=7",
            0,
        ),
        (f"aiohttp.ClientResponseError: 401, {REQUEST_INFO.replace('POST', 'GET')}", "GET", URL, 3),
        (f"> GET {PATH} HTTP/1.1\n" + "".join(f"> {line}\n" for line in LINES) + "> \n< HTTP/1.1 401", "GET", PATH, 3),
        (f"<Request('GET', '{URL}')> Headers({HEADERS})", "GET", URL, 3),
        (f"curl -G {URL} --data-urlencode 'tag=a b' -d closed=true", "GET", f"{URL}?tag=a+b&closed=true", 0),
        (f"curl -I {URL}", "HEAD", URL, 0),
        (f"curl {URL}", "GET", URL, 0),
        (f'curl.exe ^"{URL}^" ^\r\n  -H ^"x-api-key: {KEY}^"', "GET", URL, 1),
        ("get /v3/asset/balances", "get", "/v3/asset/balances", 0),
        (
            "GET https://api.woox.io/v3/asset/balances HTTP/1.1\r\n\r\n",
            "GET",
            "https://api.woox.io/v3/asset/balances",
            0,
        ),
    ],
)
def test_what_a_log_or_a_command_holds(text: str, method: str, url: str, names: int) -> None:
    found = parse_request(text)
    assert (found.method, found.url) == (method, url)
    assert len(HEADERS.keys() & found.headers.keys()) == names
    assert found.body == b""


@pytest.mark.parametrize(
    "text",
    [
        f"aiohttp.ClientResponseError: 401, {REQUEST_INFO}",
        f'DEBUG:urllib3.connectionpool:https://api.woox.io:443 "POST {PATH} HTTP/1.1" 401 None',
        f'INFO:httpx:HTTP Request: POST {URL} "HTTP/1.1 401 Unauthorized"',
        f"> POST {PATH} HTTP/1.1\n"
        + "".join(f"> {line}\n" for line in LINES)
        + "> Content-Length: 9\n> \n} [9 bytes]\n",
        f"{HTTP}\nContent-Length: 9\n\n",
    ],
)
def test_a_body_that_is_not_shown_is_not_taken_for_none(text: str) -> None:
    found = parse_request(text)
    assert (found.method, found.body) == ("POST", None)
    assert repr(found).endswith("with an unknown body>")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing to read a request from"),
        ("  \n", "nothing to read a request from"),
        ("hello", "found no request in what begins with 'hello'"),
        ("curl", "found no request"),
        ("curl -X POST", "holds no URL"),
        (f"curl {URL} -d @order.json", "put the file's text in its place"),
        (f"curl '{URL}", "cannot be read: No closing quotation"),
        (f"curl {URL} -H", "cannot be read"),
        ("{", "the JSON cannot be read"),
        ('{"log": {}}', "a HAR file has log.entries"),
        ("[" * 50, "found no request"),
        ('fetch("https://api.woox.io/v3/x", {"body": oops})', "the call of fetch cannot be read"),
        ("=> Send header, 9 bytes (0x9)\n0000: hello\n", "curl's trace holds no request line"),
        ("[1, 2]", "found no request in what begins with"),
        ('{"a":' * 100_000, "the JSON cannot be read"),
        (":method: GET", ":method and :path"),
        ("see https://api.woox.io", "no method and URL"),
        ("send: b'hello'", "no request line"),
        ("GET /v3/x HTTP/1.1\n" + "a: b\n" * 200, "cannot be read"),
    ],
)
def test_what_is_no_request_is_said(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_request(text)


def test_the_repr_shows_no_headers() -> None:
    assert repr(parse_request(WHOLE["http"])) == f"<SentRequest POST {PATH} with a body of {len(BODY.encode())} bytes>"


@given(
    st.one_of(
        st.text(),
        st.binary(),
        st.sampled_from(sorted(WHOLE)).flatmap(
            lambda name: st.builds(
                lambda cut, put: WHOLE[name][:cut] + put + WHOLE[name][cut + 1 :],
                st.integers(0, len(WHOLE[name])),
                st.text(max_size=3),
            )
        ),
    )
)
def test_anything_is_read_or_refused(text: str | bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_request(text), SentRequest)


@pytest.mark.parametrize(
    "piece", ["\n", "'", '"', "\\", "http://", "GET ", "send: b'", "{", "a: ", " ^", "$'", "%", "x-api-key: "]
)
@pytest.mark.parametrize(
    "before", ["", f"curl {URL} ", f"fetch Request: woo GET {URL} RequestBody: ", "GET /v3/x HTTP/1.1\n"]
)
def test_time_is_linear_in_the_text(before: str, piece: str) -> None:
    def seconds(size: int) -> float:
        text = before + piece * (size // len(piece))
        started = time.process_time()
        with contextlib.suppress(ValueError):
            parse_request(text)
        return time.process_time() - started

    _is_linear(seconds, 10_000, 160_000)


def _is_linear(seconds: Callable[[int], float], small: int, large: int) -> None:
    """Quadratic work would take 256 times as long for 16 times the text."""
    fastest = min(seconds(small) for _ in range(3)) + 0.005
    assert seconds(large) < 100 * fastest
