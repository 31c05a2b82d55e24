"""`woox-fast sign`: what is signed, made visible, the signature and the headers."""

from __future__ import annotations

import argparse
import time
from typing import NamedTuple

from .. import Signer
from . import show
from .common import (
    UsageError,
    add_credentials,
    add_request,
    add_scheme,
    add_window,
    body_bytes,
    in_a_shell,
    one_api_key,
    one_api_secret,
)
from .show import Row

EXAMPLES = (
    "woox-fast sign GET '/v3/algo/orders?algoType=STOP' --example",
    """woox-fast sign POST /v3/trade/order --example \\
    --body '{"symbol":"SPOT_BTC_USDT","side":"BUY"}'""",
    "woox-fast sign POST /v1/order --body 'symbol=SPOT_BTC_USDT' --example",
    "woox-fast sign --scheme ws --example",
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
    add_scheme(parser)
    add_window(parser)
    add_credentials(parser)


def main(args: argparse.Namespace) -> int:
    if args.scheme != "ws" and args.path is None:
        raise UsageError("METHOD and PATH are needed, such as: GET /v3/asset/balances")
    api_key = one_api_key(args)
    api_secret = one_api_secret(args)
    signed = sign(args, api_key, api_secret)
    if args.json:
        answer = {"signed": show.text_of(signed.message), "signature": signed.signature, "headers": signed.headers}
        show.as_json(answer, api_secret)
        return 0
    text = show.shortened(show.hidden(show.visible(signed.message), api_secret))
    headers = [f"{name}: {value}" for name, value in signed.headers.items()]
    described = [f"{show.size(signed.message)} (quotes not counted)", *show.odd_characters(signed.message)]
    show.rows(
        [
            Row("signed", text, whole=True),
            *(Row("", one, "quiet") for one in described),
            Row("signature", signed.signature, "good"),
            *(Row("" if at else "headers", one, whole=True) for at, one in enumerate(headers)),
        ]
    )
    return 0


def sign(args: argparse.Namespace, api_key: str, api_secret: str, origin: str | None = None) -> Signed:
    """The request on the command line, signed; to be sent to `origin`, if that is given.

    Raises UsageError for what cannot be signed, or not sent as it is signed.
    """
    from .. import _checks, _http, prehash

    scheme = args.scheme or prehash.scheme_of(args.path or "")
    body = body_bytes(args.body)
    try:
        signer = Signer(api_key, api_secret, recv_window_ms=args.recv_window)
        stamp = _checks.timestamp_text(time.time_ns() // 1_000_000 if args.timestamp is None else args.timestamp)
        if scheme == "ws":
            message = prehash.websocket(stamp)
            signature = signer.hexdigest(message)
            headers = {"apikey": api_key, "sign": signature, "timestamp": stamp}
            return Signed("", "", b"", message, signature, headers)
        if origin is not None:
            signer.prepare(args.method, args.path, body=body, timestamp=stamp, base_url=origin)
        headers = signer.headers(args.method, args.path, body, timestamp=stamp)
        message = prehash.message(scheme, stamp, args.method, args.path, body)
        signature = signer.hexdigest(message)
        if scheme == "v1":
            headers |= {"x-api-signature": signature, "Content-Type": _http.FORM}
        return Signed(args.method, args.path, body, message, signature, headers)
    except (ValueError, TypeError) as error:
        raise in_a_shell(error) from None
