"""Declarations of the C core."""

from libc.stdint cimport int64_t, uint8_t, uint32_t

cdef extern from "hmac_sha256.h" nogil:
    enum:
        HMAC_SHA256_HEX_SIZE
    ctypedef struct hmac_sha256_implementation:
        const char *name
        bint (*supported)()
    ctypedef struct hmac_sha256_key:
        pass
    ctypedef struct hmac_sha256_part:
        const void *data
        size_t size
    ctypedef struct hmac_sha256_message:
        uint8_t *head
        size_t head_size
        hmac_sha256_part *parts
    const hmac_sha256_implementation *const hmac_sha256_implementations[]
    const hmac_sha256_implementation *hmac_sha256_choose(const char *name, const char **refused)
    void hmac_sha256_key_init(hmac_sha256_key *key, const void *secret, size_t size)
    void hmac_sha256_inner(const hmac_sha256_key *key, const hmac_sha256_message *message, uint32_t *digest)
    void hmac_sha256_outer_hex(const hmac_sha256_key *key, const uint32_t *digest, char *hex)
    void hmac_sha256_hex(const hmac_sha256_key *key, const hmac_sha256_message *message, char *hex)
    void hmac_sha256_hex_many(const hmac_sha256_key *key, const hmac_sha256_message *messages, size_t count, char *hex)

cdef extern from "cleanse.h" nogil:
    void cleanse(void *memory, size_t size)

cdef extern from "prehash.h" nogil:
    enum:
        TIMESTAMP_SIZE
        METHOD_MIN
        METHOD_MAX
    bint prehash_milliseconds(uint8_t *head, int64_t milliseconds)
    bint prehash_milliseconds_after(uint8_t *head, int64_t milliseconds, const uint8_t *before_head, int64_t before)
    bint prehash_digits(uint8_t *head, const uint8_t *text)
    bint prehash_method(uint8_t *head, const uint8_t *method, size_t size)
