"""Every adapter against the embedded exchange, with all that anybody can log or print: run by test_logs.py.

Reads two secrets from standard input, the account's and a wrong one. What is said for an adapter stands behind
`== NAME`, three times: for an order that is accepted, one that is refused, and one that finds nobody listening.
`== leak` is the control.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import aiohttp
import ccxt
import ccxt.async_support
import httpx
import requests

import woox_fast.adapters.aiohttp
import woox_fast.adapters.ccxt
import woox_fast.adapters.httpx
import woox_fast.adapters.requests
from woox_fast import Signer
from woox_fast.cli.sandbox import Printer
from woox_fast.gateway import AsyncGateway, Gateway
from woox_fast.sandbox import Sandbox
from woox_fast.sandbox.explain_worker import ExplainWorker

KEY = "logged-api-key"
ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "9000", "quantity": "0.11"}
PATH = "/v3/trade/order"


def with_requests(signer: Signer, url: str) -> None:
    with woox_fast.adapters.requests.session(signer, origins=[url]) as session:
        print(session.post(url + PATH, json=ORDER, timeout=5).text, session.adapters, vars(session.get_adapter(url)))
    auth = woox_fast.adapters.requests.WooXAuth(signer, origins=[url])
    print(requests.post(url + PATH, json=ORDER, timeout=5, auth=auth))


def with_httpx(signer: Signer, url: str) -> None:
    auth = woox_fast.adapters.httpx.WooXAuth(signer, origins=[url])
    with httpx.Client(auth=auth) as client:
        reply = client.post(url + PATH, json=ORDER)
        print(reply.text, reply.request.headers, vars(auth))


def with_async_httpx(signer: Signer, url: str) -> None:
    async def run() -> None:
        async with httpx.AsyncClient(auth=woox_fast.adapters.httpx.WooXAuth(signer, origins=[url])) as client:
            print((await client.post(url + PATH, json=ORDER)).text)

    run_and_log(run)


def with_aiohttp(signer: Signer, url: str) -> None:
    async def run() -> None:
        connector = woox_fast.adapters.aiohttp.WooXConnector(signer, origins=[url])
        trace = aiohttp.TraceConfig()
        for moment in (trace.on_request_start, trace.on_request_end, trace.on_request_exception):
            moment.append(print_trace)
        made = aiohttp.ClientSession(connector=connector, trace_configs=[trace])
        async with made as session, session.post(url + PATH, json=ORDER) as reply:
            print(await reply.text(), reply.request_info, vars(connector))

    run_and_log(run)


async def print_trace(*details: object) -> None:
    print(*details)


def with_gateway(signer: Signer, url: str) -> None:
    with Gateway(signer, url, connections=1) as gateway:
        print(gateway, signer.encode_request("POST", PATH, json.dumps(ORDER)))
        reply = gateway.request("POST", PATH, json.dumps(ORDER))
        print(reply, reply.body)


def with_async_gateway(signer: Signer, url: str) -> None:
    async def run() -> None:
        async with AsyncGateway(signer, url, connections=1) as gateway:
            reply = await gateway.request("POST", PATH, json.dumps(ORDER))
            print(gateway, PATH, reply, reply.body)

    run_and_log(run)


def with_ccxt(signer: Signer, url: str) -> None:
    woo = woox_fast.adapters.ccxt.accelerate(ccxt.woo(ccxt_options(signer, url)))
    print(woo.create_order("BTC/USDT", "limit", "buy", 0.01, 60000.5), woo.hmac)


def with_async_ccxt(signer: Signer, url: str) -> None:
    async def run() -> None:
        async with woox_fast.adapters.ccxt.accelerate(ccxt.async_support.woo(ccxt_options(signer, url))) as woo:
            print(await woo.create_order("BTC/USDT", "limit", "buy", 0.01, 60000.5))

    run_and_log(run)


def ccxt_options(signer: Signer, url: str) -> dict:
    # ccxt keeps the secret itself, and is the only one to be given it.
    return {
        "apiKey": KEY,
        "secret": secrets[0] if signer is signers[0] else secrets[1],
        "enableRateLimit": False,
        "verbose": True,
        "urls": {"api": {"pub": url, "public": url, "private": url}},
    }


def run_and_log(run: Callable) -> None:
    async def talkative() -> None:
        asyncio.get_running_loop().slow_callback_duration = 0  # every callback is slow, and named in the log
        await run()

    asyncio.run(talkative(), debug=True)


ADAPTERS = {
    "requests": with_requests,
    "httpx": with_httpx,
    "httpx async": with_async_httpx,
    "aiohttp": with_aiohttp,
    "gateway": with_gateway,
    "gateway async": with_async_gateway,
    "ccxt": with_ccxt,
    "ccxt async": with_async_ccxt,
}

secrets = [sys.stdin.readline().strip() for _ in range(2)]
signers = [Signer(KEY, secret) for secret in secrets]


def mark(name: str) -> None:
    """Begin a part, with one write, since the sandbox's threads print too."""
    sys.stdout.write(f"\n== {name}\n")
    sys.stdout.flush()


def main() -> None:
    logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, format="%(name)s %(levelname)s %(message)s %(args)s")
    for name in ("aiohttp.client", "aiohttp.server", "asyncio", "ccxt", "httpcore", "httpx", "urllib3", "woox_fast"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    http.client.HTTPConnection.debuglevel = 2
    ExplainWorker.__init__.__kwdefaults__["time_limit"] = (
        0.2  # of what is signed with the wrong secret nothing is found
    )
    printer = Printer(KEY, secrets[0])
    sandbox = Sandbox(KEY, secrets[0], on_request=printer)
    # Bound, but it does not listen.
    with socket.socket() as deaf, sandbox as url:
        deaf.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        assert sandbox._loop is not None
        sandbox._loop.slow_callback_duration = 0
        for name, adapter in ADAPTERS.items():
            for signer, where in (signers[0], url), (signers[1], url), (signers[0], nowhere):
                mark(name)
                try:
                    adapter(signer, where)
                except Exception:
                    logging.exception("%r", signer)
        mark("sandbox")
        print(sandbox.requests, sandbox.stats(), repr(sandbox))
        with suppress(requests.RequestException):
            print(requests.get(url + "/sandbox/stats", timeout=5).text)
        deadline = time.monotonic() + 10
        while printer._queue.qsize() and time.monotonic() < deadline:
            time.sleep(0.01)
    printer.close()
    mark("leak")  # the control
    logging.debug("signers of %s", secrets)


if __name__ == "__main__":
    main()
