"""Nanoseconds per signature: the core, the pure fallback and plain `hmac.new`, on the integration guide's two examples.

    pytest bench/ --benchmark-only

Plain `pytest` never collects this: only tests/ is on its path. Each rival must sign right before it is timed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import woox_fast
from woox_fast import _sign_py

Sign = Callable[[int, str, str, str], str]

_VECTORS = json.loads((Path(__file__).parents[1] / "tests" / "vectors" / "woox.json").read_text("utf-8"))
API_KEY, API_SECRET = _VECTORS["api_key"], _VECTORS["api_secret"]
_BY_NAME = {vector["name"]: vector for vector in _VECTORS["vectors"]}

# Name of the message: the vector that it is, and the length in bytes that its name promises.
MESSAGES = {"GET 45 bytes": ("v3_get", 45), "POST 181 bytes": ("v3_post_as_printed", 181)}


def _hmac_new() -> Sign:
    secret = API_SECRET.encode()

    def sign(timestamp: int, method: str, path: str, body: str) -> str:
        return hmac.new(secret, f"{timestamp}{method}{path}{body}".encode(), hashlib.sha256).hexdigest()

    return sign


# Name of the rival: what makes its sign(timestamp, method, path, body), with all that can be done once already done.
RIVALS: dict[str, Callable[[], Sign]] = {
    "core": lambda: woox_fast.Signer(API_KEY, API_SECRET).sign,
    "fallback": lambda: _sign_py.Signer(API_KEY, API_SECRET).sign,
    "hmac.new": _hmac_new,
}
if woox_fast.backend == "python":  # nothing was compiled, so there is no core to time
    del RIVALS["core"]


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("rival", RIVALS)
def bench_sign(benchmark: Any, rival: str, message: str) -> None:
    name, size = MESSAGES[message]
    vector = _BY_NAME[name]
    arguments = (int(vector["timestamp"]), vector["method"], vector["path"], vector["body"])
    text = "".join(map(str, arguments)).encode()
    expected = hmac.new(API_SECRET.encode(), text, hashlib.sha256).hexdigest()
    assert len(text) == size
    sign = RIVALS[rival]()
    assert sign(*arguments) == expected == vector["signature"]
    benchmark.group = message
    benchmark.extra_info.update(
        rival=rival, backend=woox_fast.backend, sha256_implementation=woox_fast.sha256_implementation, bytes=size
    )
    assert benchmark(sign, *arguments) == expected
