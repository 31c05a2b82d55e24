"""Query and JSON text, written once, so that the signed bytes are the sent bytes.

Floats and Decimals are written as plain decimals without an exponent: `0.0000001`, not `1e-07`. In JSON a float is a
number. A Decimal is a string, since WOO X documents the string type for prices and quantities.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from ._types import Params

MAX_NUMBER_LENGTH = 1_000  # characters; the longest float has 327

_EXPONENT = re.compile(r"[0-9]e[+-]?[0-9]")
_STRING_OR_EXPONENT = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9.]+e[+-]?[0-9]+')


def encode_query(params: Params) -> str:
    """Return a percent-encoded query in the order given. A list repeats its name, and None is omitted."""
    return urlencode(_build_pairs(params), quote_via=quote)


def encode_json(value: Any) -> bytes:
    """Return compact UTF-8 JSON in the order given. Raise ValueError for an object with the same key twice."""
    try:
        try:
            text = _write_json(value)
        except ValueError as error:
            raise ValueError(f"json must contain finite numbers of sensible length and no cycles: {error}") from None
        if not _has_plain_dicts(value, nested="{" in text[1:]):
            _read_json(text)
    except RecursionError:
        raise ValueError("json must not be nested so deeply; the exchange accepts a few levels") from None
    if _EXPONENT.search(text):
        text = _STRING_OR_EXPONENT.sub(_remove_exponent, text)
    return text.encode()


def _build_pairs(params: Params) -> list[tuple[str, str]]:
    if isinstance(params, str | bytes):
        raise TypeError(
            f"params must be a mapping or pairs, got {type(params).__name__}; write a ready query after '?' in path"
        )
    pairs = []
    for name, value in params.items() if isinstance(params, Mapping) else params:
        if not isinstance(name, str):
            raise TypeError(f"params must have names that are str, got {name!r} ({type(name).__name__})")
        for item in value if isinstance(value, list | tuple) else (value,):
            if item is not None:
                pairs.append((str.__str__(name), _format_value(name, item)))
    return pairs


def _format_value(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str.__str__(value)  # a str Enum's value, as in JSON, and not its name
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        value = Decimal(repr(float(value)))
    if isinstance(value, Decimal):
        return _format_decimal(value)
    raise TypeError(
        f"params[{name!r}] must be str, int, float, Decimal, bool, None or a list of them, got {type(value).__name__}"
    )


def _format_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"a number to be sent must be finite, got {value}")
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 (it is a str for NaN and infinities alone)
    if max(len(digits), -exponent, len(digits) + exponent) > MAX_NUMBER_LENGTH:
        raise ValueError(f"a number to be sent must have at most {MAX_NUMBER_LENGTH} digits, got {value:.3e}")
    return format(value, "f")


def _remove_exponent(token: re.Match[str]) -> str:
    return token[0] if token[0][0] == '"' else _format_decimal(Decimal(token[0]))


def _json_default(value: object) -> str:
    if isinstance(value, Decimal):
        return _format_decimal(value)
    raise TypeError(f"json cannot contain a {type(value).__name__}; convert it to str, int, bool, None, list or dict")


# json.dumps with options creates an encoder for each call.
_write_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_json_default).encode


_STR = frozenset((str,))
_SCALARS = frozenset((str, int, float, bool, type(None), Decimal))
_CONTAINERS = frozenset((dict, list, tuple))


def _has_plain_dicts(value: Any, *, nested: bool) -> bool:
    """Return whether all objects in `value` are plain dicts with str keys, so that JSON writes every key once."""
    todo = [value]  # not recursive: JSON may be nested deeper than Python's stack
    for container in todo:
        if type(container) not in _CONTAINERS:
            if type(container) in _SCALARS:
                continue
            return False
        items = container
        if type(container) is dict:
            if not _STR.issuperset(map(type, container)):
                return False
            items = container.values() if nested else ()
        todo += [item for item in items if type(item) not in _SCALARS]
    return True


def _check_keys(pairs: list[tuple[str, Any]]) -> None:
    names = set()
    for name, _ in pairs:
        if name in names:
            raise ValueError(f"json must have each key once, got {name!a} twice; JSON writes 1 and '1' alike")
        names.add(name)


_read_json = json.JSONDecoder(object_pairs_hook=_check_keys, parse_float=str, parse_int=str).decode
