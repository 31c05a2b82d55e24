"""Explanations in a process of its own: a search takes up to seconds, and the sandbox answers others meanwhile.

The child is given the secret and then the requests on its standard input, a line of JSON each, and answers with a line
each. One that does not answer in time, or ends, is replaced for the next request; its request has no explanation, and
the reason is said.
"""

from __future__ import annotations

import base64
import json
import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any, NamedTuple

from .auth import origin_form
from .record import RequestRecord

TIME_LIMIT_S = 2.0  # of one search
GRACE_S = 3.0  # more, until a child that does not answer is ended
START_S = 20.0  # until a new child is ready

_CODE = "from woox_fast.sandbox.process import serve; serve()"


class Explained(NamedTuple):
    """Why a signature was refused.

    `causes` are sentences, what is wrong and how to fix it; `found` is whether they yield the signature. `headline` is
    one sentence for when they do not, and why there is no explanation if `tried` is 0. `expected` and `signed` are the
    two texts, `signed` None if it is not known. `report` is the whole for JSON.
    """

    found: bool
    headline: str
    causes: tuple[str, ...] = ()
    expected: bytes = b""
    signed: bytes | None = None
    report: dict[str, Any] | None = None

    @classmethod
    def without(cls, reason: str) -> Explained:
        return cls(False, f"not explained: {reason}", report={"found": False, "omitted": reason})


class Explainer:
    """Explains the refused requests of one account; may be used from several threads, one at a time."""

    def __init__(self, api_key: str, api_secret: str, *, time_limit: float = TIME_LIMIT_S) -> None:
        self._account = {"api_key": api_key, "api_secret": api_secret, "time_limit": time_limit}
        self._time_limit = time_limit
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._answers: queue.Queue[bytes] = queue.Queue()
        self._closed = False

    def __repr__(self) -> str:  # the account holds the secret
        return f"<Explainer {self._time_limit:g} s>"

    def explain(self, record: RequestRecord) -> Explained:
        """Why this signature was refused; says so where no explanation can be had. Raises nothing."""
        if record.size > len(record.body):
            return Explained.without(f"the body of {record.size:,} bytes was not kept")
        question = {
            "signature": record.signature,
            "timestamp": record.stamp,
            "method": record.method,
            "path": origin_form(record.target),
            "body": base64.b64encode(record.body).decode(),
        }
        with self._lock:
            if self._closed:
                return Explained.without("the sandbox stops")
            try:
                child = self._child or self._start()
                answer = self._ask(child, question, self._time_limit + GRACE_S)
            except queue.Empty:
                self._end()
                return Explained.without(f"no answer within {self._time_limit + GRACE_S:g} s")
            except OSError as error:
                self._end()
                return Explained.without(f"the process for explanations failed ({type(error).__name__})")
        if "failed" in answer:
            return Explained.without(f"the search failed ({answer['failed']})")
        return Explained(
            answer["found"],
            answer["headline"],
            tuple(one["sentence"] for one in (*answer["mistakes"], *answer["faults"])),
            _bytes(answer["expected"]),
            None if answer["signed"] is None else _bytes(answer["signed"]),
            answer,
        )

    def close(self) -> None:
        """End the process; an explanation that is under way is cut short."""
        self._closed = True
        child = self._child
        if child is not None:
            child.kill()
        with self._lock:
            self._end()

    def _start(self) -> subprocess.Popen[bytes]:
        # The path, so that it finds the same woox_fast however that was found here.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONSAFEPATH": "1"}
        self._answers = queue.Queue()
        self._child = child = subprocess.Popen(  # noqa: S603 (this interpreter, and code of our own)
            [sys.executable, "-c", _CODE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the sandbox
        )
        threading.Thread(target=_read, args=(child, self._answers), name="woox-fast explainer", daemon=True).start()
        self._ask(child, self._account, START_S)
        return child

    def _ask(self, child: subprocess.Popen[bytes], question: dict[str, Any], timeout: float) -> dict[str, Any]:
        assert child.stdin is not None  # noqa: S101
        child.stdin.write(json.dumps(question).encode() + b"\n")
        child.stdin.flush()
        line = self._answers.get(timeout=timeout)
        if not line:
            raise BrokenPipeError
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with suppress(OSError):  # what it has not read
                        pipe.close()


def _read(child: subprocess.Popen[bytes], answers: queue.Queue[bytes]) -> None:
    """Its lines, and b"" at its end."""
    assert child.stdout is not None  # noqa: S101
    with suppress(OSError, ValueError):  # it was ended
        for line in child.stdout:
            answers.put(line)
    answers.put(b"")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


# -- the child --------------------------------------------------------------------------------------------------------


def serve() -> None:
    """Answer standard input, line by line, until it ends."""
    from .. import explain

    account = json.loads(sys.stdin.buffer.readline())
    _say({"ready": True})
    for line in sys.stdin.buffer:
        question = json.loads(line)
        try:
            found = explain(
                account["api_secret"],
                question["signature"],
                question["timestamp"],
                question["method"],
                question["path"],
                base64.b64decode(question["body"]),
                api_key=account["api_key"],
                scheme="v3",
                time_limit=account["time_limit"],
            )
            answer = {
                "right": found.right,
                "found": found.found,
                "headline": str(found).partition("\n")[0],
                "mistakes": [{"name": one.name, "sentence": one.sentence} for one in found.mistakes],
                "faults": [{"name": one.name, "sentence": one.sentence} for one in found.faults],
                "expected": _text(found.expected),
                "signed": None if found.signed is None else _text(found.signed),
            }
        except Exception as error:  # the next request is another
            answer = {"failed": type(error).__name__}
        _say(answer)


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
