/* Steps built on instructions for four rounds: the hash of one message or two.
 *
 * The including file defines `vector`, `vector_state`, TARGET (the attribute of its functions), STEP_NAME (the prefix
 * of their names), and the functions load_state, store_state, add_state, load_block, four_rounds, outer_block,
 * store_hex. */
#include "bytes.h"

static TARGET ALWAYS_INLINE void compress_words(vector_state *s, vector w[4]) {
    vector_state start = *s;
    const uint32_t *k = sha256_round_constants;
    HIDE_VALUE(k); /* the compiler would otherwise load all constants before a loop, and spill them */
#define STEP(i) four_rounds(s, w, k, i);
    SIXTEEN(STEP)
#undef STEP
    add_state(s, start);
}

/* Two independent streams cost little more than a single stream. */
static TARGET ALWAYS_INLINE void compress_words_two(vector_state s[2], vector w0[4], vector w1[4]) {
    vector_state start0 = s[0];
    vector_state start1 = s[1];
    const uint32_t *k = sha256_round_constants;
    HIDE_VALUE(k);
#define STEP(i)                                                                                                        \
    four_rounds(&s[0], w0, k, i);                                                                                      \
    four_rounds(&s[1], w1, k, i);
    SIXTEEN(STEP)
#undef STEP
    add_state(&s[0], start0);
    add_state(&s[1], start1);
}

TARGET void STEP_NAME(compress)(uint32_t to[8], const uint32_t from[8], const sha256_run *runs, size_t run_count) {
    vector_state s = load_state(from);
    for (const sha256_run *run = runs; run < runs + run_count; run++) {
        const uint8_t *end = run->blocks + run->count * SHA256_BLOCK_SIZE;
        for (const uint8_t *block = run->blocks; block < end; block += SHA256_BLOCK_SIZE) {
            vector w[4];
            load_block(w, block);
            compress_words(&s, w);
        }
    }
    store_state(to, s);
}

TARGET void STEP_NAME(compress_two)(uint32_t *const states[2], const uint8_t *const blocks[2], size_t count) {
    vector_state s[2] = {load_state(states[0]), load_state(states[1])};
    for (size_t at = 0; at < count * SHA256_BLOCK_SIZE; at += SHA256_BLOCK_SIZE) {
        vector w0[4], w1[4];
        load_block(w0, blocks[0] + at);
        load_block(w1, blocks[1] + at);
        compress_words_two(s, w0, w1);
    }
    store_state(states[0], s[0]);
    store_state(states[1], s[1]);
}

TARGET void STEP_NAME(outer_hex)(const uint32_t outer[8], const uint32_t digest[8], char *hex) {
    vector w[4];
    vector_state s = load_state(outer);
    outer_block(w, digest);
    compress_words(&s, w);
    store_hex(hex, s);
}

TARGET void STEP_NAME(outer_hex_two)(const uint32_t outer[8], const uint32_t *const digests[2], char *const hex[2]) {
    vector w0[4], w1[4];
    vector_state s[2] = {load_state(outer), load_state(outer)};
    outer_block(w0, digests[0]);
    outer_block(w1, digests[1]);
    compress_words_two(s, w0, w1);
    store_hex(hex[0], s[0]);
    store_hex(hex[1], s[1]);
}
