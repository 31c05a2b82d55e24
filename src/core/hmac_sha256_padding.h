/* Lay out a message as SHA-256 reads it: padded, in runs of whole blocks. */
#ifndef WOOX_FAST_HMAC_SHA256_PADDING_H
#define WOOX_FAST_HMAC_SHA256_PADDING_H

#include <string.h>

#include "bytes.h"
#include "hmac_sha256_implementation.h"

/* Copy by whole words; the last word may copy some bytes twice. This needs no loop over bytes and no call, and touches
 * no byte outside `size`. */
static inline void copy(uint8_t *to, const uint8_t *from, size_t size) {
    if (size >= 16) {
        size_t last = size - 16;
        for (size_t at = 0; at < last; at += 16) memcpy(to + at, from + at, 16);
        memcpy(to + last, from + last, 16);
    } else if (size >= 8) {
        memcpy(to, from, 8);
        memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
        memcpy(to, from, 4);
        memcpy(to + size - 4, from + size - 4, 4);
    } else if (size > 0) {
        to[0] = from[0];
        to[size / 2] = from[size / 2];
        to[size - 1] = from[size - 1];
    }
}

/* A part of at most MAX_COPIED bytes is copied. The whole blocks of a longer part are read in place, since copying up to
 * eight blocks is faster than starting another run. Such a part adds at most two runs: the scratch before it, and its
 * own blocks. The padding before the length is at most one block. */
enum {
    MAX_RUNS = 2 * HMAC_SHA256_PARTS + 1,
    MAX_COPIED = 9 * SHA256_BLOCK_SIZE - 1,
    SCRATCH_SIZE = HMAC_SHA256_HEAD_CAPACITY + HMAC_SHA256_PARTS * MAX_COPIED + SHA256_BLOCK_SIZE,
};

/* The blocks of a long part are read in place; blocks that parts share, or that have padding, are in `scratch`. */
typedef struct {
    sha256_run runs[MAX_RUNS];
    uint8_t scratch[SCRATCH_SIZE];
} padded_message;

/* A smaller layout, for lanes. A message of at most LANE_COPIED_BLOCKS is copied whole. In a longer message, parts of at
 * most MAX_LANE_COPIED bytes are copied. */
enum {
    LANE_COPIED_BLOCKS = 4,
    MAX_LANE_COPIED = 2 * SHA256_BLOCK_SIZE - 1,
    LANE_SCRATCH_SIZE = HMAC_SHA256_HEAD_CAPACITY + HMAC_SHA256_PARTS * MAX_LANE_COPIED + SHA256_BLOCK_SIZE,
};

typedef struct {
    sha256_run runs[MAX_RUNS];
    uint8_t scratch[LANE_SCRATCH_SIZE];
} padded_lane;

_Static_assert((LANE_COPIED_BLOCKS + 1) * SHA256_BLOCK_SIZE <= LANE_SCRATCH_SIZE, "a copied message fits");

/* Return the number of blocks of a message after the key's block. */
static inline size_t block_count(const hmac_sha256_message *message) {
    size_t size = message->head_size;
    for (size_t i = 0; i < HMAC_SHA256_PARTS; i++) size += message->parts[i].size;
    return (size + 8) / SHA256_BLOCK_SIZE + 1;
}

/* Fill `runs` and `scratch`; return the number of runs. `hashed` is the number of bytes before this message in the same
 * hash, in whole blocks. */
static inline size_t pad_message(sha256_run *runs, uint8_t *scratch, const hmac_sha256_message *message,
                                 uint64_t hashed, size_t max_copied) {
    sha256_run *run = runs;    /* the next run to fill */
    uint8_t *blocks = scratch; /* where its blocks begin */
    uint8_t *out = blocks + message->head_size;
    memcpy(blocks, message->head, HMAC_SHA256_HEAD_CAPACITY);
    for (size_t i = 0; i < HMAC_SHA256_PARTS; i++) {
        const uint8_t *from = message->parts[i].data;
        size_t size = message->parts[i].size;
        if (size > max_copied) {
            size_t missing = (0 - (size_t)(out - scratch)) % SHA256_BLOCK_SIZE;
            size_t count = (size - missing) / SHA256_BLOCK_SIZE;
            size_t whole = count * SHA256_BLOCK_SIZE;
            copy(out, from, missing);
            out += missing;
            if (out > blocks) {
                *run = (sha256_run){blocks, (size_t)(out - blocks) / SHA256_BLOCK_SIZE};
                run++;
            }
            *run = (sha256_run){from + missing, count};
            run++;
            blocks = out;
            hashed += whole;
            from += missing + whole;
            size -= missing + whole;
        }
        copy(out, from, size);
        out += size;
    }
    size_t count = ((size_t)(out - blocks) + 8) / SHA256_BLOCK_SIZE + 1;
    hashed += (size_t)(out - scratch);
    memset(out, 0, SHA256_BLOCK_SIZE);
    *out = 0x80;
    store_be64(blocks + count * SHA256_BLOCK_SIZE - 8, hashed * 8);
    *run = (sha256_run){blocks, count};
    return (size_t)(run - runs) + 1;
}

#endif
