/* The padding's capacities are exact, and the known-answer test detects every fault that this program injects into an
 * implementation. Prints a line per implementation. */
#include <stdio.h>
#include <stdlib.h>

#include "hmac_sha256_dispatch.c"
#include "hmac_sha256_padding.h"

enum { CANARY = 0xa5, RESERVE = 1024, FAULTS = 24 };

static size_t largest_scratch;
static size_t largest_runs;

/* Pad a message, and record how far the scratch and the runs were written. */
static void measure(size_t head_size, size_t first, size_t second) {
    static uint8_t part[2048];
    static struct {
        padded_message m;
        uint8_t reserve[RESERVE];
    } padded;
    memset(part, 1, sizeof part);
    memset(&padded, CANARY, sizeof padded);
    hmac_sha256_message message = {.head_size = head_size, .parts = {{part, first}, {part, second}}};
    pad_message(&padded.m, &message, SHA256_BLOCK_SIZE);
    const uint8_t *end = (const uint8_t *)(&padded + 1);
    while (end[-1] == CANARY) end--;
    size_t scratch = (size_t)(end - padded.m.scratch);
    if (scratch > largest_scratch) largest_scratch = scratch;
    if (padded.m.run_count > largest_runs) largest_runs = padded.m.run_count;
}

static hmac_sha256_implementation right;
static hmac_sha256_implementation wrong;
static int fault;

static void wrong_compress(uint32_t to[8], const uint32_t from[8], const sha256_run *runs, size_t run_count) {
    right.compress(to, from, runs, run_count);
    if (fault == 0 || (fault == 1 && runs[run_count - 1].count > 1)) to[7] ^= 1;
    if (fault == 19 && runs[run_count - 1].count == 1) to[0] ^= 1;
}

static bool wrong_compress_message(uint32_t to[8], const uint32_t from[8], const hmac_sha256_message *message) {
    hmac_sha256_message given = *message;
    if (fault == 20 && message->parts[0].size < 16) given.parts[0] = message->parts[1];
    if (fault == 21 && message->parts[0].size >= 16) given.parts[1] = message->parts[0];
    if (!right.compress_message(to, from, &given)) return fault == 22;
    if (fault == 23) to[7] ^= 1;
    return true;
}

static void wrong_compress_two(uint32_t *const states[2], const uint8_t *const blocks[2], size_t count) {
    uint32_t *const swapped[2] = {states[1], states[0]};
    right.compress_two(fault == 2 ? swapped : states, blocks, count);
    if (fault == 3 || (fault == 5 && count > 1)) states[0][0] ^= 0x80000000;
    if (fault == 4 || (fault == 6 && count > 1)) states[1][7] ^= 1;
}

static void wrong_outer_hex(const uint32_t outer[8], const uint32_t digest[8], char *hex) {
    right.outer_hex(outer, digest, hex);
    if (fault == 7) hex[0] = (char)(hex[0] ^ 1);
    if (fault == 8) hex[63] = (char)(hex[63] ^ 1);
}

static void wrong_outer_hex_two(const uint32_t outer[8], const uint32_t *const digests[2], char *const hex[2]) {
    char *const swapped[2] = {hex[1], hex[0]};
    right.outer_hex_two(outer, digests, fault == 9 ? swapped : hex);
    if (fault == 10) hex[0][0] = (char)(hex[0][0] ^ 1);
    if (fault == 11) hex[1][63] = (char)(hex[1][63] ^ 1);
}

static void wrong_compress_lanes(uint32_t states[8][SHA256_LANES], const uint8_t *const blocks[SHA256_LANES],
                                 size_t count) {
    const uint8_t *given[SHA256_LANES];
    memcpy(given, blocks, sizeof given);
    if (fault == 12) {
        given[0] = blocks[16];
        given[16] = blocks[0];
    }
    right.compress_lanes(states, given, count);
    if (fault == 13 || (fault == 15 && count > 1)) states[0][0] ^= 0x80000000;
    if (fault == 14) states[7][SHA256_LANES - 1] ^= 1;
}

static void wrong_outer_hex_lanes(const uint32_t outer[8], uint32_t states[8][SHA256_LANES],
                                  char *const hex[SHA256_LANES]) {
    char *out[SHA256_LANES];
    memcpy(out, hex, sizeof out);
    if (fault == 16) {
        out[15] = hex[31];
        out[31] = hex[15];
    }
    right.outer_hex_lanes(outer, states, out);
    if (fault == 17) hex[0][0] = (char)(hex[0][0] ^ 1);
    if (fault == 18) hex[31][63] = (char)(hex[31][63] ^ 1);
}

/* Return whether a fault concerns a step that the implementation has. */
static bool is_injected(int number) {
    bool single = number < 2 || number == 7 || number == 8 || number == 19;
    if (single) return true;
    if (number >= 20) return right.compress_message != NULL;
    if (number >= 12) return right.compress_lanes != NULL;
    return right.compress_two != NULL;
}

static void inject(void) {
    wrong = right;
    wrong.compress = wrong_compress;
    wrong.outer_hex = wrong_outer_hex;
    if (right.compress_message != NULL) wrong.compress_message = wrong_compress_message;
    if (right.compress_two != NULL) {
        wrong.compress_two = wrong_compress_two;
        wrong.outer_hex_two = wrong_outer_hex_two;
    }
    if (right.compress_lanes != NULL) {
        wrong.compress_lanes = wrong_compress_lanes;
        wrong.outer_hex_lanes = wrong_outer_hex_lanes;
    }
}

static void print_extents(void) {
    static const size_t near[] = {0,   1,   63,  64,  65,  127, 128, 129, 191, 192,
                                  511, 512, 574, 575, 576, 577, 639, 640, 1000};
    enum { COUNT = sizeof near / sizeof near[0] };
    for (size_t head = 0; head <= HMAC_SHA256_HEAD_CAPACITY; head++)
        for (size_t i = 0; i < COUNT * COUNT; i++) measure(head, near[i / COUNT], near[i % COUNT]);
    printf("scratch %zu of %d, runs %zu of %d\n", largest_scratch, SCRATCH_SIZE, largest_runs, MAX_RUNS);
}

int main(void) {
    print_extents();
    for (size_t i = 0; hmac_sha256_implementations[i] != NULL; i++) {
        if (!hmac_sha256_implementations[i]->supported()) continue;
        right = *hmac_sha256_implementations[i];
        inject();
        fault = -1;
        printf("%s: %s", right.name, passes_known_answers(&wrong) ? "right" : "REFUSED");
        for (fault = 0; fault < FAULTS; fault++)
            if (is_injected(fault) && passes_known_answers(&wrong)) printf(", fault %d NOT SEEN", fault);
        printf("\n");
    }
    return 0;
}
