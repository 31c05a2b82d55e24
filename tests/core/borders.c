/* Every combination of three part sizes up to the number given, each part against a page that cannot be read, first
 * behind it and then before it, signed by every implementation and compared with OpenSSL. What the core does with a
 * message depends on nothing else than these sizes, so that this is all there is up to that number.
 *
 * Arguments: the most bytes of a part, and the step between sizes far from a border of words or blocks. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "hmac_sha256.h"
#include "openssl.h"

enum { PAGE = 4096, HEAD_SIZE = 13 };

#ifndef SAID_LONGER
#define SAID_LONGER 0 /* bytes: the control, which must end in a segmentation fault */
#endif

static const char secret[] = "QHKRXHPAW1MC9YGZMAT8YDJG2HPR";

/* A page between two that cannot be read. */
static uint8_t *guarded_page(void) {
    uint8_t *pages = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE)) exit(3);
    return pages + PAGE;
}

static int near_border(size_t size) { return size <= 17 || size % 64 <= 1 || size % 64 >= 63 || size % 64 == 55; }

int main(int count, char **arguments) {
    size_t most = count > 1 ? strtoul(arguments[1], NULL, 10) : 0, step = count > 2 ? strtoul(arguments[2], NULL, 10) : 1;
    uint8_t *pages[HMAC_SHA256_MAX_PARTS], *hex = guarded_page() + PAGE - HMAC_SHA256_HEX_SIZE;
    size_t sizes[1024], size_count = 0;
    unsigned long signatures = 0;
    openssl_hmac oracle, after_head, after_one, after_two;
    char expected[HMAC_SHA256_HEX_SIZE];

    if (most == 0 || most > 1023 || step == 0) return 2;
    for (size_t size = 0; size <= most; size++)
        if (size % step == 0 || near_border(size)) sizes[size_count++] = size;
    for (int i = 0; i < HMAC_SHA256_MAX_PARTS; i++) {
        pages[i] = guarded_page();
        for (int at = 0; at < PAGE; at++) pages[i][at] = (uint8_t)(rand() >> 7);
    }
    openssl_hmac_init(&oracle, secret, sizeof secret - 1);
    for (const sha256_implementation *const *each = sha256_implementations; *each != NULL; each++) {
        hmac_sha256_key key;
        if (!(*each)->supported()) continue;
        hmac_sha256_chosen = *each;
        hmac_sha256_key_init(&key, secret, sizeof secret - 1);
        for (int behind = 0; behind < 2; behind++) {
#define PART(i, size) {behind ? pages[i] : pages[i] + PAGE - (size), (size) + SAID_LONGER}
            hmac_sha256_message message = {.head_size = HEAD_SIZE, .part_count = HMAC_SHA256_MAX_PARTS};
            memcpy(message.head, "1578565539808", HEAD_SIZE);
            after_head = oracle;
            SHA256_Update(&after_head.inner, message.head, HEAD_SIZE);
            for (size_t one = 0; one < size_count; one++) {
                message.parts[0] = (hmac_sha256_part)PART(0, sizes[one]);
                after_one = after_head;
                SHA256_Update(&after_one.inner, message.parts[0].data, sizes[one]);
                for (size_t two = 0; two < size_count; two++) {
                    message.parts[1] = (hmac_sha256_part)PART(1, sizes[two]);
                    after_two = after_one;
                    SHA256_Update(&after_two.inner, message.parts[1].data, sizes[two]);
                    for (size_t three = 0; three < size_count; three++, signatures++) {
                        message.parts[2] = (hmac_sha256_part)PART(2, sizes[three]);
                        openssl_hmac_hex(&after_two, message.parts[2].data, sizes[three], expected);
                        hmac_sha256_hex(&key, &message, (char *)hex);
                        if (memcmp(hex, expected, sizeof expected) != 0) {
                            fprintf(stderr, "wrong: %s, parts of %zu, %zu and %zu bytes\n", (*each)->name, sizes[one],
                                    sizes[two], sizes[three]);
                            return 1;
                        }
                    }
                }
            }
        }
    }
    printf("%lu signatures right, nothing read outside\n", signatures);
    return 0;
}
