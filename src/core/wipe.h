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

/* Overwrite WIPED_STACK bytes of the stack below the caller, where functions that have returned left their values. To
 * hash a key takes 2.2 KiB. When CPython made bytes of a secret, parts of it were seen 1 KiB down. */
enum { WIPED_STACK = 3072 };
void wipe_stack(void);

/* The same for COMPRESS_STACK bytes: the frame of a compress, which holds words of its states if there are too few
 * registers. Small, since it is called for each signature. */
enum { COMPRESS_STACK = 512 };
void wipe_compress_stack(void);

/* The same for LANES_STACK bytes: what is kept of 32 messages' states and words while they are hashed. */
enum { LANES_STACK = 14336 };
void wipe_lanes_stack(void);

/* Functions return with what they last computed in the vector registers. The dynamic linker, or a signal, saves those
 * on the stack, where they would stay. */
static inline void wipe_vector_registers(void) {
#if defined(__GNUC__) && defined(__x86_64__)
#define CLEAR(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"
    __asm__ __volatile__(CLEAR(0) CLEAR(1) CLEAR(2) CLEAR(3) CLEAR(4) CLEAR(5) CLEAR(6) CLEAR(7) CLEAR(8) CLEAR(9)
                         CLEAR(10) CLEAR(11) CLEAR(12) CLEAR(13) CLEAR(14) CLEAR(15) ::
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                           "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
#undef CLEAR
#elif defined(__GNUC__) && defined(__aarch64__)
    /* Not v8 to v15: their low halves belong to the caller. A function that used them restores those, and so clears
     * the high ones. */
#define CLEAR(n) "movi v" #n ".2d, #0\n\t"
    __asm__ __volatile__(CLEAR(0) CLEAR(1) CLEAR(2) CLEAR(3) CLEAR(4) CLEAR(5) CLEAR(6) CLEAR(7) CLEAR(16) CLEAR(17)
                         CLEAR(18) CLEAR(19) CLEAR(20) CLEAR(21) CLEAR(22) CLEAR(23) CLEAR(24) CLEAR(25) CLEAR(26)
                         CLEAR(27) CLEAR(28) CLEAR(29) CLEAR(30) CLEAR(31) ::
                         : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v20", "v21",
                           "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
#undef CLEAR
#endif
}

#endif
