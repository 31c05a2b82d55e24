"""Test signing on every Python that is installed: `make nox`, or `nox -s tests-3.13 -- full` for the whole suite."""

import nox

nox.options.default_venv_backend = "uv|virtualenv"

PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14", "3.14t", "3.15", "3.15t", "pypy3.11"]
SIGNING = [
    f"tests/signer/test_{name}.py"
    for name in (
        "signatures",
        "errors",
        "signer",
        "backend",
        "encode_request",
        "encoding",
        "prehash",
        "prepare",
        "threads",
    )
]


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
