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
    """A request and its outcome.

    Attributes:
        time_ms: Arrival by the sandbox's clock, Unix epoch milliseconds.
        method: HTTP method.
        target: Raw request target.
        status: HTTP status of the response that the client received; 0 if a fault lost or truncated the response.
        code: Code of the envelope, 0 on success.
        verdict: "OK", a name of `ERRORS`, or "FAULT" if a fault kept the request from the exchange.
        latency_us: From the arrival of the headers until the response was ready, without deliberate delays after it.
        stamp: Header x-api-timestamp.
        signature: Header x-api-signature.
        body: The body, or b"" if it is longer than 64 KiB.
        size: Length of the body in bytes.
        message: The refusal's message.
        fault: Names of the faults that struck.
    """

    time_ms: int
    method: str
    target: str
    status: int
    code: int
    verdict: str
    latency_us: float
    stamp: str = ""
    signature: str = ""
    body: bytes = b""
    size: int = 0
    message: str = ""
    fault: str = ""


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
        self.struck: Counter[str] = Counter()
        self._transcripts: deque[Transcript] = deque(maxlen=MAX_TRANSCRIPTS)
        self._on_request = on_request

    def append(self, record: RequestRecord, transcript: Transcript) -> None:
        """Count the request, store it and pass it to `on_request`."""
        if record.verdict == "OK":
            self.accepted += 1
        elif record.verdict != "FAULT":
            self.refused += 1
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
        """Return the `number`th request, counted from 1, while the log retains it."""
        index = number - (self.seen - len(self.requests)) - 1
        if not 0 <= index < len(self.requests):
            return None
        transcript = index - len(self.requests) + len(self._transcripts)
        return self.requests[index], self._transcripts[transcript] if transcript >= 0 else None

    def stats(self) -> dict[str, Any]:
        return {
            "requests": self.seen, "verified": self.verified, "accepted": self.accepted, "refused": self.refused,
            "verdicts": dict(self.verdicts), "faults": dict(self.struck),
        }  # fmt: skip
