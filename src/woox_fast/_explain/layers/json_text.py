"""What people sign for a JSON body: other fields, another order, other spellings, another layout of the same value."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .. import escapes, rewrites, spellings
from ..changes import COMMON, EXOTIC, FAMILY, LIKELY, RARE, UNCOMMON, Change
from ..rewrites import many_of_json, of_json, of_tree
from ..signing import Sent, to_bytes
from .names import PARAMETERS

SAME_BYTES = "Write the body once, sign those bytes, and send the same bytes (`Signer.prepare` does)."


def row(name: str, cost: int, what: str, make: Callable[..., bytes], *, light: bool = False) -> Change:
    sentence = f"The body was signed {what}: that is not what was sent. {SAME_BYTES}"
    return Change(name, cost, sentence, lambda body, sent: (make(body),) if body else (), light=light)


def json_row(name: str, cost: int, what: str, make: rewrites.Text) -> Change:
    return row(f"json-{name}", cost, what, of_json(make))


def family(name: str, cost: int, what: str, make: Callable[..., Iterable[str]], *, last: bool = False) -> Change:
    sentence = f"The body was signed {what}: that is not what was sent. {SAME_BYTES}"
    return Change(f"json-{name}", cost, sentence, many_of_json(make), last)


def _more(body: bytes, sent: Sent) -> Iterator[bytes]:
    """With one more field, at either end: one that a client drops when it sends, or that was signed alone."""
    times = (sent.timestamp, f'"{sent.timestamp}"')
    values = [(name, value) for name in PARAMETERS for value in ("null", '""', "undefined", "0", "false", "[]", "{}")]
    values += [(name, value) for name in _TIMES for value in times]
    values += [(name, value) for name in _WINDOWS for value in ("5000", "10000", "60000", '"5000"', "3000", "20000")]
    values += [(name, f'"{sent.api_key}"') for name in ("apiKey", "api_key", "key", "x-api-key", "AccessKey")]

    def arrange(items: list[str]) -> Iterator[list[str]]:
        colon = ": " if '": ' in items[0] else ":"
        names = {item.partition('"')[2].partition('"')[0] for item in items}
        for name, value in values:
            if name not in names:
                yield [*items, f'"{name}"{colon}{value}']
                yield [f'"{name}"{colon}{value}', *items]

    return (to_bytes(text) for text in rewrites.of_members(arrange)(body.decode()))


def _null_more(items: list[str]) -> Iterator[list[str]]:
    colon = ": " if '": ' in items[0] else ":"
    names = {item.partition('"')[2].partition('"')[0] for item in items}
    yield from ([*items, f'"{name}"{colon}null'] for name in PARAMETERS if name not in names)


_TIMES = ("timestamp", "ts", "time", "t", "nonce", "request_time", "requestTime", "signTimestamp", "x-api-timestamp")
_WINDOWS = ("recvWindow", "recv_window", "receiveWindow", "recvwindow", "x-api-recvwindow")


def _styled(body: bytes, sent: Sent) -> Iterator[bytes]:
    """With spaces where few libraries write them."""
    text = body.decode()
    for item in (",", ", ", " ,", " , ", ",\n"):
        for key in (":", ": ", " :", " : "):
            written = rewrites.written(item, key)(text)
            inner = written[1:-1]
            for pad in ("", " ", "\n"):
                yield to_bytes(f"{written[0]}{pad}{inner}{pad}{written[-1]}")
            yield to_bytes(f"{written[0]}{inner},{written[-1]}")


def _fixed(body: bytes, sent: Sent) -> Iterator[bytes]:
    text = body.decode()
    for decimals in range(11):
        for of_strings in (False, True):
            spell = spellings.fixed(decimals, of_strings=of_strings)
            yield to_bytes(rewrites.scalars(spell)(text))


def _within(name: str) -> Callable[[Any], Any]:
    return lambda node: [(f'"{name}"', node)]


def _as_float_number(token: str) -> str:
    bare = spellings.unquoted(token)
    return spellings.as_float(bare) if bare != token else token


def _is_empty(node: Any) -> bool:
    return node in ('""', "null", [], ())


FIELDS = (
    json_row(
        "no-nulls",
        LIKELY,
        "without the nulls that are sent",
        of_tree(rewrites.without(lambda one: one == "null", deep=False)),
    ),
    json_row(
        "no-nulls-deep",
        UNCOMMON,
        "without the nulls that are sent",
        of_tree(rewrites.without(lambda one: one == "null", deep=True)),
    ),
    json_row(
        "no-empty", COMMON, "without the empty values that are sent", of_tree(rewrites.without(_is_empty, deep=False))
    ),
    json_row(
        "no-false",
        RARE,
        "without the values that are false, zero or empty",
        of_tree(rewrites.without(lambda one: _is_empty(one) or one in ("false", "0"), deep=False)),
    ),
    family(
        "field-added",
        LIKELY,
        "without one of its fields, as when one is added after signing (a broker id, a client order id)",
        rewrites.of_members(rewrites.one_less),
    ),
    family(
        "two-fields-added",
        RARE,
        "without two of its fields, as when they are added after signing",
        rewrites.of_members(rewrites.two_less),
    ),
    family(
        "null-dropped",
        UNCOMMON,
        "with a field that is null and was not sent",
        rewrites.of_members(_null_more),
    ),
    Change(
        "json-field-dropped",
        FAMILY,
        f"The body was signed with a field more than was sent. {SAME_BYTES}",
        _more,
        last=True,
    ),
    json_row("in-list", UNCOMMON, "within a list", lambda text: f"[{text}]" if rewrites.tokens(text) else text),
    json_row(
        "out-of-list",
        RARE,
        "without the list that it is in",
        of_tree(lambda node: node[0] if isinstance(node, tuple) and len(node) == 1 else node),
    ),
    *(
        json_row(f"in-{name}", RARE, f'as the value of "{name}"', of_tree(_within(name)))
        for name in ("params", "data", "body", "order", "json", "request", "payload", "input", "orders", "parameters")
    ),
    json_row(
        "only-values",
        EXOTIC,
        "as a list of its values",
        of_tree(lambda node: tuple(one for _, one in node) if isinstance(node, list) else node),
    ),
)

ORDER = (
    json_row("sorted", LIKELY, "with its keys sorted", of_tree(rewrites.sorted_by(lambda name: name))),
    json_row(
        "sorted-at-top",
        COMMON,
        "with the keys at its top sorted",
        of_tree(rewrites.sorted_by(lambda name: name, deep=False)),
    ),
    json_row(
        "sorted-without-case",
        UNCOMMON,
        "with its keys sorted regardless of case",
        of_tree(rewrites.sorted_by(str.lower)),
    ),
    json_row(
        "reversed",
        UNCOMMON,
        "with its keys in reverse order",
        of_tree(lambda node: node[::-1] if isinstance(node, list) else node),
    ),
    json_row(
        "reverse-sorted",
        RARE,
        "with its keys sorted in reverse",
        of_tree(lambda node: sorted(node, reverse=True, key=lambda pair: pair[0]) if isinstance(node, list) else node),
    ),
    family("order", COMMON, "with its keys in another order", rewrites.of_members(rewrites.one_moved)),
)

SCALARS = (
    *(
        json_row(
            f"numbers-{name}", cost, f"with its numbers written {what}", rewrites.scalars(spellings.numbers(spell))
        )
        for name, cost, what, spell in (
            ("float", COMMON, "as Python writes floats (9000.0, 1e-05)", spellings.as_float),
            ("javascript", COMMON, "as JavaScript writes them (9000, 1e-7)", spellings.as_javascript),
            ("java", UNCOMMON, "as Java writes doubles (9000.0, 1.0E-5)", spellings.as_java),
            ("dotnet", UNCOMMON, "as .NET writes them (1E-05)", spellings.as_dotnet),
            ("plain", COMMON, "without exponent (0.00001)", spellings.plain),
            (
                "plain-trimmed",
                UNCOMMON,
                "without exponent and zeros at the end",
                lambda n: spellings.trimmed(spellings.plain(n)),
            ),
            ("exponents-upper", UNCOMMON, "with E in exponents", lambda n: n.upper()),
            ("exponents-lower", RARE, "with e in exponents", lambda n: n.lower()),
            ("trimmed", COMMON, "without zeros at the end (1.1 for 1.10)", spellings.trimmed),
            ("eight-decimals", UNCOMMON, "with eight decimals", lambda n: f"{float(n):.8f}"),
            ("two-decimals", UNCOMMON, "with two decimals", lambda n: f"{float(n):.2f}"),
            ("six-decimals", RARE, "with six decimals", lambda n: f"{float(n):.6f}"),
            ("comma", UNCOMMON, "with a decimal comma", lambda n: n.replace(".", ",")),
            ("normalized", RARE, "as a decimal without zeros at its end (4E+2)", spellings.normalized),
        )
    ),
    Change(
        "json-numbers-fixed",
        FAMILY,
        f"The body was signed with its numbers at another count of decimals: that is not what was sent. {SAME_BYTES}",
        _fixed,
    ),
    json_row(
        "numbers-javascript-unquoted",
        COMMON,
        "with numbers where strings are sent, as JavaScript or PHP writes them",
        rewrites.scalars(lambda t: spellings.as_javascript(bare) if (bare := spellings.unquoted(t)) != t else t),
    ),
    json_row("numbers-floats", COMMON, "with floats where strings are sent", rewrites.scalars(_as_float_number)),
    json_row(
        "python-words",
        UNCOMMON,
        "with True, False and None",
        rewrites.scalars(lambda t: {"true": "True", "false": "False", "null": "None"}.get(t, t)),
    ),
    json_row(
        "words-quoted",
        UNCOMMON,
        "with true, false and null in quotes",
        rewrites.scalars(lambda t: f'"{t}"' if t in ("true", "false", "null") else t),
    ),
    json_row(
        "words-unquoted",
        UNCOMMON,
        "with true, false and null out of their quotes",
        rewrites.scalars(
            lambda t: t[1:-1].lower() if t[1:-1].lower() in ("true", "false", "null") and t[0] == '"' else t
        ),
    ),
    json_row(
        "booleans-numbers",
        RARE,
        "with 1 and 0 for true and false",
        rewrites.scalars(lambda t: {"true": "1", "false": "0"}.get(t, t)),
    ),
    json_row("nulls-empty", UNCOMMON, 'with "" for null', rewrites.scalars(lambda t: '""' if t == "null" else t)),
    json_row("values-lower-case", RARE, "with its values in lower case", rewrites.scalars(str.lower)),
    json_row(
        "values-upper-case",
        RARE,
        "with its values in upper case",
        rewrites.scalars(lambda t: t.upper() if t[0] == '"' and "\\" not in t else t),
    ),
    json_row("keys-pascal-case", COMMON, "with its keys in PascalCase", rewrites.keys(spellings.pascal_case)),
    json_row("keys-camel-case", COMMON, "with its keys in camelCase", rewrites.keys(spellings.camel_case)),
    json_row("keys-snake-case", COMMON, "with its keys in snake_case", rewrites.keys(spellings.snake_case)),
    json_row("keys-lower-case", UNCOMMON, "with its keys in lower case", rewrites.keys(str.lower)),
    json_row("keys-upper-case", RARE, "with its keys in upper case", rewrites.keys(str.upper)),
    family(
        "value-spelled",
        COMMON,
        "with one of its values spelled in another way",
        rewrites.one_scalar(spellings.spellings),
    ),
    family("key-spelled", UNCOMMON, "with one of its keys spelled in another way", rewrites.one_key),
)

QUOTES = (
    json_row("numbers", LIKELY, "with numbers where strings are sent", rewrites.scalars(spellings.unquoted)),
    json_row("strings", LIKELY, "with strings where numbers are sent", rewrites.scalars(spellings.quoted)),
    json_row(
        "all-strings", UNCOMMON, "with each value a string", rewrites.scalars(lambda t: t if t[0] == '"' else f'"{t}"')
    ),
)

ESCAPES = (
    json_row("ascii", LIKELY, "with \\u escapes (ensure_ascii=True)", escapes.ascii_escapes()),
    json_row(
        "ascii-upper", COMMON, "with \\u escapes in upper case, as .NET writes them", escapes.ascii_escapes(upper=True)
    ),
    json_row("not-ascii", LIKELY, "without \\u escapes (ensure_ascii=False)", escapes.no_ascii_escapes),
    json_row("nfc", UNCOMMON, "in Unicode's composed form (NFC)", lambda t: unicodedata.normalize("NFC", t)),
    json_row("nfd", UNCOMMON, "in Unicode's decomposed form (NFD)", lambda t: unicodedata.normalize("NFD", t)),
    json_row(
        "question-marks",
        RARE,
        "with ? for each character that is not ASCII",
        lambda t: t.encode("ascii", "replace").decode(),
    ),
)

MARKS = (
    json_row(
        "slashes-escaped",
        COMMON,
        "with \\/ for / (PHP's json_encode)",
        lambda t: t.replace("\\/", "/").replace("/", "\\/"),
    ),
    json_row("slashes-raw", COMMON, "with / for \\/", lambda t: t.replace("\\/", "/")),
    json_row(
        "php",
        COMMON,
        "with \\/ and \\u escapes, as PHP's json_encode writes it",
        lambda t: escapes.ascii_escapes()(t.replace("/", "\\/")),
    ),
    json_row(
        "html-escaped",
        COMMON,
        "with <, > and & as \\u escapes (Go's encoding/json)",
        escapes.escaped("<>&\u2028\u2029"),
    ),
    json_row("gson", UNCOMMON, "with <, >, &, = and ' as \\u escapes (Gson)", escapes.escaped("<>&='")),
    json_row(
        "powershell",
        UNCOMMON,
        "with <, >, & and ' as \\u escapes (PowerShell's ConvertTo-Json)",
        escapes.escaped("<>&'"),
    ),
    json_row(
        "dotnet",
        UNCOMMON,
        "with the escapes of .NET's System.Text.Json",
        lambda t: escapes.ascii_escapes(upper=True)(escapes.escaped("<>&+'`", upper=True)(t.replace('\\"', "\\u0022"))),
    ),
)


STYLES = (
    json_row("compact", LIKELY, "compact, without spaces", rewrites.compact),
    json_row("spaced", LIKELY, "with spaces, as json.dumps writes it by default", rewrites.written(", ", ": ")),
    json_row("comma-space", COMMON, "with a space after each comma only", rewrites.written(", ", ":")),
    json_row("colon-space", COMMON, "with a space after each colon only", rewrites.written(",", ": ")),
    json_row("colon-spaces", RARE, "with a space on each side of a colon", rewrites.written(",", " : ")),
    json_row(
        "all-spaces", RARE, "with a space on each side of a colon and after each comma", rewrites.written(", ", " : ")
    ),
    *(
        json_row(f"indent-{name}{end}", cost, f"indented by {what}{with_end}", rewrites.indented(by, newline, key))
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
    Change(
        "json-styled",
        FAMILY,
        f"The body was signed with other spaces, or with a comma at its end: that is not what was sent. {SAME_BYTES}",
        _styled,
    ),
)

PERMUTATIONS = (
    family("order", FAMILY, "with its keys in another order", rewrites.of_members(rewrites.permuted), last=True),
)
