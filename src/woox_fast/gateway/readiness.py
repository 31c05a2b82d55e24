"""Wait for sockets with poll(2), or with select(2) where poll is missing (Windows, eventlet)."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Collection
from typing import Any


def readable_check(sock: socket.socket) -> Callable[[float], list[Any]]:
    """Return a function of milliseconds that is truthy if the socket has data, an error or its end to read."""
    if hasattr(select, "poll"):
        poller = select.poll()
        poller.register(sock, select.POLLIN)
        return poller.poll
    return lambda timeout_ms: select.select([sock], [], [], max(timeout_ms, 0) / 1000)[0]


def wait_for(reading: Collection[Any], writing: Collection[Any], timeout_s: float) -> set[int]:
    """Wait until a socket is ready. Return the descriptors of the ready sockets."""
    timeout_s = max(timeout_s, 0)
    if not hasattr(select, "poll"):
        readable, writable, failed = select.select([*reading], [*writing], [*writing], timeout_s)
        return {sock.fileno() for sock in (*readable, *writable, *failed)}
    poller = select.poll()
    for sock in reading:
        poller.register(sock, select.POLLIN)
    for sock in writing:
        poller.register(sock, select.POLLOUT | (select.POLLIN if sock in reading else 0))
    return {fd for fd, _ in poller.poll(timeout_s * 1000 + 1)}
