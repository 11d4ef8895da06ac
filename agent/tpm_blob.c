#include "agent/tpm_blob.h"

#include "agent/tpm_abi.h"
#include "agent/tpm_put.h"
#include "base/cur.h"

#define FLAG_AUTHORIZE 1u
#define FLAG_COUNTER   2u

static const uint8_t magic[8] = {'b', 'g', 's', 'e', 'a', 'l', 0, 1};

static uint16_t u16be(struct cur *c)
{
    return __builtin_bswap16(cur_u16le(c));
}

static uint64_t u64be(struct cur *c)
{
    return __builtin_bswap64(cur_u64le(c));
}

static bool name_is_sha256(const uint8_t name[static TPM_NAME_LEN])
{
    return name[0] == ABI_ALG_SHA256 >> 8 && name[1] == (ABI_ALG_SHA256 & 0xff);
}

/* The policy's members, each of which must be one that tpm_blob_write writes. */
static bool read_policy(struct cur *c, struct tpm_blob *b)
{
    struct tpm_policy *p = &b->policy;
    uint16_t alg = u16be(c);
    p->bank = alg == ABI_ALG_SHA256   ? TPM_BANK_SHA256
              : alg == ABI_ALG_SHA384 ? TPM_BANK_SHA384
                                      : TPM_BANK_NONE;
    p->boot_pcrs = cur_u32be(c);
    p->gate_pcr = cur_u8(c);
    uint8_t flags = cur_u8(c);
    cur_copy(c, b->srk_name, TPM_NAME_LEN);
    if (c->bad || p->bank == TPM_BANK_NONE || p->boot_pcrs == 0 || p->boot_pcrs > TPM_PCRS_ALL ||
        p->gate_pcr >= TPM_PCR_COUNT || p->boot_pcrs >> p->gate_pcr & 1 ||
        flags > (FLAG_AUTHORIZE | FLAG_COUNTER) || !name_is_sha256(b->srk_name))
        return false;
    for (uint32_t i = 0; i < TPM_PCR_COUNT; i++)
        if (p->boot_pcrs >> i & 1)
            cur_copy(c, p->pcrs[i], tpm_bank_len(p->bank));
    if (flags & FLAG_AUTHORIZE) {
        p->authorize = true;
        cur_copy(c, p->authorize_name, TPM_NAME_LEN);
        p->authorize_version = u64be(c);
        if (!name_is_sha256(p->authorize_name))
            return false;
    }
    if (flags & FLAG_COUNTER) {
        p->version_index = cur_u32be(c);
        p->version_limit = u64be(c);
        if (p->version_index >> 24 != ABI_HT_NV_INDEX)
            return false;
    }
    return !c->bad;
}

enum rc tpm_blob_read(struct bytes file, struct tpm_blob *out, struct err *err)
{
    struct cur c = cur_of(file);
    struct bytes m = cur_take(&c, sizeof magic);
    if (!bytes_eq(m, BYTES_OF_ARRAY(magic)))
        return err_set(err, BG_TPM_BLOB_MAGIC, "%zu bytes", file.n);
    struct tpm_blob b = {0};
    if (!read_policy(&c, &b))
        return err_set(err, BG_TPM_BLOB_POLICY, "%zu of %zu bytes read",
                       file.n - (c.bad ? 0 : cur_left(&c)), file.n);
    struct bytes public_area = cur_take(&c, u16be(&c));
    b.private_part = cur_take(&c, u16be(&c));
    if (!cur_done(&c) || public_area.n != TPM_PUBLIC_LEN || b.private_part.n == 0 ||
        b.private_part.n > TPM_PRIVATE_MAX)
        return err_set(err, BG_TPM_BLOB_FORMAT, "public %zu, private %zu, left %zu bytes",
                       public_area.n, b.private_part.n, cur_left(&c));
    memcpy(b.unique, public_area.p + (TPM_PUBLIC_LEN - SHA256_LEN), SHA256_LEN);
    uint8_t want[TPM_PUBLIC_LEN];
    tpm_policy_public(&b.policy, b.unique, want);
    if (!bytes_eq(public_area, BYTES_OF_ARRAY(want)))
        return err_set(err, BG_TPM_BLOB_PUBLIC, "%zu bytes", public_area.n);
    *out = b;
    return RC_OK;
}

bool tpm_blob_write(const struct tpm_blob *b, uint8_t out[static TPM_BLOB_MAX], size_t *out_len)
{
    const struct tpm_policy *p = &b->policy;
    uint8_t public_area[TPM_PUBLIC_LEN];
    struct put o = {out, 0, TPM_BLOB_MAX, false};
    put_bytes(&o, magic, sizeof magic);
    put_be(&o, tpm_policy_bank_alg(p->bank), 2);
    put_be(&o, p->boot_pcrs, 4);
    put_be(&o, p->gate_pcr, 1);
    put_be(&o, (p->authorize ? FLAG_AUTHORIZE : 0) | (p->version_index ? FLAG_COUNTER : 0), 1);
    put_bytes(&o, b->srk_name, TPM_NAME_LEN);
    for (uint32_t i = 0; i < TPM_PCR_COUNT; i++)
        if (p->boot_pcrs >> i & 1)
            put_bytes(&o, p->pcrs[i], tpm_bank_len(p->bank));
    if (p->authorize) {
        put_bytes(&o, p->authorize_name, TPM_NAME_LEN);
        put_be(&o, p->authorize_version, 8);
    }
    if (p->version_index) {
        put_be(&o, p->version_index, 4);
        put_be(&o, p->version_limit, 8);
    }
    tpm_policy_public(p, b->unique, public_area);
    put_be(&o, sizeof public_area, 2);
    put_bytes(&o, public_area, sizeof public_area);
    put_be(&o, b->private_part.n, 2);
    put_bytes(&o, b->private_part.p, b->private_part.n);
    if (o.bad || b->private_part.n == 0 || b->private_part.n > TPM_PRIVATE_MAX)
        return false;
    *out_len = o.n;
    return true;
}

enum rc tpm_blob_matches(const struct tpm_blob *b, const struct tpm_config *cfg, struct err *err)
{
    struct tpm_policy want;
    const struct tpm_policy *p = &b->policy;
    tpm_policy_of(cfg, &want);
    const char *differs = p->bank != want.bank             ? "bank"
                          : p->boot_pcrs != want.boot_pcrs ? "boot PCRs"
                          : p->gate_pcr != want.gate_pcr   ? "gate PCR"
                          : p->authorize != want.authorize ? "authorize"
                          : memcmp(p->authorize_name, want.authorize_name, TPM_NAME_LEN) != 0
                              ? "authorize key"
                          : p->authorize_version != want.authorize_version ? "image version"
                          : p->version_index != want.version_index         ? "version counter"
                                                                           : NULL;
    if (differs)
        return err_set(err, BG_TPM_BLOB_CONFIG, "the %s", differs);
    return RC_OK;
}
