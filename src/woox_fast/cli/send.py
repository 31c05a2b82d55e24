"""`woox-fast send`: sign a request, send exactly the signed bytes, once, and show the response."""

from __future__ import annotations

import argparse
import json
import math
import sys
import threading
import time
from contextlib import closing
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from .. import Explanation, __version__
from . import common, show
from .common import Destination, UsageError
from .explain import report, show_explanation
from .show import Row
from .sign import Signed, sign

EXAMPLES = (
    "woox-fast send GET /v3/asset/balances --example",
    """woox-fast send POST /v3/trade/order --example \\
    --body '{"symbol":"SPOT_BTC_USDT","side":"BUY",
             "type":"POST_ONLY","price":"10","quantity":"1"}'""",
    "woox-fast send GET '/v3/trade/orders?symbol=SPOT_BTC_USDT' --example",
)
TIMEOUT_S = 10.0  # in all: name lookup, connection, request and response
MAX_RESPONSE_BYTES = 16 * 1024 * 1024
INVALID_SIGNATURE, UNAUTHORIZED = -1001, -1002


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_request(parser)
    common.add_destination(parser)
    common.add_scheme(parser, websocket=False)
    common.add_window(parser)
    parser.add_argument("--yes", action="store_true", help="send any method but GET to production without asking")
    common.add_credentials(parser)
    parser.epilog = f"Sends the request once, to no other host, and waits for a response for {TIMEOUT_S:g} s at most."


def main(args: argparse.Namespace) -> int:
    to = common.destination_of(args)
    needs_yes = to.kind == "production" and args.method != "GET" and not args.yes
    if needs_yes and not common.can_prompt(args):
        raise UsageError(f"{args.method} to production needs a typed yes, in a terminal, or --yes")
    api_key, api_secret = common.one_api_key(args), common.one_api_secret(args)
    body = common.body_bytes(args.body)
    signed = sign(args, body, api_key, api_secret, to.origin)
    if needs_yes:
        _confirm(f"{args.method} {show.hidden(show.printable(args.path), api_secret)} to {to.origin}")
        signed = sign(args, body, api_key, api_secret, to.origin)  # with a new timestamp
    attempt = Attempt(to.origin, signed)
    try:
        attempt.start()
        attempt.join(TIMEOUT_S)
    except KeyboardInterrupt:
        _report_failure(args, to, "interrupted", nothing_sent=attempt.cancel())
        return 130
    if attempt.response is None:
        _report_failure(args, to, _reason(attempt.error), nothing_sent=attempt.cancel())
        return 1
    return _report(args, to, signed, attempt.response, attempt)


def _confirm(request: str) -> None:
    print(f"{request}. Type yes to send it: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != "yes":
        raise UsageError("not sent, since the answer was not yes")


class Attempt(threading.Thread):
    """A request in a separate thread, so that the time limit covers even a slow name lookup."""

    def __init__(self, origin: str, signed: Signed) -> None:
        super().__init__(name="woox-fast send", daemon=True)
        self.response: HTTPResponse | None = None
        self.body = b""
        self.latency_ms = 0.0  # without the connection's setup
        self.error: Exception = TimeoutError()
        self._origin = origin
        self._signed = signed
        self._permit = threading.Lock()  # acquired once: by `run` to send, or by `cancel` to prevent that

    def run(self) -> None:
        try:
            self._send()
        except Exception as error:
            self.error = error

    def cancel(self) -> bool:
        """Prevent the request; return False if it may have gone out already."""
        return self._permit.acquire(blocking=False)

    def _send(self) -> None:
        signed = self._signed
        headers = {"User-Agent": f"woox-fast/{__version__}", "Connection": "close", **signed.headers}
        with closing(_connection_to(self._origin)) as connection:
            connection.connect()
            if not self._permit.acquire(blocking=False):
                raise TimeoutError
            started = time.perf_counter()
            connection.request(signed.method, signed.path, signed.body or None, headers)
            with connection.getresponse() as found:
                self.body = found.read(MAX_RESPONSE_BYTES + 1)
                self.latency_ms = round((time.perf_counter() - started) * 1000, 3)
                if len(self.body) > MAX_RESPONSE_BYTES:
                    raise ValueError(f"it is longer than {MAX_RESPONSE_BYTES:,} bytes")
                if found.length:
                    raise ConnectionError(f"the connection closed {found.length:,} bytes before its end")
                self.response = found


def _connection_to(origin: str) -> HTTPConnection:
    parts = urlsplit(origin)
    if parts.scheme == "http":
        return HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    import ssl

    context = ssl.create_default_context()
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)  # Debian sets this option, which hides truncation
    return HTTPSConnection(parts.netloc, timeout=TIMEOUT_S, context=context)


def _report(args: argparse.Namespace, to: Destination, signed: Signed, response: HTTPResponse, attempt: Attempt) -> int:
    """Show the response, explain a refused signature, and return the exit status."""
    secret = args.api_secret
    parsed = _parsed(attempt.body)
    code = parsed.get("code") if isinstance(parsed, dict) else None
    good = response.status == 200 and isinstance(parsed, dict) and parsed.get("success") is True
    explanation = None
    if not good and (code in (INVALID_SIGNATURE, UNAUTHORIZED) or response.status == 401):
        explanation = _explain(args, to, signed)
    skew_s = _skew_s(signed, response)
    if args.json:
        body = show.text_of(attempt.body) if parsed is None else parsed
        answer = {"url": to.origin + signed.path, "status": response.status, "latency_ms": attempt.latency_ms}
        answer |= {"response": body, "clock_skew_s": skew_s}
        show.as_json(answer | ({"explanation": report(explanation)} if explanation is not None else {}), secret)
        return 0 if good else 1
    texts = {
        "sent": f"{signed.method} {to.origin}{signed.path}",
        "status": f"{response.status} {response.reason}",
        "latency": f"{attempt.latency_ms:.1f} ms",
        "response": show.text_of(attempt.body),
    }
    styles = {"status": "good" if good else "bad"}
    show.rows(
        Row(label, show.hidden(show.printable(text), secret), styles.get(label, ""), whole=True)
        for label, text in texts.items()
    )
    if explanation is not None:
        show.line()
        skewed = skew_s is not None and abs(skew_s) * 1000 > common.MAX_SKEW_MS
        if skewed:
            advice = "set this machine's clock"
            show.sentence(f"The exchange's clock is {skew_s:+.0f} s from the signed timestamp: {advice}.", "bad")
        show_explanation(explanation, secret, refused=code == INVALID_SIGNATURE and not skewed)
    return 0 if good else 1


def _explain(args: argparse.Namespace, to: Destination, signed: Signed) -> Explanation:
    from .. import explain

    request = signed.headers["x-api-timestamp"], signed.method, to.origin + signed.path, signed.body
    api_key = signed.headers["x-api-key"]
    return explain(args.api_secret, signed.signature, *request, api_key=api_key, scheme=args.scheme)


def _parsed(body: bytes) -> Any:
    """Parse the body; return None for invalid JSON and for numbers outside strict JSON, such as NaN."""
    try:
        return json.loads(body, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _skew_s(signed: Signed, response: HTTPResponse) -> float | None:
    try:
        date = parsedate_to_datetime(response.headers["Date"])
        return date.timestamp() - int(signed.headers["x-api-timestamp"]) / 1000
    except (ValueError, TypeError, OverflowError):
        return None


def _report_failure(args: argparse.Namespace, to: Destination, reason: str, *, nothing_sent: bool) -> None:
    if args.json:
        failure = {
            "url": to.origin + args.path,
            "status": None,
            "error": reason,
            "sent": False if nothing_sent else None,
        }
        show.as_json(failure, args.api_secret)
    text = f"woox-fast send: no complete response from {to.origin}: {reason}."
    if nothing_sent:
        text += " Nothing was sent." + (" Start a sandbox with `woox-fast sandbox`." * (to.kind == "sandbox"))
    elif args.method != "GET":
        text += " The request may have been carried out: query the order before you send it again."
    show.error(show.hidden(text, args.api_secret))


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"the time limit of {TIMEOUT_S:g} s passed"
    text = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return show.shortened(show.printable(text), 200)
