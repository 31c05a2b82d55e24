"""`Gateway`: orders from any thread."""

from __future__ import annotations

import select
import sys
import threading
import time
from collections.abc import Coroutine, Mapping
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .base import REQUEST_CODE, GatewayBase
from .connection import CLOSED, IDLE, NO_WAIT, Connection, wait_for
from .errors import NotSentError, describe, is_from_call
from .keeper import Keeper
from .limits import SECOND
from .options import REQUEST_DOC
from .parser import ResponseError
from .placement import Placement, Placing

if TYPE_CHECKING:
    from types import FrameType

    from typing_extensions import Self

    from .._types import Body, Params
    from .response import Response

_LOOK_S = 0.05  # the time between two looks at idle connections, where the system has no POLLRDHUP
_SLACK_NS = SECOND // 10  # a request times out by itself; the thread helps if signals restart its system call
T = TypeVar("T")


class Gateway(GatewayBase):
    __doc__ = GatewayBase.__doc__

    _keeper: ThreadKeeper

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> Self:
        """Open all connections. `with Gateway(...)` does the same.

        Raises:
            NotSentError: The connections cannot be opened within `timeout_s`.
            RuntimeError: The gateway was opened before.
        """
        _run(self._open())
        return self

    def close(self) -> None:
        """Wait up to `timeout_s` for the due responses, and close all connections. A closed gateway stays closed."""
        _run(self._close())

    def request(
        self,
        method: str,
        path: str = "",
        body: Body = b"",
        *,
        json: Any = None,
        params: Params | None = None,
        timeout_s: float | None = None,
        send_within_s: float | None = None,
        priority: bool = False,
    ) -> Response:
        sent: list[Any] = []
        try:
            for _ in self._request(sent, method, path, body, json, params, timeout_s, send_within_s, priority):
                pass  # the generator waits by itself
            response: Response = sent[1]
            return response
        except BaseException as error:  # an interrupt outside the generator
            outcome = self._outcome(error, None, sent)
            raise outcome from outcome.__cause__

    request.__doc__ = REQUEST_DOC

    def place(
        self,
        order: Mapping[str, Any],
        *,
        timeout_s: float | None = None,
        send_within_s: float | None = None,
        arrival_window_s: float | None = None,
    ) -> Placement:
        """Send an order once, and ask for it by its clientOrderId until its fate is known.

        Args:
            order: The JSON object of POST /v3/trade/order. A missing clientOrderId is generated.
            timeout_s, send_within_s: As for `request`; they apply to every request.
            arrival_window_s: Seconds after its timestamp in which the exchange may still accept the order. The
                default is the signer's receive window, else 5 seconds and a second question.

        Raises:
            NotSentError: The order did not go out.
            NoReplyError: The order may exist; its message has both the lost response and the last answer.
        """
        placing = Placing(self, order, timeout_s, send_within_s, arrival_window_s)
        try:
            return _run(placing.run())
        except BaseException as error:
            outcome = placing.settle(error)
            raise outcome from outcome.__cause__

    def _new_keeper(self) -> ThreadKeeper:
        return ThreadKeeper(self._pool, self._connector, self._observer)

    def _new_waiter(self, urgent: bool, by_ns: int) -> _Waiter:
        if self._is_nested():
            raise NotSentError(
                f"the request to {self._host} was not sent: no connection is free for a request of a "
                "signal handler that interrupted another request"
            )
        return _Waiter(urgent, by_ns)

    def _is_nested(self) -> bool:
        """Return True if a signal interrupted a request in this thread."""
        frame: FrameType | None = sys._getframe(1)
        requests = 0
        while frame is not None:
            requests += frame.f_code is REQUEST_CODE and frame.f_locals.get("self") is self
            frame = frame.f_back
        return requests > 1

    async def _pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def _end(self) -> None:
        super()._end()
        thread = None if self._keeper is None else self._keeper.thread
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            thread.join(0.2)

    def _receive(self, connection: Connection, timeout_ns: int) -> Response | None:
        """Return the response, or None at the deadline. Return the connection to the pool."""
        response = None
        if connection.unsent is None and connection.is_blocking:
            if timeout_ns != connection.receive_timeout_ns:
                connection.limit_receive(timeout_ns)
            response = connection.receive()
        while response is None:
            left_ns = connection.deadline_ns - perf_counter_ns()
            if left_ns <= 0:
                return None
            if connection.state is CLOSED:
                raise ConnectionAbortedError("the gateway was closed")
            sock = connection.sock
            ready = wait_for([sock], [sock] if connection.unsent is not None else [], left_ns / SECOND)
            if ready and connection.arrived(0):
                response = connection.receive(NO_WAIT)
            elif ready:
                connection.send_rest()
        self._keeper.finish(connection)
        return response


class ThreadKeeper(Keeper):
    """Housekeeping for `Gateway`. The thread also receives the responses that are due to no caller."""

    def _run(self) -> None:
        super()._run()
        self.end()

    def begin_round(self) -> None:
        self.tick()

    def attach(self, connection: Connection) -> None:
        connection.set_blocking()

    def end_overdue(self, connection: Connection, now: int) -> None:
        late_ns = now - connection.deadline_ns
        if late_ns > _SLACK_NS:
            connection.hang_up()
        if late_ns > SECOND:
            self.drop(connection, "its request was interrupted")

    def _watch(self, timeout_s: float) -> bool:
        """Wait until the next round, until a response arrives in the background, or until the server closes."""
        background = {one.fd: one for one in self.pool.background()}
        idle = {one.fd: one for one in list(self.pool.idle) if one.state is IDLE}
        reading, closing = [one.sock for one in background.values()], [one.sock for one in idle.values()]
        if hasattr(select, "poll") and hasattr(select, "POLLRDHUP"):
            is_woken, ready = self.wait_for(timeout_s, reading, closing)
        else:  # a wait for data would end with each response to an order
            is_woken, ready = self.wait_for(min(timeout_s, _LOOK_S), reading)
            ready |= wait_for(closing, [], 0)
        for fd in ready & background.keys():
            self._receive(background[fd])
        for fd in ready & idle.keys():
            if self.pool.remove_idle(idle[fd]):
                self._look(idle[fd])
        return is_woken

    def _receive(self, connection: Connection) -> None:
        try:
            if (response := connection.receive(NO_WAIT)) is not None:
                self.end_background(connection, response)
        except (OSError, ResponseError) as error:
            connection.last_error = error
            self.drop(connection, describe(error))

    def _look(self, connection: Connection) -> None:
        """Close an idle connection that the server closed."""
        if connection.is_quiet():
            self.pool.release(connection)
        else:
            self.drop(connection, describe(connection.last_error))


class _Waiter:
    """A thread in the queue."""

    def __init__(self, urgent: bool, by_ns: int) -> None:
        self.urgent = urgent
        self.by_ns = by_ns
        self.seen_ns = perf_counter_ns()
        self._wakeup = threading.Lock()
        self._wakeup.acquire()

    def wake(self) -> None:
        if self._wakeup.locked():
            try:
                self._wakeup.release()
            except RuntimeError as error:  # a different thread was faster
                if not is_from_call(error):
                    raise

    async def wait(self, timeout_s: float) -> None:
        """Wait until woken, at most `timeout_s`."""
        self._wakeup.acquire(timeout=timeout_s)


def _run(steps: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine whose waits all block."""
    try:
        steps.send(None)
    except StopIteration as stop:
        return cast("T", stop.value)
    raise AssertionError("the coroutine must not suspend")
