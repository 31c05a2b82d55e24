"""The strings to sign (prehashes) of WOO X's schemes.

Sources: WOO X integration guide, "Authentication" (V3); legacy API documentation, "Authentication" (V1) and "auth"
(websocket).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _checks
from ._encoding import encode_query

if TYPE_CHECKING:
    from ._types import Body, Params, Timestamp

__all__ = ["scheme_of", "v1", "v3", "websocket"]

SCHEMES = ("v3", "v1", "ws")


def scheme_of(path: str) -> str:
    """Return the scheme that signs requests to `path`.

    Args:
        path: the request path, for example "/v3/trade/order".

    Returns:
        "v1" for paths that begin with /v1/ or /v2/, "v3" for other paths.
    """
    return "v1" if path.startswith(("/v1/", "/v2/")) else "v3"


def v3(timestamp: Timestamp, method: str, path: str, body: Body = b"") -> bytes:
    """Return a V3 request's prehash: timestamp, method, path and body, joined.

    Args:
        timestamp: Unix epoch milliseconds, an int or a str of 13 digits.
        method: upper-case letters, for example "GET".
        path: begins with "/" and includes the query.
        body: str (UTF-8), bytes, a contiguous buffer, or None for an empty body.

    Raises:
        TypeError, ValueError, BufferError, UnicodeEncodeError: as `Signer.sign`.
    """
    return build("v3", timestamp, method, path, body)


def v1(params: Params | None, timestamp: Timestamp) -> bytes:
    """Return a V1 request's prehash: its parameters sorted by name, then "|" and the timestamp.

    Sign it with `Signer.hexdigest`. Send the parameters in the query (GET) or in the form body (POST, PUT,
    DELETE).

    Args:
        params: a mapping, or pairs if a name repeats. Floats and Decimals are written without an exponent.
        timestamp: Unix epoch milliseconds, an int or a str of 13 digits.

    Raises:
        TypeError, ValueError: for invalid parameters or an invalid timestamp.
    """
    return build("v1", timestamp, "GET", f"/?{encode_query(params or {})}")


def websocket(timestamp: Timestamp) -> bytes:
    """Return the prehash of the V2 websocket's `auth` event: "|" and the timestamp.

    Sign it with `Signer.hexdigest`.

    Args:
        timestamp: Unix epoch milliseconds, an int or a str of 13 digits.

    Raises:
        TypeError, ValueError: for an invalid timestamp.
    """
    return build("ws", timestamp)


def build(scheme: str, timestamp: Timestamp, method: str = "", path: str = "", body: Body = b"") -> bytes:
    """Return a request's prehash under any of `SCHEMES`. Raise ValueError for a JSON body under V1."""
    if scheme not in SCHEMES:
        raise ValueError(f"scheme must be one of {', '.join(SCHEMES)}, got {scheme!r}")
    stamp = _checks.check_timestamp(timestamp).encode()
    if scheme == "ws":
        return build_unchecked(scheme, stamp, b"", b"", b"")
    start = _checks.check_method(method).encode(), _checks.check_path(path).encode()
    data = bytes(_checks.check_body(body))
    if scheme == "v1" and data.lstrip()[:1] in (b"{", b"["):
        raise ValueError("V1 takes its body as a form (symbol=SPOT_BTC_USDT&side=BUY), got JSON")
    return build_unchecked(scheme, stamp, *start, data)


def build_unchecked(scheme: str, timestamp: bytes, method: bytes, path: bytes, body: bytes) -> bytes:
    """Return the prehash of any bytes, valid or not, for the diagnosis of refused requests."""
    if scheme == "v3":
        return timestamp + method + path + body
    if scheme == "ws":
        return b"|" + timestamp
    _, _, query = path.partition(b"?")
    pairs = [pair.partition(b"=") for pair in (query + b"&" + body).split(b"&") if pair]
    by_name = sorted(pairs, key=lambda pair: pair[0])  # stable: a repeated name keeps its order
    return b"&".join(name + b"=" + value for name, _, value in by_name) + b"|" + timestamp
