"""Rules: which requests a fault strikes.

A rule is one line of text:

    FAULT [ARGUMENT...] [on [METHOD] [PATH]] [id N] [every N] [probability P [seed N]] [first N]

    reset-after on POST /v3/trade/order first 1
    delay tail 50ms on /v3/trade/* probability 0.1 seed 7

`on` takes a method, a path (`*` stands for anything) or both; `id` the clientOrderId in the body or the query.
`every 3` strikes the third of these requests, the sixth, ...; `probability` some of them, always the same with the same
`seed`; `first 2` strikes twice and never again. TIME is a number and ms, s or m.

Where several rules strike one request, the first is the outermost.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from math import inf
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .faults import FAULTS, Answer, FaultError, Strike, whole

if TYPE_CHECKING:
    from .visit import Visit

MOST_RULES = 100
_SELECTORS = ("on", "id", "every", "probability", "seed", "first")


class Rule:
    """One rule, read from its text; `str(rule)` is that text. Raises `FaultError` for what is none.

    `number` names it among those of a sandbox; `struck` counts the requests that it struck.
    """

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"a fault must be a str such as 'reset-after first 1', got {type(text).__name__}")
        name, *words = text.split() or [""]
        self._text = " ".join([name, *words])
        if name not in FAULTS:
            raise FaultError(f"there is no fault {name[:40]!a}; there are: {', '.join(FAULTS)}")
        self.name = name
        self.fault = FAULTS[name]
        self.number = 0
        self.struck = 0
        self.until_ms = 0
        begin = next((at for at, word in enumerate(words) if word in _SELECTORS), len(words))
        try:
            self._draw = self.fault.read(words[:begin])
        except FaultError as error:
            usage = f"{name} {self.fault.usage}".rstrip()
            raise FaultError(f"the fault is `{usage}`, got {self._text[:80]!a}{str(error) and f': {error}'}") from None
        self._select(words[begin:])
        self._random = random.Random(f"{self.seed} {self._text}")  # noqa: S311 (to be repeatable)
        self._seen = 0
        self._begun = 0
        # What `close` counts are the requests of one connection.
        self._served = self._draw(self._random) if name == "close" else 0

    def _select(self, words: list[str]) -> None:
        self.method = self.path = ""
        self.client_id: int | None = None
        self.every = 1
        self.probability = 1.0
        self.seed = 0
        self.first: float = inf
        given: dict[str, list[str]] = {}
        for word in words:
            if word in _SELECTORS:
                if word in given:
                    raise FaultError(f"{word} stands twice in {self._text[:80]!a}")
                given[word] = []
            else:
                given[list(given)[-1]].append(word)
        for name, values in given.items():
            if name == "on":
                self._on(values)
                continue
            if len(values) != 1:
                raise FaultError(f"{name} takes one value, got {' '.join(values)[:60]!a}")
            if name == "probability":
                self.probability = _share(values[0])
            else:
                number = whole(name, values[0], least=int(name in ("every", "first")))
                setattr(self, "client_id" if name == "id" else name, number)
        if "seed" in given and "probability" not in given and not self.fault.drawn_at_random:
            raise FaultError("seed goes with a probability, or with a delay that is drawn")
        if self.name == "refuse" and given.keys() & {"on", "id"}:
            raise FaultError("a connection that is refused carries no request yet: refuse takes no `on` and no `id`")
        # A fault that lasts for a time strikes once, and `refuse` begins at once, unless the rule says when.
        once = not given.keys() & {"every", "probability", "first"}
        self.at_once = once and self.name == "refuse"
        if once and self.fault.lasts:
            self.first = 1

    def _on(self, values: list[str]) -> None:
        paths = [value for value in values if value.startswith(("/", "*"))]
        methods = [value for value in values if value.isascii() and value.isalpha() and value.isupper()]
        if not values or len(paths) > 1 or len(methods) > 1 or len(paths) + len(methods) != len(values):
            raise FaultError(f"on takes METHOD, PATH or both, such as POST /v3/trade/*, got {' '.join(values)[:60]!a}")
        self.method, self.path = "".join(methods), "".join(paths)

    def strike(self, method: str, path: str, client_id: int | None, now_ms: int, served: int) -> Strike | None:
        """What strikes this request, if this rule does. `served` is its number on its connection, from 1."""
        if (
            (self.method and method != self.method)
            or (self.path and not fnmatchcase(path, self.path))
            or (self.client_id is not None and client_id != self.client_id)
            or served < self._served
        ):
            return None
        if now_ms >= self.until_ms and not self._begins():
            return None
        self.struck += 1
        drawn = self._draw(self._random)
        if self.fault.lasts and now_ms >= self.until_ms:
            self.until_ms = now_ms + round(drawn * 1000)
        return Strike(self.name, self.fault, drawn, self.until_ms)

    def refuses(self) -> float:
        """For how many seconds connections are refused after this one, by this rule; 0 for none."""
        if self.name != "refuse" or not self._begins():
            return 0.0
        self.struck += 1
        return float(self._draw(self._random))

    def _begins(self) -> bool:
        self._seen += 1
        if self._seen % self.every or (self.probability < 1 and self._random.random() >= self.probability):
            return False
        self._begun += 1
        return self._begun <= self.first

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<Rule {self._text!r}>"


def _share(text: str) -> float:
    share = float(text) if re.fullmatch(r"[01](\.\d{1,9})?|\.\d{1,9}", text, re.ASCII) else 2.0
    if not 0 <= share <= 1:
        raise FaultError(f"probability takes a number from 0 to 1, got {text!a}")
    return share


class Faults:
    """The rules of one sandbox, in order; may be changed from any thread while it serves."""

    def __init__(self, rules: Iterable[str] = ()) -> None:
        if isinstance(rules, str):
            raise TypeError(f"faults must be several rules, such as [{rules!r}], got one str")
        self._rules: tuple[Rule, ...] = ()
        self._numbers = 0
        self._lock = threading.Lock()
        self._refuse: Callable[[float], object] | None = None
        self._refuse_s = 0.0  # asked for before it listened
        for text in rules:
            self.add(text)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def add(self, text: str) -> Rule:
        """Add a rule after the others. Raises `FaultError` for what cannot be read, and for the 101st."""
        rule = Rule(text)
        with self._lock:
            if len(self._rules) >= MOST_RULES:
                raise FaultError(f"there are {MOST_RULES} rules, and no more are taken")
            self._numbers += 1
            rule.number = self._numbers
            self._rules = (*self._rules, rule)
        if rule.at_once:
            self._refuse_for(rule.refuses())
        return rule

    def remove(self, number: int) -> bool:
        """Remove the rule of this number; whether there was one."""
        with self._lock:
            kept = tuple(rule for rule in self._rules if rule.number != number)
            removed = len(kept) < len(self._rules)
            self._rules = kept
        return removed

    def clear(self) -> None:
        with self._lock:
            self._rules = ()

    def strikes(self, method: str, path: str, client_id: int | None, now_ms: int, served: int) -> list[Strike]:
        """What strikes this request, in the order of the rules."""
        found = (rule.strike(method, path, client_id, now_ms, served) for rule in self._rules if rule.fault.effect)
        return [strike for strike in found if strike]

    def connected(self) -> None:
        """A connection was accepted: refuse the next ones if a rule says so."""
        for rule in self._rules:
            if not rule.at_once and (seconds := rule.refuses()):
                self._refuse_for(seconds)

    def opened(self, refuse: Callable[[float], object]) -> float:
        """The sandbox listens. `refuse` has it refuse connections for some seconds, from any thread.

        Returns for how many seconds to refuse them from the beginning.
        """
        self._refuse = refuse
        seconds, self._refuse_s = self._refuse_s, 0.0
        return seconds

    def closed(self) -> None:
        """The sandbox listens no more."""
        self._refuse = None

    def _refuse_for(self, seconds: float) -> None:
        if self._refuse is None:
            self._refuse_s = max(self._refuse_s, seconds)
        else:
            self._refuse(seconds)

    def rows(self) -> list[dict[str, Any]]:
        """The rules, as GET /sandbox/faults gives them."""
        return [{"number": r.number, "fault": r.name, "rule": str(r), "struck": r.struck} for r in self._rules]


async def carry_out(visit: Visit, strikes: list[Strike], answer: Answer) -> web.Response:
    """The answer, with all that strikes it around it."""
    for strike in reversed(strikes):
        answer = _around(visit, strike, answer)
    return await answer()


def _around(visit: Visit, strike: Strike, answer: Answer) -> Answer:
    effect = strike.fault.effect
    assert effect is not None, "refuse strikes no request"  # noqa: S101
    return lambda: effect(visit, strike, answer)
