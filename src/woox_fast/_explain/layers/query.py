"""What people sign for the query (with its '?') other than the one that they send."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote_plus

from ..changes import COMMON, FAMILY, LIKELY, RARE, UNCOMMON, Change, Table
from ..rewrites import one_less, one_moved, permuted, two_less
from ..spellings import NUMBER, as_float, camel_case, numbers, plain, snake_case, trimmed
from .query_families import (
    dropped,
    in_other_encodings,
    marks,
    of_one_kind,
    other_names,
    printed,
    spelled,
    texts,
    values_in_path,
    with_more,
    with_more_than_one,
    with_values,
)
from .query_rows import (
    AS_SENT,
    family,
    few,
    none,
    of_names,
    of_pairs,
    of_values,
    row,
    spelled_as,
    unquoted_text,
)


def _quote(text: str, safe: str) -> str:
    return quote(text, safe=safe, errors="surrogateescape")


def _raw(characters: str) -> Callable[[str], str]:
    """A query with the percent-encoded ones of `characters` as they are."""
    escapes = re.compile("|".join(f"%{ord(c):02X}" for c in characters), re.IGNORECASE)
    return lambda query: escapes.sub(lambda found: chr(int(found[0][1:], 16)), query)


def _encoded(characters: str, lower: bool = False) -> Callable[[str], str]:
    """A query with each of `characters` percent-encoded."""
    table = {ord(c): f"%{ord(c):02x}" if lower else f"%{ord(c):02X}" for c in characters}
    return lambda query: query.translate(table)


def _escape_case(write: Callable[..., str]) -> Callable[[str], str]:
    return lambda query: re.sub("%[0-9A-Fa-f]{2}", lambda found: write(found[0]), query)


def _without_slot(name: str) -> str:
    return re.sub(r"(?:\[|%5B)\d*(?:\]|%5D)\Z", "", name, flags=re.IGNORECASE)


_SETS = (
    ("comma", ","),
    ("colon", ":"),
    ("slash", "/"),
    ("reserved", ",:/"),
    ("brackets", "[]"),
    ("at", "@"),
    ("unreserved", "-_.~"),
    ("all-reserved", ",:/[]@!$'()*;"),
)

_FIELDS = (
    Change(
        "query-left-out",
        LIKELY,
        f"The query was sent but not signed. {AS_SENT}",
        lambda query, sent: ("",),
        light=True,
    ),
    of_pairs(
        "no-empty",
        COMMON,
        "without the parameters that are empty",
        lambda pairs: [p for p in pairs if p.partition("=")[2]],
    ),
    of_pairs(
        "no-nulls",
        COMMON,
        "without the parameters that are null, None or undefined",
        lambda pairs: [p for p in pairs if p.partition("=")[2].lower() not in ("null", "none", "undefined")],
    ),
    of_pairs("only-values", UNCOMMON, "as its values alone", lambda pairs: [p.partition("=")[2] for p in pairs]),
    of_pairs(
        "one-of-a-name",
        UNCOMMON,
        "with one of the parameters that share a name",
        lambda pairs: list({p.partition("=")[0]: p for p in pairs}.values()),
    ),
    family("field-dropped", FAMILY, "with a parameter that has no value and was not sent", dropped, last=True),
    family("two-fields-added", FAMILY, "without two of its parameters", few(two_less)),
    family("field-added", COMMON, "without one of its parameters, as when one is added after signing", few(one_less)),
)

_ORDER = (
    of_pairs("sorted", LIKELY, "with its parameters sorted", sorted),
    of_pairs(
        "sorted-by-name",
        COMMON,
        "with its parameters sorted by name",
        lambda pairs: sorted(pairs, key=lambda p: p.partition("=")[0]),
    ),
    of_pairs("reversed", UNCOMMON, "with its parameters in reverse order", lambda pairs: pairs[::-1]),
    of_pairs(
        "sorted-without-case",
        UNCOMMON,
        "with its parameters sorted regardless of case",
        lambda pairs: sorted(pairs, key=str.lower),
    ),
    family("order", COMMON, "with its parameters in another order", few(one_moved)),
)

_VALUES = (
    of_values(
        "booleans-json",
        LIKELY,
        "with true and false where True and False were sent",
        lambda v: v.lower() if v in ("True", "False") else v,
    ),
    of_values(
        "booleans-python",
        LIKELY,
        "with True and False where true and false were sent",
        lambda v: v.capitalize() if v in ("true", "false") else v,
    ),
    of_values(
        "booleans-numbers",
        COMMON,
        "with 1 and 0 for true and false",
        spelled_as({"true": "1", "false": "0", "True": "1", "False": "0"}),
    ),
    of_values("booleans-words", UNCOMMON, "with true and false for 1 and 0", spelled_as({"1": "true", "0": "false"})),
    of_values("booleans-false-empty", RARE, "with nothing for false", lambda v: "" if v.lower() == "false" else v),
    of_values("numbers-float", COMMON, "with its numbers as Python writes floats", numbers(as_float)),
    of_values("numbers-plain", UNCOMMON, "with its numbers written without exponent", numbers(plain)),
    of_values("numbers-trimmed", UNCOMMON, "with its numbers without zeros at the end", numbers(trimmed)),
    of_values("values-quoted", UNCOMMON, "with its values in double quotes", lambda v: f'"{v}"'),
    of_values(
        "strings-quoted",
        UNCOMMON,
        "with its values as json.dumps writes them",
        lambda v: v if NUMBER.fullmatch(v) or v in ("true", "false", "null") else f'"{v}"',
    ),
    of_values("values-lower", UNCOMMON, "with its values in lower case", str.lower),
    of_values("values-upper", UNCOMMON, "with its values in upper case", str.upper),
    of_names("names-snake-case", UNCOMMON, "with its names in snake_case", snake_case),
    of_names("names-camel-case", UNCOMMON, "with its names in camelCase", camel_case),
    of_names("names-lower", RARE, "with its names in lower case", str.lower),
    of_names("list-brackets", UNCOMMON, "with [] after its names", lambda n: _without_slot(n) + "[]"),
    of_names("list-names", UNCOMMON, "without the brackets after its names", _without_slot),
    family("values-of-a-kind", FAMILY, "with its numbers, its times or its words spelled in another way", of_one_kind),
    family("other-value", FAMILY, "with another value of one of its parameters", with_values, last=True),
    family("other-names", FAMILY, "with other names of its parameters", other_names),
    family("value-spelled", UNCOMMON, "with one of its values spelled in another way", spelled),
)

_ENCODING = (
    row("decoded", LIKELY, "before it was percent-encoded", unquoted_text),
    row("decoded-plus", LIKELY, "before + and % were put in", lambda q: unquote_plus(q, errors="surrogateescape")),
    row("encoded-twice", LIKELY, "percent-encoded twice", lambda q: q.replace("%", "%25")),
    row(
        "decoded-once", COMMON, "percent-encoded once where it was sent encoded twice", lambda q: q.replace("%25", "%")
    ),
    row("encoded", LIKELY, "percent-encoded where it was sent raw", lambda q: _quote(q, "?&=%+,:/")),
    row(
        "encoded-all",
        COMMON,
        "with all but letters and digits percent-encoded",
        lambda q: _quote(unquoted_text(q), "?&="),
    ),
    row(
        "encoded-again",
        COMMON,
        "as urllib.parse.quote writes its values",
        lambda q: "&".join(
            "=".join(_quote(unquoted_text(h), "?" if i == 0 else "") for i, h in enumerate(p.split("=", 1)))
            for p in q.split("&")
        ),
    ),
    row("encoded-whole", UNCOMMON, "percent-encoded with its = and &", lambda q: q[:1] + _quote(q[1:], "")),
    row("encoded-whole-mark", UNCOMMON, "percent-encoded with its ?, = and &", lambda q: _quote(q, "")),
    row("html-ampersands", UNCOMMON, "with &amp; for &", lambda q: q.replace("&", "&amp;")),
    row("lower-case", RARE, "in lower case", str.lower),
)

# What libraries leave as it is beside letters, digits and "-._", and how they write a space.
_LIBRARIES = (
    ("!'()*~", "%20"),  # JavaScript's encodeURIComponent
    ("*", "+"),  # URLSearchParams, Java, Rust
    ("~", "+"),  # Go, Python
    ("~", "%20"),
    ("", "+"),  # PHP
    ("!()*", "+"),  # .NET
    ("!'()*~:$,[]", "+"),  # axios
    ("!'()*~:$,/?@;", "+"),  # yarl
    ("!'()*~:$,/?@;", "%20"),
    ("*", "%20"),
)


def _as_a_library(query: str) -> Iterator[str]:
    for safe, space in _LIBRARIES:
        made = "&".join(
            "=".join(
                quote(unquote_plus(half, errors="surrogateescape"), safe=safe + "-._", errors="surrogateescape")
                for half in pair.split("=", 1)
            )
            for pair in query.removeprefix("?").split("&")
        )
        made = made if "~" in safe else made.replace("~", "%7E")  # that quote leaves as it is
        for text in (made, made.replace("%20", space)):
            yield query[: query.startswith("?")] + text
            yield query[: query.startswith("?")] + _escape_case(str.lower)(text)


_CHARACTERS = (
    Change(
        "query-encoded-otherwise",
        RARE,
        f"The query was signed with other characters percent-encoded, as another library does it. {AS_SENT}",
        lambda query, sent: _as_a_library(query) if query else (),
    ),
    row("percent-20", LIKELY, "with %20 for a space where + was sent", lambda q: q.replace("+", "%20")),
    row("plus", LIKELY, "with + for a space where %20 was sent", lambda q: q.replace("%20", "+")),
    *(
        row(
            f"plus-{name}-raw",
            UNCOMMON,
            f"with + for a space and {' '.join(characters)} raw",
            lambda q, characters=characters: _raw(characters)(q.replace("%20", "+")),
        )
        for name, characters in _SETS
    ),
    row("space", UNCOMMON, "with spaces where + was sent", lambda q: q.replace("+", " ")),
    row("space-raw", UNCOMMON, "with spaces where %20 was sent", lambda q: q.replace("%20", " ")),
    row("plus-encoded-twice", UNCOMMON, "with %2B for a space where %20 was sent", lambda q: q.replace("%20", "%2B")),
    row("plus-encoded", COMMON, "with %2B where + was sent", lambda q: q.replace("+", "%2B")),
    row("plus-decoded", UNCOMMON, "with + where %2B was sent", lambda q: q.replace("%2B", "+").replace("%2b", "+")),
    *(row(f"{name}-raw", COMMON, f"with {' '.join(c)} raw where they were encoded", _raw(c)) for name, c in _SETS),
    *(
        row(f"{name}-encoded", COMMON, f"with {' '.join(c)} percent-encoded where they were sent raw", _encoded(c))
        for name, c in _SETS
    ),
    row("escapes-lower", COMMON, "with lower-case escapes (%2c) where %2C was sent", _escape_case(str.lower)),
    row("escapes-upper", COMMON, "with upper-case escapes (%2C) where %2c was sent", _escape_case(str.upper)),
)

_FRAME = (
    row("no-mark", LIKELY, "without its question mark", lambda q: q.removeprefix("?"), light=True),
    row("mark", COMMON, "with a question mark in front that was not sent", lambda q: q if q[:1] == "?" else "?" + q),
    row("two-marks", UNCOMMON, "with two question marks", lambda q: "?" + q if q[:1] == "?" else q),
    row("ampersand-for-mark", UNCOMMON, "with & for its question mark", lambda q: "&" + q.removeprefix("?")),
    row("mark-ampersand", UNCOMMON, "with ?& in front", lambda q: "?&" + q[1:] if q[:1] == "?" else q),
    row("slash-mark", UNCOMMON, "with a slash before its question mark", lambda q: "/" + q if q[:1] == "?" else q),
    row("trailing-ampersand", LIKELY, "with a trailing &", lambda q: q + "&"),
    row("no-trailing-ampersand", COMMON, "without the trailing & that is sent", lambda q: q.rstrip("&")),
    row("trailing-newline", UNCOMMON, "with a trailing newline", lambda q: q + "\n"),
    row("trailing-space", RARE, "with a trailing space", lambda q: q + " "),
    row("only-mark", UNCOMMON, "as its question mark alone", lambda q: "?"),
    row("fragment", RARE, "with a # at its end", lambda q: q + "#"),
    row("no-fragment", UNCOMMON, "without its fragment", lambda q: q.partition("#")[0]),
    row("commas", UNCOMMON, "with commas between its parameters", lambda q: q.replace("&", ",")),
    row("semicolons", UNCOMMON, "with semicolons between its parameters", lambda q: q.replace("&", ";")),
    row("bars", UNCOMMON, "with | between its parameters", lambda q: q.replace("&", "|")),
    row("newlines", RARE, "with newlines between its parameters", lambda q: q.replace("&", "\n")),
    row("no-ampersands", COMMON, "with nothing between its parameters", lambda q: q.replace("&", "")),
    row("no-marks", COMMON, "with nothing between its names and values", lambda q: q.replace("&", "").replace("=", "")),
    row("colons", UNCOMMON, "with : between its names and values", lambda q: q.replace("=", ":")),
    row("doubled", RARE, "twice", lambda q: q * 2),
    Change(
        "query-with-time-and-more",
        FAMILY,
        f"The query was signed with parameters that were not sent in it. {AS_SENT}",
        with_more_than_one,
        last=True,
    ),
    Change(
        "query-printed",
        FAMILY,
        f"The query was signed as a program prints what holds it. {AS_SENT}",
        printed,
        last=True,
    ),
    Change(
        "query-in-path", FAMILY, f"A parameter was signed as a part of the path. {AS_SENT}", values_in_path, last=True
    ),
    Change("query-text", FAMILY, f"A text was signed in place of the query. {AS_SENT}", texts, last=True),
    Change(
        "query-encoding",
        FAMILY,
        f"The query was signed in another encoding than UTF-8. {AS_SENT}",
        in_other_encodings,
        last=True,
    ),
    Change("query-marks", FAMILY, f"The query was signed with other marks in it. {AS_SENT}", marks, last=True),
    row("object", COMMON, "as the text [object Object]", lambda q: "?[object Object]"),
    row("undefined", UNCOMMON, "as the text undefined", lambda q: "?undefined"),
    Change(
        "path-question-mark",
        LIKELY,
        "The path was signed with a ? that no query follows. Leave it out.",
        lambda query, sent: () if query else ("?",),
    ),
    *(
        none(name, text)
        for name, text in (
            ("undefined", "?undefined"),
            ("null", "?null"),
            ("none", "?None"),
            ("ampersand", "&"),
            ("object", "?[object Object]"),
            ("bare-undefined", "undefined"),
            ("bare-null", "null"),
            ("bare-none", "None"),
            ("empty-object", "?{}"),
            ("slash-mark", "/?"),
        )
    ),
    Change(
        "query-with-timestamp",
        UNCOMMON,
        f"The query was signed with a timestamp that was not sent in it. {AS_SENT}",
        lambda query, sent: (
            f"{query or '?'}{'&' if query[1:] else ''}{name}={sent.timestamp}"
            for name in ("timestamp", "t", "ts", "nonce")
        ),
    ),
    Change(
        "query-more", FAMILY, f"The query was signed with a parameter that was not sent in it. {AS_SENT}", with_more
    ),
)

_PERMUTATIONS = (family("order", FAMILY, "with its parameters in another order", permuted, last=True),)

QUERY = Table(_FIELDS, _ORDER, _VALUES, _ENCODING, _CHARACTERS, (*_FRAME, *_PERMUTATIONS), most=3)
