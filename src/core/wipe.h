/* Overwriting what must not stay in memory. */
#ifndef WOOX_FAST_WIPE_H
#define WOOX_FAST_WIPE_H

#include <stddef.h>

#if defined(__GNUC__)
#define NOT_INLINE __attribute__((noinline))
#elif defined(_MSC_VER)
#define NOT_INLINE __declspec(noinline)
#else
#define NOT_INLINE
#endif

/* Overwrite `size` bytes; compilers do not remove it. */
void wipe(void *memory, size_t size);

/* Overwrite what functions that have returned left on the stack below the caller, as when CPython made bytes of a
 * secret: WIPED_STACK bytes. */
void wipe_stack(void);
enum { WIPED_STACK = 8192 };

/* Functions return with what they last computed in the vector registers, and whoever saves those next (the dynamic
 * linker, a signal) leaves them on the stack. */
void wipe_vector_registers(void);

#endif
