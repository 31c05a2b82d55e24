"""How programs spell one value of JSON or of a query: numbers, words, the case of names. Text to text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from math import nextafter

NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LONGEST = 40  # characters of a number


def unquoted(token: str) -> str:
    """A number in quotes without them."""
    return token[1:-1] if token[:1] == '"' and NUMBER.fullmatch(token[1:-1]) else token


def quoted(token: str) -> str:
    """A number in quotes."""
    return f'"{token}"' if NUMBER.fullmatch(token) else token


def numbers(write: Callable[[str], str]) -> Callable[[str], str]:
    """A scalar's text with its number, bare or in quotes, spelled by `write`."""

    def change(token: str) -> str:
        bare = token.strip('"')
        if len(bare) > _LONGEST or not NUMBER.fullmatch(bare):
            return token
        return token.replace(bare, write(bare))

    return change


def fixed(decimals: int, *, of_strings: bool) -> Callable[[str], str]:
    """A scalar's text with its number, if it has a point or stands in quotes, with so many decimals."""

    def change(token: str) -> str:
        bare = token.strip('"')
        if (bare == token) is of_strings or len(bare) > _LONGEST or not NUMBER.fullmatch(bare):
            return token
        return token.replace(bare, f"{float(bare):.{decimals}f}") if of_strings or "." in bare else token

    return change


def plain(number: str) -> str:
    """A number without exponent."""
    value = Decimal(number)
    if abs(value.adjusted()) > _LONGEST:
        raise ValueError("too many digits")
    return format(value, "f")


def trimmed(number: str) -> str:
    """A number without zeros at the end of its decimals."""
    return number.rstrip("0").rstrip(".") if "." in number and "e" not in number.lower() else number


def normalized(number: str) -> str:
    """As Python's Decimal.normalize or Java's stripTrailingZeros writes it: 4E+2, 0.215."""
    return str(Decimal(number).normalize())


def as_float(number: str) -> str:
    """As Python writes the float: 9000.0, 1e-05."""
    return repr(float(number))


def as_javascript(number: str) -> str:
    """As JavaScript writes it: 9000, 0.00001, 1e-7."""
    value = float(number)
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    if 1e-6 <= abs(value) < 1e-4:
        return plain(repr(value))
    text = repr(value)
    return re.sub(r"e([+-])0+(?=\d)", r"e\1", text)


def _shortest(value: float) -> tuple[str, int]:
    """The fewest digits, with one before the point, that are this value; and the exponent."""
    digits, _, exponent = next(t for t in (f"{value:.{n}e}" for n in range(18)) if float(t) == value).partition("e")
    return digits, int(exponent)


def as_java(number: str) -> str:
    """As Java's Double.toString writes it: 9000.0, 1.0E-5."""
    value = float(number)
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    digits, exponent = _shortest(value)
    return f"{digits if '.' in digits else digits + '.0'}E{exponent}"


def as_dotnet(number: str) -> str:
    """As .NET writes it: 9000, 1E-05."""
    value = float(number)
    text = as_javascript(number)
    if abs(value) < 1e-4 and value:
        digits, exponent = _shortest(value)
        return f"{digits}E-{abs(exponent):02}"
    return text.replace("e", "E")


def spellings(token: str) -> Iterator[str]:
    """The other ways in which a program may write this value: of a number (bare or in quotes) its spellings."""
    bare = token.strip('"')
    quote_mark = '"' if token[:1] == '"' else ""
    if len(bare) > _LONGEST or not NUMBER.fullmatch(bare):
        yield from _other_words(token, bare)
        return
    value = float(bare)
    found = [
        as_float(bare),
        as_javascript(bare),
        as_java(bare),
        as_dotnet(bare),
        trimmed(bare),
        f"{value:g}",
        f"{value:G}",
    ]
    found += [f"{value:.{n}f}" for n in range(9)] + [
        f"{value:.1e}",
        f"{value:.1E}",
        f"{value:.0e}",
        f"{value:e}",
        f"{value:E}",
        "{}e{}".format(*_shortest(value)),
        "{}E{}".format(*_shortest(value)),
        bare.removeprefix("0") if bare.startswith("0.") else bare,
        str(int(value // 1000)) if value >= 1e11 else bare,
        f"{bare}000",
        f"+{bare}",
        f"{bare}f",
        f"{bare}d",
        f"{bare}m",
    ]
    found += [f"{value:.{n}g}" for n in (15, 16, 17)]
    digits, exponent = _shortest(value)
    found += [f"{digits}{mark}{sign}{abs(exponent):02}" for mark in "eE" for sign in ("+" if exponent >= 0 else "-",)]
    found += [f"{digits}{mark}+{exponent}" for mark in "eE" if exponent >= 0]
    found += [plain(f"{value:.{n}e}") for n in range(1, 16)] if 1 <= abs(value) < 1e20 else []
    with suppress(ArithmeticError):
        exact = Decimal(bare)
        for rounding in (ROUND_HALF_UP, ROUND_DOWN, ROUND_UP):
            found += [str(exact.quantize(Decimal(1).scaleb(-n), rounding)) for n in range(5)]
    if "." not in bare and "e" not in bare.lower():
        found += [str((int(bare) + 2**31) % 2**32 - 2**31), str(int(bare) % 2**32)]
    near = value, value
    for _ in range(3):
        near = nextafter(near[0], -1e308), nextafter(near[1], 1e308)
        found += [repr(near[0]), repr(near[1])]
    with suppress(ArithmeticError, ValueError):
        found.append(plain(bare))
    found.append(bare.replace(".", ","))
    found.append(f"{int(value):,}" if value == int(value) else f"{value:,}")
    for spelling in dict.fromkeys(found):
        yield f"{quote_mark}{spelling}{quote_mark}"
        yield spelling if quote_mark else f'"{spelling}"'


_WORDS = {
    "true": ('"true"', "True", '"True"', "1", '"1"'),
    "false": ('"false"', "False", '"False"', "0", '"0"', "null", '""'),
    "null": (
        '""',
        '"null"',
        "None",
        '"None"',
        "undefined",
        "0",
        "{}",
        "[]",
        "false",
        "nil",
        "NULL",
        "NaN",
        "(null)",
        "<nil>",
    ),
}


def _other_words(token: str, bare: str) -> Iterator[str]:
    yield from _WORDS.get(token, ())
    if token[:1] != '"':
        return
    if bare in ("true", "false", "null", "True", "False"):
        yield bare
        yield bare.lower()
    if bare == "":
        yield from ("null", '"null"', '"undefined"', '"None"', "0", '"0"')
    if len(bare) < 200 and "\\" not in bare:
        for other in (bare.lower(), bare.upper(), bare.capitalize(), bare.strip(), bare + " "):
            yield f'"{other}"'
        bases = bare.split("_")
        if len(bases) == 3:  # SPOT_BTC_USDT
            yield from (f'"{mark.join(some)}"' for some in (bases[1:], bases) for mark in ("/", "-", "", ":", "_", "."))
            yield from (f'"{mark.join(bases[1:]).lower()}"' for mark in ("/", "-", "", "_"))
            base, coin = bases[1:]
            for form in _SYMBOLS:
                yield f'"{form.format(base, coin)}"'
        for one, two in (
            ("_", "-"),
            ("_", ""),
            ("_", "/"),
            ("SPOT_", ""),
            ("PERP_", ""),
            ("SPOT_", "PERP_"),
            ("PERP_", "SPOT_"),
        ):
            if one in bare:
                yield f'"{bare.replace(one, two)}"'


# As ccxt and other exchanges write a market.
_SYMBOLS = (
    *(
        "{0}/{1}:{1}",
        "{0}-{1}-SWAP",
        "{0}-PERP",
        "{0}-PERPETUAL",
        "{0}{1}M",
        "{0}{1}.P",
        "{0}_{1}_PERP",
        "{0}-{1}-PERP",
    ),
    *(
        "{0}",
        "{1}{0}",
        "{1}_{0}",
        "t{0}{1}",
        "{0}USD",
        "{0}-USD",
        "{0}_USD",
        "{0}{1}PERP",
        "{0}{1}_PERP",
        "BINANCE:{0}{1}",
    ),
)


def pascal_case(name: str) -> str:
    """OrderId for orderId."""
    return name[:1].upper() + name[1:]


def camel_case(name: str) -> str:
    """orderId for order_id and OrderId."""
    joined = re.sub("_([a-z])", lambda found: found[1].upper(), name)
    return joined[:1].lower() + joined[1:]


def snake_case(name: str) -> str:
    """order_id for orderId."""
    return re.sub("(?<=[a-z0-9])[A-Z]", lambda found: "_" + found[0], name).lower()
