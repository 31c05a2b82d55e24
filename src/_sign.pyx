# cython: language_level=3, binding=False, auto_pickle=False, embedsignature=True
# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""The Cython twin: Python objects -> core -> str.

Each method tests for the common case itself, plain objects whose bytes can be read in place. All else goes through
`_checks`, which the pure twin uses for every value: so both accept the same, and refuse with the same words.
"""

import os

from _operator import _compare_digest  # hmac.compare_digest, without the milliseconds that loading OpenSSL takes

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.long cimport PyLong_CheckExact
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

from woox_fast import _checks

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
        size_t head_size, part_count
        hmac_sha256_part *parts
    const sha256_implementation_c *const sha256_implementations[]
    const sha256_implementation_c *hmac_sha256_chosen
    const sha256_implementation_c *hmac_sha256_choose(const char *name, const char **refused)
    void hmac_sha256_key_init(hmac_sha256_key *key, const void *secret, size_t size)
    void hmac_sha256_hex(const hmac_sha256_key *key, const hmac_sha256_message *message, char *hex)
    void hmac_sha256_wipe(void *memory, size_t size)

cdef extern from "prehash.h" nogil:
    enum:
        TIMESTAMP_SIZE
        METHOD_MIN
        METHOD_MAX
    bint prehash_milliseconds(uint8_t *head, int64_t milliseconds)
    bint prehash_digits(uint8_t *head, const uint8_t *text)
    bint prehash_method(uint8_t *head, const uint8_t *method, size_t size)

cdef extern from *:
    """
    #include <time.h>

    /* An exact int, if it can be a timestamp: it then has two digits of 30 bits. Else -1, or what is no timestamp. */
    static inline int64_t plain_int(PyObject *number) {
    #if PyLong_SHIFT == 30 && PY_VERSION_HEX < 0x030C0000 && !defined(PYPY_VERSION)
        const digit *digits = ((PyLongObject *)number)->ob_digit;
        return Py_SIZE(number) == 2 ? digits[0] | (int64_t)digits[1] << 30 : -1;
    #elif PyLong_SHIFT == 30 && PY_VERSION_HEX < 0x03100000 && !defined(PYPY_VERSION)
        const digit *digits = ((PyLongObject *)number)->long_value.ob_digit;
        return ((PyLongObject *)number)->long_value.lv_tag == 2 << 3 ? digits[0] | (int64_t)digits[1] << 30 : -1;
    #else
        int overflow;
        return PyLong_AsLongLongAndOverflow(number, &overflow);
    #endif
    }
    """
    int64_t plain_int(object number) noexcept
    bint PyUnicode_CheckExact(object)
    bint PyUnicode_IS_COMPACT_ASCII(object)
    ctypedef struct PyASCIIObject:
        pass
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    object PyUnicode_New(Py_ssize_t size, Py_UCS4 maxchar)
    cdef struct timespec:
        int64_t tv_sec
        long tv_nsec
    enum:
        TIME_UTC
    int timespec_get(timespec *now, int base)

cdef enum:
    # From here on other threads may run meanwhile. Less is hashed sooner than the GIL is had back.
    LONG_MESSAGE = 32768

backend = "cython"


cdef inline bint ascii_text(object text, hmac_sha256_part *part) noexcept:
    """Whether `text` is a plain ASCII str; `part` is then its characters, where they lie."""
    if not (PyUnicode_CheckExact(text) and PyUnicode_IS_COMPACT_ASCII(text)):
        return False
    part.data = <PyASCIIObject *>text + 1
    part.size = <size_t>PyUnicode_GET_LENGTH(text)
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
    message.head_size = TIMESTAMP_SIZE + text.size
    return prehash_method(message.head, <const uint8_t *>text.data, text.size)


cdef inline bint plain_path(object path, hmac_sha256_part *part) noexcept:
    return ascii_text(path, part) and part.size > 0 and (<const char *>part.data)[0] == 47


cdef inline bint plain_body(object body, hmac_sha256_part *part) noexcept:
    if PyBytes_CheckExact(body):
        part.data = PyBytes_AS_STRING(body)
        part.size = <size_t>PyBytes_GET_SIZE(body)
        return True
    return ascii_text(body, part)


cdef inline bint plain_request(hmac_sha256_message *message, timestamp, method, path, body) noexcept:
    """Whether all four can be signed where they lie; `message` then says how."""
    message.part_count = 2
    return (
        plain_timestamp(timestamp, message.head)
        and plain_method(method, message)
        and plain_path(path, message.parts)
        and plain_body(body, message.parts + 1)
    )


cdef inline str hmac_hex(const hmac_sha256_key *key, const hmac_sha256_message *message):
    cdef str hex = PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127)
    hmac_sha256_hex(key, message, <char *>(<PyASCIIObject *>hex + 1))
    return hex


cdef str checked_hex(const hmac_sha256_key *key, bytes head, body):
    """For what is not plain, once `_checks` made bytes or a flat view of it."""
    cdef hmac_sha256_message message
    cdef Py_buffer view
    message.head_size, message.part_count = 0, 2
    message.parts[0].data = PyBytes_AS_STRING(head)
    message.parts[0].size = <size_t>PyBytes_GET_SIZE(head)
    PyObject_GetBuffer(body, &view, PyBUF_SIMPLE)
    try:
        message.parts[1].data = view.buf
        message.parts[1].size = <size_t>view.len
        return hmac_hex(key, &message)
    finally:
        PyBuffer_Release(&view)


cdef str request_hex(const hmac_sha256_key *key, timestamp, method, path, body):
    cdef hmac_sha256_message message
    if plain_request(&message, timestamp, method, path, body):
        return hmac_hex(key, &message)
    head = _checks.timestamp_text(timestamp) + _checks.method_text(method) + _checks.path_text(path)
    return checked_hex(key, head.encode(), _checks.body_bytes(body))


cdef inline void put(char **out, const void *data, size_t size) noexcept:
    memcpy(out[0], data, size)
    out[0] += size


cdef inline void put_text(char **out, str text) noexcept:
    put(out, PyUnicode_DATA(text), <size_t>PyUnicode_GET_LENGTH(text))


cdef bytes request_bytes(const hmac_sha256_key *key, str api_key, str stamp, str method, str path, str host, body):
    """A whole HTTP/1.1 request of what `_checks` let pass: every str is ASCII. It is signed where it is sent from."""
    cdef hmac_sha256_message message
    cdef Py_buffer view
    cdef char *out
    cdef char *signature
    cdef bytes request
    cdef str after_host, after_length
    PyObject_GetBuffer(body, &view, PyBUF_SIMPLE)
    try:
        content_type = _checks.content_type(method, view.len)
        after_host = f"\r\nContent-Type: {content_type}\r\nContent-Length: {view.len}\r\nx-api-key: "
        after_length = f"\r\nx-api-timestamp: {stamp}\r\nx-api-signature: "
        request = PyBytes_FromStringAndSize(
            NULL,
            len(method) + 1 + len(path) + 17 + len(host) + len(after_host) + len(api_key) + len(after_length)
            + HMAC_SHA256_HEX_SIZE + 4 + view.len,
        )
        out = PyBytes_AS_STRING(request)
        message.head_size, message.part_count = TIMESTAMP_SIZE, 3
        memcpy(message.head, PyUnicode_DATA(stamp), TIMESTAMP_SIZE)
        message.parts[0].data, message.parts[0].size = out, <size_t>len(method)
        put_text(&out, method)
        put(&out, b" ", 1)
        message.parts[1].data, message.parts[1].size = out, <size_t>len(path)
        put_text(&out, path)
        put(&out, b" HTTP/1.1\r\nHost: ", 17)
        put_text(&out, host)
        put_text(&out, after_host)
        put_text(&out, api_key)
        put_text(&out, after_length)
        signature = out
        out += HMAC_SHA256_HEX_SIZE
        put(&out, b"\r\n\r\n", 4)
        message.parts[2].data, message.parts[2].size = out, <size_t>view.len
        put(&out, view.buf, <size_t>view.len)
    finally:
        PyBuffer_Release(&view)
    hmac_sha256_hex(key, &message, signature)
    return request


cdef key_init(hmac_sha256_key *key, api_secret):
    cdef bytes secret = _checks.secret_bytes(api_secret)
    cdef char *data = PyBytes_AS_STRING(secret)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(secret)
    hmac_sha256_key_init(key, data, <size_t>size)
    if secret is not api_secret and size > 1:  # bytes of one character are shared by the whole interpreter
        hmac_sha256_wipe(data, <size_t>size)


cdef int64_t now_ms() noexcept:
    cdef timespec now
    timespec_get(&now, TIME_UTC)
    return now.tv_sec * 1000 + <int64_t>now.tv_nsec // 1_000_000


@cython.final
@cython.no_gc
cdef class Signer:
    """Signs WOO X requests with one API key and secret; see `woox_fast._sign_py.Signer`, which behaves the same."""

    cdef hmac_sha256_key _key
    cdef int64_t _clock_offset_ms
    cdef readonly str api_key

    def __cinit__(self, api_key, api_secret, *, clock_offset_ms=0):
        self.api_key = _checks.api_key_text(api_key)
        key_init(&self._key, api_secret)
        self._clock_offset_ms = _checks.clock_offset(clock_offset_ms)

    def __dealloc__(self):
        hmac_sha256_wipe(&self._key, sizeof(self._key))

    @property
    def clock_offset_ms(self):
        """Milliseconds added to the local clock wherever a timestamp is left out."""
        return self._clock_offset_ms

    @clock_offset_ms.setter
    def clock_offset_ms(self, value):
        self._clock_offset_ms = _checks.clock_offset(value)

    def sign(self, timestamp, method, path, body=b""):
        """The `x-api-signature`: HMAC-SHA256(timestamp + method + path + body) as 64 lower-case hex characters."""
        return request_hex(&self._key, timestamp, method, path, body)

    def sign_many(self, requests):
        """The signature of each `(timestamp, method, path, body)`, in order; an error names the index."""
        signatures = []
        for index, request in enumerate(requests):
            try:
                timestamp, method, path, body = _checks.request_fields(request)
                signatures.append(request_hex(&self._key, timestamp, method, path, body))
            except Exception as error:
                _checks.raise_at(index, error)
        return signatures

    def hexdigest(self, message):
        """HMAC-SHA256 of any text (UTF-8) or bytes as hex: the drop-in for `hmac.new(secret, message, "sha256")`."""
        cdef hmac_sha256_message plain
        plain.head_size, plain.part_count = 0, 1
        if plain_body(message, plain.parts):
            return hmac_hex(&self._key, &plain)
        return checked_hex(&self._key, b"", _checks.text_or_buffer("message", message))

    def verify(self, signature, timestamp, method, path, body=b""):
        """Whether `signature` (hex, upper or lower case) signs the rest, in constant time."""
        given = _checks.signature_text(signature)
        expected = request_hex(&self._key, timestamp, method, path, body)
        return given.isascii() and _compare_digest(given, expected)

    def headers(self, method, path, body=b"", *, timestamp=None):
        """A new dict of `x-api-key`, `x-api-timestamp`, `x-api-signature` and `Content-Type` for this request."""
        stamp = _checks.timestamp_text(now_ms() + self._clock_offset_ms if timestamp is None else timestamp)
        verb = _checks.method_text(method)
        head = stamp + verb + _checks.path_text(path)
        data = _checks.body_bytes(body)
        return {
            "x-api-key": self.api_key,
            "x-api-timestamp": stamp,
            "x-api-signature": checked_hex(&self._key, head.encode(), data),
            "Content-Type": _checks.content_type(verb, len(data)),
        }

    def encode_request(self, method, path, body=b"", *, host="api.woox.io", timestamp=None):
        """A whole signed HTTP/1.1 request as bytes, ready for a socket: request line, headers and body."""
        return request_bytes(
            &self._key,
            self.api_key,
            _checks.timestamp_text(now_ms() + self._clock_offset_ms if timestamp is None else timestamp),
            _checks.method_text(method),
            _checks.target_text(path),
            _checks.host_text(host),
            _checks.body_bytes(body),
        )

    def prepare(self, method, path, **options):
        """A `SignedRequest(method, url, headers, body)` whose url and body are, to the byte, what was signed."""
        from woox_fast.payload import prepare

        return prepare(self.headers, method, path, **options)

    def __repr__(self):
        return f"<woox_fast.Signer {backend} api_key={self.api_key[:4]!r}...>"

    def __reduce__(self):
        _checks.refuse_pickling()


def sign(api_secret, timestamp, method, path, body=b""):
    """`Signer.sign` for one message under one secret. No secret is cached: a loop wants a `Signer`."""
    cdef hmac_sha256_key key
    key_init(&key, api_secret)
    try:
        return request_hex(&key, timestamp, method, path, body)
    finally:
        hmac_sha256_wipe(&key, sizeof(key))


def _sha256_names():
    """The implementations that this processor has, the fastest first."""
    names = []
    cdef int i = 0
    while sha256_implementations[i] != NULL:
        if sha256_implementations[i].supported():
            names.append(sha256_implementations[i].name.decode())
        i += 1
    return names


def _choose_sha256(name=None):
    """Take the implementation called `name`, or the fastest; states are the same under each, so a Signer lives on."""
    global sha256_implementation
    cdef const char *refused
    cdef bytes wanted = (name or "").encode()
    cdef const sha256_implementation_c *chosen = hmac_sha256_choose(wanted, &refused)
    if refused != NULL:
        _checks.warn_wrong_sha256(refused.decode())
    if chosen == NULL:
        _checks.refuse_sha256(name, _sha256_names())
    sha256_implementation = chosen.name.decode()


_choose_sha256(os.environ.get("WOOX_FAST_SHA256"))
