"""Changes of a query that have many outcomes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from ..rewrites import MOST_FIELDS
from ..signing import Sent
from ..spellings import NUMBER, spellings
from .query_rows import joined, split, unquoted_text


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
        yield from (query.replace("&", "\\u0026"), query.upper(), re.sub("=(?=&|\\Z)", "", query))
        yield from (query.replace("?", "%3F"), "? " + query[1:], "/?" + query[1:], " " + query, "?/" + query[1:])


def dropped(pairs: list[str]) -> Iterator[list[str]]:
    """With a parameter that a client leaves out when it sends: one that has no value."""
    names = {pair.partition("=")[0] for pair in pairs}
    for name in PARAMETERS:
        if name not in names:
            for value in ("", "undefined", "null", "None", "NaN"):
                for at in (len(pairs), 0):
                    yield [*pairs[:at], f"{name}={value}", *pairs[at:]]
            yield [*pairs, name]


def texts(query: str, sent: Sent) -> Iterator[str]:
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


def with_more(query: str, sent: Sent) -> Iterator[str]:
    """With a parameter that was signed and not sent: the time, a receive window, the key."""
    more = [f"{name}={sent.timestamp}" for name in ("timestamp", "t", "ts", "nonce", "_", "time", "api_timestamp")]
    more += [f"{name}={size}" for name in ("recvWindow", "recv_window") for size in (5000, 10000, 60000, 3000, 20000)]
    more += [f"{name}={sent.api_key}" for name in ("apiKey", "api_key", "key", "apikey", "accessKey") if sent.api_key]
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
