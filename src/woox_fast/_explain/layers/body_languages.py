"""Habits of single languages and tools in a body: their words, enums and lists, forms of nested values, templates."""

# ruff: noqa: RUF001 (quotes that are alike are here for that)

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any
from urllib.parse import quote, quote_plus

from .. import rewrites
from ..changes import COMMON, FAMILY, RARE, UNCOMMON, Change
from ..rewrites import of_tree
from ..signing import Sent, to_bytes
from ..spellings import NUMBER, pascal_case, plain, snake_case, trimmed
from .json_text import SAME_BYTES, family, json_row
from .names import COINS, ENUM_WORDS, VALUES_OF
from .texts import placeholders

_LONGEST = 4096


def _bare(token: str) -> str:
    return str(json.loads(token)) if token[0] == '"' else token


# Values


def _in_lists(text: str) -> str:
    """With each value in a list of its own, as R's jsonlite writes what is not unboxed."""

    def put(node: Any) -> Any:
        if isinstance(node, list):
            return [(key, put(one) if isinstance(one, list | tuple) else (one,)) for key, one in node]
        return tuple(map(put, node)) if isinstance(node, tuple) else node

    return of_tree(put)(text)


def _listed_keys(node: Any) -> Any:
    """With the keys of its top alone wherever they stand, sorted: JSON.stringify(x, Object.keys(x).sort()); an object
    that loses none this way is sorted, and no more."""
    if not isinstance(node, list):
        raise ValueError("no object")
    names = {key for key, _ in node}

    def keep(one: Any) -> Any:
        if isinstance(one, list):
            return sorted([(key, keep(value)) for key, value in one if key in names], key=lambda pair: str(pair[0]))
        return tuple(map(keep, one)) if isinstance(one, tuple) else one

    made = keep(node)
    if len(rewrites.write(made)) == len(rewrites.write(node)):
        raise ValueError("no key is lost")
    return made


def _values_to_come(text: str) -> Iterator[str]:
    """With nothing yet in the place of one value, or the name that a template has for it."""
    parts = rewrites.tokens(text)
    names = [at for at, part in enumerate(parts) if rewrites.is_key(parts, at)][: rewrites.MOST_FIELDS]
    for at in names:
        name = parts[at][1:-1]
        value = next(to for to in range(at + 1, len(parts)) if parts[to] != ":" and not parts[to].isspace())
        if parts[value] in "{[":
            continue
        for other in ("null", '""', "0", '"0"', "false", '"undefined"', '"null"', '"None"', '"NaN"', '"string"'):
            yield "".join((*parts[:value], other, *parts[value + 1 :]))
        for written in placeholders(name, snake_case(name), *_OF_CHARTS.get(name, ())):
            for other in (f'"{written}"', written):
                yield "".join((*parts[:value], other, *parts[value + 1 :]))


def _other_values(token: str) -> Iterator[str]:
    """What a client may have put in the place of a value: another word or market, a number in other units."""
    bare = token.strip('"')
    mark = '"' if token[0] == '"' else ""
    yield from (f'"{other}"' for other in VALUES_OF.get(bare, ()) if mark)
    kind, _, coins = bare.partition("_")
    if mark and kind in ("SPOT", "PERP") and coins:
        for other in ("SPOT", "PERP"):
            yield from (f'"{other}_{base}_USDT"' for base in (*COINS, coins.partition("_")[0]))
    if NUMBER.fullmatch(bare) and len(bare) < 20:
        for factor in ("1000", "100", "10", "0.1", "0.01", "0.001", "0.0001", "60", "0.5", "2", "-1"):
            yield f"{mark}{plain(str(Decimal(bare) * Decimal(factor)))}{mark}"
            yield f"{mark}{trimmed(plain(str(Decimal(bare) * Decimal(factor))))}{mark}"
        for step in (1, -1):
            yield f"{mark}{plain(str(Decimal(bare) + step))}{mark}"


# What TradingView and others call a value of an alert.
_OF_CHARTS = {
    "price": ("close", "strategy.order.price"),
    "symbol": ("ticker",),
    "side": ("strategy.order.action",),
    "quantity": ("strategy.order.contracts", "qty", "amount"),
}


def _looked_up(words: dict[str, str], token: str) -> str:
    return words.get(token, token)


def _words_of_a_place(text: str) -> Iterator[str]:
    """With true and false (and null) as one language or program writes them."""
    for true, false, null in _WORDS:
        words = {"true": true, "false": false, "null": null}
        for quote_mark in ("", '"'):
            written = {word: quote_mark + other + quote_mark for word, other in words.items()}
            yield rewrites.scalars(partial(_looked_up, written))(text)


_WORDS = (
    *(("TRUE", "FALSE", "NULL"), ("True", "False", "null"), ("True", "False", "Null"), ("-1", "0", "null")),
    *(("1", "0", "null"), ("1", "0", ""), ("1", "", ""), ("yes", "no", "null"), ("on", "off", "null")),
    *(("YES", "NO", "nil"), ("T", "F", "NA"), ("TRUE", "FALSE", "NA"), (".T.", ".F.", "null"), ("t", "f", "null")),
    *(("WAHR", "FALSCH", "null"), ("Wahr", "Falsch", "null"), ("VRAI", "FAUX", "null"), ("Vrai", "Faux", "null")),
    *(("VERDADERO", "FALSO", "null"), ("Verdadero", "Falso", "null"), ("VERO", "FALSO", "null")),
)


def _of_an_enum(text: str) -> Iterator[str]:
    """With BUY and the like as an enum of a class prints itself, or as its number: each alone, and all."""
    parts = rewrites.tokens(text)
    places = [at for at, part in enumerate(parts) if part[1:-1] in ENUM_WORDS and not rewrites.is_key(parts, at)]
    chosen = [*([at] for at in places), places] if 1 < len(places) <= 8 else [[at] for at in places[:8]]
    names = {at: _name_before(parts, at) for some in chosen for at in some}
    for some in chosen:
        for prefix, form in product(("", "Order", "Woo", "WooX", "E"), _ENUMS):
            made = list(parts)
            for at in some:
                word = parts[at][1:-1]
                made[at] = '"' + form.format(prefix + pascal_case(names[at]), word, word.lower(), word.title()) + '"'
            yield "".join(made)
        for numbers in product(range(4), repeat=len(some)) if len(some) < 4 else ():
            for mark in ("", '"'):
                made = list(parts)
                for at, number in zip(some, numbers, strict=True):
                    made[at] = f"{mark}{number}{mark}"
                yield "".join(made)


def _name_before(parts: tuple[str, ...], at: int) -> str:
    return next((parts[to][1:-1] for to in range(at - 1, -1, -1) if rewrites.is_key(parts, to)), "")


_ENUMS = ("{0}.{1}", "{0}.{2}", "{0}.{3}", "{0}::{1}", "{0}::{3}", "{0}{3}", "<{0}.{1}: '{1}'>", "<{0}.{1}: 1>", ".{2}")
LANGUAGE_FIELDS = (
    json_row(
        "values-in-lists", UNCOMMON, "with each value in a list, as R's toJSON writes it without auto_unbox", _in_lists
    ),
    json_row(
        "listed-keys",
        COMMON,
        "with the keys of its top alone, as JSON.stringify writes it under a list of keys",
        of_tree(_listed_keys),
    ),
    family("value-to-come", FAMILY, "before one of its values was put in", _values_to_come, last=True),
    family("other-value", FAMILY, "with another value of one field", rewrites.one_scalar(_other_values), last=True),
    family("words-of-a-place", FAMILY, "with other words for true and false", _words_of_a_place),
    family("enum-printed", FAMILY, "with BUY, LIMIT and the like as an enum prints them", _of_an_enum),
)


# Notations


def _nested_form(body: bytes, sent: Sent) -> Iterator[bytes]:
    """As a form whose names tell where a nested value stands: from[id]=1, from.id=1."""
    node = rewrites.tree(body.decode()) if len(body) <= _LONGEST else ()
    if not isinstance(node, list) or not any(isinstance(one, list | tuple) for _, one in node):
        return
    for write, encode in product(_STEPS, (quote, quote_plus, None)):
        pairs = []
        for name, value in _leaves(node, "", write):
            text = _bare(value)
            pairs.append(f"{encode(name, safe='')}={encode(text, safe='')}" if encode else f"{name}={text}")
        for some in (pairs, sorted(pairs)):
            yield from (to_bytes(mark + "&".join(some)) for mark in ("", "?"))


def _leaves(node: Any, name: str, write: Callable[[str, str], str]) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for key, one in node:
            yield from _leaves(one, write(name, key[1:-1]) if name else key[1:-1], write)
    elif isinstance(node, tuple):
        for at, one in enumerate(node):
            yield from _leaves(one, write(name, str(at)), write)
    else:
        yield name, node


_STEPS: tuple[Callable[[str, str], str], ...] = (
    lambda name, step: f"{name}[{step}]",
    lambda name, step: f"{name}[]" if step.isdigit() else f"{name}[{step}]",
    lambda name, step: f"{name}[{step}]" if step.isdigit() else f"{name}.{step}",
    lambda name, step: f"{name}.{step}",
    lambda name, step: f"{name}_{step}",
)


def _objects_in_form(body: bytes, sent: Sent) -> Iterator[bytes]:
    """As a form in which a nested value is what a language prints for one."""
    node = rewrites.tree(body.decode()) if len(body) <= _LONGEST else ()
    if not isinstance(node, list) or not any(isinstance(one, list | tuple) for _, one in node):
        return
    for nested, encode in product(_NESTED, (quote, quote_plus, None)):
        pairs = []
        for key, one in node:
            text = nested(one) if isinstance(one, list | tuple) else _bare(one)
            pairs.append(f"{key[1:-1]}={encode(text, safe='') if encode else text}")
        yield from (to_bytes("&".join(some)) for some in (pairs, sorted(pairs)))


_NESTED: tuple[Callable[[Any], str], ...] = (
    lambda node: ",".join("[object Object]" for _ in node) if isinstance(node, tuple) else "[object Object]",
    rewrites.write,
    lambda node: json.dumps(json.loads(rewrites.write(node))),
    lambda node: str(json.loads(rewrites.write(node))),
    lambda node: "Array",
)


def _pairs(body: bytes, sent: Sent) -> Iterator[bytes]:
    """As a list of pairs of name and value: JSON's of Object.entries, Kotlin's, .NET's KeyValuePair."""
    node = rewrites.tree(body.decode()) if len(body) <= _LONGEST else ()
    if not isinstance(node, list):
        return
    pairs = [(key, rewrites.write(one)) for key, one in node]
    writes: tuple[Callable[[str], str], ...] = (str, _bare_text, _single)
    for key, value in product(writes, writes):
        for (opening, closing), comma, between in product(
            (("(", ")"), ("[", "]"), ("<", ">")), (", ", ","), (", ", ",", "")
        ):
            inner = between.join(f"{opening}{key(name)}{comma}{value(one)}{closing}" for name, one in pairs)
            yield from (
                to_bytes(first + inner + last) for first, last in (("[", "]"), ("", ""), ("{", "}"), ("(", ")"))
            )


def _bare_text(token: str) -> str:
    return _bare(token) if token[:1] == '"' else token


def _single(token: str) -> str:
    return f"'{_bare(token)}'" if token[:1] == '"' else token


def _python(body: bytes, sent: Sent) -> Iterator[bytes]:
    """As Python prints what holds it: classes of dicts, Decimals, enums, on several lines."""
    if len(body) > _LONGEST:
        return
    text = body.decode()
    rewrites.tokens(text)
    value = json.loads(text)
    if not isinstance(value, dict):
        return
    for some in (value, dict(sorted(value.items()))):
        for write in _REPRS:
            members = [(name, write(name, one)) for name, one in some.items()]
            inner = ", ".join(f"{name!r}: {one}" for name, one in members)
            printed = "{" + inner + "}"
            items = "[" + ", ".join(f"({name!r}, {one})" for name, one in members) + "]"
            forms = [printed, items, *(f"{name}({printed})" for name in _DICTS), f"({printed},)", f"[{printed}]"]
            forms += [f"{name}({items})" for name in _DICTS] + ["dict_keys(" + str(list(some)) + ")", str(list(some))]
            forms += [f"dict_values([{', '.join(one for _, one in members)}])"]
            forms += ["[" + ", ".join(one for _, one in members) + "]", "defaultdict(<class 'dict'>, " + printed + ")"]
            forms += ["{" + ",\n ".join(f"{name!r}: {one}" for name, one in members) + "}", "**" + printed]
            for one in forms:
                yield from (to_bytes(one), to_bytes(one.replace("'", '"')))


def _as_decimal(name: str, value: Any) -> str:
    bare = value if isinstance(value, str) else repr(value)
    return f"Decimal('{bare}')" if NUMBER.fullmatch(bare) else repr(value)


def _as_enum(form: str, only: str) -> Callable[[str, Any], str]:
    def write(name: str, value: Any) -> str:
        is_enum = isinstance(value, str) and value in ENUM_WORDS and only in ("", name)
        return form.format(pascal_case(name), value) if is_enum else repr(value)

    return write


_REPRS: tuple[Callable[[str, Any], str], ...] = (
    lambda name, value: repr(value),
    _as_decimal,
    lambda name, value: _as_decimal(name, value) if isinstance(value, str) else repr(value),
    lambda name, value: _as_decimal(name, value) if isinstance(value, float) else repr(value),
    *(
        _as_enum(form, only)
        for form in ("<{0}.{1}: '{1}'>", "<Order{0}.{1}: '{1}'>", "{0}.{1}", "Order{0}.{1}")
        for only in ("", "side", "type")
    ),
)
_DICTS = ("OrderedDict", "dict", "mappingproxy", "frozendict", "Munch", "UserDict", "ChainMap", "Box", "QueryDict")


def _php(body: bytes, sent: Sent) -> Iterator[bytes]:
    text = body.decode()
    rewrites.tokens(text)
    yield to_bytes(_serialized(json.loads(text)))


def _serialized(value: Any) -> str:
    """As PHP's serialize writes it."""
    if isinstance(value, bool) or value is None:
        return "N;" if value is None else f"b:{int(value)};"
    if isinstance(value, str):
        return f's:{len(to_bytes(value))}:"{value}";'
    if isinstance(value, int | float):
        return f"{'i' if isinstance(value, int) else 'd'}:{value};"
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    inner = "".join(_serialized(key) + _serialized(one) for key, one in pairs)
    return f"a:{len(value)}:{{{inner}}}"


def _rust(body: bytes, sent: Sent) -> Iterator[bytes]:
    """As Rust's {:?} prints serde_json's Value."""
    node = rewrites.tree(body.decode())

    def show(one: Any) -> str:
        if isinstance(one, list):
            return "Object {" + ", ".join(f"{key}: {show(value)}" for key, value in one) + "}"
        if isinstance(one, tuple):
            return "Array [" + ", ".join(map(show, one)) + "]"
        if one[0] == '"':
            return f"String({one})"
        return "Null" if one == "null" else f"Bool({one})" if one in ("true", "false") else f"Number({one})"

    for some in (node, rewrites.sorted_by(lambda name: name)(node)):
        yield to_bytes(show(some))


def _postman(body: bytes, sent: Sent) -> Iterator[bytes]:
    """As the JSON of what holds it in Postman or another tool."""
    text = json.dumps(body.decode(), ensure_ascii=False)
    options = '"options":{"raw":{"language":"json"}}'
    for written in (text, json.dumps(body.decode())):
        for form in (
            f'{{"mode":"raw","raw":{written}}}',
            f'{{"mode":"raw","raw":{written},{options}}}',
            f'{{"mimeType":"application/json","text":{written}}}',
            *(f'{{"{name}":{written}}}' for name in ("body", "data", "payload", "raw", "text", "content", "json")),
        ):
            yield to_bytes(form)
            yield to_bytes(re.sub(r'^\{("[a-z]+"):', r"{\1: ", form).replace(',"raw":', ', "raw": '))
    yield from (b'[{"json":' + body + b"}]", b'[{"json": ' + body + b"}]")


def _other_quotes(body: bytes, sent: Sent) -> Iterator[bytes]:
    """With the quotes that a word processor or a spreadsheet puts in the place of plain ones."""
    if b'"' not in body or len(body) > _LONGEST:
        return
    text = body.decode()
    for first, last in ("“”", "„“", "””", "““", "«»", "‘’", "″″", "``", "＂＂"):
        opened = iter(range(text.count('"')))
        yield to_bytes(re.sub('"', lambda _: last if next(opened) % 2 else first, text))  # noqa: B023
    yield from (to_bytes(text.replace('"', mark)) for mark in ('""', "''", "&#34;", "\\u0022", "%22", '\\\\"', "|"))


def _change(name: str, what: str, values: Callable[[bytes, Sent], Iterator[bytes]], cost: int = FAMILY) -> Change:
    sentence = f"The body was signed {what}: that is not what was sent. {SAME_BYTES}"
    return Change(f"body-{name}", cost, sentence, lambda body, sent: values(body, sent) if body else (), last=True)


LANGUAGE_NOTATIONS = (
    _change("form-nested", "as a form with the names of nested values, such as from[id]=1", _nested_form),
    _change("form-nested", "as a form in which a nested value is not written out", _objects_in_form),
    _change("pairs", "as a list of pairs of name and value", _pairs),
    _change("python", "as Python prints a dict of some class, a Decimal or an enum", _python),
    _change("php-serialized", "as PHP's serialize writes it", _php, RARE),
    _change("rust-value", "as Rust's {:?} prints a JSON value", _rust, RARE),
    _change("in-tool", "within the object that a tool such as Postman or n8n keeps it in", _postman),
    _change("other-quotes", "with other quotes than those that are sent", _other_quotes),
)
