/* HMAC-SHA256: the key context, and a message's parts laid out as runs of whole blocks. */
#include "hmac_sha256.h"

#include <string.h>

#include "bytes.h"

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

/* Functions return with what they last computed in the vector registers, and whoever saves those next (the dynamic linker,
 * a signal) leaves them on the stack. */
static inline void clear_vector_registers(void) {
#if defined(__GNUC__) && defined(__x86_64__)
#define CLEAR(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"
    __asm__ __volatile__(CLEAR(0) CLEAR(1) CLEAR(2) CLEAR(3) CLEAR(4) CLEAR(5) CLEAR(6) CLEAR(7) CLEAR(8) CLEAR(9)
                         CLEAR(10) CLEAR(11) CLEAR(12) CLEAR(13) CLEAR(14) CLEAR(15) ::
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                           "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
#undef CLEAR
#elif defined(__GNUC__) && defined(__aarch64__)
#define CLEAR(n) "movi v" #n ".2d, #0\n\t"
    __asm__ __volatile__(CLEAR(0) CLEAR(1) CLEAR(2) CLEAR(3) CLEAR(4) CLEAR(5) CLEAR(6) CLEAR(7) CLEAR(16) CLEAR(17)
                         CLEAR(18) CLEAR(19) CLEAR(20) CLEAR(21) CLEAR(22) CLEAR(23) CLEAR(24) CLEAR(25) CLEAR(26)
                         CLEAR(27) CLEAR(28) CLEAR(29) CLEAR(30) CLEAR(31) ::
                         : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v20", "v21",
                           "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
#undef CLEAR
#endif
}

#if defined(__GNUC__)
#define NOT_INLINE __attribute__((noinline))
#elif defined(_MSC_VER)
#define NOT_INLINE __declspec(noinline)
#else
#define NOT_INLINE
#endif

/* What functions that have returned left on the stack: ours while they hashed the key, and the caller's while it made
 * bytes of the secret (CPython encodes on its stack). */
static NOT_INLINE void wipe_stack_after_key(void) {
    uint8_t below[8192];
    hmac_sha256_wipe(below, sizeof below);
    clear_vector_registers();
}

/* The words of the key's states that a compress without enough registers left on the stack. */
static NOT_INLINE void wipe_stack_after_compress(void) {
    uint8_t below[512];
    hmac_sha256_wipe(below, sizeof below);
}

/* Copies by whole words, the last of which reaches back over bytes that were copied already: no loop over bytes, no
 * call, and nothing is touched outside of the `size` bytes. */
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

/* A part adds at most two runs: the scratch that it ends, and its own whole blocks. Its pieces at either end are at most
 * 63 bytes each; padding is at most 72, and is written by vectors of 16. */
enum {
    PADDING_ROOM = 80,
    MAX_RUNS = 2 * HMAC_SHA256_MAX_PARTS + 1,
    SCRATCH_SIZE = HMAC_SHA256_HEAD_ROOM + HMAC_SHA256_MAX_PARTS * 2 * (SHA256_BLOCK_SIZE - 1) + PADDING_ROOM,
};

/* A message as SHA-256 takes it: padded, in runs of whole blocks. A run lies in its part where that has whole blocks of
 * its own, so that long bodies are not copied, and in `scratch` where pieces of parts or padding share a block. */
typedef struct {
    sha256_run runs[MAX_RUNS];
    size_t run_count;
    uint8_t scratch[SCRATCH_SIZE];
} padded_message;

static inline void add_run(padded_message *m, const uint8_t *blocks, size_t size) {
    m->runs[m->run_count++] = (sha256_run){blocks, size / SHA256_BLOCK_SIZE};
}

/* `hashed` bytes (whole blocks) went before this message under the same hash. */
static inline void pad_message(padded_message *m, const hmac_sha256_message *message, uint64_t hashed) {
    uint8_t *run = m->scratch; /* where the scratch run that is being filled begins */
    uint8_t *out = run + message->head_size;
    memcpy(run, message->head, HMAC_SHA256_HEAD_ROOM);
    hashed += message->head_size;
    m->run_count = 0;
    for (const hmac_sha256_part *part = message->parts, *end = part + message->part_count; part < end; part++) {
        const uint8_t *from = part->data;
        size_t size = part->size;
        hashed += size;
        if (size >= SHA256_BLOCK_SIZE) {
            size_t room = (size_t)(m->scratch - out) % SHA256_BLOCK_SIZE;
            size_t whole = (size - room) & ~(size_t)(SHA256_BLOCK_SIZE - 1);
            if (whole > 0) {
                copy(out, from, room);
                out += room;
                if (out > run) add_run(m, run, (size_t)(out - run));
                add_run(m, from + room, whole);
                run = out;
                from += room + whole;
                size -= room + whole;
            }
        }
        copy(out, from, size);
        out += size;
    }
    uint8_t *end = run + (((size_t)(out - run) + 8) & ~(size_t)(SHA256_BLOCK_SIZE - 1)) + SHA256_BLOCK_SIZE;
    memset(out, 0, PADDING_ROOM);
    out[0] = 0x80;
    store_be64(end - 8, hashed * 8);
    add_run(m, run, (size_t)(end - run));
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
    wipe_stack_after_compress();
}

void hmac_sha256_hex(const hmac_sha256_key *key, const hmac_sha256_message *message, char *hex) {
    padded_message m;
    pad_message(&m, message, SHA256_BLOCK_SIZE);
    hmac_sha256_chosen->hmac_hex(key->inner, key->outer, m.runs, m.run_count, hex);
    clear_vector_registers();
}

static void key_init(hmac_sha256_key *key, const void *secret, size_t size, const sha256_implementation *sha256) {
    uint8_t block[SHA256_BLOCK_SIZE] = {0};
    if (size > SHA256_BLOCK_SIZE) {
        padded_message m;
        uint32_t state[8];
        memcpy(state, sha256_initial_state, sizeof state);
        pad_message(&m, &(hmac_sha256_message){.parts = {{secret, size}}, .part_count = 1}, 0);
        compress_runs(sha256->compress, state, m.runs, m.run_count);
        digest_bytes(block, state);
        hmac_sha256_wipe(&m, sizeof m);
        hmac_sha256_wipe(state, sizeof state);
    } else if (size > 0) {
        copy(block, secret, size);
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
    wipe_stack_after_key();
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
        hmac_sha256_message message = {.parts = {{answers[i].message, strlen(answers[i].message)}}, .part_count = 1};
        pad_message(&m, &message, SHA256_BLOCK_SIZE);
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
