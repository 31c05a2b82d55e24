#include "cleanse.h"

#include <string.h>

void cleanse(void *memory, size_t size) {
#if defined(__GNUC__)
    memset(memory, 0, size);
    __asm__ __volatile__("" : : "r"(memory) : "memory"); /* the compiler assumes that this reads the memory */
#else
    volatile uint8_t *p = memory;
    for (size_t i = 0; i < size; i++) p[i] = 0;
#endif
}

NOT_INLINE void cleanse_key_stack(void) {
    uint8_t below[KEY_STACK];
    cleanse(below, sizeof below);
}

NOT_INLINE void cleanse_sign_stack(void) {
    uint8_t below[SIGN_STACK];
    cleanse(below, sizeof below);
}

NOT_INLINE void cleanse_pairs_stack(void) {
    uint8_t below[PAIRS_STACK];
    cleanse(below, sizeof below);
}

NOT_INLINE void cleanse_lanes_stack(void) {
    uint8_t below[LANES_STACK];
    cleanse(below, sizeof below);
}
