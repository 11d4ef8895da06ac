/* checkpoint_doc: what checkpoint.c (verification) and checkpoint_sign.c share. */
#ifndef BOOTGATE_POLICY_BEACON_CHECKPOINT_DOC_H
#define BOOTGATE_POLICY_BEACON_CHECKPOINT_DOC_H

#include "base/hash.h"
#include "policy/beacon/checkpoint.h"

/* checkpoint_digest: what is signed: SHA-256 of the canonical message. */
void checkpoint_digest(const struct checkpoint_doc *d, uint8_t out[static SHA256_LEN]);
/* checkpoint_signature_ok: one signature, by the key that stands beside it. Whose it is, is for the
 * caller to ask. */
enum rc checkpoint_signature_ok(const struct checkpoint_signature *s,
                                const uint8_t digest[static SHA256_LEN],
                                struct err *err) MUST_CHECK;

#endif
