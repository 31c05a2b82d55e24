"""`woox-fast sandbox`: an exchange on this machine, its web page, and a line of output for every request."""

from __future__ import annotations

import argparse
import errno
import os
import queue
import signal
import sys
import threading
from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .._credentials import API_KEY_VARIABLE, API_SECRET_VARIABLE
from . import show
from .common import SANDBOX_PORT, UsageError, read_credentials, whole_number

if TYPE_CHECKING:
    from ..sandbox import RequestRecord
    from ..sandbox.explain_worker import ExplainedRequest

EXAMPLES = (
    "woox-fast sandbox",
    "woox-fast sandbox --port 0 --rate-limits",
    "woox-fast sandbox --fault 'reset-after on POST /v3/trade/order first 1'",
    """woox-fast sandbox --fault 'delay tail 50ms' \\
    --fault 'rate-limit probability 0.1 seed 7'""",
    "woox-fast sandbox --json > requests.jsonl",
)
MAX_BACKLOG = 1000  # lines that wait to be printed; further requests are only counted
MAX_BURST = 10  # waiting lines; with more, signatures are not explained


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument(
        "--port", type=whole_number(0, 65535), default=SANDBOX_PORT, help="0: any free port (default %(default)s)"
    )
    parser.add_argument("--rate-limits", action="store_true", help="enforce the documented rate limits")
    parser.add_argument(
        "--fault", metavar="RULE", action="append", default=[], help="fail on purpose; repeat it for several rules"
    )
    parser.add_argument("--list-faults", action="store_true", help="print all faults and exit")
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input is closed")
    parser.add_argument("--quiet", action="store_true", help="do not print requests")
    parser.epilog = (
        f"The credentials come from {API_KEY_VARIABLE} and {API_SECRET_VARIABLE}; the default is an example account.\n"
        "For a refused signature the sandbox prints the mistake, if it finds it, and both strings to sign. Open its "
        "URL in a browser to see all requests. A RULE is one argument, in quotes:\n"
        "  FAULT [ARGUMENT...] [on [METHOD] [PATH]] [id N] [every N]\n"
        "      [probability P [seed N]] [first N]"
    )


def main(args: argparse.Namespace) -> int:
    from .. import sandbox

    if args.list_faults:
        return list_faults(args.json)
    if not args.host:
        raise UsageError("--host must be an address such as 127.0.0.1, got an empty string")
    api_key, api_secret = read_credentials() or (sandbox.DEMO_API_KEY, sandbox.DEMO_API_SECRET)
    if args.stop_with_stdin:
        threading.Thread(target=_interrupt_when_stdin_closes, name="woox-fast stdin", daemon=True).start()
    printer = None if args.quiet else Printer(api_key, api_secret, as_json=args.json)

    def announce(url: str) -> None:
        if args.json:
            show.print_json({"url": url, "api_key": api_key})
        else:
            account = f"with API key {show.escape(api_key)}"
            show.print_line(f"WOO X sandbox: listening on {url} {account}; open {url}/ in a browser to watch it")
        show.flush()

    try:
        sandbox.run(args.host, args.port, api_key, api_secret, rate_limits=args.rate_limits, faults=args.fault,
                    on_request=printer, on_listening=announce)  # fmt: skip
    except sandbox.FaultError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        if error.filename == show.STANDARD_OUTPUT:
            raise
        remedy = "; choose another port with --port, or 0 for any free port" if error.errno == errno.EADDRINUSE else ""
        reason = f"{error.strerror or error}{remedy}"
        show.print_error(f"woox-fast sandbox: cannot listen on {args.host} port {args.port}: {reason}")
        return 1
    finally:
        if printer is not None:
            printer.close()
    return 0


def list_faults(as_json: bool) -> int:
    from ..sandbox import FAULTS

    if as_json:
        rows = {name: {"usage": f.usage, "what": f.sentence, "example": f.example} for name, f in FAULTS.items()}
        show.print_json(rows)
        return 0
    show.print_fields(
        show.OutputField(f"{name} {fault.usage}".strip(), fault.sentence) for name, fault in FAULTS.items()
    )
    return 0


class Printer:
    """Print records in order, in a thread, so that neither a slow terminal nor a search blocks the server.

    Everything from a request is redacted and escaped.
    """

    def __init__(self, api_key: str, api_secret: str, *, as_json: bool = False) -> None:
        from ..sandbox.explain_worker import ExplainWorker
        from ..sandbox.text import TextFilter

        self._api_secret = api_secret
        self._as_json = as_json
        self._text = TextFilter(api_secret)
        self._worker = ExplainWorker(api_key, api_secret)
        self._queue: queue.Queue[RequestRecord | None] = queue.Queue(MAX_BACKLOG)
        self._omitted: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name="woox-fast printer", daemon=True)
        self._thread.start()

    def __call__(self, record: RequestRecord) -> None:
        try:
            self._queue.put_nowait(record)
        except queue.Full:
            self._omitted[record.verdict] += 1

    def close(self) -> None:
        """Print the waiting lines, for at most two seconds."""
        with suppress(queue.Full):
            self._queue.put(None, timeout=1)
        self._thread.join(2)
        self._worker.close()

    def _run(self) -> None:
        while (record := self._queue.get()) is not None:
            try:
                self._print(record)
                if self._queue.empty():
                    self._print_omitted()
                sys.stdout.flush()
            except BrokenPipeError:  # the reader has exited
                pass
            except Exception as error:  # only this line is lost
                with suppress(OSError, ValueError):
                    print(f"woox-fast sandbox: a line could not be printed ({type(error).__name__})", file=sys.stderr)
        with suppress(OSError, ValueError):
            self._print_omitted()

    def _print_omitted(self) -> None:
        if not self._omitted:
            return
        omitted, self._omitted = self._omitted, Counter()
        refused = omitted["INVALID_SIGNATURE"]
        detail = f", {refused:,} of which have a wrong signature that is not explained" if refused else ""
        count = sum(omitted.values())
        print(f"woox-fast sandbox: {count:,} requests came too fast for a line each{detail}", file=sys.stderr)

    def _explain(self, record: RequestRecord) -> ExplainedRequest | None:
        from ..sandbox.explain_worker import ExplainedRequest

        if record.verdict != "INVALID_SIGNATURE":
            return None
        waiting = self._queue.qsize()
        if waiting >= MAX_BURST:  # a search takes seconds
            return ExplainedRequest.omitted(f"{waiting} more requests wait for their line; the web page explains it")
        return self._worker.explain(record)

    def _print(self, record: RequestRecord) -> None:
        explained = self._explain(record)
        if self._as_json:
            show.print_json(self._redact(self._build_fields(record, explained)))
            return
        at = datetime.fromtimestamp(record.time_ms / 1000).strftime("%H:%M:%S.%f")[:-3]
        request = self._clean(f"{record.method:<6} {record.target}", 200)
        fault = f" ({record.fault})" if record.fault else ""
        style = "bad" if record.verdict != "OK" else "label" if fault else ""
        outcome = f"{record.status or 'no response'} {record.verdict}{fault}"
        show.print_line(f"{at} {request}  {outcome}  {record.latency_us / 1000:.2f} ms", style)
        if record.message and explained is None:
            show.print_wrapped(f"    {self._clean(record.message)}", "bad", indent="    ")
        if explained is not None:
            self._print_explained(explained)

    def _print_explained(self, explained: ExplainedRequest) -> None:
        for cause in explained.causes if explained.found else (explained.headline, *explained.causes):
            show.print_wrapped(f"    {self._clean(cause)}", "bad", indent="    ")
        if explained.signed is None:
            if explained.expected:
                show.print_line(f"    expected  '{self._text(explained.expected, 2000, ascii_only=True)}'")
        elif explained.signed != explained.expected:
            expected, signed, mark = show.mark_difference(
                explained.expected, explained.signed, self._api_secret, show.get_width() - len("    expected  ")
            )
            for label, text in (("expected", expected), ("signed", signed), ("", mark)):
                show.print_line(f"    {label:<8}  {text}", "quiet")

    def _build_fields(self, record: RequestRecord, explained: ExplainedRequest | None) -> dict[str, Any]:
        names = ("time_ms", "method", "target", "status", "code", "verdict")
        fields: dict[str, Any] = {name: getattr(record, name) for name in names}
        fields["latency_us"] = round(record.latency_us, 1)
        fields |= {name: getattr(record, name) for name in ("message", "fault") if getattr(record, name)}
        if explained is not None:
            fields["explanation"] = explained.report
        return fields

    def _redact(self, value: Any) -> Any:
        """Redact the secret in all strings."""
        if isinstance(value, dict):
            return {name: self._redact(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._redact(each) for each in value]
        return self._text.redact(value) if isinstance(value, str) else value

    def _clean(self, text: str, limit: int = 2000) -> str:
        return self._text(text, limit, ascii_only=True)


def _interrupt_when_stdin_closes() -> None:
    # os.read instead of sys.stdin: a daemon thread with sys.stdin's lock would abort the interpreter at shutdown.
    with suppress(OSError):  # it is already closed
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGINT)
