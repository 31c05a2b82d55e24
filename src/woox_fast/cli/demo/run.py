"""The demo: signed orders through a client to an exchange that verifies them, and what it cost.

run(2000)                                   # an embedded exchange in a process of its own
run(2000, "http://127.0.0.1:8080", (api_key, api_secret), client="all")
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from os import environ
from typing import Any

import requests
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ... import Signer, _urls, backend
from ..._credentials import API_KEY_VARIABLE, API_SECRET_VARIABLE
from .. import show
from ..common import UsageError
from .clients import CLIENTS, TIMEOUT_S, NoAnswerError, Reply, check_installed
from .report import STATS_PATH, Outcome, time_signing
from .submit import Tally, read_reply, submit_all
from .workload import read_instruments


def run(
    orders: int,
    url: str | None = None,
    credentials: tuple[str, str] | None = None,
    *,
    really_send_orders: bool = False,
    client: str = "requests",
    quiet: bool = False,
) -> Outcome:
    """Submit `orders` signed orders, and what belongs to them, and return what happened.

    `client` is one of `CLIENTS`, or "all", which submit as many each. The outcome's status is 0 if all was accepted and
    the exchange verified as many signatures as requests were sent (with a `url` that keeps no count: if all was
    accepted), 1 if not or if it stopped answering, 130 on Ctrl-C. `credentials` are API key and secret; None are the
    sandbox's own, without a `url`. Prints where it sends and how far it is, unless `quiet`.
    Raises UsageError if it cannot begin; nothing is sent then.
    """
    tallies = {name: Tally() for name in (CLIENTS if client == "all" else (client,))}
    for name in tallies:
        check_installed(name)
    exchange: AbstractContextManager[str]
    if url is not None:
        url = check_url(url, really_send_orders)
        if credentials is None:
            raise UsageError(f"--url needs credentials; set {API_KEY_VARIABLE} and {API_SECRET_VARIABLE}")
        api_key, api_secret = credentials
        exchange = nullcontext(url)
    else:
        from ...sandbox import DEMO_API_KEY, DEMO_API_SECRET

        api_key, api_secret = credentials or (DEMO_API_KEY, DEMO_API_SECRET)
        exchange = embedded_exchange(api_key, api_secret)
    try:
        signer = Signer(api_key, api_secret)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if backend == "python" and not quiet:
        show.sentence("The compiled core is not in use: the pure fallback signs.")
    outcome = Outcome(orders, url, tallies)
    tally = tallies[next(iter(tallies))]
    try:
        with _interruptible() as check, exchange as origin, closing(requests.Session()) as session:
            session.trust_env = False
            outcome.origin = origin
            if not quiet:
                show.line(f"Exchange: {origin}{' (embedded)' if url is None else ''}")
                show.flush()
            instruments = read_instruments(_get(session, origin + "/v3/public/instruments").get("rows"))
            if not instruments:
                return outcome.failed("the exchange lists no instrument that can be traded")
            for name, tally in tallies.items():
                with closing(CLIENTS[name].make(signer, origin, (api_key, api_secret))) as submitter:
                    before = _verified(session, origin)
                    with _progress(f"Submitting with {name}", orders, quiet) as advance:
                        submit_all(submitter, instruments, orders, tally, lambda done: (check(), advance(done))[1])
                    after = _verified(session, origin)
                    tally.verified = None if before is None or after is None else after - before
    except NoAnswerError as error:
        if not tally.sent:
            return outcome.failed(f"{url or 'the embedded exchange'} does not answer ({error}){_start_one(url)}")
        return outcome.broken_off(f"the exchange stopped answering ({error})", tally, was_sent=error.was_sent)
    except KeyboardInterrupt:
        return outcome.broken_off("interrupted", tally, status=130)
    try:
        outcome.signing_ns = time_signing(api_key, api_secret, tally.orders[:2000])
    except ArithmeticError as error:
        return outcome.failed(str(error))
    return outcome.judged()


def check_url(url: str, really_send_orders: bool) -> str:
    """The origin of `url`. Raises UsageError if it is none, or not loopback without leave to send orders there."""
    try:
        origin = _urls.origin(url)
    except ValueError as error:
        raise UsageError(str(error).replace("base_url", "--url")) from None
    if really_send_orders or _urls.is_loopback(origin):
        return origin
    raise UsageError(f"{origin} is not this machine; orders go there only with --yes-really-send-orders")


def _start_one(url: str | None) -> str:
    return "; start one with `woox-fast sandbox`" if url and _urls.is_loopback(url) else ""


def _get(session: requests.Session, url: str) -> dict[str, Any]:
    """The `data` of a public endpoint, {} if it is refused; NoAnswerError without a reply."""
    try:
        response = session.get(url, timeout=TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        raise NoAnswerError(type(error).__name__) from error
    return read_reply(Reply(response.status_code, response.content))[0]


def _verified(session: requests.Session, url: str) -> int | None:
    """The exchange's count of verified signatures; None if it keeps none."""
    value = _get(session, url + STATS_PATH).get("verified")
    return value if isinstance(value, int) else None


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


@contextmanager
def _interruptible() -> Iterator[Callable[[], None]]:
    """Ctrl-C ends the run at the next request at the latest: Python drops what is raised while a finalizer runs."""
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
def _progress(what: str, total: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    console = Console(markup=False, emoji=False, highlight=False)
    if quiet or not console.is_terminal:
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
