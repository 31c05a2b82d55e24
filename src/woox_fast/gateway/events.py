"""Events, for the caller's callback and for the standard `logging`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .errors import describe

LOGGER = logging.getLogger("woox_fast.gateway")

Kind = Literal["sent", "response", "unknown", "opened", "dropped"]


@dataclass(frozen=True)
class Event:
    """An event without headers and bodies, and so without secrets.

    Attributes:
        kind: "sent", "response" and "unknown" are about a request, "opened" and "dropped" about a connection.
        connection: The number of the connection, counted from 1.
        method: The request's HTTP method, "" for a connection.
        path: The request's path with its query, "" for a connection.
        status: The response's HTTP status, else 0.
        queued_ns: Nanoseconds that the request waited before it was sent.
        latency_ns: Nanoseconds from send to response.
        reason: Why the request is unknown, or why the connection was dropped.
    """

    kind: Kind
    connection: int
    method: str = ""
    path: str = ""
    status: int = 0
    queued_ns: int = 0
    latency_ns: int = 0
    reason: str = ""


Observer = Callable[[Event], None]


def observer_of(on_event: Observer | None) -> Observer | None:
    """Combine the callback and the logger. Return None without listeners.

    The logger reports an exception of the callback: it must not end a request whose bytes went out.
    """
    is_logged = LOGGER.isEnabledFor(logging.DEBUG)
    if on_event is None and not is_logged:
        return None

    def observe(event: Event) -> None:
        if is_logged:
            LOGGER.debug(" ".join(f"{name}={value}" for name, value in vars(event).items() if value))
        try:
            if on_event is not None:
                on_event(event)
        except Exception as error:
            LOGGER.warning("on_event raised %s for %s", describe(error), event.kind, exc_info=True)

    return observe
