"""Tables of mistakes, by request part: the name, and the signed value that differs from the sent value.

Every signature comes from the standard library's `hmac`. The last test ensures that no mistake lacks a test.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from helpers.oracle import KEY, SECRET

from woox_fast import explain
from woox_fast._explain import list_mistakes

TIME = "1764601234567"
PATH = "/v3/futures/positions"
ORDER = '{"symbol":"SPOT_BTC_USDT","price":"9000.50","quantity":2,"reduceOnly":true}'
MARKET = '{"symbol":"X","quantity":"1"}'
MESSAGE = f"{TIME}GET{PATH}"


def as_bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def sign(message: str | bytes, secret: str | bytes = SECRET) -> str:
    return hmac.new(as_bytes(secret), as_bytes(message), "sha256").hexdigest()


def encoded(secret: str) -> dict[str, str | bytes]:
    hashes = {name: hashlib.new(name, secret.encode()) for name in ("sha256", "sha1", "sha512", "md5")}
    return {
        **{f"{name}-hex": digest.hexdigest() for name, digest in hashes.items()},
        **{f"{name}-raw": digest.digest() for name, digest in hashes.items()},
    }


SECRETS: dict[str, str | bytes] = {
    "newline": f"{SECRET}\n",
    "line-break": f"{SECRET}\r\n",
    "trailing-space": f"{SECRET} ",
    "leading-space": f" {SECRET}",
    "white-space": f"\t{SECRET}",
    "escaped-newline": f"{SECRET}\\n",
    "double-quotes": f'"{SECRET}"',
    "single-quotes": f"'{SECRET}'",
    "one-quote": f'{SECRET}"',
    "other-quotes": f"`{SECRET}`",
    "quote-mark": f'"{SECRET}";',
    "semicolon": f"{SECRET};",
    "mark": f"{SECRET}&",
    "brackets": f"<{SECRET}>",
    "bom": f"\ufeff{SECRET}",
    "nbsp": f"{SECRET}\u00a0",
    "zero-width": f"{SECRET}\u200b",
    "lower-case": SECRET.lower(),
    "last-lost": SECRET[:-1],
    "first-lost": SECRET[1:],
    "two-lost": SECRET[:-2],
    "doubled": SECRET * 2,
    "api-key": KEY,
    "key-and-secret": KEY + SECRET,
    "secret-and-key": SECRET + KEY,
    "key-colon-secret": f"{KEY}:{SECRET}",
    "key-base64-decoded": base64.b64decode(KEY),
    "none": "None",
    "undefined": "undefined",
    "null": "null",
    "object": "[object Object]",
    "empty": "",
    "mistyped": SECRET.replace("W1", "Wl"),
    "variable": "YOUR_API_SECRET",
    "prefixed": f"WOOX_API_SECRET={SECRET}",
    "base64-decoded": base64.b64decode(SECRET),
    "base64-encoded": base64.b64encode(SECRET.encode()),
    "base64-newline": base64.b64encode(f"{SECRET}\n".encode()),
    "hex-encoded": SECRET.encode().hex(),
    "bytes-repr": f"b'{SECRET}'",
    "utf-16": SECRET.encode("utf-16-le"),
    **encoded(SECRET),
}
# Mistakes that need a different secret: the user's secret, and the signing secret.
OTHER_SECRETS: dict[str, tuple[str, str | bytes]] = {
    "upper-case": ("qhkr" * 7, "QHKR" * 7),
    "hex-decoded": ("ab" * 16, b"\xab" * 16),
    "hex-decoded-part": ("abcdQHKR", b"\xab\xcd"),
    "surrounded": (f" '{SECRET}'\n", f" '{SECRET}'\n"),
    "newline": (f"{SECRET}\n", f"{SECRET}\n"),
}
TIMESTAMPS = {
    "seconds": "1764601234",
    "float-seconds": "1764601234.567",
    "float-milliseconds": "1764601234567.0",
    "microseconds": "1764601234567000",
    "nanoseconds": "1764601234567000000",
    "fixed-seconds": "1764601234.567000",
    "whole-seconds": "1764601234000",
    "seconds-rounded": "1764601235",
    "exponent": "1.764601234567e+12",
    "int32": str((1764601234567 + 2**31) % 2**32 - 2**31),
    "iso": "2025-12-01T15:00:34.567Z",
    "iso-other": "2025-12-01T15:00:34+00:00",
    "datetime": "2025-12-01 15:00:34.567000",
    "none": "undefined",
    "template": "{{$timestamp}}",
    "exact-microseconds": "1764601234567891",
    "exact-float": "1764601234.5678902",
    "taken-twice": "1764601234570",
    "old": "1764601203123",
    "zone": "1764633634567",
    "round-away": "1764601534567",
    "quoted": '"1764601234567"',
    "space": "1764601234567 ",
}
METHODS = {
    "left-out": "",
    "post": "POST",
    "put-delete": "PUT",
    "none": "null",
    "other": "OPTIONS",
    "lower-case": "get",
    "capitalized": "Get",
    "quoted": "'GET'",
    "space": " GET",
    "enum": "HttpMethod.GET",
}
# The path as sent, and as signed.
PATHS = {
    "no-version": (PATH, "/futures/positions"),
    "other-version": (PATH, "/v1/futures/positions"),
    "doubled-version": (PATH, "/v3/v3/futures/positions"),
    "no-id": ("/v3/order/123", "/v3/order/undefined"),
    "template": ("/v3/order/123", "/v3/order/{orderId}"),
    "plural": ("/v3/trade/orders", "/v3/trade/order"),
    "part-lost": (PATH, "/v3/positions"),
    "left-out": (PATH, ""),
    "lower-case": ("/v3/algoOrder", "/v3/algoorder"),
    "decoded": ("/v3/a%20b", "/v3/a b"),
    "encoded": ("/v3/a b", "/v3/a%20b"),
    "trailing-slash": (PATH, f"{PATH}/"),
    "no-trailing-slash": (f"{PATH}/", PATH),
    "fragment": (PATH, f"{PATH}#"),
    "no-fragment": (f"{PATH}#x", PATH),
    "full-url": (PATH, f"https://api.woox.io{PATH}"),
    "host": (PATH, f"api.woox.io{PATH}"),
    "other-host": (PATH, f"https://api.woo.org{PATH}"),
    "no-slash": (PATH, PATH[1:]),
    "double-slash": (PATH, f"/{PATH}"),
    "slashes-merged": ("/v3//futures/positions", PATH),
    "prefix": (PATH, f"/api{PATH}"),
    "prefix-version": (PATH, f"/api/v3{PATH}"),
    "base-url": (PATH, f"undefined{PATH}"),
}
# The query as sent, and as signed.
QUERIES = {
    "no-empty": ("?a=&b=1", "?b=1"),
    "no-nulls": ("?a=None&b=1&c=", "?b=1"),
    "field-added": ("?a=1&b=2&c=3", "?a=1&c=3"),
    "only-values": ("?a=1&b=2", "?1&2"),
    "left-out": ("?a=1", ""),
    "grown": ("?a=1", f"?a=1&timestamp={TIME}"),
    "lists": ("?s=X&s=Y&a=1", "?s=%5B%27X%27%2C+%27Y%27%5D&a=1"),
    "null-dropped": ("?symbol=X&size=5", "?symbol=X&status=None&size=5"),
    "nulls-dropped": ("?symbol=X", "?symbol=X&page=undefined&size=undefined"),
    "sorted": ("?b=2&a=1&c=3", "?a=1&b=2&c=3"),
    "sorted-by-name": ("?b=2&a=2&a=1", "?a=2&a=1&b=2"),
    "reversed": ("?b=2&a=1&c=3", "?c=3&a=1&b=2"),
    "moved": ("?b=2&a=1&d=4&c=3", "?a=1&d=4&b=2&c=3"),
    "order": ("?b=2&a=1&d=4&c=3", "?a=1&b=2&c=3&d=4".replace("a=1&b=2", "d=4&b=2").replace("&d=4", "&a=1", 1)),
    "booleans-json": ("?a=True", "?a=true"),
    "booleans-python": ("?a=true", "?a=True"),
    "booleans-numbers": ("?a=true", "?a=1"),
    "booleans-words": ("?a=1", "?a=true"),
    "numbers-float": ("?a=5&b=1", "?a=5.0&b=1.0"),
    "value-spelled": ("?s=SPOT_BTC_USDT&p=1", "?s=BTC-USDT&p=1"),
    "value-rounded": ("?p=1.5&s=X", "?p=1.5321&s=X"),
    "decoded": ("?t=a%20b", "?t=a b"),
    "decoded-plus": ("?t=a+b%2Cc", "?t=a b,c"),
    "encoded-twice": ("?t=a%20b", "?t=a%2520b"),
    "encoded": ("?t=a b", "?t=a%20b"),
    "encoded-all": ("?t=a:b;c", "?t=a%3Ab%3Bc"),
    "encoded-otherwise": ("?t=a%27b%20c", "?t=a'b%20c"),
    "percent-20": ("?t=a+b", "?t=a%20b"),
    "plus": ("?t=a%20b", "?t=a+b"),
    "plus-encoded": ("?t=a+b;c", "?t=a%2Bb;c"),
    "comma-raw": ("?t=a%2Cb%3Ac", "?t=a,b%3Ac"),
    "colon-raw": ("?t=a%2Cb%3Ac", "?t=a%2Cb:c"),
    "slash-raw": ("?t=a%2Cb%2Fc", "?t=a%2Cb/c"),
    "reserved-raw": ("?t=a%2Cb%2Fc%40d", "?t=a,b/c%40d"),
    "brackets-raw": ("?t%5B%5D=%2C", "?t[]=%2C"),
    "at-raw": ("?t=%40%2C", "?t=@%2C"),
    "comma-encoded": ("?t=a,b:c", "?t=a%2Cb:c"),
    "colon-encoded": ("?t=a,b:c", "?t=a,b%3Ac"),
    "slash-encoded": ("?t=a/b:c", "?t=a%2Fb:c"),
    "reserved-encoded": ("?t=a,b:c;d", "?t=a%2Cb%3Ac;d"),
    "brackets-encoded": ("?t[]=a;b", "?t%5B%5D=a;b"),
    "at-encoded": ("?t=@,;", "?t=%40,;"),
    "escapes-lower": ("?t=a%2Cb", "?t=a%2cb"),
    "escapes-upper": ("?t=a%2cb;c", "?t=a%2Cb;c"),
    "no-mark": ("?a=1", "a=1"),
    "ampersand-for-mark": ("?a=1", "&a=1"),
    "slash-mark": ("?a=1", "/?a=1"),
    "trailing-ampersand": ("?a=1", "?a=1&"),
    "trailing-newline": ("?a=1", "?a=1\n"),
    "no-fragment": ("?a=1#x", "?a=1"),
    "no-marks": ("?a=1&b=2", "?a1b2"),
    "question-mark": ("", "?"),
    "text": ("", "?undefined"),
}
BODIES: dict[str, tuple[str | bytes, str | bytes]] = {
    "body-left-out": (ORDER, ""),
    "body-json-string-sent": (json.dumps(ORDER), ORDER),
    "body-form-sent": ("symbol=X&price=9000.5&reduceOnly=True", '{"symbol": "X", "price": 9000.5, "reduceOnly": true}'),
    "no-body-object": ("", "[object Object]"),
    "no-body-undefined": ("", "undefined"),
    "no-body-null": ("", "null"),
    "no-body-none": ("", "None"),
    "no-body-empty-object": ("", "{}"),
    "no-body-empty-list": ("", "[]"),
    "no-body-empty-string": ("", '""'),
    "no-body-bytes": ("", "b''"),
    "no-body-array": ("", "Array"),
    "no-body-template": ("", "{body}"),
    "no-body-newline-only": ("", "\n"),
    "no-body-hash": ("", hashlib.sha256().hexdigest()),
    "json-no-nulls": ('{"a":null,"b":""}', '{"b":""}'),
    "json-no-empty": ('{"a":null,"b":"","c":1}', '{"c":1}'),
    "json-field-added": (ORDER, ORDER.replace('"quantity":2,', "")),
    "json-two-fields-added": (ORDER, '{"symbol":"SPOT_BTC_USDT","quantity":2}'),
    "json-null-dropped": (MARKET, '{"symbol":"X","price":null,"quantity":"1"}'),
    "json-empty-dropped": (MARKET, '{"symbol":"X","quantity":"1","visibleQuantity":0}'),
    "json-nulls-dropped": (MARKET, '{"symbol":"X","price":null,"quantity":"1","orderTag":null}'),
    "json-in-list": (MARKET, f"[{MARKET}]"),
    "json-in-object": (MARKET, f'{{"data":{MARKET}}}'),
    "json-timed": (MARKET, f'{MARKET[:-1]},"timestamp":{TIME}}}'),
    "json-sorted": (ORDER, json.dumps(json.loads(ORDER), sort_keys=True, separators=(",", ":"))),
    "json-sorted-deep": ('{"a":{"y":1,"x":2},"b":0}', '{"a":{"x":2,"y":1},"b":0}'),
    "json-usual": (
        '{"clientOrderId":1,"price":"9","quantity":"1","side":"BUY","symbol":"X","tag":"t","type":"LIMIT"}',
        '{"symbol":"X","side":"BUY","type":"LIMIT","price":"9","quantity":"1","clientOrderId":1,"tag":"t"}',
    ),
    "json-reversed": ('{"b":1,"a":2,"c":3}', '{"c":3,"a":2,"b":1}'),
    "json-moved": ('{"b":1,"a":2,"d":3,"c":4}', '{"a":2,"d":3,"b":1,"c":4}'),
    "json-order": ('{"b":1,"a":2,"d":3,"c":4}', '{"d":3,"b":1,"c":4,"a":2}'),
    "json-numbers-float": ('{"a":5,"b":1}', '{"a":5.0,"b":1.0}'),
    "json-numbers-javascript": ('{"a":5.0,"b":9007199254740993}', '{"a":5,"b":9007199254740992}'),
    "json-numbers-plain": ('{"a":1e-8,"b":1E-7}', '{"a":0.00000001,"b":0.0000001}'),
    "json-numbers-eight-decimals": ('{"a":1,"b":2}', '{"a":1.00000000,"b":2.00000000}'),
    "json-numbers-two-decimals": ('{"a":1,"b":2}', '{"a":1.00,"b":2.00}'),
    "json-words-quoted": ('{"a":true,"b":false}', '{"a":"true","b":"false"}'),
    "json-words-numbers": ('{"a":true,"b":false}', '{"a":1,"b":0}'),
    "json-floats-quoted": ('{"a":1.5,"b":2.5,"c":3}', '{"a":"1.5","b":"2.5","c":3}'),
    "json-floats-eight-decimals": ('{"a":1.5,"b":2.5,"c":3}', '{"a":1.50000000,"b":2.50000000,"c":3}'),
    "json-words-unquoted": ('{"a":"true","b":"false"}', '{"a":true,"b":false}'),
    "json-value-typed": ('{"s":"SPOT_BTC_USDT","b":1,"c":2}', '{"s":"SPOT_BTC_USDT","b":"1","c":2}'),
    "json-number-spelled": ('{"price":"0.01","b":1}', '{"price":"0.0100000","b":1}'),
    "json-text-spelled": ('{"s":"PERP_BTC_USDT","b":1}', '{"s":"BTC/USDT:USDT","b":1}'),
    "json-keys-camel-case": ('{"order_id":1}', '{"orderId":1}'),
    "json-keys-snake-case": ('{"orderId":1}', '{"order_id":1}'),
    "json-keys-pascal-case": ('{"orderId":1}', '{"OrderId":1}'),
    "json-value-rounded": ('{"price":9000.5,"s":"X"}', '{"price":9000.5341,"s":"X"}'),
    "json-numbers": ('{"a":"1.5","b":"2"}', '{"a":1.5,"b":2}'),
    "json-strings": ('{"a":1.5,"b":2}', '{"a":"1.5","b":"2"}'),
    "json-compact": ('{"a": 1, "b": 2}', '{"a":1,"b":2}'),
    "json-spaced": ('{"a":1,"b":2}', '{"a": 1, "b": 2}'),
    "json-comma-space": ('{"a":1,"b":2}', '{"a":1, "b":2}'),
    "json-colon-space": ('{"a":1,"b":2}', '{"a": 1,"b": 2}'),
    **{f"json-indent-{n}": ('{"a":[1],"b":2}', json.dumps({"a": [1], "b": 2}, indent=n)) for n in (0, 1, 2, 3, 4, 8)},
    **{
        f"json-indent-{n}-crlf": ('{"a":1,"b":2}', json.dumps({"a": 1, "b": 2}, indent=n).replace("\n", "\r\n"))
        for n in (2, 4)
    },
    "json-indent-tab": ('{"a":1}', '{\n\t"a": 1\n}'),
    "json-dumps": ('{"a":1E2,"b":"\u00e9"}', '{"a": 100.0, "b": "\\u00e9"}'),
    "json-dumps-compact": ('{"a": 1E2, "b": "\\u00e9"}', '{"a":100.0,"b":"\u00e9"}'),
    "json-repr": ('{"a":true,"b":"x"}', "{'a': True, 'b': 'x'}"),
    "json-repr-double-quotes": ('{"a":true,"b":"x"}', '{"a": True, "b": "x"}'),
    "json-printed": ('{"symbol":"X","price":1.5}', "Order(symbol='X', price=1.5)"),
    "json-single-quotes": ('{"a":"x","b":1}', "{'a':'x','b':1}"),
    "body-form": ('{"a":"x y","b":true}', "a=x%20y&b=true"),
    "body-form-plus": ('{"a":"x y","b":true}', "a=x+y&b=true"),
    "body-form-python": ('{"a":"x","b":true}', "a=x&b=True"),
    "body-form-python-plus": ('{"a":"x y","b":true}', "a=x+y&b=True"),
    "body-form-raw": ('{"a":"x y","b":1}', "a=x y&b=1"),
    "body-form-sorted": ('{"b":true,"a":"x y"}', "a=x%20y&b=true"),
    "body-object": (ORDER, "[object Object]"),
    "body-undefined": (ORDER, "undefined"),
    "body-null": (ORDER, "null"),
    "body-none": (ORDER, "None"),
    "body-empty-object": (ORDER, "{}"),
    "body-empty-list": (ORDER, "[]"),
    "body-empty-string": (ORDER, '""'),
    "body-bytes": (ORDER, "b''"),
    "body-array": (ORDER, "Array"),
    "body-template": (ORDER, "{body}"),
    "body-newline-only": (ORDER, "\n"),
    "json-ascii": ('{"a":"\u5e01"}', '{"a":"\\u5e01"}'),
    "json-not-ascii": ('{"a":"\\u5e01"}', '{"a":"\u5e01"}'),
    "json-slashes-escaped": ('{"a":"b/c"}', '{"a":"b\\/c"}'),
    "json-html-escaped": ('{"a":"<b>"}', '{"a":"\\u003cb\\u003e"}'),
    "body-newline": (ORDER, f"{ORDER}\n"),
    "body-no-newline": (f"{ORDER}\n", ORDER),
    "body-stripped": (f" {ORDER} ", ORDER),
    "body-space": (ORDER, f"{ORDER} "),
    "body-bom": (ORDER, f"\ufeff{ORDER}"),
    "body-lines-lf": ('{"a":1,\r\n"b":2}', '{"a":1,\n"b":2}'),
    "body-lines-crlf": ('{"a":1,\n"b":2}', '{"a":1,\r\n"b":2}'),
    "body-bytes-repr": (ORDER, f"b'{ORDER}'"),
    "body-dumped-twice": ('{"a":"\u00e9"}', json.dumps('{"a":"\u00e9"}')),
    "body-as-json-string": ('{"a":"\u00e9"}', json.dumps('{"a":"\u00e9"}', ensure_ascii=False)),
    "body-base64": (ORDER, base64.b64encode(ORDER.encode())),
    "body-no-white-space": ('{"a":"b c", "d": true}', '{"a":"bc","d":true}'),
    "body-latin-1": ('{"a":"\u00e9"}', '{"a":"\u00e9"}'.encode("latin-1")),
    "body-utf-16": (ORDER, ORDER.encode("utf-16-le")),
    "body-percent-encoded": ('{"a":1}', "%7B%22a%22%3A1%7D"),
    "body-percent-decoded": ("%7B%22a%22%3A1%7D", '{"a":1}'),
    "body-quotes-escaped": (ORDER, ORDER.replace('"', '\\"')),
    "body-quoted": (ORDER, f"'{ORDER}'"),
    "body-sorted-form": ("b=2&a=1", "a=1&b=2"),
    "body-sha256": (ORDER, hashlib.sha256(ORDER.encode()).hexdigest()),
    "body-sha512": (ORDER, hashlib.sha512(ORDER.encode()).hexdigest()),
    "body-md5": (ORDER, hashlib.md5(ORDER.encode()).hexdigest()),
    "body-sha1": (ORDER, hashlib.sha1(ORDER.encode()).hexdigest()),
}
GET = ("GET", "/v3/x?b=2&a=1", "")
POST = ("POST", "/v3/x", '{"b":1,"a":"x"}')
V1 = ("POST", "/v1/x", "b=2&a=1")
T, S10, GATE = TIME, TIME[:10], hashlib.sha512(POST[2].encode()).hexdigest()
# The request, and the signed message.
LAYOUTS: dict[str, tuple[tuple[str, str, str], str]] = {
    "query-in-body": (GET, f"{T}GET/v3/xb=2&a=1"),
    "query-in-body-json": (GET, f'{T}GET/v3/x{{"b": 2, "a": 1}}'),
    "query-in-body-repr": (GET, f"{T}GET/v3/x{{'b': '2', 'a': '1'}}"),
    "query-also-in-body": (GET, f"{T}GET{GET[1]}b=2&a=1"),
    "query-also-in-body-json": (GET, f'{T}GET{GET[1]}{{"b":"2","a":"1"}}'),
    "body-in-query": (POST, f"{T}POST/v3/x?b=1&a=x"),
    "body-in-query-sorted": (POST, f"{T}POST/v3/x?a=x&b=1"),
    "body-also-in-query": (POST, f"{T}POST/v3/x?b=1&a=x{POST[2]}"),
    "rule-v3": (V1, f"{T}POST/v1/xb=2&a=1"),
    "rule-v1": (GET, f"a=1&b=2|{T}"),
    "rule-v1-unsorted": (GET, f"b=2&a=1|{T}"),
    "rule-v1-decoded": (("GET", "/v3/x?b=%2C", ""), f"b=,|{T}"),
    "rule-v1-no-timestamp": (GET, "a=1&b=2"),
    "rule-v1-body": (POST, f"{POST[2]}|{T}"),
    "rule-v3-parameters": (POST, f"{T}POST/v3/xa=x&b=1"),
    "rule-websocket": (GET, f"|{T}"),
    "nothing": (GET, ""),
    "only-timestamp": (GET, T),
    "only-body": (POST, POST[2]),
    "only-path": (GET, GET[1]),
    "only-query": (GET, "b=2&a=1"),
    "timestamp-left-out": (POST, f"POST/v3/x{POST[2]}"),
    "timestamp-last": (POST, f"POST/v3/x{POST[2]}{T}"),
    "timestamp-after-method": (POST, f"POST{T}/v3/x{POST[2]}"),
    "timestamp-after-path": (POST, f"POST/v3/x{T}{POST[2]}"),
    "path-before-method": (POST, f"{T}/v3/xPOST{POST[2]}"),
    "body-before-path": (POST, f"{T}POST{POST[2]}/v3/x"),
    "path-left-out": (POST, f"{T}POST{POST[2]}"),
    "method-and-path-left-out": (POST, f"{T}{POST[2]}"),
    "path-for-query": (GET, f"{T}GETb=2&a=1"),
    "query-apart": (GET, f"{T}GET/v3/xb=2&a=1"),
    "timestamp-and-query": (GET, f"{T}b=2&a=1"),
    "template": (POST, "{timestamp}{method}{path}{body}"),
    "api-key-first": (POST, f"{KEY}{T}POST/v3/x{POST[2]}"),
    "api-key-second": (POST, f"{T}{KEY}POST/v3/x{POST[2]}"),
    "api-key-last": (POST, f"{T}POST/v3/x{POST[2]}{KEY}"),
    "api-key-for-method-and-path": (POST, f"{T}{KEY}{POST[2]}"),
    "window-signed": (POST, f"{T}5000POST/v3/x{POST[2]}"),
    "rule-woox-pro": (POST, f"{T}##{POST[2]}"),
    "rule-okx": (POST, f"2025-12-01T15:00:34.567ZPOST/v3/x{POST[2]}"),
    "rule-bybit": (POST, f"{T}{KEY}5000{POST[2]}"),
    "rule-binance": (POST, f"b=1&a=x&timestamp={T}"),
    "rule-mexc": (GET, f"{KEY}{T}b=2&a=1"),
    "rule-coinbase": (GET, f"{S10}GET/v3/x"),
    "rule-no-query": (GET, f"{T}GET/v3/x"),
    "rule-bitmex": (POST, f"POST/v3/x{S10}{POST[2]}"),
    "rule-gate": (POST, f"POST\n/v3/x\n\n{GATE}\n{S10}"),
    "other-order": (POST, f"{POST[2]}/v3/xPOST{T}"),
    "api-key-signed": (POST, f"{T}POST{KEY}/v3/x{POST[2]}"),
    "separator-newline": (POST, f"{T}\nPOST\n/v3/x\n{POST[2]}"),
    "separator-none": (V1, f"a=1&b=2{T}"),
    "separator-escaped-newline": (POST, f"{T}\\nPOST\\n/v3/x\\n{POST[2]}"),
    "separator-crlf": (POST, f"{T}\r\nPOST\r\n/v3/x\r\n{POST[2]}"),
    "separator-mark": (POST, f"{T}|POST|/v3/x|{POST[2]}"),
    "message-newline": (GET, f"{T}GET{GET[1]}\n"),
    "message-text": (POST, f"{T}POST/v3/x{POST[2]}undefined"),
}
M, S = MESSAGE.encode(), SECRET.encode()
DIGESTS: dict[str, str] = {
    **{f"hmac-{n}": hmac.new(S, M, n).hexdigest() for n in ("sha512", "sha384", "sha1", "md5", "sha3_256", "sha224")},
    **{
        f"{name}{kind}": hashlib.new(name, data).hexdigest()
        for name in ("sha256", "sha512", "md5", "sha1")
        for kind, data in (("", M), ("-secret-message", S + M), ("-message-secret", M + S))
    },
    "swapped": hmac.new(M, S, "sha256").hexdigest(),
    "of-sha256": sign(hashlib.sha256(M).hexdigest()),
    "of-sha256-raw": sign(hashlib.sha256(M).digest()),
    "of-utf-16": sign(MESSAGE.encode("utf-16-le")),
    "again": sign(sign(M)),
}
RAW = bytes.fromhex(sign(M))
SIGNATURES: dict[str, str] = {
    "space": f" {RAW.hex()}\n",
    "bytes-repr": f"b'{RAW.hex()}'",
    "quotes": f'"{RAW.hex()}"',
    "0x": f"0x{RAW.hex()}",
    "label": f"sha256={RAW.hex()}",
    "dashes": RAW.hex("-").upper(),
    "end-mark": f"{RAW.hex()};",
    "text": f'{{"sign":"{RAW.hex()}"}}',
    "base64": base64.b64encode(RAW).decode(),
    "encoded-twice": base64.b64encode(RAW.hex().encode()).decode(),
    "raw": RAW.decode("latin-1"),
    "cut": RAW.hex()[:40],
}


class Sent(NamedTuple):
    """A request as the exchange receives it; the remaining arguments of `explain` are in `options`."""

    signature: str
    method: str = "GET"
    path: str = PATH
    body: str | bytes = b""
    options: dict[str, Any] = {}  # noqa: RUF012 (never changed)


CASES = {
    **{f"secret-{name}": Sent(sign(MESSAGE, secret)) for name, secret in SECRETS.items()},
    **{f"timestamp-{name}": Sent(sign(f"{stamp}GET{PATH}")) for name, stamp in TIMESTAMPS.items()},
    "timestamp-milliseconds": Sent(sign(f"{TIME[:10]}000GET{PATH}"), options={"timestamp": TIME[:10]}),
    "timestamp-exact-milliseconds": Sent(sign(MESSAGE), options={"timestamp": TIME[:10]}),
    **{f"method-{name}": Sent(sign(f"{TIME}{method}{PATH}")) for name, method in METHODS.items()},
    "method-get": Sent(sign(MESSAGE), "DELETE"),
    "method-upper-case": Sent(sign(f"{TIME}DELETE{PATH}"), "delete"),
    **{f"path-{name}": Sent(sign(f"{TIME}GET{signed}"), "GET", sent) for name, (sent, signed) in PATHS.items()},
    **{
        f"query-{name}": Sent(sign(f"{TIME}GET{PATH}{signed}"), "GET", PATH + sent)
        for name, (sent, signed) in QUERIES.items()
    },
    **{
        name: Sent(sign(f"{TIME}POST{PATH}".encode() + as_bytes(signed)), "POST", PATH, sent)
        for name, (sent, signed) in BODIES.items()
    },
    **{name: Sent(sign(message), *request) for name, (request, message) in LAYOUTS.items()},
    **{f"algorithm-{name}": Sent(digest) for name, digest in DIGESTS.items()},
    **{f"signature-{name}": Sent(text) for name, text in SIGNATURES.items()},
}


def assert_named(name: str, sent: Sent) -> None:
    """Assert that `explain` names this mistake alone, or as an alternative with the same bytes."""
    options = {"timestamp": TIME, "api_key": KEY, **sent.options}
    found = explain(SECRET, sent.signature, method=sent.method, path=sent.path, body=sent.body, **options)
    named = [[finding.name for finding in findings] for findings in (found.mistakes, *found.others)]
    assert [name] in named, f"{name}: {named}"


@pytest.mark.parametrize("name", CASES)
def test_mistake_is_named(name: str) -> None:
    assert_named(name, CASES[name])


@pytest.mark.parametrize("name", OTHER_SECRETS)
def test_other_secret_is_named(name: str) -> None:
    given, used = OTHER_SECRETS[name]
    found = explain(given, sign(MESSAGE, used), TIME, "GET", PATH)
    assert [finding.name for finding in found.mistakes] == [f"secret-{name}"]


@pytest.mark.parametrize(
    ("name", "signed", "query"),
    [
        ("query-lists", "s=X,Y", "s=X&s=Y"),
        ("query-lists", "s=['X', 'Y']", "s=X&s=Y"),
        ("query-lists", "s[]=X&s[]=Y", "s=X&s=Y"),
        ("query-lists", "s%5B%5D=X&s%5B%5D=Y", "s=X&s=Y"),
        ("query-grown", "a=1&recvWindow=5000", "a=1"),
        ("query-grown", f"a=1&api_key={KEY}", "a=1"),
        ("query-grown", f"a=1&ts={TIME}", "a=1"),
    ],
)
def test_query_variant_is_named(name: str, signed: str, query: str) -> None:
    assert_named(name, Sent(sign(f"{TIME}GET{PATH}?{signed}"), "GET", f"{PATH}?{query}"))


def test_pro_memo_is_used() -> None:
    memo = {"memo": "desk"}
    assert_named("rule-woox-pro", Sent(sign(f"{TIME}#desk#{ORDER}"), "POST", PATH, ORDER, memo))
    assert_named("rule-woox-pro", Sent(sign(f"{TIME}#desk#a=1"), "GET", f"{PATH}?a=1", options=memo))


def test_json_in_v1_is_named() -> None:
    found = explain(SECRET, sign(f'{{"a": "x", "b": "2"}}|{TIME}'), TIME, "POST", "/v1/order", "a=x&b=2")
    assert [finding.name for finding in found.mistakes] == ["v1-json-signed", "rule-v1-body"]
    assert "application/json" not in str(found)


@pytest.mark.parametrize("read", ["{'b': '2', 'a': '1'}", '{"b":"2","a":"1"}'])
def test_query_object_is_one_mistake(read: str) -> None:
    found = explain(SECRET, sign(f"{TIME}GET/v3/x?{read}"), TIME, "GET", "/v3/x?b=2&a=1")
    assert [finding.name for finding in found.mistakes] in (["query-in-body-repr"], ["query-in-body-json"])


@pytest.mark.parametrize("printed", ["{a=x, b=true}", "map[a:x b:true]"])
def test_printed_map_is_one_mistake(printed: str) -> None:
    assert_named("json-printed", Sent(sign(f"{TIME}POST{PATH}{printed}"), "POST", PATH, '{"a":"x","b":true}'))


@pytest.mark.parametrize("change", [lambda d: d.lstrip("0"), lambda d: "".join(f"{b:x}" for b in bytes.fromhex(d))])
def test_lost_zeros_are_named(change: Callable[[str], str]) -> None:
    path = next(path for path in (f"/v3/{n}" for n in range(10_000)) if sign(f"{TIME}GET{path}").startswith("00"))
    assert_named("signature-zeros-lost", Sent(change(sign(f"{TIME}GET{path}")), "GET", path))


@pytest.mark.parametrize("text", [RAW.hex().encode().hex(), base64.b64encode(RAW).hex()])
def test_double_encoding_is_named(text: str) -> None:
    assert_named("signature-encoded-twice", Sent(text))


def test_encoded_signature_is_named() -> None:
    signatures = {f"/{n}": base64.b64encode(bytes.fromhex(sign(f"{TIME}GET/{n}"))).decode() for n in range(50)}
    path, text = next((path, text) for path, text in signatures.items() if "+" in text)
    found = explain(SECRET, text.replace("+", "%2B").replace("=", "%3D"), TIME, "GET", path)
    assert [finding.name for finding in found.mistakes] == ["signature-percent-encoded", "signature-base64"]


def test_every_mistake_has_a_test() -> None:
    tested = CASES.keys() | {f"secret-{name}" for name in OTHER_SECRETS}
    tested |= {"v1-json-signed", "signature-zeros-lost", "signature-percent-encoded"}
    assert {mistake.name for _, mistake in list_mistakes()} - tested == set()
