"""`woox-fast sign`: what is signed, made visible, the signature and the headers."""

from __future__ import annotations

import argparse
import time
from typing import NamedTuple

from .. import Signer
from . import show
from .common import UsageError, add_credentials, add_request, body_bytes, one_api_key, one_api_secret

EXAMPLES = (
    "sign GET '/v3/algo/orders?algoType=STOP'",
    "sign POST /v3/trade/order --body @order.json",
    "sign POST /v1/order --body 'symbol=SPOT_BTC_USDT&side=BUY' --scheme v1",
    "sign --scheme ws",
)


class Signed(NamedTuple):
    """A signed request: `message` is the bytes that were signed, `headers` what to send with it."""

    method: str
    path: str
    body: bytes
    message: bytes
    signature: str
    headers: dict[str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_request(parser, optional=True)
    parser.add_argument("--scheme", choices=("v3", "v1", "ws"), default="v3", help="which rule (default %(default)s)")
    add_credentials(parser)


def run(args: argparse.Namespace) -> int:
    if args.scheme != "ws" and args.path is None:
        raise UsageError("METHOD and PATH are needed, such as: GET /v3/asset/balances")
    api_secret = one_api_secret(args)
    signed = sign(args, api_secret, one_api_key(args))
    if args.json:
        show.as_json({"signed": show.text_of(signed.message), "signature": signed.signature, "headers": signed.headers})
        return 0
    text = show.shortened(show.hidden(show.visible(signed.message), api_secret))
    described = [f"{show.size(signed.message)} (quotes not counted)", *show.odd_characters(signed.message)]
    show.rows(
        [
            ("signed", text, ""),
            *(("", one, "quiet") for one in described),
            ("signature", signed.signature, "good"),
            *(("" if at else "headers", f"{k}: {v}", "") for at, (k, v) in enumerate(signed.headers.items())),
        ]
    )
    return 0


def sign(args: argparse.Namespace, api_secret: str, api_key: str) -> Signed:
    """The request on the command line, signed. Raises UsageError for what cannot be signed."""
    from .. import _checks, _wire

    scheme = getattr(args, "scheme", "v3")
    body = body_bytes(args.body)
    try:
        signer = Signer(api_key, api_secret)
        stamp = _checks.timestamp_text(args.timestamp or time.time_ns() // 1_000_000)
        if scheme == "v3":
            headers = signer.headers(args.method, args.path, body, timestamp=stamp)
            message = f"{stamp}{args.method}{args.path}".encode() + body
            return Signed(args.method, args.path, body, message, headers["x-api-signature"], headers)
        from .._explain import expected_message

        message = expected_message(stamp, args.method or "", args.path or "", body, scheme)
        signature = signer.hexdigest(message)
        if scheme == "ws":
            headers = {"apikey": api_key, "sign": signature, "timestamp": stamp}
        else:
            headers = {"x-api-key": api_key, "x-api-timestamp": stamp, "x-api-signature": signature}
            headers["Content-Type"] = _wire.FORM
        return Signed(args.method, args.path, body, message, signature, headers)
    except (ValueError, TypeError) as error:
        raise UsageError(show.printable(str(error))) from None
