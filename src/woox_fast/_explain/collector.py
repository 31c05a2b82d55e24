"""Python's garbage collector looks at old objects seldom while a search runs.

A search holds millions of values and makes no garbage. To look at all of them again and again took a third of its time.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 1000  # collections of newer objects before one of old objects; Python's own is 10

_lock = threading.Lock()
_searches = 0
_before = _meanwhile = (0, 0, 0)


@contextmanager
def seldom() -> Iterator[None]:
    """While any search runs. What the program itself set meanwhile stays."""
    if not hasattr(gc, "set_threshold"):  # PyPy
        yield
        return
    global _searches, _before, _meanwhile
    with _lock:
        if not _searches:
            _before = gc.get_threshold()
            _meanwhile = (*_before[:2], SELDOM)
            gc.set_threshold(*_meanwhile)
        _searches += 1
    try:
        yield
    finally:
        with _lock:
            _searches -= 1
            if not _searches and gc.get_threshold() == _meanwhile:
                gc.set_threshold(*_before)
