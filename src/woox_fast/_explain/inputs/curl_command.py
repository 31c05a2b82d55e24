"""A curl command line, for a POSIX shell or for Windows' command line, as browsers copy it and people write it."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn
from urllib.parse import quote_plus

from ..signing import to_bytes
from .sent_request import SentRequest, signed_one

# The command may follow a prompt, variables and `time`; nothing in quotes stands before it.
_COMMAND = re.compile(
    rb"^(?:[^\n'\"{}<>]{0,200}[$%>#&;|] {0,2})?(?:\w{1,40}=\S{0,200} +|(?:time|sudo|exec|!) +){0,4}curl(?:\.exe)?\s",
    re.MULTILINE,
)
_ENDS = {"|", "||", "&&", ";", "&", ">", ">>", "2>", "2>&1", ">/dev/null", "2>/dev/null"}


def looks_like_it(data: bytes) -> bool:
    """Whether a line of `data` is a curl command, and no line before it is something else that can be read."""
    found = _COMMAND.search(data, 0, 4000)
    return found is not None and b"HTTP/" not in data[: found.start()]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(f"the curl command cannot be read: {message}")


def _parser() -> _Parser:
    parser = _Parser("curl", add_help=False, allow_abbrev=False)
    parser.add_argument("urls", nargs="*")
    parser.add_argument("--url")
    parser.add_argument("-X", "--request")
    parser.add_argument("-H", "--header", action="append", default=[])
    for name in ("-d", "--data", "--data-ascii", "--data-raw", "--data-binary", "--data-urlencode", "--json"):
        parser.add_argument(name, action=_Data, dest="data", default=[])
    parser.add_argument("-G", "--get", action="store_true")
    parser.add_argument("-I", "--head", action="store_true")
    for letter in _FLAGS:
        parser.add_argument(f"-{letter}", action="store_true")
    for names in _OPTIONS:
        parser.add_argument(*names.split())
    return parser


class _Data(argparse.Action):
    """Every kind of data in the order in which it was given, with the name of its option."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        namespace.data = [*namespace.data, (option, values)]


# Flags of one letter, which may stand together before another; a longer one is read past, whatever it is.
_FLAGS = "sSkviLfgN46#qOn"
# Options with an argument, that is not to be taken for the URL.
_OPTIONS = (
    *("-A --user-agent", "-b --cookie", "-c --cookie-jar", "-e --referer", "-o --output", "-w --write-out"),
    *("-x --proxy", "-m --max-time", "--connect-timeout", "--retry", "-u --user", "--cacert", "-E --cert", "--key"),
    *("--resolve", "--connect-to", "-D --dump-header", "--interface", "-K --config", "--trace", "--trace-ascii"),
    *("--ciphers", "--tls-max", "--limit-rate", "--retry-delay", "--max-redirs", "--noproxy", "--socks5"),
)


def read(data: bytes) -> SentRequest:
    """The curl command of a text; of several the first that sends a signature."""
    found = _COMMAND.search(data)
    assert found is not None  # noqa: S101 (that is why this was called)
    text = data[found.start() :].decode("utf-8", "surrogateescape")
    try:
        words = _windows_words(text) if _WINDOWS.search(text) else _posix_words(text)
    except ValueError as error:
        raise ValueError(f"the curl command cannot be read: {error}") from None
    commands = [_request(one) for one in _commands(words)]
    return signed_one([one for one in commands if one] or [_no_url()])


def _no_url() -> NoReturn:
    raise ValueError("the curl command holds no URL")


def _commands(words: list[str]) -> Iterator[list[str]]:
    """The words after each `curl`, up to the end of its command."""
    starts = [at for at, word in enumerate(words) if re.fullmatch(r"(?:.*[\s/\\$%>#])?curl(?:\.exe)?", word)]
    for start, end in zip(starts, [*starts[1:], len(words)], strict=True):
        command = words[start + 1 : end]
        stop = next((at for at, word in enumerate(command) if word in _ENDS), len(command))
        yield command[:stop]


def _request(words: list[str]) -> SentRequest | None:
    given, others = _parser().parse_known_args(words)
    url = given.url or next((word for word in (*given.urls, *others) if "/" in word and word[0] != "-"), "")
    if not url:
        return None
    body = "&".join(_data(option, value) for option, value in given.data)
    if given.get and body:
        url, body = f"{url}{'&' if '?' in url else '?'}{body}", ""
    method = given.request or ("HEAD" if given.head else "POST" if given.data and not given.get else "GET")
    return SentRequest(method, url.partition("#")[0], _headers(given.header), to_bytes(body))


def _data(option: str, value: str) -> str:
    if option != "--data-raw" and value[:1] == "@":
        raise ValueError(
            f"the curl command takes its body from a file, {value[:60]!a}: put the file's text in its place"
        )
    if option == "--data-urlencode":
        name, equals, text = value.partition("=")
        return f"{name}{'=' if name else ''}{quote_plus(text)}" if equals else quote_plus(name)
    return value


def _headers(lines: Iterable[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.removeprefix(" ") for name, _, value in pairs}


# The words of a command line

_ANSI_C = re.compile(r"\$'([^'\\]*(?:\\.[^'\\]*)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}
_WINDOWS = re.compile(r"\^\r?\n|\^\"|\bcurl\.exe\b")


def _posix_words(text: str) -> list[str]:
    text = re.sub(r"[ \t]*\\\r?\n", " ", text)
    return shlex.split(_ANSI_C.sub(_ansi_c, text))


def _ansi_c(found: re.Match[str]) -> str:
    """A shell's $'...' as a word in plain quotes."""

    def character(escape: re.Match[str]) -> str:
        code = escape[1]
        if code[0] in "uUx" and len(code) > 1:
            return chr(int(code[1:], 16)) if int(code[1:], 16) < 0x110000 else escape[0]
        return chr(int(code, 8)) if code[0].isdigit() and code[0] < "8" else _ESCAPES.get(code, code)

    return shlex.quote(_ESCAPE.sub(character, found[1]))


def _windows_words(text: str) -> list[str]:
    """Words as cmd.exe (carets) and then the C runtime (quotes, backslashes) take a line apart."""
    words: list[str] = []
    word: list[str] | None = None
    inside = False
    text = _without_carets(text)
    for found in re.finditer(r"(\\*)(\"\"?)|\\+|\s+|[^\\\"\s]+", text):
        piece = found[0]
        if piece.isspace() and not inside:
            if word is not None:
                words.append("".join(word))
            word = None
            continue
        word = [] if word is None else word
        if not found[2]:
            word.append(piece)
            continue
        slashes, quotes = len(found[1]), len(found[2])
        word.append("\\" * (slashes // 2))
        if slashes % 2:
            word.append('"')
            quotes -= 1
        if quotes == 2 and inside:  # a quote that stands for itself
            word.append('"')
        elif quotes == 1:
            inside = not inside
    if inside:
        raise ValueError("No closing quotation")
    return [*words, "".join(word)] if word is not None else words


def _without_carets(text: str) -> str:
    """What a caret stands before is as it is; within quotes a caret is one, unless the quotes have carets too."""
    everywhere = '^"' in text
    inside = False

    def piece(found: re.Match[str]) -> str:
        nonlocal inside
        if found[0] == '"':
            inside = not inside
            return '"'
        if inside and not everywhere:
            return found[0]
        return found[2]

    return re.sub(r"\^(\r?\n)?([\s\S]?)|\"", piece, text)
