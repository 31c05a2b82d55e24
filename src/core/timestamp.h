/* Timestamps as they are signed: Unix epoch milliseconds, 13 decimal digits. */
#ifndef WOOX_FAST_TIMESTAMP_H
#define WOOX_FAST_TIMESTAMP_H

#include <stdbool.h>

#include "bytes.h"

enum { TIMESTAMP_SIZE = 13 };

/* `x` below 10**8 as eight digits, the first in the lowest byte: halves, quarters and eighths side by side. */
static inline uint64_t eight_digits(uint32_t x) {
    uint64_t fours = x / 10000 | (uint64_t)(x % 10000) << 32;
    uint64_t hundreds = (fours * 5243 >> 19) & 0x0000007f0000007f; /* fours / 100, exact below 10**4 */
    uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
    uint64_t tens = (twos * 103 >> 10) & 0x000f000f000f000f; /* twos / 10, exact below 100 */
    return (tens | (twos - tens * 10) << 8) + 0x3030303030303030;
}

/* Both of these write two whole words, so that they can be read back at once: `out` has room for 16 bytes. */

/* The 13 digits of 10**12 <= milliseconds < 10**13. */
static inline void timestamp_write(uint8_t out[16], uint64_t milliseconds) {
    uint64_t high = eight_digits((uint32_t)(milliseconds / 100000000)) >> 24; /* 5 digits, after 3 zeros */
    uint64_t low = eight_digits((uint32_t)(milliseconds % 100000000));
    store_le64(out, high | low << 40);
    store_le64(out + 8, low >> 24);
}

/* Whether each of eight bytes is a digit. */
static inline bool all_digits(uint64_t x) {
    uint64_t above = (x & 0x7f7f7f7f7f7f7f7f) + 0x4646464646464646; /* '9' + 0x46 is 0x7f */
    uint64_t below = (x | 0x8080808080808080) - 0x3030303030303030;
    return ((x | above | ~below) & 0x8080808080808080) == 0;
}

/* Copy a timestamp that is text; whether it is 13 digits. */
static inline bool timestamp_copy(uint8_t out[16], const uint8_t text[TIMESTAMP_SIZE]) {
    uint64_t first = load_le64(text), last = load_le64(text + TIMESTAMP_SIZE - 8);
    store_le64(out, first);
    store_le64(out + 8, last >> 24);
    return all_digits(first) && all_digits(last);
}

#endif
