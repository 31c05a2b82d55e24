/* The intrinsics of x86, and queries of the processor's features. */
#pragma once

#include <immintrin.h>
#include <stdbool.h>

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#if defined(_MSC_VER) && defined(__clang__)
/* clang-cl's immintrin.h declares only the intrinsics of the whole file's target. */
#include <smmintrin.h>
#include <shaintrin.h>
#include <avxintrin.h>
#include <avx2intrin.h>
#include <avx512fintrin.h>
#include <avx512bwintrin.h>
#endif

/* Read cpuid's EBX and ECX for a leaf; both are zero if the processor lacks the leaf. */
static inline void read_cpuid(unsigned leaf, unsigned *b, unsigned *c) {
#if defined(_MSC_VER) && !defined(__clang__)
    int r[4];
    __cpuid(r, 0);
    bool present = (unsigned)r[0] >= leaf;
    __cpuidex(r, (int)leaf, 0);
    *b = present ? (unsigned)r[1] : 0;
    *c = present ? (unsigned)r[2] : 0;
#else
    unsigned a, d;
    *b = 0;
    *c = 0;
    (void)__get_cpuid_count(leaf, 0, &a, b, c, &d);
#endif
}

/* Return whether the processor has all these features: bits of leaf 1's ECX and of leaf 7's EBX. */
static inline bool processor_has(unsigned leaf_1, unsigned leaf_7) {
    unsigned b1, c1, b7, c7;
    read_cpuid(1, &b1, &c1);
    read_cpuid(7, &b7, &c7);
    return (c1 & leaf_1) == leaf_1 && (b7 & leaf_7) == leaf_7;
}

static inline bool processor_has_shani(void) {
    const unsigned ssse3 = 1u << 9, sse41 = 1u << 19, sha = 1u << 29;
    return processor_has(ssse3 | sse41, sha);
}

/* Return whether the operating system saves all AVX-512 registers at a context switch. Call it only with OSXSAVE. */
static inline bool system_saves_avx512(void) {
    const unsigned saved = 0xE6;
#if defined(_MSC_VER) && !defined(__clang__)
    unsigned low = (unsigned)_xgetbv(0);
#else
    unsigned low, high;
    __asm__ __volatile__("xgetbv" : "=a"(low), "=d"(high) : "c"(0)); /* volatile: it must not move before the test */
    (void)high;
#endif
    return (low & saved) == saved;
}
