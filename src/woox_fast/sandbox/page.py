"""The web page: its three files, the updates for which it polls, and the details of a request."""

from __future__ import annotations

import asyncio
import secrets
import shlex
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

from aiohttp import web

from .._credentials import API_SECRET
from .auth import to_origin_form
from .context import RequestContext, json_response
from .endpoints import find_endpoint
from .errors import ApiError
from .explain_worker import ExplainedRequest, ExplainWorker
from .handler import SandboxState
from .log import RequestRecord, Transcript
from .orders import Order, plain
from .params import Params, parse_query
from .text import MAX_TEXT, REDACTED, decode, encode

MAX_EXPLANATIONS = 100
MAX_ORDERS = 100
MAX_COMMAND = 30_000

FILES = {"/": ("page.html", "text/html"), "/sandbox/page.css": ("page.css", "text/css"),
          "/sandbox/page.js": ("page.js", "text/javascript")}  # fmt: skip
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
_SHORTENED = {b"x-api-key": 4, b"x-api-signature": 8, b"authorization": 0, b"cookie": 0, b"proxy-authorization": 0}
_UNVERIFIED = ("FAULT", "MALFORMED_TIMESTAMP", "MISSING_HEADER", "RECEIVE_WINDOW", "STALE_TIMESTAMP", "UNAUTHORIZED")

# The remedy, for refusals whose message lacks it.
ADVICE = {
    "MISSING_HEADER": "Send x-api-key, x-api-timestamp and x-api-signature with every private request.",
    "UNAUTHORIZED": "Use the API key of this sandbox.",
    "MALFORMED_TIMESTAMP": "Send the time in milliseconds as whole digits: `time.time_ns() // 1_000_000`.",
    "STALE_TIMESTAMP": "Sign right before you send, and set the clock: `woox-fast check` compares it with the "
    "exchange's clock, and `woox_fast.clock.ServerClock` corrects a Signer's offset.",
    "RECEIVE_WINDOW": "Send a larger x-api-recvwindow, or sign right before you send.",
    "TOO_MANY_REQUEST": "Send fewer requests; the message and the endpoint's page of the reference have the limit.",
    "DUPLICATE_REQUEST": "The order exists. Query it (GET /v3/trade/order?clientOrderId=...) before you send again.",
    "RISK_TOO_HIGH": "Place a smaller order, or cancel orders to release their funds.",
    "NO_SUCH_ENDPOINT": "Compare method and path with the reference: https://developer.woox.io/api-reference",
    "MALFORMED_HTTP": "Send HTTP/1.1 with a complete body.",
    "FAULT": "A fault rule of this sandbox did this on purpose.",
}


@cache
def _read(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()


class WebPage:
    """Serve the page's files and data."""

    def __init__(self, state: SandboxState, api_secret: str) -> None:
        self._state = state
        self._secret = api_secret
        self._text = state.text
        self._worker: ExplainWorker | None = None
        self._explained: dict[int, ExplainedRequest] = {}
        self._started = secrets.token_hex(4)  # lets the page notice a restart

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    async def serve_file(self, context: RequestContext) -> web.Response:
        name, content_type = FILES[context.path]
        headers = {"Content-Type": f"{content_type}; charset=utf-8", **_HEADERS}
        return web.Response(body=_read(name), headers=headers)

    async def serve_updates(self, context: RequestContext) -> web.Response:
        """Answer GET /sandbox/updates?since=N&started=ID: the state, and the requests after the Nth since the start."""
        state, log = self._state, self._state.log
        is_same = context.query.endswith(f"started={self._started}")
        since = min(_parse_number(context, "since"), log.seen) if is_same else 0
        count = min(log.seen - since, len(log.requests))
        rows = [
            [log.seen - count + 1 + at, r.time_ms, self._text(r.method, 20), self._text(r.target, 300), r.status,
             r.verdict, round(r.latency_us), r.fault]
            for at, r in enumerate(islice(log.requests, len(log.requests) - count, None))
        ]  # fmt: skip
        account = state.exchange.summary()
        return json_response(200, {
            "started": self._started, "account": state.api_key[:4], "rows": rows, "stats": state.stats(),
            "faults": state.faults.rows(), "orders": self._list_orders(), "prices": state.exchange.quote_rows(),
            "counts": account["orders"], "balances": account["balances"], "positions": account["positions"],
        })  # fmt: skip

    def _list_orders(self) -> list[list[Any]]:
        rows = []
        for book in (self._state.exchange.orders, self._state.exchange.algo.book):
            for order in islice(reversed(book.open.values()), MAX_ORDERS):
                p: Params = order.params
                kind = p.get("algoType", p.get("type"))
                executed = plain(order.executed) if isinstance(order, Order) else "0"
                rows.append([order.order_id, order.client_id, p["symbol"], p.get("side"), kind,
                             p.get("triggerPrice", p.get("price")), p.get("quantity", p.get("amount")), executed,
                             book.arrivals.get(order.client_id, 0)])  # fmt: skip
        return rows

    async def serve_detail(self, context: RequestContext) -> web.Response:
        number = _parse_number(context, "number")
        found = self._state.log.find(number)
        if found is None:
            message = f"Request {number:,} is not in the log, which stores the last {len(self._state.log.requests):,}."
            return json_response(404, {"success": False, "message": message})
        record, transcript = found
        explained = await self._explain(number, record)
        return json_response(200, {"success": True, "data": self._describe(number, record, transcript, explained)})

    async def _explain(self, number: int, record: RequestRecord) -> ExplainedRequest | None:
        if record.verdict != "INVALID_SIGNATURE":
            return None
        if number not in self._explained:
            if self._worker is None:
                self._worker = ExplainWorker(self._state.api_key, self._secret)
            explained = await asyncio.get_running_loop().run_in_executor(None, self._worker.explain, record)
            if len(self._explained) >= MAX_EXPLANATIONS:
                self._explained.clear()
            self._explained[number] = explained
        return self._explained[number]

    def _describe(
        self, number: int, record: RequestRecord, transcript: Transcript | None, explained: ExplainedRequest | None
    ) -> dict[str, Any]:
        text = self._text
        expected, signed = self._prehashes(record, explained)
        names = ("time_ms", "status", "code", "verdict", "message", "fault", "size")
        return {
            **{name: getattr(record, name) for name in names}, "number": number, "method": text(record.method),
            "target": text(record.target), "latency_us": round(record.latency_us, 1), "body": text(record.body),
            "headers": transcript and [[text(name), text(value, _SHORTENED.get(name.lower(), MAX_TEXT))]
                                       for name, value in transcript.headers],
            "response": transcript and text(transcript.response), "expected": expected, "signed": signed,
            "headline": "" if explained is None or explained.found else text(explained.headline),
            "causes": [] if explained is None else [text(cause) for cause in explained.causes],
            "advice": ADVICE.get(record.verdict, "") or (ADVICE["FAULT"] if record.fault else ""),
            "command": self._build_command(record),
        }  # fmt: skip

    def _prehashes(self, record: RequestRecord, explained: ExplainedRequest | None) -> tuple[str, str | None]:
        """Return the string to sign, "" for a public request, and the signed string, if known."""
        target = to_origin_form(record.target)
        try:
            is_private = find_endpoint(record.method, target.partition("?")[0])[0].private
        except ApiError:
            is_private = False
        if not is_private or not record.stamp or record.size > len(record.body) or target.startswith("/v1/"):
            return "", None
        expected = self._text(encode(record.stamp + record.method + target) + record.body)
        if explained is not None:
            return expected, None if explained.signed is None else self._text(explained.signed)
        return expected, None if record.verdict in _UNVERIFIED else expected

    def _build_command(self, record: RequestRecord) -> str:
        """Return a `woox-fast explain` command line, or "" for a request that is unsigned or unsuitable for a shell."""
        options = {"--body": decode(record.body), "--timestamp": record.stamp, "--signature": record.signature}
        texts = [record.method, to_origin_form(record.target), *options.values()]
        if not (record.signature and record.stamp and record.size == len(record.body) <= MAX_COMMAND):
            return ""
        if any(not (text.isascii() and text.isprintable()) or text.startswith(("-", "@")) for text in texts):
            return ""
        if any(REDACTED in self._text.redact(text) for text in texts):
            return ""
        words = [" ".join(["woox-fast", "explain", *map(shlex.quote, texts[:2])])]
        words += [f"{option} {shlex.quote(text)}" for option, text in options.items() if text]
        return " \\\n  ".join(words + ["--example"] * (self._secret == API_SECRET))


def _parse_number(context: RequestContext, name: str) -> int:
    try:
        text = parse_query(context.query)[name]
    except (ApiError, KeyError):
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
