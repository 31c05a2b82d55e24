/* The SHA-256 instructions of ARMv8, for one message or two at a time.
 *
 * The state is in two registers of words: ABCD and EFGH. A pair of sha256h and sha256h2 does four rounds and depends on
 * the previous pair. The message schedule, and a second message, fit into the gaps. */
#include "hmac_sha256_implementation.h"

#ifdef HMAC_SHA256_HAVE_ARMV8

#include "cleanse.h"

#if defined(_MSC_VER) && !defined(__clang__)
#include <arm64_neon.h>
#define TARGET
#else
#if defined(__clang__) && !defined(__ARM_FEATURE_SHA2)
#define __ARM_FEATURE_SHA2 1 /* before clang 16, the header declares only the intrinsics of the whole file's target */
#endif
#include <arm_neon.h>
#if defined(__clang__)
#define TARGET TARGET_FEATURES("sha2")
#else
#define TARGET TARGET_FEATURES("+crypto")
#endif
#endif

#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(_WIN32)
#include <windows.h>
#endif

typedef uint32x4_t vector;
typedef struct {
    vector abcd, efgh;
} vector_state;

static TARGET ALWAYS_INLINE vector_state load_state(const uint32_t state[8]) {
    return (vector_state){vld1q_u32(state), vld1q_u32(state + 4)};
}

static TARGET ALWAYS_INLINE void store_state(uint32_t state[8], vector_state s) {
    vst1q_u32(state, s.abcd);
    vst1q_u32(state + 4, s.efgh);
}

static TARGET ALWAYS_INLINE void load_block(uint32x4_t w[4], const uint8_t *block) {
    for (int i = 0; i < 4; i++) w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(block + 16 * i)));
}

/* Do rounds 4i to 4i+3, and the message schedule for 16 rounds later. w[i % 4] is words 4i to 4i+3. */
static TARGET ALWAYS_INLINE void four_rounds(vector_state *s, uint32x4_t w[4], const uint32_t *k, int i) {
    uint32x4_t abcd = s->abcd;
    uint32x4_t wk = vaddq_u32(w[i & 3], vld1q_u32(k + 4 * i));
    if (i < 12)
        w[i & 3] = vsha256su1q_u32(vsha256su0q_u32(w[i & 3], w[(i + 1) & 3]), w[(i + 2) & 3], w[(i + 3) & 3]);
    s->abcd = vsha256hq_u32(abcd, s->efgh, wk);
    s->efgh = vsha256h2q_u32(s->efgh, abcd, wk);
}

static TARGET ALWAYS_INLINE void add_state(vector_state *s, vector_state start) {
    s->abcd = vaddq_u32(s->abcd, start.abcd);
    s->efgh = vaddq_u32(s->efgh, start.efgh);
}

/* Build the block of the outer hash: the inner digest, the padding bit, and the length. */
static TARGET ALWAYS_INLINE void outer_block(uint32x4_t w[4], const uint32_t digest[8]) {
    w[0] = vld1q_u32(digest);
    w[1] = vld1q_u32(digest + 4);
    w[2] = vsetq_lane_u32(0x80000000, vdupq_n_u32(0), 0);
    w[3] = vsetq_lane_u32(HMAC_SHA256_OUTER_BITS, vdupq_n_u32(0), 3);
}

static TARGET ALWAYS_INLINE void store_hex(char *hex, vector_state s) {
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

#define STEP_NAME(step) hmac_sha256_armv8_##step
#include "hmac_sha256_steps.h"

static bool armv8_supported(void) {
#if defined(__linux__)
    const unsigned long sha2 = 1ul << 6; /* HWCAP_SHA2 */
    return (getauxval(AT_HWCAP) & sha2) != 0;
#elif defined(_WIN32)
    return IsProcessorFeaturePresent(30) != 0; /* PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE */
#elif defined(__APPLE__)
    return true; /* every 64-bit processor of Apple has the instructions */
#else
    return false;
#endif
}

const hmac_sha256_implementation hmac_sha256_armv8 = {
    .name = "armv8",
    .supported = armv8_supported,
    .spills = VECTOR_SPILLS,
    .compress = hmac_sha256_armv8_compress,
    .compress_two = hmac_sha256_armv8_compress_two,
    .outer_hex = hmac_sha256_armv8_outer_hex,
    .outer_hex_two = hmac_sha256_armv8_outer_hex_two,
};

#endif
