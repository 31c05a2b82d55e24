"""An embedded WOO X exchange that verifies every signature with the standard library.

    with Sandbox() as url:                      # in tests: a server in a thread of this process
        requests.get(url + "/v3/asset/balances", auth=...)

    python -m woox_fast sandbox --port 0        # a server of its own, with a page that shows what it sees

It checks private requests as the integration guide says (https://developer.woox.io/api-reference/guide): HMAC-SHA256
over timestamp + method + request target + body, all of them as they arrived, never re-encoded, and never with
woox-fast's own signer. Orders rest in memory; there is no matching and no websocket. `Sandbox(faults=[...])` has it
fail on purpose: see `woox_fast.sandbox.rules`.
"""

from .._credentials import API_KEY as DEMO_API_KEY
from .._credentials import API_SECRET as DEMO_API_SECRET
from .errors import ERRORS, ApiError, Refusal
from .faults import FAULTS, FaultError
from .record import RequestRecord
from .server import Sandbox, run

__all__ = [
    "DEMO_API_KEY",
    "DEMO_API_SECRET",
    "ERRORS",
    "FAULTS",
    "ApiError",
    "FaultError",
    "Refusal",
    "RequestRecord",
    "Sandbox",
    "run",
]
