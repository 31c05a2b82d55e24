"""Spellings of one value: the ways in which programs write a number, a word or a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from math import ulp

from .json_edits import Edit

NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


def numbers(write: Edit) -> Edit:
    """Rewrite the number in a scalar, with or without quotes."""

    def edit(token: str) -> str:
        bare = token.strip('"')
        return token.replace(bare, write(bare)) if len(bare) < 40 and NUMBER.fullmatch(bare) else token

    return edit


def plain(number: str) -> str:
    """Write a number without exponent."""
    value = Decimal(number)
    return format(value, "f") if abs(value.adjusted()) < 40 else number


def trimmed(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number and "e" not in number.lower() else number


def as_float(number: str) -> str:
    return repr(float(number))


def as_javascript(number: str) -> str:
    """Write a number as JavaScript does: 9000, 0.00001, 1e-7, and 9007199254740992 for 9007199254740993."""
    value = float(number)
    if value == int(value) and abs(value) < 1e21:
        return plain(repr(value)).removesuffix(".0")
    return plain(repr(value)) if abs(value) >= 1e-6 else repr(value).replace("e-0", "e-")


def unquoted(token: str) -> str:
    return token[1:-1] if token[:1] == '"' and NUMBER.fullmatch(token[1:-1]) else token


def quoted(token: str) -> str:
    return f'"{token}"' if NUMBER.fullmatch(token) else token


_WORDS = {
    "true": ('"true"', "True", '"True"', "1", '"1"'),
    "false": ('"false"', "False", '"False"', "0", '"0"', "null", '""'),
    "null": ('""', '"null"', "None", '"None"', "0", "false"),
}


def spellings(token: str) -> Iterator[str]:
    """Yield the other spellings of a JSON scalar that programs produce."""
    bare = token.strip('"')
    mark = '"' if token[:1] == '"' else ""
    if len(bare) >= 40 or not NUMBER.fullmatch(bare):
        yield from _WORDS.get(token, ())
        if mark and len(bare) < 200 and "\\" not in bare:
            yield from (f'"{other}"' for other in (bare.lower(), bare.upper(), bare.capitalize(), bare.strip()))
            kind, _, market = bare.partition("_")
            if kind in ("SPOT", "PERP"):
                other = "PERP" if kind == "SPOT" else "SPOT"
                yield from (f'"{market.replace("_", sign)}"' for sign in ("_", "-", "/", ""))
                yield f'"{other}_{market}"'
            yield from (bare,) * (bare.lower() in ("true", "false", "null"))
        return
    value = float(bare)
    found = [as_float(bare), as_javascript(bare), trimmed(bare), f"{value:g}", bare, plain(bare)]
    found += [f"{value:.{n}f}" for n in range(9)] + [f"{value:.{n}g}" for n in (12, 15, 16, 17)]
    found += [bare.replace(".", ","), bare.replace(",", ".")]
    for spelling in dict.fromkeys(found):
        yield f"{mark}{spelling}{mark}"
        yield spelling if mark else f'"{spelling}"'


def unrounded(token: str) -> Iterator[str]:
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
            yield f"{mark}{trimmed(format(value + count * step, 'f'))}{mark}"


def camel_case(name: str) -> str:
    joined = re.sub("_([a-z])", lambda found: found[1].upper(), name)
    return joined[:1].lower() + joined[1:]


def snake_case(name: str) -> str:
    return re.sub("(?<=[a-z0-9])[A-Z]", lambda found: "_" + found[0], name).lower()
