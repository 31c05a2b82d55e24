"""Interleaved rounds: all statements of a case in turn, many times over, so that what drifts, drifts for all."""

from __future__ import annotations

import gc
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from cases import CASES, Case

ROUND_S = 0.0005  # short, so that few rounds are disturbed
ROUNDS = (15, 301)  # at least, at most
CONTEST_S = 4.0  # what ends the rounds between the two

Figures = dict[str, tuple[float, float]]  # statement: nanoseconds per unit, median and minimum of the rounds


@contextmanager
def one_core(wanted: bool) -> Iterator[None]:
    """Keep this process, and what it starts, on one core; the last one, since interrupts favour the first."""
    if not (wanted and hasattr(os, "sched_setaffinity")):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def measure(name: str) -> Figures:
    case = CASES[name]()
    if case.environment.items() - os.environ.items():
        command = [sys.executable, __file__, name]
        environment = os.environ | case.environment
        return {
            each: (middle, least)
            for each, (middle, least) in json.loads(
                subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
            ).items()
        }
    for each, timed in case.timed.items():
        if not timed.right(timed.once()()):
            raise AssertionError(f"{name}: {each} does not return what the standard library does")
    with one_core(case.one_core):
        return _rounds(case)


def _rounds(case: Case) -> Figures:
    timers = {name: timed.timer(case.clock) for name, timed in case.timed.items()}
    calls = {
        name: max(1, round(ROUND_S / max(timer.timeit(1), timer.timeit(1), 1e-8))) for name, timer in timers.items()
    }
    # The first guess is of cold code; the second is of code that CPython has specialised.
    calls = {name: max(1, round(n * ROUND_S / timers[name].timeit(n))) for name, n in calls.items()}
    rounds: dict[str, list[float]] = {name: [] for name in timers}
    order = list(timers)
    gc.collect()
    gc.freeze()
    started = time.perf_counter()
    for number in range(ROUNDS[1]):
        if number >= ROUNDS[0] and time.perf_counter() - started > CONTEST_S:
            break
        random.shuffle(order)
        for name in order:
            rounds[name].append(timers[name].timeit(calls[name]) / calls[name] / case.timed[name].units * 1e9)
    gc.unfreeze()
    return {name: (median(times), min(times)) for name, times in rounds.items()}


_MEMORY = """
import json, random, sys
from pathlib import Path
from woox_fast import Signer

def status(field):
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return 1024 * int(line.split()[1])

signer = Signer("key", "secret")
body = "x" * (1 << 20)
signer.sign(1578565539808, "POST", "/v3/trade/order", body)  # its code is in memory from here on
Path("/proc/self/clear_refs").write_text("5")  # VmHWM, the peak, begins again from VmRSS
before = status("VmRSS")
signer.sign(1578565539808, "POST", "/v3/trade/order", body)
extra = status("VmHWM") - before
before = status("VmRSS")
signers = [Signer(f"key-{number}", f"secret-{number}") for number in range(100_000)]
print(json.dumps({
    "one Signer": sys.getsizeof(signer), "signing 1 MiB": extra, "100,000 signers": status("VmRSS") - before
}))
"""


def memory() -> Figures:
    """Bytes. Empty where Linux's /proc is not there to ask."""
    if not Path("/proc/self/clear_refs").exists():
        return {}
    output = subprocess.run([sys.executable, "-c", _MEMORY], stdout=subprocess.PIPE, check=True).stdout
    return {name: (float(value), float(value)) for name, value in json.loads(output).items()}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
