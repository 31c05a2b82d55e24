"""Test examples/test_lost_reply.py: it passes for the bot that asks first and fails for the blind bot."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
EXAMPLE = Path(__file__).parents[2] / "examples" / "test_lost_reply.py"


def test_example_detects_blind_bot(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(EXAMPLE.read_text("utf-8"))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*an order is missing or duplicated*", "FAILED *BlindBot*"])
