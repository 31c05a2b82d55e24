"""What every verb prints: its help, lines that fit the terminal, and one line where nothing can be written."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.backends import BUILT
from helpers.command import ORDER, SCRIPT, environment, needs_pty, read_until, terminal, woox_fast
from helpers.oracle import KEY, NOW, SECRET, oracle

from woox_fast import cli
from woox_fast.cli import show
from woox_fast.cli.show import Row

SIGN = ("sign", "GET", "/v3/x", "--timestamp", str(NOW), "--example")


def redirected(redirection: str, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """A verb with its streams redirected as a shell does it."""
    command = f"{shlex.join([SCRIPT, *arguments])} {redirection}"
    return subprocess.run(["bash", "-c", command], env=environment(**changes), capture_output=True, text=True)


# help


def test_woox_fast_alone_lists_its_verbs() -> None:
    result = woox_fast()
    assert (result.returncode, result.stdout) == (2, "")
    for name, verb in cli.VERBS.items():
        assert re.search(rf"^ +{name}\s+{verb.summary.split()[0]} ", result.stderr, re.MULTILINE)


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("verb", cli.VERBS)
def test_help_fits_the_terminal(verb: str, columns: int) -> None:
    text = woox_fast(verb, "--help", COLUMNS=str(columns)).stdout
    prose, _, examples = text.partition("\nexamples:\n")
    assert "--json" in prose
    assert f"woox-fast {verb}" in examples
    if columns == 80:
        choices = re.compile(r"^ +(\[--\w+ )?.*\{.*\}\]?$")  # argparse does not break a list of choices
        assert [line for line in prose.splitlines() if len(line) > 80 and not choices.match(line)] == []
        # A signature is 64 characters long.
        assert [line for line in examples.splitlines() if len(line) > (100 if verb == "explain" else 80)] == []
    else:
        assert examples == woox_fast(verb, "--help", COLUMNS="80").stdout.partition("\nexamples:\n")[2]


# streams that are closed or full


@pytest.mark.parametrize("arguments", [SIGN, ("completion", "bash"), ("demo", "--orders", "2"), ("--version",)])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_that_is_full_is_one_line(arguments: tuple[str, ...], unbuffered: str) -> None:
    if arguments == ("--version",) and unbuffered:
        return  # argparse does not report it
    result = redirected("> /dev/full", *arguments, PYTHONUNBUFFERED=unbuffered)
    assert result.returncode == 1
    assert result.stderr == "woox-fast: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [SIGN, ("completion", "bash")])
def test_a_reader_that_goes_away_is_no_error(arguments: tuple[str, ...], unbuffered: str) -> None:
    result = redirected("| head -1; exit ${PIPESTATUS[0]}", *arguments, PYTHONUNBUFFERED=unbuffered)
    assert (result.stderr, len(result.stdout.splitlines())) == ("", 1)


def test_another_error_of_the_system_is_not_blamed_on_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    def main(_: object) -> int:
        raise PermissionError(13, "Permission denied", "elsewhere")

    monkeypatch.setattr("woox_fast.cli.demo.main", main)
    with pytest.raises(PermissionError):
        cli.main(["demo"])


def test_a_closed_output_is_one_line_and_nothing_is_done() -> None:
    for arguments in (SIGN, ("send", "POST", "/v3/trade/order", "--body", ORDER, "--example")):
        result = redirected(">&-", *arguments)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == "woox-fast: standard output is closed; to see nothing, send it to /dev/null\n"


def test_a_closed_error_output_takes_nothing_to_the_output() -> None:
    result = redirected("2>&-", "sign", "GET", "/v3/x")
    assert (result.returncode, result.stdout, result.stderr) == (2, "", "")
    result = redirected("2>&- >&-", "nonsense")
    assert result.returncode == 2
    result = redirected("2> /dev/full", "sign", "GET", "/v3/x")
    assert (result.returncode, result.stdout) == (2, "")


def test_a_closed_input_is_an_empty_one() -> None:
    result = redirected("<&-", "sign", "GET", "/v3/x")
    assert result.returncode == 2
    assert "there is no API key" in result.stderr
    assert "Traceback" not in result.stderr
    result = redirected("<&-", "sign", "POST", "/v3/x", "--body", "-", "--timestamp", str(NOW), "--example")
    assert (result.returncode, result.stderr) == (0, "")
    assert oracle(f"{NOW}POST/v3/x".encode()) in result.stdout


def test_no_file_takes_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    """A secret's file would get number 0, and `--body -` would read from it."""
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    given = {"WOOX_API_KEY": KEY}
    result = redirected("<&-", "sign", "POST", "/v3/x", "--body", "-", "--secret-file", str(secret), **given)
    assert (result.returncode, result.stderr) == (0, "")
    assert SECRET not in result.stdout
    assert "22 bytes" in result.stdout


# a backend that cannot be had


@pytest.mark.parametrize("start", [[sys.executable, "-m", "woox_fast"], [SCRIPT]])
def test_a_backend_that_cannot_be_had_is_one_line(start: list[str]) -> None:
    for changes, words in (
        ({"WOOX_FAST_BACKEND": "cyton"}, "WOOX_FAST_BACKEND must be auto, cython, cffi, python; got 'cyton'"),
        ({"WOOX_FAST_SHA256": "nonsense"}, "WOOX_FAST_SHA256=nonsense cannot be had"),
        ({"WOOX_FAST_BACKEND": "python", "WOOX_FAST_SHA256": "nonsense"}, "WOOX_FAST_SHA256=nonsense cannot be had"),
        (
            {"WOOX_FAST_BACKEND": "cffi", "WOOX_FAST_SHA256": "nonsense"},
            "WOOX_FAST_SHA256=nonsense cannot be had"
            if "cffi" in BUILT
            else "WOOX_FAST_BACKEND=cffi, but this backend",
        ),
    ):
        result = subprocess.run(start, env=environment(**changes), capture_output=True, text=True, timeout=60)
        assert result.returncode in (1, 2)
        assert words in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_the_command_starts_the_verbs_and_hides_no_other_import_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import _woox_fast_command

    monkeypatch.setattr(sys, "argv", ["woox-fast", "sign"])
    assert _woox_fast_command.main() == 2
    monkeypatch.setitem(sys.modules, "woox_fast.cli", None)
    monkeypatch.delattr("woox_fast.cli")
    with pytest.raises(ImportError):
        _woox_fast_command.main()


# a terminal, and lines that fit it


@needs_pty
def test_colour_on_a_terminal_and_none_without_rich() -> None:
    with terminal(*SIGN) as (_, screen):
        seen = read_until(screen, b"urlencoded")
    assert b"\x1b[32m" + oracle(f"{NOW}GET/v3/x".encode()).encode() in seen
    with terminal(*SIGN, NO_COLOR="1") as (_, screen):
        assert b"\x1b" not in read_until(screen, b"urlencoded")


@needs_pty
def test_an_error_on_a_terminal_breaks_no_word() -> None:
    with terminal("sign", "GET", "/v3/x", "--timestamp", "1", "--example", COLUMNS="40", NO_COLOR="1") as (_, screen):
        lines = read_until(screen, b"for now's").decode().splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 40
    assert "--timestamp" in " ".join(lines).split()


def test_plain_without_rich(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    monkeypatch.setattr(show, "_console", None)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert cli.main([*SIGN]) == 0
    out = capsys.readouterr().out
    assert oracle(f"{NOW}GET/v3/x".encode()) in out
    assert "\x1b" not in out


@pytest.mark.parametrize("columns", [20, 40, 80, 300])
def test_sentences_are_wrapped_between_words_and_data_is_left_whole(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    words = [f"word{number}" for number in range(60)] + ["long-word-with-hyphens"]
    text = " ".join(words)
    show.rows([Row("label", text), Row("", "x" * 500, whole=True), Row("", "", indent="    ")])
    show.sentence(text, indent="  ")
    show.sentence("")
    lines = capsys.readouterr().out.splitlines()
    assert [word for line in lines for word in line.removeprefix("label").split()] == [*words, "x" * 500, *words]
    assert lines[0].startswith("label  word0")
    assert max(len(line) for line in lines if "x" * 500 not in line) <= max(min(columns, 100), 29)
    assert lines[-1] == ""


def columns_of(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, width: int, count: int) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    figures = {"a label": "1", "a label of many words, at the end": "23,456.7 us"}
    show.table({f"column{number}": figures for number in range(count)})
    return capsys.readouterr().out.splitlines()


def test_a_table_of_one_has_no_head(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    assert columns_of(monkeypatch, capsys, 80, 1) == [
        "a label                                      1",
        "a label of many words, at the end  23,456.7 us",
    ]


def test_a_table_that_is_too_wide_goes_on_below(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    lines = columns_of(monkeypatch, capsys, 72, 5)
    assert lines[0].split() == ["column0", "column1", "column2"]  # 33 + 3 * 13 characters
    assert lines[3] == ""
    assert lines[4].split() == ["column3", "column4"]
    assert max(map(len, lines)) <= 72
    assert "\n".join(lines).count("23,456.7 us") == 5


def test_a_label_that_is_too_long_is_wrapped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    lines = columns_of(monkeypatch, capsys, 30, 1)
    assert lines == [
        "a label                      1",
        "a label of many",
        "  words, at the",
        "  end              23,456.7 us",
    ]
    assert max(map(len, lines)) <= 30
