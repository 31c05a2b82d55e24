"""Reads a request as people have it at hand: a curl command, a HAR file, HTTP as text, a client's log.

Nothing is fetched and no file is read: what a curl command takes from a file has to be given in its place.
"""

from __future__ import annotations

import argparse
import ast
import base64
import binascii
import json
import re
import shlex
from collections.abc import Callable, Iterable
from http.client import HTTPException, parse_headers
from io import BytesIO
from typing import Any, NamedTuple, NoReturn
from urllib.parse import quote_plus, urlencode

from .signing import to_bytes

HEADERS = ("x-api-key", "x-api-timestamp", "x-api-signature")
_EXPECTED = "a curl command, a HAR file, a request as HTTP/1.1 writes it, or a log of ccxt, requests, httpx or aiohttp"


class SentRequest(NamedTuple):
    """A request as it was sent. `url` is as it was found: whole, or path and query; `headers` have lower-case names.

    A log may lack headers or body: `headers` is then without them, `body` empty.
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<SentRequest {self.method} {self.url} with a body of {len(self.body)} bytes>"


def parse_request(text: str | bytes) -> SentRequest:
    """The request that `text` holds; of several the first that carries an x-api-signature, else the first.

    Raises ValueError, which says what was got and what can be read.
    """
    data = to_bytes(text) if isinstance(text, str) else bytes(text)
    data = data.removeprefix(b"\xef\xbb\xbf").strip(b"\0\r\n\t ") + data[len(data.rstrip(b"\r\n")) :]
    if not data.strip():
        raise ValueError(f"got nothing to read a request from; give {_EXPECTED}")
    for looks_like, read in _READERS:
        if looks_like(data):
            return read(data)
    raise ValueError(f"found no request in what begins with {data[:40].decode('utf-8', 'replace')!a}; give {_EXPECTED}")


# HTTP as text


def _http(data: bytes) -> SentRequest:
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
    elif length.isdecimal() and int(length) <= len(body):
        body = body[: int(length)]
    else:
        body = body.removesuffix(b"\n").removesuffix(b"\r")  # the last line's end in a text file
    return SentRequest(words[0], words[1], headers, body)


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


def _http2(data: bytes) -> SentRequest:
    """Headers as a browser's tools and HTTP/2 write them, with :method and :path among them."""
    head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    fields = {}
    for line in head.decode("utf-8", "replace").splitlines():
        name, _, value = line[1:].partition(":")
        fields[line[:1] + name.strip().lower()] = value.strip()
    method, path = fields.get(":method"), fields.get(":path")
    if not method or not path:
        raise ValueError("headers of HTTP/2 must hold :method and :path")
    url = f"{fields.get(':scheme', 'https')}://{fields[':authority']}{path}" if ":authority" in fields else path
    headers = {name: value for name, value in fields.items() if name[:1] != ":"}
    return SentRequest(method, url, headers, body.removesuffix(b"\n"))


# curl


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(f"the curl command cannot be read: {message}")


def _curl_parser() -> _Parser:
    parser = _Parser("curl", add_help=False, allow_abbrev=False)
    parser.add_argument("urls", nargs="*")
    parser.add_argument("--url")
    parser.add_argument("-X", "--request")
    parser.add_argument("-H", "--header", action="append", default=[])
    for name in ("-d", "--data", "--data-ascii", "--data-raw", "--data-binary", "--data-urlencode", "--json"):
        parser.add_argument(name, action=_Data, dest="data", default=[])
    parser.add_argument("-G", "--get", action="store_true")
    parser.add_argument("-I", "--head", action="store_true")
    for names in _FLAGS:
        parser.add_argument(*names, action="store_true", dest="flag")
    for names in _OPTIONS:
        parser.add_argument(*names, dest="option")
    return parser


class _Data(argparse.Action):
    """Every kind of data in the order in which it was given, with the name of its option."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        namespace.data = [*namespace.data, (option, values)]


_FLAGS = (
    *(("-s", "--silent"), ("-S", "--show-error"), ("-k", "--insecure"), ("-v", "--verbose"), ("-i", "--include")),
    *(
        ("-L", "--location"),
        ("-f", "--fail"),
        ("-g", "--globoff"),
        ("-N", "--no-buffer"),
        ("-4", "--ipv4"),
        ("-6", "--ipv6"),
    ),
    *(
        ("--compressed",),
        ("--http1.1",),
        ("--http2",),
        ("--path-as-is",),
        ("-#", "--progress-bar"),
        ("--fail-with-body",),
    ),
)
_OPTIONS = (
    *(("-A", "--user-agent"), ("-b", "--cookie"), ("-c", "--cookie-jar"), ("-e", "--referer"), ("-o", "--output")),
    *(
        ("-w", "--write-out"),
        ("-x", "--proxy"),
        ("-m", "--max-time"),
        ("--connect-timeout",),
        ("--retry",),
        ("-u", "--user"),
    ),
    *(
        ("--cacert",),
        ("-E", "--cert"),
        ("--key",),
        ("--resolve",),
        ("--connect-to",),
        ("-D", "--dump-header"),
        ("--interface",),
    ),
)
_ANSI_C = re.compile(r"\$'([^'\\]*(?:\\.[^'\\]*)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}


def _ansi_c(found: re.Match[str]) -> str:
    """A shell's $'...' as a word in plain quotes."""

    def character(escape: re.Match[str]) -> str:
        code = escape[1]
        if code[0] in "uUx" and len(code) > 1:
            return chr(int(code[1:], 16)) if int(code[1:], 16) < 0x110000 else escape[0]
        return chr(int(code, 8)) if code[0].isdigit() and code[0] < "8" else _ESCAPES.get(code, code)

    return shlex.quote(_ESCAPE.sub(character, found[1]))


def _curl(data: bytes) -> SentRequest:
    text = re.sub(r"\A[\s$%>#]*", "", data.decode("utf-8", "surrogateescape"))
    if re.search(r"\^\r?\n|\^\"", text):  # as Windows' command line has it
        text = re.sub(r"\^(.)", r"\1", re.sub(r"\^\r?\n", " ", text), flags=re.DOTALL)
    text = re.sub(r"[ \t]\\\r?\n", " ", text)
    try:
        words = shlex.split(_ANSI_C.sub(_ansi_c, text))
    except ValueError as error:
        raise ValueError(f"the curl command cannot be read: {error}") from None
    given, _ = _curl_parser().parse_known_args(words[1:])
    url = given.url or next((word for word in given.urls if "/" in word), "")
    if not url:
        raise ValueError("the curl command holds no URL")
    headers = _headers(given.header)
    body = "&".join(_data(option, value) for option, value in given.data)
    if given.get and body:
        url, body = f"{url}{'&' if '?' in url else '?'}{body}", ""
    method = given.request or ("HEAD" if given.head else "POST" if given.data and not given.get else "GET")
    return SentRequest(method, url, headers, to_bytes(body))


def _data(option: str, value: str) -> str:
    if option != "--data-raw" and value[:1] == "@":
        raise ValueError(
            f"the curl command takes its body from a file, {value[:60]!a}: put the file's text in its place"
        )
    if option == "--data-urlencode":
        name, equals, text = value.partition("=")
        return f"{name}{'=' if name and equals else ''}{quote_plus(text)}" if equals else quote_plus(name)
    return value


def _headers(lines: Iterable[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.removeprefix(" ") for name, _, value in pairs}


# HAR


def _har(data: bytes) -> SentRequest:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the JSON cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"the JSON holds no request; give {_EXPECTED}")
    log = value.get("log")
    entries = log.get("entries") if isinstance(log, dict) else [value]
    requests = [entry.get("request", entry) for entry in entries or [] if isinstance(entry, dict)]
    found = [_har_request(one) for one in requests if isinstance(one, dict) and "url" in one and "method" in one]
    if not found:
        raise ValueError("the JSON holds no request: a HAR file has log.entries[].request with method and url")
    return next((one for one in found if "x-api-signature" in one.headers), found[0])


def _har_request(request: dict[str, Any]) -> SentRequest:
    given = request.get("headers") or []
    pairs = given.items() if isinstance(given, dict) else [(one.get("name"), one.get("value")) for one in given]
    headers = {str(name).lower(): str(value) for name, value in pairs}
    post = request.get("postData") or {}
    body = post.get("text")
    if body is None and post.get("params"):
        body = urlencode([(one.get("name", ""), one.get("value", "")) for one in post["params"]])
    data = to_bytes(str(body or ""))
    if post.get("encoding") == "base64":
        try:
            data = base64.b64decode(data, validate=True)
        except binascii.Error:
            raise ValueError("the HAR file's body says that it is base64, and is not") from None
    return SentRequest(str(request["method"]), str(request["url"]), headers, data)


# Logs

_METHODS = "GET|POST|PUT|DELETE|PATCH|HEAD"
_SEND = re.compile(rb"^[ \t]*send: (b'[^'\\\n]*(?:\\.[^'\\\n]*)*'|b\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\")", re.MULTILINE)
_URLLIB3 = re.compile(rf'(https?://[^\s"]{{1,300}}?)(?::443|:80)? "({_METHODS}) (\S+) HTTP/')
_METHOD_URL = re.compile(rf"\b({_METHODS})\b['\"]?[,\s]+['\"]?(https?://[^\s'\",)>]+)")
_URL_METHOD = re.compile(rf"(https?://[^\s'\",)>]{{1,4000}})['\")]{{0,4}}[,\s]+(?:method=)?['\"]?({_METHODS})\b")
_PAIR = re.compile(
    r"['\"]?\b(x-api-[a-z]+|content-type|host)\b['\"]?\s?[:=]\s{0,8}['\"]?([^'\",\s})>]+)", re.IGNORECASE
)
# ccxt logs a body after the headers, without a name.
_BODY = re.compile(
    r"\bRequest: \{[^{}\n]*\}\s|\b(?:RequestBody|request_body|body|content|data|payload)\b['\"]?\s{0,2}[:=]\s*",
    re.IGNORECASE,
)
_BODY_END = re.compile(r"\r?\n[ \t]*(?:fetch Response|ResponseHeaders|\d{4}-\d\d-\d\d|(?:DEBUG|INFO)\b)")
_NO_BODY = {"None", "undefined", "null", "b''", "''", '""', 'b""'}


def _http_client_log(data: bytes) -> SentRequest:
    """What http.client prints with debuglevel=1 (requests, urllib3): the bytes that are sent, each as a repr."""
    sent = [_literal(found[1].decode("utf-8", "replace")) for found in _SEND.finditer(data)]
    starts = [at for at, one in enumerate(sent) if re.match(rf"(?:{_METHODS}) \S+ HTTP/".encode(), one)]
    if not starts:
        raise ValueError("the log's 'send:' lines hold no request line")
    requests = [_http(b"".join(sent[at:end])) for at, end in zip(starts, [*starts[1:], len(sent)], strict=True)]
    return next((one for one in requests if "x-api-signature" in one.headers), requests[0])


def _literal(text: str) -> bytes:
    """What the repr of bytes or of a str holds."""
    try:
        value = ast.literal_eval(text)
    except SyntaxError:
        raise ValueError(f"the log holds {text[:40]!a}, which is no literal of Python") from None
    return value if isinstance(value, bytes) else to_bytes(str(value))


def _log(data: bytes) -> SentRequest:
    text = data.decode("utf-8", "surrogateescape")
    if found := _URLLIB3.search(text):
        return SentRequest(found[2], found[1] + found[3], _log_headers(text), b"")
    if found := _METHOD_URL.search(text):
        method, url = found[1], found[2]
    elif found := _URL_METHOD.search(text):
        url, method = found[1], found[2]
    else:
        raise ValueError(f"the log holds no method and URL; give {_EXPECTED}")
    rest = text[found.start() :]
    return SentRequest(method, url, _log_headers(rest), _log_body(rest))


def _log_headers(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in _PAIR.findall(text):
        headers.setdefault(name.lower(), value)
    return headers


def _log_body(text: str) -> bytes:
    found = _BODY.search(text)
    if not found:
        return b""
    rest = text[found.end() :]
    if end := _BODY_END.search(rest):
        rest = rest[: end.start()]
    rest = rest.strip()
    if rest in _NO_BODY:
        return b""
    if literal := re.match(r"b?'[^'\\]*(?:\\.[^'\\]*)*'|b?\"[^\"\\]*(?:\\.[^\"\\]*)*\"", rest):
        return _literal(literal[0])
    if rest[:1] in ("{", "["):
        try:
            _, end_of_json = json.JSONDecoder().raw_decode(rest)
            return to_bytes(rest[:end_of_json])
        except (ValueError, RecursionError):
            pass
    return to_bytes(rest.splitlines()[0] if rest else "")


_TARGET = rb"(?:/|https?://)\S*"
_REQUEST_LINE = re.compile(
    rb"(?:[A-Za-z]{1,20}[ \t]+%s[ \t]+HTTP/\d(?:\.\d)?|(?i:%s)[ \t]+%s)[ \t]*\r?(?:\n|\Z)"
    % (_TARGET, _METHODS.encode(), _TARGET)
)
_READERS: tuple[tuple[Callable[[bytes], object], Callable[[bytes], SentRequest]], ...] = (
    (re.compile(rb"[\s$%>#]{0,20}curl(?:\.exe)?\s").match, _curl),
    (lambda data: data[:1] == b"{", _har),
    (re.compile(rb":(?:method|path|authority|scheme):").match, _http2),
    (_REQUEST_LINE.match, _http),
    (_SEND.search, _http_client_log),
    (re.compile(rb"https?://").search, _log),
)
