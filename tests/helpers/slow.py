"""Mark parameters `slow`, for `make test-slow` only."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import pytest


def slow(value: Any, **options: Any) -> Any:
    """Return a parameter marked `slow`."""
    return pytest.param(value, marks=pytest.mark.slow, **options)


def slow_after(count: int, values: Iterable[Any]) -> list[Any]:
    """Return `values` as parameters, all but the first `count` marked `slow`; a tuple fills several names."""
    values = iter(values)
    quick = list(islice(values, count))
    rest = [pytest.param(*(value if isinstance(value, tuple) else [value]), marks=pytest.mark.slow) for value in values]
    return [*quick, *rest]
