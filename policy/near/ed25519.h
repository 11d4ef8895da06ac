/* ed25519: signatures of NEAR's block producers, by OpenSSL (RFC 8032, cofactorless, S < L). */
#ifndef BOOTGATE_POLICY_NEAR_ED25519_H
#define BOOTGATE_POLICY_NEAR_ED25519_H

#include "base/bytes.h"

bool ed25519_verify(const uint8_t key[static 32], struct bytes msg, const uint8_t sig[static 64])
    __attribute__((warn_unused_result));

#endif
