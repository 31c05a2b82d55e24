"""All signers: our implementations, and each alternative for a user."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

import woox_fast


class Rival(NamedTuple):
    needs: str  # a module
    setup: str  # runs once per key
    statement: str  # runs once per message


PREHASH = "f'{timestamp}{method}{path}{body}'"
ENCODED = f"{PREHASH}.encode()"
SIGN = "signer.sign(timestamp, method, path, body)"
TWO_STATES = f"""\
inner = inner_state.copy()
inner.update({ENCODED})
outer = outer_state.copy()
outer.update(inner.digest())
outer.hexdigest()"""
TWO_STATES_SETUP = """\
import hashlib
block = secret.ljust(64, b'\\0')
inner_state = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
outer_state = hashlib.sha256(bytes(byte ^ 0x5c for byte in block))"""
COPY = f"keyed = key.copy()\nkeyed.update({ENCODED})\n"


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # its package is missing too
        return False


def _write_setup(module: str, sha256: str) -> str:
    choose = f"module._choose_sha256({sha256!r})\n" if sha256 else ""
    return f"from woox_fast import {module} as module\n{choose}signer = module.Signer(api_key, api_secret)"


SHA256 = "" if woox_fast.backend == "python" else woox_fast.sha256_implementation

OURS = {
    "woox_fast": Rival("woox_fast._sign", _write_setup("_sign", SHA256), SIGN),
    "woox_fast, portable core": Rival("woox_fast._sign", _write_setup("_sign", "portable"), SIGN),
    "woox_fast, cffi": Rival("woox_fast._sign_cffi_lib", _write_setup("_sign_cffi", SHA256), SIGN),
    "woox_fast, pure fallback": Rival("woox_fast", _write_setup("_sign_py", ""), SIGN),
    "woox_fast.sign, a new key each call": Rival(
        "woox_fast._sign", _write_setup("_sign", SHA256), "module.sign(api_secret, timestamp, method, path, body)"
    ),
}
OTHERS = {
    "hmac.new": Rival("hmac", "import hashlib, hmac", f"hmac.new(secret, {ENCODED}, hashlib.sha256).hexdigest()"),
    "hmac.digest": Rival("hmac", "import hmac", f"hmac.digest(secret, {ENCODED}, 'sha256').hex()"),
    "hmac copy": Rival("hmac", "import hmac\nkey = hmac.new(secret, digestmod='sha256')", COPY + "keyed.hexdigest()"),
    "two hashlib states": Rival("hashlib", TWO_STATES_SETUP, TWO_STATES),
    "cryptography copy": Rival(
        "cryptography",
        "from cryptography.hazmat.primitives import hashes, hmac\nkey = hmac.HMAC(secret, hashes.SHA256())",
        COPY + "keyed.finalize().hex()",
    ),
    "nautilus_trader": Rival(
        "nautilus_trader",
        "from nautilus_trader.core.nautilus_pyo3 import hmac_signature",
        f"hmac_signature(api_secret, {PREHASH})",
    ),
    "ccxt": Rival(
        "ccxt", "import hashlib\nfrom ccxt import Exchange", f"Exchange.hmac({ENCODED}, secret, hashlib.sha256)"
    ),
    "pycryptodome": Rival(
        "Crypto", "from Crypto.Hash import HMAC, SHA256", f"HMAC.new(secret, {ENCODED}, SHA256).hexdigest()"
    ),
}
RIVALS = OURS | OTHERS
FOR_LENGTH = (
    "woox_fast",
    "woox_fast, pure fallback",
    "hmac.new",
    "two hashlib states",
    "cryptography copy",
    "nautilus_trader",
)

LEFT_OUT: dict[str, str] = {
    name: f"{rival.needs} is not installed" for name, rival in RIVALS.items() if not _is_installed(rival.needs)
}
