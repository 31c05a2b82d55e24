"""Calls that raise, for every public function with a secret among its arguments. No frame may show the secret.

The secret is an attribute, not a variable, so a call's frame does not contain it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import woox_fast
from helpers.backends import BUILT, MODULES
from helpers.oracle import NOW, oracle
from woox_fast import SignedRequest, clock, gateway, sandbox, testing
from woox_fast.adapters import aiohttp, ccxt, httpx, requests


class Secret:
    """A random secret, unlike other traceback text."""

    text = "Kq7vX2mN9pRt4wYz8bLc3dFg6hJs"
    data = text.encode()
    no_text = text + "\ud800"
    long = text * 3


class Raising:
    """A value that raises at its first use, inside a function."""

    def __str__(self) -> str:
        raise RuntimeError("on purpose")

    __repr__ = object.__repr__
    __add__ = __radd__ = __float__ = __lt__ = __gt__ = __call__ = __iter__ = lambda self, *_: str(self)


class NoExchange:
    secret = Secret.text


HEADERS = {"x-api-key": "key", "x-api-timestamp": str(NOW), "x-api-signature": "0" * 64}
UNSIGNED = SignedRequest("GET", "https://api.woox.io/v3/x", {}, b"")
WRONG = UNSIGNED._replace(headers=HEADERS | {"x-api-signature": oracle(f"{NOW}GET".encode(), Secret.data)})
BODILESS = {"method": "GET", "url": "https://api.woox.io/", "headers": HEADERS, "body": object()}


def build_backend_calls(module: Any) -> dict[str, Callable[[], object]]:
    return {
        "Signer: api_key": lambda: module.Signer("", Secret.text),
        "Signer: api_key, bytes": lambda: module.Signer("é", Secret.data),
        "Signer: white space": lambda: module.Signer("key", Secret.text + "\n"),
        "Signer: secret as key": lambda: module.Signer(Secret.text, Secret.text),
        "Signer: offset": lambda: module.Signer("key", Secret.text, clock_offset_ms="late"),
        "Signer: offset, bytes": lambda: module.Signer("key", Secret.data, clock_offset_ms=10**13),
        "Signer: no text": lambda: module.Signer("key", Secret.no_text),
        "Signer: no secret": lambda: module.Signer("key", [Secret.text]),
        "Signer: pickled": lambda: module.Signer("key", Secret.text).__reduce__(),
        "Signer.sign": lambda: module.Signer("key", Secret.text).sign(NOW, "get", "/v3/x"),
        "Signer.sign_many": lambda: module.Signer("key", Secret.data).sign_many([(NOW, "GET", "/", ""), None]),
        "Signer.hexdigest": lambda: module.Signer("key", Secret.long).hexdigest(None),
        "Signer.verify": lambda: module.Signer("key", Secret.text).verify("0" * 64, NOW, "GET", "v3"),
        "Signer.headers": lambda: module.Signer("key", Secret.text).headers("GET", "/v3/x", {}),
        "Signer.encode_request": lambda: module.Signer("key", Secret.text).encode_request("GET", "/ "),
        "Signer.prepare": lambda: module.Signer("key", Secret.text).prepare("POST", "/v3/x", json={"a": float("nan")}),
        "sign: timestamp": lambda: module.sign(Secret.text, NOW // 1000, "GET", "/v3/x"),
        "sign: body": lambda: module.sign(Secret.data, NOW, "GET", "/v3/x", object()),
        "sign: quotes": lambda: module.sign(f"'{Secret.text}'", NOW, "GET", "/"),
        "sign: no text": lambda: module.sign(Secret.no_text, NOW, "GET", "/v3/x"),
        "sign: no secret": lambda: module.sign([Secret.text], NOW, "GET", "/v3/x"),
    }  # fmt: skip


def start(made: Any) -> object:
    with made:
        return None


CALLS: dict[str, Callable[[], object]] = {
    f"{backend} {name}": call
    for backend in (*BUILT, "python")
    for name, call in build_backend_calls(importlib.import_module(MODULES[backend])).items()
} | {
    "explain: scheme": lambda: woox_fast.explain(Secret.text, "0" * 64, NOW, "GET", "/v3/x", scheme="v9"),
    "explain: signature": lambda: woox_fast.explain(Secret.data, None, NOW, "GET", "/v3/x"),
    "explain: body": lambda: woox_fast.explain(Secret.text, "0" * 64, NOW, "GET", "/v3/x", object()),
    "explain: no text": lambda: woox_fast.explain(Secret.no_text, "0" * 64, NOW, "GET", "/v3/x"),
    "explain: in the middle": lambda: woox_fast.explain(Secret.text, "0" * 64, Raising(), "GET", "/v3/x"),
    "explain: in the search": lambda: woox_fast.explain(Secret.text, "0" * 64, NOW, "GET", "/", time_limit=Raising()),
    "assert_signed: unsigned": lambda: testing.assert_signed(UNSIGNED, Secret.text),
    "assert_signed: wrong": lambda: testing.assert_signed(WRONG, Secret.text),
    "assert_signed: wrong, bytes": lambda: testing.assert_signed(WRONG, Secret.data),
    "assert_signed: key": lambda: testing.assert_signed(WRONG, Secret.text, api_key="other"),
    "assert_signed: url": lambda: testing.assert_signed(WRONG._replace(url="https://api.woox.io/?"), Secret.text),
    "assert_signed: body": lambda: testing.assert_signed(SimpleNamespace(**BODILESS), Secret.text),
    "assert_signed: no request": lambda: testing.assert_signed(None, Secret.text),
    "assert_signed: scheme": lambda: testing.assert_signed(WRONG, Secret.text, scheme="v2"),
    "assert_signed: no text": lambda: testing.assert_signed(WRONG, Secret.no_text),
    "assert_signed: no secret": lambda: testing.assert_signed(WRONG, [Secret.text]),
    "Sandbox: no secret": lambda: sandbox.Sandbox("key", [Secret.text]),
    "Sandbox: no text": lambda: sandbox.Sandbox("key", Secret.no_text),
    "Sandbox: faults": lambda: sandbox.Sandbox("key", Secret.text, faults=["sometimes"]),
    "Sandbox: host": lambda: start(sandbox.Sandbox("key", Secret.text, host="256.0.0.1")),
    "Sandbox.run: faults": lambda: sandbox.run("127.0.0.1", 0, "key", Secret.text, faults=["sometimes"]),
    "Sandbox.run: host": lambda: sandbox.run("256.0.0.1", 0, "key", Secret.text),
    "requests.WooXAuth": lambda: requests.WooXAuth(woox_fast.Signer("key", Secret.text), origins=()),
    "requests.session": lambda: requests.session(woox_fast.Signer("key", Secret.text), origins="https://api.woox.io"),
    "httpx.WooXAuth": lambda: httpx.WooXAuth(woox_fast.Signer("key", Secret.text), origins=("api.woox.io",)),
    "aiohttp.WooXMiddleware": lambda: aiohttp.WooXMiddleware(woox_fast.Signer("key", Secret.text), origins=(None,)),
    "ccxt.accelerate": lambda: ccxt.accelerate(NoExchange()),
    "Gateway": lambda: gateway.Gateway(woox_fast.Signer("key", Secret.text), url="ftp://127.0.0.1"),
    "AsyncGateway": lambda: gateway.AsyncGateway(woox_fast.Signer("key", Secret.text), connections=0),
    "ServerClock": lambda: clock.ServerClock(woox_fast.Signer("key", Secret.text), base_url="api.woox.io"),
}  # fmt: skip

# Public functions with a secret among their arguments -> the first word of their calls' names.
COVERED = {
    "woox_fast.Signer": "Signer",
    "woox_fast.sign": "sign",
    "woox_fast.explain": "explain",
    "woox_fast.testing.assert_signed": "assert_signed",
    "woox_fast.testing.RunningSandbox": "",  # only stores the sandbox's secret
    "woox_fast.sandbox.Sandbox": "Sandbox",
    "woox_fast.sandbox.run": "Sandbox.run",
}
