"""The exchange's time, read over a persistent connection."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import threading
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

SYSTEM_INFO_PATH = "/v3/public/systemInfo"
MAX_RESPONSE_SIZE = 65_536  # bytes; WOO X sends about 100


class ServerTime:
    """Ask the exchange at `url` for its time. Not thread-safe. A request lasts at most `timeout_s`."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._connection = _Connection(url, timeout_s)

    def fetch_time(self) -> int:
        """Return the exchange's time in milliseconds. Raise OSError or ValueError."""
        # In its own thread, because a socket's timeout limits each read, and a name lookup has no timeout.
        answer: SimpleQueue[int | Exception] = SimpleQueue()
        fetch = self._connection.put_time
        threading.Thread(target=fetch, args=(answer,), name="woox-fast request", daemon=True).start()
        try:
            result = answer.get(timeout=self._timeout_s)
        except Empty:
            self.close()
            result = TimeoutError()
        except BaseException:
            self.close()
            raise
        if isinstance(result, TimeoutError):
            raise TimeoutError(f"{self._url} sent no complete response within {self._timeout_s:g} s")
        if isinstance(result, Exception):
            raise result
        return result

    def close(self) -> None:
        """Close the connection, even during a request. The next request opens a new connection."""
        self._connection.give_up()
        self._connection = _Connection(self._url, self._timeout_s)

    def forget_connection(self) -> None:
        """Close this process's copy of the parent process's connection."""
        self._connection.detach()
        self._connection = _Connection(self._url, self._timeout_s)


class _Connection:
    def __init__(self, url: str, timeout_s: float) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._http = kind(parts.hostname or "", parts.port, timeout=timeout_s)
        self._socket: socket.socket | None = None  # set during a response too
        self._given_up = False

    def put_time(self, answer: SimpleQueue[int | Exception]) -> None:
        """Put the exchange's time, or the exception, into `answer`."""
        was_open = self._http.sock is not None
        try:
            try:
                answer.put(self._request_time())
            except ConnectionError:
                if not was_open or self._given_up:
                    raise
                # The server may have closed the idle connection. A GET can be repeated.
                answer.put(self._request_time())
        except Exception as error:
            answer.put(error)
        if self._given_up:
            self._http.close()

    def give_up(self) -> None:
        self._given_up = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # close() alone does not wake a thread that reads
        self._http.close()

    def detach(self) -> None:
        for shared in (self._socket, self._http.sock):
            fd = -1 if shared is None else shared.detach()  # close() could wait for a lock that a lost thread holds
            if fd >= 0:
                os.close(fd)

    def _request_time(self) -> int:
        try:
            self._http.request("GET", SYSTEM_INFO_PATH)
            self._socket = self._http.sock
            with self._http.getresponse() as response:
                body = response.read(MAX_RESPONSE_SIZE)
                if response.read(1):
                    self._http.close()  # the rest must not be the start of the next response
        except (http.client.HTTPException, OSError) as error:
            self._http.close()
            raise error if isinstance(error, OSError) else ConnectionError(f"no HTTP response: {error!r}") from None
        try:
            time_ms = json.loads(body)["timestamp"]
        except (ValueError, TypeError, LookupError, RecursionError):
            time_ms = None
        if response.status != 200 or type(time_ms) is not int or not 10**12 <= time_ms < 10**13:
            raise ValueError(
                f"{SYSTEM_INFO_PATH} must return its timestamp in milliseconds, got HTTP {response.status} with "
                f"{body[:100]!a}; is this the exchange's base_url?"
            )
        return time_ms
