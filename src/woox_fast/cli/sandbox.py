"""`woox-fast sandbox`: an exchange of one's own, and a line for each request that it is sent."""

from __future__ import annotations

import argparse
import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from .._credentials import API_KEY_VARIABLE, API_SECRET_VARIABLE
from . import show
from .common import credentials, whole_number
from .explain import report

if TYPE_CHECKING:
    from ..sandbox import RequestRecord

EXAMPLES = ("sandbox", "sandbox --port 0 --rate-limits", "sandbox --json | jq .verdict")
BACKLOG = 1000  # lines still to be printed; more is counted, and not printed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument(
        "--port", type=whole_number(0, 65535), default=8080, help="0: any free one (default %(default)s)"
    )
    parser.add_argument("--rate-limits", action="store_true", help="enforce the documented rate limits")
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input is closed")
    parser.add_argument("--quiet", action="store_true", help="print no line for each request")
    parser.epilog = (
        f"The account's credentials are those in {API_KEY_VARIABLE} and {API_SECRET_VARIABLE}, else an example's.\n"
        "For a refused signature it shows the mistake, if one is found, and the two strings."
    )


def run(args: argparse.Namespace) -> int:
    from .. import sandbox

    api_key, api_secret = credentials() or (sandbox.DEMO_API_KEY, sandbox.DEMO_API_SECRET)
    if args.stop_with_stdin:
        threading.Thread(target=_interrupt_when_stdin_closes, name="woox-fast stdin", daemon=True).start()
    printer = None if args.quiet else Printer(api_key, api_secret, as_json=args.json)

    def listening(url: str) -> None:
        if args.json:
            show.as_json({"url": url, "api_key": api_key})
        else:
            print(f"WOO X sandbox: listening on {url} with API key {show.printable(api_key)}")
        sys.stdout.flush()

    try:
        sandbox.run(
            args.host,
            args.port,
            api_key,
            api_secret,
            rate_limits=args.rate_limits,
            on_request=printer,
            on_listening=listening,
        )
    except OSError as error:
        print(
            f"woox-fast sandbox: cannot listen on {args.host} port {args.port}: {error.strerror or error}",
            file=sys.stderr,
        )
        return 1
    finally:
        if printer is not None:
            printer.close()
    return 0


class Printer:
    """Prints records in the order they are given, in a thread of its own: neither a slow terminal nor a search for a
    mistake holds the server up.
    """

    def __init__(self, api_key: str, api_secret: str, *, as_json: bool = False) -> None:
        self._api_key = api_key
        self._api_secret = api_secret
        self._as_json = as_json
        self._queue: queue.Queue[RequestRecord | None] = queue.Queue(BACKLOG)
        self._left_out = 0
        self._thread = threading.Thread(target=self._run, name="woox-fast printer", daemon=True)
        self._thread.start()

    def __call__(self, record: RequestRecord) -> None:
        try:
            self._queue.put_nowait(record)
        except queue.Full:
            self._left_out += 1

    def close(self) -> None:
        """Print what is left, for at most two seconds."""
        with suppress(queue.Full):
            self._queue.put(None, timeout=1)
        self._thread.join(2)

    def _run(self) -> None:
        while (record := self._queue.get()) is not None:
            with suppress(BrokenPipeError):  # nobody reads on
                self._print(record)
                if self._left_out and self._queue.empty():
                    print(
                        f"woox-fast sandbox: {self._left_out:,} requests came too fast for a line each", file=sys.stderr
                    )
                    self._left_out = 0
                sys.stdout.flush()

    def _print(self, record: RequestRecord) -> None:
        explanation = None
        # A search takes up to seconds: where requests wait to be printed, they come first.
        if record.verdict == "INVALID_SIGNATURE" and self._queue.qsize() < 10:
            from .. import explain

            explanation = explain(
                self._api_secret,
                record.signature,
                record.stamp,
                record.method,
                record.target,
                record.body,
                api_key=self._api_key,
                scheme="v3",
            )
        if self._as_json:
            fields = {
                "time_ms": record.time_ms,
                "method": record.method,
                "target": record.target,
                "status": record.status,
                "code": record.code,
                "verdict": record.verdict,
                "latency_us": round(record.latency_us, 1),
            }
            if explanation is not None:
                fields["explanation"] = report(explanation)
            show.as_json(fields)
            return
        at = datetime.fromtimestamp(record.time_ms / 1000).strftime("%H:%M:%S.%f")[:-3]
        what = show.hidden(show.printable(f"{record.method:<6} {record.target[:200]}"), self._api_secret)
        show.line(
            f"{at} {what}  {record.status} {record.verdict}  {record.latency_us / 1000:.2f} ms",
            "bad" if record.code else "",
        )
        if explanation is None:
            return
        for mistake in explanation.mistakes:
            show.line(f"    {mistake.sentence}", "bad")
        if explanation.signed is None:
            show.line(f"    {str(explanation).splitlines()[0]}", "bad")
            text = show.shortened(show.visible(explanation.expected))
            show.line(f"    expected  {show.hidden(text, self._api_secret)}")
        elif explanation.signed != explanation.expected:
            expected, signed, mark = show.difference(explanation.expected, explanation.signed, self._api_secret)
            for label, text in (("expected", expected), ("signed", signed), ("", mark)):
                show.line(f"    {label:<8}  {text}", "quiet")


def _interrupt_when_stdin_closes() -> None:
    # os.read and not sys.stdin: a daemon thread that holds sys.stdin's lock would abort the interpreter's shut-down.
    with suppress(OSError):  # it is closed already
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGINT)
