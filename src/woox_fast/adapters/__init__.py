"""Signers for requests, httpx and httpx2, aiohttp, and ccxt. A module is imported on first access."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import aiohttp as aiohttp, ccxt as ccxt, httpx as httpx, requests as requests  # noqa: I001


def __getattr__(name: str) -> object:
    if name in ("aiohttp", "ccxt", "httpx", "requests"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
