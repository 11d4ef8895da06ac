/* keccak: Keccak-256 as Ethereum uses it (the original padding 0x01, not SHA-3's 0x06). */
#ifndef BOOTGATE_BASE_KECCAK_H
#define BOOTGATE_BASE_KECCAK_H

#include "base/bytes.h"

void keccak256(struct bytes in, uint8_t out[static 32]);
void keccak256_parts(const struct bytes *parts, size_t n, uint8_t out[static 32]);

#endif
