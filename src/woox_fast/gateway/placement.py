"""`place`: send an order once, and ask for it until its fate is known."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from .._encoding import encode_json
from .errors import NoReplyError, NotSentError, describe, is_from_call
from .limits import WARM_PATH
from .response import Response, code_of

if TYPE_CHECKING:
    from .base import GatewayBase

ORDER_PATH = "/v3/trade/order"
RECEIVE_WINDOW_S = 5.0  # WOO X's default receive window
_MARGIN_S = 1.0  # for an exchange that does not report its time
_FIRST_PAUSE_S, _MAX_PAUSE_S = 0.05, 0.5
_NO_SUCH_ORDER, _DUPLICATE = "-1006", "-1007"
_UNCLEAR_CODES = ("-1000", "-1011", "-1012", _DUPLICATE)  # unknown error, order service not reached, duplicate


@dataclass(frozen=True)
class Placement:
    """An order's fate.

    Attributes:
        placed: True if the exchange has the order, False if it has not and will not.
        client_order_id: The order's clientOrderId.
        response: The response that decided: to the order, or to the question for it.
        asked: True if the response to the order was lost or unclear.
    """

    placed: bool
    client_order_id: int
    response: Response
    asked: bool = False

    def __bool__(self) -> bool:
        return self.placed


class Placing:
    """An order's course. The gateway awaits `run`, and passes any exception to `settle`."""

    def __init__(
        self,
        gateway: GatewayBase,
        order: Mapping[str, Any],
        timeout_s: float | None,
        send_within_s: float | None,
        arrival_window_s: float | None,
    ) -> None:
        self.order = dict(order)
        given = self.order.get("clientOrderId") or (int(time.time() * 1000) << 21) + secrets.randbits(21)
        if not isinstance(given, int) or isinstance(given, bool) or not 0 < given < 2**63:
            raise ValueError(f"clientOrderId must be an int from 1 to 2**63 - 1, got {given!r}")
        self.client_order_id = self.order["clientOrderId"] = given
        self._denials_left = 1  # the number of "no such order" after the window that prove the absence
        if arrival_window_s is None:
            window_ms = getattr(gateway._signer, "recv_window_ms", None)
            arrival_window_s = RECEIVE_WINDOW_S if window_ms is None else window_ms / 1000
            self._denials_left = 2 if window_ms is None else 1  # the exchange may tolerate more than its default
        self._gateway, self._timeout_s, self._send_within_s = gateway, timeout_s, send_within_s
        self._window_s = arrival_window_s
        self._patience_s = arrival_window_s + _MARGIN_S + (timeout_s or gateway._timeout_s)
        self._sent: list[Any] = []  # what `request` notes about the order; empty if the order did not go out
        self._lost: NoReplyError | None = None
        self._verdict: NoReplyError | None = None  # the error of `_find`
        self._is_duplicate = False
        self._known_ms, self._known_at = 0.0, 0.0  # the exchange's clock at a moment of the steady clock

    async def run(self) -> Placement:
        try:
            response = await self._gateway._ask(
                self._sent, "POST", ORDER_PATH, self._timeout_s, json=self.order, send_within_s=self._send_within_s
            )
        except NoReplyError as error:
            if error not in self._sent[1:2]:  # a signal handler's
                raise
            self._lost = error
        else:
            envelope = response.envelope
            if envelope is not None and response.status < 500 and code_of(envelope) not in _UNCLEAR_CODES:
                return Placement(envelope["success"], self.client_order_id, response)
            self._is_duplicate = code_of(envelope) == _DUPLICATE
            self._lost = self._unknown(f"the response is unclear (HTTP {response.status}, {response.body[:60]!r})")
            self._gateway.unknown.append(self._lost)
        placement = await self._find(self._lost, time.monotonic())
        self._forget(self._lost)
        return placement

    def _forget(self, lost: NoReplyError) -> None:
        while True:
            try:
                self._gateway.unknown.remove(lost)
            except (ValueError, IndexError) as error:
                if not is_from_call(error):
                    raise
                if isinstance(error, IndexError):  # another thread changed the list during the search
                    continue
            return

    async def _find(self, lost: NoReplyError, started: float) -> Placement:
        """Ask for the order until its fate is known."""
        pause_s, last = _FIRST_PAUSE_S, "no answer"
        while True:
            is_final = self._can_no_longer_arrive(lost, started)
            try:
                response = await self._get(f"{ORDER_PATH}?clientOrderId={self.client_order_id}")
                last = f"HTTP {response.status}, {response.body[:60]!r}"
                envelope = response.envelope or {}
                if envelope.get("success"):
                    return Placement(True, self.client_order_id, response, asked=True)
                if code_of(envelope) == _NO_SUCH_ORDER:
                    self._denials_left -= is_final and not self._is_duplicate
                    if self._denials_left == 0:
                        return Placement(False, self.client_order_id, response, asked=True)
                    if not self._learn_time(response):
                        self._learn_time(await self._get(WARM_PATH))
            except (NotSentError, NoReplyError) as error:
                last = describe(error)
            if time.monotonic() - started > self._patience_s:
                self._verdict = self._unknown(f"{lost}. The last question for the order got: {last}")
                raise self._verdict
            await self._gateway._pause(pause_s)
            pause_s = min(2 * pause_s, _MAX_PAUSE_S)

    async def _get(self, path: str) -> Response:
        return await self._gateway._ask([], "GET", path, self._timeout_s)

    def _can_no_longer_arrive(self, lost: NoReplyError, started: float) -> bool:
        """Return True once the order's receive window has passed on the exchange's clock."""
        now = time.monotonic()
        if self._known_ms:
            return self._known_ms + (now - self._known_at) * 1000 > lost.timestamp + self._window_s * 1000
        return now - started > self._window_s + _MARGIN_S

    def _learn_time(self, response: Response) -> bool:
        """Note the exchange's time. It is a lower bound, since the response was on its way for some time."""
        stamp = (response.envelope or {}).get("timestamp")
        if not isinstance(stamp, int | float):
            try:
                stamp = parsedate_to_datetime(response.headers["date"]).timestamp() * 1000
            except (KeyError, ValueError, TypeError):
                return False
        self._known_ms, self._known_at = float(stamp), time.monotonic()
        return True

    def _unknown(self, reason: str) -> NoReplyError:
        now_ms = int(time.time() * 1000) + getattr(self._gateway._signer, "clock_offset_ms", 0)
        lost = self._lost
        error = NoReplyError(
            f"the fate of order {self.client_order_id} is unknown: {reason}; ask for it before you send it again",
            method="POST",
            path=ORDER_PATH,
            body=lost.body if lost else encode_json(self.order),
            timestamp=lost.timestamp if lost else now_ms,
            last_error=lost,
        )
        error.__cause__ = lost
        return error

    def settle(self, error: BaseException) -> BaseException:
        """Return the exception to raise if `place` ends with `error`.

        What was sent decides, not the error's type: a signal handler may raise any error.
        """
        if error is self._verdict or not self._sent:
            return error
        reason = f"interrupted by {type(error).__name__}"
        lost = self._lost or self._gateway._keeper.record(self._sent, reason, 0)
        if isinstance(error, Exception):
            unknown = self._unknown(f"asking for it failed: {describe(error)}")
            unknown.__cause__ = error
            return unknown
        if error.__cause__ not in (None, lost):
            lost.__cause__ = error.__cause__  # the NoReplyError of a signal handler's request
        error.__cause__ = lost
        return error
