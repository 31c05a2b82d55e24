"""Texts that stand where a body should: what an object or nothing at all becomes when a program prints it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from ..changes import COMMON, EXOTIC, FAMILY, LIKELY, RARE, UNCOMMON, Change
from ..signing import Sent
from .json_text import SAME_BYTES, row
from .texts import ABSENT, placeholders

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
    *ABSENT,
    *placeholders(
        "body", "data", "payload", "params", "json", "requestBody", "request_body", "json_body", "content", "raw"
    ),
    *placeholders(
        "JSON.stringify(body)", "JSON.stringify(data)", "JSON.stringify($json.body)", "JSON.stringify($json)"
    ),
    *placeholders("json.dumps(body)", "json.dumps(data)", "json_encode($body)", "1.body", "body.json", "order.json"),
    *r"""
no body
empty
EMPTY
<empty>
void
NIL
(null)
{ }
[ ]
[[]]
{{}}
[{}]
[null]
'{}'
"{}"
"[]"
"\"\""
%7B%7D
%5B%5D
e30=
e30
{"":""}
{"body":{}}
{"params":{}}
{"data":{}}
?=
=
&
(,)
set()
dict()
dict_values([])
dict_items([])
dict_keys([])
OrderedDict()
defaultdict(<class 'dict'>, {})
<class 'dict'>
<class 'NoneType'>
Map {}
Map(0) {}
{}{}
[Circular]
<Buffer >
Buffer
[object Map]
[object Blob]
[object FormData]
[object URLSearchParams]
[object ArrayBuffer]
[object Uint8Array]
[object ReadableStream]
[object String]
[object Function]
[object JSON]
Object
Object {}
Body
Stream
io.Reader
http.NoBody
NoBody
map[string]interface{}
map[string]interface {}{}
struct{}{}
struct {}{}
&{}
#<Hash>
#<Object>
HASH
ARRAY
Optional.EMPTY
None()
Some({})
application/json
application/json; charset=utf-8
text/plain
Invalid Date
java.util.HashMap
[Ljava.lang.Object;
Ljava.lang.Object;
[Ljava.lang.String;
org.json.JSONObject
okhttp3.RequestBody
System.Collections.Hashtable
System.Collections.Specialized.OrderedDictionary
System.Management.Automation.PSCustomObject
System.Dynamic.ExpandoObject
System.IO.MemoryStream
System.IO.Stream
System.Text.Json.JsonElement
System.Text.Json.JsonDocument
Newtonsoft.Json.Linq.JObject
System.Net.Http.EmptyContent
System.Net.Http.ByteArrayContent
System.Net.Http.FormUrlEncodedContent
System.Net.Http.Json.JsonContent
System.Net.Http.StreamContent
System.ReadOnlySpan`1[System.Byte]
System.ReadOnlyMemory`1[System.Byte]
da39a3ee5e6b4b0d3255bfef95601890afd80709
""".strip().split("\n"),
    *(
        "\n\n",
        "{\n}",
        "{\r\n}",
        "{ \n}",
        "{}\n",
        "null\n",
        "[]\n",
        "''\n",
        "\r",
        "\t",
        "  ",
        "\0",
        "\\n",
        '""\n',
        " {}",
        "{} ",
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
