"""The page that shows what the sandbox sees: `inspector.html`, and what it asks for.

The page is one file and asks nothing of anyone else: its Content-Security-Policy allows its own script and style, by
their hashes, and requests to where it came from. What comes from a request goes out as JSON text and is put on the
page as text. Every character that does not print is written as an escape.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import secrets
import shlex
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

from aiohttp import web

from .._credentials import API_SECRET
from .auth import origin_form
from .endpoints import find_endpoint
from .errors import ApiError
from .orders import order_row
from .params import parse_query
from .process import Explained, Explainer
from .record import RequestRecord
from .state import State
from .visit import Visit, json_reply

TICK_S = 0.2  # how often a page is told what is new
QUIET_S = 15.0  # a comment after so long, so that a dead connection is noticed
MOST_WATCHERS = 20
MOST_EXPLAINED = 100  # explanations kept
MOST_ORDERS = 100  # of the book
MOST_TEXT = 20_000  # characters of a body, or of a text that was signed
MOST_COMMAND = 30_000  # characters of a command line

_SHORTENED = {"x-api-key": 4, "x-api-signature": 8, "authorization": 0, "cookie": 0, "proxy-authorization": 0}

_NOT_VERIFIED = ("FAULT", "MALFORMED_TIMESTAMP", "MISSING_HEADER", "STALE_TIMESTAMP", "UNAUTHORIZED")

# What to do about a refusal whose message does not say it.
ADVICE = {
    "MISSING_HEADER": "Send x-api-key, x-api-timestamp and x-api-signature with every private request.",
    "UNAUTHORIZED": "Use the API key that this sandbox was started with.",
    "MALFORMED_TIMESTAMP": "Send the time in milliseconds as whole digits: `time.time_ns() // 1_000_000`.",
    "STALE_TIMESTAMP": "Sign right before you send, and set the clock: `woox-fast check` compares it with the "
    "exchange's, and `woox_fast.clock.ServerClock` keeps a Signer's offset.",
    "TOO_MANY_REQUEST": "Send fewer; the limit is in the message and in the endpoint's page of the reference.",
    "DUPLICATE_REQUEST": "The order is there. Ask for it (GET /v3/trade/order?clientOrderId=...) before sending again.",
    "NO_SUCH_ENDPOINT": "Compare method and path with the reference: https://developer.woox.io/api-reference",
    "MALFORMED_HTTP": "What came is no HTTP/1.1 request, or its body broke off.",
    "FAULT": "A rule of this sandbox did this on purpose.",
}


@cache
def page() -> tuple[bytes, str]:
    """The page, and its Content-Security-Policy."""
    html = files(__package__).joinpath("inspector.html").read_text("utf-8")
    sources = {
        tag: " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
            for text in re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        )
        for tag in ("script", "style")
    }
    policy = (
        f"default-src 'none'; script-src {sources['script']}; style-src {sources['style']}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return html.encode(), policy


class Inspector:
    """Serves the page, the stream of what is new, and the details of one request."""

    def __init__(self, state: State, api_secret: str) -> None:
        self._state = state
        self._secret = api_secret
        self._explainer: Explainer | None = None
        self._explained: dict[int, Explained] = {}
        self._watchers = 0
        self._started = secrets.token_hex(4)  # names this server: a page that sees another name begins again

    def close(self) -> None:
        if self._explainer is not None:
            self._explainer.close()
            self._explainer = None

    async def page(self, visit: Visit) -> web.Response:
        html, policy = page()
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": policy,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Frame-Options": "DENY",
        }
        return web.Response(body=html, headers=headers)

    # the stream

    async def events(self, visit: Visit) -> web.StreamResponse:
        """Server-sent events: a JSON object whenever something is new, at most every `TICK_S`."""
        if self._watchers >= MOST_WATCHERS:
            return json_reply(503, {"success": False, "message": f"{MOST_WATCHERS} pages watch already."})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        self._watchers += 1
        try:
            await response.prepare(visit.request)
            await self._watch(visit, response)
        except ConnectionError:  # the page was closed
            pass
        finally:
            self._watchers -= 1
        return response

    async def _watch(self, visit: Visit, response: web.StreamResponse) -> None:
        state = self._state
        told: dict[str, Any] = {}
        seen, quiet_s = max(0, state.seen - len(state.requests)), 0.0
        await response.write(b"retry: 1000\n\n")
        while not state.stopping.is_set() and visit.request.transport is not None:
            now = self._now()
            news = {name: value for name, value in now.items() if told.get(name) != value}
            if state.seen > seen:
                news["rows"], news["leftOut"] = self._rows(seen)
                seen = state.seen
            quiet_s += TICK_S
            if news:
                await response.write(b"data: " + json.dumps(news).encode() + b"\n\n")
                told, quiet_s = now, 0.0
            elif quiet_s >= QUIET_S:
                await response.write(b": nothing new\n\n")
                quiet_s = 0.0
            await visit.sleep(TICK_S)

    def _now(self) -> dict[str, Any]:
        exchange = self._state.exchange
        newest = map(order_row, islice(reversed(exchange.orders.open.values()), MOST_ORDERS))
        return {
            "started": self._started,
            "account": self._state.api_key[:4],
            "stats": self._state.stats(),
            "faults": self._state.faults.rows(),
            "book": [
                [row["orderId"], row["clientOrderId"], row["symbol"], row["side"], row["type"], row["price"],
                 row["quantity"] or row["amount"], exchange.arrivals.get(row["clientOrderId"], 0)]
                for row in newest
            ],
        }  # fmt: skip

    def _rows(self, seen: int) -> tuple[list[list[Any]], int]:
        """The rows of what came since, as far as it is kept, and how many are not."""
        requests, last = self._state.requests, self._state.seen
        kept = min(last - seen, len(requests))
        rows = [
            [last - kept + 1 + at, r.time_ms, self._shown(r.method[:20]), self._shown(r.target[:300]), r.status,
             r.verdict, round(r.latency_us), r.fault]
            for at, r in enumerate(islice(requests, len(requests) - kept, None))
        ]  # fmt: skip
        return rows, last - seen - kept

    # one request

    async def detail(self, visit: Visit) -> web.Response:
        """GET /sandbox/requests?number=N: all that is known of the Nth request, secrets and signatures shortened."""
        try:
            number = int(parse_query(visit.query)["number"])
        except (ApiError, ValueError, KeyError):
            number = 0
        state = self._state
        at = number - (state.seen - len(state.requests)) - 1
        if not 0 <= at < len(state.requests):
            reason = f"Request {number:,} is not kept: only the last {len(state.requests):,} are."
            return json_reply(404, {"success": False, "message": reason})
        record = state.requests[at]
        at -= len(state.requests) - len(state.headers)
        headers = state.headers[at] if at >= 0 else None
        explained = await self._explain(number, record)
        return json_reply(200, {"success": True, "data": self._detail(number, record, headers, explained)})

    async def _explain(self, number: int, record: RequestRecord) -> Explained | None:
        if record.verdict != "INVALID_SIGNATURE":
            return None
        if number not in self._explained:
            if self._explainer is None:
                self._explainer = Explainer(self._state.api_key, self._secret)
            explained = await asyncio.get_running_loop().run_in_executor(None, self._explainer.explain, record)
            if len(self._explained) >= MOST_EXPLAINED:
                self._explained.clear()
            self._explained[number] = explained
        return self._explained[number]

    def _detail(
        self,
        number: int,
        record: RequestRecord,
        headers: tuple[tuple[bytes, bytes], ...] | None,
        explained: Explained | None,
    ) -> dict[str, Any]:
        signed_texts = self._signed_texts(record, explained)
        causes = [] if explained is None else [self._shown(cause) for cause in explained.causes]
        headline = "" if explained is None or explained.found else self._shown(explained.headline)
        command, why_not = self._command(record)
        return {
            "number": number,
            "time_ms": record.time_ms,
            "method": self._shown(record.method),
            "target": self._shown(record.target[:MOST_TEXT]),
            "status": record.status,
            "code": record.code,
            "verdict": record.verdict,
            "message": self._shown(record.message),
            "fault": record.fault,
            "latency_us": round(record.latency_us, 1),
            "headers": headers and [[self._shown(_text(name)), self._header(name, value)] for name, value in headers],
            "body": self._cut(_text(record.body)),
            "size": record.size,
            "expected": signed_texts[0],
            "signed": signed_texts[1],
            "headline": headline,
            "causes": causes,
            "advice": ADVICE.get(record.verdict, "") or (ADVICE["FAULT"] if record.fault else ""),
            "command": command,
            "whyNoCommand": why_not,
        }

    def _signed_texts(self, record: RequestRecord, explained: Explained | None) -> tuple[str, str | None]:
        """What had to be signed, "" where nothing had; and what was, None if that is not known."""
        try:
            private = find_endpoint(record.method, origin_form(record.target).partition("?")[0])[0].private
        except ApiError:
            private = False
        if not private or not record.stamp or record.size > len(record.body):
            return "", None
        expected = self._cut(record.stamp + record.method + origin_form(record.target) + _text(record.body))
        if explained is not None:
            return expected, None if explained.signed is None else self._cut(_text(explained.signed))
        return expected, None if record.verdict in _NOT_VERIFIED else expected

    def _command(self, record: RequestRecord) -> tuple[str, str]:
        """A `woox-fast explain` command line for a request that was signed, and why there is none."""
        if not record.signature or not record.stamp:
            return "", ""
        if record.size > len(record.body):
            return "", "The body was not kept: it has more than 64 KiB."
        body = _text(record.body)
        given = [record.method, origin_form(record.target)]
        options = {"--body": body, "--timestamp": record.stamp, "--signature": record.signature}
        if any(text.startswith(("-", "@")) or "\0" in text for text in (*given, *options.values())):
            return "", "Something in the request cannot stand on a command line."
        words = [" ".join(["woox-fast", "explain", *map(_quoted, given)])]
        words += [f"{option} {_quoted(text)}" for option, text in options.items() if text]
        if self._secret == API_SECRET:
            words.append("--example")
        command = " \\\n  ".join(words)
        if len(command) > MOST_COMMAND:
            return "", "The request is too long for a command line."
        if self._secret in command:
            return "", "The request holds the secret."
        return command, ""

    # text

    def _header(self, name: bytes, value: bytes) -> str:
        text = _text(value)
        kept = _SHORTENED.get(name.decode("latin-1").lower(), len(text))
        return self._shown(text if len(text) <= kept else f"{text[:kept]}…")

    def _cut(self, text: str) -> str:
        return self._shown(text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…")

    def _shown(self, text: str) -> str:
        """`text` without the secret, and with all that does not print as escapes."""
        if len(self._secret) > 3:
            text = text.replace(self._secret, "<the secret>")
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _quoted(text: str) -> str:
    """`text` for bash, zsh and ksh, all printable ASCII."""
    if text.isascii() and text.isprintable():
        return shlex.quote(text)
    data = text.encode("utf-8", "surrogateescape")
    return "$'" + "".join(chr(b) if 32 <= b < 127 and b not in b"'\\" else f"\\x{b:02x}" for b in data) + "'"
