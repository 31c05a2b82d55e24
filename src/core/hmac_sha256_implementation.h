/* The steps of HMAC-SHA256 that an instruction set implements, and the table of implementations. */
#pragma once

#include <stdbool.h>

#include "sha256.h"

enum { HMAC_SHA256_HEX_SIZE = 2 * SHA256_DIGEST_SIZE, HMAC_SHA256_HEAD_CAPACITY = 24, HMAC_SHA256_PARTS = 2 };

/* The length in bits that pads the outer hash: a block of the key and an inner digest. */
enum { HMAC_SHA256_OUTER_BITS = 8 * (SHA256_BLOCK_SIZE + SHA256_DIGEST_SIZE) };

/* A piece anywhere in memory. `data` is not read if `size` is 0. */
typedef struct {
    const void *data;
    size_t size;
} hmac_sha256_part;

/* A message: the first `head_size` bytes of `head`, then the parts. */
typedef struct {
    uint8_t head[HMAC_SHA256_HEAD_CAPACITY];
    size_t head_size;
    hmac_sha256_part parts[HMAC_SHA256_PARTS];
} hmac_sha256_message;

typedef struct {
    const char *name;
    bool (*supported)(void); /* true if this processor has the instructions */
    bool spills;             /* true if a step may leave key material on the stack */
    sha256_compress *compress;
    /* Compress a whole message in place. Returns false for a message whose parts need a copy. NULL if that saves no
     * time. */
    bool (*compress_message)(uint32_t to[8], const uint32_t from[8], const hmac_sha256_message *message);
    /* HMAC's outer hash of the inner digest, as 64 lower-case hex characters without a NUL. */
    void (*outer_hex)(const uint32_t outer[8], const uint32_t digest[8], char *hex);
    /* Both steps for two messages under one key; NULL if that saves no time. */
    sha256_compress_two *compress_two;
    void (*outer_hex_two)(const uint32_t outer[8], const uint32_t *const digests[2], char *const hex[2]);
    /* Both steps for SHA256_LANES messages, which overwrite `states`; NULL if the processor cannot. */
    sha256_compress_lanes *compress_lanes;
    void (*outer_hex_lanes)(const uint32_t outer[8], uint32_t states[8][SHA256_LANES], char *const hex[SHA256_LANES]);
} hmac_sha256_implementation;

/* Every compiled implementation, the fastest first, then NULL. */
extern const hmac_sha256_implementation *const hmac_sha256_implementations[];

extern const hmac_sha256_implementation hmac_sha256_portable;
#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)
#define HMAC_SHA256_HAVE_SHANI 1
extern const hmac_sha256_implementation hmac_sha256_shani;
#endif
/* MinGW's gcc does not align these registers on the stack (gcc bug 54412). */
#if (defined(__x86_64__) || defined(_M_X64)) && !defined(__MINGW32__)
#define HMAC_SHA256_HAVE_AVX512 1
extern const hmac_sha256_implementation hmac_sha256_avx512;
#endif
#if (defined(__aarch64__) && !defined(__AARCH64EB__)) || defined(_M_ARM64)
#define HMAC_SHA256_HAVE_ARMV8 1
extern const hmac_sha256_implementation hmac_sha256_armv8;
#endif
