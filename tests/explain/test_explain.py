"""`explain`: the checks of the whole request, honest answers, and the texts."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from typing import Any

import pytest
from helpers.oracle import KEY, SECRET, oracle

from woox_fast import explain
from woox_fast._explain import UNEXPLAINED, check, list_mistakes, search
from woox_fast._explain.request_checks import check_headers

TIME = "1764601234567"
PATH = "/v3/trade/order"
ORDER = '{"symbol":"SPOT_BTC_USDT","side":"BUY","price":"45000.5","quantity":"0.01"}'
FORM = "symbol=SPOT_BTC_USDT&side=BUY"
RIGHT = {"x-api-key": KEY, "x-api-timestamp": TIME, "x-api-signature": "0" * 64, "Content-Type": "application/json"}


def find_faults(headers: dict[str, str], body: str = ORDER, scheme: str = "v3", method: str = "POST") -> list[str]:
    found = check_headers(headers, method, body.encode(), scheme=scheme, api_key=KEY)
    return [finding.name for finding in found.findings]


def test_right_request_has_no_faults() -> None:
    assert find_faults(RIGHT) == []
    assert find_faults({**RIGHT, "Content-Type": "application/json; charset=utf-8"}) == []
    assert find_faults({**RIGHT, "Content-Type": "application/x-www-form-urlencoded"}, FORM, "v1") == []
    assert find_faults({name: RIGHT[name] for name in ("x-api-key", "x-api-timestamp", "x-api-signature")}, "") == []


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("WOO-SIGNATURE", "x-api-signature"),
        ("x_api_signature", "x-api-signature"),
        ("X-BM-SIGN", "x-api-signature"),
        ("x-api-signatrue", "x-api-signature"),
        ("X-MBX-APIKEY", "x-api-key"),
        ("apikey", "x-api-key"),
        ("x-api-key-id", "x-api-key"),
        ("X-BAPI-TIMESTAMP", "x-api-timestamp"),
        ("x-timestamp", "x-api-timestamp"),
        ("x-api-timestmap", "x-api-timestamp"),
    ],
)
def test_misnamed_header_is_found(name: str, right: str) -> None:
    headers = {key: value for key, value in RIGHT.items() if key != right} | {name: RIGHT[right]}
    found = check_headers(headers, "POST", ORDER.encode(), scheme="v3", api_key=KEY)
    (finding,) = found.findings
    assert finding.name == f"header-{right}"
    assert name in finding.cause
    assert right in finding.remedy
    assert found.values[right] == RIGHT[right]


def test_bearer_token_becomes_key() -> None:
    headers = {name: value for name, value in RIGHT.items() if name != "x-api-key"}
    assert find_faults({**headers, "Authorization": f"Bearer {KEY}"}) == ["header-x-api-key"]
    assert find_faults({**RIGHT, "Authorization": f"Bearer {KEY}"}) == []


@pytest.mark.parametrize("name", ["sec-websocket-key", "idempotency-key", "x-forwarded-for", "user-agent", "date"])
def test_unrelated_header_is_accepted(name: str) -> None:
    assert find_faults({**RIGHT, name: "x"}) == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"x-api-key": ""}, "no-x-api-key"),
        ({"x-api-timestamp": ""}, "no-x-api-timestamp"),
        ({"x-api-signature": ""}, "no-x-api-signature"),
        ({"x-api-key": "another"}, "other-api-key"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "content-type"),
        ({"Content-Type": "text/plain;charset=UTF-8"}, "content-type"),
    ],
)
def test_wrong_header_is_found(changes: dict[str, str], name: str) -> None:
    assert find_faults({**RIGHT, **changes}) == [name]


@pytest.mark.parametrize("key", ["$WOOX_API_KEY", "%KEY%", "{{apiKey}}", "<key>", "Abmy****"])
def test_placeholder_key_is_accepted(key: str) -> None:
    assert find_faults({**RIGHT, "x-api-key": key}) == []


def test_content_type_follows_scheme() -> None:
    assert find_faults(RIGHT, FORM, "v1") == ["content-type"]
    assert find_faults({name: value for name, value in RIGHT.items() if name != "Content-Type"}) == ["no-content-type"]


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"timestamp": "1764601234"}, "sent-seconds", "seconds"),
        ({"timestamp": "1764601234567000"}, "sent-timestamp", "invalid"),
        ({"method": "post"}, "sent-method", "upper case"),
        ({"method": "GET"}, "sent-body", "query"),
        ({"method": "DELETE"}, "sent-body", "query"),
        ({"path": f"{PATH}?a=1"}, "sent-query", "JSON body"),
        ({"path": PATH[1:]}, "sent-path", "'/'"),
        ({"body": FORM}, "sent-no-json", "JSON"),
        ({"body": ORDER[:-1]}, "sent-no-json", "JSON"),
        ({"body": json.dumps(ORDER)}, "sent-no-json", "JSON"),
        ({"path": "/v1/order"}, "v1-json", "form"),
        ({"path": f"https://api.bybit.com{PATH}"}, "other-product", "Bybit"),
        ({"path": f"https://wss.woox.io{PATH}"}, "other-host", "REST"),
        ({"path": f"https://cloud-api.wooxpro.com{PATH}"}, "other-product", "WOO X Pro"),
        ({"path": f"https://api.staging.woox.io{PATH}"}, "staging", "staging"),
        ({"path": f"https://api.woo.org{PATH}"}, "old-host", "api.woox.io"),
        ({"api_key": SECRET}, "sent-secret", "new"),
        ({"api_key": f"{KEY} "}, "sent-api-key", "white space"),
    ],
)
def test_wrong_request_is_found(changes: dict[str, Any], name: str, words: str) -> None:
    given = {"timestamp": TIME, "method": "POST", "path": PATH, "body": ORDER, "api_key": KEY, **changes}
    found = explain(SECRET, "0" * 64, given.pop("timestamp"), **given, time_limit=0.1)
    assert [finding.name for finding in found.faults] == [name]
    assert words in found.faults[0].sentence
    assert UNEXPLAINED not in str(found)


def test_request_without_signature_is_checked() -> None:
    found = check("GET", f"https://cloud-api.wooxpro.com{PATH}", b"{}", timestamp="", api_key=KEY, scheme=None)
    assert [finding.name for finding in found] == ["other-product", "sent-body"]


def test_v1_signature_over_json_is_found() -> None:
    signature = oracle(f"side=BUY&symbol=X|{TIME}".encode())
    found = explain(SECRET, signature, TIME, "POST", "/v1/order", '{"symbol":"X","side":"BUY"}')
    assert found.right
    assert [fault.name for fault in found.faults] == ["v1-json"]


def test_form_body_is_named() -> None:
    signature = oracle(f'{TIME}POST{PATH}{{"symbol": "X", "quantity": 2}}'.encode())
    found = explain(SECRET, signature, TIME, "POST", PATH, "symbol=X&quantity=2")
    assert [finding.name for finding in (*found.mistakes, *found.faults)] == ["body-form-sent"]
    assert "application/json" in str(found)
    assert "rule" not in str(found)


def test_upper_case_hex_is_accepted() -> None:
    assert explain(SECRET, oracle(f"{TIME}GET{PATH}".encode()).upper(), TIME, "GET", PATH).right


def test_incomplete_search_trusts_secret() -> None:
    found = explain(SECRET, "0" * 64, TIME, "POST", PATH, ORDER, time_limit=0.0)
    assert not found.complete
    assert found.share < 0.05
    assert UNEXPLAINED not in str(found)
    assert "less than 1%" in str(found)
    assert "--seconds" in str(found)


def test_complete_search_suspects_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MAX_COST", search.COMPLETE_COST)
    found = explain(SECRET, "0" * 64, TIME, "GET", "/v3/x", time_limit=600)
    assert (found.found, found.complete, found.share) == (False, True, 1.0)
    assert UNEXPLAINED in str(found)


@pytest.mark.parametrize("signature", ["", "é" * 64, "b'", "%", "A" * 10**6, "=" * 44, "\ud800" * 64])
def test_malformed_signature_trusts_secret(signature: str) -> None:
    found = explain(SECRET, signature, TIME, "GET", PATH, time_limit=0.1)
    assert not found.found
    assert UNEXPLAINED not in str(found)


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", b"[" * 100_000, b'{"a":' * 5000, b'{"a":1e999}', b"\0", b'"', b"=", b'{"":{}}'],
)
@pytest.mark.parametrize("path", ["", "/v1/x?&&=&a", "http://", "\ud800"])
def test_any_request_is_searched(body: bytes, path: str) -> None:
    for method, scheme in (("POST", None), ("", "ws")):
        found = explain(SECRET, "0" * 64, "x", method, path, body, scheme=scheme, time_limit=0.05)
        assert not found.found


@pytest.mark.parametrize("algorithm", ["md5", "sha1"])
def test_refused_digest_is_skipped(algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL in strict FIPS mode refuses MD5, even with `usedforsecurity=False`."""
    message = f"{TIME}POST{PATH}{ORDER}".encode()
    signature = hmac.new(SECRET.encode(), message, "sha384").hexdigest()
    refused = hmac.new(SECRET.encode(), message, algorithm).hexdigest()
    new_hash, new_hmac = hashlib.new, hmac.new

    def refuse(function: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            if algorithm in (args[0], args[-1]):
                raise ValueError("unsupported")
            return function(*args, **options)

        return call

    monkeypatch.setattr(hashlib, "new", refuse(new_hash))
    monkeypatch.setattr(hmac, "new", refuse(new_hmac))
    found = explain(SECRET, signature, TIME, "POST", PATH, ORDER)
    assert [finding.name for finding in found.mistakes] == ["algorithm-hmac-sha384"]
    assert not explain(SECRET, refused, TIME, "POST", PATH, ORDER, time_limit=0.2).found


SPACED = json.dumps(json.loads(ORDER))
AXIOS = oracle(f"{TIME}get/v3/trade/orders".encode())  # the method in lower case, the URL without its query
OKX = b64encode(bytes.fromhex(oracle(b"2025-12-01T15:00:34.567ZGET/v3/asset/balances"))).decode()


@pytest.mark.parametrize(
    ("signature", "sent", "names"),
    [
        (AXIOS, ("GET", "/v3/trade/orders?symbol=X&size=50"), {"method-lower-case", "query-left-out"}),
        (OKX, ("GET", "/v3/asset/balances"), {"signature-base64", "timestamp-iso"}),
        (
            oracle(f"{TIME[:10]}POST{PATH}{SPACED}".encode()),
            ("POST", PATH, ORDER),
            {"timestamp-seconds", "json-spaced"},
        ),
    ],
)
def test_two_mistakes_are_named(signature: str, sent: tuple[str, ...], names: set[str]) -> None:
    found = explain(SECRET, signature, TIME, *sent)
    assert {finding.name for finding in found.mistakes} == names
    assert str(found).count("\n") <= 2
    for finding in found.mistakes:
        assert finding.cause in str(found)
        assert finding.remedy in str(found)
        assert finding.name not in str(found)


def test_alternatives_sign_same_bytes() -> None:
    signature = oracle(f"{TIME}GET/v3/xb=2&a=1".encode())
    found = explain(SECRET, signature, TIME, "GET", "/v3/x?b=2&a=1")
    assert found.mistakes[0].name == "query-no-mark"
    assert found.alternatives
    assert found.mistakes[0].cause not in found.alternatives


@pytest.mark.parametrize(("message", "body"), [(f"{TIME}GET/v3/xNone", ""), (f"{TIME}/v3/x{ORDER}", ORDER)])
def test_vague_alternative_is_omitted(message: str, body: str) -> None:
    found = explain(SECRET, oracle(message.encode()), TIME, "POST" if body else "GET", "/v3/x", body)
    assert found.found
    assert found.alternatives == ()


def test_known_mistakes_have_texts() -> None:
    for _, mistake in list_mistakes():
        assert mistake.cause.endswith((".", "?"))
        assert mistake.remedy.endswith(".")
        assert "{rule}" not in mistake.remedy
        assert SECRET not in mistake.cause + mistake.remedy


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"api_secret": ""}, ValueError, "empty"),
        ({"scheme": "v9"}, ValueError, "scheme must be one of v3, v1, ws"),
        ({"signature": b"00"}, TypeError, "signature must be a str, got bytes"),
        ({"body": {}}, TypeError, "json.dumps"),
    ],
)
def test_wrong_argument_raises(changes: dict[str, Any], error: type[Exception], words: str) -> None:
    given = {"api_secret": SECRET, "signature": "0" * 64, "timestamp": TIME, "method": "GET", "path": PATH, **changes}
    with pytest.raises(error, match=words):
        explain(**given)


def test_websocket_login_is_explained() -> None:
    for message, names in ((f"|{TIME}", []), (TIME, ["only-timestamp"]), (f"|{TIME[:10]}", ["timestamp-seconds"])):
        found = explain(SECRET, oracle(message.encode()), TIME, "", "", scheme="ws")
        assert [finding.name for finding in found.mistakes] == names
        assert found.expected == f"|{TIME}".encode()
