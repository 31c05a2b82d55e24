"""Test the web page's files, updates and details. tests/browser tests the page in a browser."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from helpers.sandbox_client import LIMIT_ORDER, STOP_ORDER, Client, ask, data, place

from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, ERRORS, Sandbox, page
from woox_fast.sandbox.explain_worker import ExplainedRequest

PACKAGE = Path(page.__file__).parent
INFO = "/v3/account/info"


def detail(sandbox: Sandbox, number: int) -> dict[str, Any]:
    found = data(f"{sandbox.url}/sandbox/requests?number={number}")
    assert DEMO_API_SECRET not in json.dumps(found)
    return found


def updates(sandbox: Sandbox, since: int = 0, started: str = "") -> dict[str, Any]:
    return ask(f"{sandbox.url}/sandbox/updates?since={since}&started={started}")[1]


@pytest.mark.parametrize(
    ("path", "name"), [("/", "page.html"), ("/sandbox/page.css", "page.css"), ("/sandbox/page.js", "page.js")]
)
def test_policy_allows_own_files(sandbox: Sandbox, path: str, name: str) -> None:
    with urllib.request.urlopen(sandbox.url + path) as response:
        body, headers = response.read(), response.headers
    assert body == (PACKAGE / name).read_bytes()
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    own_files = {"script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src data:"}
    forbidden = {f"{part} 'none'" for part in ("default-src", "base-uri", "form-action", "frame-ancestors")}
    trusted_types = {"require-trusted-types-for 'script'", "trusted-types 'none'"}
    assert set(policy.split("; ")) == own_files | forbidden | trusted_types
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert (headers["X-Frame-Options"], headers["Cache-Control"]) == ("DENY", "no-store")
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_updates_contain_new_requests(sandbox: Sandbox, client: Client) -> None:
    order = place(client, clientOrderId=5)
    first = updates(sandbox)
    assert first["account"] == DEMO_API_KEY[:4]
    assert [row[:6] for row in first["rows"]] == [[1, 1_795_000_000_000, "POST", "/v3/trade/order", 200, "OK"]]
    assert first["stats"] == sandbox.stats()
    assert first["orders"] == [[order, 5, "SPOT_BTC_USDT", "BUY", "LIMIT", "60000", "0.01", "0", 1]]
    assert first["counts"] == {"placed": 1, "open": 1, "filled": 0, "cancelled": 0}
    client.request("GET", INFO.encode(), {})
    sandbox.faults.add("html")
    second = updates(sandbox, 1, first["started"])
    assert [(row[0], row[5]) for row in second["rows"]] == [(2, "MISSING_HEADER")]
    assert second["faults"] == [{"number": 1, "fault": "html", "rule": "html", "uses": 0, "spent": False}]
    assert updates(sandbox, 2, first["started"])["rows"] == []
    assert len(updates(sandbox, 2, "another")["rows"]) == 2  # a page from before a restart


def test_updates_are_bounded(sandbox: Sandbox, client: Client) -> None:
    for _ in range(11):
        client.send(b"GET /v3/public/systemInfo HTTP/1.1\r\nHost: h\r\n\r\n" * 100)
        for _ in range(100):
            client.read_response()
    rows = updates(sandbox)["rows"]
    assert [rows[0][0], rows[-1][0], len(rows)] == [101, 1100, 1000]
    assert len(sandbox.requests) == 1000


def test_updates_list_algo_orders(sandbox: Sandbox, client: Client) -> None:
    client.data("POST", "/v3/trade/algoOrder", {**STOP_ORDER, "clientAlgoOrderId": 5})
    (row,) = updates(sandbox)["orders"]
    assert row[1:] == [5, "SPOT_BTC_USDT", "BUY", "STOP", "59000", "0.01", "0", 1]


def test_detail_shows_client_response(sandbox: Sandbox, client: Client) -> None:
    place(client)
    assert '"orderId":60000000001' in detail(sandbox, 1)["response"]
    sandbox.faults.add("html-after 504 on POST first 1")
    sandbox.faults.add("gzip on GET first 1")
    sandbox.faults.add("cut 0 on PUT first 1")
    client.send(b"POST /v3/trade/order HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
    client.send(b"GET /v3/nope HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n")
    client.send(b"PUT /v3/nope HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
    while client.socket.recv(65536):  # the fault closes the connection
        pass
    html, compressed, cut = (detail(sandbox, number) for number in (2, 3, 4))
    assert (html["status"], "504 Gateway Time-out" in html["response"]) == (504, True)
    assert compressed["response"].startswith('{"success":false,"code":-1006')
    assert (cut["status"], cut["response"]) == (0, "")


def test_truncation_keeps_no_secret(sandbox: Sandbox, client: Client) -> None:
    """A text that ends in the middle of the secret must not show the secret's beginning."""
    for length in (*range(180, 200, 2), *range(280, 300, 2)):
        path = "/v3/" + "x" * length + DEMO_API_SECRET
        client.request("GET", path.encode(), {})
        client.call("POST", "/v3/trade/order", {**LIMIT_ORDER, "side": "y" * length + DEMO_API_SECRET})
    texts = [updates(sandbox), detail(sandbox, 1), detail(sandbox, 2), [r.message for r in sandbox.requests]]
    assert DEMO_API_SECRET[:5] not in json.dumps(texts)


# details


def test_detail_explains_refused_signature(sandbox: Sandbox, client: Client) -> None:
    body = json.dumps(LIMIT_ORDER, separators=(",", ":")).encode()
    headers = client.sign("POST", b"/v3/trade/order", json.dumps(LIMIT_ORDER).encode()) | {"Cookie": "session=abc"}
    client.request("POST", b"/v3/trade/order", headers, body)
    d = detail(sandbox, 1)
    assert (d["number"], d["method"], d["target"]) == (1, "POST", "/v3/trade/order")
    assert (d["status"], d["code"], d["verdict"]) == (401, -1001, "INVALID_SIGNATURE")
    shown = dict(d["headers"])
    assert (shown["x-api-key"], shown["Cookie"]) == (f"{DEMO_API_KEY[:4]}…", "…")
    assert shown["x-api-signature"] == f"{headers['x-api-signature'][:8]}…"
    assert shown["x-api-timestamp"] == "1795000000000"
    assert (d["body"], d["size"]) == (body.decode(), len(body))
    assert d["expected"] == f"1795000000000POST/v3/trade/order{body.decode()}"
    assert d["signed"] == f"1795000000000POST/v3/trade/order{json.dumps(LIMIT_ORDER)}"
    assert d["causes"][0].startswith("The body was signed with spaces")
    assert d["headline"] == ""
    command = d["command"].replace("woox-fast", f"{shlex.quote(sys.executable)} -m woox_fast", 1)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "The body was signed with spaces" in done.stdout


def test_detail_of_answered_requests(sandbox: Sandbox, client: Client) -> None:
    place(client)
    client.request("GET", b"/v3/public/systemInfo", {})
    sandbox.faults.add("reset-after on POST")
    with Client(sandbox, client.clock) as other, pytest.raises((ConnectionError, IndexError)):
        place(other)
    placed, public, faulty = (detail(sandbox, number) for number in (1, 2, 3))
    assert placed["expected"] == placed["signed"] == f"1795000000000POST/v3/trade/order{json.dumps(LIMIT_ORDER)}"
    assert (placed["causes"], placed["advice"]) == ([], "")
    assert (public["expected"], public["signed"], public["command"]) == ("", None, "")
    assert (faulty["verdict"], faulty["fault"]) == ("OK", "reset-after")
    assert faulty["advice"] == "A fault rule of this sandbox did this on purpose."
    for query in ("number=0", "number=4", "number=-1", "number=x", "", "a"):
        status, response = ask(f"{sandbox.url}/sandbox/requests?{query}")
        assert (status, response["success"]) == (404, False)


@pytest.mark.usefixtures("short_search")
def test_detail_of_refused_requests(sandbox: Sandbox, client: Client) -> None:
    signed = client.sign("GET", INFO.encode())
    sandbox.faults.add("html on GET every 6")
    refused = {
        "UNAUTHORIZED": {**signed, "x-api-key": "another"},
        "MISSING_HEADER": {name: value for name, value in signed.items() if name != "x-api-key"},
        "MALFORMED_TIMESTAMP": client.sign("GET", INFO.encode(), timestamp="1578565539"),
        "STALE_TIMESTAMP": client.sign("GET", INFO.encode(), timestamp="1578565539808"),
        "INVALID_SIGNATURE": {**signed, "x-api-signature": "0" * 64},
    }
    for number, (verdict, headers) in enumerate(refused.items(), start=1):
        client.request("GET", INFO.encode(), headers)
        d = detail(sandbox, number)
        assert (d["verdict"], d["expected"][-len(INFO) :], d["signed"]) == (verdict, INFO, None)
        assert d["headline"] if verdict == "INVALID_SIGNATURE" else d["advice"]
    client.send(f"GET {INFO} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    assert client.socket.recv(100).startswith(b"HTTP/1.1 502 ")
    assert (detail(sandbox, 6)["verdict"], detail(sandbox, 6)["signed"]) == ("FAULT", None)


def test_advice_names_known_verdicts() -> None:
    assert page.ADVICE.keys() - ERRORS.keys() == {"FAULT"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the search, and return the targets of the requests to explain."""
    targets: list[str] = []

    def explain(self: object, record: Any) -> ExplainedRequest:
        targets.append(record.target)
        return ExplainedRequest.omitted("a test")

    monkeypatch.setattr(page.ExplainWorker, "explain", explain)
    return targets


def test_explanations_are_cached(
    sandbox: Sandbox, client: Client, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MAX_EXPLANATIONS", 2)
    for number in range(1, 4):
        path = f"/v3/trade/orders?page={number}".encode()
        client.request("GET", path, client.sign("GET", b"/"))
    for number in (1, 1, 2, 2, 1, 3, 3, 1):
        assert detail(sandbox, number)["headline"] == "not explained: a test"
    numbers = [target.rpartition("=")[2] for target in asked]
    assert numbers == ["1", "2", "3", "1"]  # the third exceeded the limit, and cleared the cache


HOSTILE = "</script><img src=x onerror=alert(1)>\x1b]0;owned\x07\u202e\u200b\x9b'\"`$(id)\n\t\\" + DEMO_API_SECRET


@pytest.mark.usefixtures("short_search")
def test_hostile_texts_are_escaped(sandbox: Sandbox, client: Client) -> None:
    body = json.dumps({"a": HOSTILE}, ensure_ascii=False).encode() + HOSTILE.encode() + b"\xff"
    headers = {**client.sign("POST", b"/v3/trade/order", b"x"), "X-Odd": "</script>\t<b>"}
    client.request("POST", b"/v3/trade/order", headers, body)
    d = detail(sandbox, 1)
    for text in (d["body"], d["expected"]):
        assert "</script><img src=x onerror=alert(1)>" in text
        assert text.isprintable()
        assert "\\x1b]0;owned\\x07\\u202e\\u200b\\x9b" in text
        assert "<the secret>" in text
    assert dict(d["headers"])["X-Odd"] == "</script>\\t<b>"
    assert d["command"] == ""


@pytest.mark.parametrize(
    "body",
    [b"@/etc/passwd", b"--help", "é".encode(), b"a\x1b", b"x" * 40_000, b"x" * 70_000, DEMO_API_SECRET.encode()],
)
@pytest.mark.usefixtures("asked")
def test_unquotable_requests_have_no_command(sandbox: Sandbox, client: Client, body: bytes) -> None:
    client.request("POST", b"/v3/trade/order", client.sign("POST", b"/v3/trade/order", b"x"), body)
    d = detail(sandbox, 1)
    assert (d["command"], d["size"]) == ("", len(body))
    assert len(d["body"]) <= 20_001
