/* HMAC-SHA256 (RFC 2104, FIPS 198-1) of many messages under one key. */
#pragma once

#include "cleanse.h"
#include "hmac_sha256_implementation.h"

/* The SHA-256 states (midstates) after the block key ^ ipad and after the block key ^ opad. They are as good as the
 * key: cleanse them. */
typedef struct {
    uint32_t inner[8];
    uint32_t outer[8];
} hmac_sha256_key;

/* The implementation in use, at first the portable implementation. */
extern const hmac_sha256_implementation *hmac_sha256_chosen;

/* Choose the first implementation that this processor supports and that passes the known-answer test, or, if `name` is
 * not empty, the implementation of that name. Returns it; without a match, returns NULL and keeps the previous choice.
 * `*refused` becomes the name of the last implementation that failed the test, or NULL. Call it while no thread
 * hashes. */
const hmac_sha256_implementation *hmac_sha256_choose(const char *name, const char **refused);

/* The functions below leave no key material below the caller's frame, but for hmac_sha256_inner and hmac_sha256_outer,
 * after which the caller must call cleanse_stack(sign_stack). */

void hmac_sha256_key_init(hmac_sha256_key *key, const void *secret, size_t size);

/* HMAC in two steps. Between them the caller can work while the processor computes the inner hash. `digest` is
 * the inner hash as words; `hex` is 64 lower-case characters without a NUL. */
void hmac_sha256_inner(const hmac_sha256_key *key, const hmac_sha256_message *message, uint32_t digest[8]);
void hmac_sha256_outer(const hmac_sha256_key *key, const uint32_t digest[8], char *hex);

static inline void hmac_sha256_outer_hex(const hmac_sha256_key *key, const uint32_t digest[8], char *hex) {
    hmac_sha256_outer(key, digest, hex);
    if (hmac_sha256_chosen->spills) cleanse_stack(sign_stack);
}

static inline void hmac_sha256_hex(const hmac_sha256_key *key, const hmac_sha256_message *message, char *hex) {
    uint32_t digest[8];
    hmac_sha256_inner(key, message, digest);
    hmac_sha256_outer_hex(key, digest, hex);
}

/* Both steps for `count` messages, several at a time if the implementation can; `hex` has 64 characters per message. */
void hmac_sha256_hex_many(const hmac_sha256_key *key, const hmac_sha256_message *messages, size_t count, char *hex);
