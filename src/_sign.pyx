# cython: language_level=3, binding=False, auto_pickle=False, embedsignature=True, embedsignature.format=clinic
# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""Cython backend: reads Python objects, signs with the C core, and returns str.

The fast path (`_fast_path.pxd`) reads plain objects in place. All remaining values go through `_checks`, as in the
pure Python backend. So all backends accept the same values and raise the same errors. The build expands each
summary line to the docstring that begins with it in `_sign_base.py` or `_sign_py.py`.
"""

from _operator import _compare_digest  # hmac.compare_digest; importing hmac would load OpenSSL

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_Copy, PyDict_GetItemWithError, PyDict_SetItem
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE, PyList_SET_ITEM
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.tuple cimport PyTuple_CheckExact, PyTuple_GET_SIZE
from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memcmp, memcpy

from _core cimport (
    HMAC_SHA256_HEX_SIZE, TIMESTAMP_SIZE, cleanse, hmac_sha256_choose, hmac_sha256_hex, hmac_sha256_hex_many,
    hmac_sha256_implementation, hmac_sha256_implementations, hmac_sha256_inner, hmac_sha256_key, hmac_sha256_key_init,
    hmac_sha256_message, hmac_sha256_outer_hex, hmac_sha256_part,
)
from _fast_path cimport (
    ascii_data, ascii_part, now_ms, read_ascii, read_body, read_request, read_timestamp, read_timestamp_or_clock,
    read_tuple, read_tuple_after,
)
from _http cimport decimal_digits, is_target, put, put_bytes, put_part

from woox_fast import _checks, _hosts, _http

cdef extern from "traceback_guard.h":
    pass

cdef extern from "Python.h":
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 maxchar)
    PyObject *PyIter_Next(object iterator) except? NULL

cdef enum:
    # Release the GIL for messages of at least this many bytes. Signing a shorter message is faster than taking it back.
    LONG_MESSAGE = 32768
    # Sign a batch in chunks of this many requests, so that a chunk stays in the processor's cache.
    CHUNK = 4096

backend = "cython"
cdef str default_host = "api.woox.io"
cdef str no_api_key = _checks.NO_API_KEY
cdef set valid_hosts = _hosts.valid_hosts
cdef dict content_types = _http.CONTENT_TYPES

# -- One message


cdef inline void hash_inner(const hmac_sha256_key *key, const hmac_sha256_message *message, uint32_t *digest) noexcept:
    """Compute the inner hash of a message that no other thread can change; release the GIL if the message is long."""
    if message.parts[1].size < LONG_MESSAGE:
        hmac_sha256_inner(key, message, digest)
    else:
        with nogil:
            hmac_sha256_inner(key, message, digest)


cdef inline str constant_hex(const hmac_sha256_key *key, const hmac_sha256_message *message):
    """Sign a message that no other thread can change."""
    cdef uint32_t digest[8]
    hash_inner(key, message, digest)
    cdef str hex = PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127)  # while the processor is busy with the inner hash
    hmac_sha256_outer_hex(key, digest, ascii_data(hex))
    return hex


cdef inline void set_part(hmac_sha256_part *part, const void *data, size_t size) noexcept nogil:
    part.data = data
    part.size = size


cdef void set_parts(hmac_sha256_message *message, bytes head, const void *body, Py_ssize_t size) noexcept:
    message.head_size = 0
    set_part(&message.parts[0], PyBytes_AS_STRING(head), <size_t>PyBytes_GET_SIZE(head))
    set_part(&message.parts[1], body, <size_t>size)


cdef str checked_hex(const hmac_sha256_key *key, bytes head, body):
    """Sign values that the fast path cannot read: `body` is the bytes or the flat view that `_checks` returned."""
    cdef hmac_sha256_message message
    cdef Py_buffer view
    cdef char hex[HMAC_SHA256_HEX_SIZE]
    PyObject_GetBuffer(body, &view, PyBUF_SIMPLE)
    try:
        set_parts(&message, head, view.buf, view.len)
        if type(body) is bytes or type(body.obj) is bytes:
            return constant_hex(key, &message)
        hmac_sha256_hex(key, &message, hex)
        return hex[:HMAC_SHA256_HEX_SIZE].decode("ascii")
    finally:
        PyBuffer_Release(&view)


cdef inline str request_hex(const hmac_sha256_key *key, timestamp, method, path, body):
    cdef hmac_sha256_message message
    if read_timestamp(timestamp, message.head) and read_request(&message, method, path, body):
        return constant_hex(key, &message)
    return checked_hex(key, _checks.encode_head(timestamp, method, path), _checks.check_body(body))


# -- Headers and whole HTTP/1.1 requests


cdef dict headers_dict(const hmac_sha256_key *key, dict template, const hmac_sha256_message *message):
    """Build the headers while the processor is busy with the inner hash."""
    cdef uint32_t digest[8]
    hash_inner(key, message, digest)
    cdef dict headers = PyDict_Copy(template)
    cdef str stamp = PyUnicode_New(TIMESTAMP_SIZE, 127)
    cdef str signature = PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127)
    memcpy(ascii_data(stamp), message.head, TIMESTAMP_SIZE)
    PyDict_SetItem(headers, "x-api-timestamp", stamp)
    PyDict_SetItem(headers, "x-api-signature", signature)
    hmac_sha256_outer_hex(key, digest, ascii_data(signature))
    return headers


cdef struct RequestParts:
    # The parts of an HTTP request that are not signed.
    hmac_sha256_part method
    hmac_sha256_part host
    hmac_sha256_part content_type
    hmac_sha256_part api_key
    hmac_sha256_part recv_window  # empty without a receive window


cdef inline size_t request_size(
    const RequestParts *parts, const hmac_sha256_message *message, size_t length_size
) noexcept:
    """Return the size of the HTTP request; `length_size` is the number of digits of its Content-Length."""
    cdef size_t size = (
        len(b"  HTTP/1.1\r\nHost: \r\nContent-Type: \r\nContent-Length: \r\nx-api-key: ")
        + len(b"\r\nx-api-timestamp: \r\nx-api-signature: \r\n\r\n") + TIMESTAMP_SIZE + HMAC_SHA256_HEX_SIZE
        + parts.method.size + message.parts[0].size + parts.host.size + parts.content_type.size + length_size
        + parts.api_key.size + message.parts[1].size
    )
    if parts.recv_window.size > 0:
        size += len(b"\r\nx-api-recvwindow: ") + parts.recv_window.size
    return size


cdef bytes request_bytes(
    const hmac_sha256_key *key, const RequestParts *parts, const hmac_sha256_message *message, const uint32_t *digest
):
    """Write a signed request; `digest` is the inner hash of its message."""
    cdef const hmac_sha256_part *body = &message.parts[1]
    cdef char length[20]
    cdef size_t length_size = decimal_digits(body.size, length)
    cdef bytes request = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>request_size(parts, message, length_size))
    cdef char *out = PyBytes_AS_STRING(request)
    put_part(&out, &parts.method)
    put(&out, b" ")
    put_part(&out, &message.parts[0])
    put(&out, b" HTTP/1.1\r\nHost: ")
    put_part(&out, &parts.host)
    put(&out, b"\r\nContent-Type: ")
    put_part(&out, &parts.content_type)
    put(&out, b"\r\nContent-Length: ")
    put_bytes(&out, length + 20 - length_size, length_size)
    put(&out, b"\r\nx-api-key: ")
    put_part(&out, &parts.api_key)
    put(&out, b"\r\nx-api-timestamp: ")
    put_bytes(&out, message.head, TIMESTAMP_SIZE)
    put(&out, b"\r\nx-api-signature: ")
    hmac_sha256_outer_hex(key, digest, out)
    out += HMAC_SHA256_HEX_SIZE
    if parts.recv_window.size > 0:
        put(&out, b"\r\nx-api-recvwindow: ")
        put_part(&out, &parts.recv_window)
    put(&out, b"\r\n\r\n")
    if body.size < LONG_MESSAGE:
        put_part(&out, body)
    else:
        with nogil:
            put_part(&out, body)
    return request


# -- A batch: collect a chunk with the GIL, sign it without the GIL, then turn the signatures into str


cdef struct Chunk:
    hmac_sha256_message *messages
    char *hex
    Py_ssize_t size  # how many messages are collected
    Py_ssize_t capacity
    size_t signed_bytes  # in the parts of the collected messages


cdef int read_checked(hmac_sha256_message *message, list requests, Py_ssize_t index) except -1:
    """Read any request into `message`. Replace the request by the objects that own the message's memory."""
    try:
        request = _checks.unpack_request(requests[index])
        requests[index] = request  # a tuple subclass may have created these fields just now
        if not read_tuple(<PyObject *>request, message):
            timestamp, method, path, body = request
            head = _checks.encode_head(timestamp, method, path)
            body = bytes(_checks.check_body(body))  # a copy: other threads run while the chunk is signed
            requests[index] = (head, body)
            set_parts(message, head, PyBytes_AS_STRING(body), PyBytes_GET_SIZE(body))
    except Exception as error:
        _checks.raise_at(index, error)
    return 0


cdef int collect(Chunk *chunk, list requests, Py_ssize_t start, iterator) except -1:
    """Read requests into the chunk, from index `start` of `requests`, then from `iterator`, until the chunk is full."""
    cdef PyObject *request
    cdef PyObject *previous = NULL  # the last request, if the fast path read it
    cdef hmac_sha256_message *message = chunk.messages
    chunk.size = 0
    chunk.signed_bytes = 0
    while chunk.size < chunk.capacity:
        if start + chunk.size == PyList_GET_SIZE(requests):
            if iterator is None:
                break
            request = PyIter_Next(iterator)
            if request == NULL:
                break
            fetched = <object>request
            Py_DECREF(fetched)
            requests.append(fetched)
        request = PyList_GET_ITEM(requests, start + chunk.size)
        if PyTuple_CheckExact(<object>request) and PyTuple_GET_SIZE(<object>request) == 4 and (
            read_tuple(request, message) if previous == NULL else read_tuple_after(previous, request, message)
        ):
            previous = request
        else:
            read_checked(message, requests, start + chunk.size)
            previous = NULL
        chunk.signed_bytes += message.parts[0].size + message.parts[1].size
        chunk.size += 1
        message += 1
    return 0


cdef inline void sign_chunk(const hmac_sha256_key *key, Chunk *chunk) noexcept:
    if chunk.signed_bytes < LONG_MESSAGE:
        hmac_sha256_hex_many(key, chunk.messages, <size_t>chunk.size, chunk.hex)
    else:
        with nogil:
            hmac_sha256_hex_many(key, chunk.messages, <size_t>chunk.size, chunk.hex)


cdef int store_signatures(Chunk *chunk, list requests, Py_ssize_t start) except -1:
    """Replace the chunk's requests by their signatures."""
    cdef Py_ssize_t i
    cdef PyObject *request
    for i in range(chunk.size):
        signature = PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127)
        memcpy(ascii_data(signature), chunk.hex + i * HMAC_SHA256_HEX_SIZE, HMAC_SHA256_HEX_SIZE)
        request = PyList_GET_ITEM(requests, start + i)
        Py_INCREF(signature)
        PyList_SET_ITEM(requests, start + i, signature)
        Py_DECREF(<object>request)
    return 0


cdef list hmac_hex_many(const hmac_sha256_key *key, requests):
    """Sign a list as it is at the call, and any other iterable as it yields requests."""
    cdef bint is_sequence = type(requests) in (list, tuple)
    cdef list signatures = list(requests) if is_sequence else []  # the requests, until they are signed
    cdef object iterator = None if is_sequence else iter(requests)
    cdef Py_ssize_t start = 0
    cdef Chunk chunk
    chunk.capacity = max(1, min(len(signatures), CHUNK)) if is_sequence else CHUNK
    chunk.messages = <hmac_sha256_message *>PyMem_Malloc(
        <size_t>chunk.capacity * (sizeof(hmac_sha256_message) + HMAC_SHA256_HEX_SIZE)
    )
    if chunk.messages == NULL:
        raise MemoryError
    chunk.hex = <char *>(chunk.messages + chunk.capacity)
    try:
        while True:
            collect(&chunk, signatures, start, iterator)
            sign_chunk(key, &chunk)
            store_signatures(&chunk, signatures, start)
            start += chunk.size
            if chunk.size < chunk.capacity:
                return signatures
    finally:
        PyMem_Free(chunk.messages)


# -- The Signer


cdef inline bint is_plain_end(char character) noexcept:
    return character > b" " and character != b'"' and character != b"'" and character != b"`"


cdef inline bint read_secret(api_secret, str api_key, hmac_sha256_part *part) noexcept:
    """Read a secret that `_checks` accepts: bytes, or an ASCII str with plain ends that is not the API key."""
    cdef hmac_sha256_part key = ascii_part(api_key)
    cdef const char *text
    if not read_body(api_secret, part) or part.size == 0:
        return False
    text = <const char *>part.data
    return type(api_secret) is bytes or (
        is_plain_end(text[0])
        and is_plain_end(text[part.size - 1])
        and not (part.size == key.size and memcmp(text, key.data, key.size) == 0)
    )


cdef int key_init(hmac_sha256_key *key, api_secret, str api_key) except -1:
    cdef hmac_sha256_part part
    cdef bytes secret
    if read_secret(api_secret, api_key, &part):
        hmac_sha256_key_init(key, part.data, part.size)
        return 0
    try:
        _checks.check_secret(api_secret, api_key)
        secret = _checks.encode_secret(api_secret)
    except BaseException as error:
        _checks.clear_frames(error)  # a signal handler can raise anywhere: the frames' local variables have the secret
        raise
    hmac_sha256_key_init(key, PyBytes_AS_STRING(secret), <size_t>PyBytes_GET_SIZE(secret))
    if len(secret) > 1:  # the interpreter shares all bytes objects of length 1
        cleanse(PyBytes_AS_STRING(secret), <size_t>PyBytes_GET_SIZE(secret))
    return 0


@cython.final
@cython.no_gc
cdef class Signer:
    """Signer(api_key, api_secret, *, clock_offset_ms=0, recv_window_ms=None)\n--\n
    Sign WOO X requests with an API key and secret. Threads can share a Signer."""

    cdef hmac_sha256_key _key
    cdef int64_t _clock_offset_ms
    cdef str _api_key, _recv_window
    # By method: the headers without timestamp and signature. Copying a dict and replacing two values is faster than
    # building a new dict.
    cdef dict _templates

    def __cinit__(self, api_key, api_secret, *, clock_offset_ms=0, recv_window_ms=None):
        self._api_key = _checks.check_api_key(api_key)
        key_init(&self._key, api_secret, self._api_key)
        self._clock_offset_ms = _checks.check_clock_offset(clock_offset_ms)
        self._recv_window = _checks.check_recv_window(recv_window_ms)
        self._templates = {}

    def __dealloc__(self):
        cleanse(&self._key, sizeof(self._key))

    @property
    def api_key(self):
        """The API key, sent in `x-api-key`."""
        return self._api_key

    @property
    def clock_offset_ms(self):
        """Milliseconds added to the local clock for a request without a timestamp. Can be set at any time."""
        return self._clock_offset_ms

    @clock_offset_ms.setter
    def clock_offset_ms(self, value):
        self._clock_offset_ms = _checks.check_clock_offset(value)

    @property
    def recv_window_ms(self):
        """The receive window in milliseconds, sent in `x-api-recvwindow`, or None for no header."""
        return None if self._recv_window is None else int(self._recv_window)

    def sign(self, timestamp, method, path, body=b""):
        """Return a request's `x-api-signature`: HMAC-SHA256(timestamp + method + path + body)."""
        return request_hex(&self._key, timestamp, method, path, body)

    def sign_many(self, requests):
        """Return the requests' signatures. Faster than a loop over `sign`."""
        return hmac_hex_many(&self._key, requests)

    def hexdigest(self, message):
        """Return a message's HMAC-SHA256 as hex, like `hmac.new(secret, message, "sha256").hexdigest()`."""
        cdef hmac_sha256_message read
        read.head_size = read.parts[0].size = 0
        if read_body(message, read.parts + 1):
            return constant_hex(&self._key, &read)
        return checked_hex(&self._key, b"", _checks.check_text_or_buffer("message", message))

    def verify(self, signature, timestamp, method, path, body=b""):
        """Compare a signature with a request's signature, in constant time."""
        given = _checks.lower_signature(signature)
        expected = request_hex(&self._key, timestamp, method, path, body)
        return given.isascii() and _compare_digest(given, expected)

    def headers(self, method, path, body=b"", *, timestamp=None):
        """Return a signed request's headers in a new dict."""
        cdef hmac_sha256_message message
        cdef PyObject *template
        if (
            read_timestamp_or_clock(timestamp, self._clock_offset_ms, message.head)
            and read_request(&message, method, path, body)
        ):
            template = PyDict_GetItemWithError(self._templates, method)
            if template != NULL:
                return headers_dict(&self._key, <dict>template, &message)
            if method in content_types:
                return headers_dict(&self._key, new_template(self, method), &message)
        stamp = _checks.check_timestamp(now_ms() + self._clock_offset_ms if timestamp is None else timestamp)
        checked_method = _checks.check_method(method)
        target = _checks.check_path(path).encode()
        return checked_headers(self, stamp, checked_method, target, _checks.check_body(body))

    def encode_request(self, method, path, body=b"", *, host="api.woox.io", timestamp=None):
        """Return a signed HTTP/1.1 request, ready for a socket: request line, headers and body."""
        cdef hmac_sha256_message message
        cdef hmac_sha256_part name = ascii_part(default_host)
        if (
            read_timestamp_or_clock(timestamp, self._clock_offset_ms, message.head)
            and read_request(&message, method, path, body)
            and is_target(message.parts)
            and (host is default_host or read_ascii(host, &name) and (host in valid_hosts or _hosts.is_host(host)))
        ):
            return plain_request(self, method, &name, &message)
        stamp = _checks.check_timestamp(now_ms() + self._clock_offset_ms if timestamp is None else timestamp)
        checked_method = _checks.check_method(method)
        target = _checks.check_target(path)
        host = _checks.check_host(host)
        data = bytes(_checks.check_body(body))  # the same copy is signed and sent
        headers = checked_headers(self, stamp, checked_method, target.encode(), data)
        return _http.build_request(f"{checked_method} {target}", host, headers, data)

    def prepare(
        self, method, path, *, params=None, json=None, body=None, timestamp=None, base_url="https://api.woox.io"
    ):
        """Build a request's query and JSON once, sign them, and return the request."""
        from woox_fast._prepare import prepare  # not at the top: it loads urllib and json, which signing does not need

        return prepare(
            self.headers, method, path, params=params, json=json, body=body, timestamp=timestamp, base_url=base_url
        )

    def __repr__(self):
        return f"<woox_fast.Signer {backend} api_key={self._api_key[:4]!r}...>"

    def __reduce__(self):
        _checks.refuse_pickling()


# These are not methods, since a table of methods would need a pointer in every Signer, which then exceeds 112 bytes.

cdef bytes plain_request(Signer signer, str method, const hmac_sha256_part *host, const hmac_sha256_message *message):
    """Sign a request that the fast path read, and write it while the processor is busy with the inner hash."""
    cdef uint32_t digest[8]
    hash_inner(&signer._key, message, digest)
    cdef str content_type = content_types.get(method) or _http.choose_content_type(method, message.parts[1].size)
    cdef RequestParts parts
    parts.method = ascii_part(method)
    parts.host = host[0]
    parts.content_type = ascii_part(content_type)
    parts.api_key = ascii_part(signer._api_key)
    set_part(&parts.recv_window, NULL, 0)
    if signer._recv_window is not None:
        parts.recv_window = ascii_part(signer._recv_window)
    return request_bytes(&signer._key, &parts, message, digest)


cdef dict new_template(Signer signer, str method):
    content_type = content_types[method]
    template = _http.build_headers(signer._api_key, None, None, signer._recv_window, content_type)
    return signer._templates.setdefault(method, template)  # a second thread may have stored its template first


cdef dict checked_headers(Signer signer, str stamp, str method, bytes path, body):
    signature = checked_hex(&signer._key, f"{stamp}{method}".encode() + path, body)
    content_type = _http.choose_content_type(method, len(body))
    return _http.build_headers(signer._api_key, stamp, signature, signer._recv_window, content_type)


def sign(api_secret, timestamp, method, path, body=b""):
    """Sign one request with a secret, as `Signer.sign`. In a loop use a `Signer`, which computes the key once."""
    cdef hmac_sha256_key key
    key_init(&key, api_secret, no_api_key)
    try:
        return request_hex(&key, timestamp, method, path, body)
    finally:
        cleanse(&key, sizeof(key))


# -- The implementation of SHA-256


def _sha256_names():
    """Return the implementations that this processor supports, the fastest first."""
    names = []
    cdef int i = 0
    while hmac_sha256_implementations[i] != NULL:
        if hmac_sha256_implementations[i].supported():
            names.append(hmac_sha256_implementations[i].name.decode())
        i += 1
    return names


def _choose_sha256(name=None):
    """Choose the implementation called `name`, or the fastest. All use the same states, so Signers remain valid."""
    global sha256_implementation
    cdef const char *refused
    cdef bytes wanted = (name or "").encode("utf-8", "surrogateescape")
    cdef const hmac_sha256_implementation *chosen = hmac_sha256_choose(wanted, &refused)
    wrong = refused.decode() if refused != NULL else None
    if wrong:
        _checks.warn_wrong_sha256(wrong)
    if chosen == NULL:
        _checks.refuse_sha256(name, backend, [each for each in _sha256_names() if each != wrong])
    sha256_implementation = chosen.name.decode()


_choose_sha256()

# -- The functions that `_sign.pxd` declares

cdef extern from *:
    """
    _Static_assert(sizeof(hmac_sha256_key) == 64, "KeyContext has the layout of hmac_sha256_key");
    """


cdef void key_context(KeyContext *key, const void *secret, size_t size) noexcept nogil:
    hmac_sha256_key_init(<hmac_sha256_key *>key, secret, size)


cdef void cleanse_key_context(KeyContext *key) noexcept nogil:
    cleanse(key, sizeof(KeyContext))


cdef void sign_into(
    const KeyContext *key, const void *head, size_t head_size, const void *body, size_t body_size, char *hex
) noexcept nogil:
    cdef hmac_sha256_message message
    message.head_size = 0
    set_part(&message.parts[0], head, head_size)
    set_part(&message.parts[1], body, body_size)
    hmac_sha256_hex(<const hmac_sha256_key *>key, &message, hex)
