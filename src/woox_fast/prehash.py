"""What is signed, in WOO X's words: the V3, V1 and websocket rules, query and JSON text. Pure functions.

Sources: WOO X integration guide, "Authentication"; legacy API documentation, "Authentication" (V1) and "auth".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _checks
from ._encoding import json_bytes, query_text

if TYPE_CHECKING:
    from ._types import Body, Params, Timestamp

__all__ = ["SCHEMES", "json_bytes", "message", "query_text", "scheme_of", "unchecked", "v1", "websocket"]

SCHEMES = ("v3", "v1", "ws")


def scheme_of(path: str) -> str:
    """The scheme that signs a request to `path`: "v1" for /v1/ and /v2/, "v3" for all else. "ws" must be named."""
    return "v1" if path.startswith(("/v1/", "/v2/")) else "v3"


def message(scheme: str, timestamp: Timestamp, method: str = "", path: str = "", body: Body = b"") -> bytes:
    """The bytes to sign for a request as it is sent: `path` holds its query, `body` is what goes out.

    `scheme` is one of `SCHEMES`; "ws" signs the timestamp alone. Checks and raises as `Signer.sign`, and ValueError for
    another scheme, or for a JSON body under V1, which takes forms.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme must be one of {', '.join(SCHEMES)}, got {scheme!r}")
    stamp = _checks.timestamp_text(timestamp).encode()
    if scheme == "ws":
        return unchecked(scheme, stamp, b"", b"", b"")
    start = _checks.method_text(method).encode(), _checks.path_text(path).encode()
    data = bytes(_checks.body_bytes(body))
    if scheme == "v1" and data.lstrip()[:1] in (b"{", b"["):
        raise ValueError("V1 takes its body as a form (symbol=SPOT_BTC_USDT&side=BUY), got JSON; use query_text")
    return unchecked(scheme, stamp, *start, data)


def unchecked(scheme: str, timestamp: bytes, method: bytes, path: bytes, body: bytes) -> bytes:
    """`message` of anything that was sent, right or wrong: the rules themselves, for what explains a refusal."""
    if scheme == "v3":
        return timestamp + method + path + body
    if scheme == "ws":
        return b"|" + timestamp
    _, _, query = path.partition(b"?")
    pairs = [pair.partition(b"=") for pair in (query + b"&" + body).split(b"&") if pair]
    by_name = sorted(pairs, key=lambda pair: pair[0])  # a name that repeats keeps its order
    return b"&".join(name + b"=" + value for name, _, value in by_name) + b"|" + timestamp


def v1(params: Params | None, timestamp: Timestamp) -> bytes:
    """The bytes that V1 signs: every query and body parameter, sorted by name, then '|' and the timestamp.

    Send the same text, without '|' and what follows: as the query of a GET, as the form body of any other method.
    """
    return message("v1", timestamp, "GET", f"/?{query_text(params or {})}")


def websocket(timestamp: Timestamp) -> bytes:
    """The bytes that the V2 websocket's `auth` event signs: '|' and the timestamp."""
    return message("ws", timestamp)
