/*
 * tpm_floor_boot: the floor in the TPM as `boot` and `seal` use it: whose it is, and what it begins
 * with (agent/tpm_floor.h). Runs in the process that holds the seed: nothing is parsed here.
 */
#ifndef BOOTGATE_AGENT_TPM_FLOOR_BOOT_H
#define BOOTGATE_AGENT_TPM_FLOOR_BOOT_H

#include "agent/config.h"

/*
 * floor_chain: SHA-256 of the identity of the chain that a floor counts on:
 * "bootgate/floor/chain/v1", then with its length before it (2 bytes, big-endian) each of:
 * chain.source, and for ethereum the network's genesis_validators_root, for near network_id and
 * contract_id.
 */
enum rc floor_chain(const struct config *c, uint8_t out[static SHA256_LEN],
                    struct err *err) MUST_CHECK;
/* floor_key: TPM_FLOOR_KEY bytes for tpm_floor_read and its kin. *out is the caller's to free. */
enum rc floor_key(const struct config *c, struct secret *seed, struct secret **out,
                  struct err *err) MUST_CHECK;
/* floor_first: a new floor: the measured checkpoint, where the configuration has one. */
void floor_first(const struct config *c, struct tpm_floor *out);

#endif
