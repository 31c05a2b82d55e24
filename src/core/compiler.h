/* Compiler-specific attributes. TARGET_FEATURES compiles a function for processors with these features, without flags
 * that concern the rest of the build. MSVC compiles every intrinsic anywhere. */
#pragma once

#if defined(_MSC_VER) && !defined(__clang__)
#define ALWAYS_INLINE __forceinline
#define NOT_INLINE __declspec(noinline)
#define ALIGNED(size) __declspec(align(size))
#define TARGET_FEATURES(features)
#else
#define ALWAYS_INLINE inline __attribute__((always_inline))
#if defined(__clang__)
#define NOT_INLINE __attribute__((noinline))
#else
#define NOT_INLINE __attribute__((noinline, noclone)) /* a clone would have a frame of unknown size */
#endif
#define ALIGNED(size) __attribute__((aligned(size)))
#define TARGET_FEATURES(features) __attribute__((target(features)))
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
