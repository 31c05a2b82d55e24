"""Mistakes in the path, without its query."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import quote, unquote

from ..json_edits import drop_one
from ..rows import COMMON, LIKELY, UNCOMMON, Row, Table, build_rows

_quote = partial(quote, errors="surrogateescape")
_parts = re.compile("/[^/]*").findall
_VERSION = re.compile(r"/v\d+(?=/|\Z)")
_NUMBER = re.compile(r"(?<=/)\d+(?=/|\Z)")
_NAMES = ("id", "orderId", "order_id", "oid", "clientOrderId", "client_order_id", "algoOrderId")
_PLACEHOLDERS = [form.replace("NAME", name) for name in _NAMES for form in ("{NAME}", ":NAME", "<NAME>", "NAME")]
_HOSTS = ("api.woox.io", "api.staging.woox.io", "api-pub.woox.io", "api.woo.org", "api.staging.woo.org", "localhost")
_URLS = [before + host for host in _HOSTS for before in ("https://", "http://", "")]
_NO_BASE = ("undefined", "null", "None", "{{baseUrl}}", "{{base_url}}", "{{url}}", "${baseUrl}", "{base_url}")
_build_rows = partial(
    build_rows, "path-", "The path was signed {}.", "Sign the path exactly as it appears in the request line."
)


def _set_version(replacement: str) -> Callable[[str], str]:
    return lambda p: _VERSION.sub(replacement, p, count=1)


def _set_ids(*texts: str) -> Callable[[str], list[str]]:
    return lambda p: [_NUMBER.sub(text, p) for text in texts]


_ROUTE = _build_rows(
    ("no-version", LIKELY, "without its version (/v3); the base URL may contain it", _set_version("")),
    ("other-version", COMMON, "with another version", lambda p: [_set_version(f"/v{n}")(p) for n in range(1, 5)]),
    ("doubled-version", COMMON, "with its version twice; base URL and path contain it", _set_version(r"\g<0>\g<0>")),
    ("no-id", COMMON, "without its id, or with null for it", _set_ids("", "null", "undefined", "None")),
    ("template", COMMON, "as a template, with a name for its id", _set_ids(*_PLACEHOLDERS)),
    ("plural", UNCOMMON, "in the singular or plural", lambda p: [p + "s", p.removesuffix("s")]),
    ("part-lost", UNCOMMON, "without one of its segments", lambda p: ["".join(some) for some in drop_one(_parts(p))]),
    ("left-out", UNCOMMON, "as its query alone", lambda p: ""),
)
_SPELLING = _build_rows(
    ("lower-case", COMMON, "in lower case", str.lower),
    ("decoded", COMMON, "before percent-encoding", lambda p: unquote(p, errors="surrogateescape")),
    ("encoded", UNCOMMON, "percent-encoded", lambda p: [_quote(p, "/%:"), _quote(p, "")]),
)
_ENDS = _build_rows(
    ("trailing-slash", LIKELY, "with a slash after it", lambda p: p + "/"),
    ("no-trailing-slash", COMMON, "without its last slash", lambda p: p.removesuffix("/")),
    ("fragment", UNCOMMON, "with a # after it", lambda p: p + "#"),
    ("no-fragment", COMMON, "without its fragment", lambda p: p.partition("#")[0]),
)
_ORIGIN = tuple(
    Row(f"path-{name}", cost, f"The path was signed {words}.", "Leave out scheme and host.", apply)
    for name, cost, words, apply in (
        ("full-url", LIKELY, "as the full URL, with scheme and host", lambda p, r: r.origin + p if r.origin else None),
        ("host", LIKELY, "with the host before it", lambda p, r: r.host + p if r.host else None),
        ("other-host", UNCOMMON, "with another host before it", lambda p, _: [url + p for url in _URLS]),
    )
)
_FRONT = _build_rows(
    ("no-slash", LIKELY, "without its leading slash", lambda p: p.removeprefix("/")),
    ("double-slash", LIKELY, "with two leading slashes; the base URL must not end with a slash", lambda p: "/" + p),
    ("slashes-merged", COMMON, "with one slash, but sent with two", lambda p: re.sub("/+", "/", p)),
    ("prefix", LIKELY, "with /api before it", lambda p: "/api" + p),
    ("prefix-version", COMMON, "with a version before it", lambda p: ["/api/v3" + p, "/v3" + p, "/v1" + p]),
    ("base-url", COMMON, "with an undefined base URL before it", lambda p: [text + p for text in _NO_BASE]),
)

TABLE = Table(_ROUTE, _SPELLING, _ENDS, (*_ORIGIN, *_FRONT))
