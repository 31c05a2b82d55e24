"""Further notations for JSON objects: forms, printed objects of Python, JavaScript, C#, Java and Go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice, product
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

from .json_edits import NUMBER, curry, get_name, get_value, split_members, write_compact

_MAX_TYPINGS = 512


@curry
def write_object(write: Callable[[dict[str, Any]], str], text: str) -> str:
    """Parse a JSON object and write it with `write`."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return write(value)


def to_form(text: str, *, plus: bool = False) -> str:
    pairs = [(get_name(member), get_value(member)) for member in split_members(write_compact(text))[1]]
    values = [(name, json.loads(value) if value[0] == '"' else value) for name, value in pairs]
    return urlencode(values, quote_via=quote_plus if plus else quote, errors="surrogatepass")


# Write a JSON object as Python's urlencode does: True, None.
to_python_form = write_object(lambda value: urlencode(value, quote_via=quote, errors="surrogatepass"))
to_raw_form = write_object(lambda value: "&".join(f"{name}={one}" for name, one in value.items()))


def _list_json_values(value: str) -> list[str]:
    """Return the JSON values that a form writes as `value`."""
    quoted = json.dumps(value, ensure_ascii=False)
    if NUMBER.fullmatch(value) and len(value) < 40:
        return [quoted, value, *{"1": ["true"], "0": ["false"]}.get(value, [])]
    if value.lower() in ("true", "false"):
        return [value.lower(), quoted]
    return ["null", quoted] if value in ("", "None", "null") else [quoted]


def read_form(text: str) -> Iterator[str]:
    """Yield a form's values as JSON objects, with every choice of types, compact and spaced."""
    if "=" not in text or text.lstrip()[:1] in ("{", "[", '"', ""):
        raise ValueError("not a form")
    pairs = parse_qsl(text, keep_blank_values=True, errors="surrogateescape")
    for values in islice(product(*(_list_json_values(value) for _, value in pairs)), _MAX_TYPINGS):
        for comma, colon in ((", ", ": "), (",", ":")):
            items = (f"{json.dumps(name)}{colon}{value}" for (name, _), value in zip(pairs, values, strict=True))
            yield f"{{{comma.join(items)}}}"


_CLASSES = """
Order OrderRequest LimitOrder MarketOrder NewOrder PlaceOrder PlaceOrderRequest OrderParams CreateOrder OrderedDict
CreateOrderRequest NewOrderRequest OrderData Payload Params Body Request namespace dict
"""


def _join(value: Mapping[str, Any], mark: str, between: str, write: Callable[[Any], str]) -> str:
    return between.join(f"{name}{mark}{write(one)}" for name, one in value.items())


def _write_javascript(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)


def _write_bare(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def print_object(text: str) -> Iterator[str]:
    """Yield the texts that programs print for an object."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    fields, items = _join(value, "=", ", ", repr), list(value.items())
    yield from (f"{name}({fields})" for name in (*_CLASSES.split(), ""))
    yield from (_join(value, "=", " ", repr), f"{{{fields}}}", f"dict_items({items})", f"dict_keys({list(value)})")
    yield from (str(items), f"OrderedDict({items})", f"OrderedDict({value})", str(list(value)))
    yield f"{{ {_join(value, ': ', ', ', _write_javascript)} }}"
    yield "{\n  " + _join(value, ": ", ",\n  ", _write_javascript) + "\n}"
    for name in ("", "Order ", "OrderRequest "):  # C# anonymous types and records
        yield f"{name}{{ {_join(value, ' = ', ', ', str)} }}"
    yield f"{{{_join(value, '=', ', ', _write_bare)}}}"  # Java
    yield f"map[{_join(dict(sorted(value.items())), ':', ' ', _write_bare)}]"  # Go
    yield from (
        f"System.Collections.Generic.Dictionary`2[System.String,System.{kind}]" for kind in ("String", "Object")
    )
