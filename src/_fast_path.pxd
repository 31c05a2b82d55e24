# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The fast path: read plain Python objects without copying their bytes.

A reader returns False for an object outside the fast path. `_checks` then accepts the object or raises an error.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_GET_SIZE
from cpython.long cimport PyLong_CheckExact
from cpython.object cimport PyObject
from cpython.tuple cimport PyTuple_GET_ITEM
from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcpy

from _core cimport (
    METHOD_MAX, METHOD_MIN, TIMESTAMP_SIZE, hmac_sha256_message, hmac_sha256_part, prehash_digits, prehash_method,
    prehash_milliseconds, prehash_milliseconds_after,
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
    """Return a compact ASCII str's characters."""
    return <char *>(<PyASCIIObject *>text + 1)


cdef inline hmac_sha256_part ascii_part(str text) noexcept:
    cdef hmac_sha256_part part
    part.data = ascii_data(text)
    part.size = <size_t>PyUnicode_GET_LENGTH(text)
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
    message.head_size = TIMESTAMP_SIZE + text.size
    return prehash_method(message.head, <const uint8_t *>text.data, text.size)


cdef inline bint read_body(object body, hmac_sha256_part *part) noexcept:
    if PyBytes_CheckExact(body):
        part.data = PyBytes_AS_STRING(body)
        part.size = <size_t>PyBytes_GET_SIZE(body)
        return True
    return read_ascii(body, part)


cdef inline bint read_path(object path, hmac_sha256_part *part) noexcept:
    return read_ascii(path, part) and part.size > 0 and (<const char *>part.data)[0] == b"/"


cdef inline bint read_request(hmac_sha256_message *message, method, path, body) noexcept:
    """Read a request except its timestamp into `message`."""
    return read_method(method, message) and read_path(path, message.parts) and read_body(body, message.parts + 1)


cdef inline bint read_tuple(PyObject *request, hmac_sha256_message *message) noexcept:
    return read_timestamp(<object>PyTuple_GET_ITEM(<object>request, 0), message.head) and read_request(
        message,
        <object>PyTuple_GET_ITEM(<object>request, 1),
        <object>PyTuple_GET_ITEM(<object>request, 2),
        <object>PyTuple_GET_ITEM(<object>request, 3),
    )


cdef inline bint read_tuple_after(PyObject *before, PyObject *request, hmac_sha256_message *message) noexcept:
    """Read a request after `before`, which is in message[-1]. Copy the fields whose objects are the same in both."""
    cdef const hmac_sha256_message *last = message - 1
    cdef PyObject *timestamp = PyTuple_GET_ITEM(<object>request, 0)
    cdef PyObject *timestamp_before = PyTuple_GET_ITEM(<object>before, 0)
    cdef PyObject *method = PyTuple_GET_ITEM(<object>request, 1)
    cdef PyObject *path = PyTuple_GET_ITEM(<object>request, 2)
    if timestamp == timestamp_before:
        memcpy(message.head, last.head, TIMESTAMP_SIZE)
    elif PyLong_CheckExact(<object>timestamp) and PyLong_CheckExact(<object>timestamp_before):
        if not prehash_milliseconds_after(
            message.head, exact_int(<object>timestamp), last.head, exact_int(<object>timestamp_before)
        ):
            return False
    elif not read_timestamp(<object>timestamp, message.head):
        return False
    if method == PyTuple_GET_ITEM(<object>before, 1):
        message.head_size = last.head_size
        memcpy(message.head + TIMESTAMP_SIZE, last.head + TIMESTAMP_SIZE, 8)
    elif not read_method(<object>method, message):
        return False
    if path == PyTuple_GET_ITEM(<object>before, 2):
        message.parts[0] = last.parts[0]
    elif not read_path(<object>path, message.parts):
        return False
    return read_body(<object>PyTuple_GET_ITEM(<object>request, 3), message.parts + 1)
