"""Housekeeping, forks and patched sockets."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import select
import socket
import subprocess
import sys
import threading
import time
import warnings
from importlib.util import find_spec

import pytest
from helpers.gateways import ORDER, eventually, opened
from helpers.oracle import KEY, SECRET
from helpers.raw_server import RawServer, response

from woox_fast import Signer
from woox_fast.gateway import Gateway, NoReplyError, NotSentError
from woox_fast.gateway.blocking import ThreadKeeper
from woox_fast.gateway.connector import Connector

FORKS = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


def hang_up_after(peer, request):
    peer.send(response())
    return False


def test_exhausted_descriptors_are_reported(monkeypatch):
    def refuse(*_: object, **__: object):
        raise OSError(errno.EMFILE, "Too many open files")

    gateway = Gateway(Signer(KEY, SECRET), "http://127.0.0.1:1")
    monkeypatch.setattr(socket, "socketpair", refuse)
    with pytest.raises((NotSentError, OSError), match="Too many open files"):
        gateway.open()
    gateway.close()


def test_failed_housekeeping_is_reported(monkeypatch):
    """The thread survives an exception, and the caller's error names it."""

    def broken(*_: object):
        raise OSError("no more rounds")

    with RawServer(hang_up_after) as server:
        gateway = Gateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20).open()
        monkeypatch.setattr(ThreadKeeper, "_round", broken)
        gateway._keeper.wake()
        eventually(lambda: gateway._keeper.failure)
        try:
            with pytest.raises(NotSentError, match="housekeeping failed: no more rounds"):  # noqa: PT012
                for _ in range(99):
                    with contextlib.suppress(NoReplyError):
                        gateway.request(*ORDER, timeout_s=0.3)
        finally:
            monkeypatch.undo()
        eventually(lambda: gateway._keeper.failure is None)
        assert gateway.request(*ORDER).status == 200
        gateway.close()


def test_dropped_gateway_closes_itself():
    with RawServer() as server:
        gateway = Gateway(Signer(KEY, SECRET), server.url, connections=1).open()
        thread = gateway._keeper.thread
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del gateway
            gc.collect()
        assert [str(warning.message)[:17] for warning in caught if warning.category is ResourceWarning] == [
            "unclosed <Gateway"
        ]
        eventually(lambda: not thread.is_alive())


@pytest.mark.parametrize("missing", [("POLLRDHUP",), ("poll", "POLLRDHUP"), ("poll",)])
def test_missing_poll_is_replaced(missing, monkeypatch):
    """As on Windows, on macOS and with eventlet."""
    for name in missing:
        monkeypatch.delattr(select, name)
    with RawServer() as server, Gateway(Signer(KEY, SECRET), server.url, connections=2, timeout_s=20) as gateway:
        assert gateway.request(*ORDER).status == 200
        server.hang_up()
        eventually(lambda: len(server.peers) >= 6)
        assert gateway.request(*ORDER).status == 200
        with pytest.raises(NoReplyError):  # noqa: PT012
            server.answer = lambda peer, request: True
            gateway.request(*ORDER, timeout_s=0.1)


@pytest.mark.skipif(not find_spec("eventlet"), reason="eventlet is not installed")
def test_eventlet_program_trades():
    program = f"""
import eventlet
eventlet.monkey_patch()
import sys
from woox_fast import Signer
from woox_fast.gateway import Gateway
with Gateway(Signer({KEY!r}, {SECRET!r}), sys.argv[1], connections=2) as gateway:
    pool = eventlet.GreenPool()
    print(sorted(r.status for r in pool.imap(lambda n: gateway.request("GET", f"/{{n}}"), range(6))))
"""
    with RawServer() as server:
        command = [sys.executable, "-W", "ignore", "-c", program, server.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "[200, 200, 200, 200, 200, 200]\n"), done.stderr


def in_child(check) -> str:
    """Run `check` in a forked process. Return "passed" or the exception."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        outcome = "passed"
        try:
            check()
        except BaseException as error:
            outcome = repr(error)
        os.write(write, outcome.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        outcome = pipe.read()
    os.waitpid(child, 0)
    return outcome


@FORKS
def test_forked_gateway_refuses(mode):
    with RawServer() as server, opened(mode, server.url, connections=2) as gateway:
        assert gateway.request(*ORDER).status == 200

        def check() -> None:
            with pytest.raises(RuntimeError, match="the process was forked"):  # noqa: PT012
                if mode == "blocking":
                    gateway.gateway.request(*ORDER)
                else:
                    gateway.gateway.request(*ORDER).send(None)
            if mode == "blocking":
                gateway.gateway.close()
                with Gateway(Signer(KEY, SECRET), server.url, connections=1) as another:
                    assert another.request("GET", "/child").status == 200

        assert in_child(check) == "passed"
        assert gateway.request(*ORDER).status == 200


@FORKS
@pytest.mark.parametrize("owner", [socket.socket, Connector])
def test_fork_while_opening_keeps_no_socket(monkeypatch, owner):
    """The fork comes just after a socket is created, or just after its connection is ready."""
    name = "__init__" if owner is socket.socket else "_open"
    reached, original = threading.Event(), getattr(owner, name)

    def slow(*arguments, **options):
        result = original(*arguments, **options)
        if threading.current_thread().name == "woox-fast gateway open":
            reached.set()
            time.sleep(0.3)
        return result

    def check() -> None:
        time.sleep(0.6)  # until the parent is connected
        monkeypatch.undo()
        for fd in range(3, 200):
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(fd)) as copy:
                assert copy.getpeername()[1] != port

    with RawServer() as server:
        port = int(server.url.rpartition(":")[2])
        monkeypatch.setattr(owner, name, slow)
        gateway = Gateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20)
        opening = threading.Thread(target=gateway.open)
        opening.start()
        assert reached.wait(20)
        assert in_child(check) == "passed"
        opening.join()
        assert gateway.request(*ORDER).status == 200
        gateway.close()


@FORKS
def test_fork_keeps_no_socket(mode):
    """The child has no copy of the socket, so the server sees the parent's close."""
    waiting = threading.Event()
    with RawServer() as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:
        server.answer_get = lambda peer, request: waiting.set() or peer.sock.recv(1) != b""
        server.hang_up()
        assert waiting.wait(20)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.read(read, 1)
            os._exit(0)
        opening = server.peers[-1]
        gateway.run(gateway.gateway.close)
        try:
            opening.sock.settimeout(20)
            eventually(lambda: opening.sock.fileno() < 0 or not server._threads[-1].is_alive())
        finally:
            os.write(write, b"x")
            os.waitpid(child, 0)
            os.close(read)
            os.close(write)
