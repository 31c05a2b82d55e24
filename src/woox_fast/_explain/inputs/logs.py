"""What clients print of a request: requests, httpx, aiohttp, ccxt, and programs that print these clients' objects."""

from __future__ import annotations

import json
import re

from ..signing import to_bytes
from .http_text import literal
from .sent_request import METHODS, SIGNATURE, SentRequest, body_not_shown

_URLLIB3 = re.compile(rf'(https?://[^\s"]{{1,300}}?)(?::443|:80)? "({METHODS}) (\S+) HTTP/')
_METHOD_URL = re.compile(rf"\b({METHODS})\b['\"]?[,\s]+(?:url=)?(?:URL\()?['\"]?(https?://[^\s'\",)>]+)")
_URL_METHOD = re.compile(rf"(https?://[^\s'\",)>]{{1,4000}})['\")]{{0,4}}[,\s]+(?:method=)?['\"]?({METHODS})\b")
_PAIR = re.compile(
    r"['\"]?\b(x-api-[a-z]+|content-type|content-length|host)\b['\"]?\s?[:=]\s{0,8}['\"]?([^'\",\s})>]+)", re.IGNORECASE
)
# ccxt logs a body after the headers, without a name.
_BODY = re.compile(
    r"\bRequest: \{[^{}\n]*\}\s|\b(?:RequestBody|request_body|body|content|data|payload|chunk)\b['\"]?\s{0,2}[:=]\s*",
    re.IGNORECASE,
)
_BODY_END = re.compile(r"\r?\n[ \t]*(?:fetch Response|ResponseHeaders|\d{4}-\d\d-\d\d|(?:DEBUG|INFO)\b)")
_NO_BODY = {"None", "undefined", "null", "b''", "''", '""', 'b""'}
_REPR = r"b?'[^'\\\n]*(?:\\.[^'\\\n]*)*'|b?\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\""
# A body that is printed on a line of its own.
_LINE = re.compile(rf"^[ \t]*(?:({_REPR})|([{{\[][^\r\n]*))[ \t]*\r?$", re.MULTILINE)
_FEW = 256


def read(data: bytes) -> SentRequest:
    """The request that a log shows; the one with a signature, if another stands before it."""
    text = data.decode("utf-8", "surrogateescape")
    if at := text.lower().find(SIGNATURE) + 1:  # the last method and URL before the signature
        before = [*_METHOD_URL.finditer(text, 0, at), *_URL_METHOD.finditer(text, 0, at)][-_FEW:]
        if before:
            text = text[max(found.start() for found in before) :]
    if found := _METHOD_URL.search(text):
        method, url = found[1], found[2]
    elif found := _URLLIB3.search(text):
        method, url = found[2], found[1] + found[3]
    elif found := _URL_METHOD.search(text):
        url, method = found[1], found[2]
    else:
        raise LookupError("the log holds no method and URL")
    rest = text[found.start() :]
    headers = _headers(rest)
    body = _body(rest[found.end() - found.start() :])
    return SentRequest(method, url, headers, body_not_shown(method, headers) if body is None else body)


def _headers(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in _PAIR.findall(text):
        headers.setdefault(name.lower(), value)
    return headers


def _body(text: str) -> bytes | None:
    """The body that a log shows, by its name or on a line of its own; None if it shows none."""
    found = _BODY.search(text)
    if not found:
        for line in _LINE.finditer(text, text.find("\n") + 1 or len(text)):
            if "x-api-" not in line[0].lower():
                return literal(line[1]) if line[1] else to_bytes(line[2])
        return None
    rest = text[found.end() :]
    if end := _BODY_END.search(rest):
        rest = rest[: end.start()]
    rest = rest.strip()
    if rest in _NO_BODY:
        return b""
    if quoted := re.match(_REPR, rest):
        return literal(quoted[0])
    if rest[:1] in ("{", "["):
        try:
            _, end_of_json = json.JSONDecoder().raw_decode(rest)
            return to_bytes(rest[:end_of_json])
        except (ValueError, RecursionError):
            pass
    line_end = rest.find("\n")
    first = rest if line_end < 0 else rest[:line_end].rstrip("\r")
    return b"" if first in _NO_BODY else to_bytes(first)
