"""Keeps the sessions of ccxt from following a redirect with a signed request to another scheme, host or port."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import ccxt
from aiohttp import ClientSession, TraceConfig  # which ccxt needs

from ._common import Origins


def guarded(session: Any) -> Any:
    """`session`, a requests.Session or an aiohttp.ClientSession, which follows no redirect elsewhere from now on."""
    if isinstance(session, ClientSession):
        if _TRACE not in session.trace_configs:
            session.trace_configs.append(_TRACE)
    elif session is not None:
        hooks = session.hooks.get("response") or []
        if _check_reply not in (hooks := [hooks] if callable(hooks) else hooks):
            session.hooks["response"] = [*hooks, _check_reply]
    return session


def _check_reply(response: Any, **_: Any) -> None:
    if response.is_redirect:
        _check_redirect(response, response.headers["location"])


async def _check_async_redirect(_session: Any, _context: Any, redirect: Any) -> None:
    headers = redirect.response.headers
    if location := headers.get("Location") or headers.get("URI"):  # aiohttp follows either
        _check_redirect(redirect.response, location)


def _check_redirect(response: Any, location: str) -> None:
    url = urlsplit(str(response.url))
    try:
        Origins([f"{url.scheme}://{url.netloc}"]).check_redirect(location)
    except ValueError as error:
        response.close()
        raise ccxt.ExchangeError(str(error)) from None


_TRACE = TraceConfig()
_TRACE.on_request_redirect.append(_check_async_redirect)
_TRACE.freeze()
