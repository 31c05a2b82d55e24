"""`woox-fast explain`: which mistake yields the signature that was sent."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from .. import Explanation, explain
from .._explain import TIME_LIMIT_S
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

if TYPE_CHECKING:
    from .._explain import Mistake
    from .._explain.inputs import SentRequest

EXAMPLES = (
    """woox-fast explain GET /v3/asset/balances --example --timestamp 1578565539808 \\
    --signature 2364302021bee38348f77c9af2710a90b934be7a923679c4a3fd68ae6283fb32""",
    """woox-fast explain GET https://api.woox.io/v3/asset/balances --example \\
    -H 'x-api-timestamp: 1578565539808' \\
    -H 'x-api-signature: 2364302021bee38348f77c9af2710a90b934be7a923679c4a3fd68ae6283fb32'""",
    """woox-fast curl GET /v3/asset/balances --example |
    woox-fast explain --request - --example""",
    "woox-fast explain --mistakes",
)

ANOTHER_ONE = (
    "The secret may be another one than the exchange has for this API key, or than the one that signed: of another "
    "key, of staging where production is asked (or the reverse), or not copied whole."
)
RIGHT_FOR_OURS = (
    "The signature is right for this request and for the secret that you gave. If the exchange refuses it as a "
    "signature, its secret for this API key is not this one."
)

# A digest has at least this, in any notation.
_DIGEST = re.compile(r"[A-Za-z0-9+/_%:-]{16}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_request(parser, optional=True)
    parser.add_argument("--signature", help="the x-api-signature that was sent")
    parser.add_argument("-H", "--header", action="append", default=[], help="a header that was sent, as curl takes it")
    parser.add_argument(
        "--request", metavar="FILE|-", help="the whole request: a curl command, a HAR file, HTTP, or a client's log"
    )
    add_seconds(parser, "how long it may search, and so how rare a mistake it finds", TIME_LIMIT_S)
    parser.add_argument("--mistakes", action="store_true", help="list every mistake that it knows, and end")
    add_scheme(parser)
    add_credentials(parser)
    parser.epilog = (
        "Give the request as it was sent. Nothing is sent anywhere. --request reads what is at hand: a curl command, "
        "a HAR file from a browser, the request as HTTP/1.1 writes it, a log of requests, httpx, aiohttp or ccxt, "
        "what curl -v prints. Where that does not show the body, give --body as well.\n"
        "Exit status 0: the cause was found, or the signature is right; 1: neither."
    )


def main(args: argparse.Namespace) -> int:
    if args.mistakes:
        return list_mistakes(args.json)
    method, path, body = args.method, args.path, body_bytes(args.body)
    headers = dict(_header(text) for text in args.header)
    if args.request is not None:
        if path is not None:
            raise UsageError("--request holds method and path; do not give them again")
        method, path, headers_there, found_body = _request_at_hand(args.request)
        headers = {**headers_there, **headers}
        if found_body is None and args.body is None:
            raise UsageError("the request at hand does not show its body; give it with --body, or --body '' for none")
        if found_body and args.body is not None:
            raise UsageError("--request holds a body; do not give one again")
        body = found_body or body
    signature = args.signature if args.signature is not None else headers.get("x-api-signature")
    timestamp = args.timestamp if args.timestamp is not None else headers.get("x-api-timestamp")
    if args.scheme != "ws" and (method is None or path is None):
        raise UsageError("METHOD and PATH are needed, such as: GET /v3/asset/balances; or --request")
    if not signature or not timestamp:
        missing = "--signature" if not signature else "--timestamp"
        raise UsageError(f"{missing} is needed: the header x-api-{missing[2:]} that was sent")
    if not _DIGEST.search(signature):
        raise UsageError(
            f"the signature must be 64 hex characters, got {len(signature)}: {show.printable(signature[:40])}"
        )
    api_key = one_api_key(args, needed=False) or headers.get("x-api-key", "")
    secret = one_api_secret(args)
    try:
        request = timestamp, method or "", path or "", body
        found = explain(secret, signature, *request, api_key=api_key, scheme=args.scheme, time_limit=args.seconds)
    except (ValueError, TypeError) as error:
        raise in_a_shell(error) from None
    if args.json:
        show.as_json(report(found), secret)
    else:
        if not re.fullmatch(r"[0-9a-fA-F]{64}", signature) and not any("signature" in one.name for one in found.faults):
            show.sentence(
                f"The signature that was sent is no 64 hex characters, but {len(signature)}: "
                f"{show.hidden(show.printable(signature[:80]), secret)}",
                "bad",
            )
        show_explanation(found, secret)
    return 0 if found.found else 1


def _request_at_hand(name: str) -> SentRequest:
    from .._explain.inputs import parse_request

    text = read("request", name)
    try:
        return parse_request(text)
    except ValueError as error:  # it shows how the text begins, and that may be the secret's file
        words = text[:200].decode("latin-1").split()
        raise UsageError(without_secrets(show.printable(str(error)), words)) from None


def list_mistakes(as_json: bool) -> int:
    """Print every mistake that `explain` knows, by the part of the request that it is made in, with their count."""
    from .._explain import all_mistakes

    by_layer: dict[str, list[Mistake]] = {}
    for mistake in all_mistakes():
        by_layer.setdefault(mistake.layer, []).append(mistake)
    count = sum(map(len, by_layer.values()))
    if as_json:
        everything = [mistake._asdict() for mistakes in by_layer.values() for mistake in mistakes]
        show.as_json({"count": count, "mistakes": everything})
        return 0
    show.sentence(f"{count:,} mistakes, alone and together, in {len(by_layer)} parts of a request:")
    for layer, mistakes in by_layer.items():
        show.line()
        show.line(f"{layer} ({len(mistakes):,})", "label")
        for mistake in mistakes:
            show.sentence(f"- {mistake.name}: {show.printable(mistake.sentence)}", indent="  ")
    return 0


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError(f"a header is 'name: value', got {text[:40]!a}")
    return name.strip().lower(), value.removeprefix(" ")


def report(found: Explanation) -> dict[str, Any]:
    """An explanation for JSON."""
    return {
        "right": found.right,
        "found": found.found,
        "mistakes": [mistake._asdict() for mistake in found.mistakes],
        "others": [[mistake._asdict() for mistake in other] for other in found.others],
        "faults": [fault._asdict() for fault in found.faults],
        "expected": show.text_of(found.expected),
        "signed": None if found.signed is None else show.text_of(found.signed),
        "tried": found.tried,
        "complete": found.complete,
        "seconds": round(found.seconds, 4),
        "other_causes": causes(found),
    }


def causes(found: Explanation) -> list[str]:
    """What may be wrong although no mistake was found, the likeliest first."""
    if found.mistakes:
        return []
    return [RIGHT_FOR_OURS if found.right else ANOTHER_ONE, *found.other_causes]


def show_explanation(found: Explanation, secret: str, *, refused: bool = False) -> None:
    """Print an explanation; `refused` is whether the exchange is known to have refused the signature."""
    rows = []
    if found.right and refused:
        rows.append(Row("cause", RIGHT_FOR_OURS, "bad"))
    elif found.right:
        rows.append(Row("verdict", "The signature is right for this request and this secret.", "good"))
    elif not found.found:
        within = "" if found.complete else " that the time limit allowed"
        rows.append(Row("verdict", ANOTHER_ONE, "bad"))
        rows.append(Row("", f"None of {found.tried:,} combinations{within} yields this signature.", "bad"))
    for label, findings in (("cause", found.mistakes), ("fault", found.faults)):
        for one in findings:
            rows.append(Row(label, show.hidden(show.printable(one.sentence), secret), "bad"))
    if found.signed is None or found.signed == found.expected:
        rows.append(Row("expected", show.hidden(show.shortened(show.visible(found.expected)), secret), whole=True))
    else:
        label_width = len("expected  ")
        texts = show.difference(found.expected, found.signed, secret, show.width() - label_width)
        for label, text, style in zip(("expected", "signed", ""), texts, ("good", "bad", "bad"), strict=True):
            rows.append(Row(label, text, style, whole=True))
    if found.others:  # other mistakes that sign the very same bytes
        rows.append(Row("or", show.hidden(show.printable(str(found).splitlines()[-1]), secret), "quiet"))
    tried = f"{found.tried:,} combination{'s' * (found.tried != 1)} in {found.seconds:.2f} s"
    rows.append(Row("tried", tried, "quiet"))
    show.rows(rows)
    if not found.mistakes:
        show.line()
        show.line("What no signature shows:")
        said_already = refused or not found.right
        for cause in causes(found)[said_already:]:
            show.sentence(f"- {cause}", indent="  ")
