"""Missing and outdated clients: the error names the extra to install."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


def run(code: str) -> str:
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def import_error(module: str, setup: str) -> str:
    """Return name and text of the ImportError that importing the adapter raises after `setup`."""
    return run(f"""
        import sys, types
        import woox_fast
        {setup}
        try:
            woox_fast.adapters.{module}
        except ImportError as error:
            print(error.name, error)
    """)


@pytest.mark.parametrize("name", ["aiohttp", "ccxt", "httpx", "requests"])
def test_missing_client_names_extra(name):
    printed = import_error(name, f"sys.modules['{name}'] = sys.modules['httpx2'] = None")
    assert printed.startswith(f"{name} woox_fast.adapters.{name} needs {name} (")
    assert printed.endswith(f"; run: pip install 'woox-fast[{name}]'")


def test_outdated_client_names_extra():
    printed = import_error("aiohttp", "sys.modules['aiohttp'] = types.ModuleType('aiohttp')")
    assert printed.startswith("aiohttp woox_fast.adapters.aiohttp needs aiohttp (cannot import name 'Client")
    assert printed.endswith("; run: pip install 'woox-fast[aiohttp]'")


def test_broken_dependency_keeps_its_error():
    printed = import_error("requests", "sys.modules['urllib3'] = None")
    assert printed == "urllib3 import of urllib3 halted; None in sys.modules"


def test_adapters_are_imported_lazily():
    printed = run("""
        import sys
        import woox_fast
        print([name for name in sys.modules if name.startswith(("woox_fast.adapters", "requests", "httpx", "aiohttp"))])
        print(woox_fast.adapters.requests.session.__name__, woox_fast.adapters.httpx.WooXAuth.__name__)
        print("aiohttp" in sys.modules, hasattr(woox_fast.adapters, "urllib3"))
    """)
    assert printed.splitlines() == ["[]", "session WooXAuth", "False False"]


@pytest.mark.parametrize(
    ("setup", "module"),
    [
        ("sys.modules['httpx'] = None", "httpx2"),
        ("sys.modules['httpx2'] = None", "httpx"),
        ("__import__('httpx2').alias_httpx()", "httpx"),
    ],
)
def test_one_httpx_is_enough(setup, module):
    pytest.importorskip("httpx2")
    printed = run(f"""
        import sys
        {setup}
        import {module} as httpx
        from woox_fast import Signer
        from woox_fast.adapters.httpx import WooXAuth
        transport = httpx.MockTransport(lambda request: httpx.Response(200, text=request.headers["x-api-key"]))
        client = httpx.Client(transport=transport, auth=WooXAuth(Signer("key", "secret")))
        print(client.get("https://api.woox.io/v3/x").text)
    """)
    assert printed == "key"
