"""The table of faults: failures that the sandbox produces on purpose.

An effect waits, replaces the response or breaks the connection, before or after the exchange handles the request.
`fault_rules` selects the requests.
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

from .context import RequestContext, body_for_log, json_response
from .errors import ApiError

Sampler = Callable[[random.Random], Any]
Parser = Callable[[list[str]], Sampler]


class FaultError(ValueError):
    """A rule is invalid. The text names the mistake and the expected form."""


class Fault(NamedTuple):
    """A row of the table. `parse` turns the arguments into a function that samples a value for every request.

    `before(context, applied)` may return a response that replaces the exchange's; `after(context, applied, response)`
    returns the response to send. A fault that `lasts` applies to all requests of its rule for a time.
    """

    usage: str
    sentence: str
    example: str
    parse: Parser
    before: Callable[[RequestContext, AppliedFault], Any] | None = None
    after: Callable[[RequestContext, AppliedFault, web.Response], Any] | None = None
    lasts: bool = False


class AppliedFault(NamedTuple):
    """A fault that applies to a request, with its sampled value. A lasting fault ends at `until_ms`."""

    name: str
    fault: Fault
    value: Any
    until_ms: int = 0


async def apply_faults(
    context: RequestContext, faults: Sequence[AppliedFault], answer: Callable[[], Awaitable[web.Response]]
) -> web.Response:
    """Answer the request; the first fault is the outermost."""
    if not faults:
        return await answer()
    fault = faults[0].fault
    response = await _await_if_needed(fault.before(context, faults[0])) if fault.before else None
    if response is None:
        response = await apply_faults(context, faults[1:], answer)
        if fault.after:
            response = await _await_if_needed(fault.after(context, faults[0], response))
    return cast("web.Response", response)


async def _await_if_needed(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def _delay_after(context: RequestContext, applied: AppliedFault, response: web.Response) -> web.Response:
    if context.faults[0] is applied:  # no outer fault can change the response
        context.record(response.status, body_for_log(response))
    await context.sleep(applied.value)
    return response


async def _send_and_close(context: RequestContext, response: web.Response, limit: int | None = None) -> web.Response:
    await context.send(response, limit=limit)
    return context.close()


async def _send_twice(context: RequestContext, applied: AppliedFault, response: web.Response) -> web.Response:
    if not applied.value:
        return await context.send(response, times=2)
    await context.send(response)
    await context.sleep(applied.value)
    return response


def _html_page(context: RequestContext, applied: AppliedFault, _: object = None) -> web.Response:
    title = f"{applied.value} {_STATUSES[applied.value]}"
    html = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><center><h1>{title}</h1></center></body></html>"
    return web.Response(status=applied.value, text=html, content_type="text/html")


def _answer_maintenance(context: RequestContext, applied: AppliedFault) -> web.Response:
    if context.path == "/v3/public/systemInfo":
        info = {"status": 2, "msg": "System is under maintenance.", "estimatedEndTime": applied.until_ms}
        return json_response(200, {"success": True, "data": info, "timestamp": context.now_ms})
    return context.refuse(ApiError("MAINTENANCE"))


def _shift_clock(context: RequestContext, applied: AppliedFault) -> None:
    context.now_ms += round(applied.value * 1000)


def _compress(context: RequestContext, applied: AppliedFault, response: web.Response) -> web.Response:
    _send_in_chunks(context, applied, response)
    # Like a real server, compress only if the client accepts it.
    if "gzip" in context.request.headers.get("Accept-Encoding", "") and isinstance(response.body, bytes):
        response.plain_body = response.body  # type: ignore[attr-defined]
        response.body = gzip.compress(response.body, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    return response


def _send_in_chunks(context: RequestContext, applied: AppliedFault, response: web.Response) -> web.Response:
    response.headers["x-request-id"] = applied.value
    response.headers["Transfer-Encoding"] = "chunked"
    return response


_STATUSES = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_TIME = re.compile(r"([+-]?\d{1,9}(?:\.\d{1,6})?)(ms|s|m)", re.ASCII)
_MAX_S = 3600.0


def parse_whole_number(owner: str, text: str, least: int = 1, most: int = 2**63 - 1) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise FaultError(f"{owner} needs a whole number from {least} to {most}, got {text!a}")
    return int(text)


def _parse_seconds(text: str, *, least: float = 0.0) -> float:
    found = _TIME.fullmatch(text)
    seconds = float(found[1]) * _UNITS[found[2]] if found else inf
    if not least <= seconds <= _MAX_S:
        raise FaultError(f"a time is a number and ms, s or m, such as 200ms, up to an hour; got {text!a}")
    return seconds


def _parse_html_status(text: str) -> int:
    status = parse_whole_number("it", text, 500, 599)
    if status not in _STATUSES:
        raise FaultError(f"the status must be {', '.join(map(str, _STATUSES))}, got {status}")
    return status


def _one_argument(convert: Callable[[str], Any], default: str = "") -> Parser:
    """Parse one argument, which is optional if it has a default."""

    def parse(arguments: list[str]) -> Sampler:
        if len(arguments or [default]) != 1 or not (arguments or default):
            raise FaultError("")
        value = convert((arguments or [default])[0])
        return lambda random: value

    return parse


def _parse_no_argument(arguments: list[str]) -> Sampler:
    if arguments:
        raise FaultError("")
    return lambda random: f"{random.getrandbits(128):032x}"  # for x-request-id


def _parse_delay(arguments: list[str]) -> Sampler:
    """Parse a fixed time, a range, or a log-normal tail in which 1 of 100 delays is ten times the median."""
    if len(arguments) == 3 and arguments[0] == "uniform":
        low, high = map(_parse_seconds, arguments[1:])
        return lambda random: random.uniform(low, high)
    if len(arguments) == 2 and arguments[0] == "tail":
        median = _parse_seconds(arguments[1])
        return lambda random: min(median * random.lognormvariate(0, 1), _MAX_S)
    return _parse_time(arguments)


_parse_time = _one_argument(_parse_seconds)
_DELAYS = "TIME | uniform TIME TIME | tail TIME"
_HTML = "[500 | 502 | 503 | 504]"
_ORDER = "on POST /v3/trade/order first 1"
_GATEWAY = {"code": 503, "message": "[GW] no upstream server"}

# fmt: off
FAULTS: dict[str, Fault] = {
    "delay": Fault(
        _DELAYS, "The exchange handles the request after this time, even if the client has disconnected.",
        f"delay 2s {_ORDER}", _parse_delay, before=lambda context, applied: context.sleep(applied.value)),
    "delay-after": Fault(
        _DELAYS, "The exchange handles the request at once; the response arrives after this time.",
        "delay-after tail 50ms", _parse_delay, after=_delay_after),
    "refuse": Fault(
        "TIME", "The sandbox refuses new connections for this time: from now on, or after every Nth connection.",
        "refuse 500ms", _parse_time),
    "reset": Fault(
        "", "The connection is reset before the exchange handles the request.",
        f"reset {_ORDER}", _parse_no_argument, before=lambda context, _: context.reset()),
    "reset-after": Fault(
        "", "The exchange handles the request, then the connection is reset: the response is lost.",
        f"reset-after {_ORDER}", _parse_no_argument, after=lambda context, *_: context.reset()),
    "no-reply": Fault(
        "", "The exchange handles the request and never answers; the connection stays open.",
        f"no-reply {_ORDER}", _parse_no_argument, after=lambda context, *_: context.wait_silently()),
    "cut": Fault(
        "BYTES", "The exchange handles the request; the response ends after this many bytes and the connection closes.",
        f"cut 180 {_ORDER}", _one_argument(lambda text: parse_whole_number("it", text, 0, 10**9)),
        after=lambda context, applied, response: _send_and_close(context, response, applied.value)),
    "twice": Fault(
        "[TIME]", "The exchange handles the request once; the response arrives twice, back to back or after this time.",
        f"twice {_ORDER}", _one_argument(_parse_seconds, "0ms"), after=_send_twice),
    "close": Fault(
        "REQUESTS", "The connection closes, without notice, after the response to this many requests.",
        "close 3", _one_argument(lambda text: parse_whole_number("it", text, 1, 10**9)),
        after=lambda context, _, response: _send_and_close(context, response)),
    "rate-limit": Fault(
        "", "HTTP 429 with the documented code -1003; the exchange does not handle the request.",
        "rate-limit on POST /v3/trade/order every 3", _parse_no_argument,
        before=lambda context, _: context.refuse(ApiError("TOO_MANY_REQUEST"))),
    "html": Fault(
        _HTML, "An HTML page with this status (502); the exchange does not handle the request.",
        f"html 502 {_ORDER}", _one_argument(_parse_html_status, "502"), before=_html_page),
    "html-after": Fault(
        _HTML, "The exchange handles the request; the response is an HTML page with this status (502).",
        f"html-after 504 {_ORDER}", _one_argument(_parse_html_status, "502"), after=_html_page),
    "gateway": Fault(
        "", 'HTTP 200 with {"code":503,"message":"[GW] no upstream server"}; the exchange does not handle the request.',
        f"gateway {_ORDER}", _parse_no_argument, before=lambda *_: json_response(200, _GATEWAY)),
    "maintenance": Fault(
        "TIME", "For this time systemInfo has status 2, and all further requests are refused with -1011.",
        "maintenance 10s", _parse_time, before=_answer_maintenance, lasts=True),
    "skew": Fault(
        "TIME", "The clock of the exchange is ahead by this time, or late (-400s).",
        "skew 400s", _one_argument(lambda text: _parse_seconds(text, least=-_MAX_S)), before=_shift_clock),
    "gzip": Fault(
        "", "The response has chunks and an x-request-id, and is compressed if the client accepts that.",
        "gzip", _parse_no_argument, after=_compress),
    "chunked": Fault(
        "", "The response arrives in chunks of a few bytes, with an x-request-id.",
        "chunked", _parse_no_argument, after=_send_in_chunks),
}
# fmt: on
