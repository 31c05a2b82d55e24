# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Check the host of HTTP requests, and write their text into memory of sufficient size."""

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


cdef inline bint is_label(const uint8_t *text, size_t size) noexcept:
    """Return whether letters, digits and '-' form a label of the host name."""
    return 0 < size <= 63 and text[0] != b"-" and text[size - 1] != b"-"


cdef inline bint is_port(const uint8_t *text, size_t size) noexcept:
    cdef size_t i, number = 0
    if not (2 <= size <= 6 and text[0] == b":"):
        return False
    for i in range(1, size):
        if not b"0" <= text[i] <= b"9":
            return False
        number = 10 * number + text[i] - 48
    return number < 65536


cdef inline bint read_host(object host, hmac_sha256_part *part) noexcept:
    """Read a common host, for example "api.example.com:443". Its last label has a letter, as no IPv4 address does."""
    cdef const uint8_t *text
    cdef size_t i = 0, label = 0  # the beginning of the current label
    cdef bint has_letter = False  # in the current label
    if not read_ascii(host, part) or part.size > 253:
        return False
    text = <const uint8_t *>part.data
    while i < part.size and text[i] != b":":
        if b"a" <= (text[i] | 0x20) <= b"z":
            has_letter = True
        elif text[i] == b".":
            if not is_label(text + label, i - label):
                return False
            label = i + 1
            has_letter = False
        elif not (b"0" <= text[i] <= b"9" or text[i] == b"-"):
            return False
        i += 1
    return has_letter and is_label(text + label, i - label) and (i == part.size or is_port(text + i, part.size - i))


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
