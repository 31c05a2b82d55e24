"""Readers: a curl command, a HAR file, raw HTTP, `http.client` debug output, a verbose log of ccxt."""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import json

import pytest
from helpers.oracle import KEY, NOW, SECRET, oracle
from hypothesis import given
from hypothesis import strategies as st

from woox_fast import explain
from woox_fast._explain.readers import SentRequest, read_request

PATH = "/v3/trade/order"
URL = f"https://api.woox.io{PATH}"
BODY = '{"symbol": "SPOT_币_USDT", "tag": "it\'s \\"5\\"", "price": "9000"}'
SIGNATURE = oracle(f"{NOW}POST{PATH}{BODY}".encode())
HEADERS = {"x-api-key": KEY, "x-api-timestamp": str(NOW), "x-api-signature": SIGNATURE}
LINES = [f"{name}: {value}" for name, value in HEADERS.items()]
QUOTED = "'" + BODY.replace("'", "'\\''") + "'"
CURL = f"curl '{URL}' \\\n  -X POST \\\n" + "".join(f"  -H '{line}' \\\n" for line in LINES)
HTTP = f"POST {PATH} HTTP/1.1\nHost: api.woox.io\n" + "\n".join(LINES)


def http_client_log() -> str:
    """Record the output of http.client with debuglevel=1."""

    class Socket:
        def sendall(self, data: bytes) -> None:
            pass

    connection = http.client.HTTPConnection("api.woox.io")
    connection.set_debuglevel(1)
    connection.sock = Socket()  # type: ignore[assignment]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        connection.request("POST", PATH, BODY.encode(), HEADERS)
    return f"connect: ('api.woox.io', 443)\n{printed.getvalue()}reply: 'HTTP/1.1 401 Unauthorized\\r\\n'\n"


def har(**post: str) -> str:
    other = {"method": "GET", "url": "https://x.woo.org/", "headers": []}
    headers = [{"name": name.title(), "value": value} for name, value in HEADERS.items()]
    request = {"method": "POST", "url": URL, "httpVersion": "HTTP/2", "headers": headers, "postData": post}
    return json.dumps({"log": {"version": "1.2", "entries": [{"request": other}, {"request": request}]}})


REQUESTS = {
    "curl": f"{CURL}  --data-raw {QUOTED} --compressed",
    "curl with short options": f"$ curl -sSX POST {URL} -m 10 {' '.join(f'-H{line!r}' for line in LINES)} -d {QUOTED}",
    "curl with long options": f"curl --url={URL}{''.join(f' --header {line!r}' for line in LINES)} --data {QUOTED}",
    "curl --json": f"curl {' '.join(f'-H {line!r}' for line in LINES)} --json {QUOTED} {URL} | jq .",
    "curl in bash quotes": CURL
    + f"--data-raw $'{BODY}'".replace("\\", "\\\\").replace("it's", "it\\'s").replace("币", "\\u5e01"),
    "second curl": f"curl -s https://api.woox.io/v3/public/systemInfo\n{CURL} --data-binary {QUOTED}",
    "har": har(mimeType="application/json", text=BODY),
    "har in base64": har(text=base64.b64encode(BODY.encode()).decode(), encoding="base64"),
    "har entry": json.dumps(json.loads(har(text=BODY))["log"]["entries"][1]),
    "http": f"{HTTP}\n\n{BODY}\n",
    "http with CR LF": HTTP.replace("\n", "\r\n") + "\r\n\r\n" + BODY,
    "http with a length": f"{HTTP}\nContent-Length: {len(BODY.encode())}\n\n{BODY}and more",
    "http with a whole URL": f"### an order\n{HTTP.replace(PATH, URL)}\n\n{BODY}\n",
    "http with a printed body": f"{HTTP}\n\n{BODY.encode()!r}\n",
    "http.client": http_client_log(),
    "ccxt": f"\nfetch Request: woo POST {URL} RequestHeaders: {HEADERS} RequestBody: {BODY}\n\nfetch Response: woo 401",
    "ccxt in logging": f"DEBUG:ccxt.base.exchange:POST {URL}, Request: {HEADERS} {BODY}",
    "ccxt in JavaScript": (
        f"fetch Request:\n woo POST {URL} \nRequestHeaders:\n {{\n  'x-api-key': '{KEY}',\n  'x-api-signature':\n"
        f"   '{SIGNATURE}',\n  'x-api-timestamp': '{NOW}'\n}} \nRequestBody:\n {BODY} \n\n"
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_whole_request_is_read(name: str) -> None:
    found = read_request(REQUESTS[name])
    assert found.method == "POST"
    assert found.url in (URL, PATH)
    assert {header: found.headers[header] for header in HEADERS} == HEADERS
    assert found.body is not None
    assert found.body.decode() == BODY
    assert read_request(REQUESTS[name].encode()) == found
    assert read_request(f"\ufeff{REQUESTS[name]}".encode("utf-16-le")) == found
    assert explain(SECRET, SIGNATURE, NOW, found.method, found.url, found.body).right


@pytest.mark.parametrize(
    ("text", "method", "url", "body"),
    [
        (f"curl {URL}", "GET", URL, b""),
        (f"curl -I {URL}", "HEAD", URL, b""),
        (f"curl -G {URL} --data-urlencode 'tag=a b' -d closed=true", "GET", f"{URL}?tag=a+b&closed=true", b""),
        (f"curl --get '{URL}?x=1' -d a=1", "GET", f"{URL}?x=1&a=1", b""),
        (f"curl {URL} -d a -d b", "POST", URL, b"a&b"),
        (f"curl -XDELETE {URL}?a=1#top", "DELETE", f"{URL}?a=1", b""),
        (f"curl {URL} --data-raw @a", "POST", URL, b"@a"),
        (f"curl -s -o out/file -u a/b {URL} && echo", "GET", URL, b""),
        (f"A=1 time curl.exe {URL} 2>&1", "GET", URL, b""),
        (f"GET {URL} HTTP/1.1\r\n\r\n", "GET", URL, b""),
        ("get /v3/asset/balances", "get", "/v3/asset/balances", b""),
        (f"{HTTP}\nContent-Length: 9\n\n", "POST", PATH, None),
        (json.dumps({"method": "GET", "url": URL}), "GET", URL, b""),
        (f"fetch Request: woo GET {URL} RequestHeaders: {{}} RequestBody: None\n", "GET", URL, b""),
    ],
)
def test_request_parts_are_read(text: str, method: str, url: str, body: bytes | None) -> None:
    found = read_request(text)
    assert (found.method, found.url, found.body) == (method, url, body)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the request is empty"),
        ("hello", "found no request in the text that begins with 'hello'"),
        ("curl -X POST", "has no URL"),
        (f"curl {URL} -d @order.json", "insert the file's text"),
        (f"curl '{URL}", "No closing quotation"),
        ("{", "the JSON is invalid"),
        (har(text="?", encoding="base64"), "not valid base64"),
        ('{"log": {}}', "a HAR file has log.entries"),
        ('{"a":' * 100_000, "the JSON is invalid"),
        ("send: b'hello'", "no request line"),
        (f"{HTTP}\n\nb'\\xz'", "is not a Python literal"),
        ("see https://api.woox.io", "found no request"),
    ],
)
def test_other_text_raises(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_request(text)


def test_repr_shows_no_headers() -> None:
    size = len(BODY.encode())
    assert repr(read_request(REQUESTS["http"])) == f"<SentRequest POST {PATH} with a body of {size} bytes>"


def test_many_headers_are_read() -> None:
    lines = [f"h{number}: {number}" for number in range(10_000)]
    text = f"curl {URL} " + " ".join(f"-H '{line}'" for line in lines)
    assert len(read_request(text).headers) == len(read_request(f"{HTTP}\n" + "\n".join(lines)).headers) - 4 == 10_000


CHANGED = st.builds(
    lambda text, cut, inserted: text[:cut] + inserted + text[cut + 1 :],
    st.sampled_from(sorted(REQUESTS.values())),
    st.integers(0, max(map(len, REQUESTS.values()))),
    st.text(max_size=3),
)


@given(st.text() | st.binary() | CHANGED)
def test_any_text_is_handled(text: str | bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(read_request(text), SentRequest)
