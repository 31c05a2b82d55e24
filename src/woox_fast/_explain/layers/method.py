"""What people sign for the method other than the one that they send."""

from __future__ import annotations

from collections.abc import Iterator

from ..changes import COMMON, EXOTIC, FAMILY, LIKELY, RARE, UNCOMMON, Change, Table, change
from ..signing import Sent
from .texts import ABSENT, marked, placeholders, wrapped

_FIX = "Sign the method that is sent, in upper case."


def _row(name: str, cost: int, what: str, make):  # type: ignore[no-untyped-def]
    return change(f"method-{name}", cost, f"The method was signed {what}. {_FIX}", make)


def _enum(method: str, sent: Sent) -> Iterator[str]:
    for name in _ENUMS:
        for mark in (".", "::", "_", ":"):
            for text in (method, method.lower(), method.capitalize()):
                yield f"{name}{mark}{text}"
                yield f"<{name}{mark}{text}>"
            yield f"<{name}{mark}{method}: '{method}'>"
        yield from (name + method, name + method.capitalize(), f"http.{name}{method.capitalize()}")


_ENUMS = (
    *("Method", "HttpMethod", "HTTPMethod", "RequestMethod", "RestMethod", "RESTMethod", "RequestType", "HttpMethods"),
    *("HttpVerb", "Verb", "HttpRequestMethod", "RequestMethods", "Methods", "MethodType", "http", "HTTP", "Type", ""),
    *("Net::HTTP", "HTTP::Method", "reqwest::Method", "hyper::Method", "Http::Method", "axios", "requests"),
)


def _marked(method: str, sent: Sent) -> Iterator[str]:
    for text in (method, method.lower()):
        yield from marked(text)
        yield from wrapped(text)
        yield from (before + text + after for before, after in _MARKS)


_MARKS = (
    *(("Method: ", ""), ("HTTP ", ""), ("", " /"), ("method=", ""), ("method=", "&"), ("", "()"), ("", "Async")),
    *(('HTTPMethod(rawValue: "', '")'), ("HTTPMethod(", ")"), ("HttpMethod(", ")"), ("<HTTPMethod ", ">")),
    *(("private", ""), ("public", ""), ("v3", ""), ("v3_private_", ""), ("v3Private", "")),
)


def _texts(method: str, sent: Sent) -> Iterator[str]:
    yield from placeholders("method", "httpMethod", "http_method", "verb", "requestMethod", "type")
    yield from ABSENT
    yield from _WORDS
    yield from (method[:1], method[:1].lower(), method[:3])


# What people take for the method: the action, the kind of API, a type's name.
_WORDS = """
CREATE
READ
UPDATE
REMOVE
DEL
ADD
INSERT
QUERY
CANCEL
create
update
cancel
private
public
signed
auth
v3
v1
v3Private
v3_private
api
rest
REST
HTTP
https
SUBSCRIBE
HEAD
OPTIONS
System.Net.Http.HttpMethod
RestSharp.Method
Microsoft.PowerShell.Commands.WebRequestMethod
""".strip().split("\n")

METHOD = Table(
    (
        _row("left-out", LIKELY, "not at all", lambda m: ""),
        *(
            _row(other.lower(), cost, f"as {other}, but sent otherwise", lambda m, other=other: other)
            for other, cost in (("GET", LIKELY), ("POST", LIKELY), ("PUT", COMMON), ("DELETE", COMMON), ("PATCH", RARE))
        ),
        _row("none", COMMON, "as None", lambda m: "None"),
        _row("undefined", COMMON, "as undefined", lambda m: "undefined"),
        _row("null", COMMON, "as null", lambda m: "null"),
        _row("template", RARE, "as the text {method}", lambda m: "{method}"),
        _row("name", RARE, "as the text method", lambda m: "method"),
        _row("http", EXOTIC, "as HTTP", lambda m: "HTTP"),
        _row("object", RARE, "as [object Object]", lambda m: "[object Object]"),
        _row("template-dollar", RARE, "as the text ${method}", lambda m: "${method}"),
        _row("verb", RARE, "as the text verb", lambda m: "verb"),
        _row("nil", RARE, "as nil", lambda m: "nil"),
        _row("format", EXOTIC, "as %s", lambda m: "%s"),
        _row("get-number", EXOTIC, "as the number 0 of an enum", lambda m: "0"),
        _row("post-number", EXOTIC, "as the number 1 of an enum", lambda m: "1"),
        _row("put-number", EXOTIC, "as the number 2 of an enum", lambda m: "2"),
        _row("delete-number", EXOTIC, "as the number 3 of an enum", lambda m: "3"),
    ),
    (
        _row("lower-case", LIKELY, "in lower case", str.lower),
        _row("capitalized", COMMON, "capitalised", str.capitalize),
        _row("upper-case", LIKELY, "in upper case, but sent otherwise", str.upper),
    ),
    (
        _row("quoted", UNCOMMON, "in double quotes", lambda m: f'"{m}"'),
        _row("bytes-repr", RARE, "as the repr of a bytes object, b'...'", lambda m: f"b'{m}'"),
        _row("trailing-space", UNCOMMON, "with a space after it", lambda m: m + " "),
        _row("leading-space", UNCOMMON, "with a space before it", lambda m: " " + m),
        _row("newline", RARE, "with a newline after it", lambda m: m + "\n"),
        _row("doubled", RARE, "twice", lambda m: m * 2),
        Change("method-enum", FAMILY, f"The method was signed as an enum prints its name. {_FIX}", _enum),
        Change("method-text", FAMILY, f"A text was signed where the method belongs. {_FIX}", _texts, last=True),
        Change(
            "method-marked", FAMILY, f"The method was signed with another text round it. {_FIX}", _marked, last=True
        ),
    ),
)
