"""`woox-fast explain`: find out why a signature was refused."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

from .. import Explanation, explain
from .._explain import OTHER_CAUSES, TIME_LIMIT_S, Finding, check, list_mistakes
from .._explain.request_checks import check_headers
from ..prehash import scheme_of
from . import common, show
from .common import UsageError
from .show import OutputField

EXAMPLES = (
    """woox-fast explain GET /v3/asset/balances --example --timestamp 1578565539808 \\
    --signature 2364302021bee38348f77c9af2710a90b934be7a923679c4a3fd68ae6283fb32""",
    "woox-fast curl GET /v3/asset/balances --example | woox-fast explain --request - --example",
)
RIGHT_FOR_OURS = (
    "The signature is right for this request and for the secret that you gave. If the exchange still refuses the "
    "signature, it has a different secret for this API key."
)
_DIGEST = re.compile(r"[A-Za-z0-9+/_%:-]{16}")  # every encoded digest contains this


def add_arguments(parser: argparse.ArgumentParser) -> None:
    when = "as sent; required, unless --request or -H contains it"
    common.add_request(parser, optional=True, schemes=("v3", "v1", "ws"), when=when)
    parser.add_argument("--signature", help="the x-api-signature that was sent")
    parser.add_argument("-H", "--header", action="append", default=[], help="a header that was sent, as for curl")
    parser.add_argument("--request", metavar="FILE|-", help="a curl command, HAR file, raw HTTP, or a client's log")
    parser.add_argument("--memo", help="the memo of a WOO X Pro key")
    common.add_seconds(parser, "the time limit of the search", TIME_LIMIT_S)
    parser.add_argument("--mistakes", nargs="?", const="", metavar="TEXT", help="list the known mistakes with TEXT")
    parser.epilog = (
        "Pass the request exactly as you sent it. This command opens no connection. If --request does not show the "
        "body, add --body. -H and --signature override the request's headers.\n"
        "Exit status 0: a cause was found, or the signature is right; 1: neither."
    )


class Given(NamedTuple):
    """A request, its headers and their faults: from --request, overridden by the other options."""

    method: str
    path: str
    body: bytes
    scheme: str
    api_key: str
    timestamp: str
    signature: str
    faults: list[Finding]


def main(args: argparse.Namespace) -> int:
    if args.mistakes is not None:
        return _print_mistakes(args.mistakes, args.json)
    given = _read_given(args)
    if given.signature and given.timestamp:
        return _explain(args, given)
    if args.request is None:
        name = "timestamp" if given.signature else "signature"
        raise UsageError(f"--{name} is required: the value of the header x-api-{name} that was sent")
    return _check_unsigned(args, given)


def _read_given(args: argparse.Namespace) -> Given:
    method, path, body, headers = _read_request(args)
    if args.scheme != "ws" and not (method and path):
        raise UsageError("METHOD and PATH are missing; give them, such as: GET /v3/asset/balances; or use --request")
    scheme = args.scheme or scheme_of(re.sub(r"\Ahttps?://[^/?]*", "", path))
    api_key = common.read_api_key(args, required=False)
    checked = check_headers(headers, method, body, scheme=scheme, api_key=api_key)
    sent = checked.values
    signature = args.signature if args.signature is not None else sent.get("x-api-signature", "")
    timestamp = args.timestamp if args.timestamp is not None else sent.get("x-api-timestamp", "")
    known = [f"no-x-api-{name}" for name, value in (("signature", signature), ("timestamp", timestamp)) if value]
    faults = [fault for fault in checked.findings if fault.name not in known]
    if args.request is None:  # -H may omit headers
        faults = [fault for fault in faults if not fault.name.startswith("no-")]
    return Given(method, path, body, scheme, api_key or sent.get("x-api-key", ""), timestamp, signature, faults)


def _check_unsigned(args: argparse.Namespace, given: Given) -> int:
    """Print the faults of a request without a signature or a timestamp."""
    options = {"timestamp": given.timestamp, "api_key": given.api_key, "scheme": given.scheme}
    faults = [*given.faults, *check(given.method, given.path, given.body, **options)]
    if args.json:
        show.print_json({"found": False, "faults": [_to_dict(fault) for fault in faults]})
    else:
        show.print_fields(_build_fields(faults))
    return 0


def _explain(args: argparse.Namespace, given: Given) -> int:
    signature = given.signature
    if not _DIGEST.search(signature):
        shown = show.escape(signature[:40])
        raise UsageError(f"the signature must be 64 hex characters, got {len(signature)}: {shown}")
    secret = common.read_api_secret(args)
    options = {"api_key": given.api_key, "scheme": given.scheme, "memo": args.memo, "time_limit": args.seconds}
    try:
        found = explain(secret, signature, given.timestamp, given.method, given.path, given.body, **options)
    except (ValueError, TypeError) as error:
        raise common.advise_for_shell(error) from None
    found = found._replace(faults=(*given.faults, *found.faults))
    if args.json:
        show.print_json(report(found))
    else:
        print_explanation(found)
    return 0 if found.found or found.faults else 1


def _read_request(args: argparse.Namespace) -> tuple[str, str, bytes, dict[str, str]]:
    """Return method, path, body and headers. The command line overrides --request."""
    if wrong := [text for text in args.header if ":" not in text]:
        raise UsageError(f"a header is 'name: value', got {wrong[0][:40]!a}")
    pairs = (text.split(":", 1) for text in args.header)
    headers = {name.strip().lower(): value.removeprefix(" ") for name, value in pairs}
    if args.request is None:
        return args.method or "", args.path or "", common.read_body(args.body), headers
    if args.path is not None:
        raise UsageError("--request contains method and path; do not give them again")
    from .._explain.readers import read_request

    try:
        sent = read_request(common.read_input("request", args.request))
    except ValueError as error:
        raise UsageError(show.escape(str(error))) from None
    if sent.body is None and args.body is None:
        raise UsageError("the request does not show its body; give it with --body, or --body '' for none")
    if sent.body and args.body is not None:
        raise UsageError("--request contains a body; do not give one again")
    headers = {**sent.headers, **headers}
    url = f"https://{headers['host']}{sent.url}" if sent.url[:1] == "/" and headers.get("host") else sent.url
    return sent.method, url, sent.body or common.read_body(args.body), headers


def _print_mistakes(text: str, as_json: bool) -> int:
    """Print the known mistakes that contain every word of `text`, by the part of the request."""
    words = text.lower().split()
    known = dict.fromkeys(list_mistakes())
    found = [(part, one) for part, one in known if all(word in f"{part} {one.sentence}".lower() for word in words)]
    if as_json:
        show.print_json({"count": len(found), "mistakes": [{"part": part, **_to_dict(one)} for part, one in found]})
        return 0
    show.print_line(f"known mistakes{f' with {show.escape(text)!r}' if text else ''}: {len(found):,}")
    for part in dict.fromkeys(part for part, _ in found):
        listed = list(dict.fromkeys(one.cause for other, one in found if other == part))
        show.print_line(f"\n{part} ({len(listed):,})", "label")
        show.print_fields(_build_field("-", cause) for cause in listed)
    return 0


def report(found: Explanation) -> dict[str, Any]:
    """Return an explanation for JSON."""
    return {
        "right": found.right,
        "found": found.found,
        "mistakes": [_to_dict(finding) for finding in found.mistakes],
        "faults": [_to_dict(finding) for finding in found.faults],
        "others": [[_to_dict(finding) for finding in other] for other in found.others],
        "expected": show.decode(found.expected),
        "signed": found.signed and show.decode(found.signed),
        **{name: getattr(found, name) for name in ("tried", "complete", "share", "seconds")},
        "other_causes": _list_causes(found),
    }


def _to_dict(finding: Finding) -> dict[str, str]:
    texts = {**finding._asdict(), "sentence": finding.sentence}
    return {name: show.redact(text, cut=True) for name, text in texts.items()}


def _list_causes(found: Explanation) -> list[str]:
    """Return the causes that remain if no mistake was found, the likeliest first."""
    return [] if found.mistakes else [RIGHT_FOR_OURS if found.right else found.verdict, *OTHER_CAUSES]


def _build_fields(findings: Iterable[Finding]) -> list[OutputField]:
    """Return the fields of causes and remedies. A repeated remedy appears once, after the last of its causes."""
    fields: list[OutputField] = []
    rest = list(findings)
    while rest:
        finding = rest.pop(0)
        fields.append(_build_field("and" if fields else "cause", finding.cause, "bad"))
        if finding.remedy and finding.remedy not in [later.remedy for later in rest]:
            fields.append(_build_field("remedy", finding.remedy))
    return fields


def _build_field(label: str, text: str, style: str = "") -> OutputField:
    return OutputField(label, show.redact(show.escape(text), cut=True), style)


def print_explanation(found: Explanation, *, refused: bool = False) -> None:
    """Print an explanation. `refused` means that the exchange refused the signature."""
    fields: list[OutputField] = []
    if found.right and refused:
        fields.append(_build_field("cause", RIGHT_FOR_OURS, "bad"))
    elif found.verdict:
        fields.append(_build_field("verdict", found.verdict, "good" if found.right else "bad"))
    fields += _build_fields((*found.faults, *found.mistakes))
    on_terminal = sys.stdout.isatty()
    if found.signed is None or found.signed == found.expected:
        text = show.redact(show.quote(found.expected))
        fields.append(OutputField("expected", show.shorten(text) if on_terminal else text, whole=True))
    else:
        width = show.get_width() - len("expected  ") if on_terminal else sys.maxsize
        texts = show.mark_difference(found.expected, found.signed, width=width)
        for label, text, style in zip(("expected", "signed", ""), texts, ("good", "bad", "bad"), strict=True):
            fields.append(OutputField(label, text, style, whole=True))
    fields += [_build_field("or", alternative, "quiet") for alternative in found.alternatives]
    tried = f"{found.tried:,} combination{'s' * (found.tried != 1)} in {found.seconds:.2f} s"
    show.print_fields([*fields, OutputField("tried", tried, "quiet")])
    if not found.mistakes and not found.faults:
        show.print_line("\nNo signature shows these causes:")
        show.print_fields(_build_field("-", cause) for cause in _list_causes(found)[bool(refused or not found.right) :])
