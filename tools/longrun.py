"""Run the long forms of the tests: `make fuzz MINUTES=n`, `make prove`, `make soak`. The last line has the figures.

The short forms are in test_*.py and use the same harnesses. Exit status 1 means that a run found a fault.
"""

from __future__ import annotations

import argparse
import importlib
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.backends import MODULES, installed_backends
from helpers.core_build import FUZZ_FLAGS, LIBFUZZER, SANITIZING, compile_core, fuzz_core
from helpers.load import check_load
from helpers.soak import check_flat_memory, sign_on_threads
from helpers.surface import GARBAGE, SECRETS, check_any_refusal, check_any_request, requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from proofs import RefutedError
from proofs import prove as prove_by_cbmc

DEBIAN = "on Debian: apt-get install gcc clang libclang-rt-14-dev, or whichever release clang has there"


def fuzz(minutes: float) -> int:
    """Run libFuzzer with sanitizers on the core for nine tenths of the time, then hypothesis on every backend."""
    if not LIBFUZZER:
        sys.exit(f"This needs clang with libFuzzer; {DEBIAN}")
    with tempfile.TemporaryDirectory() as folder:
        output = fuzz_core(Path(folder), f"-max_total_time={int(minutes * 54)}")
    done = re.search(r"Done (\d+) runs in (\d+) second", output)
    assert done, output
    surface = fuzz_surface(time.monotonic() + minutes * 6)
    print(
        f"fuzz: {int(done[1]):,} executions of the core in {int(done[2]):,} s under ASan and UBSan, "
        f"{surface:,} examples of the Python surface, 0 differences from OpenSSL and hmac"
    )
    return 0


def fuzz_surface(until: float) -> int:
    """Check random requests and refusals on all backends until a time of `time.monotonic`. Return the number."""
    examples = 0
    unlimited = settings(max_examples=500, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    while time.monotonic() < until or not examples:
        for backend, sha256 in installed_backends():
            module = importlib.import_module(MODULES[backend])
            module._choose_sha256(sha256)

            @unlimited
            @given(module=st.just(module), secret=SECRETS, wanted=st.lists(requests(), min_size=1, max_size=5))
            def sign(module, secret, wanted):
                nonlocal examples
                examples += 1
                check_any_request(module, secret, wanted)

            @unlimited
            @given(module=st.just(module), request=st.tuples(GARBAGE, GARBAGE, GARBAGE, GARBAGE))
            def refuse(module, request):
                nonlocal examples
                examples += 1
                check_any_refusal(module, request)

            sign()
            refuse()
    return examples


def soak(scale: float) -> int:
    """Sign and refuse by the million on threads, then load the sandbox; `scale` 1 is the full form."""
    started = time.monotonic()
    threaded = scale_count(10**6, scale)
    for backend, sha256 in installed_backends():
        module = importlib.import_module(MODULES[backend])
        module._choose_sha256(sha256)
        sign_on_threads(module, 8, threaded)
        check_flat_memory(module, scale_count(10**7, scale), scale_count(10**6, scale), scale_count(10**6, scale))
        print(f"  {backend} {module.sha256_implementation}: right on 8 threads, memory flat", flush=True)
    orders, hostile = scale_count(100_000, scale), scale_count(1000, scale)
    refused = check_load(orders, hostile).refused
    print(
        f"soak: per backend {8 * threaded:,} signatures on 8 threads, {scale_count(10**7, scale):,} on one, "
        f"{scale_count(10**6, scale):,} constructions, {scale_count(10**6, scale):,} refusals, 0 wrong, 0 leaked; "
        f"{orders:,} orders over 50 connections, 0 lost, 0 doubled; "
        f"{sum(refused.values()):,} hostile requests of {len(refused)} kinds, "
        f"0 accepted; {time.monotonic() - started:,.0f} s"
    )
    return 0


def scale_count(full: int, scale: float) -> int:
    return max(100, int(full * scale))


def prove() -> int:
    """Prove the padding by CBMC for parts of any size. Then sign with parts of every size to 137 bytes."""
    if len(SANITIZING) < 2:
        sys.exit(f"This needs gcc and clang with their sanitizers; {DEBIAN}")
    try:
        proved = prove_by_cbmc()
    except RefutedError as refuted:
        print(refuted, file=sys.stderr)
        return 1
    signatures = 0
    for compiler in SANITIZING:
        with tempfile.TemporaryDirectory() as folder:
            program = compile_core(Path(folder), compiler, "borders.c", *FUZZ_FLAGS)
            for sizes in (["137", "1"], ["700", "64"]):
                result = subprocess.run([program, *sizes], capture_output=True, text=True)
                if result.returncode:
                    print(result.stderr[-6000:], file=sys.stderr)
                    return 1
                signatures += int(result.stdout.split()[0])
    print(
        f"prove: {signatures:,} signatures of every size right, 0 bytes touched outside, under ASan and UBSan; {proved}"
    )
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    subcommands = parser.add_subparsers(dest="subcommand", required=True)
    subcommands.add_parser("fuzz").add_argument("--minutes", type=float, default=5)
    subcommands.add_parser("soak").add_argument("--scale", type=float, default=1.0)
    subcommands.add_parser("prove")
    arguments = vars(parser.parse_args())
    return {"fuzz": fuzz, "prove": prove, "soak": soak}[arguments.pop("subcommand")](**arguments)


if __name__ == "__main__":
    sys.exit(main())
