"""Every client under test behind one call: `send(name, signer, url, calls)` sends the calls one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple

import aiohttp
import httpx
import requests
import yarl

import woox_fast.adapters.aiohttp
import woox_fast.adapters.httpx
import woox_fast.adapters.requests
from woox_fast import Signer


class Call(NamedTuple):
    """A request as a user writes it, in the words that all three clients share, but for `content` (`data` in two)."""

    method: str
    path: str
    params: Any = None
    json: Any = None
    content: Any = None
    headers: Any = None


class Answered(NamedTuple):
    status: int
    body: bytes


class Way(NamedTuple):
    """How the calls are sent: only what is not None is told to the client or to its adapter."""

    follow: bool = False
    origins: Any = None
    proxy: str | None = None

    def adapter(self) -> dict[str, Any]:
        return {} if self.origins is None else {"origins": self.origins}


Outcome = Answered | Exception
Sends = Callable[[Signer, str, Iterable[Call], Way], list[Outcome]]


def _options(call: Call, content: str) -> dict[str, Any]:
    named = {"params": call.params, "json": call.json, content: call.content, "headers": call.headers}
    return {name: value for name, value in named.items() if value is not None}


def _with_requests(make: Callable[..., requests.Session]) -> Sends:
    def run(signer: Signer, url: str, calls: Iterable[Call], way: Way) -> list[Outcome]:
        outcomes: list[Outcome] = []
        with make(signer, **way.adapter()) as session:
            if way.proxy:
                session.proxies = {"http": way.proxy, "https": way.proxy}
            for call in calls:
                try:
                    reply = session.request(
                        call.method, url + call.path, allow_redirects=way.follow, timeout=10, **_options(call, "data")
                    )
                    outcomes.append(Answered(reply.status_code, reply.content))
                except Exception as error:
                    outcomes.append(error)
        return outcomes

    return run


def _session_with_auth(signer: Signer, **options: Any) -> requests.Session:
    session = requests.Session()
    session.auth = woox_fast.adapters.requests.WooXAuth(signer, **options)
    return session


def _with_httpx(signer: Signer, url: str, calls: Iterable[Call], way: Way) -> list[Outcome]:
    outcomes: list[Outcome] = []
    auth = woox_fast.adapters.httpx.WooXAuth(signer, **way.adapter())
    with httpx.Client(auth=auth, follow_redirects=way.follow, proxy=way.proxy, verify=False, timeout=10) as client:
        for call in calls:
            try:
                reply = client.request(call.method, url + call.path, **_options(call, "content"))
                outcomes.append(Answered(reply.status_code, reply.content))
            except Exception as error:
                outcomes.append(error)
    return outcomes


async def _with_async_httpx(signer: Signer, url: str, calls: Iterable[Call], way: Way) -> list[Outcome]:
    outcomes: list[Outcome] = []
    auth = woox_fast.adapters.httpx.WooXAuth(signer, **way.adapter())
    options: dict[str, Any] = {"follow_redirects": way.follow, "proxy": way.proxy, "verify": False, "timeout": 10}
    async with httpx.AsyncClient(auth=auth, **options) as client:
        for call in calls:
            try:
                reply = await client.request(call.method, url + call.path, **_options(call, "content"))
                outcomes.append(Answered(reply.status_code, reply.content))
            except Exception as error:
                outcomes.append(error)
    return outcomes


def _with_aiohttp(make: Callable[..., AbstractAsyncContextManager[aiohttp.ClientSession]]) -> Any:
    async def run(signer: Signer, url: str, calls: Iterable[Call], way: Way) -> list[Outcome]:
        outcomes: list[Outcome] = []
        async with make(signer, **way.adapter()) as session:
            for call in calls:
                options = _options(call, "data")
                try:
                    async with session.request(
                        call.method, url + call.path, allow_redirects=way.follow, proxy=way.proxy, **options
                    ) as reply:
                        outcomes.append(Answered(reply.status, await reply.read()))
                except Exception as error:
                    outcomes.append(error)
        return outcomes

    return run


def aiohttp_connector(signer: Signer, **options: Any) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=woox_fast.adapters.aiohttp.WooXConnector(signer, **options))


def aiohttp_middleware(signer: Signer, **options: Any) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(middlewares=(woox_fast.adapters.aiohttp.WooXMiddleware(signer, **options),))


_ADAPTERS: dict[str, Any] = {
    "requests auth": _with_requests(_session_with_auth),
    "requests session": _with_requests(woox_fast.adapters.requests.session),
    "httpx": _with_httpx,
    "httpx async": _with_async_httpx,
    "aiohttp connector": _with_aiohttp(aiohttp_connector),
    "aiohttp middleware": _with_aiohttp(aiohttp_middleware),
}
ADAPTERS = tuple(_ADAPTERS)


def send(name: str, signer: Signer, url: str, calls: Iterable[Call], **way: Any) -> list[Outcome]:
    """What became of each of `calls`, sent to `url` by the client and adapter of this `name`. `way` is that of `Way`;
    the adapter signs for `url` alone unless told otherwise: `origins=None` leaves its own.
    """
    outcomes = _ADAPTERS[name](signer, url, calls, Way(**{"origins": [url], **way}))
    return asyncio.run(outcomes) if asyncio.iscoroutine(outcomes) else outcomes


# What sends a SignedRequest.


def _fields(one: Any) -> dict[str, Any]:
    return {"method": one.method, "url": one.url, "headers": one.headers}


def _prepared_requests(signed: list[Any]) -> list[Outcome]:
    with requests.Session() as session:
        return [
            Answered(r.status_code, r.content)
            for r in (session.request(**_fields(one), data=one.body, allow_redirects=False) for one in signed)
        ]


def _prepared_httpx(signed: list[Any]) -> list[Outcome]:
    with httpx.Client(follow_redirects=True) as client:
        return [
            Answered(r.status_code, r.content)
            for r in (client.request(**_fields(one), content=one.body, follow_redirects=False) for one in signed)
        ]


def _prepared_async_httpx(signed: list[Any]) -> list[Outcome]:
    async def run() -> list[Outcome]:
        async with httpx.AsyncClient(follow_redirects=True) as client:
            replies = [await client.request(**_fields(one), content=one.body, follow_redirects=False) for one in signed]
            return [Answered(r.status_code, r.content) for r in replies]

    return asyncio.run(run())


def _prepared_aiohttp(signed: list[Any]) -> list[Outcome]:
    async def run() -> list[Outcome]:
        outcomes: list[Outcome] = []
        async with aiohttp.ClientSession() as session:
            for one in signed:
                options = _fields(one) | {"url": yarl.URL(one.url, encoded=True)}
                async with session.request(**options, data=one.body or None, allow_redirects=False) as reply:
                    outcomes.append(Answered(reply.status, await reply.read()))
        return outcomes

    return asyncio.run(run())


PREPARED: dict[str, Callable[[list[Any]], list[Outcome]]] = {
    "requests": _prepared_requests,
    "httpx": _prepared_httpx,
    "httpx async": _prepared_async_httpx,
    "aiohttp": _prepared_aiohttp,
}
