"""Measure a case: interleave rounds of all statements, so that the machine's drift affects them equally."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from cases import CASES

from woox_fast._timing import measure_rounds, pin_to_one_core

MIN_ROUNDS, MAX_ROUNDS = 15, 301
CASE_S = 4.0  # ends the rounds between the two

Figures = dict[str, tuple[float, float]]  # statement: nanoseconds per unit, median and minimum of the rounds


def measure(name: str) -> Figures:
    case = CASES[name]()
    if case.environment.items() - os.environ.items():
        output = subprocess.check_output([sys.executable, __file__, name], env=os.environ | case.environment)
        return {statement: (middle, least) for statement, (middle, least) in json.loads(output).items()}
    for statement, timed in case.timed.items():
        if not timed.right(timed.compile_call()()):
            raise AssertionError(f"{name}: {statement} does not return the standard library's result")
    timers = {statement: timed.create_timer(case.clock) for statement, timed in case.timed.items()}
    gc.collect()
    with pin_to_one_core(case.pin_to_one_core):
        times = measure_rounds(timers, rounds=MIN_ROUNDS, most=MAX_ROUNDS, seconds=CASE_S)
    units = {statement: timed.units for statement, timed in case.timed.items()}
    return {each: (median(ns) / units[each], min(ns) / units[each]) for each, ns in times.items()}


_MEMORY = """
import json, sys
from pathlib import Path
from woox_fast import Signer

def status(field):
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return 1024 * int(line.split()[1])

signer = Signer("key", "secret")
body = "x" * (1 << 20)
signer.sign(1578565539808, "POST", "/v3/trade/order", body)  # loads the code
Path("/proc/self/clear_refs").write_text("5")  # resets the peak, VmHWM, to VmRSS
before = status("VmRSS")
signer.sign(1578565539808, "POST", "/v3/trade/order", body)
extra = status("VmHWM") - before
before = status("VmRSS")
signers = [Signer(f"key-{number}", f"secret-{number}") for number in range(100_000)]
print(json.dumps({
    "one Signer": sys.getsizeof(signer), "signing 1 MiB": extra, "100,000 signers": status("VmRSS") - before
}))
"""


def measure_memory() -> Figures:
    """Return bytes instead of nanoseconds; empty without Linux's /proc."""
    if not Path("/proc/self/clear_refs").exists():
        return {}
    output = subprocess.check_output([sys.executable, "-c", _MEMORY])
    return {name: (float(value), float(value)) for name, value in json.loads(output).items()}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
