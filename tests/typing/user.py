"""Calls for type checkers: the valid calls pass, and every invalid call needs its ignore comment.

`make lint` runs mypy (strict) and pyright on this file.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=error

from __future__ import annotations

from typing_extensions import assert_type

from woox_fast import SignedRequest, Signer, backend, sha256_implementation, sign

signer = Signer("key", "secret", clock_offset_ms=-3)
Signer("key", b"secret")
assert_type(signer.sign(1578565539808, "GET", "/v3/x"), str)
assert_type(signer.sign("1578565539808", "POST", "/v3/x", memoryview(b"{}")), str)
assert_type(
    signer.sign_many([(1578565539808, "GET", "/", None), ("1578565539808", "POST", "/", bytearray())]), list[str]
)
assert_type(signer.hexdigest(b"message"), str)
assert_type(signer.verify("0" * 64, 1578565539808, "GET", "/v3/x", "{}"), bool)
assert_type(signer.headers("GET", "/v3/x", timestamp=None), dict[str, str])
assert_type(signer.encode_request("GET", "/v3/x", host="localhost:8080"), bytes)
assert_type(signer.prepare("GET", "/v3/x", params={"symbol": "SPOT_BTC_USDT", "size": 25}), SignedRequest)
assert_type(signer.prepare("POST", "/v3/x", json={"quantity": 1}, timestamp=1578565539808).body, bytes)
assert_type(signer.api_key, str)
assert_type(signer.clock_offset_ms, int)
assert_type(sign("secret", 1578565539808, "GET", "/v3/x"), str)
assert_type(backend, str)
assert_type(sha256_implementation, str)
signer.clock_offset_ms = 90_000

signer.sign(1578565539.808, "GET", "/v3/x")  # type: ignore[arg-type]
signer.sign(None, "GET", "/v3/x")  # type: ignore[arg-type]
signer.sign(1578565539808, b"GET", "/v3/x")  # type: ignore[arg-type]
signer.sign(1578565539808, "POST", "/v3/x", {"symbol": "SPOT_BTC_USDT"})  # type: ignore[arg-type]
signer.sign(1578565539808, "GET")  # type: ignore[call-arg]
signer.sign_many([(1578565539808, "GET", "/")])  # type: ignore[list-item]
signer.headers("GET", "/v3/x", b"", 1578565539808)  # type: ignore[call-arg]
signer.prepare("GET", "/v3/x", parameters={})  # type: ignore[call-arg]
signer.api_key = "other"  # type: ignore[misc]
Signer("key", None)  # type: ignore[arg-type]
Signer("key", "secret", 5)  # type: ignore[call-arg]
