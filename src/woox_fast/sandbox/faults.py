"""The table of faults: what can go wrong on purpose, and how.

Each fault is a function around the answer: it may wait, put something else in its place, or break the connection
before or after. `rules` says which requests a fault strikes.
"""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Awaitable, Callable
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

if TYPE_CHECKING:
    from .visit import Visit

Draw = Callable[[random.Random], Any]
Answer = Callable[[], Awaitable[web.Response]]
Effect = Callable[["Visit", "Strike", Answer], Awaitable[web.Response]]


class FaultError(ValueError):
    """A rule that cannot be read. Its text says what was got and what a rule looks like."""


class Fault(NamedTuple):
    """A row of the table: the arguments it takes, what it does, an example of a rule, and the function.

    `read` turns the arguments into what is drawn for each strike. `lasts` is for faults that go on for a time, and
    then strike all requests of the rule; `drawn_at_random` for those that a seed makes the same each time.
    """

    usage: str
    sentence: str
    example: str
    read: Callable[[list[str]], Draw]
    effect: Effect | None = None
    lasts: bool = False
    drawn_at_random: bool = False


class Strike(NamedTuple):
    """A fault that strikes one request: its name, what was drawn for it, and until when it lasts (Unix epoch ms)."""

    name: str
    fault: Fault
    drawn: Any
    until_ms: int = 0


# -- effects ----------------------------------------------------------------------------------------------------------


async def _delay(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    await visit.sleep(strike.drawn)
    return await answer()


async def _delay_after(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    response = await answer()
    await visit.sleep(strike.drawn)
    return response


async def _reset(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    return visit.reset()


async def _reset_after(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    await answer()
    return visit.reset()


async def _no_reply(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    await answer()
    return await visit.silence()


async def _cut(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    await visit.send(await answer(), at_most=strike.drawn)
    return visit.close()


async def _twice(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    response = await answer()
    if not strike.drawn:
        return await visit.send(response, times=2)
    await visit.send(response)
    await visit.sleep(strike.drawn)
    return response


async def _close(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    await visit.send(await answer())
    return visit.close()


async def _rate_limit(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    return visit.refuse("TOO_MANY_REQUEST")


def _page(status: int) -> web.Response:
    what = f"{status} {_STATUSES[status]}"
    html = (
        f"<html>\r\n<head><title>{what}</title></head>\r\n<body>\r\n<center><h1>{what}</h1></center>\r\n</body></html>"
    )
    return web.Response(status=status, text=html, content_type="text/html")


async def _html(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    return _page(strike.drawn)


async def _html_after(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    await answer()
    return _page(strike.drawn)


async def _gateway(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    return visit.reply(200, {"code": 503, "message": "[GW] no upstream server"})


async def _maintenance(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    if visit.path == "/v3/public/systemInfo":
        info = {"status": 2, "msg": "System is under maintenance.", "estimatedEndTime": strike.until_ms}
        return visit.reply(200, {"success": True, "data": info, "timestamp": visit.now_ms})
    return visit.refuse("MAINTENANCE")


async def _skew(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    visit.now_ms += round(strike.drawn * 1000)
    return await answer()


async def _gzip(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    response = await _chunked(visit, strike, answer)
    # As a server does: only for a client that says that it can read it.
    if visit.takes_gzip and isinstance(response.body, bytes):
        response.body = gzip.compress(response.body, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    return response


async def _chunked(visit: Visit, strike: Strike, answer: Answer) -> web.Response:
    response = await answer()
    response.headers["x-request-id"] = strike.drawn
    response.headers["Transfer-Encoding"] = "chunked"
    return response


# -- arguments --------------------------------------------------------------------------------------------------------

_STATUSES = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_TIME = re.compile(r"([+-]?\d{1,9}(?:\.\d{1,6})?)(ms|s|m)", re.ASCII)
_MOST_S = 3600.0


def _seconds(text: str, *, least: float = 0.0) -> float:
    found = _TIME.fullmatch(text)
    seconds = float(found[1]) * _UNITS[found[2]] if found else inf
    if not least <= seconds <= _MOST_S:
        raise FaultError(f"a time is a number and ms, s or m, such as 200ms, up to an hour; got {text!a}")
    return seconds


def whole(what: str, text: str, least: int = 1, most: int = 2**63 - 1) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise FaultError(f"{what} takes a whole number from {least} to {most}, got {text!a}")
    return int(text)


def _one(arguments: list[str]) -> str:
    if len(arguments) != 1:
        raise FaultError("")
    return arguments[0]


def _nothing(arguments: list[str]) -> Draw:
    if arguments:
        raise FaultError("")
    return lambda random: None


def _request_id(arguments: list[str]) -> Draw:
    _nothing(arguments)
    return lambda random: f"{random.getrandbits(128):032x}"


def _time(arguments: list[str]) -> Draw:
    seconds = _seconds(_one(arguments))
    return lambda random: seconds


def _gap(arguments: list[str]) -> Draw:
    return _time(arguments or ["0ms"])


def _offset(arguments: list[str]) -> Draw:
    seconds = _seconds(_one(arguments), least=-_MOST_S)
    return lambda random: seconds


def _delays(arguments: list[str]) -> Draw:
    """A fixed time, one between two, or a long tail: log-normal, so that 1 in 100 takes ten times the median."""
    if len(arguments) == 3 and arguments[0] == "uniform":
        low, high = map(_seconds, arguments[1:])
        return lambda random: random.uniform(low, high)
    if len(arguments) == 2 and arguments[0] == "tail":
        median = _seconds(arguments[1])
        return lambda random: min(median * random.lognormvariate(0, 1), _MOST_S)
    return _time(arguments)


def _count(arguments: list[str], least: int = 0) -> Draw:
    count = whole("it", _one(arguments), least, 10**9)
    return lambda random: count


def _count_from_1(arguments: list[str]) -> Draw:
    return _count(arguments, 1)


def _status(arguments: list[str]) -> Draw:
    status = whole("it", _one(arguments or ["502"]), 500, 599)
    if status not in _STATUSES:
        raise FaultError(f"the status is one of {', '.join(map(str, _STATUSES))}, got {status}")
    return lambda random: status


_DELAYS = "TIME | uniform TIME TIME | tail TIME"

FAULTS: dict[str, Fault] = {
    "delay": Fault(
        _DELAYS,
        "The request reaches the exchange late: it is handled after this time, whether its client still waits or not.",
        "delay 2s on POST /v3/trade/order first 1",
        _delays,
        _delay,
        drawn_at_random=True,
    ),
    "delay-after": Fault(
        _DELAYS,
        "The request is handled at once; the reply comes after this time.",
        "delay-after tail 50ms",
        _delays,
        _delay_after,
        drawn_at_random=True,
    ),
    "refuse": Fault(
        "TIME",
        "New connections are refused for this time: from now on, or after every Nth connection.",
        "refuse 500ms",
        _time,
    ),
    "reset": Fault(
        "",
        "The connection is reset before the request is handled.",
        "reset on POST /v3/trade/order first 1",
        _nothing,
        _reset,
    ),
    "reset-after": Fault(
        "",
        "The request is handled, then the connection is reset: the reply is lost.",
        "reset-after on POST /v3/trade/order first 1",
        _nothing,
        _reset_after,
    ),
    "no-reply": Fault(
        "",
        "The request is handled and never answered; the connection stays open.",
        "no-reply on POST /v3/trade/order first 1",
        _nothing,
        _no_reply,
    ),
    "cut": Fault(
        "BYTES",
        "The request is handled; the reply ends after this many bytes of head and body, and the connection is closed.",
        "cut 180 on POST /v3/trade/order first 1",
        _count,
        _cut,
    ),
    "twice": Fault(
        "[TIME]",
        "The request is handled once, and its reply is sent twice, back to back or after this time.",
        "twice on POST /v3/trade/order first 1",
        _gap,
        _twice,
    ),
    "close": Fault(
        "REQUESTS",
        "The connection is closed, without a word, after the reply to this many requests on it.",
        "close 3",
        _count_from_1,
        _close,
    ),
    "rate-limit": Fault(
        "",
        "HTTP 429 with the documented code -1003; the request is not handled.",
        "rate-limit on POST /v3/trade/order every 3",
        _nothing,
        _rate_limit,
    ),
    "html": Fault(
        "[500 | 502 | 503 | 504]",
        "A page of HTML with this status (502); the request is not handled.",
        "html 502 on POST /v3/trade/order first 1",
        _status,
        _html,
    ),
    "html-after": Fault(
        "[500 | 502 | 503 | 504]",
        "The request is handled, and then a page of HTML with this status (502) is the reply.",
        "html-after 504 on POST /v3/trade/order first 1",
        _status,
        _html_after,
    ),
    "gateway": Fault(
        "",
        'HTTP 200 with {"code":503,"message":"[GW] no upstream server"}; the request is not handled.',
        "gateway on POST /v3/trade/order first 1",
        _nothing,
        _gateway,
    ),
    "maintenance": Fault(
        "TIME",
        "For this time systemInfo says so (status 2), and every other request is refused with -1011.",
        "maintenance 10s",
        _time,
        _maintenance,
        lasts=True,
    ),
    "skew": Fault(
        "TIME",
        "The clock of the exchange is ahead by this time, or behind (-400s).",
        "skew 400s",
        _offset,
        _skew,
    ),
    "gzip": Fault(
        "",
        "The reply is compressed, where the client takes that, and comes in chunks, with an x-request-id.",
        "gzip",
        _request_id,
        _gzip,
    ),
    "chunked": Fault(
        "",
        "The reply comes in chunks, a few bytes at a time, with an x-request-id.",
        "chunked",
        _request_id,
        _chunked,
    ),
}
