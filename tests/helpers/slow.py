"""Marks what `make test` leaves to `make test-slow`: tests that take long and rarely find more than the quick ones."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import pytest


def slow(value: Any, **options: Any) -> Any:
    """A parameter of a test, marked `slow`."""
    return pytest.param(value, marks=pytest.mark.slow, **options)


def slow_after(count: int, values: Iterable[Any]) -> list[Any]:
    """Parameters, of which all but the first `count` are marked `slow`; a tuple is the values of several names."""
    values = iter(values)
    quick = list(islice(values, count))
    rest = [pytest.param(*(value if isinstance(value, tuple) else [value]), marks=pytest.mark.slow) for value in values]
    return [*quick, *rest]
