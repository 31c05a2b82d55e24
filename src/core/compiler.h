/* Compiler-specific attributes. */
#ifndef WOOX_FAST_COMPILER_H
#define WOOX_FAST_COMPILER_H

#if defined(_MSC_VER) && !defined(__clang__)
#define ALWAYS_INLINE __forceinline
#define NOT_INLINE __declspec(noinline)
#define ALIGNED(size) __declspec(align(size))
#elif defined(__clang__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOT_INLINE __attribute__((noinline))
#define ALIGNED(size) __attribute__((aligned(size)))
#elif defined(__GNUC__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOT_INLINE __attribute__((noinline, noclone)) /* a clone would have a frame of unknown size */
#define ALIGNED(size) __attribute__((aligned(size)))
#else
#define ALWAYS_INLINE inline
#define NOT_INLINE
#define ALIGNED(size)
#endif

/* Expand STEP(0) to STEP(15). */
#define SIXTEEN(STEP)                                                                                                  \
    STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7)                                                    \
    STEP(8) STEP(9) STEP(10) STEP(11) STEP(12) STEP(13) STEP(14) STEP(15)

/* Hide a value in a general register, or in a vector register, from the optimizer. */
#if defined(__GNUC__)
#define HIDE_VALUE(value) __asm__("" : "+r"(value))
#define HIDE_VECTOR(value) __asm__("" : "+v"(value))
#else
#define HIDE_VALUE(value) (void)(value)
#define HIDE_VECTOR(value) (void)(value)
#endif

#endif
