"""No frame of `explain` that a traceback can show holds the secret, wherever it is interrupted."""

from __future__ import annotations

import inspect
import random
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from helpers.oracle import KEY, NOW
from helpers.slow import slow_after

import woox_fast
from woox_fast import _explain

SECRET = "".join(("topsecret", "TOPSECRET", "0123456789"))  # in pieces: the archive is searched for credentials
PACKAGE = str(Path(_explain.__file__).parent)
REQUEST = {"timestamp": NOW, "method": "POST", "path": "/v3/trade/order", "body": '{"price": 9000.5}', "api_key": KEY}


def shown(error: BaseException) -> str:
    """What a traceback shows of the frames that are not this test's own."""
    frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    return "\n".join(
        f"{frame.filename}:{frame.name} {name} = {value}"
        for frame in frames
        if frame.filename != __file__
        for name, value in (frame.locals or {}).items()
    )


def interrupted_at(call: int) -> BaseException | None:
    """What `explain` raises when it is interrupted at its nth call of a function."""
    calls = 0

    def profile(frame: Any, event: str, _: Any) -> None:
        nonlocal calls
        is_generator = frame.f_code.co_flags & inspect.CO_GENERATOR  # what is raised while one is closed is dropped
        if event == "call" and not is_generator and frame.f_code.co_filename.startswith(PACKAGE):
            calls += 1
            if calls == call:
                sys.setprofile(None)
                raise KeyboardInterrupt

    try:
        sys.setprofile(profile)
        woox_fast.explain(SECRET, "0" * 64, time_limit=600.0, **REQUEST)
    except KeyboardInterrupt as error:
        return error
    finally:
        sys.setprofile(None)
    return None


def leaks(text: str) -> bool:
    return SECRET.lower() in text.lower() or SECRET[1:-1] in text


@pytest.mark.parametrize("call", [2, 3, 4, *slow_after(30, random.Random(16).sample(range(5, 30_000), 150))])
def test_an_interrupt_shows_no_secret(call: int) -> None:
    """From the second call on: before the first line of `explain` itself nothing can be done."""
    error = interrupted_at(call)
    assert error is not None
    text = shown(error)
    assert PACKAGE in text
    assert not leaks(text), text


def test_the_control_is_seen() -> None:
    def sign(api_secret: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as raised:
        sign(SECRET)
    frames = traceback.TracebackException.from_exception(raised.value, capture_locals=True).stack
    assert leaks(str([frame.locals for frame in frames]))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scheme": "v9"}, ValueError),
        ({"signature": b"00"}, TypeError),
        ({"method": None}, TypeError),
        ({"path": 5}, TypeError),
        ({"body": {}}, TypeError),
        ({"time_limit": "soon"}, TypeError),
    ],
)
def test_a_refusal_shows_no_secret(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        woox_fast.explain(SECRET, **{"signature": "0" * 64, **REQUEST, **changes})
    assert not leaks(shown(raised.value))
    assert not leaks(str(raised.value))


@pytest.mark.parametrize("secret", [SECRET + "\ud800", [SECRET], bytearray(SECRET.encode())])
def test_a_secret_that_is_none_is_not_shown(secret: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        woox_fast.explain(secret, "0" * 64, time_limit=0.1, **REQUEST)
    assert not leaks(shown(raised.value) + str(raised.value))


def test_pytest_shows_no_secret(tmp_path: Path) -> None:
    """With its long form and locals; a control beside it holds the secret in a variable and is shown."""
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "test_it.py").write_text(
        "import woox_fast\n"
        "def held(): return open('secret').read()\n"
        "def test_explain(): woox_fast.explain(held(), '0' * 64, 1, 'GET', '/v3/x', scheme='v9')\n"
        "def test_control():\n    secret = held()\n    assert not secret\n"
    )

    def output(name: str) -> str:
        arguments = ["-q", "--tb=long", "--showlocals", "-p", "no:cacheprovider", "--rootdir=.", f"test_it.py::{name}"]
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout

    text = output("test_explain")
    assert "scheme must be one of" in text
    assert not leaks(text)
    assert leaks(output("test_control"))


def test_a_secret_shows_itself_nowhere() -> None:
    secret = _explain.Secret(SECRET.encode())
    assert not leaks(f"{secret} {secret!r} {secret!s} {[secret]} {secret!a}")
