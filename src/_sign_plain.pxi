"""The core as Cython sees it, and the common case: plain objects whose bytes are read where they lie."""

from cpython.long cimport PyLong_CheckExact
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint32_t

cdef extern from "hmac_sha256.h" nogil:
    enum:
        HMAC_SHA256_HEX_SIZE
    ctypedef struct sha256_implementation_c "sha256_implementation":
        const char *name
        bint (*supported)()
    ctypedef struct hmac_sha256_key:
        pass
    ctypedef struct hmac_sha256_part:
        const void *data
        size_t size
    ctypedef struct hmac_sha256_message:
        uint8_t *head
        uint32_t head_size, part_count
        hmac_sha256_part *parts
    const sha256_implementation_c *const sha256_implementations[]
    const sha256_implementation_c *hmac_sha256_choose(const char *name, const char **refused)
    void hmac_sha256_key_init(hmac_sha256_key *key, const void *secret, size_t size)
    void hmac_sha256_inner(const hmac_sha256_key *key, const hmac_sha256_message *message, uint32_t *digest)
    void hmac_sha256_outer_hex(const hmac_sha256_key *key, const uint32_t *digest, char *hex)
    void hmac_sha256_hex_many(
        const hmac_sha256_key *key, const hmac_sha256_message *messages, size_t count, char *hex)
    void hmac_sha256_wipe(void *memory, size_t size)
    void hmac_sha256_wipe_stack()

cdef extern from "prehash.h" nogil:
    enum:
        TIMESTAMP_SIZE
        METHOD_MIN
        METHOD_MAX
    bint prehash_milliseconds(uint8_t *head, int64_t milliseconds)
    bint prehash_digits(uint8_t *head, const uint8_t *text)
    bint prehash_method(uint8_t *head, const uint8_t *method, size_t size)

cdef extern from "plain_int.h":
    int64_t plain_int(object number) noexcept

cdef extern from *:
    """
    #include <time.h>
    /* CPython drops an exception where it has no memory for the frame that was to see it, and then, from 3.12 on,
     * crashes in noting a traceback for none. Only Cython's own note of where a refusal came from calls this. */
    static int traceback_here(PyFrameObject *frame) {
        if (PyErr_Occurred()) return PyTraceBack_Here(frame);
        PyErr_NoMemory();
        return -1;
    }
    #define PyTraceBack_Here traceback_here
    """
    ctypedef struct PyASCIIObject:
        pass
    bint PyUnicode_CheckExact(object)
    bint PyUnicode_IS_COMPACT_ASCII(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 maxchar)
    cdef struct timespec:
        int64_t tv_sec
        long tv_nsec
    enum:
        TIME_UTC
    int timespec_get(timespec *now, int base)


cdef inline char *ascii_data(str text) noexcept:
    """The characters of a compact ASCII str."""
    return <char *>(<PyASCIIObject *>text + 1)


cdef inline hmac_sha256_part ascii_part(str text) noexcept:
    cdef hmac_sha256_part part
    part.data, part.size = ascii_data(text), <size_t>PyUnicode_GET_LENGTH(text)
    return part


cdef inline bint ascii_text(object text, hmac_sha256_part *part) noexcept:
    """Whether `text` is a plain ASCII str; `part` is then its characters, where they lie."""
    if not (PyUnicode_CheckExact(text) and PyUnicode_IS_COMPACT_ASCII(text)):
        return False
    part[0] = ascii_part(<str>text)
    return True


cdef inline bint plain_timestamp(object timestamp, uint8_t *head) noexcept:
    cdef hmac_sha256_part text
    if PyLong_CheckExact(timestamp):
        return prehash_milliseconds(head, plain_int(timestamp))
    return (
        ascii_text(timestamp, &text)
        and text.size == TIMESTAMP_SIZE
        and prehash_digits(head, <const uint8_t *>text.data)
    )


cdef inline bint plain_method(object method, hmac_sha256_message *message) noexcept:
    cdef hmac_sha256_part text
    if not (ascii_text(method, &text) and METHOD_MIN <= text.size <= METHOD_MAX):
        return False
    message.head_size = <uint32_t>(TIMESTAMP_SIZE + text.size)
    return prehash_method(message.head, <const uint8_t *>text.data, text.size)


cdef inline bint plain_path(object path, hmac_sha256_part *part) noexcept:
    return ascii_text(path, part) and part.size > 0 and (<const char *>part.data)[0] == b"/"


cdef inline bint plain_body(object body, hmac_sha256_part *part) noexcept:
    if PyBytes_CheckExact(body):
        part.data = PyBytes_AS_STRING(body)
        part.size = <size_t>PyBytes_GET_SIZE(body)
        return True
    return ascii_text(body, part)


cdef inline bint plain_request(hmac_sha256_message *message, method, path, body) noexcept:
    """Whether all but the timestamp can be signed where they lie; `message` then says how."""
    message.part_count = 2
    return plain_method(method, message) and plain_path(path, message.parts) and plain_body(body, message.parts + 1)


cdef inline int64_t now_ms() noexcept:
    cdef timespec now
    timespec_get(&now, TIME_UTC)
    return now.tv_sec * 1000 + <int64_t>now.tv_nsec // 1_000_000


cdef inline bint plain_now_or(object timestamp, int64_t clock_offset_ms, uint8_t *head) noexcept:
    if timestamp is None:
        return prehash_milliseconds(head, now_ms() + clock_offset_ms)
    return plain_timestamp(timestamp, head)
