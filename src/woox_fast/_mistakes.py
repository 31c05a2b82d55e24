"""The mistakes that get a request refused for its signature: one table. Each row changes what is signed in one way.

A row's change is given how a request is signed and returns how it is signed with the mistake, or None where the mistake
makes no difference. Rows are composed: what one returns is given to the next. The order of the table is the order in
which they are tried and applied; within a group, each is also applied to what a later one returns.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from math import nextafter
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from . import _rewrites as rewrites
from ._rewrites import json_text, json_value


class Signing(NamedTuple):
    """How one request is signed: under which secret, over which parts in which order, with which algorithm.

    `path` is without query, `query` with its '?'. `order` is a key of `ORDERS`, `algorithm` one of `ALGORITHMS`;
    `separator` None is that of the order.
    """

    secret: bytes
    api_key: str
    origin: str
    timestamp: str
    method: str
    path: str
    query: str
    body: bytes
    order: str
    separator: str | None = None
    algorithm: str = "hmac-sha256"

    def message(self) -> bytes:
        """The bytes that are signed."""
        parts, separator = ORDERS[self.order]
        if self.separator is not None:
            separator = self.separator
        return separator.encode().join([PARTS[part](self) for part in parts])


class Mistake(NamedTuple):
    """A row of the table: `change` is what it does to a `Signing`, `sentence` says what is wrong and how to mend it."""

    name: str
    group: str
    change: Callable[[Signing], Signing | None]
    sentence: str


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


# What is concatenated.

PARTS: dict[str, Callable[[Signing], bytes]] = {
    "timestamp": lambda s: _bytes(s.timestamp),
    "method": lambda s: _bytes(s.method),
    "path": lambda s: _bytes(s.path + s.query),
    "body": lambda s: s.body,
    "key": lambda s: _bytes(s.api_key),
    "nothing": lambda s: b"",
    "v1": lambda s: _v1(sorted(rewrites.parameters(s.query, s.body), key=lambda pair: pair[0])),
    "v1-decoded": lambda s: _bytes(unquote_plus(_text(PARTS["v1"](s)), errors="surrogateescape")),
    "v1-as-sent": lambda s: _v1(rewrites.parameters(s.query, s.body)),
}

# Of each scheme the right order, by the scheme's name, and the wrong ones.
ORDERS: dict[str, tuple[tuple[str, ...], str]] = {
    "v3": (("timestamp", "method", "path", "body"), ""),
    "v1": (("v1", "timestamp"), "|"),
    "ws": (("nothing", "timestamp"), "|"),
    "no-timestamp": (("method", "path", "body"), ""),
    "timestamp-last": (("method", "path", "body", "timestamp"), ""),
    "timestamp-second": (("method", "timestamp", "path", "body"), ""),
    "timestamp-third": (("method", "path", "timestamp", "body"), ""),
    "path-before-method": (("timestamp", "path", "method", "body"), ""),
    "body-before-path": (("timestamp", "method", "body", "path"), ""),
    "no-path": (("timestamp", "method", "body"), ""),
    "body-only": (("body",), ""),
    "key-first": (("key", "timestamp", "method", "path", "body"), ""),
    "key-second": (("timestamp", "key", "method", "path", "body"), ""),
    "key-in-place-of-method-and-path": (("timestamp", "key", "body"), ""),
    "v1-decoded": (("v1-decoded", "timestamp"), "|"),
    "v1-as-sent": (("v1-as-sent", "timestamp"), "|"),
    "v1-no-timestamp": (("v1",), ""),
    "timestamp-only": (("timestamp",), ""),
}


def _v1(pairs: list[tuple[str, str]]) -> bytes:
    return _bytes("&".join(f"{name}={value}" for name, value in pairs))


# How it is digested. A plain name is hashlib's, keyed by HMAC; the others are functions of secret and message.

ALGORITHMS: dict[str, tuple[int, Callable[[bytes, bytes], bytes] | str]] = {  # bytes of a digest, and how it is made
    "hmac-sha256": (32, "sha256"),
    "hmac-sha1": (20, "sha1"),
    "hmac-sha512": (64, "sha512"),
    "hmac-sha384": (48, "sha384"),
    "hmac-md5": (16, "md5"),
    "hmac-sha3-256": (32, "sha3_256"),
    "sha256": (32, lambda secret, message: hashlib.sha256(message).digest()),
    "sha256-secret-message": (32, lambda secret, message: hashlib.sha256(secret + message).digest()),
    "sha256-message-secret": (32, lambda secret, message: hashlib.sha256(message + secret).digest()),
    "sha512": (64, lambda secret, message: hashlib.sha512(message).digest()),
    "sha1": (20, lambda secret, message: hashlib.sha1(message).digest()),  # noqa: S324 (others' mistake)
    "swapped": (32, "sha256"),
}


# The ways to make a row's change.


def _secret(change: Callable[[bytes], bytes | None]) -> Callable[[Signing], Signing | None]:
    def changed(s: Signing) -> Signing | None:
        secret = change(s.secret)
        return None if secret is None or secret == s.secret else s._replace(secret=secret)

    return changed


def _timestamp(change: Callable[[str], str]) -> Callable[[Signing], Signing | None]:
    return lambda s: s._replace(timestamp=change(s.timestamp)) if _is_milliseconds(s.timestamp) else None


def _method(change: Callable[[str], str]) -> Callable[[Signing], Signing | None]:
    def changed(s: Signing) -> Signing | None:
        method = change(s.method)
        return None if method == s.method else s._replace(method=method)

    return changed


def _path(change: Callable[[Signing], str | None]) -> Callable[[Signing], Signing | None]:
    def changed(s: Signing) -> Signing | None:
        path = change(s)
        return None if path is None or path == s.path else s._replace(path=path)

    return changed


def _query(change: Callable[[str], str]) -> Callable[[Signing], Signing | None]:
    def changed(s: Signing) -> Signing | None:
        query = change(s.query) if s.query else s.query
        return None if query == s.query else s._replace(query=query)

    return changed


def _body(change: Callable[[bytes], bytes]) -> Callable[[Signing], Signing | None]:
    def changed(s: Signing) -> Signing | None:
        body = change(s.body) if s.body else s.body
        return None if body == s.body else s._replace(body=body)

    return changed


def _empty_body(body: bytes) -> Callable[[Signing], Signing | None]:
    return lambda s: None if s.body else s._replace(body=body)


def _from_query(path_keeps_it: bool, write: Callable[[str], bytes]) -> Callable[[Signing], Signing | None]:
    def changed(s: Signing) -> Signing | None:
        if len(s.query) < 2 or s.body or s.query[0] != "?":
            return None
        return s._replace(query=s.query if path_keeps_it else "", body=write(s.query[1:]))

    return changed


def _from_body(body_stays: bool) -> Callable[[Signing], Signing | None]:
    def changed(s: Signing) -> Signing | None:
        form = rewrites.form_of_json(s.body) if s.body[:1] == b"{" else s.body
        if s.query or not form or form[:1] in b"{[":
            return None
        return s._replace(query="?" + _text(form), body=s.body if body_stays else b"")

    return changed


def _order(order: str) -> Callable[[Signing], Signing | None]:
    keyed = "key" in ORDERS[order][0]

    def changed(s: Signing) -> Signing | None:
        return (
            None if s.order not in SCHEMES or s.order == order or (keyed and not s.api_key) else s._replace(order=order)
        )

    return changed


def _separator(separator: str) -> Callable[[Signing], Signing | None]:
    return lambda s: None if s.separator is not None or len(ORDERS[s.order][0]) < 2 else s._replace(separator=separator)


def _algorithm(algorithm: str) -> Callable[[Signing], Signing | None]:
    return lambda s: s._replace(algorithm=algorithm) if s.algorithm == "hmac-sha256" else None


def _booleans(sent: str, write: Callable[[str], str]) -> Callable[[str], str]:
    values = re.compile(rf"(?<==)(?:{sent})(?=&|\Z)")
    return lambda query: values.sub(lambda found: write(found[0]), query)


def _is_milliseconds(timestamp: str) -> bool:
    return len(timestamp) == 13 and timestamp.isascii() and timestamp.isdigit()


def _base64_decoded(secret: bytes) -> bytes | None:
    try:
        padded = secret.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(secret) % 4)
        return base64.b64decode(padded, validate=True) or None
    except binascii.Error:
        return None


def _hex_decoded(secret: bytes) -> bytes | None:
    try:
        return binascii.unhexlify(secret) or None
    except binascii.Error:
        return None


def _other_version(s: Signing) -> str:
    for one, other in (("/v3/", "/v1/"), ("/v1/", "/v3/")):
        if s.path.startswith(one):
            return other + s.path[len(one) :]
    return s.path


def _without_version(s: Signing) -> str:
    return s.path[3:] if s.path.startswith(("/v1/", "/v2/", "/v3/")) else s.path


SCHEMES = ("v3", "v1", "ws")

_AS_COPIED = "Take the secret exactly as the console shows it"
_SAME_BYTES = "Write the body once, sign those bytes, and send the same bytes (`Signer.prepare` does)."
_SAME_PATH = "Sign the path and query exactly as they go out on the request line."
_RULE = "{rule}"  # of the scheme, put in by explain
_SAME_DIGITS = "Sign the same 13 digits of milliseconds that x-api-timestamp holds."
_CLOCK_TWICE = "Another timestamp was signed than was sent: read the clock once a request."
_HEX = "WOO X wants HMAC-SHA256 with the secret as key, in hex."


def _rows() -> Iterator[Mistake]:
    def row(name: str, group: str, change: Callable[[Signing], Signing | None], sentence: str) -> Mistake:
        return Mistake(name, group, change, sentence)

    # content: the query and the body, which some mistakes move into each other
    for name, change, what in (
        ("json-compact", json_text(rewrites.compact), "compact, without spaces"),
        ("json-spaced", json_text(rewrites.separators(", ", ": ")), "with spaces, as json.dumps writes it by default"),
        ("json-sorted", json_text(rewrites.sorted_keys), "with its keys sorted"),
        ("json-ascii", json_text(rewrites.ascii_escapes), "with \\u escapes (ensure_ascii=True)"),
        ("json-not-ascii", json_text(rewrites.no_ascii_escapes), "without \\u escapes (ensure_ascii=False)"),
        ("json-repr", json_value(str), "as Python's repr of a dict ('single quotes', True, None), not JSON"),
        ("json-indent-2", json_text(rewrites.indented(2)), "indented by 2"),
        ("json-indent-4", json_text(rewrites.indented(4)), "indented by 4"),
        ("json-comma-space", json_text(rewrites.separators(", ", ":")), "with a space after each comma only"),
        ("json-colon-space", json_text(rewrites.separators(",", ": ")), "with a space after each colon only"),
        ("json-slashes-escaped", json_text(lambda t: t.replace("/", "\\/")), "with \\/ for / (PHP's json_encode)"),
        ("json-html-escaped", json_text(rewrites.html_escapes), "with <, > and & as \\u escapes (Go's encoding/json)"),
        ("json-numbers", json_text(rewrites.numbers_for_strings), "with numbers where strings are sent"),
        ("json-strings", json_text(rewrites.strings_for_numbers), "with strings where numbers are sent"),
        ("json-no-nulls", json_text(rewrites.without_nulls), "without the nulls that are sent"),
        ("json-twice", json_text(json.dumps), "put through json.dumps twice"),
        ("body-form", rewrites.form_of_json, "as a form (a=1&b=x) in place of JSON"),
        ("body-newline", lambda b: b + b"\n", "with a trailing newline"),
        ("body-crlf", lambda b: b + b"\r\n", "with a trailing CR LF"),
        ("body-no-newline", lambda b: b.rstrip(b"\r\n"), "without the trailing newline that is sent"),
        ("body-trailing-space", lambda b: b + b" ", "with a trailing space"),
        ("body-bom", lambda b: b"\xef\xbb\xbf" + b, "with a byte order mark in front"),
        ("body-bytes-repr", lambda b: repr(b).encode(), "as the repr of a bytes object, b'...'"),
        ("body-sha256", lambda b: hashlib.sha256(b).hexdigest().encode(), "as its SHA-256 in hex"),
        ("body-latin-1", lambda b: _recoded(b, "latin-1"), "in Latin-1, not UTF-8"),
        ("body-utf-16", lambda b: _recoded(b, "utf-16-le"), "in UTF-16, not UTF-8"),
    ):
        yield row(
            name, "content", _body(change), f"The body was signed {what}: that is not what was sent. {_SAME_BYTES}"
        )
    yield row(
        "body-left-out",
        "content",
        lambda s: s._replace(body=b"") if s.body else None,
        f"The body was sent but not signed. {_SAME_BYTES}",
    )
    for name, body in (
        ("no-body-null", b"null"),
        ("no-body-empty-object", b"{}"),
        ("no-body-none", b"None"),
        ("no-body-empty-string", b'""'),
    ):
        yield row(
            name,
            "content",
            _empty_body(body),
            f"{body.decode()} was signed for a body, but none was sent. Sign nothing where there is no body.",
        )
    for name, change_query, what in (
        ("query-percent-20", lambda q: q.replace("+", "%20"), "with %20 for a space where + was sent"),
        ("query-plus", lambda q: q.replace("%20", "+"), "with + for a space where %20 was sent"),
        ("query-decoded", lambda q: unquote(q, errors="surrogateescape"), "before it was percent-encoded"),
        ("query-decoded-plus", lambda q: unquote_plus(q, errors="surrogateescape"), "before + and % were put in"),
        *(
            (f"query-{name}-raw", rewrites.raw(characters), f"with {' '.join(characters)} raw where they were encoded")
            for name, characters in _RESERVED
        ),
        *(
            (
                f"query-{name}-encoded",
                rewrites.encoded(c),
                f"with {' '.join(c)} percent-encoded where they were sent raw",
            )
            for name, c in _RESERVED
        ),
        ("query-escapes-lower", rewrites.escape_case(str.lower), "with lower-case escapes (%2c) where %2C was sent"),
        ("query-escapes-upper", rewrites.escape_case(str.upper), "with upper-case escapes (%2C) where %2c was sent"),
        ("query-encoded-twice", lambda q: q.replace("%", "%25"), "percent-encoded twice"),
        (
            "query-encoded",
            lambda q: quote(q, safe="?&=%+,:/", errors="surrogateescape"),
            "percent-encoded where it was sent raw",
        ),
        ("query-sorted", rewrites.sorted_query, "with its parameters sorted"),
        (
            "query-booleans-json",
            _booleans("True|False", str.lower),
            "with true and false where True and False were sent",
        ),
        (
            "query-booleans-python",
            _booleans("true|false", str.capitalize),
            "with True and False where true and false were sent",
        ),
        ("query-no-mark", lambda q: q.removeprefix("?"), "without its question mark"),
        ("query-trailing-ampersand", lambda q: q + "&", "with a trailing &"),
    ):
        yield row(name, "content", _query(change_query), f"The query was signed {what}. {_SAME_PATH}")
    yield row(
        "query-left-out",
        "content",
        lambda s: s._replace(query="") if s.query else None,
        f"The query was sent but not signed. {_SAME_PATH}",
    )
    for name, change_signing, what in (
        ("query-in-body", _from_query(False, _bytes), "signed as if it were the body"),
        ("query-in-body-json", _from_query(False, rewrites.json_of_form), "signed as a JSON body"),
        ("query-also-in-body", _from_query(True, _bytes), "signed twice, in the path and as a body"),
        ("query-also-in-body-json", _from_query(True, rewrites.json_of_form), "signed twice, as JSON the second time"),
    ):
        yield row(name, "content", change_signing, f"The query was {what}, but sent in the path. {_SAME_PATH}")
    yield row(
        "body-in-query",
        "content",
        _from_body(False),
        f"The body was signed as a query in the path, but sent as the body. {_SAME_BYTES}",
    )
    yield row(
        "body-also-in-query",
        "content",
        _from_body(True),
        f"The body was signed as it is and as a query too, but sent once. {_SAME_BYTES}",
    )

    # path
    for name, change_path, what in (
        (
            "path-full-url",
            lambda s: s.origin + s.path if s.origin else None,
            "as the full URL. Leave out scheme and host",
        ),
        (
            "path-host",
            lambda s: s.origin.partition("://")[2] + s.path if s.origin else None,
            "with the host in front. Leave out the host",
        ),
        ("path-no-slash", lambda s: s.path.removeprefix("/"), "without its leading slash. Begin it with /"),
        ("path-no-version", _without_version, "without its version. Sign /v3/..., also if your base URL holds the /v3"),
        ("path-other-version", _other_version, "with the other version (/v1 or /v3). Sign the path that is sent"),
        ("path-double-slash", lambda s: "/" + s.path, "with two leading slashes. A base URL must not end with /"),
        ("path-trailing-slash", lambda s: s.path + "/", "with a slash at its end. Leave it out"),
        ("path-lower-case", lambda s: s.path.lower(), "in lower case. Keep its case"),
        (
            "path-question-mark",
            lambda s: None if s.query else s.path + "?",
            "with a ? that no query follows. Leave it out",
        ),
    ):
        yield row(name, "path", _path(change_path), f"The path was signed {what}.")

    # method
    for name, change_method, what in (
        ("method-lower-case", str.lower, "in lower case. Sign it in upper case"),
        ("method-capitalized", str.capitalize, "capitalised. Sign it in upper case"),
        ("method-left-out", lambda m: "", "not at all. Put it between timestamp and path"),
        *(
            (
                f"method-{other.lower()}",
                lambda m, other=other: other,
                f"as {other}, but sent otherwise. Sign the one sent",
            )
            for other in ("GET", "POST", "PUT", "DELETE")
        ),
    ):
        yield row(name, "method", _method(change_method), f"The method was signed {what}.")

    # timestamp
    for name, change_timestamp, what in (
        ("timestamp-seconds", lambda t: t[:-3], "in seconds"),
        ("timestamp-microseconds", lambda t: t + "000", "in microseconds"),
        ("timestamp-nanoseconds", lambda t: t + "000000", "in nanoseconds"),
        ("timestamp-float-seconds", lambda t: repr(int(t) / 1000), "as a float of seconds"),
        ("timestamp-float-milliseconds", lambda t: t + ".0", "as a float"),
        ("timestamp-quoted", lambda t: f'"{t}"', "in quotes"),
    ):
        yield row(
            name,
            "timestamp",
            _timestamp(change_timestamp),
            f"The timestamp was signed {what}. {_SAME_DIGITS}",
        )

    # secret
    for name, change_secret, what in (
        (
            "secret-newline",
            lambda k: k + b"\n",
            "a trailing newline stood after the secret. Strip what you read from the file",
        ),
        (
            "secret-crlf",
            lambda k: k + b"\r\n",
            "a trailing CR LF stood after the secret. Strip what you read from the file",
        ),
        ("secret-trailing-space", lambda k: k + b" ", f"a space stood after the secret. {_AS_COPIED}"),
        ("secret-leading-space", lambda k: b" " + k, f"a space stood before the secret. {_AS_COPIED}"),
        ("secret-double-quotes", lambda k: b'"' + k + b'"', f"double quotes stood round the secret. {_AS_COPIED}"),
        ("secret-single-quotes", lambda k: b"'" + k + b"'", f"single quotes stood round the secret. {_AS_COPIED}"),
        (
            "secret-bom",
            lambda k: b"\xef\xbb\xbf" + k,
            "a byte order mark stood before the secret. Read the file as utf-8-sig",
        ),
        (
            "secret-base64-decoded",
            _base64_decoded,
            "the secret was decoded from base64. Use its characters as they are",
        ),
        ("secret-hex-decoded", _hex_decoded, "the secret was decoded from hex. Use its characters as they are"),
        ("secret-base64-encoded", base64.b64encode, "the secret was encoded in base64. Use its characters as they are"),
        ("secret-hex-encoded", binascii.hexlify, "the secret was encoded in hex. Use its characters as they are"),
        (
            "secret-bytes-repr",
            lambda k: repr(k).encode(),
            "the secret was the repr of a bytes object, b'...'. Decode it",
        ),
        ("secret-utf-16", lambda k: _recoded(k, "utf-16-le"), "the secret was encoded in UTF-16. Encode it in UTF-8"),
        ("secret-lower-case", bytes.lower, f"the secret was in lower case. {_AS_COPIED}"),
        ("secret-upper-case", bytes.upper, f"the secret was in upper case. {_AS_COPIED}"),
        ("secret-last-lost", lambda k: k[:-1], f"the last character of the secret was missing. {_AS_COPIED}"),
        ("secret-first-lost", lambda k: k[1:], f"the first character of the secret was missing. {_AS_COPIED}"),
        ("secret-empty", lambda k: b"", "the secret was empty. Is its environment variable set?"),
        ("secret-none", lambda k: b"None", "the secret was the text None. Is its environment variable set?"),
        (
            "secret-undefined",
            lambda k: b"undefined",
            "the secret was the text undefined. Is its environment variable set?",
        ),
    ):
        sentence = what[0].upper() + what[1:]
        yield row(name, "secret", _secret(change_secret), sentence if sentence.endswith("?") else sentence + ".")
    yield row(
        "secret-api-key",
        "secret",
        lambda s: s._replace(secret=_bytes(s.api_key)) if s.api_key else None,
        "The API key was used as the secret. Sign with the secret; the key goes into x-api-key only.",
    )

    # order
    for name, order, sentence in (
        ("only-body", "body-only", f"Only the body was signed. {_RULE}"),
        ("only-timestamp", "timestamp-only", f"Only the timestamp was signed. {_RULE}"),
        ("timestamp-left-out", "no-timestamp", f"The timestamp was not signed. {_RULE}"),
        ("timestamp-last", "timestamp-last", f"The timestamp was signed last, not first. {_RULE}"),
        (
            "timestamp-after-method",
            "timestamp-second",
            f"The timestamp was signed after the method, not first. {_RULE}",
        ),
        ("timestamp-after-path", "timestamp-third", f"The timestamp was signed after the path, not first. {_RULE}"),
        ("path-before-method", "path-before-method", f"Path and method were signed in the wrong order. {_RULE}"),
        ("body-before-path", "body-before-path", f"Path and body were signed in the wrong order. {_RULE}"),
        ("path-left-out", "no-path", f"The path was not signed. {_RULE}"),
        ("api-key-first", "key-first", f"The API key was signed too, in front. {_RULE}"),
        ("api-key-second", "key-second", f"The API key was signed too, after the timestamp. {_RULE}"),
        (
            "api-key-for-method-and-path",
            "key-in-place-of-method-and-path",
            f"The API key was signed in place of method and path. {_RULE}",
        ),
        (
            "rule-v3",
            "v3",
            "The V3 rule was used for a request that is not V3. V1 signs its sorted parameters + '|' + "
            "timestamp, the websocket '|' + timestamp.",
        ),
        ("rule-v1", "v1", f"The V1 rule was used (sorted parameters, '|', timestamp). {_RULE}"),
        ("rule-websocket", "ws", f"The websocket's rule was used ('|', timestamp). {_RULE}"),
        ("rule-v1-decoded", "v1-decoded", f"The V1 rule was used, over parameters before percent-encoding. {_RULE}"),
        ("rule-v1-unsorted", "v1-as-sent", f"The V1 rule was used, over parameters that were not sorted. {_RULE}"),
        ("rule-v1-no-timestamp", "v1-no-timestamp", f"Only the sorted parameters were signed. {_RULE}"),
    ):
        yield row(name, "order", _order(order), sentence)
    for name, separator, what in (
        ("separator-newline", "\n", "newlines"),
        ("separator-space", " ", "spaces"),
        ("separator-bar", "|", "'|'"),
        ("separator-ampersand", "&", "'&'"),
        ("separator-comma", ",", "commas"),
        ("separator-colon", ":", "colons"),
        ("separator-none", "", "nothing"),
    ):
        yield row(name, "order", _separator(separator), f"The parts were joined with {what}. {_RULE}")

    # algorithm
    for algorithm, what in (
        ("hmac-sha1", "HMAC-SHA1 was used"),
        ("hmac-sha512", "HMAC-SHA512 was used"),
        ("hmac-sha384", "HMAC-SHA384 was used"),
        ("hmac-md5", "HMAC-MD5 was used"),
        ("hmac-sha3-256", "HMAC-SHA3-256 was used"),
        ("sha256", "plain SHA-256 was used, without the secret"),
        ("sha256-secret-message", "plain SHA-256 was used, over the secret and the message"),
        ("sha256-message-secret", "plain SHA-256 was used, over the message and the secret"),
        ("sha512", "plain SHA-512 was used, without the secret"),
        ("sha1", "plain SHA-1 was used, without the secret"),
        ("swapped", "key and message were swapped"),
    ):
        yield row(f"algorithm-{algorithm}", "algorithm", _algorithm(algorithm), f"{what[0].upper()}{what[1:]}. {_HEX}")


_RESERVED = (("comma", ","), ("colon", ":"), ("slash", "/"), ("reserved", ",:/"))


def _recoded(text: bytes, encoding: str) -> bytes:
    try:
        return text.decode().encode(encoding)
    except ValueError:
        return text


MISTAKES = tuple(_rows())
GROUPS = tuple(dict.fromkeys(mistake.group for mistake in MISTAKES))


# Mistakes with too many forms for the table: every timestamp, or every order of names, that it could have been.


def _drifted(milliseconds: str, most: int) -> Iterator[str]:
    now = int(milliseconds)
    for distance in range(1, most + 1):
        yield str(now - distance)
        yield str(now + distance)


def _doubles(milliseconds: str, unit: int) -> Iterator[str]:
    """Every double of seconds (`unit` 1000) or milliseconds (1) that is cut or rounded to `milliseconds`."""
    now = int(milliseconds)
    value, end = (now - 0.5) / unit, (now + 1) / unit
    while value < end:
        yield repr(value)
        value = nextafter(value, end)


# Name, every timestamp that is tried, whether also as one of a pair, and the sentence.
OTHER_TIMESTAMPS: tuple[tuple[Mistake, Callable[[str], Iterable[str]], bool], ...] = tuple(
    (Mistake(name, "timestamp", lambda s: None, f"{sentence} {_SAME_DIGITS}"), candidates, paired)
    for name, candidates, paired, sentence in (
        ("timestamp-taken-twice", lambda t: _drifted(t, 100), True, _CLOCK_TWICE),
        (
            "timestamp-microseconds",
            lambda t: (f"{t}{i:03}" for i in range(1000)),
            True,
            "The timestamp was signed in microseconds.",
        ),
        ("timestamp-taken-twice", lambda t: _drifted(t, 5000), False, _CLOCK_TWICE),
        ("timestamp-float-milliseconds", lambda t: _doubles(t, 1), False, "The timestamp was signed as a float."),
        (
            "timestamp-float-seconds",
            lambda t: _doubles(t, 1000),
            False,
            "The timestamp was signed as a float of seconds.",
        ),
    )
)
OTHER_ORDERS: tuple[tuple[Mistake, Callable[[Signing], Iterable[Signing]]], ...] = (
    (
        Mistake(
            "json-order",
            "content",
            lambda s: None,
            f"The body was signed with its keys in another order. {_SAME_BYTES}",
        ),
        lambda s: (s._replace(body=body) for body in rewrites.other_key_orders(s.body)),
    ),
    (
        Mistake(
            "query-order",
            "content",
            lambda s: None,
            f"The query was signed with its parameters in another order. {_SAME_PATH}",
        ),
        lambda s: (s._replace(query=query) for query in rewrites.other_query_orders(s.query)) if s.query else (),
    ),
)
