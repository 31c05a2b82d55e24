"""Rules: each selects the requests to which a fault applies.

A rule is a line of text:

    FAULT [ARGUMENT...] [on [METHOD] [PATH]] [id N] [every N] [probability P [seed N]] [first N]

    reset-after on POST /v3/trade/order first 1
    delay tail 50ms on /v3/trade/* probability 0.1 seed 7

`on` selects a method, a path, or both; only `*` is a wildcard, and the path excludes the query. `id` selects the
clientOrderId in the body or the query. `every 3` applies to the third selected request, the sixth and so on;
`probability` to a random share, reproducible with `seed`; `first 2` to two requests in all. The first rule is the
outermost.
"""

from __future__ import annotations

import random
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from math import inf
from typing import Any

from .faults import FAULTS, AppliedFault, FaultError, parse_whole_number

MAX_RULES = 100
METHODS = ("GET", "POST", "PUT", "DELETE")
_SELECTORS = ("on", "id", "every", "probability", "seed", "first")


class Rule:
    """A rule. `str(rule)` is its text, `number` its id in a sandbox, `uses` counts the requests it applied to."""

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"a fault must be a str such as 'reset-after first 1', got {type(text).__name__}")
        self.name, *words = text.split() or [""]
        self._text = " ".join([self.name, *words])
        if self.name not in FAULTS:
            raise FaultError(f"there is no fault {self.name[:40]!a}; the faults are {', '.join(FAULTS)}")
        self.fault = FAULTS[self.name]
        self.number = self.uses = self.until_ms = self._selected = self._starts = 0
        end = next((at for at, word in enumerate(words) if word in _SELECTORS), len(words))
        try:
            self._sample = self.fault.parse(words[:end])
        except FaultError as error:
            usage = f"{self.name} {self.fault.usage}".rstrip()
            raise FaultError(f"the fault is `{usage}`, got {self._text[:80]!a}{str(error) and f': {error}'}") from None
        self._apply_selectors(self._parse_selectors(words[end:]))
        self._random = random.Random(f"{self.seed} {self._text}")  # noqa: S311 (reproducible, not secret)
        # `close` counts requests per connection
        self._min_served = self._sample(self._random) if self.name == "close" else 0

    def _parse_selectors(self, words: list[str]) -> dict[str, list[str]]:
        given: dict[str, list[str]] = {}
        for word in words:
            if word in given:
                raise FaultError(f"{word} is repeated in {self._text[:80]!a}")
            if word in _SELECTORS:
                given[word] = []
            else:
                given[list(given)[-1]].append(word)
        for name, values in given.items():
            if name != "on" and len(values) != 1:
                raise FaultError(f"{name} needs one value, got {' '.join(values)[:60]!a}")
        if "seed" in given and "probability" not in given and not self.name.startswith("delay"):
            raise FaultError("seed needs a probability, or a random delay")
        if self.name == "refuse" and given.keys() & {"on", "id"}:
            raise FaultError("refuse applies before a connection's first request, so it has no `on` and no `id`")
        return given

    def _apply_selectors(self, given: dict[str, list[str]]) -> None:
        numbers = {
            name: parse_whole_number(name, given[name][0], least=int(name in ("every", "first")))
            for name in ("id", "every", "seed", "first") if name in given
        }  # fmt: skip
        self.method, self.path = _parse_method_and_path(given["on"]) if "on" in given else ("", None)
        self.client_id = numbers.get("id")
        self.every = numbers.get("every", 1)
        self.seed = numbers.get("seed", 0)
        self.probability = _parse_probability(given["probability"][0]) if "probability" in given else 1.0
        # By default a lasting fault applies once, and `refuse` starts immediately.
        is_default = not given.keys() & {"every", "probability", "first"}
        self.is_immediate = is_default and self.name == "refuse"
        self.first = numbers.get("first", 1 if is_default and self.fault.lasts else inf)

    def match(self, method: str, path: str, client_id: int | None, now_ms: int, served: int) -> AppliedFault | None:
        """Return the fault for this request, the `served`th on its connection, or None without a match."""
        is_selected = (
            self.method in ("", method) and (self.path is None or self.path.fullmatch(path))
            and self.client_id in (None, client_id) and served >= self._min_served
        )  # fmt: skip
        if not is_selected or (now_ms >= self.until_ms and not self._starts_now()):
            return None
        self.uses += 1
        value = self._sample(self._random)
        if self.fault.lasts and now_ms >= self.until_ms:
            self.until_ms = now_ms + round(value * 1000)
        return AppliedFault(self.name, self.fault, value, self.until_ms)

    def sample_refusal_s(self) -> float:
        if self.name != "refuse" or not self._starts_now():
            return 0.0
        self.uses += 1
        return float(self._sample(self._random))

    @property
    def is_spent(self) -> bool:
        return self._starts >= self.first

    def _starts_now(self) -> bool:
        self._selected += 1
        if self._selected % self.every or (self.probability < 1 and self._random.random() >= self.probability):
            return False
        self._starts += 1
        return self._starts <= self.first

    def __str__(self) -> str:
        return self._text


def _parse_method_and_path(values: list[str]) -> tuple[str, re.Pattern[str] | None]:
    paths = [value for value in values if value.startswith(("/", "*"))]
    methods = [value for value in values if value not in paths]
    if not values or len(paths) > 1 or len(methods) > 1:
        raise FaultError(f"on needs METHOD, PATH or both, such as POST /v3/trade/*, got {' '.join(values)[:60]!a}")
    if methods and methods[0] not in METHODS:
        raise FaultError(f"the method must be {', '.join(METHODS)}, got {methods[0][:60]!a}")
    if not paths:
        return methods[0], None
    if set(paths[0]) & set("?#"):
        raise FaultError(f"the path must not contain a query, got {paths[0][:60]!a}")
    return "".join(methods), re.compile(".*".join(map(re.escape, paths[0].split("*"))), re.DOTALL)


def _parse_probability(text: str) -> float:
    value = float(text) if re.fullmatch(r"[01](\.\d{1,9})?|\.\d{1,9}", text, re.ASCII) else 2.0
    if not 0 <= value <= 1:
        raise FaultError(f"probability needs a number from 0 to 1, got {text!a}")
    return value


class FaultRules:
    """The rules of a sandbox, in order. Any thread may change them while the sandbox serves."""

    def __init__(self, rules: Iterable[str] = ()) -> None:
        if isinstance(rules, str):
            raise TypeError(f"faults must be a list of rules, such as [{rules!r}], got one str")
        self._rules: tuple[Rule, ...] = ()
        self._removed: deque[Rule] = deque(maxlen=MAX_RULES)  # removed before their first use
        self._last_number = 0
        self._lock = threading.Lock()
        self._refuse: Callable[[float], object] | None = None
        self._refuse_s = 0.0  # for rules from before the sandbox listened
        for text in rules:
            self.add(text)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def add(self, text: str) -> Rule:
        """Append a rule. Raises `FaultError` for an invalid rule, and for the 101st."""
        rule = Rule(text)
        with self._lock:
            if len(self._rules) >= MAX_RULES:
                raise FaultError(f"a sandbox accepts at most {MAX_RULES} rules")
            self._last_number += 1
            rule.number = self._last_number
            self._rules = (*self._rules, rule)
        if rule.is_immediate:
            self._refuse_for(rule.sample_refusal_s())
        return rule

    def clear(self) -> None:
        """Remove all rules."""
        self.remove(None)

    def remove(self, number: int | None) -> bool:
        """Remove the rule with this number; None removes all. Return False if there was no such rule."""
        with self._lock:
            removed = [rule for rule in self._rules if number in (None, rule.number)]
            self._rules = tuple(rule for rule in self._rules if rule not in removed)
            self._removed.extend(rule for rule in removed if not rule.uses)
        return bool(removed)

    def unused(self) -> list[str]:
        """Return the unused rules, including removed rules."""
        return [str(rule) for rule in (*self._removed, *self._rules) if not rule.uses]

    def match(self, method: str, path: str, client_id: int | None, now_ms: int, served: int) -> list[AppliedFault]:
        found = (rule.match(method, path, client_id, now_ms, served) for rule in self._rules if rule.name != "refuse")
        return [applied for applied in found if applied]

    def on_connection(self) -> None:
        for rule in self._rules:
            if not rule.is_immediate and (seconds := rule.sample_refusal_s()):
                self._refuse_for(seconds)

    def on_listening(self, refuse: Callable[[float], object] | None) -> float:
        """Store the function that refuses connections. Return for how many seconds to refuse them at the start."""
        self._refuse = refuse
        seconds, self._refuse_s = self._refuse_s, 0.0
        return seconds

    def _refuse_for(self, seconds: float) -> None:
        if self._refuse is None:
            self._refuse_s = max(self._refuse_s, seconds)
        else:
            self._refuse(seconds)

    def rows(self) -> list[dict[str, Any]]:
        return [
            {"number": r.number, "fault": r.name, "rule": str(r), "uses": r.uses, "spent": r.is_spent}
            for r in self._rules
        ]
