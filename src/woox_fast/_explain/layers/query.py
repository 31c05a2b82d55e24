"""What people sign for the query (with its '?') other than the one that they send."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from urllib.parse import quote, unquote, unquote_plus

from ..changes import COMMON, FAMILY, LIKELY, RARE, UNCOMMON, Change, Table
from ..rewrites import MOST_FIELDS, one_less, one_moved, permuted, two_less
from ..signing import Sent
from ..spellings import NUMBER, as_float, camel_case, numbers, plain, snake_case, spellings, trimmed

AS_SENT = "Sign the path and query exactly as they go out on the request line."


def _row(name: str, cost: int, what: str, make: Callable[..., str], *, light: bool = False) -> Change:
    sentence = f"The query was signed {what}. {AS_SENT}"
    return Change(f"query-{name}", cost, sentence, lambda query, sent: (make(query),) if query else (), light=light)


def _pairs(name: str, cost: int, what: str, make: Callable[..., list[str]]) -> Change:
    """A change of the list of name=value."""
    return _row(name, cost, what, lambda query: _joined(query, make(_split(query))))


def _family(
    name: str, cost: int, what: str, make: Callable[..., Iterable[Sequence[str]]], *, last: bool = False
) -> Change:
    def values(query: str, sent: Sent) -> Iterator[str]:
        return (_joined(query, pairs) for pairs in make(_split(query))) if query else iter(())

    return Change(f"query-{name}", cost, f"The query was signed {what}. {AS_SENT}", values, last)


def _none(name: str, text: str) -> Change:
    sentence = f"{text} was signed for a query, but none was sent. Sign nothing where there is no query."
    return Change(f"no-query-{name}", UNCOMMON, sentence, lambda query, sent: () if query else (text,))


def _spelled_as(words: dict[str, str]) -> Callable[[str], str]:
    return lambda value: words.get(value, value)


def _split(query: str) -> list[str]:
    return query.removeprefix("?").split("&")


def _joined(query: str, pairs: Sequence[str]) -> str:
    return ("?" if query[:1] == "?" and pairs else "") + "&".join(pairs)


def _values(name: str, cost: int, what: str, write: Callable[..., str]) -> Change:
    """A change of each value."""

    def of_pair(pair: str) -> str:
        name, equals, value = pair.partition("=")
        return name + equals + write(value) if equals else pair

    return _pairs(name, cost, what, lambda pairs: [of_pair(pair) for pair in pairs])


def _names(name: str, cost: int, what: str, write: Callable[..., str]) -> Change:
    """A change of each name."""

    def of_pair(pair: str) -> str:
        name, equals, value = pair.partition("=")
        return write(name) + equals + value

    return _pairs(name, cost, what, lambda pairs: [of_pair(pair) for pair in pairs])


def _few(arrange: Callable[[list[str]], Iterator[Sequence[str]]]) -> Callable[[list[str]], Iterator[Sequence[str]]]:
    return lambda pairs: arrange(pairs) if 1 < len(pairs) <= MOST_FIELDS else iter(())


def _spelled(pairs: list[str]) -> Iterator[list[str]]:
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


def _joints(query: str, sent: Sent) -> Iterator[str]:
    """With another mark between its parameters, or at its end."""
    if query:
        for mark in (" & ", "& ", " &", "&&", "\r\n", "\t", " ", ", ", ",\n", "%26", "/", "+", "#", "-", "_", "."):
            yield query.replace("&", mark)
        for end in ("?", "/", "=", "&&", "&=", ";", ",", "|", "%", "&undefined", "&null", "\r\n", "&?"):
            yield query + end
        for equals in ("%3D", "==", " = ", "=>", "/", ",", "_", "", " ", "|", "-"):
            yield query.replace("=", equals)
        yield from (query.replace("&", "\\u0026"), query.upper(), re.sub("=(?=&|\\Z)", "", query))
        yield from (query.replace("?", "%3F"), "? " + query[1:], "/?" + query[1:], " " + query, "?/" + query[1:])


def _dropped(pairs: list[str]) -> Iterator[list[str]]:
    """With a parameter that a client leaves out when it sends: one that has no value."""
    names = {pair.partition("=")[0] for pair in pairs}
    for name in PARAMETERS:
        if name not in names:
            for value in ("", "undefined", "null", "None", "NaN"):
                for at in (len(pairs), 0):
                    yield [*pairs[:at], f"{name}={value}", *pairs[at:]]
            yield [*pairs, name]


def _texts(query: str, sent: Sent) -> Iterator[str]:
    if query:
        for text in _TEXTS:
            yield from (text, "?" + text)


_TEXTS = (
    *("[object Object]", "[object URLSearchParams]", "undefined", "null", "None", "{}", "Array", "[]", "nil", "NaN"),
    *("{query}", "${query}", "query", "params", "{params}", "[object Array]", "map[]", "OrderedDict()", "%s", "NULL"),
    *(
        "System.Collections.Specialized.NameValueCollection",
        "System.Web.HttpValueCollection",
        "[object Map]",
        "''",
        '""',
    ),
)


def _with_more(query: str, sent: Sent) -> Iterator[str]:
    """With a parameter that was signed and not sent: the time, a receive window, the key."""
    more = [f"{name}={sent.timestamp}" for name in ("timestamp", "t", "ts", "nonce", "_", "time", "api_timestamp")]
    more += [f"{name}={size}" for name in ("recvWindow", "recv_window") for size in (5000, 10000, 60000, 3000, 20000)]
    more += [f"{name}={sent.api_key}" for name in ("apiKey", "api_key", "key", "apikey", "accessKey") if sent.api_key]
    pairs = _split(query) if query else []
    for one in more:
        yield from (_joined(query or "?", [*pairs, one]), _joined(query or "?", [one, *pairs]))


def _in_other_encodings(query: str, sent: Sent) -> Iterator[str]:
    """With what is not ASCII encoded by another rule than UTF-8's escapes, or raw."""
    text = re.sub("(?:%[89A-Fa-f][0-9A-Fa-f])+", lambda found: _unquote(found[0]), query)
    if text.isascii():
        return
    yield text
    for encoding in ("gbk", "latin-1", "cp1252", "big5", "shift_jis", "euc_kr", "utf-16-le", "utf-16-be"):
        for errors in ("strict", "replace"):
            with suppress(UnicodeEncodeError):
                yield "".join(c if c.isascii() else _escaped(c.encode(encoding, errors)) for c in text)
    units = "".join(c if c.isascii() else f"%u{ord(c):04X}" for c in text)
    yield from (units, units.replace("%u", "\\u"), text.encode("ascii", "replace").decode())


def _escaped(data: bytes) -> str:
    return "".join(f"%{byte:02X}" for byte in data)


# Parameters of WOO X's V1 and V3, that a request may have had.
PARAMETERS = (
    *(
        "symbol",
        "side",
        "status",
        "type",
        "page",
        "size",
        "cursor",
        "limit",
        "startTime",
        "endTime",
        "start_t",
        "end_t",
    ),
    *("orderId", "clientOrderId", "orderTag", "realizedPnl", "fromId", "token", "all", "price", "quantity", "amount"),
    *("order_id", "client_order_id", "order_type", "order_tag", "order_price", "order_quantity", "order_amount"),
    *("reduceOnly", "reduce_only", "visibleQuantity", "visible_quantity", "positionSide", "algoType", "triggerPrice"),
    *(
        "broker_id",
        "brokerId",
        "source",
        "marginMode",
        "margin_mode",
        "leverage",
        "bidAskLevel",
        "postOnly",
        "selfTrade",
    ),
    *(
        "triggered",
        "isTriggered",
        "rootAlgoOrderId",
        "ignoreUntriggered",
        "callbackRate",
        "activatedPrice",
        "closePosition",
    ),
)


def _unquote(text: str) -> str:
    return unquote(text, errors="surrogateescape")


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
    _pairs(
        "no-empty",
        COMMON,
        "without the parameters that are empty",
        lambda pairs: [p for p in pairs if p.partition("=")[2]],
    ),
    _pairs(
        "no-nulls",
        COMMON,
        "without the parameters that are null, None or undefined",
        lambda pairs: [p for p in pairs if p.partition("=")[2].lower() not in ("null", "none", "undefined")],
    ),
    _pairs("only-values", UNCOMMON, "as its values alone", lambda pairs: [p.partition("=")[2] for p in pairs]),
    _pairs(
        "one-of-a-name",
        UNCOMMON,
        "with one of the parameters that share a name",
        lambda pairs: list({p.partition("=")[0]: p for p in pairs}.values()),
    ),
    _family("field-dropped", FAMILY, "with a parameter that has no value and was not sent", _dropped, last=True),
    _family("two-fields-added", FAMILY, "without two of its parameters", _few(two_less)),
    _family("field-added", COMMON, "without one of its parameters, as when one is added after signing", _few(one_less)),
)

_ORDER = (
    _pairs("sorted", LIKELY, "with its parameters sorted", sorted),
    _pairs(
        "sorted-by-name",
        COMMON,
        "with its parameters sorted by name",
        lambda pairs: sorted(pairs, key=lambda p: p.partition("=")[0]),
    ),
    _pairs("reversed", UNCOMMON, "with its parameters in reverse order", lambda pairs: pairs[::-1]),
    _pairs(
        "sorted-without-case",
        UNCOMMON,
        "with its parameters sorted regardless of case",
        lambda pairs: sorted(pairs, key=str.lower),
    ),
    _family("order", COMMON, "with its parameters in another order", _few(one_moved)),
)

_VALUES = (
    _values(
        "booleans-json",
        LIKELY,
        "with true and false where True and False were sent",
        lambda v: v.lower() if v in ("True", "False") else v,
    ),
    _values(
        "booleans-python",
        LIKELY,
        "with True and False where true and false were sent",
        lambda v: v.capitalize() if v in ("true", "false") else v,
    ),
    _values(
        "booleans-numbers",
        COMMON,
        "with 1 and 0 for true and false",
        _spelled_as({"true": "1", "false": "0", "True": "1", "False": "0"}),
    ),
    _values("booleans-words", UNCOMMON, "with true and false for 1 and 0", _spelled_as({"1": "true", "0": "false"})),
    _values("booleans-false-empty", RARE, "with nothing for false", lambda v: "" if v.lower() == "false" else v),
    _values("numbers-float", COMMON, "with its numbers as Python writes floats", numbers(as_float)),
    _values("numbers-plain", UNCOMMON, "with its numbers written without exponent", numbers(plain)),
    _values("numbers-trimmed", UNCOMMON, "with its numbers without zeros at the end", numbers(trimmed)),
    _values("values-quoted", UNCOMMON, "with its values in double quotes", lambda v: f'"{v}"'),
    _values(
        "strings-quoted",
        UNCOMMON,
        "with its values as json.dumps writes them",
        lambda v: v if NUMBER.fullmatch(v) or v in ("true", "false", "null") else f'"{v}"',
    ),
    _values("values-lower", UNCOMMON, "with its values in lower case", str.lower),
    _values("values-upper", UNCOMMON, "with its values in upper case", str.upper),
    _names("names-snake-case", UNCOMMON, "with its names in snake_case", snake_case),
    _names("names-camel-case", UNCOMMON, "with its names in camelCase", camel_case),
    _names("names-lower", RARE, "with its names in lower case", str.lower),
    _names("list-brackets", UNCOMMON, "with [] after its names", lambda n: _without_slot(n) + "[]"),
    _names("list-names", UNCOMMON, "without the brackets after its names", _without_slot),
    _family("value-spelled", UNCOMMON, "with one of its values spelled in another way", _spelled),
)

_ENCODING = (
    _row("decoded", LIKELY, "before it was percent-encoded", _unquote),
    _row("decoded-plus", LIKELY, "before + and % were put in", lambda q: unquote_plus(q, errors="surrogateescape")),
    _row("encoded-twice", LIKELY, "percent-encoded twice", lambda q: q.replace("%", "%25")),
    _row(
        "decoded-once", COMMON, "percent-encoded once where it was sent encoded twice", lambda q: q.replace("%25", "%")
    ),
    _row("encoded", LIKELY, "percent-encoded where it was sent raw", lambda q: _quote(q, "?&=%+,:/")),
    _row(
        "encoded-all", COMMON, "with all but letters and digits percent-encoded", lambda q: _quote(_unquote(q), "?&=")
    ),
    _row(
        "encoded-again",
        COMMON,
        "as urllib.parse.quote writes its values",
        lambda q: "&".join(
            "=".join(_quote(_unquote(h), "?" if i == 0 else "") for i, h in enumerate(p.split("=", 1)))
            for p in q.split("&")
        ),
    ),
    _row("encoded-whole", UNCOMMON, "percent-encoded with its = and &", lambda q: q[:1] + _quote(q[1:], "")),
    _row("encoded-whole-mark", UNCOMMON, "percent-encoded with its ?, = and &", lambda q: _quote(q, "")),
    _row("html-ampersands", UNCOMMON, "with &amp; for &", lambda q: q.replace("&", "&amp;")),
    _row("lower-case", RARE, "in lower case", str.lower),
)

_CHARACTERS = (
    _row("percent-20", LIKELY, "with %20 for a space where + was sent", lambda q: q.replace("+", "%20")),
    _row("plus", LIKELY, "with + for a space where %20 was sent", lambda q: q.replace("%20", "+")),
    *(
        _row(
            f"plus-{name}-raw",
            UNCOMMON,
            f"with + for a space and {' '.join(characters)} raw",
            lambda q, characters=characters: _raw(characters)(q.replace("%20", "+")),
        )
        for name, characters in _SETS
    ),
    _row("space", UNCOMMON, "with spaces where + was sent", lambda q: q.replace("+", " ")),
    _row("space-raw", UNCOMMON, "with spaces where %20 was sent", lambda q: q.replace("%20", " ")),
    _row("plus-encoded", COMMON, "with %2B where + was sent", lambda q: q.replace("+", "%2B")),
    _row("plus-decoded", UNCOMMON, "with + where %2B was sent", lambda q: q.replace("%2B", "+").replace("%2b", "+")),
    *(_row(f"{name}-raw", COMMON, f"with {' '.join(c)} raw where they were encoded", _raw(c)) for name, c in _SETS),
    *(
        _row(f"{name}-encoded", COMMON, f"with {' '.join(c)} percent-encoded where they were sent raw", _encoded(c))
        for name, c in _SETS
    ),
    _row("escapes-lower", COMMON, "with lower-case escapes (%2c) where %2C was sent", _escape_case(str.lower)),
    _row("escapes-upper", COMMON, "with upper-case escapes (%2C) where %2c was sent", _escape_case(str.upper)),
)

_FRAME = (
    _row("no-mark", LIKELY, "without its question mark", lambda q: q.removeprefix("?"), light=True),
    _row("mark", COMMON, "with a question mark in front that was not sent", lambda q: q if q[:1] == "?" else "?" + q),
    _row("two-marks", UNCOMMON, "with two question marks", lambda q: "?" + q if q[:1] == "?" else q),
    _row("ampersand-for-mark", UNCOMMON, "with & for its question mark", lambda q: "&" + q.removeprefix("?")),
    _row("mark-ampersand", UNCOMMON, "with ?& in front", lambda q: "?&" + q[1:] if q[:1] == "?" else q),
    _row("slash-mark", UNCOMMON, "with a slash before its question mark", lambda q: "/" + q if q[:1] == "?" else q),
    _row("trailing-ampersand", LIKELY, "with a trailing &", lambda q: q + "&"),
    _row("no-trailing-ampersand", COMMON, "without the trailing & that is sent", lambda q: q.rstrip("&")),
    _row("trailing-newline", UNCOMMON, "with a trailing newline", lambda q: q + "\n"),
    _row("trailing-space", RARE, "with a trailing space", lambda q: q + " "),
    _row("only-mark", UNCOMMON, "as its question mark alone", lambda q: "?"),
    _row("fragment", RARE, "with a # at its end", lambda q: q + "#"),
    _row("no-fragment", UNCOMMON, "without its fragment", lambda q: q.partition("#")[0]),
    _row("commas", UNCOMMON, "with commas between its parameters", lambda q: q.replace("&", ",")),
    _row("semicolons", UNCOMMON, "with semicolons between its parameters", lambda q: q.replace("&", ";")),
    _row("bars", UNCOMMON, "with | between its parameters", lambda q: q.replace("&", "|")),
    _row("newlines", RARE, "with newlines between its parameters", lambda q: q.replace("&", "\n")),
    _row("no-ampersands", COMMON, "with nothing between its parameters", lambda q: q.replace("&", "")),
    _row(
        "no-marks", COMMON, "with nothing between its names and values", lambda q: q.replace("&", "").replace("=", "")
    ),
    _row("colons", UNCOMMON, "with : between its names and values", lambda q: q.replace("=", ":")),
    _row("doubled", RARE, "twice", lambda q: q * 2),
    Change("query-text", FAMILY, f"A text was signed in place of the query. {AS_SENT}", _texts),
    Change(
        "query-encoding", FAMILY, f"The query was signed in another encoding than UTF-8. {AS_SENT}", _in_other_encodings
    ),
    Change("query-marks", FAMILY, f"The query was signed with other marks in it. {AS_SENT}", _joints),
    _row("object", COMMON, "as the text [object Object]", lambda q: "?[object Object]"),
    _row("undefined", UNCOMMON, "as the text undefined", lambda q: "?undefined"),
    Change(
        "path-question-mark",
        LIKELY,
        "The path was signed with a ? that no query follows. Leave it out.",
        lambda query, sent: () if query else ("?",),
    ),
    *(
        _none(name, text)
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
        "query-more", FAMILY, f"The query was signed with a parameter that was not sent in it. {AS_SENT}", _with_more
    ),
)

_PERMUTATIONS = (_family("order", FAMILY, "with its parameters in another order", permuted, last=True),)

QUERY = Table(_FIELDS, _ORDER, _VALUES, _ENCODING, _CHARACTERS, (*_FRAME, *_PERMUTATIONS), most=3)
