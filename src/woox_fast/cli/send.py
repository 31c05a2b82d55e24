"""`woox-fast send`: sign a request, send exactly what was signed, once, and show the reply."""

from __future__ import annotations

import argparse
import json
import sys
import time
from email.utils import parsedate_to_datetime
from typing import Any

from .. import Signer
from . import show
from .common import (
    Exchange,
    UsageError,
    add_credentials,
    add_exchange,
    add_request,
    body_bytes,
    exchange,
    one_api_key,
    one_api_secret,
)
from .explain import report

EXAMPLES = (
    "send GET /v3/asset/balances --example",
    "send POST /v3/trade/order --body @order.json --staging",
    "send GET '/v3/trade/orders?symbol=SPOT_BTC_USDT' --production",
)
TIMEOUT_S = 10.0
_SIGNATURE_CODES = (-1001, -1002)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_request(parser)
    add_exchange(parser)
    parser.add_argument("--yes", action="store_true", help="send to production what is no GET without asking")
    add_credentials(parser)
    parser.epilog = "It is sent once: never again by itself, and to no other host, whatever the reply."


def run(args: argparse.Namespace) -> int:
    import requests

    to = exchange(args)
    body = body_bytes(args.body)
    api_key, api_secret = one_api_key(args), one_api_secret(args)
    try:
        signer = Signer(api_key, api_secret)
        request = signer.prepare(args.method, args.path, body=body, timestamp=args.timestamp, base_url=to.origin)
    except (ValueError, TypeError) as error:
        raise UsageError(show.printable(str(error))) from None
    _confirm(args, to)
    with requests.Session() as session:
        session.trust_env = False  # no proxy and no password from the surroundings
        started = time.perf_counter()
        try:
            response = session.request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body,
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return _no_answer(args, to, type(error).__name__)
        latency_ms = (time.perf_counter() - started) * 1000
    stamp = request.headers["x-api-timestamp"]
    reply = _json(response.content)
    code = reply.get("code") if isinstance(reply, dict) else None
    good = response.status_code == 200 and isinstance(reply, dict) and reply.get("success") is True
    explanation = None
    if not good and (code in _SIGNATURE_CODES or response.status_code == 401):
        from .. import explain

        signature = request.headers["x-api-signature"]
        explanation = explain(api_secret, signature, stamp, request.method, request.url, request.body, api_key=api_key)
    skew_s = _skew_s(stamp, response.headers.get("Date", ""))
    if args.json:
        answer: dict[str, Any] = {
            "url": request.url,
            "status": response.status_code,
            "latency_ms": round(latency_ms, 3),
            "reply": reply if reply is not None else show.text_of(response.content),
            "clock_skew_s": skew_s,
        }
        if explanation is not None:
            answer["explanation"] = report(explanation)
        show.as_json(answer)
        return 0 if good else 1
    text = show.printable(response.content.decode("utf-8", "surrogateescape"))
    show.rows(
        [
            ("sent", show.printable(f"{request.method} {request.url}"), ""),
            ("status", f"{response.status_code} {show.printable(response.reason or '')}", "good" if good else "bad"),
            ("latency", f"{latency_ms:.1f} ms", ""),
            ("reply", show.hidden(text, api_secret), ""),
        ]
    )
    if explanation is not None:
        from .explain import show_explanation

        show.line()
        show_explanation(explanation, api_secret)
        if skew_s is not None and abs(skew_s) > 5:
            show.line(f"The reply's Date is {skew_s:+.0f} s from the timestamp: set this machine's clock.", "bad")
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


def _no_answer(args: argparse.Namespace, to: Exchange, reason: str) -> int:
    if args.json:
        show.as_json({"status": None, "error": reason})
    hint = "; start one with: woox-fast sandbox" if to.kind == "sandbox" else ""
    unsure = "" if args.method == "GET" else " It may have been carried out all the same; look before you send again."
    print(f"woox-fast send: {to.origin} gave no answer ({reason}){hint}.{unsure}", file=sys.stderr)
    return 1


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
