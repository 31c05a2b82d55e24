"""Test two bots on a bad day: they place ten orders, and exactly ten orders must be open.

The blind bot sends again whenever it has no good response. The asking bot asks first.

    pytest examples/test_lost_reply.py -k Asking     # passes
    pytest examples/test_lost_reply.py -k Blind      # fails: the exchange has more than ten

Needs: pip install 'woox-fast[requests,sandbox]' pytest
"""

from __future__ import annotations

import time
from itertools import count
from typing import Any

import pytest
import requests

from woox_fast import Signer
from woox_fast.adapters.requests import session
from woox_fast.testing import RunningSandbox

ORDER = "/v3/trade/order"
NO_SUCH_ORDER = -1006
DUPLICATE = -1007
LIMITED = -1003


class NoResponseError(Exception):
    """The outcome of the request is unknown."""


class Bot:
    def __init__(self, signer: Signer, url: str) -> None:
        self._url = url
        self._session = session(signer, origins=[url])
        self._ids = count(time.time_ns() // 1000)

    def place(self, order: dict[str, Any]) -> None:
        """Return once this order is open."""
        raise NotImplementedError

    def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Return the exchange's envelope. Raise NoResponseError without a response from the exchange itself."""
        try:
            response = self._session.request(method, self._url + path, timeout=5, **options)
            envelope = response.json()
        except requests.RequestException as error:  # includes a proxy's HTML page
            raise NoResponseError(type(error).__name__) from error
        if not isinstance(envelope.get("success"), bool):  # a proxy's {"code": 503}
            raise NoResponseError(envelope)
        return envelope


class BlindBot(Bot):
    """Send again without a response, although the exchange may have the order."""

    def place(self, order: dict[str, Any]) -> None:
        while True:
            try:
                if self.call("POST", ORDER, json={**order, "clientOrderId": next(self._ids)})["success"]:
                    return
            except NoResponseError:
                pass
            time.sleep(0.01)


class AskingBot(Bot):
    """Query the order if there is no response, and send it again only if the exchange does not have it."""

    def place(self, order: dict[str, Any]) -> None:
        client_order_id = next(self._ids)
        while True:
            try:
                answer = self.call("POST", ORDER, json={**order, "clientOrderId": client_order_id})
            except NoResponseError:
                if self.is_placed(client_order_id):
                    return
                continue
            if answer["success"] or answer["code"] == DUPLICATE:
                return
            if answer["code"] != LIMITED:
                raise ValueError(f"the order is refused: {answer}")
            time.sleep(0.01)

    def is_placed(self, client_order_id: int) -> bool:
        while True:
            try:
                answer = self.call("GET", f"{ORDER}?clientOrderId={client_order_id}")
            except NoResponseError:  # a query is safe to repeat
                time.sleep(0.01)
                continue
            if answer["success"]:
                return True
            if answer["code"] == NO_SUCH_ORDER:
                return False
            time.sleep(0.01)


@pytest.mark.woox_faults(
    "reset-after on POST /v3/trade/order every 3",  # the exchange has the order, but the response is lost
    "html-after 504 on POST /v3/trade/order every 4",
    "reset on POST /v3/trade/order every 5",  # the request is lost
    "rate-limit on POST /v3/trade/order probability 0.2 seed 5",
    "gateway on GET every 2",
)
@pytest.mark.parametrize("kind", [AskingBot, BlindBot])
def test_bot_places_ten_orders(kind: type[Bot], woox_sandbox: RunningSandbox, woox_signer: Signer) -> None:
    bot = kind(woox_signer, woox_sandbox.url)
    wanted = [f"{60_000 + number}" for number in range(10)]
    for price in wanted:
        bot.place({"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "POST_ONLY", "price": price, "quantity": "0.01"})
    book = woox_sandbox.orders()
    assert [order["price"] for order in book["orders"]] == wanted, "an order is missing or duplicated"
    assert all(times == 1 for times in book["clientOrderIds"].values()), "the bot sent an existing order again"
