/* What the cffi twin calls. `_sign_cffi_build.py` takes the declarations from these definitions, so each is `static`
 * and its head ends in ` {`. Sizes are in bytes; `hex` is 64 characters without a final NUL. */
#include <stdlib.h>

#include "hmac_sha256.h"
#include "prehash.h"
#include "cleanse.h"

enum { CHUNK = 128, HEX_SIZE = HMAC_SHA256_HEX_SIZE };

static hmac_sha256_key *key_new(const char *secret, size_t size) {
    hmac_sha256_key *key = malloc(sizeof *key);
    if (key != NULL) hmac_sha256_key_init(key, secret, size);
    return key;
}

static void key_free(hmac_sha256_key *key) {
    cleanse(key, sizeof *key);
    free(key);
}

static void hmac_hex(const hmac_sha256_key *key, const char *head, size_t head_size, const char *body, size_t body_size,
                     char *hex) {
    hmac_sha256_message message = {.parts = {{head, head_size}, {body, body_size}}};
    hmac_sha256_hex(key, &message, hex);
}

/* `timestamp` has 13 digits, `method` has METHOD_MIN to METHOD_MAX characters. */
static void sign(const hmac_sha256_key *key, uint64_t timestamp, const char *method, size_t method_size,
                 const char *path, size_t path_size, const char *body, size_t body_size, char *hex) {
    hmac_sha256_message message = {.parts = {{path, path_size}, {body, body_size}}};
    prehash_milliseconds(message.head, (int64_t)timestamp);
    prehash_method(message.head, (const uint8_t *)method, method_size);
    message.head_size = TIMESTAMP_SIZE + method_size;
    hmac_sha256_hex(key, &message, hex);
}

/* At most CHUNK messages, two at a time. `text` holds what follows each timestamp, in turn, of these `sizes`. */
static void sign_chunk(const hmac_sha256_key *key, size_t count, const uint64_t *timestamps, const uint64_t *sizes,
                     const char *text, char *hex) {
    hmac_sha256_message messages[CHUNK];
    for (size_t i = 0; i < count; i++) {
        hmac_sha256_part part = {text, (size_t)sizes[i]};
        messages[i] = (hmac_sha256_message){.head_size = TIMESTAMP_SIZE, .parts = {part}};
        prehash_milliseconds(messages[i].head, (int64_t)timestamps[i]);
        text += sizes[i];
    }
    hmac_sha256_hex_many(key, messages, count, hex);
}

static void cleanse_bytes(char *memory, size_t size) {
    cleanse(memory, size);
}

static const char *sha256_name(int i) {
    return hmac_sha256_implementations[i] == NULL ? NULL : hmac_sha256_implementations[i]->name;
}

static bool sha256_supported(int i) {
    return hmac_sha256_implementations[i]->supported();
}

static const char *sha256_choose(const char *name, const char **refused) {
    const hmac_sha256_implementation *chosen = hmac_sha256_choose(name, refused);
    return chosen == NULL ? NULL : chosen->name;
}
