# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Check the host of an HTTP request, and write its text into memory of sufficient size."""

from libc.stdint cimport uint8_t
from libc.string cimport memcpy, strlen

from _core cimport hmac_sha256_part
from _fast_path cimport read_ascii


cdef inline bint all_between(const hmac_sha256_part *text, uint8_t low, uint8_t high) noexcept:
    cdef const uint8_t *characters = <const uint8_t *>text.data
    cdef size_t i
    cdef bint right = True
    for i in range(text.size):
        right &= low <= characters[i] <= high
    return right


cdef inline bint read_host(object host, hmac_sha256_part *part) noexcept:
    """Read a common host: letters, digits, '-' and '.', and optionally a port. Return False for any other."""
    cdef const uint8_t *text
    cdef size_t i, port = 0, number = 0
    if not read_ascii(host, part) or part.size == 0:
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
