"""The benchmark cases: all signers, as `python -m timeit -s SETUP STATEMENT` would run it.

A case times all rivals on the same message. It also times the two parts of the limit: an empty call that returns an
equal object, and a dependent compression. Statements contain only the code that a user would write.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import random
import resource
import subprocess
import sys
import time
import timeit
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any, NamedTuple

import native
from rivals import FOR_LENGTH, LEFT_OUT, RIVALS, SHA256, SIGN

import woox_fast

_VECTORS = json.loads((Path(__file__).parents[1] / "tests" / "vectors" / "woox.json").read_text("utf-8"))
API_KEY, API_SECRET = _VECTORS["api_key"], _VECTORS["api_secret"]
TIMESTAMP = 1578565539808


class Request(NamedTuple):
    timestamp: int | str
    method: str
    path: str
    body: str

    @property
    def prehash(self) -> bytes:
        return "".join(map(str, self)).encode()

    @property
    def blocks(self) -> int:
        """Return the number of SHA-256 blocks: the message's with at least 9 bytes of padding, and the outer hash's."""
        return (len(self.prehash) + 8) // 64 + 2


def compute_signature(request: Request, secret: str = API_SECRET) -> str:
    """Return the expected result of every rival, computed by the standard library."""
    return hmac.new(secret.encode(), request.prehash, hashlib.sha256).hexdigest()


def build_order(number: int = 0) -> str:
    return (
        '{"symbol":"SPOT_BTC_USDT","side":"BUY","type":"LIMIT","price":"27000.1","quantity":"0.0012345",'
        f'"clientOrderId":{123456789012345678 + number},"reduceOnly":false}}'
    )


def build_get(number: int = 0) -> Request:
    return Request(TIMESTAMP + number, "GET", "/v3/algo/orders?algoType=STOP", "")


def build_post(number: int = 0) -> Request:
    return Request(TIMESTAMP + number, "POST", "/v3/trade/order", build_order(number))


def build_body(size: int, number: int = 0) -> Request:
    return Request(TIMESTAMP, "POST", "/v3/trade/order", build_order(number).ljust(size)[:size])


@dataclass(frozen=True)
class Timed:
    """A statement to time. Its last line is an expression, and `right` checks the value."""

    setup: str
    statement: str
    given: dict[str, Any]
    right: Callable[[Any], bool]
    units: int = 1  # messages signed, or blocks compressed

    def create_timer(self, clock: Callable[[], float]) -> timeit.Timer:
        return timeit.Timer(self.statement, self.setup, clock, self.given)

    def compile_call(self) -> Callable[[], Any]:
        """Return a function that runs the statement and returns the value of its last line."""
        *first, last = self.statement.splitlines()
        body = indent("\n".join([*first, f"return {last}"]), " " * 8)
        namespace = dict(self.given)
        code = f"def make():\n{indent(self.setup, ' ' * 4)}\n    def call():\n{body}\n    return call"
        exec(code, namespace)  # noqa: S102 (our own statements, as timeit does)
        return namespace["make"]()


@dataclass(frozen=True)
class Case:
    timed: dict[str, Timed]
    blocks: int = 0  # SHA-256 blocks per message
    clock: Callable[[], float] = time.thread_time  # processor time excludes other processes
    pin_to_one_core: bool = True
    environment: dict[str, str] = field(default_factory=dict)  # not empty: measure in a process with these variables


GIVEN = {"api_key": API_KEY, "api_secret": API_SECRET, "secret": API_SECRET.encode()}


def pad(message: bytes) -> bytes:
    """Return the message with SHA-256's padding."""
    return message + b"\x80" + bytes(-(len(message) + 9) % 64) + (8 * len(message)).to_bytes(8, "big")


def compress(message: bytes, sha256: str = SHA256) -> Timed:
    blocks = pad(message)
    given = {"limit": native.load_limit(), "blocks": blocks}
    digest = hashlib.sha256(message).digest()
    return Timed(f"limit.choose({sha256!r})", "limit.compress(blocks)", given, digest.__eq__, len(blocks) // 64)


def add_limit(
    timed: dict[str, Timed], statement: str, given: dict[str, Any], right: Callable[[Any], bool], units: int = 1
) -> dict[str, Timed]:
    """Add the two parts of the limit to `timed`."""
    empty = Timed("signer = limit.Empty()", statement, given | {"limit": native.load_limit()}, right, units)
    return timed | {"limit: empty call": empty, "limit: compress": compress(bytes(65536 - 64))}


def sign_case(request: Request, names: Sequence[str] = tuple(RIVALS)) -> Case:
    given, right = GIVEN | request._asdict(), compute_signature(request).__eq__
    rivals = {name: RIVALS[name] for name in names if name not in LEFT_OUT}
    timed = {name: Timed(rival.setup, rival.statement, given, right) for name, rival in rivals.items()}
    return Case(add_limit(timed, SIGN, given, lambda value: len(value) == 64), request.blocks)


# The methods of `steps.c`: every method adds a step to the previous method.
STEPS = {
    "call": "an empty call that returns a new str",
    "blocks": "SHA-256 of prepared blocks",
    "digits": "writing the timestamp's digits",
    "method": "checking and copying the method",
    "parts": "checking path and body",
    "hash": "filling the blocks, and hashing them",
    "sign": "Cython",
}


def steps_case(request: Request) -> Case:
    given = GIVEN | request._asdict() | {"steps": native.load_steps().Steps(API_SECRET.encode())}
    right = compute_signature(request).__eq__
    timed = {
        step: Timed("", f"steps.{step}(timestamp, method, path, body)", given, lambda value: len(value) == 64)
        for step in STEPS
    }
    timed["hash"] = replace(timed["hash"], right=right)
    timed["sign"] = Timed(RIVALS["woox_fast"].setup, SIGN, given, right)
    if "woox_fast" in LEFT_OUT:
        del timed["sign"]
    return Case(timed, request.blocks)


def length_case(size: int) -> Case:
    request = build_body(size)
    case = sign_case(request, FOR_LENGTH)
    # The hash alone, for messages larger than the first cache.
    return replace(case, timed=case.timed | {"limit: compress of as many bytes": compress(request.prehash)})


def headers_case(request: Request) -> Case:
    _, method, path, body = request
    given = GIVEN | request._asdict()

    def right(headers: dict[str, str]) -> bool:
        stamp = int(headers["x-api-timestamp"])
        return headers["x-api-signature"] == compute_signature(request._replace(timestamp=stamp)) and len(headers) == 4

    def encoded_right(encoded: bytes) -> bool:
        head, _, sent = encoded.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        headers = {name: value for name, value in headers.items() if name not in ("Host", "Content-Length")}
        return head.startswith(f"{method} {path} HTTP/1.1".encode()) and sent == body.encode() and right(headers)

    timed = {}
    for name in ("woox_fast", "woox_fast, pure fallback"):
        if name not in LEFT_OUT:
            setup = RIVALS[name].setup
            timed[name] = Timed(setup, "signer.headers(method, path, body)", given, right)
            statement = "signer.encode_request(method, path, body)"
            timed[f"{name}: encode_request"] = Timed(setup, statement, given, encoded_right)
            timed[f"{name}: sign"] = Timed(setup, SIGN, given, compute_signature(request).__eq__)
    statement = "signer.headers(method, path, body)"
    return Case(add_limit(timed, statement, given, lambda value: len(value) == 4), request.blocks)


def batch_case(make: Callable[[int], Request], size: int) -> Case:
    requests = [make(number) for number in range(size)]
    given = GIVEN | {"requests": [tuple(request) for request in requests]}
    right = [compute_signature(request) for request in requests].__eq__
    each = "for timestamp, method, path, body in requests"
    statements = {
        "woox_fast: sign_many": ("woox_fast", "signer.sign_many(requests)"),
        "woox_fast: sign, one by one": ("woox_fast", f"[{SIGN} {each}]"),
        "woox_fast, pure fallback: sign_many": ("woox_fast, pure fallback", "signer.sign_many(requests)"),
        "hmac.new, one by one": ("hmac.new", f"[{RIVALS['hmac.new'].statement} {each}]"),
    }
    timed = {
        name: Timed(RIVALS[rival].setup, statement, given, right, size)
        for name, (rival, statement) in statements.items()
        if rival not in LEFT_OUT
    }
    try:
        multi_buffer = native.load_multi_buffer()
    except ImportError as error:
        LEFT_OUT["Intel's multi-buffer library"] = str(error)
    else:
        digests = b"".join(bytes.fromhex(compute_signature(request)) for request in requests)
        messages = [request.prehash for request in requests]
        for name, path in (("", "auto"), (", AVX2 and SHA-NI", "avx2")):
            given_batch = {"batch": multi_buffer.Batch(API_SECRET.encode(), messages, path)}
            timed[f"Intel's multi-buffer library{name}"] = Timed("", "batch.sign()", given_batch, digests.__eq__, size)
    limit = add_limit(timed, "signer.sign_many(requests)", given, lambda value: len(value) == size, size)
    return Case(limit, requests[0].blocks)


def keys_case(count: int) -> Case:
    """Sign a message under `count` keys in random order, and with a single key.

    The limit uses equally many objects with an empty `sign`, because CPython counts references in every object.
    """
    request = build_post()
    signers = [woox_fast.Signer(f"key-{number}", f"secret-{number}") for number in range(count)]
    empty = [native.load_limit().Empty() for _ in range(count)]
    for number in {0, count // 2, count - 1}:
        assert signers[number].sign(*request) == compute_signature(request, f"secret-{number}")
    orders = {
        "in random order": random.Random(3).choices(signers, k=count),
        "one hot signer": [signers[0]] * count,
        "limit: empty call, in random order": random.Random(3).choices(empty, k=count),
        "limit: empty call": [empty[0]] * count,
    }
    given, statement = GIVEN | request._asdict(), f"for signer in signers: {SIGN}\nNone"
    timed = {
        name: Timed("", statement, given | {"signers": order}, lambda value: value is None, count)
        for name, order in orders.items()
    }
    return Case(timed | {"limit: compress": compress(bytes(65536 - 64))}, request.blocks)


def threads_case(make: Callable[[int], Request], messages: int = 10_000) -> Case:
    """Sign equal batches on one and on two threads.

    Every thread has its own messages. The reference counts of shared messages would bounce between the cores.
    """
    batches = [[make(number + thread * messages) for number in range(messages)] for thread in range(2)]
    given = {
        "sign_many": woox_fast.Signer(API_KEY, API_SECRET).sign_many,
        "batches": [[tuple(request) for request in batch] for batch in batches],
        "pool": ThreadPoolExecutor(2),
    }
    expected = [[compute_signature(request) for request in batch] for batch in batches]
    timed = {}
    for name, count in (("one thread", 1), ("two threads", 2)):
        statement = f"list(pool.map(sign_many, batches[:{count}]))"
        timed[name] = Timed("", statement, given, expected[:count].__eq__, messages * count)
    return Case(timed, batches[0][0].blocks, time.perf_counter, pin_to_one_core=False)


def read_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def import_case() -> Case:
    # pip installs bytecode, so let the first import write bytecode.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def timed(code: str) -> Timed:
        given = {"run": subprocess.run, "command": [sys.executable, "-c", code], "environment": environment}
        return Timed("", "run(command, env=environment).returncode", given, lambda value: value == 0)

    return Case({"bare interpreter": timed("pass"), "import woox_fast": timed("import woox_fast")}, clock=read_cpu_s)


def portable_case() -> Case:
    """Compare the portable compression with OpenSSL's without SHA-NI (leaf 7, EBX, bit 29)."""
    message = bytes(16384)
    ours, statement = compress(message, "portable"), "hashlib.sha256(message).digest()"
    openssl = replace(ours, setup="import hashlib", statement=statement, given={"message": message})
    timed = {"portable compress": ours, "OpenSSL without SHA-NI": openssl}
    return Case(timed, environment={"OPENSSL_ia32cap": ":~0x20000000"})


LENGTHS = [64, 256, 1024, 4096, 16384, 65536, 262144, 1048576]
BATCHES = [1, 8, 32, 128, 1000, 10_000]
CASES: dict[str, Callable[[], Case]] = {
    "sign-get": lambda: sign_case(build_get()),
    "sign-post": lambda: sign_case(build_post()),
    "sign-get-str": lambda: sign_case(build_get()._replace(timestamp=str(TIMESTAMP)), ["woox_fast"]),
    "sign-post-str": lambda: sign_case(build_post()._replace(timestamp=str(TIMESTAMP)), ["woox_fast"]),
    "steps-get": lambda: steps_case(build_get()),
    "steps-post": lambda: steps_case(build_post()),
    "headers-get": lambda: headers_case(build_get()),
    "headers-post": lambda: headers_case(build_post()),
    **{f"batch-get-{size}": partial(batch_case, build_get, size) for size in BATCHES},
    **{f"batch-post-{size}": partial(batch_case, build_post, size) for size in BATCHES},
    **{f"length-{size}": partial(length_case, size) for size in LENGTHS},
    "portable": portable_case,
    "keys-100000": partial(keys_case, 100_000),
    "threads-post": lambda: threads_case(build_post),
    "threads-4096": lambda: threads_case(lambda number: build_body(4096, number)),
    "import": import_case,
}
