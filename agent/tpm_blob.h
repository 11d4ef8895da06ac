/*
 * tpm_blob: the file that holds a sealed seed. Big-endian, in this order and nothing after:
 *
 *   "bgseal" 0 1 | bank TPM_ALG_ID u16 | boot PCR mask u32 | gate PCR u8 | flags u8 (1 authorize,
 *   2 counter) | Name of the storage key, 34 | the boot PCRs' values when sealed, lowest first |
 *   authorize: Name of the key 34, version u64 | counter: NV index u32, limit u64 |
 *   u16 + TPMT_PUBLIC | u16 + private part as TPM2_Create gave it
 *
 * The file is not trusted, and at most TPM_BLOB_MAX bytes. The public area must be the one that the
 * stated policy gives; the caller compares the policy with its configuration; TPM2_Load checks the
 * private part against it.
 */
#ifndef BOOTGATE_AGENT_TPM_BLOB_H
#define BOOTGATE_AGENT_TPM_BLOB_H

#include "agent/tpm_policy.h"

#define TPM_PRIVATE_MAX 1024u

struct tpm_blob {
    struct tpm_policy policy;
    uint8_t srk_name[TPM_NAME_LEN];
    uint8_t unique[SHA256_LEN];
    struct bytes private_part; /* view into the file */
};

/* tpm_blob_read: strict; out is untouched on failure and its views live as long as `file`. */
enum rc tpm_blob_read(struct bytes file, struct tpm_blob *out, struct err *err) MUST_CHECK;
/* tpm_blob_write: the file of b, as tpm_blob_read takes it. False: the private part does not fit.
 */
bool tpm_blob_write(const struct tpm_blob *b, uint8_t out[static TPM_BLOB_MAX],
                    size_t *out_len) MUST_CHECK;
/* tpm_blob_matches: the blob's policy is the configured one. */
enum rc tpm_blob_matches(const struct tpm_blob *b, const struct tpm_config *cfg,
                         struct err *err) MUST_CHECK;

#endif
