#include "agent/tpm_attest_quote.h"

#include "agent/tpm_abi.h"
#include "agent/tpm_put.h"
#include "base/cur.h"
#include "quote/p256.h"

/* Part 2, 6.2 and 6.9: TPM_GENERATED_VALUE, TPM_ST_ATTEST_QUOTE; Part 1, 26.5: Qualified Name */
#define GENERATED    0xff544347u
#define ATTEST_QUOTE 0x8018u
#define RH_OWNER     0x40000001u
#define QUOTE_DIGEST SHA256_LEN

static uint32_t u16(struct cur *c)
{
    uint32_t high = cur_u8(c);
    return high << 8 | cur_u8(c);
}

static enum rc signed_by_key(const struct tpm_quote *q, const struct tpm_quote_asked *a,
                             struct err *err)
{
    AUTO_P256 p256 = {0};
    TRY(p256_open(&p256, err));
    if (!p256_check_raw(&p256, BYTES_OF_ARRAY(a->key), q->attest, BYTES_OF_ARRAY(q->signature)))
        return err_set(err, BG_TPM_QUOTE_SIGNATURE, "%zu bytes", q->attest.n);
    return RC_OK;
}

/* The Qualified Name of a primary key: of its hierarchy's handle and its Name. */
static void qualified_name(const uint8_t *key_name, uint8_t out[static TPM_NAME_LEN])
{
    uint8_t buf[4 + TPM_NAME_LEN];
    struct put o = {buf, 0, sizeof buf, false};
    put_be(&o, RH_OWNER, 4);
    put_bytes(&o, key_name, TPM_NAME_LEN);
    out[0] = ABI_ALG_SHA256 >> 8;
    out[1] = ABI_ALG_SHA256 & 0xff;
    hash_sha256(put_view(&o), out + 2);
}

static void values_digest(const struct tpm_quote_asked *a, uint8_t out[static QUOTE_DIGEST])
{
    uint8_t buf[TPM_PCR_COUNT * TPM_PCR_MAX];
    struct put o = {buf, 0, sizeof buf, false};
    for (unsigned i = 0; i < TPM_PCR_COUNT; i++)
        if (a->pcrs >> i & 1)
            put_bytes(&o, a->values[i], tpm_bank_len(a->bank));
    hash_sha256(put_view(&o), out);
}

enum rc tpm_quote_check(const struct tpm_quote *q, const struct tpm_quote_asked *a, struct err *err)
{
    struct cur c = cur_of(q->attest);
    uint8_t signer[TPM_NAME_LEN], digest[QUOTE_DIGEST];
    TRY(signed_by_key(q, a, err));
    uint32_t magic = cur_u32be(&c), type = u16(&c);
    struct bytes name = cur_take(&c, u16(&c));
    struct bytes nonce = cur_take(&c, u16(&c));
    (void)cur_take(&c, 8 + 4 + 4 + 1); /* clock, resets, restarts, safe */
    (void)cur_take(&c, 8);             /* firmware version */
    uint32_t banks = cur_u32be(&c), bank = u16(&c);
    struct bytes mask = cur_take(&c, cur_u8(&c));
    struct bytes values = cur_take(&c, u16(&c));
    if (!cur_done(&c) || magic != GENERATED || type != ATTEST_QUOTE || banks != 1)
        return err_set(err, BG_TPM_QUOTE_FORMAT, "%zu bytes, magic %08x, type %04x", q->attest.n,
                       magic, type);
    if (!bytes_eq(nonce, BYTES_OF_ARRAY(a->nonce)))
        return err_set(err, BG_TPM_QUOTE_NONCE, "%zu bytes", nonce.n);
    qualified_name(a->key_name, signer);
    if (!bytes_eq(name, BYTES_OF_ARRAY(signer)))
        return err_set(err, BG_TPM_QUOTE_SIGNER, "%zu bytes", name.n);
    const uint8_t want[3] = {(uint8_t)a->pcrs, (uint8_t)(a->pcrs >> 8), (uint8_t)(a->pcrs >> 16)};
    if (bank != tpm_policy_bank_alg(a->bank) || !bytes_eq(mask, BYTES_OF_ARRAY(want)))
        return err_set(err, BG_TPM_QUOTE_SELECTION, "bank %04x, %zu bytes", bank, mask.n);
    values_digest(a, digest);
    if (!bytes_eq(values, BYTES_OF_ARRAY(digest)))
        return err_set(err, BG_TPM_QUOTE_PCRS, "mask %06x", a->pcrs);
    return RC_OK;
}
