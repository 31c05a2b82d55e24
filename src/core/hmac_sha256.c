/* HMAC-SHA256: the key context, and a message's parts laid out as runs of whole blocks. */
#include "hmac_sha256.h"

#include <string.h>

#include "bytes.h"
#include "wipe.h"

const sha256_implementation *hmac_sha256_chosen = &sha256_portable;

/* Copies by whole words; the last word may copy some bytes again. So there is no loop over bytes and no call, and
 * nothing outside the `size` bytes is touched. */
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

/* A part's whole blocks are hashed in place if there are this many. To copy fewer takes less time than another run. */
enum { IN_PLACE_BLOCKS = 8 };

/* The most that a message needs. A part adds at most two runs: the scratch that it ends, and its own blocks. What is
 * copied of it is less than IN_PLACE_BLOCKS and one more. At most a block of padding goes before the length. */
enum {
    PADDING_ROOM = SHA256_BLOCK_SIZE,
    MAX_RUNS = 2 * HMAC_SHA256_PARTS + 1,
    MAX_COPIED = (IN_PLACE_BLOCKS + 1) * SHA256_BLOCK_SIZE - 1,
    SCRATCH_SIZE = HMAC_SHA256_HEAD_ROOM + HMAC_SHA256_PARTS * MAX_COPIED + PADDING_ROOM,
};

/* A message as SHA-256 takes it: padded, in runs of whole blocks. The blocks of a long part are read in place. Where
 * pieces of parts or padding share a block, the block is in `scratch`. */
typedef struct {
    sha256_run runs[MAX_RUNS];
    uint8_t scratch[SCRATCH_SIZE];
} padded_message;

/* Returns the number of runs. `hashed` is how many bytes (whole blocks) the same hash took before this message. */
static inline size_t pad_message(padded_message *m, const hmac_sha256_message *message, uint64_t hashed) {
    sha256_run *run = m->runs;    /* the one that is being filled */
    uint8_t *blocks = m->scratch; /* where it begins */
    uint8_t *out = blocks + message->head_size;
    memcpy(blocks, message->head, HMAC_SHA256_HEAD_ROOM);
    for (size_t i = 0; i < HMAC_SHA256_PARTS; i++) {
        const uint8_t *from = message->parts[i].data;
        size_t size = message->parts[i].size;
        if (size > MAX_COPIED) {
            size_t room = (0 - (size_t)(out - m->scratch)) % SHA256_BLOCK_SIZE;
            size_t count = (size - room) / SHA256_BLOCK_SIZE, whole = count * SHA256_BLOCK_SIZE;
            copy(out, from, room);
            out += room;
            if (out > blocks) *run++ = (sha256_run){blocks, (size_t)(out - blocks) / SHA256_BLOCK_SIZE};
            *run++ = (sha256_run){from + room, count};
            blocks = out;
            hashed += whole;
            from += room + whole;
            size -= room + whole;
        }
        copy(out, from, size);
        out += size;
    }
    size_t count = ((size_t)(out - blocks) + 8) / SHA256_BLOCK_SIZE + 1;
    hashed += (size_t)(out - m->scratch);
    memset(out, 0, PADDING_ROOM);
    *out = 0x80;
    store_be64(blocks + count * SHA256_BLOCK_SIZE - 8, hashed * 8);
    *run++ = (sha256_run){blocks, count};
    return (size_t)(run - m->runs);
}

/* Not inlined: what is hashed from where it is needs none of this on the stack. */
static NOT_INLINE void inner_padded(const sha256_implementation *sha256, const hmac_sha256_key *key,
                                    const hmac_sha256_message *message, uint32_t digest[8]) {
    padded_message m;
    size_t run_count = pad_message(&m, message, SHA256_BLOCK_SIZE);
    sha256->compress(digest, key->inner, m.runs, run_count);
}

static inline void inner(const sha256_implementation *sha256, const hmac_sha256_key *key,
                         const hmac_sha256_message *message, uint32_t digest[8]) {
    if (sha256->compress_message == NULL || !sha256->compress_message(digest, key->inner, message))
        inner_padded(sha256, key, message, digest);
}

void hmac_sha256_inner(const hmac_sha256_key *key, const hmac_sha256_message *message, uint32_t digest[8]) {
#if defined(__GNUC__)
    __builtin_prefetch(key->outer); /* to have it in the cache by the time it is needed */
#endif
    inner(hmac_sha256_chosen, key, message, digest);
}

void hmac_sha256_outer_hex(const hmac_sha256_key *key, const uint32_t digest[8], char *hex) {
    hmac_sha256_chosen->outer_hex(key->outer, digest, hex);
    wipe_vector_registers();
}

void hmac_sha256_hex(const hmac_sha256_key *key, const hmac_sha256_message *message, char *hex) {
    uint32_t digest[8];
    hmac_sha256_inner(key, message, digest);
    hmac_sha256_outer_hex(key, digest, hex);
}

/* Go on behind the next `count` blocks. */
static inline void advance(sha256_run **run, size_t count) {
    (*run)->blocks += count * SHA256_BLOCK_SIZE;
    (*run)->count -= count;
    if ((*run)->count == 0) ++*run;
}

/* Hash two messages at once as far as the shorter one goes, then the rest of the longer one. */
static void inner_two(const sha256_implementation *sha256, uint32_t *const digests[2], padded_message m[2],
                      const size_t run_counts[2]) {
    sha256_run *run[2] = {m[0].runs, m[1].runs}, *end[2] = {run[0] + run_counts[0], run[1] + run_counts[1]};
    while (run[0] < end[0] && run[1] < end[1]) {
        size_t count = run[0]->count < run[1]->count ? run[0]->count : run[1]->count;
        sha256->compress_two(digests, (const uint8_t *const[2]){run[0]->blocks, run[1]->blocks}, count);
        for (int i = 0; i < 2; i++) advance(&run[i], count);
    }
    for (int i = 0; i < 2; i++)
        if (run[i] < end[i]) sha256->compress(digests[i], digests[i], run[i], (size_t)(end[i] - run[i]));
}

/* A batch is taken apart in windows of so many messages, and those in groups. With fewer lanes filled than this, pairs
 * may take less time. */
enum { WINDOW = 64, GROUP = 8, FILLED_LANES = 24 };

/* Two at once, then two inner digests at once. */
static void hex_pairs(const sha256_implementation *sha256, const hmac_sha256_key *key, padded_message *m,
                      const size_t *run_counts, char *const *hex, size_t count) {
    uint32_t digests[GROUP][8];
    size_t i;
    for (i = 0; i + 1 < count; i += 2) {
        memcpy(digests[i], key->inner, sizeof key->inner);
        memcpy(digests[i + 1], key->inner, sizeof key->inner);
        inner_two(sha256, (uint32_t *const[2]){digests[i], digests[i + 1]}, m + i, run_counts + i);
    }
    if (i < count) sha256->compress(digests[i], key->inner, m[i].runs, run_counts[i]);
    for (i = 0; i + 1 < count; i += 2)
        sha256->outer_hex_two(key->outer, (const uint32_t *const[2]){digests[i], digests[i + 1]}, hex + i);
    if (i < count) sha256->outer_hex(key->outer, digests[i], hex[i]);
}

/* One in each lane, all of `block_count` blocks. What lanes are left hash the first message, too. */
static void hex_lanes(const sha256_implementation *sha256, const hmac_sha256_key *key, padded_message *m,
                      size_t block_count, char *hex[SHA256_LANES], size_t count) {
    uint32_t states[8][SHA256_LANES];
    const uint8_t *blocks[SHA256_LANES];
    sha256_run *run[SHA256_LANES];
    for (int word = 0; word < 8; word++)
        for (int lane = 0; lane < SHA256_LANES; lane++) states[word][lane] = key->inner[word];
    for (size_t i = 0; i < count; i++) run[i] = m[i].runs;
    for (size_t i = count; i < SHA256_LANES; i++) hex[i] = hex[0];
    for (size_t left = block_count;;) {
        size_t step = left;
        for (size_t i = 0; i < count; i++) {
            blocks[i] = run[i]->blocks;
            if (run[i]->count < step) step = run[i]->count;
        }
        for (size_t i = count; i < SHA256_LANES; i++) blocks[i] = blocks[0];
        sha256->compress_lanes(states, blocks, step);
        if ((left -= step) == 0) break;
        for (size_t i = 0; i < count; i++) advance(&run[i], step);
    }
    sha256->outer_hex_lanes(key->outer, (const uint32_t(*)[SHA256_LANES])states, hex);
}

typedef void wiping(void);

/* All messages of a group are padded, then all are hashed, then all inner digests are. So no step waits for memory that
 * the step before has only just written. This is a tenth faster than one pair after the other. `lanes_blocks` is the
 * number of blocks of each message if they are hashed in lanes, else 0. Each group uses the same stack: `wipe_after`
 * is given with the last one only. */
static void hex_group(const sha256_implementation *sha256, const hmac_sha256_key *key,
                      const hmac_sha256_message *messages, const uint8_t *order, size_t count, size_t lanes_blocks,
                      wiping *wipe_after, char *hex) {
    padded_message m[SHA256_LANES];
    size_t run_counts[SHA256_LANES];
    char *out[SHA256_LANES];
    for (size_t i = 0; i < count; i++) {
        run_counts[i] = pad_message(&m[i], &messages[order[i]], SHA256_BLOCK_SIZE);
        out[i] = hex + order[i] * HMAC_SHA256_HEX_SIZE;
    }
    if (lanes_blocks > 0) hex_lanes(sha256, key, m, lanes_blocks, out, count);
    else hex_pairs(sha256, key, m, run_counts, out, count);
    if (wipe_after != NULL) wipe_after();
}

static size_t block_count(const hmac_sha256_message *message) {
    size_t size = message->head_size;
    for (size_t i = 0; i < HMAC_SHA256_PARTS; i++) size += message->parts[i].size;
    return (size + 8) / SHA256_BLOCK_SIZE + 1;
}

/* Sorted by their number of blocks: of messages that are hashed together, none waits long for another. */
static void hex_window(const sha256_implementation *sha256, const hmac_sha256_key *key,
                       const hmac_sha256_message *messages, size_t count, wiping *wipe_after, char *hex) {
    uint8_t order[WINDOW];
    size_t blocks[WINDOW];
    for (size_t i = 0; i < count; i++) {
        size_t of_this = block_count(messages + i), at = i;
        for (; at > 0 && blocks[at - 1] > of_this; at--) blocks[at] = blocks[at - 1], order[at] = order[at - 1];
        blocks[at] = of_this, order[at] = (uint8_t)i;
    }
    for (size_t at = 0, size; at < count; at += size) {
        size_t alike = 1;
        while (alike < SHA256_LANES && at + alike < count && blocks[at + alike] == blocks[at]) alike++;
        bool lanes = sha256->compress_lanes != NULL && alike >= FILLED_LANES;
        size = lanes ? alike : count - at < GROUP ? count - at : GROUP;
        hex_group(sha256, key, messages, order + at, size, lanes ? blocks[at] : 0,
                  at + size == count ? wipe_after : NULL, hex);
    }
}

void hmac_sha256_hex_many(const hmac_sha256_key *key, const hmac_sha256_message *messages, size_t count, char *hex) {
    const sha256_implementation *sha256 = hmac_sha256_chosen;
    if (sha256->compress_two == NULL) {
        for (size_t i = 0; i < count; i++) hmac_sha256_hex(key, messages + i, hex + i * HMAC_SHA256_HEX_SIZE);
        return;
    }
    bool lanes = sha256->compress_lanes != NULL && count >= FILLED_LANES;
    wiping *wipe_after = lanes ? wipe_lanes_stack : wipe_compress_stack;
    for (size_t left = count; left > 0;) {
        size_t size = left < WINDOW ? left : WINDOW;
        left -= size;
        hex_window(sha256, key, messages, size, left == 0 ? wipe_after : NULL, hex);
        messages += size, hex += size * HMAC_SHA256_HEX_SIZE;
    }
    wipe_vector_registers();
}

/* Not inlined: all that it leaves on the stack is then below its caller, which wipes that. */
static NOT_INLINE void key_init(hmac_sha256_key *key, const void *secret, size_t size,
                                const sha256_implementation *sha256) {
    uint8_t ipad[SHA256_BLOCK_SIZE] = {0}, opad[SHA256_BLOCK_SIZE];
    if (size > SHA256_BLOCK_SIZE) {
        padded_message m;
        uint32_t state[8];
        size_t run_count = pad_message(&m, &(hmac_sha256_message){.parts = {{secret, size}}}, 0);
        sha256->compress(state, sha256_initial_state, m.runs, run_count);
        for (int i = 0; i < 8; i++) store_be32(ipad + 4 * i, state[i]);
    } else if (size > 0) {
        copy(ipad, secret, size);
    }
    for (int i = 0; i < SHA256_BLOCK_SIZE; i++) {
        opad[i] = ipad[i] ^ 0x5c;
        ipad[i] ^= 0x36;
    }
    if (sha256->compress_two != NULL) {
        memcpy(key->inner, sha256_initial_state, sizeof key->inner);
        memcpy(key->outer, sha256_initial_state, sizeof key->outer);
        sha256->compress_two((uint32_t *const[2]){key->inner, key->outer}, (const uint8_t *const[2]){ipad, opad}, 1);
    } else {
        sha256->compress(key->inner, sha256_initial_state, &(sha256_run){ipad, 1}, 1);
        sha256->compress(key->outer, sha256_initial_state, &(sha256_run){opad, 1}, 1);
    }
}

void hmac_sha256_key_init(hmac_sha256_key *key, const void *secret, size_t size) {
    key_init(key, secret, size, hmac_sha256_chosen);
    wipe_stack();
    wipe_vector_registers();
}

static void sign_alone(const sha256_implementation *sha256, const hmac_sha256_key *key,
                       const hmac_sha256_message *message, char *hex) {
    uint32_t digest[8];
    inner(sha256, key, message, digest);
    sha256->outer_hex(key->outer, digest, hex);
}

/* As a request is: a head of 16 bytes, then two parts, here of the same size or nearly. */
static hmac_sha256_message split(const char *text) {
    hmac_sha256_message message = {.head_size = 16};
    size_t size = strlen(text + 16), half = size / 2;
    memcpy(message.head, text, 16);
    message.parts[0] = (hmac_sha256_part){text + 16, half};
    message.parts[1] = (hmac_sha256_part){text + 16 + half, size - half};
    return message;
}

/* RFC 4231, test cases 2, 6 and 7: a key of under one block; one of more, with messages of one block and of three. */
static bool signs_known_answers(const sha256_implementation *sha256) {
    static const char third[] = "This is a test using a larger than block-size key and a larger than block-size data. "
                                "The key needs to be hashed before being used by the HMAC algorithm.";
    static const char *const texts[] = {
        "what do ya want for nothing?", "Test Using Larger Than Block-Size Key - Hash Key First", third};
    static const char answers[][HMAC_SHA256_HEX_SIZE + 1] = {
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    };
    uint8_t long_key[131];
    hmac_sha256_key keys[2];
    hmac_sha256_message messages[3], many[SHA256_LANES];
    char hex[HMAC_SHA256_HEX_SIZE], hexes[SHA256_LANES][HMAC_SHA256_HEX_SIZE];
    memset(long_key, 0xaa, sizeof long_key);
    key_init(&keys[0], "Jefe", 4, sha256);
    key_init(&keys[1], long_key, sizeof long_key, sha256);
    for (size_t i = 0; i < 3; i++) {
        messages[i] = (hmac_sha256_message){.parts = {{texts[i], strlen(texts[i])}}};
        const hmac_sha256_message forms[] = {messages[i], split(texts[i])};
        for (size_t form = 0; form < 2; form++) {
            sign_alone(sha256, &keys[i > 0], &forms[form], hex);
            if (memcmp(hex, answers[i], sizeof hex) != 0) return false;
        }
    }
    if (sha256->compress_two == NULL) return true;
    /* Two at once: of unlike lengths, and of three blocks each. */
    const size_t batch[] = {1, 2, 2, 2};
    for (size_t i = 0; i < 4; i++) many[i] = messages[batch[i]];
    hex_window(sha256, &keys[1], many, 4, wipe_compress_stack, hexes[0]);
    for (size_t i = 0; i < 4; i++)
        if (memcmp(hexes[i], answers[batch[i]], sizeof hexes[i]) != 0) return false;
    if (sha256->compress_lanes == NULL) return true;
    /* One in each lane: ends of the third text, all of three blocks, as they are signed alone. */
    for (size_t i = 0; i < SHA256_LANES; i++)
        many[i] = (hmac_sha256_message){.parts = {{third + i, strlen(third) - i}}};
    hex_window(sha256, &keys[1], many, SHA256_LANES, wipe_lanes_stack, hexes[0]);
    for (size_t i = 0; i < SHA256_LANES; i++) {
        sign_alone(sha256, &keys[1], &many[i], hex);
        if (memcmp(hexes[i], hex, sizeof hex) != 0) return false;
    }
    return true;
}

const sha256_implementation *hmac_sha256_choose(const char *name, const char **refused) {
    *refused = NULL;
    for (const sha256_implementation *const *each = sha256_implementations; *each != NULL; each++) {
        const sha256_implementation *sha256 = *each;
        if ((*name != '\0' && strcmp(name, sha256->name) != 0) || !sha256->supported()) continue;
        if (signs_known_answers(sha256)) return hmac_sha256_chosen = sha256;
        *refused = sha256->name;
    }
    return NULL;
}
