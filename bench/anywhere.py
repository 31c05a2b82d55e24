"""Time signing on any interpreter, with no package but woox_fast.

    python bench/anywhere.py

Prints nanoseconds of processor time per signature, for woox_fast and the standard library, and for a second thread.
"""

from __future__ import annotations

import hashlib
import hmac
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from timeit import Timer

import woox_fast
from woox_fast._timing import rounds_ns

SECRET = "QHKRXHPAW1MC9YGZMAT8YDJG2HPR"
KEY = SECRET.encode()
NOW = 1578565539808
REQUESTS = {
    "GET, 45 bytes": (NOW, "GET", "/v3/algo/orders?algoType=STOP", ""),
    "POST, 181 bytes": (NOW, "POST", "/v3/algo/order", "b" * 150),
}
BATCH = 50_000


def by_hmac_new(timestamp: int, method: str, path: str, body: str) -> str:
    return hmac.new(KEY, f"{timestamp}{method}{path}{body}".encode(), hashlib.sha256).hexdigest()


def best_ns(calls: dict[str, Callable[[], object]], units: int = 1) -> dict[str, float]:
    """Return the least processor time of every call, per unit, in interleaved rounds."""
    timers = {name: Timer(call, timer=time.process_time) for name, call in calls.items()}
    number = 1 if units > 1 else 10_000
    return {name: min(times) for name, times in rounds_ns(timers, number=number, units=units, rounds=15).items()}


def main() -> None:
    signer = woox_fast.Signer("key", SECRET)
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    name = f"{platform.python_implementation()} {platform.python_version()}{'' if has_gil else ', no GIL'}"
    print(f"{name}: {woox_fast.backend}, {woox_fast.sha256_implementation}")
    for title, request in REQUESTS.items():
        assert signer.sign(*request) == by_hmac_new(*request)
        best = best_ns({"ours": lambda r=request: signer.sign(*r), "hmac.new": lambda r=request: by_hmac_new(*r)})
        ratio = best["hmac.new"] / best["ours"]
        print(f"{title}: {best['ours']:.0f} ns; hmac.new: {best['hmac.new']:.0f} ns ({ratio:.1f} times)")
    _, method, path, body = REQUESTS["POST, 181 bytes"]
    requests = [(NOW + i, method, path, body) for i in range(BATCH)]
    with ThreadPoolExecutor(2) as pool:
        calls = {
            "one thread": lambda: list(pool.map(signer.sign_many, [requests])),
            "two threads": lambda: list(pool.map(signer.sign_many, [requests, requests])),
        }
        best = best_ns(calls, units=BATCH)
    print(f"sign_many: {best['one thread']:.0f} ns on one thread, {best['two threads'] / 2:.0f} on each of two")


if __name__ == "__main__":
    main()
