"""The short form of `tools/exactly_once.py`: thousands of orders, at an exchange where everything goes wrong."""

from __future__ import annotations

import pytest
from helpers.exactly_once import place_orders

from woox_fast.gateway import Gateway, NoReplyError, NotSentError
from woox_fast.gateway.parser import ResponseParser

# A random signal can raise inside a destructor or a coroutine's close(). The interpreter's hooks report that.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_faulty_exchange_doubles_no_order(mode):
    print(place_orders(mode, orders=4000, seed=5))


def repeat(request):
    """Send a request again after NoReplyError."""

    def twice(self, *arguments):
        try:
            return request(self, *arguments)
        except NoReplyError:
            return request(self, *arguments)

    return twice


def ignore_surplus(feed):
    """Use a connection again after surplus bytes."""

    def careless(self, data):
        reply = feed(self, data)
        self.reusable = True
        return reply

    return careless


def raise_not_sent(request):
    def wrong(self, *arguments):
        try:
            return request(self, *arguments)
        except NoReplyError as error:
            raise NotSentError("not sent") from error

    return wrong


@pytest.mark.parametrize(
    ("what", "name", "wrong", "found"),
    [
        (Gateway, "request", repeat, "received twice"),
        (Gateway, "request", raise_not_sent, "NotSentError, and received"),
        (ResponseParser, "feed", ignore_surplus, "got another"),
    ],
)
def test_faulty_gateway_is_detected(monkeypatch, what, name, wrong, found):
    monkeypatch.setattr(what, name, wrong(getattr(what, name)))
    with pytest.raises(AssertionError, match=found):
        place_orders("blocking", orders=800, seed=5)
