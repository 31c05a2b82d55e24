"""HTTP 429 in response to a public GET over an open connection."""

from __future__ import annotations

import time

import pytest
from helpers.gateways import MODES, eventually, opened
from helpers.raw_server import RawServer, response


@pytest.mark.parametrize("mode", MODES)
def test_late_429_pauses_warming(mode):
    with RawServer() as server, opened(mode, server.url, connections=1, warm_s=0.01):
        server.answer_get = lambda peer, request: peer.send(response(b"", 429)) or True
        gets = server.gets
        eventually(lambda: server.gets > gets)
        gets = server.gets
        time.sleep(1.2)  # five GETs without the pause
        assert server.gets <= gets + 1
