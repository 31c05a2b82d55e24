"""The state of the sandbox, which its server, admin API and web page share."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from typing import Any

from .. import _checks
from .exchange import Exchange
from .fault_rules import FaultRules
from .log import RequestLog, RequestRecord
from .text import TextFilter


class SandboxState:
    def __init__(
        self, api_key: str, api_secret: str, faults: Iterable[str], clock: Callable[[], float], timeout: float,
        rate_limits: bool, on_request: Callable[[RequestRecord], None] | None,
    ) -> None:  # fmt: skip
        try:
            self.faults = FaultRules(faults)
            self.mac = hmac.new(_checks.secret_bytes(api_secret), digestmod="sha256")
            self.text = TextFilter(api_secret)
        finally:
            del api_secret  # a traceback with locals must not show it
        self.api_key = api_key
        self.exchange = Exchange(api_key)
        self.log = RequestLog(on_request)
        self.timeout, self.rate_limits, self._clock = timeout, rate_limits, clock

    def now_ms(self) -> int:
        return int(self._clock() * 1000)

    def stats(self) -> dict[str, Any]:
        return {**self.log.stats(), "openOrders": len(self.exchange.orders.open)}
