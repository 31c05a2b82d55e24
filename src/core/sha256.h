/* SHA-256's block function (FIPS 180-4), one implementation per instruction set, behind one table. */
#ifndef WOOX_FAST_SHA256_H
#define WOOX_FAST_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BLOCK_SIZE = 64, SHA256_DIGEST_SIZE = 32, SHA256_STATE_WORDS = 8 };

/* Whole blocks that lie one after the other, at any alignment. */
typedef struct {
    const uint8_t *blocks;
    size_t count;
} sha256_run;

typedef struct {
    const char *name;
    bool (*supported)(void); /* does this processor have it? */
    /* One message: fold each of `count` blocks into `state`. */
    void (*compress)(uint32_t state[8], const uint8_t *blocks, size_t count);
    /* Two messages of as many blocks at once, or NULL where that saves nothing. */
    void (*compress_two)(uint32_t state0[8], const uint8_t *blocks0, uint32_t state1[8], const uint8_t *blocks1,
                         size_t count);
    /* HMAC of a padded message from the key's two states, as 64 lower-case hex characters without a final NUL. */
    void (*hmac_hex)(const uint32_t inner[8], const uint32_t outer[8], const sha256_run *runs, size_t run_count,
                     char *hex);
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

#endif
