"""A Signer shared by threads, with or without a GIL, and the release of the GIL."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib import import_module

import pytest
from helpers.backends import BUILT, MODULES, installed_backends
from helpers.oracle import KEY, NOW, SECRET, oracle

REQUESTS = [(NOW + i, "POST" if i % 2 else "GET", f"/v3/x?i={i}", "b" * (i * 37 % 400)) for i in range(200)]
EXPECTED = [oracle("".join(map(str, request)).encode()) for request in REQUESTS]
NO_GIL = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def test_threads_share_signer(signer):
    def work(_: int) -> bool:
        alone = [signer.sign(*request) for request in REQUESTS]
        return signer.sign_many(REQUESTS) == EXPECTED == alone

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(32)))


@pytest.mark.skipif(not NO_GIL, reason="this interpreter has a GIL")
@pytest.mark.parametrize("backend", sorted({backend for backend, _ in installed_backends()}))
def test_import_leaves_gil_off(backend):
    code = f"import sys, {MODULES[backend]}; sys.exit(sys._is_gil_enabled())"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)


@contextmanager
def other_thread(work: Callable[[], object]) -> Iterator[None]:
    """Repeat `work` on a second thread."""
    stop = threading.Event()

    def loop() -> None:
        while not stop.is_set():
            work()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def runs_meanwhile(call: Callable[[], object], times: int) -> bool:
    """Return whether a second thread runs during `times` calls. It can run only if a call releases the GIL."""
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        time.sleep(0)  # releases the GIL

    interval = sys.getswitchinterval()
    with other_thread(turn):
        sys.setswitchinterval(1000)  # seconds: no thread has to release the GIL
        try:
            time.sleep(0.05)  # a waiting thread still uses the old interval
            for _ in range(times):
                before = turns
                call()
                if turns != before:
                    return True
            return False
        finally:
            sys.setswitchinterval(interval)


LONG, SHORT = 1_000_000, 32_767
with_gil = pytest.mark.skipif(NO_GIL, reason="this interpreter has no GIL")
has_cython = pytest.mark.skipif("cython" not in BUILT, reason="the Cython backend is not built")
each_kind = pytest.mark.parametrize("make", [bytes, lambda size: "b" * size, lambda size: memoryview(bytes(size))])


def calls_with(body: bytes | str | memoryview) -> list[Callable[[], object]]:
    """Return calls of the Cython backend that sign `body`."""
    signer = import_module(MODULES["cython"]).Signer(KEY, SECRET)
    return [
        lambda: signer.sign(NOW, "POST", "/", body),
        lambda: signer.hexdigest(body),
        lambda: signer.headers("POST", "/", body),
        lambda: signer.encode_request("POST", "/", body),
        lambda: signer.sign_many([(NOW, "POST", "/", body[:-100])]),
        lambda: signer.sign_many([(NOW, "POST", "/", b"b" * 100)] * (len(body) // 110)),
    ]


@with_gil
@has_cython
@each_kind
def test_long_message_releases_gil(make):
    for call in calls_with(make(LONG)):
        assert runs_meanwhile(call, 1000)


@with_gil
@has_cython
@each_kind
def test_short_message_keeps_gil(make):
    for call in calls_with(make(SHORT)):
        assert not runs_meanwhile(call, 200)


@with_gil
@has_cython
def test_writable_message_keeps_gil():
    """Without the GIL, a second thread could write into the message."""
    assert not runs_meanwhile(calls_with(bytearray(LONG))[0], 20)


def test_body_changes_during_call(signer):
    """A signature belongs to a single state of the body, never to a mixture. Resizing the body raises BufferError."""
    size = 300_000
    states = [bytes([letter]) * size for letter in b"ab"]
    messages = [state + tail for state in states for tail in (b"", b"\0")]
    signed = {oracle(b"%dPOST/" % NOW + message) for message in messages}
    alone = {oracle(message) for message in messages}
    body = bytearray(states[0])

    def change() -> None:
        for state in states:
            body[:] = state  # atomically, under the GIL
            with suppress(BufferError):
                body.append(0)
                body.pop()

    requests = [(NOW, "POST", "/", body), [NOW, "POST", "/", memoryview(body)]]
    with other_thread(change):
        for _ in range(15):
            assert signer.sign(NOW, "POST", "/", body) in signed
            assert signer.hexdigest(memoryview(body)) in alone
            assert signer.headers("POST", "/", body, timestamp=NOW)["x-api-signature"] in signed
            with suppress(BufferError):  # resized between the two
                assert set(signer.sign_many(requests)) <= signed
