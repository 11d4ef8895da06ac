/* checkpoint_digest: what a signature of a checkpoint is over: SHA-256 of the canonical message. */
#ifndef BOOTGATE_POLICY_BEACON_CHECKPOINT_DIGEST_H
#define BOOTGATE_POLICY_BEACON_CHECKPOINT_DIGEST_H

#include "base/hash.h"
#include "policy/beacon/checkpoint.h"

void checkpoint_digest(const struct checkpoint_doc *d, uint8_t out[static SHA256_LEN]);

#endif
