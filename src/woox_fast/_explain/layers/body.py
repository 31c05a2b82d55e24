"""What people sign for the body other than the bytes that they send."""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote, unquote_plus

from .. import rewrites
from ..changes import COMMON, EXOTIC, FAMILY, LIKELY, RARE, UNCOMMON, Change, Table, change
from ..rewrites import many_of_json, of_json, of_object, of_tree, of_value
from ..signing import Sent, to_bytes, to_text

_SAME = "Write the body once, sign those bytes, and send the same bytes (`Signer.prepare` does)."


def _row(name: str, cost: int, what: str, make: Callable[[bytes], bytes], *, light: bool = False) -> Change:
    sentence = f"The body was signed {what}: that is not what was sent. {_SAME}"
    return Change(name, cost, sentence, lambda body, sent: (make(body),) if body else (), light=light)


def _json(name: str, cost: int, what: str, make: rewrites.Text) -> Change:
    return _row(f"json-{name}", cost, what, of_json(make))


def _family(name: str, cost: int, what: str, make: Callable[[str], Iterable[str]], *, last: bool = False) -> Change:
    sentence = f"The body was signed {what}: that is not what was sent. {_SAME}"
    return Change(f"json-{name}", cost, sentence, many_of_json(make), last)


def _none(name: str, cost: int, text: str) -> Change:
    return Change(
        f"no-body-{name}", cost,
        f"{text} was signed for a body, but none was sent. Sign nothing where there is no body.",
        lambda body, sent: () if sent.body or body else (text.encode(),),
    )


def _is_empty(node: Any) -> bool:
    return node in ('""', "null", [], ())


_FIELDS = (
    _json("no-nulls", LIKELY, "without the nulls that are sent", of_tree(rewrites.without(lambda one: one == "null", deep=False))),
    _json("no-nulls-deep", UNCOMMON, "without the nulls that are sent", of_tree(rewrites.without(lambda one: one == "null", deep=True))),
    _json("no-empty", COMMON, "without the empty values that are sent", of_tree(rewrites.without(_is_empty, deep=False))),
    _json("no-false", RARE, "without the values that are false, zero or empty", of_tree(rewrites.without(lambda one: _is_empty(one) or one in ("false", "0"), deep=False))),
    _family("field-added", LIKELY, "without one of its fields: it was added after signing (a broker id, a client order id)", rewrites.trees(rewrites.one_member_less)),
    _family("two-fields-added", RARE, "without two of its fields: they were added after signing", rewrites.trees(rewrites.two_members_less)),
    _json("in-list", UNCOMMON, "within a list", lambda text: f"[{text}]" if rewrites.tokens(text) else text),
    _json("out-of-list", RARE, "without the list that it is in", of_tree(lambda node: node[0] if isinstance(node, tuple) and len(node) == 1 else node)),
    *(
        _json(f"in-{name}", RARE, f'as the value of "{name}"', of_tree(lambda node, name=name: [(f'"{name}"', node)]))
        for name in ("params", "data", "body", "order", "json")
    ),
    _json("only-values", EXOTIC, "as a list of its values", of_tree(lambda node: tuple(one for _, one in node) if isinstance(node, list) else node)),
)

_ORDER = (
    _json("sorted", LIKELY, "with its keys sorted", of_tree(rewrites.sorted_by(lambda name: name))),
    _json("sorted-at-top", COMMON, "with the keys at its top sorted", of_tree(rewrites.sorted_by(lambda name: name, deep=False))),
    _json("sorted-without-case", UNCOMMON, "with its keys sorted regardless of case", of_tree(rewrites.sorted_by(str.lower))),
    _json("reversed", UNCOMMON, "with its keys in reverse order", of_tree(lambda node: node[::-1] if isinstance(node, list) else node)),
    _json("reverse-sorted", RARE, "with its keys sorted in reverse", of_tree(lambda node: sorted(node, reverse=True, key=lambda pair: pair[0]) if isinstance(node, list) else node)),
    _family("order", COMMON, "with its keys in another order", rewrites.trees(rewrites.one_member_moved)),
)

_SCALARS = (
    *(
        _json(f"numbers-{name}", cost, f"with its numbers written {what}", rewrites.scalars(rewrites.numbers(spell)))
        for name, cost, what, spell in (
            ("float", COMMON, "as Python writes floats (9000.0, 1e-05)", rewrites.as_float),
            ("javascript", COMMON, "as JavaScript writes them (9000, 1e-7)", rewrites.as_javascript),
            ("java", UNCOMMON, "as Java writes doubles (9000.0, 1.0E-5)", rewrites.as_java),
            ("dotnet", UNCOMMON, "as .NET writes them (1E-05)", rewrites.as_dotnet),
            ("plain", COMMON, "without exponent (0.00001)", rewrites.plain),
            ("trimmed", COMMON, "without zeros at the end (1.1 for 1.10)", rewrites.trimmed),
            ("eight-decimals", UNCOMMON, "with eight decimals", lambda n: f"{float(n):.8f}"),
            ("two-decimals", UNCOMMON, "with two decimals", lambda n: f"{float(n):.2f}"),
            ("six-decimals", RARE, "with six decimals", lambda n: f"{float(n):.6f}"),
            ("comma", UNCOMMON, "with a decimal comma", lambda n: n.replace(".", ",")),
        )
    ),
    _json("python-words", UNCOMMON, "with True, False and None", rewrites.scalars(lambda t: {"true": "True", "false": "False", "null": "None"}.get(t, t))),
    _json("words-quoted", UNCOMMON, "with true, false and null in quotes", rewrites.scalars(lambda t: f'"{t}"' if t in ("true", "false", "null") else t)),
    _json("words-unquoted", UNCOMMON, "with true, false and null out of their quotes", rewrites.scalars(lambda t: t[1:-1].lower() if t[1:-1].lower() in ("true", "false", "null") and t[0] == '"' else t)),
    _json("booleans-numbers", RARE, "with 1 and 0 for true and false", rewrites.scalars(lambda t: {"true": "1", "false": "0"}.get(t, t))),
    _json("nulls-empty", UNCOMMON, 'with "" for null', rewrites.scalars(lambda t: '""' if t == "null" else t)),
    _json("values-lower-case", RARE, "with its values in lower case", rewrites.scalars(str.lower)),
    _json("values-upper-case", RARE, "with its values in upper case", rewrites.scalars(lambda t: t.upper() if t[0] == '"' and "\\" not in t else t)),
    _json("keys-pascal-case", COMMON, "with its keys in PascalCase", rewrites.keys(rewrites.pascal_case)),
    _json("keys-camel-case", COMMON, "with its keys in camelCase", rewrites.keys(rewrites.camel_case)),
    _json("keys-snake-case", COMMON, "with its keys in snake_case", rewrites.keys(rewrites.snake_case)),
    _json("keys-lower-case", UNCOMMON, "with its keys in lower case", rewrites.keys(str.lower)),
    _json("keys-upper-case", RARE, "with its keys in upper case", rewrites.keys(str.upper)),
    _family("value-spelled", COMMON, "with one of its values spelled in another way", rewrites.one_scalar(rewrites.spellings)),
    _family("key-spelled", UNCOMMON, "with one of its keys spelled in another way", rewrites.one_key),
)

_QUOTES = (
    _json("numbers", LIKELY, "with numbers where strings are sent", rewrites.scalars(rewrites.unquoted)),
    _json("strings", LIKELY, "with strings where numbers are sent", rewrites.scalars(rewrites.quoted)),
    _json("all-strings", UNCOMMON, "with each value a string", rewrites.scalars(lambda t: t if t[0] == '"' else f'"{t}"')),
)

_ESCAPES = (
    _json("ascii", LIKELY, "with \\u escapes (ensure_ascii=True)", rewrites.ascii_escapes()),
    _json("ascii-upper", COMMON, "with \\u escapes in upper case, as .NET writes them", rewrites.ascii_escapes(upper=True)),
    _json("not-ascii", LIKELY, "without \\u escapes (ensure_ascii=False)", rewrites.no_ascii_escapes),
    _json("slashes-escaped", COMMON, "with \\/ for / (PHP's json_encode)", lambda t: t.replace("\\/", "/").replace("/", "\\/")),
    _json("slashes-raw", COMMON, "with / for \\/", lambda t: t.replace("\\/", "/")),
    _json("php", COMMON, "with \\/ and \\u escapes, as PHP's json_encode writes it", lambda t: rewrites.ascii_escapes()(t.replace("/", "\\/"))),
    _json("html-escaped", COMMON, "with <, > and & as \\u escapes (Go's encoding/json)", rewrites.escaped("<>&\u2028\u2029")),
    _json("gson", UNCOMMON, "with <, >, &, = and ' as \\u escapes (Gson)", rewrites.escaped("<>&='")),
    _json("dotnet", UNCOMMON, "with the escapes of .NET's System.Text.Json", lambda t: rewrites.ascii_escapes(upper=True)(rewrites.escaped("<>&+'`", upper=True)(t.replace('\\"', "\\u0022")))),
    _json("nfc", UNCOMMON, "in Unicode's composed form (NFC)", lambda t: unicodedata.normalize("NFC", t)),
    _json("nfd", UNCOMMON, "in Unicode's decomposed form (NFD)", lambda t: unicodedata.normalize("NFD", t)),
    _json("question-marks", RARE, "with ? for each character that is not ASCII", lambda t: t.encode("ascii", "replace").decode()),
)


def _dumps(**options: Any) -> Callable[[bytes], bytes]:
    return of_value(lambda value: json.dumps(value, **options))


def _node(node: Any, opening: str, closing: str, pair: str, item: str, text: Callable[[str], str]) -> str:
    if isinstance(node, list):
        members = [f"{text(key)}{pair}{_node(one, opening, closing, pair, item, text)}" for key, one in node]
        return opening + item.join(members) + closing
    if isinstance(node, tuple):
        return "[" + item.join([_node(one, opening, closing, pair, item, text) for one in node]) + "]"
    return text(node)


def _notation(opening: str, closing: str, pair: str, item: str, text: Callable[[str], str], *, ordered: bool = False) -> Callable[[bytes], bytes]:
    """Another language's way to print a map."""

    def make(body: bytes) -> bytes:
        node = rewrites.tree(body.decode())
        if ordered:
            node = rewrites.sorted_by(lambda name: name)(node)
        return to_bytes(_node(node, opening, closing, pair, item, text))

    return make


def _bare(token: str) -> str:
    return json.loads(token) if token[0] == '"' else token


_RUBY = {"null": "nil"}
_WRITING = (
    _json("compact", LIKELY, "compact, without spaces", rewrites.compact),
    _json("spaced", LIKELY, "with spaces, as json.dumps writes it by default", rewrites.written(", ", ": ")),
    _json("comma-space", COMMON, "with a space after each comma only", rewrites.written(", ", ":")),
    _json("colon-space", COMMON, "with a space after each colon only", rewrites.written(",", ": ")),
    _json("colon-spaces", RARE, "with a space on each side of a colon", rewrites.written(",", " : ")),
    _json("all-spaces", RARE, "with a space on each side of a colon and after each comma", rewrites.written(", ", " : ")),
    *(
        _json(f"indent-{name}{end}", cost, f"indented by {what}{with_end}", rewrites.indented(by, newline, key))
        for end, with_end, newline in (("", "", "\n"), ("-crlf", " with CR LF", "\r\n"))
        for name, cost, what, by, key in (
            ("2", LIKELY if not end else UNCOMMON, "2", "  ", ": "),
            ("4", LIKELY if not end else UNCOMMON, "4", "    ", ": "),
            *((str(n), UNCOMMON if not end else RARE, str(n), " " * n, ": ") for n in (1, 3, 5, 6, 7, 8)),
            ("0", UNCOMMON if not end else RARE, "0: each item on a line of its own", "", ": "),
            ("tab", COMMON if not end else UNCOMMON, "a tab", "\t", ": "),
            ("2-colon", RARE, "2 and no space after colons", "  ", ":"),
            ("2-colons", RARE, "2 and a space on each side of colons", "  ", " : "),
        )
    ),
    _row("json-dumps", COMMON, "as json.dumps writes the value that it holds", _dumps()),
    _row("json-dumps-compact", COMMON, "as a JSON library writes the value that it holds", _dumps(separators=(",", ":"), ensure_ascii=False)),
    _row("json-dumps-compact-ascii", UNCOMMON, "as a JSON library writes the value that it holds", _dumps(separators=(",", ":"))),
    _row("json-repr", LIKELY, "as Python's repr of a dict ('single quotes', True, None), not JSON", of_value(str)),
    _row("json-repr-double-quotes", COMMON, "as Python's str(dict) with the quotes replaced", of_value(lambda v: str(v).replace("'", '"'))),
    _row("json-repr-lower", RARE, "as Python's str(dict) with quotes, True and None replaced", of_value(
        lambda v: str(v).replace("'", '"').replace("True", "true").replace("False", "false").replace("None", "null")
    )),
    _row("json-repr-compact", RARE, "as Python's str(dict) without spaces", of_value(lambda v: str(v).replace(" ", ""))),
    _row("json-repr-double-quotes-compact", UNCOMMON, "as Python's str(dict) with the quotes replaced and without spaces", of_value(lambda v: str(v).replace("'", '"').replace(" ", ""))),
    _row("json-single-quotes", UNCOMMON, "in single quotes", of_json(lambda t: "".join([p.replace('"', "'") for p in rewrites.tokens(t)]))),
    _row("json-items-repr", RARE, "as the repr of a list of pairs", of_object(lambda v: str(list(v.items())))),
    _row("json-dict-items", RARE, "as dict_items([...])", of_object(lambda v: str(v.items()))),
    _row("body-form", LIKELY, "as a form (a=1&b=x) in place of JSON", lambda b: to_bytes(rewrites.form(b))),
    _row("body-form-plus", COMMON, "as a form with + for spaces, in place of JSON", lambda b: to_bytes(rewrites.form(b, plus=True))),
    _row("body-form-python", COMMON, "as Python's urlencode writes it, in place of JSON", lambda b: to_bytes(rewrites.python_form(b))),
    _row("body-form-sorted", COMMON, "as a sorted form, in place of JSON", lambda b: to_bytes("&".join(sorted(rewrites.form(b).split("&"))))),
    _row("body-form-raw", UNCOMMON, "as name=value pairs that are not encoded, in place of JSON", _notation("", "", "=", "&", _bare)),
    _row("body-form-raw-sorted", UNCOMMON, "as sorted name=value pairs that are not encoded, in place of JSON", _notation("", "", "=", "&", _bare, ordered=True)),
    _row("body-names-and-values", UNCOMMON, "as its names and values with nothing between them", _notation("", "", "", "", _bare)),
    _row("body-names-and-values-sorted", UNCOMMON, "as its names and values, sorted, with nothing between them", _notation("", "", "", "", _bare, ordered=True)),
    _row("body-values", UNCOMMON, "as its values with nothing between them", of_object(lambda v: "".join(map(str, v.values())))),
    _row("body-java-map", UNCOMMON, "as Java prints a map, {a=1, b=x}", _notation("{", "}", "=", ", ", _bare)),
    _row("body-go-map", UNCOMMON, "as Go prints a map, map[a:1 b:x]", _notation("map[", "]", ":", " ", lambda t: _bare(t).replace("null", "<nil>") if t == "null" else _bare(t), ordered=True)),
    _row("body-ruby-hash", UNCOMMON, "as Ruby prints a hash, {\"a\"=>1}", _notation("{", "}", "=>", ", ", lambda t: _RUBY.get(t, t))),
    _row("body-ruby-hash-spaced", RARE, "as Ruby prints a hash, {\"a\" => 1}", _notation("{", "}", " => ", ", ", lambda t: _RUBY.get(t, t))),
    _row("body-keys-unquoted", RARE, "with its keys out of their quotes", _notation("{", "}", ":", ",", lambda t: t)),
    *(
        _row(f"body-{name}", cost, f"as the text {text}", lambda b, text=text: text.encode())
        for name, cost, text in (
            ("object", LIKELY, "[object Object]"),
            ("undefined", COMMON, "undefined"),
            ("null", COMMON, "null"),
            ("none", COMMON, "None"),
            ("nil", UNCOMMON, "nil"),
            ("empty-object", LIKELY, "{}"),
            ("empty-list", UNCOMMON, "[]"),
            ("empty-string", UNCOMMON, '""'),
            ("array", COMMON, "Array"),
            ("promise", UNCOMMON, "[object Promise]"),
            ("url-search-params", RARE, "[object URLSearchParams]"),
            ("form-data", RARE, "[object FormData]"),
            ("array-buffer", RARE, "[object ArrayBuffer]"),
            ("uint8array", RARE, "[object Uint8Array]"),
            ("dictionary", UNCOMMON, "System.Collections.Generic.Dictionary`2[System.String,System.Object]"),
            ("dictionary-strings", UNCOMMON, "System.Collections.Generic.Dictionary`2[System.String,System.String]"),
            ("string-content", UNCOMMON, "System.Net.Http.StringContent"),
            ("system-object", RARE, "System.Object"),
            ("bytes-empty", RARE, "b''"),
            ("template", RARE, "{body}"),
            ("name", RARE, "body"),
        )
    ),
    _row("body-base64", COMMON, "in base64", base64.b64encode),
    _row("body-bytes-repr", LIKELY, "as the repr of a bytes object, b'...'", lambda b: repr(b).encode()),
    _row("json-twice", LIKELY, "put through json.dumps twice", of_json(lambda t: json.dumps(t) if rewrites.tokens(t) else t)),
    _row("json-twice-not-ascii", COMMON, "as a JSON string that holds JSON", of_json(lambda t: json.dumps(t, ensure_ascii=False) if rewrites.tokens(t) else t)),
)

_HASHES = tuple(
    _row(f"body-{name}", cost, f"as its {what}", make)
    for algorithm, cost in (("sha256", LIKELY), ("sha512", COMMON), ("md5", COMMON), ("sha1", UNCOMMON))
    for name, what, make, cost in (
        (algorithm, f"{algorithm.upper()} in hex", lambda b, a=algorithm: _digest(a, b).hex().encode(), cost),
        (f"{algorithm}-upper", f"{algorithm.upper()} in upper-case hex", lambda b, a=algorithm: _digest(a, b).hex().upper().encode(), UNCOMMON),
        (f"{algorithm}-base64", f"{algorithm.upper()} in base64", lambda b, a=algorithm: base64.b64encode(_digest(a, b)), UNCOMMON),
        (f"{algorithm}-raw", f"{algorithm.upper()} as raw bytes", lambda b, a=algorithm: _digest(a, b), RARE),
    )
)


def _digest(algorithm: str, body: bytes) -> bytes:
    return hashlib.new(algorithm, body, usedforsecurity=False).digest()


def _empty_hashes(body: bytes, sent: Sent) -> Iterator[bytes]:
    if not body:
        for algorithm in ("sha256", "sha512", "md5", "sha1"):
            yield _digest(algorithm, b"").hex().encode()
            yield base64.b64encode(_digest(algorithm, b""))


_ENCODING = (
    _row("body-newline", LIKELY, "with a trailing newline", lambda b: b + b"\n", light=True),
    _row("body-crlf", COMMON, "with a trailing CR LF", lambda b: b + b"\r\n", light=True),
    _row("body-no-newline", LIKELY, "without the trailing newline that is sent", lambda b: b.rstrip(b"\r\n"), light=True),
    _row("body-stripped", COMMON, "without the white space round it that is sent", bytes.strip, light=True),
    _row("body-trailing-space", COMMON, "with a trailing space", lambda b: b + b" ", light=True),
    _row("body-leading-space", UNCOMMON, "with a space in front", lambda b: b" " + b),
    _row("body-leading-newline", UNCOMMON, "with a newline in front", lambda b: b"\n" + b),
    _row("body-two-newlines", RARE, "with two trailing newlines", lambda b: b + b"\n\n"),
    _row("body-nul", RARE, "with a NUL byte at its end", lambda b: b + b"\0"),
    _row("body-bom", COMMON, "with a byte order mark in front", lambda b: b"\xef\xbb\xbf" + b, light=True),
    _row("body-no-bom", COMMON, "without the byte order mark that is sent", lambda b: b.removeprefix(b"\xef\xbb\xbf"), light=True),
    _row("body-lines-lf", COMMON, "with newlines where CR LF is sent", lambda b: b.replace(b"\r\n", b"\n"), light=True),
    _row("body-lines-crlf", COMMON, "with CR LF where newlines are sent", lambda b: b.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), light=True),
    _row("body-one-line", RARE, "without the line ends that are sent", lambda b: b.replace(b"\r", b"").replace(b"\n", b""), light=True),
    _row("body-no-white-space", COMMON, "without any white space", lambda b: b"".join(b.split())),
    _row("body-no-spaces", UNCOMMON, "without any space", lambda b: b.replace(b" ", b"")),
    _row("body-latin-1", COMMON, "in Latin-1, not UTF-8", lambda b: b.decode().encode("latin-1")),
    _row("body-utf-16", COMMON, "in UTF-16, not UTF-8", lambda b: b.decode().encode("utf-16-le")),
    _row("body-utf-16-bom", RARE, "in UTF-16 with a byte order mark, not UTF-8", lambda b: b"\xff\xfe" + b.decode().encode("utf-16-le")),
    _row("body-utf-8-twice", UNCOMMON, "encoded in UTF-8 twice", lambda b: b.decode("latin-1").encode() if not b.isascii() else b),
    _row("body-question-marks", RARE, "with ? for each character that is not ASCII", lambda b: b.decode().encode("ascii", "replace")),
    _row("body-windows-1252", RARE, "in Windows-1252, not UTF-8", lambda b: b.decode().encode("cp1252")),
    _row("body-gbk", RARE, "in GBK, not UTF-8", lambda b: b.decode().encode("gbk") if not b.isascii() else b),
    _row("body-nfc", RARE, "in Unicode's composed form (NFC)", lambda b: unicodedata.normalize("NFC", b.decode()).encode()),
    _row("body-nfd", RARE, "in Unicode's decomposed form (NFD)", lambda b: unicodedata.normalize("NFD", b.decode()).encode()),
    _row("body-percent-encoded", UNCOMMON, "percent-encoded", lambda b: quote(b, safe="").encode()),
    _row("body-percent-encoded-form", UNCOMMON, "percent-encoded but for = and &", lambda b: quote(b, safe="=&").encode()),
    _row("body-percent-decoded", UNCOMMON, "before it was percent-encoded", lambda b: to_bytes(unquote_plus(to_text(b), errors="surrogateescape"))),
    _row("body-hex", RARE, "in hex", lambda b: b.hex().encode()),
    _row("body-lower-case", UNCOMMON, "in lower case", bytes.lower),
    _row("body-upper-case", RARE, "in upper case", bytes.upper),
    _row("body-sorted-form", COMMON, "with the parameters of its form sorted", lambda b: b"&".join(sorted(b.split(b"&"))) if b"=" in b and b[:1] not in b"{[" else b),
    _row("body-quoted", RARE, "in double quotes", lambda b: b'"' + b + b'"'),
    _row("body-single-quoted", UNCOMMON, "in single quotes, as a shell is given it", lambda b: b"'" + b + b"'"),
    _row("body-quotes-escaped", UNCOMMON, "with a backslash before each quote", lambda b: b.replace(b'"', b'\\"')),
    _row("body-last-lost", RARE, "without its last byte", lambda b: b[:-1], light=True),
    _row("body-doubled", RARE, "twice", lambda b: b * 2),
    _row("body-question-mark", RARE, "with a ? in front", lambda b: b"?" + b),
    *_HASHES,
)

_LEFT_OUT = (
    Change("body-left-out", LIKELY, f"The body was sent but not signed. {_SAME}", lambda body, sent: (b"",) if sent.body and body else (), light=True),
    _none("null", LIKELY, "null"),
    _none("empty-object", LIKELY, "{}"),
    _none("none", LIKELY, "None"),
    _none("empty-string", COMMON, '""'),
    _none("undefined", LIKELY, "undefined"),
    _none("empty-list", COMMON, "[]"),
    _none("object", COMMON, "[object Object]"),
    _none("quoted-null", UNCOMMON, '"null"'),
    _none("nil", UNCOMMON, "nil"),
    _none("go-nil", RARE, "<nil>"),
    _none("bytes", COMMON, "b''"),
    _none("nan", RARE, "NaN"),
    _none("false", RARE, "false"),
    _none("zero", RARE, "0"),
    _none("single-quotes", UNCOMMON, "''"),
    _none("array", UNCOMMON, "Array"),
    _none("go-map", RARE, "map[]"),
    _none("spaced-object", RARE, "{ }"),
    _none("newline", UNCOMMON, "\n"),
    _none("space", UNCOMMON, " "),
    _none("crlf", RARE, "\r\n"),
    _none("body", RARE, "body"),
    _none("template", RARE, "{body}"),
    Change("no-body-hash", COMMON, "The hash of an empty body was signed, but no body was sent. Sign nothing where there is no body.", _empty_hashes),
)

_PERMUTATIONS = (
    _family("order", FAMILY, "with its keys in another order", rewrites.permuted, last=True),
)

BODY = Table(
    (*_LEFT_OUT, *_FIELDS), _ORDER, _SCALARS, _QUOTES, (*_WRITING,), _ESCAPES, (*_ENCODING, *_PERMUTATIONS), most=3
)
