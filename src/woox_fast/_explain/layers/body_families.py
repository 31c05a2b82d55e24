"""Changes of a body that have many outcomes: other fields and values, as classes and libraries print them, as bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import combinations, product
from typing import Any

from .. import rewrites
from ..changes import FAMILY, RARE, UNCOMMON, Change
from ..signing import Sent, to_bytes
from ..spellings import pascal_case, snake_case
from .json_text import SAME_BYTES, family, json_row
from .names import ENUM_WORDS, NAMES_OF_V1, PARAMETERS

_LONGEST = 4096


def _row(name: str, what: str, values: Callable[[bytes, Sent], Iterator[bytes]]) -> Change:
    sentence = f"The body was signed {what}: that is not what was sent. {SAME_BYTES}"
    return Change(f"body-{name}", FAMILY, sentence, lambda body, sent: values(body, sent) if body else (), last=True)


# Fields


def _three_less(items: list[str]) -> Iterator[list[str]]:
    if 3 < len(items) <= 12:
        yield from map(list, combinations(items, len(items) - 3))


def _two_more(items: list[str]) -> Iterator[list[str]]:
    """With two more fields that have no value."""
    colon = ": " if '": ' in items[0] else ":"
    names = {item.partition('"')[2].partition('"')[0] for item in items}
    for value in ("null", '""'):
        more = [f'"{name}"{colon}{value}' for name in PARAMETERS if name not in names]
        yield from ([*items, one, two] for one in more for two in more if one != two)


def _without_key(text: str) -> Iterator[str]:
    """Without the members of one name, wherever they stand."""
    node = rewrites.tree(text)
    for key in sorted(_keys(node))[:_MOST_KEYS]:
        made = _without(node, key)
        yield rewrites.in_style_of(text, made)


_MOST_KEYS = 40


def _keys(node: Any) -> set[str]:
    if isinstance(node, list):
        return {key for key, _ in node}.union(*(_keys(one) for _, one in node))
    return set().union(*map(_keys, node)) if isinstance(node, tuple) else set()


def _without(node: Any, key: str) -> Any:
    if isinstance(node, list):
        return [(name, _without(one, key)) for name, one in node if name != key]
    return tuple(_without(one, key) for one in node) if isinstance(node, tuple) else node


def _nested_as_text(text: str) -> Iterator[str]:
    """With the lists and objects within it as texts, or lost."""
    node = rewrites.tree(text)
    if isinstance(node, list) and any(isinstance(one, list | tuple) for _, one in node):
        for write in _NESTED:
            made = [(key, write(one) if isinstance(one, list | tuple) else one) for key, one in node]
            yield rewrites.in_style_of(text, made)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_NESTED: tuple[Callable[[Any], str], ...] = (
    lambda node: _quoted(rewrites.write(node)),
    lambda node: _quoted(json.dumps(json.loads(rewrites.write(node)))),
    lambda node: _quoted(str(json.loads(rewrites.write(node)))),
    lambda node: _quoted(",".join("[object Object]" for _ in node) if isinstance(node, tuple) else "[object Object]"),
    *(
        lambda node, text=text: _quoted(text)
        for text in (
            "[object Object]",
            "Array",
            "System.Object[]",
            "System.Collections.Hashtable",
            "System.Collections.Generic.List`1[System.Object]",
            "",
        )
    ),
    *(lambda node, text=text: text for text in ("null", "[]", "{}", "[{}]", "[null]")),
)


def _looked_up(names: dict[str, str]) -> Callable[[str], str]:
    return lambda name: names.get(name, name)


def _names_of_v1(text: str) -> Iterator[str]:
    back = {old: new for new, old in NAMES_OF_V1.items()}
    for names in (NAMES_OF_V1, back):
        yield rewrites.keys(_looked_up(names))(text)


def _of_words(write: Callable[[str], str]) -> Callable[[str], str]:
    """Of the words of an enum: BUY, LIMIT, POST_ONLY."""
    return lambda t: f'"{write(t[1:-1])}"' if t[1:-1] in ENUM_WORDS else t


FIELD_FAMILIES = (
    family("three-fields-added", FAMILY, "without three of its fields", rewrites.of_members(_three_less), last=True),
    family(
        "two-fields-dropped", FAMILY, "with two fields more than were sent", rewrites.of_members(_two_more), last=True
    ),
    family("key-lost", FAMILY, "without the fields of one name", _without_key),
    family("nested-as-text", FAMILY, "with a text where it holds a list or an object", _nested_as_text),
    family("names-of-v1", UNCOMMON, "with V1's names of its fields, or V3's for V1's", _names_of_v1),
)

WORD_ROWS = (
    json_row(
        "words-lower-case",
        UNCOMMON,
        "with BUY, LIMIT and the like in lower case",
        rewrites.scalars(_of_words(str.lower)),
    ),
    json_row("words-capitalized", RARE, "with Buy, Limit and the like", rewrites.scalars(_of_words(str.capitalize))),
)


# As it is printed


def _pretty(body: bytes, sent: Sent) -> Iterator[bytes]:
    """As libraries print JSON on several lines, each with its own indent, colons, line ends, order and quotes."""
    if len(body) > _LONGEST:
        return
    text = body.decode()
    forms = [text]
    for write in (
        rewrites.of_tree(rewrites.sorted_by(lambda name: name)),
        rewrites.scalars(lambda t: t if t[0] == '"' else f'"{t}"'),
    ):
        try:
            forms += [write(one) for one in forms]
        except ValueError:
            continue
    for form in dict.fromkeys(forms):
        for indent, key, newline in product(_INDENTS, _COLONS, ("\n", "\r\n", "\r")):
            written = rewrites.indented(indent, newline, key)(form)
            yield from (to_bytes(written), to_bytes(written + newline))
        for item, key in product((",", ", "), _COLONS):
            written = rewrites.written(item, key)(form)
            yield from (to_bytes(written + end) for end in ("", "\n", "\r\n"))


_INDENTS = (*(" " * n for n in range(9)), "\t", "\t\t")
_COLONS = (":", ": ", " : ", ":  ", " :", ":\t")


def _object(body: bytes, sent: Sent) -> Iterator[bytes]:
    """As a language prints an object of a class, whatever its name."""
    node = rewrites.tree(body.decode()) if len(body) <= _LONGEST else ()
    if not isinstance(node, list) or any(isinstance(one, list | tuple) for _, one in node):
        return
    forms: dict[tuple[tuple[str, ...], tuple[str, ...]], bool] = {}
    for key, value, words in product(_NAMES, _VALUES, _WORDS_OF):
        names = tuple([key(_bare(name)) for name, _ in node])
        values = tuple([words[one] if one in words else value(one) for _, one in node])
        forms.setdefault((names, values), key is snake_case or value in _OF_COLONS)
    for (names, values), only_colons in forms.items():
        for pair, item in ((": ", ", "),) if only_colons else _MEMBERS:
            inner = item.join(name + pair + one for name, one in zip(names, values, strict=True))
            for opening, closing in _AROUND:
                for class_name in _CLASSES if "NAME" in opening else ("",):
                    yield to_bytes(opening.replace("NAME", class_name) + inner + closing)
        inner = " ".join(values)
        yield from (
            to_bytes(f"{opening}{inner}{closing}") for opening, closing in (("{", "}"), ("&{", "}"), ("[", "]"))
        )
        yield to_bytes(
            "Array\n(\n" + "".join(f"    [{n}] => {v}\n" for n, v in zip(names, values, strict=True)) + ")\n"
        )
        yield to_bytes("array (\n" + "".join(f"  '{n}' => {v},\n" for n, v in zip(names, values, strict=True)) + ")")
        yield to_bytes("".join(f"<{n}>{v}</{n}>" for n, v in zip(names, values, strict=True)))
        yield to_bytes("<xml>" + "".join(f"<{n}>{v}</{n}>" for n, v in zip(names, values, strict=True)) + "</xml>")


def _bare(token: str) -> str:
    return str(json.loads(token)) if token[0] == '"' else token


_NAMES: tuple[Callable[[str], str], ...] = (str, pascal_case, snake_case)
# What Rust and Swift print stands after colons.
_OF_COLONS: tuple[Callable[[str], str], ...] = (lambda t: f"Some({t})", lambda t: f"Optional({t})")
_VALUES: tuple[Callable[[str], str], ...] = (
    lambda t: t,
    _bare,
    lambda t: repr(_bare(t)) if t[0] == '"' else t,
    *_OF_COLONS,
)
_WORDS_OF: tuple[dict[str, str], ...] = (
    {},
    {"true": "True", "false": "False", "null": "None"},
    {"true": "1", "false": "", "null": ""},
    {"true": "True", "false": "False", "null": ""},
    {"null": "nil"},
    {"null": "<nil>"},
)
_MEMBERS = (("=", ", "), (": ", ", "), (" = ", ", "), (":", " "), ("=", "; "), ("=", ","), (":", ", "), ("=", " "))
_AROUND = (
    ("", ""),
    ("{ ", " }"),
    ("#<struct NAME ", ">"),
    ("NAME(", ")"),
    ("NAME{", "}"),
    ("NAME {", "}"),
    ("NAME { ", " }"),
    ("NAME [", "]"),
    ("NAME[", "]"),
    ("<NAME ", ">"),
    ("#<NAME ", ">"),
    ("&NAME{", "}"),
    ("%NAME{", "}"),
)
_CLASSES = (
    "",
    "@",
    "&",
    *"""
Order
OrderRequest
OrderParams
NewOrder
NewOrderRequest
CreateOrder
CreateOrderRequest
PlaceOrderRequest
PlaceOrder
LimitOrder
Request
RequestBody
Body
Params
Payload
order
namespace
OpenStruct
struct
dict
OrderedDict
Map
HashMap
Object
main.Order
main.OrderRequest
""".strip().split("\n"),
)


# As bytes


def _bytes(body: bytes, sent: Sent) -> Iterator[bytes]:
    """As a program prints bytes."""
    if len(body) > _LONGEST:
        return
    signed = [byte - 256 if byte > 127 else byte for byte in body]
    for numbers in dict.fromkeys((tuple(body), tuple(signed))):
        for between in (",", ", ", " "):
            inner = between.join(map(str, numbers))
            for opening, closing in _BYTES:
                yield f"{opening}{inner}{closing}".encode()
    for form in ("{:02x}", "{:02X}", "\\x{:02x}", "%{:02X}", "0x{:02x}"):
        for between in ("", " ", ":", "-", ","):
            yield between.join(map(form.format, body)).encode()
    for count in (len(body), 50):
        more = f" ... {len(body) - count} more bytes" if len(body) > count else ""
        yield f"<Buffer {' '.join(f'{byte:02x}' for byte in body[:count])}{more}>".encode()
    yield from (f"{form}".replace("N", str(len(body))).encode() for form in ("N bytes", "Optional(N bytes)"))
    yield from (f"bytearray({body!r})".encode(), f"memoryview({body!r})".encode(), repr(body)[2:-1].encode())


_BYTES = (
    ("", ""),
    ("[", "]"),
    ("{", "}"),
    ('{"type":"Buffer","data":[', "]}"),
    ('{"type": "Buffer", "data": [', "]}"),
    ("Uint8Array [ ", " ]"),
    ("[byte[]](", ")"),
    ("Vec[", "]"),
)

PRINTED_FAMILIES = (
    _row("pretty", "on several lines or with other spaces, as a library prints JSON", _pretty),
    _row("object", "as a language prints an object", _object),
    _row("bytes", "as a program prints bytes", _bytes),
)
