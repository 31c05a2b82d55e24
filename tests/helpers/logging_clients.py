"""Every client against the sandbox with all logging enabled; test_logs.py runs this module and reads its output.

Read two secrets from standard input: the account's and a wrong one. Print `== NAME` before the output of each client,
three times: an accepted order, a refused order, and an order to a port without a listener. `== leak` is the control.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import socket
import sys
from contextlib import suppress
from typing import Any

import aiohttp
import requests

from helpers.clients import Call, Client, open_client
from helpers.gateways import eventually
from woox_fast import Signer
from woox_fast.cli.sandbox import Printer
from woox_fast.sandbox import Sandbox
from woox_fast.sandbox.explain_worker import ExplainWorker

KEY = "logged-api-key"
CLIENTS = ("requests session", "requests auth", "httpx", "httpx async", "aiohttp connector", "gateway", "gateway async")
CCXT = ("ccxt", "ccxt async")
LOGGERS = ("aiohttp.client", "aiohttp.server", "asyncio", "ccxt", "httpcore", "httpx", "urllib3", "woox_fast")
PATH = "/v3/trade/order"
ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "9000", "quantity": "0.11"}


def settings(name: str, secret: str) -> dict[str, Any]:
    """Return the options of `open_client` that maximize its output."""
    options: dict[str, Any] = {}
    if name.startswith("ccxt"):
        options = {"apiKey": KEY, "secret": secret, "verbose": True}  # ccxt stores the secret itself
    elif name == "httpx":
        options = {"event_hooks": {"response": [lambda response: print(response.request.headers, vars(response))]}}
    elif name.startswith("aiohttp"):
        trace = aiohttp.TraceConfig()
        for moment in (trace.on_request_start, trace.on_request_end, trace.on_request_exception):
            moment.append(print_trace)
        options = {"trace_configs": [trace]}
    return {"options": options} if options else {}


async def print_trace(*details: object) -> None:
    print(*details)


def submit(name: str, client: Client, signer: Signer) -> None:
    print(client, vars(client.native) if hasattr(client.native, "__dict__") and name not in CCXT else "")
    if name.startswith("requests"):
        print(client.native.adapters, [vars(adapter) for adapter in client.native.adapters.values()])
    elif name.startswith("gateway"):
        print(PATH, signer.encode_request("POST", PATH, json.dumps(ORDER)))
    if name in CCXT:
        order = client.native.create_order("BTC/USDT", "limit", "buy", 0.01, 60000.5)
        print(client.loop.run_until_complete(order) if client.loop else order, client.native.hmac)
    else:
        print(client(Call("POST", PATH, json=ORDER)))


def slow_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop whose log names every callback, because all count as slow."""
    loop = asyncio.new_event_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0
    return loop


def mark(name: str) -> None:
    """Begin a section with a single write, because the threads of the sandbox print too."""
    sys.stdout.write(f"\n== {name}\n")
    sys.stdout.flush()


def log_everything() -> None:
    logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, format="%(name)s %(levelname)s %(message)s %(args)s")
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    http.client.HTTPConnection.debuglevel = 2


def main() -> None:
    secrets = [sys.stdin.readline().strip() for _ in range(2)]
    signers = [Signer(KEY, secret) for secret in secrets]
    log_everything()
    ExplainWorker.__init__.__kwdefaults__["time_limit"] = 0.2  # the search finds nothing about a wrong secret
    printer = Printer(KEY, secrets[0])
    sandbox = Sandbox(KEY, secrets[0], on_request=printer)
    with socket.socket() as unused, sandbox as url:
        unused.bind(("127.0.0.1", 0))  # bound, but not listening
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
        for name in (*CLIENTS, *CCXT):
            for number, where in (0, url), (1, url), (0, nowhere):
                mark(name)
                try:
                    options = settings(name, secrets[number])
                    with open_client(
                        name, signers[number], where, new_loop=slow_loop, timeout_s=5, **options
                    ) as client:
                        submit(name, client, signers[number])
                except Exception:
                    logging.exception("%r", signers[number])
        mark("sandbox")
        print(sandbox.requests, sandbox.stats(), repr(sandbox))
        with suppress(requests.RequestException):
            print(requests.get(url + "/sandbox/stats", timeout=5).text)
        eventually(printer._queue.empty)
    printer.close()
    mark("leak")  # the control
    logging.debug("signers of %s", secrets)


if __name__ == "__main__":
    main()
