"""Further notations for JSON objects: forms, printed objects of Python, JavaScript, C#, Java and Go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice, product
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

from .json_edits import NUMBER, compact, configured, members, name_of, value_of

_MAX_TYPINGS = 512


@configured
def of_object(write: Callable[[dict[str, Any]], str], text: str) -> str:
    """Parse a JSON object and write it with `write`."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return write(value)


def form(text: str, *, plus: bool = False) -> str:
    pairs = [(name_of(member), value_of(member)) for member in members(compact(text))[1]]
    values = [(name, json.loads(value) if value[0] == '"' else value) for name, value in pairs]
    return urlencode(values, quote_via=quote_plus if plus else quote, errors="surrogatepass")


# Write a JSON object as Python's urlencode does: True, None.
python_form = of_object(lambda value: urlencode(value, quote_via=quote, errors="surrogatepass"))


raw_form = of_object(lambda value: "&".join(f"{name}={one}" for name, one in value.items()))


def _json_values(value: str) -> list[str]:
    """Return the JSON values that a form writes as `value`."""
    quoted = json.dumps(value, ensure_ascii=False)
    if NUMBER.fullmatch(value) and len(value) < 40:
        return [quoted, value, *{"1": ["true"], "0": ["false"]}.get(value, [])]
    if value.lower() in ("true", "false"):
        return [value.lower(), quoted]
    return ["null", quoted] if value in ("", "None", "null") else [quoted]


def form_as_json(text: str) -> Iterator[str]:
    """Yield a form's values as JSON objects, with every choice of types, compact and spaced."""
    if "=" not in text or text.lstrip()[:1] in ("{", "[", '"', ""):
        raise ValueError("not a form")
    pairs = parse_qsl(text, keep_blank_values=True, errors="surrogateescape")
    for values in islice(product(*(_json_values(value) for _, value in pairs)), _MAX_TYPINGS):
        for comma, colon in ((", ", ": "), (",", ":")):
            items = (f"{json.dumps(name)}{colon}{value}" for (name, _), value in zip(pairs, values, strict=True))
            yield f"{{{comma.join(items)}}}"


_CLASSES = """
Order OrderRequest LimitOrder MarketOrder NewOrder PlaceOrder PlaceOrderRequest OrderParams CreateOrder OrderedDict
CreateOrderRequest NewOrderRequest OrderData Payload Params Body Request namespace dict
"""


def _items(value: Mapping[str, Any], mark: str, between: str, write: Callable[[Any], str]) -> str:
    return between.join(f"{name}{mark}{write(one)}" for name, one in value.items())


def _javascript(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)


def _bare(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def printed(text: str) -> Iterator[str]:
    """Yield the texts that programs print for an object."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    fields, items = _items(value, "=", ", ", repr), list(value.items())
    yield from (f"{name}({fields})" for name in (*_CLASSES.split(), ""))
    yield from (_items(value, "=", " ", repr), f"{{{fields}}}", f"dict_items({items})", f"dict_keys({list(value)})")
    yield from (str(items), f"OrderedDict({items})", f"OrderedDict({value})", str(list(value)))
    yield f"{{ {_items(value, ': ', ', ', _javascript)} }}"
    yield "{\n  " + _items(value, ": ", ",\n  ", _javascript) + "\n}"
    for name in ("", "Order ", "OrderRequest "):  # C# anonymous types and records
        yield f"{name}{{ {_items(value, ' = ', ', ', str)} }}"
    yield f"{{{_items(value, '=', ', ', _bare)}}}"  # Java
    yield f"map[{_items(dict(sorted(value.items())), ':', ' ', _bare)}]"  # Go
    yield from (
        f"System.Collections.Generic.Dictionary`2[System.String,System.{kind}]" for kind in ("String", "Object")
    )
