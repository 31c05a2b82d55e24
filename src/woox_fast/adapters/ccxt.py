"""ccxt: `accelerate(exchange)` has any ccxt exchange sign its HMAC-SHA256 requests through the core."""

from __future__ import annotations

import hashlib
from typing import Any, TypeVar

from .. import Signer

Exchange = TypeVar("Exchange")

_CONTEXTS_KEPT = 8


def accelerate(exchange: Exchange) -> Exchange:
    """Replace `exchange.hmac`, where every ccxt exchange (sync, async and pro) signs, and return the exchange.

    HMAC-SHA256 as hex goes through the core, every other algorithm and digest through ccxt's own. The signatures are
    the same. The key contexts of its secrets are kept on this exchange object alone, and go when it goes.
    Raises TypeError for what is no ccxt exchange.
    """
    plain: Any = getattr(exchange, "hmac", None)
    if isinstance(exchange, type) or not callable(plain) or not hasattr(exchange, "sign"):
        raise TypeError(f"exchange must be a ccxt exchange, such as ccxt.woo(), got {type(exchange).__name__}")
    contexts: dict[bytes, Any] = {}

    def hmac(request: Any, secret: Any, algorithm: Any = hashlib.sha256, digest: str = "hex") -> Any:
        if (
            digest != "hex"
            or algorithm is not hashlib.sha256
            or type(request) is not bytes
            or type(secret) is not bytes
        ):
            return plain(request, secret, algorithm, digest)
        hexdigest = contexts.get(secret)
        if hexdigest is None:
            if not secret:
                return plain(request, secret, algorithm, digest)
            if len(contexts) >= _CONTEXTS_KEPT:  # some exchanges sign with a new key each time
                contexts.clear()
            hexdigest = contexts[secret] = Signer("-", secret).hexdigest
        return hexdigest(request)

    exchange.hmac = hmac  # type: ignore[attr-defined]
    return exchange
