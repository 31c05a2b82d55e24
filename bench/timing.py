"""Does the time of `verify` and `sign` tell anything of what is secret? Welch's t-test, after dudect (Reparaz, 2017).

    python bench/timing.py [--samples 1000000]

Two classes of calls in random order, timed one by one; |t| < 4.5 says that no difference between their means was seen.
The control, a comparison that stops at the first wrong character, must be seen. Exit status 1 if either is not so.
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
ROUNDS = 3  # with other secrets each; their median is given, as one may have been disturbed
POOL = 16384  # secrets or signatures of each class, drawn at random
REQUEST = (1578565539808, "POST", "/v3/trade/order", '{"symbol":"SPOT_BTC_USDT","side":"BUY"}')


class Trial(NamedTuple):
    """`prepare(text)` is not timed and makes a new object each time, where the last one lay: so that the classes
    differ in nothing but what the texts say. `call` of it is timed."""

    prepare: Callable[[str], Any]
    call: Callable[[Any], object]
    texts: list[tuple[int, str]]  # class, 0 or 1, and text


def welch(one: list[int], other: list[int]) -> float:
    means = statistics.fmean(one), statistics.fmean(other)
    errors = [statistics.variance(times) / len(times) for times in (one, other)]
    return (means[0] - means[1]) / math.sqrt(sum(errors))


def measure(trial: Trial, samples: int) -> float:
    """t of the two classes, over `samples` calls in all; the slowest tenth, interrupts among them, is left out.

    Nothing but the text goes a different way for either class: which one it was is looked up when all is measured.
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
            call(neutral)  # so that the call timed next finds the processor as this one leaves it, not as preparing did
            started = perf_counter_ns()
            call(given)
            times.append(perf_counter_ns() - started)
            del given
    finally:
        gc.enable()
    kept = list(zip(order, times, strict=True))[WARM_UP:]
    slowest = sorted(times)[len(times) * 9 // 10]
    return welch(
        *([time for which, time in kept if time < slowest and trial.texts[which][0] == kind] for kind in (0, 1))
    )


def wrong_at(good: str, at: int) -> str:
    return good[:at] + secrets.choice([digit for digit in "0123456789abcdef" if digit != good[at]]) + good[at + 1 :]


def naive(given: str, expected: str) -> bool:
    return all(one == other for one, other in zip(given, expected, strict=True))


def copied(text: str) -> str:
    return (text + " ")[:-1]


def mixed(one: list[str], other: list[str]) -> list[tuple[int, str]]:
    """The texts with their classes, in any order, and so placed in memory: what lies together is read faster."""
    texts = [(kind, text) for kind, each in enumerate((one, other)) for text in each]
    random.shuffle(texts)
    return [(kind, copied(text)) for kind, text in texts]


def trials(module: Any) -> dict[str, Trial]:
    """The pairs of classes, of which only the last, the control, may differ."""
    signer = module.Signer("key", secrets.token_hex(16))
    good = signer.sign(*REQUEST)
    wrong = mixed(*([wrong_at(good, at) for _ in range(POOL)] for at in (0, 63)))
    fixed = secrets.token_hex(16)
    keys = mixed([fixed] * POOL, [secrets.token_hex(16) for _ in range(POOL)])
    return {
        "verify, wrong first or last character": Trial(copied, lambda given: signer.verify(given, *REQUEST), wrong),
        "sign, one secret or any": Trial(
            lambda secret: module.Signer("key", secret), lambda each: each.sign(*REQUEST), keys
        ),
        "naive comparison (the control)": Trial(copied, lambda given: naive(given, good), wrong),
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
        rounds = [trials(module) for _ in range(ROUNDS)]
        for name in rounds[0]:
            t = statistics.median(measure(trials[name], samples) for trials in rounds)
            as_wanted = (abs(t) < THRESHOLD) != ("control" in name)
            sound &= as_wanted
            print(
                f"{woox_fast.backend} {sha256}: {name}: t = {t:+.1f}{'' if as_wanted else '  <-- NOT AS IT SHOULD BE'}"
            )
    verdict = "as it should be" if sound else "FAILED"
    print(f"timing: {ROUNDS} rounds of {samples:,} samples each, threshold |t| < {THRESHOLD}: {verdict}")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
