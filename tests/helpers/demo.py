"""Small exchanges for tests of the demo: they list instruments, may keep stats, and answer orders as a test says."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from helpers.oracle import KEY, SECRET
from helpers.recorder import Received, Recorder, Reply
from woox_fast.cli.demo.report import STATS_PATH
from woox_fast.sandbox.market import INSTRUMENTS, instrument_row

CREDENTIALS = (KEY, SECRET)
ROWS = [instrument_row(symbol) for symbol in INSTRUMENTS]
PUBLIC = "/v3/public/"
INSTRUMENTS_PATH = f"{PUBLIC}instruments"

Answer = Callable[[int, Received], "Reply | None"]


def as_reply(value: Any, status: int = 200) -> Reply:
    return Reply(status, body=json.dumps(value).encode())


def exchange(answer: Answer, stats: Callable[[int], Any] | None = None, rows: Any = ROWS) -> Recorder:
    """`answer(number, received)` counts private requests from 1; `stats(count)` is what /sandbox/stats says, if it is
    there."""

    def answer_any(received: Received) -> Reply | None:
        if received.target == INSTRUMENTS_PATH:
            return as_reply({"success": True, "data": {"rows": rows}})
        if received.target == STATS_PATH:
            if stats is None:
                return as_reply({"success": False, "code": -1006, "message": "not here"}, 404)
            return as_reply({"success": True, "data": stats(len(private(server)))})
        if received.target.startswith(PUBLIC):  # a gateway asks for the time, so that its connections are warm
            return as_reply({"success": True, "timestamp": 1578565539808})
        return answer(len(private(server)), received)

    server = Recorder(answer_any)
    return server


def accept(number: int, received: Received) -> Reply:
    return as_reply({"success": True, "data": {"orderId": number, "status": "OK"}})


def private(server: Recorder) -> list[Received]:
    """The requests that have to be signed."""
    return [one for one in server.received if one.target != STATS_PATH and not one.target.startswith(PUBLIC)]


def table(output: str) -> dict[str, str]:
    """The figures of one client that the demo prints, by their labels."""
    return dict(re.findall(r"^(\S.*?) {2,}(\S.*)$", output, re.MULTILINE))


def refuses_connections(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((parts.hostname, parts.port)) != 0


def wait_until(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
