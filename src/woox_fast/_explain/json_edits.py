"""Edits of JSON and query text: how a request's body and query get written in two ways.

An edit preserves all other bytes. It runs in linear time and raises ValueError if it does not apply.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import combinations, islice, permutations
from math import ulp
from typing import Any

from .signing import to_bytes

Edit = Callable[[str], str]


def curry(edit: Callable[..., Any]) -> Callable[..., Callable[[Any], Any]]:
    """Let `edit(option, text)` be called as `edit(option)(text)`."""
    return lambda *options: lambda text: edit(*options, text)


_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[,:{}\[\]]|[^\s,:{}\[\]"]+|\s+', re.DOTALL)
_MAX_FIELDS = 40  # edited separately
_MAX_ORDERS = 720


@lru_cache(maxsize=512)
def tokenize(text: str) -> tuple[str, ...]:
    """Split a JSON object or list into tokens, white space included. Raises ValueError for a scalar."""
    if text.lstrip()[:1] not in ("{", "["):
        raise ValueError("not a JSON object or list")
    json.loads(text)  # _TOKEN matches valid JSON without a gap
    return tuple(_TOKEN.findall(text))


def is_key(parts: Sequence[str], at: int) -> bool:
    after = next((part for part in parts[at + 1 :] if not part.isspace()), "")
    return parts[at][0] == '"' and after == ":"


def is_scalar(parts: Sequence[str], at: int) -> bool:
    return parts[at] not in ",:{}[]" and not parts[at].isspace() and not is_key(parts, at)


@curry
def map_scalars(write: Edit, text: str) -> str:
    """Rewrite every scalar value; a string includes its quotes."""
    parts = tokenize(text)
    return "".join(write(part) if is_scalar(parts, at) else part for at, part in enumerate(parts))


@curry
def map_one(write: Callable[[str], Iterable[str]], text: str) -> Iterator[str]:
    parts = tokenize(text)
    for at in islice((at for at in range(len(parts)) if is_scalar(parts, at)), _MAX_FIELDS):
        for other in write(parts[at]):
            yield "".join((*parts[:at], other, *parts[at + 1 :]))


@curry
def map_keys(write: Edit, text: str) -> str:
    parts = tokenize(text)
    return "".join(f'"{write(part[1:-1])}"' if is_key(parts, at) else part for at, part in enumerate(parts))


def separate(item: str, key: str) -> Edit:
    """Rewrite JSON with `item` between items and `key` between key and value."""
    marks = {",": item, ":": key}
    return lambda text: "".join([marks.get(part, part) for part in tokenize(text) if not part.isspace()])


write_compact = separate(",", ":")
write_spaced = separate(", ", ": ")


@curry
def indent(unit: str, newline: str, text: str) -> str:
    out: list[str] = []
    depth = 0
    parts = [part for part in tokenize(text) if not part.isspace()]
    for at, part in enumerate(parts):
        depth += (part in "{[") - (part in "}]")
        line = newline + unit * depth
        if part in "{[":
            out.append(part if parts[at + 1] in "}]" else part + line)
        elif part in "}]":
            out.append(part if parts[at - 1] in "{[" else line + part)
        else:
            out.append("," + line if part == "," else ": " if part == ":" else part)
    return "".join(out)


def split_members(text: str) -> tuple[str, list[str], str, str]:
    """Return the opening, the members, the text between two members, and the closing."""
    bare = text.strip()
    items, depth = [""], 0
    for part in tokenize(bare)[1:-1]:
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


@curry
def edit_members(arrange: Callable[[list[str]], Iterable[Sequence[str]]], text: str) -> Iterator[str]:
    opening, items, between, closing = split_members(text)
    return (f"{opening}{between.join(arranged)}{closing}" for arranged in arrange(items))


def get_name(member: str) -> str:
    return member[1 : member.index('"', 1)]


def get_value(member: str) -> str:
    return member[member.index('"', 1) + 1 :].lstrip(": \t\r\n")


def drop_one(items: list[str]) -> Iterator[Sequence[str]]:
    return (items[:at] + items[at + 1 :] for at in range(len(items))) if len(items) > 1 else iter(())


def drop_two(items: list[str]) -> Iterator[Sequence[str]]:
    return combinations(items, len(items) - 2) if len(items) > 2 else iter(())


@curry
def insert_one(added: Iterable[str], items: list[str]) -> Iterator[Sequence[str]]:
    for item in added:
        yield from ([*items[:at], item, *items[at:]] for at in range(len(items), -1, -1))


def move_one(items: list[str]) -> Iterator[Sequence[str]]:
    for at, item in enumerate(items):
        rest = items[:at] + items[at + 1 :]
        yield from ([*rest[:to], item, *rest[to:]] for to in range(len(items)) if to != at)


def permute(items: list[str]) -> Iterator[Sequence[str]]:
    return islice(permutations(items), 1, _MAX_ORDERS)


def escape_non_ascii(text: str) -> str:
    r"""Write non-ASCII characters as \u escapes."""
    return re.sub("[^\x00-\x7f]+", lambda found: json.dumps(found[0])[1:-1], text)


def unescape_non_ascii(text: str) -> str:
    r"""Replace \u escapes of non-ASCII characters by the characters."""

    def unescape(found: re.Match[str]) -> str:
        text = json.loads(f'"{found[0]}"') if found[0][1] == "u" else ""
        return found[0] if text.isascii() else to_bytes(text).decode()

    return re.sub(r"\\\\|(?:\\u[0-9a-fA-F]{4})+", unescape, text)


# Values

NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


@curry
def map_number(write: Edit, token: str) -> str:
    """Rewrite the number in a scalar, with or without quotes."""
    bare = token.strip('"')
    return token.replace(bare, write(bare)) if len(bare) < 40 and NUMBER.fullmatch(bare) else token


def write_plain(number: str) -> str:
    value = Decimal(number)
    return format(value, "f") if abs(value.adjusted()) < 40 else number


def trim_zeros(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number and "e" not in number.lower() else number


def to_float(number: str) -> str:
    return repr(float(number))


def to_javascript(number: str) -> str:
    """Write a number as JavaScript does: 9000, 0.00001, 1e-7, and 9007199254740992 for 9007199254740993."""
    value = float(number)
    if value == int(value) and abs(value) < 1e21:
        return write_plain(repr(value)).removesuffix(".0")
    return write_plain(repr(value)) if abs(value) >= 1e-6 else repr(value).replace("e-0", "e-")


def unquote_number(token: str) -> str:
    return token[1:-1] if token[:1] == '"' and NUMBER.fullmatch(token[1:-1]) else token


def quote_number(token: str) -> str:
    return f'"{token}"' if NUMBER.fullmatch(token) else token


_WORDS = {
    "true": ('"true"', "True", '"True"', "1", '"1"'),
    "false": ('"false"', "False", '"False"', "0", '"0"', "null", '""'),
    "null": ('""', '"null"', "None", '"None"', "0", "false"),
}


def _parse(token: str) -> tuple[str, str, bool]:
    """Return a scalar's quote or '', its text, and whether it is a number."""
    bare = token.strip('"')
    return '"' if token[:1] == '"' else "", bare, len(bare) < 40 and NUMBER.fullmatch(bare) is not None


def retype(token: str) -> Iterator[str]:
    mark, bare, is_number = _parse(token)
    yield from _WORDS.get(token, ())
    if is_number or bare.lower() in ("true", "false", "null"):
        yield bare if mark else f'"{bare}"'


def respell_text(token: str) -> Iterator[str]:
    mark, bare, is_number = _parse(token)
    if not mark or is_number or len(bare) >= 200 or "\\" in bare:
        return
    yield from (f'"{other}"' for other in (bare.lower(), bare.upper(), bare.capitalize(), bare.strip()))
    kind, _, market = bare.partition("_")
    if kind in ("SPOT", "PERP"):
        base, _, quote = market.partition("_")
        yield from (f'"{base}{between}{quote}"' for between in ("_", "-", "/", ""))
        yield from (f'"{base}/{quote}:{quote}"', f'"{"PERP" if kind == "SPOT" else "SPOT"}_{market}"')


def respell_number(token: str) -> Iterator[str]:
    mark, bare, is_number = _parse(token)
    if not is_number:
        return
    value = float(bare)
    found = [to_float(bare), to_javascript(bare), trim_zeros(bare), f"{value:g}", bare, write_plain(bare)]
    found += [f"{value:.{n}f}" for n in range(9)] + [f"{value:.{n}g}" for n in (12, 15, 16, 17)]
    found += [bare.replace(".", ","), bare.replace(",", ".")]
    found += [bare[:-3]] * (len(bare) == 13) + [f"{bare}000"] * (len(bare) == 10)  # seconds and milliseconds
    for spelling in dict.fromkeys(found):
        yield f"{mark}{spelling}{mark}"
        yield spelling if mark else f'"{spelling}"'


def respell(token: str) -> Iterator[str]:
    yield from (*retype(token), *respell_text(token), *respell_number(token))


def unround(token: str) -> Iterator[str]:
    """Yield the numbers that round to this number: float errors, up to three more digits, integers above 2**53."""
    bare = token.strip('"')
    mark = '"' if token[:1] == '"' else ""
    if not re.fullmatch(r"\d{1,20}(?:\.\d{1,12})?", bare):
        return
    value = Decimal(bare)
    if "." not in bare and len(bare) >= 16:
        size = 1 << max(0, int(bare).bit_length() - 53)
        yield from (f"{mark}{int(bare) + step}{mark}" for step in range(-4 * size, 4 * size + 1))
        return
    near = float(bare)
    yield from (f"{mark}{near + steps * ulp(near)!r}{mark}" for steps in range(-4, 5))
    digits = len(bare.partition(".")[2])
    for more in range(1, 4):
        step = Decimal(1).scaleb(-digits - more)
        for count in range(-(10**more), 10**more):
            yield f"{mark}{trim_zeros(format(value + count * step, 'f'))}{mark}"


def to_camel_case(name: str) -> str:
    joined = re.sub("_([a-z])", lambda found: found[1].upper(), name)
    return joined[:1].lower() + joined[1:]


def to_snake_case(name: str) -> str:
    return re.sub("(?<=[a-z0-9])[A-Z]", lambda found: "_" + found[0], name).lower()
