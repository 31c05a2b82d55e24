/* SHA-256 with the x86 SHA extensions (SHA-NI), in one stream and in two interleaved.
 *
 * The two state registers hold the words as the instructions want them: ABEF and CDGH. One sha256rnds2 does two rounds,
 * takes four cycles and waits for the one before it. So a block of one message takes at least 32 * 4 = 128 cycles. All
 * else, and a second message, are computed meanwhile.
 */
#include "sha256.h"

#ifdef SHA256_HAVE_X86

#include <immintrin.h>
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#define SHA_NI
#define ALWAYS_INLINE __forceinline
#else
#include <cpuid.h>
#if defined(_MSC_VER) /* where clang's immintrin.h shows only what the whole file is compiled for */
#include <smmintrin.h>
#include <shaintrin.h>
#endif
/* The attribute, not a flag: the rest of the build runs on any x86. */
#define SHA_NI __attribute__((target("sha,ssse3,sse4.1")))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#endif

#include "bytes.h"
#include "hmac_sha256.h"
#include "wipe.h"

/* The compiler does not know what value this has. */
#if defined(__GNUC__)
#define OPAQUE(value) __asm__("" : "+r"(value))
#else
#define OPAQUE(value) (void)(value)
#endif

typedef struct {
    __m128i abef, cdgh;
} state_ni;

static SHA_NI ALWAYS_INLINE state_ni load_state(const uint32_t state[8]) {
    __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xB1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1B);
    return (state_ni){_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xF0)};
}

/* The state as words: ABCD in words[0], EFGH in words[1]. */
static SHA_NI ALWAYS_INLINE void state_words(state_ni s, __m128i words[2]) {
    __m128i feba = _mm_shuffle_epi32(s.abef, 0x1B);
    __m128i dchg = _mm_shuffle_epi32(s.cdgh, 0xB1);
    words[0] = _mm_blend_epi16(feba, dchg, 0xF0);
    words[1] = _mm_alignr_epi8(dchg, feba, 8);
}

static SHA_NI ALWAYS_INLINE void store_state(uint32_t state[8], state_ni s) {
    __m128i words[2];
    state_words(s, words);
    _mm_storeu_si128((__m128i *)state, words[0]);
    _mm_storeu_si128((__m128i *)(state + 4), words[1]);
}

static SHA_NI ALWAYS_INLINE __m128i swap_bytes(__m128i x) {
    return _mm_shuffle_epi8(x, _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

/* The block's sixteen words. */
static SHA_NI ALWAYS_INLINE void load_block(__m128i w[4], const uint8_t *block) {
    w[0] = swap_bytes(_mm_loadu_si128((const __m128i *)block));
    w[1] = swap_bytes(_mm_loadu_si128((const __m128i *)(block + 16)));
    w[2] = swap_bytes(_mm_loadu_si128((const __m128i *)(block + 32)));
    w[3] = swap_bytes(_mm_loadu_si128((const __m128i *)(block + 48)));
}

/* Rounds 4i to 4i+3, and the part of the message schedule whose words are there: w[i % 4] holds words 4i to 4i+3. */
static SHA_NI ALWAYS_INLINE void four_rounds(state_ni *s, __m128i w[4], const __m128i *k, int i) {
    __m128i now = w[i & 3], before = w[(i + 3) & 3];
    __m128i wk = _mm_add_epi32(now, _mm_load_si128(k + i));
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, wk);
    if (i >= 3 && i < 15) {
        __m128i next = _mm_add_epi32(w[(i + 1) & 3], _mm_alignr_epi8(now, before, 4));
        w[(i + 1) & 3] = _mm_sha256msg2_epu32(next, now);
    }
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(wk, 0x0E));
    if (i >= 1 && i < 13) w[(i + 3) & 3] = _mm_sha256msg1_epu32(before, now);
}

#define SIXTEEN(STEP)                                                                                                  \
    STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7)                                                    \
    STEP(8) STEP(9) STEP(10) STEP(11) STEP(12) STEP(13) STEP(14) STEP(15)

static SHA_NI ALWAYS_INLINE void compress_words(state_ni *s, __m128i w[4]) {
    state_ni start = *s;
    const __m128i *k = (const __m128i *)sha256_round_constants;
    OPAQUE(k); /* or it would load all of them before a loop, and spill them */
#define STEP(i) four_rounds(s, w, k, i);
    SIXTEEN(STEP)
#undef STEP
    s->abef = _mm_add_epi32(s->abef, start.abef);
    s->cdgh = _mm_add_epi32(s->cdgh, start.cdgh);
}

static SHA_NI void sha_ni_compress(uint32_t to[8], const uint32_t from[8], const sha256_run *runs, size_t run_count) {
    state_ni s = load_state(from);
    for (const sha256_run *run = runs; run < runs + run_count; run++) {
        const uint8_t *block = run->blocks, *end = block + run->count * SHA256_BLOCK_SIZE;
        for (; block < end; block += SHA256_BLOCK_SIZE) {
            __m128i w[4];
            load_block(w, block);
            compress_words(&s, w);
        }
    }
    store_state(to, s);
}

/* A message hashed from where its pieces are: a block with more than one is put together in registers. A load of what
 * several stores wrote would wait for all work before them: for the hash of the last message. */

#define NOTHING 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128
enum { STAYS = SHA256_BLOCK_SIZE };

/* From STAYS + n on: a shuffle that moves sixteen bytes n places down. What comes from outside them is zero. */
static const uint8_t moves[STAYS + 80] = {
    NOTHING, NOTHING, NOTHING, NOTHING, 0,       1,       2,       3,       4,  5,
    6,       7,       8,       9,       10,      11,      12,      13,      14, 15,
    NOTHING, NOTHING, NOTHING, NOTHING,
};

static SHA_NI ALWAYS_INLINE __m128i moved(__m128i x, ptrdiff_t down) {
    return _mm_shuffle_epi8(x, _mm_loadu_si128((const __m128i *)(moves + STAYS + down)));
}

/* Bytes `at` to `at` + 15 of a part, zero where it has none. All loads are from inside it. */
static SHA_NI ALWAYS_INLINE __m128i piece(const uint8_t *part, ptrdiff_t size, ptrdiff_t at) {
    if (size >= 16) {
        ptrdiff_t inside = at < 0 ? 0 : at < size - 16 ? at : size - 16;
        return moved(_mm_loadu_si128((const __m128i *)(part + inside)), at - inside);
    }
    uint64_t low = size > 8 ? load_le64(part) : load_le_short(part, (size_t)size);
    uint64_t high = size > 8 ? load_le64(part + size - 8) >> 8 * (16 - size) : 0;
    return moved(_mm_set_epi64x((int64_t)high, (int64_t)low), at);
}

/* Put into the block what it has of a part. `at` is the part's byte that the block would begin with, negative if the
 * part begins in the block. In a message's first block (a head of 16 bytes or more comes first) w[0] is full. */
static SHA_NI ALWAYS_INLINE void add_part(__m128i w[4], const uint8_t *part, size_t part_size, ptrdiff_t at,
                                          bool first_block) {
    ptrdiff_t size = (ptrdiff_t)part_size;
    /* Nothing if it ends before the block or begins behind it: at >= size || at <= -64, in one comparison. */
    if (size == 0 || (size_t)(at + SHA256_BLOCK_SIZE - 1) >= part_size + SHA256_BLOCK_SIZE - 1) return;
    if (!first_block) w[0] = _mm_or_si128(w[0], piece(part, size, at));
    w[1] = _mm_or_si128(w[1], piece(part, size, at + 16));
    w[2] = _mm_or_si128(w[2], piece(part, size, at + 32));
    w[3] = _mm_or_si128(w[3], piece(part, size, at + 48));
}

/* The block that begins with byte `at` of a message of `size` bytes: its parts, the bit that ends it, its length. */
static SHA_NI ALWAYS_INLINE void fill_block(__m128i w[4], const hmac_sha256_message *message, size_t size, size_t at) {
    const hmac_sha256_part *parts = message->parts;
    ptrdiff_t in_first = (ptrdiff_t)(at - message->head_size), in_second = in_first - (ptrdiff_t)parts[0].size;
    add_part(w, parts[0].data, parts[0].size, in_first, at == 0);
    add_part(w, parts[1].data, parts[1].size, in_second, at == 0);
    add_part(w, (const uint8_t[]){0x80}, 1, (ptrdiff_t)(at - size), at == 0);
    w[0] = swap_bytes(w[0]), w[1] = swap_bytes(w[1]), w[2] = swap_bytes(w[2]), w[3] = swap_bytes(w[3]);
    if (size + 9 <= at + SHA256_BLOCK_SIZE) {
        uint64_t bits = 8 * (SHA256_BLOCK_SIZE + (uint64_t)size);
        w[3] = _mm_or_si128(w[3], _mm_set_epi64x((int64_t)(bits << 32 | bits >> 32), 0));
    }
}

/* The blocks after the first one. `second` is where the second part begins. Not inlined: the first block needs few
 * registers. */
static SHA_NI NOT_INLINE void compress_rest(uint32_t to[8], __m128i abef, __m128i cdgh,
                                            const hmac_sha256_message *message, size_t second, size_t size) {
    state_ni s = {abef, cdgh};
    for (size_t at = SHA256_BLOCK_SIZE; at < size + 9; at += SHA256_BLOCK_SIZE) {
        __m128i w[4];
        if (at >= second && at + SHA256_BLOCK_SIZE <= size) {
            load_block(w, (const uint8_t *)message->parts[1].data + (at - second));
        } else {
            w[0] = w[1] = w[2] = w[3] = _mm_setzero_si128();
            fill_block(w, message, size, at);
        }
        compress_words(&s, w);
    }
    store_state(to, s);
}

/* Takes what has a head of 16 to 23 bytes, which prehash.h writes in words of eight. */
static SHA_NI bool sha_ni_compress_message(uint32_t to[8], const uint32_t from[8], const hmac_sha256_message *message) {
    size_t third = message->head_size - 16, second = message->head_size + message->parts[0].size;
    size_t size = second + message->parts[1].size;
    if (third >= 8) return false;
    __m128i w[4];
    uint64_t first = load_le64(message->head), last = load_le64(message->head + 16) & (((uint64_t)1 << 8 * third) - 1);
    OPAQUE(first); /* or it would load two words at once */
    w[0] = _mm_set_epi64x((int64_t)load_le64(message->head + 8), (int64_t)first);
    w[1] = _mm_set_epi64x(0, (int64_t)last);
    w[2] = w[3] = _mm_setzero_si128();
    fill_block(w, message, size, 0);
    state_ni s = load_state(from);
    compress_words(&s, w);
    if (size + 9 > SHA256_BLOCK_SIZE) compress_rest(to, s.abef, s.cdgh, message, second, size);
    else store_state(to, s);
    return true;
}

/* HMAC's outer block, in registers: the inner digest, the padding bit, and the length of 64 + 32 bytes. */
static SHA_NI ALWAYS_INLINE void outer_block(__m128i w[4], const uint32_t digest[8]) {
    w[0] = _mm_loadu_si128((const __m128i *)digest);
    w[1] = _mm_loadu_si128((const __m128i *)(digest + 4));
    w[2] = _mm_set_epi32(0, 0, 0, (int)0x80000000);
    w[3] = _mm_set_epi32(8 * (SHA256_BLOCK_SIZE + SHA256_DIGEST_SIZE), 0, 0, 0);
}

static SHA_NI ALWAYS_INLINE void store_hex(char *hex, state_ni s) {
    const __m128i digits = _mm_set_epi64x(0x6665646362613938, 0x3736353433323130);
    const __m128i nibble = _mm_set1_epi8(0x0F);
    __m128i words[2];
    state_words(s, words);
    for (int i = 0; i < 2; i++) {
        __m128i bytes = swap_bytes(words[i]);
        __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble), low = _mm_and_si128(bytes, nibble);
        __m128i *out = (__m128i *)(hex + 32 * i);
        _mm_storeu_si128(out, _mm_shuffle_epi8(digits, _mm_unpacklo_epi8(high, low)));
        _mm_storeu_si128(out + 1, _mm_shuffle_epi8(digits, _mm_unpackhi_epi8(high, low)));
    }
}

static SHA_NI void sha_ni_outer_hex(const uint32_t outer[8], const uint32_t digest[8], char *hex) {
    __m128i w[4];
    state_ni s = load_state(outer);
    outer_block(w, digest);
    compress_words(&s, w);
    store_hex(hex, s);
}

/* Two messages: each stream waits only for itself, so both take little longer than one. */
static SHA_NI ALWAYS_INLINE void compress_words_two(state_ni s[2], __m128i w0[4], __m128i w1[4]) {
    state_ni start0 = s[0], start1 = s[1];
    const __m128i *k = (const __m128i *)sha256_round_constants;
    OPAQUE(k);
#define STEP(i) four_rounds(&s[0], w0, k, i), four_rounds(&s[1], w1, k, i);
    SIXTEEN(STEP)
#undef STEP
    s[0].abef = _mm_add_epi32(s[0].abef, start0.abef), s[0].cdgh = _mm_add_epi32(s[0].cdgh, start0.cdgh);
    s[1].abef = _mm_add_epi32(s[1].abef, start1.abef), s[1].cdgh = _mm_add_epi32(s[1].cdgh, start1.cdgh);
}

static SHA_NI void sha_ni_compress_two(uint32_t *const states[2], const uint8_t *const blocks[2], size_t count) {
    state_ni s[2] = {load_state(states[0]), load_state(states[1])};
    for (size_t at = 0; at < count * SHA256_BLOCK_SIZE; at += SHA256_BLOCK_SIZE) {
        __m128i w0[4], w1[4];
        load_block(w0, blocks[0] + at);
        load_block(w1, blocks[1] + at);
        compress_words_two(s, w0, w1);
    }
    store_state(states[0], s[0]);
    store_state(states[1], s[1]);
}

static SHA_NI void sha_ni_outer_hex_two(const uint32_t outer[8], const uint32_t *const digests[2], char *const hex[2]) {
    __m128i w0[4], w1[4];
    state_ni s[2] = {load_state(outer), load_state(outer)};
    outer_block(w0, digests[0]);
    outer_block(w1, digests[1]);
    compress_words_two(s, w0, w1);
    store_hex(hex[0], s[0]);
    store_hex(hex[1], s[1]);
}

/* Leaf `leaf` of what the processor says about itself: EBX and ECX; zeros if it has no such leaf. */
static void cpuid(unsigned leaf, unsigned *b, unsigned *c) {
#if defined(_MSC_VER) && !defined(__clang__)
    int r[4];
    __cpuid(r, 0);
    if ((unsigned)r[0] < leaf) r[1] = r[2] = 0;
    else __cpuidex(r, (int)leaf, 0);
    *b = (unsigned)r[1], *c = (unsigned)r[2];
#else
    unsigned a, d;
    if (!__get_cpuid_count(leaf, 0, &a, b, c, &d)) *b = *c = 0;
#endif
}

/* Whether it has all of these: bits of leaf 1's ECX, and of leaf 7's EBX. */
static bool processor_has(unsigned of_leaf_1, unsigned of_leaf_7) {
    unsigned b1, c1, b7, c7;
    cpuid(1, &b1, &c1);
    cpuid(7, &b7, &c7);
    return (c1 & of_leaf_1) == of_leaf_1 && (b7 & of_leaf_7) == of_leaf_7;
}

static bool sha_ni_supported(void) {
    const unsigned ssse3 = 1u << 9, sse41 = 1u << 19, sha = 1u << 29;
    return processor_has(ssse3 | sse41, sha);
}

const sha256_implementation sha256_sha_ni = {
    .name = "sha-ni",
    .supported = sha_ni_supported,
    .compress = sha_ni_compress,
    .compress_message = sha_ni_compress_message,
    .compress_two = sha_ni_compress_two,
    .outer_hex = sha_ni_outer_hex,
    .outer_hex_two = sha_ni_outer_hex_two,
};

#ifdef SHA256_HAVE_AVX512

/* Whether the operating system keeps the registers of SSE, AVX and AVX-512 when it changes threads. */
static bool avx512_kept(void) {
    const unsigned kept = 0xE6;
#if defined(_MSC_VER) && !defined(__clang__)
    return ((unsigned)_xgetbv(0) & kept) == kept;
#else
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & kept) == kept;
#endif
}

static bool avx512_supported(void) {
    const unsigned osxsave = 1u << 27, avx512f = 1u << 16, avx512bw = 1u << 30;
    return sha_ni_supported() && processor_has(osxsave, avx512f | avx512bw) && avx512_kept();
}

/* SHA-NI, and 32 messages of a batch at once. */
const sha256_implementation sha256_avx512 = {
    .name = "avx512",
    .supported = avx512_supported,
    .compress = sha_ni_compress,
    .compress_message = sha_ni_compress_message,
    .compress_two = sha_ni_compress_two,
    .outer_hex = sha_ni_outer_hex,
    .outer_hex_two = sha_ni_outer_hex_two,
    .compress_lanes = sha256_avx512_compress,
    .outer_hex_lanes = sha256_avx512_outer_hex,
};

#endif

#endif
