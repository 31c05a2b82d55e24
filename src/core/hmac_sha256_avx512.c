/* 32 messages at once, in the lanes of AVX-512's registers. A register has a word of sixteen messages.
 *
 * Two sets of sixteen alternate, since a round depends on the previous round of its set. A single message would fill
 * one lane of 32, so lanes are for batches; SHA-NI hashes the rest. */
#include "hmac_sha256_implementation.h"

#ifdef HMAC_SHA256_HAVE_AVX512

#include "cleanse.h"
#include "hmac_sha256_shani.h"
#include "x86_features.h"

#define AVX512 TARGET_FEATURES("avx512f,avx512bw")

enum { WORDS = 16, SETS = 2, SET_LANES = SHA256_LANES / SETS };

static AVX512 ALWAYS_INLINE __m512i every_lane(uint32_t word) { return _mm512_set1_epi32((int)word); }
static AVX512 ALWAYS_INLINE __m512i add(__m512i x, __m512i y) { return _mm512_add_epi32(x, y); }
static AVX512 ALWAYS_INLINE __m512i xor3(__m512i x, __m512i y, __m512i z) {
    return _mm512_ternarylogic_epi32(x, y, z, 0x96);
}

#define ROTATED(x, a, b, c) xor3(_mm512_ror_epi32(x, a), _mm512_ror_epi32(x, b), _mm512_ror_epi32(x, c))
#define SCHEDULED(x, a, b, c) xor3(_mm512_ror_epi32(x, a), _mm512_ror_epi32(x, b), _mm512_srli_epi32(x, c))
#define CHOICE(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xCA)
#define MAJORITY(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xE8)

/* Do round i of sixteen, whose constants begin at `k`. A round renames the words of the state instead of moving them.
 * With `schedule`, compute the next word of the message schedule first. */
static AVX512 ALWAYS_INLINE void one_round(__m512i state[8], __m512i w[WORDS], const uint32_t *k, int i,
                                           bool schedule) {
#define STATE(n) state[((n)-i) & 7]
#define WORD(n) w[(i + (n)) & 15]
    if (schedule)
        WORD(0) = add(add(WORD(0), WORD(9)), add(SCHEDULED(WORD(1), 7, 18, 3), SCHEDULED(WORD(14), 17, 19, 10)));
    __m512i sum = add(STATE(7), add(WORD(0), every_lane(k[i])));
    HIDE_VECTOR(sum); /* a different order of additions would lengthen the critical path by a third */
    sum = add(add(sum, CHOICE(STATE(4), STATE(5), STATE(6))), ROTATED(STATE(4), 6, 11, 25));
    STATE(3) = add(STATE(3), sum);
    STATE(7) = add(sum, add(ROTATED(STATE(0), 2, 13, 22), MAJORITY(STATE(0), STATE(1), STATE(2))));
#undef STATE
#undef WORD
}

/* Compress a block of every lane. A loop, and not inlined, so that the code fits the cache of decoded instructions. */
static AVX512 NOT_INLINE void all_rounds(uint32_t states[8][SHA256_LANES], const __m512i words[SETS][WORDS]) {
    const uint32_t *k = sha256_round_constants;
    __m512i s0[8], s1[8], w0[WORDS], w1[WORDS];
    for (int i = 0; i < 8; i++) s0[i] = _mm512_loadu_si512(states[i]);
    for (int i = 0; i < 8; i++) s1[i] = _mm512_loadu_si512(states[i] + SET_LANES);
    for (int i = 0; i < WORDS; i++) w0[i] = words[0][i];
    for (int i = 0; i < WORDS; i++) w1[i] = words[1][i];
#define STEP(i)                                                                                                        \
    one_round(s0, w0, k, i, false);                                                                                    \
    one_round(s1, w1, k, i, false);
    SIXTEEN(STEP)
#undef STEP
    for (k += WORDS; k < sha256_round_constants + SHA256_ROUNDS; k += WORDS) {
#define STEP(i)                                                                                                        \
    one_round(s0, w0, k, i, true);                                                                                     \
    one_round(s1, w1, k, i, true);
        SIXTEEN(STEP)
#undef STEP
    }
    for (int i = 0; i < 8; i++) _mm512_storeu_si512(states[i], add(_mm512_loadu_si512(states[i]), s0[i]));
    for (int i = 0; i < 8; i++)
        _mm512_storeu_si512(states[i] + SET_LANES, add(_mm512_loadu_si512(states[i] + SET_LANES), s1[i]));
}

/* Turn rows into columns: from the words of message i in w[i] to word i of every message, or back. */
static AVX512 ALWAYS_INLINE void transpose(__m512i w[WORDS]) {
    __m512i t[WORDS];
    for (int i = 0; i < WORDS; i += 2) {
        t[i] = _mm512_unpacklo_epi32(w[i], w[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(w[i], w[i + 1]);
    }
    for (int i = 0; i < WORDS; i += 4) {
        w[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        w[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        w[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        w[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    /* The quarters are now transposed. */
    for (int i = 0; i < 4; i++) {
        __m512i even0 = _mm512_shuffle_i32x4(w[i], w[4 + i], 0x88);
        __m512i odd0 = _mm512_shuffle_i32x4(w[i], w[4 + i], 0xDD);
        __m512i even1 = _mm512_shuffle_i32x4(w[8 + i], w[12 + i], 0x88);
        __m512i odd1 = _mm512_shuffle_i32x4(w[8 + i], w[12 + i], 0xDD);
        t[i] = _mm512_shuffle_i32x4(even0, even1, 0x88);
        t[8 + i] = _mm512_shuffle_i32x4(even0, even1, 0xDD);
        t[4 + i] = _mm512_shuffle_i32x4(odd0, odd1, 0x88);
        t[12 + i] = _mm512_shuffle_i32x4(odd0, odd1, 0xDD);
    }
    for (int i = 0; i < WORDS; i++) w[i] = t[i];
}

static AVX512 ALWAYS_INLINE __m512i swap_bytes(__m512i x) {
    return _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203)));
}

static AVX512 void avx512_compress_lanes(uint32_t states[8][SHA256_LANES],
                                         const uint8_t *const blocks[SHA256_LANES], size_t count) {
    __m512i w[SETS][WORDS];
    for (size_t at = 0; at < count * SHA256_BLOCK_SIZE; at += SHA256_BLOCK_SIZE) {
        for (int set = 0; set < SETS; set++) {
            for (int i = 0; i < SET_LANES; i++)
                w[set][i] = swap_bytes(_mm512_loadu_si512(blocks[set * SET_LANES + i] + at));
            transpose(w[set]);
        }
        all_rounds(states, (const __m512i(*)[WORDS])w);
    }
}

/* Clear the registers that cleanse_vector_registers() does not know, and the high halves of the low registers. */
static AVX512 ALWAYS_INLINE void cleanse_wide_registers(void) {
#if defined(__GNUC__)
    CLEANSE_ZMM16_TO_31();
#endif
    _mm256_zeroall();
}

static AVX512 void avx512_outer_hex_lanes(const uint32_t outer[8], uint32_t states[8][SHA256_LANES],
                                          char *const hex[SHA256_LANES]) {
    const __m512i digits = _mm512_broadcast_i32x4(_mm_set_epi64x(0x6665646362613938, 0x3736353433323130));
    __m512i w[SETS][WORDS];
    for (int set = 0; set < SETS; set++) {
        for (int i = 0; i < 8; i++) {
            w[set][i] = _mm512_loadu_si512(states[i] + set * SET_LANES);
            _mm512_storeu_si512(states[i] + set * SET_LANES, every_lane(outer[i]));
            w[set][8 + i] = _mm512_setzero_si512();
        }
        w[set][8] = every_lane(0x80000000);
        w[set][15] = every_lane(HMAC_SHA256_OUTER_BITS);
    }
    all_rounds(states, (const __m512i(*)[WORDS])w);
    for (int set = 0; set < SETS; set++) {
        for (int i = 0; i < 8; i++) w[set][i] = _mm512_loadu_si512(states[i] + set * SET_LANES);
        for (int i = 8; i < WORDS; i++) w[set][i] = _mm512_setzero_si512();
        transpose(w[set]);
        for (int i = 0; i < SET_LANES; i++) {
            /* Widen the bytes to 16 bits; then move its high half to the low byte and its low half to the high byte. */
            __m512i bytes = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(swap_bytes(w[set][i])));
            __m512i halves = _mm512_or_si512(_mm512_srli_epi16(bytes, 4), _mm512_slli_epi16(bytes, 8));
            halves = _mm512_and_si512(halves, _mm512_set1_epi8(0x0F));
            _mm512_storeu_si512(hex[set * SET_LANES + i], _mm512_shuffle_epi8(digits, halves));
        }
    }
    cleanse_wide_registers();
}

static bool avx512_supported(void) {
    const unsigned osxsave = 1u << 27, avx512f = 1u << 16, avx512bw = 1u << 30;
    return processor_has_shani() && processor_has(osxsave, avx512f | avx512bw) && system_saves_avx512();
}

const hmac_sha256_implementation hmac_sha256_avx512 = {
    .name = "sha-ni+avx512",
    .supported = avx512_supported,
    .spills = VECTOR_SPILLS,
    .compress = hmac_sha256_shani_compress,
    .compress_message = hmac_sha256_shani_compress_message,
    .compress_two = hmac_sha256_shani_compress_two,
    .outer_hex = hmac_sha256_shani_outer_hex,
    .outer_hex_two = hmac_sha256_shani_outer_hex_two,
    .compress_lanes = avx512_compress_lanes,
    .outer_hex_lanes = avx512_outer_hex_lanes,
};

#endif
