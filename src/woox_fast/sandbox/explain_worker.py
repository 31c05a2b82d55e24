"""Explanations of refused signatures, in separate processes: a search takes seconds and would block the server."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from typing import Any, NamedTuple

from .auth import to_origin_form
from .log import RequestRecord
from .text import decode, encode

TIME_LIMIT_S = 2.0  # per search
GRACE_S = 20.0  # for the start of the process

_CODE = "from woox_fast.sandbox.explain_worker import main; main()"


class ExplainedRequest(NamedTuple):
    """The cause of a refusal. If `found`, the mistakes in `causes` together yield the signature."""

    found: bool
    headline: str  # about the search, or the reason why there was no search
    causes: tuple[str, ...] = ()
    expected: bytes = b""  # the string to sign
    signed: bytes | None = None  # the string that the client signed, if known
    report: dict[str, Any] | None = None  # the whole explanation, for JSON

    @classmethod
    def omitted(cls, reason: str) -> ExplainedRequest:
        return cls(False, f"not explained: {reason}", report={"found": False, "omitted": reason})


class ExplainWorker:
    """Explain the refused requests of the account, from any thread, sequentially."""

    def __init__(self, api_key: str, api_secret: str, *, time_limit: float = TIME_LIMIT_S) -> None:
        self._account = {"api_key": api_key, "api_secret": api_secret, "time_limit": time_limit}
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    def __repr__(self) -> str:  # the account contains the secret
        return f"<ExplainWorker {self._account['time_limit']} s>"

    def explain(self, record: RequestRecord) -> ExplainedRequest:
        """Explain why this signature was refused, or report why that failed. Raises no error."""
        if record.size > len(record.body):
            return ExplainedRequest.omitted(f"the log does not store a body of {record.size:,} bytes")
        question = {
            **self._account, "signature": record.signature, "timestamp": record.stamp, "method": record.method,
            "path": to_origin_form(record.target), "body": base64.b64encode(record.body).decode(),
        }  # fmt: skip
        with self._lock:
            try:
                found = self._search(question)
            except subprocess.TimeoutExpired:
                return ExplainedRequest.omitted("the search took too long")
            except (OSError, ValueError) as error:
                failure = f"the search failed ({type(error).__name__})"
                return ExplainedRequest.omitted("the sandbox stops" if self._closed else failure)
        causes = tuple(cause["sentence"] for cause in (*found["mistakes"], *found["faults"]))
        signed = None if found["signed"] is None else encode(found["signed"])
        return ExplainedRequest(found["found"], found["headline"], causes, encode(found["expected"]), signed, found)

    def close(self) -> None:
        self._closed = True
        if child := self._child:
            child.kill()

    def _search(self, question: dict[str, Any]) -> dict[str, Any]:
        # With our path, the process finds this woox_fast however it was installed.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONSAFEPATH": "1"}
        with subprocess.Popen(  # noqa: S603 (this interpreter and our own code; Ctrl-C is for the sandbox)
            [sys.executable, "-c", _CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment, start_new_session=True,
        ) as child:  # fmt: skip
            self._child = child
            try:
                if self._closed:
                    raise OSError
                output, _ = child.communicate(json.dumps(question).encode(), question["time_limit"] + GRACE_S)
            finally:
                child.kill()
                self._child = None
        return dict(json.loads(output))


def main() -> None:
    from .. import explain

    question = json.load(sys.stdin.buffer)
    found = explain(
        question["api_secret"], question["signature"], question["timestamp"], question["method"], question["path"],
        base64.b64decode(question["body"]), api_key=question["api_key"],
        scheme="v1" if question["path"].startswith("/v1/") else "v3", time_limit=question["time_limit"],
    )  # fmt: skip
    report = {
        "right": found.right, "found": found.found, "headline": str(found).partition("\n")[0],
        "mistakes": [{"name": mistake.name, "sentence": mistake.sentence} for mistake in found.mistakes],
        "faults": [{"name": fault.name, "sentence": fault.sentence} for fault in found.faults],
        "expected": decode(found.expected), "signed": None if found.signed is None else decode(found.signed),
    }  # fmt: skip
    json.dump(report, sys.stdout)
