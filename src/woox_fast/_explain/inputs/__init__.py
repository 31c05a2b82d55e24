"""Reads a request as people have it at hand: a curl command, a HAR file, HTTP as text, a client's log.

`curl_command`, `browser`, `http_text` and `logs` hold the readers. Nothing is fetched and no file is read: what a curl
command takes from a file has to be given in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..signing import to_bytes
from . import browser, curl_command, http_text, logs
from .sent_request import SentRequest

__all__ = ["HEADERS", "SentRequest", "parse_request"]

HEADERS = ("x-api-key", "x-api-timestamp", "x-api-signature")
_EXPECTED = "a curl command, a HAR file, a request as HTTP/1.1 writes it, or a log of ccxt, requests, httpx or aiohttp"

# What a text looks like, and what reads it; the first that fits.
_READERS: tuple[tuple[Callable[[bytes], object], Callable[[bytes], SentRequest]], ...] = (
    (curl_command.looks_like_it, curl_command.read),
    (re.compile(rb"\{").match, browser.read_har),
    (re.compile(rb":(?:method|path|authority|scheme):").match, http_text.read_http2),
    (http_text.CURL_TRACE.search, http_text.read_curl_trace),
    (http_text.CURL_VERBOSE.search, http_text.read_curl_verbose),
    (http_text.HTTP_CLIENT.search, http_text.read_http_client),
    (browser.FETCH.search, browser.read_fetch),
    (http_text.REQUEST_LINE.search, http_text.read_first),
    (re.compile(rb"https?://").search, logs.read),
)


def parse_request(text: str | bytes) -> SentRequest:
    """The request that `text` holds; of several the first that carries an x-api-signature, else the first.

    Raises ValueError, which says what was got and what can be read.
    """
    data = to_bytes(text) if isinstance(text, str) else bytes(text)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # as PowerShell writes what is redirected into a file
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    data = data.removeprefix(b"\xef\xbb\xbf").strip(b"\0\r\n\t ") + data[len(data.rstrip(b"\r\n")) :]
    if not data.strip():
        raise ValueError(f"got nothing to read a request from; give {_EXPECTED}")
    try:
        for looks_like, read in _READERS:
            if looks_like(data):
                return read(data)
    except LookupError as error:
        raise ValueError(f"{error.args[0]}; give {_EXPECTED}") from None
    raise ValueError(f"found no request in what begins with {data[:40].decode('utf-8', 'replace')!a}; give {_EXPECTED}")
