/* Reads lines `secret message hmac`, all in hex ('-' is empty). Signs every message with every implementation of this
 * processor: whole, split at every third byte, and in batches with the same secret. Prints the number of correct
 * signatures. Stops at a wrong signature, and at key material in the vector registers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmac_sha256.h"

enum { MAX_BYTES = 1024, MAX_LINES = 4096 };

typedef struct {
    uint8_t secret[MAX_BYTES], message[MAX_BYTES];
    size_t secret_size, message_size;
    char hex[HMAC_SHA256_HEX_SIZE + 1];
} vector;

static size_t read_hex(uint8_t *out, const char *text) {
    size_t size = 0;
    unsigned byte;
    while (sscanf(text + 2 * size, "%2x", &byte) == 1) out[size++] = (uint8_t)byte;
    return size;
}

static void must_be(const char *got, const vector *v, const char *name, const char *how) {
    if (memcmp(got, v->hex, HMAC_SHA256_HEX_SIZE) == 0) return;
    printf("%s is wrong, %s: a secret of %zu bytes, a message of %zu: %.64s, not %s\n", name, how, v->secret_size,
           v->message_size, got, v->hex);
    exit(1);
}

#ifdef HMAC_SHA256_HAVE_AVX512
static bool has_avx512;
#endif
#define ALL(STORE)                                                                                                     \
    STORE(0) STORE(1) STORE(2) STORE(3) STORE(4) STORE(5) STORE(6) STORE(7) STORE(8) STORE(9) STORE(10) STORE(11)      \
    STORE(12) STORE(13) STORE(14) STORE(15)
#define HIGH(STORE)                                                                                                    \
    STORE(16) STORE(17) STORE(18) STORE(19) STORE(20) STORE(21) STORE(22) STORE(23) STORE(24) STORE(25) STORE(26)      \
    STORE(27) STORE(28) STORE(29) STORE(30) STORE(31)

/* The C library uses the registers that only AVX-512 has, too: clear them before the core is called. */
static void clear_registers(void) {
#ifdef HMAC_SHA256_HAVE_AVX512
#define CLEAR(n) "vpxord %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"
    if (has_avx512) __asm__ __volatile__(HIGH(CLEAR) "vzeroall" : : : "memory");
#endif
}

/* The core has cleared the registers, except the low halves of aarch64's v8 to v15, which belong to the caller. */
static void must_be_clear(const char *name, const char *how) {
    static uint64_t registers[32][8]; /* not on the stack, since clearing it would use a register */
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
#define XMM(n) "movups %%xmm" #n ", 64*" #n "(%0)\n\t"
#define ZMM(n) "vmovdqu64 %%zmm" #n ", 64*" #n "(%0)\n\t"
    if (has_avx512) __asm__ __volatile__(ALL(ZMM) HIGH(ZMM) : : "r"(registers) : "memory");
    else __asm__ __volatile__(ALL(XMM) : : "r"(registers) : "memory");
#elif defined(__GNUC__) && defined(__aarch64__)
#define STORE(n) "str q" #n ", [%0, 64*" #n "]\n\t"
    __asm__ __volatile__(STORE(0) STORE(1) STORE(2) STORE(3) STORE(4) STORE(5) STORE(6) STORE(7) STORE(8) STORE(9)
                         STORE(10) STORE(11) STORE(12) STORE(13) STORE(14) STORE(15) STORE(16) STORE(17) STORE(18)
                         STORE(19) STORE(20) STORE(21) STORE(22) STORE(23) STORE(24) STORE(25) STORE(26) STORE(27)
                         STORE(28) STORE(29) STORE(30) STORE(31) : : "r"(registers) : "memory");
    for (int i = 8; i < 16; i++) registers[i][0] = 0;
#endif
    for (int i = 0; i < 32 * 8; i++)
        if (registers[i / 8][i % 8] != 0) {
            printf("%s, %s, leaves %016llx in vector register %d\n", name, how,
                   (unsigned long long)registers[i / 8][i % 8], i / 8);
            exit(1);
        }
}

/* Return a message with `head_size` bytes in its head, then two parts. */
static hmac_sha256_message split(const vector *v, size_t head_size, size_t at) {
    hmac_sha256_message m = {.head_size = head_size};
    if (at < head_size) at = head_size;
    memcpy(m.head, v->message, head_size);
    m.parts[0] = (hmac_sha256_part){v->message + head_size, at - head_size};
    m.parts[1] = (hmac_sha256_part){v->message + at, v->message_size - at};
    return m;
}

static long sign_all(const vector *vectors, size_t count, const char *name) {
    static hmac_sha256_message batch[MAX_LINES];
    static char hexes[MAX_LINES * HMAC_SHA256_HEX_SIZE];
    long right = 0;
    for (size_t first = 0, end; first < count; first = end) {
        hmac_sha256_key key;
        clear_registers();
        hmac_sha256_key_init(&key, vectors[first].secret, vectors[first].secret_size);
        must_be_clear(name, "a key");
        for (end = first; end < count && vectors[end].secret_size == vectors[first].secret_size; end++) {
            const vector *v = &vectors[end];
            for (size_t at = 0; at <= v->message_size; at += 3) {
                char hex[HMAC_SHA256_HEX_SIZE];
                hmac_sha256_message m = split(v, at % 2 && v->message_size >= 24 ? 13 + at % 8 : 0, at);
                clear_registers();
                hmac_sha256_hex(&key, &m, hex);
                must_be_clear(name, "a signature");
                must_be(hex, v, name, "alone");
                right++;
            }
            batch[end - first] = split(v, v->message_size < 13 ? 0 : 13, v->message_size / 2);
        }
        clear_registers();
        hmac_sha256_hex_many(&key, batch, end - first, hexes);
        must_be_clear(name, "a batch");
        for (size_t i = first; i < end; i++, right++)
            must_be(hexes + (i - first) * HMAC_SHA256_HEX_SIZE, &vectors[i], name, "in a batch");
    }
    return right;
}

int main(void) {
#ifdef HMAC_SHA256_HAVE_AVX512
    has_avx512 = hmac_sha256_avx512.supported();
#endif
    static vector vectors[MAX_LINES];
    static char secret[2 * MAX_BYTES], message[2 * MAX_BYTES];
    size_t count = 0;
    while (count < MAX_LINES && scanf("%2000s %2000s %64s", secret, message, vectors[count].hex) == 3) {
        vectors[count].secret_size = read_hex(vectors[count].secret, secret);
        vectors[count].message_size = read_hex(vectors[count].message, message);
        count++;
    }
    for (const hmac_sha256_implementation *const *each = hmac_sha256_implementations; *each != NULL; each++) {
        const char *refused, *name = (*each)->name;
        if (!(*each)->supported()) continue;
        if (hmac_sha256_choose(name, &refused) == NULL) {
            printf("%s fails its self-test\n", name);
            return 1;
        }
        printf("%s %ld\n", name, sign_all(vectors, count, name));
    }
    return 0;
}
