"""A body's value as other libraries and languages write it: JSON libraries, forms, maps as they are printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, TypeAlias

from .. import rewrites
from ..changes import COMMON, FAMILY, LIKELY, RARE, UNCOMMON, Change
from ..rewrites import of_json, of_object, of_value
from ..signing import Sent, to_bytes
from .json_text import SAME_BYTES, row

_Text: TypeAlias = Callable[[str], str]


def _dumps(**options: Any) -> Callable[[bytes], bytes]:
    return of_value(lambda value: json.dumps(value, **options))


def _notation(
    opening: str, closing: str, pair: str, item: str, text: _Text, *, key: _Text | None = None, ordered: bool = False
) -> Callable[[bytes], bytes]:
    """Another language's way to print a map."""

    def make(body: bytes) -> bytes:
        node = rewrites.tree(body.decode())
        if ordered:
            node = rewrites.sorted_by(lambda name: name)(node)
        return to_bytes(_map(node, opening, closing, pair, item, key or text, text))

    return make


def _bare(token: str) -> str:
    return json.loads(token) if token[0] == '"' else token


def _printed(body: bytes, sent: Sent) -> Iterator[bytes]:
    """As a language may print a map: each way to write a key, a value and what stands between and round them."""
    if len(body) > _LONGEST:
        return
    node = rewrites.tree(body.decode())
    if not isinstance(node, list):
        return
    flat = not any(isinstance(one, list | tuple) for _, one in node)
    for key, value in product(_KEYS, _VALUES):
        written = [(key(name), value(one)) for name, one in node] if flat else []
        # Nothing stands between a name and its value where one of them is left out.
        for pair, item in product(_PAIRS if _nothing not in (key, value) else ("",), _ITEMS):
            inner = item.join([name + pair + one for name, one in written])
            for opening, closing in _BRACKETS:
                text = opening + inner + closing if flat else _map(node, opening, closing, pair, item, key, value)
                yield to_bytes(text)


def _map(node: Any, opening: str, closing: str, pair: str, item: str, key: _Text, value: _Text) -> str:
    if isinstance(node, list):
        members = [key(name) + pair + _map(one, opening, closing, pair, item, key, value) for name, one in node]
        return opening + item.join(members) + closing
    if isinstance(node, tuple):
        return "[" + item.join([_map(one, opening, closing, pair, item, key, value) for one in node]) + "]"
    return value(node)


def _as_it_is(token: str) -> str:
    return token


def _single(token: str) -> str:
    return f"'{_bare(token)}'" if token[0] == '"' else token


def _bare_python(token: str) -> str:
    return _PYTHON.get(token) or _bare(token)


def _single_python(token: str) -> str:
    return _PYTHON.get(token) or _single(token)


_PYTHON = {"true": "True", "false": "False", "null": "None"}


def _always_single(token: str) -> str:
    return f"'{_bare(token)}'"


def _nothing(token: str) -> str:
    return ""


def _symbol(token: str) -> str:
    return f":{_bare(token)}"


_LONGEST = 4096
_BRACKETS = (
    *(
        ("{", "}"),
        ("{ ", " }"),
        ("", ""),
        ("[", "]"),
        ("(", ")"),
        ("map[", "]"),
        ("%{", "}"),
        ("@{", "}"),
        ("dict(", ")"),
    ),
    ("Dict{String, Any}(", ")"),
    *(("Map(", ")"), ("array(", ")"), ("{\n  ", "\n}"), ("{\n    ", "\n}"), ("", "\n")),
)
_PAIRS = (":", ": ", "=", "=>", " => ", " = ", " -> ", "")
_KEYS = (_as_it_is, _bare, _single, _symbol, _nothing)
_VALUES = (_as_it_is, _bare, _single, _always_single, _bare_python, _single_python, _nothing)
_ITEMS = (",", ", ", " ", "", ";", "; ", "|", "\n", "&", ",\n  ", ",\n    ")


_RUBY = {"null": "nil"}
NOTATIONS = (
    row("json-dumps", COMMON, "as json.dumps writes the value that it holds", _dumps()),
    row(
        "json-dumps-compact",
        COMMON,
        "as a JSON library writes the value that it holds",
        _dumps(separators=(",", ":"), ensure_ascii=False),
    ),
    row(
        "json-dumps-compact-ascii",
        UNCOMMON,
        "as a JSON library writes the value that it holds",
        _dumps(separators=(",", ":")),
    ),
    row("json-repr", LIKELY, "as Python's repr of a dict ('single quotes', True, None), not JSON", of_value(str)),
    row(
        "json-repr-double-quotes",
        COMMON,
        "as Python's str(dict) with the quotes replaced",
        of_value(lambda v: str(v).replace("'", '"')),
    ),
    row(
        "json-repr-lower",
        RARE,
        "as Python's str(dict) with quotes, True and None replaced",
        of_value(
            lambda v: str(v).replace("'", '"').replace("True", "true").replace("False", "false").replace("None", "null")
        ),
    ),
    row("json-repr-compact", RARE, "as Python's str(dict) without spaces", of_value(lambda v: str(v).replace(" ", ""))),
    row(
        "json-repr-double-quotes-compact",
        UNCOMMON,
        "as Python's str(dict) with the quotes replaced and without spaces",
        of_value(lambda v: str(v).replace("'", '"').replace(" ", "")),
    ),
    row(
        "json-single-quotes",
        UNCOMMON,
        "in single quotes",
        of_json(lambda t: "".join([p.replace('"', "'") for p in rewrites.tokens(t)])),
    ),
    row("json-items-repr", RARE, "as the repr of a list of pairs", of_object(lambda v: str(list(v.items())))),
    row("json-dict-items", RARE, "as dict_items([...])", of_object(lambda v: str(v.items()))),
    row("body-form", LIKELY, "as a form (a=1&b=x) in place of JSON", lambda b: to_bytes(rewrites.form(b))),
    row(
        "body-form-plus",
        COMMON,
        "as a form with + for spaces, in place of JSON",
        lambda b: to_bytes(rewrites.form(b, plus=True)),
    ),
    row(
        "body-form-python",
        COMMON,
        "as Python's urlencode writes it, in place of JSON",
        lambda b: to_bytes(rewrites.python_form(b)),
    ),
    row(
        "body-form-python",
        UNCOMMON,
        "as Python's urlencode writes it, in place of JSON",
        lambda b: to_bytes(rewrites.python_form(b, plus=True)),
    ),
    row(
        "body-form-sorted",
        COMMON,
        "as a sorted form, in place of JSON",
        lambda b: to_bytes("&".join(sorted(rewrites.form(b).split("&")))),
    ),
    row(
        "body-form-raw",
        UNCOMMON,
        "as name=value pairs that are not encoded, in place of JSON",
        _notation("", "", "=", "&", _bare),
    ),
    row(
        "body-form-raw-sorted",
        UNCOMMON,
        "as sorted name=value pairs that are not encoded, in place of JSON",
        _notation("", "", "=", "&", _bare, ordered=True),
    ),
    row(
        "body-names-and-values",
        UNCOMMON,
        "as its names and values with nothing between them",
        _notation("", "", "", "", _bare),
    ),
    row(
        "body-names-and-values-sorted",
        UNCOMMON,
        "as its names and values, sorted, with nothing between them",
        _notation("", "", "", "", _bare, ordered=True),
    ),
    row(
        "body-values",
        UNCOMMON,
        "as its values with nothing between them",
        of_object(lambda v: "".join(map(str, v.values()))),
    ),
    row("body-java-map", UNCOMMON, "as Java prints a map, {a=1, b=x}", _notation("{", "}", "=", ", ", _bare)),
    row(
        "body-go-map",
        UNCOMMON,
        "as Go prints a map, map[a:1 b:x]",
        _notation(
            "map[",
            "]",
            ":",
            " ",
            lambda t: _bare(t).replace("null", "<nil>") if t == "null" else _bare(t),
            ordered=True,
        ),
    ),
    row(
        "body-ruby-hash",
        UNCOMMON,
        'as Ruby prints a hash, {"a"=>1}',
        _notation("{", "}", "=>", ", ", lambda t: _RUBY.get(t, t)),
    ),
    row(
        "body-ruby-hash-spaced",
        RARE,
        'as Ruby prints a hash, {"a" => 1}',
        _notation("{", "}", " => ", ", ", lambda t: _RUBY.get(t, t)),
    ),
    row(
        "body-keys-unquoted",
        RARE,
        "with its keys out of their quotes",
        _notation("{", "}", ":", ",", _as_it_is, key=_bare),
    ),
    Change(
        "body-printed",
        FAMILY,
        f"The body was signed as a language prints a map, or in a notation like it. {SAME_BYTES}",
        _printed,
        last=True,
    ),
)
