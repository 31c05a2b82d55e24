"""`woox-fast send`: sign a request, send exactly the signed bytes, once, and show the response."""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from .. import __version__, _urls
from . import common, show
from .common import UsageError
from .explain import print_explanation, report
from .show import OutputField
from .sign import Signed, sign_request

EXAMPLES = (
    "woox-fast send GET /v3/asset/balances --example",
    """woox-fast send POST /v3/trade/order --example \\
    --body '{"symbol":"SPOT_BTC_USDT","side":"BUY",
             "type":"POST_ONLY","price":"10","quantity":"1"}'""",
    "woox-fast send GET '/v3/trade/orders?symbol=SPOT_BTC_USDT' --example",
)
TIMEOUT_S = 10.0  # name lookup, connection, request and response together
MAX_RESPONSE_BYTES = 16 * 1024 * 1024
INVALID_SIGNATURE, UNAUTHORIZED = -1001, -1002


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_request(parser)
    common.add_window(parser)
    common.add_destination(parser)
    parser.add_argument("--yes", action="store_true", help="send any method but GET to production without asking")
    parser.epilog = f"Sends the request once, to no other host, and waits for a response for {TIMEOUT_S:g} s at most."


def main(args: argparse.Namespace) -> int:
    origin = common.read_origin(args)
    if args.production and args.method != "GET" and not args.yes:
        if not common.can_prompt(args):  # with --body -, the body would answer the question
            raise UsageError("a request other than GET to production needs a typed yes, in a terminal, or --yes")
        _confirm(f"{args.method} {args.path} to {origin}")
    attempt = Attempt(origin, sign_request(args, origin))
    try:
        attempt.start()
        attempt.join(TIMEOUT_S)
    except KeyboardInterrupt:
        _report_failure(args, attempt, "interrupted")
        return 130
    if attempt.response is None:
        _report_failure(args, attempt, attempt.failure)
        return 1
    return _report(args, attempt, attempt.response)


def _confirm(request: str) -> None:
    shown = show.redact(show.escape(request), cut=True)
    print(f"{shown}. Type yes to send it: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != "yes":
        raise UsageError("not sent, since the answer was not yes")


class Attempt(threading.Thread):
    """A request in a separate thread, so that the time limit covers even a slow name lookup."""

    def __init__(self, origin: str, signed: Signed) -> None:
        super().__init__(name="woox-fast send", daemon=True)
        self.response: HTTPResponse | None = None
        self.body = b""
        self.latency_ms = 0.0  # excludes the connection setup
        self.failure = f"the time limit of {TIMEOUT_S:g} s passed"
        self.origin = origin
        self.signed = signed
        self.permit = threading.Lock()  # acquired once: to send the request, or to prevent that

    def run(self) -> None:
        try:
            parts = urlsplit(self.origin)
            connector = HTTPSConnection if parts.scheme == "https" else HTTPConnection
            with closing(connector(parts.netloc, timeout=TIMEOUT_S)) as connection:
                self._send(connection)
        except TimeoutError:
            pass
        except Exception as error:
            text = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
            self.failure = show.shorten(show.redact(show.escape(text)), 200)

    def _send(self, connection: HTTPConnection) -> None:
        signed = self.signed
        headers = {"User-Agent": f"woox-fast/{__version__}", "Connection": "close", **signed.headers}
        connection.connect()
        if not self.permit.acquire(blocking=False):
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


def _report(args: argparse.Namespace, attempt: Attempt, response: HTTPResponse) -> int:
    """Show the response, explain a refused signature, and return the exit status."""
    signed, parsed = attempt.signed, _parse(attempt.body)
    envelope = parsed if isinstance(parsed, dict) else {}
    code = envelope.get("code")
    good = response.status == 200 and envelope.get("success") is True
    explanation = None
    if not good and (code in (INVALID_SIGNATURE, UNAUTHORIZED) or response.status == 401):
        from .. import explain

        headers, url = signed.headers, attempt.origin + signed.path
        request = signed.signature, headers["x-api-timestamp"], signed.method, url, signed.body
        explanation = explain(show.SECRETS[-1], *request, api_key=headers["x-api-key"], scheme=args.scheme)
    answer = {
        "url": attempt.origin + signed.path,
        "status": response.status,
        "latency_ms": attempt.latency_ms,
        "response": show.decode(attempt.body) if parsed is None else parsed,
    }
    if args.json:
        show.print_json(answer | ({"explanation": report(explanation)} if explanation is not None else {}))
        return 0 if good else 1
    texts = {
        "sent": f"{signed.method} {answer['url']}",
        "status": f"{response.status} {response.reason}",
        "latency": f"{attempt.latency_ms:.1f} ms",
        "response": show.decode(attempt.body),
    }
    styles = {"status": "good" if good else "bad"}
    show.print_fields(
        OutputField(label, show.escape(text), styles.get(label, ""), True) for label, text in texts.items()
    )
    if explanation is not None:
        show.print_line()
        print_explanation(explanation, refused=code == INVALID_SIGNATURE)
    return 0 if good else 1


def _parse(body: bytes) -> Any:
    try:
        parsed = json.loads(body)
        json.dumps(parsed, allow_nan=False)  # strict JSON has no NaN
    except (ValueError, RecursionError):
        return None
    return parsed


def _report_failure(args: argparse.Namespace, attempt: Attempt, reason: str) -> None:
    nothing_sent, origin = attempt.permit.acquire(blocking=False), attempt.origin
    if args.json:
        sent = False if nothing_sent else None
        show.print_json({"url": origin + args.path, "status": None, "error": reason, "sent": sent})
    text = f"woox-fast send: no complete response from {origin}: {reason}."
    if nothing_sent:
        text += " Nothing was sent." + (" Start a sandbox with `woox-fast sandbox`." * _urls.is_loopback(origin))
    elif args.method != "GET":
        text += " The request may have been carried out: query the order before you send it again."
    show.print_error(text)
