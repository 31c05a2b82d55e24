"""Older and other clients: run each adapter's tests with the releases in CLIENTS, each in a folder of its own.

    python tools/client_versions.py [--present] [NAME ...]

Names are keys of CLIENTS, such as `requests==2.31.0`; all of them when none is given. pip puts a release, without what
it needs, into a temporary folder that is looked in before the environment this runs in. One that cannot be had or
fails makes this fail; `--present` leaves out what cannot be had. Takes some 25 s each.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
SHARED = ("tests/adapters/test_all.py", "tests/adapters/test_elsewhere.py", "tests/adapters/test_connections.py")
REQUESTS = (*SHARED, "tests/adapters/test_requests.py")
HTTPX = (*SHARED, "tests/adapters/test_httpx.py")
AIOHTTP = (*SHARED, "tests/adapters/test_aiohttp.py")
CCXT = ("tests/adapters/test_ccxt.py",)

# The least that each extra in pyproject.toml allows, what differs in how it sends, and what is put in between.
CLIENTS: dict[str, tuple[str, ...]] = {
    "requests==2.31.0 urllib3==1.26.20": REQUESTS,
    "requests==2.31.0": REQUESTS,
    "requests==2.32.3": REQUESTS,
    "requests==2.32.5": REQUESTS,
    "requests==2.33.0": REQUESTS,
    "httpx==0.27.0 sniffio==1.3.1": HTTPX,
    "httpx-aiohttp==0.2.0 pytest-httpx==0.36.2": ("tests/helpers/between_httpx.py",),
    "aiohttp==3.12.0": AIOHTTP,
    "aiohttp==3.12.15": AIOHTTP,
    "aiohttp==3.13.2": AIOHTTP,
    "ccxt==4.5.0": CCXT,
}


def run(name: str, folder: str, present: bool) -> str:
    """How the tests of one of CLIENTS went, in a word or a line."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    if subprocess.run([*pip, "--target", folder, *name.split()]).returncode:
        return "absent" if present else "cannot be had"
    path = os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    # Warnings of old releases are not tested here.
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "default", *CLIENTS[name]]
    done = subprocess.run(
        pytest, cwd=REPOSITORY, env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
    )
    lines = done.stdout.strip().splitlines()
    return lines[-1] if done.returncode == 0 else "\n".join(["FAILED", *lines[-60:]])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--present", action="store_true", help="leave out what cannot be had")
    parser.add_argument("names", nargs="*", metavar="NAME")
    given = parser.parse_args()
    names = [name for name in CLIENTS if not given.names or any(part in given.names for part in (name, *name.split()))]
    failed = not names
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            outcome = run(name, folder, given.present)
        failed |= outcome.startswith(("FAILED", "cannot"))
        print(f"{name:42} {outcome}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
