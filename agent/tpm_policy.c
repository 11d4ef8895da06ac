#include "agent/tpm_policy.h"

#include "agent/tpm_abi.h"
#include "agent/tpm_put.h"

size_t tpm_bank_len(enum tpm_bank bank)
{
    return bank == TPM_BANK_SHA384 ? SHA384_LEN : SHA256_LEN;
}

uint16_t tpm_policy_bank_alg(enum tpm_bank bank)
{
    return bank == TPM_BANK_SHA384 ? ABI_ALG_SHA384 : ABI_ALG_SHA256;
}

void tpm_policy_of(const struct tpm_config *cfg, struct tpm_policy *out)
{
    *out = (struct tpm_policy){
        .bank = cfg->bank,
        .boot_pcrs = cfg->boot_pcrs,
        .gate_pcr = cfg->gate_pcr,
        .authorize = cfg->authorize,
        .authorize_version = cfg->authorize ? cfg->authorize_version : 0,
        .version_index = cfg->version_index,
    };
    if (cfg->authorize)
        tpm_policy_key_name(cfg->authorize_key, out->authorize_name);
}

void tpm_policy_pcr_extend(enum tpm_bank bank, uint8_t value[static TPM_PCR_MAX],
                           const uint8_t *digest)
{
    size_t n = tpm_bank_len(bank);
    struct bytes both[] = {bytes_of(value, n), bytes_of(digest, n)};
    if (bank == TPM_BANK_SHA384)
        hash_sha384_parts(both, 2, value);
    else
        hash_sha256_parts(both, 2, value);
}

/* Part 1, 16: Name = nameAlg || SHA-256 of the public area. */
static void name_of(struct bytes public_area, uint8_t out[static TPM_NAME_LEN])
{
    out[0] = ABI_ALG_SHA256 >> 8;
    out[1] = ABI_ALG_SHA256 & 0xff;
    hash_sha256(public_area, out + 2);
}

/* Part 3, 23.7 PolicyPCR: H(old || CC || TPML_PCR_SELECTION || H(values in PCR order)). */
static void add_pcrs(const struct tpm_policy *p, uint32_t mask, uint8_t digest[static SHA256_LEN])
{
    static const uint8_t zero[TPM_PCR_MAX];
    uint8_t buf[SHA256_LEN + 64], values[TPM_PCR_COUNT * TPM_PCR_MAX], pcr_digest[SHA256_LEN];
    struct put v = {values, 0, sizeof values, false};
    for (uint32_t i = 0; i < TPM_PCR_COUNT; i++)
        if (mask >> i & 1)
            put_bytes(&v, i == p->gate_pcr ? zero : p->pcrs[i], tpm_bank_len(p->bank));
    hash_sha256(put_view(&v), pcr_digest);

    struct put o = {buf, 0, sizeof buf, false};
    put_bytes(&o, digest, SHA256_LEN);
    put_be(&o, ABI_CC_POLICY_PCR, 4);
    put_be(&o, 1, 4);
    put_be(&o, tpm_policy_bank_alg(p->bank), 2);
    put_be(&o, 3, 1);
    for (uint32_t i = 0; i < 3; i++)
        put_be(&o, mask >> (8 * i) & 0xff, 1);
    put_bytes(&o, pcr_digest, sizeof pcr_digest);
    hash_sha256(put_view(&o), digest);
}

/* Part 3, 23.16 PolicyAuthorize: H(H(0 || CC || Name) || policyRef); what was before is replaced.
 */
static void add_authorize(const struct tpm_policy *p, uint8_t digest[static SHA256_LEN])
{
    uint8_t buf[SHA256_LEN + 4 + TPM_NAME_LEN] = {0}, ref[TPM_POLICY_REF_LEN];
    struct put o = {buf, SHA256_LEN, sizeof buf, false};
    put_be(&o, ABI_CC_POLICY_AUTHORIZE, 4);
    put_bytes(&o, p->authorize_name, TPM_NAME_LEN);
    hash_sha256(put_view(&o), digest);
    tpm_policy_ref(p->authorize_version, ref);
    HASH_PARTS(hash_sha256_parts, digest, bytes_of(digest, SHA256_LEN), BYTES_OF_ARRAY(ref));
}

/* Part 3, 23.9 PolicyNV: H(old || CC || H(operandB || offset || operation) || Name of the index).
 */
static void add_version(const struct tpm_policy *p, uint8_t digest[static SHA256_LEN])
{
    uint8_t args[12], args_digest[SHA256_LEN], buf[SHA256_LEN + 4 + SHA256_LEN + TPM_NAME_LEN];
    uint8_t name[TPM_NAME_LEN];
    struct put a = {args, 0, sizeof args, false};
    put_be(&a, p->version_limit, 8);
    put_be(&a, 0, 2);
    put_be(&a, ABI_EO_UNSIGNED_LE, 2);
    hash_sha256(put_view(&a), args_digest);
    tpm_policy_nv_name(p->version_index, name);

    struct put o = {buf, 0, sizeof buf, false};
    put_bytes(&o, digest, SHA256_LEN);
    put_be(&o, ABI_CC_POLICY_NV, 4);
    put_bytes(&o, args_digest, sizeof args_digest);
    put_bytes(&o, name, sizeof name);
    hash_sha256(put_view(&o), digest);
}

void tpm_policy_boot(const struct tpm_policy *p, uint8_t out[static SHA256_LEN])
{
    memset(out, 0, SHA256_LEN);
    add_pcrs(p, p->boot_pcrs, out);
}

void tpm_policy_digest(const struct tpm_policy *p, uint8_t out[static SHA256_LEN])
{
    memset(out, 0, SHA256_LEN);
    if (p->authorize)
        add_authorize(p, out);
    else
        add_pcrs(p, p->boot_pcrs | 1u << p->gate_pcr, out);
    if (p->version_index != 0)
        add_version(p, out);
    if (p->authorize)
        add_pcrs(p, 1u << p->gate_pcr, out);
}

void tpm_policy_ref(uint64_t version, uint8_t out[static TPM_POLICY_REF_LEN])
{
    struct put o = {out, 0, TPM_POLICY_REF_LEN, false};
    put_bytes(&o, "bootgate/image/1", 16);
    put_be(&o, version, 8);
}

void tpm_policy_key_name(const uint8_t xy[static 64], uint8_t out[static TPM_NAME_LEN])
{
    uint8_t buf[96];
    struct put o = {buf, 0, sizeof buf, false};
    put_be(&o, ABI_ALG_ECC, 2);
    put_be(&o, ABI_ALG_SHA256, 2);
    put_be(&o, ABI_SIGNER_ATTRIBUTES, 4);
    put_be(&o, 0, 2);            /* authPolicy */
    put_be(&o, ABI_ALG_NULL, 2); /* symmetric */
    put_be(&o, ABI_ALG_ECDSA, 2);
    put_be(&o, ABI_ALG_SHA256, 2);
    put_be(&o, ABI_CURVE_P256, 2);
    put_be(&o, ABI_ALG_NULL, 2); /* kdf */
    put_be(&o, 32, 2);
    put_bytes(&o, xy, 32);
    put_be(&o, 32, 2);
    put_bytes(&o, xy + 32, 32);
    name_of(put_view(&o), out);
}

void tpm_policy_nv_name(uint32_t index, uint8_t out[static TPM_NAME_LEN])
{
    uint8_t buf[14];
    struct put o = {buf, 0, sizeof buf, false};
    put_be(&o, index, 4);
    put_be(&o, ABI_ALG_SHA256, 2);
    put_be(&o, ABI_NV_ATTRIBUTES | ABI_NV_WRITTEN, 4);
    put_be(&o, 0, 2); /* authPolicy */
    put_be(&o, 8, 2); /* dataSize */
    name_of(put_view(&o), out);
}

void tpm_policy_public(const struct tpm_policy *p, const uint8_t unique[static SHA256_LEN],
                       uint8_t out[static TPM_PUBLIC_LEN])
{
    uint8_t digest[SHA256_LEN];
    tpm_policy_digest(p, digest);
    struct put o = {out, 0, TPM_PUBLIC_LEN, false};
    put_be(&o, ABI_ALG_KEYEDHASH, 2);
    put_be(&o, ABI_ALG_SHA256, 2);
    put_be(&o, ABI_SEALED_ATTRIBUTES, 4);
    put_be(&o, SHA256_LEN, 2);
    put_bytes(&o, digest, SHA256_LEN);
    put_be(&o, ABI_ALG_NULL, 2); /* scheme */
    put_be(&o, SHA256_LEN, 2);
    put_bytes(&o, unique, SHA256_LEN);
}
