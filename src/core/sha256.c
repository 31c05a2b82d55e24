/* The portable block function, and the table of implementations. */
#include "sha256.h"

#include <string.h>

#include "bytes.h"
#include "wipe.h"

const uint32_t sha256_initial_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

#if defined(__GNUC__)
__attribute__((aligned(16))) /* the vector implementations load four at a time */
#elif defined(_MSC_VER)
__declspec(align(16))
#endif
const uint32_t sha256_round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static inline uint32_t rotate_right(uint32_t x, int n) { return (x >> n) | (x << (32 - n)); }

/* The eight working variables take turns: a round renames them instead of moving them. What does not depend on the
 * round before is added first. Of the two differences in the majority, one was computed in the last round. */
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

/* The message schedule, in place: word i of the last sixteen becomes word i of the next. */
static inline uint32_t next_word(uint32_t w[16], int i) {
    uint32_t w1 = w[(i + 1) & 15], w14 = w[(i + 14) & 15];
    return w[i] += (rotate_right(w1, 7) ^ rotate_right(w1, 18) ^ (w1 >> 3)) + w[(i + 9) & 15] +
                   (rotate_right(w14, 17) ^ rotate_right(w14, 19) ^ (w14 >> 10));
}

static NOT_INLINE void compress_blocks(uint32_t state[8], const uint8_t *block, size_t count) {
    for (; count > 0; count--, block += SHA256_BLOCK_SIZE) {
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
        uint32_t w[16];
        int base = 0;
#define LOADED(i) (w[i] = load_be32(block + 4 * (i)))
        EIGHT_ROUNDS(0, LOADED);
        EIGHT_ROUNDS(8, LOADED);
#undef LOADED
        for (base = 16; base < 64; base += 16) { /* a word is made in the round that uses it: a tenth faster */
#define SCHEDULED(i) next_word(w, i)
            EIGHT_ROUNDS(0, SCHEDULED);
            EIGHT_ROUNDS(8, SCHEDULED);
#undef SCHEDULED
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d;
        state[4] += e, state[5] += f, state[6] += g, state[7] += h;
    }
}

static void portable_compress(uint32_t to[8], const uint32_t from[8], const sha256_run *runs, size_t run_count) {
    if (to != from) memcpy(to, from, sizeof(uint32_t[8]));
    for (size_t i = 0; i < run_count; i++) compress_blocks(to, runs[i].blocks, runs[i].count);
    wipe_compress_stack();
}

/* A word as eight hex characters: its nibbles are spread over eight bytes, then all become characters at once. */
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
    store_be32(block + 60, 8 * (SHA256_BLOCK_SIZE + SHA256_DIGEST_SIZE));
    portable_compress(state, outer, &(sha256_run){block, 1}, 1);
    for (int i = 0; i < 8; i++) store_hex(hex + 8 * i, state[i]);
}

static bool always(void) { return true; }

const sha256_implementation sha256_portable = {
    .name = "portable",
    .supported = always,
    .compress = portable_compress,
    .outer_hex = portable_outer_hex,
};

const sha256_implementation *const sha256_implementations[] = {
#ifdef SHA256_HAVE_AVX512
    &sha256_avx512,
#endif
#ifdef SHA256_HAVE_X86
    &sha256_sha_ni,
#endif
#ifdef SHA256_HAVE_ARM
    &sha256_armv8,
#endif
    &sha256_portable,
    NULL,
};
