# cython: language_level=3, binding=False, auto_pickle=False, embedsignature=True, embedsignature.format=clinic
# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""The Cython twin: Python objects go in, the C core signs, a str comes out.

The fast path (`_fast_path.pxd`) reads plain objects in place. All others go through `_checks`, as every value does in
the pure twin: so both accept the same and refuse with the same words.
"""

from _operator import _compare_digest  # hmac.compare_digest, without the milliseconds that it takes to load OpenSSL

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_Copy, PyDict_GetItemWithError, PyDict_SetItem
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE, PyList_SET_ITEM
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.memoryview cimport PyMemoryView_GET_BUFFER
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.tuple cimport PyTuple_CheckExact, PyTuple_GET_SIZE
from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memcpy

from _core cimport (
    HMAC_SHA256_HEX_SIZE, TIMESTAMP_SIZE, cleanse, hmac_sha256_choose, hmac_sha256_hex, hmac_sha256_hex_many, hmac_sha256_inner,
    hmac_sha256_key, hmac_sha256_key_init, hmac_sha256_message, hmac_sha256_outer_hex, hmac_sha256_part,
    hmac_sha256_implementation, hmac_sha256_implementations,
)
from _fast_path cimport (
    ascii_data, ascii_part, now_ms, read_body, read_request, read_timestamp, read_timestamp_or_clock, read_tuple,
    read_tuple_after,
)
from _http cimport all_between, decimal_digits, put, put_bytes, put_part, read_host

from woox_fast import _checks, _http

cdef extern from "traceback_guard.h":
    pass

cdef extern from "Python.h":
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 maxchar)

cdef enum:
    # The GIL is released to sign this many bytes or more. To sign fewer takes less time than to get it back may take.
    LONG_MESSAGE = 32768
    # A batch is signed in chunks of this many requests, so that a chunk stays in the processor's cache.
    CHUNK = 4096

backend = "cython"

# -- One message


cdef inline str hmac_hex(const hmac_sha256_key *key, const hmac_sha256_message *message):
    cdef uint32_t digest[8]
    hmac_sha256_inner(key, message, digest)
    cdef str hex = PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127)  # while the processor is busy with the inner hash
    hmac_sha256_outer_hex(key, digest, ascii_data(hex))
    return hex


cdef str hmac_hex_without_gil(const hmac_sha256_key *key, const hmac_sha256_message *message):
    """Nobody may be able to write into the message meanwhile."""
    cdef uint32_t digest[8]
    cdef str hex = PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127)
    with nogil:
        hmac_sha256_inner(key, message, digest)
    hmac_sha256_outer_hex(key, digest, ascii_data(hex))
    return hex


cdef inline str constant_hex(const hmac_sha256_key *key, const hmac_sha256_message *message):
    """The same for a message of any length that nobody can write into."""
    if message.parts[1].size < LONG_MESSAGE:
        return hmac_hex(key, message)
    return hmac_hex_without_gil(key, message)


cdef void set_parts(hmac_sha256_message *message, bytes head, const void *body, size_t size) noexcept:
    message.head_size = 0
    message.parts[0].data, message.parts[0].size = PyBytes_AS_STRING(head), <size_t>PyBytes_GET_SIZE(head)
    message.parts[1].data, message.parts[1].size = body, size


cdef str checked_hex(const hmac_sha256_key *key, bytes head, body):
    """For what the fast path cannot read: `body` is the bytes or the flat view that `_checks` made of it."""
    cdef hmac_sha256_message message
    cdef Py_buffer view
    PyObject_GetBuffer(body, &view, PyBUF_SIMPLE)
    try:
        set_parts(&message, head, view.buf, <size_t>view.len)
        constant = type(body) is bytes or type(body.obj) is bytes
        return constant_hex(key, &message) if constant else hmac_hex(key, &message)
    finally:
        PyBuffer_Release(&view)


cdef inline str request_hex(const hmac_sha256_key *key, timestamp, method, path, body):
    cdef hmac_sha256_message message
    if read_timestamp(timestamp, message.head) and read_request(&message, method, path, body):
        return constant_hex(key, &message)
    return checked_hex(key, _checks.request_head(timestamp, method, path), _checks.body_bytes(body))


# -- Headers and whole HTTP/1.1 requests

cdef str default_host = "api.woox.io"
cdef dict _content_types = _http.CONTENT_TYPES


cdef dict headers_dict(const hmac_sha256_key *key, dict template, const hmac_sha256_message *message):
    """The headers, made while the processor is busy with the inner hash."""
    cdef uint32_t digest[8]
    hmac_sha256_inner(key, message, digest)
    cdef dict headers = PyDict_Copy(template)
    cdef str stamp = PyUnicode_New(TIMESTAMP_SIZE, 127), signature = PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127)
    memcpy(ascii_data(stamp), message.head, TIMESTAMP_SIZE)
    PyDict_SetItem(headers, "x-api-timestamp", stamp)
    PyDict_SetItem(headers, "x-api-signature", signature)
    hmac_sha256_outer_hex(key, digest, ascii_data(signature))
    return headers


cdef bytes request_bytes(
    const hmac_sha256_key *key, str api_key, const hmac_sha256_part *window, str method, hmac_sha256_part *host,
    hmac_sha256_message *message
):
    """A whole request that the fast path read, signed while its memory is allocated and written."""
    cdef uint32_t digest[8]
    hmac_sha256_inner(key, message, digest)
    cdef hmac_sha256_part verb = ascii_part(method), name = ascii_part(api_key)
    cdef hmac_sha256_part *path = message.parts
    cdef hmac_sha256_part *body = message.parts + 1
    cdef PyObject *known = PyDict_GetItemWithError(_content_types, method)
    cdef str content_type = <str>known if known != NULL else _http.content_type(method, body.size)
    cdef hmac_sha256_part content = ascii_part(content_type)
    cdef char length[20]
    cdef size_t length_size = decimal_digits(body.size, length)
    cdef size_t size = (
        len(b"  HTTP/1.1\r\nHost: \r\nContent-Type: \r\nContent-Length: \r\nx-api-key: ")
        + len(b"\r\nx-api-timestamp: \r\nx-api-signature: \r\n\r\n") + TIMESTAMP_SIZE + HMAC_SHA256_HEX_SIZE
        + verb.size + path.size + host.size + content.size + length_size + name.size + body.size
    )
    if window.size > 0:
        size += len(b"\r\nx-api-recvwindow: ") + window.size
    cdef bytes request = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>size)
    cdef char *out = PyBytes_AS_STRING(request)
    put_part(&out, &verb)
    put(&out, b" ")
    put_part(&out, path)
    put(&out, b" HTTP/1.1\r\nHost: ")
    put_part(&out, host)
    put(&out, b"\r\nContent-Type: ")
    put_part(&out, &content)
    put(&out, b"\r\nContent-Length: ")
    put_bytes(&out, length + 20 - length_size, length_size)
    put(&out, b"\r\nx-api-key: ")
    put_part(&out, &name)
    put(&out, b"\r\nx-api-timestamp: ")
    put_bytes(&out, message.head, TIMESTAMP_SIZE)
    put(&out, b"\r\nx-api-signature: ")
    hmac_sha256_outer_hex(key, digest, out)
    out += HMAC_SHA256_HEX_SIZE
    if window.size > 0:
        put(&out, b"\r\nx-api-recvwindow: ")
        put_part(&out, window)
    put(&out, b"\r\n\r\n")
    put_part(&out, body)
    return request


# -- A batch: gathered with the GIL, signed without it many at a time, made into str at the end


cdef bint pull(iterator, list held) except -1:
    """Append the next request, if there is one."""
    for request in iterator:
        held.append(request)
        return True
    return False


cdef inline bint is_plain(PyObject *request) noexcept:
    return PyTuple_CheckExact(<object>request) and PyTuple_GET_SIZE(<object>request) == 4


cdef int gather_checked(hmac_sha256_message *message, list held, Py_ssize_t index) except -1:
    """Make `message` of any request; what it points to takes the request's place in `held`, which keeps it alive."""
    try:
        set_message(message, held, index)
    except Exception as error:
        _checks.raise_at(index, error)
    return 0


cdef int set_message(hmac_sha256_message *message, list held, Py_ssize_t index) except -1:
    cdef tuple request = _checks.request_fields(held[index])
    held[index] = request
    if read_tuple(<PyObject *>request, message):
        return 0
    timestamp, method, path, body = request
    head, body = _checks.request_head(timestamp, method, path), _checks.body_bytes(body)
    if isinstance(body, memoryview) and type(body.obj) is not bytes:
        body = body.tobytes()  # others may write into it while the GIL is released
    held[index] = (head, body)
    if isinstance(body, memoryview):
        set_parts(message, head, PyMemoryView_GET_BUFFER(body).buf, <size_t>PyMemoryView_GET_BUFFER(body).len)
    else:
        set_parts(message, head, PyBytes_AS_STRING(body), <size_t>PyBytes_GET_SIZE(body))
    return 0


cdef list hmac_hex_many(const hmac_sha256_key *key, requests):
    """The signature of each. A list is signed as it is now, any other iterable as it comes."""
    cdef bint listed = type(requests) in (list, tuple)
    cdef list held = list(requests) if listed else []  # first the requests; each is replaced by its signature
    iterator = iter(()) if listed else iter(requests)
    cdef Py_ssize_t chunk = max(1, min(len(held), CHUNK)) if listed else CHUNK
    cdef Py_ssize_t start = 0, size = chunk, i
    cdef size_t bytes_in_chunk
    cdef PyObject *request
    cdef PyObject *before
    cdef hmac_sha256_message *messages = <hmac_sha256_message *>PyMem_Malloc(
        <size_t>chunk * (sizeof(hmac_sha256_message) + HMAC_SHA256_HEX_SIZE))
    cdef char *hex = <char *>(messages + chunk)
    if messages == NULL:
        raise MemoryError
    try:
        while size == chunk:
            size, bytes_in_chunk, before = 0, 0, NULL
            while size < chunk and (start + size < PyList_GET_SIZE(held) or pull(iterator, held)):
                request = PyList_GET_ITEM(held, start + size)
                if is_plain(request) and (
                    read_tuple(request, messages + size)
                    if before == NULL
                    else read_tuple_after(before, request, messages + size)
                ):
                    before = request
                else:
                    gather_checked(messages + size, held, start + size)
                    before = NULL
                bytes_in_chunk += messages[size].parts[0].size + messages[size].parts[1].size
                size += 1
            if bytes_in_chunk >= LONG_MESSAGE:
                with nogil:
                    hmac_sha256_hex_many(key, messages, <size_t>size, hex)
            else:
                hmac_sha256_hex_many(key, messages, <size_t>size, hex)
            for i in range(size):
                signature = PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127)
                memcpy(ascii_data(signature), hex + i * HMAC_SHA256_HEX_SIZE, HMAC_SHA256_HEX_SIZE)
                request = PyList_GET_ITEM(held, start + i)
                Py_INCREF(signature)
                PyList_SET_ITEM(held, start + i, signature)
                Py_DECREF(<object>request)
            start += size
    finally:
        PyMem_Free(messages)
    return held


# -- The Signer


cdef key_init(hmac_sha256_key *key, api_secret):
    cdef hmac_sha256_part part
    if read_body(api_secret, &part) and part.size > 0:
        hmac_sha256_key_init(key, part.data, part.size)
        return
    cdef bytes secret = _checks.secret_bytes(api_secret)
    cdef char *data = PyBytes_AS_STRING(secret)
    cdef size_t size = <size_t>PyBytes_GET_SIZE(secret)
    hmac_sha256_key_init(key, data, size)
    if size > 1:  # bytes of one character are shared by the whole interpreter
        cleanse(data, size)


@cython.final
@cython.no_gc
cdef class Signer:
    """Signer(api_key, api_secret, *, clock_offset_ms=0, recv_window_ms=None)\n--\n
    Signs WOO X requests with one API key and secret. Threads may share it: nothing changes but `clock_offset_ms`.

    `api_key` is a str of printable ASCII; it is sent as `x-api-key`. `api_secret` is a str (UTF-8) or bytes of any
    length; it is turned into two SHA-256 states and is not kept. `clock_offset_ms` is an int of milliseconds that is
    added to the local clock where a timestamp is left out. `recv_window_ms` is an int from 1 to 60,000 or None; it is
    sent as `x-api-recvwindow`, is not signed, and is for VIP accounts.
    Raises TypeError or ValueError for an argument that cannot be used.
    """

    cdef hmac_sha256_key _key
    cdef int64_t _clock_offset_ms
    cdef str _api_key, _recv_window
    # For a method that was asked for, its headers but for the two that each request has its own: to copy a dict and
    # replace two values is faster than to make a new one.
    cdef dict _templates

    def __cinit__(self, api_key, api_secret, *, clock_offset_ms=0, recv_window_ms=None):
        self._api_key = _checks.api_key_text(api_key)
        key_init(&self._key, api_secret)
        self._clock_offset_ms = _checks.clock_offset(clock_offset_ms)
        self._recv_window = _checks.recv_window(recv_window_ms)
        self._templates = {}

    def __dealloc__(self):
        cleanse(&self._key, sizeof(self._key))

    @property
    def api_key(self):
        """The API key, as it is sent in `x-api-key`."""
        return self._api_key

    @property
    def clock_offset_ms(self):
        """Milliseconds that are added to the local clock where a timestamp is left out. May be set at any time."""
        return self._clock_offset_ms

    @clock_offset_ms.setter
    def clock_offset_ms(self, value):
        self._clock_offset_ms = _checks.clock_offset(value)

    @property
    def recv_window_ms(self):
        """The receive window in milliseconds, as it is sent in `x-api-recvwindow`; None sends no such header."""
        return None if self._recv_window is None else int(self._recv_window)

    def sign(self, timestamp, method, path, body=b""):
        """The `x-api-signature`: HMAC-SHA256(timestamp + method + path + body) as 64 lower-case hex characters.

        `timestamp` is Unix epoch milliseconds: an int, or a str of 13 digits. `method` is a str of the letters A to Z.
        `path` is a str that begins with '/' and includes the query as it is sent. `body` is a str (UTF-8), bytes, any
        other contiguous buffer, or None for an empty one.
        Raises TypeError, ValueError, BufferError or UnicodeEncodeError; the message says what was got, what was
        expected and what to do. Source: WOO X integration guide, "Authentication".
        """
        return request_hex(&self._key, timestamp, method, path, body)

    def sign_many(self, requests):
        """The signature of each `(timestamp, method, path, body)`, in the order given.

        `requests` is any iterable; a list is signed as it is at the call. Faster than `sign` one by one.
        Raises as `sign` does, with the index of the bad request in front of the message, such as `requests[3]:`.
        """
        return hmac_hex_many(&self._key, requests)

    def hexdigest(self, message):
        """HMAC-SHA256 of `message` as 64 lower-case hex characters: `hmac.new(secret, message, "sha256").hexdigest()`.

        `message` is a str (UTF-8), bytes, or any other contiguous buffer. Raises as `sign` does for a body.
        """
        cdef hmac_sha256_message read
        read.head_size = read.parts[0].size = 0
        if read_body(message, read.parts + 1):
            return constant_hex(&self._key, &read)
        return checked_hex(&self._key, b"", _checks.text_or_buffer("message", message))

    def verify(self, signature, timestamp, method, path, body=b""):
        """Whether `signature` is what `sign` returns for the other arguments. Compares in constant time.

        `signature` is a str of hex characters, upper or lower case. Raises as `sign` does, and TypeError for a
        signature that is not a str; one of another length or with other characters is False.
        """
        given = _checks.signature_text(signature)
        expected = request_hex(&self._key, timestamp, method, path, body)
        return given.isascii() and _compare_digest(given, expected)

    def headers(self, method, path, body=b"", *, timestamp=None):
        """The headers of a signed request, as a new dict.

        They are `x-api-key`, `x-api-timestamp`, `x-api-signature`, `x-api-recvwindow` if the Signer has a receive
        window, and `Content-Type`. The arguments are those of `sign`; `timestamp` None is the local clock plus
        `clock_offset_ms`. Raises as `sign` does.
        """
        cdef hmac_sha256_message message
        cdef PyObject *template
        if (
            read_timestamp_or_clock(timestamp, self._clock_offset_ms, message.head)
            and read_request(&message, method, path, body)
            and message.parts[1].size < LONG_MESSAGE
        ):
            template = PyDict_GetItemWithError(self._templates, method)
            if template != NULL:
                return headers_dict(&self._key, <dict>template, &message)
            if method in _content_types:
                return headers_dict(&self._key, new_template(self, method), &message)
        stamp = _checks.timestamp_text(now_ms() + self._clock_offset_ms if timestamp is None else timestamp)
        verb = _checks.method_text(method)
        target = _checks.path_bytes(path)
        return checked_headers(self, stamp, verb, target, _checks.body_bytes(body))

    def encode_request(self, method, path, body=b"", *, host="api.woox.io", timestamp=None):
        """A whole signed HTTP/1.1 request, ready for a socket: request line, headers and body.

        The arguments are those of `sign`. `host` is the name or address that the connection goes to, and maybe a port.
        `timestamp` None is the local clock plus `clock_offset_ms`. Raises as `sign` does, and ValueError for a path or
        host with a space, a control character or anything but ASCII, so that no argument can add a header.
        """
        cdef hmac_sha256_message message
        cdef hmac_sha256_part name = ascii_part(default_host), window
        if (
            read_timestamp_or_clock(timestamp, self._clock_offset_ms, message.head)
            and read_request(&message, method, path, body)
            and all_between(message.parts, b"!", b"~")
            and (host is default_host or read_host(host, &name))
        ):
            window.size = 0
            if self._recv_window is not None:
                window = ascii_part(self._recv_window)
            return request_bytes(&self._key, self._api_key, &window, method, &name, &message)
        stamp = _checks.timestamp_text(now_ms() + self._clock_offset_ms if timestamp is None else timestamp)
        verb = _checks.method_text(method)
        target = _checks.target_text(path)
        host = _checks.host_text(host)
        data = bytes(_checks.body_bytes(body))  # one copy is both signed and sent
        headers = checked_headers(self, stamp, verb, target.encode(), data)
        return _http.request_of(f"{verb} {target}", host, headers, data)

    def prepare(
        self, method, path, *, params=None, json=None, body=None, timestamp=None, base_url="https://api.woox.io"
    ):
        """A `SignedRequest(method, url, headers, body)` whose url and body are, to the byte, what was signed.

        `params` is a mapping or pairs for the query of a GET or DELETE. `json` is written as compact JSON; `body` is
        signed and sent as it is given. `timestamp` None is the local clock plus `clock_offset_ms`. `base_url` is scheme
        and host. Raises as `sign` does, and ValueError for arguments that exclude each other, as `json` and `body` do.
        """
        from woox_fast._prepare import prepare  # not at the top: it loads urllib and json, which signing does not need

        return prepare(
            self.headers, method, path, params=params, json=json, body=body, timestamp=timestamp, base_url=base_url
        )

    def __repr__(self):
        return f"<woox_fast.Signer {backend} api_key={self._api_key[:4]!r}...>"

    def __reduce__(self):
        _checks.refuse_pickling()


# Not methods: for those, every Signer would hold a pointer to a table of them, and no longer fit in 112 bytes.

cdef dict new_template(Signer signer, str method):
    content_type = _content_types[method]
    template = _http.headers_of(signer._api_key, None, None, signer._recv_window, content_type)
    return signer._templates.setdefault(method, template)  # another thread may have made it meanwhile


cdef dict checked_headers(Signer signer, str stamp, str method, bytes path, body):
    signature = checked_hex(&signer._key, f"{stamp}{method}".encode() + path, body)
    content_type = _http.content_type(method, len(body))
    return _http.headers_of(signer._api_key, stamp, signature, signer._recv_window, content_type)


def sign(api_secret, timestamp, method, path, body=b""):
    """`Signer.sign` for one message under one secret. No secret is cached: in a loop, use a `Signer`."""
    cdef hmac_sha256_key key
    key_init(&key, api_secret)
    try:
        return request_hex(&key, timestamp, method, path, body)
    finally:
        cleanse(&key, sizeof(key))


# -- The implementation of SHA-256


def _sha256_names():
    """The implementations of SHA-256 that can be chosen here, the fastest first."""
    names = []
    cdef int i = 0
    while hmac_sha256_implementations[i] != NULL:
        if hmac_sha256_implementations[i].supported():
            names.append(hmac_sha256_implementations[i].name.decode())
        i += 1
    return names


def _choose_sha256(name=None):
    """Take the implementation called `name`, or the fastest. A Signer that exists works on under any of them."""
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

# -- For other Cython code: what `_sign.pxd` declares

cdef extern from *:
    """
    typedef char key_context_is_the_cores_own[sizeof(hmac_sha256_key) == 64 ? 1 : -1];
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
    message.parts[0].data, message.parts[0].size = head, head_size
    message.parts[1].data, message.parts[1].size = body, body_size
    hmac_sha256_hex(<const hmac_sha256_key *>key, &message, hex)
