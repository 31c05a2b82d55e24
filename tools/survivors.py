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
    Survivor("_sign_py.py", 'and path[:1] == "/"', "*", "the slower way signs the same"),
    Survivor("_sign_py.py", "and 10**12 <= timestamp < 10**13", "*", "the slower way signs the same"),
    Survivor("_sign_py.py", 'signer = Signer("-", api_secret)', "'-~'", "an API key that is never sent"),
    Survivor("_sign_base.py", "raise NotImplementedError", "pass", "each twin has a method of its own in its place"),
    *(
        Survivor("_backend.py", line, "*", "which line of the import the warning names")
        for line in ("stacklevel=2", "RuntimeWarning,")
    ),
    # -- explain
    *(
        Survivor(
            f"_explain/{file}.py", f"{line}usedforsecurity=False", new, "tells where OpenSSL has FIPS's hashes alone"
        )
        for file, line in (
            ("signing", "md5(data, "),
            ("layers/body", "hashlib.new(algorithm, body, "),
            ("layers/body_texts", 'hashlib.new(algorithm, b"", '),
            ("layers/secret", "make(s, "),
            ("layers/digest_ways", "make(message, "),
            ("layers/digest_ways", "make(mix(s, message), "),
            ("layers/digest_ways", "hashlib.new(algorithm, data, "),
            ("layers/digest_ways", "write(digest), "),
        )
        for new in ("", "True")
    ),
    Survivor(
        "_explain/layers/digest.py", "usedforsecurity=False).digest_size", "True", "tells where OpenSSL has FIPS's"
    ),
    *(
        Survivor(f"_explain/{file}.py", f"{line}, strict=True", new, "the two are as long as each other")
        for file, line in (
            ("cells", "zip(parts, shares"),
            ("search", "zip(values, ways"),
            ("search", "zip(names, of_digest"),
            ("signing", "zip(others, indexes"),
            ("signing", "zip(transforms, fixed[1:]"),
            ("inputs/curl_command", "zip(starts, [*starts[1:], len(words)]"),
            ("inputs/http_text", "zip(starts, ends"),
            ("layers/layout", "zip(names, _PARTS"),
            ("layers/layout", "zip(names, parts"),
        )
        for new in ("", "False")
    ),
    *(
        Survivor(
            "_explain/inputs/curl_command.py", f'parser.add_argument("-{letter}"', f"'-{letter}~'", "read as it is"
        )
        for letter in "XHGI"
    ),
    Survivor("_explain/inputs/curl_command.py", 'for name in ("-d"', "'-d~'", "argparse reads -d as its beginning"),
    Survivor("_explain/inputs/curl_command.py", "_FLAGS = ", "'sSkviLfgN46#qOn~'", "a flag that nobody gives"),
    Survivor("_explain/inputs/curl_command.py", 'code[0] in "uUx"', "'uUx~'", "a tilde stands alone"),
    Survivor("_explain/inputs/logs.py", "_FEW = 256", "257", "a size that is about right"),
    Survivor("_explain/inputs/curl_command.py", '_Parser("curl"', "'curl~'", "a name that is not printed"),
    Survivor("_explain/inputs/curl_command.py", "_COMMAND.search(data, 0, 4000)", "4001", "a size that is about right"),
    Survivor("_explain/changes.py", "ROOM = 128 << 20", "129", "a size that is about right"),
    Survivor("_explain/changes.py", "ROOM = 128 << 20", "21", "a size that is about right"),
    Survivor("_explain/changes.py", "self._ties = 0", "1", "only the order of what is counted tells"),
    Survivor("_explain/changes.py", "range(len(stages) + 1)", "2", "a stage more, that nothing comes to"),
    Survivor("_explain/changes.py", "{self.start: (0, ())}", "1", "nothing makes the start in as few changes as none"),
    Survivor("_explain/search.py", "_LIGHT_BYTES_PER_S = 250_000", "250001", "a size that is about right"),
    Survivor("_explain/search.py", "self.complete = False", "True", "a search sets it before it is read"),
    Survivor("_explain/search.py", "self.seconds = 0.0", "1.0", "a search sets it before it is read"),
    Survivor("_explain/search.py", "_now() > self._deadline", ">=", "a moment later"),
    Survivor("_explain/search.py", "spent - 3 * ALSO", "4", "what costs as little was tried before, and made another"),
    Survivor("_explain/search.py", "cost = max(1, sum(", "*", "so many are digested before the time is looked at"),
    Survivor(
        "_explain/search.py", "self, cell: Cell, message: bytes, *, again", "True", "the first of them is the same"
    ),
    Survivor("_explain/search.py", "not in self._changed_before", "", "only for speed: it is made again"),
    Survivor("_explain/search.py", "if step < len(messages) else", "<=", "only for speed: a copy of all"),
    Survivor("_explain/search.py", "size = 0", "1", "a byte more of a batch that is about as large"),
    Survivor("_explain/search.py", "size += len(messages)", "65", "the size of a batch is about right"),
    Survivor("_explain/search.py", "size += len(messages)", "-", "the size of a batch is about right"),
    Survivor("_explain/search.py", "size > BATCH_BYTES", ">=", "the size of a batch is about right"),
    Survivor("_explain/rewrites.py", 'in "}]"', "'}]~'", "no token is a tilde"),
    Survivor("_explain/layers/body.py", "_URI = ", '"~()*!.\'-_;/?:@&=+$,#~"', "quote leaves a tilde as it is"),
    Survivor("_explain/layers/body.py", 'quote(b, safe="=&")', "'=&~'", "quote leaves a tilde as it is"),
    Survivor("_explain/layers/body.py", 'rstrip(b"=")', "b'=~'", "base64 has no tilde"),
    Survivor("_explain/layers/secret.py", 'rstrip(b"=")', "b'=~'", "base64 has no tilde"),
    Survivor("_explain/layers/body_notations.py", "_LONGEST = 4096", "4097", "a size that is about right"),
    Survivor("_explain/layers/rules.py", '"v1": Layout(_slots("v1"', "'v1~'", "what is neither V3 nor websocket is V1"),
    Survivor("_explain/layers/timestamp_dates.py", "microseconds", "7", "of six digits the first seven are those six"),
    Survivor("_explain/layers/timestamp_rows.py", "tzinfo=timezone.utc", "", "no zone is added, nor printed"),
    Survivor(
        "_explain/layers/written_peels.py",
        "except (ValueError, SyntaxError, MemoryError",
        "",
        "each Python has its own",
    ),
    Survivor("_explain/layers/written.py", "continue", "pass", "what the last one made is the text already"),
    Survivor("_explain/layers/written.py", "break", "pass", "only for speed: the rest changes nothing either"),
    # -- testing
    Survivor("testing.py", 'return ""', "None", "no fault, either way"),
    # -- adapters
    Survivor("adapters/_redirects.py", "response.close()", "pass", "else it is closed a bit later"),
    # -- clock
    Survivor("clock.py", "self._parted = 0", "1", "a nanosecond"),
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
