"""Mistakes in the query, which includes its '?'."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import methodcaller
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from .. import json_edits
from ..rows import COMMON, LIKELY, MANY, UNCOMMON, WIDE, WIDEST, Row, Table, build_rows, if_present
from ..signing import SignedParts

AS_SENT = "Build the query once, and sign it exactly as it appears in the request line."

Pairs = list[str]
_split = methodcaller("partition", "=")
_build_rows = partial(build_rows, "query-", "The query was signed {}.", AS_SENT, adapt=if_present)


def _join(query: str, pairs: Sequence[str]) -> str:
    return "?" * (query[:1] == "?" and bool(pairs)) + "&".join(pairs)


def _edit_pairs(edit: Callable[[Pairs], Pairs]) -> Callable[[str], str]:
    return lambda query: _join(query, edit(query.removeprefix("?").split("&")))


def _each(edit: Callable[[Pairs], Iterable[Sequence[str]]]) -> Callable[[str], Iterator[str]]:
    return lambda query: (_join(query, pairs) for pairs in edit(query.removeprefix("?").split("&")))


def _write(write: Callable[[str], str]) -> Callable[[str], str]:
    return _edit_pairs(lambda pairs: [name + equals + write(value) for name, equals, value in map(_split, pairs)])


@json_edits.curry
def _spell_one(write: Callable[[str], Iterable[str]], pairs: Pairs) -> Iterator[Pairs]:
    for at, (name, equals, value) in enumerate(map(_split, pairs)):
        for other in write(value if json_edits.NUMBER.fullmatch(value) else f'"{value}"'):
            yield [*pairs[:at], name + equals + other.strip('"'), *pairs[at + 1 :]]


_NAMES = (
    "symbol status side page size type startTime endTime orderId clientOrderId orderTag algoType fromId limit "
    "positionSide token start_t end_t order_tag realizedPnl order_amount order_price client_order_id reduce_only"
)


@json_edits.curry
def _insert_empty(count: int, query: str) -> Iterator[str]:
    """Insert `count` parameters without a value, which the client library drops."""
    pairs = query.removeprefix("?").split("&") if query else []
    absent = [name for name in _NAMES.split() if not any(pair.startswith(f"{name}=") for pair in pairs)]
    for text in ("None", "null", "undefined", ""):
        grown: list[Sequence[str]] = [pairs]
        for _ in range(count):
            add = json_edits.insert_one([f"{name}={text}" for name in absent])
            grown = [longer for shorter in grown for longer in add(list(shorter))]
        yield from ("?" + "&".join(longer) for longer in grown)


_quote = partial(quote, errors="surrogateescape")
_unquote = partial(unquote, errors="surrogateescape")


def _decode(characters: str) -> Callable[[str], str]:
    escapes = re.compile("|".join(f"%{ord(c):02X}" for c in characters), re.IGNORECASE)
    return lambda query: escapes.sub(lambda found: chr(int(found[0][1:], 16)), query)


def _encode(characters: str) -> Callable[[str], str]:
    table = {ord(c): f"%{ord(c):02X}" for c in characters}
    return lambda query: query.translate(table)


def _edit_escapes(write: Callable[[str], str]) -> Callable[[str], str]:
    return lambda query: re.sub("%[0-9A-Fa-f]{2}", lambda found: write(found[0]), query)


# The characters that libraries leave unencoded, and how they write a space.
_LIBRARIES = (
    ("!'()*~", "%20"),  # JavaScript's encodeURIComponent
    ("*", "+"),  # URLSearchParams
    ("~", "+"),  # Go, Python's urlencode
    ("~", "%20"),  # PHP's RFC 3986 mode
    ("!'()*~:$,[]", "+"),  # axios
    ("~:,/?@;", "+"),  # yarl
)


def _encode_as_libraries(query: str) -> Iterator[str]:
    for safe, space in _LIBRARIES:
        pairs = query.removeprefix("?").split("&")
        encoded = ["=".join(_quote(unquote_plus(half), safe) for half in pair.split("=", 1)) for pair in pairs]
        yield _join(query, encoded).replace("%20", space)


def _add_parameters(query: str, request: SignedParts) -> list[str]:
    start = f"{query}&" if query[1:] else query or "?"
    values = {"timestamp": request.timestamp, "ts": request.timestamp, "recvWindow": "5000"}
    values |= dict.fromkeys(("apiKey", "api_key", "apikey"), request.api_key)
    return [f"{start}{name}={value}" for name, value in values.items() if value]


def _write_lists(query: str) -> Iterator[str]:
    pairs = [_split(pair) for pair in query.removeprefix("?").split("&")]
    grouped: dict[str, list[str]] = {}
    for name, _, value in pairs:
        grouped.setdefault(name, []).append(value)
    if len(grouped) == len(pairs):
        return
    for write in (",".join, "%2C".join, str, lambda values: quote_plus(str(values))):
        yield "?" + "&".join(f"{n}={write(vs) if len(vs) > 1 else vs[0]}" for n, vs in grouped.items())
    for mark in ("[]", "%5B%5D"):
        yield "?" + "&".join(f"{n}{mark if len(grouped[n]) > 1 else ''}={value}" for n, _, value in pairs)


_SETS = (("comma", ","), ("colon", ":"), ("slash", "/"), ("reserved", ",:/"), ("brackets", "[]"), ("at", "@"))
_BOOLEANS = {"true": "1", "false": "0", "True": "1", "False": "0"}
_WORDS = {"1": "true", "0": "false"}
_ABSENT = ("?undefined", "?null", "?None", "&", "?{}", "?[object Object]")
_EMPTY = ("", "null", "none", "undefined")


def _is_null(pair: str) -> bool:
    return _split(pair)[2].lower() in _EMPTY


_FIELDS = (
    *_build_rows(
        ("no-empty", COMMON, "without its empty parameters", _edit_pairs(lambda ps: [p for p in ps if _split(p)[2]])),
        ("no-nulls", COMMON, "without its null parameters", _edit_pairs(lambda ps: [p for p in ps if not _is_null(p)])),
        ("field-added", COMMON, "without a parameter that was added later", _each(json_edits.drop_one)),
        ("only-values", UNCOMMON, "as its values alone", _edit_pairs(lambda ps: [_split(p)[2] for p in ps])),
    ),
    Row("query-left-out", LIKELY, "The query was sent but not signed.", AS_SENT, lambda query, _: ""),
    Row("query-grown", UNCOMMON, "The query was signed with a parameter that was not sent.", AS_SENT, _add_parameters),
    *_build_rows(("lists", COMMON, "with its repeated parameter as a list", _write_lists)),
    *build_rows(
        "query-",
        "The query was signed with {} None, null or empty, which the client library did not send.",
        "Drop such parameters before you build the query.",
        ("null-dropped", MANY, "a parameter that was", _insert_empty(1)),
        ("nulls-dropped", WIDEST, "two parameters that were", _insert_empty(2)),
    ),
)
_ORDER = _build_rows(
    ("sorted", LIKELY, "with its parameters sorted", _edit_pairs(sorted)),
    ("sorted-by-name", COMMON, "sorted by name", _edit_pairs(lambda ps: sorted(ps, key=lambda p: _split(p)[0]))),
    ("reversed", UNCOMMON, "with its parameters in reverse order", _edit_pairs(lambda ps: ps[::-1])),
    ("moved", COMMON, "with one parameter in another place", _each(json_edits.move_one)),
    ("order", MANY, "with its parameters in another order", _each(json_edits.permute)),
)
_SPELLING = _build_rows(
    ("booleans-json", LIKELY, "with true for True", _write(lambda v: v.lower() if v in ("True", "False") else v)),
    ("booleans-python", LIKELY, "with True for true", _write(lambda v: v.title() if v in ("true", "false") else v)),
    ("booleans-numbers", COMMON, "with 1 and 0 for true and false", _write(lambda v: _BOOLEANS.get(v, v))),
    ("booleans-words", UNCOMMON, "with true and false for 1 and 0", _write(lambda v: _WORDS.get(v, v))),
    ("numbers-float", COMMON, "with its numbers as floats", _write(json_edits.map_number(json_edits.to_float))),
    ("value-spelled", UNCOMMON, "with one value in another form", _each(_spell_one(json_edits.respell))),
    ("value-rounded", WIDE, "with a number that was rounded or changed later", _each(_spell_one(json_edits.unround))),
)
_ENCODING = _build_rows(
    ("decoded", LIKELY, "before percent-encoding", _unquote),
    ("decoded-plus", LIKELY, "before its + and % were written", lambda q: _unquote(q.replace("+", " "))),
    ("encoded-twice", LIKELY, "percent-encoded twice", lambda q: q.replace("%", "%25")),
    ("encoded", LIKELY, "percent-encoded, but sent raw", lambda q: _quote(q, "?&=%+,:/")),
    ("encoded-all", COMMON, "with all but letters and digits percent-encoded", lambda q: _quote(_unquote(q), "?&=")),
    ("encoded-otherwise", UNCOMMON, "percent-encoded by another library", _encode_as_libraries),
)
_CHARACTERS = _build_rows(
    ("percent-20", LIKELY, "with %20 for a space, but sent with +", lambda q: q.replace("+", "%20")),
    ("plus", LIKELY, "with + for a space, but sent with %20", lambda q: q.replace("%20", "+")),
    ("plus-encoded", COMMON, "with %2B, but sent with +", lambda q: q.replace("+", "%2B")),
    *((f"{n}-raw", COMMON, f"with raw {' '.join(c)}, but sent percent-encoded", _decode(c)) for n, c in _SETS),
    *((f"{n}-encoded", COMMON, f"with {' '.join(c)} percent-encoded, but sent raw", _encode(c)) for n, c in _SETS),
    ("escapes-lower", COMMON, "with percent-encoding in lower case (%2c)", _edit_escapes(str.lower)),
    ("escapes-upper", COMMON, "with percent-encoding in upper case (%2C)", _edit_escapes(str.upper)),
)
_FRAME = (
    *_build_rows(
        ("no-mark", LIKELY, "without its question mark", lambda q: q.removeprefix("?")),
        ("ampersand-for-mark", UNCOMMON, "with & for its question mark", lambda q: "&" + q.removeprefix("?")),
        ("slash-mark", UNCOMMON, "with a slash before its question mark", lambda q: "/" + q),
        ("trailing-ampersand", LIKELY, "with a trailing &", lambda q: q + "&"),
        ("trailing-newline", UNCOMMON, "with a trailing newline", lambda q: q + "\n"),
        ("no-fragment", UNCOMMON, "without its fragment", lambda q: q.partition("#")[0]),
        ("no-marks", COMMON, "without its & and =", lambda q: q.replace("&", "").replace("=", "")),
    ),
    *build_rows(
        "query-",
        "{} was signed, but no query follows.",
        "Append '?' only if there are parameters.",
        ("question-mark", LIKELY, "A question mark after the path", lambda q: None if q else "?"),
        ("text", UNCOMMON, "A text after the path", lambda q: None if q else _ABSENT),
    ),
)

TABLE = Table(_FIELDS, _ORDER, _SPELLING, _ENCODING, _CHARACTERS, _FRAME)
