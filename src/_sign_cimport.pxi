"""What `_sign.pxd` promises to other Cython code. Included by `_sign.pyx`."""

cdef extern from *:
    """
    typedef char key_context_is_the_cores_own[sizeof(hmac_sha256_key) == 64 ? 1 : -1];
    """


cdef void key_context(KeyContext *key, const void *secret, size_t size) noexcept nogil:
    hmac_sha256_key_init(<hmac_sha256_key *>key, secret, size)


cdef void wipe_key_context(KeyContext *key) noexcept nogil:
    hmac_sha256_wipe(key, sizeof(KeyContext))


cdef void sign_into(
    const KeyContext *key, const void *head, size_t head_size, const void *body, size_t body_size, char *hex
) noexcept nogil:
    cdef hmac_sha256_message message
    cdef uint32_t digest[8]
    message.head_size, message.part_count = 0, 2
    message.parts[0].data, message.parts[0].size = head, head_size
    message.parts[1].data, message.parts[1].size = body, body_size
    hmac_sha256_inner(<const hmac_sha256_key *>key, &message, digest)
    hmac_sha256_outer_hex(<const hmac_sha256_key *>key, digest, hex)
