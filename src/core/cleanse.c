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

#define OVERWRITE(name, size)                                                                                          \
    NOT_INLINE void name(void) {                                                                                       \
        uint8_t below[size];                                                                                           \
        cleanse(below, sizeof below);                                                                                  \
    }

OVERWRITE(key_stack, KEY_STACK)
OVERWRITE(sign_stack, SIGN_STACK)
OVERWRITE(pairs_stack, PAIRS_STACK)
OVERWRITE(lanes_stack, LANES_STACK)
