"""`woox-fast bench`: nanoseconds by implementation, and a failure if the signatures differ."""

from __future__ import annotations

import pytest
from helpers.command import answer, woox_fast

from woox_fast.cli import bench


def test_bench_measures_each_implementation() -> None:
    report = answer("bench", "--seconds", "0.2")
    assert list(report["nanoseconds"]) == [bench.OURS, bench.HMAC_NEW, bench.HMAC_COPY]
    assert all(each > 0 for times in report["nanoseconds"].values() for each in (times["GET"], times["POST"]))
    assert bench.OURS in woox_fast("bench", "--seconds", "0.1").stdout


def test_differing_signatures_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    class WrongSigner:
        def __init__(self, *_: object) -> None: ...

        def sign(self, *_: object) -> str:
            return "0" * 64

    monkeypatch.setattr(bench, "Signer", WrongSigner)
    result = woox_fast("bench", "--seconds", "0.1")
    assert (result.returncode, result.stdout) == (1, "")
    assert "sign a GET differently" in result.stderr
