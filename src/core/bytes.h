/* Loads and stores of words in a fixed byte order, at any alignment. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Convert between the processor's byte order and little-endian. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LITTLE_ENDIAN_WORD(bits, x) __builtin_bswap##bits(x)
#else
#define LITTLE_ENDIAN_WORD(bits, x) (x)
#endif

#define DEFINE_LOAD_LE(bits)                                                                                           \
    static inline uint##bits##_t load_le##bits(const uint8_t *p) {                                                     \
        uint##bits##_t x;                                                                                              \
        memcpy(&x, p, sizeof x);                                                                                       \
        return LITTLE_ENDIAN_WORD(bits, x);                                                                            \
    }
DEFINE_LOAD_LE(16)
DEFINE_LOAD_LE(32)
DEFINE_LOAD_LE(64)

/* Load 1 to 8 bytes; the rest of the result is zero. Reads no byte outside `size`. */
static inline uint64_t load_le_short(const uint8_t *p, size_t size) {
    if (size >= 4) return load_le32(p) | (uint64_t)load_le32(p + size - 4) << 8 * (size - 4);
    if (size >= 2) return load_le16(p) | (uint64_t)load_le16(p + size - 2) << 8 * (size - 2);
    return p[0];
}

static inline void store_le64(uint8_t *p, uint64_t x) {
    x = LITTLE_ENDIAN_WORD(64, x);
    memcpy(p, &x, sizeof x);
}

static inline uint32_t load_be32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static inline void store_be32(uint8_t *p, uint32_t x) {
    p[0] = (uint8_t)(x >> 24);
    p[1] = (uint8_t)(x >> 16);
    p[2] = (uint8_t)(x >> 8);
    p[3] = (uint8_t)x;
}

static inline void store_be64(uint8_t *p, uint64_t x) {
    store_be32(p, (uint32_t)(x >> 32));
    store_be32(p + 4, (uint32_t)x);
}
