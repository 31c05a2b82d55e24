"""Many requests at once: gathered with the GIL, signed without it two at a time, made into str at the end."""

from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.memoryview cimport PyMemoryView_GET_BUFFER
from cpython.tuple cimport PyTuple_CheckExact, PyTuple_GET_ITEM, PyTuple_GET_SIZE

cdef enum:
    # Requests that are gathered, signed and made into str, one lot after another: what they need stays in the cache.
    LOT = 4096


cdef bint pull(iterator, list held) except -1:
    """Append the next request, if there is one."""
    for request in iterator:
        held.append(request)
        return True
    return False


cdef inline bint plain_fields(hmac_sha256_message *message, request) noexcept:
    """The same as `plain_request` for a request that is a tuple."""
    return plain_timestamp(<object>PyTuple_GET_ITEM(request, 0), message.head) and plain_request(
        message,
        <object>PyTuple_GET_ITEM(request, 1),
        <object>PyTuple_GET_ITEM(request, 2),
        <object>PyTuple_GET_ITEM(request, 3),
    )


cdef inline int gather(hmac_sha256_message *message, list held, Py_ssize_t index) except -1:
    """Make `message` of a batch's request. What is not plain is held in its place until it is signed."""
    request = <object>PyList_GET_ITEM(held, index)
    if PyTuple_CheckExact(request) and PyTuple_GET_SIZE(request) == 4 and plain_fields(message, request):
        return 0
    try:
        gather_checked(message, held, index)
    except Exception as error:
        _checks.raise_at(index, error)
    return 0


cdef int gather_checked(hmac_sha256_message *message, list held, Py_ssize_t index) except -1:
    request = _checks.request_fields(held[index])
    held[index] = request
    if plain_fields(message, request):
        return 0
    timestamp, method, path, body = request
    head, body = checked_head(timestamp, method, path), _checks.body_bytes(body)
    if isinstance(body, memoryview) and type(body.obj) is not bytes:
        body = body.tobytes()  # others may write into it while the GIL is let go of
    held[index] = (head, body)
    if isinstance(body, memoryview):
        checked_message(message, head, PyMemoryView_GET_BUFFER(body).buf, <size_t>PyMemoryView_GET_BUFFER(body).len)
    else:
        checked_message(message, head, PyBytes_AS_STRING(body), <size_t>PyBytes_GET_SIZE(body))
    return 0


cdef list hmac_hex_many(const hmac_sha256_key *key, requests):
    """The signature of each; of a list as it is now, of any other iterable as it comes."""
    cdef bint listed = type(requests) in (list, tuple)
    # Holds each request, then in its place what of it is to be signed, then its signature.
    cdef list held = list(requests) if listed else []
    iterator = iter(()) if listed else iter(requests)
    cdef Py_ssize_t lot = max(1, min(len(held), LOT)) if listed else LOT
    cdef Py_ssize_t start = 0, size = lot, i
    cdef size_t bytes_in_lot
    cdef hmac_sha256_message *messages = <hmac_sha256_message *>PyMem_Malloc(
        <size_t>lot * (sizeof(hmac_sha256_message) + HMAC_SHA256_HEX_SIZE))
    cdef char *hex = <char *>(messages + lot)
    if messages == NULL:
        raise MemoryError
    try:
        while size == lot:
            size, bytes_in_lot = 0, 0
            while size < lot and (start + size < PyList_GET_SIZE(held) or pull(iterator, held)):
                gather(messages + size, held, start + size)
                bytes_in_lot += messages[size].parts[0].size + messages[size].parts[1].size
                size += 1
            if bytes_in_lot >= LONG_MESSAGE:
                with nogil:
                    hmac_sha256_hex_many(key, messages, <size_t>size, hex)
            else:
                hmac_sha256_hex_many(key, messages, <size_t>size, hex)
            for i in range(size):
                signature = PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127)
                memcpy(ascii_data(signature), hex + i * HMAC_SHA256_HEX_SIZE, HMAC_SHA256_HEX_SIZE)
                held[start + i] = signature
            start += size
    finally:
        PyMem_Free(messages)
    return held
