"""The page's server part: its policy, the stream, the details of a request, and that nothing in a request gets out of
its quotes. tests/browser/page_in_chromium.py looks at it in a browser."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.sandbox_client import LIMIT_ORDER, Client, Clock, place

from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, ERRORS, Sandbox, inspector
from woox_fast.sandbox.explain_worker import Explained

HTML = Path(inspector.__file__).with_name("inspector.html").read_text("utf-8")


def detail(sandbox: Sandbox, number: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"{sandbox.url}/sandbox/requests?number={number}", timeout=60) as reply:
        text = reply.read().decode()
    assert DEMO_API_SECRET not in text
    return json.loads(text)["data"]


# the page


def test_the_policy_allows_its_own_script_and_style_and_nothing_else(sandbox: Sandbox) -> None:
    with urllib.request.urlopen(sandbox.url + "/") as reply:
        body, headers = reply.read().decode(), reply.headers
    assert body == HTML
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    for tag in ("script", "style"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", HTML, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy.pop(f"{tag}-src") == f"'sha256-{digest}'"
    assert policy == {
        "default-src": "'none'",
        "connect-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert (headers["X-Frame-Options"], headers["Cache-Control"]) == ("DENY", "no-store")
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_page_needs_nothing_from_elsewhere_and_reads_no_markup() -> None:
    addresses = set(re.findall(r"https?://[^\s'\"<>]+", HTML))
    assert addresses == {"http://www.w3.org/2000/svg"}  # the name of SVG, in its icon; nothing is fetched
    markup = (r"\binnerHTML\b", r"\bouterHTML\b", r"insertAdjacent", r"document\.write", r"\beval\b")
    elsewhere = (r"\bon\w+=\"", r"\sstyle=\"", r"<script ", r"<link rel=\"stylesheet", r"@import")
    for pattern in (*markup, *elsewhere):
        assert not re.search(pattern, HTML), pattern


# the stream


class Stream:
    """The events of one page."""

    def __init__(self, sandbox: Sandbox) -> None:
        host, port = sandbox.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.socket.sendall(b"GET /sandbox/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self._file = self.socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers = b"".join(iter(self._file.readline, b"\r\n")).decode()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()
        self.socket.close()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for line in self._file:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])


def test_the_stream_tells_what_is_new_and_only_that(sandbox: Sandbox, client: Client) -> None:
    place(client, clientOrderId=5)
    with Stream(sandbox) as stream:
        assert "Content-Type: text/event-stream" in stream.headers
        events = iter(stream)
        first = next(events)
        assert first["account"] == DEMO_API_KEY[:4]
        (row,) = first["rows"]
        assert row[:3] + row[3:6] == [1, 1_795_000_000_000, "POST", "/v3/trade/order", 200, "OK"]
        assert first["stats"] == sandbox.stats()
        assert first["faults"] == []
        (order,) = first["book"]
        assert order[1:] == [5, "SPOT_BTC_USDT", "BUY", "LIMIT", "60000", "0.01", 1]
        client.request("GET", b"/v3/account/info", {})
        second = next(events)
        assert [(row[0], row[5]) for row in second["rows"]] == [(2, "MISSING_HEADER")]
        assert second.keys() == {"rows", "leftOut", "stats"}
        sandbox.faults.add("html")
        assert next(events) == {"faults": [{"number": 1, "fault": "html", "rule": "html", "struck": 0}]}


def test_a_quiet_stream_shows_that_it_lives(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspector, "QUIET_S", 0.3)
    with Stream(sandbox) as stream:
        assert b": nothing new\n" in iter(stream._file.readline, b"")


def test_a_page_that_comes_late_is_told_the_last_thousand(sandbox: Sandbox, client: Client) -> None:
    for _ in range(1200):
        client.request("GET", b"/v3/public/systemInfo", {})
    with Stream(sandbox) as stream:
        rows = next(iter(stream))["rows"]
    assert [rows[0][0], rows[-1][0], len(rows)] == [201, 1200, 1000]


def test_what_is_too_fast_for_the_stream_is_left_out_and_counted(sandbox: Sandbox) -> None:
    one = inspector.Inspector(sandbox, DEMO_API_SECRET)
    sandbox.seen = 5000
    sandbox.requests.extend([sandbox_record()] * 1000)
    rows, left_out = one._rows(1000)
    assert (rows[0][0], rows[-1][0], len(rows), left_out) == (4001, 5000, 1000, 3000)


def sandbox_record() -> Any:
    from woox_fast.sandbox import RequestRecord

    return RequestRecord(1, "GET", "/", 200, 0, "OK", 1.0)


def test_a_page_that_is_closed_makes_room_for_another(sandbox: Sandbox) -> None:
    for _ in range(2):
        streams = [Stream(sandbox) for _ in range(inspector.MOST_WATCHERS)]
        assert {stream.status for stream in streams} == {200}
        for stream in streams:
            stream.__exit__()
        watchers = sandbox._control._inspector
        deadline = time.monotonic() + 20
        while watchers._watchers and time.monotonic() < deadline:
            time.sleep(0.02)
        assert watchers._watchers == 0


def test_only_so_many_may_watch_and_stopping_ends_them(sandbox: Sandbox) -> None:
    streams = [Stream(sandbox) for _ in range(inspector.MOST_WATCHERS)]
    try:
        assert {stream.status for stream in streams} == {200}
        with pytest.raises(urllib.error.HTTPError, match="503") as one_more:
            urllib.request.urlopen(f"{sandbox.url}/sandbox/events")
        with one_more.value as reply:
            assert json.load(reply) == {"success": False, "message": "20 pages watch already."}
        sandbox.stop()
        for stream in streams:
            for _ in stream:
                pass  # until its end
    finally:
        for stream in streams:
            stream.__exit__()


# one request


def test_the_detail_of_a_refused_signature(sandbox: Sandbox, client: Client) -> None:
    body = json.dumps(LIMIT_ORDER, separators=(",", ":")).encode()
    headers = client.sign("POST", b"/v3/trade/order", json.dumps(LIMIT_ORDER).encode()) | {"Cookie": "session=abc"}
    client.request("POST", b"/v3/trade/order", headers, body)
    d = detail(sandbox, 1)
    assert (d["number"], d["method"], d["target"], d["status"], d["code"], d["verdict"]) == (
        1,
        "POST",
        "/v3/trade/order",
        401,
        -1001,
        "INVALID_SIGNATURE",
    )
    shown = dict(d["headers"])
    assert (shown["x-api-key"], shown["Cookie"]) == (f"{DEMO_API_KEY[:4]}…", "…")
    assert shown["x-api-signature"] == f"{headers['x-api-signature'][:8]}…"
    assert shown["x-api-timestamp"] == "1795000000000"
    assert (d["body"], d["size"]) == (body.decode(), len(body))
    assert d["expected"] == f"1795000000000POST/v3/trade/order{body.decode()}"
    assert d["signed"] == f"1795000000000POST/v3/trade/order{json.dumps(LIMIT_ORDER)}"
    assert d["causes"][0].startswith("The body was signed with spaces")
    assert d["headline"] == ""
    # The command line says the same, in a shell.
    command = d["command"].replace("woox-fast", f"{shlex.quote(sys.executable)} -m woox_fast", 1)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "The body was signed with spaces" in done.stdout


@pytest.mark.usefixtures("short_search")
def test_the_detail_of_others(sandbox: Sandbox, client: Client) -> None:
    place(client)
    client.request("GET", b"/v3/account/info", client.sign("GET", b"/v3/account/info", timestamp="1578565539"))
    client.request("GET", b"/v3/public/systemInfo", {})
    client.request("GET", b"/v3/account/info", {**client.sign("GET", b"/v3/account/info"), "x-api-signature": "0" * 64})
    sandbox.faults.add("reset-after on POST")
    with Client(sandbox, client.clock) as other, pytest.raises((ConnectionError, IndexError)):
        place(other)
    placed, malformed, public, unknown, struck = (detail(sandbox, number) for number in range(1, 6))
    assert placed["expected"] == placed["signed"] == f"1795000000000POST/v3/trade/order{json.dumps(LIMIT_ORDER)}"
    assert (placed["causes"], placed["advice"]) == ([], "")
    assert "13 digits" in malformed["message"]
    assert "milliseconds" in malformed["advice"]
    assert malformed["signed"] is None
    assert (public["expected"], public["signed"], public["command"]) == ("", None, "")
    assert unknown["headline"]
    assert unknown["expected"] == "1795000000000GET/v3/account/info"
    assert unknown["signed"] is None
    assert (struck["verdict"], struck["fault"], struck["advice"]) == (
        "OK",
        "reset-after",
        "A rule of this sandbox did this on purpose.",
    )
    for query in ("number=0", "number=6", "number=-1", "number=x", "", "a"):
        with pytest.raises(urllib.error.HTTPError, match="404") as refused:
            urllib.request.urlopen(f"{sandbox.url}/sandbox/requests?{query}")
        with refused.value as reply:
            assert json.load(reply)["success"] is False


def test_what_was_not_verified_is_not_said_to_be_signed(sandbox: Sandbox, client: Client) -> None:
    path = "/v3/account/info"
    signed = client.sign("GET", path.encode())
    sandbox.faults.add("html on GET every 5")
    for headers in (
        {**signed, "x-api-key": "another"},
        {name: value for name, value in signed.items() if name != "x-api-key"},
        client.sign("GET", path.encode(), timestamp="1578565539"),
        client.sign("GET", path.encode(), timestamp="1578565539808"),
    ):
        client.request("GET", path.encode(), headers)
    host = sandbox.url.removeprefix("http://")
    request = urllib.request.Request(f"http://{host}{path}", headers=signed)
    with pytest.raises(urllib.error.HTTPError) as struck:
        urllib.request.urlopen(request)
    struck.value.close()
    details = [detail(sandbox, number) for number in range(1, 6)]
    assert [d["verdict"] for d in details] == [
        "UNAUTHORIZED",
        "MISSING_HEADER",
        "MALFORMED_TIMESTAMP",
        "STALE_TIMESTAMP",
        "FAULT",
    ]
    for d in details:
        assert (d["expected"][-len(path) :], d["signed"]) == (path, None)
        assert d["advice"]


def test_advice_is_for_what_the_exchange_refuses_or_a_rule_does() -> None:
    assert inspector.ADVICE.keys() - ERRORS.keys() == {"FAULT"}
    assert len(inspector.ADVICE) == 9


def test_an_explanation_is_made_once_and_only_so_many_are_kept(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspector, "MOST_EXPLAINED", 2)
    asked: list[int] = []

    def explain(self: object, record: Any) -> Explained:
        asked.append(int(record.target.rpartition("=")[2]))
        return Explained.without("of a test")

    monkeypatch.setattr(inspector.Explainer, "explain", explain)
    for number in range(1, 4):
        path = f"/v3/trade/orders?page={number}".encode()
        client.request("GET", path, client.sign("GET", b"/"))
    for number in (1, 1, 2, 2, 1, 3, 3, 1):
        assert detail(sandbox, number)["headline"] == "not explained: of a test"
    assert asked == [1, 2, 3, 1]  # the third was one too many: all before it are forgotten


HOSTILE = "</script><img src=x onerror=alert(1)>\x1b]0;owned\x07\u202e\u200b\x9b'\"`$(id)\n\t\\" + DEMO_API_SECRET


@pytest.mark.usefixtures("short_search")
def test_nothing_in_a_request_gets_out_of_its_quotes(sandbox: Sandbox, client: Client) -> None:
    body = json.dumps({"a": HOSTILE}, ensure_ascii=False).encode() + HOSTILE.encode() + b"\xff"
    headers = {**client.sign("POST", b"/v3/trade/order", b"x"), "X-Odd": "</script>\t<b>"}
    client.request("POST", b"/v3/trade/order", headers, body)
    d = detail(sandbox, 1)
    for text in (d["body"], d["expected"]):
        assert "</script><img src=x onerror=alert(1)>" in text  # as text: the page puts it there as such
        assert text.isprintable()
        assert "\\x1b]0;owned\\x07\\u202e\\u200b\\x9b" in text
        assert "<the secret>" in text
    assert dict(d["headers"])["X-Odd"] == "</script>\\t<b>"
    assert (d["command"], d["whyNoCommand"]) == ("", "The request holds the secret.")


TEXTS = ("é€\U0001f600", "\x1b[2J", "a'b\\c\n\t", "\ufeff", "'", "$(id)`id`", "!x", "\x7f\x80")


@pytest.mark.usefixtures("short_search")
def test_the_command_line_is_printable_and_says_what_was_sent(sandbox: Sandbox, clock: Clock, tmp_path: Path) -> None:
    show = tmp_path / "woox-fast"
    show.write_text(f"#!{sys.executable}\nimport os, sys\nprint([os.fsencode(word) for word in sys.argv[1:]])\n")
    show.chmod(0o755)
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    for number, text in enumerate(TEXTS, 1):
        body = json.dumps({"a": text}, ensure_ascii=False).encode() + text.encode()
        with Client(sandbox, clock) as client:
            client.request("POST", b"/v3/trade/order", client.sign("POST", b"/v3/trade/order", b"x"), body)
        command = detail(sandbox, number)["command"]
        assert command.isascii()
        assert command.replace(" \\\n", "").isprintable()
        for shell in filter(shutil.which, ("bash", "zsh")):
            words = ast.literal_eval(subprocess.check_output([shell, "-c", command], env=path, text=True))
            assert words[:4] == [b"explain", b"POST", b"/v3/trade/order", b"--body"]
            assert words[4] == body


@pytest.mark.parametrize(
    ("body", "headers", "why"),
    [
        (b"@/etc/passwd", {}, "cannot stand on a command line"),
        (b"--help", {}, "cannot stand on a command line"),
        (b"a\x00b", {}, "cannot stand on a command line"),
        (b"{}", {"x-api-signature": "-x"}, "cannot stand on a command line"),
        (b"x" * 40_000, {}, "too long for a command line"),
        (b"x" * 70_000, {}, "was not kept: it has more than 64 KiB"),
    ],
    ids=lambda value: str(value)[:20],
)
@pytest.mark.usefixtures("short_search")
def test_what_makes_no_command_line(
    sandbox: Sandbox, client: Client, body: bytes, headers: dict[str, str], why: str
) -> None:
    client.request("POST", b"/v3/trade/order", client.sign("POST", b"/v3/trade/order", b"x") | headers, body)
    d = detail(sandbox, 1)
    assert d["command"] == ""
    assert why in d["whyNoCommand"]
    assert len(d["body"]) <= 20_001
    assert d["size"] == len(body)
