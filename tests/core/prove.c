/* What a model checker (CBMC, or ESBMC which took its ways) proves for all values at once; PROOF names the part.
 *
 * Sizes of parts go to two blocks and a bit: what a part adds depends on its size modulo the block and on whether it
 * has a whole block of its own, so that nothing new can happen beyond. */
#include <assert.h>
#include <stdlib.h>

#include "hmac_sha256.c"
#include "prehash.h"

#ifdef __ESBMC
#define ASSUME(condition) __ESBMC_assume(condition)
#else
#define ASSUME(condition) __CPROVER_assume(condition)
#endif

size_t nondet_size(void);
uint64_t nondet_word(void);
uint8_t nondet_byte(void);

enum { MOST = 2 * SHA256_BLOCK_SIZE + 9 };

/* The block functions are not what is proved here: they read whole blocks where the runs say, and so does this. */
const sha256_implementation sha256_portable;
const sha256_implementation *const sha256_implementations[] = {NULL};
const uint32_t sha256_initial_state[8];

static void *some_bytes(size_t size) {
    void *bytes = malloc(size);
    ASSUME(bytes != NULL);
    return bytes;
}

/* `copy` reads and writes the `size` bytes and no other, and each arrives. */
static void prove_copy(void) {
    size_t size = nondet_size(), at = nondet_size();
    ASSUME(size <= MOST && at < size);
    uint8_t *from = some_bytes(size), *to = some_bytes(size);
    copy(to, from, size);
    assert(to[at] == from[at]);
}

/* `pad_message` keeps within the parts, its scratch and its runs, and the runs hold the padded length. */
static void prove_pad_message(void) {
    hmac_sha256_message message;
    padded_message m;
    size_t total = SHA256_BLOCK_SIZE, blocks = 0;
    message.head_size = (uint32_t)nondet_size(), message.part_count = HMAC_SHA256_MAX_PARTS;
    ASSUME(message.head_size <= HMAC_SHA256_HEAD_ROOM);
    total += message.head_size;
    for (int i = 0; i < HMAC_SHA256_MAX_PARTS; i++) {
        size_t size = nondet_size();
        ASSUME(size <= MOST);
        message.parts[i] = (hmac_sha256_part){some_bytes(size), size};
        total += size;
    }
    size_t run_count = pad_message(&m, &message, SHA256_BLOCK_SIZE);
    assert(run_count >= 1 && run_count <= MAX_RUNS);
    for (size_t i = 0; i < run_count; i++) blocks += m.runs[i].count;
    assert(SHA256_BLOCK_SIZE * (blocks + 1) == (total + 8) / SHA256_BLOCK_SIZE * SHA256_BLOCK_SIZE + SHA256_BLOCK_SIZE);
}

/* Every timestamp is written as its digits, and no other number is taken. */
static void prove_prehash_milliseconds(void) {
    uint8_t head[PREHASH_ROOM];
    int64_t number = (int64_t)nondet_word(), read = 0;
    bool fits = number >= 1000000000000 && number < 10000000000000;
    assert(prehash_milliseconds(head, number) == fits);
    if (!fits) return;
    for (int i = 0; i < TIMESTAMP_SIZE; i++) {
        assert(head[i] >= '0' && head[i] <= '9');
        read = 10 * read + (head[i] - '0');
    }
    assert(read == number);
}

/* A text is taken if and only if it is 13 digits. */
static void prove_prehash_digits(void) {
    uint8_t head[PREHASH_ROOM], text[TIMESTAMP_SIZE];
    bool digits = true;
    for (int i = 0; i < TIMESTAMP_SIZE; i++) {
        text[i] = nondet_byte();
        digits &= text[i] >= '0' && text[i] <= '9';
    }
    assert(prehash_digits(head, text) == digits);
    for (int i = 0; i < TIMESTAMP_SIZE; i++) assert(head[i] == text[i]);
}

/* A method is taken if and only if it is the letters A to Z. */
static void prove_prehash_method(void) {
    uint8_t head[PREHASH_ROOM];
    size_t size = nondet_size();
    ASSUME(size >= METHOD_MIN && size <= METHOD_MAX);
    uint8_t *method = some_bytes(size);
    bool letters = true;
    for (size_t i = 0; i < size; i++) letters &= method[i] >= 'A' && method[i] <= 'Z';
    assert(prehash_method(head, method, size) == letters);
    for (size_t i = 0; i < size; i++) assert(head[TIMESTAMP_SIZE + i] == method[i]);
}

int main(void) {
    PROOF();
    return 0;
}
