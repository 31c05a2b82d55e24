"""Every statement of `cases.py` under pytest-benchmark:

    pytest bench/ --benchmark-only [-k sign-get] [--benchmark-compare] [--benchmark-histogram]

`--benchmark-disable` only checks that every statement returns the right value. pytest-benchmark times the
statements in sequence. For ratios use `python bench/run.py`, which interleaves them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from cases import CASES
from rivals import SHA256

import woox_fast
from woox_fast._timing import pin_to_one_core

build_case = cache(lambda name: CASES[name]())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Build the parameters at collection, because a case compiles C."""
    statements = [(case, name) for case in CASES if not build_case(case).environment for name in build_case(case).timed]
    metafunc.parametrize(("case", "name"), statements, ids=[f"{case}: {name}" for case, name in statements])


@pytest.mark.filterwarnings("ignore")  # rivals warn when imported
@pytest.mark.benchmark(min_time=0.0005, max_time=0.1, min_rounds=5, warmup=False)
def bench_sign(benchmark: Any, case: str, name: str) -> None:
    timed = build_case(case).timed[name]
    call = timed.compile_call()
    assert timed.right(call())
    benchmark.group = case
    benchmark.name = name + (f" ({timed.units:,} a call)" if timed.units > 1 else "")
    benchmark.extra_info.update(backend=woox_fast.backend, sha256_implementation=SHA256, units=timed.units)
    with pin_to_one_core(build_case(case).pin_to_one_core):
        benchmark(call)
