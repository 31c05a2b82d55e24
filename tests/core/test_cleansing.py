"""Nothing of a key is left on the stack right after a call. Each wipe is also tested with itself removed."""

from __future__ import annotations

import ctypes
import random
import subprocess
import sysconfig
from importlib import import_module
from pathlib import Path

import pytest
from helpers import memory
from helpers.compiled import COMPILERS, HARNESSES, Change, compile_core
from helpers.slow import slow
from helpers.twins import MODULES, twins

pytestmark = pytest.mark.skipif(not COMPILERS, reason="no C compiler to build the core with")

# With -O0 a compiler keeps more on the stack than is wiped; what it may remove, it removes from -O1 on.
FLAGS = [slow("-O1"), "-O2", slow("-O3"), slow("-Os"), "-O2 -flto"]

# Each wipe of the stack: how to switch it off, what it is for, and what is then found on the stack (IMPLEMENTATION WORK
# TRACE) with -Os by which compilers. Where nothing is found, the compiler has left nothing, and only the depth counts.
WIPES: dict[str, tuple[Change, str, dict[str, str]]] = {
    "key": (
        ("core/hmac_sha256.c", "    wipe_stack();\n", ""),
        "portable key",
        {"gcc": "portable key inner-padded-key", "clang": "portable key inner-padded-key"},
    ),
    "compress": (
        ("core/sha256.c", "    wipe_compress_stack();\n", ""),
        "portable sign",
        {"gcc": "portable sign outer-state"},
    ),
    "batch": (
        ("core/hmac_sha256.c", "    if (wipe_after != NULL) wipe_after();\n", ""),
        "sha-ni batch",
        {"gcc": "sha-ni batch outer-state", "clang": "sha-ni batch outer-state"},
    ),
    "lanes": (
        ("core/hmac_sha256.c", "    if (wipe_after != NULL) wipe_after();\n", ""),
        "avx512 lanes",
        {"gcc": "avx512 lanes outer-state", "clang": "avx512 lanes outer-state"},
    ),
}
# How many bytes deeper a wipe must reach than what it wipes: other compilers have larger frames.
MARGIN = {"key": 512, "compress": 128, "batch": 128, "lanes": 512}


def left(folder: Path, compiler: str, flags: str, *changes: Change) -> tuple[set[str], dict[str, int]]:
    """The traces that are found, and how deep each work goes."""
    program = compile_core(folder, compiler, "wiping.c", *flags.split(), changes=changes)
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    depths = [line.rsplit(" ", 2) for line in lines if " depth " in line]
    return {line for line in lines if " depth " not in line}, {work: int(depth) for work, _, depth in depths}


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("compiler", COMPILERS)
def test_no_compiler_removes_the_wiping(tmp_path, compiler, flags):
    traces, depths = left(tmp_path, compiler, flags)
    assert traces == set()
    assert {"portable key", "portable sign", "portable batch"} <= set(depths)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_plain_memset_would_be_removed(tmp_path, compiler):
    """The control: without its barrier the wiping is gone, and the key is found."""
    barrier = ("core/wipe.c", '__asm__ __volatile__("" : : "r"(memory) : "memory");', "")
    traces, _ = left(tmp_path, compiler, "-O2", barrier)
    assert {"portable key inner-padded-key", "portable key outer-padded-key"} <= traces


@pytest.mark.parametrize("name", WIPES)
@pytest.mark.parametrize("compiler", COMPILERS)
def test_each_wipe_is_needed_and_reaches_deep_enough(tmp_path, compiler, name):
    change, work, found = WIPES[name]
    _, full = left(tmp_path / "full", compiler, "-Os")
    if work not in full:
        pytest.skip(f"this processor does not do {work}")
    traces, without = left(tmp_path / "without", compiler, "-Os", change)
    if compiler in found:
        assert found[compiler] in traces
    assert full[work] - without[work] >= MARGIN[name]


# -- Through Python


@pytest.fixture(scope="module")
def stack_after(tmp_path_factory):
    """A function: what is on the stack right after a call, the deepest byte first."""
    library = tmp_path_factory.mktemp("stack") / "stack.so"
    include = f"-I{sysconfig.get_path('include')}"
    subprocess.run([COMPILERS[0], "-O2", "-shared", "-fPIC", include, HARNESSES / "stack.c", "-o", library], check=True)
    function = ctypes.PyDLL(str(library)).stack_after
    function.restype, function.argtypes = ctypes.py_object, [ctypes.py_object]
    return function


def secrets_of_every_kind() -> list[tuple[bytes, object]]:
    drawn = random.SystemRandom()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    texts = ["".join(drawn.choices(letters, k=size)) for size in (28, 64, 150)]
    wide = "".join(map(chr, drawn.choices(range(0x400, 0x7F0), k=30)))
    subclass = type("Bytes", (bytes,), {})
    return [
        *((text.encode(), text) for text in [*texts, wide]),
        *((text.encode(), text.encode()) for text in texts),
        *((text.encode(), subclass(text.encode())) for text in texts),
    ]


def found_in(stack: bytes, secret: bytes) -> set[str]:
    return {name for name, chunks in memory.traces(secret).items() if any(chunk in stack for chunk in chunks)}


@pytest.mark.parametrize(("backend", "sha256"), [each for each in twins() if each[0] == "cython"])
def test_nothing_is_left_on_the_stack(stack_after, backend, sha256):
    """On CPython with cffi, Python code that runs before and after the call moves the stack about; see test_secrets."""
    module = import_module(MODULES[backend])
    before = module.sha256_implementation
    module._choose_sha256(sha256)
    try:
        for secret, given in secrets_of_every_kind():
            signer = module.Signer("key", given)
            batch = [(1578565539808, "GET", "/", b"b" * (size * 7 % 300)) for size in range(67)]
            for call in (
                lambda given=given: module.Signer("key", given),
                lambda given=given: module.Signer("key", given, clock_offset_ms="late"),
                lambda given=given: module.sign(given, 1578565539808, "GET", "/"),
                lambda given=given: module.sign(given, 1578565539808, "get", "/"),
                lambda signer=signer: signer.sign(1578565539808, "POST", "/v3/x", b"b" * 100),
                lambda signer=signer, batch=batch: signer.sign_many(batch),
                lambda signer=signer: signer.headers("POST", "/v3/x"),
                lambda signer=signer: signer.encode_request("POST", "/v3/x"),
            ):
                assert found_in(stack_after(call), secret) == set()
    finally:
        module._choose_sha256(before)


def test_what_is_on_the_stack_is_found(stack_after):
    """The control: the digits of a number, where C wrote them."""
    libc = ctypes.PyDLL(None)
    libc.snprintf.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_longlong]
    number = random.SystemRandom().randrange(10**17, 10**18)
    stack = stack_after(lambda: libc.snprintf(None, 0, b"%lld", number))
    assert str(number).encode()[-8:] in stack
