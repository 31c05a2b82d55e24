"""Authentication of private requests, with the standard library's `hmac` over the raw bytes.

Sources: https://developer.woox.io/api-reference/guide for the V3 rule; https://docs.woox.io for the V1 rule, the 300 s
tolerance and x-api-recvwindow.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from .errors import ApiError
from .text import encode

MAX_CLOCK_SKEW_MS = 300_000


def authenticate(
    headers: Mapping[str, str], method: str, target: str, body: bytes, *, api_key: str, mac: hmac.HMAC, now_ms: int
) -> None:
    """Verify key, timestamp, receive window and signature, or raise `ApiError`. `target` and `body` are raw."""
    try:
        key, timestamp, signature = headers["x-api-key"], headers["x-api-timestamp"], headers["x-api-signature"]
    except KeyError as error:
        raise ApiError("MISSING_HEADER", f"The header {error} is missing.") from None
    if not hmac.compare_digest(encode(key), encode(api_key)):
        raise ApiError("UNAUTHORIZED", "The API key is unknown.")
    _check_age(timestamp, headers.get("x-api-recvwindow"), now_ms)
    mac = mac.copy()
    mac.update(_v1_prehash(timestamp, target, body) if target.startswith("/v1/") else
               encode(timestamp + method + target) + body)  # fmt: skip
    # The guide prints lower-case hex; WOO X's sample program and hummingbot send upper-case hex in production.
    if not hmac.compare_digest(encode(signature).lower(), mac.hexdigest().encode()):
        raise ApiError("INVALID_SIGNATURE", "x-api-signature does not match this request.")


def _check_age(timestamp: str, window: str | None, now_ms: int) -> None:
    if not (len(timestamp) == 13 and timestamp.isascii() and timestamp.isdigit()):
        raise ApiError("MALFORMED_TIMESTAMP", "x-api-timestamp must be 13 digits, Unix epoch milliseconds.")
    age_ms = now_ms - int(timestamp)
    if abs(age_ms) > MAX_CLOCK_SKEW_MS:
        direction = "older than" if age_ms > 0 else "ahead of"
        raise ApiError("STALE_TIMESTAMP", f"x-api-timestamp is {abs(age_ms)} ms {direction} the server's clock; the limit is 300 s.")  # fmt: skip  # noqa: E501
    if window is None:  # only VIP accounts have a default of 5 s
        return
    if not (window.isascii() and window.isdigit() and len(window) <= 9 and int(window)):
        raise ApiError("RECEIVE_WINDOW", "317178: The receive window is invalid.")
    if age_ms > int(window):
        raise ApiError(
            "RECEIVE_WINDOW",
            f"317179: Request has failed as the receive window: {window} millisecond is exceeded from {timestamp}.",
        )


def _v1_prehash(timestamp: str, target: str, body: bytes) -> bytes:
    pairs = [pair for text in (encode(target.partition("?")[2]), body) for pair in text.split(b"&") if pair]
    return b"&".join(sorted(pairs)) + b"|" + encode(timestamp)


def to_origin_form(target: str) -> str:
    """Return the path and query of the request target, byte for byte (RFC 9112, section 3.2, allows both forms)."""
    if target.startswith("/"):
        return target
    rest = target.partition("://")[2]
    path = rest[min((i for i in (rest.find("/"), rest.find("?")) if i >= 0), default=len(rest)) :]
    return path if path.startswith("/") else "/" + path
