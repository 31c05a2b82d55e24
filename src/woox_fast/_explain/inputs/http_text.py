"""HTTP as text: as HTTP/1.1 writes it, as HTTP/2's headers, and as curl and http.client print what they send."""

from __future__ import annotations

import ast
import re
from http.client import HTTPException, parse_headers
from io import BytesIO

from ..signing import to_bytes
from .sent_request import METHODS, SentRequest, body_not_shown, signed_one

_TARGET = rb"(?:/|https?://)\S*"
REQUEST_LINE = re.compile(
    rb"^[ \t]*(?:[A-Za-z]{1,20}[ \t]+%s[ \t]+HTTP/\d(?:\.\d)?|(?i:%s)[ \t]+%s)[ \t]*\r?(?:\n(?![{bH]['\"{e])|\Z)"
    % (_TARGET, METHODS.encode(), _TARGET),
    re.MULTILINE,
)
HTTP_CLIENT = re.compile(
    rb"^[ \t]*send: (b'[^'\\\n]*(?:\\.[^'\\\n]*)*'|b\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\")", re.MULTILINE
)
CURL_VERBOSE = re.compile(rb"^> (?:%s) \S+ HTTP/" % METHODS.encode(), re.MULTILINE)
CURL_TRACE = re.compile(rb"^(?:\S+ )?=> Send header, \d+ bytes", re.MULTILINE)
_RESPONSE = re.compile(rb"\r?\n\r?\n\r?\n?HTTP/\d(?:\.\d)? \d\d\d")


def read_first(data: bytes) -> SentRequest:
    """The request from the first request line on: what stands before it is a name or a ruler."""
    found = REQUEST_LINE.search(data)
    assert found is not None  # noqa: S101 (that is why this was called)
    return read_http(data[found.start() :].lstrip())


def read_http(data: bytes) -> SentRequest:
    """Request line, headers, empty line, body; lines may end in a bare newline."""
    stream = BytesIO(data)
    words = stream.readline(1 << 20).decode("latin-1").split()
    try:
        headers = {name.lower(): value for name, value in parse_headers(stream).items()}
    except (HTTPException, ValueError) as error:
        raise ValueError(f"the headers after {words[0]} cannot be read: {error}") from None
    body = stream.read()
    length = headers.get("content-length", "").strip()
    if headers.get("transfer-encoding", "").strip().lower() == "chunked":
        body = _joined_chunks(body)
    elif re.fullmatch(rb"b'.*'\s*|b\".*\"\s*", body, re.DOTALL):  # printed by a program in Python
        body = literal(body.decode("utf-8", "replace").strip())
    elif length.isdecimal() and int(length) <= len(body):
        body = body[: int(length)]
    else:
        if response := _RESPONSE.search(body):  # what HTTPie prints after it
            body = body[: response.start()]
        body = body.removesuffix(b"\n").removesuffix(b"\r")  # the last line's end in a text file
    missing = not body and length.isdecimal() and int(length)
    return SentRequest(words[0], words[1], headers, None if missing else body)


def _joined_chunks(data: bytes) -> bytes:
    parts: list[bytes] = []
    at = 0
    while (end := data.find(b"\n", at)) >= 0:
        size = data[at:end].split(b";")[0].strip()
        if not re.fullmatch(b"[0-9a-fA-F]{1,8}", size):
            return data
        length = int(size, 16)
        if length == 0:
            return b"".join(parts)
        parts.append(data[end + 1 : end + 1 + length])
        at = end + 1 + length
        at += 2 if data[at : at + 2] == b"\r\n" else 1
    return data


def read_http2(data: bytes) -> SentRequest:
    """Headers as a browser's tools and HTTP/2 write them, with :method and :path among them."""
    head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    fields = {}
    for line in head.decode("utf-8", "replace").splitlines():
        name, _, value = line[1:].partition(":")
        fields[line[:1].lower() + name.strip().lower()] = value.strip()
    method, path = fields.get(":method"), fields.get(":path")
    if not method or not path:
        raise ValueError("headers of HTTP/2 must hold :method and :path")
    url = f"{fields.get(':scheme', 'https')}://{fields[':authority']}{path}" if ":authority" in fields else path
    headers = {name: value for name, value in fields.items() if name[:1] != ":"}
    body = body.removesuffix(b"\n")
    return SentRequest(method, url, headers, body if body else body_not_shown(method, headers))


def read_http_client(data: bytes) -> SentRequest:
    """What http.client prints with debuglevel=1 (requests, urllib3): the bytes that are sent, each as a repr."""
    sent = [literal(found[1].decode("utf-8", "replace")) for found in HTTP_CLIENT.finditer(data)]
    starts = [at for at, one in enumerate(sent) if re.match(rf"(?:{METHODS}) \S+ HTTP/".encode(), one)]
    if not starts:
        raise ValueError("the log's 'send:' lines hold no request line")
    ends = [*starts[1:], len(sent)]
    return signed_one([read_http(b"".join(sent[at:end])) for at, end in zip(starts, ends, strict=True)])


def literal(text: str) -> bytes:
    """What the repr of bytes or of a str holds."""
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        raise ValueError(f"the log holds {text[:40]!a}, which is no literal of Python") from None
    return value if isinstance(value, bytes) else to_bytes(str(value))


# What curl prints of itself


def read_curl_verbose(data: bytes) -> SentRequest:
    """The lines that begin with '>' of curl -v. It does not print the body."""
    requests = []
    for lines in re.findall(rb"(?:^>[^\n]*(?:\n|\Z))+", data, re.MULTILINE):
        text = re.sub(rb"^> ?", b"", lines, flags=re.MULTILINE)
        if REQUEST_LINE.match(text):
            found = read_http(text)
            requests.append(found._replace(body=body_not_shown(found.method, found.headers)))
    return signed_one(requests)


_SENT = re.compile(
    rb"^(?:\S+ )?=> Send (header|data), (\d{1,9}) bytes[^\n]*\n((?:[0-9a-f]{4,8}:[^\n]*\n?)*)", re.MULTILINE
)
_DUMP = re.compile(rb"^([0-9a-f]{4,8}): ?([^\r\n]*)", re.MULTILINE)


def read_curl_trace(data: bytes) -> SentRequest:
    """What curl prints with --trace or --trace-ascii. The latter has a full stop for what is not ASCII."""
    requests: list[bytes] = []
    in_hex = re.search(rb"^0000: (?:[0-9a-f]{2} ){3}", data, re.MULTILINE) is not None
    for kind, size, dump in _SENT.findall(data):
        lines = [(int(offset, 16), text) for offset, text in _DUMP.findall(dump)]
        sent = _undumped([*lines, (int(size), b"")], in_hex)
        if kind == b"header" or not requests:
            requests.append(sent)
        else:
            requests[-1] += sent
    return signed_one([read_first(one) for one in requests if REQUEST_LINE.match(one)] or _refused())


def _refused() -> list[SentRequest]:
    raise ValueError("curl's trace holds no request line")


def _undumped(lines: list[tuple[int, bytes]], in_hex: bool) -> bytes:
    sent = b""
    for offset, text in lines:
        gap = offset - len(sent)
        if 0 < gap <= 2 and not in_hex:  # a line end is not shown
            sent += b"\r\n"[-gap:]
        sent += bytes.fromhex(text[:48].decode()) if in_hex else text
    return sent
