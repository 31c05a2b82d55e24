"""`woox-fast bench`: nanoseconds by implementation and method."""

from __future__ import annotations

from helpers.command import answer, woox_fast

from woox_fast.cli import bench


def test_bench_measures_each_implementation() -> None:
    report = answer("bench", "--seconds", "0.2")
    assert list(report["nanoseconds"]) == [bench.OURS, bench.HMAC_NEW]
    assert all(each > 0 for times in report["nanoseconds"].values() for each in (times["GET"], times["POST"]))
    assert bench.OURS in woox_fast("bench", "--seconds", "0.1").stdout


def test_implementations_sign_alike() -> None:
    for method in ("GET", "POST"):
        assert len({sign() for sign in bench.list_implementations(method).values()}) == 1
