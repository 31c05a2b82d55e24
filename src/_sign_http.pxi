"""Headers and whole HTTP/1.1 requests of plain objects."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.dict cimport PyDict_Copy, PyDict_GetItemWithError, PyDict_SetItem
from cpython.object cimport PyObject
from libc.string cimport memcpy

cdef str default_host = "api.woox.io"
cdef dict _content_types = _wire.CONTENT_TYPES


cdef inline str content_type(method, size_t body_size):
    cdef PyObject *known = PyDict_GetItemWithError(_content_types, method)
    return <str>known if known != NULL else _wire.content_type(method, body_size)


# For each method the headers of its requests: to copy a dict and replace values is quicker than to make one.
cdef dict _header_templates = {
    method: _wire.headers_of(None, None, None, media) for method, media in _content_types.items()
}


cdef dict headers_dict(
    const hmac_sha256_key *key, str api_key, const hmac_sha256_message *message, dict template
):
    """Headers, made while the processor is busy with the inner hash."""
    cdef uint32_t digest[8]
    hmac_sha256_inner(key, message, digest)
    cdef dict headers = PyDict_Copy(template)
    cdef str stamp = PyUnicode_New(TIMESTAMP_SIZE, 127), signature = PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127)
    memcpy(ascii_data(stamp), message.head, TIMESTAMP_SIZE)
    PyDict_SetItem(headers, "x-api-key", api_key)
    PyDict_SetItem(headers, "x-api-timestamp", stamp)
    PyDict_SetItem(headers, "x-api-signature", signature)
    hmac_sha256_outer_hex(key, digest, ascii_data(signature))
    return headers


cdef inline bint all_between(const hmac_sha256_part *text, uint8_t low, uint8_t high) noexcept:
    cdef const uint8_t *characters = <const uint8_t *>text.data
    cdef size_t i
    cdef bint right = True
    for i in range(text.size):
        right &= low <= characters[i] <= high
    return right


cdef inline bint plain_target(const hmac_sha256_part *path) noexcept:
    """Whether a path can stand in a request line: printable ASCII without spaces."""
    return all_between(path, b"!", b"~")


cdef inline bint plain_host(object host, hmac_sha256_part *part) noexcept:
    """Whether `host` is what nearly every host is: letters, digits, '-' and '.', and maybe a port."""
    cdef const uint8_t *text
    cdef size_t i, port = 0, number = 0
    if not ascii_text(host, part) or part.size == 0:
        return False
    text = <const uint8_t *>part.data
    for i in range(part.size):
        if port > 0:
            port += 1
            if not b"0" <= text[i] <= b"9" or port > 6:
                return False
            number = 10 * number + text[i] - 48
        elif text[i] == b":" and i > 0:
            port = 1
        elif not (b"-" <= text[i] <= b"." or b"0" <= text[i] <= b"9" or b"A" <= (text[i] & 0xDF) <= b"Z"):
            return False
    return port != 1 and number < 65536


cdef inline void put(char **out, const hmac_sha256_part *part) noexcept:
    memcpy(out[0], part.data, part.size)
    out[0] += part.size


cdef inline void put_literal(char **out, const char *text, size_t size) noexcept:
    memcpy(out[0], text, size)
    out[0] += size


cdef inline size_t decimal_digits(size_t number, char *out) noexcept:
    """Write `number` to the end of the 20 characters at `out`; return how many there are of it."""
    cdef size_t size = 0
    while True:
        size += 1
        out[20 - size] = <char>(48 + number % 10)
        number //= 10
        if number == 0:
            return size


cdef bytes request_bytes(
    const hmac_sha256_key *key, str api_key, hmac_sha256_message *message, str method, hmac_sha256_part *host
):
    """A whole HTTP/1.1 request of what is plain, signed while it is allocated and written. `message` signs it."""
    cdef hmac_sha256_part verb = ascii_part(method), name = ascii_part(api_key)
    cdef hmac_sha256_part media = ascii_part(content_type(method, message.parts[1].size))
    cdef hmac_sha256_part *body = message.parts + 1
    cdef uint32_t digest[8]
    cdef char length[20]
    cdef size_t length_size = decimal_digits(body.size, length)
    hmac_sha256_inner(key, message, digest)
    cdef bytes request = PyBytes_FromStringAndSize(
        NULL,
        <Py_ssize_t>(
            len(b"  HTTP/1.1\r\nHost: \r\nContent-Type: \r\nContent-Length: \r\nx-api-key: ")
            + len(b"\r\nx-api-timestamp: \r\nx-api-signature: \r\n\r\n") + TIMESTAMP_SIZE + HMAC_SHA256_HEX_SIZE
            + verb.size + message.parts[0].size + host.size + media.size + length_size + name.size + body.size
        ),
    )
    cdef char *out = PyBytes_AS_STRING(request)
    put(&out, &verb)
    put_literal(&out, b" ", 1)
    put(&out, message.parts)
    put_literal(&out, b" HTTP/1.1\r\nHost: ", 17)
    put(&out, host)
    put_literal(&out, b"\r\nContent-Type: ", 16)
    put(&out, &media)
    put_literal(&out, b"\r\nContent-Length: ", 18)
    put_literal(&out, length + 20 - length_size, length_size)
    put_literal(&out, b"\r\nx-api-key: ", 13)
    put(&out, &name)
    put_literal(&out, b"\r\nx-api-timestamp: ", 19)
    put_literal(&out, <const char *>message.head, TIMESTAMP_SIZE)
    put_literal(&out, b"\r\nx-api-signature: ", 19)
    hmac_sha256_outer_hex(key, digest, out)
    out += HMAC_SHA256_HEX_SIZE
    put_literal(&out, b"\r\n\r\n", 4)
    put(&out, body)
    return request
