# cython: language_level=3, binding=False, auto_pickle=False, embedsignature=True, embedsignature.format=clinic
# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""The Cython twin: Python objects -> core -> str.

The common case, plain objects whose bytes are read where they lie, is told by `_sign_plain.pxi`. All else goes through
`_checks`, which the pure twin uses for every value: so both accept the same, and refuse with the same words.
"""

import os

from _operator import _compare_digest  # hmac.compare_digest, without the milliseconds that loading OpenSSL takes

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer

from woox_fast import _checks, _wire

include "_sign_plain.pxi"
include "_sign_cimport.pxi"
include "_sign_http.pxi"
include "_sign_batch.pxi"

cdef enum:
    # From this many bytes on the GIL is let go of. To get it back may take longer than to hash less.
    LONG_MESSAGE = 32768

backend = "cython"


cdef inline str hmac_hex(const hmac_sha256_key *key, const hmac_sha256_message *message):
    cdef uint32_t digest[8]
    hmac_sha256_inner(key, message, digest)
    cdef str hex = PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127)  # while the processor is busy with the inner hash
    hmac_sha256_outer_hex(key, digest, ascii_data(hex))
    return hex


cdef str long_hmac_hex(const hmac_sha256_key *key, const hmac_sha256_message *message):
    """The same, without the GIL for messages that are long: nobody may write into them meanwhile."""
    if message.parts[message.part_count - 1].size < LONG_MESSAGE:
        return hmac_hex(key, message)
    cdef uint32_t digest[8]
    cdef str hex = PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127)
    with nogil:
        hmac_sha256_inner(key, message, digest)
    hmac_sha256_outer_hex(key, digest, ascii_data(hex))
    return hex


cdef str checked_hex(const hmac_sha256_key *key, bytes head, body):
    """For what is not plain, once `_checks` made bytes or a flat view of it."""
    cdef hmac_sha256_message message
    cdef Py_buffer view
    PyObject_GetBuffer(body, &view, PyBUF_SIMPLE)
    try:
        checked_message(&message, head, view.buf, <size_t>view.len)
        constant = type(body) is bytes or type(body.obj) is bytes
        return long_hmac_hex(key, &message) if constant else hmac_hex(key, &message)
    finally:
        PyBuffer_Release(&view)


cdef void checked_message(hmac_sha256_message *message, bytes head, const void *body, size_t size) noexcept:
    message.head_size, message.part_count = 0, 2
    message.parts[0].data, message.parts[0].size = PyBytes_AS_STRING(head), <size_t>PyBytes_GET_SIZE(head)
    message.parts[1].data, message.parts[1].size = body, size


cdef bytes checked_head(timestamp, method, path):
    return (_checks.timestamp_text(timestamp) + _checks.method_text(method) + _checks.path_text(path)).encode()


cdef inline str request_hex(const hmac_sha256_key *key, timestamp, method, path, body):
    cdef hmac_sha256_message message
    if plain_timestamp(timestamp, message.head) and plain_request(&message, method, path, body):
        if message.parts[1].size < LONG_MESSAGE:
            return hmac_hex(key, &message)
        return long_hmac_hex(key, &message)
    return checked_hex(key, checked_head(timestamp, method, path), _checks.body_bytes(body))


cdef key_init(hmac_sha256_key *key, api_secret):
    cdef hmac_sha256_part plain
    if plain_body(api_secret, &plain) and plain.size > 0:
        hmac_sha256_key_init(key, plain.data, plain.size)
        return
    cdef bytes secret = _checks.secret_bytes(api_secret)
    cdef char *data = PyBytes_AS_STRING(secret)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(secret)
    hmac_sha256_key_init(key, data, <size_t>size)
    if secret is not api_secret and size > 1:  # bytes of one character are shared by the whole interpreter
        hmac_sha256_wipe(data, <size_t>size)
    hmac_sha256_wipe_stack()


@cython.final
@cython.no_gc
cdef class Signer:
    """Signer(api_key, api_secret, *, clock_offset_ms=0)\n--\n
    Signs WOO X requests with one API key and secret; see `woox_fast._sign_py.Signer`, which behaves the same."""

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
        return hmac_hex_many(&self._key, requests)

    def hexdigest(self, message):
        """HMAC-SHA256 of any text (UTF-8) or bytes as hex: the drop-in for `hmac.new(secret, message, "sha256")`."""
        cdef hmac_sha256_message plain
        plain.head_size, plain.part_count = 0, 1
        if plain_body(message, plain.parts):
            return long_hmac_hex(&self._key, &plain)
        return checked_hex(&self._key, b"", _checks.text_or_buffer("message", message))

    def verify(self, signature, timestamp, method, path, body=b""):
        """Whether `signature` (hex, upper or lower case) signs the rest, in constant time."""
        given = _checks.signature_text(signature)
        expected = request_hex(&self._key, timestamp, method, path, body)
        return given.isascii() and _compare_digest(given, expected)

    def headers(self, method, path, body=b"", *, timestamp=None):
        """A new dict of `x-api-key`, `x-api-timestamp`, `x-api-signature` and `Content-Type` for this request."""
        cdef hmac_sha256_message message
        cdef PyObject *template
        if (
            plain_now_or(timestamp, self._clock_offset_ms, message.head)
            and plain_request(&message, method, path, body)
            and message.parts[1].size < LONG_MESSAGE
        ):
            template = PyDict_GetItemWithError(_header_templates, method)
            if template != NULL:
                return headers_dict(&self._key, self.api_key, &message, <dict>template)
        stamp = _checks.timestamp_text(now_ms() + self._clock_offset_ms if timestamp is None else timestamp)
        verb = _checks.method_text(method)
        head = stamp + verb + _checks.path_text(path)
        data = _checks.body_bytes(body)
        signature = checked_hex(&self._key, head.encode(), data)
        return _wire.headers_of(self.api_key, stamp, signature, _wire.content_type(verb, len(data)))

    def encode_request(self, method, path, body=b"", *, host="api.woox.io", timestamp=None):
        """A whole signed HTTP/1.1 request as bytes, ready for a socket: request line, headers and body."""
        cdef hmac_sha256_message message
        cdef hmac_sha256_part name = ascii_part(default_host)
        if (
            plain_now_or(timestamp, self._clock_offset_ms, message.head)
            and plain_request(&message, method, path, body)
            and plain_target(message.parts)
            and (host is default_host or plain_host(host, &name))
        ):
            return request_bytes(&self._key, self.api_key, &message, method, &name)
        stamp = _checks.timestamp_text(now_ms() + self._clock_offset_ms if timestamp is None else timestamp)
        verb = _checks.method_text(method)
        target = _checks.target_text(path)
        place = _checks.host_text(host)
        data = bytes(_checks.body_bytes(body))  # what is signed and what is sent are one copy
        signature = checked_hex(&self._key, f"{stamp}{verb}{target}".encode(), data)
        headers = _wire.headers_of(self.api_key, stamp, signature, _wire.content_type(verb, len(data)))
        return _wire.request_of(f"{verb} {target}", place, headers, data)

    def prepare(self, method, path, **options):
        """A `SignedRequest(method, url, headers, body)` whose url and body are, to the byte, what was signed."""
        from woox_fast._prepare import prepare

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
