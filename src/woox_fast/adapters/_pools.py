"""urllib3's connection pools, made to sign each request on the connection that will carry it."""

from __future__ import annotations

from typing import Any

from .. import Signer
from ._common import sign


def signing(manager: Any, signer: Signer) -> Any:
    """`manager`, a urllib3.PoolManager or ProxyManager, whose connections sign what they send from now on."""
    pools = {}
    for scheme, pool in manager.pool_classes_by_scheme.items():
        if not issubclass(pool.ConnectionCls, _SigningConnection):
            plain = pool.ConnectionCls
            connection = type(plain.__name__, (_SigningConnection, plain), {"signer": signer})
            pool = type(pool.__name__, (pool,), {"ConnectionCls": connection})
        pools[scheme] = pool
    manager.pool_classes_by_scheme = pools
    return manager


class _SigningConnection:
    """urllib3 waits for a connection, and makes its retries, before it calls `request`."""

    signer: Signer
    sock: Any
    connect: Any

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        if self.sock is None:
            self.connect()  # else it is opened after the signature is made
        target = url if url.startswith("/") else "/" + url.split("/", 3)[3]  # absolute, for a proxy
        headers = headers.copy()
        sign(headers, self.signer, method, target, body)
        super().request(method, url, body=body, headers=headers, **options)  # type: ignore[misc]
