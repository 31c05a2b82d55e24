"""`place` and HTTP status codes that contradict their envelope."""

from __future__ import annotations

import json

import pytest
from helpers.gateways import MODES, opened
from helpers.raw_server import RawServer, response

ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "POST_ONLY", "price": "1", "quantity": "1"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", [500, 503])
def test_server_error_with_envelope_is_unclear(mode, status):
    """The exchange accepted the order and failed afterwards, so a refusal in its envelope proves nothing."""
    posted = []

    def answer(peer, request) -> bool:
        if request.startswith(b"POST"):
            posted.append(json.loads(request.split(b"\r\n\r\n")[1])["clientOrderId"])
            peer.send(response(b'{"success":false,"code":-1005,"message":"try later"}', status))
        else:
            peer.send(response(b'{"success":true,"data":{"status":"NEW"}}'))
        return True

    with RawServer(answer) as server, opened(mode, server.url, timeout_s=20) as gateway:
        placement = gateway.place(ORDER)
    assert placement
    assert placement.asked
    assert posted == [placement.client_order_id]
