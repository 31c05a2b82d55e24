"""For the tests of those who use woox-fast: is this request signed as WOO X wants it?

With the `sandbox` extra pytest also has two fixtures: `woox_sandbox`, an exchange of the test's own, which fails on purpose
if the marker `woox_faults` says so, and `woox_signer`, a `Signer` for its account.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from . import _checks, _credentials
from ._explain import explain


class RunningSandbox(NamedTuple):
    """What the fixture `woox_sandbox` gives.

    `requests` holds a `RequestRecord` of each request, the last 1,000. `faults` are the rules in force, with `add(RULE)`
    and `clear()`. `orders()` says what the exchange holds, and how often each clientOrderId arrived.
    """

    url: str
    api_key: str
    api_secret: str
    requests: Sequence[Any]
    faults: Any = None
    orders: Callable[[], dict[str, Any]] = dict

    def __repr__(self) -> str:
        return f"<RunningSandbox {self.url} with {len(self.requests)} requests>"


def assert_signed(
    request: Any, api_secret: str | bytes = _credentials.API_SECRET, *, api_key: str | None = None
) -> None:
    """Raise AssertionError, with the mistake and its mend, unless `request` carries its own V3 signature.

    `request` is any object with `method`, `url`, `headers` and `body` or `content`: a `SignedRequest`, a prepared
    request of requests, a request of httpx. `api_secret` is by default the sandbox's; `api_key` is compared if given.
    Verified with the standard library's `hmac`. Raises TypeError for what is no such request.
    """
    method, url, headers, body = _parts(request)
    missing = [name for name in ("x-api-key", "x-api-timestamp", "x-api-signature") if name not in headers]
    if missing:
        raise AssertionError(f"{method} {url} is not signed: it has no {', '.join(missing)}")
    key, stamp, signature = (headers[f"x-api-{name}"] for name in ("key", "timestamp", "signature"))
    if api_key is not None and key != api_key:
        raise AssertionError(f"{method} {url} has x-api-key {key[:4]!a}..., expected {api_key[:4]!a}...")
    split = urlsplit(url)
    path = (split.path or "/") + ("?" + split.query if split.query else "")
    secret = api_secret.encode() if isinstance(api_secret, str) else api_secret
    expected = hmac.new(secret, f"{stamp}{method}{path}".encode() + body, hashlib.sha256).hexdigest()
    well_stamped = len(stamp) == 13 and stamp.isascii() and stamp.isdigit()
    if hmac.compare_digest(signature.encode(), expected.encode()) and well_stamped:
        return
    found = explain(api_secret, signature, stamp, method, url, body, api_key=key, scheme="v3")
    raise AssertionError(f"{method} {url} is not signed as WOO X wants it.\n{found}")


def _parts(request: Any) -> tuple[str, str, dict[str, str], bytes]:
    method, url, headers = (getattr(request, name, None) for name in ("method", "url", "headers"))
    if not isinstance(method, str) or url is None or not isinstance(headers, Mapping):
        raise TypeError(
            f"request must have method, url, headers and body or content, got {type(request).__name__}; "
            "pass the request, not its response"
        )
    body = request.body if hasattr(request, "body") else getattr(request, "content", None)
    lower = {_text(name).lower(): _text(value) for name, value in headers.items()}
    return method, str(url), lower, bytes(_checks.body_bytes(body))


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
