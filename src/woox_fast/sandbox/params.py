"""Request parameters: parse the query and the body, and check the values (https://developer.woox.io/api-reference/endpoint)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn
from urllib.parse import parse_qsl

from .errors import ApiError
from .market import DECIMAL, INSTRUMENTS

Params = dict[str, Any]
MAX_ID = 2**63 - 1
_INTEGER = re.compile(r"[0-9]{1,19}", re.ASCII)


def _refuse_repeated_names(pairs: list[tuple[str, Any]]) -> Params:
    """Refuse a repeated name: RFC 8259, section 4, does not define which value counts."""
    params = dict(pairs)
    if len(params) != len(pairs):
        raise ValueError("a name is repeated")
    return params


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_refuse_repeated_names, parse_constant=_refuse_constant)


def parse_query(query: str) -> Params:
    """Decode a query string or an `application/x-www-form-urlencoded` body. Every value is a `str`."""
    if not query:
        return {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=100)
        return _refuse_repeated_names(pairs)
    except ValueError as error:
        raise ApiError("INVALID_PARAM", f"The query string is malformed: {error}") from None


def parse_body(body: bytes, content_type: str) -> Params:
    """Decode a POST or PUT body: the guide asks for JSON, some pages of the reference show forms."""
    media_type = content_type.partition(";")[0].strip().lower()
    try:
        text = body.decode()
        if media_type == "application/x-www-form-urlencoded":
            return parse_query(text)
        if media_type != "application/json":
            raise ApiError("INVALID_PARAM", "POST and PUT need Content-Type: application/json.")
        params = _DECODER.decode(text)
    except RecursionError:
        raise ApiError("INVALID_PARAM", "The body is nested too deeply.") from None
    except ValueError as error:  # includes UnicodeDecodeError and JSONDecodeError
        raise ApiError("INVALID_PARAM", f"The body is not UTF-8 JSON: {error}") from None
    if not isinstance(params, dict):
        raise ApiError("INVALID_PARAM", "The body must be a JSON object.")
    return params


def client_order_id(query: str, body: bytes) -> int | None:
    try:
        value: Any = (parse_query(query) if query else _DECODER.decode(body.decode())).get("clientOrderId")
        return int(value) if type(value) is int or _INTEGER.fullmatch(value) else None
    except (ApiError, ValueError, TypeError, AttributeError, RecursionError):
        return None


class Parameter(NamedTuple):
    """A parameter: `check(name, value)` returns the value to use or raises `ApiError`."""

    check: Callable[[str, Any], Any]
    required: bool = False
    default: Any = None


def check_params(parameters: Mapping[str, Parameter], given: Params) -> Params:
    """Check the values and apply the defaults. JSON null counts as absent."""
    if not given.keys() <= parameters.keys():
        raise ApiError("UNKNOWN_PARAM", f"Unknown: {', '.join(sorted(given.keys() - parameters.keys()))}")
    checked = {}
    for name, parameter in parameters.items():
        value = given.get(name)
        if value is not None:
            checked[name] = parameter.check(name, value)
        elif parameter.required:
            raise ApiError("INVALID_PARAM", f"{name} is required.")
        elif parameter.default is not None:
            checked[name] = parameter.default
    return checked


def _check(wanted: str, read: Callable[[Any], Any]) -> Callable[[str, Any], Any]:
    """Return a check. `read` returns the value to use; None if the value is not `wanted`."""

    def check(name: str, value: Any) -> Any:
        result = read(value)
        if result is None:
            kinds: dict[object, str] = {dict: "an object", list: "an array"}
            kind = "the number " if type(value) in (int, float) else ""
            got = kinds.get(type(value)) or f"{kind}{value}"
            raise ApiError("INVALID_PARAM", f"{name} must be {wanted}, got {got}")
        return result

    return check


def _read_decimal(value: Any) -> str | None:
    return value if type(value) is str and DECIMAL.fullmatch(value) else None


def _read_positive(value: Any) -> str | None:
    return value if _read_decimal(value) and value.strip("0.") else None


def _read_flag(value: Any) -> bool | None:
    return value if type(value) is bool else {"true": True, "false": False}.get(str(value))


# "Please use string type for value input", says the reference.
decimal = _check("a positive decimal string", _read_positive)
decimal_or_zero = _check("a decimal string", _read_decimal)
number = _check(
    "a positive decimal string", lambda value: _read_positive(str(value) if type(value) in (int, float) else value)
)
flag = _check("true or false", _read_flag)
array = _check(
    "an array of at most 10 items", lambda value: value if type(value) is list and len(value) <= 10 else None
)


def integer(lowest: int, highest: int) -> Callable[[str, Any], int]:
    """Check an integer, or a string of its digits: the reference's own examples quote clientOrderId."""

    def read(value: Any) -> int | None:
        number = int(value) if type(value) is str and _INTEGER.fullmatch(value) else value
        return number if type(number) is int and lowest <= number <= highest else None

    return _check(f"an integer from {lowest} to {highest}", read)


def choice(*options: str) -> Callable[[str, Any], str]:
    return _check("one of " + "/".join(options), lambda value: value if value in options else None)


def text(longest: int) -> Callable[[str, Any], str]:
    return _check(
        f"a string of at most {longest} characters",
        lambda value: value if type(value) is str and len(value) <= longest else None,
    )


MAX_TRIGGER_AFTER_MS = 900_000  # 15 minutes, the documented maximum of cancelAllAfter

_CHECKS = {
    "price quantity amount triggerPrice activatedPrice callbackRate callbackValue": decimal,
    "visibleQuantity": decimal_or_zero,
    "clientOrderId clientAlgoOrderId fromId": integer(0, MAX_ID),
    "orderId algoOrderId tradeId": integer(1, MAX_ID),
    "orderTag algoOrderTag broker_id brokerId": text(64),  # ccxt sends its broker ids, which the reference lacks
    "stopLossPrice takeProfitPrice": number,  # from ccxt, without effect
    "token": text(32),
    "reduceOnly postOnlyAdjusted withRealizedPnl isTriggered realizedPnl": flag,
    "startTime endTime after before": integer(0, 10**13 - 1),
    "page": integer(1, 10**9),
    "size": integer(1, 500),
    "limit maxLevel": integer(1, 1000),
    "bidAskLevel": integer(1, 5),
    "leverage": integer(1, 50),
    "triggerAfter": integer(0, MAX_TRIGGER_AFTER_MS),
    "childOrders": array,
    "symbol": choice(*INSTRUMENTS),
    "perpetual": choice(*(symbol for symbol in INSTRUMENTS if symbol.startswith("PERP_"))),
    "side": choice("BUY", "SELL"),
    "type": choice("LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "ASK", "BID", "AC", "RPI"),
    "algoOrderType orderType": choice("LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "ASK", "BID", "CLOSE_POSITION"),
    "algoType": choice(*["STOP", "OCO", "TRAILING_STOP", "TAKE_PROFIT", "STOP_LOSS"],
                       *["POSITIONAL_TP_SL", "TP_SL", "BRACKET", "STOP_BRACKET"]),
    "positionSide": choice("BOTH", "LONG", "SHORT"),
    "marginMode": choice("CROSS", "ISOLATED"),
    "positionMode": choice("ONE_WAY", "HEDGE_MODE"),
    "triggerPriceType": choice("MARKET_PRICE", "MARK_PRICE"),
    "status": choice("NEW", "PARTIAL_FILLED", "FILLED", "CANCELLED", "REJECTED", "INCOMPLETE", "COMPLETED"),
    "listenKeyType": choice("WEBSOCKET"),
    "klineType": choice("1m", "5m", "15m", "30m", "1h", "4h", "12h", "1d", "1w", "1mon", "1y"),
}  # fmt: skip
_PARAMETERS = {name: Parameter(check) for names, check in _CHECKS.items() for name in names.split()}
# Parameters with the same name and several meanings.
_SENT_AS = {"perpetual": "symbol", "algoOrderType": "type", "listenKeyType": "type", "klineType": "type"}
_DEFAULTS: dict[str, object] = {
    "clientOrderId": 0, "clientAlgoOrderId": 0, "orderTag": "default", "algoOrderTag": "default",
    "positionSide": "BOTH", "reduceOnly": False, "triggerPriceType": "MARKET_PRICE", "marginMode": "CROSS",
    "limit": 100, "page": 1, "size": 25,
}  # fmt: skip

PAGE = "page= size="
RANGE = f"startTime endTime {PAGE}"
_ALGO = (
    "price quantity triggerPrice triggerPriceType= activatedPrice callbackRate callbackValue visibleQuantity "
    "clientAlgoOrderId= algoOrderTag= positionSide= marginMode reduceOnly= childOrders"
)
PLACE_ORDER = (
    "symbol! side! type! price quantity amount clientOrderId= orderTag= positionSide= reduceOnly= visibleQuantity "
    "marginMode bidAskLevel postOnlyAdjusted broker_id stopLossPrice takeProfitPrice"
)
PLACE_ALGO_ORDER = f"symbol! algoType! side algoOrderType {_ALGO} brokerId stopLossPrice takeProfitPrice"
EDIT_ALGO_ORDER = (
    "algoOrderId clientAlgoOrderId price quantity visibleQuantity triggerPrice triggerPriceType activatedPrice "
    "callbackRate callbackValue"
)
GET_FILLS = f"symbol fromId limit {RANGE}"
SET_LEVERAGE = "perpetual! leverage! marginMode positionMode positionSide"
GET_ORDERS = f"symbol side positionSide type orderTag withRealizedPnl status {RANGE}"
GET_ALGO_ORDERS = f"symbol side positionSide algoType orderType isTriggered algoOrderTag realizedPnl status {RANGE}"


def parameters(names: str) -> Mapping[str, Parameter]:
    """Return the parameters of these names; "!" marks a required parameter, "=" a parameter with a default."""
    chosen = {}
    for word in names.split():
        name = word.rstrip("!=")
        parameter = _PARAMETERS[name]
        if word.endswith("!"):
            parameter = parameter._replace(required=True)
        elif word.endswith("="):
            parameter = parameter._replace(default=_DEFAULTS[name])
        chosen[_SENT_AS.get(name, name)] = parameter
    return chosen


CHILD_ALGO_ORDER = parameters(f"symbol algoType! side algoOrderType {_ALGO}")
