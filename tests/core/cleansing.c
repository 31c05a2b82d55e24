/* Search the stack for traces of a key: hash a key and sign with it on a thread with a known stack, then search that
 * stack. Prints "IMPLEMENTATION OPERATION TRACE" per trace, and "IMPLEMENTATION OPERATION: done, BYTES deep". */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bytes.h"
#include "hmac_sha256.h"

enum { STACK_SIZE = 1 << 18, CHUNK = 8, BATCH = 67, UNTOUCHED = 0xa5 };

static uint8_t secret[150];
static size_t secret_size;
static hmac_sha256_key key;
static char hex[BATCH * HMAC_SHA256_HEX_SIZE];

static void *hash_key(void *unused) {
    hmac_sha256_key_init(&key, secret, secret_size);
    return unused;
}

static void *sign(void *unused) {
    for (size_t size = 0; size <= sizeof secret; size += 15) {
        hmac_sha256_message message = {.head_size = 13 + size % 8, .parts = {{"message", size % 8}, {hex, size}}};
        memset(message.head, '1', sizeof message.head); /* a head of 16 bytes or more is hashed in registers */
        hmac_sha256_hex(&key, &message, hex);
    }
    return unused;
}

static void batch_of(size_t count) {
    static hmac_sha256_message messages[BATCH];
    for (size_t i = 0; i < count; i++)
        messages[i] = (hmac_sha256_message){.parts = {{hex, i * 31 % sizeof hex}}};
    hmac_sha256_hex_many(&key, messages, count, hex);
}

static void *sign_many(void *unused) {
    batch_of(BATCH); /* more than a window */
    return unused;
}

static void *sign_window(void *unused) {
    batch_of(64);
    return unused;
}

static void *sign_lanes(void *unused) {
    static hmac_sha256_message messages[BATCH];
    for (size_t i = 0; i < BATCH; i++)
        messages[i] = (hmac_sha256_message){.parts = {{hex, i < 40 ? 100 : i}}};
    hmac_sha256_hex_many(&key, messages, BATCH, hex); /* lanes, then pairs */
    return unused;
}

static const struct {
    const char *name;
    void *(*run)(void *);
} operations[] = {
    {"key", hash_key}, {"sign", sign}, {"batch", sign_many}, {"window", sign_window}, {"lanes", sign_lanes},
};

static const uint8_t *stack;
static size_t low; /* the deepest written byte of the stack */
static const char *sha256, *operation;

static void find(const char *name, const void *trace, size_t size) {
    for (size_t at = 0; at + CHUNK <= size; at += CHUNK)
        for (size_t i = low; i + CHUNK <= STACK_SIZE; i++)
            if (memcmp(stack + i, (const uint8_t *)trace + at, CHUNK) == 0) {
                printf("%s %s %s\n", sha256, operation, name);
                return;
            }
}

static uint32_t rotated(uint32_t x, int n) { return x >> n | x << (32 - n); }

/* Find the padded key: its bytes, its words, and the last words of its message schedule, which determine the key. */
static void find_padded(const char *bytes_name, const char *words_name, const char *schedule_name, uint8_t pad) {
    uint8_t block[SHA256_BLOCK_SIZE];
    uint32_t words[64];
    size_t size = secret_size < sizeof block ? secret_size / 8 * 8 : sizeof block;
    for (size_t i = 0; i < sizeof block; i++) block[i] = (i < secret_size ? secret[i] : 0) ^ pad;
    for (size_t i = 0; i < 16; i++) words[i] = load_be32(block + 4 * i);
    for (size_t i = 16; i < 64; i++)
        words[i] = words[i - 16] + words[i - 7] +
                   (rotated(words[i - 15], 7) ^ rotated(words[i - 15], 18) ^ words[i - 15] >> 3) +
                   (rotated(words[i - 2], 17) ^ rotated(words[i - 2], 19) ^ words[i - 2] >> 10);
    find(bytes_name, block, size);
    find(words_name, words, size);
    find(schedule_name, words + 48, 16 * sizeof words[0]);
}

static void find_state(const char *name, const uint32_t s[8]) {
    const uint32_t as_sha_ni[] = {s[5], s[4], s[1], s[0], s[7], s[6], s[3], s[2]};
    find(name, s, 8 * sizeof s[0]);
    find(name, as_sha_ni, sizeof as_sha_ni);
    for (int i = 0; i < 8; i++) find(name, (const uint32_t[]){s[i], s[i]}, 8); /* in lanes */
}

static int look(void *(*run)(void *)) {
    uint8_t *memory = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attributes;
    pthread_t thread;
    if (memory == MAP_FAILED) return 1;
    memset(memory, UNTOUCHED, STACK_SIZE);
    if (pthread_attr_init(&attributes) || pthread_attr_setstack(&attributes, memory, STACK_SIZE) ||
        pthread_create(&thread, &attributes, run, NULL) || pthread_join(thread, NULL))
        return 1;
    stack = memory;
    low = 0;
    while (memory[low] == UNTOUCHED) low++;
    find("secret", secret, secret_size);
    if (secret_size <= SHA256_BLOCK_SIZE) {
        find_padded("inner-padded-key", "inner-padded-words", "inner-schedule", 0x36);
        find_padded("outer-padded-key", "outer-padded-words", "outer-schedule", 0x5c);
    }
    find_state("inner-state", key.inner);
    find_state("outer-state", key.outer);
    printf("%s %s: done, %zu deep\n", sha256, operation, STACK_SIZE - low);
    return munmap(memory, STACK_SIZE);
}

int main(void) {
    static const size_t sizes[] = {28, 64, 150};
    const char *refused;
    for (size_t i = 0; i < sizeof secret; i++) secret[i] = (uint8_t)(rand() >> 7 | 1);
    for (const hmac_sha256_implementation *const *each = hmac_sha256_implementations; *each != NULL; each++) {
        if (!(*each)->supported()) continue;
        sha256 = (*each)->name;
        if (hmac_sha256_choose(sha256, &refused) == NULL) return 1;
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            secret_size = sizes[i];
            for (size_t at = 0; at < sizeof operations / sizeof operations[0]; at++) {
                operation = operations[at].name;
                if (look(operations[at].run)) return 1;
            }
        }
    }
    return 0;
}
