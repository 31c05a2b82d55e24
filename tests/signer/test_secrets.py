"""A destroyed Signer leaves no trace of its key. A second process searches, because a search itself leaves traces."""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
from importlib import import_module

import pytest
from helpers import key_traces
from helpers.backends import BUILT, MODULES, installed_backends
from helpers.slow import slow_after

from woox_fast import _checks

NOTHING: set[str] = set()

# Reads a secret from standard input and cleanses its own copies, so any trace is the package's.
CHILD = """
import ctypes, importlib, os, sys

def read(size):
    buffer = bytearray(size)
    assert os.readv(0, [buffer]) == size
    return buffer

def cleanse(holder):
    if isinstance(holder, bytearray):
        start, size = ctypes.addressof(ctypes.c_char.from_buffer(holder)), len(holder)
    else:  # the characters are the end of the object, with one zero after them
        width = 1 if isinstance(holder, bytes) or max(holder) < "\\xff" else 2
        size = width * len(holder)
        start = id(holder) + sys.getsizeof(holder) - size - width
    ctypes.memset(start, 0, size)

def make(buffer):
    return bytes(buffer) if kind == "bytes" else str(buffer, "utf-8")

def pause(what):
    print(what, flush=True)
    assert os.read(0, 1) == b"."

module = importlib.import_module(sys.argv[1])
if sys.argv[2]:
    module._choose_sha256(sys.argv[2])
size, kind, call = int(sys.argv[3]), sys.argv[4], sys.argv[5]
# Once with another secret, so that imports and first allocations happen now.
module.Signer("warm", "x" * size).sign(1578565539808, "GET", "/" + "é" * 90, b"x" * 300)

buffer = read(size)
secret = make(buffer)
make(bytearray(size))  # overwrites the traces of `make` in registers and on the stack
pause("secret")
signer = None
try:
    if call == "Signer":
        signer = module.Signer("key", secret)
    elif call == "refused":
        module.Signer("key", secret, clock_offset_ms="late")
    elif call == "sign":
        module.sign(secret, 1578565539808, "POST", "/v3/x", "b" * 100)
except TypeError:
    pass
cleanse(secret)
cleanse(buffer)
if signer is not None:
    for body in b"", "b" * 100, b"b" * 1000, bytearray(70), "é":
        signer.sign(1578565539808, "POST", "/v3/x", body)
        signer.verify("0" * 64, "1578565539808", "POST", "/v3/é", body)
    signer.sign_many([(1578565539808, "GET", "/", b"")] * 9)
    signer.headers("POST", "/v3/x", b"{}")
    signer.prepare("POST", "/v3/x", json={"a": 1})
pause("lives" if signer is not None else "called")
del signer
pause("gone")
"""


def compiled_backends() -> list[tuple[str, str]]:
    """Return (module, SHA-256) of the compiled backends. The pure backend leaves cleansing to OpenSSL."""
    return [(MODULES[backend], sha256) for backend, sha256 in installed_backends() if backend != "python"]


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="only Linux shows a process's memory as a file")
@pytest.mark.parametrize(
    ("call", "kind", "size"),
    slow_after(
        2,
        [
            *(("Signer", "str", 28), ("Signer", "bytes", 64), ("Signer", "wide", 60), ("Signer", "str", 150)),
            *(("refused", "str", 28), ("sign", "bytes", 150)),
        ],
    ),
)
@pytest.mark.parametrize(("module", "sha256"), slow_after(1, compiled_backends()))
def test_dead_signer_leaves_no_trace(module, sha256, call, kind, size):
    letters = range(0x400, 0x7F0) if kind == "wide" else b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    drawn = random.SystemRandom().choices(letters, k=size // 2 if kind == "wide" else size)
    secret = "".join(map(chr, drawn)).encode()
    wanted = key_traces.traces(secret)
    states = {"inner state", "outer state"}
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, module, sha256, str(size), kind, call],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdin is not None

        def look(said: bytes, send: bytes) -> set[str]:
            child.stdin.write(send)
            child.stdin.flush()
            assert child.stdout.readline().strip() == said
            return key_traces.find_in_process(child.pid, wanted)

        # The controls: a secret in memory is found.
        assert look(b"secret", secret) == {"secret"}
        if call == "Signer":
            assert look(b"lives", b".") == states
        else:
            assert look(b"called", b".") == NOTHING
        assert look(b"gone", b".") == NOTHING
        child.stdin.write(b".")
        child.stdin.close()
        assert child.wait(30) == 0


@pytest.mark.parametrize(("module", "sha256"), compiled_backends())
def test_encoded_secret_is_cleansed(module, sha256, monkeypatch):
    made = []
    encode_secret = _checks.encode_secret

    def kept(secret):
        made.append(encode_secret(secret))
        return made[-1]

    monkeypatch.setattr(_checks, "encode_secret", kept)
    given = bytes(bytearray(b"given " * 5))
    for secret in "é" * 20, type("Bytes", (bytes,), {})(given), "é", given:
        import_module(module).Signer("k", secret)
    assert given == b"given " * 5
    # PyPy's bytes may share the str's memory, and its garbage collector leaves copies.
    if sys.implementation.name == "cpython":
        assert made[:3] == [bytes(40), bytes(30), bytes(2)]


@pytest.mark.skipif("cffi" not in BUILT, reason="the cffi backend was not built")
def test_interrupt_cannot_skip_cleansing():
    """Interrupt every call and line while a Signer of the cffi backend dies."""
    module = import_module(MODULES["cffi"])
    signer = module.Signer("key", "secret of this test")
    key = signer._key
    assert any(bytes(module.ffi.buffer(key)))
    before, hook = sys.gettrace(), sys.unraisablehook

    def interrupt(frame, event, argument):
        raise KeyboardInterrupt

    sys.unraisablehook = lambda _: None
    sys.settrace(interrupt)
    try:
        del signer
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
        sys.unraisablehook = hook
    gc.collect()
    assert bytes(module.ffi.buffer(key)) == bytes(64)
