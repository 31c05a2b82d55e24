"""What is promised: each row's value, from one run's figures, and its goal."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cases import LEFT_OUT, OTHERS, Request, body_of, get, post
from measure import Figures

Ns = Callable[[str, str], float]  # (case, statement) -> nanoseconds per message
Value = Callable[[Ns], float]


class Goal(NamedTuple):
    sign: str
    bound: float
    unit: str = ""  # a ratio has none

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g} {self.unit}".rstrip()

    def met_by(self, value: float) -> bool:
        return value <= self.bound if self.sign == "≤" else value >= self.bound


def at_most(bound: float, unit: str = "") -> Goal:
    return Goal("≤", bound, unit)


def at_least(bound: float, unit: str = "") -> Goal:
    return Goal("≥", bound, unit)


class Row(NamedTuple):
    what: str
    case: str
    goal: Goal | None  # None: not promised, but told
    value: Value

    def falls_short(self, value: float) -> bool:
        return self.goal is not None and not self.goal.met_by(value)


OURS, NEW_KEY = "woox_fast", "woox_fast.sign, a new key each call"
INTEL = "Intel's multi-buffer library"
INTEL_AVX2 = f"{INTEL}, AVX2 and SHA-NI"


def medians(figures: dict[str, Figures]) -> Ns:
    return lambda case, name: figures[case][name][0]


def minima(figures: dict[str, Figures]) -> Ns:
    return lambda case, name: figures[case][name][1]


def limit(ns: Ns, case: str, blocks: int, streams: int = 1, call: str = "limit: empty call") -> float:
    """An empty call that returns the same, and each block compressed on the last."""
    return ns(case, call) + blocks * ns(case, "limit: compress") / streams


def best_of_the_rest(ns: Ns, case: str) -> float:
    return min(ns(case, name) for name in OTHERS if name not in LEFT_OUT)


# What a row's value may be.
def against_limit(case: str, request: Request, *, ours: str = OURS, streams: int = 1) -> Value:
    return lambda ns: ns(case, ours) / limit(ns, case, request.blocks, streams)


def ratio(case: str, this: str, that: str) -> Value:
    return lambda ns: ns(case, this) / ns(case, that)


def difference(case: str, this: str, that: str, unit: float = 1) -> Value:
    return lambda ns: (ns(case, this) - ns(case, that)) / unit


def memory(of: str, unit: int = 1) -> Value:
    return lambda ns: ns("memory", of) / unit


MANY, FALLBACK, PORTABLE = "woox_fast: sign_many", "woox_fast, pure fallback", "woox_fast, portable core"
MIB = body_of(1 << 20)

# Goals are for processors with SHA-NI. A row without one has a floor: docs/benchmarks.md tells what was tried.
GOALS = [
    Row("sign / limit", "GET, 45 bytes", None, against_limit("sign-get", get())),
    Row("sign / limit", "its timestamp a str", None, against_limit("sign-get-str", get())),
    Row("sign / limit", "POST, 181 bytes", None, against_limit("sign-post", post())),
    Row("sign / limit", "its timestamp a str", None, against_limit("sign-post-str", post())),
    Row("sign / limit", "body of 1 KiB", at_most(1.03), against_limit("length-1024", body_of(1 << 10))),
    Row(
        "sign, of the bare compress rate",
        "body of 1 MiB",
        at_least(97, "%"),
        lambda ns: (
            100 * MIB.blocks * ns("length-1048576", "limit: compress of as many bytes") / ns("length-1048576", OURS)
        ),
    ),
    Row("headers / limit", "GET", None, against_limit("headers-get", get())),
    Row("headers / limit", "POST", at_most(1.15), against_limit("headers-post", post())),
    Row(
        "more than Signer.sign",
        "encode_request, GET",
        at_most(60, "ns"),
        difference("headers-get", f"{OURS}: encode_request", f"{OURS}: sign"),
    ),
    Row(
        "more than Signer.sign",
        "encode_request, POST",
        at_most(60, "ns"),
        difference("headers-post", f"{OURS}: encode_request", f"{OURS}: sign"),
    ),
    *(
        Row(
            "sign_many / limit",
            f"{size:,} {request.method}",
            at_most(1.3),
            against_limit(f"batch-{request.method.lower()}-{size}", request, ours=MANY, streams=2),
        )
        for request in (get(), post())
        for size in (128, 1000, 10_000)
    ),
    Row("sign_many / Intel's library", "128 GET", at_most(0.95), ratio("batch-get-128", MANY, INTEL)),
    Row("sign_many / Intel's library", "128 POST", at_most(0.95), ratio("batch-post-128", MANY, INTEL)),
    Row(
        "sign_many / Intel's library",
        "128 GET, its AVX2 and SHA-NI",
        at_most(1.1),
        ratio("batch-get-128", MANY, INTEL_AVX2),
    ),
    Row(
        "sign_many / Intel's library",
        "128 POST, its AVX2 and SHA-NI",
        at_most(1.1),
        ratio("batch-post-128", MANY, INTEL_AVX2),
    ),
    Row(
        "sign_many, two threads / one",
        "POST",
        at_least(1.6),
        ratio("threads-post", "one thread", "two threads"),
    ),
    Row(
        "sign_many, two threads / one",
        "4 KiB",
        at_least(1.9),
        ratio("threads-4096", "one thread", "two threads"),
    ),
    Row("hmac.new / ours", "sign, GET", None, ratio("sign-get", "hmac.new", OURS)),
    Row("hmac.new / ours", "sign, POST", None, ratio("sign-post", "hmac.new", OURS)),
    Row(
        "best of the rest / sign",
        "GET",
        at_least(5.5),
        lambda ns: best_of_the_rest(ns, "sign-get") / ns("sign-get", OURS),
    ),
    Row(
        "best of the rest / sign",
        "POST",
        at_least(3.8),
        lambda ns: best_of_the_rest(ns, "sign-post") / ns("sign-post", OURS),
    ),
    Row("hmac.new / ours", "pure fallback, GET", at_least(1.35), ratio("sign-get", "hmac.new", FALLBACK)),
    Row("hmac.new / ours", "pure fallback, POST", at_least(1.35), ratio("sign-post", "hmac.new", FALLBACK)),
    Row("hmac.new / ours", "portable core, GET", at_least(4.5), ratio("sign-get", "hmac.new", PORTABLE)),
    Row(
        "portable compress / OpenSSL's",
        "16 KiB, without SHA-NI",
        at_most(1.4),
        ratio("portable", "portable compress", "OpenSSL without SHA-NI"),
    ),
    Row(
        "more than Signer.sign",
        "woox_fast.sign, GET",
        at_most(3, "compresses"),
        lambda ns: difference("sign-get", NEW_KEY, OURS, unit=ns("sign-get", "limit: compress"))(ns),
    ),
    Row("memory", "a Signer", at_most(160, "bytes"), memory("one Signer")),
    Row("memory", "100,000 signers", at_most(32, "MiB"), memory("100,000 signers", 1 << 20)),
    Row("memory", "to sign 1 MiB", at_most(64, "KiB"), memory("signing 1 MiB", 1 << 10)),
    Row(
        "100,000 signers / one",
        "in random order",
        None,
        ratio("keys-100000", "in random order", "one hot signer"),
    ),
    Row(
        "100,000 signers / one",
        "as the limit does",
        None,
        lambda ns: (
            limit(ns, "keys-100000", post().blocks, call="limit: empty call, in random order")
            / limit(ns, "keys-100000", post().blocks)
        ),
    ),
    Row(
        "more than the bare interpreter",
        "import woox_fast",
        at_most(3, "ms"),
        difference("import", "import woox_fast", "bare interpreter", 1e6),
    ),
]
