"""Mutants of the C core, the Cython backend and the cffi backend. A mutant changes a text, and a test must notice it.

    python tools/mutants_c.py [--list] [--sample N] [--seed N] [--jobs N] [NAME ...]

The tool applies every mutant to a copy of the tree, builds the backend for the test, and expects the test to fail. It
skips mutants of AVX-512 on processors without AVX-512. Exit status 1 if a mutant survives unexpectedly.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
COPIED = ("src", "tests", "tools", "examples", "bench", "pyproject.toml", "setup.py", "README.md", "LICENSE")


class Mutant(NamedTuple):
    """`old` occurs once in `file`, a path below src/. `test` is the arguments of pytest."""

    file: str
    old: str
    new: str
    test: str
    survives: str = ""  # why no test can notice the mutant

    @property
    def build(self) -> str:
        """Return the backend that the test needs; empty if the test compiles the core itself."""
        if "cffi" in self.file or "cffi" in self.test:
            return "cffi"
        return "" if any(name in self.test for name in HARNESSES) else "cython"


HARNESSES = (
    "test_cleansing.py -k",
    "test_internals.py",
    "test_vectors.py",
    "test_borders.py -k parts",
    "test_fuzz.py -k sanit",
)
HMAC, BATCH, PADDING = "core/hmac_sha256.c", "core/hmac_sha256_batch.c", "core/hmac_sha256_padding.h"
DISPATCH, PORTABLE, SHANI = "core/hmac_sha256_dispatch.c", "core/hmac_sha256_portable.c", "core/hmac_sha256_shani.c"
AVX512, STEPS = "core/hmac_sha256_avx512.c", "core/hmac_sha256_steps.h"
CLEANSE, HEADER = "core/cleanse.c", "core/hmac_sha256.h"
PREHASH, BYTES, SHA256 = "core/prehash.h", "core/bytes.h", "core/sha256.c"
SIGN, FAST, HTTP, CFFI, CFFI_H = "_sign.pyx", "_fast_path.pxd", "_http.pxd", "woox_fast/_sign_cffi.py", "_sign_cffi.h"
STACK = "tests/core/test_cleansing.py -k 'stack_has_no'"
INTERNALS = "tests/core/test_internals.py"
VECTORS = "tests/core/test_vectors.py"
FUZZ = "tests/core/test_fuzz.py -k sanitizers"
BORDERS = "tests/core/test_borders.py -k parts"
SIGNATURES = "tests/signer/test_signatures.py -k cython"
BATCHES = "tests/signer/test_signatures.py -k 'cython and (batch or after)'"
LONG_LENGTH = "tests/signer/test_signatures.py -k 'cython and 32_bits'"
ERRORS = "tests/signer/test_errors.py -k cython"
SIGNER = "tests/signer/test_signer.py -k cython"
ENCODE = "tests/signer/test_encode_request.py -k cython"
SECRETS = "tests/signer/test_secrets.py -k 'woox_fast._sign- or encoded'"
ON_STACK = "tests/core/test_cleansing.py::test_python_call_leaves_no_trace"
RELEASED = "tests/signer/test_threads.py -k long_message"
KEPT = "tests/signer/test_threads.py -k short_message"
WRITER = "tests/signer/test_threads.py -k 'changes and cython'"
LEAKS = "tests/project/test_soak.py -k 'flat and cython'"
NO_MEMORY = "tests/signer/test_interpreter.py -k 'allocation and cython'"
SELF_TEST = "tests/signer/test_self_test.py"
WITH_CFFI = "tests/signer/test_signatures.py tests/signer/test_threads.py -k cffi"

# File, text, replacement, test. A fifth entry explains why tests cannot notice the mutant.
TABLE: list[tuple[str, ...]] = [
    # Cleansing
    (HMAC, "    cleanse_stack(key_stack);\n", "", STACK),
    (HMAC, "(key_stack);\n    cleanse_vector_registers();", "(key_stack);", VECTORS),
    (HMAC, "    END_MARGIN();\n    cleanse_vector_registers();", "    END_MARGIN();", VECTORS),
    (HEADER, "    if (hmac_sha256_chosen->spills) cleanse_stack(sign_stack);\n", "", STACK),
    (BATCH, "    else cleanse_stack(pairs_stack);", "", STACK),
    (BATCH, "    if (is_last && b->used_pairs)", "    if (!is_last && b->used_pairs)", STACK),
    (BATCH, "    }\n    cleanse_vector_registers();\n}", "    }\n}", VECTORS),
    (AVX512, "    cleanse_wide_registers();\n", "    _mm256_zeroupper();\n", VECTORS),
    (CLEANSE, 'volatile__("" : : "r"(memory) : "memory")', 'volatile__("")', STACK),
    (CLEANSE, "memset(memory, 0, size);", "memset(memory, 0, size / 2);", STACK),
    (SIGN, "        cleanse(&self._key, sizeof(self._key))", "        pass", SECRETS),
    (SIGN, "        cleanse(&key, sizeof(key))", "        pass", ON_STACK),
    (SIGN, "        cleanse(PyBytes_AS_STRING(secret), <size_t>PyBytes_GET_SIZE(secret))\n", "        pass\n", SECRETS),
    (SIGN, "    if len(secret) > 1:", "    if True:", "tests/signer/test_signatures.py -k 'cython and shared_byte'"),
    (
        SIGN,
        "        _checks.clear_frames(error)  #",
        "        #",
        "tests/signer/test_secrets_shown.py -k 'interrupt and cython'",
    ),
    (SIGN, "    cleanse(key, sizeof(KeyContext))", "    pass", "tests/core/test_cython_user.py"),
    # Padding
    (PADDING, "memset(out, 0, SHA256_BLOCK_SIZE);", "memset(out, 0, SHA256_BLOCK_SIZE - 1);", FUZZ),
    (PADDING, "MAX_RUNS = 2 * HMAC_SHA256_PARTS + 1,", "MAX_RUNS = 2 * HMAC_SHA256_PARTS,", INTERNALS),
    (PADDING, "HMAC_SHA256_PARTS * MAX_COPIED + SHA256_BLOCK_SIZE", "HMAC_SHA256_PARTS * MAX_COPIED + 63", INTERNALS),
    (PADDING, "        if (size > max_copied) {", "        if (size > max_copied + 1) {", INTERNALS),
    (PADDING, "<= COPIED_BLOCKS ?", "<= COPIED_BLOCKS + 2 ?", FUZZ),
    (
        PADDING,
        "if (out > blocks) {",
        "if (out >= blocks) {",
        INTERNALS,
        "an empty run adds nothing; `make prove` refutes it",
    ),
    (PADDING, "count = ((size_t)(out - blocks) + 8)", "count = ((size_t)(out - blocks) + 7)", FUZZ),
    (PADDING, "hashed * 8);", "hashed * 4);", FUZZ),
    (PADDING, "hashed * 8);", "(uint32_t)(hashed * 8));", LONG_LENGTH),
    (PADDING, "    *out = 0x80;", "    *out = 0x40;", FUZZ),
    (PADDING, "            hashed += whole;\n", "", FUZZ),
    (PADDING, "            size -= missing + whole;", "            size -= whole;", FUZZ),
    (PADDING, "        size_t last = size - 16;", "        size_t last = size - 15;", FUZZ),
    (PADDING, "memcpy(to + size - 8, from + size - 8, 8);", "", FUZZ),
    (PADDING, "memcpy(to + size - 4, from + size - 4, 4);", "", FUZZ),
    (PADDING, "        to[size / 2] = from[size / 2];\n", "", FUZZ),
    # Batches
    (BATCH, "run[0]->count < run[1]->count", "run[0]->count > run[1]->count", FUZZ),
    (BATCH, "    if ((*run)->count == 0) ++*run;", "    ++*run;", FUZZ),
    (BATCH, "hex[i] = b->hex + order[i] *", "hex[i] = b->hex + i *", FUZZ),
    (BATCH, "    if (i < count) b->with->outer_hex(", "    if (i + 1 < count) b->with->outer_hex(", FUZZ),
    (BATCH, "blocks[at - 1] > size", "blocks[at - 1] < size", FUZZ, "the order is only for speed"),
    (BATCH, "&& blocks[at + equal] == blocks[at]", "", BATCHES),
    (BATCH, "blocks[i] = blocks[0];", "blocks[i] = NULL;", BATCHES),
    (BATCH, "hex[i] = hex[0];", "hex[i] = hex[count];", BATCHES),
    (BATCH, "            if (run[i]->count < step) step = run[i]->count;\n", "", BATCHES),
    (BATCH, "states[word][lane] = b->key->inner[word];", "states[word][lane] = b->key->outer[word];", BATCHES),
    # The key and the known-answer test
    (HMAC, "    if (size > SHA256_BLOCK_SIZE) hash", "    if (size >= SHA256_BLOCK_SIZE) hash", VECTORS),
    (HMAC, "ipad[i] ^ 0x5c;", "ipad[i] ^ 0x5d;", VECTORS),
    (HMAC, "ipad[i] ^= 0x36;", "ipad[i] ^= 0x35;", VECTORS),
    (DISPATCH, "memcmp(hex, expected, sizeof hex) == 0", "memcmp(hex, expected, sizeof hex / 2) == 0", INTERNALS),
    (DISPATCH, "        if (!signs(&keys[i], split(cases[i].text), cases[i].hex)) return false;\n", "", INTERNALS),
    (DISPATCH, "signs_batch(&keys[1], SHA256_LANES, 1) && ", "", INTERNALS),
    (DISPATCH, " && signs_batch(&keys[1], 5, 25)", "", INTERNALS),
    (DISPATCH, "cases[1].text + step * i", "cases[1].text", INTERNALS),
    (DISPATCH, "        if (passes_known_answers(candidate)) {", "        if (candidate) {", SELF_TEST),
    (DISPATCH, "        *refused = candidate->name;\n", "", SELF_TEST),
    (
        DISPATCH,
        "strcmp(name, candidate->name) == 0",
        "strcmp(name, candidate->name) != 0",
        "tests/signer/test_backend.py -k 'named_sha256'",
    ),
    # SHA-256
    (SHA256, "0xc67178f2}", "0xc67178f3}", VECTORS),
    (PORTABLE, "w[(i + 9) & 15]", "w[(i + 8) & 15]", VECTORS),
    (PORTABLE, "    if (to != from) memcpy", "    if (to == from) memcpy", VECTORS),
    (PORTABLE, "0x0606060606060606", "0x0505050505050505", VECTORS),
    (AVX512, "6, 11, 25));", "6, 11, 24));", VECTORS),
    (AVX512, "blocks[set * SET_LANES + i] + at", "blocks[set * SET_LANES + i]", INTERNALS),
    (AVX512, "hex[set * SET_LANES + i]", "hex[(SETS - 1 - set) * SET_LANES + i]", VECTORS),
    (SHANI, "i >= 3 && i < 15", "i >= 3 && i < 14", VECTORS),
    (SHANI, "if (i >= 1 && i < 13)", "if (i >= 2 && i < 13)", VECTORS),
    (STEPS, "outer_block(w1, digests[1]);", "outer_block(w1, digests[0]);", VECTORS),
    (STEPS, "load_block(w1, blocks[1] + at);", "load_block(w1, blocks[1]);", FUZZ),
    (SHANI, "if (third >= 8) return false;", "if (third > 8) return false;", BORDERS),
    (SHANI, " & (((uint64_t)1 << 8 * third) - 1);", ";", BORDERS),
    (SHANI, "    if (size == 0 || (size_t)", "    if ((size_t)", BORDERS),
    (SHANI, "smaller(at, size - 16)", "smaller(at, size)", BORDERS),
    (SHANI, "        if (at >= second && at", "        if (at + 1 >= second && at", BORDERS),
    (SHANI, "size + 9 <= at + SHA256_BLOCK_SIZE", "size + 8 <= at + SHA256_BLOCK_SIZE", VECTORS),
    (SHANI, "at < size + 9; at +=", "at < size + 8; at +=", VECTORS),
    (SHANI, "bits << 32 | bits >> 32", "bits << 32", LONG_LENGTH),
    # The head
    (BYTES, "load_le16(p + size - 2) <<", "load_le16(p + size - 1) <<", BORDERS),
    (PREHASH, "& 0xffffffffff) | word", "& 0xffffffffffff) | word", FUZZ),
    (PREHASH, "milliseconds >= 10000000000000", "milliseconds > 10000000000000", FUZZ),
    (PREHASH, "milliseconds < 1000000000000 ", "milliseconds <= 1000000000000 ", FUZZ),
    (PREHASH, "return all_digits(first) && all_digits(last);", "return all_digits(first);", FUZZ),
    (PREHASH, "x * 5243 >> 19", "x * 5242 >> 19", FUZZ),
    (PREHASH, "(0x7f - 'Z') * each", "(0x7e - 'Z') * each", FUZZ),
    (PREHASH, "if (rest >= 10000)", "if (rest > 10000)", FUZZ),
    (PREHASH, "before_head[8] |", "(uint64_t)'0' |", FUZZ),
    # The GIL
    (SIGN, "    LONG_MESSAGE = 32768", "    LONG_MESSAGE = 1", KEPT),
    (SIGN, "    LONG_MESSAGE = 32768", "    LONG_MESSAGE = 1073741824", RELEASED),
    (SIGN, "    if chunk.signed_bytes < LONG_MESSAGE:", "    if chunk.signed_bytes >= LONG_MESSAGE:", KEPT),
    (SIGN, "    if chunk.signed_bytes < LONG_MESSAGE:", "    if True:", RELEASED),
    (
        SIGN,
        "        with nogil:\n            hmac_sha256_inner",
        "        if True:\n            hmac_sha256_inner",
        RELEASED,
    ),
    (SIGN, "if type(body) is bytes or type(body.obj) is bytes:", "if True:", WRITER),
    (SIGN, "if type(body) is bytes or type(body.obj) is bytes:", "if type(body) is bytes:", RELEASED),
    (
        SIGN,
        "            body = bytes(_checks.check_body(body))  #",
        "            body = _checks.check_body(body)  #",
        WRITER,
    ),
    # Memory and references
    (SIGN, "        PyMem_Free(chunk.messages)", "        pass", LEAKS),
    (SIGN, "        Py_DECREF(<object>request)\n", "", LEAKS),
    (SIGN, "            Py_DECREF(fetched)\n", "", LEAKS),
    (SIGN, "        Py_INCREF(signature)\n", "", BATCHES),
    (SIGN, "        PyBuffer_Release(&view)", "        pass", "tests/signer/test_signatures.py -k 'cython and buffer'"),
    (SIGN, "    requests[index] = (head, body)\n", "", BATCHES),
    (SIGN, "    requests[index] = request  # a", "    # a", BATCHES),
    (SIGN, "list(requests) if is_sequence", "requests if is_sequence", BATCHES),
    (SIGN, "    if chunk.messages == NULL:\n        raise MemoryError\n", "", NO_MEMORY),
    ("traceback_guard.h", "    PyErr_NoMemory();\n", "", NO_MEMORY, "needed from CPython 3.12 on"),
    # The fast path
    (FAST, "        and text.size == TIMESTAMP_SIZE\n", "", ERRORS),
    (
        FAST,
        "METHOD_MIN <= text.size <= METHOD_MAX",
        "METHOD_MIN <= text.size",
        SIGNATURES + " tests/signer/test_encode_request.py",
    ),
    (FAST, ' and (<const char *>part.data)[0] == b"/"', "", ERRORS),
    (FAST, "now_ms() + clock_offset_ms)", "now_ms())", SIGNER),
    (FAST, "if timestamp == timestamp_before:", "if True:", BATCHES),
    (FAST, "if method == PyTuple_GET_ITEM(<object>before, 1):", "if True:", BATCHES),
    (FAST, "if path == PyTuple_GET_ITEM(<object>before, 2):", "if True:", BATCHES),
    (SIGN, "            previous = NULL\n", "            previous = request\n", BATCHES),
    ("fast_path.h", "now.tv_nsec / 1000000", "0", SIGNER),
    # HTTP, errors and the object
    (HTTP, 'b"!" <= characters', 'b" " <= characters', ENCODE),
    (HTTP, 'characters[i] <= b"~"', "characters[i] <= 127", ENCODE),
    (HTTP, ' & (characters[i] != b"#")', "", ENCODE),
    (SIGN, "host in valid_hosts or _hosts.is_host(host)", "True", ENCODE),
    (SIGN, "is_plain_end(text[0])\n        and ", "", ERRORS),
    (SIGN, "and not (part.size == key.size and", "and not (False and", ERRORS),
    (SIGN, "None, None, signer._recv_window, content_type", "None, None, None, content_type", SIGNER),
    (SIGN, "_templates.setdefault(method, template)", "_templates.setdefault('GET', template)", SIGNER),
    (
        SIGN,
        "    if parts.recv_window.size > 0:\n        put(",
        "    if parts.recv_window.size > 4:\n        put(",
        SIGNER,
    ),
    (SIGN, "data = bytes(_checks.check_body(body))", "data = _checks.check_body(body)", ENCODE),
    (SIGN, "        _checks.raise_at(index, error)", "        raise", ERRORS),
    (SIGN, "given.isascii() and ", "", "tests/signer/test_signatures.py -k 'cython and verify'"),
    (SIGN, "@cython.final\n", "", SIGNER),
    (SIGN, "    def __reduce__(self):\n        _checks.refuse_pickling()\n", "", SIGNER),
    (SIGN, "        _checks.warn_wrong_sha256(wrong)", "        pass", SELF_TEST),
    # cffi
    (CFFI_H, "    cleanse(key, sizeof *key);\n", "", "tests/signer/test_secrets.py -k 'cffi or interrupt'"),
    (CFFI_H, "        text += sizes[i];\n", "", WITH_CFFI),
    (CFFI, "lib.cleanse_bytes(secret, len(secret))", "pass", "tests/signer/test_secrets.py -k cffi"),
    (
        CFFI,
        "data = body if type(body) is bytes else copy_buffer(",
        "data = body if type(body) is bytes else ffi.from_buffer(",
        WITH_CFFI,
    ),
]
MUTANTS = [Mutant(*row) for row in TABLE]


def needs_avx512(mutant: Mutant) -> bool:
    return mutant.file == AVX512 or any(word in mutant.old for word in ("SHA256_LANES, 1)", "hex[count]"))


def has_avx512() -> bool:
    cpu = Path("/proc/cpuinfo")
    return not cpu.exists() or " avx512bw" in cpu.read_text()


def is_noticed(mutant: Mutant) -> bool:
    """Return whether the test fails; raise AssertionError if the text does not occur once or does not compile."""
    with tempfile.TemporaryDirectory(prefix="woox-fast-mutant-") as folder:
        tree = Path(folder)
        for name in COPIED:
            source = ROOT / name
            ignored = shutil.ignore_patterns("__pycache__", "_sign.c", "*.o", *(["_sign.*.so"] if mutant.build else []))
            if source.is_dir():
                shutil.copytree(source, tree / name, ignore=ignored)
            else:
                shutil.copyfile(source, tree / name)
        file = tree / "src" / mutant.file
        text = file.read_text("utf-8")
        assert text.count(mutant.old) == 1, f"{mutant.file} has {mutant.old!r} {text.count(mutant.old)} times"
        file.write_text(text.replace(mutant.old, mutant.new), "utf-8")
        paths = os.pathsep.join(str(tree / name) for name in ("src", "tests", "tools"))
        own = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}

        def run(*command: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(command, cwd=tree, env=own, capture_output=True, text=True, check=False)

        if mutant.build:
            compile_it = "compile_cffi" if mutant.build == "cffi" else "compile_extension"
            code = f"import helpers.core_build as c; c.{compile_it}(c.SRC)"
            done = run(sys.executable, "-c", code)
            assert done.returncode == 0, done.stderr[-2000:]
        done = run("sh", "-c", f"{sys.executable} -m pytest -q -x -p no:cacheprovider {mutant.test}")
        assert done.returncode not in (2, 3, 4, 5), done.stdout[-2000:] + done.stderr[-2000:]  # pytest ran no test
        return done.returncode != 0  # a crash counts


def try_mutant(mutant: Mutant) -> tuple[str, bool]:
    """Return the outcome and whether it is expected."""
    if needs_avx512(mutant) and not has_avx512():
        return "skipped: this processor has no AVX-512", True
    try:
        seen = is_noticed(mutant)
    except AssertionError as error:
        return f"NOT TRIED: {error}", False
    if seen:
        return "noticed", True
    return f"survives: {mutant.survives or 'NOT EXPECTED'}", bool(mutant.survives)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="list the mutants only")
    parser.add_argument("--sample", type=int, help="try N mutants, the same in each run")
    parser.add_argument("--seed", type=int, default=1, help="choose another sample")
    parser.add_argument(
        "--jobs", type=int, default=len(os.sched_getaffinity(0)), help="mutants at a time; default: all cores"
    )
    parser.add_argument("names", nargs="*", help="mutants whose file or text contains a NAME")
    arguments = parser.parse_args()
    chosen = [
        (number, mutant)
        for number, mutant in enumerate(MUTANTS)
        if not arguments.names or any(name in mutant.file + mutant.old + mutant.new for name in arguments.names)
    ]
    if arguments.sample:
        # The sample does not depend on the number of rows.
        chosen.sort(key=lambda each: hashlib.sha256(f"{arguments.seed}{each[1].old}{each[1].new}".encode()).digest())
        chosen = sorted(chosen[: arguments.sample])
    what = [f"{number:3} {m.file}: {m.old.strip()!r} -> {m.new.strip()!r}" for number, m in chosen]
    if arguments.list:
        for line, (_, mutant) in zip(what, chosen, strict=True):
            print(line, mutant.survives, sep="; survives: " if mutant.survives else "")
        return 0
    started = time.monotonic()
    counts: Counter[str] = Counter()
    as_expected = True
    with ThreadPoolExecutor(arguments.jobs) as pool:  # the threads wait for processes
        for line, (outcome, expected) in zip(what, pool.map(lambda each: try_mutant(each[1]), chosen), strict=True):
            print(f"{line}: {outcome}", flush=True)
            counts[outcome.partition(":")[0]] += 1
            as_expected = as_expected and expected
    took = time.monotonic() - started
    figures = f"{counts['noticed']} of {len(chosen)} noticed, {counts['survives']} survived"
    print(f"mutants of the core: {figures}; {took:,.0f} s")
    return 0 if as_expected else 1


if __name__ == "__main__":
    sys.exit(main())
