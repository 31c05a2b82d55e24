"""API for other Cython code: `from woox_fast._sign cimport KeyContext, ...`. It needs no header of this package.

The functions need no GIL, allocate no memory and cannot fail. `hex` is a buffer of 64 bytes, without a final NUL.
"""

from libc.stdint cimport uint32_t

cdef struct KeyContext:
    # The SHA-256 states after the key ^ ipad and the key ^ opad. They are as good as the secret: cleanse them.
    uint32_t inner[8]
    uint32_t outer[8]

# Compute a secret's key context. The secret can have any size.
cdef void key_context(KeyContext *key, const void *secret, size_t size) noexcept nogil

cdef void cleanse_key_context(KeyContext *key) noexcept nogil

# Write HMAC-SHA256 of `head` and `body` as lower-case hex. In V3, `head` is the timestamp, method and path. Both
# can be empty. The function checks no value.
cdef void sign_into(
    const KeyContext *key, const void *head, size_t head_size, const void *body, size_t body_size, char *hex
) noexcept nogil
