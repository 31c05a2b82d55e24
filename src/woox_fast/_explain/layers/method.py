"""What people sign for the method other than the one that they send."""

from __future__ import annotations

from ..changes import COMMON, EXOTIC, LIKELY, RARE, UNCOMMON, Table, change

_FIX = "Sign the method that is sent, in upper case."


def _row(name: str, cost: int, what: str, make):  # type: ignore[no-untyped-def]
    return change(f"method-{name}", cost, f"The method was signed {what}. {_FIX}", make)


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
        *(
            _row(
                f"enum-{prefix.rstrip('.').lower()}",
                UNCOMMON,
                f"with {prefix} before it, as an enum prints its name",
                lambda m, prefix=prefix: prefix + m,
            )
            for prefix in (
                "Method.",
                "HttpMethod.",
                "HTTPMethod.",
                "RequestMethod.",
                "RESTMethod.",
                "HttpMethods.",
                "Verb.",
            )
        ),
        *(
            _row(
                f"spaced-{prefix.strip().lower().rstrip(':')}",
                EXOTIC,
                f"with {prefix.strip()} before it",
                lambda m, prefix=prefix: prefix + m,
            )
            for prefix in ("Method: ", "HTTP ")
        ),
    ),
)
