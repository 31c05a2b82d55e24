"""The rows of explain's tables, as tests/vectors/explain holds them: a file for each part of a request, a line a row.

`python tools/explain_rows.py` writes the files again. A line holds

- `most` in the first line: how many changes of the part are made together
- `name`, `cost`, `sentence` and `stage` of the row; `more`: whether it is light, or the last of its part
- `of`: the first of `REQUESTS` of which it makes something else
- `makes`: what it makes of that request's part, or a few where it makes many: of the layout the whole message, of the
  digest the hex of the message. What is no text stands there as lone surrogates
- `all`: how many values it makes of all requests, and a digest of them

and a line of signature.json how a digest is spelled, and what is read out of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from helpers.oracle import KEY, NOW, SECRET
from helpers.spelled import DIGESTS as SPELLED_DIGESTS
from helpers.spelled import SPELLED
from woox_fast._explain.cells import PARTS
from woox_fast._explain.changes import Change
from woox_fast._explain.layers.rules import BASES, SOURCES
from woox_fast._explain.layers.written import FINDINGS, readings
from woox_fast._explain.search import TABLES, Search
from woox_fast._explain.signing import Layout, Secret, Sent, messages_of, to_bytes

FOLDER = Path(__file__).parents[1] / "vectors" / "explain"
MOST = 120_000  # values of a request that are looked at; of a row that made more than
MANY, FEW = 3000, 100  # so many, so few of each other request
MOST_SHOWN, MOST_CHARACTERS = 40, 4000  # of a row

SOON = "1719765305007"  # on a summer's afternoon
POST = (
    '{"symbol":"SPOT_é币_USDT","side":"BUY","price":9000.50,"quantity":"0.00001","reduceOnly":false,"stop":null,'
    '"orderTag":"a/b <c> & \'d\'"}'
)
SPACED = (
    '{"order_id": 7, "price": 1.10, "small": 1e-05, "big": 123456789012, "flag": "True", '
    '"list": [1, {"y": 2, "x": null}, 2], "yes": true, "tag": "caf\\u00e9 \\/ e\u0301 +`=&a~", '
    '"empty": "", "Zero": 0, "void": {}}\r\n'
)
VALUES = (
    '{"a":"PERP_X_Y_Z","b":"SPOT_A_B","c":"null","d":"True","e":"false","f":"","g":" pad ","h":0.50,"i":"0.25","j":-3,'
    '"k":100000000000,"l":true,"m":false,"n":null,"o":1e21,"p":"true","q":"None","r":"a\\\\b","s":"PERP_A_B","t":1E-5}'
)
ODD_QUERY = (
    "?Tag=a+b,c:d/e@f[g]-_.~!$'()*;&at[0]=1&at[1]=2&all=False&none=None&price=1e-05&orderId=7&raw=%2f%2C%3a%5B%5D%40"
    "%2D%2E%5f%7E%21&coin=%E5%B8%81&void=&zero=0&some_float=1.50&plus=%2b&twice=%2520&at[0]=3&gone=null&lost=undefined&off=false"
    "&on=True&more=%2B&bare"
)


def _sent(
    method: str,
    path: str,
    query: str = "",
    body: str | bytes = b"",
    *,
    timestamp: str = str(NOW),
    scheme: str = "v3",
    api_key: str = KEY,
    origin: str = "https://api.woox.io",
) -> Sent:
    data = body.encode() if isinstance(body, str) else body
    return Sent(api_key, origin, timestamp, method, path, query, data, scheme)


# What was sent, and the secret. Every row makes something else of at least one of them.
REQUESTS: dict[str, tuple[Sent, str]] = {
    "get": (_sent("GET", "/v3/trade/orders", "?symbol=SPOT_BTC_USDT&closed=true&tag=a%20b%2Cc&size=100"), SECRET),
    "post": (_sent("POST", "/v3/trade/order", "", POST), SECRET),
    "nothing": (_sent("GET", "/v3/asset/balances"), SECRET),
    "put-by-id": (
        _sent(
            "PUT",
            "/v3/algo/order/60667653330",
            "",
            SPACED,
            timestamp=SOON,
            origin="http://127.0.0.1:8080",
            api_key="k/e+y==",
        ),
        "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U",
    ),
    "odd": (_sent("get", "/v3/Trade/caf%c3%A9/orderBooks/", ODD_QUERY, timestamp=SOON), "0123456789abcdef" * 5),
    "raw": (
        _sent("Delete", "//v3/a b//é\udcff#top", "?é=币&b=x y&a=#c&", '[{"side": "SELL"}]', timestamp="1700000000000"),
        "a-b_c+d/e-f_01==",
    ),
    "bom": (_sent("PATCH", "v3/order", "", b'\xef\xbb\xbf{"a": 1}\r\n\r\n', timestamp="1578565539"), "short"),
    "lines": (_sent("POST", "/v3/order", "", '{\n  "b": 1,\n  "a": [\n    "é"\n  ]\n}', api_key=""), SECRET),
    "bytes": (_sent("POST", "/v3/order", "", b"~b=%41+%ff\xff\xe9&a=<1>&\r\nc~\n", timestamp="now"), SECRET),
    "values": (_sent("POST", "/v3/trade/orders", "", VALUES), SECRET),
    "list": (_sent("DELETE", "/v3/trade/orders", "", '[\t{"b": 1, "a": 2}]'), SECRET),
    "two": (_sent("GET", "/v3/trade/orders", "?b=%ff&a=null"), SECRET),
    "v1-form": (
        _sent("POST", "/v1/order", "", "symbol=SPOT_BTC_USDT&side=BUY&order_price=9000&order_tag=a b", scheme="v1"),
        SECRET,
    ),
    "v1-query": (_sent("GET", "/v1/orders", "?symbol=A&size=25&is_open=True&0=x", scheme="v1"), SECRET),
    "v1-json": (_sent("POST", "/v1/order", "", '{"side":"BUY","price":9000.5,"all":true}', scheme="v1"), SECRET),
    "v2": (_sent("GET", "/v2/client/holding", scheme="v1"), SECRET),
    "websocket": (_sent("", "", scheme="ws"), SECRET),
    "v1-broken": (_sent("POST", "/v1/order", "", '{"a":', scheme="v1"), SECRET),
}


def starts(sent: Sent, secret: str) -> dict[str, Any]:
    """What the search begins with, of each part."""
    query, body = SOURCES[BASES[sent.scheme].source](sent)
    parts = (Secret(secret.encode()), sent.timestamp, sent.method, sent.path, query, body, BASES[sent.scheme], "")
    return dict(zip(PARTS, parts, strict=True))


def _message(layout: Layout, sent: Sent) -> bytes:
    query, body = SOURCES[layout.source](sent)
    texts = {"t": sent.timestamp, "m": sent.method, "p": sent.path, "q": query, "k": sent.api_key, "o": sent.host}
    return next(messages_of(layout, {"b": [body]} | {slot: [to_bytes(text)] for slot, text in texts.items()}))[0]


def _shown(value: Any, sent: Sent, part: str, secret: str) -> str:
    """A value of a part as text."""
    if part == "layout":
        digest = "" if value.digest == "hmac-sha256" else f"{value.digest}: "
        value = digest.encode() + _message(value, sent)
    if part == "digest":
        key = Secret(secret.encode())
        digest = Search(sent, key, key, "0" * 64, 0.0)._digester(value or "hmac-sha256", key)
        return digest(_message(BASES[sent.scheme], sent))
    return bytes(value).decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _made(one: Change, part: str, sent: Sent, secret: str, most: int) -> list[str]:
    """What a row makes of a request's part, but for what it was."""
    start = starts(sent, secret)[part]
    before = _shown(start, sent, part, secret)
    found: list[str] = []
    try:
        for value in islice(one.values(start, sent), most):
            try:
                found.append(_shown(value, sent, part, secret))
            except ValueError:  # a layout that this request has not what it takes for
                continue
    except (ValueError, ArithmeticError, RecursionError):  # as far as the search takes it
        pass
    return [text for text in found if text != before]


def _few(found: list[str]) -> list[str]:
    if len(found) <= MOST_SHOWN and sum(map(len, found)) <= MOST_CHARACTERS:
        return found
    return [found[n] for n in sorted({round(part * (len(found) - 1) / 4) for part in range(5)})]


def rows(part: str) -> Iterator[dict[str, Any]]:
    """The lines of a part's file, from its table as it is."""
    if part == "signature":
        yield from _signatures()
        return
    yield {"part": part, "most": TABLES[part].most}
    for stage, changes in enumerate(TABLES[part].stages):
        for one in changes:
            of, makes, count, digest = "", [], 0, hashlib.sha256()
            for name, (sent, secret) in REQUESTS.items():
                found = _made(one, part, sent, secret, FEW if count > MANY else MOST)
                digest.update("\0".join((name, str(len(found)), *found)).encode("utf-8", "surrogatepass"))
                count += len(found)
                if found and not of:
                    of, makes = name, _few(found)
            yield {
                "name": one.name,
                "cost": one.cost,
                "stage": stage,
                "more": [word for word in ("last", "light") if getattr(one, word)],
                "sentence": one.sentence,
                "of": of,
                "makes": makes,
                "all": f"{count} {digest.hexdigest()[:16]}",
            }


def _signatures() -> Iterator[dict[str, Any]]:
    for finding in FINDINGS:
        yield {"name": finding.name, "sentence": finding.sentence}
    for name, signature in SPELLED.items():
        read = [
            {
                "hex": one.hex,
                "sizes": sorted(one.sizes),
                "fits": [which for which, digest in SPELLED_DIGESTS.items() if one.fits(digest.hex())],
                "findings": [finding.name for finding in one.findings],
            }
            for one in readings(signature)
        ]
        yield {"spelled": name, "signature": signature, "readings": read}


def held(part: str) -> list[dict[str, Any]]:
    """The lines of a part's file."""
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{part}.json").read_text("utf-8"))
    return found


def write() -> None:
    """The files again."""
    for part in (*PARTS, "signature"):
        lines = ",\n".join(map(json.dumps, rows(part)))
        (FOLDER / f"{part}.json").write_text(f"[\n{lines}\n]\n", "utf-8")
