"""The short form of `tools/exactly_once.py`: thousands of orders, at an exchange where everything goes wrong."""

from __future__ import annotations

import pytest
from helpers.exactly_once import place_orders


# A random signal can raise inside a destructor or a coroutine's close(). The interpreter's hooks report that.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_faulty_exchange_doubles_no_order(mode):
    print(place_orders(mode, orders=4000, seed=5))
