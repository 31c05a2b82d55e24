"""A sandbox under test: its fixtures, a raw client, and requests to its admin API."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from helpers.oracle import oracle
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, ERRORS, RequestRecord, Sandbox

LIMIT_ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "60000", "quantity": "0.01"}
STOP_ORDER = {**LIMIT_ORDER, "algoType": "STOP", "triggerPrice": "59000"}
HEAD = b"POST /v3/trade/order HTTP/1.1\r\nHost: h\r\n"


class Clock:
    """A settable clock: Unix epoch seconds."""

    def __init__(self, now: float = 1_795_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Client:
    """A connection with full control of all bytes. It signs with the standard library's hmac."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        self.sandbox = sandbox
        self.clock = clock
        host, port = sandbox.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self._reader = self.socket.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._reader.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_response(self) -> tuple[int, dict[str, Any]]:
        """Read a response: HTTP status and JSON body."""
        status = int(self._reader.readline().split()[1])
        headers = dict(line.decode().lower().rstrip().split(": ", 1) for line in iter(self._reader.readline, b"\r\n"))
        assert headers["content-type"] == "application/json"
        return status, json.loads(self._reader.read(int(headers["content-length"])))

    def closed_by_server(self) -> bool:
        """Wait for the next byte; return True if the server closes the connection instead."""
        try:
            return self._reader.read(1) == b""
        except ConnectionResetError:
            return True

    def sign(self, method: str, target: bytes, body: bytes = b"", timestamp: str = "") -> dict[str, str]:
        timestamp = timestamp or str(int(self.clock() * 1000))
        message = timestamp.encode() + method.encode() + target + body
        signature = oracle(message, DEMO_API_SECRET.encode())
        headers = {"x-api-key": DEMO_API_KEY, "x-api-timestamp": timestamp, "x-api-signature": signature}
        if method in ("POST", "PUT"):
            headers["Content-Type"] = "application/json"
        return headers

    def send_request(self, method: str, target: bytes, headers: dict[str, str], body: bytes = b"") -> None:
        lengths = {"Content-Length", "Transfer-Encoding"} & headers.keys()
        headers = {"Host": "h", **headers, **({"Content-Length": str(len(body))} if body and not lengths else {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.send(method.encode() + b" " + target + b" HTTP/1.1\r\n" + head.encode() + b"\r\n" + body)

    def request(
        self, method: str, target: bytes, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, Any]]:
        self.send_request(method, target, headers, body)
        return self.read_response()

    def call(self, method: str, target: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """Send a signed request; `body` is bytes, or an object to encode as JSON."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request(method, target.encode(), self.sign(method, target.encode(), data), data)

    def data(self, method: str, target: str, body: Any = None) -> Any:
        """Send a signed request, assert success, and return the data."""
        status, response = self.call(method, target, body)
        assert (status, response["success"]) == (200, True), response
        assert response["timestamp"] == int(self.clock() * 1000)
        return response["data"]

    def refusal(self, method: str, target: str, body: Any = None) -> str:
        """Send a signed request, assert a refusal, and return the verdict."""
        return self.verdict(*self.call(method, target, body))

    def verdict(self, status: int, response: dict[str, Any], words: str = "") -> str:
        """Return the recorded verdict; check envelope, status and code of the refusal, and that it has these words."""
        record = self.sandbox.requests[-1]
        refusal = ERRORS[record.verdict]
        assert response.keys() == {"success", "code", "message"}
        assert (response["success"], response["code"], status) == (False, refusal.code, refusal.status)
        assert response["message"].startswith(refusal.message)
        assert words in response["message"]
        assert (record.status, record.code) == (status, response["code"])
        return record.verdict


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    sandbox = Sandbox(clock=clock)
    with sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox, clock: Clock) -> Iterator[Client]:
    with Client(sandbox, clock) as client:
        yield client


def place(client: Client, **changes: Any) -> int:
    return client.data("POST", "/v3/trade/order", {**LIMIT_ORDER, **changes})["orderId"]


def open_ids(client: Client, query: str = "") -> list[int]:
    rows = client.data("GET", f"/v3/trade/orders?status=INCOMPLETE&size=500{query}")["rows"]
    return [row["orderId"] for row in rows]


def ask(url: str, method: str = "GET", body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    """Send an unsigned request; `body` is bytes, or an object to encode as JSON. Return status and JSON."""
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"Content-Type": "application/json", **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def data(url: str, method: str = "GET", body: Any = None) -> Any:
    """Send an unsigned request, assert success, and return the data."""
    status, response = ask(url, method, body)
    assert (status, response["success"]) == (200, True), response
    return response["data"]


def refused_record(signed: str = "1795000000000GET/v3/account/info", **changes: Any) -> RequestRecord:
    """Return a refused GET's record, with the signature of `signed`."""
    stamp = "1795000000000"
    made = RequestRecord(int(stamp), "GET", "/v3/account/info", 401, -1001, "INVALID_SIGNATURE", 1.0, stamp)
    return made._replace(**{"signature": oracle(signed.encode()), "message": "Wrong.", **changes})
