"""No traceback shows a secret, not even with local variables."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from types import FrameType

import pytest
from helpers import key_traces
from helpers.backends import BUILT, MODULES
from helpers.oracle import NOW
from helpers.secret_calls import CALLS, COVERED, Secret

import woox_fast
from woox_fast import adapters

WANTED = key_traces.traces(Secret.data)
SHOWN = {"secret"}


def walk_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and its causes and contexts, including contexts hidden by `from None`."""
    yield error
    for other in (error.__cause__, error.__context__):
        if other is not None:
            yield from walk_causes(other)


def format_with_locals(error: BaseException) -> str:
    return "".join(
        "".join(traceback.TracebackException.from_exception(one, capture_locals=True).format())
        for one in walk_causes(error)
    )


def find_shown_secret(call: Callable[[str], object], name: str) -> set[str]:
    """Return the traces of the secret in a call's traceback."""
    try:
        call(name)
    except Exception as error:
        return key_traces.find_in_text(format_with_locals(error).encode("utf-8", "backslashreplace"), WANTED)
    raise AssertionError("it raises nothing")


@pytest.mark.parametrize("name", CALLS)
def test_frames_hide_secret(name: str) -> None:
    def call_with_local(name: str) -> None:
        secret = Secret.text
        CALLS[name]()
        del secret

    assert find_shown_secret(lambda name: CALLS[name](), name) == set()
    assert find_shown_secret(call_with_local, name) == SHOWN


def interrupt_call(call: Callable[[], object], at: int) -> BaseException | None:
    """Raise KeyboardInterrupt before the bytecode instruction number `at` of this package during a call."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Callable | None:
        nonlocal count
        if "woox_fast" not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            count += 1
            if count == at:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        # A generator has its own handled exception. CPython leaves it set if a trace function, unlike a signal handler,
        # raises between the last call of an `except` block and its `return`.
        next(call() for _ in "1")
    except KeyboardInterrupt as error:
        return error
    finally:
        sys.settrace(before)
    return None


@pytest.mark.parametrize("name", ["Signer", "sign"])
@pytest.mark.parametrize("backend", [*BUILT, "python"])
def test_interrupt_hides_secret(backend: str, name: str) -> None:
    """The first instruction is the call itself, whose arguments are the caller's."""
    module = importlib.import_module(MODULES[backend])
    secret = Secret.text + "é"
    wanted = key_traces.traces(secret.encode())
    calls = {"Signer": lambda: module.Signer("key", secret), "sign": lambda: module.sign(secret, NOW, "GET", "/")}
    at = 2
    while error := interrupt_call(calls[name], at):
        text = ""
        for one in walk_causes(error):
            entry = one.__traceback__
            while entry is not None:
                if entry.tb_frame.f_code.co_filename != __file__:
                    text += repr(entry.tb_frame.f_locals)
                entry = entry.tb_next
        assert key_traces.find_in_text(text.encode("utf-8", "backslashreplace"), wanted) == set(), at
        at += 1
    assert at > 20


def test_calls_cover_public_functions() -> None:
    with_secret = {"woox_fast.Signer", "woox_fast.sign", "woox_fast.explain"}
    public = ["woox_fast"]
    for module in pkgutil.iter_modules(woox_fast.__path__, "woox_fast."):
        if not module.name.startswith("woox_fast._") and module.name != "woox_fast.cli":
            public.append(module.name)
    for place in (*public, *(each.name for each in pkgutil.iter_modules(adapters.__path__, "woox_fast.adapters."))):
        for name, thing in inspect.getmembers(importlib.import_module(place), callable):
            if name.startswith("_") or not str(thing.__module__).startswith(place):
                continue
            with contextlib.suppress(ValueError):  # an exception class has no signature
                if {"api_secret", "secret"} & inspect.signature(thing).parameters.keys():
                    with_secret.add(f"{place}.{name}")
    assert with_secret == COVERED.keys()
    for name, calls in COVERED.items():
        assert not calls or any(re.match(rf"(\w+ )?{calls}\b", call) for call in CALLS), name
