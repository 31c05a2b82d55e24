"""`woox-fast sign`: show a request's signed text, signature and headers."""

from __future__ import annotations

import argparse
import time
from typing import NamedTuple

from .. import Signer, _urls
from . import common, show
from .common import UsageError
from .show import Row

EXAMPLES = (
    "woox-fast sign GET '/v3/algo/orders?algoType=STOP' --example",
    """woox-fast sign POST /v3/trade/order --example \\
    --body '{"symbol":"SPOT_BTC_USDT","side":"BUY"}'""",
    "woox-fast sign POST /v1/order --body 'symbol=SPOT_BTC_USDT' --example",
    "woox-fast sign --scheme ws --example",
)


class Signed(NamedTuple):
    """A signed request: `message` is the signed text, `headers` the headers to send."""

    method: str
    path: str
    body: bytes
    message: bytes
    signature: str
    headers: dict[str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_request(parser, optional=True)
    common.add_scheme(parser)
    common.add_window(parser)
    common.add_credentials(parser)


def main(args: argparse.Namespace) -> int:
    if args.scheme != "ws" and args.path is None:
        raise UsageError("METHOD and PATH are needed, such as: GET /v3/asset/balances")
    api_key, api_secret = common.one_api_key(args), common.one_api_secret(args)
    signed = sign(args, common.body_bytes(args.body), api_key, api_secret)
    if args.json:
        answer = {"signed": show.text_of(signed.message), "signature": signed.signature, "headers": signed.headers}
        show.as_json(answer, api_secret)
        return 0
    text = show.shortened(show.hidden(show.visible(signed.message), api_secret))
    headers = [f"{name}: {value}" for name, value in signed.headers.items()]
    show.rows(
        [
            Row("signed", text, whole=True),
            Row("", f"{len(signed.message)} bytes, without the quotes", "quiet"),
            Row("signature", signed.signature, "good"),
            *(Row("" if at else "headers", each, whole=True) for at, each in enumerate(headers)),
        ]
    )
    return 0


def sign(
    args: argparse.Namespace, body: bytes, api_key: str, api_secret: str, origin: str = _urls.PRODUCTION_URL
) -> Signed:
    """Sign the request on the command line. Raises UsageError if it is invalid, or if a client would change it."""
    from .. import _checks, _http, prehash

    scheme = args.scheme or prehash.scheme_of(args.path or "")
    try:
        signer = Signer(api_key, api_secret, recv_window_ms=args.recv_window)
        stamp = _checks.timestamp_text(time.time_ns() // 1_000_000 if args.timestamp is None else args.timestamp)
        if scheme == "ws":
            message = prehash.websocket(stamp)
            signature = signer.hexdigest(message)
            headers = {"apikey": api_key, "sign": signature, "timestamp": stamp}
            return Signed("", "", b"", message, signature, headers)
        headers = signer.prepare(args.method, args.path, body=body, timestamp=stamp, base_url=origin).headers
        message = prehash.message(scheme, stamp, args.method, args.path, body)
        signature = signer.hexdigest(message)
        if scheme == "v1":
            headers |= {"x-api-signature": signature, "Content-Type": _http.FORM}
        return Signed(args.method, args.path, body, message, signature, headers)
    except (ValueError, TypeError) as error:
        raise common.in_a_shell(error) from None
