/* The functions of the cffi backend. `_sign_cffi_build.py` reads the declarations from the heads of these
 * definitions, so all are `static` and their heads end in ` {`. Sizes are in bytes; `hex` is 64 characters without a
 * final NUL.
 *
 * Functions that sign return false for a cleansed key, which is all zeros. A finalizer in a dying reference cycle can
 * reach a Signer whose key has been cleansed. They look before they hash: a later look would leave the key in vector
 * registers, which the hash clears at its end. */
#include "cleanse.h"
#include "hmac_sha256.h"
#include "prehash.h"

enum { CHUNK = 128, HEX_SIZE = HMAC_SHA256_HEX_SIZE };

static bool is_cleansed(const hmac_sha256_key *key) {
    uint32_t bits = 0;
    for (int i = 0; i < 8; i++) bits |= key->inner[i] | key->outer[i];
    return bits == 0;
}

static void key_init(hmac_sha256_key *key, const char *secret, size_t size) {
    hmac_sha256_key_init(key, secret, size);
}

static void key_cleanse(hmac_sha256_key *key) {
    cleanse(key, sizeof *key);
}

static bool hmac_hex(const hmac_sha256_key *key, const char *head, size_t head_size, const char *body, size_t body_size,
                     char *hex) {
    hmac_sha256_message message = {.parts = {{head, head_size}, {body, body_size}}};
    bool is_usable = !is_cleansed(key);
    hmac_sha256_hex(key, &message, hex);
    return is_usable;
}

/* `timestamp` has 13 digits, `method` has METHOD_MIN to METHOD_MAX characters. */
static bool sign(const hmac_sha256_key *key, uint64_t timestamp, const char *method, size_t method_size,
                 const char *path, size_t path_size, const char *body, size_t body_size, char *hex) {
    hmac_sha256_message message = {.parts = {{path, path_size}, {body, body_size}}};
    prehash_milliseconds(message.head, (int64_t)timestamp);
    prehash_method(message.head, (const uint8_t *)method, method_size);
    message.head_size = TIMESTAMP_SIZE + method_size;
    bool is_usable = !is_cleansed(key);
    hmac_sha256_hex(key, &message, hex);
    return is_usable;
}

/* Sign a chunk. `text` has the messages without their timestamps, in turn, of these `sizes`. The caller supplies memory
 * for the messages, which are too large for a thread with a small stack. */
static bool sign_chunk(const hmac_sha256_key *key, size_t count, const uint64_t *timestamps, const uint64_t *sizes,
                       const char *text, hmac_sha256_message *messages, char *hex) {
    for (size_t i = 0; i < count; i++) {
        messages[i] = (hmac_sha256_message){.head_size = TIMESTAMP_SIZE, .parts = {{text, (size_t)sizes[i]}}};
        prehash_milliseconds(messages[i].head, (int64_t)timestamps[i]);
        text += sizes[i];
    }
    bool is_usable = !is_cleansed(key);
    hmac_sha256_hex_many(key, messages, count, hex);
    return is_usable;
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
