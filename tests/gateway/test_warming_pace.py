"""The pace of the gateway's own public GETs on open connections."""

from __future__ import annotations

import time

import pytest
from helpers.gateways import MODES, eventually, opened
from helpers.raw_server import RawServer, response

from woox_fast.gateway import Limit, NotSentError


@pytest.mark.parametrize("mode", MODES)
def test_late_429_pauses_warming(mode):
    with RawServer() as server, opened(mode, server.url, connections=1, warm_s=0.01):
        server.answer_get = lambda peer, request: peer.send(response(b"", 429)) or True
        gets = server.gets
        eventually(lambda: server.gets > gets)
        gets = server.gets
        time.sleep(1.2)  # five GETs without the pause
        assert server.gets <= gets + 1


@pytest.mark.parametrize("mode", MODES)
def test_public_gets_share_limit(mode):
    limits = [Limit("GET", "/v3/public/*", 2, 60)]
    with RawServer() as server, opened(mode, server.url, connections=4, limits=limits, warm_s=0.01) as gateway:
        assert server.gets == 2
        with pytest.raises(NotSentError, match="rate limit"):
            gateway.request("GET", "/v3/public/systemInfo", send_within_s=0.1)
    assert server.gets == 2
