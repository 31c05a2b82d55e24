/* SHA-256 (FIPS 180-4): its constants and the types of its block functions. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BLOCK_SIZE = 64, SHA256_DIGEST_SIZE = 32, SHA256_ROUNDS = 64, SHA256_LANES = 32 };

/* Consecutive whole blocks, at any alignment. */
typedef struct {
    const uint8_t *blocks;
    size_t count;
} sha256_run;

/* Compress every block of every run into the state `from`, and store the result in `to`, which may be `from`. */
typedef void sha256_compress(uint32_t to[8], const uint32_t from[8], const sha256_run *runs, size_t run_count);

/* Compress `count` blocks of two messages, or of SHA256_LANES messages, at once. In lanes, word i of all states is in
 * states[i]. */
typedef void sha256_compress_two(uint32_t *const states[2], const uint8_t *const blocks[2], size_t count);
typedef void sha256_compress_lanes(uint32_t states[8][SHA256_LANES], const uint8_t *const blocks[SHA256_LANES],
                                   size_t count);

extern const uint32_t sha256_initial_state[8];
extern const uint32_t sha256_round_constants[SHA256_ROUNDS];
