"""Orders over connections that are open and warm, many at once, each sent once.

`Gateway` is for threads, `AsyncGateway` for asyncio and uvloop. Needs: pip install 'woox-fast[gateway]'
"""

from .asynchronous import AsyncGateway
from .blocking import Gateway
from .errors import NoReplyError, NotSentError
from .reply import Reply

__all__ = ["AsyncGateway", "Gateway", "NoReplyError", "NotSentError", "Reply"]
