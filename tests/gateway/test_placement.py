"""`place`: sent once, and asked for until the order's fate is known."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time

import pytest
from helpers.gateways import opened, run
from helpers.oracle import KEY, SECRET
from helpers.raw_server import RawServer, response

from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, NoReplyError, NotSentError, placement
from woox_fast.gateway.placement import Placing
from woox_fast.sandbox import Sandbox

ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "POST_ONLY", "price": "1", "quantity": "1"}
HTML = b"<html>504 Gateway Time-out</html>"


class Book:
    """An exchange that loses the response to an order in the given way."""

    def __init__(self, fault: str, *, accepts: bool, answers_after: int = 0, reports_time: bool = True) -> None:
        self.fault, self.accepts, self.answers_after = fault, accepts, answers_after
        self.reports_time = reports_time
        self.denial = b"-1006"
        self.orders: list[int] = []
        self.last_id, self.started = 0, 0.0
        self.failure = response(HTML, 504)
        self.posts = self.questions = 0

    def __call__(self, peer, request) -> bool:
        if request.startswith(b"POST"):
            return self.post(peer, json.loads(request.split(b"\r\n\r\n")[1])["clientOrderId"])
        self.questions += 1
        assert b"symbol=" not in request.split(b"\r\n")[0]
        order_id = int(request.split()[1].split(b"clientOrderId=")[1])
        if self.questions <= self.answers_after:
            peer.send(self.failure)
        elif order_id in self.orders:
            peer.send(response(b'{"success":true,"data":{"status":"NEW"}}'))
        else:
            stamp = b',"timestamp":%d' % (time.time() * 1000) if self.reports_time else b""
            peer.send(response(b'{"success":false,"code":%b,"message":"not found"%b}' % (self.denial, stamp), 400))
        return True

    def post(self, peer, order_id: int) -> bool:
        self.posts += 1
        self.last_id = order_id
        if self.accepts:
            self.orders.append(order_id)
        if self.fault == "reset":
            peer.reset()
            return False
        if self.fault:
            peer.send({"504": response(HTML, 504), "503": response(b'{"code":503}')}.get(self.fault, self.fault))
        return True


def test_sandbox_places_order(mode):
    with Sandbox(KEY, SECRET) as url, opened(mode, url) as gateway:
        placement = gateway.place(ORDER)
        assert placement
        assert placement.response.ok
        assert placement.response.json()["data"]["clientOrderId"] == placement.client_order_id
        refused = gateway.place({**ORDER, "quantity": "-1"})
        assert not refused
        assert refused.response.json()["code"] == -1005
        assert not refused.asked


@pytest.mark.parametrize("fault", ["reset", "504", "503", ""])
def test_lost_response_finds_order(mode, fault):
    """Lost, a proxy's page, an envelope of the network, or too late."""
    book = Book(fault, accepts=True, answers_after=2)
    with RawServer(book) as server, opened(mode, server.url, connections=2, timeout_s=20) as gateway:
        placement = gateway.place(ORDER, timeout_s=None if fault else 1)
        assert placement
        assert placement.asked
        assert book.orders == [placement.client_order_id]
    assert book.posts == 1
    assert book.questions == 3


@pytest.mark.parametrize("code", [b"-1007", b'"-1007"'])
@pytest.mark.parametrize("found", [True, False])
def test_duplicate_id_is_never_absent(mode, found, code):
    """The exchange knows the clientOrderId: a question that denies it proves no absence."""
    book = Book(response(b'{"success":false,"code":%b,"message":"duplicate"}' % code, 409), accepts=found)
    with RawServer(book) as server, opened(mode, server.url, connections=2, timeout_s=20) as gateway:
        if found:
            assert gateway.place(ORDER, arrival_window_s=0.1)
            assert not gateway.gateway.unknown
        else:
            with pytest.raises(NoReplyError, match=r"-1007.*-1006"):
                gateway.place(ORDER, arrival_window_s=0.1, timeout_s=1)
            assert len(gateway.gateway.unknown) == 1
    assert book.posts == 1


def test_default_window_needs_second_denial(mode, monkeypatch):
    """The order arrives late, between the two questions: the exchange tolerates more than its default window."""
    monkeypatch.setattr(placement, "RECEIVE_WINDOW_S", 0.2)
    book = Book("reset", accepts=False, reports_time=False)
    answer = book.__class__.__call__

    def arrive_late(peer, request):
        began = bool(book.started) and time.monotonic() - book.started > 0.2 + placement._MARGIN_S
        done = answer(book, peer, request)
        book.started = book.started or time.monotonic()
        if began and request.startswith(b"GET"):
            book.orders.append(book.last_id)
        return done

    with RawServer(arrive_late) as server, opened(mode, server.url, connections=2, timeout_s=20) as gateway:
        server.answer_get = lambda peer, request: peer.send(response(b"")) or True
        assert gateway.place(ORDER).placed
    assert book.posts == 1


@pytest.mark.parametrize("status", [200, 429, 500])
@pytest.mark.parametrize("body", [b'{"success":false,"code":-1003,"message":"later"}', HTML])
def test_failed_question_is_repeated(mode, status, body):
    """The exchange or a proxy refuses the question."""
    book = Book("reset", accepts=True, answers_after=2)
    book.failure = response(body, status)
    with RawServer(book) as server, opened(mode, server.url, connections=2, timeout_s=20) as gateway:
        assert gateway.place(ORDER)
    assert (book.posts, book.questions) == (1, 3)


@pytest.mark.parametrize("status", [200, 400])
def test_refused_order_is_not_placed(mode, status):
    """The exchange's own refusal is final, whatever the HTTP status."""
    book = Book(response(b'{"success":false,"code":-1005,"message":"refused"}', status), accepts=False)
    with RawServer(book) as server, opened(mode, server.url, connections=2, timeout_s=20) as gateway:
        placement = gateway.place(ORDER)
    assert (placement.placed, placement.asked, book.questions) == (False, False, 0)


@pytest.mark.parametrize("fault", [HTML, b'{"code":0}'])
def test_page_without_envelope_is_unclear(mode, fault):
    """After a proxy's page with HTTP 200, the gateway asks for the order."""
    book = Book(response(fault), accepts=False)
    with RawServer(book) as server, opened(mode, server.url, connections=2, timeout_s=20) as gateway:
        placement = gateway.place(ORDER, arrival_window_s=0.2)
    assert (placement.placed, placement.asked, book.posts) == (False, True, 1)


@pytest.mark.parametrize("code", [b"-1006", b'"-1006"'])
def test_late_denial_is_not_final(mode, code):
    """The exchange denies the order within its window, and the answer comes after the window."""
    book = Book("reset", accepts=False, reports_time=False)
    book.denial = code
    answers = []

    def answer(peer, request):
        if request.startswith(b"POST"):
            return book(peer, request)
        answers.append(request)
        if len(answers) == 1:
            time.sleep(0.2 + placement._MARGIN_S + 0.2)
            peer.send(response(b'{"success":false,"code":%b}' % code, 400))
            book.orders.append(book.last_id)  # accepted just after the denial was written
            return True
        return book(peer, request)

    with RawServer(answer) as server, opened(mode, server.url, connections=2, timeout_s=20) as gateway:
        server.answer_get = lambda peer, request: peer.send(response(b"")) or True
        assert gateway.place(ORDER, arrival_window_s=0.2).placed
        book.orders.clear()
        assert not gateway.place(ORDER, arrival_window_s=0.2).placed


def test_cancelled_place_names_order(loop_mode):
    """Cancelled while it asks for the order."""

    async def trade() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20) as gateway:
            first = asyncio.ensure_future(gateway.place(ORDER))
            while not book.questions:
                await asyncio.sleep(0.01)
            first.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await first
            assert json.loads(NoReplyError.find(raised.value).body)["clientOrderId"] == book.orders[0]
            assert len(gateway.unknown) == 1

    book = Book("504", accepts=True, answers_after=10**9)
    with RawServer(book) as server:
        run(loop_mode, trade())


def test_cancelled_queued_place_is_unsent(loop_mode):
    async def trade() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=20) as gateway:
            busy = asyncio.ensure_future(gateway.request("GET", "/slow"))
            while not server.requests:
                await asyncio.sleep(0.01)
            queued = asyncio.ensure_future(gateway.place(ORDER))
            await asyncio.sleep(0.05)
            queued.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await queued
            assert NoReplyError.find(raised.value) is None
            assert not gateway.unknown
            released.set()
            assert (await busy).status == 200

    released = threading.Event()
    with RawServer(lambda peer, request: (released.wait(20) and peer.send(response())) or True) as server:
        run(loop_mode, trade())
    assert len(server.requests) == 1


@pytest.mark.parametrize("reports_time", [True, False])
def test_lost_order_waits_for_window(mode, reports_time):
    """The exchange may accept the order until its receive window has passed."""
    book = Book("reset", accepts=False, reports_time=reports_time)
    signer = Signer(KEY, SECRET, recv_window_ms=500)
    started = time.monotonic()
    with RawServer(book) as server, opened(mode, server.url, signer, connections=2, timeout_s=20) as gateway:
        server.answer_get = lambda peer, request: peer.send(response(b"")) or True
        placement = gateway.place({**ORDER, "clientOrderId": 42})
        assert not placement
        assert (placement.client_order_id, placement.asked) == (42, True)
    assert time.monotonic() - started >= 0.5
    assert (book.posts, book.questions > 2) == (1, True)


def test_unknown_fate_has_both_facts(mode):
    book = Book("reset", accepts=True, answers_after=10**9)
    with RawServer(book) as server, opened(mode, server.url, connections=2, timeout_s=20) as gateway:
        with pytest.raises(NoReplyError, match=r"the fate of order \d+ is unknown: .*HTTP 504") as raised:
            gateway.place(ORDER, arrival_window_s=0.2, timeout_s=1)
        assert isinstance(raised.value.last_error, NoReplyError)
        assert json.loads(raised.value.body)["clientOrderId"] == book.orders[0]
    assert book.posts == 1


def test_unsent_order_is_reported(mode):
    asked = threading.Event()
    with RawServer(lambda peer, request: (asked.wait(20) and peer.send(response())) or True) as server:  # noqa: SIM117
        with opened(mode, server.url, connections=1, timeout_s=20) as gateway:
            busy = gateway.submit("GET", "/slow")
            while not server.requests:
                time.sleep(0.01)
            with pytest.raises(NotSentError):
                gateway.place(ORDER, send_within_s=0.1)
            asked.set()
            assert busy.result(20).status == 200
    assert not [request for _, request in server.requests if request.startswith(b"POST")]


@pytest.mark.parametrize("order_id", [-1, 1.5, True, 2**63, "7"])
def test_invalid_order_id_is_refused(mode, order_id):
    with RawServer() as server, opened(mode, server.url, connections=1) as gateway:  # noqa: SIM117
        with pytest.raises(ValueError, match="clientOrderId must be an int from 1"):
            gateway.place({**ORDER, "clientOrderId": order_id})
    assert not server.requests


@pytest.mark.parametrize("error", [KeyboardInterrupt, TimeoutError])
def test_interrupt_while_asking_names_order(error):
    def handle(*_: object) -> None:
        raise error("alarm")

    def answer(peer, request):
        if book.questions == 2:
            time.sleep(0.1)  # until the main thread is in its system call
            signal.pthread_kill(threading.main_thread().ident, signal.SIGALRM)
        return book(peer, request)

    book = Book("reset", accepts=True, answers_after=10**9)
    before = signal.signal(signal.SIGALRM, handle)
    try:
        with (
            RawServer(answer) as server,
            Gateway(Signer(KEY, SECRET), server.url, connections=2) as gateway,
            pytest.raises((KeyboardInterrupt, NoReplyError)) as raised,
        ):
            gateway.place(ORDER)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert (type(raised.value) is KeyboardInterrupt) == (error is KeyboardInterrupt)
    assert json.loads(NoReplyError.find(raised.value).body)["clientOrderId"] == book.orders[0]
    assert book.posts == 1


@pytest.mark.parametrize("code", [b"-1000", b'"-1011"'])
def test_unclear_code_is_asked_for(mode, code):
    """An unknown error, or an order service that was not reached."""
    book = Book(response(b'{"success":false,"code":%b}' % code, 400), accepts=True)
    with RawServer(book) as server, opened(mode, server.url, timeout_s=20) as gateway:
        placement = gateway.place(ORDER)
    assert (placement.placed, placement.asked) == (True, True)


@pytest.mark.parametrize("fatal", [1, 2, 3])
def test_interrupted_parsing_is_unclear(monkeypatch, fatal):
    """A signal handler's ValueError, at any reading of a response, must not turn a duplicate into a refusal."""
    loads, calls = json.loads, []

    def interrupted(body):
        if b"-1007" in body:
            calls.append(body)
            if len(calls) == fatal:
                raise ValueError("alarm")
        return loads(body)

    book = Book(response(b'{"success":false,"code":-1007}', 409), accepts=True)
    with RawServer(book) as server, Gateway(Signer(KEY, SECRET), server.url, timeout_s=20) as gateway:
        monkeypatch.setattr("woox_fast.gateway.response.json.loads", interrupted)
        assert gateway.place({**ORDER, "clientOrderId": 42})
        monkeypatch.undo()


def test_handler_error_is_not_order(monkeypatch):
    """The cause of an interrupt is the NoReplyError of the handler's own request."""

    ask = Gateway._ask

    async def interrupted(*request, **options):
        await ask(*request, **options)
        raise KeyboardInterrupt("alarm") from NoReplyError("lost", method="GET", path="/other")

    with RawServer() as server, Gateway(Signer(KEY, SECRET), server.url) as gateway:
        monkeypatch.setattr(Gateway, "_ask", interrupted)
        with pytest.raises(KeyboardInterrupt) as raised:
            gateway.place({**ORDER, "clientOrderId": 42})
        assert json.loads(raised.value.__cause__.body)["clientOrderId"] == 42
        assert [json.loads(error.body)["clientOrderId"] for error in gateway.unknown] == [42]


@pytest.mark.parametrize("error", [NotSentError("another gateway's"), NoReplyError("another's"), ValueError("alarm")])
def test_handler_error_hides_no_order(mode, error, monkeypatch):
    """A signal handler that raises while `place` asks. What was sent decides, not the type of the error."""

    def interrupted(*_):
        raise error

    book = Book(response(b"<html>", 504), accepts=True)
    with RawServer(book) as server, opened(mode, server.url, timeout_s=20) as gateway:
        monkeypatch.setattr(Placing, "_can_no_longer_arrive", interrupted)
        with pytest.raises(NoReplyError, match="fate of order") as raised:
            gateway.place({**ORDER, "clientOrderId": 42})
        assert json.loads(raised.value.body)["clientOrderId"] == 42
        assert raised.value.__cause__ is error
        assert [json.loads(one.body)["clientOrderId"] for one in gateway.gateway.unknown] == [42]


@pytest.mark.parametrize("status", [500, 503])
def test_server_error_with_envelope_is_unclear(mode, status):
    """The exchange accepted the order and failed afterwards, so a refusal in its envelope proves nothing."""
    book = Book(response(b'{"success":false,"code":-1005,"message":"try later"}', status), accepts=True)
    with RawServer(book) as server, opened(mode, server.url, timeout_s=20) as gateway:
        placement = gateway.place(ORDER)
    assert placement
    assert placement.asked
    assert book.orders == [placement.client_order_id]
