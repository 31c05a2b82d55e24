"""Parameters and JSON as text, written once, so that what is signed is what is sent. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from ._types import Params


def query_text(params: Params) -> str:
    """`params` (a mapping, or pairs where a name repeats) as a percent-encoded query, in the order given.

    Booleans are `true` and `false`, None is left out, lists repeat their name, numbers are written without exponent.
    Raises TypeError for other values, or names that are not str, and ValueError for numbers that are not finite.
    """
    return urlencode(_pairs(params), quote_via=quote)


def json_bytes(value: Any) -> bytes:
    """`value` as compact UTF-8 JSON in insertion order, Decimals as strings (WOO X asks for strings for values).

    Raises ValueError for NaN, infinities and keys that are written alike (1 and "1"), TypeError for what JSON cannot
    hold.
    """
    try:
        text = _write_json(value)
    except ValueError as error:
        raise ValueError(f"json must hold finite numbers of sane length and no cycles: {error}") from None
    except RecursionError:
        raise ValueError("json must not be nested so deeply; the exchange takes a few levels") from None
    _check_keys(value, text)
    return text.encode()


def _pairs(params: Params) -> list[tuple[str, str]]:
    if isinstance(params, str | bytes):
        raise TypeError(
            f"params must be a mapping or pairs, got {type(params).__name__}; write a ready query after '?' in path"
        )
    pairs = []
    for name, value in params.items() if isinstance(params, Mapping) else params:
        if not isinstance(name, str):
            raise TypeError(f"params must have names that are str, got {name!r} ({type(name).__name__})")
        for one in value if isinstance(value, list | tuple) else (value,):
            if one is not None:
                pairs.append((str.__str__(name), _query_value(name, one)))
    return pairs


def _query_value(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str.__str__(value)  # of a str Enum its value, as in JSON, and not its name
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        value = Decimal(repr(float(value)))
    if isinstance(value, Decimal):
        return _decimal_text(value)
    raise TypeError(
        f"params[{name!r}] must be str, int, float, Decimal, bool, None or a list of them, got {type(value).__name__}"
    )


def _decimal_text(value: Decimal) -> str:
    """Without exponent: an exchange reads 0.0000001, not 1E-7."""
    if not value.is_finite():
        raise ValueError(f"a number to be sent must be finite, got {value}")
    return format(value, "f")


def _json_default(value: object) -> str:
    if isinstance(value, Decimal):
        return _decimal_text(value)
    raise TypeError(f"json cannot hold a {type(value).__name__}; write it as str, int, bool, None, list or dict")


# Made once: json.dumps makes one for each call that has options.
_write_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_json_default).encode


_STR = frozenset((str,))
_PLAIN = frozenset((str, int, float, bool, type(None), Decimal))


def _check_keys(value: Any, text: str) -> None:
    """Refuse an object in `value` with two keys that `text`, its JSON, writes alike."""
    nested = "{" in text[1:]
    todo = [value]  # and not recursion: JSON may be deeper than Python's stack
    for one in todo:
        if isinstance(one, dict):
            if not _STR.issuperset(map(type, one)):  # all str: as different in JSON as they are in the dict
                _check_mixed_keys(one)
            if nested:
                todo += [inner for inner in one.values() if type(inner) not in _PLAIN]
        elif isinstance(one, list | tuple):
            todo += [inner for inner in one if type(inner) not in _PLAIN]


def _check_mixed_keys(value: dict[Any, Any]) -> None:
    written: dict[str, Any] = {}
    for key in value:
        first = written.setdefault(_write_json({key: None}), key)
        if first is not key:
            raise ValueError(f"json must have each key once, got {first!r} and {key!r}, which are written alike")
