"""A request, and changes of one text each: enough to show how explain's search goes about its tables."""

from __future__ import annotations

from typing import Any

from helpers.oracle import KEY, NOW
from woox_fast._explain.changes import Change, change
from woox_fast._explain.signing import Sent

SENT = Sent(KEY, "https://api.woox.io:8443", str(NOW), "POST", "/v3/x", "?q", b"body", "v3")


def put(name: str, cost: int, text: str, **more: Any) -> Change:
    """A change that puts a text at the end of a str or bytes."""
    return change(name, cost, f"{name}.", lambda v: v + (text if isinstance(v, str) else text.encode()), **more)
