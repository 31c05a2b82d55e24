"""What stands where a secret should: another text of a configuration, or the secret as a person or a program wrote it.

No function here holds the secret's bytes in a variable.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator

from ..changes import FAMILY, Change
from ..signing import Secret, Sent, to_bytes
from .texts import ABSENT, MARKS, placeholders, wrapped
from .timestamp_rows import date

READ = "Is its environment variable set, and read before it is used?"
_COPY = "Take the secret exactly as the console shows it."
_SHORTEST = 8  # of a secret that is cut: what is left of a shorter one is no secret
_LONGEST = 256  # of one that was typed by hand


def _family(name: str, cost: int, sentence: str, make: Callable[[Secret], Iterator[bytes]]) -> Change:
    return Change(f"secret-{name}", cost, sentence, lambda s, sent: map(Secret, make(s)), last=True)


# Another text than the secret

_NAMES = ("API_SECRET", "SECRET", "SECRET_KEY", "API_SECRET_KEY", "APISECRET", "PRIVATE_KEY", "API_KEY_SECRET")
_VARIABLES = [prefix + name for prefix in ("", "WOOX_", "WOO_", "WOO_X_", "WOOX_FAST_") for name in _NAMES]
_WAYS = """
process.env.NAME
config.NAME
settings.NAME
os.environ["NAME"]
os.environ['NAME']
os.getenv("NAME")
os.getenv('NAME')
process.env["NAME"]
import.meta.env.NAME
ENV[NAME]
NAME_HERE
NAME_here
NAME_goes_here
NAME here
${{ secrets.NAME }}
***NAME***
your-NAME
YOUR-NAME
""".strip().split("\n")
_EXAMPLES = (
    *(mark * n for mark in "xX*•0" for n in (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 28, 32)),
    *ABSENT,
    *"""
your secret
secret here
changeme
change-me
test
testSecret
TODO
string
password
passphrase
...
key
-
_
NOT_SET
not set
NONE
<secret>
<redacted>
[REDACTED]
[redacted]
[Filtered]
[hidden]
REDACTED
HIDDEN
SecretStr
SecretStr('**********')
System.Security.SecureString
System.Management.Automation.PSCredential
QHKRXHPAW1MC9YGZMAT8YDJG2HPR
AbmyVJGUpN064ks5ELjLfA==
""".strip().split("\n"),
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
    for text in _EXAMPLES:
        yield text.encode()
    for name in _VARIABLES:
        for written in (name, name.lower(), _camel(name), f"YOUR_{name}", f"your_{name}".lower(), f"MY_{name}"):
            yield from map(str.encode, placeholders(written))
            for way in _WAYS:
                yield way.replace("NAME", written).encode()


# The secret with what was not meant to be there


def _surrounded(s: Secret) -> Iterator[bytes]:
    """With what is not seen, or a mark, at an end; or there twice with one between; or filled up to a length."""
    for mark in map(str.encode, MARKS):
        yield s + mark + s
        yield s + mark
        yield mark + s
        yield mark + s + mark
    for size in (16, 24, 32, 40, 44, 48, 64, 128):
        for filler in b" 0=*#\n":
            yield from (s.ljust(size, bytes([filler])), s.rjust(size, bytes([filler])))


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
            for before, after in (('"{}": "', '"'), ('"{}":"', '"'), ("'{}': '", "'"), ('"{}": "', '",'), ("<{}>", "")):
                yield before.format(text).encode() + s + after.encode()
    for prefix in ("Bearer ", "Basic ", "AWS4", "HMAC ", "sha256=", "hmac-sha256 ", "sk_", "sk-", "0x", "base64:", "#"):
        yield prefix.encode() + s


def _printed(s: Secret) -> Iterator[bytes]:
    """As a program prints what holds it, or a text marks it."""
    for before, after in (form.split(b"VALUE") for form in map(str.encode, wrapped("VALUE"))):
        yield before + s + after
    for form in ("{}", "{:02x}", "{:02X}", "0x{:02x}"):
        for between in (", ", ",", " ", "", ":", "-"):
            for opening, closing in (("", ""), ("[", "]"), ("{", "}")):
                yield f"{opening}{between.join(map(form.format, s))}{closing}".encode()


def _masked(s: Secret) -> Iterator[bytes]:
    """With most of it hidden, as a console shows it later."""
    for shown in range(2, min(9, len(s) // 2)):
        for filler in (
            *("*" * n for n in (3, 4, 5, 6, 8, 10, 12, 16, 20)),
            "...",
            "…",
            "••••",
            "••••••••",
            "xxxx",
            "X" * 8,
        ):
            yield from (s[:shown] + filler.encode(), filler.encode() + s[-shown:])
            yield s[:shown] + filler.encode() + s[-shown:]
        hidden = len(s) - shown
        yield from (s[:shown] + b"*" * hidden, b"*" * hidden + s[-shown:])
        yield s[:shown] + b"*" * (hidden - shown) + s[-shown:]
    yield b"*" * len(s)


# A key that is made of the secret and something of the request


def _derived(s: Secret, sent: Sent) -> Iterator[Secret]:
    """Of the secret and the API key, the time, a date or a name; in one step, or in several as AWS does it."""
    days: tuple[str, ...] = ()
    if sent.milliseconds is not None and sent.milliseconds < 1 << 42:
        at = date(sent.milliseconds)
        days = (f"{at:%Y%m%d}", f"{at:%Y-%m-%d}", f"{at:%Y%m%dT%H%M%SZ}")
    texts = (sent.api_key, sent.timestamp, sent.timestamp[:10], sent.method, sent.path, sent.host, *days, *_NAMED)
    for text in map(to_bytes, dict.fromkeys(texts)):
        for algorithm in ("sha256", "sha512"):
            yield Secret(hmac.digest(s, text, algorithm))
            yield Secret(hmac.digest(s, text, algorithm).hex().encode())
            yield Secret(base64.b64encode(hmac.digest(s, text, algorithm)))
        yield Secret(hmac.digest(text, s, "sha256"))
        yield Secret(hmac.digest(text, s, "sha256").hex().encode())
        yield Secret(hashlib.sha256(s + text).hexdigest().encode())
        yield Secret(hashlib.sha256(text + s).hexdigest().encode())
        yield from (Secret(text + s), Secret(s + text), Secret(text + b":" + s), Secret(s + b":" + text))
    for day in map(to_bytes, days[:1]):
        for region in (b"us-east-1", b"ap-northeast-1", b"global", b"woox"):
            for service in (b"execute-api", b"woox", b"api", b"s3"):
                for prefix in (b"AWS4", b"WOOX", b""):
                    yield Secret(_chained(Secret(prefix + s), day, region, service, b"aws4_request"))


_NAMED = (
    "woox",
    "woo",
    "WOOX",
    "WOO",
    "signature",
    "sign",
    "v3",
    "aws4_request",
    "api.woox.io",
    "WebAppData",
    "HmacSHA256",
)


def _chained(key: Secret, *texts: bytes) -> bytes:
    for text in texts:
        key = Secret(hmac.digest(key, text, "sha256"))
    return key


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
    Change(
        "secret-derived",
        FAMILY,
        "A key was made of the secret and something of the request, or of a name. Sign with the secret itself.",
        _derived,
        last=True,
    ),
    _family("masked", FAMILY, f"The secret was partly hidden. {_COPY}", _masked),
    _family("cut", FAMILY, f"Characters at the ends of the secret were missing. {_COPY}", _cut),
    _family("mistyped", FAMILY, f"A character of the secret was lost, or is another one. {_COPY}", _mistyped),
)
