"""What the sandbox remembers of a request."""

from __future__ import annotations

from typing import NamedTuple


class RequestRecord(NamedTuple):
    """One request and what became of it.

    `time_ms` is Unix epoch milliseconds, `target` the raw request target. `status` is that of the reply, 0 if a fault
    left it without one; `code` is 0 or the code of the envelope; `verdict` is "OK", a name of `ERRORS`, or "FAULT" if a
    fault kept the request from being handled. `latency_us` is from the headers' arrival to the reply being ready.
    `stamp` and `signature` are x-api-timestamp and x-api-signature as they came. `body` is what was read of it, b"" in
    place of more than 64 KiB; `size` is its length in bytes. `message` is the reply's, for a refusal. `fault` names the
    faults that struck it.
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
