"""Printed text: redacted before it is truncated, wrapped between words, coloured on terminals alone."""

from __future__ import annotations

import json

import pytest
from helpers.command import CREDENTIALS, needs_pty, read_until, terminal, woox_fast
from helpers.oracle import NOW, SECRET, oracle
from helpers.recorder import CannedResponse, Recorder

from woox_fast.cli import show
from woox_fast.cli.show import OutputField

SIGN = ("sign", "GET", "/v3/x", "--timestamp", str(NOW), "--example")


@pytest.mark.parametrize("secret", ['with"quote', "with\\backslash", "caf\u00e9-secret", "plain-secret"])
def test_secret_is_always_hidden(secret: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    for text in (show.quote(f"a{secret}b".encode()), show.escape(f"a{secret}b")):
        assert show.redact(text, secret).strip("'") == f"a{show.REDACTED}b"
    monkeypatch.setattr(show, "SECRETS", [secret])
    show.print_json({"text": f"a{secret}b"})
    assert json.loads(capsys.readouterr().out) == {"text": f"a{show.REDACTED}b"}


@pytest.mark.parametrize("length", range(6, len(SECRET)))
def test_cut_secret_is_hidden(length: int) -> None:
    for end in ("", "'", "...", " and more"):
        assert show.redact(f"got 'a{SECRET[:length]}{end}", SECRET, cut=True) == f"got 'a{show.REDACTED}{end}"


def test_other_text_stays_visible() -> None:
    assert show.redact("abc", "abc") == "abc"  # so short a secret would garble the text
    assert show.redact(f"{SECRET[:8]} and more", SECRET) == f"{SECRET[:8]} and more"


@pytest.mark.parametrize("offset", range(0, 20, 3))
def test_error_never_cuts_secret(offset: int) -> None:
    """The library's messages truncate long values, maybe in the middle of the secret."""
    path, query = "/v3/" + "x" * offset + " " + SECRET, "/v3/x?a=" + "b" * offset + SECRET + "\u00e9"
    for given in ([path], [query], ["x" * offset + SECRET], ["/v3/x", "--timestamp", "1" * offset + SECRET]):
        result = woox_fast("sign", "GET", *given, **CREDENTIALS)
        assert result.returncode == 2
        assert SECRET[:6] not in result.stderr


@pytest.mark.parametrize("offset", range(0, 60, 12))
def test_failure_never_cuts_secret(offset: int) -> None:
    line = b"x" * (150 + offset) + SECRET.encode() + b"\r\n"
    with Recorder(lambda _: CannedResponse(raw=line, close=True)) as server:
        result = woox_fast("send", "GET", "/v3/x", "--url", server.url, **CREDENTIALS)
    assert result.returncode == 1
    assert SECRET[:6] not in result.stdout + result.stderr


def test_long_text_is_redacted_first() -> None:
    body = "x" * (show.MAX_SHOWN - 30) + SECRET * 3
    result = woox_fast("sign", "POST", "/v3/x", "--body", body, "--timestamp", str(NOW), **CREDENTIALS)
    assert SECRET[:6] not in result.stdout
    assert "..." in result.stdout


@pytest.mark.parametrize("columns", [20, 80, 300])
def test_terminal_wraps_between_words(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    words = [f"word{number}" for number in range(60)] + ["long-word-with-hyphens"]
    show.print_fields([OutputField("label", " ".join(words)), OutputField("", "x" * 500, whole=True)])
    lines = capsys.readouterr().out.splitlines()
    assert [word for line in lines for word in line.removeprefix("label").split()] == [*words, "x" * 500]
    assert lines[0].startswith("label  word0")
    assert max(map(len, lines[:-1])) <= max(min(columns, 100), 29)


def test_difference_is_marked() -> None:
    lines = show.mark_difference(b'{"a":1, "b":2}', b'{"a":1,"b":2}', "")
    assert lines == ["""'{"a":1, "b":2}'""", """'{"a":1,"b":2}'""", "        ^"]
    one = b"x" * 500
    for at in (0, 250, 499):
        expected, signed, mark = show.mark_difference(one, one[:at] + b"y" + one[at + 1 :], "", 60)
        assert (expected[mark.index("^")], signed[mark.index("^")]) == ("x", "y")
        assert max(len(expected), len(signed), len(mark)) <= 63
    assert show.mark_difference(b"abc", b"abcd") == ["'abc'", "'abcd'", "    ^"]
    assert show.mark_difference(b"", b"x") == ["''", "'x'", " ^"]


@needs_pty
def test_terminal_output_is_coloured() -> None:
    with terminal(*SIGN) as (_, screen):
        seen = read_until(screen, b"urlencoded")
    assert b"\x1b[32m" + oracle(f"{NOW}GET/v3/x".encode()).encode() in seen
    with terminal(*SIGN, NO_COLOR="1") as (_, screen):
        assert b"\x1b" not in read_until(screen, b"urlencoded")


@needs_pty
def test_terminal_error_breaks_no_word() -> None:
    with terminal("sign", "GET", "/v3/x", "--timestamp", "1", "--example", COLUMNS="40", NO_COLOR="1") as (_, screen):
        lines = read_until(screen, b"%3N").decode().splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 40
    assert "--timestamp" in " ".join(lines).split()
