"""The `Signer` object: headers, the clock, and the protection of its secret."""

from __future__ import annotations

import copy
import gc
import hmac
import pickle
import re
import time
from contextlib import suppress
from functools import partial

import pytest
from helpers.oracle import KEY, NOW, SECRET, oracle

from woox_fast import _sign_base
from woox_fast._checks import check_body

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("method", "body", "content_type"),
    [
        ("POST", "{}", JSON),
        ("POST", b"", JSON),
        ("PUT", "{}", JSON),
        ("GET", "", FORM),
        ("GET", "a=1", FORM),
        ("DELETE", None, FORM),
        ("PATCH", "{}", JSON),
        ("PATCH", bytearray(b"x"), JSON),
        ("PATCH", memoryview(b"xyz").cast("B", (3, 1)), JSON),
        ("PATCH", "", FORM),
        ("PATCH", None, FORM),
        ("HEAD", bytearray(), FORM),
    ],
)
def test_headers_contain_signature(signer, method, body, content_type):
    for timestamp in (NOW, str(NOW)):
        headers = signer.headers(method, "/v3/x?a=1", body, timestamp=timestamp)
        data = b"" if body is None else body.encode() if isinstance(body, str) else bytes(body)
        assert list(headers.items()) == [
            ("x-api-key", KEY),
            ("x-api-timestamp", str(NOW)),
            ("x-api-signature", oracle(f"{NOW}{method}/v3/x?a=1".encode() + data)),
            ("Content-Type", content_type),
        ]
        assert all(type(value) is str for value in headers.values())


def test_alternating_methods_are_signed(signer):
    types = [signer.headers(method, "/")["Content-Type"] for method in ("POST", "GET", "POST")]
    assert types == [JSON, FORM, JSON]


class Number(int):
    def __str__(self):
        return "lie"


@pytest.mark.parametrize("window", [1, 5000, 60_000, Number(700)], ids=int)
@pytest.mark.parametrize("method", ["POST", "GET", "PATCH"])
def test_recv_window_is_not_signed(implementation, method, window):
    signer = implementation.Signer(KEY, SECRET, recv_window_ms=window)
    assert (signer.recv_window_ms, type(signer.recv_window_ms)) == (window, int)
    shown = int.__repr__(window)
    for path, body in ("/v3/x", "{}"), ("/v3/é", bytearray(b"{}")):
        signature = oracle(f"{NOW}{method}{path}{{}}".encode())
        content_type = FORM if method == "GET" else JSON
        wanted = [
            ("x-api-key", KEY),
            ("x-api-timestamp", str(NOW)),
            ("x-api-signature", signature),
            ("x-api-recvwindow", shown),
            ("Content-Type", content_type),
        ]
        assert list(signer.headers(method, path, body, timestamp=NOW).items()) == wanted
        assert signer.sign(NOW, method, path, body) == signature
    assert signer.prepare("GET", "/v3/x").headers["x-api-recvwindow"] == shown
    for stamp in NOW, type("Stamp", (int,), {})(NOW):  # the fast path and the slow path
        head, _, body = signer.encode_request(method, "/v3/x", "{}", timestamp=stamp).partition(b"\r\n\r\n")
        assert head.decode().split("\r\n")[-2:] == [
            "x-api-signature: " + oracle(f"{NOW}{method}/v3/x{{}}".encode()),
            f"x-api-recvwindow: {shown}",
        ]
        assert body == b"{}"


def test_recv_window_is_optional(implementation):
    for signer in implementation.Signer(KEY, SECRET), implementation.Signer(KEY, SECRET, recv_window_ms=None):
        assert signer.recv_window_ms is None
        assert "x-api-recvwindow" not in signer.headers("GET", "/")
        assert b"recvwindow" not in signer.encode_request("GET", "/")


@pytest.mark.parametrize("offset", [0, 1, -1, 90_000, -(10**9)])
def test_timestamp_is_local_clock_plus_offset(implementation, offset):
    signer = implementation.Signer(KEY, SECRET, clock_offset_ms=offset)
    before = time.time_ns() // 1_000_000 + offset
    headers = signer.headers("GET", "/v3/x")
    request = signer.encode_request("GET", "/v3/x")
    after = time.time_ns() // 1_000_000 + offset
    stamp = headers["x-api-timestamp"]
    assert headers["x-api-signature"] == oracle(f"{stamp}GET/v3/x".encode())
    sent = re.search(rb"x-api-timestamp: (\d{13})\r\n", request)[1].decode()
    assert f"x-api-signature: {oracle(f'{sent}GET/v3/x'.encode())}\r\n".encode() in request
    assert before - 1 <= int(stamp) <= int(sent) <= after + 1
    signer.clock_offset_ms = -(10**13) + 1
    for call in signer.headers, signer.encode_request:
        with pytest.raises(ValueError, match="exactly 13 digits, got -"):
            call("GET", "/")


def test_clock_offset_can_be_set(signer):
    assert signer.clock_offset_ms == 0
    signer.clock_offset_ms = 3_600_000
    assert signer.clock_offset_ms == 3_600_000
    assert int(signer.headers("GET", "/")["x-api-timestamp"]) > time.time_ns() // 1_000_000 + 3_000_000
    with pytest.raises((AttributeError, NotImplementedError)):
        del signer.clock_offset_ms


def test_any_printable_key_is_accepted(implementation):
    key = "".join(map(chr, range(0x21, 0x7F)))
    assert implementation.Signer(key, SECRET).headers("GET", "/")["x-api-key"] == key


def test_buffer_is_read_in_place():
    for body in (bytearray(b"abcd"), memoryview(bytearray(b"abcd"))):
        view = check_body(body)
        body[0] = ord("x")
        assert bytes(view) == b"xbcd"


def test_refused_buffer_is_released():
    body = bytearray(b"abcd")
    whole = memoryview(body)
    gaps = whole[::2]
    with pytest.raises(BufferError) as raised:
        check_body(gaps)
    gaps.release()
    whole.release()
    body.append(1)  # raises BufferError while a frame of the traceback exports a buffer
    del raised


def test_verify_takes_constant_time(implementation, signer, monkeypatch):
    """No result shows it, so this test sees which function compares."""
    module = implementation if implementation.backend == "cython" else _sign_base
    compared = []
    monkeypatch.setattr(module, "_compare_digest", lambda *pair: compared.append(pair) or hmac.compare_digest(*pair))
    right, wrong = oracle(b"%dGET/" % NOW), "0" * 64
    assert signer.verify(right.upper(), NOW, "GET", "/")
    assert not signer.verify(wrong, NOW, "GET", "/")
    assert compared == [(right, right), (wrong, right)]


def test_signer_is_immutable(signer):
    assert signer.api_key == KEY
    with pytest.raises(AttributeError):
        signer.api_key = "other"
    with pytest.raises(AttributeError):
        signer.anything = 1
    with pytest.raises(TypeError):
        vars(signer)
    before = signer.sign(NOW, "GET", "/")
    with suppress(TypeError):
        signer.__init__("other", "other")
    assert signer.api_key == KEY
    assert signer.sign(NOW, "GET", "/") == before


def test_repr_shows_key_start(implementation, signer):
    assert repr(signer) == f"<woox_fast.Signer {implementation.backend} api_key='Abmy'...>"
    assert str(signer) == format(signer) == repr(signer)


def test_copying_signer_raises(implementation, signer):
    pickles = [partial(pickle.dumps, protocol=protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for duplicate in (*pickles, copy.copy, copy.deepcopy, lambda s: s.__reduce__(), lambda s: s.__reduce_ex__(4)):
        with pytest.raises(TypeError, match="holds a secret"):
            duplicate(signer)
    with pytest.raises(TypeError, match="is not an acceptable base type"):
        type("Sub", (implementation.Signer,), {})


def test_attributes_hide_secret(signer):
    seen = [repr(signer), repr(dir(signer)), repr(gc.get_referents(signer))]
    seen += [repr(getattr(signer, name, "")) for name in dir(signer)]
    assert not any(SECRET in text for text in seen)
