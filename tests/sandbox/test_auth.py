"""Test the authentication: raw bytes, headers, timestamp and receive window."""

from __future__ import annotations

import gzip
import hmac
import json

import pytest
from helpers.sandbox_client import LIMIT_ORDER, Client, Clock

from woox_fast.sandbox import DEMO_API_SECRET, Sandbox
from woox_fast.sandbox.endpoints import ENDPOINTS


def test_guide_example_is_verified() -> None:
    """The guide prints a V1 signature under its V3 examples; clients published the correct V3 signature."""
    clock = Clock(1578565539.808)
    sandbox = Sandbox("AbmyVJGUpN064ks5ELjLfA==", "QHKRXHPAW1MC9YGZMAT8YDJG2HPR", clock=clock)
    with sandbox, Client(sandbox, clock) as client:
        headers = {"x-api-key": "AbmyVJGUpN064ks5ELjLfA==", "x-api-timestamp": "1578565539808"}
        for signature, status in (
            ("fddab579aff8c193f920c2d4f0cda6a21a60f06fd9c3916541ecc4f6461f5977", 200),
            ("FDDAB579AFF8C193F920C2D4F0CDA6A21A60F06FD9C3916541ECC4F6461F5977", 200),  # hummingbot sends upper case
            ("20da0852f73b20da0208c7e627975a59ff072379883d8457d03104651032033d", 401),
        ):
            headers["x-api-signature"] = signature
            assert client.request("GET", b"/v3/algo/orders?algoType=STOP", headers)[0] == status
    assert sandbox.verified == 2


@pytest.mark.parametrize(
    "target",
    [
        b"/v3/trade/orders?orderTag=a[1]%5B1%5D,b%2Cc%2cd",
        b"/v3/trade/orders?orderTag=a+b%20c%2B%E2%82%AC%7E~",
        b"/v3/trade/orders?orderTag=a/b:c@d!$'()*;\"<>\\^`{|}",
        b"/v3/trade/orders?size=5&orderTag=b&orderTag=a",
        b"/v3/trade/orders?orderTag=a#b",
        b"/v3/trade/orders?orderTag=%zz%",
        b"/v3/trade/orders?",
    ],
)
def test_target_is_verified_raw(sandbox: Sandbox, client: Client, target: bytes) -> None:
    client.request("GET", target, client.sign("GET", target))
    assert sandbox.verified == 1
    assert sandbox.requests[-1].target == target.decode()
    for other in (target + b"&", target.replace(b"orders", b"order%73") + b"?"):
        client.request("GET", target, client.sign("GET", other))
        assert sandbox.verified == 1
        assert sandbox.requests[-1].verdict == "INVALID_SIGNATURE"


def test_absolute_target_counts_by_path(sandbox: Sandbox, client: Client) -> None:
    for absolute, signed in (
        (b"http://api.woox.io/v3/asset/balances?token=%57OO", b"/v3/asset/balances?token=%57OO"),
        (b"HTTP://user@[::1]:8080/v3/account/info", b"/v3/account/info"),
    ):
        status, _ = client.request("GET", absolute, client.sign("GET", signed))
        assert status == 200
        status, _ = client.request("GET", absolute, client.sign("GET", absolute))
        assert status == 401
    assert sandbox.verified == 2
    assert client.verdict(*client.request("GET", b"http://h?a=http://b/v3/account/info", {})) == "NO_SUCH_ENDPOINT"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(LIMIT_ORDER, indent=4).encode() + b"\r\n",
        json.dumps({**LIMIT_ORDER, "orderTag": "€\u2028\U0001f600"}, ensure_ascii=False).encode(),
        json.dumps({**LIMIT_ORDER, "orderTag": "€\u2028\U0001f600\ud800"}).encode(),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_body_is_verified_raw(sandbox: Sandbox, client: Client, body: bytes, chunked: bool) -> None:
    headers = client.sign("POST", b"/v3/trade/order", body)
    sent = body
    if chunked:
        headers["Transfer-Encoding"] = "chunked"
        sent = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:8], body[8:])) + b"0\r\n\r\n"
    assert client.request("POST", b"/v3/trade/order", headers, sent)[0] == 200
    assert sandbox.verified == 1
    reformatted = json.dumps(json.loads(body), indent=1).encode()
    headers |= client.sign("POST", b"/v3/trade/order", reformatted)
    assert client.verdict(*client.request("POST", b"/v3/trade/order", headers, sent)) == "INVALID_SIGNATURE"
    assert len(sandbox.exchange.orders.open) == 1


def test_compressed_body_is_verified_raw(sandbox: Sandbox, client: Client) -> None:
    body = gzip.compress(json.dumps(LIMIT_ORDER).encode())
    headers = {**client.sign("POST", b"/v3/trade/order", body), "Content-Encoding": "gzip"}
    assert client.verdict(*client.request("POST", b"/v3/trade/order", headers, body)) == "INVALID_PARAM"
    assert sandbox.verified == 1


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({"x-api-key": None}, "MISSING_HEADER"),
        ({"x-api-signature": None}, "MISSING_HEADER"),
        ({"x-api-key": "unknown"}, "UNAUTHORIZED"),
        ({"x-api-key": "Schlüssel"}, "UNAUTHORIZED"),
        ({"x-api-timestamp": "1795000000"}, "MALFORMED_TIMESTAMP"),
        ({"x-api-timestamp": "17950000000000"}, "MALFORMED_TIMESTAMP"),
        ({"x-api-timestamp": "١٧٩٥٠٠٠٠٠٠٠٠٠"}, "MALFORMED_TIMESTAMP"),
        ({"x-api-signature": "0" * 64}, "INVALID_SIGNATURE"),
        ({"x-api-signature": ""}, "INVALID_SIGNATURE"),
        ({"x-api-signature": "é" * 64}, "INVALID_SIGNATURE"),
    ],
)
def test_wrong_headers_are_refused(
    sandbox: Sandbox, client: Client, headers: dict[str, str | None], verdict: str
) -> None:
    signed = client.sign("GET", b"/v3/account/info")
    changed = {name: value for name, value in {**signed, **headers}.items() if value is not None}
    assert client.verdict(*client.request("GET", b"/v3/account/info", changed)) == verdict
    assert (sandbox.verified, sandbox.refused, sandbox.accepted) == (0, 1, 0)
    assert client.request("GET", b"/v3/account/info", signed)[0] == 200


@pytest.mark.parametrize(
    ("age_ms", "status"), [(0, 200), (300_000, 200), (-300_000, 200), (300_001, 401), (-300_001, 401)]
)
def test_timestamp_tolerance_is_300_seconds(sandbox: Sandbox, client: Client, age_ms: int, status: int) -> None:
    headers = client.sign("GET", b"/v3/account/info", timestamp=str(1_795_000_000_000 - age_ms))
    got, response = client.request("GET", b"/v3/account/info", headers)
    assert got == status
    assert sandbox.verified == (status == 200)
    if status == 401:
        side = "older than" if age_ms > 0 else "ahead of"
        assert f"x-api-timestamp is 300001 ms {side} the server's clock; the limit is 300 s." in response["message"]
        assert sandbox.requests[-1].message == response["message"]


@pytest.mark.parametrize(
    ("window", "age_ms", "message"),
    [
        ("1", 0, ""),
        ("5000", 5000, ""),
        ("1", 4000, "317179: Request has failed as the receive window: 1 millisecond is exceeded from 1794999996000."),
        ("5000", 5001, "317179: "),
        ("999999999", 300_001, "300 s"),
        ("0", 0, "317178: The receive window is invalid."),
        ("-1", 0, "317178: "),
        ("1.5", 0, "317178: "),
        ("\u0661", 0, "317178: "),
        ("", 0, "317178: "),
    ],
)
def test_receive_window_is_enforced(client: Client, window: str, age_ms: int, message: str) -> None:
    headers = client.sign("GET", b"/v3/account/info", timestamp=str(1_795_000_000_000 - age_ms))
    status, response = client.request("GET", b"/v3/account/info", {**headers, "x-api-recvwindow": window})
    assert (status == 200) == (message == "")
    if message:
        verdict = "RECEIVE_WINDOW" if message.startswith("3171") else "STALE_TIMESTAMP"
        assert client.verdict(status, response, message) == verdict


def test_v1_path_uses_v1_rule(client: Client) -> None:
    """ccxt requests order trades with V1."""
    target = b"/v1/order/60000000001/trades"
    headers = client.sign("GET", target)
    assert client.verdict(*client.request("GET", target, headers)) == "INVALID_SIGNATURE"
    message = f"|{headers['x-api-timestamp']}".encode()
    headers["x-api-signature"] = hmac.new(DEMO_API_SECRET.encode(), message, "sha256").hexdigest()
    assert client.request("GET", target, headers) == (200, {"success": True, "rows": []})
    message = f"a=1&b=2|{headers['x-api-timestamp']}".encode()  # sorted
    headers["x-api-signature"] = hmac.new(DEMO_API_SECRET.encode(), message, "sha256").hexdigest()
    assert client.verdict(*client.request("GET", target + b"?b=2&a=1", headers)) == "UNKNOWN_PARAM"


def test_signature_fits_one_request(client: Client) -> None:
    body = json.dumps(LIMIT_ORDER).encode()
    good = client.sign("POST", b"/v3/trade/order", body)
    assert client.request("POST", b"/v3/trade/order", good, body)[0] == 200
    later = {**good, "x-api-timestamp": "1795000000001"}
    for method, headers, sent in (("PUT", good, body), ("POST", good, b""), ("POST", later, body)):
        assert client.verdict(*client.request(method, b"/v3/trade/order", headers, sent)) == "INVALID_SIGNATURE"


def test_private_endpoints_need_signature(sandbox: Sandbox, client: Client) -> None:
    queries = {"orderbook": "?symbol=SPOT_BTC_USDT", "marketTrades": "?symbol=SPOT_BTC_USDT"}
    queries |= dict.fromkeys(("kline", "klineHistory"), "?symbol=SPOT_BTC_USDT&type=1m")
    for (method, path), endpoint in ENDPOINTS.items():
        status, response = client.request(method, (path + queries.get(path.rpartition("/")[2], "")).encode(), {})
        if endpoint.private:
            assert client.verdict(status, response) == "MISSING_HEADER"
        else:
            assert (status, response["success"]) == (200, True)
    assert sandbox.verified == 0
    assert sandbox.accepted == 10


def test_unknown_path_is_refused(client: Client) -> None:
    for path in ("/v3/nope", "//v3/account/info", "/v3/../v3/account/info", "/v3/account/%69nfo"):
        assert client.refusal("GET", path) == "NO_SUCH_ENDPOINT"
    for method, path in (("POST", "/"), ("PATCH", "/v3/trade/order"), ("POST", "/v3/trade/orders")):
        assert client.refusal(method, path) == "NO_SUCH_ENDPOINT"
