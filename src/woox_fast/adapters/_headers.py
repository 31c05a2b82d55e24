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
        self._signed = signature  # what was read last
        self._signed_of: tuple[Any, str] | None = None  # the headers and the encoding that it was made of

    def _read(self, name: str, *args: Any, **options: Any) -> Any:
        now = super().raw, self.encoding
        if self._signed_of != now:  # a client reads them ten times for one request
            self._signed = httpx.Headers(*now)
            self._signed.update(self._signature)
            self._signed_of = now
        return getattr(self._signed, name)(*args, **options)

    raw = property(lambda self: self._read("__getattribute__", "raw"))


for _name in ("__contains__", "__eq__", "__getitem__", "__len__", "get_list", "items", "keys", "multi_items", "values"):
    setattr(SignedHeaders, _name, partialmethod(SignedHeaders._read, _name))

if "x" in httpx.Headers(SignedHeaders(httpx.Headers(), httpx.Headers({"x": ""}))):
    raise ImportError("this httpx copies headers in a way that would take a signature along a redirect; use 0.28")
