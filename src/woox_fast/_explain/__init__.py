"""Explain why a signature was refused: check the whole request, then search for mistakes that yield the signature.

`request_checks` reports mistakes that no signature shows. `search` combines the rows of `tables`, the cheapest first;
`rows` and `signing` define rows, values and layouts. `signature` reads encodings of digests, `readers` requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import _checks, prehash
from .._urls import PRODUCTION_URL
from .request_checks import check_request, check_signature
from .rows import Finding, Row
from .search import Match, Search
from .signature import FINDINGS
from .signing import RULE, Secret, SignedParts, build_messages, to_bytes
from .tables import TABLES
from .tables.layout import BASES, RULES

if TYPE_CHECKING:
    from .._types import Body, Timestamp

__all__ = ["Explanation", "Finding", "explain", "list_mistakes"]

TIME_LIMIT_S = 2.0
RIGHT = "The signature is right for this request and this secret."
RIGHT_BUT = "The signature is right; the request itself is the likely cause."
NOT_FOUND = "No known mistake yields this signature."
UNEXPLAINED = "Your secret is not the one the exchange has for this key, or a value changed after signing."
RAISE = "Raise the limit (--seconds, or time_limit=)."
_NO_JSON_SENT = {"body-form-sent", "body-json-string-sent"}  # mistakes that include the fault "sent-no-json"
# Causes that no signature shows.
OTHER_CAUSES = (
    "The clock: x-api-timestamp must be within 300 s of the exchange's time; run `woox-fast check --production`.",
    "The API key: expired, revoked, or from another account or environment (staging or production).",
    "Permission: the key may not trade, or not from this IP address; see the console.",
    "The receive window (x-api-recvwindow) is shorter than the time the request takes to arrive.",
)


class Explanation(NamedTuple):
    """The result of `explain`.

    `mistakes` together yield the signature; `others` sign exactly the same bytes. `faults` do not show in a signature.
    `found` means that the signature belongs to `signed`. `expected` had to be signed. Neither contains the secret.
    `complete` means that the search tried all pairs and the likely triples, otherwise only their `share`.
    """

    mistakes: tuple[Finding, ...]
    found: bool
    expected: bytes
    signed: bytes | None
    faults: tuple[Finding, ...]
    tried: int
    complete: bool
    seconds: float
    others: tuple[tuple[Finding, ...], ...] = ()
    share: float = 1.0

    @property
    def right(self) -> bool:
        return self.found and not self.mistakes

    @property
    def verdict(self) -> str:
        if self.right:
            return RIGHT_BUT if self.faults else RIGHT
        if self.found or any(fault.name == "sent-signature" for fault in self.faults):
            return ""
        if self.complete:
            return NOT_FOUND if self.faults else f"{NOT_FOUND} {UNEXPLAINED}"
        done = f"{self.share:.0%}" if self.share >= 0.01 else "less than 1%"
        return f"No cause found: the time limit ended the search after {done} of its combinations. {RAISE}"

    def __str__(self) -> str:
        found = (*self.faults, *self.mistakes)
        lines = [" ".join(filter(None, (self.verdict, *(finding.cause for finding in found))))]
        lines.append(" ".join(dict.fromkeys(finding.remedy for finding in found)))
        if alternatives := self.alternatives:
            lines.append(f"Or, with the same bytes: {' Or: '.join(alternatives)}")
        return "\n".join(filter(None, lines))

    @property
    def alternatives(self) -> tuple[str, ...]:
        causes = [" ".join(finding.cause for finding in other) for other in self.others]
        known = {finding.cause for finding in self.mistakes}
        return tuple(cause for cause in dict.fromkeys(causes) if cause not in known)[:2]


def list_mistakes() -> Iterator[tuple[str, Finding]]:
    """Yield every known mistake with its part of the request."""
    for part, table in TABLES.items():
        for row in table.rows:
            yield part, Finding(row.name, row.cause, row.remedy.replace(RULE, RULES["v3"]))
    yield from (("signature", finding) for finding in FINDINGS)


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
    origin: str = PRODUCTION_URL,
    memo: str | None = None,
    time_limit: float = TIME_LIMIT_S,
) -> Explanation:
    """Return the mistakes that yield a refused signature. Opens no connection.

    Args:
        api_secret: The API secret, as the program reads it.
        signature, timestamp: The headers' values. An invalid timestamp is a finding, not an error.
        method, path, body: The request as sent; `path` includes the query, or is the whole URL.
        api_key: The API key; needed to find mistakes that involve it.
        scheme: "v3", "v1", "ws", or None to derive it from the path.
        origin: Scheme and host, if `path` does not contain them.
        memo: The WOO X Pro key's memo, to recognize that product's rule.
        time_limit: Seconds of processor time for the search.

    Raises:
        TypeError, ValueError: If an argument has the wrong type, the secret is empty, or the scheme unknown.
    """
    try:
        given = _encode_secret(api_secret)
    finally:
        del api_secret  # hide it from tracebacks that show locals
    for name, value in (("signature", signature), ("method", method), ("path", path)):
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a str, got {type(value).__name__}")
    texts = {"api_key": str(api_key), "timestamp": str(timestamp), "method": method}
    request = _build_request(path, body, origin, scheme, memo=memo, given_secret=given, **texts)
    return _explain(request, _strip_secret(given), signature, time_limit)


def _explain(request: SignedParts, secret: Secret, signature: str, time_limit: float) -> Explanation:
    faults = (*check_request(request, secret), *check_signature(signature))
    search = Search(request, secret, signature, time_limit)
    match = search.run()
    mistakes = _list_findings(match.trail, match, request.scheme) if match else ()
    others = dict.fromkeys(_list_findings(trail, match, request.scheme) for trail in match.others) if match else ()
    named = {finding.name for finding in mistakes}
    return Explanation(
        mistakes=mistakes,
        found=match is not None,
        expected=_build_expected(request._replace(method=request.method.upper())),
        signed=match.message if match else None,
        faults=tuple(fault for fault in faults if fault.name != "sent-no-json" or not named & _NO_JSON_SENT),
        tried=search.tried,
        complete=search.complete,
        seconds=search.seconds,
        others=tuple(other for other in others if {finding.name for finding in other} != named),
        share=search.share,
    )


def _encode_secret(api_secret: str | bytes) -> Secret:
    """Encode the secret. Unlike `Signer`, accept white space and quotes, which are mistakes to find."""
    try:
        if isinstance(api_secret, str):
            with suppress(UnicodeEncodeError):
                api_secret = str.encode(api_secret)
        return Secret(_checks.encode_secret(api_secret))
    finally:
        del api_secret


def _list_findings(trail: Iterable[Row], match: Match, scheme: str) -> tuple[Finding, ...]:
    rows = (Finding(row.name, row.cause, row.remedy.replace(RULE, RULES[scheme])) for row in trail)
    return tuple(dict.fromkeys((*rows, *match.encoding)))


def check(
    method: str, path: str, body: bytes, *, timestamp: str, api_key: str, scheme: str | None
) -> tuple[Finding, ...]:
    """Check a request without a signature; `path` may be a whole URL."""
    request = _build_request(path, body, PRODUCTION_URL, scheme, api_key=api_key, timestamp=timestamp, method=method)
    return tuple(fault for fault in check_request(request, Secret()) if timestamp or fault.name != "sent-timestamp")


def _build_request(path: str, body: Body, origin: str, scheme: str | None, **others: Any) -> SignedParts:
    if "://" in path[:16] and path[0] != "/":
        protocol, _, rest = path.partition("://")
        host, slash, target = rest.partition("/")
        origin, path = f"{protocol}://{host}", slash + target
    if scheme not in (None, *prehash.SCHEMES):
        raise ValueError(f"scheme must be one of {', '.join(prehash.SCHEMES)} or None, got {scheme!r}")
    target, mark, query = path.partition("?")
    data = to_bytes(body) if isinstance(body, str) else bytes(_checks.check_body(body))
    used = scheme or prehash.scheme_of(target)
    return SignedParts(origin=origin, path=target, query=mark + query, body=data, scheme=used, **others)


def _build_expected(request: SignedParts) -> bytes:
    layout = BASES[request.scheme]
    query, body = layout.source(request)
    texts = {"t": request.timestamp, "m": request.method, "p": request.path, "q": query}
    return b"".join(
        next(build_messages(layout, {"b": [body], **{slot: [to_bytes(text)] for slot, text in texts.items()}}))
    )


def _strip_secret(given: Secret) -> Secret:
    """Remove white space, quotes and a byte order mark from the secret's ends."""
    before, after = Secret(), given
    while before != after:
        before, after = after, Secret(after.removeprefix(b"\xef\xbb\xbf").strip())
        if len(after) > 1 and after[:1] == after[-1:] and after[:1] in (b'"', b"'"):
            after = Secret(after[1:-1])
    return after or given
