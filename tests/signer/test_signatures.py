"""Signatures of every backend, against published vectors and the standard library's hmac."""

from __future__ import annotations

import array
import ctypes
import hashlib
import hmac
import itertools
import mmap
import random
import sys

import pytest
from helpers.oracle import NOW, SECRET, oracle


def test_rfc4231_vectors_are_signed(implementation, rfc4231_vectors):
    assert len(rfc4231_vectors) == 7
    for vector in rfc4231_vectors:
        signer = implementation.Signer("k", bytes.fromhex(vector["key_hex"]))
        expected = vector["hmac_sha256_hex"]
        assert signer.hexdigest(bytes.fromhex(vector["message_hex"]))[: len(expected)] == expected, vector["case"]


def test_woox_vectors_are_signed(implementation, woox_vectors):
    signer = implementation.Signer(woox_vectors["api_key"], woox_vectors["api_secret"])
    for vector in woox_vectors["vectors"]:
        assert signer.hexdigest(vector["payload"]) == vector["signature"], vector["name"]
        if vector["scheme"] == "v3":
            request = vector["timestamp"], vector["method"], vector["path"], vector["body"]
            assert signer.sign(*request) == vector["signature"], vector["name"]
            assert signer.sign(int(vector["timestamp"]), *request[1:]) == vector["signature"], vector["name"]
            assert implementation.sign(woox_vectors["api_secret"], *request) == vector["signature"], vector["name"]
            assert signer.sign_many([request]) == [vector["signature"]], vector["name"]
            assert signer.verify(vector["signature"], *request), vector["name"]


def test_every_message_length_is_signed(signer):
    message = bytes(random.Random(1).choices(range(128), k=300))
    for size in range(301):
        expected = oracle(message[:size])
        assert signer.hexdigest(message[:size]) == expected, size
        assert signer.hexdigest(message[:size].decode()) == expected, size


def test_every_secret_length_is_accepted(implementation):
    secret = random.Random(3).randbytes(200)
    for size in range(1, 201):
        expected = oracle(b"message", secret[:size])
        assert implementation.Signer("k", secret[:size]).hexdigest(b"message") == expected, size


def test_secret_is_utf8(implementation):
    for secret in ("é", "ключ", "key \U0001f511", "x" * 64, "x" * 65, "ключ" * 20, "\0", "a\0b"):
        assert implementation.Signer("k", secret).hexdigest("m") == oracle(b"m", secret.encode()), secret


def test_shared_byte_is_unchanged(implementation):
    class Secret(bytes):
        pass

    implementation.Signer("k", Secret(b"Z"))
    assert ord(b"Z"[0:1]) == 90
    assert bytes([90]) == b"Z"


@pytest.mark.parametrize("total", [55, 56, 64, 119, 120, 128, 184, 193, 320])
def test_splits_near_blocks_are_signed(signer, total):
    rng = random.Random(total)
    for method_size in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 63, 64, 65, 130):
        for path_size in (*range(1, 20), 31, 32, 33, 50, 51, 63, 64, 65, 127, 128, 129, 200):
            body_size = total - 13 - method_size - path_size
            if body_size < 0:
                continue
            method = "".join(rng.choices("ABCXYZ", k=method_size))
            path = "/" + "".join(rng.choices("abc/?&=%20", k=path_size - 1))
            body = "".join(rng.choices('{}":,0123456789', k=body_size))
            timestamp = rng.randrange(10**12, 10**13)
            expected = oracle(f"{timestamp}{method}{path}{body}".encode())
            split = method_size, path_size, body_size
            assert signer.sign(timestamp, method, path, body) == expected, split
            assert signer.sign(str(timestamp), method, path, body.encode()) == expected, split


@pytest.mark.parametrize("size", [1000, 4095, 4096, 4097, 65536, (1 << 20) + 1])
def test_long_bodies_are_signed(signer, size):
    body = random.Random(size).randbytes(size)
    expected = oracle(b"%dPOST/v3/x" % NOW + body)
    for same in (body, bytearray(body), memoryview(body), memoryview(b" " + body)[1:]):  # the last at an odd address
        assert signer.sign(NOW, "POST", "/v3/x", same) == expected
    text = "é" * size
    assert signer.sign(NOW, "POST", "/v3/x", text) == oracle(f"{NOW}POST/v3/x{text}".encode())


@pytest.mark.slow
def test_length_exceeds_32_bits(signer):
    body = bytes(1 << 29)  # zeros use no memory until they are written
    expected = hmac.new(SECRET.encode(), b"%dPOST/v3/x" % NOW, hashlib.sha256)
    expected.update(body)  # not oracle(), which would concatenate both
    assert signer.sign(NOW, "POST", "/v3/x", body) == expected.hexdigest()


def test_timestamps_are_signed(signer):
    borders = [10**12, 10**12 + 1, 1999999999999, 9999999999999, 1234567890123, 9000000000009]
    for timestamp in (*borders, *random.Random(4).sample(range(10**12, 10**13), 300)):
        assert signer.sign(timestamp, "GET", "/") == oracle(b"%dGET/" % timestamp)
        assert signer.sign(f"{timestamp}", "GET", "/") == oracle(b"%dGET/" % timestamp)
    assert signer.sign("0000000000000", "GET", "/") == oracle(b"0000000000000GET/")


def test_body_types_are_signed(signer):
    expected = {body: oracle(f"{NOW}POST/v3/x".encode() + body) for body in (b"", b"body", b"abcdefgh", b"a\0b")}
    for body in (b"", None, "", bytearray(), memoryview(b""), memoryview(b"")[:0], array.array("d")):
        assert signer.sign(NOW, "POST", "/v3/x", body) == expected[b""]
    with mmap.mmap(-1, 4) as shared:
        shared[:] = b"body"
        for body in ("body", b"body", bytearray(b"body"), memoryview(b"xbodyx")[1:5], shared):
            assert signer.sign(NOW, "POST", "/v3/x", body) == expected[b"body"]
    for body in (
        array.array("b", b"abcdefgh"),
        array.array("I", b"abcdefgh"),
        memoryview(b"abcdefgh").cast("B", (2, 4)),
        memoryview(bytearray(b"abcdefgh")).cast("H"),
    ):
        assert signer.sign(NOW, "POST", "/v3/x", body) == expected[b"abcdefgh"]
    assert signer.sign(NOW, "POST", "/v3/x", "a\0b") == expected[b"a\0b"]


def test_buffer_is_released(signer):
    body = bytearray(b"body")
    signer.sign(NOW, "POST", "/v3/x", body)
    signer.sign_many([(NOW, "POST", "/v3/x", body)] * 2)
    signer.hexdigest(body)
    signer.encode_request("POST", "/v3/x", body)
    body.append(1)  # raises BufferError if a buffer was not released


def test_strings_of_every_width_are_signed(signer):
    for path in ("/é", "/я", "/\U0001f600", "/\0", "/é" * 100):
        for body in ("", "ÿ", "Ā", "\U0001f600", "mixed é я \U0001f600"):
            assert signer.sign(NOW, "POST", path, body) == oracle(f"{NOW}POST{path}{body}".encode())


@pytest.mark.parametrize("count", [0, 1, 2, 3, 127, 128, 129, 2047, 2048, 2049, 4096, 4099])
def test_batch_of_any_length_is_signed(signer, count):
    requests = [(NOW + i, "POST" if i % 5 else "GET", "/v3/x", "b" * (i % 700)) for i in range(count)]
    expected = [oracle("".join(map(str, request)).encode()) for request in requests]
    assert signer.sign_many(requests) == expected
    assert signer.sign_many(list(request) for request in requests) == expected


@pytest.mark.parametrize("size", [40, 600])
def test_batch_of_equal_lengths_is_signed(signer, size):
    drawn = random.Random(size)
    for count in (22, 23, 24, 25, 31, 32, 33, 63, 64, 65, 100):
        texts = ["".join(drawn.choices("abc", k=size)) for _ in range(count)]
        cuts = [drawn.choice([0, 1, drawn.randrange(size), size]) for _ in range(count)]
        requests = [(NOW, "POST", f"/{text[:cut]}", text[cut:]) for text, cut in zip(texts, cuts, strict=True)]
        assert signer.sign_many(requests) == [oracle(f"{NOW}POST/{text}".encode()) for text in texts]


def as_bytes(part: object) -> bytes:
    return bytes(part or b"") if isinstance(part, (bytes, bytearray, type(None))) else str(part).encode()


def test_batch_of_every_kind_is_signed(signer):
    """The core reads a field once if the previous request has the same object, and again if the object differs."""
    drawn = random.Random(7)
    border = 1578565540000
    timestamps = [border - 1, border, border + 9999, border + 10000, NOW, str(NOW), str(border), 10**12, 10**13 - 1]
    timestamps += [int(str(NOW))]  # an equal, different object
    methods = ["GET", "POST", "DELETE", "PUT", "".join(["P", "OST"])]
    paths = ["/", "/v3/trade/order", "".join(["/v3/trade", "/order"]), "/v3/é"]
    bodies = ["", "{}", b"x" * 100, None, bytearray(b"y"), "é", "b" * 20_000, b"b" * 16_384, "é" * 16_383]
    requests = [tuple(map(drawn.choice, (timestamps, methods, paths, bodies))) for _ in range(1500)]
    requests[100:120] = [list(request) for request in requests[100:120]]
    expected = [oracle(b"".join(map(as_bytes, request))) for request in requests]
    assert signer.sign_many(requests) == expected


@pytest.mark.parametrize("bad", [NOW * 10, NOW // 10, 10**13, 10**12 - 1, -NOW, 0, 2**64 + NOW])
def test_timestamp_after_valid_is_checked(signer, bad):
    good = (NOW, "GET", "/", b"")
    with pytest.raises(ValueError, match=r"requests\[2\]: timestamp"):
        signer.sign_many([good, good, (bad, *good[1:]), good])


def test_endless_batch_is_refused(signer):
    with pytest.raises(ValueError, match=r"^requests\[3\]: timestamp must be"):
        signer.sign_many((NOW if i < 3 else 5, "GET", "/", b"") for i in itertools.count())


class NextOnly:
    def __init__(self, requests):
        self._iterator = iter(requests)

    def __next__(self):
        return next(self._iterator)


def test_batch_iterator_is_created_once(signer):
    """The iterator has no `__iter__`, so it is an error to call iter() on it."""

    class Batch(list):
        def __iter__(self):
            return NextOnly(list.__iter__(self))

    requests = [(NOW + i, "GET", "/", b"") for i in range(3)]
    assert signer.sign_many(Batch(requests)) == [oracle(b"%dGET/" % (NOW + i)) for i in range(3)]


def test_batch_owns_created_fields(signer):
    """A tuple subclass can create new fields each time it is iterated."""

    class Request(tuple):
        __slots__ = ()

        def __iter__(self):
            return iter([NOW, "GET", f"/{self[0]}", b"%d" % self[0]])

    count = 3000
    expected = [oracle(b"%dGET/%d%d" % (NOW, i, i)) for i in range(count)]
    assert signer.sign_many([Request((i,)) for i in range(count)]) == expected
    assert signer.sign_many(Request((i,)) for i in range(count)) == expected


@pytest.mark.parametrize("kind", [ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p], ids=lambda kind: kind.__name__)
def test_buffer_of_addresses_is_refused(signer, kind):
    body = (kind * 2)()
    for call in (lambda: signer.sign(NOW, "POST", "/", body), lambda: signer.encode_request("POST", "/", body)):
        with pytest.raises(TypeError, match=r"^body must be a buffer of values, got a .* of memory addresses"):
            call()
    with pytest.raises(TypeError, match=r"^message must be a buffer of values"):
        signer.hexdigest(body)


def test_batch_error_is_complete(signer):
    """An error in a batch has the index in its message, and its original arguments, notes and cause."""
    cause = KeyError("cause")

    class Fields(list):
        def __iter__(self):
            error = ValueError("no fields", 7)
            error.__notes__ = ["a note"]
            raise error from cause

    with pytest.raises(ValueError, match="no fields") as raised:
        signer.sign_many([(NOW, "GET", "/", b""), Fields()])
    assert raised.value.args == ("requests[1]: no fields", 7)
    assert raised.value.__notes__ == ["a note"]
    assert raised.value.__cause__ is cause


@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes in Python can define buffers from 3.12 on")
def test_buffer_error_is_raised(signer):
    class Broken:
        def __buffer__(self, flags):
            raise TypeError("theirs")

    with pytest.raises(TypeError, match=r"^theirs$"):
        signer.sign(NOW, "POST", "/", Broken())


def test_keyword_arguments_are_accepted(signer, implementation):
    request = {"timestamp": NOW, "method": "POST", "path": "/v3/x", "body": "{}"}
    expected = oracle(b"%dPOST/v3/x{}" % NOW)
    assert signer.sign(**request) == expected
    assert implementation.sign(api_secret=SECRET, **request) == expected
    assert signer.verify(signature=expected, **request)
    assert implementation.Signer(api_key="k", api_secret=SECRET, clock_offset_ms=0).sign(**request) == expected
    assert signer.hexdigest(message="m") == oracle(b"m")
    assert signer.sign_many(requests=[tuple(request.values())]) == [expected]


def test_verify_compares_signatures(signer):
    request = NOW, "POST", "/v3/x", "{}"
    good = oracle(b"%dPOST/v3/x{}" % NOW)
    assert signer.verify(good, *request) is True
    assert signer.verify(good.upper(), *request) is True
    for at in range(64):
        wrong = good[:at] + ("0" if good[at] != "0" else "1") + good[at + 1 :]
        assert signer.verify(wrong, *request) is False
    for wrong in ("", good[:-1], good + "0", good + "\0", "\0" * 64, "é" * 64, " " + good[1:], "K" * 64):
        assert signer.verify(wrong, *request) is False
    # Control characters 0x10 to 0x19 differ from digits by the bit that differs between cases.
    folded = "".join(chr(ord(c) ^ 0x20) if c.isdigit() else c for c in good)
    assert signer.verify(folded, *request) is False
