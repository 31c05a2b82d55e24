"""The tables for all request parts, in the order in which a program builds these parts."""

from __future__ import annotations

from ..rows import Table
from .body import BODY
from .digest import DIGEST
from .layout import LAYOUT
from .method import METHOD
from .path import PATH
from .query import QUERY
from .secret import SECRET
from .timestamp import TIMESTAMP

TABLES: dict[str, Table] = {
    "secret": SECRET,
    "timestamp": TIMESTAMP,
    "method": METHOD,
    "path": PATH,
    "query": QUERY,
    "body": BODY,
    "layout": LAYOUT,
    "digest": DIGEST,
}
