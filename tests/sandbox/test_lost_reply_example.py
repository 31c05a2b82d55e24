"""Test examples/test_lost_reply.py: it passes for the bot that asks first and fails for the blind bot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "test_lost_reply.py"


@pytest.mark.parametrize(
    ("bot", "status", "words"), [("Asking", 0, "1 passed"), ("Blind", 1, "an order is missing or duplicated")]
)
def test_example_detects_blind_bot(bot: str, status: int, words: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, EXAMPLE, "-k", bot]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, words in done.stdout) == (status, True), done.stdout + done.stderr
