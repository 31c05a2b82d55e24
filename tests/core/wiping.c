/* What the core leaves on the stack: hash a key and sign on a thread whose stack is ours to read, then look there.
 * Prints "IMPLEMENTATION NAME" for each trace; nothing if there is none. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bytes.h"
#include "hmac_sha256.h"

enum { STACK_SIZE = 1 << 18, CHUNK = 8 };

static uint8_t secret[150];
static size_t secret_size;
static hmac_sha256_key key;
static char hex[HMAC_SHA256_HEX_SIZE];

static void *hash_key(void *unused) {
    hmac_sha256_key_init(&key, secret, secret_size);
    return unused;
}

static void *hash_key_and_sign(void *unused) {
    hash_key(NULL);
    for (size_t size = 0; size <= sizeof secret; size += 15) {
        hmac_sha256_message message = {.head_size = 13, .part_count = 1, .parts = {{"message", size % 8}}};
        memset(message.head, '1', sizeof message.head);
        hmac_sha256_hex(&key, &message, hex);
    }
    return unused;
}

static void find(const uint8_t *stack, const char *sha256, const char *name, const void *trace, size_t size) {
    for (size_t at = 0; at + CHUNK <= size; at += CHUNK)
        for (size_t i = 0; i + CHUNK <= STACK_SIZE; i++)
            if (memcmp(stack + i, (const uint8_t *)trace + at, CHUNK) == 0) {
                printf("%s %s\n", sha256, name);
                return;
            }
}

static void find_padded(const uint8_t *stack, const char *sha256, uint8_t pad) {
    uint8_t block[SHA256_BLOCK_SIZE], swapped[SHA256_BLOCK_SIZE];
    for (size_t i = 0; i < sizeof block; i++) block[i] = secret[i] ^ pad;
    for (size_t i = 0; i < sizeof block; i += 4) memcpy(swapped + i, &(uint32_t){load_be32(block + i)}, 4);
    find(stack, sha256, "padded-key", block, secret_size < sizeof block ? secret_size : sizeof block);
    find(stack, sha256, "padded-key-words", swapped, secret_size < sizeof block ? secret_size : sizeof block);
}

static int look(const char *sha256, void *(*work)(void *)) {
    uint8_t *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attributes;
    pthread_t thread;
    if (stack == MAP_FAILED || pthread_attr_init(&attributes) || pthread_attr_setstack(&attributes, stack, STACK_SIZE) ||
        pthread_create(&thread, &attributes, work, NULL) || pthread_join(thread, NULL))
        return 1;
    find(stack, sha256, "secret", secret, secret_size);
    if (secret_size <= SHA256_BLOCK_SIZE) find_padded(stack, sha256, 0x36), find_padded(stack, sha256, 0x5c);
    find(stack, sha256, "inner-state", key.inner, sizeof key.inner);
    find(stack, sha256, "outer-state", key.outer, sizeof key.outer);
    return munmap(stack, STACK_SIZE);
}

int main(void) {
    static const size_t sizes[] = {28, 64, 150};
    const char *refused;
    for (size_t i = 0; i < sizeof secret; i++) secret[i] = (uint8_t)(rand() >> 7 | 1);
    for (const sha256_implementation *const *each = sha256_implementations; *each != NULL; each++) {
        if (!(*each)->supported()) continue;
        if (hmac_sha256_choose((*each)->name, &refused) == NULL) return 1;
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            secret_size = sizes[i];
            if (look((*each)->name, hash_key) || look((*each)->name, hash_key_and_sign)) return 1;
        }
    }
    return 0;
}
