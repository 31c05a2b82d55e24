#include "hmac_sha256.h"

#include "hmac_sha256_padding.h"

const hmac_sha256_implementation *hmac_sha256_chosen = &hmac_sha256_portable;

static NOT_INLINE void compress_with_margin(uint32_t to[8], const uint32_t from[8], const padded_message *m) {
    BEGIN_MARGIN();
    hmac_sha256_chosen->compress(to, from, m->runs, m->run_count);
    END_MARGIN();
}

/* Not inlined, because a message compressed in place does not need this large frame. */
static NOT_INLINE void inner_padded(const hmac_sha256_key *key, const hmac_sha256_message *message,
                                    uint32_t digest[8]) {
    padded_message m;
    pad_message(&m, message, SHA256_BLOCK_SIZE);
    compress_with_margin(digest, key->inner, &m);
    if (hmac_sha256_chosen->spills) cleanse_stack(sign_stack);
}

void hmac_sha256_inner(const hmac_sha256_key *key, const hmac_sha256_message *message, uint32_t digest[8]) {
    const hmac_sha256_implementation *with = hmac_sha256_chosen;
    BEGIN_MARGIN();
#if defined(__GNUC__)
    __builtin_prefetch(key->outer);
#endif
    if (with->compress_message == NULL || !with->compress_message(digest, key->inner, message))
        inner_padded(key, message, digest);
    END_MARGIN();
}

void hmac_sha256_outer(const hmac_sha256_key *key, const uint32_t digest[8], char *hex) {
    BEGIN_MARGIN();
    hmac_sha256_chosen->outer_hex(key->outer, digest, hex);
    END_MARGIN();
    cleanse_vector_registers();
}

/* Store a long secret's hash as the key's first bytes. */
static void hash_secret(uint8_t digest[SHA256_DIGEST_SIZE], const void *secret, size_t size) {
    padded_message m;
    uint32_t state[8];
    hmac_sha256_message message = {.parts = {{secret, size}}};
    pad_message(&m, &message, 0);
    hmac_sha256_chosen->compress(state, sha256_initial_state, m.runs, m.run_count);
    for (int i = 0; i < 8; i++) store_be32(digest + 4 * i, state[i]);
}

static NOT_INLINE void key_init(hmac_sha256_key *key, const void *secret, size_t size) {
    const hmac_sha256_implementation *with = hmac_sha256_chosen;
    uint8_t ipad[SHA256_BLOCK_SIZE] = {0};
    uint8_t opad[SHA256_BLOCK_SIZE];
    if (size > SHA256_BLOCK_SIZE) hash_secret(ipad, secret, size);
    else copy(ipad, secret, size);
    for (int i = 0; i < SHA256_BLOCK_SIZE; i++) {
        opad[i] = ipad[i] ^ 0x5c;
        ipad[i] ^= 0x36;
    }
    memcpy(key->inner, sha256_initial_state, sizeof key->inner);
    memcpy(key->outer, sha256_initial_state, sizeof key->outer);
    if (with->compress_two != NULL) {
        with->compress_two((uint32_t *const[2]){key->inner, key->outer}, (const uint8_t *const[2]){ipad, opad}, 1);
    } else {
        with->compress(key->inner, key->inner, &(sha256_run){ipad, 1}, 1);
        with->compress(key->outer, key->outer, &(sha256_run){opad, 1}, 1);
    }
}

static NOT_INLINE void key_init_with_margin(hmac_sha256_key *key, const void *secret, size_t size) {
    BEGIN_MARGIN();
    key_init(key, secret, size);
    END_MARGIN();
}

void hmac_sha256_key_init(hmac_sha256_key *key, const void *secret, size_t size) {
    key_init_with_margin(key, secret, size);
    cleanse_stack(key_stack);
    cleanse_vector_registers();
}
