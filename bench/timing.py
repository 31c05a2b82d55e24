"""Test whether the time of `verify` and `sign` depends on a secret: Welch's t-test, after dudect (Reparaz, 2017).

    python bench/timing.py [--samples 1000000]

Time calls of two classes in random order. If |t| < 4.5, the test found no difference between their means. It must find
the control, a comparison that stops at the first wrong character. Otherwise the exit status is 1.
Source: https://eprint.iacr.org/2016/1123
"""

from __future__ import annotations

import argparse
import gc
import importlib
import math
import random
import secrets
import statistics
import sys
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, NamedTuple

import woox_fast

THRESHOLD = 4.5
WARM_UP = 1000  # calls
ROUNDS = 3  # with different secrets; the median excludes a disturbed round
POOL = 16384  # random secrets or signatures per class
REQUEST = (1578565539808, "POST", "/v3/trade/order", '{"symbol":"SPOT_BTC_USDT","side":"BUY"}')


class Trial(NamedTuple):
    """Time `call(prepare(text))` without `prepare`, which builds a new object at the same address for every text. So
    the classes differ in their texts alone."""

    prepare: Callable[[str], Any]
    call: Callable[[Any], object]
    texts: list[tuple[int, str]]  # class, 0 or 1, and text


def compute_t(one: list[int], other: list[int]) -> float:
    means = statistics.fmean(one), statistics.fmean(other)
    errors = [statistics.variance(times) / len(times) for times in (one, other)]
    return (means[0] - means[1]) / math.sqrt(sum(errors))


def measure(trial: Trial, samples: int) -> float:
    """Return t of the two classes over `samples` calls. Exclude the slowest tenth, for example interrupts.

    The code path is the same for both classes. Assign the times to the classes after the measurement.
    """
    rng = random.Random(secrets.randbits(64))
    prepare, call, _ = trial
    texts = [text for _, text in trial.texts]
    order = [rng.randrange(len(texts)) for _ in range(samples + WARM_UP)]
    times: list[int] = []
    neutral = prepare(secrets.token_hex(32))
    gc.disable()
    try:
        for which in order:
            given = prepare(texts[which])
            call(neutral)  # so that `prepare` does not affect the processor's state for the timed call
            started = perf_counter_ns()
            call(given)
            times.append(perf_counter_ns() - started)
            del given
    finally:
        gc.enable()
    kept = list(zip(order, times, strict=True))[WARM_UP:]
    slowest = sorted(times)[len(times) * 9 // 10]
    return compute_t(
        *([time for which, time in kept if time < slowest and trial.texts[which][0] == kind] for kind in (0, 1))
    )


def corrupt(good: str, at: int) -> str:
    return good[:at] + secrets.choice([digit for digit in "0123456789abcdef" if digit != good[at]]) + good[at + 1 :]


def compare_naively(given: str, expected: str) -> bool:
    return all(one == other for one, other in zip(given, expected, strict=True))


def copy_text(text: str) -> str:
    return (text + " ")[:-1]


def mix(one: list[str], other: list[str]) -> list[tuple[int, str]]:
    """Return the texts with their classes in random order, also in memory: neighbours are read faster."""
    texts = [(kind, text) for kind, each in enumerate((one, other)) for text in each]
    random.shuffle(texts)
    return [(kind, copy_text(text)) for kind, text in texts]


def build_trials(module: Any) -> dict[str, Trial]:
    """Return pairs of classes. Only the last pair, the control, may differ."""
    signer = module.Signer("key", secrets.token_hex(16))
    good = signer.sign(*REQUEST)
    wrong = mix(*([corrupt(good, at) for _ in range(POOL)] for at in (0, 63)))
    fixed = secrets.token_hex(16)
    keys = mix([fixed] * POOL, [secrets.token_hex(16) for _ in range(POOL)])
    return {
        "verify, wrong first or last character": Trial(copy_text, lambda given: signer.verify(given, *REQUEST), wrong),
        "sign, one secret or any": Trial(
            lambda secret: module.Signer("key", secret), lambda each: each.sign(*REQUEST), keys
        ),
        "naive comparison (the control)": Trial(copy_text, lambda given: compare_naively(given, good), wrong),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=10**6)
    samples = parser.parse_args().samples
    module = importlib.import_module(woox_fast.Signer.__module__)
    names = [woox_fast.sha256_implementation, *getattr(module, "_sha256_names", list)()]
    sound = True
    for sha256 in dict.fromkeys(names):
        if hasattr(module, "_choose_sha256"):
            module._choose_sha256(sha256)
        rounds = [build_trials(module) for _ in range(ROUNDS)]
        for name in rounds[0]:
            t = statistics.median(measure(trials[name], samples) for trials in rounds)
            as_wanted = (abs(t) < THRESHOLD) != ("control" in name)
            sound &= as_wanted
            print(f"{woox_fast.backend} {sha256}: {name}: t = {t:+.1f}{'' if as_wanted else '  <-- UNEXPECTED'}")
    verdict = "passed" if sound else "FAILED"
    print(f"timing: {ROUNDS} rounds of {samples:,} samples each, threshold |t| < {THRESHOLD}: {verdict}")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
