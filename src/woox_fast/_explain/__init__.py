"""Why was this signature refused? A best-first search over what people do to each part of a request.

`signing` holds what was sent and how parts become a message; `changes` what a table's row is; `layers` the tables, one
a part; `rewrites` how bodies and queries get written in other ways; `search` the search; `inputs` reads requests as
people have them at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from .. import _checks, prehash
from .changes import Change, Finding
from .layers.rules import BASES, RULES, SOURCES
from .layers.written import FINDINGS, SHORTEST, readings
from .search import AS_GIVEN, TABLES, Search
from .signing import Layout, Secret, Sent, segments, to_bytes

if TYPE_CHECKING:
    from .._types import Body, Timestamp

__all__ = ["Explanation", "Finding", "Mistake", "all_mistakes", "explain"]

TIME_LIMIT_S = 2.0

# What no signature can show.
OTHER_CAUSES = (
    "The clock: x-api-timestamp must be within 300 s of the exchange's time; `woox-fast check` compares them.",
    "The API key: expired, revoked, of another account, or of staging where production is asked (or the reverse).",
    "Permission: the key may not trade, or not from this IP address; see the console.",
    "A receive window (x-api-recvwindow) shorter than the request takes to arrive.",
)
_MOST_OTHERS = 3  # that are named beside what was found


class Explanation(NamedTuple):
    """What became of a search.

    `mistakes` are those that, made together, yield the signature; empty if the signature is right or unexplained.
    `found` is whether the signature is that of `signed`, and `right` whether it is the one WOO X expects. `expected` is
    what had to be signed, `signed` what the signature fits (None if nothing was found): no secret is in either.
    `others` are other sets of mistakes that sign the very same bytes, so that a signature cannot tell them apart.
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
    others: tuple[tuple[Finding, ...], ...] = ()

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
            lines.insert(0, RIGHT)
        elif not self.found:
            within = "" if self.complete else " that the time limit allowed"
            lines.insert(0, f"None of {self.tried:,} combinations{within} yields this signature: {_ANOTHER}")
        if self.others:
            names = [" + ".join(one.name for one in other) for other in self.others[:_MOST_OTHERS]]
            more = len(self.others) - len(names)
            text = ", or ".join(names) + (f", or {more} more" if more else "")
            lines.append(f"The same bytes are signed by {text}: a signature cannot tell them apart.")
        return "\n".join(lines)


_ANOTHER = "the secret is most likely another one than the one that signed, or than the exchange knows."
RIGHT = (
    "The signature is right for this request. If the exchange refuses it as a signature, then it knows another secret "
    "for this API key."
)


class Mistake(NamedTuple):
    """A row of the tables. `likelihood` is its cost: 6 is the likeliest, and costs of several mistakes add up."""

    name: str
    layer: str
    sentence: str
    likelihood: int


def all_mistakes() -> Iterator[Mistake]:
    """Every mistake that `explain` knows, by the part of the request that it changes; names repeat within a family."""
    for layer, table in TABLES.items():
        for one in sorted({one for stage in table.stages for one in stage}, key=lambda one: one.cost):
            yield Mistake(one.name, layer, one.sentence.replace("{rule}", "").strip(), one.cost)
    yield Mistake(AS_GIVEN.name, "secret", AS_GIVEN.sentence, AS_GIVEN.cost)
    for finding in FINDINGS:
        yield Mistake(finding.name, "signature", finding.sentence, 0)


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
    """Find the mistakes that yield `signature`, for a request given as it was sent; the likeliest that do.

    `signature` and `timestamp` are the headers' values (a `timestamp` in a wrong format is reported, not refused),
    `path` is path and query or the whole URL, `body` what was sent. `api_key` allows mistakes with the key to be found.
    `scheme` is "v3", "v1", "ws" or None for what the path says (V2 paths take the V1 rule); `time_limit` is in seconds.
    Sends nothing anywhere. Raises TypeError and ValueError for an empty secret or values of a wrong type. Source of the
    rules: WOO X integration guide, "Authentication".
    """
    try:
        given = Secret(_checks.secret_bytes(api_secret))
    finally:
        del api_secret  # a traceback that shows locals must not show it
    if scheme not in (None, *prehash.SCHEMES):
        raise ValueError(f"scheme must be one of {', '.join(prehash.SCHEMES)} or None, got {scheme!r}")
    for name, value in (("signature", signature), ("method", method), ("path", path)):
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a str, got {type(value).__name__}")
    sent = _sent(str(timestamp), method, path, body, str(api_key), scheme, origin)
    secret = _stripped(given)
    search = Search(sent, secret, given, signature, time_limit)
    found = search.run()
    rule = RULES[sent.scheme]

    def findings(changes: Iterable[Change], written: tuple[Finding, ...]) -> tuple[Finding, ...]:
        made = [Finding(one.name, one.sentence.replace("{rule}", rule)) for one in changes]
        return tuple(dict.fromkeys((*made, *written)))

    mistakes = findings(found.changes, found.written) if found else ()
    others = dict.fromkeys(findings(other, found.written) for other in found.others) if found else ()
    names = [one.name for one in mistakes]
    return Explanation(
        mistakes,
        found is not None,
        _expected(sent._replace(method=sent.method.upper())),
        found.message if found else None,
        (*_faults(sent, secret), *_faults_of(signature)),
        search.tried,
        search.complete,
        search.seconds,
        tuple(other for other in others if [one.name for one in other] != names),
    )


def _sent(timestamp: str, method: str, path: str, body: Body, api_key: str, scheme: str | None, origin: str) -> Sent:
    if "://" in path[:16] and path[0] != "/":
        scheme_of_url, _, rest = path.partition("://")
        host, slash, target = rest.partition("/")
        origin, path = f"{scheme_of_url}://{host}", slash + target
    target, mark, query = path.partition("?")
    data = to_bytes(body) if isinstance(body, str) else bytes(_checks.body_bytes(body))
    return Sent(api_key, origin, timestamp, method, target, mark + query, data, scheme or prehash.scheme_of(target))


def _expected(sent: Sent) -> bytes:
    layout: Layout = BASES[sent.scheme]
    query, body = SOURCES[layout.source](sent)
    values = {"t": sent.timestamp, "m": sent.method, "p": sent.path, "q": query}
    return b"".join(
        piece if isinstance(piece, bytes) else body if piece[0] == "b" else to_bytes(values[piece[0]])
        for piece in segments(layout.template, layout.separator)
    )


def _stripped(given: Secret) -> Secret:
    """The secret without what is pasted or read along with one; as it is if nothing else is in it."""
    before, after = Secret(b""), given
    while before != after:
        before, after = after, Secret(after.removeprefix(b"\xef\xbb\xbf").strip())
        if after[:1] == after[-1:] and after[:1] in b"\"'":
            after = Secret(after[1:-1])
    return after if after else given


def _faults(sent: Sent, secret: Secret) -> Iterator[Finding]:
    """What is wrong with the request, whatever its signature."""
    if not (len(sent.timestamp) == 13 and sent.timestamp.isascii() and sent.timestamp.isdigit()):
        try:
            _checks.timestamp_text(sent.timestamp)
        except ValueError as error:
            yield Finding("sent-timestamp", f"The timestamp that was sent is refused: {error}.")
    if sent.api_key and to_bytes(sent.api_key).strip() == secret:
        yield Finding("sent-secret", "The secret was sent as the API key. It is no secret any more: make a new pair.")
    if sent.scheme == "ws":
        return
    if not (sent.method.isascii() and sent.method.isupper()):
        yield Finding("sent-method", f"The method that was sent, {sent.method[:20]!a}, is not in upper case.")
    if not sent.path.startswith("/"):
        yield Finding("sent-path", "The path that was sent does not begin with '/'.")
    if sent.scheme == "v3" and sent.method.upper() in ("GET", "DELETE") and sent.body:
        yield Finding("sent-body", f"A {sent.method} takes its parameters in the query; a body was sent with it.")
    if sent.scheme == "v3" and sent.method.upper() in ("POST", "PUT") and sent.query:
        yield Finding("sent-query", f"A {sent.method} takes its parameters in a JSON body; a query was sent with it.")
    if sent.api_key != sent.api_key.strip():
        yield Finding("sent-api-key", "Spaces stand round the API key that was sent.")


def _faults_of(signature: str) -> Iterator[Finding]:
    if not signature.strip():
        yield Finding("sent-signature", "The signature that was sent is empty.")
    elif not readings(signature):
        few = f"; fewer than {SHORTEST} hex digits tell nothing" if len(signature) < SHORTEST else ""
        yield Finding(
            "sent-signature",
            f"What was sent as the signature, {signature[:24]!a}{'...' if len(signature) > 24 else ''}, is no digest: "
            f"WOO X wants 64 lower-case hex characters, got {len(signature):,} characters{few}.",
        )
