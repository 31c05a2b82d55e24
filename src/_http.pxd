# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Write the text of HTTP requests into memory of sufficient size."""

from libc.stdint cimport uint8_t
from libc.string cimport memcpy, strlen

from _core cimport hmac_sha256_part


cdef inline bint is_target(const hmac_sha256_part *path) noexcept:
    """Return whether a request line can have this path: printable ASCII without spaces and '#'."""
    cdef const uint8_t *characters = <const uint8_t *>path.data
    cdef size_t i
    cdef bint right = True
    for i in range(path.size):
        right &= (b"!" <= characters[i] <= b"~") & (characters[i] != b"#")
    return right


cdef inline void put_bytes(char **out, const void *data, size_t size) noexcept nogil:
    memcpy(out[0], data, size)
    out[0] += size


cdef inline void put(char **out, const char *text) noexcept nogil:
    put_bytes(out, text, strlen(text))


cdef inline void put_part(char **out, const hmac_sha256_part *part) noexcept nogil:
    put_bytes(out, part.data, part.size)


cdef inline size_t decimal_digits(size_t number, char *out) noexcept:
    """Write `number` to the end of the 20 characters at `out`; return the number of digits."""
    cdef size_t size = 0
    while True:
        size += 1
        out[20 - size] = <char>(48 + number % 10)
        number //= 10
        if number == 0:
            return size
