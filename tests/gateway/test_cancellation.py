"""Cancelled tasks, timeouts of asyncio, and Ctrl-C in asyncio.run."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading

import pytest
from helpers.gateways import run
from helpers.oracle import KEY, SECRET
from helpers.raw_server import RawServer, response

from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, NoReplyError, NotSentError


def test_cancellation_stays_plain(loop_mode):
    async def trade() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=2, timeout_s=10) as gateway:

            async def order() -> None:
                try:
                    await gateway.request("POST", "/v3/trade/order?clientOrderId=1", b"{}")
                except ConnectionError:
                    raise AssertionError("caught a cancellation") from None

            task = asyncio.ensure_future(order())
            while not server.requests:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            assert type(raised.value) is asyncio.CancelledError
            assert task.cancelled()
            assert gateway.unknown[0].path.endswith("=1")
            with pytest.raises(asyncio.TimeoutError) as late:
                await asyncio.wait_for(gateway.request("POST", "/v3/trade/order?clientOrderId=2", b"{}"), 0.5)
            assert NoReplyError.find(late.value) == gateway.unknown[1]

    with RawServer(lambda peer, request: True) as server:
        run(loop_mode, trade())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout and TaskGroup")
def test_asyncio_timeout_raises_timeout_error(loop_mode):
    async def trade() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=2, timeout_s=10) as gateway:
            with pytest.raises(TimeoutError) as late:
                async with asyncio.timeout(0.5):
                    await gateway.request("POST", "/v3/trade/order?clientOrderId=1", b"{}")
            assert NoReplyError.find(late.value) == gateway.unknown[0]

            async def fail() -> None:
                while len(server.requests) < 2:
                    await asyncio.sleep(0.01)
                raise ValueError("another task failed")

            with pytest.raises(BaseExceptionGroup) as group:  # noqa: F821, PT012
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(gateway.request("POST", "/v3/trade/order?clientOrderId=2", b"{}"))
                    tasks.create_task(fail())
            assert [type(error) for error in group.value.exceptions] == [ValueError]
            assert [error.path[-1] for error in gateway.unknown] == ["1", "2"]

    with RawServer(lambda peer, request: True) as server:
        run(loop_mode, trade())


def test_cancelled_before_send_sends_nothing(loop_mode):
    async def trade() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=10) as gateway:
            first = asyncio.ensure_future(gateway.request("GET", "/slow"))
            queued = asyncio.ensure_future(gateway.request("POST", "/v3/trade/order?clientOrderId=1", b"{}"))
            never = asyncio.ensure_future(gateway.request("POST", "/v3/trade/order?clientOrderId=2", b"{}"))
            never.cancel()
            while not server.requests:
                await asyncio.sleep(0.01)
            queued.cancel()
            results = await asyncio.gather(queued, never, return_exceptions=True)
            assert all(type(result) is asyncio.CancelledError and result.__cause__ is None for result in results)
            released.set()
            assert (await first).status == 200
            assert (await gateway.request("GET", "/after")).status == 200

    released = threading.Event()
    with RawServer(lambda peer, request: (released.wait(20) and peer.send(response())) or True) as server:
        run(loop_mode, trade())
        assert not server.order_counts()


def test_cancelled_requests_keep_few_sockets(loop_mode):
    """Connections with a due response are replaced, but not without end."""

    async def trade() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=2, timeout_s=20) as gateway:
            for order_id in range(9):
                order = gateway.request("POST", f"/v3/trade/order?clientOrderId={order_id}", b"{}", send_within_s=0.3)
                with pytest.raises((asyncio.TimeoutError, NotSentError)):
                    await asyncio.wait_for(order, 0.6)
            assert len(server.peers) == 5  # two, the spare, and two replacements

    with RawServer(lambda peer, request: True) as server:
        run(loop_mode, trade())


def test_asyncio_run_keeps_ctrl_c():
    """KeyboardInterrupt leaves asyncio.run, also on 3.10."""

    async def trade() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), server.url, connections=1, timeout_s=1) as gateway:
            asyncio.get_running_loop().call_later(0.2, signal.raise_signal, signal.SIGINT)
            await gateway.request("POST", "/v3/trade/order?clientOrderId=1", b"{}")

    with RawServer(lambda peer, request: True) as server, pytest.raises(KeyboardInterrupt):
        asyncio.run(trade())
