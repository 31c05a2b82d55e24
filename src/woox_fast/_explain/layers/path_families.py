"""Changes of a path that have many outcomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

from ..signing import Sent
from ..spellings import camel_case, pascal_case, snake_case, spellings
from .texts import ABSENT, marked, placeholders, wrapped

VERSION = re.compile(r"/v\d+(?=/|\Z)")
_NUMBERS = re.compile(r"(?<=/)\d+(?=/|\Z)")


def after_hosts(*hosts: str) -> Callable[[str, Sent], Iterator[str]]:
    """The path after each of `hosts`, or else after the request's own, in each spelling."""

    def values(p: str, sent: Sent) -> Iterator[str]:
        for host in hosts or (sent.host,) * bool(sent.host):
            for before in ("https://", "http://", "", "//", "wss://"):
                for after in ("", ":443", "/", ":80", ":8080", ":3000", ":8000", ":5000")[: 8 if hosts else 3]:
                    yield f"{before}{host}{after}{p}"

    return values


HOSTS = (
    *("api.woox.io", "api.staging.woox.io", "api-pub.woox.io", "api.woo.org", "api.staging.woo.org", "api-pub.woo.org"),
    *("wss.woox.io", "woox.io", "x.woo.org", "localhost", "127.0.0.1", "api.woo.network", "www.woox.io"),
)


_IDS = (
    *("id", "orderId", "order_id", "oid", "order", "clientOrderId", "client_order_id", "symbol", "algoId", "algo_id"),
    *(
        "algoOrderId",
        "algo_order_id",
        "Id",
        "ID",
        "OrderId",
        "orderID",
        "cid",
        "clientId",
        "num",
        "number",
        "token",
        "",
    ),
)


def ended(p: str, sent: Sent) -> Iterator[str]:
    yield from (p + end for end in _MARKS)
    yield from marked(p)
    yield from wrapped(p)
    yield from wrapped(sent.origin + p)


_MARKS = (
    *("?=", "?&", "?#", "?/", "/.", "/?", " HTTP/2", " HTTP/1.0", "?undefined=undefined", "?null=", "?%s", "?{query}"),
    *("?query", "?params"),
)


def without_id(p: str, sent: Sent) -> Iterator[str]:
    """A path whose ids are not there yet."""
    if _NUMBERS.search(p):
        parts = _NUMBERS.split(p)
        for text in ("null", "undefined", "None", "nil", "NaN", "", "[object Object]", "0", "{}"):
            yield text.join(parts)


def templates(p: str, sent: Sent) -> Iterator[str]:
    """A path whose ids stand as the names that a template has for them."""
    if not _NUMBERS.search(p):
        return
    parts, number = _NUMBERS.split(p), _NUMBERS.findall(p)[-1]
    for name in _IDS:
        yield from (form.join(parts) for form in placeholders(name, shells=False))
        yield f"{p[: p.rindex(number)].rstrip('/')}?{name}={number}"


def other_ids(p: str, sent: Sent) -> Iterator[str]:
    """A path whose ids are spelled in another way, or a text."""
    if not _NUMBERS.search(p):
        return
    parts, number = _NUMBERS.split(p), _NUMBERS.findall(p)[-1]
    for text in (*ABSENT, *spellings(number), *marked(number), *wrapped(number), f"{number}/{number}", number * 2):
        yield text.strip('"').join(parts)
        yield text.join(parts)


def versions(p: str, sent: Sent) -> Iterator[str]:
    for version in (
        "/v1",
        "/v2",
        "/v3",
        "/v4",
        "/v5",
        "/v0",
        "/v6",
        "/v3.0",
        "/v3.1",
        "/v1.0",
        "/3",
        "/1",
        "/version3",
    ):
        yield VERSION.sub(version, p, count=1)


def prefixed(p: str, sent: Sent) -> Iterator[str]:
    bare = VERSION.sub("", p, count=1)
    for prefix in _PREFIXES:
        yield prefix + p
        yield prefix + bare
        yield prefix.removeprefix("/") + p


_PREFIXES = """
/pub
/public
/private
/rest
/rest/api
/api/pub
/api/v2
/api/v5
/api/proxy
/api/woox
/api/woo
/open-api
/open/api
/openapi
/open
/fapi
/dapi
/sapi
/papi
/oapi
/trade-api
/v4
/v5
/proxy
/proxy/woox
/woox
/woox/api
/woo
/gateway
/exchange
/client
/spot
/futures
/perp
/trade
/ext
/http
/https
/prod
/production
/staging
/dev
/backend
/server
/service
/services
/web
/app
/user
/users
/account
/internal
/external
/cors
/api-proxy
/app/api
/v3/api
/3.0
/.netlify/functions
.
..
/.
~
*
https://cors-anywhere.herokuapp.com/https://api.woox.io
https://corsproxy.io/?https://api.woox.io
https://corsproxy.io/?url=https://api.woox.io
https://api.allorigins.win/raw?url=https://api.woox.io
https://thingproxy.freeboard.io/fetch/https://api.woox.io
https://proxy.cors.sh/https://api.woox.io
https://cors.bridged.cc/https://api.woox.io
""".strip().split("\n")


def numbers_of_words(p: str, sent: Sent) -> Iterator[str]:
    """With each of its words in the singular or plural."""
    parts = p.split("/")
    if len(parts) < 32:
        for at, part in enumerate(parts):
            if part.isalpha():
                other = part[:-1] if part[-1] == "s" else part + "s"
                yield "/".join((*parts[:at], other, *parts[at + 1 :]))


_NAMES = ("path", "url", "endpoint", "uri", "request_path", "requestPath", "route", "resource", "pathname", "target")
_BASES = (
    "baseUrl",
    "base_url",
    "BASE_URL",
    "baseURL",
    "host",
    "url",
    "apiUrl",
    "API_URL",
    "domain",
    "server",
    "hostname",
)


def texts(p: str, sent: Sent) -> Iterator[str]:
    yield from placeholders(*_NAMES)
    yield from ABSENT
    yield from (text + p for text in ABSENT)
    yield from (name + p for name in placeholders(*_BASES))
    yield from (f"[object {name}]" for name in ("URL", "Location", "Request", "URLSearchParams"))
    for name in ("url.pathname", "request.path", "req.path", "pm.request.url.getPath()", "System.Uri", "#<URI::HTTPS>"):
        yield from (name, name + p)


def only_base(p: str, sent: Sent) -> Iterator[str]:
    """The base URL without the path."""
    for host in dict.fromkeys((sent.host, *HOSTS)):
        for before in ("https://", "http://", "", "wss://"):
            yield from (
                f"{before}{host}{after}" for after in ("", "/", "/v3", "/v3/", "/v1", "/v1/", "/v2", "/api", "/api/v3")
            )


def other_endpoints(p: str, sent: Sent) -> Iterator[str]:
    """Another request's path, or this one under another's name."""
    for version in ("/v3", "/v1", "/v2", ""):
        for name in _ENDPOINTS:
            yield f"{version}/{name}"
            if number := _NUMBERS.search(p):
                yield f"{version}/{name}/{number[0]}"


# WOO X's, of V1 and V3.
_ENDPOINTS = """
trade/order
trade/orders
trade/allOrders
trade/cancelAllAfter
trade/order/cancelAllAfter
trade/cancelAllOrders
trade/algoOrder
trade/algoOrders
trade/allAlgoOrders
trade/mergeAlgoOrder
trade/transactionHistory
trade/tradingFee
order
orders
order/cancelAll
order/cancel_all_after
orders/pending
client/order
client/orders
client/order/cancel_by_client_order_id
client/trade
client/trades
client/hist_trades
client/info
client/holding
client/leverage
client/transaction_history
client/futures_leverage
algo/order
algo/orders
algo/orders/pending
asset/balances
asset/wallet/deposit
asset/wallet/history
asset/wallet/withdraw
asset/wallet/withdraw/cancel
asset/internal/transfer
asset/transfer
asset/transfer/history
asset/deposit
asset/history
asset/withdraw
asset/main_sub_transfer
asset/main_sub_transfer_history
account/info
account/tradingMode
account/listenKey
account/subAccounts/all
account/subAccounts/assets
accountinfo
balances
positions
position
position/leverage
futures/positions
futures/position
futures/leverage
futures/positionMode
futures/defaultMarginMode
futures/fundingFee/history
interest/history
interest/repay
funding_fee/history
margin/repay
spotMargin/leverage
spotMargin/borrow
kline
orderbook
market_trades
tradingFee
referral/summary
referral/rewardHistory
sub_account/all
sub_account/assets
token_interest
token_interest/USDT
ip_restriction
public/info
public/systemInfo
public/futures
users/self/verify
private/order
private/orders
createOrder
order/create
order/place
place_order
""".strip().split("\n")


def slashed(p: str, sent: Sent) -> Iterator[str]:
    """With more slashes, or another mark in the place of one."""
    places = [found.start() for found in re.finditer("/", p)][:32]
    for at in places:
        yield from (
            p[:at] + mark + p[at + 1 :] for mark in ("//", "///", "////", "_", "-", ".", "", ":", "\\", "%2F", "%2f")
        )
    words = p.strip("/").split("/")
    for mark in (",", ", ", "/"):
        inner = mark.join(words)
        yield from (inner, f"[{inner}]")
        for quote_mark in "\"'":
            inner = mark.join(f"{quote_mark}{word}{quote_mark}" for word in words)
            yield from (f"[{inner}]", f"[{quote_mark}/{quote_mark}{mark}{inner}]")
    for mark in ("//", "_", "-", ".", "", ":", "|", ",", " "):
        yield p.replace("/", mark)
        yield p[:1] + p[1:].replace("/", mark)


def cased(p: str, sent: Sent) -> Iterator[str]:
    """With its words in another case."""
    words = p.split("/")
    for write in (
        pascal_case,
        camel_case,
        snake_case,
        str.upper,
        str.capitalize,
        lambda w: snake_case(w).replace("_", "-"),
    ):
        yield "/".join(map(write, words))
        yield "/".join((*words[:-1], write(words[-1])))
        yield "/".join((*words[:2], *map(write, words[2:])))


def without_part(p: str, sent: Sent) -> Iterator[str]:
    parts = p.split("/")
    if len(parts) < 32:
        for at in range(2, len(parts)):
            yield "/".join(parts[:at] + parts[at + 1 :])


def encoded_urls(p: str, sent: Sent) -> Iterator[str]:
    for url in (f"{sent.origin}{p}", f"{sent.origin}{p}{sent.query}", f"{sent.host}{p}"):
        for safe in ("", "/", ":", "/:", ":/?&="):
            yield quote(url, safe=safe, errors="surrogateescape")
