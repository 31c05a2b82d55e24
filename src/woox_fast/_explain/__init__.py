"""Why was this signature refused? Tries each mistake of a table, and each pair, until the signature fits."""

from __future__ import annotations

import ast
import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from . import _checks
from ._backend import Signer
from ._mistakes import ALGORITHMS, GROUPS, MISTAKES, OTHER_ORDERS, OTHER_TIMESTAMPS, SCHEMES, Mistake, Signing

if TYPE_CHECKING:
    from ._types import Body, Timestamp

TIME_LIMIT_S = 2.0
MOST_ORDERS_IN_PAIRS = 120  # of 5 names

RULES = {
    "v3": "V3 signs timestamp + method + path?query + body, with nothing between them.",
    "v1": "V1 signs its parameters sorted by name, joined by '&', then '|' and the timestamp.",
    "ws": "The websocket's auth event signs '|' and the timestamp.",
}

# What no signature can show.
OTHER_CAUSES = (
    "The clock: x-api-timestamp must be within 300 s of the exchange's time; `woox-fast check` compares them.",
    "The API key: expired, revoked, of another account, or of staging where production is asked (or the reverse).",
    "Permission: the key may not trade, or not from this IP address; see the console.",
    "A receive window (x-api-recvwindow) shorter than the request takes to arrive.",
)


class Finding(NamedTuple):
    """One mistake that was made: its `name`, and the `sentence` that says what is wrong and how to mend it."""

    name: str
    sentence: str


class Explanation(NamedTuple):
    """What became of a search.

    `mistakes` are those that, made together, yield the signature; empty if the signature is right or unexplained.
    `found` is whether the signature is that of `signed`, and `right` whether it is the one WOO X expects. `expected` is
    what had to be signed, `signed` what the signature fits (None if nothing was found): no secret is in either.
    `faults` are what is wrong with the request whatever its signature. `tried` counts combinations; `complete` is
    whether the time limit left all of them their turn; `seconds` is what it took.
    """

    mistakes: tuple[Finding, ...]
    found: bool
    expected: bytes
    signed: bytes | None
    faults: tuple[Finding, ...]
    tried: int
    complete: bool
    seconds: float

    @property
    def right(self) -> bool:
        """Whether the signature is the one WOO X expects for this request."""
        return self.found and not self.mistakes

    @property
    def other_causes(self) -> tuple[str, ...]:
        """Causes of a refusal that no signature can show."""
        return OTHER_CAUSES

    def __str__(self) -> str:
        lines = [finding.sentence for finding in (*self.mistakes, *self.faults)]
        if self.right:
            lines.insert(0, "The signature is right for this request.")
        elif not self.found:
            after = "" if self.complete else " that the time limit allowed"
            lines.insert(0, f"None of {self.tried:,} combinations{after} yields this signature.")
        return "\n".join(lines)


def explain(
    api_secret: str | bytes,
    signature: str,
    timestamp: Timestamp,
    method: str,
    path: str,
    body: Body = b"",
    *,
    api_key: str = "",
    scheme: str | None = None,
    origin: str = "https://api.woox.io",
    time_limit: float = TIME_LIMIT_S,
) -> Explanation:
    """Find which mistake, or which two, yields `signature`, for a request given as it was sent.

    `signature` and `timestamp` are the headers' values (a `timestamp` in a wrong format is reported, not refused),
    `path` is path and query or the whole URL, `body` what was sent. `api_key` allows mistakes with the key to be found.
    `scheme` is "v3", "v1", "ws" or None for what the path says; `time_limit` is in seconds. Sends nothing anywhere.
    Raises TypeError and ValueError for an empty secret or values of a wrong type. Source of the rules: WOO X
    integration guide, "Authentication".
    """
    try:
        given = _checks.secret_bytes(api_secret)
        if scheme not in (None, *SCHEMES):
            raise ValueError(f"scheme must be one of {', '.join(SCHEMES)} or None, got {scheme!r}")
        for name, value in (("signature", signature), ("method", method), ("path", path)):
            if not isinstance(value, str):
                raise TypeError(f"{name} must be a str, got {type(value).__name__}")
        if "://" in path[:16]:
            scheme_of_url, _, rest = path.partition("://")
            host, slash, target = rest.partition("/")
            origin, path = f"{scheme_of_url}://{host}", slash + target
        target, mark, query = path.partition("?")
        secret = _stripped(given)
        sent = Signing(
            secret,
            str(api_key),
            origin,
            str(timestamp),
            method,
            target,
            mark + query,
            bytes(_checks.body_bytes(body)),
            scheme or ("v1" if target.startswith("/v1/") else "v3"),
        )
        search = _Search(signature, time_limit)
        rows = MISTAKES if given == secret else (*MISTAKES, _as_given(secret, given))
        found = search.run(sent, rows)
        expected = sent._replace(method=sent.method.upper())
        rule = RULES[sent.order]
        mistakes, signed = found if found else ((), None)
        return Explanation(
            tuple(Finding(m.name, m.sentence.replace("{rule}", rule)) for m in mistakes),
            found is not None,
            expected.message(),
            signed.message() if signed else None,
            tuple(_faults(sent)),
            search.tried,
            search.complete,
            search.seconds,
        )
    finally:
        del api_secret  # a traceback that shows locals must not show it


def _stripped(secret: bytes) -> bytes:
    """The secret without what is pasted or read along with one; as it is if nothing else is in it."""
    before, after = b"", secret
    while before != after:
        before, after = after, after.removeprefix(b"\xef\xbb\xbf").strip()
        if len(after) > 1 and after[:1] == after[-1:] and after[:1] in b"\"'":
            after = after[1:-1]
    return after or secret


def _as_given(secret: bytes, given: bytes) -> Mistake:
    return Mistake(
        "secret-surrounded",
        "secret",
        lambda s: s._replace(secret=given) if s.secret == secret else None,
        "Spaces, quotes or a byte order mark stand round the secret. Take it exactly as the console shows it.",
    )


def _faults(sent: Signing) -> Iterator[Finding]:
    if not (len(sent.timestamp) == 13 and sent.timestamp.isascii() and sent.timestamp.isdigit()):
        try:
            _checks.timestamp_text(sent.timestamp)
        except ValueError as error:
            yield Finding("sent-timestamp", f"The timestamp that was sent is refused: {error}.")
    if sent.order == "ws":
        return
    if not (sent.method.isascii() and sent.method.isupper()):
        yield Finding("sent-method", f"The method that was sent, {sent.method[:20]!a}, is not in upper case.")
    if not sent.path.startswith("/"):
        yield Finding("sent-path", "The path that was sent does not begin with '/'.")
    if sent.order == "v3" and sent.method.upper() in ("GET", "DELETE") and sent.body:
        yield Finding("sent-body", f"A {sent.method} takes its parameters in the query; a body was sent with it.")
    if sent.order == "v3" and sent.method.upper() in ("POST", "PUT") and sent.query:
        yield Finding("sent-query", f"A {sent.method} takes its parameters in a JSON body; a query was sent with it.")
    if sent.api_key != sent.api_key.strip():
        yield Finding("sent-api-key", "Spaces stand round the API key that was sent.")


# The signature as it was sent: how its digest was written.

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{22,}={0,2}")
_LAYERS: tuple[tuple[Mistake, Callable[[str], str | bytes]], ...] = tuple(
    (
        Mistake(name, "signature", lambda s: None, f"The signature was sent {what}. Send the 64 hex characters alone."),
        peel,
    )
    for name, what, peel in (
        ("signature-space", "with white space round it", lambda t: t.strip()),
        ("signature-quotes", "in quotes", lambda t: t[1:-1] if t[:1] == t[-1:] and t[:1] in ("'", '"') else t),
        ("signature-bytes-repr", "as the repr of a bytes object, b'...'", lambda t: _bytes_literal(t)),
        ("signature-0x", "with 0x in front", lambda t: t.removeprefix("0x")),
        ("signature-percent-encoded", "percent-encoded", lambda t: unquote(t) if "%" in t else t),
    )
)
_UPPER, _BASE_64, _BASE_64_HEX, _RAW, _CUT = (
    Mistake(
        name,
        "signature",
        lambda s: None,
        f"The signature was sent {what}. WOO X wants it as 64 lower-case hex characters.",
    )
    for name, what in (
        ("signature-upper-case", "in upper-case hex"),
        ("signature-base64", "in base64"),
        ("signature-base64-of-hex", "as the base64 of its hex"),
        ("signature-raw", "as raw bytes"),
        ("signature-cut", "without its end"),
    )
)


def _bytes_literal(text: str) -> str | bytes:
    if re.fullmatch(r"""b'(?:[^'\\]|\\.)*'|b"(?:[^"\\]|\\.)*\"""", text) is None:
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return value.decode() if isinstance(value, bytes) and value.isascii() and len(value) != 32 else bytes(value)


def _digest_of(signature: str) -> tuple[str, tuple[Mistake, ...]] | None:
    """The digest that was sent, as lower-case hex, and what was wrong with how it was written; None if it is no digest.

    A digest that was cut is shorter than any.
    """
    wrong: list[Mistake] = []
    text: str | bytes = signature[:1000]
    for mistake, peel in _LAYERS * 2:
        if isinstance(text, str) and (peeled := peel(text)) != text:
            text = peeled
            wrong.append(mistake)
    if isinstance(text, bytes):
        return text.hex(), (*wrong[:-1], _RAW)
    if re.fullmatch("[0-9a-fA-F]+", text) and 16 <= len(text) <= max(_HEX_SIZES):
        wrong += [_UPPER] if text != text.lower() else []
        wrong += [_CUT] if len(text) not in _HEX_SIZES else []
        return text.lower(), tuple(wrong)
    if _BASE64.fullmatch(text):
        try:
            raw = base64.b64decode(
                text.rstrip("=").translate(str.maketrans("-_", "+/")) + "=" * (-len(text.rstrip("=")) % 4)
            )
        except binascii.Error:
            return None
        if len(raw) * 2 in _HEX_SIZES and not re.fullmatch(b"[0-9a-fA-F]+", raw):
            return raw.hex(), (*wrong, _BASE_64)
        if len(raw) in _HEX_SIZES and re.fullmatch(b"[0-9a-fA-F]+", raw):
            return raw.decode().lower(), (*wrong, _BASE_64_HEX)
    return None


_HEX_SIZES = frozenset(2 * size for size, _ in ALGORITHMS.values())


class _Search:
    """One search: first no mistake, then each, then each pair. `run` gives the first that fits, or None."""

    def __init__(self, signature: str, time_limit: float) -> None:
        digest = _digest_of(signature)
        self._digest, self._wrong = digest or ("", ())
        self._cut = _CUT in self._wrong
        self._time_limit = time_limit
        self._keyed: dict[bytes, Callable[[bytes], str]] = {}
        self.tried = 0
        self.complete = True
        self.seconds = 0.0

    def run(self, sent: Signing, rows: tuple[Mistake, ...]) -> tuple[tuple[Mistake, ...], Signing] | None:
        started = time.perf_counter()
        self._deadline = started + self._time_limit
        try:
            for mistakes, signing in self._candidates(sent, rows):
                return (*mistakes, *self._wrong), signing
            return None
        except TimeoutError:
            self.complete = False
            return None
        finally:
            self._keyed.clear()
            self.seconds = time.perf_counter() - started

    def _candidates(self, sent: Signing, rows: tuple[Mistake, ...]) -> Iterator[tuple[tuple[Mistake, ...], Signing]]:
        """Those that fit."""
        if self._fits(sent):
            yield (), sent
        seen = {sent}
        singles: list[tuple[Mistake, Signing]] = []
        for row in rows:
            signing = row.change(sent)
            if signing is not None and signing not in seen:
                seen.add(signing)
                singles.append((row, signing))
                if self._fits(signing):
                    yield (row,), signing
        for row, every in OTHER_ORDERS:
            for signing in every(sent):
                if signing not in seen and self._fits(signing):
                    yield (row,), signing
        yield from self._other_timestamps((), sent, paired=False)
        for first, after_first in singles:
            for second in rows:
                if GROUPS.index(second.group) < GROUPS.index(first.group) or second is first:
                    continue
                signing = second.change(after_first)
                if signing is not None and signing not in seen:
                    seen.add(signing)
                    if self._fits(signing):
                        yield (first, second), signing
        for first, after_first in singles:
            if first.group != "timestamp":
                yield from self._other_timestamps((first,), after_first, paired=True)
        for row, every in OTHER_ORDERS:
            for reordered in islice(every(sent), MOST_ORDERS_IN_PAIRS):
                for second in rows:
                    signing = second.change(reordered)
                    if signing is not None and signing not in seen and self._fits(signing):
                        yield (row, second), signing

    def _other_timestamps(
        self, mistakes: tuple[Mistake, ...], signing: Signing, *, paired: bool
    ) -> Iterator[tuple[tuple[Mistake, ...], Signing]]:
        mark = "\0"
        before, found, after = signing._replace(timestamp=mark).message().partition(mark.encode())
        digits = signing.timestamp
        if not found or not (len(digits) == 13 and digits.isascii() and digits.isdigit()):
            return
        digest = self._digester(signing)
        if digest is None:
            return
        for row, every, in_pairs in OTHER_TIMESTAMPS:
            for timestamp in every(digits) if in_pairs or not paired else ():
                if not self.tried & 0xFF and time.perf_counter() > self._deadline:
                    raise TimeoutError
                self.tried += 1
                if digest(before + timestamp.encode() + after) == self._digest:
                    yield (*mistakes, row), signing._replace(timestamp=timestamp)

    def _fits(self, signing: Signing) -> bool:
        self.tried += 1
        digest = self._digester(signing)
        if time.perf_counter() > self._deadline and self.tried > 1:
            raise TimeoutError
        if digest is None:
            return False
        made = digest(signing.message())
        return made == self._digest or (self._cut and made.startswith(self._digest))

    def _digester(self, signing: Signing) -> Callable[[bytes], str] | None:
        """Message to hex digest, or None where the algorithm's digest has another length than the one that was sent."""
        size, algorithm = ALGORITHMS[signing.algorithm]
        if 2 * size != len(self._digest) and not (self._cut and 2 * size > len(self._digest)):
            return None
        secret = signing.secret
        if signing.algorithm == "hmac-sha256":
            if secret not in self._keyed:
                self._keyed[secret] = _hmac_sha256(secret)
            return self._keyed[secret]
        if signing.algorithm == "swapped":
            return lambda message: hmac.new(message, secret, hashlib.sha256).hexdigest()
        if isinstance(algorithm, str):
            return lambda message: hmac.new(secret, message, algorithm).hexdigest()
        return lambda message: algorithm(secret, message).hex()


def _hmac_sha256(secret: bytes) -> Callable[[bytes], str]:
    if secret:
        return Signer("-", secret).hexdigest
    return lambda message: hmac.new(b"", message, hashlib.sha256).hexdigest()
