/* SHA-256's block function (FIPS 180-4), one implementation per instruction set, behind one table. */
#ifndef WOOX_FAST_SHA256_H
#define WOOX_FAST_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BLOCK_SIZE = 64, SHA256_DIGEST_SIZE = 32, SHA256_LANES = 32 };

/* Whole blocks, one after the other, at any alignment. */
typedef struct {
    const uint8_t *blocks;
    size_t count;
} sha256_run;

struct hmac_sha256_message;

typedef struct {
    const char *name;
    bool (*supported)(void); /* does this processor have it? */
    /* to = `from` with every block of every run folded in; `to` and `from` may be the same. */
    void (*compress)(uint32_t to[8], const uint32_t from[8], const sha256_run *runs, size_t run_count);
    /* The same for a message, from where its pieces are. Returns whether it takes one with such pieces; NULL if that
     * saves no time. */
    bool (*compress_message)(uint32_t to[8], const uint32_t from[8], const struct hmac_sha256_message *message);
    /* compress for two messages at once, `count` blocks each; NULL if that saves no time. */
    void (*compress_two)(uint32_t *const states[2], const uint8_t *const blocks[2], size_t count);
    /* HMAC's end: hash the inner digest under the key's outer state, to 64 lower-case hex characters without a NUL. */
    void (*outer_hex)(const uint32_t outer[8], const uint32_t digest[8], char *hex);
    /* The same for two messages under one key, or NULL. */
    void (*outer_hex_two)(const uint32_t outer[8], const uint32_t *const digests[2], char *const hex[2]);
    /* Both for SHA256_LANES messages at once, or NULL. Word i of every message's state is in states[i]. */
    void (*compress_lanes)(uint32_t states[8][SHA256_LANES], const uint8_t *const blocks[SHA256_LANES], size_t count);
    void (*outer_hex_lanes)(const uint32_t outer[8], const uint32_t digests[8][SHA256_LANES],
                            char *const hex[SHA256_LANES]);
} sha256_implementation;

extern const uint32_t sha256_initial_state[8];
extern const uint32_t sha256_round_constants[64];

/* Every implementation that was compiled, the fastest first, then NULL. */
extern const sha256_implementation *const sha256_implementations[];

extern const sha256_implementation sha256_portable;
#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)
#define SHA256_HAVE_X86 1
extern const sha256_implementation sha256_sha_ni;
#endif
/* Not with MinGW's gcc: it does not keep such registers aligned on the stack (gcc's bug 54412). */
#if (defined(__x86_64__) || defined(_M_X64)) && !defined(__MINGW32__)
#define SHA256_HAVE_AVX512 1
extern const sha256_implementation sha256_avx512;
void sha256_avx512_compress(uint32_t states[8][SHA256_LANES], const uint8_t *const blocks[SHA256_LANES], size_t count);
void sha256_avx512_outer_hex(const uint32_t outer[8], const uint32_t digests[8][SHA256_LANES],
                             char *const hex[SHA256_LANES]);
#endif
#if (defined(__aarch64__) && !defined(__AARCH64EB__)) || defined(_M_ARM64)
#define SHA256_HAVE_ARM 1
extern const sha256_implementation sha256_armv8;
#endif

#endif
