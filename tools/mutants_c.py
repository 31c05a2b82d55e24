"""Mutants of the C, of the Cython and cffi skins: each is one change of text that a test must notice.

    python tools/mutants_c.py [--list] [--sample N] [--seed N] [--jobs N] [NAME ...]

Each is made in a copy of the tree, built there as far as its test needs it, and must make that test fail. Prints a line
for each, and how many were noticed; exit status 1 if one that is not expected to survive does.
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
    """`old` occurs once in `file`, a path below src/. `test` is what pytest is given; it must fail."""

    file: str
    old: str
    new: str
    test: str
    survives: str = ""  # why no test can notice it

    @property
    def build(self) -> str:
        """What the test needs compiled: `cython`, `cffi`, or nothing, where it compiles the core itself."""
        if "cffi" in self.file or "cffi" in self.test:
            return "cffi"
        return "" if any(name in self.test for name in HARNESSES) else "cython"


HARNESSES = (
    "test_wiping.py -k",
    "test_core.py",
    "test_cross.py",
    "test_borders.py -k every_part",
    "test_fuzz.py -k 'core",
)
HMAC, SHA256, X86, WIPE = "core/hmac_sha256.c", "core/sha256.c", "core/sha256_x86.c", "core/wipe.h"
AVX512, PREHASH, BYTES = "core/sha256_avx512.c", "core/prehash.h", "core/bytes.h"
SIGN, FAST, HTTP = "_sign.pyx", "_fast_path.pxd", "_http.pxd"
STACK = "tests/core/test_wiping.py -k 'reaches or removes'"
INSIDE = "tests/core/test_core.py"
VECTORS = "tests/core/test_cross.py"
FUZZ = "tests/core/test_fuzz.py -k 'core_under'"
BORDERS = "tests/core/test_borders.py -k every_part"
SIGNATURES = "tests/signer/test_signatures.py -k 'cython'"
ERRORS = "tests/signer/test_errors.py -k 'cython'"
SIGNER = "tests/signer/test_signer.py -k 'cython'"
ENCODE = "tests/signer/test_encode_request.py -k 'cython'"
SECRETS = "tests/signer/test_secrets.py -k 'woox_fast._sign- or bytes_made'"
ON_STACK = "tests/core/test_wiping.py::test_nothing_is_left_on_the_stack"
RELEASED = "tests/signer/test_threads.py -k 'gil_is_released'"
KEPT = "tests/signer/test_threads.py -k 'gil_is_kept'"
LANES = "tests/signer/test_signatures.py -k 'cython and one_length'"
NEIGHBOURS = "tests/signer/test_signatures.py -k 'cython and (neighbours or after)'"
LEAKS = "tests/signer/test_faults.py -k 'leaks and cython'"
WRITER = "tests/signer/test_threads.py -k 'changes and cython'"
CFFI = "tests/signer/test_signatures.py tests/signer/test_threads.py -k cffi"

MUTANTS = [
    # -- What is wiped
    Mutant(HMAC, "    wipe_stack();\n    wipe_vector", "    wipe_vector", STACK),
    Mutant(WIPE, "WIPED_STACK = 3072", "WIPED_STACK = 1536", STACK),
    Mutant(WIPE, "COMPRESS_STACK = 512", "COMPRESS_STACK = 256", STACK),
    Mutant(SHA256, "    wipe_compress_stack();\n", "", STACK),
    Mutant(HMAC, "    if (wipe_after != NULL) wipe_after();", "   ", STACK),
    Mutant(HMAC, "at + size == count ? wipe_after", "at + size != count ? wipe_after", STACK),
    Mutant(HMAC, "left == 0 ? wipe_after", "left != 0 ? wipe_after", STACK),
    Mutant(HMAC, "count >= FILLED_LANES;", "count > 100;", STACK),
    Mutant(WIPE, "LANES_STACK = 14336", "LANES_STACK = 7168", STACK),
    Mutant(AVX512, "    wipe_registers();\n", "    _mm256_zeroupper();\n", VECTORS),
    Mutant(HMAC, "    wipe_stack();\n    wipe_vector_registers();", "    wipe_stack();", VECTORS),
    Mutant(
        HMAC,
        "->outer_hex(key->outer, digest, hex);\n    wipe_vector_registers();",
        "->outer_hex(key->outer, digest, hex);",
        VECTORS,
    ),
    Mutant(HMAC, "    }\n    wipe_vector_registers();\n}", "    }\n}", VECTORS),
    Mutant("core/wipe.c", 'volatile__("" : : "r"(memory) : "memory")', 'volatile__("")', STACK),
    Mutant("core/wipe.c", "memset(memory, 0, size);", "memset(memory, 0, size / 2);", STACK),
    Mutant(
        HMAC, "static NOT_INLINE void key_init", "static inline __attribute__((always_inline)) void key_init", STACK
    ),
    Mutant(SIGN, "        wipe(&self._key, sizeof(self._key))", "        pass", SECRETS),
    Mutant(SIGN, "        wipe(&key, sizeof(key))", "        pass", ON_STACK),
    Mutant(SIGN, "        wipe(data, size)\n", "        pass\n", SECRETS),
    Mutant(
        SIGN,
        "    if size > 1:",
        "    if True:",
        SIGNATURES[:-1] + " and shared_byte'",
    ),
    Mutant(SIGN, "    wipe(key, sizeof(KeyContext))", "    pass", "tests/core/test_cython_user.py"),
    # -- Room and runs
    Mutant(HMAC, "memset(out, 0, PADDING_ROOM);", "memset(out, 0, PADDING_ROOM - 1);", FUZZ),
    Mutant(HMAC, "MAX_RUNS = 2 * HMAC_SHA256_PARTS + 1,", "MAX_RUNS = 2 * HMAC_SHA256_PARTS,", INSIDE),
    Mutant(HMAC, "MAX_RUNS = 2 * HMAC_SHA256_PARTS + 1,", "MAX_RUNS = 2 * HMAC_SHA256_PARTS + 2,", INSIDE),
    Mutant(HMAC, "HMAC_SHA256_PARTS * MAX_COPIED + PADDING_ROOM", "HMAC_SHA256_PARTS * MAX_COPIED + 63", INSIDE),
    Mutant(HMAC, "HMAC_SHA256_PARTS * MAX_COPIED + PADDING_ROOM", "1 * MAX_COPIED + PADDING_ROOM", FUZZ),
    Mutant(HMAC, "        if (size > MAX_COPIED) {", "        if (size > MAX_COPIED + 1) {", INSIDE),
    Mutant(
        HMAC,
        "if (out > blocks) *run++",
        "if (out >= blocks) *run++",
        INSIDE,
        "a run of no blocks adds nothing; `make prove` refutes it",
    ),
    # -- Padding and splitting
    Mutant(HMAC, "size_t count = ((size_t)(out - blocks) + 8)", "size_t count = ((size_t)(out - blocks) + 7)", FUZZ),
    Mutant(HMAC, "hashed * 8);", "hashed * 4);", FUZZ),
    Mutant(HMAC, "    *out = 0x80;", "    *out = 0x40;", FUZZ),
    Mutant(HMAC, "            hashed += whole;\n", "", FUZZ),
    Mutant(HMAC, "            size -= room + whole;", "            size -= whole;", FUZZ),
    Mutant(HMAC, "        size_t last = size - 16;", "        size_t last = size - 15;", FUZZ),
    Mutant(HMAC, "memcpy(to + size - 8, from + size - 8, 8);", "", FUZZ),
    Mutant(HMAC, "memcpy(to + size - 4, from + size - 4, 4);", "", FUZZ),
    Mutant(HMAC, "        to[size / 2] = from[size / 2];\n", "", FUZZ),
    Mutant(HMAC, "run[0]->count < run[1]->count", "run[0]->count > run[1]->count", FUZZ),
    Mutant(HMAC, "    if ((*run)->count == 0) ++*run;", "    ++*run;", FUZZ),
    Mutant(HMAC, "out[i] = hex + order[i] *", "out[i] = hex + i *", FUZZ),
    Mutant(HMAC, "    if (i < count) sha256->outer_hex(", "    if (i + 1 < count) sha256->outer_hex(", FUZZ),
    Mutant(
        HMAC,
        "blocks[at - 1] > of_this",
        "blocks[at - 1] < of_this",
        FUZZ,
        "the order within a window is only for speed: the slower order signs the same",
    ),
    # -- The key
    Mutant(HMAC, "    if (size > SHA256_BLOCK_SIZE) {", "    if (size >= SHA256_BLOCK_SIZE) {", VECTORS),
    Mutant(HMAC, "ipad[i] ^ 0x5c;", "ipad[i] ^ 0x5d;", VECTORS),
    Mutant(HMAC, "ipad[i] ^= 0x36;", "ipad[i] ^= 0x35;", VECTORS),
    # -- The self-test
    Mutant(HMAC, "        if (memcmp(hex, answers[i], sizeof hex) != 0) return false;\n", "", INSIDE),
    Mutant(HMAC, "memcmp(hex, answers[i], sizeof hex) != 0", "memcmp(hex, answers[i], sizeof hex / 2) != 0", INSIDE),
    Mutant(
        HMAC,
        "for (size_t i = 0; i < 3; i++) {\n        messages",
        "for (size_t i = 0; i < 1; i++) {\n        messages",
        INSIDE,
    ),
    Mutant(HMAC, "    if (sha256->compress_two == NULL) return true;", "    return true;", INSIDE),
    Mutant(HMAC, "answers[batch[i]], sizeof hexes[i]) != 0", "answers[batch[i]], sizeof hexes[i] / 2) != 0", INSIDE),
    Mutant(
        HMAC,
        "    for (size_t i = 0; i < 4; i++)\n        if (memcmp",
        "    for (size_t i = 0; i < 2; i++)\n        if (memcmp",
        INSIDE,
    ),
    Mutant(HMAC, "{1, 2, 2, 2};", "{2, 2, 2, 2};", INSIDE),
    Mutant(HMAC, "{1, 2, 2, 2};", "{1, 2, 1, 1};", INSIDE),
    Mutant(HMAC, "    if (sha256->compress_lanes == NULL) return true;", "    return true;", INSIDE),
    Mutant(HMAC, "{{third + i, strlen(third) - i}}", "{{third, strlen(third)}}", INSIDE),
    Mutant(HMAC, "memcmp(hexes[i], hex, sizeof hex) != 0", "memcmp(hexes[i], hex, sizeof hex / 2) != 0", INSIDE),
    # -- Lanes
    Mutant(
        HMAC, "&& blocks[at + alike] == blocks[at]", "", "tests/signer/test_signatures.py -k 'cython and any_length'"
    ),
    Mutant(HMAC, "blocks[i] = blocks[0];", "blocks[i] = NULL;", LANES),
    Mutant(HMAC, "hex[i] = hex[0];", "hex[i] = hex[count];", LANES),
    Mutant(HMAC, "            if (run[i]->count < step) step = run[i]->count;\n", "", LANES),
    Mutant(HMAC, "states[word][lane] = key->inner[word];", "states[word][lane] = key->outer[word];", FUZZ),
    Mutant(AVX512, "6, 11, 25));", "6, 11, 24));", VECTORS),
    Mutant(AVX512, "blocks[set * SET_LANES + i] + at", "blocks[set * SET_LANES + i]", INSIDE),
    Mutant(AVX512, "hex[set * SET_LANES + i]", "hex[(SETS - 1 - set) * SET_LANES + i]", VECTORS),
    Mutant(
        X86,
        "processor_has(osxsave, avx512f | avx512bw)",
        "processor_has(osxsave, avx512f & avx512bw)",
        VECTORS,
        "this processor has all of AVX-512",
    ),
    Mutant(HMAC, "if (signs_known_answers(sha256)) return", "if (sha256) return", "tests/cli/test_self_test.py"),
    Mutant(HMAC, "        *refused = sha256->name;\n", "", "tests/cli/test_self_test.py"),
    Mutant(
        HMAC,
        "strcmp(name, sha256->name) != 0",
        "strcmp(name, sha256->name) == 0",
        "tests/signer/test_backend.py -k by_name",
    ),
    # -- SHA-256 and the head
    Mutant(SHA256, "0xc67178f2}", "0xc67178f3}", VECTORS),
    Mutant(SHA256, "w[(i + 9) & 15]", "w[(i + 8) & 15]", VECTORS),
    Mutant(SHA256, "    if (to != from) memcpy", "    if (to == from) memcpy", VECTORS),
    Mutant(SHA256, "0x0606060606060606", "0x0505050505050505", VECTORS),
    Mutant(X86, "i >= 3 && i < 15", "i >= 3 && i < 14", VECTORS),
    Mutant(X86, "if (i >= 1 && i < 13)", "if (i >= 2 && i < 13)", VECTORS),
    Mutant(X86, "outer_block(w1, digests[1]);", "outer_block(w1, digests[0]);", VECTORS),
    Mutant(X86, "load_block(w1, blocks[1] + at);", "load_block(w1, blocks[1]);", FUZZ),
    # -- A message from where its pieces are
    Mutant(X86, "if (third >= 8) return false;", "if (third > 8) return false;", BORDERS),
    Mutant(X86, " & (((uint64_t)1 << 8 * third) - 1);", ";", BORDERS),
    Mutant(X86, "    if (size == 0 || (size_t)", "    if ((size_t)", BORDERS),
    Mutant(X86, "at < size - 16 ? at : size - 16;", "at < size ? at : size - 16;", BORDERS),
    Mutant(X86, "        if (at >= second && at", "        if (at + 1 >= second && at", BORDERS),
    Mutant(X86, "size + 9 <= at + SHA256_BLOCK_SIZE", "size + 8 <= at + SHA256_BLOCK_SIZE", VECTORS),
    Mutant(X86, "at < size + 9; at +=", "at < size + 8; at +=", VECTORS),
    Mutant(X86, "bits << 32 | bits >> 32", "bits << 32", SIGNATURES[:-1] + " and 32_bits'"),
    Mutant(HMAC, "hashed * 8);", "(uint32_t)(hashed * 8));", SIGNATURES[:-1] + " and 32_bits'"),
    Mutant(HMAC, "{messages[i], split(texts[i])}", "{messages[i], messages[i]}", INSIDE),
    Mutant(BYTES, "load_le16(p + size - 2) <<", "load_le16(p + size - 1) <<", BORDERS),
    Mutant(PREHASH, "& 0xffffffffff) | word", "& 0xffffffffffff) | word", FUZZ),
    Mutant(PREHASH, "milliseconds >= 10000000000000", "milliseconds > 10000000000000", FUZZ),
    Mutant(
        PREHASH,
        "milliseconds < 1000000000000 ",
        "milliseconds <= 1000000000000 ",
        FUZZ,
    ),
    Mutant(PREHASH, "return all_digits(first) && all_digits(last);", "return all_digits(first);", FUZZ),
    Mutant(PREHASH, "x * 5243 >> 19", "x * 5242 >> 19", FUZZ),
    Mutant(PREHASH, "(0x7f - 'Z') * each", "(0x7e - 'Z') * each", FUZZ),
    # -- The GIL
    Mutant(SIGN, "    LONG_MESSAGE = 32768", "    LONG_MESSAGE = 1", KEPT),
    Mutant(SIGN, "    LONG_MESSAGE = 32768", "    LONG_MESSAGE = 1073741824", RELEASED),
    Mutant(
        SIGN, "            if bytes_in_chunk >= LONG_MESSAGE:", "            if bytes_in_chunk < LONG_MESSAGE:", KEPT
    ),
    Mutant(SIGN, "            if bytes_in_chunk >= LONG_MESSAGE:", "            if False:", RELEASED),
    Mutant(SIGN, "    with nogil:\n        hmac_sha256_inner", "    if True:\n        hmac_sha256_inner", RELEASED),
    Mutant(SIGN, "constant = type(body) is bytes or type(body.obj) is bytes", "constant = True", WRITER),
    Mutant(
        SIGN, "constant = type(body) is bytes or type(body.obj) is bytes", "constant = type(body) is bytes", RELEASED
    ),
    Mutant(SIGN, "isinstance(body, memoryview) and type(body.obj) is not bytes:", "False:", WRITER),
    # -- Memory and references
    Mutant(SIGN, "        PyMem_Free(messages)", "        pass", LEAKS),
    Mutant(SIGN, "                Py_DECREF(<object>request)\n", "", LEAKS),
    Mutant(SIGN, "                Py_INCREF(signature)\n", "", NEIGHBOURS),
    Mutant(SIGN, "        PyBuffer_Release(&view)", "        pass", SIGNATURES[:-1] + " and buffer'"),
    Mutant(
        SIGN, "    held[index] = (head, body)\n", "", "tests/signer/test_signatures.py -k 'cython and (batch or many)'"
    ),
    Mutant(
        SIGN,
        "list(requests) if listed",
        "requests if listed",
        "tests/signer/test_signatures.py -k 'cython and sign_many'",
    ),
    Mutant(
        SIGN,
        "    if messages == NULL:\n        raise MemoryError\n",
        "",
        "tests/signer/test_faults.py -k 'allocation and cython'",
    ),
    # -- The fast path
    Mutant(FAST, "        and text.size == TIMESTAMP_SIZE\n", "", ERRORS),
    Mutant(
        FAST,
        "METHOD_MIN <= text.size <= METHOD_MAX",
        "METHOD_MIN <= text.size",
        SIGNATURES + " tests/signer/test_encode_request.py",
    ),
    Mutant(FAST, ' and (<const char *>part.data)[0] == b"/"', "", ERRORS),
    Mutant(FAST, "now_ms() + clock_offset_ms)", "now_ms())", SIGNER),
    Mutant(
        FAST,
        "    if not (PyUnicode_CheckExact(text) and PyUnicode_IS_COMPACT_ASCII(text)):",
        "    if not PyUnicode_IS_COMPACT_ASCII(text):",
        ERRORS + " tests/signer/test_faults.py",
    ),
    Mutant(FAST, "if timestamp == timestamp_before:", "if True:", NEIGHBOURS),
    Mutant(FAST, "if method == PyTuple_GET_ITEM(<object>before, 1):", "if True:", NEIGHBOURS),
    Mutant(FAST, "if path == PyTuple_GET_ITEM(<object>before, 2):", "if True:", NEIGHBOURS),
    Mutant(SIGN, "                    before = NULL\n", "                    before = request\n", NEIGHBOURS),
    Mutant(PREHASH, "if (rest >= 10000)", "if (rest > 10000)", FUZZ),
    Mutant(PREHASH, "before_head[8] |", "(uint64_t)'0' |", FUZZ),
    Mutant("fast_path.h", "now.tv_nsec / 1000000", "0", SIGNER),
    # -- HTTP
    Mutant(SIGN, 'all_between(message.parts, b"!", b"~")', 'all_between(message.parts, b" ", b"~")', ENCODE),
    Mutant(SIGN, 'all_between(message.parts, b"!", b"~")', 'all_between(message.parts, b"!", 127)', ENCODE),
    Mutant(HTTP, "number < 65536", "number <= 65536", ENCODE),
    Mutant(HTTP, "port > 6", "port > 7", ENCODE),
    Mutant(HTTP, "    return port != 1 and", "    return", ENCODE),
    Mutant(SIGN, "(host is default_host or read_host(host, &name))", "True", ENCODE),
    Mutant(SIGN, "None, None, signer._recv_window, content_type", "None, None, None, content_type", SIGNER),
    Mutant(SIGN, "_templates.setdefault(method, template)", "_templates.setdefault('GET', template)", SIGNER),
    Mutant(SIGN, "    if window.size > 0:\n        put(", "    if window.size > 4:\n        put(", SIGNER),
    Mutant(SIGN, "data = bytes(_checks.body_bytes(body))", "data = _checks.body_bytes(body)", ENCODE),
    # -- Refusals and the object
    Mutant(SIGN, "        _checks.raise_at(index, error)", "        raise", ERRORS),
    Mutant(SIGN, "given.isascii() and ", "", SIGNATURES[:-1] + " and verify'"),
    Mutant(SIGN, "@cython.final\n", "", SIGNER),
    Mutant(SIGN, "    def __reduce__(self):\n        _checks.refuse_pickling()\n", "", SIGNER),
    Mutant(SIGN, "        _checks.warn_wrong_sha256(wrong)", "        pass", "tests/cli/test_self_test.py"),
    Mutant(
        SIGN, "[each for each in _sha256_names() if each != wrong]", "_sha256_names()", "tests/cli/test_self_test.py"
    ),
    Mutant(
        "traceback_guard.h",
        "    PyErr_NoMemory();\n",
        "",
        "tests/signer/test_faults.py -k 'allocation and cython'",
        "needed from CPython 3.12 on: older ones do not crash",
    ),
    # -- cffi
    Mutant("_sign_cffi.h", "    wipe(key, sizeof *key);\n", "", "tests/signer/test_secrets.py -k cffi"),
    Mutant("_sign_cffi.h", "        text += sizes[i];\n", "", CFFI),
    Mutant(
        "woox_fast/_sign_cffi.py",
        "lib.wipe_bytes(secret, len(secret))",
        "pass",
        "tests/signer/test_secrets.py -k 'cffi'",
    ),
    Mutant(
        "woox_fast/_sign_cffi.py",
        "body if type(body) is bytes else copied(_checks.body_bytes(body))",
        "body if type(body) is bytes else ffi.from_buffer(_checks.body_bytes(body))",
        CFFI,
    ),
    Mutant(
        "woox_fast/_sign_cffi.py",
        "        and path.isascii()\n",
        "",
        CFFI,
        "the path is encoded either way; this only keeps the refusal of a lone surrogate to SignerBase",
    ),
]


def noticed(mutant: Mutant) -> bool:
    """Whether the test fails with the mutant; AssertionError if the text is not there once, or does not compile."""
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
        assert done.returncode not in (2, 3, 4, 5), done.stdout[-2000:] + done.stderr[-2000:]  # no test was run
        return done.returncode != 0  # a crash is noticed too


def tried(mutant: Mutant) -> tuple[str, bool]:
    """What became of it, and whether that is as expected."""
    try:
        seen = noticed(mutant)
    except AssertionError as error:
        return f"NOT TRIED: {error}", False
    if seen:
        return "noticed", True
    return f"survives: {mutant.survives or 'NOT EXPECTED'}", bool(mutant.survives)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="print them and make none")
    parser.add_argument("--sample", type=int, help="so many, the same each time")
    parser.add_argument("--seed", type=int, default=1, help="another sample")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="so many at a time; all cores")
    parser.add_argument("names", nargs="*", help="those whose file or text has one of these")
    arguments = parser.parse_args()
    chosen = [
        (number, mutant)
        for number, mutant in enumerate(MUTANTS)
        if not arguments.names or any(name in mutant.file + mutant.old + mutant.new for name in arguments.names)
    ]
    if arguments.sample:
        # A change elsewhere in the table leaves the sample as it is.
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
    with ThreadPoolExecutor(arguments.jobs) as pool:  # what takes the time are processes
        for line, (outcome, expected) in zip(what, pool.map(lambda each: tried(each[1]), chosen), strict=True):
            print(f"{line}: {outcome}", flush=True)
            counts[outcome.partition(":")[0]] += 1
            as_expected = as_expected and expected
    took = time.monotonic() - started
    figures = f"{counts['noticed']} of {len(chosen)} noticed, {counts['survives']} survived"
    print(f"mutants of the core: {figures}; {took:,.0f} s")
    return 0 if as_expected else 1


if __name__ == "__main__":
    sys.exit(main())
