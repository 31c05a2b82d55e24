"""The demo, end to end: against its own embedded exchange, a sandbox, and servers that misbehave."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import woox_fast
from woox_fast import _sign_py, _workload, demo
from woox_fast.cli import UsageError
from woox_fast.sandbox import DEMO_API_SECRET, Sandbox
from woox_fast.sandbox.market import INSTRUMENTS, instrument_row

API_KEY, API_SECRET = "test-key", "test-secret-6f1d0c"
CREDENTIALS = (API_KEY, API_SECRET)
ROWS = [instrument_row(symbol) for symbol in INSTRUMENTS]

Answer = tuple[int, dict[str, str], Any]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "woox_fast", "demo", *arguments]


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WOOX_API_")}
    kept.pop("FORCE_COLOR", None)
    return {**kept, **changes}


def table(output: str) -> dict[str, str]:
    """The rows that the demo prints when standard output is no terminal."""
    return dict(re.findall(r"^(\S.*?) {2,}(\S.*)$", output, re.MULTILINE))


def refuses_connections(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((parts.hostname, parts.port)) != 0


def wait_until(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Exchange:
    """A server of the test's own. It verifies each signature with `hmac` and then gives the `answer` to the request.

    `answer(number, method, target, body)` counts private requests from 1; None drops the connection without a reply.
    """

    def __init__(
        self, answer: Callable[[int, str, str, bytes], Answer | None], stats: Callable[[int], Any] | None
    ) -> None:
        self.received: list[tuple[str, str]] = []
        self.wrong_signatures = 0
        self.connections = 0
        exchange = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                exchange.connections += 1

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == "/v3/public/instruments":
                    self.reply(200, {}, {"success": True, "data": {"rows": ROWS}})
                elif self.path == demo.STATS_PATH and stats:
                    self.reply(200, {}, {"success": True, "data": stats(len(exchange.received))})
                elif self.path == demo.STATS_PATH:
                    self.reply(404, {}, {"success": False, "code": -1006, "message": "not here"})
                else:
                    exchange.received.append((self.command, self.path))
                    message = f"{self.headers['x-api-timestamp']}{self.command}{self.path}".encode() + body
                    expected = hmac.new(API_SECRET.encode(), message, hashlib.sha256).hexdigest()
                    exchange.wrong_signatures += self.headers["x-api-signature"] != expected
                    given = answer(len(exchange.received), self.command, self.path, body)
                    if given is None:
                        self.close_connection = True
                    else:
                        self.reply(*given)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

            def reply(self, status: int, headers: dict[str, str], body: Any) -> None:
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def serving(
    answer: Callable[[int, str, str, bytes], Answer | None], stats: Callable[[int], Any] | None = None
) -> Iterator[Exchange]:
    exchange = Exchange(answer, stats)
    thread = threading.Thread(target=exchange.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield exchange
    finally:
        exchange.server.shutdown()
        thread.join()
        exchange.server.server_close()


def accept(number: int, method: str, target: str, body: bytes) -> Answer:
    return 200, {}, {"success": True, "data": {"orderId": number, "status": "OK"}}


# The embedded exchange


def test_the_default_demo_has_2000_orders_accepted_and_verified() -> None:
    result = subprocess.run(command(), env=environment(), capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stderr) == (0, "")
    rows = table(result.stdout)
    assert rows["requests sent"] == rows["accepted"] == rows["signatures the exchange verified"] == "2,000"
    assert rows["refused"] == "0"
    costs = {name: float(value.split()[0].replace(",", "")) for name, value in rows.items() if name.startswith("one ")}
    core = [f"one signature, the core ({woox_fast.backend}, {woox_fast.sha256_implementation})"]
    assert list(costs) == [
        *(core if woox_fast.backend != "python" else []),
        "one signature, the fallback (python, hashlib)",
        "one signature, plain hmac.new",
        "one order, p50",
        "one order, p99",
    ]
    assert all(cost > 0 for cost in costs.values())
    assert costs["one order, p50"] <= costs["one order, p99"]
    assert 0 < float(rows["share of signing in the p50"].removesuffix(" %")) < 100
    assert DEMO_API_SECRET not in result.stdout
    url = re.search(r"http://\S+", result.stdout)
    assert url
    assert refuses_connections(url[0])


def test_the_pure_fallback_says_so_in_one_line() -> None:
    result = subprocess.run(
        command("--orders", "20"),
        env=environment(WOOX_FAST_BACKEND="python"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("The compiled core is not in use: the pure fallback signs.\n") == 1
    assert "the core (" not in result.stdout
    assert table(result.stdout)["signatures the exchange verified"] == "20"


def test_a_terminal_gets_a_progress_bar_and_a_table() -> None:
    result = subprocess.run(
        command("--orders", "20"),
        env=environment(FORCE_COLOR="1", PYTHONIOENCODING="utf-8", COLUMNS="100"),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert result.returncode == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", result.stdout)
    assert "Submitting" in text
    assert "20/20" in text
    assert re.search(r"accepted +│ +20 │", text)


def test_a_terminal_without_utf8_gets_the_table_too() -> None:
    result = subprocess.run(
        command("--orders", "9"),
        env=environment(FORCE_COLOR="1", PYTHONIOENCODING="ascii"),
        capture_output=True,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"signatures the exchange verified" in result.stdout


def test_credentials_of_the_environment_are_those_of_the_embedded_exchange() -> None:
    result = subprocess.run(
        command("--orders", "10"),
        env=environment(WOOX_API_KEY=API_KEY, WOOX_API_SECRET=API_SECRET),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0
    assert table(result.stdout)["signatures the exchange verified"] == "10"
    assert API_SECRET not in result.stdout + result.stderr


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_embedded_exchange_never_outlives_the_demo(signal_number: int) -> None:
    with subprocess.Popen(
        command("--orders", "1000000"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            line = next(line for line in process.stdout if line.startswith("Exchange: "))
            url = re.search(r"http://\S+", line)
            assert url
            time.sleep(0.3)
            assert not refuses_connections(url[0])
            os.killpg(process.pid, signal_number)  # as Ctrl-C does: the whole process group
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert wait_until(lambda: refuses_connections(url[0]))
    if signal_number == signal.SIGINT:
        assert process.returncode == 130
        assert re.match(r"woox-fast demo: interrupted: [\d,]+ of 1,000,000 orders were acknowledged", errors)
        assert "Traceback" not in errors
    else:
        assert process.returncode == -signal_number


def test_the_embedded_exchange_stops_when_told(capfd: pytest.CaptureFixture) -> None:
    with demo.embedded_exchange(*CREDENTIALS) as url:
        assert not refuses_connections(url)
        started = time.monotonic()
    assert time.monotonic() - started < 4  # it was not waited for and killed
    assert refuses_connections(url)
    assert capfd.readouterr() == ("", "")


def test_an_embedded_exchange_that_cannot_start_is_an_error(capfd: pytest.CaptureFixture, monkeypatch: Any) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert demo.run(10) == 1
    assert capfd.readouterr().err == "woox-fast demo: the embedded exchange does not answer (it did not start)\n"


def test_what_the_embedded_exchange_says_on_stderr_is_shown(capfd: pytest.CaptureFixture, monkeypatch: Any) -> None:
    monkeypatch.setattr(subprocess, "Popen", _failing_popen(subprocess.Popen))
    assert demo.run(10) == 1
    assert "the embedded exchange said:\nno luck today" in capfd.readouterr().err


def _failing_popen(popen: Any) -> Any:
    def start(_: list[str], **options: Any) -> Any:
        return popen([sys.executable, "-c", "import sys; sys.exit('no luck today')"], **options)

    return start


# A sandbox elsewhere on this machine


def test_url_of_a_sandbox(capsys: pytest.CaptureFixture) -> None:
    sandbox = Sandbox(*CREDENTIALS)
    with sandbox as url:
        assert demo.run(100, url, CREDENTIALS) == 0
        stats = sandbox.stats()
        records = list(sandbox.requests)
    output = capsys.readouterr()
    assert table(output.out)["signatures the exchange verified"] == "100"
    assert output.err == ""
    assert (stats["verified"], stats["refused"], stats["openOrders"]) == (100, 0, 0)
    private = [(record.method, record.target) for record in records if "/public/" not in record.target]
    assert len(private) == 100
    kinds = {(method, target.partition("?")[0]) for method, target in private}
    assert {(method, "/v3/trade/order") for method in ("POST", "PUT", "GET", "DELETE")} < kinds
    assert all(("?" in target) == (method in ("GET", "DELETE")) for method, target in private)
    assert set(INSTRUMENTS) == {symbol for _, target in private for symbol in re.findall(r"symbol=(\w+)", target)}


def test_it_counts_from_what_the_exchange_had_verified_before(capsys: pytest.CaptureFixture) -> None:
    with Sandbox(*CREDENTIALS) as url:
        assert [demo.run(10, url, CREDENTIALS), demo.run(12, url, CREDENTIALS)] == [0, 0]
    assert table(capsys.readouterr().out)["signatures the exchange verified"] == "12"


def test_a_wrong_secret_is_refused_throughout(capsys: pytest.CaptureFixture) -> None:
    sandbox = Sandbox(API_KEY, "another secret")
    with sandbox as url:
        assert demo.run(10, url, CREDENTIALS) == 1
    output = capsys.readouterr()
    rows = table(output.out)
    assert (rows["accepted"], rows["refused"], rows["signatures the exchange verified"]) == ("0", "10", "0")
    assert sandbox.verified == 0
    assert "refused 10 times: HTTP 401, code -1001: " in output.out
    assert output.err == "woox-fast demo: 10 of 10 orders were not accepted\n"
    assert API_SECRET not in output.out


def test_a_part_refused_is_a_failure(capsys: pytest.CaptureFixture) -> None:
    with Sandbox(*CREDENTIALS, rate_limits=True) as url:
        assert demo.run(200, url, CREDENTIALS) == 1
    rows = table(capsys.readouterr().out)
    assert rows["requests sent"] == rows["signatures the exchange verified"] == "200"
    assert int(rows["accepted"]) + int(rows["refused"]) == 200
    assert int(rows["accepted"]) > 0
    assert int(rows["refused"]) > 0


# Servers of our own


def test_a_server_without_stats_is_judged_by_what_it_accepts(capsys: pytest.CaptureFixture) -> None:
    with serving(accept) as exchange:
        assert demo.run(40, exchange.url, CREDENTIALS) == 0
    output = capsys.readouterr()
    assert table(output.out)["signatures the exchange verified"] == "unavailable"
    assert "This exchange has no /sandbox/stats: how many signatures it verified is unavailable." in output.out
    assert output.err == ""
    assert (len(exchange.received), exchange.wrong_signatures) == (40, 0)
    assert exchange.connections == 2  # keep-alive: one of the orders, one of the questions around them


@pytest.mark.parametrize(
    "stats",
    [lambda received: {"verified": max(received - 1, 0)}, lambda received: {"verified": received * 2}],
    ids=["one too few", "too many"],
)
def test_another_count_of_signatures_is_a_failure(stats: Callable[[int], Any], capsys: pytest.CaptureFixture) -> None:
    with serving(accept, stats) as exchange:
        assert demo.run(10, exchange.url, CREDENTIALS) == 1
    output = capsys.readouterr()
    assert table(output.out)["accepted"] == "10"
    assert "10 orders were sent, but the exchange verified" in output.err


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, {}, {"success": False, "code": -1000, "message": "no"}), "HTTP 200, code -1000: no"),
        ((200, {}, {"success": 1, "data": {}}), "HTTP 200, code None: None"),
        ((500, {}, {"success": True, "data": {}}), "HTTP 500, code None: None"),
        ((200, {}, b"<html>"), "HTTP 200, not a JSON object"),
        ((200, {}, b"[]"), "HTTP 200, not a JSON object"),
        ((200, {}, b"[" * 100_000), "HTTP 200, not a JSON object"),
        ((200, {}, b""), "HTTP 200, not a JSON object"),
        (
            (400, {}, {"code": "\x1b[2J", "message": "[red]a\nb[/red] :smile:"}),
            "HTTP 400, code ?[2J: [red]a?b[/red] :smile:",
        ),
    ],
)
def test_refusals_are_counted_and_shown_as_plain_text(
    answer: Answer, reason: str, capsys: pytest.CaptureFixture
) -> None:
    with serving(lambda *_: answer) as exchange:
        assert demo.run(5, exchange.url, CREDENTIALS) == 1
    output = capsys.readouterr()
    assert table(output.out)["refused"] == "5"
    assert f"refused 5 times: {reason}\n" in output.out
    assert "5 of 5 orders were not accepted" in output.err


def test_a_refusal_is_shown_on_an_output_that_lacks_its_letters() -> None:
    with serving(lambda *_: (400, {}, {"code": -1000, "message": "verw\xe4hrt \ud800"})) as exchange:
        result = subprocess.run(
            command("--orders", "2", "--url", exchange.url),
            env=environment(WOOX_API_KEY=API_KEY, WOOX_API_SECRET=API_SECRET, PYTHONIOENCODING="ascii"),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert result.returncode == 1
    assert "refused 2 times: HTTP 400, code -1000: verw?hrt ?\n" in result.stdout
    assert result.stderr == "woox-fast demo: 2 of 2 orders were not accepted\n"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int, capsys: pytest.CaptureFixture) -> None:
    with serving(accept) as elsewhere:
        with serving(lambda n, m, target, b: (status, {"Location": elsewhere.url + target}, b"")) as exchange:
            assert demo.run(4, exchange.url, CREDENTIALS) == 1
        assert elsewhere.connections == 0
    assert len(exchange.received) == 4
    assert table(capsys.readouterr().out)["refused"] == "4"


def test_no_proxy_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(accept) as proxy, serving(accept) as exchange:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert demo.run(4, exchange.url, CREDENTIALS) == 0
    assert proxy.connections == 0
    assert len(exchange.received) == 4


@pytest.mark.parametrize("answered", [0, 1, 13])
def test_a_server_that_dies_midway_gets_nothing_twice(answered: int, capsys: pytest.CaptureFixture) -> None:
    def answer(number: int, method: str, target: str, body: bytes) -> Answer | None:
        return accept(number, method, target, body) if number <= answered else None

    with serving(answer) as exchange:
        assert demo.run(30, exchange.url, CREDENTIALS) == 1
    errors = capsys.readouterr().err
    assert f"{answered} of 30 orders were acknowledged ({answered} accepted)" in errors
    assert "one more was in flight and may or may not have been carried out, nothing was sent again" in errors
    assert len(exchange.received) == answered + 1
    assert ("still open, as far as the demo knows: SPOT_BTC_USDT 1" in errors) == (answered == 1)
    assert API_SECRET not in errors


def test_a_server_that_is_not_there(capsys: pytest.CaptureFixture) -> None:
    with serving(accept) as exchange:
        pass
    assert demo.run(5, exchange.url, CREDENTIALS) == 1
    assert capsys.readouterr().err == f"woox-fast demo: {exchange.url} does not answer (ConnectionError)\n"


def test_a_server_without_instruments_is_sent_nothing(monkeypatch: Any, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROWS", [])
    with serving(accept) as exchange:
        assert demo.run(5, exchange.url, CREDENTIALS) == 1
    assert exchange.received == []
    assert "lists no instrument that can be traded" in capsys.readouterr().err


# Where orders may go

LOOPBACK = [
    "http://localhost:8080",
    "http://LOCALHOST",
    "http://127.0.0.1",
    "http://127.8.9.10:1",
    "https://127.0.0.1:443/",
    "http://[::1]:8080",
]
ELSEWHERE = [
    "https://api.woox.io",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://evil-localhost",
    "http://0.0.0.0:8080",
    "http://128.0.0.1",
    "http://10.0.0.1",
    "http://127.1",
    "http://2130706433",
    "http://0x7f.0.0.1",
    "http://localhost.",
    "http://[::]",
    "http://[::2]",
    "http://[::ffff:8.8.8.8]",
    "http://[::ffff:127.0.0.1]",
    "http://[fe80::1]",
]
NOT_AN_ORIGIN = [
    "http://127.0.0.1@evil.example",
    "http://localhost:80@evil.example",
    "http://127.0.0.1\\@evil.example",
    "http://127.0.0.1#@evil.example",
    "http://127.0.0.1?@evil.example",
    "http://127.0.0.1/@evil.example",
    "http://127.0.0.1\t.evil.example",
    "http://127.0.0.1 .evil.example",
    "http://127.0.0.1%2eevil.example",
    "http://\uff11\uff12\uff17.0.0.1",
    "//127.0.0.1",
    "127.0.0.1:8080",
    "ftp://127.0.0.1",
    "file:///etc/passwd",
    "http://",
    "",
]


@pytest.mark.parametrize("url", LOOPBACK)
def test_loopback_is_allowed(url: str) -> None:
    assert demo.check_url(url, False) == url.rstrip("/")


@pytest.mark.parametrize("url", ELSEWHERE)
def test_another_machine_needs_the_long_option(url: str) -> None:
    with pytest.raises(UsageError, match="only with --yes-really-send-orders"):
        demo.run(1, url, CREDENTIALS)
    assert demo.check_url(url, True) == url


@pytest.mark.parametrize("really", [False, True])
@pytest.mark.parametrize("url", NOT_AN_ORIGIN)
def test_what_is_no_plain_origin_is_refused_always(url: str, really: bool) -> None:
    with pytest.raises(UsageError, match="--url: base_url must be"):
        demo.run(1, url, CREDENTIALS, really_send_orders=really)


def test_url_needs_credentials() -> None:
    with pytest.raises(UsageError, match="set WOOX_API_KEY and WOOX_API_SECRET"):
        demo.run(1, "http://127.0.0.1:1")


def test_a_bad_key_is_refused_before_anything_is_sent() -> None:
    with serving(accept) as exchange:
        with pytest.raises(UsageError, match="api_key must be printable ASCII"):
            demo.run(1, exchange.url, ("key with spaces", API_SECRET))
        assert exchange.connections == 0


# What is sent


def test_instruments_are_bought_at_the_bottom_and_within_their_filters() -> None:
    instruments = _workload.read_instruments(ROWS)
    assert [instrument.symbol for instrument in instruments] == list(INSTRUMENTS)
    for instrument in instruments:
        rules = INSTRUMENTS[instrument.symbol]
        quantity = Decimal(instrument.quantity)
        assert quantity % rules.base_tick == 0
        assert rules.base_min <= quantity <= rules.base_max
        for price in (Decimal(instrument.price), Decimal(instrument.edited_price)):
            assert price % rules.quote_tick == 0
            assert 0 < price <= 11 * rules.quote_tick
            assert price * quantity >= rules.min_notional
        assert instrument.price != instrument.edited_price


@pytest.mark.parametrize(
    "change",
    [
        {"status": "SUSPENDED"},
        {"symbol": "BTC"},
        {"symbol": None},
        {"quoteTick": "0"},
        {"quoteTick": None},
        {"baseTick": "abc"},
        {"minNotional": "NaN"},
        {"minNotional": "Infinity"},
    ],
)
def test_instruments_that_cannot_be_traded_are_left_out(change: dict[str, Any]) -> None:
    assert _workload.read_instruments([{**ROWS[0], **change}, {}, None, ROWS[1]]) == _workload.read_instruments(
        ROWS[1:2]
    )


@pytest.mark.parametrize("rows", [None, {}, "rows", []])
def test_no_rows_are_no_instruments(rows: Any) -> None:
    assert _workload.read_instruments(rows) == []


@given(st.integers(1, 60), st.data())
def test_the_workload_is_as_long_as_asked_whatever_is_refused(orders: int, data: st.DataObject) -> None:
    resting: dict[int, str] = {}
    work = _workload.workload(_workload.read_instruments(ROWS), orders, resting)
    requests, reply, open_orders = [], None, set()
    accepts = data.draw(st.one_of(st.just(st.just(True)), st.just(st.booleans())))
    while True:
        try:
            request = work.send(reply)
        except StopIteration:
            break
        requests.append(request)
        reply = {}
        if data.draw(accepts):
            reply = {"orderId": len(requests), "status": "OK"}
            if request.method == "POST":
                open_orders.add(len(requests))
    assert len(requests) == orders
    if accepts == st.just(True) or not open_orders:
        assert resting == {}
    assert resting.keys() <= open_orders
    placed = {request.json["clientOrderId"] for request in requests if "clientOrderId" in (request.json or {})}
    assert len(placed) == sum("clientOrderId" in (request.json or {}) for request in requests)


# What signing costs


MESSAGES = [(1578565539808, "GET", "/v3/trade/orders?size=25", b""), (1578565539808, "POST", "/v3/trade/order", b"{}")]


def test_time_signing_times_what_is_there() -> None:
    costs = demo.time_signing(*CREDENTIALS, MESSAGES, rounds=3)
    assert list(costs) == (["core"] if woox_fast.backend != "python" else []) + ["fallback", "hmac.new"]
    assert all(50 < cost < 1_000_000 for cost in costs.values())


@pytest.mark.parametrize("broken", ["Signer", "_sign_py"])
def test_a_wrong_signature_is_not_timed(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(api_key: str, api_secret: str) -> Any:
        honest = _sign_py.Signer(api_key, api_secret)

        def sign(timestamp: int, method: str, path: str, body: bytes) -> str:
            return honest.sign(timestamp, method, path, body if method == "GET" else body + b" ")

        return SimpleNamespace(sign=sign)

    monkeypatch.setattr(demo, broken, wrong if broken == "Signer" else SimpleNamespace(Signer=wrong))
    monkeypatch.setattr(demo, "backend", "cython")
    with pytest.raises(ArithmeticError, match="differs"):
        demo.time_signing(*CREDENTIALS, MESSAGES)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_percentile_is_the_nearest_rank(share: float, expected: int) -> None:
    assert demo._percentile(list(range(100, 0, -1)), share) == expected
    assert demo._percentile([7], share) == 7
