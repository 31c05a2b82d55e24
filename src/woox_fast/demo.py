"""The demo: signed orders through a keep-alive session to an exchange that verifies them, and what it cost.

run(2000)                                   # an embedded exchange in a process of its own
run(2000, "http://127.0.0.1:8080", (api_key, api_secret), client="all")
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from os import environ
from typing import Any

import requests
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from . import Signer, _sign_py, _urls, backend, sha256_implementation
from ._credentials import API_KEY_VARIABLE, API_SECRET_VARIABLE
from ._demo_clients import CLIENTS, Client, NoAnswerError, Reply, needed, plain_session, send
from ._workload import Instrument, Request, read_instruments, workload
from .cli import UsageError

STATS_PATH = "/sandbox/stats"

# -- submitting --------------------------------------------------------------------------------------------------------


class Tally:
    """What became of one client's requests: counts, reasons for refusals, nanoseconds from submission to reply, and of
    the processor's time that the client took for it. `verified` is the exchange's count; None if it keeps none."""

    def __init__(self) -> None:
        self.sent: list[Request] = []
        self.accepted = 0
        self.refusals: Counter[str] = Counter()
        self.latencies_ns: list[int] = []
        self.cpu_ns: list[int] = []
        self.verified: int | None = None
        self.resting: dict[int, str] = {}

    @property
    def refused(self) -> int:
        return self.refusals.total()

    @property
    def acknowledged(self) -> int:
        """Requests that got a reply, whatever it said."""
        return len(self.latencies_ns)


def submit_all(
    client: Client, instruments: Sequence[Instrument], orders: int, tally: Tally, advance: Callable[[int], None]
) -> None:
    """Submit the whole workload, one request at a time, into `tally`. `advance` is told how many are done."""
    work = workload(instruments, orders, tally.resting)
    request = next(work)
    while True:
        tally.sent.append(request)
        started, started_cpu = time.perf_counter_ns(), time.thread_time_ns()
        reply = client.submit(request)
        tally.cpu_ns.append(time.thread_time_ns() - started_cpu)
        tally.latencies_ns.append(time.perf_counter_ns() - started)
        data, refusal = _read(reply)
        if refusal:
            tally.refusals[refusal] += 1
        else:
            tally.accepted += 1
        advance(tally.acknowledged)
        try:
            request = work.send(data)
        except StopIteration:
            return


def _read(reply: Reply) -> tuple[dict[str, Any], str]:
    """The reply's `data` and no refusal, or {} and why the request counts as refused."""
    try:
        envelope = json.loads(reply.body)
    except (ValueError, RecursionError):
        envelope = None
    if not isinstance(envelope, dict):
        return {}, f"HTTP {reply.status}, not a JSON object"
    if reply.status != 200 or envelope.get("success") is not True:
        return {}, f"HTTP {reply.status}, code {envelope.get('code')}: {envelope.get('message')}"
    data = envelope.get("data")
    return (data if isinstance(data, dict) else {}), ""


def _get(session: requests.Session, url: str) -> dict[str, Any]:
    """The `data` of a public endpoint, {} if it is refused."""
    return _read(send(session, {"method": "GET", "url": url, "allow_redirects": False}))[0]


def _verified(session: requests.Session, url: str) -> int | None:
    """The exchange's count of verified signatures; None if it keeps none."""
    value = _get(session, url + STATS_PATH).get("verified")
    return value if isinstance(value, int) else None


# -- what signing costs ------------------------------------------------------------------------------------------------

Message = tuple[int, str, str, bytes]
_Sign = Callable[[int, str, str, bytes], str]


def time_signing(api_key: str, api_secret: str, messages: list[Message], rounds: int = 15) -> dict[str, float]:
    """Nanoseconds per signature of these messages, for the core (if there is one), the fallback and `hmac.new`.

    The median of `rounds` interleaved rounds. Raises ArithmeticError if a signature differs from `hmac`'s.
    """
    secret = api_secret.encode()

    def plain(timestamp: int, method: str, path: str, body: bytes) -> str:
        return hmac.new(secret, f"{timestamp}{method}{path}".encode() + body, hashlib.sha256).hexdigest()

    rivals: dict[str, _Sign] = {
        "core": Signer(api_key, api_secret).sign,
        "fallback": _sign_py.Signer(api_key, api_secret).sign,
        "hmac.new": plain,
    }
    if backend == "python":
        del rivals["core"]
    for message in messages:
        if {sign(*message) for sign in rivals.values()} != {plain(*message)}:
            raise ArithmeticError("a signature differs from the standard library's")
    messages = (messages * math.ceil(2000 / len(messages)))[:2000]
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, sign in rivals.items():
            started = time.perf_counter_ns()
            for timestamp, method, path, body in messages:
                sign(timestamp, method, path, body)
            times[name].append((time.perf_counter_ns() - started) / len(messages))
    return {name: statistics.median(values) for name, values in times.items()}


# -- the exchange ------------------------------------------------------------------------------------------------------


def check_url(url: str, really_send_orders: bool) -> str:
    """The origin of `url`. Raises UsageError if it is none, or not loopback without leave to send orders there."""
    try:
        origin = _urls.origin(url)
        if really_send_orders or _urls.is_loopback(origin):
            return origin
    except ValueError as error:
        raise UsageError(f"--url: {error}") from None
    raise UsageError(f"{origin} is not this machine; orders go there only with --yes-really-send-orders")


@contextmanager
def embedded_exchange(api_key: str, api_secret: str) -> Iterator[str]:
    """The sandbox in a process of its own, on a free port of 127.0.0.1; gives its URL and stops it in every case.

    It stops when its standard input closes too: even if this process is killed, the sandbox does not outlive it.
    """
    command = [sys.executable, "-m", "woox_fast", "sandbox", "--port", "0", "--stop-with-stdin", "--quiet"]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(  # noqa: S603 (our own command; in a session of its own, so that Ctrl-C reaches only us)
            command,
            env={**environ, API_KEY_VARIABLE: api_key, API_SECRET_VARIABLE: api_secret},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        ) as process,
    ):
        try:
            line = process.stdout.readline() if process.stdout else b""
            url = re.search(r"http://\S+", line.decode("utf-8", "replace"))
            if not url:
                raise NoAnswerError("it did not start")
            yield url[0]
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            log.seek(0)
            said = log.read().decode("utf-8", "replace").strip()
            if said:
                print(f"the embedded exchange said:\n{said[-4000:]}", file=sys.stderr)


# -- the demo ----------------------------------------------------------------------------------------------------------


def run(
    orders: int,
    url: str | None = None,
    credentials: tuple[str, str] | None = None,
    *,
    really_send_orders: bool = False,
    client: str = "requests",
) -> int:
    """Submit `orders` signed requests and print what happened. Returns the exit status.

    `client` is one of `CLIENTS`, or "all", which submit as many each. 0 if all were accepted and the exchange verified
    as many signatures as were sent (with a `url` that keeps no count: if all were accepted), 1 if not or if it stopped
    answering, 130 on Ctrl-C. `credentials` are API key and secret; None are the sandbox's own, without a `url`.
    Raises UsageError if it cannot begin; nothing is sent then.
    """
    tallies = {name: Tally() for name in (CLIENTS if client == "all" else (client,))}
    for name in tallies:
        needed(name)
    exchange: AbstractContextManager[str]
    if url is not None:
        url = check_url(url, really_send_orders)
        if credentials is None:
            raise UsageError(f"--url needs credentials; set {API_KEY_VARIABLE} and {API_SECRET_VARIABLE}")
        api_key, api_secret = credentials
        exchange = nullcontext(url)
    else:
        from .sandbox import DEMO_API_KEY, DEMO_API_SECRET

        api_key, api_secret = credentials or (DEMO_API_KEY, DEMO_API_SECRET)
        exchange = embedded_exchange(api_key, api_secret)
    try:
        signer = Signer(api_key, api_secret)
    except ValueError as error:
        raise UsageError(str(error)) from None
    console = Console(markup=False, emoji=False, highlight=False)
    if backend == "python":
        console.print("The compiled core is not in use: the pure fallback signs.", soft_wrap=True)
    tally = tallies[next(iter(tallies))]
    try:
        with _interruptible() as check, exchange as origin, closing(plain_session()) as session:
            console.print(f"Exchange: {origin}{' (embedded)' if url is None else ''}", soft_wrap=True)
            instruments = read_instruments(_get(session, origin + "/v3/public/instruments").get("rows"))
            if not instruments:
                return _failed("the exchange lists no instrument that can be traded")
            for name, tally in tallies.items():
                with closing(CLIENTS[name](signer, origin, (api_key, api_secret))) as submitter:
                    before = _verified(session, origin)
                    with _progress(console, f"Submitting with {name}", orders) as advance:
                        submit_all(submitter, instruments, orders, tally, lambda done: (check(), advance(done))[1])
                    after = _verified(session, origin)
                    tally.verified = None if before is None or after is None else after - before
    except NoAnswerError as error:
        if not tally.sent:
            return _failed(f"{url or 'the embedded exchange'} does not answer ({error})")
        return _broken_off(f"the exchange stopped answering ({error})", orders, tally, 1)
    except KeyboardInterrupt:
        return _broken_off("interrupted", orders, tally, 130)
    try:
        messages = [_message(signer, request) for request in tally.sent[:2000]]
        costs_ns = time_signing(api_key, api_secret, messages)
    except ArithmeticError as error:
        return _failed(str(error))
    _report(console, tallies, costs_ns)
    status = 0
    for tally in tallies.values():
        _tell_of_resting(tally)
        status = status or _verdict(tally, orders, embedded=url is None)
    return status


def _verdict(tally: Tally, orders: int, *, embedded: bool) -> int:
    if tally.accepted < orders:
        return _failed(f"{orders - tally.accepted:,} of {orders:,} orders were not accepted")
    if tally.verified is None and embedded:
        return _failed("the embedded exchange did not say how many signatures it verified")
    if tally.verified not in (None, orders):
        return _failed(f"{orders:,} orders were sent, but the exchange verified {tally.verified:,} signatures")
    return 0


def _message(signer: _sign_py.Signer, request: Request) -> Message:
    signed = signer.prepare(
        request.method, request.path, params=request.params, json=request.json, base_url=_urls.PRODUCTION_URL
    )
    target = signed.url.removeprefix(_urls.PRODUCTION_URL)
    return int(signed.headers["x-api-timestamp"]), signed.method, target, signed.body


@contextmanager
def _interruptible() -> Iterator[Callable[[], None]]:
    """Ctrl-C ends the run at the next order at the latest: Python drops what is raised while a finalizer runs."""
    interrupted = False

    def interrupt(*_: object) -> None:
        nonlocal interrupted
        interrupted = True
        raise KeyboardInterrupt

    def check() -> None:
        if interrupted:
            raise KeyboardInterrupt

    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ours = ours and threading.current_thread() is threading.main_thread()
    if ours:
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield check
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _progress(console: Console, what: str, total: int) -> Iterator[Callable[[int], None]]:
    if not console.is_terminal:
        yield lambda done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Drawn between requests and never by a thread of its own, which would be measured with them.
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        task = progress.add_task(what, total=total)
        drawn = 0.0

        def advance(done: int) -> None:
            nonlocal drawn
            now = time.monotonic()
            if done == total or now - drawn > 0.1:
                drawn = now
                progress.update(task, completed=done, refresh=True)

        yield advance


def _report(console: Console, tallies: dict[str, Tally], costs_ns: dict[str, float]) -> None:
    columns = [_column(tally, costs_ns) for tally in tallies.values()]
    rows = [(label, *(column[label] for column in columns)) for label in columns[0]]
    if len(tallies) > 1:
        rows.insert(0, ("client", *tallies))
    if console.is_terminal:
        table = Table(title="What happened", show_header=False)
        table.add_column()
        for _ in tallies:
            table.add_column(justify="right")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    else:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for name, *values in rows:
            cells = [f"{value:>{width}}" for value, width in zip(values, widths[1:], strict=True)]
            console.print("  ".join([f"{name:<{widths[0]}}", *cells]), soft_wrap=True)
    for tally in tallies.values():
        for reason, times in tally.refusals.most_common(5):
            console.print(f"refused {times:,} times: {_printable(reason)}", soft_wrap=True)
    if any(tally.verified is None for tally in tallies.values()):
        console.print(
            f"This exchange has no {STATS_PATH}: how many signatures it verified is unavailable.", soft_wrap=True
        )


def _column(tally: Tally, costs_ns: dict[str, float]) -> dict[str, str]:
    p50, p99 = (_percentile(tally.latencies_ns, share) for share in (0.50, 0.99))
    ours = costs_ns.get("core", costs_ns["fallback"])
    return {
        "requests sent": f"{len(tally.sent):,}",
        "accepted": f"{tally.accepted:,}",
        "refused": f"{tally.refused:,}",
        "signatures the exchange verified": "unavailable" if tally.verified is None else f"{tally.verified:,}",
        **{f"one signature, {_RIVAL_NAMES[name]}": f"{cost:,.0f} ns" for name, cost in costs_ns.items()},
        "one order, p50": f"{p50 / 1000:,.1f} us",
        "one order, p99": f"{p99 / 1000:,.1f} us",
        "of it the client's CPU, p50": f"{_percentile(tally.cpu_ns, 0.50) / 1000:,.1f} us",
        "share of signing in the p50": f"{100 * ours / p50:.3f} %",
    }


_RIVAL_NAMES = {
    "core": f"the core ({backend}, {sha256_implementation})",
    "fallback": "the fallback (python, hashlib)",
    "hmac.new": "plain hmac.new",
}


def _percentile(values: Sequence[int], share: float) -> int:
    """The nearest-rank percentile."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def _broken_off(why: str, orders: int, tally: Tally, status: int) -> int:
    in_flight = len(tally.sent) - tally.acknowledged
    _failed(
        f"{why}: {tally.acknowledged:,} of {orders:,} orders were acknowledged ({tally.accepted:,} accepted), "
        + ("one more was in flight and may or may not have been carried out, " if in_flight else "")
        + "nothing was sent again"
    )
    _tell_of_resting(tally)
    return status


def _tell_of_resting(tally: Tally) -> None:
    if tally.resting:
        shown = ", ".join(f"{symbol} {order_id}" for order_id, symbol in list(tally.resting.items())[:20])
        print(f"still open, as far as the demo knows: {_printable(shown)}", file=sys.stderr)


def _failed(message: str) -> int:
    print(f"woox-fast demo: {message}", file=sys.stderr)
    return 1


def _printable(text: str) -> str:
    """Text from the exchange, fit for a terminal: no control characters, nothing its encoding lacks."""
    encoding = sys.stdout.encoding or "ascii"
    shown = "".join(character if character.isprintable() else "?" for character in text[:300])
    return shown.encode(encoding, "replace").decode(encoding)
