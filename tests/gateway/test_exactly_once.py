"""The short form of `tools/exactly_once.py`: thousands of orders, at an exchange where everything goes wrong."""

from __future__ import annotations

import pytest
from helpers.exactly_once import place_orders
from helpers.gateways import MODES

from woox_fast.gateway import Gateway, NoReplyError, NotSentError
from woox_fast.gateway.parser import ResponseParser


# A signal handler that raises in a destructor or in Thread.start is reported by the interpreter's hooks.
pytestmark = [] and [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.parametrize("mode", MODES)
def test_every_order_comes_once_or_is_told_as_it_is(mode):
    print(place_orders(mode, orders=4000, seed=5))


def repeats(request):
    """Sends again what had no reply."""

    def twice(self, *arguments):
        try:
            return request(self, *arguments)
        except NoReplyError:
            return request(self, *arguments)

    return twice


def takes_what_comes(feed):
    """Uses a connection again though more came than its reply."""

    def careless(self, data):
        reply = feed(self, data)
        self.reusable = True
        return reply

    return careless


def calls_it_not_sent(request):
    def wrong(self, *arguments):
        try:
            return request(self, *arguments)
        except NoReplyError as error:
            raise NotSentError("not sent") from error

    return wrong


@pytest.mark.parametrize(
    ("what", "name", "wrong", "found"),
    [
        (Gateway, "request", repeats, "received twice"),
        (Gateway, "request", calls_it_not_sent, "NotSentError, and received"),
        (ResponseParser, "feed", takes_what_comes, "got another"),
    ],
)
def test_a_gateway_that_does_it_wrong_is_found_out(monkeypatch, what, name, wrong, found):
    monkeypatch.setattr(what, name, wrong(getattr(what, name)))
    with pytest.raises(AssertionError, match=found):
        place_orders("blocking", orders=4000, seed=5)
