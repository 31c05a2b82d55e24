"""Mutants that no test can kill, each with its reason. `make mutate` neither tries nor counts them."""

from __future__ import annotations

from typing import NamedTuple


class Survivor(NamedTuple):
    file: str  # under src/woox_fast
    line: str  # what the changed line has in it
    new: str  # what the change writes; "*" for any
    reason: str


SURVIVORS: list[Survivor] = [
    # -- payload: the mutants of these lines are slower, and find the same keys
    Survivor("_text.py", "_PLAIN = frozenset(", "*", "only for speed: what is not in it is looked at, and has no keys"),
    Survivor("_text.py", 'nested = "{" in text[1:]', "2", "an object within another begins after its key"),
    # -- checks
    Survivor("_checks.py", "digits = len(", "1", "no count of digits but 10, 16 and 19 gives a hint"),
    Survivor("_checks.py", '<= "~"', "'~~'", "no single character lies between the two"),
    Survivor("_checks.py", '<= "\\udfff"', "'\\udfff~'", "no single character lies between the two"),
    # -- adapters
    Survivor("adapters/aiohttp.py", 'hasattr(payload, "as_bytes")', "*", "the same bytes; 3.12.0 has only the other"),
    Survivor("adapters/ccxt.py", 'Signer("-", secret)', "'-~'", "the API key of a Signer that makes no headers"),
    Survivor("adapters/ccxt.py", "max(protocol, 2)", "3", "an object is reduced alike from protocol 2 on"),
]
