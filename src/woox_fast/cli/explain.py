"""`woox-fast explain`: which mistake yields the signature that was sent."""

from __future__ import annotations

import argparse
import os
import sys
from textwrap import wrap
from typing import Any

from .. import Explanation, explain
from . import show
from .common import UsageError, add_credentials, add_request, body_bytes, one_api_key, one_api_secret

EXAMPLES = (
    "explain GET /v3/asset/balances --timestamp 1578565539808 --signature 9f8e...",
    "explain POST https://api.woox.io/v3/trade/order --body @order.json -H 'x-api-timestamp: 1578565539808' "
    "-H 'x-api-signature: 9f8e...'",
    "explain --request refused.http",
)
WIDTH = 100  # characters of a sentence on one line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_request(parser, optional=True)
    parser.add_argument("--signature", help="the x-api-signature that was sent")
    parser.add_argument("-H", "--header", action="append", default=[], help="a header that was sent, as curl takes it")
    parser.add_argument("--request", metavar="FILE|-", help="the whole request: first line, headers, body")
    parser.add_argument("--scheme", choices=("v3", "v1", "ws"), help="which rule is right (default: by the path)")
    add_credentials(parser)
    parser.epilog = (
        "Give the request as it was sent. Nothing is sent anywhere.\n"
        "Exit status 0: the cause was found, or the signature is right; 1: neither."
    )


def run(args: argparse.Namespace) -> int:
    method, path, body = args.method, args.path, body_bytes(args.body)
    headers = dict(_header(text) for text in args.header)
    if args.request is not None:
        if path is not None or args.body is not None:
            raise UsageError("--request holds method, path and body; do not give them again")
        method, path, headers_there, body = _parse(_read(args.request))
        headers = {**headers_there, **headers}
    signature = args.signature or headers.get("x-api-signature")
    timestamp = args.timestamp or headers.get("x-api-timestamp")
    if args.scheme != "ws" and (method is None or path is None):
        raise UsageError("METHOD and PATH are needed, such as: GET /v3/asset/balances; or --request")
    if not signature or not timestamp:
        missing = "--signature" if not signature else "--timestamp"
        raise UsageError(f"{missing} is needed: the header x-api-{missing[2:]} that was sent")
    secret = one_api_secret(args)
    api_key = one_api_key(args, needed=False) or headers.get("x-api-key", "")
    try:
        found = explain(
            secret, signature, timestamp, method or "", path or "", body, api_key=api_key, scheme=args.scheme
        )
    except (ValueError, TypeError) as error:
        raise UsageError(show.printable(str(error))) from None
    if args.json:
        show.as_json(report(found))
    else:
        show_explanation(found, secret)
    return 0 if found.found else 1


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError(f"a header is 'name: value', got {text[:40]!a}")
    return name.strip().lower(), value.removeprefix(" ")


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError as error:
        raise UsageError(f"cannot read the request from {name!a}: {error.strerror}") from None


def _parse(request: bytes) -> tuple[str, str, dict[str, str], bytes]:
    """Method, target, headers and body of a request as HTTP/1.1 writes it; lines may end in a bare newline."""
    crlf, lf = request.find(b"\r\n\r\n"), request.find(b"\n\n")
    end, gap = (crlf, 4) if crlf >= 0 and (lf < 0 or crlf < lf) else (lf, 2)
    head, body = (request, b"") if end < 0 else (request[:end], request[end + gap :])
    first, *lines = os.fsdecode(head).strip("\r\n").splitlines() or [""]
    words = first.split()
    if len(words) not in (2, 3):
        raise UsageError(f"a request begins as 'GET /v3/asset/balances', got {first[:40]!a}")
    headers = dict(_header(line) for line in lines if line.strip())
    length = headers.get("content-length", "").strip()
    if length.isdecimal() and int(length) <= len(body):
        body = body[: int(length)]
    else:
        body = body.removesuffix(b"\n").removesuffix(b"\r")  # the last line's end in a text file
    path = words[1]
    return words[0], path, headers, body


def report(found: Explanation) -> dict[str, Any]:
    """An explanation for JSON."""
    return {
        "right": found.right,
        "found": found.found,
        "mistakes": [mistake._asdict() for mistake in found.mistakes],
        "faults": [fault._asdict() for fault in found.faults],
        "expected": show.text_of(found.expected),
        "signed": None if found.signed is None else show.text_of(found.signed),
        "tried": found.tried,
        "complete": found.complete,
        "seconds": round(found.seconds, 4),
        "other_causes": list(found.other_causes),
    }


def show_explanation(found: Explanation, secret: str) -> None:
    rows = []
    if found.right:
        rows.append(("verdict", "The signature is right for this request.", "good"))
    elif not found.found:
        rows.append(("verdict", str(found).splitlines()[0], "bad"))
    for label, findings in (("cause", found.mistakes), ("fault", found.faults)):
        for one in findings:
            first, *more = wrap(show.hidden(show.printable(one.sentence), secret), WIDTH)
            rows += [(label, first, "bad"), *(("", line, "bad") for line in more)]
    if found.signed is None or found.signed == found.expected:
        rows.append(("expected", show.hidden(show.shortened(show.visible(found.expected)), secret), ""))
    else:
        expected, signed, mark = show.difference(found.expected, found.signed, secret)
        rows += [("expected", expected, "good"), ("signed", signed, "bad"), ("", mark, "bad")]
    rows.append(("tried", f"{found.tried:,} combination{'s' * (found.tried != 1)} in {found.seconds:.2f} s", "quiet"))
    show.rows(rows)
    if not found.mistakes:
        show.line()
        show.line("What no signature shows:")
        for cause in found.other_causes:
            show.line(f"- {cause}")
