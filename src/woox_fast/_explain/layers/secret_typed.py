"""What stands where a secret should: another text of a configuration, or the secret as a person or a program wrote it.

No function here holds the secret's bytes in a variable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..changes import FAMILY, Change
from ..signing import Secret

READ = "Is its environment variable set, and read before it is used?"
_COPY = "Take the secret exactly as the console shows it."
_SHORTEST = 8  # of a secret that is cut: what is left of a shorter one is no secret
_LONGEST = 256  # of one that was typed by hand


def _family(name: str, cost: int, sentence: str, make: Callable[[Secret], Iterator[bytes]]) -> Change:
    return Change(f"secret-{name}", cost, sentence, lambda s, sent: map(Secret, make(s)), last=True)


# Another text than the secret

_NAMES = ("API_SECRET", "SECRET", "SECRET_KEY", "API_SECRET_KEY", "APISECRET", "PRIVATE_KEY", "API_KEY_SECRET")
_VARIABLES = [prefix + name for prefix in ("", "WOOX_", "WOO_", "WOO_X_", "WOOX_FAST_") for name in _NAMES]
_WAYS = (
    *(
        "NAME",
        "$NAME",
        "${NAME}",
        "%NAME%",
        "process.env.NAME",
        "{{NAME}}",
        "{NAME}",
        "{{ NAME }}",
        "<NAME>",
        "[NAME]",
        "#{NAME}",
        ":NAME",
        "self.NAME",
        "this.NAME",
        "config.NAME",
    ),
    *("settings.NAME", "$env:NAME", "@NAME", "__NAME__", 'os.environ["NAME"]', "os.environ['NAME']", "ENV[NAME]"),
    *('os.getenv("NAME")', "os.getenv('NAME')", 'process.env["NAME"]', "NAME_HERE", "NAME_goes_here", "NAME here"),
    *("${{ secrets.NAME }}", "***NAME***", "(NAME)", "your-NAME", "YOUR-NAME", "NAME_here", "import.meta.env.NAME"),
)
_PLACEHOLDERS = (
    *("your secret", "changeme", "change-me", "test", "testSecret", "TODO", "string", "password", "...", "secret here"),
    *("x" * n for n in (1, 2, 3, 4, 5, 6, 8, 10, 16, 28, 32)),
    *("X" * n for n in (3, 4, 5, 6, 8, 10, 16, 28, 32)),
    *("*" * n for n in (3, 4, 5, 6, 8, 10, 12, 16, 20, 28, 32)),
    *("•" * n for n in (6, 8, 10, 12, 16, 28)),
    *("[object Promise]", "Promise { <pending> }", "[Function]", "[object Undefined]", "[REDACTED]", "[Filtered]"),
    *("<secret>", "<redacted>", "REDACTED", "HIDDEN", "SecretStr('**********')", "SecretStr", "Optional.empty", "{}"),
    *(
        "System.Char[]",
        "System.Object",
        "NULL",
        "Null",
        "NONE",
        "none",
        "False",
        "false",
        "0",
        "1",
        "-",
        "_",
        "key",
        "NOT_SET",
        "not set",
        "(null)",
    ),
)


def _camel(name: str) -> str:
    first, *rest = name.lower().split("_")
    return first + "".join(map(str.capitalize, rest))


def _texts(_: Secret) -> Iterator[bytes]:
    for name in ("", "your_", "my_", "YOUR_", "MY_"):
        for one in _NAMES:
            for text in (name + one.lower(), name + one, _camel(name + one), (name + one.lower()).replace("_", "-")):
                yield text.encode()
                yield f"<{text}>".encode()
    for text in _PLACEHOLDERS:
        yield text.encode()
    for name in _VARIABLES:
        for written in (name, name.lower(), _camel(name), f"YOUR_{name}", f"your_{name}".lower(), f"MY_{name}"):
            for way in _WAYS:
                yield way.replace("NAME", written).encode()


# The secret with what was not meant to be there

_MARKS = b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

_INVISIBLE = (
    *(*range(1, 0x21), 0x7F, 0x85, 0xA0, 0xAD, 0x180E, *range(0x2000, 0x2010), *range(0x2028, 0x2030), 0x205F),
    *(*range(0x2060, 0x2065), 0x3000, 0xFEFF, 0xFFFD),
)


def _surrounded(s: Secret) -> Iterator[bytes]:
    """With a character that is not seen, or a mark, at an end; or there twice with one between."""
    for character in map(chr, (*_INVISIBLE, *_MARKS)):
        yield s + character.encode() + s
        yield s + character.encode()
        yield character.encode() + s
        yield character.encode() + s + character.encode()


def _prefixed(s: Secret) -> Iterator[bytes]:
    """As a line of a configuration has it, or a header."""
    for name in (*_VARIABLES, "apiSecret", "secretKey", "sign"):
        for text in dict.fromkeys((name, name.lower(), name.capitalize(), f"export {name}", f"set {name}")):
            for before, after in (
                ("=", ""),
                (": ", ""),
                (":", ""),
                (" = ", ""),
                ('="', '"'),
                ("='", "'"),
                (': "', '"'),
                (" ", ""),
            ):
                yield f"{text}{before}".encode() + s + after.encode()
            yield f'"{text}": "'.encode() + s + b'"'
    for prefix in ("Bearer ", "Basic ", "AWS4", "HMAC ", "sha256=", "hmac-sha256 ", "sk_", "sk-", "0x", "base64:", "#"):
        yield prefix.encode() + s


def _printed(s: Secret) -> Iterator[bytes]:
    """As a program prints what holds it, or a text marks it."""
    for before, after in _PRINTED:
        yield before.encode() + s + after.encode()
    yield str(list(s)).encode()
    yield str(list(s)).replace(" ", "").encode()


_PRINTED = (
    *(("Optional(", ")"), ('Optional("', '")'), ("Some(", ")"), ('Some("', '")'), ("['", "']"), ('["', '"]')),
    *(("('", "',)"), ("(", ")"), ("('", "')"), ("SecretStr('", "')"), ("Secret(", ")"), ("{'secret': '", "'}")),
    *(("\\'", "\\'"), ('\\"', '\\"'), ("'\"", "\"'"), ("\"'", "'\""), ('b"', '"'), ("u'", "'"), ("&", ""), ("@", "")),
    *(
        ("\u2018", "\u2019"),
        ("„", "“"),
        ("«", "»"),
        ("*", "*"),
        ("**", "**"),
        ("|", "|"),
        ("#{", "}"),
        ("${", "}"),
        ("", "%"),
    ),
    *(
        ("", " \n"),
        ("", "\r\n\r\n"),
        ("\n", "\n"),
        ("", "\t\n"),
        ('"', '"\r\n'),
        ("'", "'\n"),
        ("'", "';"),
        ("'", "',"),
    ),
    *(("", "'''"), ("", '"""'), ('"""', '"""'), ("", "\\r\\n"), ("", "\\r"), ("", "\\t"), ("", "\\0"), ("", "#")),
)


# The secret, copied or typed by hand

_ALIKE = [(one.encode(), other.encode()) for one, other in ("O0", "I1", "Il", "1l", "S5", "B8", "Z2", "G6", "VU", "oO")]
_EITHER = [*_ALIKE, *(pair[::-1] for pair in _ALIKE)]


def _cut(s: Secret) -> Iterator[bytes]:
    for lost in range(1, min(13, len(s) - _SHORTEST + 1)):
        for front in range(lost + 1):
            yield s[front : len(s) - (lost - front)]


def _mistyped(s: Secret) -> Iterator[bytes]:
    """One character lost, doubled, in the other case or taken for one that looks like it; two exchanged; all such."""
    if not _SHORTEST <= len(s) <= _LONGEST:
        return
    yield from (s.replace(one, other) for one, other in _EITHER)
    yield from (s.title(), s.capitalize(), s.swapcase())
    for at in range(len(s)):
        yield s[:at] + s[at + 1 :]
        yield s[: at + 1] + s[at:]
        yield s[:at] + s[at : at + 1].swapcase() + s[at + 1 :]
        yield s[:at] + s[at : at + 2][::-1] + s[at + 2 :]
        yield from (s[:at] + other + s[at + 1 :] for one, other in _EITHER if s[at : at + 1] == one)


TYPED = (
    _family(
        "variable", FAMILY, f"The secret was the name of a variable, or an example's text in its place. {READ}", _texts
    ),
    _family("surrounded", FAMILY, f"The secret had a character at an end that is not part of it. {_COPY}", _surrounded),
    _family("prefixed", FAMILY, f"The secret had its name or another text in front. {_COPY}", _prefixed),
    _family("printed", FAMILY, f"The secret was as a program prints what holds it. {_COPY}", _printed),
    _family("cut", FAMILY, f"Characters at the ends of the secret were missing. {_COPY}", _cut),
    _family("mistyped", FAMILY, f"A character of the secret was lost, or is another one. {_COPY}", _mistyped),
)
