# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The fast path: readers of plain objects, whose bytes are used in place.

Each returns whether it could read its object. What it cannot read is not yet refused: `_checks` decides about that.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_GET_SIZE
from cpython.long cimport PyLong_CheckExact
from libc.stdint cimport int64_t, uint8_t, uint32_t

from _core cimport (
    METHOD_MAX, METHOD_MIN, TIMESTAMP_SIZE, hmac_sha256_message, hmac_sha256_part, prehash_digits, prehash_method,
    prehash_milliseconds,
)

cdef extern from "fast_path.h":
    int64_t exact_int(object number) noexcept
    int64_t now_ms() noexcept

cdef extern from "Python.h":
    ctypedef struct PyASCIIObject:
        pass
    bint PyUnicode_CheckExact(object)
    bint PyUnicode_IS_COMPACT_ASCII(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object)


cdef inline char *ascii_data(str text) noexcept:
    """The characters of a compact ASCII str."""
    return <char *>(<PyASCIIObject *>text + 1)


cdef inline hmac_sha256_part ascii_part(str text) noexcept:
    cdef hmac_sha256_part part
    part.data, part.size = ascii_data(text), <size_t>PyUnicode_GET_LENGTH(text)
    return part


cdef inline bint read_ascii(object text, hmac_sha256_part *part) noexcept:
    if not (PyUnicode_CheckExact(text) and PyUnicode_IS_COMPACT_ASCII(text)):
        return False
    part[0] = ascii_part(<str>text)
    return True


cdef inline bint read_timestamp(object timestamp, uint8_t *head) noexcept:
    cdef hmac_sha256_part text
    if PyLong_CheckExact(timestamp):
        return prehash_milliseconds(head, exact_int(timestamp))
    return (
        read_ascii(timestamp, &text)
        and text.size == TIMESTAMP_SIZE
        and prehash_digits(head, <const uint8_t *>text.data)
    )


cdef inline bint read_timestamp_or_clock(object timestamp, int64_t clock_offset_ms, uint8_t *head) noexcept:
    if timestamp is None:
        return prehash_milliseconds(head, now_ms() + clock_offset_ms)
    return read_timestamp(timestamp, head)


cdef inline bint read_method(object method, hmac_sha256_message *message) noexcept:
    cdef hmac_sha256_part text
    if not (read_ascii(method, &text) and METHOD_MIN <= text.size <= METHOD_MAX):
        return False
    message.head_size = <uint32_t>(TIMESTAMP_SIZE + text.size)
    return prehash_method(message.head, <const uint8_t *>text.data, text.size)


cdef inline bint read_body(object body, hmac_sha256_part *part) noexcept:
    if PyBytes_CheckExact(body):
        part.data, part.size = PyBytes_AS_STRING(body), <size_t>PyBytes_GET_SIZE(body)
        return True
    return read_ascii(body, part)


cdef inline bint read_request(hmac_sha256_message *message, method, path, body) noexcept:
    """All of a request but its timestamp: `message` then signs it."""
    cdef hmac_sha256_part *target = message.parts
    message.part_count = 2
    return (
        read_method(method, message)
        and read_ascii(path, target) and target.size > 0 and (<const char *>target.data)[0] == b"/"
        and read_body(body, message.parts + 1)
    )
