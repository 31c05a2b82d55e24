"""How one request's query and body get written in two ways: text to text, at the level of the text.

What is not touched stays to the byte: a number keeps its digits, a string its escapes. Each function returns its input
where there is nothing to change, or where it does not apply (the body is no JSON, there is no query).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import islice, permutations
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[,:]|[^\s,:"]+|\s+')
_ESCAPED = re.compile(r"\\\\|(?:\\u[0-9a-fA-F]{4})+")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NUMBER_IN_QUOTES = re.compile(rf'"({_NUMBER.pattern})"(?!\s*:)|"(?:[^"\\]|\\.)*"')
MOST_ORDERS = 5040  # 7 names


def json_text(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """`change`, a function of JSON text, as one of a body: what is no JSON object or list stays as it is."""

    def of_body(body: bytes) -> bytes:
        if body[:1] not in (b"{", b"["):
            return body
        try:
            return change(body.decode()).encode()
        except (ValueError, RecursionError):
            return body

    return of_body


def json_value(write: Callable[[Any], str]) -> Callable[[bytes], bytes]:
    """The body written anew by `write` from the value that it holds."""
    return json_text(lambda text: write(json.loads(text)))


def separators(item: str, key: str) -> Callable[[str], str]:
    """JSON text with `item` and `key` for what stands between items, and between a key and its value."""
    written = {",": item, ":": key}

    def change(text: str) -> str:
        json.loads(text)
        return "".join(written.get(token, token) for token in _TOKEN.findall(text) if not token.isspace())

    return change


compact = separators(",", ":")


def indented(indent: int) -> Callable[[str], str]:
    return lambda text: json.dumps(json.loads(text), indent=indent, ensure_ascii=text.isascii())


def like(text: str, value: Any) -> str:
    """`value` as JSON in the style of `text`: spaces, and non-ASCII characters as they are or escaped."""
    bare = text.strip()
    before, after = text.split(bare)
    for item, key in ((",", ":"), (", ", ": "), (", ", ":"), (",", ": ")):
        if separators(item, key)(bare) == bare:
            written = json.dumps(value, separators=(item, key), ensure_ascii=text.isascii())
            break
    else:
        written = json.dumps(value, indent=2, ensure_ascii=text.isascii())
    return before + written + after


def sorted_keys(text: str) -> str:
    value = json.loads(text)
    in_order = _sorted(value)
    return text if json.dumps(in_order) == json.dumps(value) else like(text, in_order)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def other_key_orders(body: bytes) -> Iterator[bytes]:
    """The body with the keys at its top in every other order, up to `MOST_ORDERS`."""
    text = body.decode("utf-8", "surrogateescape").strip()
    if text[:1] != "{" or text[-1:] != "}":
        return
    items, depth = [""], 0
    for part in _TOKEN.findall(text[1:-1]):
        if part == "," and depth == 0:
            items.append("")
            continue
        if part[0] != '"':
            depth += part.count("{") + part.count("[") - part.count("}") - part.count("]")
        items[-1] += part
    before, between = (one[: len(one) - len(one.lstrip())] for one in (items[0], items[-1]))
    after = items[-1][len(items[-1].rstrip()) :]
    for order in islice(permutations([item.strip() for item in items]), 1, MOST_ORDERS):
        joined = f",{between}".join(order)
        yield f"{{{before}{joined}{after}}}".encode("utf-8", "surrogateescape")


def ascii_escapes(text: str) -> str:
    return "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in text)


def no_ascii_escapes(text: str) -> str:
    return _ESCAPED.sub(lambda found: found[0] if found[0][1] == "\\" else _unescaped(found[0]), text)


def _unescaped(run: str) -> str:
    return "".join(f"\\u{ord(c):04x}" if c.isascii() else c for c in json.loads(f'"{run}"'))


def html_escapes(text: str) -> str:
    """As Go's encoding/json writes `<`, `>` and `&`."""
    return re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", text)


def numbers_for_strings(text: str) -> str:
    """Values that are numbers in quotes, without them."""
    return _NUMBER_IN_QUOTES.sub(lambda found: found[0] if found[1] is None else found[1], text)


def strings_for_numbers(text: str) -> str:
    """Values that are numbers, in quotes."""
    return "".join(
        part if part[:1] == '"' else re.sub(rf"(?<![\w.+-]){_NUMBER.pattern}(?![\w.])", r'"\g<0>"', part)
        for part in re.findall(r'"(?:[^"\\]|\\.)*"|[^"]+', text)
    )


def without_nulls(text: str) -> str:
    value = json.loads(text)
    if not isinstance(value, dict):
        return text
    kept = {name: one for name, one in value.items() if one is not None}
    return text if len(kept) == len(value) else like(text, kept)


def form_of_json(body: bytes) -> bytes:
    """The values of a JSON object as a form: `a=1&b=x`."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    return urlencode(value, quote_via=quote).encode() if isinstance(value, dict) else body


def json_of_form(query: str) -> bytes:
    """The parameters of a query as `json.dumps` writes them."""
    return json.dumps(dict(parse_qsl(query, keep_blank_values=True))).encode()


# a query: '' or '?' and what follows


def sorted_query(query: str) -> str:
    return query[:1] + "&".join(sorted(query[1:].split("&")))


def other_query_orders(query: str) -> Iterator[str]:
    """The query with its parameters in every other order, up to `MOST_ORDERS`."""
    for order in islice(permutations(query[1:].split("&")), 1, MOST_ORDERS):
        yield "?" + "&".join(order)


def escape_case(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda query: re.sub("%[0-9A-Fa-f]{2}", lambda found: change(found[0]), query)


def raw(characters: str) -> Callable[[str], str]:
    """A query with the percent-encoded ones of `characters` as they are."""
    escapes = re.compile("|".join(f"%{ord(c):02X}" for c in characters), re.IGNORECASE)
    return lambda query: escapes.sub(lambda found: chr(int(found[0][1:], 16)), query)


def encoded(characters: str) -> Callable[[str], str]:
    """A query with each of `characters` percent-encoded."""
    table = str.maketrans({c: f"%{ord(c):02X}" for c in characters})
    return lambda query: query.translate(table)


def parameters(query: str, body: bytes) -> list[tuple[str, str]]:
    """Every parameter of a request as V1 sees it: of the query, and of a form or JSON body; still percent-encoded."""
    texts = [query.removeprefix("?")]
    form = form_of_json(body) if body[:1] == b"{" else body
    texts.append(form.decode("utf-8", "surrogateescape"))
    pairs = [pair.partition("=") for text in texts for pair in text.split("&") if pair]
    return [(name, value) for name, _, value in pairs]
