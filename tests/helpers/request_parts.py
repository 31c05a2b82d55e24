"""Paths, parameters and bodies, which every client encodes differently."""

from __future__ import annotations

METHODS = ["GET", "DELETE", "POST", "PUT"]

# Targets as a user writes them. Each client encodes them differently, before or after it asks for a signature.
TARGETS = [
    "",
    "/",
    "/v3/trade/order",
    "/v3/trade/orders?symbol=SPOT_BTC_USDT&size=25",
    "/v3/x?a=b c",
    "/v3/x?a=b+c",
    "/v3/x?a=b%20c",
    "/v3/x?a=1%2C2",
    "/v3/x?a=1%2c2",
    "/v3/x?a=1,2",
    "/v3/x?a=b/c",
    "/v3/x?a=%2Fb",
    "/v3/x?a=[1]",
    "/v3/x?a[]=1&a[]=2",
    "/v3/x?a=%5B1%5D",
    "/v3/x?t=12:30:00",
    "/v3/x?a=%3A",
    "/v3/x?a=1&a=2&a=1",
    "/v3/x?a=&b&=c",
    "/v3/x?a=b?c",
    "/v3/x?",
    "/v3/x?symbol=SPOT_币安人生_USDT",
    "/v3/x?symbol=%E5%B8%81",
    "/v3/é/x?ü=ß",
    "/v3/x%2Fy",
    "/v3//x",
    "/v3/./y/../x",
    "/v3/x?a='\"<>|{}^`\\~!*()$;@",
    "/v3/x?a=%7E%41%zz%",
    "/v3/x?a=b#fragment",
    "/v3/x?" + "&".join(f"p{i}={i}" for i in range(300)),
]

PARAMS = [
    {"a": "b c", "b": "d+e", "c": "f,g", "d": "h/i", "e": "[j]", "f": "k:l", "g": "m%2Cn", "h": "&=#?"},
    [("a", "1"), ("a", "2"), ("b", "3"), ("a", "1")],
    {"symbol": "SPOT_币安人生_USDT"},
    {"id": 9223372036854775807, "big": 10**30},
    {},
]
# Parameters that aiohttp refuses: yarl raises TypeError.
MORE_PARAMS = [{"yes": True, "no": False, "none": None, "price": "0.1"}]

JSON = [
    {},
    [],
    {"symbol": "SPOT_BTC_USDT", "price": "9000", "reduceOnly": True, "amount": None, "id": 9223372036854775807},
    {"childOrders": [{"algoType": "BRACKET", "childOrders": [{"a": {"b": [1, [2, {}]]}}]}], "z": 1, "a": 2},
    {"symbol": "SPOT_币安人生_USDT", "tag": 'é"\\\n\u2028\U0001f680'},
    {"price": 1e-7, "quantity": 0.1 + 0.2},
]
CONTENT = [
    b"",
    "",
    b'{"a":1}',
    '{"a": 1}',
    '{"symbol":"SPOT_币安人生_USDT"}',
    "é",
    "\U0001f680" * 100,
    b"\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    bytes(range(256)),
    b"x" * 2**20,
]
