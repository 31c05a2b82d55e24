/* HMAC-SHA256: the key context, and a message's parts laid out as runs of whole blocks. */
#include "hmac_sha256.h"

#include <string.h>

const sha256_implementation *hmac_sha256_chosen = &sha256_portable;

void hmac_sha256_wipe(void *memory, size_t size) {
#if defined(__GNUC__)
    memset(memory, 0, size);
    __asm__ __volatile__("" : : "r"(memory) : "memory"); /* somebody reads it, for all the compiler knows */
#else
    volatile uint8_t *p = memory;
    while (size--) *p++ = 0;
#endif
}

static void store_be32(uint8_t *p, uint32_t x) {
    p[0] = (uint8_t)(x >> 24), p[1] = (uint8_t)(x >> 16), p[2] = (uint8_t)(x >> 8), p[3] = (uint8_t)x;
}

/* Little-endian words: the byte that comes first is the lowest, so appending is a shift to the left. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BIG_ENDIAN_HOST 1
static uint64_t load_le(const uint8_t *p, size_t size) {
    uint64_t x = 0;
    while (size--) x = x << 8 | p[size];
    return x;
}
#endif

static inline uint64_t load_le64(const uint8_t *p) {
#ifdef BIG_ENDIAN_HOST
    return load_le(p, 8);
#else
    uint64_t x;
    memcpy(&x, p, 8);
    return x;
#endif
}

static inline void store_le64(uint8_t *p, uint64_t x) {
#ifdef BIG_ENDIAN_HOST
    for (int i = 0; i < 8; i++) p[i] = (uint8_t)(x >> 8 * i);
#else
    memcpy(p, &x, 8);
#endif
}

/* Up to eight bytes, read by two loads that overlap instead of one by one. */
static inline uint64_t load_le_short(const uint8_t *p, size_t size) {
#ifdef BIG_ENDIAN_HOST
    return load_le(p, size);
#else
    if (size >= 4) {
        uint32_t low, high;
        memcpy(&low, p, 4);
        memcpy(&high, p + size - 4, 4);
        return low | (uint64_t)high << 8 * (size - 4);
    }
    if (size == 0) return 0;
    return p[0] | (uint64_t)p[size / 2] << 8 * (size / 2) | (uint64_t)p[size - 1] << 8 * (size - 1);
#endif
}

/* Bytes are gathered in a word, and each word is stored once and whole: the load that follows can then take it from
 * the store buffer, instead of waiting until every older instruction, the previous signature among them, has retired. */
typedef struct {
    uint8_t *out;
    uint64_t word;
    unsigned bits; /* how much of word is filled: 0, 8, ... 56 */
} gatherer;

static inline void gather_word(gatherer *g, uint64_t x) {
    store_le64(g->out, g->word | x << g->bits);
    g->out += 8;
    g->word = x >> 1 >> (63 - g->bits); /* two shifts: by 64 at once is undefined */
}

/* Append `size` < 8 bytes in `x`, whose other bytes are zero. */
static inline void gather_short(gatherer *g, uint64_t x, size_t size) {
    unsigned bits = g->bits + 8 * (unsigned)size;
    g->word |= x << g->bits;
    if (bits >= 64) {
        store_le64(g->out, g->word);
        g->out += 8;
        g->word = x >> 1 >> (63 - g->bits);
        bits -= 64;
    }
    g->bits = bits;
}

static inline void gather(gatherer *g, const uint8_t *p, size_t size) {
    size_t rest = size & 7;
    const uint8_t *end = p + (size - rest);
    for (; p < end; p += 8) gather_word(g, load_le64(p));
    if (rest == 0) return;
    /* Where the part is long enough, its last word reaches back over bytes that were taken already. */
    gather_short(g, size >= 8 ? load_le64(p + rest - 8) >> 8 * (8 - rest) : load_le_short(p, rest), rest);
}

/* A part adds at most two runs: the scratch that it ends, and its own whole blocks. Its pieces at either end are at most
 * 63 bytes each; padding is at most 72. */
enum {
    MAX_RUNS = 2 * HMAC_SHA256_MAX_PARTS + 1,
    SCRATCH_SIZE = HMAC_SHA256_MAX_PARTS * 2 * (SHA256_BLOCK_SIZE - 1) + 72,
};

/* A message as SHA-256 takes it: padded, in runs of whole blocks. A run lies in its part where that has whole blocks of
 * its own, so that long bodies are not copied, and in `scratch` where pieces of parts or padding share a block. */
typedef struct {
    sha256_run runs[MAX_RUNS];
    size_t run_count;
    uint8_t scratch[SCRATCH_SIZE];
} padded_message;

/* `hashed` bytes (whole blocks) went before this message under the same hash. */
static void pad_message(padded_message *m, const hmac_sha256_part *parts, size_t part_count, uint64_t hashed) {
    gatherer g = {m->scratch, 0, 0};
    uint8_t *run = m->scratch; /* where the scratch run that is being filled began */
    m->run_count = 0;
    for (const hmac_sha256_part *part = parts; part < parts + part_count; part++) {
        const uint8_t *p = part->data;
        size_t size = part->size;
        hashed += size;
        if (size >= SHA256_BLOCK_SIZE) {
            size_t room = -((size_t)(g.out - m->scratch) + g.bits / 8) % SHA256_BLOCK_SIZE;
            size_t count = (size - room) / SHA256_BLOCK_SIZE;
            if (count > 0) {
                gather(&g, p, room);
                if (g.out > run) m->runs[m->run_count++] = (sha256_run){run, (size_t)(g.out - run) / SHA256_BLOCK_SIZE};
                m->runs[m->run_count++] = (sha256_run){p + room, count};
                run = g.out;
                p += room + count * SHA256_BLOCK_SIZE;
                size -= room + count * SHA256_BLOCK_SIZE;
            }
        }
        gather(&g, p, size);
    }
    gather_short(&g, 0x80, 1);
    if (g.bits > 0) gather_word(&g, 0);
    while ((size_t)(g.out - m->scratch) % SHA256_BLOCK_SIZE != SHA256_BLOCK_SIZE - 8) {
        store_le64(g.out, 0);
        g.out += 8;
    }
    store_be32(g.out, (uint32_t)(hashed >> 29));
    store_be32(g.out + 4, (uint32_t)(hashed << 3));
    m->runs[m->run_count++] = (sha256_run){run, (size_t)(g.out + 8 - run) / SHA256_BLOCK_SIZE};
}

static void digest_bytes(uint8_t digest[SHA256_DIGEST_SIZE], const uint32_t state[8]) {
    for (int i = 0; i < SHA256_STATE_WORDS; i++) store_be32(digest + 4 * i, state[i]);
}

static void compress_runs(void (*compress)(uint32_t *, const uint8_t *, size_t), uint32_t state[8],
                          const sha256_run *runs, size_t run_count) {
    for (const sha256_run *run = runs; run < runs + run_count; run++) compress(state, run->blocks, run->count);
}

void hmac_sha256_hex_by_compress(void (*compress)(uint32_t *, const uint8_t *, size_t), const uint32_t inner[8],
                                 const uint32_t outer[8], const sha256_run *runs, size_t run_count, char *hex) {
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_SIZE];
    uint8_t block[SHA256_BLOCK_SIZE] = {[SHA256_DIGEST_SIZE] = 0x80};
    uint32_t state[8];

    memcpy(state, inner, sizeof state);
    compress_runs(compress, state, runs, run_count);
    digest_bytes(block, state);
    store_be32(block + 60, 8 * (SHA256_BLOCK_SIZE + SHA256_DIGEST_SIZE));
    memcpy(state, outer, sizeof state);
    compress(state, block, 1);
    digest_bytes(digest, state);
    for (int i = 0; i < SHA256_DIGEST_SIZE; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
}

void hmac_sha256_hex(const hmac_sha256_key *key, const hmac_sha256_part *parts, size_t part_count, char *hex) {
    padded_message m;
    pad_message(&m, parts, part_count, SHA256_BLOCK_SIZE);
    hmac_sha256_chosen->hmac_hex(key->inner, key->outer, m.runs, m.run_count, hex);
}

static void key_init(hmac_sha256_key *key, const void *secret, size_t size, const sha256_implementation *sha256) {
    uint8_t block[SHA256_BLOCK_SIZE] = {0};
    if (size > SHA256_BLOCK_SIZE) {
        padded_message m;
        uint32_t state[8];
        memcpy(state, sha256_initial_state, sizeof state);
        pad_message(&m, &(hmac_sha256_part){secret, size}, 1, 0);
        compress_runs(sha256->compress, state, m.runs, m.run_count);
        digest_bytes(block, state);
        hmac_sha256_wipe(&m, sizeof m);
        hmac_sha256_wipe(state, sizeof state);
    } else if (size > 0) {
        memcpy(block, secret, size);
    }
    for (int i = 0; i < SHA256_BLOCK_SIZE; i++) block[i] ^= 0x36; /* ipad */
    memcpy(key->inner, sha256_initial_state, sizeof key->inner);
    sha256->compress(key->inner, block, 1);
    for (int i = 0; i < SHA256_BLOCK_SIZE; i++) block[i] ^= 0x36 ^ 0x5c; /* opad */
    memcpy(key->outer, sha256_initial_state, sizeof key->outer);
    sha256->compress(key->outer, block, 1);
    hmac_sha256_wipe(block, sizeof block);
}

void hmac_sha256_key_init(hmac_sha256_key *key, const void *secret, size_t size) {
    key_init(key, secret, size, hmac_sha256_chosen);
}

/* RFC 4231, test cases 2 and 7: a key and a message of under one block, and of more. */
static bool signs_known_answers(const sha256_implementation *sha256) {
    static const struct {
        const char *key, *message, *hex;
    } answers[] = {
        {"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
         "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
         "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
         "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
         "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa",
         "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
         "hashed before being used by the HMAC algorithm.",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        hmac_sha256_key key;
        padded_message m;
        char hex[HMAC_SHA256_HEX_SIZE];
        key_init(&key, answers[i].key, strlen(answers[i].key), sha256);
        pad_message(&m, &(hmac_sha256_part){answers[i].message, strlen(answers[i].message)}, 1, SHA256_BLOCK_SIZE);
        sha256->hmac_hex(key.inner, key.outer, m.runs, m.run_count, hex);
        if (memcmp(hex, answers[i].hex, sizeof hex) != 0) return false;
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
