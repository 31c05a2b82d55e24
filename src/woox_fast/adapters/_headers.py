"""Headers for httpx: signed where they are read, without the signature where they are copied."""

from __future__ import annotations

from functools import partialmethod
from typing import Any

import httpx


class SignedHeaders(httpx.Headers):
    """Headers that are signed when they are read. A copy of them holds no signature and no API key, since httpx copies
    them for the host that a redirect leads to."""

    def __init__(self, headers: httpx.Headers, signature: httpx.Headers) -> None:
        super().__init__(headers, headers.encoding)
        self._signature = signature

    def _read(self, name: str, *args: Any, **options: Any) -> Any:
        headers = httpx.Headers(super().raw, self.encoding)
        headers.update(self._signature)
        return getattr(headers, name)(*args, **options)

    raw = property(lambda self: self._read("__getattribute__", "raw"))


for _name in ("__contains__", "__eq__", "__getitem__", "__len__", "get_list", "items", "keys", "multi_items", "values"):
    setattr(SignedHeaders, _name, partialmethod(SignedHeaders._read, _name))

if "x" in httpx.Headers(SignedHeaders(httpx.Headers(), httpx.Headers({"x": ""}))):
    raise ImportError("this httpx copies headers in a way that would take a signature along a redirect; use 0.28")
