"""Run the adapter tests with older releases of the clients.

    python tools/client_versions.py [--present] [NAME ...]

NAME is a key of CLIENTS, such as `requests==2.31.0` (default: all keys). pip installs the release, without its
dependencies, into a temporary folder at the front of the module search path. A run lasts about 25 seconds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = "tests/adapters/test_"
SHARED = tuple(f"{FOLDER}{name}.py" for name in ("signatures", "origins", "connections"))
REQUESTS = (*SHARED, f"{FOLDER}requests.py", f"{FOLDER}mocks.py")
HTTPX = (*SHARED, f"{FOLDER}httpx.py")
AIOHTTP = (*SHARED, f"{FOLDER}aiohttp.py")

# The oldest releases that pyproject.toml allows, releases that send differently, and two packages that wrap httpx.
CLIENTS: dict[str, tuple[str, ...]] = {
    "requests==2.31.0 urllib3==1.26.20": REQUESTS,
    "requests==2.31.0": REQUESTS,
    "requests==2.32.3": REQUESTS,
    "requests==2.32.5": REQUESTS,
    "requests==2.33.0": REQUESTS,
    "httpx==0.27.0 sniffio==1.3.1": HTTPX,
    "httpx-aiohttp==0.2.0 pytest-httpx==0.36.2": ("tests/helpers/between_httpx.py",),
    "httpx2==2.0.0 httpcore2==2.0.0": HTTPX,
    "aiohttp==3.12.0": AIOHTTP,
    "aiohttp==3.12.15": AIOHTTP,
    "aiohttp==3.13.2": AIOHTTP,
    "ccxt==4.5.0": (f"{FOLDER}ccxt.py",),
}


def run(name: str, folder: str) -> str:
    """Install `name` into `folder`, run its tests, and return the summary, "not available" or the failures."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    if subprocess.run([*pip, "--target", folder, *name.split()]).returncode:
        return "not available"
    path = os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    # Old releases may warn.
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "default", *CLIENTS[name]]
    environment = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(pytest, cwd=Path(__file__).parents[1], env=environment, stdout=subprocess.PIPE, text=True)
    lines = done.stdout.strip().splitlines()
    return lines[-1] if done.returncode == 0 else "\n".join(["FAILED", *lines[-60:]])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--present", action="store_true", help="do not fail for releases that are not available")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*CLIENTS, []])
    given = parser.parse_args()
    failed = False
    for name in given.names or CLIENTS:
        with tempfile.TemporaryDirectory() as folder:
            outcome = run(name, folder)
        failed |= outcome.startswith("FAILED") or (outcome == "not available" and not given.present)
        print(f"{name:42} {outcome}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
