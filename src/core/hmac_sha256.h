/* HMAC-SHA256 (RFC 2104, FIPS 198-1) under one key for many messages. */
#ifndef WOOX_FAST_HMAC_SHA256_H
#define WOOX_FAST_HMAC_SHA256_H

#include "sha256.h"

enum { HMAC_SHA256_HEX_SIZE = 2 * SHA256_DIGEST_SIZE, HMAC_SHA256_HEAD_ROOM = 24, HMAC_SHA256_PARTS = 2 };

/* Key context: the SHA-256 states (midstates) after the block key ^ ipad and after the block key ^ opad. */
typedef struct {
    uint32_t inner[8], outer[8];
} hmac_sha256_key;

/* A piece of a message, anywhere in memory. `data` is not read if `size` is 0. */
typedef struct {
    const void *data;
    size_t size;
} hmac_sha256_part;

/* What is signed: the first `head_size` bytes of `head`, which has room for short text, then the parts. */
typedef struct hmac_sha256_message {
    uint8_t head[HMAC_SHA256_HEAD_ROOM];
    size_t head_size;
    hmac_sha256_part parts[HMAC_SHA256_PARTS];
} hmac_sha256_message;

/* Choose the first implementation in the table that this processor has and that signs the known answers right; or, if
 * `name` is not empty, the one of that name. Returns it, or changes nothing and returns NULL. `*refused` becomes the
 * name of the last one that signed wrong, or NULL. */
const sha256_implementation *hmac_sha256_choose(const char *name, const char **refused);

/* The chosen implementation; the portable one before any choice. */
extern const sha256_implementation *hmac_sha256_chosen;

void hmac_sha256_key_init(hmac_sha256_key *key, const void *secret, size_t size);

/* HMAC in two steps, so that the caller can do something else while the processor is busy with the first. `digest` is
 * the digest of the inner hash, as words; `hex` is 64 lower-case characters without a final NUL. */
void hmac_sha256_inner(const hmac_sha256_key *key, const hmac_sha256_message *message, uint32_t digest[8]);
void hmac_sha256_outer_hex(const hmac_sha256_key *key, const uint32_t digest[8], char *hex);

/* Both steps. */
void hmac_sha256_hex(const hmac_sha256_key *key, const hmac_sha256_message *message, char *hex);

/* Both steps for `count` messages, two at a time where the implementation can; `hex` has 64 characters for each. */
void hmac_sha256_hex_many(const hmac_sha256_key *key, const hmac_sha256_message *messages, size_t count, char *hex);

#endif
