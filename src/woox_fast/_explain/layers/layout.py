"""What people put together in place of the rule: which parts, in which order, with what between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from ... import payload
from .. import rewrites
from ..changes import COMMON, EXOTIC, LIKELY, RARE, UNCOMMON, Change, Table
from ..signing import JOINT, Layout, Sent, to_bytes, to_text

RULES = {
    "v3": "V3 signs timestamp + method + path?query + body, with nothing between them.",
    "v1": "V1 and V2 sign their parameters sorted by name, joined by '&', then '|' and the timestamp.",
    "ws": "The websocket's auth event signs '|' and the timestamp.",
}


# What counts as query and body in a layout: of a request as it was sent, the query and the body that are signed.


def _v1(sent: Sent) -> str:
    pairs = [pair.partition("=")[::2] for pair in rewrites.parameters(sent.query, sent.body)]
    return payload.v1_parameters(pairs)


def _only_query(write: Callable[[str], bytes], keep: bool) -> Callable[[Sent], tuple[str, bytes]]:
    def contents(sent: Sent) -> tuple[str, bytes]:
        if len(sent.query) < 2 or sent.body:
            raise ValueError("no query that could be taken for a body")
        return (sent.query if keep else ""), write(sent.query[1:])

    return contents


def _form_of_body(sent: Sent) -> str:
    if sent.query or not sent.body:
        raise ValueError("no body that could be taken for a query")
    form = rewrites.form(sent.body) if sent.body[:1] == b"{" else to_text(sent.body)
    if form[:1] in ("{", "["):
        raise ValueError("no parameters")
    return form


def _parameters(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True, errors="surrogateescape"))


def _compact(value: Any) -> bytes:
    return to_bytes(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def _split_v1(sent: Sent) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (pair.partition("=") for pair in _v1(sent).split("&")) if name]


SOURCES: dict[str, Callable[[Sent], tuple[str, bytes]]] = {
    "sent": lambda s: (s.query, s.body),
    "v1": lambda s: (_v1(s), b""),
    "v1-decoded": lambda s: (unquote_plus(_v1(s), errors="surrogateescape"), b""),
    "v1-as-sent": lambda s: ("&".join(rewrites.parameters(s.query, s.body)), b""),
    "v1-json": lambda s: ("", _compact(dict(_split_v1(s)))),
    "v1-body-json": lambda s: ("", _compact(dict(_split_v1(s._replace(query=""))))),
    "v1-concatenated": lambda s: ("".join(name + value for name, value in _split_v1(s)), b""),
    "v1-values": lambda s: ("".join(value for _, value in _split_v1(s)), b""),
    "query-in-body": _only_query(to_bytes, keep=False),
    "query-in-body-json": _only_query(lambda q: to_bytes(json.dumps(_parameters(q))), keep=False),
    "query-in-body-compact": _only_query(lambda q: _compact(_parameters(q)), keep=False),
    "query-in-body-repr": _only_query(lambda q: to_bytes(str(_parameters(q))), keep=False),
    "query-also-in-body": _only_query(to_bytes, keep=True),
    "query-also-in-body-json": _only_query(lambda q: to_bytes(json.dumps(_parameters(q))), keep=True),
    "query-also-in-body-compact": _only_query(lambda q: _compact(_parameters(q)), keep=True),
    "body-in-query": lambda s: ("?" + _form_of_body(s), b""),
    "body-in-query-sorted": lambda s: ("?" + "&".join(sorted(_form_of_body(s).split("&"))), b""),
    "body-also-in-query": lambda s: ("?" + _form_of_body(s), s.body),
}

# Each scheme's right layout, as the rules of `payload` write it.
_V3 = payload.v3_message("{t}" + JOINT, "{m}" + JOINT, "{p}{q}" + JOINT, "{b}".encode()).decode()
BASES = {
    "v3": Layout(_V3),
    "v1": Layout(payload.v1_message("{q}" + JOINT, "{t}").decode().replace("|", ""), "|", "v1"),
    "ws": Layout(payload.websocket_message(JOINT + "{t}").decode().replace("|", ""), "|"),
}

_RULE = "{rule}"  # of the scheme: explain puts it in
_PARTS = ("{t}", "{m}", "{p}{q}", "{b}")


def _row(name: str, cost: int, sentence: str, *parts: str, separator: str = "", source: str = "sent", digest: str = "hmac-sha256") -> Change:
    layout = Layout(JOINT.join(parts), separator, source, digest)
    keyed = "{k" in layout.template

    def values(_: Layout, sent: Sent) -> Iterator[Layout]:
        if sent.api_key or not keyed:
            yield layout

    return Change(name, cost, f"{sentence} {_RULE}", values)


def _rule(name: str, cost: int, whose: str, template: str, *, digest: str = "hmac-sha256", source: str = "sent", separator: str = "") -> Change:
    return _row(f"rule-{name}", cost, f"{whose} rule was used.", *template.split(JOINT), digest=digest, source=source, separator=separator)


def _other_permutations(_: Layout, sent: Sent) -> Iterator[Layout]:
    for parts in permutations(_PARTS):
        yield Layout(JOINT.join(parts))


def _fewer_parts(_: Layout, sent: Sent) -> Iterator[Layout]:
    for count in (3, 2, 1):
        for parts in permutations(_PARTS, count):
            yield Layout(JOINT.join(parts))


def _with_key(_: Layout, sent: Sent) -> Iterator[Layout]:
    """The API key in any place of the rule and of what is left of it, and with a receive window after it."""
    if sent.api_key:
        for parts in (_PARTS, ("{t}", "{p}{q}", "{b}"), ("{t}", "{m}", "{p}{q}"), ("{t}", "{b}"), ("{t}", "{q:bare}", "{b}"), ("{t}",)):
            for at in range(len(parts) + 1):
                yield Layout(JOINT.join((*parts[:at], "{k}", *parts[at:])))


def _with_window(_: Layout, sent: Sent) -> Iterator[Layout]:
    for window in WINDOWS:
        for before in ("{t}", "{t}" + JOINT + "{k}"):
            if sent.api_key or "{k}" not in before:
                yield Layout(JOINT.join((before, window, "{q:bare}{b}")))
                yield Layout(JOINT.join((before, window, "{m}", "{p}{q}", "{b}")))


def _named(_: Layout, sent: Sent) -> Iterator[Layout]:
    """Parts with their names before them."""
    for names in (
        ("timestamp", "method", "path", "body"), ("timestamp", "method", "requestPath", "body"), ("ts", "method", "path", "body"),
        ("timestamp", "request_method", "request_path", "request_body"), ("t", "m", "p", "b"),
    ):
        for equals, between in (("=", "&"), (":", ","), (":", "\n"), ("=", "\n"), (": ", "\n"), (":", ""), ("=", "")):
            yield Layout(JOINT.join(f"{name}{equals}{part}" for name, part in zip(names, _PARTS, strict=True)), between)
            yield Layout(JOINT.join(sorted(f"{name}{equals}{part}" for name, part in zip(names, _PARTS, strict=True))), between)


def _as_json(_: Layout, sent: Sent) -> Iterator[Layout]:
    for colon, comma in ((":", ","), (": ", ", ")):
        for names in (("timestamp", "method", "path", "body"), ("timestamp", "method", "requestPath", "body")):
            for stamp in ("{t}", '"{t}"'):
                members = zip(names, (stamp, '"{m}"', '"{p}{q}"', '"{b}"'), strict=True)
                yield Layout("{{" + comma.join(f'"{name}"{colon}{part}' for name, part in members) + "}}")


WINDOWS = ("5000", "10000", "20000", "60000", "3000", "1000", "30000", "6000", "2000", "50000", "15000", "0", "recvWindow=5000")

_Q = "{q:bare}"
_PLACES = (
    _row("only-body", COMMON, "Only the body was signed.", "{b}"),
    _row("only-timestamp", COMMON, "Only the timestamp was signed.", "{t}"),
    _row("only-path", COMMON, "Only path and query were signed.", "{p}{q}"),
    _row("only-query", COMMON, "Only the query was signed.", _Q),
    _row("only-query-and-body", COMMON, "Only query and body were signed.", _Q, "{b}"),
    _row("nothing", COMMON, "Nothing was signed: the message was empty.", ""),
    _row("timestamp-left-out", LIKELY, "The timestamp was not signed.", "{m}", "{p}{q}", "{b}"),
    _row("timestamp-last", LIKELY, "The timestamp was signed last, not first.", "{m}", "{p}{q}", "{b}", "{t}"),
    _row("timestamp-after-method", LIKELY, "The timestamp was signed after the method, not first.", "{m}", "{t}", "{p}{q}", "{b}"),
    _row("timestamp-after-path", COMMON, "The timestamp was signed after the path, not first.", "{m}", "{p}{q}", "{t}", "{b}"),
    _row("timestamp-twice", UNCOMMON, "The timestamp was signed first and last.", "{t}", "{m}", "{p}{q}", "{b}", "{t}"),
    _row("path-before-method", LIKELY, "Path and method were signed in the wrong order.", "{t}", "{p}{q}", "{m}", "{b}"),
    _row("body-before-path", LIKELY, "Path and body were signed in the wrong order.", "{t}", "{m}", "{b}", "{p}{q}"),
    _row("path-left-out", LIKELY, "The path was not signed.", "{t}", "{m}", "{b}"),
    _row("method-and-path-left-out", COMMON, "Only timestamp and body were signed.", "{t}", "{b}"),
    _row("path-for-query", COMMON, "Of the path only its query was signed.", "{t}", "{m}", _Q, "{b}"),
    _row("timestamp-and-query", COMMON, "Only timestamp, query and body were signed.", "{t}", _Q, "{b}"),
    _row("api-key-first", COMMON, "The API key was signed too, in front.", "{k}", "{t}", "{m}", "{p}{q}", "{b}"),
    _row("api-key-second", COMMON, "The API key was signed too, after the timestamp.", "{t}", "{k}", "{m}", "{p}{q}", "{b}"),
    _row("api-key-last", COMMON, "The API key was signed too, at the end.", "{t}", "{m}", "{p}{q}", "{b}", "{k}"),
    _row("api-key-for-method-and-path", COMMON, "The API key was signed in place of method and path.", "{t}", "{k}", "{b}"),
    _row("only-api-key", UNCOMMON, "Only the API key was signed.", "{k}"),
    _row("key-and-timestamp", UNCOMMON, "Only API key and timestamp were signed.", "{k}", "{t}"),
    _row("timestamp-and-key", UNCOMMON, "Only timestamp and API key were signed.", "{t}", "{k}"),
    _row("key-in-query", UNCOMMON, "The API key was signed too, in the query.", "apiKey={k}&" + _Q + "&timestamp={t}"),
    _row("request-line", UNCOMMON, "The request line was signed as HTTP/1.1 writes it.", "{t}{m} {p}{q} HTTP/1.1{b}"),
    _row("path-with-fields", RARE, "The body's fields were signed as a query too.", "{t}", "{m}", "{p}?{b}"),
    _row("method-before-url", RARE, "Method and URL were signed with a space between them.", "{t}{m} {p}{q}{b}"),
    Change("other-order", UNCOMMON, f"The parts were signed in another order. {_RULE}", _other_permutations),
    Change("parts-left-out", UNCOMMON, f"Not all parts were signed, or not in their order. {_RULE}", _fewer_parts),
    Change("api-key-signed", UNCOMMON, f"The API key was signed too. {_RULE}", _with_key),
    Change("receive-window-signed", COMMON, f"A receive window was signed too (Bybit's rule). {_RULE}", _with_window),
    Change("names-signed", RARE, f"The parts were signed with their names. {_RULE}", _named),
    Change("signed-as-json", RARE, f"The parts were signed as a JSON object. {_RULE}", _as_json),
)


def _contents(name: str, cost: int, sentence: str, source: str | None = None) -> Change:
    return Change(name, cost, sentence, lambda layout, sent: (BASES["v3"]._replace(source=source or name),))


_SAME_PATH = "Sign the path and query exactly as they go out on the request line."
_SAME_BYTES = "Write the body once, sign those bytes, and send the same bytes (`Signer.prepare` does)."
_CONTENTS = (
    _contents("query-in-body", LIKELY, f"The query was signed as if it were the body, but sent in the path. {_SAME_PATH}"),
    _contents("query-in-body-json", LIKELY, f"The query was signed as a JSON body, but sent in the path. {_SAME_PATH}"),
    _contents("query-in-body-json", COMMON, f"The query was signed as a JSON body, but sent in the path. {_SAME_PATH}", "query-in-body-compact"),
    _contents("query-in-body-repr", COMMON, f"The query was signed as Python's repr of a dict, but sent in the path. {_SAME_PATH}"),
    _contents("query-also-in-body", COMMON, f"The query was signed twice, in the path and as a body. {_SAME_PATH}"),
    _contents("query-also-in-body-json", COMMON, f"The query was signed twice, as JSON the second time. {_SAME_PATH}"),
    _contents("query-also-in-body-json", UNCOMMON, f"The query was signed twice, as JSON the second time. {_SAME_PATH}", "query-also-in-body-compact"),
    _contents("body-in-query", LIKELY, f"The body was signed as a query in the path, but sent as the body. {_SAME_BYTES}"),
    _contents("body-in-query-sorted", COMMON, f"The body was signed as a sorted query in the path, but sent as the body. {_SAME_BYTES}"),
    _contents("body-also-in-query", COMMON, f"The body was signed as it is and as a query too, but sent once. {_SAME_BYTES}"),
)

_SCHEMES = (
    Change("rule-v3", LIKELY, f"The V3 rule was used for a request that is not V3. {_RULE}", lambda layout, sent: (BASES["v3"],)),
    Change("rule-v1", LIKELY, f"The V1 rule was used (sorted parameters, '|', timestamp). {_RULE}", lambda layout, sent: (BASES["v1"],)),
    Change("rule-websocket", COMMON, f"The websocket's rule was used ('|', timestamp). {_RULE}", lambda layout, sent: (BASES["ws"],)),
    Change("rule-v1-decoded", COMMON, f"The V1 rule was used, over parameters before percent-encoding. {_RULE}", lambda layout, sent: (BASES["v1"]._replace(source="v1-decoded"),)),
    Change("rule-v1-unsorted", LIKELY, f"The V1 rule was used, over parameters that were not sorted. {_RULE}", lambda layout, sent: (BASES["v1"]._replace(source="v1-as-sent"),)),
    _row("rule-v1-no-timestamp", COMMON, "Only the sorted parameters were signed.", "{q}", source="v1"),
    _row("rule-v1-body", UNCOMMON, "The body as it is, '|' and the timestamp were signed.", "{b}", "{t}", separator="|"),
    _row("rule-v1-path", UNCOMMON, "Path, query, '|' and the timestamp were signed.", "{p}{q}{b}", "{t}", separator="|"),
    _row("rule-v1-timestamp-first", UNCOMMON, "Timestamp, '|' and the sorted parameters were signed.", "{t}", "{q}", separator="|", source="v1"),
    _row("rule-v1-timestamp-parameter", UNCOMMON, "The V1 rule was used with the timestamp as a parameter.", "{q}&timestamp={t}", source="v1"),
    _row("rule-v1-ampersand", UNCOMMON, "The V1 rule was used with & before the timestamp.", "{q}&{t}", source="v1"),
    _row("rule-v3-sorted-parameters", COMMON, "The parameters were signed in sorted form in the place of query and body.", "{t}", "{m}", "{p}", "{q}", source="v1"),
    _row("rule-v3-sorted-query", UNCOMMON, "The parameters were signed in sorted form after a ? in the path.", "{t}", "{m}", "{p}?{q}", source="v1"),
    _row("rule-v3-json", UNCOMMON, "The parameters were signed as sorted JSON.", "{t}", "{m}", "{p}", "{b}", source="v1-json"),
    _row("rule-v1-concatenated", UNCOMMON, "Sorted names and values with nothing between them were signed.", "{q}", "{t}", source="v1-concatenated"),
    _row("rule-v1-values", RARE, "The sorted parameters' values with nothing between them were signed.", "{q}", "{t}", source="v1-values"),
)

# Other exchanges' rules, from their documentation. Where one takes seconds or another algorithm, its template says so.
_EXCHANGES = (
    _rule("bybit", COMMON, "Bybit's", "{t}{k}5000" + _Q + "{b}"),
    _rule("bybit-no-window", COMMON, "Bybit's (without a receive window)", "{t}{k}" + _Q + "{b}"),
    _rule("bybit-v2", UNCOMMON, "Bybit's old", "api_key={k}&{q}&timestamp={t}", source="v1"),
    _rule("binance", COMMON, "Binance's", _Q + "{b}&timestamp={t}"),
    _rule("binance-no-parameters", COMMON, "Binance's", "timestamp={t}"),
    _rule("binance-parameters", COMMON, "Binance's", "{q}&timestamp={t}", source="v1"),
    _rule("binance-unsorted", COMMON, "Binance's", "{q}&timestamp={t}", source="v1-as-sent"),
    *(
        row
        for window in ("5000", "10000", "60000")
        for row in (
            _rule("binance-window", UNCOMMON, "Binance's (with a receive window)", _Q + "{b}&recvWindow=" + window + "&timestamp={t}"),
            _rule("binance-window", UNCOMMON, "Binance's (with a receive window)", _Q + "{b}&timestamp={t}&recvWindow=" + window),
            _rule("binance-window", UNCOMMON, "Binance's (with a receive window)", "{q}&recvWindow=" + window + "&timestamp={t}", source="v1-as-sent"),
            _rule("binance-window", UNCOMMON, "Binance's (with a receive window)", "recvWindow=" + window + "&timestamp={t}"),
        )
    ),
    _rule("okx", LIKELY, "OKX's (an ISO 8601 time)", "{t:iso}{m}{p}{q}{b}"),
    _rule("kucoin-encoded", RARE, "KuCoin's (an upper-case method and the path)", "{t}{m}{p}{q}{b:base64}"),
    _rule("gate", COMMON, "Gate's", "{m}\n{p}\n" + _Q + "\n{b:sha512}\n{t:seconds}", digest="hmac-sha512"),
    _rule("gate-milliseconds", COMMON, "Gate's", "{m}\n{p}\n" + _Q + "\n{b:sha512}\n{t}", digest="hmac-sha512"),
    _rule("gate-sha256", COMMON, "Gate's (with HMAC-SHA256)", "{m}\n{p}\n" + _Q + "\n{b:sha512}\n{t:seconds}"),
    _rule("gate-sha256-milliseconds", UNCOMMON, "Gate's (with HMAC-SHA256)", "{m}\n{p}\n" + _Q + "\n{b:sha512}\n{t}"),
    _rule("bitmex", COMMON, "BitMEX's (an expiry in seconds after the path)", "{m}{p}{q}{t:seconds}{b}"),
    _rule("bitfinex", COMMON, "Bitfinex's", "/api/{p:relative}{t}{b}", digest="hmac-sha384"),
    _rule("bitfinex-sha256", UNCOMMON, "Bitfinex's (with HMAC-SHA256)", "/api/{p:relative}{t}{b}"),
    _rule("coinbase", COMMON, "Coinbase's (a time in seconds)", "{t:seconds}{m}{p}{q}{b}"),
    _rule("coinbase-advanced", COMMON, "Coinbase Advanced Trade's (seconds, and no query)", "{t:seconds}{m}{p}{b}"),
    _rule("no-query", COMMON, "Coinbase's (no query)", "{t}{m}{p}{b}"),
    _rule("deribit", COMMON, "Deribit's (newlines after each part)", "{t}\n{t}\n{m}\n{p}{q}\n{b}\n"),
    _rule("deribit-no-nonce", COMMON, "Deribit's (newlines after each part, no nonce)", "{t}\n{m}\n{p}{q}\n{b}\n"),
    _rule("deribit-empty-nonce", UNCOMMON, "Deribit's (newlines after each part, an empty nonce)", "{t}\n\n{m}\n{p}{q}\n{b}\n"),
    _rule("phemex", COMMON, "Phemex's (an expiry in seconds)", "{p}" + _Q + "{t:seconds}{b}"),
    _rule("phemex-milliseconds", COMMON, "Phemex's", "{p}" + _Q + "{t}{b}"),
    _rule("huobi", COMMON, "Huobi's", "{m}\n{o}\n{p}\nAccessKeyId={k}&SignatureMethod=HmacSHA256&SignatureVersion=2&Timestamp={t:iso-encoded}"),
    _rule("huobi-parameters", COMMON, "Huobi's", "{m}\n{o}\n{p}\nAccessKeyId={k}&SignatureMethod=HmacSHA256&SignatureVersion=2&Timestamp={t:iso-encoded}&{q}", source="v1"),
    _rule("huobi-milliseconds", UNCOMMON, "Huobi's", "{m}\n{o}\n{p}\nAccessKeyId={k}&SignatureMethod=HmacSHA256&SignatureVersion=2&Timestamp={t}"),
    _rule("huobi-plain", UNCOMMON, "Huobi's (without its own parameters)", "{m}\n{o}\n{p}\n{q}", source="v1"),
    _rule("kraken", COMMON, "Kraken's (path and SHA-256 of nonce and body)", "{p}{h}", digest="hmac-sha512"),
    _rule("kraken-sha256", COMMON, "Kraken's (with HMAC-SHA256)", "{p}{h}"),
    _rule("kraken-query", UNCOMMON, "Kraken's (with the query)", "{p}{q}{h}", digest="hmac-sha512"),
    _rule("kraken-query-sha256", RARE, "Kraken's (with the query and HMAC-SHA256)", "{p}{q}{h}"),
    _rule("crypto-com", UNCOMMON, "Crypto.com's", "{p}{k}{q}{t}", source="v1-concatenated"),
    _rule("bitmart", UNCOMMON, "BitMart's", "{t}#" + JOINT + "#{b}"),
    _rule("bitvavo", UNCOMMON, "Bitvavo's", "{t}{m}/v2{p}{q}{b}"),
    _rule("ascendex", UNCOMMON, "AscendEX's", "{t}+{p:relative}"),
    _rule("coinex", UNCOMMON, "CoinEx's", "{m}{p}{q}{b}{t}"),
    _rule("mexc", COMMON, "MEXC's (API key, timestamp, parameters)", "{k}{t}{q}", source="v1"),
    _rule("mexc-body", COMMON, "MEXC's (API key, timestamp, body)", "{k}{t}{b}"),
    _rule("poloniex", UNCOMMON, "Poloniex's", "{m}\n{p}\n{q}&signTimestamp={t}", source="v1"),
    _rule("poloniex-no-parameters", UNCOMMON, "Poloniex's", "{m}\n{p}\nsignTimestamp={t}"),
    _rule("poloniex-body", UNCOMMON, "Poloniex's", "{m}\n{p}\nrequestBody={b}&signTimestamp={t}"),
    _rule("delta", UNCOMMON, "Delta's (the method first, seconds)", "{m}{t:seconds}{p}{q}{b}"),
    _rule("btse", UNCOMMON, "BTSE's", "{p}{t}{b}", digest="hmac-sha384"),
    _rule("btse-sha256", UNCOMMON, "BTSE's (with HMAC-SHA256)", "{p}{t}{b}"),
    _rule("gemini", UNCOMMON, "Gemini's (the body in base64)", "{b:base64}", digest="hmac-sha384"),
    _rule("gemini-sha256", UNCOMMON, "Gemini's (the body in base64, HMAC-SHA256)", "{b:base64}"),
    _rule("whitebit", UNCOMMON, "WhiteBIT's (the body in base64)", "{b:base64}", digest="hmac-sha512"),
    _rule("body-hashed", COMMON, "A rule with the body's SHA-256 in its place", "{t}{m}{p}{q}{b:sha256}"),
    _rule("body-hashed-newlines", COMMON, "A rule with newlines and the body's SHA-256", "{t}\n{m}\n{p}{q}\n{b:sha256}"),
    _rule("body-hashed-last", UNCOMMON, "A rule with newlines and the body's SHA-256", "{m}\n{p}{q}\n{t}\n{b:sha256}"),
    _rule("body-md5", UNCOMMON, "A rule with the body's MD5 in its place", "{t}{m}{p}{q}{b:md5}"),
    _rule("body-md5-base64", RARE, "A rule with the body's MD5 in base64", "{t}{m}{p}{q}{b:md5-base64}"),
    _rule("body-sha256-base64", RARE, "A rule with the body's SHA-256 in base64", "{t}{m}{p}{q}{b:sha256-base64}"),
    _rule("hashed-after-timestamp", UNCOMMON, "A rule with the SHA-256 of timestamp and body", "{m}{p}{q}{h}"),
    _rule("http-signature", RARE, "HTTP Signatures'", "(request-target): {m:lower} {p}{q}\nhost: {o}\ndate: {t}"),
    _rule("aws", RARE, "AWS's (an outline of it)", "AWS4-HMAC-SHA256\n{t}\n{m}\n{p}\n" + _Q + "\n{b:sha256}"),
)


def _separator(name: str, cost: int, what: str, separator: str) -> Change:
    def values(layout: Layout, sent: Sent) -> Iterator[Layout]:
        if JOINT in layout.template:
            yield layout._replace(separator=separator)

    return Change(f"separator-{name}", cost, f"The parts were joined with {what}. {_RULE}", values)


def _end(name: str, cost: int, what: str, before: str, after: str) -> Change:
    return Change(
        f"message-{name}", cost, f"The message was signed with {what}. {_RULE}",
        lambda layout, sent: (layout._replace(template=before + layout.template + after),),
    )


_SEPARATORS = (
    _separator("newline", LIKELY, "newlines", "\n"),
    _separator("space", COMMON, "spaces", " "),
    _separator("bar", COMMON, "'|'", "|"),
    _separator("ampersand", COMMON, "'&'", "&"),
    _separator("comma", COMMON, "commas", ","),
    _separator("colon", COMMON, "colons", ":"),
    _separator("none", LIKELY, "nothing", ""),
    *(
        _separator(name, cost, what, text)
        for name, cost, what, text in (
            ("plus", UNCOMMON, "'+'", "+"), ("dash", UNCOMMON, "'-'", "-"), ("dot", UNCOMMON, "'.'", "."), ("underscore", UNCOMMON, "'_'", "_"),
            ("semicolon", UNCOMMON, "';'", ";"), ("slash", UNCOMMON, "'/'", "/"), ("hash", UNCOMMON, "'#'", "#"), ("crlf", UNCOMMON, "CR LF", "\r\n"),
            ("tab", UNCOMMON, "tabs", "\t"), ("comma-space", UNCOMMON, "commas and spaces", ", "), ("escaped-newline", UNCOMMON, "the two characters \\n", "\\n"),
            ("spaced-plus", RARE, "' + '", " + "), ("two-newlines", RARE, "two newlines", "\n\n"), ("two-bars", RARE, "'||'", "||"),
            ("two-colons", RARE, "'::'", "::"), ("at", EXOTIC, "'@'", "@"), ("star", EXOTIC, "'*'", "*"), ("nul", EXOTIC, "NUL bytes", "\0"),
            ("undefined", EXOTIC, "the text undefined", "undefined"), ("arrow", EXOTIC, "'->'", "->"), ("tilde", EXOTIC, "'~'", "~"),
        )
    ),
)

_ENDS = (
    _end("newline", COMMON, "a newline at its end", "", "\n"),
    _end("crlf", UNCOMMON, "CR LF at its end", "", "\r\n"),
    _end("trailing-space", UNCOMMON, "a space at its end", "", " "),
    _end("leading-space", RARE, "a space in front", " ", ""),
    _end("quoted", UNCOMMON, "double quotes round it", '"', '"'),
    _end("single-quoted", UNCOMMON, "single quotes round it", "'", "'"),
    _end("bytes-repr", UNCOMMON, "b'...' round it", "b'", "'"),
    _end("bar", UNCOMMON, "'|' at its end", "", "|"),
    _end("ampersand", UNCOMMON, "'&' at its end", "", "&"),
    _end("colon", RARE, "':' at its end", "", ":"),
    _end("leading-bar", UNCOMMON, "'|' in front", "|", ""),
    _end("leading-newline", RARE, "a newline in front", "\n", ""),
    _end("timestamp-doubled", RARE, "the timestamp once more in front", "{t}", ""),
    _end("null", UNCOMMON, "the text null at its end", "", "null"),
    _end("undefined", UNCOMMON, "the text undefined at its end", "", "undefined"),
    _end("none", UNCOMMON, "the text None at its end", "", "None"),
    _end("bom", UNCOMMON, "a byte order mark in front", "\ufeff", ""),
    _end("undefined-first", RARE, "the text undefined in front", "undefined", ""),
    _end("window", UNCOMMON, "a receive window at its end", "", "5000"),
)

LAYOUT = Table((*_SCHEMES, *_CONTENTS, *_PLACES, *_EXCHANGES), _SEPARATORS, _ENDS)
