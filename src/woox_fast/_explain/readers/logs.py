"""Logs: HAR files, `http.client` debug output (requests, urllib3), and ccxt with `verbose`."""

from __future__ import annotations

import base64
import binascii
import json
import re
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from ..signing import to_bytes
from .http import BYTES_REPR, METHODS, SentRequest, choose, evaluate, parse

DEBUG_OUTPUT = re.compile(rb"^[ \t]*send: (%s)" % BYTES_REPR, re.MULTILINE)
# fetch Request: woo POST https://api.woox.io/v3/trade/order RequestHeaders: {...} RequestBody: {...}
# DEBUG:ccxt.base.exchange:POST https://api.woox.io/v3/trade/order, Request: {...} {...}
CCXT = re.compile(rb"\b(%s)[ \t]+(https?://\S{1,4000}?),?\s{1,9}Request(?:Headers)?:" % METHODS)
_HEADER = re.compile(r"['\"]?([A-Za-z][\w-]{0,80})['\"]?\s?:\s{0,8}(?:'([^'\n]*)'|\"([^\"\n]*)\"|([^\s,}]+))")
_CCXT_END = re.compile(r"\r?\n[ \t]*(?:fetch Response|ResponseHeaders|\d{4}-\d\d-\d\d)|\r?\n\s*\r?\n")


def read_har(data: bytes) -> SentRequest:
    """Read a HAR file, a single entry, or the entry's request."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the JSON is invalid: {error}") from None
    log = value.get("log")
    entries = log.get("entries") if isinstance(log, dict) else [value]
    requests = [entry.get("request", entry) for entry in entries or [] if isinstance(entry, dict)]
    found = [_har_request(entry) for entry in requests if isinstance(entry, dict) and {"url", "method"} <= entry.keys()]
    if not found:
        raise ValueError("the JSON has no request; a HAR file has log.entries[].request with method and url")
    return choose(found)


def _har_request(request: dict[str, Any]) -> SentRequest:
    post = request.get("postData")
    post = post if isinstance(post, dict) else {}
    body = post.get("text")
    if body is None and isinstance(post.get("params"), list):
        body = urlencode([(pair.get("name", ""), pair.get("value", "")) for pair in post["params"]])
    data = to_bytes(str(body or ""))
    if post.get("encoding") == "base64":
        try:
            data = base64.b64decode(data, validate=True)
        except binascii.Error:
            raise ValueError("the HAR file's body is not valid base64") from None
    headers = request.get("headers")
    if isinstance(headers, list):
        headers = {pair.get("name"): pair.get("value") for pair in headers if isinstance(pair, dict)}
    lower = {str(k).lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
    return SentRequest(str(request["method"]), str(request["url"]), lower, data)


def read_debug_output(data: bytes) -> SentRequest:
    """Join the `send:` lines, which are reprs of bytes, and parse the requests."""
    sent = [evaluate(found[1]) for found in DEBUG_OUTPUT.finditer(data)]
    starts = [at for at, part in enumerate(sent) if re.match(rb"(?:%s) \S+ HTTP/" % METHODS, part)]
    if not starts:
        raise ValueError("the 'send:' lines contain no request line")
    ends = [*starts[1:], len(sent)]
    return choose([parse(b"".join(sent[at:end])) for at, end in zip(starts, ends, strict=True)])


def read_ccxt(data: bytes) -> SentRequest:
    starts = list(CCXT.finditer(data))
    ends = [*(found.start() for found in starts[1:]), len(data)]
    return choose([_ccxt_request(found, data[found.end() : end]) for found, end in zip(starts, ends, strict=True)])


def _ccxt_request(found: re.Match[bytes], rest: bytes) -> SentRequest:
    text = rest.decode("utf-8", "surrogateescape").partition("fetch Response")[0]
    opening, closing = text.find("{"), text.find("}")
    pairs = _HEADER.findall(text[opening + 1 : closing] if 0 <= opening < closing else "")
    headers = {name.lower(): single or double or bare for name, single, double, bare in pairs}
    url = found[2].decode("utf-8", "surrogateescape")
    return SentRequest(found[1].decode(), url, headers, _ccxt_body(text[closing + 1 :]))


def _ccxt_body(text: str) -> bytes:
    text = text.strip().removeprefix("RequestBody:")
    if end := _CCXT_END.search(text):
        text = text[: end.start()]
    text = text.strip()
    if text in ("", "None", "undefined", "null"):
        return b""
    if text[0] in "'\"" and text[-1] == text[0]:
        return evaluate(to_bytes(text))
    with suppress(ValueError, RecursionError):
        if text[0] in "{[":
            text = text[: json.JSONDecoder().raw_decode(text)[1]]
    return to_bytes(text.partition("\n")[0].rstrip("\r") if text[0] not in "{[" else text)
