"""What people sign for the path (without its query) other than the one that they send."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, unquote

from ..changes import COMMON, EXOTIC, FAMILY, LIKELY, RARE, UNCOMMON, Change, Table, change, change_by_request
from .path_families import (
    HOSTS,
    VERSION,
    after_hosts,
    cased,
    encoded_urls,
    ended,
    numbers_of_words,
    only_base,
    other_endpoints,
    other_ids,
    prefixed,
    slashed,
    templates,
    texts,
    versions,
    without_id,
    without_part,
)

_AS_SENT = "Sign the path exactly as it goes out on the request line."


def _row(name: str, cost: int, what: str, make: Callable[..., str], fix: str = _AS_SENT) -> Change:
    return change(f"path-{name}", cost, f"The path was signed {what}. {fix}", make)


def _by_request(name: str, cost: int, what: str, make: Callable[..., str], fix: str = _AS_SENT) -> Change:
    return change_by_request(f"path-{name}", cost, f"The path was signed {what}. {fix}", make)


def _in_front(name: str, cost: int, prefix: str) -> Change:
    return _row(f"prefix-{name}", cost, f"with {prefix} in front", lambda p: prefix + p)


_ROUTE = (
    _row(
        "no-version",
        LIKELY,
        "without its version",
        lambda p: VERSION.sub("", p, count=1),
        "Sign /v3/..., also if your base URL holds the /v3.",
    ),
    Change("path-other-version", COMMON, f"The path was signed with another version. {_AS_SENT}", versions),
    _row(
        "doubled-version",
        COMMON,
        "with its version twice",
        lambda p: VERSION.sub(lambda v: v[0] * 2, p, count=1),
        "The base URL and the path both hold it.",
    ),
    _row(
        "no-version-slash",
        UNCOMMON,
        "without its version and the slash after it",
        lambda p: VERSION.sub("", p, count=1).removeprefix("/"),
    ),
    Change(
        "path-no-id",
        COMMON,
        f"The path was signed without its id, or with a text such as null in its place. {_AS_SENT}",
        without_id,
    ),
    Change(
        "path-template",
        COMMON,
        f"The path was signed as a template, with a name where the id belongs. {_AS_SENT}",
        templates,
    ),
    Change("path-id", FAMILY, f"The path was signed with its id in another way. {_AS_SENT}", other_ids, last=True),
    Change("path-text", FAMILY, f"A text was signed where the path belongs. {_AS_SENT}", texts, last=True),
    Change(
        "path-other-endpoint",
        FAMILY,
        f"The path of another endpoint was signed. {_AS_SENT}",
        other_endpoints,
        last=True,
    ),
    Change("path-base-url", FAMILY, f"The base URL was signed without the path. {_AS_SENT}", only_base, last=True),
    Change("path-cased", FAMILY, f"The path was signed with its words in another case. {_AS_SENT}", cased),
    Change("path-slashed", FAMILY, f"The path was signed with other slashes. {_AS_SENT}", slashed, last=True),
    Change(
        "path-plural",
        FAMILY,
        f"The path was signed with a word in the singular or plural. {_AS_SENT}",
        numbers_of_words,
    ),
    _row(
        "doubled-version-no-slash",
        RARE,
        "with its version twice",
        lambda p: VERSION.sub(lambda v: v[0] + v[0][1:], p, count=1),
    ),
    _row(
        "upper-case-version",
        RARE,
        "with its version in upper case",
        lambda p: VERSION.sub(lambda v: v[0].upper(), p, count=1),
    ),
    Change("path-part-lost", UNCOMMON, f"The path was signed without one of its parts. {_AS_SENT}", without_part),
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
    Change("path-marked", FAMILY, f"The path was signed with a mark that was not sent. {_AS_SENT}", ended),
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
            after_hosts(*names),
        )
        for cost, names in ((UNCOMMON, ()), (FAMILY, HOSTS))
    ),
    _row("no-slash", LIKELY, "without its leading slash", lambda p: p.removeprefix("/"), "Begin it with /."),
    _row("slash", COMMON, "with a leading slash that was not sent", lambda p: p if p[:1] == "/" else "/" + p),
    _row("double-slash", LIKELY, "with two leading slashes", lambda p: "/" + p, "A base URL must not end with /."),
    _row(
        "double-slash-inside",
        UNCOMMON,
        "with two slashes after its version",
        lambda p: VERSION.sub(lambda v: v[0] + "/", p, count=1),
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
    Change(
        "path-encoded-url",
        FAMILY,
        f"The full URL was signed, percent-encoded. {_AS_SENT}",
        encoded_urls,
        last=True,
    ),
    Change("path-prefixed", FAMILY, f"The path was signed with another prefix. {_AS_SENT}", prefixed, last=True),
    _row("leading-space", RARE, "with a space in front", lambda p: " " + p),
    _row("quoted", RARE, "in double quotes", lambda p: f'"{p}"'),
    _row("doubled", RARE, "twice", lambda p: p * 2),
)

PATH = Table(_ROUTE, _SPELLING, _ENDS, _FRONT)
