"""What a browser's tools copy or save: a HAR file, a call of fetch."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any
from urllib.parse import urlencode

from ..signing import to_bytes
from .sent_request import SentRequest, signed_one

FETCH = re.compile(rb"\bfetch\(\s*(?=\")")


def read_har(data: bytes) -> SentRequest:
    """A HAR file, an entry of one, or its request alone."""
    try:
        value = json.loads(data)  # what begins with a brace is an object
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the JSON cannot be read: {error}") from None
    log = value.get("log")
    entries = log.get("entries") if isinstance(log, dict) else [value]
    requests = [entry.get("request", entry) for entry in entries or [] if isinstance(entry, dict)]
    found = [_har_request(one) for one in requests if isinstance(one, dict) and "url" in one and "method" in one]
    if not found:
        raise ValueError("the JSON holds no request: a HAR file has log.entries[].request with method and url")
    return signed_one(found)


def _har_request(request: dict[str, Any]) -> SentRequest:
    headers = _headers(request.get("headers"))
    post = request.get("postData")
    post = post if isinstance(post, dict) else {}
    body = post.get("text")
    if body is None and isinstance(post.get("params"), list):
        body = urlencode([(one.get("name", ""), one.get("value", "")) for one in post["params"]])
    data = to_bytes(str(body or ""))
    if post.get("encoding") == "base64":
        try:
            data = base64.b64decode(data, validate=True)
        except binascii.Error:
            raise ValueError("the HAR file's body says that it is base64, and is not") from None
    return SentRequest(str(request["method"]), str(request["url"]), headers, data)


def _headers(given: Any) -> dict[str, str]:
    if isinstance(given, list):
        given = {one.get("name"): one.get("value") for one in given if isinstance(one, dict)}
    return {str(name).lower(): str(value) for name, value in given.items()} if isinstance(given, dict) else {}


def read_fetch(data: bytes) -> SentRequest:
    """`fetch("https://…", {"headers": {…}, "body": "…", "method": "POST"})`, as browsers copy it."""
    requests = []
    for found in FETCH.finditer(data):
        text = data[found.end() :].decode("utf-8", "replace")
        decoder = json.JSONDecoder()
        try:
            url, end = decoder.raw_decode(text)
            rest = text[end:].lstrip(", \r\n\t")
            options = decoder.raw_decode(rest)[0] if rest[:1] == "{" else {}
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the call of fetch cannot be read: {error}") from None
        body = to_bytes(str(options.get("body") or ""))
        requests.append(SentRequest(str(options.get("method", "GET")), url, _headers(options.get("headers")), body))
        if len(requests) == _MOST_CALLS:
            break
    return signed_one(requests)


_MOST_CALLS = 32
