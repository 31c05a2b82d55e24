"""Hypothesis strategies for backends' calls. The oracle is the standard library's hmac.

The short test and `make fuzz` run the same checks. Errors must equal the errors of the pure backend, the specification.
"""

from __future__ import annotations

import array
import random
from contextlib import suppress
from types import ModuleType
from typing import Any

from hypothesis import strategies as st

from helpers.oracle import oracle
from woox_fast import _sign_py

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
METHODS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=12)
TIMESTAMPS = st.integers(10**12, 10**13 - 1)
# Up to a few blocks, near block borders, and seldom the size of many orders.
SIZES = st.one_of(
    st.integers(0, 260), st.builds(lambda n, d: max(0, 64 * n + d), st.integers(0, 8), st.integers(-30, 3)),
    st.integers(0, 10 * 1024),
)  # fmt: skip


def _fail(*_: object) -> Any:
    raise TypeError("on purpose")  # hypothesis hashes values, and expects no other exception


class Text(str):
    """A subclass whose methods raise. Backends must use the stored text."""

    __slots__ = ()
    __len__ = __iter__ = __getitem__ = __str__ = __hash__ = __eq__ = encode = isascii = isdigit = _fail


class Number(int):
    __index__ = __int__ = __str__ = __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __hash__ = _fail


class Bytes(bytes):
    __len__ = __iter__ = __getitem__ = __bytes__ = __eq__ = __hash__ = _fail


def _body_forms(data: bytes) -> list[Any]:
    """Return `data` in all types that a body can have."""
    forms: list[Any] = [data, bytearray(data), memoryview(data), memoryview(b"x" + data + b"x")[1:-1]]
    forms += [array.array("b", data), memoryview(bytearray(data)), Bytes(data)]
    if data and len(data) % 4 == 0:
        forms += [array.array("I", data), memoryview(data).cast("B", (len(data) // 4, 4))]
    with suppress(UnicodeDecodeError):
        forms += [data.decode(), Text(data.decode())]
    return forms if data else [*forms, None]


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, bytes, tuple[Any, Any, Any, Any]]:
    """Draw a request: the prehash up to the body, the body, and the arguments in any accepted types."""
    timestamp, method, path = draw(TIMESTAMPS), draw(METHODS), "/" + draw(TEXT)
    filler = random.Random(draw(st.integers(0, 2**32)))
    text = draw(st.sampled_from(["", "abc{}:,", "aé", "aя", "a\U0001f600"]))
    size = draw(SIZES)
    data = "".join(filler.choices(text, k=size)).encode() if text else filler.randbytes(size)
    forms = _body_forms(data)
    request = (
        draw(st.sampled_from([timestamp, str(timestamp), Number(timestamp), Text(timestamp)])),
        draw(st.sampled_from([method, Text(method)])),
        draw(st.sampled_from([path, Text(path)])),
        forms[draw(st.integers(0, len(forms) - 1))],
    )
    return f"{timestamp}{method}{path}".encode(), data, request


SECRETS = st.one_of(st.binary(min_size=1, max_size=200), TEXT.map("s{}s".format))


@st.composite
def surrogate_texts(draw: st.DrawFn) -> str:
    """Draw a text that UTF-8 cannot encode, with lone or reversed surrogates at any position."""
    before = draw(st.sampled_from(["", "/", "/v3/x?a=", "{", "1578565539808", "GET", "é", "\U0001f600", "a" * 300]))
    surrogates = draw(st.sampled_from(["\ud800", "\udfff", "\udc00\ud800", "\ud800\ud800", "\udfffb\ud800"]))
    text = before + surrogates + draw(st.sampled_from(["", "}", "é", "я" * 40]))
    return draw(st.sampled_from([text, Text(text)]))


GARBAGE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=20),
    st.sampled_from(["1578565539808", "GET", "get", "/", [], {}, (), object]), surrogate_texts(),
    st.builds(lambda: memoryview(b"abcd")[::2]),
)  # fmt: skip


def check_any_request(
    module: ModuleType, secret: Any, wanted: list[tuple[bytes, bytes, tuple[Any, Any, Any, Any]]]
) -> None:
    """Sign the requests by every method of `module`, and compare with hmac."""
    key = secret.encode() if isinstance(secret, str) else secret
    signer = module.Signer("k", secret)
    expected_of_all = []
    for head, data, request in wanted:
        message = head + data
        expected = oracle(message, key)
        expected_of_all.append(expected)
        timestamp, method, path, body = request
        assert signer.sign(*request) == expected
        assert module.sign(secret, *request) == expected
        assert signer.hexdigest(message) == expected
        assert signer.headers(method, path, body, timestamp=timestamp)["x-api-signature"] == expected
        assert signer.verify(expected, *request)
        assert signer.verify(expected.upper(), *request)
        assert not signer.verify(expected[:-1] + ("0" if expected[-1] != "0" else "1"), *request)
        sent = signer.encode_request(method, "/sent?as=is", body, host="h", timestamp=timestamp)
        signed = oracle(head[:13] + sent.partition(b" ")[0] + b"/sent?as=is" + data, key)
        assert f"\r\nx-api-signature: {signed}\r\n".encode() in sent.partition(b"\r\n\r\n")[0] + b"\r\n"
        assert sent.partition(b"\r\n\r\n")[2] == data
    assert signer.sign_many(request for _, _, request in wanted) == expected_of_all


TIMED = ("headers", "encode_request", "prepare")  # their results contain the current time


def outcome(call: Any, *arguments: Any, **options: Any) -> tuple[Any, ...]:
    """Return a call's result, or all readable parts of its exception."""
    try:
        return "", str(call(*arguments, **options))
    except Exception as error:
        return type(error).__name__, str(error), *refusal(error)


def refusal(error: BaseException) -> tuple[Any, ...]:
    """Return an exception's readable parts, apart from its type and message."""
    fields = ("encoding", "object", "start", "end", "reason")
    hidden = error.__context__ is None or error.__suppress_context__
    return (*(getattr(error, field, None) for field in fields), error.args, error.__cause__, hidden)


def check_any_refusal(backend: ModuleType, request: tuple[Any, ...]) -> None:
    """Check that `backend` raises the errors of the pure backend."""
    ours, pure = backend.Signer("k", "s"), _sign_py.Signer("k", "s")
    batch = [(1578565539808, "GET", "/", b""), request]
    for name, arguments in (
        ("sign", request),
        ("sign_many", (batch,)),
        ("sign_many", (request,)),
        ("verify", ("0" * 64, *request)),
        ("verify", request[:1] + request),
        ("hexdigest", request[3:]),
        ("headers", request[1:]),
        ("encode_request", request[1:]),
        ("prepare", request[1:3]),
    ):
        assert_same(name, getattr(ours, name), getattr(pure, name), *arguments)
    stamp, method, path, body = request
    for name in "headers", "encode_request":
        for timed in {"timestamp": stamp}, {"timestamp": 1578565539808}:
            assert_same(name, getattr(ours, name), getattr(pure, name), method, path, body, **timed)
    assert_same("host", ours.encode_request, pure.encode_request, "GET", "/", host=stamp, timestamp=1578565539808)
    assert_same("sign", backend.sign, _sign_py.sign, "s", *request)
    assert_same("secret", backend.sign, _sign_py.sign, body, 1578565539808, "GET", "/")
    # Requests with a single wrong argument.
    for good in ((1578565539808, "POST", "/", body), (1578565539808, "POST", path, b""), (stamp, "POST", "/", "")):
        assert_same("sign", ours.sign, pure.sign, *good)
        assert_same("sign_many", ours.sign_many, pure.sign_many, [good])
        assert_same("headers", ours.headers, pure.headers, *good[1:])
    for options in {}, {"clock_offset_ms": path}, {"recv_window_ms": body}:
        for arguments in (request[:2], request[2:], ("k", body)):
            made, specified = (outcome(module.Signer, *arguments, **options) for module in (backend, _sign_py))
            assert made == specified if made[0] else not specified[0]


def assert_same(name: str, ours: Any, pure: Any, *arguments: Any, **options: Any) -> None:
    ours_said, pure_said = (outcome(call, *arguments, **options) for call in (ours, pure))
    if ours_said[0] or pure_said[0] or name not in TIMED:
        assert ours_said == pure_said, name
