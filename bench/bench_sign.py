"""Every statement of `cases.py` under pytest-benchmark, one after another:

    pytest bench/ --benchmark-only [-k sign-get] [--benchmark-compare] [--benchmark-histogram]

With `--benchmark-disable` instead it checks that each is right, and times nothing. `python bench/run.py` interleaves,
and so has the ratios. Plain `pytest` collects none of this: only tests/ is on its path.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from cases import CASES, LEFT_OUT, SHA256, Case

import woox_fast
from woox_fast._timing import one_core

case_of = cache(lambda name: CASES[name]())


def _cases() -> Iterator[Any]:
    for group in CASES:
        case: Case = case_of(group)
        if not case.environment:  # this process has its own
            for name, timed in case.timed.items():
                units = f" ({timed.units:,} a call)" if timed.units > 1 else ""
                yield pytest.param(group, name, id=f"{group}: {name}{units}")


# Loading some rivals warns; none of it is ours.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.benchmark(max_time=0.1, min_rounds=5, warmup=False)
@pytest.mark.parametrize(("group", "name"), list(_cases()))
def bench_sign(benchmark: Any, group: str, name: str) -> None:
    case = case_of(group)
    timed = case.timed[name]
    call = timed.once()
    assert timed.right(call())
    benchmark.group = group
    benchmark.extra_info.update(
        backend=woox_fast.backend, sha256_implementation=SHA256, messages_or_blocks=timed.units, left_out=LEFT_OUT
    )
    with one_core(case.one_core):
        benchmark(call)
