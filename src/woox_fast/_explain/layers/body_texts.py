"""Texts that stand where a body should: what an object or nothing at all becomes when a program prints it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from ..changes import COMMON, EXOTIC, FAMILY, LIKELY, RARE, UNCOMMON, Change
from ..signing import Sent
from .json_text import SAME_BYTES, row

# Name, text, what it costs in place of a body, and where there is no body.
_TEXTS = (
    ("object", "[object Object]", LIKELY, COMMON),
    ("undefined", "undefined", COMMON, LIKELY),
    ("null", "null", COMMON, LIKELY),
    ("none", "None", COMMON, LIKELY),
    ("nil", "nil", UNCOMMON, UNCOMMON),
    ("empty-object", "{}", LIKELY, LIKELY),
    ("empty-list", "[]", UNCOMMON, COMMON),
    ("empty-string", '""', UNCOMMON, COMMON),
    ("array", "Array", COMMON, UNCOMMON),
    ("promise", "[object Promise]", UNCOMMON, RARE),
    ("bytes", "b''", RARE, COMMON),
    ("single-quotes", "''", RARE, UNCOMMON),
    ("quoted-null", '"null"', EXOTIC, UNCOMMON),
    ("go-nil", "<nil>", RARE, RARE),
    ("go-map", "map[]", RARE, RARE),
    ("nan", "NaN", EXOTIC, RARE),
    ("false", "false", EXOTIC, RARE),
    ("zero", "0", EXOTIC, RARE),
    ("spaced-object", "{ }", EXOTIC, RARE),
    ("newline", "\n", EXOTIC, UNCOMMON),
    ("space", " ", EXOTIC, UNCOMMON),
    ("crlf", "\r\n", EXOTIC, RARE),
    ("body", "body", RARE, RARE),
    ("template", "{body}", RARE, RARE),
    ("dictionary", "System.Collections.Generic.Dictionary`2[System.String,System.Object]", UNCOMMON, EXOTIC),
    ("dictionary-strings", "System.Collections.Generic.Dictionary`2[System.String,System.String]", UNCOMMON, EXOTIC),
    ("string-content", "System.Net.Http.StringContent", UNCOMMON, EXOTIC),
)
# The same of rarer ones, that need no name each.
_OTHERS = (
    *(
        "{\r\n}",
        "\\n",
        "no body",
        "empty",
        "<empty>",
        "void",
        "Map {}",
        "dict_values([])",
        "?=",
        "Body",
        "EMPTY",
        "HASH",
    ),
    *("System.Net.Http.EmptyContent", "System.Collections.Hashtable", "<Buffer >", "[Function]", "[object Function]"),
    *("{}{}", "Null", "null\n", "[Circular]", "Buffer", "io.Reader", "map[string]interface{}", "struct{}{}", "NoBody"),
    *(
        "{\n}",
        "{ \n}",
        "[ ]",
        "'{}'",
        '"{}"',
        '"[]"',
        "%7B%7D",
        "e30=",
        "e30",
        '"\\"\\""',
        "NULL",
        "Null",
        "NIL",
        "(null)",
    ),
    *(
        "[object Undefined]",
        "[object Null]",
        "[object Array]",
        "[object FormData]",
        "[object URLSearchParams]",
        "#{body}",
    ),
    *("[object Map]", "[object Blob]", "[object ArrayBuffer]", "[object ReadableStream]", "[object String]", "dict()"),
    *("Optional.empty", "Optional.EMPTY", "None()", "Some({})", "Nothing", "()", "(,)", "set()", "OrderedDict()", "\0"),
    *(
        "dict_items([])",
        "System.Byte[]",
        "System.Object",
        "System.String",
        "System.Object[]",
        "System.String[]",
        "?",
        "-",
    ),
    *(
        "System.Text.Json.JsonElement",
        "System.Text.Json.JsonDocument",
        "Newtonsoft.Json.Linq.JObject",
        "${body}",
        "True",
    ),
    *(
        "System.Net.Http.FormUrlEncodedContent",
        "System.Net.Http.Json.JsonContent",
        "System.Dynamic.ExpandoObject",
        "False",
    ),
    *(
        "System.Net.Http.ByteArrayContent",
        "Invalid Date",
        "payload",
        "data",
        "params",
        "{params}",
        "{payload}",
        "{data}",
    ),
    *(
        "%s",
        "%@",
        "%!s(<nil>)",
        "%!v(MISSING)",
        "&{}",
        "#<Hash>",
        "HASH",
        "Object",
        "=",
        "&",
        "true",
        "1",
        "-1",
        "''\n",
    ),
    *(
        "\r",
        "\t",
        "  ",
        "\n\n",
        "{}\n",
        "null\n",
        "[{}]",
        "[null]",
        '{"":""}',
        '{"body":{}}',
        '{"params":{}}',
        '{"data":{}}',
    ),
)


def _none(name: str, cost: int, text: str) -> Change:
    return Change(
        f"no-body-{name}",
        cost,
        f"{'White space' if text.isspace() else text} was signed for a body, but none was sent. {_NOTHING}",
        lambda body, sent: () if sent.body or body else (text.encode(),),
    )


_NOTHING = "Sign nothing where there is no body."


def _other_texts(body: bytes, sent: Sent) -> Iterator[bytes]:
    return (text.encode() for text in _OTHERS) if not (sent.body or body) else iter(())


def _empty_hashes(body: bytes, sent: Sent) -> Iterator[bytes]:
    if not (body or sent.body):
        for algorithm in ("sha256", "sha512", "md5", "sha1", "sha384"):
            digest = hashlib.new(algorithm, b"", usedforsecurity=False).digest()
            yield from (digest.hex().encode(), base64.b64encode(digest), digest.hex().upper().encode(), digest)


# Where none is sent.
NO_BODY = (
    *(_none(name, cost, text) for name, text, _, cost in _TEXTS),
    Change(
        "no-body-hash",
        COMMON,
        f"The hash of an empty body was signed, but no body was sent. {_NOTHING}",
        _empty_hashes,
    ),
    Change("no-body-text", FAMILY, f"A text was signed for a body, but none was sent. {_NOTHING}", _other_texts),
)

# In the place of the one that is sent.
BODY_TEXTS = (
    *(
        row(f"body-{name}", cost, f"as the text {text}", lambda b, text=text: text.encode())
        for name, text, cost, _ in _TEXTS
        if not text.isspace()
    ),
    Change(
        "body-text",
        FAMILY,
        f"A text was signed in place of the body. {SAME_BYTES}",
        lambda body, sent: (text.encode() for text in _OTHERS) if body else (),
    ),
)
