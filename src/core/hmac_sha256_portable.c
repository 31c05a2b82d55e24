/* Plain C, for every processor. */
#include "bytes.h"
#include "compiler.h"
#include "hmac_sha256_implementation.h"

static inline uint32_t rotate_right(uint32_t x, int n) { return (x >> n) | (x << (32 - n)); }

/* A round renames the eight working variables instead of moving them. Terms that do not depend on the previous round
 * come first. The previous round has computed a ^ b of the majority. */
#define ROUND(a, b, c, d, e, f, g, h, i, WORD)                                                                         \
    h += sha256_round_constants[base + (i)] + WORD(i);                                                                 \
    h += g ^ (e & (f ^ g));                                                                                            \
    h += rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);                                               \
    d += h;                                                                                                            \
    h += b ^ ((a ^ b) & (b ^ c));                                                                                      \
    h += rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22)

#define EIGHT_ROUNDS(i, WORD)                                                                                          \
    ROUND(a, b, c, d, e, f, g, h, (i) + 0, WORD);                                                                      \
    ROUND(h, a, b, c, d, e, f, g, (i) + 1, WORD);                                                                      \
    ROUND(g, h, a, b, c, d, e, f, (i) + 2, WORD);                                                                      \
    ROUND(f, g, h, a, b, c, d, e, (i) + 3, WORD);                                                                      \
    ROUND(e, f, g, h, a, b, c, d, (i) + 4, WORD);                                                                      \
    ROUND(d, e, f, g, h, a, b, c, (i) + 5, WORD);                                                                      \
    ROUND(c, d, e, f, g, h, a, b, (i) + 6, WORD);                                                                      \
    ROUND(b, c, d, e, f, g, h, a, (i) + 7, WORD)

static inline uint32_t load_word(uint32_t w[16], const uint8_t *block, int i) {
    w[i] = load_be32(block + 4 * i);
    return w[i];
}

/* Compute the message schedule in place: word i of the last sixteen becomes word i of the next sixteen. */
static inline uint32_t next_word(uint32_t w[16], int i) {
    uint32_t w1 = w[(i + 1) & 15];
    uint32_t w14 = w[(i + 14) & 15];
    w[i] += (rotate_right(w1, 7) ^ rotate_right(w1, 18) ^ (w1 >> 3)) + w[(i + 9) & 15] +
            (rotate_right(w14, 17) ^ rotate_right(w14, 19) ^ (w14 >> 10));
    return w[i];
}

static NOT_INLINE void compress_block(uint32_t state[8], const uint8_t *block) {
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    uint32_t w[16];
    int base = 0;
#define LOADED(i) load_word(w, block, i)
    EIGHT_ROUNDS(0, LOADED);
    EIGHT_ROUNDS(8, LOADED);
#undef LOADED
    /* Computing a word in the round that uses it is a tenth faster. */
    for (base = 16; base < SHA256_ROUNDS; base += 16) {
#define SCHEDULED(i) next_word(w, i)
        EIGHT_ROUNDS(0, SCHEDULED);
        EIGHT_ROUNDS(8, SCHEDULED);
#undef SCHEDULED
    }
    const uint32_t words[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++) state[i] += words[i];
}

static void portable_compress(uint32_t to[8], const uint32_t from[8], const sha256_run *runs, size_t run_count) {
    if (to != from) memcpy(to, from, sizeof(uint32_t[8]));
    for (size_t i = 0; i < run_count; i++)
        for (size_t at = 0; at < runs[i].count; at++) compress_block(to, runs[i].blocks + at * SHA256_BLOCK_SIZE);
}

/* Write a word as eight hex characters: spread its nibbles over eight bytes, then turn all into characters at once. */
static inline void store_hex(char *hex, uint32_t word) {
    uint64_t x = word;
    x = (x | x << 16) & 0x0000ffff0000ffff;
    x = (x | x << 8) & 0x00ff00ff00ff00ff;
    x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
    uint64_t letters = (x + 0x0606060606060606) >> 4 & 0x0101010101010101;
    store_be64((uint8_t *)hex, x + 0x3030303030303030 + letters * ('a' - '0' - 10));
}

static void portable_outer_hex(const uint32_t outer[8], const uint32_t digest[8], char *hex) {
    uint8_t block[SHA256_BLOCK_SIZE] = {[SHA256_DIGEST_SIZE] = 0x80};
    uint32_t state[8];
    for (int i = 0; i < 8; i++) store_be32(block + 4 * i, digest[i]);
    store_be32(block + 60, HMAC_SHA256_OUTER_BITS);
    memcpy(state, outer, sizeof state);
    compress_block(state, block);
    for (int i = 0; i < 8; i++) store_hex(hex + 8 * i, state[i]);
}

static bool always(void) { return true; }

const hmac_sha256_implementation hmac_sha256_portable = {
    .name = "portable",
    .supported = always,
    .spills = true,
    .compress = portable_compress,
    .outer_hex = portable_outer_hex,
};
