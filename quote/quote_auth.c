#include "quote/quote_auth.h"

#include "base/hash.h"
#include "quote/pck.h"

static const struct chain_rule pck_rule = {
    .first = " SGX PCK Certificate",
    .first_what = CHAIN_PCK_NAME,
    .length = 3,
    .bad_pem = BG_PCK_CHAIN_PEM,
    .too_short = BG_PCK_CHAIN_SHORT,
    .too_long = BG_PCK_CHAIN_LONG,
    .bad_cert = BG_PCK_CHAIN_CERT,
    .ca_first = BG_PCK_CHAIN_CA_FIRST,
    .untrusted_root = BG_PCK_CHAIN_ROOT,
    .not_ca = BG_PCK_CHAIN_NOT_CA,
    .bad_name = BG_PCK_CHAIN_NAME,
    .bad_length = BG_PCK_CHAIN_LENGTH,
    .bad_usage = BG_PCK_CHAIN_USAGE,
    .bad_issuer = BG_PCK_CHAIN_ISSUER,
    .bad_signature = BG_PCK_CHAIN_SIGNATURE,
    .expired = BG_PCK_CHAIN_EXPIRED,
    .not_yet_valid = BG_PCK_CHAIN_NOT_YET_VALID,
};

/* QE report data = SHA-256(attestation key || authentication data) || 32 zero bytes. */
static bool qe_report_binds_key(const struct quote *q)
{
    uint8_t want[64] = {0};
    HASH_PARTS(hash_sha256_parts, want, q->attestation_key, q->qe_auth_data);
    return memcmp(want, q->qe.report_data, sizeof want) == 0;
}

/* PCK key -> QE report -> attestation key -> quote. */
static enum rc check_signatures(struct p256 *p256, const struct cert *pck, const struct quote *q,
                                struct err *err)
{
    if (!p256_check_raw(p256, pck->point, q->qe_report_raw, q->qe_signature))
        return err_set(err, BG_QE_REPORT_SIGNATURE, "%s", "");
    if (!qe_report_binds_key(q))
        return err_set(err, BG_QE_REPORT_DATA, "%s", "");
    if (!p256_point(p256, q->attestation_key))
        return err_set(err, BG_QUOTE_ATT_KEY, "%s", "");
    if (!p256_check_raw(p256, q->attestation_key, q->signed_part, q->signature))
        return err_set(err, BG_QUOTE_SIGNATURE, "over %zu bytes", q->signed_part.n);
    return RC_OK;
}

enum rc quote_authenticate(struct arena *a, struct pki *pki, const struct quote *q,
                           struct chain *out_pck, struct pck_tcb *out_tcb, struct err *err)
{
    struct chain pck;
    struct pck_tcb tcb;
    const char *why = NULL;
    TRY(chain_check(a, pki, q->pck_chain_pem, &pck_rule, &pck, err));
    if (pck.cert[0]->sgx.n == 0)
        return err_set(err, BG_PCK_EXTENSION_MISSING, "%s", "");
    if (!pck_read(pck.cert[0]->sgx, &tcb, &why))
        return err_set(err, BG_PCK_EXTENSION_FORMAT, "%s", why);
    TRY(check_signatures(pki->p256, pck.cert[0], q, err));
    *out_pck = pck;
    *out_tcb = tcb;
    return RC_OK;
}
