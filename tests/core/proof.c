/* Proofs by CBMC for the C that assembles, pads and encodes; `tools/proofs.py` runs them.
 *
 * An unassigned variable can have any value. Besides the assertions, CBMC proves that every access is in bounds, that
 * no signed sum and no pointer overflows, and that every shift is defined. */
#include <assert.h>
#include <stdlib.h>

#include "cleanse.c"
#include "hmac_sha256_padding.h"
#include "hmac_sha256_portable.c"
#include "prehash.h"
#include "sha256.c"

#ifndef EXTRA_BYTES
#define EXTRA_BYTES 0 /* the control, which must be refuted */
#endif

size_t nondet_size(void);
int64_t nondet_int64(void);
uint32_t nondet_word(void);

static size_t size_to(size_t most) {
    size_t size = nondet_size();
    __CPROVER_assume(size <= most);
    return size;
}

/* Replacements of copy() and memset() in the proof of padding. They check the memory that the call may touch;
 * proof_copy proves that copy() touches only that memory. */
void copied(uint8_t *to, const uint8_t *from, size_t size) {
    assert(size <= COPIED_BLOCKS * SHA256_BLOCK_SIZE);
    assert(size == 0 || (__CPROVER_w_ok(to, size) && __CPROVER_r_ok(from, size)));
}

void *cleared(void *to, int value, size_t size) {
    assert(value == 0 && __CPROVER_w_ok(to, size));
    return to;
}

/* Parts of any size up to a tebibyte: the runs are readable whole blocks, in the number that SHA-256 requires. */
void proof_pad_message(void) {
    padded_message m;
    hmac_sha256_message message;
    size_t total, blocks = 0;
    message.head_size = total = size_to(HMAC_SHA256_HEAD_CAPACITY);
    for (size_t i = 0; i < HMAC_SHA256_PARTS; i++) {
        size_t size = size_to((size_t)1 << 40);
        message.parts[i] = (hmac_sha256_part){malloc(size), size + EXTRA_BYTES};
        __CPROVER_assume(message.parts[i].data != NULL);
        total += size + EXTRA_BYTES;
    }
    pad_message(&m, &message, SHA256_BLOCK_SIZE);
    assert(0 < m.run_count && m.run_count <= MAX_RUNS);
    for (size_t i = 0; i < m.run_count; i++) {
        assert(m.runs[i].count > 0 && __CPROVER_r_ok(m.runs[i].blocks, m.runs[i].count * SHA256_BLOCK_SIZE));
        blocks += m.runs[i].count;
    }
    assert(blocks == (total + 8) / SHA256_BLOCK_SIZE + 1);
    assert(blocks == block_count(&message));
}

/* Every size that pad_message copies, at the end of both arrays and at their beginning. */
void proof_copy(void) {
    enum { CAPACITY = COPIED_BLOCKS * SHA256_BLOCK_SIZE };
    uint8_t to[CAPACITY], from[CAPACITY];
    size_t size = size_to(CAPACITY);
    copy(to + (CAPACITY - size), from + (CAPACITY - size), size);
    copy(to, from, size);
}

/* The bytes are equal, for sizes up to two blocks and a word. */
void proof_copy_bytes(void) {
    enum { CAPACITY = 2 * SHA256_BLOCK_SIZE + 9 };
    uint8_t to[CAPACITY], from[CAPACITY];
    size_t size = size_to(CAPACITY), i = nondet_size();
    copy(to, from, size);
    __CPROVER_assume(i < size);
    assert(to[i] == from[i]);
}

/* Every number: false, or 13 digits. */
void proof_prehash_milliseconds(void) {
    uint8_t head[PREHASH_ROOM];
    int64_t number = nondet_int64();
    bool right = prehash_milliseconds(head, number);
    assert(right == (number >= 1000000000000 && number < 10000000000000));
    for (int i = 0; right && i < TIMESTAMP_SIZE; i++) assert(head[i] >= '0' && head[i] <= '9');
}

/* Every number after every number of 13 digits. */
void proof_prehash_milliseconds_after(void) {
    uint8_t head[PREHASH_ROOM], before_head[PREHASH_ROOM];
    int64_t number = nondet_int64(), before = nondet_int64();
    __CPROVER_assume(before >= 1000000000000 && before < 10000000000000);
    for (int i = 0; i < TIMESTAMP_SIZE; i++) __CPROVER_assume(before_head[i] >= '0' && before_head[i] <= '9');
    bool right = prehash_milliseconds_after(head, number, before_head, before);
    assert(right == (number >= 1000000000000 && number < 10000000000000));
    for (int i = 0; right && i < TIMESTAMP_SIZE; i++) assert(head[i] >= '0' && head[i] <= '9');
}

/* All 10,000 values. */
void proof_four_digits(void) {
    uint32_t number = nondet_word();
    __CPROVER_assume(number < 10000);
    uint64_t digits = four_digits(number);
    assert((digits & 255) == '0' + number / 1000 && (digits >> 8 & 255) == '0' + number / 100 % 10);
    assert((digits >> 16 & 255) == '0' + number / 10 % 10 && digits >> 24 == '0' + number % 10);
}

/* Every text of 13 bytes. */
void proof_prehash_digits(void) {
    uint8_t head[PREHASH_ROOM], text[TIMESTAMP_SIZE];
    bool digits = true;
    for (int i = 0; i < TIMESTAMP_SIZE; i++) digits &= text[i] >= '0' && text[i] <= '9';
    assert(prehash_digits(head, text) == digits);
    for (int i = 0; i < TIMESTAMP_SIZE; i++) assert(head[i] == text[i]);
}

/* Every text with a valid size, at the end of its array; the bytes before it remain. */
void proof_prehash_method(void) {
    uint8_t head[PREHASH_ROOM], before[TIMESTAMP_SIZE], text[METHOD_MAX];
    size_t size = size_to(METHOD_MAX);
    __CPROVER_assume(size >= METHOD_MIN);
    const uint8_t *method = text + (METHOD_MAX - size);
    bool letters = true;
    for (size_t i = 0; i < size; i++) letters &= method[i] >= 'A' && method[i] <= 'Z';
    for (int i = 0; i < TIMESTAMP_SIZE; i++) before[i] = head[i];
    assert(prehash_method(head, method, size) == letters);
    for (int i = 0; i < TIMESTAMP_SIZE; i++) assert(head[i] == before[i]);
    for (size_t i = 0; i < size; i++) assert(head[TIMESTAMP_SIZE + i] == method[i]);
}

/* Every word. */
void proof_store_hex(void) {
    char hex[8];
    uint32_t word = nondet_word();
    store_hex(hex, word);
    for (int i = 0; i < 8; i++) assert(hex[i] == "0123456789abcdef"[word >> (28 - 4 * i) & 15]);
}

/* Any blocks and states: the code touches no memory outside them. */
void proof_portable(void) {
    enum { BLOCKS = 2 };
    uint8_t blocks[BLOCKS * SHA256_BLOCK_SIZE];
    uint32_t state[8], outer[8];
    char hex[HMAC_SHA256_HEX_SIZE];
    size_t count = size_to(BLOCKS);
    const uint8_t *first = blocks + (BLOCKS - count) * SHA256_BLOCK_SIZE;
    hmac_sha256_portable.compress(state, outer, &(sha256_run){first, count}, 1);
    hmac_sha256_portable.outer_hex(outer, state, hex);
}
