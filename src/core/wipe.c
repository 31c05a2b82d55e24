/* Overwriting what must not stay in memory. */
#include "wipe.h"

#include <stdint.h>
#include <string.h>

void wipe(void *memory, size_t size) {
#if defined(__GNUC__)
    memset(memory, 0, size);
    __asm__ __volatile__("" : : "r"(memory) : "memory"); /* the compiler must take it that someone reads the memory */
#else
    volatile uint8_t *p = memory;
    while (size--) *p++ = 0;
#endif
}

NOT_INLINE void wipe_stack(void) {
    uint8_t below[WIPED_STACK];
    wipe(below, sizeof below);
}

NOT_INLINE void wipe_compress_stack(void) {
    uint8_t below[COMPRESS_STACK];
    wipe(below, sizeof below);
}

NOT_INLINE void wipe_lanes_stack(void) {
    uint8_t below[LANES_STACK];
    wipe(below, sizeof below);
}
