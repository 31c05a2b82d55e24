/* What the cffi twin calls. `_sign_cffi_build.py` cuts its declarations from these definitions, so each is `static`, and
 * its head ends in ` {`. Sizes are in bytes; `hex` is 64 characters without a final NUL. */
#include <stdlib.h>
#include <string.h>

#include "hmac_sha256.h"

enum { TIMESTAMP = 13, METHOD_ROOM = HMAC_SHA256_HEAD_ROOM - TIMESTAMP, HEX_SIZE = HMAC_SHA256_HEX_SIZE };

static hmac_sha256_key *key_new(const char *secret, size_t size) {
    hmac_sha256_key *key = malloc(sizeof *key);
    if (key != NULL) hmac_sha256_key_init(key, secret, size);
    hmac_sha256_wipe_stack();
    return key;
}

static void key_free(hmac_sha256_key *key) {
    hmac_sha256_wipe(key, sizeof *key);
    free(key);
}

static void hmac_hex(const hmac_sha256_key *key, const char *head, size_t head_size, const char *body, size_t body_size,
                     char *hex) {
    hmac_sha256_message message = {.parts = {{head, head_size}, {body, body_size}}, .part_count = 2};
    hmac_sha256_hex(key, &message, hex);
}

/* `timestamp` has 13 digits, `method` has at most METHOD_ROOM characters. */
static void sign(const hmac_sha256_key *key, uint64_t timestamp, const char *method, size_t method_size,
                 const char *path, size_t path_size, const char *body, size_t body_size, char *hex) {
    hmac_sha256_message message = {.parts = {{path, path_size}, {body, body_size}}, .part_count = 2};
    for (int i = TIMESTAMP; i-- > 0; timestamp /= 10) message.head[i] = (uint8_t)('0' + timestamp % 10);
    memcpy(message.head + TIMESTAMP, method, method_size);
    message.head_size = (uint8_t)(TIMESTAMP + method_size);
    hmac_sha256_hex(key, &message, hex);
}

static const char *sha256_name(int i) {
    return sha256_implementations[i] == NULL ? NULL : sha256_implementations[i]->name;
}

static bool sha256_supported(int i) {
    return sha256_implementations[i]->supported();
}

static const char *sha256_choose(const char *name, const char **refused) {
    const sha256_implementation *chosen = hmac_sha256_choose(name, refused);
    return chosen == NULL ? NULL : chosen->name;
}
