"""Is this request signed by the holder of the key? Answered with the standard library's `hmac` alone.

Source: https://developer.woox.io/api-reference/guide, and for the 300 s https://docs.woox.io, Security.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from .errors import ApiError

MAX_CLOCK_SKEW_MS = 300_000


def authenticate(
    headers: Mapping[str, str], method: str, target: str, body: bytes, *, api_key: str, mac: hmac.HMAC, now_ms: int
) -> None:
    """Check the three x-api-* headers of a private request; `now_ms` is Unix epoch milliseconds.

    `mac` is an HMAC-SHA256 with the account's secret that has been fed nothing; it is copied.
    `target` and `body` are the request target and the body as they arrived; `target` holds any byte outside UTF-8 as a
    surrogate escape. The signature is taken in lower-case hex only, as every example of the guide prints it.
    Raises `ApiError` MISSING_HEADER, UNAUTHORIZED, MALFORMED_TIMESTAMP, STALE_TIMESTAMP or INVALID_SIGNATURE.
    """
    try:
        key, timestamp, signature = (headers["x-api-key"], headers["x-api-timestamp"], headers["x-api-signature"])
    except KeyError as error:
        raise ApiError("MISSING_HEADER", f"The header {error} is missing.") from None
    if not hmac.compare_digest(_raw(key), _raw(api_key)):
        raise ApiError("UNAUTHORIZED", "The API key is not known.")
    if len(timestamp) != 13 or not (timestamp.isascii() and timestamp.isdigit()):
        raise ApiError("MALFORMED_TIMESTAMP", "x-api-timestamp must be 13 digits, Unix epoch milliseconds.")
    age_ms = now_ms - int(timestamp)
    if abs(age_ms) > MAX_CLOCK_SKEW_MS:
        where = "behind" if age_ms > 0 else "ahead of"
        raise ApiError(
            "STALE_TIMESTAMP", f"x-api-timestamp is {abs(age_ms)} ms {where} the server; the limit is 300 s."
        )
    mac = mac.copy()
    mac.update(_raw(timestamp + method + target) + body)
    if not hmac.compare_digest(_raw(signature), mac.hexdigest().encode()):
        raise ApiError("INVALID_SIGNATURE", "x-api-signature is not that of this request.")


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def origin_form(target: str) -> str:
    """The path and query of a request target, byte for byte (RFC 9112, section 3.2: a server takes both forms)."""
    if target.startswith("/"):
        return target
    _, _, rest = target.partition("://")
    path_begins = min((i for i in (rest.find("/"), rest.find("?")) if i >= 0), default=len(rest))
    path = rest[path_begins:]
    return path if path.startswith("/") else "/" + path
