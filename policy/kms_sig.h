/*
 * kms_sig: provenance of an app's k256 key (dstack kms/src/crypto.rs; tdx facts 4.10): the KMS root
 * key, whose public half stands on chain in kmsInfo, signs
 * keccak256("dstack-kms-issued" ":" app_id20 app_pubkey33), 65-byte recoverable signature.
 */
#ifndef BOOTGATE_POLICY_KMS_SIG_H
#define BOOTGATE_POLICY_KMS_SIG_H

#include "base/arena.h"

/* kms_sig_verify: root_pubkey SEC1 (33 or 65 bytes), app_pubkey SEC1 compressed, 33. */
enum rc kms_sig_verify(struct bytes root_pubkey, const uint8_t app_id[static 20],
                       struct bytes app_pubkey, struct bytes signature, struct err *err) MUST_CHECK;
/* kms_sig_app_key: the app key's compressed public key from what it signed, recovered: message
 * digest 32 bytes, signature 65 bytes. */
enum rc kms_sig_recover(const uint8_t digest[static 32], struct bytes signature,
                        uint8_t out[static 33], struct err *err) MUST_CHECK;

#endif
