"""Edits of JSON and query text: how one request's body and query get written in two ways.

An edit preserves every byte it does not mean to change: numbers keep their digits, strings their escapes. Each function
runs in time linear in the text and raises ValueError if it does not apply.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations, islice, permutations

from .signing import to_bytes

Edit = Callable[[str], str]

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[,:{}\[\]]|[^\s,:{}\[\]"]+|\s+', re.DOTALL)
_MAX_FIELDS = 40  # edited one at a time
_MAX_ORDERS = 720


# JSON as tokens


@lru_cache(maxsize=512)
def tokens(text: str) -> tuple[str, ...]:
    """Split a JSON object or list into tokens, white space included. Raises ValueError for any other text."""
    if text.lstrip()[:1] not in ("{", "["):
        raise ValueError("not a JSON object or list")
    json.loads(text)  # _TOKEN matches valid JSON without a gap
    return tuple(_TOKEN.findall(text))


def is_key(parts: Sequence[str], at: int) -> bool:
    after = next((part for part in parts[at + 1 :] if not part.isspace()), "")
    return parts[at][0] == '"' and after == ":"


def is_scalar(parts: Sequence[str], at: int) -> bool:
    return parts[at] not in ",:{}[]" and not parts[at].isspace() and not is_key(parts, at)


def scalars(write: Edit) -> Edit:
    """Rewrite every scalar value; a string includes its quotes."""

    def edit(text: str) -> str:
        parts = tokens(text)
        return "".join(write(part) if is_scalar(parts, at) else part for at, part in enumerate(parts))

    return edit


def one_scalar(write: Callable[[str], Iterable[str]]) -> Callable[[str], Iterator[str]]:
    """Rewrite one scalar at a time, in every spelling that `write` yields."""

    def edit(text: str) -> Iterator[str]:
        parts = tokens(text)
        for at in islice((at for at in range(len(parts)) if is_scalar(parts, at)), _MAX_FIELDS):
            for other in write(parts[at]):
                yield "".join((*parts[:at], other, *parts[at + 1 :]))

    return edit


def keys(write: Edit) -> Edit:
    """Rewrite every key, without its quotes."""

    def edit(text: str) -> str:
        parts = tokens(text)
        return "".join(f'"{write(part[1:-1])}"' if is_key(parts, at) else part for at, part in enumerate(parts))

    return edit


def separated(item: str, key: str) -> Edit:
    """Rewrite JSON with `item` between items and `key` between key and value."""
    marks = {",": item, ":": key}
    return lambda text: "".join([marks.get(part, part) for part in tokens(text) if not part.isspace()])


compact = separated(",", ":")
spaced = separated(", ", ": ")


def indented(indent: str, newline: str = "\n") -> Edit:
    """Rewrite JSON with one item per line."""

    def edit(text: str) -> str:
        out: list[str] = []
        depth = 0
        parts = [part for part in tokens(text) if not part.isspace()]
        for at, part in enumerate(parts):
            depth += (part in "{[") - (part in "}]")
            line = newline + indent * depth
            if part in "{[":
                out.append(part if parts[at + 1] in "}]" else part + line)
            elif part in "}]":
                out.append(part if parts[at - 1] in "{[" else line + part)
            else:
                out.append("," + line if part == "," else ": " if part == ":" else part)
        return "".join(out)

    return edit


# The members of the outermost object, each as verbatim text


def members(text: str) -> tuple[str, list[str], str, str]:
    """Return the opening, the members, the text between two members, and the closing."""
    bare = text.strip()
    items, depth = [""], 0
    for part in tokens(bare)[1:-1]:
        if part == "," and depth == 0:
            items.append("")
            continue
        depth += (part in "{[") - (part in "}]")
        items[-1] += part
    if bare[0] != "{" or not 0 < len(items) <= _MAX_FIELDS or not items[0].strip():
        raise ValueError("not an object with members")
    first, last = items[0], items[-1]
    opening = text[: len(text) - len(text.lstrip())] + "{" + first[: len(first) - len(first.lstrip())]
    closing = last[len(last.rstrip()) :] + "}" + text[len(text.rstrip()) :]
    between = last[: len(last) - len(last.lstrip())] if len(items) > 1 else " " if '": ' in text else ""
    return opening, [item.strip() for item in items], "," + between, closing


def of_members(arrange: Callable[[list[str]], Iterable[Sequence[str]]]) -> Callable[[str], Iterator[str]]:
    """Rearrange the members of the outermost object."""

    def edit(text: str) -> Iterator[str]:
        opening, items, between, closing = members(text)
        return (f"{opening}{between.join(arranged)}{closing}" for arranged in arrange(items))

    return edit


def name_of(member: str) -> str:
    return member[1 : member.index('"', 1)]


def value_of(member: str) -> str:
    return member[member.index('"', 1) + 1 :].lstrip(": \t\r\n")


def one_less(items: list[str]) -> Iterator[Sequence[str]]:
    return (items[:at] + items[at + 1 :] for at in range(len(items))) if len(items) > 1 else iter(())


def two_less(items: list[str]) -> Iterator[Sequence[str]]:
    return combinations(items, len(items) - 2) if len(items) > 2 else iter(())


def one_more(added: Iterable[str]) -> Callable[[list[str]], Iterator[Sequence[str]]]:
    def arrange(items: list[str]) -> Iterator[Sequence[str]]:
        for item in added:
            yield from ([*items[:at], item, *items[at:]] for at in range(len(items), -1, -1))

    return arrange


def moved(items: list[str]) -> Iterator[Sequence[str]]:
    """Move one item to each other place."""
    for at, item in enumerate(items):
        rest = items[:at] + items[at + 1 :]
        yield from ([*rest[:to], item, *rest[to:]] for to in range(len(items)) if to != at)


def permuted(items: list[str]) -> Iterator[Sequence[str]]:
    return islice(permutations(items), 1, _MAX_ORDERS)


# Escapes


def ascii_escapes(text: str) -> str:
    r"""Write non-ASCII characters as \u escapes."""
    return re.sub("[^\x00-\x7f]+", lambda found: json.dumps(found[0])[1:-1], text)


def no_ascii_escapes(text: str) -> str:
    r"""Replace \u escapes of non-ASCII characters by the characters."""

    def unescape(found: re.Match[str]) -> str:
        text = json.loads(f'"{found[0]}"') if found[0][1] == "u" else ""
        return found[0] if text.isascii() else to_bytes(text).decode()

    return re.sub(r"\\\\|(?:\\u[0-9a-fA-F]{4})+", unescape, text)
