"""What people really do, by kind: each made by hand with the standard library alone, on one request."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, quote_plus

import pytest
from helpers.by_hand import Made, assert_named
from helpers.oracle import KEY, NOW, SECRET

ORDER = {
    "symbol": "SPOT_é币_USDT",
    "side": "BUY",
    "price": 9000.5,
    "quantity": "0.00001",
    "reduceOnly": False,
    "stop": None,
}
TEXT = json.dumps(ORDER, separators=(",", ":"), ensure_ascii=False)
POST = Made(method="POST", path="/v3/trade/order", body=TEXT.encode())
GET = Made(path="/v3/trade/orders", query="?symbol=SPOT_BTC_USDT&tag=a%20b&closed=true&empty=")
NOTHING = Made(path="/v3/asset/balances")
BY_ID = Made(method="PUT", path="/v3/order/60667653330", body=b'{"price":"9000","quantity":"1"}')
NUMBERS = Made(
    method="POST", path="/v3/trade/order", body=b'{"price":9000.0,"quantity":"0.30","small":1e-05,"count":9000}'
)

REPLACED = replace(POST, body=json.dumps(ORDER).encode())
FORM_OF_V1 = Made(method="POST", path="/v1/order", body=b"side=BUY&symbol=SPOT_BTC_USDT&price=9000")


def replaced_method(text: str) -> tuple[Made, Made]:
    return GET, replace(GET, method=text)


ISO = "2020-01-09T10:25:39.808Z"  # NOW
FORM = "symbol=SPOT_%C3%A9%E5%B8%81_USDT&side=BUY&price=9000.5&quantity=0.00001&reduceOnly=False&stop=None"


def keyed(secret: bytes, message: bytes, name: str = "sha256") -> bytes:
    return hmac.new(secret, message, name).digest()


def body(sent: Made, text: str | bytes) -> tuple[Made, Made]:
    return sent, replace(sent, body=text.encode() if isinstance(text, str) else text)


def query(text: str) -> tuple[Made, Made]:
    return GET, replace(GET, query=text)


def path(text: str, sent: Made = GET) -> tuple[Made, Made]:
    return sent, replace(sent, path=text)


def stamp(text: str, sent: Made = GET) -> tuple[Made, Made]:
    return sent, replace(sent, timestamp=text)


def secret(value: bytes) -> tuple[Made, Made]:
    return GET, replace(GET, secret=value)


def message(text: str | bytes, sent: Made = POST, algorithm: str = "sha256") -> tuple[Made, Made]:
    data = text.encode() if isinstance(text, str) else text
    return sent, replace(sent, join=lambda m: [data], digest=lambda k, m: keyed(k, m, algorithm))


def written(write: Callable[[bytes], str]) -> tuple[Made, Made]:
    return GET, replace(GET, write=write)


def digested(digest: Callable[[bytes, bytes], bytes]) -> tuple[Made, Made]:
    return POST, replace(POST, digest=digest)


def digest_that(fits: Callable[[bytes], bool]) -> Made:
    """The request with another tag, so that its digest fits."""
    made = (replace(GET, query=f"?tag={n}") for n in range(100_000))
    return next(one for one in made if fits(keyed(one.secret, one.message())))


UNEVEN = digest_that(lambda d: d[0] >= 16 and min(d) < 16)
SMALL = digest_that(lambda d: d[0] == 0)  # begins with zeros
NEGATIVE = digest_that(lambda d: d[0] > 127)
SHA = hashlib.sha256
S = SECRET.encode()

FAMILIES: dict[str, list[tuple[str, tuple[Made, Made]]]] = {
    "no body": [
        (name, body(NOTHING, text))
        for name, text in (
            ("no-body-object", "[object Object]"),
            ("no-body-undefined", "undefined"),
            ("no-body-null", "null"),
            ("no-body-empty-list", "[]"),
            ("no-body-empty-object", "{}"),
            ("no-body-bytes", "b''"),
            ("no-body-go-nil", "<nil>"),
            ("no-body-none", "None"),
            ("no-body-hash", SHA(b"").hexdigest()),
            ("no-body-nil", "nil"),
            ("no-body-single-quotes", "''"),
        )
    ],
    "another language's body": [
        ("json-repr-double-quotes", body(POST, str(ORDER).replace("'", '"'))),
        ("json-repr", body(POST, str(ORDER))),
        ("body-object", body(POST, "[object Object]")),
        (
            "json-keys-pascal-case",
            body(
                POST,
                json.dumps(
                    {k[0].upper() + k[1:]: v for k, v in ORDER.items()}, separators=(",", ":"), ensure_ascii=False
                ),
            ),
        ),
        (
            "json-no-nulls",
            body(
                POST,
                json.dumps(
                    {k: v for k, v in ORDER.items() if v is not None}, separators=(",", ":"), ensure_ascii=False
                ),
            ),
        ),
        (
            "body-java-map",
            body(POST, "{symbol=SPOT_é币_USDT, side=BUY, price=9000.5, quantity=0.00001, reduceOnly=false, stop=null}"),
        ),
        ("body-array", body(POST, "Array")),
        ("json-single-quotes", body(POST, TEXT.replace('"', "'"))),
        ("body-form-python", body(POST, FORM)),
        *(
            ("body-printed", body(POST, text))
            for text in (
                "{" + ", ".join(f":{k}=>{json.dumps(v, ensure_ascii=False)}" for k, v in ORDER.items()) + "}",
                "{" + ", ".join(f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in ORDER.items()) + "}",
                "%{" + ", ".join(f'"{k}" => {json.dumps(v, ensure_ascii=False)}' for k, v in ORDER.items()) + "}",
                "{ "
                + ", ".join(f"{k}: " + (f"'{v}'" if isinstance(v, str) else json.dumps(v)) for k, v in ORDER.items())
                + " }",
            )
        ),
        ("body-text", body(POST, "System.Text.Json.JsonElement")),
        ("body-named", body(POST, "data=" + TEXT)),
        ("body-percent-encoded-plus", body(REPLACED, quote_plus(REPLACED.body))),
        ("body-encoded", body(POST, TEXT.encode("ascii", "xmlcharrefreplace"))),
        ("body-encoded", body(POST, TEXT.encode("ascii", "ignore"))),
        ("body-keys-unquoted", body(POST, re.sub(r'"(\w+)":', r"\1:", TEXT))),
    ],
    "fields and their order": [
        (
            "json-field-added",
            body(
                POST,
                json.dumps({k: v for k, v in ORDER.items() if k != "side"}, separators=(",", ":"), ensure_ascii=False),
            ),
        ),
        ("json-sorted", body(POST, json.dumps(ORDER, sort_keys=True, separators=(",", ":"), ensure_ascii=False))),
        ("json-order", body(POST, json.dumps({"stop": None, **ORDER}, separators=(",", ":"), ensure_ascii=False))),
        (
            "json-reversed",
            body(POST, json.dumps(dict(reversed(ORDER.items())), separators=(",", ":"), ensure_ascii=False)),
        ),
        *(
            ("json-field-dropped", body(POST, TEXT[:-1] + f',"{name}":{value}}}'))
            for name, value in (("timestamp", NOW), ("recvWindow", 5000), ("amount", '""'))
        ),
        ("json-null-dropped", body(POST, TEXT[:-1] + ',"reduce_only":null}')),
        ("json-field-dropped", body(POST, f'{{"timestamp":"{NOW}",{TEXT[1:]}')),
    ],
    "layout of JSON": [
        *((f"json-indent-{n}", body(POST, json.dumps(ORDER, indent=n, ensure_ascii=False))) for n in range(1, 9)),
        ("json-indent-tab", body(POST, json.dumps(ORDER, indent="\t", ensure_ascii=False))),
        ("json-indent-2-crlf", body(POST, json.dumps(ORDER, indent=2, ensure_ascii=False).replace("\n", "\r\n"))),
        ("body-bom", body(POST, "\ufeff" + TEXT)),
        ("json-nfd", body(POST, unicodedata.normalize("NFD", TEXT))),
        ("json-ascii-upper", body(POST, TEXT.replace("é", "\\u00E9").replace("币", "\\u5E01"))),
        ("json-ascii", body(POST, TEXT.replace("é", "\\u00e9").replace("币", "\\u5e01"))),
        ("json-styled", body(POST, TEXT.replace("{", "{ ").replace("}", " }"))),
        ("json-styled", body(POST, TEXT[:-1] + ",}")),
    ],
    "numbers": [
        (name, body(NUMBERS, NUMBERS.body.decode().replace(old, new)))
        for name, old, new in (
            ("json-value-spelled", '"price":9000.0', '"price":9000'),
            ("json-value-spelled", '"count":9000', '"count":9000.0'),
            ("json-numbers-plain", "1e-05", "0.00001"),
            ("json-value-spelled", "1e-05", "1E-05"),
            ("json-value-spelled", "1e-05", "1.0E-5"),
            ("json-value-spelled", '"0.30"', '"0.30000000000000004"'),
            ("json-value-spelled", '"0.30"', '"0.3"'),
            ("json-numbers", '"0.30"', "0.30"),
            ("json-value-spelled", "9000.0,", '"9000.0",'),
            ("json-value-spelled", "9000.0,", '"9000,0",'),
            ("json-value-spelled", "9000}", '"9000"}'),
        )
    ],
    "the signature's spelling": [
        ("signature-base64", written(lambda d: base64.b64encode(d).decode())),
        (
            "signature-base64-url-safe",
            (
                NEGATIVE,
                replace(
                    digest_that(lambda d: b"-" in base64.urlsafe_b64encode(d)),
                    write=lambda d: base64.urlsafe_b64encode(d).decode(),
                ),
            ),
        ),
        ("signature-percent-encoded", written(lambda d: quote(base64.b64encode(d), safe=""))),
        ("signature-base64-of-hex", written(lambda d: base64.b64encode(d.hex().encode()).decode())),
        ("signature-hex-of-hex", written(lambda d: d.hex().encode().hex())),
        ("signature-dashes", written(lambda d: d.hex("-").upper())),
        ("signature-dashes", written(lambda d: d.hex(":"))),
        ("signature-label", written(lambda d: f"(stdin)= {d.hex()}")),
        ("signature-label", written(lambda d: f"SHA2-256(stdin)= {d.hex()}")),
        ("signature-label", written(lambda d: f"sha256={d.hex()}")),
        ("signature-quotes", written(lambda d: f'"{d.hex()}"')),
        ("signature-0x", written(lambda d: f"0x{d.hex()}")),
        ("signature-cut", written(lambda d: d.hex()[:32] + d.hex()[32:40])),
        ("signature-cut-front", written(lambda d: d.hex()[-36:])),
        ("signature-buffer", written(lambda d: f"<Buffer {d.hex(' ')}>")),
        ("signature-decimals", written(lambda d: str(list(d)))),
        ("signature-decimal", written(lambda d: str(int.from_bytes(d, "big")))),
        ("signature-byte-prefixes", written(lambda d: "".join(f"\\x{byte:02x}" for byte in d))),
        ("signature-raw-latin-1", written(lambda d: d.decode("latin-1"))),
        ("signature-zeros-lost", (SMALL, replace(SMALL, write=lambda d: f"{int.from_bytes(d, 'big'):x}"))),
        ("signature-unpadded", (UNEVEN, replace(UNEVEN, write=lambda d: "".join(f"{byte:x}" for byte in d)))),
        (
            "signature-negative",
            (NEGATIVE, replace(NEGATIVE, write=lambda d: f"{int.from_bytes(d, 'big', signed=True):x}")),
        ),
        (
            "signature-sign-extended",
            (
                NEGATIVE,
                replace(NEGATIVE, write=lambda d: "".join(("ffffff" if b > 127 else "") + f"{b:02x}" for b in d)),
            ),
        ),
        ("signature-surrounded", written(lambda d: f"{d.hex()}  -")),
        ("signature-surrounded", written(lambda d: f'{{"sign":"{d.hex()}"}}')),
        ("signature-surrounded", written(lambda d: f"{KEY}:{d.hex()}")),
        ("signature-label", written(lambda d: f"hmac-sha256 {d.hex()}")),
        ("signature-bits", written(lambda d: "".join(f"{byte:08b}" for byte in d))),
        ("signature-base85", written(lambda d: base64.b85encode(d).decode())),
        ("signature-raw-utf-8", written(lambda d: d.decode("utf-8", "replace"))),
    ],
    "the digest": [
        ("algorithm-hmac-of-hmac", digested(lambda k, m: keyed(k, keyed(k, m)))),
        ("algorithm-hmac-of-hmac-hex", digested(lambda k, m: keyed(k, keyed(k, m).hex().encode()))),
        ("algorithm-sha256-of-hmac", digested(lambda k, m: SHA(keyed(k, m)).digest())),
        ("algorithm-of-base64", digested(lambda k, m: keyed(k, base64.b64encode(m)))),
        ("algorithm-of-sha256-hex", digested(lambda k, m: keyed(k, SHA(m).hexdigest().encode()))),
        ("algorithm-sha256-twice", digested(lambda k, m: SHA(SHA(m).digest()).digest())),
        ("algorithm-hmac-sha224", digested(lambda k, m: keyed(k, m, "sha224"))),
        ("algorithm-of-percent-encoded", digested(lambda k, m: keyed(k, quote(m, safe="").encode()))),
        ("algorithm-of-json-string", digested(lambda k, m: keyed(k, json.dumps(m.decode()).encode()))),
        ("algorithm-of-message-secret", digested(lambda k, m: keyed(k, m + k))),
        ("algorithm-blake2b-keyed", digested(lambda k, m: hashlib.blake2b(m, key=k, digest_size=32).digest())),
        ("algorithm-pbkdf2", digested(lambda k, m: hashlib.pbkdf2_hmac("sha256", m, k, 1))),
    ],
    "other exchanges": [
        ("rule-bybit", message(f"{NOW}{KEY}5000{TEXT}")),
        ("rule-bybit-no-window", message(f"{NOW}{KEY}{TEXT}")),
        ("receive-window-signed", message(f"{NOW}{KEY}20000{TEXT}")),
        ("rule-binance", message(f"{GET.query[1:]}&timestamp={NOW}", GET)),
        ("rule-binance-window", message(f"{GET.query[1:]}&recvWindow=5000&timestamp={NOW}", GET)),
        ("rule-okx", message(f"{ISO}POST/v3/trade/order{TEXT}")),
        (
            "rule-gate",
            message(f"POST\n/v3/trade/order\n\n{hashlib.sha512(POST.body).hexdigest()}\n{NOW // 1000}", POST, "sha512"),
        ),
        ("rule-bitmex", message(f"POST/v3/trade/order{NOW // 1000}{TEXT}")),
        ("rule-bitfinex", message(f"/api/v3/trade/order{NOW}{TEXT}", POST, "sha384")),
        ("rule-coinbase", message(f"{NOW // 1000}POST/v3/trade/order{TEXT}")),
        ("rule-deribit", message(f"{NOW}\n{NOW}\nPOST\n/v3/trade/order\n{TEXT}\n")),
        ("rule-phemex", message(f"/v3/trade/orders{GET.query[1:]}{NOW // 1000}", GET)),
        (
            "rule-huobi",
            message(
                f"GET\napi.woox.io\n/v3/asset/balances\nAccessKeyId={KEY}&SignatureMethod=HmacSHA256&SignatureVersion=2&Timestamp=2020-01-09T10%3A25%3A39",
                NOTHING,
            ),
        ),
        ("rule-kraken", message(b"/v3/trade/order" + SHA(str(NOW).encode() + POST.body).digest(), POST, "sha512")),
        ("rule-mexc-body", message(f"{KEY}{NOW}{TEXT}")),
        ("rule-huobi-plain-unsorted", message(f"GET\napi.woox.io\n/v3/trade/orders\n{GET.query[1:]}", GET)),
        ("rule-another-exchange", message(f"{GET.query[1:]}&nonce={NOW}", GET, "sha512")),
        ("rule-bithumb", message(f"/v3/trade/orders\0{GET.query[1:]}\0{NOW}", GET, "sha512")),
        ("more-signed", message(f"{NOW}POST/v3/trade/orderapplication/json{TEXT}")),
        ("signed-as-json", message(str([str(NOW), "POST", "/v3/trade/order", "BODY"]).replace("BODY", TEXT))),
    ],
    "V1 on V3": [
        ("rule-v1", message(f"closed=true&empty=&symbol=SPOT_BTC_USDT&tag=a%20b|{NOW}", GET)),
        ("rule-v1 query-booleans-python", message(f"closed=True&empty=&symbol=SPOT_BTC_USDT&tag=a%20b|{NOW}", GET)),
        ("rule-v1 query-mark", message(f"?closed=true&empty=&symbol=SPOT_BTC_USDT&tag=a%20b|{NOW}", GET)),
        ("rule-v1 query-trailing-ampersand", message(f"closed=true&empty=&symbol=SPOT_BTC_USDT&tag=a%20b&|{NOW}", GET)),
        ("rule-v1 separator-none", message(f"closed=true&empty=&symbol=SPOT_BTC_USDT&tag=a%20b{NOW}", GET)),
        ("rule-v1 query-plus", message(f"closed=true&empty=&symbol=SPOT_BTC_USDT&tag=a+b|{NOW}", GET)),
        ("rule-v1 query-no-empty", message(f"closed=true&symbol=SPOT_BTC_USDT&tag=a%20b|{NOW}", GET)),
    ],
    "time": [
        ("timestamp-seconds", stamp(str(NOW // 1000))),
        ("timestamp-nanoseconds", stamp(f"{NOW}000000")),
        ("timestamp-float-seconds", stamp(repr(NOW / 1000))),
        ("timestamp-exponent", stamp("1.578565539808E12")),
        ("timestamp-int32", stamp(str((NOW + 2**31) % 2**32 - 2**31))),
        ("timestamp-zone", stamp(str(NOW + 8 * 3_600_000))),
        ("timestamp-zone", stamp(str(NOW - 19_800_000))),
        ("timestamp-iso-milliseconds", stamp(ISO[:-1])),
        ("timestamp-round-away", stamp(str(NOW + 60_000))),
        ("timestamp-round-away-seconds", stamp(str(NOW // 1000 + 5))),
        ("timestamp-another-request", stamp(str(NOW - 41_234))),
        ("timestamp-taken-twice", stamp(str(NOW + 4711))),
        ("timestamp-microseconds", stamp(f"{NOW}417")),
        ("timestamp-iso-microseconds", stamp(ISO[:-1] + "417Z")),
        ("timestamp-date", stamp("Thu, 09 Jan 2020 10:25:39 +0000")),
        ("timestamp-date", stamp("1/9/2020, 12:25:39 PM")),
        ("timestamp-date", stamp("2020-01-09T18:25:39+08:00")),
        ("timestamp-decimals", stamp("1578565539.81")),
        ("timestamp-text", stamp("{{timestamp}}")),
        ("timestamp-leading-zero", stamp(f"0{NOW}")),
    ],
    "the secret": [
        (f"secret-{name}", secret(value))
        for name, value in (
            ("cr", S + b"\r"),
            ("newline", S + b"\n"),
            ("crlf", S + b"\r\n"),
            ("tab", S + b"\t"),
            ("semicolon", S + b";"),
            ("comma", S + b","),
            ("first-double-quote", b'"' + S),
            ("last-single-quote", S + b"'"),
            ("nbsp", S + b"\xc2\xa0"),
            ("zero-width-space", S + b"\xe2\x80\x8b"),
            ("doubled", S + S),
            ("last-two-lost", S[:-2]),
            ("first-two-lost", S[2:]),
            ("variable", b"WOOX_API_SECRET"),
            ("variable", b"${API_SECRET}"),
            ("variable", b"your_api_secret"),
            ("sha256-hex", SHA(S).hexdigest().encode()),
            ("base64-encoded", base64.b64encode(S)),
            ("base64-newline", base64.b64encode(S + b"\n")),
            ("hex-encoded", S.hex().encode()),
            ("api-key", KEY.encode()),
            ("undefined", b"undefined"),
            ("key-and-secret", KEY.encode() + S),
            ("surrounded", S + b"\xe2\x80\x8c"),
            ("surrounded", b"\x0b" + S),
            ("surrounded", S + b"|"),
            ("surrounded", S + b"," + S),
            ("tripled", S * 3),
            ("cut", S[3:]),
            ("cut", S[:-5]),
            ("mistyped", S[:9] + S[10:]),
            ("mistyped", S.replace(b"8", b"B")),
            ("prefixed", b"WOOX_API_SECRET=" + S),
            ("prefixed", b"Bearer " + S),
            ("prefixed", b'"secret": "' + S + b'"'),
            ("printed", b'Optional("' + S + b'")'),
            ("printed", str(list(S)).encode()),
            ("variable", b"os.environ['API_SECRET']"),
            ("variable", b"<YOUR_API_SECRET>"),
            ("variable", b"**********"),
            ("md5-hex-upper", hashlib.md5(S).hexdigest().upper().encode()),
            ("base64-twice", base64.b64encode(base64.b64encode(S))),
            ("key-percent-encoded", quote(KEY, safe="").encode()),
            ("timestamp", str(NOW).encode()),
        )
    ],
    "the method": [
        ("method-enum", replaced_method("HttpVerb.GET")),
        ("method-enum", replaced_method("<HTTPMethod.GET: 'GET'>")),
        ("method-enum", replaced_method("http.MethodGet")),
        ("method-marked", replaced_method("GET:")),
        ("method-object", replaced_method("[object Object]")),
    ],
    "V3 on V1": [
        (
            "rule-v3-json",
            (FORM_OF_V1, body(FORM_OF_V1, '{"side":"BUY","symbol":"SPOT_BTC_USDT","price":"9000"}')[1]),
        ),
        ("rule-v1-json", message(f'{{"side": "BUY", "symbol": "SPOT_BTC_USDT", "price": "9000"}}|{NOW}', FORM_OF_V1)),
        ("rule-v3", (FORM_OF_V1, FORM_OF_V1)),
    ],
    "no body, rarer": [
        *(("no-body-text", body(NOTHING, text)) for text in ("NULL", "{\n}", "Optional.empty", "(null)", "'{}'", "\0")),
        ("no-body-hash", body(NOTHING, hashlib.md5(b"").hexdigest().upper())),
    ],
    "numbers, rarer": [
        ("json-numbers-fixed", body(BY_ID, '{"price":"9000.0000","quantity":"1.0000"}')),
        ("json-numbers-floats", body(NUMBERS, NUMBERS.body.decode().replace('"0.30"', "0.3"))),
        ("json-value-spelled", body(NUMBERS, NUMBERS.body.decode().replace("1e-05", "1E-5"))),
        ("json-value-spelled", body(NUMBERS, NUMBERS.body.decode().replace('"0.30"', '".30"'))),
    ],
    "path": [
        ("path-prefix-api", path("/api/v3/trade/orders")),
        ("path-no-version", path("/trade/orders")),
        ("path-doubled-version", path("/v3/v3/trade/orders")),
        ("path-other-version", path("/v1/trade/orders")),
        ("path-host", path("api.woox.io/v3/trade/orders")),
        ("path-other-host", path("https://api-pub.woox.io/v3/trade/orders")),
        ("path-other-host", path("https://api.woox.io:443/v3/trade/orders")),
        ("path-trailing-slash", path("/v3/trade/orders/")),
        ("path-fragment", path("/v3/asset/balances#", NOTHING)),
        ("path-double-slash", path("//v3/trade/orders")),
        ("path-left-out", path("")),
        ("path-template", path("/v3/order/{id}", BY_ID)),
        ("path-template", path("/v3/order/:orderId", BY_ID)),
        ("path-part-lost", path("/v3/orders")),
        ("path-prefixed", path("/pub/v3/trade/orders")),
        ("path-text", path("{path}")),
        ("path-plural", path("/v3/trades/orders")),
        ("path-marked", path("/v3/trade/orders//")),
        ("path-upper-case-version", path("/V3/trade/orders")),
        ("path-template", path("/v3/order/{orderId}", BY_ID)),
        ("path-template", path("/v3/order?orderId=60667653330", BY_ID)),
    ],
    "query": [
        ("query-booleans-python", query("?symbol=SPOT_BTC_USDT&tag=a%20b&closed=True&empty=")),
        ("query-plus", query("?symbol=SPOT_BTC_USDT&tag=a+b&closed=true&empty=")),
        ("query-no-empty", query("?symbol=SPOT_BTC_USDT&tag=a%20b&closed=true")),
        ("query-sorted", query("?closed=true&empty=&symbol=SPOT_BTC_USDT&tag=a%20b")),
        ("query-order", query("?tag=a%20b&symbol=SPOT_BTC_USDT&closed=true&empty=")),
        ("query-field-dropped", query(GET.query + "&page=undefined")),
        ("query-more", query("?timestamp=1578565539808&" + GET.query[1:])),
        ("query-marks", query(GET.query.replace("&", " & "))),
        ("query-text", query("[object URLSearchParams]")),
        ("query-value-spelled", query(GET.query.replace("SPOT_BTC_USDT", "BTC-USDT"))),
        ("query-value-spelled", query(GET.query.replace("SPOT_BTC_USDT", "['SPOT_BTC_USDT']"))),
    ],
}


@pytest.mark.parametrize(
    ("names", "sent", "made"),
    [
        pytest.param(
            names, *pair, id=f"{kind}: {names} {at}".replace(" ", "-"), marks=[pytest.mark.slow] if at > 2 else []
        )
        for kind, rows in FAMILIES.items()
        for at, (names, pair) in enumerate(rows)
    ],
)
def test_a_family(names: str, sent: Made, made: Made) -> None:
    if names == "signature-base64-url-safe":
        sent = replace(made, write=bytes.hex)
    assert_named(names, sent, made)
