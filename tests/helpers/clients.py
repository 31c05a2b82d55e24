"""Every client under test behind one call: `exchange(client, signer, url, calls)` sends the calls one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import aiohttp
import httpx
import requests

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


class Answered(NamedTuple):
    status: int
    body: bytes


Outcome = Answered | Exception
Run = Callable[[Signer, str, Iterable[Call], bool], list[Outcome]]


def _options(call: Call, content: str) -> dict[str, Any]:
    named = {"params": call.params, "json": call.json, content: call.content}
    return {name: value for name, value in named.items() if value is not None}


def _with_requests(make: Callable[[Signer, str], requests.Session]) -> Run:
    def run(signer: Signer, url: str, calls: Iterable[Call], follow: bool) -> list[Outcome]:
        outcomes: list[Outcome] = []
        with make(signer, url) as session:
            for call in calls:
                try:
                    reply = session.request(
                        call.method, url + call.path, allow_redirects=follow, timeout=10, **_options(call, "data")
                    )
                    outcomes.append(Answered(reply.status_code, reply.content))
                except Exception as error:
                    outcomes.append(error)
        return outcomes

    return run


def _plain_session(signer: Signer, url: str) -> requests.Session:
    session = requests.Session()
    session.auth = woox_fast.adapters.requests.WooXAuth(signer, origins=[url])
    return session


def _made_session(signer: Signer, url: str) -> requests.Session:
    return woox_fast.adapters.requests.session(signer, origins=[url])


def _with_httpx(signer: Signer, url: str, calls: Iterable[Call], follow: bool) -> list[Outcome]:
    outcomes: list[Outcome] = []
    auth = woox_fast.adapters.httpx.WooXAuth(signer, origins=[url])
    with httpx.Client(auth=auth, follow_redirects=follow, timeout=10) as client:
        for call in calls:
            try:
                reply = client.request(call.method, url + call.path, **_options(call, "content"))
                outcomes.append(Answered(reply.status_code, reply.content))
            except Exception as error:
                outcomes.append(error)
    return outcomes


def _with_async_httpx(signer: Signer, url: str, calls: Iterable[Call], follow: bool) -> list[Outcome]:
    async def run() -> list[Outcome]:
        outcomes: list[Outcome] = []
        auth = woox_fast.adapters.httpx.WooXAuth(signer, origins=[url])
        async with httpx.AsyncClient(auth=auth, follow_redirects=follow, timeout=10) as client:
            for call in calls:
                try:
                    reply = await client.request(call.method, url + call.path, **_options(call, "content"))
                    outcomes.append(Answered(reply.status_code, reply.content))
                except Exception as error:
                    outcomes.append(error)
        return outcomes

    return asyncio.run(run())


def _with_aiohttp(signer: Signer, url: str, calls: Iterable[Call], follow: bool) -> list[Outcome]:
    async def run() -> list[Outcome]:
        outcomes: list[Outcome] = []
        middleware = woox_fast.adapters.aiohttp.WooXMiddleware(signer, origins=[url])
        async with aiohttp.ClientSession(middlewares=(middleware,)) as session:
            for call in calls:
                try:
                    async with session.request(
                        call.method, url + call.path, allow_redirects=follow, **_options(call, "data")
                    ) as reply:
                        outcomes.append(Answered(reply.status, await reply.read()))
                except Exception as error:
                    outcomes.append(error)
        return outcomes

    return asyncio.run(run())


# What signs as the client sends.
ADAPTERS: dict[str, Run] = {
    "requests auth": _with_requests(_plain_session),
    "requests session": _with_requests(_made_session),
    "httpx": _with_httpx,
    "httpx async": _with_async_httpx,
    "aiohttp": _with_aiohttp,
}


# What sends a SignedRequest.


def _prepared_requests(signed: list[Any]) -> list[Outcome]:
    with requests.Session() as session:
        return [Answered(r.status_code, r.content) for r in (session.request(**one.for_requests()) for one in signed)]


def _prepared_httpx(signed: list[Any]) -> list[Outcome]:
    with httpx.Client(follow_redirects=True) as client:
        return [Answered(r.status_code, r.content) for r in (client.request(**one.for_httpx()) for one in signed)]


def _prepared_async_httpx(signed: list[Any]) -> list[Outcome]:
    async def run() -> list[Outcome]:
        async with httpx.AsyncClient(follow_redirects=True) as client:
            replies = [await client.request(**one.for_httpx()) for one in signed]
            return [Answered(r.status_code, r.content) for r in replies]

    return asyncio.run(run())


def _prepared_aiohttp(signed: list[Any]) -> list[Outcome]:
    async def run() -> list[Outcome]:
        outcomes: list[Outcome] = []
        async with aiohttp.ClientSession() as session:
            for one in signed:
                async with session.request(**one.for_aiohttp()) as reply:
                    outcomes.append(Answered(reply.status, await reply.read()))
        return outcomes

    return asyncio.run(run())


PREPARED: dict[str, Callable[[list[Any]], list[Outcome]]] = {
    "requests": _prepared_requests,
    "httpx": _prepared_httpx,
    "httpx async": _prepared_async_httpx,
    "aiohttp": _prepared_aiohttp,
}
