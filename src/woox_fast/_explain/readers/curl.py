"""A curl command for a POSIX shell, as browsers and Postman copy it and people write it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from urllib.parse import quote_plus

from ..signing import to_bytes
from .http import SentRequest, choose

# A prompt, variables and `time` may precede the command, but no quotes.
_COMMAND = re.compile(
    rb"^(?:[^\n'\"{}<>]{0,200}[$%>#&;|] {0,2})?(?:\w{1,40}=\S{0,200} +|(?:time|sudo|exec|!) +){0,4}curl(?:\.exe)?\s",
    re.MULTILINE,
)
_ENDS = {"|", "||", "&&", ";", "&", ">", ">>", "2>", "2>&1", ">/dev/null", "2>/dev/null"}
_DATA = ("-d", "--data", "--data-ascii", "--data-raw", "--data-binary", "--data-urlencode", "--json")
_FLAGS = frozenset("sSkviLfgN46#qOnGI")
# Options with an argument, which must not be mistaken for the URL.
_OTHERS = """
-A --user-agent -b --cookie -c --cookie-jar -e --referer -o --output -w --write-out -x --proxy -m --max-time -u --user
--connect-timeout --retry --cacert -E --cert --key --resolve --connect-to -D --dump-header --interface -K --config
--trace --trace-ascii --ciphers --tls-max --limit-rate --retry-delay --max-redirs --noproxy --socks5
"""
_WITH_VALUE = {"-X", "--request", "-H", "--header", "--url", *_DATA, *_OTHERS.split()}


def is_curl(data: bytes) -> bool:
    found = _COMMAND.search(data, 0, 4000)
    return found is not None and b"HTTP/" not in data[: found.start()]


def read(data: bytes) -> SentRequest:
    found = _COMMAND.search(data)
    text = data[found.start() if found else 0 :].decode("utf-8", "surrogateescape")
    try:
        words = _split(text)
    except ValueError as error:
        raise ValueError(f"the curl command is invalid: {error}") from None
    commands = list(filter(None, map(_read_command, _commands(words))))
    if not commands:
        raise ValueError("the curl command has no URL")
    return choose(commands)


def _commands(words: list[str]) -> Iterator[list[str]]:
    """Yield the words after `curl`, up to the command's end."""
    starts = [at for at, word in enumerate(words) if re.fullmatch(r"(?:[^{]*[\s/\\$%>#])?curl(?:\.exe)?", word)]
    for start, end in zip(starts, [*starts[1:], len(words)], strict=True):
        command = words[start + 1 : end]
        stop = next((at for at, word in enumerate(command) if word in _ENDS), len(command))
        yield command[:stop]


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (option, value) in order; plain words have an empty option."""
    rest = iter(words)
    for word in rest:
        while len(word) > 2 and word[0] == "-" and word[1] in _FLAGS:  # -sX means -s -X
            yield word[:2], ""
            word = f"-{word[2:]}"
        name, equals, value = word.partition("=")
        if word in _WITH_VALUE:
            yield word, next(rest, "")
        elif word[:2] in _WITH_VALUE and word[:2] != "--" and len(word) > 2:
            yield word[:2], word[2:]
        elif word[:2] == "--" and equals and name in _WITH_VALUE:
            yield name, value
        elif word[:1] == "-" and len(word) > 1:
            yield word, ""
        else:
            yield "", word


def _read_command(words: list[str]) -> SentRequest | None:
    method = url = ""
    headers: dict[str, str] = {}
    data: list[str] = []
    flags = set()
    for option, value in _options(words):
        if option in ("-X", "--request"):
            method = value
        elif option in ("-H", "--header"):
            name, colon, text = value.partition(":")
            if colon:
                headers[name.strip().lower()] = text.removeprefix(" ")
        elif option in _DATA:
            data.append(_data(option, value))
            if option == "--json":
                headers.setdefault("content-type", "application/json")
        elif option == "--url" or (not option and not url and ("/" in value or "." in value)):
            url = value
        else:
            flags.add(option)
    if not url:
        return None
    body = "&".join(data)
    if data and not {"-G", "--get"} & flags:
        headers.setdefault("content-type", "application/x-www-form-urlencoded")
        default = "POST"
    else:
        if body:
            url, body = f"{url}{'&' if '?' in url else '?'}{body}", ""
        default = "HEAD" if {"-I", "--head"} & flags else "GET"
    return SentRequest(method or default, url.partition("#")[0], headers, to_bytes(body))


def _data(option: str, value: str) -> str:
    if option != "--data-raw" and value[:1] == "@":
        raise ValueError(f"the curl command reads its body from the file {value[1:60]!a}; insert the file's text")
    if option == "--data-urlencode":
        name, equals, text = value.partition("=")
        return f"{name}{'=' if name else ''}{quote_plus(text)}" if equals else quote_plus(name)
    return value


_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[nrt'\"\\])")
_ANSI_C = re.compile(r"\$'([^'\\]*(?:\\.[^'\\]*)*)'", re.DOTALL)


def _split(text: str) -> list[str]:
    return shlex.split(_ANSI_C.sub(_unescape, re.sub(r"[ \t]*\\\r?\n", " ", text)))


def _unescape(found: re.Match[str]) -> str:
    return shlex.quote(_ESCAPE.sub(lambda escape: escape[0].encode().decode("unicode_escape"), found[1]))
