"""The tables for all request parts, in the order in which a program builds these parts."""

from __future__ import annotations

from . import body, digest, layout, method, path, query, secret, timestamp

_MODULES = (secret, timestamp, method, path, query, body, layout, digest)
TABLES = {module.__name__.rpartition(".")[2]: module.TABLE for module in _MODULES}
