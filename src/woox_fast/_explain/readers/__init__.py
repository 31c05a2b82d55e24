"""Readers of requests: a curl command, a HAR file, raw HTTP, `http.client` debug output, a verbose log of ccxt.

A reader opens no file and no connection. If a curl command names a file, the user must insert the file's text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..signing import to_bytes
from . import curl, http, logs
from .http import SentRequest

__all__ = ["SentRequest", "read_request"]

_EXPECTED = "a curl command, a HAR file, raw HTTP, http.client debug output, or a verbose log of ccxt"
# Tests for formats, with their readers. The first match wins.
_READERS: tuple[tuple[Callable[[bytes], object], Callable[[bytes], SentRequest]], ...] = (
    (curl.is_curl, curl.read),
    (re.compile(rb"\{").match, logs.read_har),
    (logs.DEBUG_OUTPUT.search, logs.read_debug_output),
    (http.REQUEST_LINE.search, http.read),
    (logs.CCXT.search, logs.read_ccxt),
)


def read_request(text: str | bytes) -> SentRequest:
    """Read a request, the first with a signature. Raises ValueError if no reader recognizes the text."""
    data = to_bytes(text) if isinstance(text, str) else bytes(text)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # PowerShell redirects in UTF-16
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    data = data.removeprefix(b"\xef\xbb\xbf").strip(b"\0\r\n\t ") + data[len(data.rstrip(b"\r\n")) :]
    if not data.strip():
        raise ValueError(f"the request is empty; expected {_EXPECTED}")
    for is_format, read in _READERS:
        if is_format(data):
            return read(data)
    start = data[:40].decode("utf-8", "replace")
    raise ValueError(f"found no request in the text that begins with {start!a}; expected {_EXPECTED}")
