"""After every call, the stack has no trace of the key. Controls remove a cleansing step."""

from __future__ import annotations

import ctypes
import random
import subprocess
import sysconfig
from importlib import import_module
from pathlib import Path

import pytest
from helpers import key_traces
from helpers.backends import MODULES, installed_backends
from helpers.core_build import COMPILERS, HARNESSES, RELEASE_FLAGS, TARGETS, Change, compile_core
from helpers.slow import slow_after

pytestmark = pytest.mark.skipif(not COMPILERS, reason="no C compiler to build the core with")

LEVELS = ["-O2", "-Og", "-O1", "-O3"]
RELEASE = " ".join(RELEASE_FLAGS)
QUICK = [("gcc", RELEASE), ("clang", "-O3 -mavx2"), ("gcc", "-Og -m32")]
MATRIX = [
    (compiler, f"{level} {target}".strip())
    for compiler in COMPILERS
    for level in [*LEVELS, RELEASE, "-Os", "-O2 -flto"]
    for target in TARGETS[compiler]
]
QUICK_HERE = [case for case in QUICK if case in MATRIX]
CASES = slow_after(len(QUICK_HERE), [*QUICK_HERE, *(case for case in MATRIX if case not in QUICK_HERE)])

# The steps: how to remove the step, the flags, and the remaining trace (IMPLEMENTATION OPERATION TRACE). With the
# tested compilers, the lanes leave no trace.
STEPS: dict[str, tuple[Change, str, str]] = {
    "key": (
        ("core/hmac_sha256.c", "    cleanse_stack(key_stack);\n", ""),
        "-O2",
        "portable key inner-padded-key",
    ),
    "sign": (
        ("core/hmac_sha256.h", "    if (hmac_sha256_chosen->spills) cleanse_stack(sign_stack);\n", ""),
        "-O1 -m32",
        "sha-ni sign outer-state",
    ),
    "pairs": (
        ("core/hmac_sha256_batch.c", "    else cleanse_stack(pairs_stack);\n", ""),
        "-Os",
        "sha-ni batch outer-state",
    ),
}


def find_traces(folder: Path, compiler: str, flags: str, *changes: Change) -> set[str]:
    program = compile_core(folder, compiler, "cleansing.c", *flags.split(), changes=changes)
    output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    lines = set(output.splitlines())
    assert any(line.startswith("portable lanes: done") for line in lines)
    return {line for line in lines if ": done" not in line}


@pytest.mark.parametrize(("compiler", "flags"), CASES)
def test_stack_has_no_traces(tmp_path, compiler, flags):
    assert find_traces(tmp_path, compiler, flags) == set()


@pytest.mark.parametrize("compiler", slow_after(1, COMPILERS))
def test_plain_memset_leaves_key(tmp_path, compiler):
    """The control: without its barrier, the compiler removes the cleansing."""
    barrier = ("core/cleanse.c", '__asm__ __volatile__("" : : "r"(memory) : "memory");', "")
    traces = find_traces(tmp_path, compiler, "-O2", barrier)
    assert {"portable key inner-padded-key", "portable key outer-padded-key"} <= traces


@pytest.mark.parametrize("step", slow_after(1, STEPS))
@pytest.mark.parametrize("compiler", slow_after(1, COMPILERS))
def test_removed_step_leaves_trace(tmp_path, compiler, step):
    change, flags, trace = STEPS[step]
    supported = {sha256 for _, sha256 in installed_backends()}
    if trace.split()[0] not in supported or ("-m32" in flags and "-m32" not in TARGETS[compiler]):
        pytest.skip("this processor lacks the instructions, or this compiler the 32-bit C library")
    assert trace in find_traces(tmp_path, compiler, flags, change)


# -- Through Python


@pytest.fixture(scope="module")
def stack_after(tmp_path_factory):
    """Return a function that calls its argument and returns the stack below, the deepest byte first."""
    library = tmp_path_factory.mktemp("stack") / "stack.so"
    include = f"-I{sysconfig.get_path('include')}"
    subprocess.run([COMPILERS[0], "-O2", "-shared", "-fPIC", include, HARNESSES / "stack.c", "-o", library], check=True)
    function = ctypes.PyDLL(str(library)).stack_after
    function.restype = ctypes.py_object
    function.argtypes = [ctypes.py_object]
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


def find_in_stack(stack: bytes, secret: bytes) -> set[str]:
    return {name for name, chunks in key_traces.traces(secret).items() if any(chunk in stack for chunk in chunks)}


@pytest.mark.parametrize(("backend", "sha256"), [each for each in installed_backends() if each[0] == "cython"])
def test_python_call_leaves_no_trace(stack_after, backend, sha256):
    module = import_module(MODULES[backend])
    before = module.sha256_implementation
    module._choose_sha256(sha256)
    batch = [(1578565539808, "GET", "/", b"b" * (size * 7 % 300)) for size in range(67)]
    try:
        for secret, given in secrets_of_every_kind():
            signer = module.Signer("key", given)
            for call in (
                lambda given=given: module.Signer("key", given),
                lambda given=given: module.Signer("key", given, clock_offset_ms="late"),
                lambda given=given: module.sign(given, 1578565539808, "GET", "/"),
                lambda given=given: module.sign(given, 1578565539808, "get", "/"),
                lambda signer=signer: signer.sign(1578565539808, "POST", "/v3/x", b"b" * 100),
                lambda signer=signer: signer.sign_many(batch),
                lambda signer=signer: signer.headers("POST", "/v3/x"),
                lambda signer=signer: signer.encode_request("POST", "/v3/x"),
            ):
                assert find_in_stack(stack_after(call), secret) == set()
    finally:
        module._choose_sha256(before)


def test_stack_traces_are_found(stack_after):
    """The control: a number's digits, formatted in C."""
    libc = ctypes.PyDLL(None)
    libc.snprintf.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_longlong]
    number = random.SystemRandom().randrange(10**17, 10**18)
    stack = stack_after(lambda: libc.snprintf(None, 0, b"%lld", number))
    assert str(number).encode()[-8:] in stack
