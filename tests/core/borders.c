/* Sign every combination of head and part sizes, with parts before or after an unreadable page, with every
 * implementation, singly and in a batch, and compare with OpenSSL. The core's branches depend on these sizes alone, so
 * this covers all messages up to the largest size.
 *
 * Arguments: a part's largest size, and the step between sizes far from the borders of words and blocks. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "hmac_sha256.h"
#include "openssl.h"

#ifndef EXTRA_BYTES
#define EXTRA_BYTES 0 /* the control, which must end in a segmentation fault */
#endif

enum { PAGE = 4096, MAX_SIZES = 2048, BATCH = 100 };

static const char secret[] = "QHKRXHPAW1MC9YGZMAT8YDJG2HPR";
static const hmac_sha256_implementation *sha256;
static hmac_sha256_key key;
static hmac_sha256_message message;
static uint8_t *pages[HMAC_SHA256_PARTS], *hex, *all_hex;
static size_t sizes[MAX_SIZES], size_count;
static int behind;
static unsigned long signatures;
static hmac_sha256_message waiting[BATCH];
static char expected[BATCH][HMAC_SHA256_HEX_SIZE];
static size_t waiting_count;

/* Allocate two pages between unreadable pages. */
static uint8_t *guarded_pages(void) {
    uint8_t *start = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || mprotect(start + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE)) exit(3);
    return start + PAGE;
}

static void check(const void *given, const hmac_sha256_message *of) {
    if (memcmp(given, expected[of - waiting], HMAC_SHA256_HEX_SIZE) == 0) return;
    fprintf(stderr, "wrong: %s, a head of %zu bytes and parts of", sha256->name, of->head_size);
    for (size_t i = 0; i < HMAC_SHA256_PARTS; i++) fprintf(stderr, " %zu", of->parts[i].size);
    fprintf(stderr, " bytes, %s\n", behind ? "after a page" : "before a page");
    exit(1);
}

static void sign_waiting(void) {
    uint8_t *out = all_hex + 2 * PAGE - waiting_count * HMAC_SHA256_HEX_SIZE;
    hmac_sha256_hex_many(&key, waiting, waiting_count, (char *)out);
    for (size_t i = 0; i < waiting_count; i++) check(out + i * HMAC_SHA256_HEX_SIZE, &waiting[i]);
    signatures += waiting_count;
    waiting_count = 0;
}

static void sign(const openssl_hmac *hashed) {
    openssl_hmac_hex(hashed, NULL, 0, expected[waiting_count]);
    waiting[waiting_count] = message;
    hmac_sha256_hex(&key, &message, (char *)hex);
    check(hex, &waiting[waiting_count]);
    signatures++;
    if (++waiting_count == BATCH) sign_waiting();
}

/* Iterate over the sizes of part `i` and later parts; the head and the earlier parts are hashed already. */
static void each_size(const openssl_hmac *hashed, int i) {
    if (i == HMAC_SHA256_PARTS) {
        sign(hashed);
        return;
    }
    for (size_t at = 0; at < size_count; at++) {
        openssl_hmac next = *hashed;
        uint8_t *data = behind ? pages[i] : pages[i] + 2 * PAGE - sizes[at];
        SHA256_Update(&next.inner, data, sizes[at]);
        message.parts[i] = (hmac_sha256_part){data, sizes[at] + EXTRA_BYTES};
        each_size(&next, i + 1);
    }
}

/* The borders of words and blocks, also with padding or with a head of 16 bytes. */
static int near_border(size_t size) {
    size_t rest = size % 64;
    return size <= 17 || rest <= 1 || rest == 48 || rest == 49 || rest == 55 || rest == 63;
}

int main(int count, char **arguments) {
    size_t largest = count > 1 ? strtoul(arguments[1], NULL, 10) : 0;
    size_t step = count > 2 ? strtoul(arguments[2], NULL, 10) : 1;
    openssl_hmac oracle, hashed;

    if (largest == 0 || largest >= MAX_SIZES || step == 0) return 2;
    for (size_t size = 0; size <= largest; size++)
        if (size % step == 0 || near_border(size)) sizes[size_count++] = size;
    for (int i = 0; i < HMAC_SHA256_PARTS; i++) {
        pages[i] = guarded_pages();
        for (int at = 0; at < 2 * PAGE; at++) pages[i][at] = (uint8_t)(rand() >> 7);
    }
    hex = guarded_pages() + 2 * PAGE - HMAC_SHA256_HEX_SIZE;
    all_hex = guarded_pages();
    openssl_hmac_init(&oracle, secret, sizeof secret - 1);
    for (const hmac_sha256_implementation *const *each = hmac_sha256_implementations; *each != NULL; each++) {
        sha256 = hmac_sha256_chosen = *each;
        if (!sha256->supported()) continue;
        hmac_sha256_key_init(&key, secret, sizeof secret - 1);
        for (behind = 0; behind < 2; behind++)
            for (size_t head = 0; head <= HMAC_SHA256_HEAD_CAPACITY; head++) {
                message.head_size = head;
                for (size_t i = 0; i < sizeof message.head; i++) message.head[i] = (uint8_t)rand();
                hashed = oracle;
                SHA256_Update(&hashed.inner, message.head, head);
                each_size(&hashed, 0);
                sign_waiting();
            }
    }
    printf("%lu signatures right, no read outside a part\n", signatures);
    return 0;
}
