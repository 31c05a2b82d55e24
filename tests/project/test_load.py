"""The short form of the sandbox's load test; `make soak` has 100,000 orders."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from helpers.load import check_load
from helpers.oracle import SECRET


def test_fifty_connections_with_hostile_requests_among_them():
    check_load(orders=2000, hostile=40)


def test_the_demo_tells_what_became_of_the_orders_when_the_exchange_is_killed():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WOOX_API_")}
    command = [sys.executable, "-m", "woox_fast", "demo", "--orders", "1000000"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        try:
            assert any(line.startswith("Exchange: ") for line in demo.stdout)
            time.sleep(0.5)  # so that it is in the middle of them
            children = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGKILL)
            _, errors = demo.communicate(timeout=30)
        finally:
            demo.kill()
    assert demo.returncode == 1
    said = re.search(r"exchange stopped answering \(\w+\): ([\d,]+) of 1,000,000 orders were acknowledged", errors)
    assert said, errors
    assert "nothing was sent again" in errors
    assert "Traceback" not in errors
    assert SECRET not in errors
