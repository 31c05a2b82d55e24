"""What is signed, in WOO X's words: V3, V1 and websocket strings, query and JSON text. Pure functions.

Sources: WOO X integration guide, "Authentication"; legacy API documentation, "Authentication" (V1) and "auth".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from . import _checks

if TYPE_CHECKING:
    from ._types import Body, Params, Timestamp


def v3(timestamp: Timestamp, method: str, path: str, body: Body = b"") -> bytes:
    """The bytes that V3 signs: timestamp + method + path?query + body. Checks and raises as `Signer.sign`."""
    head = v3_text(_checks.timestamp_text(timestamp), _checks.method_text(method), _checks.path_text(path), "")
    return head.encode("utf-8") + _checks.body_bytes(body)


def v1(params: Params | None, timestamp: Timestamp) -> bytes:
    """The bytes that V1 signs: every query and body parameter, sorted by name, then '|' and the timestamp.

    Send the same text, without '|' and what follows: as the query of a GET, as the form body of any other method.
    """
    pairs = by_name(_pairs(params or {}))
    return v1_text(query_text(pairs), _checks.timestamp_text(timestamp)).encode()


def websocket(timestamp: Timestamp) -> bytes:
    """The bytes that the V2 websocket's `auth` event signs: '|' and the timestamp."""
    return websocket_text(_checks.timestamp_text(timestamp)).encode()


# The rules themselves, over parts that are text already and are not checked.


def v3_text(timestamp: str, method: str, path: str, body: str) -> str:
    """What V3 puts together."""
    return f"{timestamp}{method}{path}{body}"


def v1_text(parameters: str, timestamp: str) -> str:
    """What V1 puts together; `parameters` are sorted `by_name` and joined by '&'."""
    return f"{parameters}|{timestamp}"


def websocket_text(timestamp: str) -> str:
    """What the websocket's `auth` event puts together."""
    return f"|{timestamp}"


def by_name(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Parameters in V1's order: sorted by name, those of one name as they came."""
    return sorted(pairs, key=lambda pair: pair[0])


def query_text(params: Params) -> str:
    """`params` (a mapping, or pairs where a name repeats) as a percent-encoded query, in the order given.

    Booleans are `true` and `false`, None is left out, lists repeat their name, numbers are written without exponent.
    Raises TypeError for other values and ValueError for numbers that are not finite.
    """
    return urlencode(_pairs(params), quote_via=quote)


def json_bytes(value: Any) -> bytes:
    """`value` as compact UTF-8 JSON in insertion order, Decimals as strings (WOO X asks for strings for values).

    Raises ValueError for NaN and infinities and TypeError for what JSON cannot hold.
    """
    try:
        text = _write_json(value)
    except ValueError as error:
        raise ValueError(f"json must hold finite numbers of sane length and no cycles: {error}") from None
    return text.encode("utf-8")


def _pairs(params: Params) -> list[tuple[str, str]]:
    if isinstance(params, str | bytes):
        raise TypeError(
            f"params must be a mapping or pairs, got {type(params).__name__}; write a ready query after '?' in path"
        )
    pairs = []
    for name, value in params.items() if isinstance(params, Mapping) else params:
        for one in value if isinstance(value, list | tuple) else (value,):
            if one is not None:
                pairs.append((str(name), _query_value(str(name), one)))
    return pairs


def _query_value(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str.__str__(value)  # a member of a str Enum is its value, as in JSON, and not its name
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
