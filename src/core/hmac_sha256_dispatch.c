/* The table of implementations, the known-answer test, and the choice. */
#include <string.h>

#include "hmac_sha256.h"

const hmac_sha256_implementation *const hmac_sha256_implementations[] = {
#ifdef HMAC_SHA256_HAVE_AVX512
    &hmac_sha256_avx512,
#endif
#ifdef HMAC_SHA256_HAVE_SHANI
    &hmac_sha256_shani,
#endif
#ifdef HMAC_SHA256_HAVE_ARMV8
    &hmac_sha256_armv8,
#endif
    &hmac_sha256_portable,
    NULL,
};

/* RFC 4231, test cases 2 and 7: a key shorter than a block with a message of one block, and a longer key with three. */
static const struct {
    const char *text;
    const char *hex;
} cases[2] = {
    {"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"This is a test using a larger than block-size key and a larger than block-size data. "
     "The key needs to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

static hmac_sha256_message whole(const char *text) {
    return (hmac_sha256_message){.parts = {{text, strlen(text)}}};
}

/* Split a text as a request: a head of 16 bytes, then two parts of nearly equal size. */
static hmac_sha256_message split(const char *text) {
    size_t size = strlen(text + 16);
    const char *second = text + 16 + size / 2;
    hmac_sha256_message message = {.head_size = 16, .parts = {{text + 16, size / 2}, {second, size - size / 2}}};
    memcpy(message.head, text, 16);
    return message;
}

static bool signs(const hmac_sha256_key *key, hmac_sha256_message message, const char *expected) {
    char hex[HMAC_SHA256_HEX_SIZE];
    hmac_sha256_hex(key, &message, hex);
    return memcmp(hex, expected, sizeof hex) == 0;
}

/* Test a batch of suffixes of the second text, each `step` bytes shorter, against single signatures. */
static bool signs_batch(const hmac_sha256_key *key, size_t count, size_t step) {
    hmac_sha256_message messages[SHA256_LANES];
    char hexes[SHA256_LANES][HMAC_SHA256_HEX_SIZE];
    for (size_t i = 0; i < count; i++) messages[i] = whole(cases[1].text + step * i);
    hmac_sha256_hex_many(key, messages, count, hexes[0]);
    for (size_t i = 0; i < count; i++)
        if (!signs(key, messages[i], hexes[i])) return false;
    return true;
}

static bool signs_known_answers(void) {
    uint8_t long_key[131];
    hmac_sha256_key keys[2];
    memset(long_key, 0xaa, sizeof long_key);
    hmac_sha256_key_init(&keys[0], "Jefe", 4);
    hmac_sha256_key_init(&keys[1], long_key, sizeof long_key);
    for (size_t i = 0; i < 2; i++) {
        if (!signs(&keys[i], whole(cases[i].text), cases[i].hex)) return false;
        if (!signs(&keys[i], split(cases[i].text), cases[i].hex)) return false;
    }
    /* All lanes with three blocks; then pairs with different block counts: 1 and 2, 2 and 3. */
    return signs_batch(&keys[1], SHA256_LANES, 1) && signs_batch(&keys[1], 5, 25);
}

static bool passes_known_answers(const hmac_sha256_implementation *candidate) {
    const hmac_sha256_implementation *before = hmac_sha256_chosen;
    hmac_sha256_chosen = candidate;
    bool passes = signs_known_answers();
    hmac_sha256_chosen = before;
    return passes;
}

const hmac_sha256_implementation *hmac_sha256_choose(const char *name, const char **refused) {
    *refused = NULL;
    for (size_t i = 0; hmac_sha256_implementations[i] != NULL; i++) {
        const hmac_sha256_implementation *candidate = hmac_sha256_implementations[i];
        bool wanted = *name == '\0' || strcmp(name, candidate->name) == 0;
        if (!wanted || !candidate->supported()) continue;
        if (passes_known_answers(candidate)) {
            hmac_sha256_chosen = candidate;
            return candidate;
        }
        *refused = candidate->name;
    }
    return NULL;
}
