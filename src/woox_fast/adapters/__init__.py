"""Signers for the clients people use: `requests`, `httpx`, `aiohttp` and `ccxt`.

Each module needs the client of its name (`pip install 'woox-fast[requests]'`), and is imported when first asked for.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import aiohttp as aiohttp
    from . import ccxt as ccxt
    from . import httpx as httpx
    from . import requests as requests

_CLIENTS = ("aiohttp", "ccxt", "httpx", "requests")


def __getattr__(name: str) -> object:
    if name not in _CLIENTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return import_module(f"{__name__}.{name}")
