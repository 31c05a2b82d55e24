"""How a row of the timestamp's table is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone

from ..changes import Change
from ..signing import Sent

FIX = "Sign the same 13 digits of milliseconds that x-api-timestamp holds."


def row(name: str, cost: int, what: str, write: Callable[..., str]) -> Change:
    return family(name, cost, f"The timestamp was signed {what}.", lambda ms: (write(ms),), last=False)


def family(name: str, cost: int, sentence: str, write: Callable[..., Iterable[str]], *, last: bool = True) -> Change:
    def values(_: str, sent: Sent) -> Iterable[str]:
        return () if sent.milliseconds is None else write(sent.milliseconds)

    return Change(f"timestamp-{name}", cost, f"{sentence} {FIX}", values, last)


def date(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=ms)
