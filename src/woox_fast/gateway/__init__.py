"""Orders over open, warm connections. Each order is sent at most once.

`Gateway` is for threads, `AsyncGateway` for asyncio and uvloop. Install it with: pip install 'woox-fast[gateway]'
"""

from .asynchronous import AsyncGateway
from .blocking import Gateway
from .errors import NoReplyError, NotSentError
from .events import Event
from .limits import WOO_X_LIMITS, Limit
from .placement import Placement
from .response import Response

__all__ = [
    "WOO_X_LIMITS",
    "AsyncGateway",
    "Event",
    "Gateway",
    "Limit",
    "NoReplyError",
    "NotSentError",
    "Placement",
    "Response",
]
