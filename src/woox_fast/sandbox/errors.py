"""The table of refusals: names, codes, HTTP statuses and the exchange's own words.

Codes, statuses and texts come from the API's error table (https://docs.woox.io, Error Codes). Cases that the table
lacks use the nearest code. A bad timestamp has -1002, since the exchange's article on that code
(https://support.woox.io/hc/en-001/articles/4410291392409) lists it; maintenance has the words that ccxt recognizes.
"""

from __future__ import annotations

from typing import NamedTuple


class Refusal(NamedTuple):
    """The envelope's `code`, the HTTP `status` and the exchange's `message`."""

    code: int
    status: int
    message: str


_WRONG_FORMAT = "Some parameters are in wrong format for api."
_BAD_CREDENTIALS = "The api key or secret is in wrong format."
_UNAUTHORIZED = (
    "API key or secret is invalid, it may because key have insufficient permission or the key is expired/revoked."
)
_NOT_FOUND = "The data is not found in server."

ERRORS: dict[str, Refusal] = {
    "UNKNOWN": Refusal(-1000, 500, "An unknown error occurred while processing the request."),
    "INVALID_SIGNATURE": Refusal(-1001, 401, _BAD_CREDENTIALS),
    "MISSING_HEADER": Refusal(-1001, 401, _BAD_CREDENTIALS),
    "UNAUTHORIZED": Refusal(-1002, 401, _UNAUTHORIZED),
    "MALFORMED_TIMESTAMP": Refusal(-1002, 401, _UNAUTHORIZED),
    "STALE_TIMESTAMP": Refusal(-1002, 401, _UNAUTHORIZED),
    "TOO_MANY_REQUEST": Refusal(-1003, 429, "Rate limit exceed."),
    "UNKNOWN_PARAM": Refusal(-1004, 400, "An unknown parameter was sent."),
    "INVALID_PARAM": Refusal(-1005, 400, _WRONG_FORMAT),
    "MALFORMED_HTTP": Refusal(-1005, 400, _WRONG_FORMAT),
    "RECEIVE_WINDOW": Refusal(-1005, 400, _WRONG_FORMAT),
    "BODY_TIMEOUT": Refusal(-1005, 408, _WRONG_FORMAT),
    "BODY_TOO_LARGE": Refusal(-1005, 413, _WRONG_FORMAT),
    "RESOURCE_NOT_FOUND": Refusal(-1006, 400, _NOT_FOUND),
    "NO_SUCH_ENDPOINT": Refusal(-1006, 404, _NOT_FOUND),
    "DUPLICATE_REQUEST": Refusal(-1007, 409, "The data is already exists or your request is duplicated."),
    "MAINTENANCE": Refusal(-1011, 400, "The system is under maintenance."),
    "RPC_REJECT": Refusal(-1012, 400, "The place/cancel order request is rejected by internal module."),
    "RISK_TOO_HIGH": Refusal(-1101, 400, "The risk exposure for client is too high."),
    "MIN_NOTIONAL": Refusal(-1102, 400, "The order value (price * size) is too small."),
    "PRICE_FILTER": Refusal(-1103, 400, "The order price is not following the tick size rule for the symbol."),
    "SIZE_FILTER": Refusal(-1104, 400, "The order quantity is not following the step size rule for the symbol."),
}


class ApiError(Exception):
    """A refusal. `name` is a key of `ERRORS`; `detail` explains the mistake and may quote the client at its end."""

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(name, detail)
        self.name = name
        self.refusal = ERRORS[name]
        self.message = f"{self.refusal.message} {detail}".rstrip()
