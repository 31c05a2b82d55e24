"""The demo with exchanges that refuse, redirect, die or lie; and where its orders may go."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from helpers.command import CREDENTIALS as ENVIRONMENT
from helpers.command import environment
from helpers.demo import CREDENTIALS, accept, as_reply, exchange, private, table
from helpers.oracle import SECRET
from helpers.recorder import DROP, Recorder, Reply

from woox_fast.cli.common import UsageError
from woox_fast.cli.demo import report
from woox_fast.cli.demo.run import check_url, run


def demo(orders: int, url: str, **options: Any) -> report.Outcome:
    """As the verb does: run, then tell."""
    outcome = run(orders, url, CREDENTIALS, **options)
    report.tell(outcome)
    return outcome


def test_a_server_without_stats_is_judged_by_what_it_accepts(capsys: pytest.CaptureFixture) -> None:
    with exchange(accept) as server:
        assert demo(40, server.url).status == 0
    output = capsys.readouterr()
    assert table(output.out)["signatures verified"] == "unavailable"
    assert "This exchange has no /sandbox/stats: how many signatures it verified is unavailable." in output.out
    assert output.err == ""
    sent = private(server)
    assert [one.fault() for one in sent if one.fault()] == []
    assert [one.method for one in sent].count("POST") == 40
    assert server.connections == 2  # keep-alive: one of the orders, one of the questions around them


@pytest.mark.parametrize(
    "stats",
    [lambda received: {"verified": max(received - 1, 0)}, lambda received: {"verified": received * 2}],
    ids=["one too few", "too many"],
)
def test_another_count_of_signatures_is_a_failure(stats: Callable[[int], Any]) -> None:
    with exchange(accept, stats) as server:
        outcome = run(10, server.url, CREDENTIALS, quiet=True)
    tally = outcome.tallies["requests"]
    assert (outcome.status, tally.accepted) == (1, len(tally.sent))
    assert outcome.error == (
        f"{len(tally.sent)} requests were sent, but the exchange verified {tally.verified} signatures"
    )


def test_an_embedded_exchange_has_to_keep_count() -> None:
    """The control: what any other exchange may leave out."""
    outcome = report.Outcome(1, None, {"requests": report.Tally()})
    assert outcome.judged().error == "the embedded exchange did not say how many signatures it verified"
    assert report.Outcome(1, "http://127.0.0.1", {"requests": report.Tally()}).judged().status == 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (as_reply({"success": False, "code": -1000, "message": "no"}), "HTTP 200, code -1000: no"),
        (as_reply({"success": 1, "data": {}}), "HTTP 200, code None: None"),
        (as_reply({"success": True, "data": {}}, 500), "HTTP 500, code None: None"),
        (Reply(body=b"<html>"), "HTTP 200, not a JSON object"),
        (Reply(body=b"[]"), "HTTP 200, not a JSON object"),
        (Reply(body=b"[" * 100_000), "HTTP 200, not a JSON object"),
        (Reply(body=b""), "HTTP 200, not a JSON object"),
        (
            as_reply({"code": "\x1b[2J", "message": "[red]a\nb[/red] :smile:"}, 400),
            r"HTTP 400, code \x1b[2J: [red]a\nb[/red] :smile:",
        ),
        (as_reply({"code": -1000, "message": "verw\xe4hrt \ud800"}, 400), r"HTTP 400, code -1000: verw\xe4hrt \ud800"),
    ],
)
def test_refusals_are_counted_and_shown_as_plain_text(
    answer: Reply, reason: str, capsys: pytest.CaptureFixture
) -> None:
    with exchange(lambda *_: answer) as server:
        assert demo(5, server.url).status == 1
    output = capsys.readouterr()
    assert table(output.out)["requests refused"] == "5"
    assert f"refused 5 times: {reason}\n" in output.out
    assert output.err == "woox-fast demo: 5 of 5 requests were not accepted\n"


def test_only_the_five_commonest_refusals_are_shown(capsys: pytest.CaptureFixture) -> None:
    answers = lambda number, _: as_reply({"code": min(number, 7), "message": "x" * 1000}, 400)  # noqa: E731
    with exchange(answers) as server:
        demo(9, server.url)
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("refused ")]
    assert len(shown) == 5
    assert shown[0].startswith("refused 3 times: HTTP 400, code 7: xxx")
    assert max(map(len, shown)) < 350


def test_a_redirect_to_another_host_is_not_followed() -> None:
    with exchange(accept) as elsewhere:
        with exchange(lambda _, one: Reply(302, {"Location": elsewhere.url + one.target})) as server:
            assert run(4, server.url, CREDENTIALS, quiet=True).status == 1
        assert elsewhere.connections == 0


@pytest.mark.parametrize("answered", [0, 1, 13])
def test_a_server_that_dies_midway_gets_nothing_twice(answered: int, capsys: pytest.CaptureFixture) -> None:
    with exchange(lambda number, one: accept(number, one) if number <= answered else DROP) as server:
        assert demo(30, server.url).status == 1
    sent = private(server)
    assert len(sent) == answered + 1
    orders = [one.method for one in sent[:answered]].count("POST")
    errors = capsys.readouterr().err
    assert f"{orders} of 30 orders were acknowledged ({orders} accepted), in {answered} requests, " in errors
    assert "one more request was in flight and may or may not have been carried out, nothing was sent again" in errors
    assert ("still open, as far as the demo knows: SPOT_BTC_USDT 1" in errors) == (answered == 1)
    assert SECRET not in errors


def test_a_server_that_is_not_there() -> None:
    with exchange(accept) as server:
        pass
    outcome = run(5, server.url, CREDENTIALS, quiet=True)
    assert outcome.status == 1
    assert outcome.error == (f"{server.url} does not answer (ConnectionError); start one with `woox-fast sandbox`")


def test_a_server_without_instruments_is_sent_nothing() -> None:
    with exchange(accept, rows=[]) as server:
        outcome = run(5, server.url, CREDENTIALS, quiet=True)
    assert private(server) == []
    assert (outcome.status, outcome.error) == (1, "the exchange lists no instrument that can be traded")


def test_no_proxy_is_taken_for_the_questions_around_the_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    with Recorder() as proxy, exchange(accept) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert run(4, server.url, CREDENTIALS, quiet=True).status == 0
    assert proxy.connections == 0


def test_the_verb_prints_what_was_refused_on_an_output_that_lacks_its_letters() -> None:
    with exchange(lambda *_: as_reply({"code": -1000, "message": "verw\xe4hrt"}, 400)) as server:
        result = subprocess.run(
            [sys.executable, "-m", "woox_fast", "demo", "--orders", "2", "--url", server.url],
            env=environment(**ENVIRONMENT, PYTHONIOENCODING="ascii"),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert result.returncode == 1
    assert "refused 2 times: HTTP 400, code -1000: verw\\xe4hrt\n" in result.stdout
    assert result.stderr == "woox-fast demo: 2 of 2 requests were not accepted\n"


def test_a_bad_key_is_refused_before_anything_is_sent() -> None:
    with exchange(accept) as server:
        with pytest.raises(UsageError, match="api_key must be printable ASCII"):
            run(1, server.url, ("key with spaces", SECRET))
        assert server.connections == 0


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
    assert check_url(url, False) == url.rstrip("/")


@pytest.mark.parametrize("url", ELSEWHERE)
def test_another_machine_needs_the_long_option(url: str) -> None:
    with pytest.raises(UsageError, match="only with --yes-really-send-orders"):
        run(1, url, CREDENTIALS)
    assert check_url(url, True) == url


@pytest.mark.parametrize("really", [False, True])
@pytest.mark.parametrize("url", NOT_AN_ORIGIN)
def test_what_is_no_plain_origin_is_refused_always(url: str, really: bool) -> None:
    with pytest.raises(UsageError, match="--url must be"):
        run(1, url, CREDENTIALS, really_send_orders=really)


def test_url_needs_credentials() -> None:
    with pytest.raises(UsageError, match="set WOOX_API_KEY and WOOX_API_SECRET"):
        run(1, "http://127.0.0.1:1")


def test_the_figures_of_a_slow_exchange_fit_a_narrow_terminal(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    with exchange(accept) as server:
        outcome = run(3, server.url, CREDENTIALS, quiet=True)
    tally = outcome.tallies["requests"]
    tally.verified = len(tally.sent)
    tally.latencies_ns[:] = [123_456_789] * len(tally.latencies_ns)
    outcome.signing_ns = {"core": 150.0, "fallback": 1500.0, "hmac.new": 2500.0}
    report.tell(outcome)
    lines = capsys.readouterr().out.splitlines()
    assert any("123,457 us" in line for line in lines)
    assert max(map(len, lines)) <= 24
