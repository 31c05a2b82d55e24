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
    Survivor("_checks.py", "digits = len(got) if number > 0", ">=", "0 has one digit, and no hint"),
    Survivor(
        "_checks.py", "RuntimeWarning,", "", "which line of the import the warning names; compiled twins have none"
    ),
    Survivor("_checks.py", "stacklevel=3", "4", "which line of the import the warning names; compiled twins have none"),
    # -- signers
    Survivor("_sign_py.py", 'and path[:1] == "/"', "'/~'", "the slower way signs the same"),
    # -- testing
    Survivor("testing.py", 'return ""', "None", "no fault, either way"),
    # -- clock
    Survivor("clock.py", "SLEW = 1_000", "1001", "NTP slews by a 2,000th at most, and what is set is off by far more"),
    Survivor("clock.py", "if low > 0:", ">=", "both give 0 where the bound is 0"),
    Survivor("clock.py", "if high < 0:", "*", "all give 0 where the bound is 0"),
    Survivor("clock.py", "self._parted = 0  # by how much", "1", "a nanosecond"),
    Survivor("clock.py", "self._set_at = 0", "1", "1970, either way"),
    Survivor("clock.py", "if steady - asked >= wait_s", ">", "a nanosecond later"),
    Survivor("clock.py", "sample.width < known.width", "<=", "a reply that proves as much may be taken or left"),
    Survivor("_server_time.py", "MOST_BYTES = 65_536", "65537", "a reply is 600 times shorter"),
    Survivor("_server_time.py", "if reply.read(1):", "2", "any byte is one too many"),
    # -- adapters
    Survivor(
        "adapters/aiohttp.py", 'hasattr(payload, "as_bytes")', "'as_bytes~'", "the other way gives the same bytes"
    ),
    Survivor(
        "adapters/aiohttp.py",
        'hasattr(payload, "as_bytes")',
        'not (hasattr(payload, "as_bytes"))',
        "the other way gives the same bytes; aiohttp 3.12.0 has only that",
    ),
    Survivor("adapters/ccxt.py", 'Signer("-", secret)', "'-~'", "the API key of a Signer that makes no headers"),
    Survivor("adapters/ccxt.py", "max(protocol, 2)", "3", "an object is reduced alike from protocol 2 on"),
    # -- sandbox
    Survivor("sandbox/process.py", '"PYTHONSAFEPATH": "1"', "'1~'", "whatever it holds, it is on"),
]
