"""Missing and outdated clients: the error names the extra to install."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


def run(code: str) -> str:
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


@pytest.mark.parametrize("name", ["aiohttp", "ccxt", "httpx", "requests"])
def test_missing_client_names_extra(name):
    printed = run(f"""
        import sys
        import woox_fast
        sys.modules["{name}"] = sys.modules["httpx2"] = None
        for expression in ("woox_fast.adapters.{name}", "exec('import woox_fast.adapters.{name}')"):
            try:
                eval(expression)
            except ModuleNotFoundError as error:
                print(error.name, str(error).partition(" (")[0], str(error).rpartition("; ")[2])
    """)
    advice = f"{name} woox_fast.adapters.{name} needs {name} run: pip install 'woox-fast[{name}]'"
    assert printed.splitlines() == [advice] * 2


def test_outdated_client_names_extra():
    printed = run("""
        import sys, types
        sys.modules["aiohttp"] = types.ModuleType("aiohttp")
        try:
            import woox_fast.adapters.aiohttp
        except ImportError as error:
            print(type(error).__name__, error.name, error)
    """)
    assert printed.startswith(
        "ImportError aiohttp woox_fast.adapters.aiohttp needs aiohttp (cannot import name 'Client"
    )
    assert printed.endswith("; run: pip install 'woox-fast[aiohttp]'")


def test_broken_dependency_keeps_its_error():
    printed = run("""
        import sys
        sys.modules["urllib3"] = None
        try:
            import woox_fast.adapters.requests
        except ModuleNotFoundError as error:
            print(error.name, error)
    """)
    assert printed == "urllib3 import of urllib3 halted; None in sys.modules"


def test_adapters_are_imported_lazily():
    printed = run("""
        import sys
        import woox_fast
        print([name for name in sys.modules if name.startswith(("woox_fast.adapters", "requests", "httpx", "aiohttp"))])
        print(woox_fast.adapters.requests.session, woox_fast.adapters.httpx.WooXAuth.__name__)
        print("aiohttp" in sys.modules, hasattr(woox_fast.adapters, "urllib3"))
    """)
    first, second, third = printed.splitlines()
    assert (first, third) == ("[]", "False False")
    assert second.startswith("<function session")


@pytest.mark.parametrize("missing", ["httpx", "httpx2"])
def test_one_httpx_is_enough(missing):
    pytest.importorskip("httpx2")
    other = {"httpx": "httpx2", "httpx2": "httpx"}[missing]
    printed = run(f"""
        import sys
        sys.modules["{missing}"] = None
        import {other}
        from woox_fast import Signer
        from woox_fast.adapters.httpx import WooXAuth
        seen = []
        transport = {other}.MockTransport(lambda request: seen.append(request.headers) or {other}.Response(200))
        {other}.Client(transport=transport, auth=WooXAuth(Signer("key", "secret"))).get("https://api.woox.io/v3/x")
        print(seen[0]["x-api-key"])
    """)
    assert printed == "key"


def test_aliased_httpx2_is_signed():
    pytest.importorskip("httpx2")
    printed = run("""
        import httpx2
        httpx2.alias_httpx()
        import httpx
        from woox_fast import Signer
        from woox_fast.adapters.httpx import WooXAuth
        transport = httpx.MockTransport(lambda request: httpx.Response(200, text=request.headers["x-api-key"]))
        client = httpx.Client(transport=transport, auth=WooXAuth(Signer("key", "secret")))
        print(client.get("https://api.woox.io/v3/x").text)
    """)
    assert printed == "key"
