"""Connection states, and the transitions between them.

    CONNECTING ── IDLE ── SENDING ── AWAITING ── IDLE        an order and its response
                                  └─ WARMING ─── IDLE        a public GET of the gateway
    AWAITING ── DRAINING ── IDLE                             the caller gave up; the response is read in the background

Every state may become CLOSED, and CLOSED is final. The pool and both gateways read the state. An exception at any
moment leaves a state from which the connection is either closed or known to be unused.
"""

from __future__ import annotations

from enum import IntEnum


class State(IntEnum):
    CONNECTING = 0
    IDLE = 1
    SENDING = 2  # the socket may have accepted bytes
    AWAITING = 3
    DRAINING = 4
    WARMING = 5
    CLOSED = 6


CONNECTING, IDLE, SENDING, AWAITING, DRAINING, WARMING, CLOSED = State

TRANSITIONS: dict[State, tuple[State, ...]] = {
    CONNECTING: (IDLE, CLOSED),
    IDLE: (SENDING, CLOSED),
    SENDING: (AWAITING, WARMING, CLOSED),
    AWAITING: (IDLE, DRAINING, CLOSED),
    DRAINING: (IDLE, CLOSED),
    WARMING: (IDLE, CLOSED),
    CLOSED: (CLOSED,),
}
BACKGROUND = (DRAINING, WARMING)
BUSY = (SENDING, AWAITING, *BACKGROUND)
