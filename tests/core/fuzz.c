/* Sign an input of the fuzzer (a secret, a head and parts) with every implementation, and compare with OpenSSL.
 *
 * Every part has an allocation of its exact size, at alignment `shift`, so that AddressSanitizer detects a read past
 * its end. Build with libFuzzer, or with -DSTANDALONE to run files and then random inputs.
 *
 * Input: secret size, head size, shifts, sizes of parts 1 and 2 (four bytes), then secret and message. */
#include <stdio.h>
#include <stdlib.h>

#include "hmac_sha256.h"
#include "openssl.h"
#include "prehash.h"

/* A batch has three messages. Every sixteenth input has a batch larger than a window of the core. */
enum { HEADER_SIZE = 7, SMALL_BATCH = 3, LARGE_BATCH = 67 };

#ifndef EXTRA_BYTES
#define EXTRA_BYTES 0 /* the control, which the sanitizer must report */
#endif

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "wrong: %s, %s line %d\n", #condition, __FILE__, __LINE__);                                \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

static size_t take(size_t wanted, const uint8_t **data, size_t *left, const uint8_t **piece) {
    size_t size = wanted < *left ? wanted : *left;
    *piece = *data;
    *data += size;
    *left -= size;
    return size;
}

static uint8_t *alone(const uint8_t *data, size_t size, size_t shift) {
    uint8_t *copy = malloc(size + shift);
    CHECK(copy != NULL || size + shift == 0);
    if (size > 0) memcpy(copy + shift, data, size);
    return copy;
}

static void check_prehash(const uint8_t *data) {
    uint64_t number;
    uint8_t expected[TIMESTAMP_SIZE], *head = malloc(PREHASH_ROOM), *text = alone(data, TIMESTAMP_SIZE, 0);
    bool digits = true, letters = true;
    memcpy(&number, data, sizeof number);
    CHECK(prehash_milliseconds(head, (int64_t)number) == (number >= 1000000000000 && number < 10000000000000));
    CHECK(!prehash_milliseconds(head, 999999999999) && prehash_milliseconds(head, 1000000000000));
    CHECK(prehash_milliseconds(head, 9999999999999) && !prehash_milliseconds(head, 10000000000000));
    number = 1000000000000 + number % 9000000000000;
    CHECK(prehash_milliseconds(head, (int64_t)number));
    uint8_t *after = malloc(PREHASH_ROOM);
    for (int i = 0; i < 5; i++) { /* within the same ten seconds, or later */
        const uint64_t near[] = {number, number + data[0], number - data[1], number + 9999, number + 10000};
        bool right = near[i] >= 1000000000000 && near[i] < 10000000000000;
        CHECK(prehash_milliseconds_after(after, (int64_t)near[i], head, (int64_t)number) == right);
        for (int at = TIMESTAMP_SIZE; right && at-- > 0;) {
            uint64_t power = 1;
            for (int zeros = at; zeros < TIMESTAMP_SIZE - 1; zeros++) power *= 10;
            CHECK(after[at] == '0' + near[i] / power % 10);
        }
    }
    free(after);
    for (int i = TIMESTAMP_SIZE; i-- > 0; number /= 10) expected[i] = (uint8_t)('0' + number % 10);
    CHECK(memcmp(head, expected, TIMESTAMP_SIZE) == 0);
    for (int i = 0; i < TIMESTAMP_SIZE; i++) digits &= data[i] >= '0' && data[i] <= '9';
    CHECK(prehash_digits(head, text) == digits);
    CHECK(memcmp(head, data, TIMESTAMP_SIZE) == 0);
    free(text);
    size_t size = METHOD_MIN + data[0] % (METHOD_MAX - METHOD_MIN + 1);
    text = alone(data, size, 0);
    if (data[1] & 1)
        for (size_t i = 0; i < size; i++) text[i] = (uint8_t)('A' + text[i] % 27);
    for (size_t i = 0; i < size; i++) letters &= text[i] >= 'A' && text[i] <= 'Z';
    memset(head + TIMESTAMP_SIZE, 0xff, PREHASH_ROOM - TIMESTAMP_SIZE); /* the bytes after the digits do not matter */
    CHECK(prehash_method(head, text, size) == letters);
    CHECK(memcmp(head, data, TIMESTAMP_SIZE) == 0 && memcmp(head + TIMESTAMP_SIZE, text, size) == 0);
    free(head);
    free(text);
}

/* Return this processor's implementations, then NULL. Cached, because cpuid is slow in a virtual machine. */
static const hmac_sha256_implementation *const *supported(void) {
    static const hmac_sha256_implementation *found[8];
    if (found[0] == NULL)
        for (size_t i = 0, count = 0; hmac_sha256_implementations[i] != NULL; i++)
            if (hmac_sha256_implementations[i]->supported()) found[count++] = hmac_sha256_implementations[i];
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < HEADER_SIZE) return 0;
    const uint8_t *header = data, *piece, *whole;
    size_t left = size - HEADER_SIZE;
    data += HEADER_SIZE;
    size_t secret_size = take(header[0], &data, &left, &piece);
    uint8_t *secret = alone(piece, secret_size, 0), *copies[HMAC_SHA256_PARTS];
    openssl_hmac oracle;
    char expected[HMAC_SHA256_HEX_SIZE], of_nothing[HMAC_SHA256_HEX_SIZE], *hex = malloc(HMAC_SHA256_HEX_SIZE);
    openssl_hmac_init(&oracle, secret, secret_size);

    hmac_sha256_message message = {{0}};
    whole = data;
    size_t whole_size = left;
    message.head_size = take(header[1] % (HMAC_SHA256_HEAD_CAPACITY + 1), &data, &left, &piece);
    memcpy(message.head, piece, message.head_size);
    size_t wanted[] = {(size_t)header[3] | (size_t)header[4] << 8, (size_t)header[5] | (size_t)header[6] << 8, left};
    for (int i = 0; i < HMAC_SHA256_PARTS; i++) {
        size_t shift = header[2] >> 2 * i & 3;
        size_t part_size = take(i < HMAC_SHA256_PARTS - 1 ? wanted[i] % (left + 1) : left, &data, &left, &piece);
        copies[i] = alone(piece, part_size, shift);
        message.parts[i] = (hmac_sha256_part){part_size + shift > 0 ? copies[i] + shift : NULL,
                                               part_size + EXTRA_BYTES};
    }
    openssl_hmac_hex(&oracle, whole, whole_size, expected);
    openssl_hmac_hex(&oracle, NULL, 0, of_nothing);
    if (whole_size >= TIMESTAMP_SIZE) check_prehash(whole);

    for (const hmac_sha256_implementation *const *each = supported(); *each != NULL; each++) {
        hmac_sha256_key key;
        hmac_sha256_chosen = *each;
        hmac_sha256_key_init(&key, secret, secret_size);
        hmac_sha256_hex(&key, &message, hex);
        CHECK(memcmp(hex, expected, HMAC_SHA256_HEX_SIZE) == 0);
        hmac_sha256_message batch[LARGE_BATCH] = {{{0}}};
        size_t batch_size = header[1] >= 0xf0 && (*each)->compress_two != NULL ? LARGE_BATCH : SMALL_BATCH;
        for (size_t i = 0; i < batch_size; i += 2) batch[i] = message; /* odd messages are empty */
        char *all = malloc(batch_size * HMAC_SHA256_HEX_SIZE);
        hmac_sha256_hex_many(&key, batch, batch_size, all);
        for (size_t i = 0; i < batch_size; i++) {
            const char *wanted = i % 2 == 0 ? expected : of_nothing;
            CHECK(memcmp(all + i * HMAC_SHA256_HEX_SIZE, wanted, HMAC_SHA256_HEX_SIZE) == 0);
        }
        free(all);
    }
    for (int i = 0; i < HMAC_SHA256_PARTS; i++) free(copies[i]);
    free(secret), free(hex);
    return 0;
}

#ifdef STANDALONE
int main(int count, char **arguments) {
    static uint8_t input[1 << 16];
    long runs = strtol(arguments[1], NULL, 10);
    for (int i = 2; i < count; i++, runs++) {
        FILE *file = fopen(arguments[i], "rb");
        CHECK(file != NULL);
        LLVMFuzzerTestOneInput(input, fread(input, 1, sizeof input, file));
        fclose(file);
    }
    uint64_t random = 1;
    for (long run = count - 2; run < runs; run++) {
        size_t size = HEADER_SIZE + (run % 100 == 0 ? 10240 : run % 600);
        for (size_t i = 0; i < size; i++) {
            random = random * 6364136223846793005 + 1442695040888963407;
            input[i] = (uint8_t)(random >> 56);
        }
        LLVMFuzzerTestOneInput(input, size);
    }
    printf("%ld executions clean\n", runs);
}
#endif
