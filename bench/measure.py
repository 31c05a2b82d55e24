"""Interleaved rounds: all statements of a case in turn, many times over, so that what drifts, drifts for all."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from cases import CASES

from woox_fast._timing import one_core, rounds_ns

ROUNDS = (15, 301)  # at least, at most
CONTEST_S = 4.0  # what ends the rounds between the two

Figures = dict[str, tuple[float, float]]  # statement: nanoseconds per unit, median and minimum of the rounds


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
    timers = {each: timed.timer(case.clock) for each, timed in case.timed.items()}
    gc.collect()
    with one_core(case.one_core):
        times = rounds_ns(timers, rounds=ROUNDS[0], most=ROUNDS[1], seconds=CONTEST_S)
    units = {each: timed.units for each, timed in case.timed.items()}
    return {each: (median(ns) / units[each], min(ns) / units[each]) for each, ns in times.items()}


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
