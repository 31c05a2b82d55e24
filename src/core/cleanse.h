/* Clear secrets from memory, from the stack and from vector registers.
 *
 * A compiler may spill any register, and with it a secret. So a function that hashes with a key is called through a
 * function whose frame begins with a margin, and the caller then clears the stack below itself: the margin, the frames
 * of both functions, and a reserve. The margin covers the few bytes that the clearing function uses itself. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

/* Bytes to clear. The frames were measured with gcc and clang from -O1 to -O3, with AVX flags and for 32 bits;
 * tests/core repeats that. -O0 is not supported. HMAC_SHA256_O3 asserts that the build has -O3: for 64-bit processors
 * without AVX flags, the vector implementations then hash a single message in registers alone. */
enum { CLEANSE_MARGIN = 128, KEY_STACK = 4096 };
#if defined(HMAC_SHA256_O3) && !defined(__AVX__) && !defined(__i386__) && !defined(__arm__)
enum { VECTOR_SPILLS = 0, SIGN_STACK = 1024, PAIRS_STACK = 1024, LANES_STACK = 10240 };
#else
enum { VECTOR_SPILLS = 1, SIGN_STACK = 2048, PAIRS_STACK = 4096, LANES_STACK = 14336 };
#endif

/* Overwrite `size` bytes. The compiler cannot remove this. */
void cleanse(void *memory, size_t size);

/* Overwrite the bytes of that name below the caller of cleanse_stack(). */
void key_stack(void);
void sign_stack(void);
void pairs_stack(void);
void lanes_stack(void);

/* In a tail call, the frame of the calling function would be gone. */
#if defined(__GNUC__)
#define PREVENT_TAIL_CALL() __asm__ __volatile__("")
#else
#define PREVENT_TAIL_CALL() (void)0
#endif

static ALWAYS_INLINE void cleanse_stack(void (*overwrite)(void)) {
    overwrite();
    PREVENT_TAIL_CALL();
}

/* Reserve the margin at a function's beginning. Prevent a tail call at its end. */
#define BEGIN_MARGIN()                                                                                                 \
    volatile uint8_t margin[CLEANSE_MARGIN];                                                                           \
    margin[0] = 0
#define END_MARGIN()                                                                                                   \
    (void)margin[0];                                                                                                   \
    PREVENT_TAIL_CALL()

#if defined(__GNUC__) && defined(__x86_64__)
#define CLEAR_XMM(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"
#define CLEAR_ZMM(n) "vpxord %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"
#define CLEANSE_ZMM16_TO_31()                                                                                          \
    __asm__ __volatile__(CLEAR_ZMM(16) CLEAR_ZMM(17) CLEAR_ZMM(18) CLEAR_ZMM(19) CLEAR_ZMM(20) CLEAR_ZMM(21)           \
                             CLEAR_ZMM(22) CLEAR_ZMM(23) CLEAR_ZMM(24) CLEAR_ZMM(25) CLEAR_ZMM(26) CLEAR_ZMM(27)       \
                                 CLEAR_ZMM(28) CLEAR_ZMM(29) CLEAR_ZMM(30) CLEAR_ZMM(31)::                             \
                                 : "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24",    \
                                   "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31")
#endif

/* Clear the vector registers. The dynamic linker and signal delivery save them on the stack. */
static inline void cleanse_vector_registers(void) {
#if defined(__GNUC__) && defined(__x86_64__)
#if defined(__AVX512F__)
    CLEANSE_ZMM16_TO_31();
#endif
#if defined(__AVX__)
    __asm__ __volatile__("vzeroall" ::
#else
    __asm__ __volatile__(SIXTEEN(CLEAR_XMM) ::
#endif
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                           "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
#elif defined(__GNUC__) && defined(__aarch64__)
    /* Leave v8 to v15: their low halves belong to the caller. A function that uses them restores the low halves, which
     * clears the high halves. */
#define CLEAR(n) "movi v" #n ".2d, #0\n\t"
    __asm__ __volatile__(CLEAR(0) CLEAR(1) CLEAR(2) CLEAR(3) CLEAR(4) CLEAR(5) CLEAR(6) CLEAR(7) CLEAR(16) CLEAR(17)
                         CLEAR(18) CLEAR(19) CLEAR(20) CLEAR(21) CLEAR(22) CLEAR(23) CLEAR(24) CLEAR(25) CLEAR(26)
                         CLEAR(27) CLEAR(28) CLEAR(29) CLEAR(30) CLEAR(31) ::
                         : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v20", "v21",
                           "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
#undef CLEAR
#endif
}
