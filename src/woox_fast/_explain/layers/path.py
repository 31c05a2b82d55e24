"""What people sign for the path (without its query) other than the one that they send."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

from ..changes import COMMON, EXOTIC, FAMILY, LIKELY, RARE, UNCOMMON, Change, Table, change, change_by_request
from ..signing import Sent

_AS_SENT = "Sign the path exactly as it goes out on the request line."
_VERSION = re.compile(r"/v\d+(?=/|\Z)")
_NUMBERS = re.compile(r"(?<=/)\d+(?=/|\Z)")


def _row(name: str, cost: int, what: str, make: Callable[..., str], fix: str = _AS_SENT) -> Change:
    return change(f"path-{name}", cost, f"The path was signed {what}. {fix}", make)


def _by_request(name: str, cost: int, what: str, make: Callable[..., str], fix: str = _AS_SENT) -> Change:
    return change_by_request(f"path-{name}", cost, f"The path was signed {what}. {fix}", make)


def _in_front(name: str, cost: int, prefix: str) -> Change:
    return _row(f"prefix-{name}", cost, f"with {prefix} in front", lambda p: prefix + p)


def _hosts(*hosts: str) -> Callable[[str, Sent], Iterator[str]]:
    """The path after each of `hosts`, or else after the request's own, in each spelling."""

    def values(p: str, sent: Sent) -> Iterator[str]:
        for host in hosts or (sent.host,) * bool(sent.host):
            for before in ("https://", "http://", "", "//", "wss://"):
                for after in ("", ":443", "/", ":80", ":8080", ":3000", ":8000", ":5000")[: 8 if hosts else 3]:
                    yield f"{before}{host}{after}{p}"

    return values


_HOSTS = (
    *("api.woox.io", "api.staging.woox.io", "api-pub.woox.io", "api.woo.org", "api.staging.woo.org", "api-pub.woo.org"),
    *("wss.woox.io", "woox.io", "x.woo.org", "localhost", "127.0.0.1", "api.woo.network", "www.woox.io"),
)


_IDS = (
    *("id", "orderId", "order_id", "oid", "order", "clientOrderId", "client_order_id", "symbol", "algoId", "algo_id"),
    *(
        "algoOrderId",
        "algo_order_id",
        "Id",
        "ID",
        "OrderId",
        "orderID",
        "cid",
        "clientId",
        "num",
        "number",
        "token",
        "",
    ),
)


def _ended(p: str, sent: Sent) -> Iterator[str]:
    for end in _MARKS:
        yield p + end
    yield from (f"'{p}'", f"`{p}`", f"b'{p}'", f"<{p}>", f"({p})", f"[{p}]")


_MARKS = (
    *("//", "?=", "?&", "?#", "?/", ";", ",", ":", "|", "&", "=", "!", "/.", "/?", "\\", "%20", "\r\n", "\t", "\0"),
    *(" HTTP/2", " HTTP/1.0", "?undefined=undefined", "?null=", "?%s", "?{query}", "?query", "?params"),
)


def _templates(p: str, sent: Sent) -> Iterator[str]:
    """A path whose ids stand as the names that a template has for them."""
    if not _NUMBERS.search(p):
        return
    parts, number = _NUMBERS.split(p), _NUMBERS.findall(p)[-1]
    for name in _IDS:
        for form in ("{NAME}", ":NAME", "${NAME}", "<NAME>", "%(NAME)s", "<int:NAME>", "$NAME", "NAME"):
            yield form.replace("NAME", name).join(parts)
        yield f"{p[: p.rindex(number)].rstrip('/')}?{name}={number}"
    for text in ("%s", "%d", "*", "undefined", "None", "null", "0", "{}", "{0}", "[object Object]", "NaN", "nil", "%i"):
        yield text.join(parts)
    for text in (f"{number}.0", f'"{number}"', f"'{number}'", number * 2, f" {number}", f"{number}L", f"{number}n"):
        yield text.join(parts)


def _versions(p: str, sent: Sent) -> Iterator[str]:
    for version in ("/v1", "/v2", "/v3", "/v4", "/v5"):
        yield _VERSION.sub(version, p, count=1)


def _prefixed(p: str, sent: Sent) -> Iterator[str]:
    bare = _VERSION.sub("", p, count=1)
    for prefix in _PREFIXES:
        yield prefix + p
        yield prefix + bare
        yield prefix.removeprefix("/") + p


_PREFIXES = (
    *(
        "/pub",
        "/public",
        "/private",
        "/api/pub",
        "/rest/api",
        "/rest",
        "/proxy",
        "/woox",
        "/woo",
        "/open-api",
        "/openapi",
    ),
    *(
        "/fapi",
        "/dapi",
        "/sapi",
        "/trade-api",
        "/api/v2",
        "/api/v5",
        "/v4",
        "/v5",
        "/proxy/woox",
        "/api/woox",
        "/api/proxy",
        "/woox/api",
        "/gateway",
        "/exchange",
        "/client",
    ),
    *("/spot", "/futures", "/perp", "/trade", "/oapi", "/ext", "/http", "/prod", "/staging", ".", "..", "/.", "~", "*"),
)


def _numbers_of_words(p: str, sent: Sent) -> Iterator[str]:
    """With each of its words in the singular or plural."""
    parts = p.split("/")
    if len(parts) < 32:
        for at, part in enumerate(parts):
            if part.isalpha():
                other = part[:-1] if part[-1] == "s" else part + "s"
                yield "/".join((*parts[:at], other, *parts[at + 1 :]))


def _texts(p: str, sent: Sent) -> Iterator[str]:
    for name in ("path", "url", "endpoint", "uri", "request_path", "requestPath", "route"):
        yield from (f"{{{name}}}", f"${{{name}}}", name, f":{name}", f"<{name}>", f"{{{{{name}}}}}")
    yield from ("[object Object]", "nil", "NaN", "false", "None" + p, "undefined" + p, "null" + p, "%s")


def _without_part(p: str, sent: Sent) -> Iterator[str]:
    parts = p.split("/")
    if len(parts) < 32:
        for at in range(2, len(parts)):
            yield "/".join(parts[:at] + parts[at + 1 :])


_ROUTE = (
    _row(
        "no-version",
        LIKELY,
        "without its version",
        lambda p: _VERSION.sub("", p, count=1),
        "Sign /v3/..., also if your base URL holds the /v3.",
    ),
    Change("path-other-version", COMMON, f"The path was signed with another version. {_AS_SENT}", _versions),
    _row(
        "doubled-version",
        COMMON,
        "with its version twice",
        lambda p: _VERSION.sub(lambda v: v[0] * 2, p, count=1),
        "The base URL and the path both hold it.",
    ),
    _row(
        "no-version-slash",
        UNCOMMON,
        "without its version and the slash after it",
        lambda p: _VERSION.sub("", p, count=1).removeprefix("/"),
    ),
    Change(
        "path-template",
        COMMON,
        f"The path was signed as a template, with a name where the id belongs. {_AS_SENT}",
        _templates,
    ),
    Change("path-text", FAMILY, f"A text was signed where the path belongs. {_AS_SENT}", _texts),
    Change(
        "path-plural",
        FAMILY,
        f"The path was signed with a word in the singular or plural. {_AS_SENT}",
        _numbers_of_words,
    ),
    _row(
        "doubled-version-no-slash",
        RARE,
        "with its version twice",
        lambda p: _VERSION.sub(lambda v: v[0] + v[0][1:], p, count=1),
    ),
    _row(
        "upper-case-version",
        RARE,
        "with its version in upper case",
        lambda p: _VERSION.sub(lambda v: v[0].upper(), p, count=1),
    ),
    Change("path-part-lost", UNCOMMON, f"The path was signed without one of its parts. {_AS_SENT}", _without_part),
    _row("left-out", UNCOMMON, "not at all, only its query", lambda p: ""),
    _row("root", UNCOMMON, "as /", lambda p: "/"),
    _row("last-part", RARE, "as its last part alone", lambda p: p[p.rindex("/") + 1 :]),
    _row("last-part-slash", RARE, "as its last part alone", lambda p: p[p.rindex("/") :]),
    _row("none", UNCOMMON, "as None", lambda p: "None"),
    _row("undefined", UNCOMMON, "as undefined", lambda p: "undefined"),
    _row("null", UNCOMMON, "as null", lambda p: "null"),
)

_SPELLING = (
    _row("lower-case", COMMON, "in lower case", str.lower, "Keep its case."),
    _row("upper-case", RARE, "in upper case", str.upper, "Keep its case."),
    _row("decoded", COMMON, "before it was percent-encoded", lambda p: unquote(p, errors="surrogateescape")),
    _row(
        "encoded",
        UNCOMMON,
        "percent-encoded where it was sent raw",
        lambda p: quote(p, safe="/%:", errors="surrogateescape"),
    ),
    _row(
        "encoded-slashes",
        UNCOMMON,
        "with its slashes percent-encoded",
        lambda p: quote(p, safe="", errors="surrogateescape"),
    ),
    _row("encoded-slashes-lower", RARE, "with its slashes percent-encoded", lambda p: p.replace("/", "%2f")),
    _row(
        "escapes-lower", RARE, "with lower-case escapes", lambda p: re.sub("%[0-9A-Fa-f]{2}", lambda e: e[0].lower(), p)
    ),
    _row(
        "escapes-upper", RARE, "with upper-case escapes", lambda p: re.sub("%[0-9A-Fa-f]{2}", lambda e: e[0].upper(), p)
    ),
    _row("backslashes", EXOTIC, "with backslashes", lambda p: p.replace("/", "\\")),
    _row("escaped-slashes", RARE, "with \\/ for /", lambda p: p.replace("/", "\\/")),
    _row("dots", EXOTIC, "with dots for slashes", lambda p: p.strip("/").replace("/", ".")),
    _row(
        "snake-case",
        RARE,
        "in snake case",
        lambda p: re.sub("(?<=[a-z])[A-Z]", lambda c: "_" + c[0].lower(), p),
        "Keep its case.",
    ),
)

_ENDS = (
    _row("trailing-slash", LIKELY, "with a slash at its end", lambda p: p + "/", "Leave it out."),
    _row(
        "no-trailing-slash",
        COMMON,
        "without the slash at its end that is sent",
        lambda p: p[:-1] if p[-1:] == "/" else p,
    ),
    _row("fragment", UNCOMMON, "with a # at its end", lambda p: p + "#"),
    _row("no-fragment", COMMON, "without its fragment", lambda p: p.partition("#")[0]),
    _row("trailing-space", UNCOMMON, "with a space after it", lambda p: p + " "),
    _row("newline", UNCOMMON, "with a newline after it", lambda p: p + "\n"),
    _row("json", RARE, "with .json at its end", lambda p: p + ".json"),
    Change("path-marked", FAMILY, f"The path was signed with a mark that was not sent. {_AS_SENT}", _ended),
    _row("http-version", RARE, "with HTTP/1.1 after it", lambda p: p + " HTTP/1.1"),
    _row("last-lost", RARE, "without its last character", lambda p: p[:-1]),
)

_FRONT = (
    Change(
        "path-full-url",
        LIKELY,
        "The path was signed as the full URL. Leave out scheme and host.",
        lambda p, sent: (sent.origin + p,) if sent.origin else (),
    ),
    Change(
        "path-host",
        LIKELY,
        "The path was signed with the host in front. Leave out the host.",
        lambda p, sent: (sent.host + p,) if sent.host else (),
    ),
    *(
        Change(
            "path-other-host",
            cost,
            "The path was signed with another host, or another spelling of it, in front. Leave out scheme and host.",
            _hosts(*hosts),
        )
        for cost, hosts in ((UNCOMMON, ()), (FAMILY, _HOSTS))
    ),
    _row("no-slash", LIKELY, "without its leading slash", lambda p: p.removeprefix("/"), "Begin it with /."),
    _row("slash", COMMON, "with a leading slash that was not sent", lambda p: p if p[:1] == "/" else "/" + p),
    _row("double-slash", LIKELY, "with two leading slashes", lambda p: "/" + p, "A base URL must not end with /."),
    _row(
        "double-slash-inside",
        UNCOMMON,
        "with two slashes after its version",
        lambda p: _VERSION.sub(lambda v: v[0] + "/", p, count=1),
        "A base URL must not end with /.",
    ),
    _row("one-slash", COMMON, "with one leading slash where two were sent", lambda p: "/" + p.lstrip("/")),
    _row("slashes-merged", UNCOMMON, "with one slash where two were sent", lambda p: re.sub("/+", "/", p)),
    _in_front("api", LIKELY, "/api"),
    _in_front("api-no-slash", UNCOMMON, "api"),
    _in_front("api-v3", COMMON, "/api/v3"),
    _in_front("api-v1", UNCOMMON, "/api/v1"),
    _in_front("v3", COMMON, "/v3"),
    _in_front("v1", COMMON, "/v1"),
    _in_front("v2", UNCOMMON, "/v2"),
    Change("path-prefixed", FAMILY, f"The path was signed with another prefix. {_AS_SENT}", _prefixed),
    _row("leading-space", RARE, "with a space in front", lambda p: " " + p),
    _row("quoted", RARE, "in double quotes", lambda p: f'"{p}"'),
    _row("doubled", RARE, "twice", lambda p: p * 2),
)

PATH = Table(_ROUTE, _SPELLING, _ENDS, _FRONT)
