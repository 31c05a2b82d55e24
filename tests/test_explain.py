"""Each mistake, and pairs of them, made by hand with the standard library: `explain` must name what was made."""

from __future__ import annotations

import base64
import codecs
import hashlib
import hmac
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlencode

import pytest
from helpers.oracle import KEY, NOW, SECRET

import woox_fast
from woox_fast import _explain

URL = "https://api.woox.io"


@dataclass(frozen=True)
class Made:
    """How a signature comes about, by hand."""

    secret: bytes = SECRET.encode()
    timestamp: str = str(NOW)
    method: str = "GET"
    path: str = ""
    query: str = ""
    body: bytes = b""
    join: Callable[[Made], list[str | bytes]] = lambda m: [m.timestamp, m.method, m.path + m.query, m.body]
    between: str = ""
    digest: Callable[[bytes, bytes], bytes] = lambda secret, message: hmac.new(secret, message, "sha256").digest()
    write: Callable[[bytes], str] = bytes.hex

    def message(self) -> bytes:
        parts = [p.encode() if isinstance(p, str) else p for p in self.join(self)]
        return self.between.encode().join(parts)

    def signature(self) -> str:
        return self.write(self.digest(self.secret, self.message()))


ORDER = {
    "symbol": "SPOT_币_USDT",
    "side": "BUY",
    "type": "LIMIT",
    "price": "9000.5",
    "quantity": 1,
    "reduceOnly": False,
    "orderTag": "a/b <c> & d",
    "stop": None,
}
SENT = {
    "post-compact": Made(
        method="POST",
        path="/v3/trade/order",
        body=json.dumps(ORDER, separators=(",", ":"), ensure_ascii=False).encode(),
    ),
    "post-default": Made(method="POST", path="/v3/trade/algoOrder", body=json.dumps(ORDER).encode()),
    "put-newline": Made(method="PUT", path="/v3/trade/order", body=b'{"orderId": 7, "price": "1.10"}\n'),
    "get": Made(path="/v3/asset/balances"),
    "get-query": Made(path="/v3/algo/orders", query="?symbol=SPOT_BTC_USDT&algoType=STOP&closed=true"),
    "get-encoded": Made(path="/v3/trade/orders", query="?tag=a%20b%2Cc%3Ad%2Fe&caf%C3%A9=1&also=%2f"),
    "get-raw": Made(path="/v3/trade/orders", query="?tag=a+b,c:d/e&all=False&at[0]=1"),
    "delete": Made(method="DELETE", path="/v3/trade/order", query="?symbol=SPOT_BTC_USDT&orderId=7"),
}


# Every row of the table, made anew.


def body(change: Callable[[bytes], bytes]) -> Callable[[Made], Made]:
    return lambda m: replace(m, body=change(m.body)) if m.body else m


def dumped(**options: Any) -> Callable[[Made], Made]:
    """As `json.dumps` writes the object; spelling of non-ASCII characters as it was."""

    def change(data: bytes) -> bytes:
        try:
            value = json.loads(data)
        except ValueError:
            return data
        if not isinstance(value, dict):
            return data
        return json.dumps(value, **{"ensure_ascii": data.isascii(), **options}).encode()

    return body(change)


def text(pattern: str, write: Callable[[re.Match[str]], str]) -> Callable[[Made], Made]:
    return body(lambda data: re.sub(pattern, write, data.decode()).encode() if data[:1] == b"{" else data)


def style(data: bytes) -> dict[str, Any]:
    item = ", " if b', "' in data else ","
    return {"separators": (item, ": " if b'": ' in data else ":"), "ensure_ascii": data.isascii()}


def rewritten(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Made], Made]:
    return body(lambda data: json.dumps(change(json.loads(data)), **style(data)).encode() if data[:1] == b"{" else data)


def form(data: bytes) -> str:
    return urlencode(json.loads(data), quote_via=quote) if data[:1] == b"{" else data.decode()


def query(change: Callable[[str], str]) -> Callable[[Made], Made]:
    return lambda m: replace(m, query=change(m.query)) if m.query else m


def path(change: Callable[[str], str]) -> Callable[[Made], Made]:
    return lambda m: replace(m, path=change(m.path))


def method(change: Callable[[str], str]) -> Callable[[Made], Made]:
    return lambda m: replace(m, method=change(m.method))


def timestamp(change: Callable[[int], str]) -> Callable[[Made], Made]:
    return lambda m: replace(m, timestamp=change(int(m.timestamp))) if m.timestamp.isdigit() else m


def secret(change: Callable[[bytes], bytes]) -> Callable[[Made], Made]:
    return lambda m: replace(m, secret=change(m.secret))


def join(join: Callable[[Made], list[str | bytes]], between: str = "") -> Callable[[Made], Made]:
    return lambda m: replace(m, join=join, between=m.between or between)


def digest(algorithm: Callable[[bytes, bytes], bytes]) -> Callable[[Made], Made]:
    return lambda m: replace(m, digest=algorithm)


def keyed(name: str) -> Callable[[bytes, bytes], bytes]:
    return lambda secret, message: hmac.new(secret, message, name).digest()


def write(written: Callable[[bytes], str]) -> Callable[[Made], Made]:
    return lambda m: replace(m, write=written)


def no_body(data: bytes) -> Callable[[Made], Made]:
    return lambda m: m if m.body else replace(m, body=data)


def query_as_body(written: Callable[[str], bytes], *, twice: bool = False) -> Callable[[Made], Made]:
    def change(m: Made) -> Made:
        if not m.query.startswith("?") or m.body:
            return m
        return replace(m, query=m.query if twice else "", body=written(m.query[1:]))

    return change


def body_as_query(*, twice: bool = False) -> Callable[[Made], Made]:
    def change(m: Made) -> Made:
        if m.query or not m.body or form(m.body)[:1] in ("{", "["):
            return m
        return replace(m, query="?" + form(m.body), body=m.body if twice else b"")

    return change


def params(m: Made) -> list[str]:
    found = [*m.query.removeprefix("?").split("&"), *(form(m.body).split("&") if m.body else [])]
    return [one if "=" in one else one + "=" for one in found if one]


def by_name(m: Made) -> list[str]:
    return sorted(params(m), key=lambda one: one.split("=")[0])


def lower_escapes(q: str) -> str:
    return re.sub("%..", lambda found: found[0].lower(), q)


def upper_escapes(q: str) -> str:
    return re.sub("%..", lambda found: found[0].upper(), q)


def raw(characters: str) -> Callable[[Made], Made]:
    def change(q: str) -> str:
        for c in characters:
            q = q.replace(quote(c, safe=""), c).replace(quote(c, safe="").lower(), c)
        return q

    return query(change)


def encoded(characters: str) -> Callable[[Made], Made]:
    return query(lambda q: "".join(quote(c, safe="") if c in characters else c for c in q))


ESCAPE = r"\\u([0-9a-f]{4})"
PYTHON: dict[str, Callable[[Made], Made]] = {
    "json-compact": dumped(separators=(",", ":")),
    "json-spaced": dumped(),
    "json-sorted": rewritten(lambda value: dict(sorted(value.items()))),
    "json-ascii": text("[^\x00-\x7f]", lambda found: f"\\u{ord(found[0]):04x}"),
    "json-not-ascii": text(ESCAPE, lambda found: chr(int(found[1], 16)) if int(found[1], 16) > 127 else found[0]),
    "json-repr": body(lambda data: repr(json.loads(data)).encode() if data[:1] == b"{" else data),
    "json-indent-2": dumped(indent=2),
    "json-indent-4": dumped(indent=4),
    "json-comma-space": dumped(separators=(", ", ":")),
    "json-colon-space": dumped(separators=(",", ": ")),
    "json-slashes-escaped": text("/", lambda found: "\\/"),
    "json-html-escaped": text("[<>&]", lambda found: f"\\u{ord(found[0]):04x}"),
    "json-numbers": text(r'(:\s*)"([0-9.]+)"', lambda found: found[1] + found[2]),
    "json-strings": text(r'(":\s*)([0-9.]+)', lambda found: f'{found[1]}"{found[2]}"'),
    "json-no-nulls": rewritten(lambda value: {name: one for name, one in value.items() if one is not None}),
    "json-twice": body(lambda data: json.dumps(data.decode()).encode() if data[:1] == b"{" else data),
    "body-form": body(lambda data: form(data).encode()),
    "body-newline": body(lambda data: data + b"\n"),
    "body-crlf": body(lambda data: data + b"\r\n"),
    "body-no-newline": body(lambda data: data.rstrip(b"\r\n")),
    "body-trailing-space": body(lambda data: data + b" "),
    "body-bom": body(lambda data: codecs.BOM_UTF8 + data),
    "body-bytes-repr": body(lambda data: str(data).encode()),
    "body-sha256": body(lambda data: hashlib.sha256(data).hexdigest().encode()),
    "body-latin-1": body(lambda data: data.decode().encode("latin-1", "strict") if latin(data) else data),
    "body-utf-16": body(lambda data: data.decode().encode("utf-16-le") if utf8(data) else data),
    "body-left-out": lambda m: replace(m, body=b""),
    "no-body-null": no_body(json.dumps(None).encode()),
    "no-body-empty-object": no_body(json.dumps({}).encode()),
    "no-body-none": no_body(str(None).encode()),
    "no-body-empty-string": no_body(json.dumps("").encode()),
    "query-percent-20": query(lambda q: q.replace("+", "%20")),
    "query-plus": query(lambda q: q.replace("%20", "+")),
    "query-decoded": query(unquote),
    "query-decoded-plus": query(unquote_plus),
    "query-comma-raw": raw(","),
    "query-colon-raw": raw(":"),
    "query-slash-raw": raw("/"),
    "query-reserved-raw": raw(",:/"),
    "query-comma-encoded": encoded(","),
    "query-colon-encoded": encoded(":"),
    "query-slash-encoded": encoded("/"),
    "query-reserved-encoded": encoded(",:/"),
    "query-escapes-lower": query(lower_escapes),
    "query-escapes-upper": query(upper_escapes),
    "query-encoded-twice": query(lambda q: "%25".join(q.split("%"))),
    "query-encoded": query(lambda q: quote(q, safe="?&=%+,:/")),
    "query-sorted": query(lambda q: q[:1] + "&".join(sorted(q[1:].split("&")))),
    "query-booleans-json": query(lambda q: q.replace("=True", "=true").replace("=False", "=false")),
    "query-booleans-python": query(lambda q: q.replace("=true", "=True").replace("=false", "=False")),
    "query-no-mark": query(lambda q: q.lstrip("?")),
    "query-trailing-ampersand": query(lambda q: q + "&"),
    "query-left-out": query(lambda q: ""),
    "query-in-body": query_as_body(str.encode),
    "query-in-body-json": query_as_body(lambda q: json.dumps(dict(parse_qsl(q))).encode()),
    "query-also-in-body": query_as_body(str.encode, twice=True),
    "query-also-in-body-json": query_as_body(lambda q: json.dumps(dict(parse_qsl(q))).encode(), twice=True),
    "body-in-query": body_as_query(),
    "body-also-in-query": body_as_query(twice=True),
    "path-full-url": path(lambda p: URL + p),
    "path-host": path(lambda p: "api.woox.io" + p),
    "path-no-slash": path(lambda p: p.removeprefix("/")),
    "path-no-version": path(lambda p: p.replace("/v3/", "/")),
    "path-other-version": path(lambda p: p.replace("/v3/", "/v1/")),
    "path-double-slash": path(lambda p: "/" + p),
    "path-trailing-slash": path(lambda p: p + "/"),
    "path-lower-case": path(str.lower),
    "path-question-mark": lambda m: m if m.query else replace(m, path=m.path + "?"),
    "method-lower-case": method(str.lower),
    "method-capitalized": method(str.title),
    "method-left-out": method(lambda m: ""),
    "method-get": method(lambda m: "GET"),
    "method-post": method(lambda m: "POST"),
    "method-put": method(lambda m: "PUT"),
    "method-delete": method(lambda m: "DELETE"),
    "timestamp-seconds": timestamp(lambda t: str(t // 1000)),
    "timestamp-microseconds": timestamp(lambda t: str(t * 1000)),
    "timestamp-nanoseconds": timestamp(lambda t: str(t * 1_000_000)),
    "timestamp-float-seconds": timestamp(lambda t: str(t / 1000)),
    "timestamp-float-milliseconds": timestamp(lambda t: str(float(t))),
    "timestamp-quoted": timestamp(lambda t: json.dumps(str(t))),
    "secret-newline": secret(lambda k: k + b"\n"),
    "secret-crlf": secret(lambda k: k + b"\r\n"),
    "secret-trailing-space": secret(lambda k: k + b" "),
    "secret-leading-space": secret(lambda k: b" " + k),
    "secret-double-quotes": secret(lambda k: b'"%s"' % k),
    "secret-single-quotes": secret(lambda k: b"'%s'" % k),
    "secret-bom": secret(lambda k: codecs.BOM_UTF8 + k),
    "secret-base64-decoded": secret(lambda k: base64.b64decode(k) if re.fullmatch(rb"(\w{4})+", k) else k),
    "secret-hex-decoded": secret(lambda k: bytes.fromhex(k.decode()) if re.fullmatch(rb"([0-9a-f]{2})+", k) else k),
    "secret-base64-encoded": secret(base64.b64encode),
    "secret-hex-encoded": secret(lambda k: k.hex().encode()),
    "secret-bytes-repr": secret(lambda k: str(k).encode()),
    "secret-utf-16": secret(lambda k: k.decode().encode("utf-16-le") if utf8(k) else k),
    "secret-lower-case": secret(bytes.lower),
    "secret-upper-case": secret(bytes.upper),
    "secret-last-lost": secret(lambda k: k[:-1]),
    "secret-first-lost": secret(lambda k: k[1:]),
    "secret-empty": secret(lambda k: b""),
    "secret-none": secret(lambda k: str(None).encode()),
    "secret-undefined": secret(lambda k: b"undefined"),
    "secret-api-key": secret(lambda k: KEY.encode()),
    "timestamp-left-out": join(lambda m: [m.method, m.path + m.query, m.body]),
    "timestamp-last": join(lambda m: [m.method, m.path + m.query, m.body, m.timestamp]),
    "timestamp-after-method": join(lambda m: [m.method, m.timestamp, m.path + m.query, m.body]),
    "timestamp-after-path": join(lambda m: [m.method, m.path + m.query, m.timestamp, m.body]),
    "path-before-method": join(lambda m: [m.timestamp, m.path + m.query, m.method, m.body]),
    "body-before-path": join(lambda m: [m.timestamp, m.method, m.body, m.path + m.query]),
    "path-left-out": join(lambda m: [m.timestamp, m.method, m.body]),
    "only-body": join(lambda m: [m.body]),
    "only-timestamp": join(lambda m: [m.timestamp]),
    "api-key-first": join(lambda m: [KEY, m.timestamp, m.method, m.path + m.query, m.body]),
    "api-key-second": join(lambda m: [m.timestamp, KEY, m.method, m.path + m.query, m.body]),
    "api-key-for-method-and-path": join(lambda m: [m.timestamp, KEY, m.body]),
    "rule-v1": join(lambda m: ["&".join(by_name(m)), m.timestamp], "|"),
    "rule-websocket": join(lambda m: ["", m.timestamp], "|"),
    "rule-v1-decoded": join(lambda m: [unquote_plus("&".join(by_name(m))), m.timestamp], "|"),
    "rule-v1-unsorted": join(lambda m: ["&".join(params(m)), m.timestamp], "|"),
    "rule-v1-no-timestamp": join(lambda m: ["&".join(by_name(m))]),
    "separator-newline": lambda m: replace(m, between="\n"),
    "separator-space": lambda m: replace(m, between=" "),
    "separator-bar": lambda m: replace(m, between="|"),
    "separator-ampersand": lambda m: replace(m, between="&"),
    "separator-comma": lambda m: replace(m, between=","),
    "separator-colon": lambda m: replace(m, between=":"),
    "algorithm-hmac-sha1": digest(keyed("sha1")),
    "algorithm-hmac-sha512": digest(keyed("sha512")),
    "algorithm-hmac-sha384": digest(keyed("sha384")),
    "algorithm-hmac-md5": digest(keyed("md5")),
    "algorithm-hmac-sha3-256": digest(keyed("sha3_256")),
    "algorithm-sha256": digest(lambda k, m: hashlib.sha256(m).digest()),
    "algorithm-sha256-secret-message": digest(lambda k, m: hashlib.sha256(k + m).digest()),
    "algorithm-sha256-message-secret": digest(lambda k, m: hashlib.sha256(m + k).digest()),
    "algorithm-sha512": digest(lambda k, m: hashlib.sha512(m).digest()),
    "algorithm-sha1": digest(lambda k, m: hashlib.sha1(m).digest()),
    "algorithm-swapped": digest(lambda k, m: hmac.new(m, k, "sha256").digest()),
}
WRITTEN: dict[str, Callable[[Made], Made]] = {
    "signature-upper-case": write(lambda d: d.hex().upper()),
    "signature-base64": write(lambda d: base64.b64encode(d).decode()),
    "signature-base64-of-hex": write(lambda d: base64.b64encode(d.hex().encode()).decode()),
    "signature-space": write(lambda d: d.hex() + "\n"),
    "signature-quotes": write(lambda d: f'"{d.hex()}"'),
    "signature-bytes-repr": write(lambda d: str(d.hex().encode())),
    "signature-raw": write(str),
    "signature-0x": write(lambda d: "0x" + d.hex()),
    "signature-cut": write(lambda d: d.hex()[:-1]),
}
# Those that only a V1 or a websocket request shows.
OF_OTHER_SCHEMES = {"rule-v3", "separator-none"}
BY_HAND = {**PYTHON, **WRITTEN}


def utf8(data: bytes) -> bool:
    try:
        return bool(data.decode())
    except UnicodeDecodeError:
        return False


def latin(data: bytes) -> bool:
    return utf8(data) and all(ord(c) < 256 for c in data.decode())


def explained(made: Made, sent: Made, **more: Any) -> woox_fast.Explanation:
    api_secret = more.pop("secret", SECRET)
    found = woox_fast.explain(
        api_secret,
        made.signature(),
        sent.timestamp,
        sent.method,
        sent.path + sent.query,
        sent.body,
        api_key=KEY,
        **{"time_limit": 10.0, **more},
    )
    assert api_secret not in repr(found) + str(found)
    return found


def make(names: list[str] | tuple[str, ...], sent: Made) -> Made:
    for name in names:
        sent = BY_HAND[name](sent)
    return sent


def assert_named(names: tuple[str, ...], made: Made, sent: Made) -> None:
    """The mistakes are named, or as few others that, made by hand, sign the very same bytes the same way."""
    found = explained(made, sent)
    assert found.found, names
    named = tuple(mistake.name for mistake in found.mistakes)
    if set(named) != set(names):
        assert len(named) <= len(names), (named, names)
        if not set(named) <= BY_HAND.keys():
            assert found.signed == made.message()
            return
        again = make(named, sent)
        assert (again.secret, again.message(), again.signature()) == (made.secret, made.message(), made.signature()), (
            named,
            names,
        )
    assert found.signed == made.message()
    assert found.expected == sent.message()


def shown_by(name: str) -> list[str]:
    """The requests on which this mistake makes a difference."""
    return [which for which, sent in SENT.items() if BY_HAND[name](sent).signature() != sent.signature()]


def test_every_row_is_made_by_hand() -> None:
    rows = {row.name for row in _explain.all_mistakes()}
    assert not BY_HAND.keys() - rows


@pytest.mark.parametrize("name", BY_HAND)
def test_each_mistake_is_named(name: str) -> None:
    special = {
        "secret-hex-decoded": {"secret": "ab" * 16},
        "secret-upper-case": {"secret": "qhkr" * 7},
        "body-latin-1": {"body": '{"tag":"café"}'.encode(), "method": "POST", "path": "/v3/trade/order"},
    }
    if name in special:
        changes = special[name]
        key = changes.pop("secret", SECRET)
        sent = replace(SENT["get"], secret=key.encode(), **changes)
        found = explained(BY_HAND[name](sent), sent, secret=key)
        assert [mistake.name for mistake in found.mistakes] == [name]
        return
    which = shown_by(name)
    assert which
    for one in which:
        assert_named((name,), BY_HAND[name](SENT[one]), SENT[one])


def random_pairs(seed: int, count: int) -> list[tuple[str, str, str]]:
    """Two mistakes, each of which makes a difference after the other, and the request they are made on."""
    chance = random.Random(seed)
    groups = {
        row.name: {"query": "content", "body": "content"}.get(row.layer, row.layer) for row in _explain.all_mistakes()
    }
    ranks = {
        group: rank
        for rank, group in enumerate(
            ("content", "path", "method", "timestamp", "secret", "layout", "digest", "signature")
        )
    }
    pairs: list[tuple[str, str, str]] = []
    while len(pairs) < count:
        one, other = chance.sample(list(BY_HAND), 2)
        which = chance.choice(list(SENT))
        rank, other_rank = (ranks[groups.get(name, "signature")] for name in (one, other))
        if rank > other_rank or (rank == other_rank and rank not in (0, 1, 4)):
            continue  # a second order, algorithm or spelling replaces the first
        sent = SENT[which]
        try:
            signatures = {make(names, sent).signature() for names in ((), (one,), (other,), (one, other))}
        except (ValueError, AttributeError):  # what the first leaves is nothing that the second can be made on
            continue
        if len(signatures) == 4:
            pairs.append((one, other, which))
    return pairs


@pytest.mark.parametrize(("one", "other", "which"), random_pairs(20261122, 200))
def test_random_pairs_are_named(one: str, other: str, which: str) -> None:
    sent = SENT[which]
    assert_named((one, other), make([one, other], sent), sent)


# What has too many forms for a row.


@pytest.mark.parametrize(
    ("name", "signed"),
    [
        ("timestamp-taken-twice", str(NOW - 3)),
        ("timestamp-taken-twice", str(NOW + 4999)),
        ("timestamp-microseconds", f"{NOW}417"),
        ("timestamp-float-seconds", repr(NOW / 1000 + 0.0004137)),
        ("timestamp-float-seconds", repr(NOW / 1000 - 0.0004137)),  # rounded, not cut
        ("timestamp-float-milliseconds", repr(NOW + 0.7314453125)),
    ],
)
def test_a_timestamp_that_was_not_sent(name: str, signed: str) -> None:
    sent = SENT["post-compact"]
    found = explained(replace(sent, timestamp=signed), sent)
    assert [mistake.name for mistake in found.mistakes] == [name]
    assert found.signed == replace(sent, timestamp=signed).message()


@pytest.mark.parametrize(("distance", "other"), [(-2, "secret-newline"), (7, "json-spaced"), (1, "method-lower-case")])
def test_a_clock_read_twice_and_another_mistake(distance: int, other: str) -> None:
    sent = SENT["post-compact"]
    found = explained(BY_HAND[other](replace(sent, timestamp=str(NOW + distance))), sent)
    assert {mistake.name for mistake in found.mistakes} == {"timestamp-taken-twice", other}


def test_keys_in_another_order() -> None:
    sent = replace(SENT["get"], method="POST", body=b'{"b": [1, 2], "a": {"y": 1.10, "x": "," }, "c": null}')
    signed = replace(sent, body=b'{"c": null, "b": [1, 2], "a": {"y": 1.10, "x": "," }}')
    assert [mistake.name for mistake in explained(signed, sent).mistakes] == ["json-order"]
    both = BY_HAND["secret-newline"](signed)
    assert {mistake.name for mistake in explained(both, sent).mistakes} == {"json-order", "secret-newline"}


def test_parameters_in_another_order() -> None:
    sent = SENT["get-query"]
    signed = replace(sent, query="?closed=true&symbol=SPOT_BTC_USDT&algoType=STOP")
    assert [mistake.name for mistake in explained(signed, sent).mistakes] == ["query-order"]


# The other schemes.

V1 = replace(SENT["get"], method="POST", path="/v1/order", body=b"symbol=SPOT_BTC_USDT&side=BUY&order_price=9%2C000")


@pytest.mark.parametrize(
    ("names", "join", "between"),
    [
        ([], lambda m: ["&".join(by_name(m)), m.timestamp], "|"),
        (["rule-v3"], lambda m: [m.timestamp, m.method, m.path, m.body], ""),
        (["separator-none"], lambda m: ["&".join(by_name(m)), m.timestamp], ""),
        (["rule-v1-unsorted"], lambda m: [m.body, m.timestamp], "|"),
    ],
)
def test_a_v1_request(names: list[str], join: Callable[[Made], list[str | bytes]], between: str) -> None:
    found = explained(replace(V1, join=join, between=between), V1)
    assert [mistake.name for mistake in found.mistakes] == names
    assert found.expected == f"order_price=9%2C000&side=BUY&symbol=SPOT_BTC_USDT|{NOW}".encode()
    assert all("{rule}" not in mistake.sentence for mistake in found.mistakes)


def test_the_guides_own_signature_is_that_of_a_v1_order(woox_vectors: dict) -> None:
    signature = "20da0852f73b20da0208c7e627975a59ff072379883d8457d03104651032033d"
    text = "order_price=9000&order_quantity=0.11&order_type=LIMIT&side=BUY&symbol=SPOT_BTC_USDT"
    found = woox_fast.explain(SECRET, signature, NOW, "POST", "/v3/trade/order", text)
    assert [mistake.name for mistake in found.mistakes] == ["rule-v1"]


@pytest.mark.parametrize(
    ("names", "message"),
    [([], f"|{NOW}"), (["only-timestamp"], f"{NOW}"), (["timestamp-seconds"], f"|{NOW // 1000}")],
)
def test_a_websocket_login(names: list[str], message: str) -> None:
    signature = hmac.new(SECRET.encode(), message.encode(), "sha256").hexdigest()
    found = woox_fast.explain(SECRET, signature, NOW, "", "", scheme="ws")
    assert [mistake.name for mistake in found.mistakes] == names
    assert found.expected == f"|{NOW}".encode()


# What is given.


def test_a_right_signature() -> None:
    for sent in SENT.values():
        found = explained(sent, sent)
        assert (found.right, found.found, found.mistakes) == (True, True, ())
        assert str(found).startswith("The signature is right for this request.")


@pytest.mark.parametrize(
    ("name", "around"),
    [
        ("secret-newline", "{}\n"),
        ("secret-double-quotes", '"{}"'),
        ("secret-bom", "\ufeff{}"),
        ("secret-surrounded", " '{}'\n"),
    ],
)
def test_the_secret_as_the_user_holds_it_has_the_mistake(name: str, around: str) -> None:
    """Signer and explain read the same variable: the signature fits what is given, and is wrong all the same."""
    held = around.format(SECRET)
    sent = SENT["get-query"]
    found = explained(replace(sent, secret=held.encode()), sent, secret=held)
    assert [mistake.name for mistake in found.mistakes] == [name]
    assert explained(sent, sent, secret=held).right


def test_a_full_url() -> None:
    sent = SENT["get-query"]
    url = "http://127.0.0.1:8080" + sent.path + sent.query
    signature = replace(sent, path="http://127.0.0.1:8080" + sent.path).signature()
    found = woox_fast.explain(SECRET, signature, NOW, "GET", url)
    assert [mistake.name for mistake in found.mistakes] == ["path-full-url"]
    assert found.expected == sent.message()


@pytest.mark.parametrize(
    ("changes", "fault", "words"),
    [
        ({"timestamp": str(NOW // 1000)}, "sent-timestamp", "seconds"),
        ({"timestamp": f"{NOW}000"}, "sent-timestamp", "microseconds"),
        ({"timestamp": "now"}, "sent-timestamp", "13 digits"),
        ({"method": "get"}, "sent-method", "upper case"),
        ({"body": b"{}"}, "sent-body", "query"),
        ({"method": "POST", "query": "?a=1"}, "sent-query", "body"),
        ({"path": "v3/asset/balances"}, "sent-path", "'/'"),
    ],
)
def test_what_is_wrong_with_the_request_itself(changes: dict[str, Any], fault: str, words: str) -> None:
    sent = replace(SENT["get"], **changes)
    found = explained(sent, sent)
    assert [one.name for one in found.faults] == [fault]
    assert words in found.faults[0].sentence


def test_none_is_said_honestly() -> None:
    sent = SENT["post-compact"]
    found = woox_fast.explain(SECRET, "0" * 64, NOW, sent.method, sent.path, sent.body, api_key=KEY, time_limit=60.0)
    assert (found.found, found.right, found.signed, found.mistakes) == (False, False, None, ())
    assert found.complete
    assert found.tried > 10_000
    assert str(found) == f"None of {found.tried:,} combinations yields this signature."
    assert len(found.other_causes) > 2


def test_the_time_limit_holds_and_is_told() -> None:
    body = json.dumps({"a": "x" * 2_000_000})
    found = woox_fast.explain(SECRET, "0" * 64, NOW, "POST", "/v3/trade/order", body, time_limit=0.0)
    assert not found.complete
    assert found.tried < 10
    assert "that the time limit allowed" in str(found)


@pytest.mark.parametrize(
    "signature", ["", "x", "é" * 64, "b'", "b'\\x'", "'" * 64, "%", "A" * 10**6, "\0" * 64, "=" * 44]
)
def test_what_is_no_signature_is_explained_by_nothing(signature: str) -> None:
    assert not woox_fast.explain(SECRET, signature, NOW, "GET", "/v3/asset/balances").found


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 5000,
        b"{}",
        b"[]",
        b'{"a":1e999}',
        b"\0",
    ],
)
def test_any_body_is_searched(body: bytes) -> None:
    found = woox_fast.explain(SECRET, "0" * 64, NOW, "POST", "/v3/trade/order", body, time_limit=0.3)
    assert not found.found


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"api_secret": ""}, ValueError, "empty"),
        ({"scheme": "v9"}, ValueError, "scheme must be one of v3, v1, ws"),
        ({"signature": b"00"}, TypeError, "signature must be a str, got bytes"),
        ({"body": {}}, TypeError, "json.dumps"),
    ],
)
def test_what_cannot_be_searched(changes: dict[str, Any], error: type[Exception], words: str) -> None:
    given = {"api_secret": SECRET, "signature": "0" * 64, "timestamp": NOW, "method": "GET", "path": "/v3/x", **changes}
    with pytest.raises(error, match=words):
        woox_fast.explain(**given)


def test_every_sentence_names_a_mend() -> None:
    for mistake in _explain.all_mistakes():
        assert len(re.findall(r"[.?](?: |$)", mistake.sentence.replace("{rule}", "Rule."))) >= 1, mistake
