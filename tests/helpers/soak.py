"""Sign on many threads, and check that memory and reference counts stay flat."""

from __future__ import annotations

import gc
import os
import random
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from types import ModuleType

from helpers.oracle import KEY, NOW, SECRET, oracle

RNG = random.Random(7)
MAX_GROWTH_BYTES = 4 << 20  # an allocator's arenas; leaking a byte per call exceeds this in `make stress`
MAX_GROWTH_BLOCKS = 100  # pytest's own threads allocate a few
PASSES = 3  # memory that grows in every pass is a leak


def _requests(count: int) -> list[tuple[tuple, str]]:
    """Return requests of every shape with their signatures by the standard library."""
    found = []
    for i in range(count):
        body = RNG.randbytes(RNG.choice((0, 1, 50, 90, 200, 1000)))
        path = "/v3/x" + ("é" if i % 7 == 0 else "e") * RNG.randrange(60)
        timestamp = str(NOW + i) if i % 3 else NOW + i
        given = bytearray(body) if i % 5 == 0 else body
        found.append(((timestamp, "POST", path, given), oracle(f"{timestamp}POST{path}".encode() + body)))
    return found


def sign_on_threads(module: ModuleType, threads: int, signatures: int) -> None:
    """Share a Signer between threads, and compare every signature with the oracle's."""
    signer = module.Signer(KEY, SECRET)
    requests = _requests(500)

    def count_wrong(seed: int) -> int:
        order = random.Random(seed).sample(requests, len(requests))
        return sum(signer.sign(*request) != expected for request, expected in islice(cycle(order), signatures))

    with ThreadPoolExecutor(threads) as pool:
        wrong = sum(pool.map(count_wrong, range(threads)))
    assert wrong == 0, f"{wrong} of {threads * signatures} signatures are wrong"


def _sign(module: ModuleType, times: int, request: tuple, bad: tuple) -> None:
    signer = module.Signer(KEY, SECRET)
    for _ in range(times // 10):
        for _ in range(4):
            signer.sign(*request)
        signer.hexdigest(request[3])
        signer.sign_many([request] * 5)
        signer.sign_many(iter([request]))


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


def _resident_bytes() -> int:
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGESIZE") if statm.exists() else 0


def _growth(work: Callable[[], None]) -> tuple[int, int]:
    """Return by how many allocated blocks and resident bytes the process grows."""
    gc.collect()
    blocks, resident = sys.getallocatedblocks(), _resident_bytes()
    work()
    gc.collect()
    return sys.getallocatedblocks() - blocks, _resident_bytes() - resident


def check_flat_memory(module: ModuleType, signatures: int, constructions: int, refusals: int) -> None:
    """Check that the process, Python's allocated blocks and the references to the arguments do not grow."""
    request = (int(f"{NOW}"), "POS" + "T" * len(KEY), "/" + KEY, bytearray(b"{}"))
    bad = (request[0], request[1], request[2], ["no body"])
    arguments = (*request, bad[3], request, bad, module.Signer)
    for work, times in (_sign, signatures), (_construct, constructions), (_refuse, refusals):
        work(module, max(100, times // 20), request, bad)  # the first calls fill caches
        gc.collect()  # earlier tests' objects
        before = [sys.getrefcount(each) for each in arguments]
        for _ in range(PASSES):
            blocks, resident = _growth(lambda work=work, times=times: work(module, times, request, bad))
            references = [sys.getrefcount(each) for each in arguments]
            assert references == before, f"{work.__name__}: references went from {before} to {references}"
            if blocks < MAX_GROWTH_BLOCKS and resident < MAX_GROWTH_BYTES:
                break
        else:
            raise AssertionError(f"{work.__name__}: {blocks} more blocks, {resident} more bytes after {times} times")
