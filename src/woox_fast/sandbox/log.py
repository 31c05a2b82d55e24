"""The log: a record of every request, and the counts."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, NamedTuple

MAX_RECORDS = 1000
MAX_TRANSCRIPTS = 200  # the newest requests also keep their headers and response
MAX_BODY = 64 * 1024  # bytes; with MAX_RECORDS it bounds the memory

logger = logging.getLogger("woox_fast.sandbox")


class RequestRecord(NamedTuple):
    """A request and its outcome."""

    time_ms: int  # arrival by the sandbox's clock, Unix epoch milliseconds
    method: str
    target: str  # the raw request target
    status: int  # HTTP status that the client received; 0 if a fault lost or truncated the response
    code: int  # code of the envelope; 0 on success
    verdict: str  # "OK", a name of `ERRORS`, or "FAULT" if a fault kept the request from the exchange
    latency_us: float  # from the arrival of the headers until the response was ready, without delays after it
    stamp: str = ""  # header x-api-timestamp
    signature: str = ""  # header x-api-signature
    body: bytes = b""  # empty if it is longer than 64 KiB
    size: int = 0  # length of the body in bytes
    message: str = ""  # the refusal's message
    fault: str = ""  # names of the applied faults


class Transcript(NamedTuple):
    """The request's parts that only the web page shows."""

    headers: tuple[tuple[bytes, bytes], ...] = ()
    response: bytes = b""


class RequestLog:
    """The newest records of the sandbox, and counts over all its requests."""

    def __init__(self, on_request: Callable[[RequestRecord], None] | None = None) -> None:
        self.requests: deque[RequestRecord] = deque(maxlen=MAX_RECORDS)
        self.seen = self.verified = self.accepted = self.refused = 0
        self.verdicts: Counter[str] = Counter()
        self.fault_counts: Counter[str] = Counter()
        self._transcripts: deque[Transcript] = deque(maxlen=MAX_TRANSCRIPTS)
        self._on_request = on_request

    def append(self, record: RequestRecord, transcript: Transcript) -> None:
        self.accepted += record.verdict == "OK"
        self.refused += record.verdict not in ("OK", "FAULT")
        self.seen += 1
        self.verdicts[record.verdict] += 1
        self.requests.append(record)
        self._transcripts.append(transcript)
        if self._on_request is not None:
            try:
                self._on_request(record)
            except Exception:
                logger.exception("on_request failed; the sandbox answers the request anyway")

    def find(self, number: int) -> tuple[RequestRecord, Transcript | None] | None:
        index = number - (self.seen - len(self.requests)) - 1
        if not 0 <= index < len(self.requests):
            return None
        transcript = index - len(self.requests) + len(self._transcripts)
        return self.requests[index], self._transcripts[transcript] if transcript >= 0 else None

    def stats(self) -> dict[str, Any]:
        return {
            "requests": self.seen, "verified": self.verified, "accepted": self.accepted, "refused": self.refused,
            "verdicts": dict(self.verdicts), "faults": dict(self.fault_counts),
        }  # fmt: skip
