/* The SHA instructions of x86 (SHA-NI), for one message or two at a time.
 *
 * The two state registers are in the instructions' order: ABEF and CDGH. A sha256rnds2 does two rounds, has a latency
 * of four cycles, and depends on the previous sha256rnds2. So a block costs at least 32 * 4 = 128 cycles. The message
 * schedule and a second message fit into the gaps. */
#include "hmac_sha256_shani.h"

#ifdef HMAC_SHA256_HAVE_SHANI

#include "cleanse.h"
#include "x86_features.h"

#define TARGET TARGET_FEATURES("sha,ssse3,sse4.1")

typedef __m128i vector;
typedef struct {
    vector abef, cdgh;
} vector_state;

static TARGET ALWAYS_INLINE vector_state load_state(const uint32_t state[8]) {
    __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xB1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1B);
    return (vector_state){_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xF0)};
}

/* Reorder the state: ABCD in words[0], EFGH in words[1]. */
static TARGET ALWAYS_INLINE void state_words(vector_state s, __m128i words[2]) {
    __m128i feba = _mm_shuffle_epi32(s.abef, 0x1B);
    __m128i dchg = _mm_shuffle_epi32(s.cdgh, 0xB1);
    words[0] = _mm_blend_epi16(feba, dchg, 0xF0);
    words[1] = _mm_alignr_epi8(dchg, feba, 8);
}

static TARGET ALWAYS_INLINE void store_state(uint32_t state[8], vector_state s) {
    __m128i words[2];
    state_words(s, words);
    _mm_storeu_si128((__m128i *)state, words[0]);
    _mm_storeu_si128((__m128i *)(state + 4), words[1]);
}

static TARGET ALWAYS_INLINE __m128i swap_bytes(__m128i x) {
    return _mm_shuffle_epi8(x, _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

static TARGET ALWAYS_INLINE void load_block(__m128i w[4], const uint8_t *block) {
    for (int i = 0; i < 4; i++) w[i] = swap_bytes(_mm_loadu_si128((const __m128i *)(block + 16 * i)));
}

/* Do rounds 4i to 4i+3, and the part of the message schedule whose words are ready. w[i % 4] is words 4i to 4i+3. */
static TARGET ALWAYS_INLINE void four_rounds(vector_state *s, __m128i w[4], const uint32_t *k, int i) {
    __m128i now = w[i & 3];
    __m128i before = w[(i + 3) & 3];
    __m128i wk = _mm_add_epi32(now, _mm_load_si128((const __m128i *)(k + 4 * i)));
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, wk);
    if (i >= 3 && i < 15) {
        __m128i next = _mm_add_epi32(w[(i + 1) & 3], _mm_alignr_epi8(now, before, 4));
        w[(i + 1) & 3] = _mm_sha256msg2_epu32(next, now);
    }
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(wk, 0x0E));
    if (i >= 1 && i < 13) w[(i + 3) & 3] = _mm_sha256msg1_epu32(before, now);
}

static TARGET ALWAYS_INLINE void add_state(vector_state *s, vector_state start) {
    s->abef = _mm_add_epi32(s->abef, start.abef);
    s->cdgh = _mm_add_epi32(s->cdgh, start.cdgh);
}

/* Build the block of the outer hash: the inner digest, the padding bit, and the length. */
static TARGET ALWAYS_INLINE void outer_block(__m128i w[4], const uint32_t digest[8]) {
    w[0] = _mm_loadu_si128((const __m128i *)digest);
    w[1] = _mm_loadu_si128((const __m128i *)(digest + 4));
    w[2] = _mm_set_epi32(0, 0, 0, (int)0x80000000);
    w[3] = _mm_set_epi32(HMAC_SHA256_OUTER_BITS, 0, 0, 0);
}

static TARGET ALWAYS_INLINE void store_hex(char *hex, vector_state s) {
    const __m128i digits = _mm_set_epi64x(0x6665646362613938, 0x3736353433323130);
    const __m128i nibble = _mm_set1_epi8(0x0F);
    __m128i words[2];
    state_words(s, words);
    for (int i = 0; i < 2; i++) {
        __m128i bytes = swap_bytes(words[i]);
        __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble);
        __m128i low = _mm_and_si128(bytes, nibble);
        __m128i *out = (__m128i *)(hex + 32 * i);
        _mm_storeu_si128(out, _mm_shuffle_epi8(digits, _mm_unpacklo_epi8(high, low)));
        _mm_storeu_si128(out + 1, _mm_shuffle_epi8(digits, _mm_unpackhi_epi8(high, low)));
    }
}

#define STEP_NAME(step) hmac_sha256_shani_##step
#include "hmac_sha256_steps.h"

/* Compress a message in place: build a block from several pieces in registers. A load from memory that several
 * stores have just written would wait for all earlier work, that is, for the hash of the previous message. */

#define SIXTEEN_ZEROS 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128

/* At NO_SHIFT + n begins a shuffle that moves sixteen bytes n places down. Bytes from outside become zero. */
enum { NO_SHIFT = SHA256_BLOCK_SIZE };
static const uint8_t shifts[NO_SHIFT + 80] = {
    SIXTEEN_ZEROS, SIXTEEN_ZEROS, SIXTEEN_ZEROS, SIXTEEN_ZEROS, 0,  1,  2,  3,  4,  5,
    6,             7,             8,             9,             10, 11, 12, 13, 14, 15,
    SIXTEEN_ZEROS, SIXTEEN_ZEROS, SIXTEEN_ZEROS, SIXTEEN_ZEROS,
};

static TARGET ALWAYS_INLINE __m128i shift_down(__m128i x, ptrdiff_t places) {
    return _mm_shuffle_epi8(x, _mm_loadu_si128((const __m128i *)(shifts + NO_SHIFT + places)));
}

static ALWAYS_INLINE ptrdiff_t smaller(ptrdiff_t x, ptrdiff_t y) { return x < y ? x : y; }

/* Load a part's bytes `at` to `at` + 15, zero outside the part. All loads are inside the part. */
static TARGET ALWAYS_INLINE __m128i load_piece(const uint8_t *part, ptrdiff_t size, ptrdiff_t at) {
    if (size >= 16) {
        ptrdiff_t inside = at < 0 ? 0 : smaller(at, size - 16);
        return shift_down(_mm_loadu_si128((const __m128i *)(part + inside)), at - inside);
    }
    uint64_t low = size > 8 ? load_le64(part) : load_le_short(part, (size_t)size);
    uint64_t high = size > 8 ? load_le64(part + size - 8) >> 8 * (16 - size) : 0;
    return shift_down(_mm_set_epi64x((int64_t)high, (int64_t)low), at);
}

/* Add a part's bytes to a block. The block begins at the part's byte `at`, which is negative if the part
 * begins inside the block. In the first block, w[0] is full of the head. */
static TARGET ALWAYS_INLINE void add_part(__m128i w[4], const uint8_t *part, size_t part_size, ptrdiff_t at,
                                         bool first_block) {
    ptrdiff_t size = (ptrdiff_t)part_size;
    /* at >= size || at <= -64 in a single comparison: the part is outside the block. */
    if (size == 0 || (size_t)(at + SHA256_BLOCK_SIZE - 1) >= part_size + SHA256_BLOCK_SIZE - 1) return;
    if (!first_block) w[0] = _mm_or_si128(w[0], load_piece(part, size, at));
    w[1] = _mm_or_si128(w[1], load_piece(part, size, at + 16));
    w[2] = _mm_or_si128(w[2], load_piece(part, size, at + 32));
    w[3] = _mm_or_si128(w[3], load_piece(part, size, at + 48));
}

/* Add the parts and the padding to the block that begins at byte `at`. The message has `size` bytes. */
static TARGET ALWAYS_INLINE void fill_block(__m128i w[4], const hmac_sha256_message *message, size_t size, size_t at) {
    const hmac_sha256_part *parts = message->parts;
    ptrdiff_t in_first = (ptrdiff_t)(at - message->head_size);
    ptrdiff_t in_second = in_first - (ptrdiff_t)parts[0].size;
    add_part(w, parts[0].data, parts[0].size, in_first, at == 0);
    add_part(w, parts[1].data, parts[1].size, in_second, at == 0);
    add_part(w, (const uint8_t[]){0x80}, 1, (ptrdiff_t)(at - size), at == 0);
    w[0] = swap_bytes(w[0]);
    w[1] = swap_bytes(w[1]);
    w[2] = swap_bytes(w[2]);
    w[3] = swap_bytes(w[3]);
    if (size + 9 <= at + SHA256_BLOCK_SIZE) {
        uint64_t bits = 8 * (SHA256_BLOCK_SIZE + (uint64_t)size);
        w[3] = _mm_or_si128(w[3], _mm_set_epi64x((int64_t)(bits << 32 | bits >> 32), 0));
    }
}

/* Compress the blocks after the first block. Not inlined, because the first block needs few registers. `second` is the
 * position of the second part. */
static TARGET NOT_INLINE void compress_rest(uint32_t to[8], __m128i abef, __m128i cdgh,
                                           const hmac_sha256_message *message, size_t second, size_t size) {
    vector_state s = {abef, cdgh};
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

/* Accept a head of 16 to 23 bytes, which prehash.h writes in words of eight. */
TARGET bool hmac_sha256_shani_compress_message(uint32_t to[8], const uint32_t from[8],
                                              const hmac_sha256_message *message) {
    size_t third = message->head_size - 16;
    size_t second = message->head_size + message->parts[0].size;
    size_t size = second + message->parts[1].size;
    if (third >= 8) return false;
    __m128i w[4];
    uint64_t first = load_le64(message->head);
    uint64_t last = load_le64(message->head + 16) & (((uint64_t)1 << 8 * third) - 1);
    HIDE_VALUE(first); /* the compiler would otherwise load both words at once */
    w[0] = _mm_set_epi64x((int64_t)load_le64(message->head + 8), (int64_t)first);
    w[1] = _mm_set_epi64x(0, (int64_t)last);
    w[2] = _mm_setzero_si128();
    w[3] = _mm_setzero_si128();
    fill_block(w, message, size, 0);
    vector_state s = load_state(from);
    compress_words(&s, w);
    if (size + 9 > SHA256_BLOCK_SIZE) compress_rest(to, s.abef, s.cdgh, message, second, size);
    else store_state(to, s);
    return true;
}

const hmac_sha256_implementation hmac_sha256_shani = {
    .name = "sha-ni",
    .supported = processor_has_shani,
    .spills = VECTOR_SPILLS,
    .compress = hmac_sha256_shani_compress,
    .compress_message = hmac_sha256_shani_compress_message,
    .compress_two = hmac_sha256_shani_compress_two,
    .outer_hex = hmac_sha256_shani_outer_hex,
    .outer_hex_two = hmac_sha256_shani_outer_hex_two,
};

#endif
