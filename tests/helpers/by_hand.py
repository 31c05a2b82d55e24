"""Mistakes made by hand, with the standard library alone: how a signature comes about that `explain` must explain."""

from __future__ import annotations

import base64
import codecs
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlencode

import woox_fast
from helpers.oracle import KEY, NOW, SECRET

PATIENT = 600.0  # seconds: what is found ends the search, and on a machine that is busy it takes longer
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
        **{"time_limit": PATIENT, **more},
    )
    assert api_secret not in repr(found) + str(found)
    return found


def assert_named(names: str, sent: Made, made: Made) -> None:
    """Named by itself; or by what signs the same bytes and is as simple, and then it stands among the others."""
    found = explained(made, sent)
    assert found.found
    assert found.signed == made.message()
    sets = [{one.name for one in some} for some in (found.mistakes, *found.others)]
    assert any(set(names.split()) <= some for some in sets), sets
    of_request = [one for one in found.mistakes if not one.name.startswith("signature-")]
    assert len(of_request) <= len([name for name in names.split() if not name.startswith("signature-")])


def make(names: list[str] | tuple[str, ...], sent: Made) -> Made:
    for name in names:
        sent = BY_HAND[name](sent)
    return sent


def shown_by(name: str) -> list[str]:
    """The requests on which this mistake makes a difference."""
    return [which for which, sent in SENT.items() if BY_HAND[name](sent).signature() != sent.signature()]
