"""Every statement of `cases.py` under pytest-benchmark, one after another:

    pytest bench/ --benchmark-only [-k sign-get] [--benchmark-compare] [--benchmark-histogram]

With `--benchmark-disable` instead it checks that each is right, and times nothing. `python bench/run.py` interleaves,
and so has the ratios. Plain `pytest` collects none of this: only tests/ is on its path.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from cases import CASES, LEFT_OUT, SHA256, STEPS

import woox_fast
from woox_fast._timing import one_core

case_of = cache(lambda name: CASES[name]())

GROUPS = {
    "sign-get": "one signature: GET, 45 bytes",
    "sign-post": "one signature: POST, 181 bytes",
    "sign-get-str": "one signature: GET, 45 bytes, the timestamp a str",
    "sign-post-str": "one signature: POST, 181 bytes, the timestamp a str",
    "steps-get": "what a signature is made of: GET, 45 bytes",
    "steps-post": "what a signature is made of: POST, 181 bytes",
    "headers-get": "the headers of a request: GET",
    "headers-post": "the headers of a request: POST",
    "batch-get": "batches: GET, 45 bytes, {} at a time",
    "batch-post": "batches: POST, 181 bytes, {} at a time",
    "length": "one signature: a body of {} bytes",
    "portable": "SHA-256 of 16 KiB without the processor's own instructions",
    "import": "import in a new interpreter",
    "keys": "one signature: POST, 181 bytes, keys in turn: {}",
    "threads-post": "sign_many on one and on two threads: POST, 181 bytes",
    "threads-4096": "sign_many on one and on two threads: POST, 4 KiB",
}
NAMES = {
    "woox_fast": f"woox_fast: compiled core, {SHA256 or 'not built'}",
    "woox_fast, portable core": "woox_fast: compiled core, portable C",
    "woox_fast, cffi": "woox_fast: cffi",
    "woox_fast, pure fallback": "woox_fast: pure Python fallback",
    "hmac.new": "hmac.new of the standard library",
    "limit: empty call": "limit: a C call that signs nothing",
    "limit: compress": "limit: bare SHA-256 blocks",
}


def group_of(case: str) -> str:
    kind, _, size = case.rpartition("-")
    return GROUPS[case] if case in GROUPS else GROUPS[kind].format(f"{int(size):,}")


def name_of(case: str, statement: str) -> str:
    """As the table shows it; its own name says what it is but for ours."""
    if case.startswith("steps-"):
        return f"{list(STEPS).index(statement) + 1}. {'and ' * (statement != next(iter(STEPS)))}{STEPS[statement]}"
    rival, colon, what = statement.partition(":")
    return NAMES.get(statement) or NAMES.get(rival, rival) + colon + what


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Asked for when tests are collected: to import this file compiles nothing."""
    parameters = []
    for case in CASES:
        if not case_of(case).environment:  # this process has its own
            parameters += [pytest.param(case, name, id=f"{case}: {name}") for name in case_of(case).timed]
    metafunc.parametrize(("group", "name"), parameters)


# Loading some rivals warns; none of it is ours.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.benchmark(min_time=0.0005, max_time=0.1, min_rounds=5, warmup=False)
def bench_sign(benchmark: Any, group: str, name: str) -> None:
    case = case_of(group)
    timed = case.timed[name]
    call = timed.once()
    assert timed.right(call())
    benchmark.group = group_of(group)
    benchmark.name = name_of(group, name) + (f" ({timed.units:,} a call)" if timed.units > 1 else "")
    benchmark.extra_info.update(
        backend=woox_fast.backend, sha256_implementation=SHA256, messages_or_blocks=timed.units, left_out=LEFT_OUT
    )
    with one_core(case.one_core):
        benchmark(call)
