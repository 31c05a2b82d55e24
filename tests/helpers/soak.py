"""Long work: many signatures on many threads, with memory and reference counts that must stay flat."""

from __future__ import annotations

import gc
import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from types import ModuleType

from helpers.oracle import KEY, NOW, SECRET, oracle

RNG = random.Random(7)
SLACK = 4 << 20  # bytes that the process may grow by: an allocator's own arenas, never a leak of one byte a call


def _requests(count: int) -> list[tuple[tuple, str]]:
    """Requests of every shape, with the standard library's signature of each."""
    found = []
    for i in range(count):
        body = RNG.randbytes(RNG.choice((0, 1, 50, 90, 200, 1000)))
        path = "/v3/x" + ("é" if i % 7 == 0 else "e") * RNG.randrange(60)
        timestamp = str(NOW + i) if i % 3 else NOW + i
        given = bytearray(body) if i % 5 == 0 else body
        found.append(((timestamp, "POST", path, given), oracle(f"{timestamp}POST{path}".encode() + body)))
    return found


def sign_on_threads(module: ModuleType, threads: int, signatures: int) -> None:
    """One Signer on so many threads, so many signatures on each; every one is compared."""
    signer = module.Signer(KEY, SECRET)
    requests = _requests(500)

    def work(seed: int) -> int:
        mine = random.Random(seed).sample(requests, len(requests))
        return sum(signer.sign(*request) != expected for request, expected in islice(cycle(mine), signatures))

    with ThreadPoolExecutor(threads) as pool:
        wrong = sum(pool.map(work, range(threads)))
    assert wrong == 0, f"{wrong} of {threads * signatures} signatures are wrong"


def _resident() -> int:
    """Bytes of this process in memory, where the system tells."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGESIZE") if statm.exists() else 0


def _sign(module: ModuleType, times: int, request: tuple, bad: tuple) -> None:
    signer = module.Signer(KEY, SECRET)
    for _ in range(times // 10):
        signer.sign(*request), signer.sign(*request), signer.sign(*request), signer.sign(*request)
        signer.hexdigest(request[3])
        signer.sign_many([request] * 5)


def _construct(module: ModuleType, times: int, request: tuple, bad: tuple) -> None:
    for _ in range(times // 2):
        module.Signer(KEY, SECRET)
        module.sign(SECRET, *request)


def _refuse(module: ModuleType, times: int, request: tuple, bad: tuple) -> None:
    signer = module.Signer(KEY, SECRET)
    for _ in range(times // 4):
        with suppress(TypeError):
            signer.sign(*bad)
        with suppress(TypeError):
            signer.sign_many([request, bad])
        with suppress(ValueError):
            signer.headers("get", "/v3/x", request[3])
        with suppress(TypeError):
            module.Signer(KEY, SECRET, clock_offset_ms="late")


def stays_flat(module: ModuleType, signatures: int, constructions: int, refusals: int) -> None:
    """Check that the process, Python's allocated blocks and the references to what is passed do not grow."""
    request = (int(f"{NOW}"), "POS" + "T" * len(KEY), "/" + KEY, bytearray(b"{}"))
    bad = (request[0], request[1], request[2], ["no body"])
    held = (*request, bad[3], request, bad, module.Signer)
    for work, times in (_sign, signatures), (_construct, constructions), (_refuse, refusals):
        work(module, max(100, times // 20), request, bad)  # the first calls allocate what is kept
        gc.collect()
        before = [sys.getrefcount(each) for each in held], sys.getallocatedblocks(), _resident()
        work(module, times, request, bad)
        gc.collect()
        references = [sys.getrefcount(each) for each in held]
        blocks, grown = sys.getallocatedblocks() - before[1], _resident() - before[2]
        assert references == before[0], f"{work.__name__}: references went from {before[0]} to {references}"
        assert blocks < 100, f"{work.__name__}: {blocks} blocks more after {times} times"
        assert grown < SLACK, f"{work.__name__}: {grown} bytes more after {times} times"
