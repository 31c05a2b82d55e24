"""What stands between the parts of a message, and at its ends."""

from __future__ import annotations

from collections.abc import Iterator

from ..changes import COMMON, EXOTIC, LIKELY, RARE, UNCOMMON, Change
from ..signing import JOINT, Layout, Sent
from .rules import RULE


def _separator(name: str, cost: int, what: str, separator: str) -> Change:
    def values(layout: Layout, sent: Sent) -> Iterator[Layout]:
        if JOINT in layout.template:
            yield layout._replace(separator=separator)

    return Change(f"separator-{name}", cost, f"The parts were joined with {what}. {RULE}", values)


def _end(name: str, cost: int, what: str, before: str, after: str) -> Change:
    return Change(
        f"message-{name}",
        cost,
        f"The message was signed with {what}. {RULE}",
        lambda layout, sent: (layout._replace(template=before + layout.template + after),),
    )


SEPARATORS = (
    _separator("newline", LIKELY, "newlines", "\n"),
    _separator("space", COMMON, "spaces", " "),
    _separator("bar", COMMON, "'|'", "|"),
    _separator("ampersand", COMMON, "'&'", "&"),
    _separator("comma", COMMON, "commas", ","),
    _separator("colon", COMMON, "colons", ":"),
    _separator("none", LIKELY, "nothing", ""),
    *(
        _separator(name, cost, what, text)
        for name, cost, what, text in (
            ("plus", UNCOMMON, "'+'", "+"),
            ("dash", UNCOMMON, "'-'", "-"),
            ("dot", UNCOMMON, "'.'", "."),
            ("underscore", UNCOMMON, "'_'", "_"),
            ("semicolon", UNCOMMON, "';'", ";"),
            ("slash", UNCOMMON, "'/'", "/"),
            ("hash", UNCOMMON, "'#'", "#"),
            ("crlf", UNCOMMON, "CR LF", "\r\n"),
            ("tab", UNCOMMON, "tabs", "\t"),
            ("comma-space", UNCOMMON, "commas and spaces", ", "),
            ("escaped-newline", UNCOMMON, "the two characters \\n", "\\n"),
            ("spaced-plus", RARE, "' + '", " + "),
            ("two-newlines", RARE, "two newlines", "\n\n"),
            ("two-bars", RARE, "'||'", "||"),
            ("two-colons", RARE, "'::'", "::"),
            ("at", EXOTIC, "'@'", "@"),
            ("star", EXOTIC, "'*'", "*"),
            ("nul", EXOTIC, "NUL bytes", "\0"),
            ("undefined", EXOTIC, "the text undefined", "undefined"),
            ("arrow", EXOTIC, "'->'", "->"),
            ("tilde", EXOTIC, "'~'", "~"),
            ("equals", EXOTIC, "'='", "="),
            ("question-mark", EXOTIC, "'?'", "?"),
            ("percent", EXOTIC, "'%'", "%"),
            ("quote", EXOTIC, "double quotes", '"'),
            ("spaced-bar", EXOTIC, "' | '", " | "),
            ("spaced-dash", EXOTIC, "' - '", " - "),
            ("null", EXOTIC, "the text null", "null"),
            ("none", EXOTIC, "the text None", "None"),
            ("two-spaces", EXOTIC, "two spaces", "  "),
            ("two-ampersands", EXOTIC, "'&&'", "&&"),
            ("colon-space", EXOTIC, "': '", ": "),
            ("escaped-tab", EXOTIC, "the two characters \\t", "\\t"),
            ("encoded-newline", EXOTIC, "'%0A'", "%0A"),
            ("cr", EXOTIC, "CR", "\r"),
            ("unit-separator", EXOTIC, "the byte 1F", "\x1f"),
            ("start-of-heading", EXOTIC, "the byte 01", "\x01"),
        )
    ),
)

ENDS = (
    _end("newline", COMMON, "a newline at its end", "", "\n"),
    _end("echo-n", UNCOMMON, "'-n ' in front and a newline at its end: sh's echo takes no -n", "-n ", "\n"),
    _end("crlf", UNCOMMON, "CR LF at its end", "", "\r\n"),
    _end("trailing-space", UNCOMMON, "a space at its end", "", " "),
    _end("leading-space", RARE, "a space in front", " ", ""),
    _end("quoted", UNCOMMON, "double quotes round it", '"', '"'),
    _end("single-quoted", UNCOMMON, "single quotes round it", "'", "'"),
    _end("bytes-repr", UNCOMMON, "b'...' round it", "b'", "'"),
    _end("bar", UNCOMMON, "'|' at its end", "", "|"),
    _end("ampersand", UNCOMMON, "'&' at its end", "", "&"),
    _end("colon", RARE, "':' at its end", "", ":"),
    _end("leading-bar", UNCOMMON, "'|' in front", "|", ""),
    _end("leading-newline", RARE, "a newline in front", "\n", ""),
    _end("timestamp-doubled", RARE, "the timestamp once more in front", "{t}", ""),
    _end("null", UNCOMMON, "the text null at its end", "", "null"),
    _end("undefined", UNCOMMON, "the text undefined at its end", "", "undefined"),
    _end("none", UNCOMMON, "the text None at its end", "", "None"),
    _end("bom", UNCOMMON, "a byte order mark in front", "\ufeff", ""),
    _end("undefined-first", RARE, "the text undefined in front", "undefined", ""),
    _end("window", UNCOMMON, "a receive window at its end", "", "5000"),
)
