/*
 * tpm_floor: how far the chain was seen, in an NV index of the TPM (DESIGN section 3). A floor can
 * only refuse. The index is made by provisioning and by nothing else:
 *
 *   attributes  AUTHWRITE | AUTHREAD | OWNERREAD | WRITEALL | NO_DA, no policy (tpm_abi.h); the
 *               index's Name holds them, so that no other index is taken for it
 *   auth value  derived from the seed (kdf_floor_auth): who lacks it can write nothing. Its owner
 *               can undefine the index, but not make one again that answers to this value: what is
 *               read is read with it, too
 *   content     "bgfloor" 1 | SHA-256 of the chain's identity | position u64 | checkpoint u64,
 *               big-endian; position: finalized slot or NEAR height; checkpoint: slot of the newest
 *               signed checkpoint, which says its date
 *
 * These run in the TPM's process.
 */
#ifndef BOOTGATE_AGENT_TPM_FLOOR_H
#define BOOTGATE_AGENT_TPM_FLOOR_H

#include "agent/tpm_esys.h"

/* tpm_floor_name: Name of the index; written: it has been written once. */
void tpm_floor_name(uint32_t index, bool written, uint8_t out[static TPM_NAME_LEN]);

/* key: TPM_FLOOR_KEY bytes, see tpm.h, as for each of these. */
enum rc tpm_floor_get(struct tpm_esys *t, const uint8_t key[static TPM_FLOOR_KEY],
                      struct tpm_floor *out, struct err *err) MUST_CHECK;
/* tpm_floor_make: defines the index with `first`; one that is ours already keeps what it has. */
enum rc tpm_floor_make(struct tpm_esys *t, const uint8_t key[static TPM_FLOOR_KEY],
                       const struct tpm_floor *first, struct tpm_floor *out,
                       struct err *err) MUST_CHECK;
/* tpm_floor_lift: each number upwards or not at all; read back into out. */
enum rc tpm_floor_lift(struct tpm_esys *t, const uint8_t key[static TPM_FLOOR_KEY],
                       const struct tpm_floor *to, struct tpm_floor *out,
                       struct err *err) MUST_CHECK;

#endif
