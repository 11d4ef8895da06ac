/* base58: Bitcoin's alphabet, as NEAR writes hashes and keys. */
#ifndef BOOTGATE_POLICY_NEAR_BASE58_H
#define BOOTGATE_POLICY_NEAR_BASE58_H

#include "base/bytes.h"

#define BASE58_MAX_TEXT 96u

/* base58_read: exactly n bytes (at most 65); one encoding for each value. */
bool base58_read(struct bytes text, uint8_t *out, size_t n) __attribute__((warn_unused_result));
/* base58_write: NUL-terminated; n at most 64. */
void base58_write(struct bytes in, char out[static BASE58_MAX_TEXT]);

#endif
