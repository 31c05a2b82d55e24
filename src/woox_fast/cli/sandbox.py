"""`woox-fast sandbox`: an exchange on this machine, a page that shows it, and a line for each request that it gets."""

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
from .common import SANDBOX_PORT, UsageError, credentials, whole_number

if TYPE_CHECKING:
    from ..sandbox import RequestRecord
    from ..sandbox.process import Explained

EXAMPLES = (
    "woox-fast sandbox",
    "woox-fast sandbox --port 0 --rate-limits",
    "woox-fast sandbox --fault 'reset-after on POST /v3/trade/order first 1'",
    """woox-fast sandbox --fault 'delay tail 50ms' \\
    --fault 'rate-limit probability 0.1 seed 7'""",
    "woox-fast sandbox --json > requests.jsonl",
)
BACKLOG = 1000  # lines still to be printed; more is counted, and not printed
BURST = 10  # with more lines than this still to be printed, signatures are not explained


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument(
        "--port", type=whole_number(0, 65535), default=SANDBOX_PORT, help="0: any free one (default %(default)s)"
    )
    parser.add_argument("--rate-limits", action="store_true", help="enforce the documented rate limits")
    parser.add_argument(
        "--fault", metavar="RULE", action="append", default=[], help="fail on purpose; may be given several times"
    )
    parser.add_argument("--list-faults", action="store_true", help="print what can go wrong, and end")
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input is closed")
    parser.add_argument("--quiet", action="store_true", help="print no line for each request")
    parser.epilog = (
        f"The account's credentials are those in {API_KEY_VARIABLE} and {API_SECRET_VARIABLE}, else an example's.\n"
        "For a refused signature it shows the mistake, if one is found, and the two strings. Its URL, in a browser, is "
        "a page that shows all requests. A RULE is one line, in quotes:\n"
        "  FAULT [ARGUMENT...] [on [METHOD] [PATH]] [id N] [every N]\n"
        "      [probability P [seed N]] [first N]"
    )


def main(args: argparse.Namespace) -> int:
    from .. import sandbox

    if args.list_faults:
        return list_faults(args.json)
    api_key, api_secret = credentials() or (sandbox.DEMO_API_KEY, sandbox.DEMO_API_SECRET)
    if args.stop_with_stdin:
        threading.Thread(target=_interrupt_when_stdin_closes, name="woox-fast stdin", daemon=True).start()
    printer = None if args.quiet else Printer(api_key, api_secret, as_json=args.json)

    def listening(url: str) -> None:
        if args.json:
            show.as_json({"url": url, "api_key": api_key})
        else:
            key = show.printable(api_key)
            show.line(f"WOO X sandbox: listening on {url} with API key {key}; open {url}/ in a browser to watch it")
        show.flush()

    try:
        sandbox.run(
            args.host,
            args.port,
            api_key,
            api_secret,
            rate_limits=args.rate_limits,
            faults=args.fault,
            on_request=printer,
            on_listening=listening,
        )
    except sandbox.FaultError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        if error.filename == show.STANDARD_OUTPUT:
            raise
        taken = "; name another with --port, 0 for any that is free" if error.errno == errno.EADDRINUSE else ""
        show.error(
            f"woox-fast sandbox: cannot listen on {args.host} port {args.port}: {error.strerror or error}{taken}"
        )
        return 1
    finally:
        if printer is not None:
            printer.close()
    return 0


def list_faults(as_json: bool) -> int:
    from ..sandbox import FAULTS

    if as_json:
        show.as_json(
            {
                name: {"usage": fault.usage, "what": fault.sentence, "example": fault.example}
                for name, fault in FAULTS.items()
            }
        )
        return 0
    show.rows(show.Row(f"{name} {fault.usage}".strip(), fault.sentence) for name, fault in FAULTS.items())
    return 0


class Printer:
    """Prints records in the order they are given, in a thread of its own: neither a slow terminal nor a search for a
    mistake holds the server up. Nothing that a request holds can end it or reach the terminal unescaped.
    """

    def __init__(self, api_key: str, api_secret: str, *, as_json: bool = False) -> None:
        from ..sandbox.process import Explainer

        self._api_secret = api_secret
        self._as_json = as_json
        self._explainer = Explainer(api_key, api_secret)
        self._queue: queue.Queue[RequestRecord | None] = queue.Queue(BACKLOG)
        self._left_out: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name="woox-fast printer", daemon=True)
        self._thread.start()

    def __call__(self, record: RequestRecord) -> None:
        try:
            self._queue.put_nowait(record)
        except queue.Full:
            self._left_out[record.verdict] += 1

    def close(self) -> None:
        """Print what is left, for at most two seconds."""
        with suppress(queue.Full):
            self._queue.put(None, timeout=1)
        self._thread.join(2)
        self._explainer.close()

    def _run(self) -> None:
        while (record := self._queue.get()) is not None:
            try:
                self._print(record)
                if self._queue.empty():
                    self._say_left_out()
                sys.stdout.flush()
            except BrokenPipeError:  # nobody reads on
                pass
            except Exception as error:  # this one's line is lost, not the next one's
                with suppress(OSError, ValueError):
                    print(f"woox-fast sandbox: a line could not be printed ({type(error).__name__})", file=sys.stderr)
        with suppress(OSError, ValueError):
            self._say_left_out()

    def _say_left_out(self) -> None:
        if not self._left_out:
            return
        left_out, self._left_out = self._left_out, Counter()
        refused = left_out["INVALID_SIGNATURE"]
        more = f", {refused:,} of them with a wrong signature that is not explained" if refused else ""
        print(f"woox-fast sandbox: {left_out.total():,} requests came too fast for a line each{more}", file=sys.stderr)

    def _explain(self, record: RequestRecord) -> Explained | None:
        from ..sandbox.process import Explained

        if record.verdict != "INVALID_SIGNATURE":
            return None
        waiting = self._queue.qsize()
        if waiting >= BURST:  # a search takes up to seconds
            return Explained.without(f"{waiting} more requests wait for their line; the sandbox's page explains it")
        return self._explainer.explain(record)

    def _print(self, record: RequestRecord) -> None:
        explained = self._explain(record)
        if self._as_json:
            show.as_json(self._hidden(self._fields(record, explained)))
            return
        at = datetime.fromtimestamp(record.time_ms / 1000).strftime("%H:%M:%S.%f")[:-3]
        what = self._shown(f"{record.method:<6} {record.target[:200]}")
        fault = f" ({record.fault})" if record.fault else ""
        style = "bad" if record.verdict != "OK" else "label" if fault else ""
        show.line(
            f"{at} {what}  {record.status or 'no reply'} {record.verdict}{fault}  {record.latency_us / 1000:.2f} ms",
            style,
        )
        if record.message and explained is None:
            show.sentence(f"    {self._shown(record.message)}", "bad", indent="    ")
        if explained is not None:
            self._print_explained(explained)

    def _print_explained(self, explained: Explained) -> None:
        for cause in explained.causes if explained.found else (explained.headline, *explained.causes):
            show.sentence(f"    {self._shown(cause)}", "bad", indent="    ")
        if explained.signed is None:
            if explained.expected:
                text = show.shortened(show.visible(explained.expected))
                show.line(f"    expected  {show.hidden(text, self._api_secret)}")
        elif explained.signed != explained.expected:
            expected, signed, mark = show.difference(
                explained.expected, explained.signed, self._api_secret, show.width() - len("    expected  ")
            )
            for label, text in (("expected", expected), ("signed", signed), ("", mark)):
                show.line(f"    {label:<8}  {text}", "quiet")

    def _fields(self, record: RequestRecord, explained: Explained | None) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "time_ms": record.time_ms,
            "method": record.method,
            "target": record.target,
            "status": record.status,
            "code": record.code,
            "verdict": record.verdict,
            "latency_us": round(record.latency_us, 1),
        }
        if record.message:
            fields["message"] = record.message
        if record.fault:
            fields["fault"] = record.fault
        if explained is not None:
            fields["explanation"] = explained.report
        return fields

    def _hidden(self, value: Any) -> Any:
        """`value` without the secret in any of its texts."""
        if isinstance(value, dict):
            return {name: self._hidden(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._hidden(one) for one in value]
        return show.hidden(value, self._api_secret) if isinstance(value, str) else value

    def _shown(self, text: str) -> str:
        return show.hidden(show.printable(text), self._api_secret)


def _interrupt_when_stdin_closes() -> None:
    # os.read and not sys.stdin: a daemon thread that holds sys.stdin's lock would abort the interpreter's shut-down.
    with suppress(OSError):  # it is closed already
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGINT)
