/*
 * kdf: the key of an on-chain identity (DESIGN section 4, step 3).
 *
 *     key  = HKDF-SHA256(IKM, salt none, info, 32 bytes)                          RFC 5869
 *     IKM  = seed (32 bytes) || second share (32 to 1024 bytes, when one is configured)
 *     info = "bootgate/kek/v1" (15 bytes, no NUL)
 *            || part(source kind)    the word of chain.source: "pinned"
 *            || part(chain id)       8 bytes, big-endian
 *            || part(KMS contract)   20 bytes
 *            || part(app id)         20 bytes
 *        for source "near", in the place of the last three:
 *            || part(network_id) || part(contract_id)    as they are written
 *            || part(app id)                             20 bytes
 *            || part(app_account)    as configured; empty when the app id says it
 *     part(x) = length of x (2 bytes, big-endian) || x
 *
 * Compose hash, image and checkpoint are not in it: an update that the contract allows keeps its
 * data. Everything that names the contract that was asked is, so another identity has another key.
 */
#ifndef BOOTGATE_AGENT_KDF_H
#define BOOTGATE_AGENT_KDF_H

#include "agent/secret_file.h"

#define KDF_SEED      32u
#define KDF_KEY       32u
#define KDF_SHARE_MIN 32u
#define KDF_SHARE_MAX 1024u
#define KDF_INFO_MAX  256u

struct kdf_identity {
    const char *source; /* the word of chain.source, at most 32 characters */
    uint64_t chain_id;
    uint8_t kms_contract[20];
    uint8_t app_id[20];
    /* source "near": network_id NULL otherwise; each at most 64 characters */
    const char *network_id;
    struct bytes contract_id, app_account;
};

/* kdf_info writes `info` as above; *out_n is its length. */
enum rc kdf_info(const struct kdf_identity *id, uint8_t out[static KDF_INFO_MAX], size_t *out_n,
                 struct err *err) MUST_CHECK;
/*
 * kdf_key derives the key of an identity. share NULL: none is configured; that a configured one is
 * there is the caller's to see to (kdf_share_read). *out is the caller's to free.
 */
enum rc kdf_key(struct secret *seed, struct secret *share, const struct kdf_identity *id,
                struct secret **out, struct err *err) MUST_CHECK;
/*
 * kdf_floor_auth: what authorizes writing to the NV index with the floor (agent/tpm_floor.h):
 * HKDF-SHA256(seed, salt none, "bootgate/floor/v1" || NV index u32 big-endian, 32 bytes) into out.
 */
enum rc kdf_floor_auth(struct secret *seed, uint32_t index, uint8_t out[static KDF_KEY],
                       struct err *err) MUST_CHECK;
/*
 * kdf_share_read reads a configured second share: a regular file of 32 to 1024 bytes that only its
 * owner (us or root) can touch. Whatever is wrong with it is BG_KDF_SHARE, a refusal.
 */
enum rc kdf_share_read(const char *path, struct secret **out, struct err *err) MUST_CHECK;

#endif
