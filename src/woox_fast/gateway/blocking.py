"""`Gateway`: orders from any thread."""

from __future__ import annotations

import sys
import threading
import time
import warnings
from collections.abc import Generator, Mapping
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, cast

from .base import CLOSED, FORKED, NOT_OPEN, OPEN, GatewayBase, build_target, refuse_signed_request, seconds_ns
from .connection import NO_WAIT, Connection
from .errors import NotSentError, is_from_call, text
from .housekeeping import ThreadKeeper
from .placement import Placement, Placing
from .pool import POLL_S, SECOND
from .readiness import wait_for

if TYPE_CHECKING:
    from types import FrameType

    from typing_extensions import Self

    from .._types import Body, Params
    from .response import Response


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
        self._begin()
        try:
            deadline_ns = perf_counter_ns() + self._timeout_ns
            keeper = self._start_keeper()
            while not self._pool.is_full:
                is_late = perf_counter_ns() > deadline_ns
                if is_late or keeper.failure is not None or self._pool.is_hopeless(self._connector.opening):
                    raise self._not_opened()
                keeper.changed.acquire(timeout=POLL_S / 5)
            return self
        except BaseException:
            self._stop(0)
            raise

    def _start_keeper(self) -> ThreadKeeper:
        try:
            self._keeper = keeper = ThreadKeeper(self._pool, self._connector, self._observer)
            self._refusal = OPEN
            keeper.thread.start()
            return keeper
        except (OSError, RuntimeError) as error:  # no descriptor or no thread is available
            if isinstance(error, OSError) and error.errno is None:  # from a signal handler
                raise
            raise NotSentError(f"cannot open the gateway to {self._host}: {error}; nothing was sent") from error

    def close(self) -> None:
        """Wait up to `timeout_s` for the due responses, and close all connections. A closed gateway stays closed."""
        try:
            self._stop(self._timeout_ns)
        except BaseException:  # an interrupt
            self._stop(0)
            raise

    def _stop(self, timeout_ns: int) -> None:
        if self._refusal in (NOT_OPEN, OPEN):
            self._refusal = CLOSED
        keeper = self._keeper
        if keeper is None or self._refusal == FORKED:
            return
        keeper.close(timeout_ns)
        if keeper.thread.is_alive() and keeper.thread is not threading.current_thread():
            keeper.thread.join(timeout_ns / SECOND + 0.5)
        self._pool.close_all(hang_up=True)  # in case the thread is dead, or a system call blocks it
        if keeper.thread.ident is None:
            keeper.close_sockets()
        deadline = time.monotonic() + 0.2
        for thread in list(self._connector.threads):
            if thread.ident is not None:  # a thread that resolves a name ends later, without a socket
                thread.join(max(deadline - time.monotonic(), 0))

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
        """Sign a request, send it once, and return the response, whatever its status. From any thread.

        `GatewayBase` documents the arguments and the exceptions.
        """
        if not path:
            refuse_signed_request(method)
        return self._request(method, path, body, json, params, timeout_s, send_within_s, priority)

    def _request(
        self, method: str, path: str, body: Any, json: Any, params: Any,
        timeout_s: float | None, send_within_s: float | None, priority: bool,
    ) -> Response:  # fmt: skip
        request = connection = None
        started_ns = deadline_ns = 0
        is_unknown = False
        try:
            try:
                if json is not None or params is not None:
                    path, body = build_target(method, path, body, params, json)
                timeout_ns = self._timeout_ns if timeout_s is None else seconds_ns("timeout_s", timeout_s)
                if self._is_plain and send_within_s is None and not priority:
                    connection = self._pool.take()
                if connection is None:
                    started_ns = perf_counter_ns()
                    deadline_ns = started_ns + timeout_ns
                    connection = self._acquire(method, path, body, started_ns, deadline_ns, send_within_s, priority)
                while True:
                    request = self._encode(method, path, body, host=self._host)  # after the wait, so it is fresh
                    is_unknown = True
                    if connection.send(request, method, timeout_ns, deadline_ns):
                        break
                    is_unknown = False
                    deadline_ns = deadline_ns or perf_counter_ns() + timeout_ns
                    by_ns = self._send_by(started_ns, deadline_ns, send_within_s)
                    connection = self._replace(connection, by_ns, self._is_urgent(method, priority))
                if not self._is_plain:
                    self._emit("sent", connection, method, path)
                response = self._receive(connection, timeout_ns)
                if response is None:
                    raise self._give_up(connection, request, timeout_ns)
                if started_ns:
                    response.queued_ns = connection.sent_ns - started_ns
                done, connection = connection, None
                self._release(done)
                if not self._is_plain:
                    self._observe(done, method, path, body, response)
                return response
            except BaseException as error:
                outcome = self._outcome(error, connection, request if is_unknown else None)
                raise outcome from outcome.__cause__
        except BaseException as error:  # an interrupt in the handler above
            outcome = self._outcome(error, None, request if is_unknown else None)
            raise outcome from outcome.__cause__

    def _release(self, connection: Connection) -> None:
        if connection.finish():
            self._pool.release(connection)
        else:
            self._keeper.drop(connection, "the server closes it")

    def _receive(self, connection: Connection, timeout_ns: int) -> Response | None:
        """Return the response, or None at the deadline."""
        if connection.unsent is None and connection.is_blocking:
            if timeout_ns != connection.receive_timeout_ns:
                connection.limit_receive(timeout_ns)
            try:
                if (response := connection.receive()) is not None:
                    return response
            except BlockingIOError as error:
                if not connection.is_own(error):
                    raise
        while (left_ns := connection.deadline_ns - perf_counter_ns()) > 0:
            sock = connection.sock
            ready = wait_for([sock], [sock] if connection.unsent is not None else [], left_ns / SECOND)
            if not ready:
                continue
            if connection.arrived(0):
                try:
                    if (response := connection.receive(NO_WAIT)) is not None:
                        return response
                except BlockingIOError as error:
                    if not connection.is_own(error):
                        raise
            elif connection.unsent is not None:
                connection.send_rest()
        return None

    def _acquire(
        self, method: str, path: str, body: Any, started_ns: int, by_ns: int, within_s: float | None, priority: bool
    ) -> Connection:  # fmt: skip
        """Wait for the rate limits and for a connection. Raises NotSentError and RuntimeError."""
        by_ns = self._send_by(started_ns, by_ns, within_s)
        send_at = self._reserve(method, path, body, started_ns, by_ns)
        waiter = _Waiter(self._is_urgent(method, priority), by_ns)
        return self._wait(waiter, self._queue(waiter, started_ns, by_ns, send_at))

    def _replace(self, dead: Connection, by_ns: int, urgent: bool) -> Connection:
        """Return a connection to replace a closed connection."""
        self._keeper.drop(dead, text(dead.last_error))
        waiter = _Waiter(urgent, by_ns)
        steps = self._queue(waiter, perf_counter_ns(), by_ns, first=True)
        return self._pool.replace(dead) or self._wait(waiter, steps)

    def _wait(self, waiter: _Waiter, steps: Generator[float, bool | None, Connection]) -> Connection:
        is_rung = None
        try:
            while True:
                seconds = steps.send(is_rung)
                if is_rung is None and self._is_nested():
                    raise NotSentError(
                        f"the request to {self._host} was not sent: no connection is free for a request of a "
                        "signal handler that interrupted another request"
                    )
                is_rung = waiter.wait(seconds)
        except StopIteration as stop:
            return cast("Connection", stop.value)
        finally:
            steps.close()

    def _is_nested(self) -> bool:
        """Return True if a signal interrupted a request in this thread."""
        frame: FrameType | None = sys._getframe(1)
        requests = 0
        while frame is not None:
            requests += frame.f_code is _REQUEST_CODE and frame.f_locals.get("self") is self
            frame = frame.f_back
        return requests > 1

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
        placing = Placing(order, self._signer, timeout_s or self._timeout_s, arrival_window_s, self.unknown)
        try:
            steps = placing.steps()
            step = next(steps)
            while True:
                try:
                    if step.method:
                        queue = send_within_s if step.is_order else None
                        sent = self.request(
                            step.method, step.path, json=step.json, timeout_s=timeout_s, send_within_s=queue
                        )
                    else:
                        time.sleep(step.pause_s)
                        sent = None
                except BaseException as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(sent)
        except StopIteration as stop:
            return cast("Placement", stop.value)
        except BaseException as error:
            outcome = placing.settle(error)
            raise outcome from outcome.__cause__

    @property
    def _failure(self) -> BaseException | None:
        keeper = self._keeper
        if keeper is None or self._refusal or keeper.thread.is_alive():
            return super()._failure
        return keeper.failure or RuntimeError("the housekeeping thread died")

    def _forked(self) -> None:
        super()._forked()
        if self._keeper is not None:
            self._keeper.close_sockets()

    def __del__(self) -> None:
        if self._refusal == OPEN:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)
        if self._keeper is not None and self._keeper.thread.is_alive():
            self._stop(0)


class _Waiter:
    """A thread in the queue."""

    def __init__(self, urgent: bool, by_ns: int) -> None:
        self.urgent = urgent
        self.by_ns = by_ns
        self._bell = threading.Lock()
        self._bell.acquire()

    def ring(self) -> None:
        if self._bell.locked():
            try:
                self._bell.release()
            except RuntimeError as error:  # a different thread was faster
                if not is_from_call(error):
                    raise

    def wait(self, timeout_s: float) -> bool:
        """Return True if rung within `timeout_s`."""
        return self._bell.acquire(timeout=timeout_s)


_REQUEST_CODE = Gateway._request.__code__
