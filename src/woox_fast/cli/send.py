"""`woox-fast send`: sign a request, send exactly what was signed, once, and show the reply."""

from __future__ import annotations

import argparse
import json
import sys
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from . import show
from .common import (
    Exchange,
    UsageError,
    add_credentials,
    add_exchange,
    add_request,
    add_scheme,
    add_window,
    exchange,
    one_api_key,
    one_api_secret,
)
from .explain import report, show_explanation
from .show import Row
from .sign import Signed, sign

if TYPE_CHECKING:
    from requests import Response

EXAMPLES = (
    "woox-fast send GET /v3/asset/balances --example",
    """woox-fast send POST /v3/trade/order --example \\
    --body '{"symbol":"SPOT_BTC_USDT","side":"BUY",
             "type":"POST_ONLY","price":"10","quantity":"1"}'""",
    "woox-fast send GET '/v3/trade/orders?symbol=SPOT_BTC_USDT' --example",
)
TIMEOUT_S = 10.0
MOST_SKEW_S = 5  # the shortest receive window
INVALID_SIGNATURE, UNAUTHORIZED = -1001, -1002


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_request(parser)
    add_exchange(parser)
    add_scheme(parser, websocket=False)
    add_window(parser)
    parser.add_argument("--yes", action="store_true", help="send to production what is no GET without asking")
    add_credentials(parser)
    parser.epilog = "It is sent once: never again by itself, and to no other host, whatever the reply."


def main(args: argparse.Namespace) -> int:
    import requests

    to = exchange(args)
    api_key = one_api_key(args)
    api_secret = one_api_secret(args)
    signed = sign(args, api_key, api_secret, to.origin)
    _confirm(args, to)
    with requests.Session() as session:
        session.trust_env = False  # no proxy and no password from the environment
        started = time.perf_counter()
        try:
            response = session.request(
                signed.method,
                to.origin + signed.path,
                headers=signed.headers,
                data=signed.body,
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return _no_answer(args, to, error)
        latency_ms = (time.perf_counter() - started) * 1000
    return _tell(args, to, signed, api_secret, response, latency_ms)


def _tell(
    args: argparse.Namespace, to: Exchange, signed: Signed, api_secret: str, response: Response, latency_ms: float
) -> int:
    """Show the reply, and why the signature was refused if it was; returns the exit status."""
    headers = signed.headers
    stamp = headers["x-api-timestamp"]
    reply = _json(response.content)
    code = reply.get("code") if isinstance(reply, dict) else None
    good = response.status_code == 200 and isinstance(reply, dict) and reply.get("success") is True
    explanation = None
    if not good and (code in (INVALID_SIGNATURE, UNAUTHORIZED) or response.status_code == 401):
        from .. import explain

        explanation = explain(
            api_secret,
            signed.signature,
            stamp,
            signed.method,
            to.origin + signed.path,
            signed.body,
            api_key=headers["x-api-key"],
            scheme=args.scheme,
        )
    skew_s = _skew_s(stamp, response.headers.get("Date", ""))
    if args.json:
        answer: dict[str, Any] = {
            "url": to.origin + signed.path,
            "status": response.status_code,
            "latency_ms": round(latency_ms, 3),
            "reply": reply if reply is not None else show.text_of(response.content),
            "clock_skew_s": skew_s,
        }
        if explanation is not None:
            answer["explanation"] = report(explanation)
        show.as_json(answer, api_secret)
        return 0 if good else 1
    sent = show.hidden(show.printable(f"{signed.method} {to.origin}{signed.path}"), api_secret)
    text = show.printable(response.content.decode("utf-8", "surrogateescape"))
    show.rows(
        [
            Row("sent", sent, whole=True),
            Row(
                "status",
                f"{response.status_code} {show.printable(response.reason or '')}",
                "good" if good else "bad",
                whole=True,
            ),
            Row("latency", f"{latency_ms:.1f} ms"),
            Row("reply", show.hidden(text, api_secret), whole=True),
        ]
    )
    skewed = skew_s is not None and abs(skew_s) > MOST_SKEW_S
    if explanation is not None:
        show.line()
        if skewed:
            show.sentence(
                f"The exchange's clock is {skew_s:+.0f} s from the timestamp that was sent: set this machine's clock.",
                "bad",
            )
        show_explanation(explanation, api_secret, refused=code == INVALID_SIGNATURE and not skewed)
    return 0 if good else 1


def _confirm(args: argparse.Namespace, to: Exchange) -> None:
    if to.kind != "production" or args.method == "GET" or args.yes:
        return
    if not sys.stdin.isatty() or args.body == "-":
        raise UsageError(f"{args.method} to production needs a typed yes, in a terminal, or --yes")
    print(f"{args.method} {show.printable(args.path)} to {to.origin}. Type yes to send it: ", end="", file=sys.stderr)
    sys.stderr.flush()
    if sys.stdin.readline().strip() != "yes":
        raise UsageError("not sent")


def _no_answer(args: argparse.Namespace, to: Exchange, error: Exception) -> int:
    reason = type(error).__name__
    connected = _connected(error)
    if args.json:
        sent = None if connected else False
        show.as_json({"url": to.origin + args.path, "status": None, "error": reason, "sent": sent})
    hint = "; start one with `woox-fast sandbox`" if to.kind == "sandbox" else ""
    outcome = ""
    if not connected:
        outcome = ". Nothing was sent"
    elif args.method != "GET":
        outcome = ". It may have been carried out all the same: look before you send it again"
    show.error(f"woox-fast send: {to.origin} gave no answer ({reason}){hint}{outcome}")
    return 1


def _connected(error: Exception) -> bool:
    """Whether there was a connection: then the request may have gone out."""
    from requests.exceptions import ConnectTimeout
    from urllib3.exceptions import NewConnectionError

    cause = getattr(error.args[0] if error.args else None, "reason", None)
    return not isinstance(error, ConnectTimeout) and not isinstance(cause, NewConnectionError)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _skew_s(stamp: str, date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() - int(stamp) / 1000
    except (ValueError, TypeError, OverflowError):
        return None
