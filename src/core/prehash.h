/* The head of the prehash: the timestamp, Unix epoch milliseconds in 13 decimal digits, then the method. */
#pragma once

#include <stdbool.h>

#include "bytes.h"

enum { TIMESTAMP_SIZE = 13, METHOD_MIN = 3, METHOD_MAX = 7, PREHASH_ROOM = 24 };

/* "00" to "99". */
static const uint8_t digit_pairs[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/* Convert `x` below 10**4 to four digits, the first in the lowest byte. */
static inline uint64_t four_digits(uint32_t x) {
    uint32_t hundreds = x * 5243 >> 19; /* x / 100, exact below 10**4 */
    return load_le16(digit_pairs + 2 * (size_t)hundreds) |
           (uint64_t)load_le16(digit_pairs + 2 * (size_t)(x - 100 * hundreds)) << 16;
}

/* Write `milliseconds` to `head`; return false unless they have 13 digits. */
static inline bool prehash_milliseconds(uint8_t head[PREHASH_ROOM], int64_t milliseconds) {
    if (milliseconds < 1000000000000 || milliseconds >= 10000000000000) return false;
    uint32_t high = (uint32_t)(milliseconds / 100000000), low = (uint32_t)(milliseconds % 100000000);
    uint64_t middle = four_digits(low / 10000);
    store_le64(head, ('0' + high / 10000) | four_digits(high % 10000) << 8 | middle << 40);
    store_le64(head + 8, middle >> 24 | four_digits(low % 10000) << 8);
    return true;
}

/* Write `milliseconds` after `before`, whose digits are in `before_head`. Within the same ten seconds, copy nine
 * digits. */
static inline bool prehash_milliseconds_after(uint8_t head[PREHASH_ROOM], int64_t milliseconds,
                                              const uint8_t before_head[PREHASH_ROOM], int64_t before) {
    uint64_t ten_seconds = (uint64_t)before / 10000;
    uint64_t rest = (uint64_t)milliseconds - 10000 * ten_seconds;
    if (rest >= 10000) return prehash_milliseconds(head, milliseconds);
    store_le64(head, load_le64(before_head));
    store_le64(head + 8, before_head[8] | four_digits((uint32_t)rest) << 8);
    return true;
}

/* Return whether all eight bytes are digits. */
static inline bool all_digits(uint64_t x) {
    uint64_t above = (x & 0x7f7f7f7f7f7f7f7f) + 0x4646464646464646; /* '9' + 0x46 is 0x7f */
    uint64_t below = (x | 0x8080808080808080) - 0x3030303030303030;
    return ((x | above | ~below) & 0x8080808080808080) == 0;
}

/* Write a text's 13 digits to `head`; return false unless it consists of digits. */
static inline bool prehash_digits(uint8_t head[PREHASH_ROOM], const uint8_t text[TIMESTAMP_SIZE]) {
    uint64_t first = load_le64(text), last = load_le64(text + TIMESTAMP_SIZE - 8);
    store_le64(head, first);
    store_le64(head + 8, last >> 24);
    return all_digits(first) && all_digits(last);
}

/* Append a method of METHOD_MIN to METHOD_MAX letters; return false unless they are A to Z. */
static inline bool prehash_method(uint8_t head[PREHASH_ROOM], const uint8_t *method, size_t size) {
    const uint64_t each = 0x0101010101010101, high = 0x80 * each;
    uint64_t word = load_le_short(method, size);
    uint64_t letters = word | 'A' * each << 8 * size;
    uint64_t from_a = letters + (0x80 - 'A') * each, past_z = letters + (0x7f - 'Z') * each;
    store_le64(head + 8, (load_le64(head + 8) & 0xffffffffff) | word << 40); /* after the digits */
    store_le64(head + 16, word >> 24);
    return (from_a & ~past_z & ~letters & high) == high;
}
