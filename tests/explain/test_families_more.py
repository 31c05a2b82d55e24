"""What single languages and tools make of a request: each made by hand with the standard library alone."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, urlencode

import pytest
from helpers.by_hand import Made, assert_named, keyed
from helpers.oracle import NOW

ORDER = {
    "symbol": "SPOT_WOO_USDT",
    "side": "BUY",
    "price": "0.2150",
    "quantity": "400",
    "clientOrderId": 77,
    "reduceOnly": False,
    "orderTag": "mm <a&b>'s=x/y+",
}
NESTED = {"token": "USDT", "amount": "125.50", "from": {"id": "9b4c-1f"}, "to": {"id": "0c7d", "tags": ["a", "b"]}}


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def post(value: object) -> Made:
    return Made(method="POST", path="/v3/trade/order", body=compact(value).encode())


POST, TREE = post(ORDER), post(NESTED)
GET = Made(path="/v3/trade/orders", query="?symbol=SPOT_WOO_USDT&memo=a(b)*c%21%20d%3A%5B1%5D&tag=x~y")
BY_ID = Made(method="PUT", path="/v3/algo/order/60667653330", body=b'{"price":"1"}')
TEXT = POST.body.decode()
AT = datetime.fromtimestamp(NOW / 1000, timezone.utc)
SECONDS, MS = str(NOW)[:10], str(NOW)[10:]


def body(text: str, sent: Made = POST) -> tuple[Made, Made]:
    return sent, replace(sent, body=text.encode())


def stamp(text: str) -> tuple[Made, Made]:
    return GET, replace(GET, timestamp=text)


def query(text: str) -> tuple[Made, Made]:
    return GET, replace(GET, query=text)


def path(text: str, sent: Made = POST) -> tuple[Made, Made]:
    return sent, replace(sent, path=text)


def secret(change: Callable[[bytes], bytes]) -> tuple[Made, Made]:
    return GET, replace(GET, secret=change(GET.secret))


def written(write: Callable[[bytes], str]) -> tuple[Made, Made]:
    return UNEVEN, replace(UNEVEN, write=write)


def message(text: str, sent: Made = POST) -> tuple[Made, Made]:
    return sent, replace(sent, join=lambda m: [text])


def signed(made: Made) -> bytes:
    return made.digest(made.secret, made.message())


UNEVEN = next(
    one
    for one in (replace(GET, query=f"?tag={n}") for n in range(10_000))
    if signed(one)[0] < 16 and sum(byte > 127 for byte in signed(one)) >= 8 and b"\0" not in signed(one)
)


def local(hours: float, form: str) -> str:
    return f"{AT + timedelta(hours=hours):{form}}"


def in_base_36(number: int) -> str:
    return (in_base_36(number // 36) if number > 35 else "") + "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36]


def to_query(name: str, value: object) -> list[tuple[str, str]]:
    """As PHP, Rails and qs name nested values."""
    if isinstance(value, dict):
        return [pair for key, one in value.items() for pair in to_query(f"{name}[{key}]" if name else key, one)]
    if isinstance(value, list):
        return [pair for at, one in enumerate(value) for pair in to_query(f"{name}[{at}]", one)]
    return [(name, str(value))]


def serialized(value: object) -> str:
    if isinstance(value, bool):
        return f"b:{int(value)};"
    if isinstance(value, int):
        return f"i:{value};"
    if isinstance(value, str):
        return f's:{len(value.encode())}:"{value}";'
    assert isinstance(value, dict)
    return f"a:{len(value)}:{{{''.join(serialized(key) + serialized(one) for key, one in value.items())}}}"


def go_sum(made: Made) -> str:
    """Go's Sum(message), of an HMAC that nothing was written to."""
    return made.message().hex() + keyed("sha256")(made.secret, b"").hex()


def of_pairs(between: str, form: str = "{}={}") -> str:
    return between.join(form.format(*pair) for pair in ORDER.items())


def parsed(key: bytes) -> bytes:
    """As CryptoJS takes what is no hex for zero."""
    pairs = re.findall("..?", key.decode())
    return bytes(int(re.match("[0-9A-F]*", pair)[0] or "0", 16) for pair in pairs)


def packed(key: bytes) -> bytes:
    """As Perl's pack("H*") takes letters beyond F: by their lower four bits and nine."""
    digits = [(c & 15) + 9 & 15 if chr(c).isalpha() else c & 15 for c in key] + [0] * (len(key) % 2)
    return bytes(high << 4 | low for high, low in zip(digits[::2], digits[1::2], strict=True))


FAMILIES: dict[str, list[tuple[str, tuple[Made, Made]]]] = {
    "dates": [
        ("timestamp-date", stamp(local(2, "%a %b %d %Y %H:%M:%S GMT+0200 (Central European Summer Time)"))),
        ("timestamp-date", stamp(local(8, "%a %b %d %H:%M:%S CST %Y"))),
        ("timestamp-date", stamp(local(0, "%Y.%m.%d %H:%M:%S"))),
        ("timestamp-date", stamp(local(1, f"%Y-%m-%dT%H:%M:%S.{MS}+01:00[Europe/Berlin]"))),
        ("timestamp-date", stamp(local(0, f"%Y-%m-%dT%H:%M:%S.{MS}Z[UTC]"))),
        ("timestamp-date", stamp(local(0, "%a %b %d %H:%M:%S %Y\n"))),
        ("timestamp-iso-ticks", stamp(local(0, f"%Y-%m-%dT%H:%M:%S.{MS}1234Z"))),
    ],
    "clocks": [
        ("timestamp-of-macos", stamp(SECONDS + "3N")),
        ("timestamp-other-epoch", stamp(str(NOW - 978_307_200_000))),
        ("timestamp-other-epoch", stamp(f"{NOW // 1000 - 978_307_200}.{MS}271")),
        ("timestamp-decimals", stamp(f"0.{MS}27100 {SECONDS}")),
        ("timestamp-more-digits", stamp(f"{NOW}3")),
        ("timestamp-exponents", stamp("1.5785655398083E+12")),
        ("timestamp-exponents", stamp("1.578565539808274e9")),
        ("timestamp-float-milliseconds", stamp(f"{NOW},27")),
        ("timestamp-hundred-nanoseconds", stamp(f"{NOW}0000")),
        ("timestamp-base-36", stamp(in_base_36(NOW))),
        ("timestamp-decimals", stamp(f"{SECONDS} {MS}")),
        ("timestamp-units", stamp(f"{NOW / 86_400_000 + 25_569:.10f}".replace(".", ","))),
    ],
    "templates": [
        ("timestamp-text", stamp("$TIMESTAMP")),
        ("timestamp-text", stamp("{{ $now.toMillis() }}")),
        ("timestamp-marked", stamp(f"%!s(int64={NOW})")),
        ("body-text", body("%BODY%")),
        ("body-text", body("${JSON.stringify(body)}")),
        ("json-value-to-come", body(TEXT.replace("0.2150", "{{price}}"))),
        ("json-value-to-come", body(TEXT.replace("77", "null"))),
        ("json-value-to-come", body(TEXT.replace("0.2150", "{{close}}"))),
        ("method-text", (POST, replace(POST, method="$METHOD"))),
        ("query-other-value", query("?symbol={{symbol}}&memo={{memo}}&tag={{tag}}")),
        ("message-text", message("undefined")),
        ("message-unfilled", message("{$timestamp}{$method}{$path}{$body}")),
        ("message-on-lines", message(f"\n    {NOW}\n    POST\n    {POST.path}\n    {TEXT}\n  ")),
    ],
    "values": [
        ("json-values-in-lists", body(compact({name: [one] for name, one in ORDER.items()}))),
        ("json-listed-keys", body('{"amount":"125.50","from":{},"to":{},"token":"USDT"}', TREE)),
        ("json-words-of-a-place", body(TEXT.replace("false", "Falsch"))),
        ("json-enum-printed", body(TEXT.replace('"BUY"', '"OrderSide.BUY"'))),
        ("json-enum-printed", body(TEXT.replace('"BUY"', "0"))),
        ("json-other-value", body(TEXT.replace("SPOT_WOO_USDT", "PERP_BTC_USDT"))),
        ("json-other-value", body(TEXT.replace("BUY", "SELL"))),
        ("json-numbers-normalized", body(TEXT.replace("400", "4E+2").replace("0.2150", "0.215"))),
        (
            "json-numbers-javascript-unquoted",
            body(TEXT.replace('"400"', "400").replace('"0.2150"', "0.215")),
        ),
        ("json-key-spelled", body(TEXT.replace("clientOrderId", "clientOrderID"))),
        ("json-powershell", body(re.sub("[<>&']", lambda found: f"\\u{ord(found[0]):04x}", TEXT))),
    ],
    "notations": [
        ("body-form-nested", body(urlencode(to_query("", NESTED), quote_via=quote), TREE)),
        ("body-form-nested", body("token=USDT&amount=125.50&from=[object Object]&to=[object Object]", TREE)),
        ("body-form-nested", body("&".join(f"{k}={v}" for k, v in to_query("", NESTED)), TREE)),
        ("body-pairs", body(compact(list(map(list, ORDER.items()))))),
        ("body-pairs", body("".join(f"[{name}, {compact(one)}]" for name, one in NESTED.items()), TREE)),
        ("body-python", body(f"defaultdict(<class 'dict'>, {ORDER})")),
        ("body-python", body(str(ORDER).replace("'BUY'", "<Side.BUY: 'BUY'>"))),
        ("body-python", body(str(ORDER).replace("'400'", "Decimal('400')").replace("'0.2150'", "Decimal('0.2150')"))),
        ("body-php-serialized", body(serialized(ORDER))),
        ("body-rust-value", body('Object {"price": String("1"), "n": Number(2)}', post({"price": "1", "n": 2}))),
        ("body-in-tool", body(compact({"mode": "raw", "raw": TEXT}))),
        ("body-other-quotes", body(re.sub('"([^"]*)"', "“\\1”", TEXT))),
        ("body-bytes", body(f"Optional({len(TEXT)} bytes)")),
        ("body-named", body(f"Some({json.dumps(TEXT)})")),
        ("body-object", body(of_pairs(" ", "{}={!r}"))),
        ("body-object", body("{ " + of_pairs(", ", "{} = {}") + " }")),
        ("body-printed", body(of_pairs(";"))),
        ("body-percent-encoded-component", body(quote(TEXT, safe="!'()*~-._"))),
        ("body-percent-encoded-escape", body(quote(TEXT, safe="*@-_+./"))),
    ],
    "queries and paths": [
        ("path-no-id", path("/v3/algo/order/null", BY_ID)),
        ("query-apart separator-newline", message(f"{NOW}\nPOST\n{POST.path}\n\n{TEXT}")),
        ("query-encoded-otherwise", query("?symbol=SPOT_WOO_USDT&memo=a%28b%29*c%21+d%3A%5B1%5D&tag=x%7Ey")),
        ("query-encoded-otherwise", query("?symbol=SPOT_WOO_USDT&memo=a(b)*c!+d%3a%5b1%5d&tag=x%7ey")),
        ("query-printed", query(f'?Some("{GET.query[1:]}")')),
        ("query-other-value", query(GET.query.replace("SPOT_WOO_USDT", "PERP_ETH_USDT"))),
        ("path-slashed", path("v3,trade,order")),
        ("path-slashed", path('["v3","trade","order"]')),
        ("path-other-endpoint", path("/v3/trade/order/cancelAllAfter")),
        ("method-enum", (POST, replace(POST, method="Net::HTTP::Post"))),
    ],
    "secrets": [
        ("secret-hex-decoded-zeros", secret(parsed)),
        ("secret-hex-decoded-nibbles", secret(packed)),
    ],
    "signatures": [
        ("signature-space-padded", written(lambda d: "".join(f"{byte:2x}" for byte in d))),
        ("signature-indexed", written(lambda d: compact({str(at): byte for at, byte in enumerate(d)}))),
        ("signature-raw-twice", written(lambda d: d.decode("latin-1").encode().hex())),
        ("signature-raw-ascii", written(lambda d: "".join(chr(byte) if byte < 128 else "?" for byte in d))),
        ("signature-joined signature-base64-of-hex", written(lambda d: base64.encodebytes(d.hex().encode()).decode())),
        ("signature-raw", written(lambda d: quote(d))),
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
    assert_named(names, sent, made)


def test_what_gos_sum_gives_for_a_message_is_the_hmac_of_nothing() -> None:
    made = replace(POST, join=lambda m: [b""])
    assert_named("nothing signature-message-in-front", POST, replace(made, write=lambda d: go_sum(POST)))
