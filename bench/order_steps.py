"""Processor time per order through `Gateway`: every step alone, and whole orders with fewer steps.

    python bench/order_steps.py [--rounds 80]

Print the minimum of many rounds for every step, in nanoseconds. Then send whole orders to `fixed_response` in turns:
from the C loop, a Python loop that sends a prebuilt request, the same loop with a look at the socket, and `Gateway`.
"""

from __future__ import annotations

import argparse
import select
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median
from time import perf_counter_ns

import httptools

from order_clients import BODY, C_LOOP, PATH, SIGNER, Round, Server, interleave  # isort: skip
from order_clients import open_c_loop, open_gateway, serve_fixed_response, time_submissions  # isort: skip

from woox_fast._timing import measure_rounds, pin_to_one_core


def build_steps(response: bytes) -> dict[str, Callable[[], object]]:
    here, _there = socket.socketpair()
    poller, lock = select.poll(), threading.Lock()
    poller.register(here, select.POLLIN)
    parser = httptools.HttpResponseParser(object())

    def locked() -> None:
        with lock:
            pass

    return {
        "an empty call": lambda: None,
        "look at the socket": lambda: poller.poll(0),
        "take the lock, half of the locking": locked,
        "read the clock, half of the readings": perf_counter_ns,
        "sign and encode the request": lambda: SIGNER.encode_request("POST", PATH, BODY, host="127.0.0.1:8080"),
        "parse the response with httptools": lambda: parser.feed_data(response),
    }


def open_senders(server: Server, stack: ExitStack) -> dict[str, Round]:
    request = SIGNER.encode_request("POST", PATH, BODY, host="127.0.0.1")
    sock = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    poller = select.poll()
    poller.register(sock, select.POLLIN)

    def bare() -> int:
        sock.send(request)
        sock.recv(65536)
        return 200

    def look_and_send() -> int:
        poller.poll(0)
        return bare()

    return {
        C_LOOP: stack.enter_context(open_c_loop(server)),
        "Python, send and recv": time_submissions(bare),
        "Python, look, send and recv": time_submissions(look_and_send),
        "Gateway": stack.enter_context(open_gateway(server, "Gateway")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=80, help="rounds of whole orders (default %(default)s)")
    args = parser.parse_args()
    with pin_to_one_core(), serve_fixed_response() as server, ExitStack() as stack:
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(SIGNER.encode_request("POST", PATH, BODY, host="127.0.0.1"))
            response = sock.recv(65536)
        print("| step | ns |\n|---|--:|")
        for name, times in measure_rounds(build_steps(response), number=1000, rounds=100).items():
            print(f"| {name} | {min(times):,.0f} |")
        print("\n| whole orders | processor, us | round trip, us |\n|---|--:|--:|")
        for name, spent in interleave(open_senders(server, stack), args.rounds).items():
            cpu, wall = median(each.cpu for each in spent), median(median(each.wall) for each in spent)
            print(f"| {name} | {cpu / 1000:.2f} | {wall / 1000:.2f} |")


if __name__ == "__main__":
    sys.exit(main())
