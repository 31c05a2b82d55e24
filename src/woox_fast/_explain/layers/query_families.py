"""Changes of a query that have many outcomes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from html.entities import codepoint2name
from urllib.parse import quote

from ..rewrites import MOST_FIELDS
from ..signing import Sent
from ..spellings import NUMBER, camel_case, pascal_case, snake_case, spellings
from .names import ALIKE, COINS, NAMES_OF_V1, PARAMETERS, VALUES_OF
from .query_rows import joined, split, unquoted_text
from .texts import ABSENT, MARKS, marked, placeholders, wrapped
from .timestamp_rows import date


def values_in_path(query: str, sent: Sent) -> Iterator[str]:
    """With one of its values as a part of the path."""
    pairs = split(query) if query else []
    for at, pair in enumerate(pairs[:MOST_FIELDS]):
        value = pair.partition("=")[2]
        rest = "&".join(pairs[:at] + pairs[at + 1 :])
        yield from (f"/{value}", f"/{value}?{rest}", f"/{value}{query}")


def spelled(pairs: list[str]) -> Iterator[list[str]]:
    for at, pair in enumerate(pairs[:MOST_FIELDS]):
        name, equals, value = pair.partition("=")
        for other in spellings(
            value if NUMBER.fullmatch(value) or value in ("true", "false", "null") else f'"{value}"'
        ):
            if other[:1] != '"' or other[1:-1] != value:
                yield [*pairs[:at], name + equals + other.strip('"'), *pairs[at + 1 :]]
        for before, after in (('"', '"'), ("'", "'"), ("['", "']"), ('["', '"]'), ("[", "]"), ("b'", "'"), ("", " ")):
            yield [*pairs[:at], f"{name}{equals}{before}{value}{after}", *pairs[at + 1 :]]
        yield [*pairs[:at], name + equals, *pairs[at + 1 :]]


def marks(query: str, sent: Sent) -> Iterator[str]:
    """With another mark between its parameters, or at its end."""
    if query:
        for mark in (" & ", "& ", " &", "&&", "\r\n", "\t", " ", ", ", ",\n", "%26", "/", "+", "#", "-", "_", "."):
            yield query.replace("&", mark)
        for end in ("?", "/", "=", "&&", "&=", ";", ",", "|", "%", "&undefined", "&null", "\r\n", "&?"):
            yield query + end
        for equals in ("%3D", "==", " = ", "=>", "/", ",", "_", "", " ", "|", "-"):
            yield query.replace("=", equals)
        yield from marked(query)
        yield from wrapped(query)
        yield from (query.replace("&", mark) for mark in MARKS)
        yield from (query.replace("=", mark) for mark in MARKS)
        yield from (query.replace("&", "\\u0026"), query.upper(), re.sub("=(?=&|\\Z)", "", query))
        yield from (query.replace("?", "%3F"), "? " + query[1:], "/?" + query[1:], " " + query, "?/" + query[1:])


def dropped(pairs: list[str]) -> Iterator[list[str]]:
    """With a parameter that a client leaves out when it sends: one that has no value, or two of one kind."""
    names = {pair.partition("=")[0] for pair in pairs}
    new = [name for name in PARAMETERS if name not in names]
    for value in _NO_VALUES:
        more = [f"{name}={value}" for name in new]
        for one in more:
            yield [*pairs, one]
            yield [one, *pairs]
            yield sorted([*pairs, one])
        if value in _LIKELY_NO_VALUES:
            yield from ([*pairs, one, two] for one in more for two in more if one != two)
    yield from ([*pairs, name] for name in new)


_NO_VALUES = (
    "",
    "undefined",
    "null",
    "None",
    "NaN",
    "nil",
    "0",
    "1",
    "-1",
    "false",
    "False",
    "true",
    "True",
    "[]",
    "{}",
)
_LIKELY_NO_VALUES = ("", "undefined", "null", "None")


def with_values(pairs: list[str]) -> Iterator[list[str]]:
    """With another value of one of its parameters: what a client puts in the place of the one that was signed; or with
    each as a template has it."""
    names = [pair.partition("=")[0] for pair in pairs[:MOST_FIELDS]]
    for forms in zip(*map(placeholders, names), strict=False):
        yield [f"{name}={form}" for name, form in zip(names, forms, strict=True)]
    for at, pair in enumerate(pairs[:MOST_FIELDS]):
        name, equals, value = pair.partition("=")
        if not equals:
            continue
        others = [*VALUES_OF.get(value.upper(), ()), *ABSENT, *placeholders(name, "value", snake_case(name))]
        others += other_markets(value)
        if value.isdecimal() and len(value) < 40:
            number = int(value)
            others += [str(one) for one in range(max(0, min(number, 1000) - 100), min(number, 1000) + 101)]
            others += [
                str(number + step)
                for size in (1, 60, 1000, 3600, 60_000, 86_400, 3_600_000, 86_400_000)
                for step in (size, -size)
            ]
            others += [str(one) for one in (200, 250, 300, 500, 1000, 5000)]
            others += [str((number + 2**31) % 2**32 - 2**31), str(number % 2**32), f"{number:,}", f"{number:x}"]
        for other in others:
            yield [*pairs[:at], name + equals + other, *pairs[at + 1 :]]


def other_markets(symbol: str) -> list[str]:
    """Markets that a program may have had in mind in place of this one."""
    kind, _, coins = symbol.partition("_")
    if kind not in ("SPOT", "PERP") or not coins:
        return []
    return [f"{one}_{base}_USDT" for one in ("SPOT", "PERP") for base in (*COINS, coins.partition("_")[0])]


def of_one_kind(pairs: list[str]) -> Iterator[list[str]]:
    """With the values of one kind (numbers, long numbers, words, times) all spelled in one other way."""
    split_pairs = [pair.partition("=") for pair in pairs]
    for chosen, writes in _KINDS:
        for write in writes:
            with suppress(ValueError, ArithmeticError):
                yield [n + e + (write(v) if e and chosen(v) else v) for n, e, v in split_pairs]


def _is_time(value: str) -> bool:
    return value.isdecimal() and len(value) in (10, 13)


_KINDS: tuple[tuple[Callable[[str], bool], tuple[Callable[[str], str], ...]], ...] = (
    (
        _is_time,
        (
            *(lambda v, n=n: f"{int(v):.{n}f}" for n in (1, 2, 3, 6)),
            *(lambda v, n=n: f"{int(v):.{n}e}" for n in range(13)),
            lambda v: f"{float(v):g}",
            lambda v: repr(float(v) / 1000),
            lambda v: f"{int(v):.15E}".replace("0E", "E"),
            lambda v: re.sub(r"\.?0*e", "e", f"{int(v):.12e}"),
            lambda v: re.sub(r"\.?0*e\+?", "E", f"{int(v):.12e}"),
            lambda v: v[:10] if len(v) == 13 else v + "000",
            lambda v: f"{v}000",
            lambda v: f'"{v}"',
            *(
                lambda v, f=f: f"{date(int(v) * (1 if len(v) == 13 else 1000)):{f}}"
                for f in (
                    "%Y-%m-%dT%H:%M:%SZ",
                    "%Y-%m-%dT%H:%M:%S",
                    "%Y-%m-%dT%H:%M:%S.000Z",
                    "%Y-%m-%d",
                    "%Y-%m-%d %H:%M:%S",
                    "%Y-%m-%dT%H%%3A%M%%3A%SZ",
                    "%Y-%m-%dT%H%%3A%M%%3A%S.000Z",
                )
            ),
        ),
    ),
    (
        lambda v: NUMBER.fullmatch(v) is not None,
        (
            *(lambda v, n=n: f"{float(v):.{n}f}" for n in range(9)),
            lambda v: f'"{v}"',
            lambda v: f"'{v}'",
            lambda v: f"{float(v):e}",
            lambda v: f"{float(v):g}",
        ),
    ),
    (
        lambda v: NUMBER.fullmatch(v) is None,
        (
            lambda v: f'"{v}"',
            lambda v: f"'{v}'",
            str.lower,
            str.upper,
            str.title,
            lambda v: v.replace("_", "-"),
            lambda v: f"b'{v}'",
            lambda v: f"['{v}']",
            lambda v: v.replace("_", "%5F"),
        ),
    ),
)


def other_names(pairs: list[str]) -> Iterator[list[str]]:
    """With the names that V1 has for those of V3, or the reverse, or with brackets after them."""
    back = {old: new for new, old in NAMES_OF_V1.items()}
    split_pairs = [pair.partition("=") for pair in pairs]
    for names in (NAMES_OF_V1, back):
        yield [names.get(n, n) + e + v for n, e, v in split_pairs]
    for at, (name, equals, value) in enumerate(split_pairs[:MOST_FIELDS]):
        others = [
            f"{name}[]",
            f"{name}%5B%5D",
            f"{name}[0]",
            f"{name}s",
            name.removesuffix("s"),
            name.lower(),
            name.upper(),
        ]
        others += [other for some in ALIKE if name in some for other in some]
        others += [
            pascal_case(name),
            snake_case(name),
            camel_case(name),
            NAMES_OF_V1.get(name, name),
            back.get(name, name),
        ]
        for other in others:
            yield [*pairs[:at], other + equals + value, *pairs[at + 1 :]]


def with_more_than_one(query: str, sent: Sent) -> Iterator[str]:
    """With the time and a receive window or the key, in each order."""
    pairs = split(query) if query else []
    for stamp in ("timestamp", "ts", "nonce"):
        time = f"{stamp}={sent.timestamp}"
        more = [
            f"{name}={size}" for name in ("recvWindow", "recv_window") for size in (5000, 10000, 60000, 3000, 20000)
        ]
        more += [f"{name}={sent.api_key}" for name in ("apiKey", "api_key", "key") if sent.api_key]
        more += ["signature=", "sign=", "signature=undefined", "sign=undefined"]
        for one in more:
            for some in ((one, time), (time, one)):
                yield joined(query or "?", [*pairs, *some])
                yield joined(query or "?", [*some, *pairs])
                yield joined(query or "?", sorted([*pairs, *some]))


def texts(query: str, sent: Sent) -> Iterator[str]:
    if query:
        for text in _TEXTS:
            yield from (text, "?" + text)


_TEXTS = (
    *placeholders("query", "params", "queryString", "query_string", "qs", "search", "querystring"),
    *ABSENT,
    *"""
[object URLSearchParams]
[object Map]
[object FormData]
map[]
OrderedDict()
ImmutableMultiDict([])
QueryParams('')
URLSearchParams {}
System.Collections.Specialized.NameValueCollection
System.Web.HttpValueCollection
System.Collections.Generic.Dictionary`2[System.String,System.String]
System.Collections.Hashtable
""".strip().split("\n"),
)


def printed(query: str, sent: Sent) -> Iterator[str]:
    """As a class of some language prints a query."""
    pairs = [(name, value) for name, equals, value in (pair.partition("=") for pair in split(query)) if equals]
    if not pairs or len(query) > _LONGEST:
        return
    items = str([(unquoted_text(name), unquoted_text(value)) for name, value in pairs])
    entries = ", ".join(f"'{name}' => '{value}'" for name, value in pairs)
    for name in (
        "OrderedDict",
        "MultiDict",
        "ImmutableMultiDict",
        "CIMultiDict",
        "dict_items",
        "dict",
        "tuple",
        "frozendict",
    ):
        yield f"{name}({items})"
    inner = ", ".join(f"'{name}': '{value}'" for name, value in pairs)
    yield from (
        f"<MultiDict({inner})>",
        f"<MultiDictProxy({inner})>",
        f"<QueryDict: {{{inner}}}>",
        f"QueryParams({inner})",
    )
    yield from (
        f"URLSearchParams {{ {entries} }}",
        f"Map({len(pairs)}) {{ {entries} }}",
        f"URLSearchParams {{{entries}}}",
    )
    for text in (query[1:], query):
        yield from (mark + form for form in wrapped(text) for mark in ("", "?"))
    yield from (f"QueryParams('{query[1:]}')", f"QueryParams({query[1:]})", f"URLSearchParams({query[1:]})")
    yield from (repr(query[1:]), repr(query), repr(query[1:].encode()), str({n: [v] for n, v in pairs}))
    yield from (
        f"({query[1:]})",
        "&".join(f"{n}=['{v}']" for n, v in pairs),
        str(tuple(pairs)),
        str([list(p) for p in pairs]),
    )


_LONGEST = 4096


def with_more(query: str, sent: Sent) -> Iterator[str]:
    """With a parameter that was signed and not sent: the time, a receive window, the key."""
    more = [f"{name}={sent.timestamp}" for name in ("timestamp", "t", "ts", "nonce", "_", "time", "api_timestamp")]
    more += [f"{name}={size}" for name in ("recvWindow", "recv_window") for size in (5000, 10000, 60000, 3000, 20000)]
    more += [f"{name}={sent.api_key}" for name in ("apiKey", "api_key", "key", "apikey", "accessKey") if sent.api_key]
    more += [f"{name}={value}" for name in ("signature", "sign", "sig") for value in ("", "undefined", "null", "None")]
    pairs = split(query) if query else []
    for one in more:
        yield from (joined(query or "?", [*pairs, one]), joined(query or "?", [one, *pairs]))


def in_other_encodings(query: str, sent: Sent) -> Iterator[str]:
    """With what is not ASCII encoded by another rule than UTF-8's escapes, or raw."""
    text = re.sub("(?:%[89A-Fa-f][0-9A-Fa-f])+", lambda found: unquoted_text(found[0]), query)
    if text.isascii():
        return
    yield text
    for encoding in ("gbk", "latin-1", "cp1252", "big5", "shift_jis", "euc_kr", "utf-16-le", "utf-16-be"):
        for errors in ("strict", "replace"):
            with suppress(UnicodeEncodeError):
                yield "".join(c if c.isascii() else _escaped(c.encode(encoding, errors)) for c in text)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        composed = unicodedata.normalize(form, text)
        yield from (
            composed,
            "".join(c if c.isascii() else _escaped(c.encode("utf-8", "surrogateescape")) for c in composed),
        )
        yield "".join(c for c in composed if c.isascii())
    twice = text.encode("utf-8", "surrogateescape")
    for encoding in ("latin-1", "cp1252"):
        wrong = twice.decode(encoding, "replace")
        yield from (wrong, "".join(c if c.isascii() else _escaped(c.encode()) for c in wrong))
    named = "".join(c if c.isascii() else f"&{codepoint2name.get(ord(c), f'#{ord(c)}')};" for c in text)
    yield from (named, text.encode("ascii", "xmlcharrefreplace").decode(), text.encode("ascii", "ignore").decode())
    yield from (quote(named, safe="?&="), text.encode("ascii", "backslashreplace").decode())
    units = "".join(c if c.isascii() else f"%u{ord(c):04X}" for c in text)
    yield from (units, units.replace("%u", "\\u"), text.encode("ascii", "replace").decode())


def _escaped(data: bytes) -> str:
    return "".join(f"%{byte:02X}" for byte in data)
