"""A simulated machine whose clocks can be set, drift and stop, and a `ServerClock` that reads these clocks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from woox_fast.clock import MS, ServerClock

S = 1000 * MS
HOUR = 3600 * S
TRUE = 1_700_000_000_000 * MS


class Machine:
    """Simulate true time and the errors of the exchange's clock and of both local clocks, in nanoseconds."""

    def __init__(self, *, wall_error: int = 0, sleeps_are_counted: bool = True, server_error: int = 0) -> None:
        self.true = TRUE
        self.wall_error = wall_error
        self.server_error = server_error
        self.steady_error = -TRUE  # it counts from the start of the machine
        self.sleeps_are_counted = sleeps_are_counted
        self.delays: list[tuple[int, int]] = []  # to the server and back, for the next requests; then 0
        self.meanwhile: list[Any] = []  # functions to call during the next requests
        self.asked = 0
        self.asked_at: list[int] = []  # milliseconds from the start

    def go(self, ns: int) -> None:
        self.true += ns

    def sleep(self, ns: int) -> None:
        self.true += ns
        if not self.sleeps_are_counted:
            self.steady_error -= ns

    def wall(self) -> int:
        return self.true + self.wall_error

    def steady(self) -> int:
        return self.true + self.steady_error

    def server_ms(self) -> int:
        return (self.true + self.server_error) // MS

    def fetch(self) -> int:
        self.asked += 1
        self.asked_at.append((self.true - TRUE) // MS)
        there, back = self.delays.pop(0) if self.delays else (0, 0)
        self.go(there)
        server_ms = self.server_ms()
        if self.meanwhile:
            self.meanwhile.pop(0)()
        self.go(back)
        return server_ms

    def error(self, offset_ms: int) -> int:
        """Return how far a timestamp with this offset is ahead of the exchange."""
        return self.wall_error + offset_ms * MS - self.server_error


def simulated(offset_ms: int = 0, **options: Any) -> tuple[Machine, ServerClock, Any]:
    """Return a machine with these options, a ServerClock on it, and the signer, which has this offset."""
    machine = Machine(**options)
    signer = SimpleNamespace(clock_offset_ms=offset_ms)
    # Nothing is sent to this URL. For the default URL, http.client would load all certificates.
    clock = ServerClock(signer, base_url="http://localhost", fetch=machine.fetch)
    clock._local.wall_ns, clock._local.steady_ns = machine.wall, machine.steady
    clock._seen = clock._local.read()
    return machine, clock, signer


def look(clock: ServerClock) -> None:
    """Look at the local clock, as the thread does every 0.2 s."""
    with clock._lock:
        clock._apply(*clock._read_clocks())


def observed(machine: Machine, there: int, back: int) -> tuple[int, int, int]:
    """Send a request to the exchange, and return its times as arguments for `observe`."""
    sent = machine.wall() // MS
    machine.go(there)
    server_ms = machine.server_ms()
    machine.go(back)
    return sent, machine.wall() // MS, server_ms
