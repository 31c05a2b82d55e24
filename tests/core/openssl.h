/* The oracle: HMAC-SHA256 over OpenSSL's SHA-256, declared here so that the library is enough, without its headers. */
#ifndef WOOX_FAST_TESTS_OPENSSL_H
#define WOOX_FAST_TESTS_OPENSSL_H

#include <stdint.h>
#include <string.h>

int SHA256_Init(void *context);
int SHA256_Update(void *context, const void *data, size_t size);
int SHA256_Final(unsigned char *digest, void *context);

typedef struct {
    uint64_t opaque[32]; /* twice the size of OpenSSL's SHA256_CTX */
} openssl_sha256;

typedef struct {
    openssl_sha256 inner, outer;
} openssl_hmac;

static inline void openssl_hmac_init(openssl_hmac *hmac, const void *secret, size_t size) {
    unsigned char key[64] = {0};
    if (size > sizeof key) {
        SHA256_Init(&hmac->inner);
        SHA256_Update(&hmac->inner, secret, size);
        SHA256_Final(key, &hmac->inner);
    } else if (size > 0) {
        memcpy(key, secret, size);
    }
    for (size_t i = 0; i < sizeof key; i++) key[i] ^= 0x36;
    SHA256_Init(&hmac->inner);
    SHA256_Update(&hmac->inner, key, sizeof key);
    for (size_t i = 0; i < sizeof key; i++) key[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&hmac->outer);
    SHA256_Update(&hmac->outer, key, sizeof key);
}

static inline void openssl_hmac_hex(const openssl_hmac *hmac, const void *message, size_t size, char hex[64]) {
    openssl_sha256 context = hmac->inner;
    unsigned char digest[32];
    SHA256_Update(&context, message, size);
    SHA256_Final(digest, &context);
    context = hmac->outer;
    SHA256_Update(&context, digest, sizeof digest);
    SHA256_Final(digest, &context);
    for (int i = 0; i < 64; i++) hex[i] = "0123456789abcdef"[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
}

#endif
