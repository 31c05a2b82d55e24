"""The exchange's time, asked over a connection that is kept."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

SYSTEM_INFO_PATH = "/v3/public/systemInfo"
MOST_BYTES = 65_536  # of a reply; it has some 100


class ServerTime:
    """Asks the exchange at `url` for its time. For one thread at a time. Each request takes at most `timeout_s`."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._connection = _Connection(url, timeout_s)

    def ask(self) -> int:
        """The exchange's time, Unix epoch milliseconds. Raises OSError without an answer, ValueError for another one.

        The request runs in a thread of its own: a socket's timeout is for each read, and looking up a name has none.
        """
        answer: SimpleQueue[int | Exception] = SimpleQueue()
        threading.Thread(target=self._connection.ask, args=(answer,), name="woox-fast request", daemon=True).start()
        try:
            got = answer.get(timeout=self._timeout_s)
        except Empty:
            self.close()
            got = TimeoutError()
        except BaseException:
            self.close()
            raise
        if isinstance(got, TimeoutError):
            raise TimeoutError(f"{self._url} gave no whole answer within {self._timeout_s:g} s")
        if isinstance(got, Exception):
            raise got
        return got

    def close(self) -> None:
        """Close the connection, also under a request that still waits. The next request opens another."""
        self._connection.give_up()
        self._connection = _Connection(self._url, self._timeout_s)


class _Connection:
    def __init__(self, url: str, timeout_s: float) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._http = kind(parts.hostname or "", parts.port, timeout=timeout_s)
        self._socket: socket.socket | None = None  # also while a reply has taken it over from self._http
        self._given_up = False

    def ask(self, answer: SimpleQueue[int | Exception]) -> None:
        """Put the exchange's time into `answer`, or what was raised."""
        kept = self._http.sock is not None
        try:
            try:
                answer.put(self._time_ms())
            except ConnectionError:
                if not kept or self._given_up:
                    raise
                answer.put(self._time_ms())  # what was kept may have been closed; asking twice does no harm
        except Exception as error:
            answer.put(error)
        if self._given_up:
            self._http.close()

    def give_up(self) -> None:
        self._given_up = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # closing alone does not wake a thread that reads
        self._http.close()

    def _time_ms(self) -> int:
        try:
            self._http.request("GET", SYSTEM_INFO_PATH)
            self._socket = self._http.sock
            with self._http.getresponse() as reply:
                body = reply.read(MOST_BYTES)
                if reply.read(1):
                    self._http.close()  # what follows must not be the start of the next reply
        except (http.client.HTTPException, OSError) as error:
            self._http.close()
            raise error if isinstance(error, OSError) else ConnectionError(f"no HTTP reply: {error!r}") from None
        try:
            time_ms = json.loads(body)["timestamp"]
        except (ValueError, TypeError, LookupError, RecursionError):
            time_ms = None
        if reply.status != 200 or type(time_ms) is not int or not 10**12 <= time_ms < 10**13:
            raise ValueError(
                f"{SYSTEM_INFO_PATH} must give its timestamp in milliseconds, got HTTP {reply.status} with "
                f"{body[:100]!a}; is this the exchange's base_url?"
            )
        return time_ms
