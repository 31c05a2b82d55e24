"""`woox-fast explain`: find out why a signature was refused."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from typing import Any

from .. import Explanation, explain
from .._explain import OTHER_CAUSES, TIME_LIMIT_S, Finding, all_mistakes, check
from .._explain.request_checks import check_headers
from ..prehash import scheme_of
from . import show
from .arguments import without_secrets
from .common import (
    UsageError,
    add_credentials,
    add_request,
    add_scheme,
    add_seconds,
    body_bytes,
    in_a_shell,
    one_api_key,
    one_api_secret,
    read,
)
from .show import Row

EXAMPLES = (
    """woox-fast explain GET /v3/asset/balances --example --timestamp 1578565539808 \\
    --signature 2364302021bee38348f77c9af2710a90b934be7a923679c4a3fd68ae6283fb32""",
    "woox-fast curl GET /v3/asset/balances --example | woox-fast explain --request - --example",
)
RIGHT_FOR_OURS = (
    "The signature is right for this request and for the secret that you gave. If the exchange refuses it as a "
    "signature, its secret for this API key is not this one."
)
_DIGEST = re.compile(r"[A-Za-z0-9+/_%:-]{16}")  # every encoded digest contains this
_WHOLE = 1_000_000  # columns: never wrap


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_request(parser, optional=True)
    for action in parser._actions:
        if action.dest == "timestamp":
            action.help = "the x-api-timestamp that was sent (required, unless --request or -H contains it)"
    parser.add_argument("--signature", help="the x-api-signature that was sent")
    parser.add_argument("-H", "--header", action="append", default=[], help="a header that was sent, as for curl")
    parser.add_argument("--request", metavar="FILE|-", help="a curl command, HAR file, raw HTTP, or a log of a client")
    parser.add_argument("--memo", help="the memo of a WOO X Pro key")
    add_seconds(parser, "the time limit of the search", TIME_LIMIT_S)
    parser.add_argument("--mistakes", nargs="?", const="", metavar="TEXT", help="list the known mistakes with TEXT")
    add_scheme(parser)
    add_credentials(parser)
    parser.epilog = (
        "Give the request as it was sent. Nothing is sent anywhere. If --request does not show the body, give --body "
        "as well; -H and --signature override the request's headers.\n"
        "Exit status 0: a cause was found, or the signature is right; 1: neither."
    )


def main(args: argparse.Namespace) -> int:
    if args.mistakes is not None:
        return list_mistakes(args.mistakes, args.json)
    method, path, body, headers = _request(args)
    if args.scheme != "ws" and not (method and path):
        raise UsageError("METHOD and PATH are needed, such as: GET /v3/asset/balances; or use --request")
    scheme = args.scheme or scheme_of(re.sub(r"\Ahttps?://[^/?]*", "", path))
    api_key = one_api_key(args, needed=False)
    checked = check_headers(headers, method, body, scheme=scheme, api_key=api_key)
    signature = args.signature if args.signature is not None else checked.values.get("x-api-signature", "")
    timestamp = args.timestamp if args.timestamp is not None else checked.values.get("x-api-timestamp", "")
    api_key = api_key or checked.values.get("x-api-key", "")
    known = [f"no-x-api-{name}" for name, value in (("signature", signature), ("timestamp", timestamp)) if value]
    faults = [fault for fault in checked.findings if fault.name not in known]
    if args.request is None:  # -H may omit headers
        faults = [fault for fault in faults if not fault.name.startswith("no-")]
    if (not signature or not timestamp) and args.request is not None:
        faults += check(method, path, body, timestamp=timestamp, api_key=api_key, scheme=scheme)
        if args.json:
            show.as_json({"found": False, "faults": [_as_dict(fault) for fault in faults]})
        else:
            show.rows(_finding_rows(faults, ""))
        return 0
    if not signature or not timestamp:
        missing = "--timestamp" if signature else "--signature"
        raise UsageError(f"{missing} is required: the value of the header x-api-{missing[2:]} that was sent")
    if not _DIGEST.search(signature):
        shown = show.printable(signature[:40])
        raise UsageError(f"the signature must be 64 hex characters, got {len(signature)}: {shown}")
    secret = one_api_secret(args)
    options = {"api_key": api_key, "scheme": scheme, "memo": args.memo, "time_limit": args.seconds}
    try:
        found = explain(secret, signature, timestamp, method, path, body, **options)
    except (ValueError, TypeError) as error:
        raise in_a_shell(error) from None
    found = found._replace(faults=(*faults, *found.faults))
    if args.json:
        show.as_json(report(found), secret)
    else:
        show_explanation(found, secret)
    return 0 if found.found or found.faults else 1


def _request(args: argparse.Namespace) -> tuple[str, str, bytes, dict[str, str]]:
    """Return method, path, body and headers. The command line overrides --request."""
    if wrong := [text for text in args.header if ":" not in text]:
        raise UsageError(f"a header is 'name: value', got {wrong[0][:40]!a}")
    pairs = (text.split(":", 1) for text in args.header)
    headers = {name.strip().lower(): value.removeprefix(" ") for name, value in pairs}
    if args.request is None:
        return args.method or "", args.path or "", body_bytes(args.body), headers
    if args.path is not None:
        raise UsageError("--request contains method and path; do not give them again")
    from .._explain.readers import read_request

    text = read("request", args.request)
    try:
        sent = read_request(text)
    except ValueError as error:  # the message quotes the text, which may be the secret's file
        words = text[:200].decode("latin-1").split()
        raise UsageError(without_secrets(show.printable(str(error)), words)) from None
    if sent.body is None and args.body is None:
        raise UsageError("the request does not show its body; give it with --body, or --body '' for none")
    if sent.body and args.body is not None:
        raise UsageError("--request contains a body; do not give one again")
    headers = {**sent.headers, **headers}
    url = f"https://{headers['host']}{sent.url}" if sent.url[:1] == "/" and headers.get("host") else sent.url
    return sent.method, url, sent.body or body_bytes(args.body), headers


def list_mistakes(text: str, as_json: bool) -> int:
    """Print the known mistakes that contain every word of `text`, by the part of the request."""
    words = text.lower().split()
    known = dict.fromkeys(all_mistakes())
    found = [(part, one) for part, one in known if all(word in f"{part} {one.sentence}".lower() for word in words)]
    if as_json:
        show.as_json({"count": len(found), "mistakes": [{"part": part, **_as_dict(one)} for part, one in found]})
        return 0
    show.line(f"known mistakes{f' with {show.printable(text)!r}' if text else ''}: {len(found):,}")
    for part in dict.fromkeys(part for part, _ in found):
        causes_ = list(dict.fromkeys(one.cause for other, one in found if other == part))
        show.line()
        show.line(f"{part} ({len(causes_):,})", "label")
        for cause in causes_:
            _print(f"- {show.printable(cause)}")
    return 0


def _print(text: str) -> None:
    """Print a sentence: wrapped in a terminal, in a file as a single line."""
    if sys.stdout.isatty():
        show.sentence(text, indent="  ")
    else:
        show.line(text)


def report(found: Explanation) -> dict[str, Any]:
    """Return an explanation for JSON."""
    findings = {name: [_as_dict(one) for one in getattr(found, name)] for name in ("mistakes", "faults")}
    others = [[_as_dict(finding) for finding in other] for other in found.others]
    texts = {"expected": show.text_of(found.expected), "signed": found.signed and show.text_of(found.signed)}
    numbers = {"tried": found.tried, "complete": found.complete, "share": found.share, "seconds": found.seconds}
    flags = {"right": found.right, "found": found.found}
    return {**flags, **findings, "others": others, **texts, **numbers, "other_causes": causes(found)}


def _as_dict(finding: Finding) -> dict[str, str]:
    return {**finding._asdict(), "sentence": finding.sentence}


def causes(found: Explanation) -> list[str]:
    """Return the causes that remain if no mistake was found, the likeliest first."""
    return [] if found.mistakes else [RIGHT_FOR_OURS if found.right else found.verdict, *OTHER_CAUSES]


def _finding_rows(findings: Iterable[Finding], secret: str) -> list[Row]:
    """Return the rows of causes and remedies. A repeated remedy appears once, after the last of its causes."""
    rows: list[Row] = []
    rest = list(findings)
    while rest:
        finding = rest.pop(0)
        rows.append(_row("and" if rows else "cause", finding.cause, secret, "bad"))
        if finding.remedy and finding.remedy not in [later.remedy for later in rest]:
            rows.append(_row("remedy", finding.remedy, secret))
    return rows


def _row(label: str, text: str, secret: str, style: str = "") -> Row:
    return Row(label, show.hidden(show.printable(text), secret), style, whole=not sys.stdout.isatty())


def show_explanation(found: Explanation, secret: str, *, refused: bool = False) -> None:
    """Print an explanation. `refused` means that the exchange refused the signature."""
    rows: list[Row] = []
    if found.right and refused:
        rows.append(_row("cause", RIGHT_FOR_OURS, secret, "bad"))
    elif found.verdict:
        rows.append(_row("verdict", found.verdict, secret, "good" if found.right else "bad"))
    rows += _finding_rows((*found.faults, *found.mistakes), secret)
    width = show.width() - len("expected  ") if sys.stdout.isatty() else _WHOLE
    if found.signed is None or found.signed == found.expected:
        text = show.visible(found.expected)
        rows.append(Row("expected", show.hidden(text if width == _WHOLE else show.shortened(text), secret), whole=True))
    else:
        texts = show.difference(found.expected, found.signed, secret, width)
        for label, text, style in zip(("expected", "signed", ""), texts, ("good", "bad", "bad"), strict=True):
            rows.append(Row(label, text, style, whole=True))
    rows += [_row("or", alternative, secret, "quiet") for alternative in found.alternatives]
    rows.append(
        Row("tried", f"{found.tried:,} combination{'s' * (found.tried != 1)} in {found.seconds:.2f} s", "quiet")
    )
    show.rows(rows)
    if not found.mistakes and not found.faults:
        show.line()
        show.line("No signature shows these causes:")
        for cause in causes(found)[bool(refused or not found.right) :]:
            _print(f"- {cause}")
