"""ccxt: `accelerate(exchange)` has any ccxt exchange sign its HMAC-SHA256 requests through the core."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any, TypeVar

from .. import Signer
from ._common import needs

with needs("ccxt"):
    import ccxt

    from ._redirects import guarded

Exchange = TypeVar("Exchange")

_CONTEXTS_KEPT = 8


def accelerate(exchange: Exchange) -> Exchange:
    """Have `exchange` (sync, async or pro) sign through the core and follow no redirect elsewhere; return it.

    HMAC-SHA256 as hex goes through the core, every other algorithm and digest through ccxt's own; the signatures are
    the same. The key contexts of its secrets are kept on this exchange object alone, and go when it goes. A reply to
    its `session` that redirects to another scheme, host or port is a ccxt.ExchangeError: ccxt would send the key, the
    signature and the body there. Raises TypeError for what is no ccxt exchange, and for one whose `hmac` is not ccxt's.
    """
    name = type(exchange).__name__
    if isinstance(exchange, _Accelerated):
        return exchange
    hmac = getattr(exchange, "hmac", None)
    if isinstance(exchange, type) or not callable(hmac) or not hasattr(exchange, "sign"):
        raise TypeError(f"exchange must be a ccxt exchange, such as ccxt.woo(), got {name}")
    if hmac is not ccxt.Exchange.hmac:
        raise TypeError(f"exchange must sign with ccxt's own hmac, got a {name} with another, which would be bypassed")
    plain: Any = type(exchange)
    exchange.__class__ = _accelerated(plain)
    exchange._contexts = _Contexts()  # type: ignore[attr-defined]
    return exchange


class _Contexts(dict[bytes, Any]):
    """Secret -> the hexdigest of its Signer. A pickle or deep copy begins with none."""

    def __reduce__(self) -> Any:
        return _Contexts, ()


class _Accelerated:
    """What comes before an exchange's own class."""

    _plain: type
    _contexts: _Contexts

    def hmac(self, request: Any, secret: Any, algorithm: Any = hashlib.sha256, digest: str = "hex") -> Any:
        plain = digest != "hex" or algorithm is not hashlib.sha256
        if plain or type(request) is not bytes or type(secret) is not bytes or not secret:
            return ccxt.Exchange.hmac(request, secret, algorithm, digest)
        hexdigest = self._contexts.get(secret)
        if hexdigest is None:
            if len(self._contexts) >= _CONTEXTS_KEPT:  # some exchanges sign with a new key each time
                self._contexts.clear()
            hexdigest = self._contexts[secret] = Signer("-", secret).hexdigest
        return hexdigest(request)

    @property
    def session(self) -> Any:
        """The requests.Session or aiohttp.ClientSession of this exchange, ours or the user's own."""
        return guarded(vars(self).get("session"))

    @session.setter
    def session(self, session: Any) -> None:
        vars(self)["session"] = session

    def get_socks_proxy_session(self, proxy: str) -> Any:
        return guarded(super().get_socks_proxy_session(proxy))  # type: ignore[misc]

    def __reduce_ex__(self, protocol: Any) -> Any:
        # A class is pickled by its name, which is that of the plain one.
        reduced: Any = super().__reduce_ex__(max(protocol, 2))
        return _new, (self._plain,), *reduced[2:]


@cache
def _accelerated(plain: Any) -> Any:
    return type(plain.__name__, (_Accelerated, plain), {"_plain": plain, "__module__": plain.__module__})


def _new(plain: type) -> Any:
    return object.__new__(_accelerated(plain))
