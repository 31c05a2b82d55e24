"""The promises, computed from a run's figures, and their goals."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cases import Request, build_body, build_get, build_post
from measure import Figures
from rivals import LEFT_OUT, OTHERS

Ns = Callable[[str, str], float]  # (case, statement) -> nanoseconds per message
Value = Callable[[Ns], float]

OURS, NEW_KEY = "woox_fast", "woox_fast.sign, a new key each call"
MANY, FALLBACK, PORTABLE = "woox_fast: sign_many", "woox_fast, pure fallback", "woox_fast, portable core"
INTEL, INTEL_AVX2 = "Intel's multi-buffer library", "Intel's multi-buffer library, AVX2 and SHA-NI"
HMAC_NEW = "hmac.new"
EMPTY, COMPRESS = "limit: empty call", "limit: compress"
MIB = build_body(1 << 20)


class Promise(NamedTuple):
    claim: str
    case: str
    value: Value
    goal: tuple[str, float, str] = ("", 0, "")  # "≤" or "≥", bound, unit; without a goal the value is only reported

    @property
    def goal_text(self) -> str:
        sign, bound, unit = self.goal
        return f"{sign} {bound:g} {unit}".rstrip() if sign else ""

    def falls_short(self, value: float) -> bool:
        sign, bound, _ = self.goal
        return value > bound if sign == "≤" else value < bound if sign else False


def at_most(bound: float, unit: str = "") -> tuple[str, float, str]:
    return "≤", bound, unit


def at_least(bound: float, unit: str = "") -> tuple[str, float, str]:
    return "≥", bound, unit


def medians(figures: dict[str, Figures]) -> Ns:
    return lambda case, name: figures[case][name][0]


def minima(figures: dict[str, Figures]) -> Ns:
    return lambda case, name: figures[case][name][1]


def compute_limit(ns: Ns, case: str, blocks: int, streams: int = 1, call: str = EMPTY) -> float:
    """Return an empty call's time plus the time for the dependent compressions."""
    return ns(case, call) + blocks * ns(case, COMPRESS) / streams


def find_best_rival(ns: Ns, case: str) -> float:
    return min(ns(case, name) for name in OTHERS if name not in LEFT_OUT)


def against_limit(case: str, request: Request, ours: str = OURS, streams: int = 1) -> Value:
    return lambda ns: ns(case, ours) / compute_limit(ns, case, request.blocks, streams)


def against_rest(case: str) -> Value:
    return lambda ns: find_best_rival(ns, case) / ns(case, OURS)


def ratio(case: str, this: str, that: str) -> Value:
    return lambda ns: ns(case, this) / ns(case, that)


def batch_against_limit(request: Request, size: int) -> Value:
    return against_limit(f"batch-{request.method.lower()}-{size}", request, MANY, streams=2)


def encode_request_more(case: str) -> Value:
    return lambda ns: ns(case, f"{OURS}: encode_request") - ns(case, f"{OURS}: sign")


def memory(of: str, unit: int = 1) -> Value:
    return lambda ns: ns("memory", of) / unit


def compress_rate(ns: Ns) -> float:
    return 100 * MIB.blocks * ns("length-1048576", f"{COMPRESS} of as many bytes") / ns("length-1048576", OURS)


def new_key_in_compresses(ns: Ns) -> float:
    return (ns("sign-get", NEW_KEY) - ns("sign-get", OURS)) / ns("sign-get", COMPRESS)


def limit_of_cold_signers(ns: Ns) -> float:
    cold = compute_limit(ns, "keys-100000", build_post().blocks, call=f"{EMPTY}, in random order")
    return cold / compute_limit(ns, "keys-100000", build_post().blocks)


def portable_ratio(ns: Ns) -> float:
    return ns("portable", "portable compress") / ns("portable", "OpenSSL without SHA-NI")


def import_ms(ns: Ns) -> float:
    return (ns("import", "import woox_fast") - ns("import", "bare interpreter")) / 1e6


# The goals are for processors with SHA-NI.
PROMISES = [
    Promise("sign / limit", "GET, 45 bytes", against_limit("sign-get", build_get())),
    Promise("sign / limit", "its timestamp a str", against_limit("sign-get-str", build_get())),
    Promise("sign / limit", "POST, 181 bytes", against_limit("sign-post", build_post())),
    Promise("sign / limit", "its timestamp a str", against_limit("sign-post-str", build_post())),
    Promise("sign / limit", "body of 1 KiB", against_limit("length-1024", build_body(1 << 10)), at_most(1.03)),
    Promise("sign, of the bare compress rate", "body of 1 MiB", compress_rate, at_least(97, "%")),
    Promise("headers / limit", "GET", against_limit("headers-get", build_get())),
    Promise("headers / limit", "POST", against_limit("headers-post", build_post()), at_most(1.15)),
    Promise("more than Signer.sign", "encode_request, GET", encode_request_more("headers-get"), at_most(60, "ns")),
    Promise("more than Signer.sign", "encode_request, POST", encode_request_more("headers-post"), at_most(60, "ns")),
    Promise("more than Signer.sign", "woox_fast.sign, GET", new_key_in_compresses, at_most(3, "compresses")),
    *(
        Promise("sign_many / limit", f"{size:,} {request.method}", batch_against_limit(request, size), at_most(1.3))
        for request in (build_get(), build_post())
        for size in (128, 1000, 10_000)
    ),
    Promise("sign_many / Intel's library", "128 GET", ratio("batch-get-128", MANY, INTEL), at_most(0.95)),
    Promise("sign_many / Intel's library", "128 POST", ratio("batch-post-128", MANY, INTEL), at_most(0.95)),
    Promise("sign_many / Intel's with AVX2", "128 GET", ratio("batch-get-128", MANY, INTEL_AVX2), at_most(1.1)),
    Promise("sign_many / Intel's with AVX2", "128 POST", ratio("batch-post-128", MANY, INTEL_AVX2), at_most(1.1)),
    Promise("sign_many, two threads / one", "POST", ratio("threads-post", "one thread", "two threads"), at_least(1.6)),
    Promise("sign_many, two threads / one", "4 KiB", ratio("threads-4096", "one thread", "two threads"), at_least(1.9)),
    Promise("hmac.new / ours", "sign, GET", ratio("sign-get", HMAC_NEW, OURS)),
    Promise("hmac.new / ours", "sign, POST", ratio("sign-post", HMAC_NEW, OURS)),
    Promise("hmac.new / ours", "pure fallback, GET", ratio("sign-get", HMAC_NEW, FALLBACK), at_least(1.35)),
    Promise("hmac.new / ours", "pure fallback, POST", ratio("sign-post", HMAC_NEW, FALLBACK), at_least(1.35)),
    Promise("hmac.new / ours", "portable core, GET", ratio("sign-get", HMAC_NEW, PORTABLE), at_least(4.5)),
    Promise("best rival / sign", "GET", against_rest("sign-get"), at_least(5.5)),
    Promise("best rival / sign", "POST", against_rest("sign-post"), at_least(3.8)),
    Promise("portable compress / OpenSSL's", "16 KiB, without SHA-NI", portable_ratio, at_most(1.4)),
    Promise("memory", "a Signer", memory("one Signer"), at_most(160, "bytes")),
    Promise("memory", "100,000 signers", memory("100,000 signers", 1 << 20), at_most(32, "MiB")),
    Promise("memory", "to sign 1 MiB", memory("signing 1 MiB", 1 << 10), at_most(64, "KiB")),
    Promise("100,000 signers / one", "in random order", ratio("keys-100000", "in random order", "one hot signer")),
    Promise("100,000 signers / one", "the limit", limit_of_cold_signers),
    Promise("more than the bare interpreter", "import woox_fast", import_ms, at_most(3, "ms")),
]
