"""For other Cython code: `from woox_fast._sign cimport KeyContext, ...`. It needs no header of ours.

No function here needs the GIL, allocates, or can fail. `hex` is a caller's buffer of 64 bytes; no NUL is written.
"""

from libc.stdint cimport uint32_t

cdef struct KeyContext:
    # The SHA-256 states after the key ^ ipad and the key ^ opad. They are as good as the secret: cleanse them.
    uint32_t inner[8]
    uint32_t outer[8]

# Make a key context of a secret of any size.
cdef void key_context(KeyContext *key, const void *secret, size_t size) noexcept nogil

cdef void cleanse_key_context(KeyContext *key) noexcept nogil

# HMAC-SHA256 of `head` and then `body`, as lower-case hex: for a V3 request, the timestamp, method and path in one
# piece, and then the body. Either may be empty. Nothing is checked.
cdef void sign_into(
    const KeyContext *key, const void *head, size_t head_size, const void *body, size_t body_size, char *hex
) noexcept nogil
