/* The SHA-256 instructions of ARMv8, for one message or two at a time.
 *
 * The state is in two registers of words: ABCD and EFGH. A pair of sha256h and sha256h2 does four rounds and depends on
 * the previous pair. The message schedule, and a second message, fit into the gaps.
 */
#include "hmac_sha256_implementation.h"

#ifdef HMAC_SHA256_HAVE_ARMV8

#if defined(_MSC_VER) && !defined(__clang__)
#include <arm64_neon.h>
#define ARM_SHA2
#else
/* An attribute instead of a compiler flag: the rest of the build runs on any ARMv8. */
#if defined(__clang__)
#if !defined(__ARM_FEATURE_SHA2)
#define __ARM_FEATURE_SHA2 1 /* before clang 16, the header declares only the intrinsics of the whole file's target */
#endif
#define ARM_SHA2 __attribute__((target("sha2")))
#else
#define ARM_SHA2 __attribute__((target("+crypto")))
#endif
#include <arm_neon.h>
#endif

#include "cleanse.h"

#if defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(__linux__)
#include <sys/auxv.h>
#elif defined(_WIN32)
#include <windows.h>
#endif

typedef struct {
    uint32x4_t abcd, efgh;
} state_arm;

static ARM_SHA2 ALWAYS_INLINE state_arm load_state(const uint32_t state[8]) {
    return (state_arm){vld1q_u32(state), vld1q_u32(state + 4)};
}

static ARM_SHA2 ALWAYS_INLINE void store_state(uint32_t state[8], state_arm s) {
    vst1q_u32(state, s.abcd);
    vst1q_u32(state + 4, s.efgh);
}

static ARM_SHA2 ALWAYS_INLINE void load_block(uint32x4_t w[4], const uint8_t *block) {
    for (int i = 0; i < 4; i++) w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(block + 16 * i)));
}

/* Do rounds 4i to 4i+3, and the message schedule for 16 rounds later. w[i % 4] is words 4i to 4i+3. */
static ARM_SHA2 ALWAYS_INLINE void four_rounds(state_arm *s, uint32x4_t w[4], int i) {
    uint32x4_t abcd = s->abcd;
    uint32x4_t wk = vaddq_u32(w[i & 3], vld1q_u32(sha256_round_constants + 4 * i));
    if (i < 12)
        w[i & 3] = vsha256su1q_u32(vsha256su0q_u32(w[i & 3], w[(i + 1) & 3]), w[(i + 2) & 3], w[(i + 3) & 3]);
    s->abcd = vsha256hq_u32(abcd, s->efgh, wk);
    s->efgh = vsha256h2q_u32(s->efgh, abcd, wk);
}

static ARM_SHA2 ALWAYS_INLINE void add_state(state_arm *s, state_arm start) {
    s->abcd = vaddq_u32(s->abcd, start.abcd);
    s->efgh = vaddq_u32(s->efgh, start.efgh);
}

static ARM_SHA2 ALWAYS_INLINE void compress_words(state_arm *s, uint32x4_t w[4]) {
    state_arm start = *s;
#define STEP(i) four_rounds(s, w, i);
    SIXTEEN(STEP)
#undef STEP
    add_state(s, start);
}

static ARM_SHA2 void armv8_compress(uint32_t to[8], const uint32_t from[8], const sha256_run *runs, size_t run_count) {
    state_arm s = load_state(from);
    for (const sha256_run *run = runs; run < runs + run_count; run++) {
        const uint8_t *end = run->blocks + run->count * SHA256_BLOCK_SIZE;
        for (const uint8_t *block = run->blocks; block < end; block += SHA256_BLOCK_SIZE) {
            uint32x4_t w[4];
            load_block(w, block);
            compress_words(&s, w);
        }
    }
    store_state(to, s);
}

/* Build the block of the outer hash: the inner digest, the padding bit, and the length. */
static ARM_SHA2 ALWAYS_INLINE void outer_block(uint32x4_t w[4], const uint32_t digest[8]) {
    w[0] = vld1q_u32(digest);
    w[1] = vld1q_u32(digest + 4);
    w[2] = vsetq_lane_u32(0x80000000, vdupq_n_u32(0), 0);
    w[3] = vsetq_lane_u32(HMAC_SHA256_OUTER_BITS, vdupq_n_u32(0), 3);
}

static ARM_SHA2 ALWAYS_INLINE void store_hex(char *hex, state_arm s) {
    const uint8x16_t digits = vld1q_u8((const uint8_t *)"0123456789abcdef");
    const uint32x4_t words[2] = {s.abcd, s.efgh};
    for (int i = 0; i < 2; i++) {
        uint8x16_t bytes = vrev32q_u8(vreinterpretq_u8_u32(words[i]));
        uint8x16_t high = vshrq_n_u8(bytes, 4);
        uint8x16_t low = vandq_u8(bytes, vdupq_n_u8(0x0F));
        uint8_t *out = (uint8_t *)hex + 32 * i;
        vst1q_u8(out, vqtbl1q_u8(digits, vzip1q_u8(high, low)));
        vst1q_u8(out + 16, vqtbl1q_u8(digits, vzip2q_u8(high, low)));
    }
}

static ARM_SHA2 void armv8_outer_hex(const uint32_t outer[8], const uint32_t digest[8], char *hex) {
    uint32x4_t w[4];
    state_arm s = load_state(outer);
    outer_block(w, digest);
    compress_words(&s, w);
    store_hex(hex, s);
}

/* Two independent streams: both cost little more than one. */
static ARM_SHA2 ALWAYS_INLINE void compress_words_two(state_arm s[2], uint32x4_t w0[4], uint32x4_t w1[4]) {
    state_arm start0 = s[0];
    state_arm start1 = s[1];
#define STEP(i)                                                                                                        \
    four_rounds(&s[0], w0, i);                                                                                         \
    four_rounds(&s[1], w1, i);
    SIXTEEN(STEP)
#undef STEP
    add_state(&s[0], start0);
    add_state(&s[1], start1);
}

static ARM_SHA2 void armv8_compress_two(uint32_t *const states[2], const uint8_t *const blocks[2], size_t count) {
    state_arm s[2] = {load_state(states[0]), load_state(states[1])};
    for (size_t at = 0; at < count * SHA256_BLOCK_SIZE; at += SHA256_BLOCK_SIZE) {
        uint32x4_t w0[4], w1[4];
        load_block(w0, blocks[0] + at);
        load_block(w1, blocks[1] + at);
        compress_words_two(s, w0, w1);
    }
    store_state(states[0], s[0]);
    store_state(states[1], s[1]);
}

static ARM_SHA2 void armv8_outer_hex_two(const uint32_t outer[8], const uint32_t *const digests[2],
                                         char *const hex[2]) {
    uint32x4_t w0[4], w1[4];
    state_arm s[2] = {load_state(outer), load_state(outer)};
    outer_block(w0, digests[0]);
    outer_block(w1, digests[1]);
    compress_words_two(s, w0, w1);
    store_hex(hex[0], s[0]);
    store_hex(hex[1], s[1]);
}

static bool armv8_supported(void) {
#if defined(__linux__)
    const unsigned long sha2 = 1ul << 6; /* HWCAP_SHA2 */
    return (getauxval(AT_HWCAP) & sha2) != 0;
#elif defined(__APPLE__)
    int has = 0;
    size_t size = sizeof has;
    return sysctlbyname("hw.optional.arm.FEAT_SHA256", &has, &size, NULL, 0) == 0 && has != 0;
#elif defined(_WIN32)
    return IsProcessorFeaturePresent(30) != 0; /* PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE */
#else
    return false;
#endif
}

const hmac_sha256_implementation hmac_sha256_armv8 = {
    .name = "armv8",
    .supported = armv8_supported,
    .spills = VECTOR_SPILLS,
    .compress = armv8_compress,
    .compress_two = armv8_compress_two,
    .outer_hex = armv8_outer_hex,
    .outer_hex_two = armv8_outer_hex_two,
};

#endif
