/* The steps of SHA-NI, which the AVX-512 implementation shares for messages outside lanes. */
#pragma once

#include "hmac_sha256_implementation.h"

sha256_compress hmac_sha256_shani_compress;
sha256_compress_two hmac_sha256_shani_compress_two;
bool hmac_sha256_shani_compress_message(uint32_t to[8], const uint32_t from[8], const hmac_sha256_message *message);
void hmac_sha256_shani_outer_hex(const uint32_t outer[8], const uint32_t digest[8], char *hex);
void hmac_sha256_shani_outer_hex_two(const uint32_t outer[8], const uint32_t *const digests[2], char *const hex[2]);
