/* Many messages under one key, hashed in pairs or in lanes. */
#include "hmac_sha256.h"
#include "hmac_sha256_padding.h"

/* Sort a window's messages by block count, then hash them in groups: as lanes, if at least MIN_LANES have the same
 * count, else in pairs. With fewer lanes, pairs can be faster. */
enum { WINDOW = 64, GROUP = 8, MIN_LANES = 24 };

_Static_assert(SHA256_LANES * sizeof(padded_message) + sizeof(uint32_t[8][SHA256_LANES]) <= 15 * 1024,
               "the frames of a batch, without the implementation's frames");

/* Messages to hash and their signatures' destinations. */
typedef struct {
    const hmac_sha256_implementation *with;
    const hmac_sha256_key *key;
    const hmac_sha256_message *messages;
    char *hex;
    bool used_pairs;
    bool used_lanes;
} batch;

/* Move `*run` forward by `count` of its blocks. */
static inline void advance(sha256_run **run, size_t count) {
    (*run)->blocks += count * SHA256_BLOCK_SIZE;
    (*run)->count -= count;
    if ((*run)->count == 0) ++*run;
}

/* Hash two messages at once up to the end of the shorter message, then the rest of the longer message. */
static void inner_two(const batch *b, uint32_t *const digests[2], padded_message m[2]) {
    sha256_run *run[2] = {m[0].runs, m[1].runs};
    sha256_run *const end[2] = {run[0] + m[0].run_count, run[1] + m[1].run_count};
    while (run[0] < end[0] && run[1] < end[1]) {
        size_t count = run[0]->count < run[1]->count ? run[0]->count : run[1]->count;
        b->with->compress_two(digests, (const uint8_t *const[2]){run[0]->blocks, run[1]->blocks}, count);
        for (int i = 0; i < 2; i++) advance(&run[i], count);
    }
    for (int i = 0; i < 2; i++)
        if (run[i] < end[i]) b->with->compress(digests[i], digests[i], run[i], (size_t)(end[i] - run[i]));
}

static NOT_INLINE void hash_pairs(const batch *b, padded_message *m, char *const *hex, size_t count) {
    uint32_t digests[GROUP][8];
    size_t i;
    BEGIN_MARGIN();
    for (i = 0; i + 1 < count; i += 2) {
        memcpy(digests[i], b->key->inner, sizeof digests[i]);
        memcpy(digests[i + 1], b->key->inner, sizeof digests[i]);
        inner_two(b, (uint32_t *const[2]){digests[i], digests[i + 1]}, m + i);
    }
    if (i < count) b->with->compress(digests[i], b->key->inner, m[i].runs, m[i].run_count);
    for (i = 0; i + 1 < count; i += 2)
        b->with->outer_hex_two(b->key->outer, (const uint32_t *const[2]){digests[i], digests[i + 1]}, hex + i);
    if (i < count) b->with->outer_hex(b->key->outer, digests[i], hex[i]);
    END_MARGIN();
}

/* Hash messages of equal block counts, a message per lane. Unused lanes repeat the first message. */
static NOT_INLINE void hash_lanes(const batch *b, padded_message *m, char **hex, size_t count) {
    ALIGNED(64) uint32_t states[8][SHA256_LANES]; /* a vector register's size */
    const uint8_t *blocks[SHA256_LANES];
    sha256_run *run[SHA256_LANES];
    BEGIN_MARGIN();
    for (int word = 0; word < 8; word++)
        for (int lane = 0; lane < SHA256_LANES; lane++) states[word][lane] = b->key->inner[word];
    for (size_t i = 0; i < count; i++) run[i] = m[i].runs;
    for (size_t i = count; i < SHA256_LANES; i++) hex[i] = hex[0];
    while (run[0] < m[0].runs + m[0].run_count) {
        size_t step = run[0]->count;
        for (size_t i = 0; i < count; i++) {
            blocks[i] = run[i]->blocks;
            if (run[i]->count < step) step = run[i]->count;
        }
        for (size_t i = count; i < SHA256_LANES; i++) blocks[i] = blocks[0];
        b->with->compress_lanes(states, blocks, step);
        for (size_t i = 0; i < count; i++) advance(&run[i], step);
    }
    b->with->outer_hex_lanes(b->key->outer, states, hex);
    END_MARGIN();
}

static ALWAYS_INLINE void pad_group(const batch *b, const uint8_t *order, size_t count, padded_message *m, char **hex) {
    for (size_t i = 0; i < count; i++) {
        pad_message(&m[i], &b->messages[order[i]], SHA256_BLOCK_SIZE);
        hex[i] = b->hex + order[i] * HMAC_SHA256_HEX_SIZE;
    }
}

/* All groups of pairs have their frame at the same place, and so have all groups of lanes. Hashing an empty group at
 * the end clears the stack that they used.
 *
 * Pad all the group's messages, then hash all, then hash all inner digests. So no step waits for memory that the
 * previous step has just written. This is a tenth faster than hashing the pairs in turn. */
static NOT_INLINE void hash_pair_group(const batch *b, const uint8_t *order, size_t count) {
    padded_message m[GROUP];
    char *hex[GROUP];
    pad_group(b, order, count, m, hex);
    if (count > 0) hash_pairs(b, m, hex, count);
    else cleanse_stack(pairs_stack);
}

static NOT_INLINE void hash_lane_group(const batch *b, const uint8_t *order, size_t count) {
    padded_message m[SHA256_LANES];
    char *hex[SHA256_LANES];
    pad_group(b, order, count, m, hex);
    if (count > 0) hash_lanes(b, m, hex, count);
    else cleanse_stack(lanes_stack);
}

/* Sort by block count, so that the messages in a group finish together. */
static void sort_window(const batch *b, size_t count, uint8_t order[WINDOW], size_t blocks[WINDOW]) {
    for (size_t i = 0; i < count; i++) {
        size_t size = block_count(&b->messages[i]);
        size_t at = i;
        for (; at > 0 && blocks[at - 1] > size; at--) {
            blocks[at] = blocks[at - 1];
            order[at] = order[at - 1];
        }
        blocks[at] = size;
        order[at] = (uint8_t)i;
    }
}

static NOT_INLINE void hash_window(batch *b, size_t count, bool is_last) {
    uint8_t order[WINDOW];
    size_t blocks[WINDOW];
    sort_window(b, count, order, blocks);
    for (size_t at = 0, size; at < count; at += size) {
        size_t equal = 1;
        while (equal < SHA256_LANES && at + equal < count && blocks[at + equal] == blocks[at]) equal++;
        if (b->with->compress_lanes != NULL && equal >= MIN_LANES) {
            size = equal;
            hash_lane_group(b, order + at, size);
            b->used_lanes = true;
        } else {
            size = count - at < GROUP ? count - at : GROUP;
            hash_pair_group(b, order + at, size);
            b->used_pairs = true;
        }
    }
    if (is_last && b->used_pairs) hash_pair_group(b, order, 0);
    if (is_last && b->used_lanes) hash_lane_group(b, order, 0);
}

void hmac_sha256_hex_many(const hmac_sha256_key *key, const hmac_sha256_message *messages, size_t count, char *hex) {
    batch b = {.with = hmac_sha256_chosen, .key = key, .messages = messages, .hex = hex};
    if (b.with->compress_two == NULL) {
        for (size_t i = 0; i < count; i++) hmac_sha256_hex(key, &messages[i], hex + i * HMAC_SHA256_HEX_SIZE);
        return;
    }
    while (count > 0) {
        size_t size = count < WINDOW ? count : WINDOW;
        hash_window(&b, size, size == count);
        b.messages += size;
        b.hex += size * HMAC_SHA256_HEX_SIZE;
        count -= size;
    }
    cleanse_vector_registers();
}
