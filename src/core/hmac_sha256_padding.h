/* Lay out a message as SHA-256 reads it: padded, in runs of whole blocks. */
#pragma once

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

/* A message of at most COPIED_BLOCKS is copied whole. In a longer message, parts of at most MAX_COPIED bytes are
 * copied, and the whole blocks of longer parts are read in place. A long part adds at most two runs: the scratch
 * before it, and its own blocks. The padding before the length is at most a block. */
enum {
    MAX_RUNS = 2 * HMAC_SHA256_PARTS + 1,
    COPIED_BLOCKS = 4,
    MAX_COPIED = 2 * SHA256_BLOCK_SIZE - 1,
    SCRATCH_SIZE = HMAC_SHA256_HEAD_CAPACITY + HMAC_SHA256_PARTS * MAX_COPIED + SHA256_BLOCK_SIZE,
};

_Static_assert((COPIED_BLOCKS + 1) * SHA256_BLOCK_SIZE <= SCRATCH_SIZE, "a copied message fits");

/* Shared and padded blocks are in `scratch`. */
typedef struct {
    sha256_run runs[MAX_RUNS];
    size_t run_count;
    uint8_t scratch[SCRATCH_SIZE];
} padded_message;

/* Return a message's number of blocks after the key's block. */
static inline size_t block_count(const hmac_sha256_message *message) {
    size_t size = message->head_size;
    for (size_t i = 0; i < HMAC_SHA256_PARTS; i++) size += message->parts[i].size;
    return (size + 8) / SHA256_BLOCK_SIZE + 1;
}

/* Lay out a message. `hashed` is the number of bytes before this message in the same hash, in whole blocks. */
static inline void pad_message(padded_message *m, const hmac_sha256_message *message, uint64_t hashed) {
    size_t max_copied = block_count(message) <= COPIED_BLOCKS ? COPIED_BLOCKS * SHA256_BLOCK_SIZE : MAX_COPIED;
    sha256_run *run = m->runs;    /* the next run to fill */
    uint8_t *blocks = m->scratch; /* the beginning of its blocks */
    uint8_t *out = blocks + message->head_size;
    memcpy(blocks, message->head, HMAC_SHA256_HEAD_CAPACITY);
    for (size_t i = 0; i < HMAC_SHA256_PARTS; i++) {
        const uint8_t *from = message->parts[i].data;
        size_t size = message->parts[i].size;
        if (size > max_copied) {
            size_t missing = (0 - (size_t)(out - m->scratch)) % SHA256_BLOCK_SIZE;
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
    hashed += (size_t)(out - m->scratch);
    memset(out, 0, SHA256_BLOCK_SIZE);
    *out = 0x80;
    store_be64(blocks + count * SHA256_BLOCK_SIZE - 8, hashed * 8);
    *run = (sha256_run){blocks, count};
    m->run_count = (size_t)(run - m->runs) + 1;
}
