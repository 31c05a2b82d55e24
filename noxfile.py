"""Test signing on every installed Python, and the adapters with older clients: `make nox`.

nox -s tests-3.13 -- full                  run the whole suite on Python 3.13
nox -s clients -- requests==2.31.0         run the adapter tests with requests 2.31.0
"""

from __future__ import annotations

import os

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["tests"]

PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14", "3.14t", "3.15", "3.15t", "pypy3.11"]
NAMES = ["signatures", "errors", "signer", "backend", "encode_request", "encoding", "prehash", "prepare", "threads"]
SIGNING = [f"tests/signer/test_{name}.py" for name in NAMES]
ADAPTERS = "tests/adapters/test_"
SHARED = [f"{ADAPTERS}{name}.py" for name in ("signatures", "origins", "connections")]
REQUESTS = [*SHARED, f"{ADAPTERS}requests.py", f"{ADAPTERS}mocks.py"]
HTTPX = [*SHARED, f"{ADAPTERS}httpx.py"]
AIOHTTP = [*SHARED, f"{ADAPTERS}aiohttp.py"]

# The oldest releases that pyproject.toml allows, and releases that send differently.
CLIENTS = {
    "requests==2.31.0 urllib3==1.26.20": REQUESTS,
    "requests==2.31.0": REQUESTS,
    "requests==2.32.3": REQUESTS,
    "requests==2.32.5": REQUESTS,
    "requests==2.33.0": REQUESTS,
    "httpx==0.27.0 sniffio==1.3.1": HTTPX,
    "httpx2==2.0.0 httpcore2==2.0.0": HTTPX,
    "aiohttp==3.12.0": AIOHTTP,
    "aiohttp==3.12.15": AIOHTTP,
    "aiohttp==3.13.2": AIOHTTP,
    "ccxt==4.5.0": [f"{ADAPTERS}ccxt.py"],
}


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Build both compiled backends, install them, and run the tests that need no client library."""
    environment = {"WOOX_FAST_REQUIRE_EXTENSION": "1", "WOOX_FAST_CFFI": "1"}
    whole_suite = "full" in session.posargs
    cffi = [] if str(session.python).startswith("pypy") else ["cffi"]
    # Wheels only: a client library without a wheel for a new Python can take longer to build than all tests.
    session.install("--only-binary=:all:", "pytest", "hypothesis", "requests", "httpx", "yarl", "pytest-timeout", *cffi)
    session.install(".[test]" if whole_suite else ".", env=environment)
    selected = ["-n", "auto", "--dist", "worksteal", "tests"] if whole_suite else SIGNING
    session.run("pytest", "-q", "-p", "no:cacheprovider", "--timeout", "900", *selected, env=environment)


@nox.session
def clients(session: nox.Session) -> None:
    """Run the adapter tests with each release in CLIENTS, or with the releases named on the command line."""
    session.install(".[test]")
    for client in session.posargs or CLIENTS:
        folder = os.path.join(session.create_tmp(), client.replace(" ", "-"))
        session.install("--no-deps", "--target", folder, *client.split())
        # A folder at the front of the module search path hides the installed release. Old releases may warn.
        pytest = ["pytest", "-q", "-p", "no:cacheprovider", "-W", "default", *CLIENTS[client]]
        session.run(*pytest, env={"PYTHONPATH": folder})
