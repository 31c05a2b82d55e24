/* What the cffi twin calls. `_sign_cffi_build.py` cuts its declarations from these definitions, so each is `static`, and
 * its head ends in ` {`. Sizes are in bytes; `hex` is 64 characters without a final NUL. */
#include <stdlib.h>

#include "hmac_sha256.h"
#include "timestamp.h"

enum { HEX_SIZE = HMAC_SHA256_HEX_SIZE };

static hmac_sha256_key *key_new(const char *secret, size_t size) {
    hmac_sha256_key *key = malloc(sizeof *key);
    if (key != NULL) hmac_sha256_key_init(key, secret, size);
    return key;
}

static void key_free(hmac_sha256_key *key) {
    hmac_sha256_wipe(key, sizeof *key);
    free(key);
}

static void sign(const hmac_sha256_key *key, int64_t timestamp, const char *method, size_t method_size,
                 const char *path, size_t path_size, const char *body, size_t body_size, char *hex) {
    hmac_sha256_message message;
    timestamp_write(message.head, (uint64_t)timestamp);
    message.head_size = TIMESTAMP_SIZE, message.part_count = 3;
    message.parts[0] = (hmac_sha256_part){method, method_size};
    message.parts[1] = (hmac_sha256_part){path, path_size};
    message.parts[2] = (hmac_sha256_part){body, body_size};
    hmac_sha256_hex(key, &message, hex);
}

static void hmac_hex(const hmac_sha256_key *key, const char *head, size_t head_size, const char *body, size_t body_size,
                     char *hex) {
    hmac_sha256_message message;
    message.head_size = 0, message.part_count = 2;
    message.parts[0] = (hmac_sha256_part){head, head_size};
    message.parts[1] = (hmac_sha256_part){body, body_size};
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
