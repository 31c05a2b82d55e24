"""The garbage collector's thresholds while a search runs, and after it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.oracle import NOW, SECRET

import woox_fast
from woox_fast._explain import search
from woox_fast._explain.collector import SELDOM, seldom


@pytest.fixture(autouse=True)
def own() -> Iterator[tuple[int, int, int]]:
    before = gc.get_threshold()
    gc.set_threshold(800, 11, 12)
    yield (800, 11, 12)
    gc.set_threshold(*before)


def test_old_objects_are_looked_at_seldom_until_the_last_search_ends(own: Any) -> None:
    with seldom():
        assert gc.get_threshold() == (800, 11, SELDOM)
        with pytest.raises(KeyError), seldom():
            raise KeyError
        assert gc.get_threshold() == (800, 11, SELDOM)
    assert gc.get_threshold() == own
    with seldom():
        assert gc.get_threshold() == (800, 11, SELDOM)
    assert gc.get_threshold() == own


def test_what_the_program_sets_meanwhile_stays() -> None:
    with seldom():
        gc.set_threshold(1, 2, 3)
    assert gc.get_threshold() == (1, 2, 3)


def test_a_python_without_thresholds(own: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.delattr(gc, "set_threshold")
        with seldom():
            assert gc.get_threshold() == own


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_search_does_so(own: Any, interrupted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def now() -> float:
        seen.append(gc.get_threshold())
        if interrupted and len(seen) == 9:
            raise KeyboardInterrupt
        return float(len(seen))

    monkeypatch.setattr(search, "_now", now)
    try:
        woox_fast.explain(SECRET, "0" * 64, NOW, "GET", "/v3/x", time_limit=30)
    except KeyboardInterrupt:
        assert interrupted
    assert (800, 11, SELDOM) in seen
    assert gc.get_threshold() == own
