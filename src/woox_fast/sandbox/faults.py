"""The table of faults: failures that the sandbox produces on purpose.

An effect waits, replaces the response or breaks the connection, before or after the exchange handles the request.
`fault_rules` decides which requests a fault strikes.
"""

from __future__ import annotations

import gzip
import inspect
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from typing import Any, NamedTuple, cast

from aiohttp import web

from .context import RequestContext, body_of, json_response
from .errors import ApiError

Draw = Callable[[random.Random], Any]
Read = Callable[[list[str]], Draw]


class FaultError(ValueError):
    """A rule is invalid. The text names the mistake and the expected form."""


class Fault(NamedTuple):
    """A row of the table. `read` turns the arguments into a function that draws a value for every strike.

    `before(context, strike)` may return a response in place of the exchange's; `after(context, strike, response)`
    returns the response to send. A fault that `lasts` strikes all requests of its rule for a time.
    """

    usage: str
    sentence: str
    example: str
    read: Read
    before: Callable[[RequestContext, Strike], Any] | None = None
    after: Callable[[RequestContext, Strike, web.Response], Any] | None = None
    lasts: bool = False


class Strike(NamedTuple):
    """A fault that strikes a request, with the drawn value. `until_ms` is the end of a lasting fault."""

    name: str
    fault: Fault
    value: Any
    until_ms: int = 0


async def apply_strikes(
    context: RequestContext, strikes: Sequence[Strike], answer: Callable[[], Awaitable[web.Response]]
) -> web.Response:
    """Answer the request; the first strike is the outermost."""
    if not strikes:
        return await answer()
    fault = strikes[0].fault
    response = await _result(fault.before(context, strikes[0])) if fault.before else None
    if response is None:
        response = await apply_strikes(context, strikes[1:], answer)
        if fault.after:
            response = await _result(fault.after(context, strikes[0], response))
    return cast("web.Response", response)


async def _result(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def _delay_after(context: RequestContext, strike: Strike, response: web.Response) -> web.Response:
    if context.strikes[0] is strike:  # no outer fault can change the response
        context.record(response.status, body_of(response))
    await context.sleep(strike.value)
    return response


async def _send_and_close(context: RequestContext, response: web.Response, limit: int | None = None) -> web.Response:
    await context.send(response, limit=limit)
    return context.close()


async def _twice(context: RequestContext, strike: Strike, response: web.Response) -> web.Response:
    if not strike.value:
        return await context.send(response, times=2)
    await context.send(response)
    await context.sleep(strike.value)
    return response


def _html_page(context: RequestContext, strike: Strike, _: object = None) -> web.Response:
    title = f"{strike.value} {_STATUSES[strike.value]}"
    html = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><center><h1>{title}</h1></center></body></html>"
    return web.Response(status=strike.value, text=html, content_type="text/html")


def _maintenance(context: RequestContext, strike: Strike) -> web.Response:
    if context.path == "/v3/public/systemInfo":
        info = {"status": 2, "msg": "System is under maintenance.", "estimatedEndTime": strike.until_ms}
        return json_response(200, {"success": True, "data": info, "timestamp": context.now_ms})
    return context.refuse(ApiError("MAINTENANCE"))


def _skew(context: RequestContext, strike: Strike) -> None:
    context.now_ms += round(strike.value * 1000)


def _gzip(context: RequestContext, strike: Strike, response: web.Response) -> web.Response:
    _chunked(context, strike, response)
    # Like a real server, compress only if the client accepts it.
    if "gzip" in context.request.headers.get("Accept-Encoding", "") and isinstance(response.body, bytes):
        response.plain_body = response.body  # type: ignore[attr-defined]
        response.body = gzip.compress(response.body, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    return response


def _chunked(context: RequestContext, strike: Strike, response: web.Response) -> web.Response:
    response.headers["x-request-id"] = strike.value
    response.headers["Transfer-Encoding"] = "chunked"
    return response


_STATUSES = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_TIME = re.compile(r"([+-]?\d{1,9}(?:\.\d{1,6})?)(ms|s|m)", re.ASCII)
_MAX_S = 3600.0


def whole_number(owner: str, text: str, least: int = 1, most: int = 2**63 - 1) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise FaultError(f"{owner} needs a whole number from {least} to {most}, got {text!a}")
    return int(text)


def _seconds(text: str, *, least: float = 0.0) -> float:
    found = _TIME.fullmatch(text)
    seconds = float(found[1]) * _UNITS[found[2]] if found else inf
    if not least <= seconds <= _MAX_S:
        raise FaultError(f"a time is a number and ms, s or m, such as 200ms, up to an hour; got {text!a}")
    return seconds


def _html_status(text: str) -> int:
    status = whole_number("it", text, 500, 599)
    if status not in _STATUSES:
        raise FaultError(f"the status must be {', '.join(map(str, _STATUSES))}, got {status}")
    return status


def _one(convert: Callable[[str], Any], default: str = "") -> Read:
    """Read an argument, which is optional if it has a default."""

    def read(arguments: list[str]) -> Draw:
        if len(arguments or [default]) != 1 or not (arguments or default):
            raise FaultError("")
        value = convert((arguments or [default])[0])
        return lambda random: value

    return read


def _nothing(arguments: list[str]) -> Draw:
    if arguments:
        raise FaultError("")
    return lambda random: f"{random.getrandbits(128):032x}"  # for x-request-id


def _delays(arguments: list[str]) -> Draw:
    """Read a fixed time, a range, or a log-normal tail in which 1 of 100 delays is ten times the median."""
    if len(arguments) == 3 and arguments[0] == "uniform":
        low, high = map(_seconds, arguments[1:])
        return lambda random: random.uniform(low, high)
    if len(arguments) == 2 and arguments[0] == "tail":
        median = _seconds(arguments[1])
        return lambda random: min(median * random.lognormvariate(0, 1), _MAX_S)
    return _time(arguments)


_time = _one(_seconds)
_DELAYS = "TIME | uniform TIME TIME | tail TIME"
_HTML = "[500 | 502 | 503 | 504]"
_ORDER = "on POST /v3/trade/order first 1"
_GATEWAY = {"code": 503, "message": "[GW] no upstream server"}

# fmt: off
FAULTS: dict[str, Fault] = {
    "delay": Fault(
        _DELAYS, "The exchange handles the request after this time, even if the client has disconnected.",
        f"delay 2s {_ORDER}", _delays, before=lambda context, strike: context.sleep(strike.value)),
    "delay-after": Fault(
        _DELAYS, "The exchange handles the request at once; the response arrives after this time.",
        "delay-after tail 50ms", _delays, after=_delay_after),
    "refuse": Fault(
        "TIME", "The sandbox refuses new connections for this time: from now on, or after every Nth connection.",
        "refuse 500ms", _time),
    "reset": Fault(
        "", "The connection is reset before the exchange handles the request.",
        f"reset {_ORDER}", _nothing, before=lambda context, _: context.reset()),
    "reset-after": Fault(
        "", "The exchange handles the request, then the connection is reset: the response is lost.",
        f"reset-after {_ORDER}", _nothing, after=lambda context, *_: context.reset()),
    "no-reply": Fault(
        "", "The exchange handles the request and never answers; the connection stays open.",
        f"no-reply {_ORDER}", _nothing, after=lambda context, *_: context.wait_silently()),
    "cut": Fault(
        "BYTES", "The exchange handles the request; the response ends after this many bytes and the connection closes.",
        f"cut 180 {_ORDER}", _one(lambda text: whole_number("it", text, 0, 10**9)),
        after=lambda context, strike, response: _send_and_close(context, response, strike.value)),
    "twice": Fault(
        "[TIME]", "The exchange handles the request once; the response arrives twice, back to back or after this time.",
        f"twice {_ORDER}", _one(_seconds, "0ms"), after=_twice),
    "close": Fault(
        "REQUESTS", "The connection closes, without notice, after the response to this many requests.",
        "close 3", _one(lambda text: whole_number("it", text, 1, 10**9)),
        after=lambda context, _, response: _send_and_close(context, response)),
    "rate-limit": Fault(
        "", "HTTP 429 with the documented code -1003; the exchange does not handle the request.",
        "rate-limit on POST /v3/trade/order every 3", _nothing,
        before=lambda context, _: context.refuse(ApiError("TOO_MANY_REQUEST"))),
    "html": Fault(
        _HTML, "An HTML page with this status (502); the exchange does not handle the request.",
        f"html 502 {_ORDER}", _one(_html_status, "502"), before=_html_page),
    "html-after": Fault(
        _HTML, "The exchange handles the request; the response is an HTML page with this status (502).",
        f"html-after 504 {_ORDER}", _one(_html_status, "502"), after=_html_page),
    "gateway": Fault(
        "", 'HTTP 200 with {"code":503,"message":"[GW] no upstream server"}; the exchange does not handle the request.',
        f"gateway {_ORDER}", _nothing, before=lambda *_: json_response(200, _GATEWAY)),
    "maintenance": Fault(
        "TIME", "For this time systemInfo has status 2, and all further requests are refused with -1011.",
        "maintenance 10s", _time, before=_maintenance, lasts=True),
    "skew": Fault(
        "TIME", "The clock of the exchange is ahead by this time, or late (-400s).",
        "skew 400s", _one(lambda text: _seconds(text, least=-_MAX_S)), before=_skew),
    "gzip": Fault(
        "", "The response has chunks and an x-request-id, and is compressed if the client accepts that.",
        "gzip", _nothing, after=_gzip),
    "chunked": Fault(
        "", "The response arrives in chunks of a few bytes, with an x-request-id.",
        "chunked", _nothing, after=_chunked),
}
# fmt: on
