"""The arguments: documentation, checks and conversions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._prepare import SignedRequest, prepare
from .._urls import PRODUCTION_URL
from .limits import SECOND

if TYPE_CHECKING:
    from .. import Signer
    from .._types import Params

_ORIGIN = "http://h"
REQUEST_DOC = """Sign a request, send it once, and return the response, whatever its status.

Threads may share a `Gateway`, and the tasks of an event loop an `AsyncGateway`.

Args:
    method, path: The request line. The path may include a query.
    body: The body as str or bytes.
    json, params: A value for the body as JSON, and a query, both as in `Signer.prepare`.
    timeout_s: Seconds from the call to the response. The default is the gateway's `timeout_s`.
    send_within_s: Seconds after which a request that has not gone out is given up.
    priority: True to go before other requests and to use the reserved connections. DELETE does so by itself if
        connections are reserved.

Raises:
    NotSentError: Nothing was sent in time. You may send the request again.
    NoReplyError: The request may have gone out, and no whole response came.
    RuntimeError: The gateway is not open, closed, forked, or on another event loop. Nothing was sent.
    TypeError, ValueError: An invalid argument.

CancelledError, KeyboardInterrupt and similar exceptions keep their type. If the request may have gone out, the
NoReplyError is their `__cause__`.
"""


def encoder_of(signer: Signer, url: object) -> Any:
    """Return the signer's `encode_request`. Raises TypeError, also for swapped arguments."""
    encode = None if isinstance(signer, type) else getattr(signer, "encode_request", None)
    if not callable(encode):
        raise TypeError(f"signer must be a Signer, got {_kind(signer)}: pass Signer(api_key, api_secret), then the url")
    if not isinstance(url, str):
        raise TypeError(f"url must be a str such as {PRODUCTION_URL!r}, got {_kind(url)}; pass the signer first")
    return encode


def build_target(method: str, path: str, body: Any, params: Params | None, json: Any) -> tuple[str, bytes]:
    """Return path and body with `params` and `json`, encoded as `Signer.prepare` does."""
    if isinstance(method, SignedRequest):
        raise TypeError("got a SignedRequest, which would be signed twice; pass method, path, and body, json or params")
    built = prepare(lambda *_, **__: {}, method, path, params=params, json=json, body=body or None, base_url=_ORIGIN)
    return built.url[len(_ORIGIN) :], built.body


def seconds_ns(name: str, value: float, least: float = 0.001) -> int:
    """Return seconds as nanoseconds. Raises TypeError and ValueError."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number of seconds, got {type(value).__name__}")
    if not least <= value <= 86400:
        raise ValueError(f"{name} must be from {least} to 86400 seconds, got {value}")
    return round(value * SECOND)


def send_by(started_ns: int, deadline_ns: int, within_s: float | None) -> int:
    """Return when to give up the wait before the request is sent."""
    return deadline_ns if within_s is None else min(deadline_ns, started_ns + seconds_ns("send_within_s", within_s, 0))


def check_count(name: str, value: int, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be {least} or more, got {value}")


def _kind(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
