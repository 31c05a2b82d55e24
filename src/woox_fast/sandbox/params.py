"""Request parameters: parse the query string or the JSON body, and check the fields."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn
from urllib.parse import parse_qsl

from .errors import ApiError

Params = dict[str, Any]
MAX_ID = 2**63 - 1
_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,10})?", re.ASCII)
_INTEGER = re.compile(r"[0-9]{1,19}", re.ASCII)


def _unique(pairs: list[tuple[str, Any]]) -> Params:
    """Refuse a repeated name: RFC 8259, section 4, does not define which value counts."""
    params = dict(pairs)
    if len(params) != len(pairs):
        raise ValueError("a name is repeated")
    return params


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)


def parse_query(query: str) -> Params:
    """Decode a query string or an `application/x-www-form-urlencoded` body. Every value is a `str`."""
    if not query:
        return {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=100)
        return _unique(pairs)
    except ValueError as error:
        raise ApiError("INVALID_PARAM", f"The query string is malformed: {error}") from None


def parse_body(body: bytes, content_type: str) -> Params:
    """Decode a POST or PUT body.

    The integration guide asks for `application/json`. Some pages of the reference show
    `application/x-www-form-urlencoded`, so both are valid.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    try:
        text = body.decode()
        if media_type == "application/x-www-form-urlencoded":
            return parse_query(text)
        if media_type != "application/json":
            raise ApiError("INVALID_PARAM", "POST and PUT need Content-Type: application/json.")
        params = _DECODER.decode(text)
    except RecursionError:
        raise ApiError("INVALID_PARAM", "The body is nested too deeply.") from None
    except ValueError as error:  # includes UnicodeDecodeError and JSONDecodeError
        raise ApiError("INVALID_PARAM", f"The body is not UTF-8 JSON: {error}") from None
    if not isinstance(params, dict):
        raise ApiError("INVALID_PARAM", "The body must be a JSON object.")
    return params


def client_order_id(query: str, body: bytes) -> int | None:
    """Return the clientOrderId in a query or a body; None without a valid value."""
    try:
        value: Any = (parse_query(query) if query else _DECODER.decode(body.decode())).get("clientOrderId")
        return int(value) if type(value) is int or _INTEGER.fullmatch(value) else None
    except (ApiError, ValueError, TypeError, AttributeError, RecursionError):
        return None


class Field(NamedTuple):
    """A parameter: `check(name, value)` returns the value to use or raises `ApiError`."""

    check: Callable[[str, Any], Any]
    required: bool = False
    default: Any = None


def check_params(fields: Mapping[str, Field], given: Params) -> Params:
    """Check the values and apply the defaults. JSON null counts as absent.

    Raises `ApiError` UNKNOWN_PARAM for a name outside `fields`, INVALID_PARAM for a missing or malformed value.
    """
    if not given.keys() <= fields.keys():
        raise ApiError("UNKNOWN_PARAM", f"Unknown: {', '.join(sorted(given.keys() - fields.keys()))}")
    checked = {}
    for name, field in fields.items():
        value = given.get(name)
        if value is not None:
            checked[name] = field.check(name, value)
        elif field.required:
            raise ApiError("INVALID_PARAM", f"{name} is required.")
        elif field.default is not None:
            checked[name] = field.default
    return checked


def _check(wanted: str, read: Callable[[Any], Any]) -> Callable[[str, Any], Any]:
    """Return a check. `read` returns the value to use; None if the value is not `wanted`."""

    def check(name: str, value: Any) -> Any:
        result = read(value)
        if result is None:
            kinds: dict[object, str] = {dict: "an object", list: "an array"}
            kind = "the number " if type(value) in (int, float) else ""
            got = kinds.get(type(value)) or f"{kind}{value}"
            raise ApiError("INVALID_PARAM", f"{name} must be {wanted}, got {got}")
        return result

    return check


def _read_decimal(value: Any) -> str | None:
    return value if type(value) is str and _DECIMAL.fullmatch(value) else None


def _read_positive(value: Any) -> str | None:
    return value if _read_decimal(value) and value.strip("0.") else None


def _read_flag(value: Any) -> bool | None:
    return value if type(value) is bool else {"true": True, "false": False}.get(str(value))


# "Please use string type for value input", says the reference.
decimal = _check("a positive decimal string", _read_positive)
decimal_or_zero = _check("a decimal string", _read_decimal)
number = _check(
    "a positive decimal string", lambda value: _read_positive(str(value) if type(value) in (int, float) else value)
)
flag = _check("true or false", _read_flag)
array = _check(
    "an array of at most 10 items", lambda value: value if type(value) is list and len(value) <= 10 else None
)


def integer(lowest: int, highest: int) -> Callable[[str, Any], int]:
    """Check an integer, or a string of its digits: the reference's own examples quote clientOrderId."""

    def read(value: Any) -> int | None:
        number = int(value) if type(value) is str and _INTEGER.fullmatch(value) else value
        return number if type(number) is int and lowest <= number <= highest else None

    return _check(f"an integer from {lowest} to {highest}", read)


def choice(*options: str) -> Callable[[str, Any], str]:
    """Check that the value is in `options`, case-sensitively."""
    return _check("one of " + "/".join(options), lambda value: value if value in options else None)


def text(longest: int) -> Callable[[str, Any], str]:
    """Check a string of at most `longest` characters."""
    return _check(
        f"a string of at most {longest} characters",
        lambda value: value if type(value) is str and len(value) <= longest else None,
    )
