"""Mistakes made together, in the order in which a program makes them; and that each combination is named."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from itertools import combinations
from typing import Any

from helpers.by_hand import BY_HAND, SENT, Made, explained, make

# What a program takes first, then its spelling, then what is put round it. Two of one line are not made together. A
# word that ends in "-" stands for all that begin so and are named nowhere else.
_LINES = """
query-in-body query-in-body-json query-also-in-body query-also-in-body-json body-in-query body-also-in-query
json-no-nulls query-left-out body-left-out no-body-
json-sorted query-sorted
query-booleans-
json-numbers json-strings
json-compact json-spaced json-comma-space json-colon-space json-indent- json-repr body-form
json-ascii json-not-ascii query-decoded query-decoded-plus query-encoded-twice query-encoded
json-slashes-escaped json-html-escaped query-
body-newline body-crlf body-no-newline body-trailing-space body-bom query-no-mark query-trailing-ampersand
json-twice body-
path-no-version path-other-version
path-lower-case
path-trailing-slash path-question-mark
path-
method-get method-post method-put method-delete method-left-out
method-
timestamp-
timestamp-quoted
secret-lower-case secret-upper-case secret-last-lost secret-first-lost secret-empty secret-none secret-api-key
secret-base64-decoded secret-hex-decoded secret-base64-encoded secret-hex-encoded secret-bytes-repr secret-utf-16
secret-
path-before-method path-left-out body-before-path timestamp-left-out timestamp-last timestamp-after-method
separator-
algorithm-
signature-
"""
_STAGES = [line.split() for line in _LINES.strip().splitlines()]
_LAYOUTS = next(at for at, names in enumerate(_STAGES) if "path-before-method" in names)


def rank(name: str) -> int:
    """The stage at which a mistake is made."""
    if name.startswith(("only-", "api-key-", "rule-")) or name == "timestamp-after-path":
        return _LAYOUTS
    for matches in (name.__eq__, lambda word: word[-1] == "-" and name.startswith(word)):
        for at, names in enumerate(_STAGES):
            if any(map(matches, names)):
                return at
    raise LookupError(name)


def random_combinations(
    seed: int, count: int, size: int, names: Iterable[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """`size` mistakes, each of which makes a difference beside the others, and the request they are made on."""
    chance = random.Random(seed)
    pool = sorted(names)
    while count:
        chosen = tuple(sorted(chance.sample(pool, size), key=rank))
        which = chance.choice(list(SENT))
        if len({rank(name) for name in chosen}) < size:
            continue
        subsets = [some for n in range(size + 1) for some in combinations(chosen, n)]
        try:
            signatures = {make(some, SENT[which]).signature() for some in subsets}
        except (ValueError, AttributeError):  # what the first leaves is nothing that the second can be made on
            continue
        if len(signatures) == 2**size:
            count -= 1
            yield chosen, which


def assert_named(names: tuple[str, ...], made: Made, sent: Made, **more: Any) -> None:
    """The mistakes are named, or as few others that sign the very same bytes the same way; and no fewer would do."""
    found = explained(made, sent, **more)
    assert found.found, names
    named = tuple(mistake.name for mistake in found.mistakes)
    # A plain hash of secret and message tells not where one ends and the other begins.
    mixed = any(name.endswith(("-secret-message", "-message-secret")) for name in (*named, *names))
    assert found.signed == made.message() or mixed, (named, names)
    assert found.expected == sent.message()
    assert len(named) <= len(names), (named, names)
    of_secret = [name for name in named if name.startswith("secret-")]
    if BY_HAND.keys() >= set(of_secret) and not any(name.startswith("algorithm-") for name in (*named, *names)):
        assert make(sorted(of_secret, key=rank), sent).secret == made.secret, (named, names)
    for fewer in _fewer(len(named), sent):
        with suppress(ValueError):  # what is left is nothing that can be put together
            assert fewer.signature() != made.signature(), (named, names)


def _fewer(count: int, sent: Made) -> Iterator[Made]:
    """What fewer than `count` mistakes make of a request; of two, those that are of different parts of it."""
    singles = []
    for change in BY_HAND.values():
        with suppress(ValueError, AttributeError):
            singles.append(change(sent))
    parts = [field.name for field in fields(Made)]
    if count > 0:
        yield sent
    if count > 1:
        yield from singles
    if count > 2:
        for one in singles:
            for other in singles:
                changed = [name for name in parts if getattr(other, name) != getattr(sent, name)]
                if all(getattr(one, name) == getattr(sent, name) for name in changed):
                    yield replace(one, **{name: getattr(other, name) for name in changed})
