"""`woox-fast sign`: show a request's signed text, signature and headers."""

from __future__ import annotations

import argparse
import time
from typing import NamedTuple

from .. import Signer, _urls
from . import common, show
from .show import OutputField

EXAMPLES = (
    "woox-fast sign GET '/v3/algo/orders?algoType=STOP' --example",
    "woox-fast sign POST /v1/order --body 'symbol=SPOT_BTC_USDT' --example",
    "woox-fast sign --scheme ws --example",
)


class Signed(NamedTuple):
    method: str
    path: str
    body: bytes
    message: bytes  # the signed text
    signature: str
    headers: dict[str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_request(parser, optional=True, schemes=("v3", "v1", "ws"))
    common.add_window(parser)


def main(args: argparse.Namespace) -> int:
    if args.scheme != "ws" and args.path is None:
        raise common.UsageError("METHOD and PATH are missing; give them, such as: GET /v3/asset/balances")
    signed = sign_request(args)
    if args.json:
        signed_text = show.decode(signed.message)
        show.print_json({"signed": signed_text, "signature": signed.signature, "headers": signed.headers})
        return 0
    headers = [f"{name}: {value}" for name, value in signed.headers.items()]
    show.print_fields(
        [
            OutputField("signed", show.shorten(show.redact(show.quote(signed.message))), whole=True),
            OutputField("", f"{len(signed.message)} bytes, without the quotes", "quiet"),
            OutputField("signature", signed.signature, "good"),
            *(OutputField("" if at else "headers", each, whole=True) for at, each in enumerate(headers)),
        ]
    )
    return 0


def sign_request(args: argparse.Namespace, origin: str = _urls.PRODUCTION_URL) -> Signed:
    """Sign the request on the command line. Raises UsageError if it is invalid, or if a client would change it."""
    from .. import _checks, _http, prehash

    api_key, api_secret = common.read_api_key(args), common.read_api_secret(args)
    scheme, body = args.scheme or prehash.scheme_of(args.path or ""), common.read_body(args.body)
    try:
        signer = Signer(api_key, api_secret, recv_window_ms=args.recv_window)
        stamp = _checks.check_timestamp(time.time_ns() // 1_000_000 if args.timestamp is None else args.timestamp)
        if scheme == "ws":
            message = prehash.websocket(stamp)
            signature = signer.hexdigest(message)
            return Signed("", "", b"", message, signature, {"apikey": api_key, "sign": signature, "timestamp": stamp})
        headers = signer.prepare(args.method, args.path, body=body, timestamp=stamp, base_url=origin).headers
        message = prehash.build(scheme, stamp, args.method, args.path, body)
        signature = signer.hexdigest(message)
        if scheme == "v1":
            headers |= {"x-api-signature": signature, "Content-Type": _http.FORM}
        return Signed(args.method, args.path, body, message, signature, headers)
    except (ValueError, TypeError) as error:
        raise common.advise_for_shell(error) from None
