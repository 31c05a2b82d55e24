"""Signing on whatever interpreter runs this, with nothing installed but the package.

    python bench/anywhere.py

Nanoseconds of processor time per signature, so that a busy machine does not blur it, the least of several rounds,
against the standard library; and what a second thread costs.
"""

from __future__ import annotations

import hashlib
import hmac
import platform
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FunctionType

import woox_fast

SECRET = "QHKRXHPAW1MC9YGZMAT8YDJG2HPR"
KEY = SECRET.encode()
NOW = 1578565539808
MESSAGES = {
    "GET, 45 bytes": ("GET", "/v3/algo/orders?algoType=STOP", ""),
    "POST, 181 bytes": ("POST", "/v3/algo/order", "b" * 150),
}
ROUNDS, CALLS = 25, 10_000

Sign = Callable[[int, str, str, str], str]
keyed = hmac.new(KEY, digestmod=hashlib.sha256)


def by_hmac_new(timestamp: int, method: str, path: str, body: str) -> str:
    return hmac.new(KEY, f"{timestamp}{method}{path}{body}".encode(), hashlib.sha256).hexdigest()


def by_copy(timestamp: int, method: str, path: str, body: str) -> str:
    mac = keyed.copy()
    mac.update(f"{timestamp}{method}{path}{body}".encode())
    return mac.hexdigest()


def loop(sign: Sign, method: str, path: str, body: str) -> float:
    start = time.process_time_ns()
    for i in range(CALLS):
        sign(NOW + i, method, path, body)
    return (time.process_time_ns() - start) / CALLS


def nanoseconds(signs: Sequence[Sign], method: str, path: str, body: str) -> list[float]:
    """The least of each, in interleaved rounds. Each has a loop of its own, since interpreters specialize and compile a
    loop for what they saw in it."""
    loops = [FunctionType(loop.__code__.replace(), globals()) for _ in signs]
    best = [float("inf")] * len(signs)
    for _ in range(ROUNDS):
        best = [min(least, own(sign, method, path, body)) for least, own, sign in zip(best, loops, signs, strict=True)]
    return best


def cpu_nanoseconds(threads: int, work: Callable[[], object], count: int) -> float:
    """As much on each of two threads as on one is twice the signatures in the same time, if both have a core."""
    best = float("inf")
    for _ in range(ROUNDS):
        workers = [threading.Thread(target=work) for _ in range(threads)]
        start = time.process_time_ns()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        best = min(best, (time.process_time_ns() - start) / (threads * count))
    return best


def main() -> None:
    signer = woox_fast.Signer("key", SECRET)
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    name = f"{platform.python_implementation()} {platform.python_version()}{'' if gil else ', no GIL'}"
    print(f"{name}: {woox_fast.backend}, {woox_fast.sha256_implementation}")
    for message, request in MESSAGES.items():
        assert signer.sign(NOW, *request) == by_hmac_new(NOW, *request) == by_copy(NOW, *request)
        ours, new, copy = nanoseconds((signer.sign, by_hmac_new, by_copy), *request)
        print(f"{message}: {ours:.0f} ns")
        print(f"    hmac.new {new:.0f} ns ({new / ours:.1f} times), .copy() {copy:.0f} ns ({copy / ours:.1f} times)")
    body = MESSAGES["POST, 181 bytes"][2]
    requests = [(NOW + i, "POST", "/v3/algo/order", body) for i in range(50_000)]
    for what, work in (
        ("sign", lambda: [signer.sign(NOW, "POST", "/v3/algo/order", body) for _ in range(50_000)]),
        ("sign_many", lambda: signer.sign_many(requests)),
    ):
        one, two = (cpu_nanoseconds(threads, work, 50_000) for threads in (1, 2))
        scaling = "they take turns" if gil else f"{2 * one / two:.2f} times the signatures on two cores"
        print(f"{what}, one Signer: {one:.0f} ns of processor time on one thread, {two:.0f} on each of two: {scaling}")


if __name__ == "__main__":
    main()
