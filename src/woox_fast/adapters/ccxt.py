"""ccxt: `accelerate(exchange)` makes any ccxt exchange compute its HMAC-SHA256 signatures with woox-fast."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

from .. import Signer
from ._common import Origins, needs

with needs("ccxt"):
    import ccxt
    from aiohttp import ClientSession, TraceConfig  # a dependency of ccxt

Exchange = TypeVar("Exchange")

_MAX_CONTEXTS = 8


def accelerate(exchange: Exchange) -> Exchange:
    """Make `exchange` sign with woox-fast and refuse redirects to a foreign origin.

    The signatures are the same; ccxt goes on to compute every algorithm and digest except HMAC-SHA256 in hexadecimal.
    A redirect to a foreign origin, where ccxt would send the API key and the signature, raises `ccxt.ExchangeError`.

    Args:
        exchange: A ccxt exchange (sync, async or pro), which `accelerate` changes in place and returns.

    Raises:
        TypeError: `exchange` is not a ccxt exchange, or replaces ccxt's `hmac`.
    """
    name = type(exchange).__name__
    if isinstance(exchange, _Accelerated):
        return exchange
    hmac = getattr(exchange, "hmac", None)
    if isinstance(exchange, type) or not callable(hmac) or not hasattr(exchange, "sign"):
        raise TypeError(f"exchange must be a ccxt exchange, such as ccxt.woo(), got {name}")
    if hmac is not ccxt.Exchange.hmac:
        raise TypeError(f"exchange must use ccxt's own hmac, got a {name} that replaces it")
    plain: Any = type(exchange)
    exchange.__class__ = _derive_class(plain)
    exchange._contexts = _Contexts()  # type: ignore[attr-defined]
    return exchange


class _Contexts(dict[bytes, Any]):
    """Secret → `Signer.hexdigest`. Pickles and deep copies are empty."""

    def __reduce__(self) -> Any:
        return _Contexts, ()


class _Accelerated:
    """Methods that override the exchange class."""

    _plain: type
    _contexts: _Contexts

    def hmac(self, request: Any, secret: Any, algorithm: Any = hashlib.sha256, digest: str = "hex") -> Any:
        plain = digest != "hex" or algorithm is not hashlib.sha256
        if plain or type(request) is not bytes or type(secret) is not bytes or not secret:
            return ccxt.Exchange.hmac(request, secret, algorithm, digest)
        hexdigest = self._contexts.get(secret)
        if hexdigest is None:
            if len(self._contexts) >= _MAX_CONTEXTS:  # some exchanges derive a new key for every request
                self._contexts.clear()
            hexdigest = self._contexts[secret] = Signer("-", secret).hexdigest
        return hexdigest(request)

    @property
    def session(self) -> Any:
        """The requests.Session or aiohttp.ClientSession, created by ccxt or assigned by the user."""
        return _guard_session(vars(self).get("session"))

    @session.setter
    def session(self, session: Any) -> None:
        vars(self)["session"] = session

    def get_socks_proxy_session(self, proxy: str) -> Any:
        return _guard_session(super().get_socks_proxy_session(proxy))  # type: ignore[misc]

    def __reduce_ex__(self, protocol: Any) -> Any:
        # pickle looks classes up by name, and the plain class has the same name.
        reduced: Any = super().__reduce_ex__(max(protocol, 2))
        return _create, (self._plain,), *reduced[2:]


@cache
def _derive_class(plain: Any) -> Any:
    return type(plain.__name__, (_Accelerated, plain), {"_plain": plain, "__module__": plain.__module__})


def _create(plain: type) -> Any:
    return object.__new__(_derive_class(plain))


def _guard_session(session: Any) -> Any:
    """Make a requests.Session or aiohttp.ClientSession refuse redirects to a foreign origin, and return it."""
    if isinstance(session, ClientSession):
        if _TRACE not in session.trace_configs:
            session.trace_configs.append(_TRACE)
    elif session is not None:
        hooks = session.hooks.get("response") or []
        if _check_response not in (hooks := [hooks] if callable(hooks) else hooks):
            session.hooks["response"] = [*hooks, _check_response]
    return session


def _check_response(response: Any, **_: Any) -> None:
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
