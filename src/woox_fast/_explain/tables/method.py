"""Mistakes in the method."""

from __future__ import annotations

from functools import partial

from ..rows import COMMON, LIKELY, RARE, UNCOMMON, WIDE, Row, Table, build_rows

_REMEDY = "Sign the method that you send, in upper case."
_ENUMS = "HttpMethod.{} HTTPMethod.{} Method.{} RequestMethod.{} RESTMethod.{} HttpVerb.{} {}/ {}:"
_OTHERS = ("DEL", "PATCH", "OPTIONS", "HEAD", "HTTP", "method", "{method}", "verb")

_build_rows = partial(build_rows, "method-", "The method was signed {}.", _REMEDY)

TABLE = Table(
    (
        Row("method-left-out", LIKELY, "The method was not signed.", _REMEDY, lambda m, _: ""),
        *_build_rows(
            ("get", LIKELY, "as GET, but another method was sent", lambda m: "GET"),
            ("post", LIKELY, "as POST, but another method was sent", lambda m: "POST"),
            ("put-delete", COMMON, "as PUT or DELETE, but another method was sent", lambda m: ["PUT", "DELETE"]),
            ("none", COMMON, "as None, undefined or null", lambda m: ["None", "undefined", "null"]),
            ("other", RARE, "as another word", lambda m: _OTHERS),
        ),
    ),
    _build_rows(
        ("lower-case", LIKELY, "in lower case", str.lower),
        ("capitalized", COMMON, "with only its first letter in upper case", str.capitalize),
        ("upper-case", LIKELY, "in upper case, but sent otherwise", str.upper),
    ),
    _build_rows(
        ("quoted", UNCOMMON, "in quotes", lambda m: [f'"{m}"', f"'{m}'", f"b'{m}'"]),
        ("space", UNCOMMON, "with white space around it", lambda m: [m + " ", " " + m, m + "\n"]),
        ("enum", WIDE, "as the name of an enum member", lambda m: [form.format(m) for form in _ENUMS.split()]),
    ),
)
