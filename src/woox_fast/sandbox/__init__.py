"""An embedded WOO X exchange, in which a bot can be rehearsed from the first order to the last fill.

    with Sandbox() as url:                      # in a test: a server in a thread of this process
        requests.get(url + "/v3/asset/balances", auth=...)

    python -m woox_fast sandbox --port 0        # a process with a web page

The sandbox verifies the signature of every private request as the integration guide documents
(https://developer.woox.io/api-reference/guide): HMAC-SHA256 over timestamp + method + request target + body, over the
raw bytes, with the standard library and not with woox-fast's own signer.
"""

from .._credentials import API_KEY as DEMO_API_KEY
from .._credentials import API_SECRET as DEMO_API_SECRET
from .errors import ERRORS, ApiError, Refusal
from .faults import FAULTS, FaultError
from .log import RequestRecord
from .server import Sandbox, run

__all__ = ["DEMO_API_KEY", "DEMO_API_SECRET", "ERRORS", "FAULTS", "ApiError", "FaultError", "Refusal", "RequestRecord",
           "Sandbox", "run"]  # fmt: skip
