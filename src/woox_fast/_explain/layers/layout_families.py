"""Layouts that have many outcomes: any order, any mark between two parts, hashes, texts without their values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations, product

from ..changes import FAMILY, Change
from ..signing import JOINT, Layout, Sent
from .rules import RULE, replaced
from .texts import ABSENT, MARKS, placeholders

_PARTS = ("{t}", "{m}", "{p}{q}", "{b}")
_BETWEEN = ("", "\n", "|", ":", " ", "&", ",", ".", "-", "?", "/", "+")


def _literal(text: str) -> str:
    """A text as a part of a template."""
    return text.replace("{", "{{").replace("}", "}}").replace(JOINT, "")


def _arrangements(parts: Iterable[str], least: int, most: int) -> Iterator[tuple[str, ...]]:
    some = tuple(parts)
    for count in range(least, most + 1):
        yield from permutations(some, count)


def _with_key(layout: Layout, sent: Sent) -> Iterator[Layout]:
    if sent.api_key:
        for parts in _arrangements((*_PARTS, "{k}"), 1, 5):
            if "{k}" in parts:
                for between in ("", "\n", "|", ":", "&", ","):
                    yield replaced(layout, between.join(parts))


def _query_apart(layout: Layout, sent: Sent) -> Iterator[Layout]:
    """Path and query each in a place of its own, or one of them alone."""
    if sent.query:
        for query in ("{q:bare}", "{q}"):
            for parts in _arrangements(("{t}", "{m}", "{p}", query, "{b}"), 1, 4 if sent.body else 5):
                for between in ("", "\n", "|"):
                    yield replaced(layout, between.join(parts))


def _body_hashed(layout: Layout, sent: Sent) -> Iterator[Layout]:
    """With a hash in the place of the body, in any order."""
    for hashed in ("sha256", "md5", "sha512", "sha1", "sha256-base64", "md5-base64", "base64", "length", "encoded"):
        for parts in _arrangements(("{t}", "{m}", "{p}{q}", f"{{b:{hashed}}}"), 2, 4):
            if parts[-1] == f"{{b:{hashed}}}" or len(parts) == 4:
                for between in ("", "\n", "|", ":"):
                    yield replaced(layout, between.join(parts))
                yield replaced(layout, "\n".join(parts) + "\n")


def _mixed(layout: Layout, sent: Sent) -> Iterator[Layout]:
    """With one mark here and another there."""
    for first, second, third in product(_BETWEEN, repeat=3):
        one, two, three, four = _PARTS
        yield replaced(layout, f"{one}{first}{two}{second}{three}{third}{four}")
    for first, second, third in product(_BETWEEN[:5], repeat=3):
        for one, two, three, four in (("{m}", "{p}{q}", "{t}", "{b}"), ("{m}", "{t}", "{p}{q}", "{b}")):
            yield replaced(layout, f"{one}{first}{two}{second}{three}{third}{four}")


def _any_mark(layout: Layout, sent: Sent) -> Iterator[Layout]:
    for mark in map(_literal, (*MARKS, *ABSENT)):
        yield replaced(layout, mark.join(_PARTS))
        yield replaced(layout, "".join((*_PARTS, mark)))
        yield replaced(layout, "".join((mark, *_PARTS)))
        yield replaced(layout, mark + "".join(_PARTS) + mark)
        yield replaced(layout, mark.join((*_PARTS, "")))
        yield from (replaced(layout, "".join((*_PARTS[:at], mark, *_PARTS[at:]))) for at in (1, 2, 3))


def _wrapped(layout: Layout, sent: Sent) -> Iterator[Layout]:
    """With something round each part."""
    for before, after in (
        ("{{", "}}"),
        ("'", "'"),
        ('"', '"'),
        ("[", "]"),
        ("<", ">"),
        ("(", ")"),
        ("${{", "}}"),
        ("b'", "'"),
    ):
        for between in ("", ",", ", ", " ", "+", " + ", "\n", "|"):
            yield replaced(layout, between.join(before + part + after for part in _PARTS))
            first, *rest = _PARTS
            yield replaced(layout, between.join((first, *(before + part + after for part in rest))))


def _on_lines(layout: Layout, sent: Sent) -> Iterator[Layout]:
    """On lines of their own, as a string over several lines of a program holds them."""
    for indent in ("", *(" " * n for n in range(2, 17, 2)), "\t", "\t\t"):
        inner = f"\n{indent}".join(_PARTS)
        for first, last in ((f"\n{indent}", "\n"), ("", "\n"), (f"\n{indent}", ""), ("", "")):
            for less in dict.fromkeys(("", indent[:-2], indent[:-4], indent)):
                yield replaced(layout, first + inner + last + less)


_NAMES = (
    ("timestamp", "method", "path", "body"),
    ("timestamp", "method", "requestPath", "body"),
    ("ts", "method", "path", "body"),
    ("timestamp", "method", "url", "data"),
    ("timestamp", "method", "path", "data"),
    ("nonce", "method", "path", "body"),
    ("self.timestamp", "self.method", "self.path", "self.body"),
)
_TEXTS = """
message
payload
msg
data
prehash
preHash
signString
stringToSign
string_to_sign
toSign
signature
signature_payload
content
text
normalized_content
%s%s%s%s
%s%s%s
%d%s%s%s
{}{}{}{}
{}{}{}
{0}{1}{2}{3}
{0}{1}{2}
$1$2$3$4
undefinedundefinedundefinedundefined
undefinedundefinedundefined
nullnullnullnull
nullnullnull
NoneNoneNoneNone
""".strip().split("\n")


def _unfilled(layout: Layout, sent: Sent) -> Iterator[Layout]:
    """A template that nothing was put into, or another text."""
    for names in _NAMES:
        for forms in zip(*map(placeholders, names), strict=True):
            for some in (forms, forms[:3]):
                yield from (
                    replaced(layout, _literal(between.join(some))) for between in ("", "+", " + ", "|", "\n", ", ")
                )
    for text in (*_TEXTS, *ABSENT, *placeholders("message", "payload", "data", "prehash", "signString", "body")):
        yield replaced(layout, _literal(text))


def _v1_with_more(layout: Layout, sent: Sent) -> Iterator[Layout]:
    """The V1 rule with key, method or path among its parts."""
    for parts in _arrangements(("{q}", "{t}", "{k}", "{m}", "{p}"), 2, 5):
        if "{q}" in parts and (sent.api_key or "{k}" not in parts):
            for between in ("|", "", "&", "\n"):
                yield replaced(layout, between.join(parts), source="v1")
    for more in ("{k}", "{m}", "{p}", "{m}{p}", "auth", "login", "AUTH", "subscribe", "ws", "v1", "{o}"):
        if sent.api_key or more != "{k}":
            for mark in ("", "|", "&", "\n", ":"):
                yield replaced(layout, f"{more}{mark}{{q}}|{{t}}", source="v1")
                yield replaced(layout, f"{{q}}|{{t}}{mark}{more}", source="v1")
                yield replaced(layout, f"{more}{mark}{{t}}")
                yield replaced(layout, f"{{t}}{mark}{more}")
    for name in ("timestamp", "ts", "t", "nonce"):
        for colon in (":", ": "):
            for stamp in ("{t}", '"{t}"'):
                yield replaced(layout, f'{{{{"{name}"{colon}{stamp}}}}}')
    for mark in map(_literal, MARKS):
        yield from (replaced(layout, f"{{q}}{one}{{t}}", source="v1") for one in (mark, f"|{mark}", f"{mark}|"))
        yield from (replaced(layout, f"{one}{{q}}|{{t}}{two}", source="v1") for one, two in ((mark, ""), ("", mark)))


LAYOUT_FAMILIES = (
    Change("api-key-signed", FAMILY, f"The API key was signed too. {RULE}", _with_key, last=True),
    Change(
        "query-apart", FAMILY, f"Path and query were signed apart, or in another order. {RULE}", _query_apart, last=True
    ),
    Change("body-hash-signed", FAMILY, f"A hash was signed in the place of the body. {RULE}", _body_hashed, last=True),
    Change("separators-mixed", FAMILY, f"Marks were signed between some of the parts. {RULE}", _mixed, last=True),
    Change(
        "message-marked",
        FAMILY,
        f"The parts were signed with other text between or round them. {RULE}",
        _any_mark,
        last=True,
    ),
    Change("parts-wrapped", FAMILY, f"Something was signed round each of the parts. {RULE}", _wrapped, last=True),
    Change(
        "message-on-lines",
        FAMILY,
        f"The parts were signed on lines of their own, indented. {RULE}",
        _on_lines,
        last=True,
    ),
    Change("message-unfilled", FAMILY, f"A text was signed into which no value was put. {RULE}", _unfilled, last=True),
    Change(
        "rule-v1-with-more", FAMILY, f"The V1 rule was used with more than it takes. {RULE}", _v1_with_more, last=True
    ),
)
