#include "quote/verify.h"

#include "base/hash.h"
#include "quote/quote_auth.h"
#include "quote/verify_internal.h"

struct td_report_ok {
    struct td_report report;
};

const struct td_report *td_report_of(const struct td_report_ok *ok)
{
    return &ok->report;
}

static const struct chain_rule crl_chain_rule = {
    .first = " SGX PCK Platform CA",
    .other_first = " SGX PCK Processor CA",
    .first_what = CHAIN_PCK_CA_NAME,
    .first_is_ca = true,
    .length = 2,
    .bad_pem = BG_CRL_CHAIN_PEM,
    .too_short = BG_CRL_CHAIN_SHORT,
    .too_long = BG_CRL_CHAIN_LONG,
    .bad_cert = BG_CRL_CHAIN_CERT,
    .ca_first = RC_OK, /* cannot happen: the first one has to be a CA */
    .untrusted_root = BG_CRL_CHAIN_ROOT,
    .not_ca = BG_CRL_CHAIN_NOT_CA,
    .bad_name = BG_CRL_CHAIN_NAME,
    .bad_length = BG_CRL_CHAIN_LENGTH,
    .bad_usage = BG_CRL_CHAIN_USAGE,
    .bad_issuer = BG_CRL_CHAIN_ISSUER,
    .bad_signature = BG_CRL_CHAIN_SIGNATURE,
    .expired = BG_CRL_CHAIN_EXPIRED,
    .not_yet_valid = BG_CRL_CHAIN_NOT_YET_VALID,
};

/*
 * Signers of collateral are issued by the root itself and named so. Without both demands whoever
 * got at one PCK private key could sign TCB info (tdx facts 2.4).
 */
const struct chain_rule verify_tcb_rule = {
    .first = " SGX TCB Signing",
    .first_what = CHAIN_TCB_NAME,
    .length = 2,
    .bad_pem = BG_TCB_CHAIN_PEM,
    .too_short = BG_TCB_CHAIN_SHORT,
    .too_long = BG_TCB_CHAIN_LONG,
    .bad_cert = BG_TCB_CHAIN_CERT,
    .ca_first = BG_TCB_CHAIN_CA_FIRST,
    .untrusted_root = BG_TCB_CHAIN_ROOT,
    .not_ca = BG_TCB_CHAIN_NOT_CA,
    .bad_name = BG_TCB_CHAIN_NAME,
    .bad_length = BG_TCB_CHAIN_LENGTH,
    .bad_usage = BG_TCB_CHAIN_USAGE,
    .bad_issuer = BG_TCB_CHAIN_ISSUER,
    .bad_signature = BG_TCB_CHAIN_SIGNATURE,
    .expired = BG_TCB_CHAIN_EXPIRED,
    .not_yet_valid = BG_TCB_CHAIN_NOT_YET_VALID,
};

static const struct chain_rule qe_rule = {
    .first = " SGX TCB Signing",
    .first_what = CHAIN_QE_NAME,
    .length = 2,
    .bad_pem = BG_QE_CHAIN_PEM,
    .too_short = BG_QE_CHAIN_SHORT,
    .too_long = BG_QE_CHAIN_LONG,
    .bad_cert = BG_QE_CHAIN_CERT,
    .ca_first = BG_QE_CHAIN_CA_FIRST,
    .untrusted_root = BG_QE_CHAIN_ROOT,
    .not_ca = BG_QE_CHAIN_NOT_CA,
    .bad_name = BG_QE_CHAIN_NAME,
    .bad_length = BG_QE_CHAIN_LENGTH,
    .bad_usage = BG_QE_CHAIN_USAGE,
    .bad_issuer = BG_QE_CHAIN_ISSUER,
    .bad_signature = BG_QE_CHAIN_SIGNATURE,
    .expired = BG_QE_CHAIN_EXPIRED,
    .not_yet_valid = BG_QE_CHAIN_NOT_YET_VALID,
};

const struct crl_rule verify_root_crl_rule = {
    .what = "root CRL",
    .bad_format = BG_ROOT_CRL_FORMAT,
    .bad_issuer = BG_ROOT_CRL_ISSUER,
    .bad_signature = BG_ROOT_CRL_SIGNATURE,
    .expired = BG_ROOT_CRL_EXPIRED,
    .not_yet_valid = BG_ROOT_CRL_NOT_YET_VALID,
};

static const struct crl_rule pck_crl_rule = {
    .what = "PCK CRL",
    .bad_format = BG_PCK_CRL_FORMAT,
    .bad_issuer = BG_PCK_CRL_ISSUER,
    .bad_signature = BG_PCK_CRL_SIGNATURE,
    .expired = BG_PCK_CRL_EXPIRED,
    .not_yet_valid = BG_PCK_CRL_NOT_YET_VALID,
};

/* struct job: one verification on its way. */
struct job {
    struct arena *a;
    const struct quote *q;
    const struct collateral *c;
    uint64_t now;
    struct pki pki;
    struct chain pck, crl_issuer, tcb_signer, qe_signer;
    struct crl root_crl, pck_crl;
    struct pck_tcb tcb;
    struct window window;
};

/* The CRL's issuer must be the very authority of the quote's PCK certificate: name and key. */
static enum rc check_crl_issuer(const struct job *j, struct err *err)
{
    const struct cert *ca = j->pck.cert[1], *issuer = j->crl_issuer.cert[0];
    if (!bytes_eq(ca->subject, issuer->subject) || !bytes_eq(ca->point, issuer->point))
        return err_set(err, BG_CRL_CHAIN_OTHER_CA, "PCK CA %.*s, CRL issuer %.*s",
                       (int)ca->common_name.n, (const char *)ca->common_name.p,
                       (int)issuer->common_name.n, (const char *)issuer->common_name.p);
    return RC_OK;
}

static enum rc check_issuers(struct job *j, struct err *err)
{
    const struct collateral *c = j->c;
    TRY(chain_check(j->a, &j->pki, c->pck_crl_issuer_chain, &crl_chain_rule, &j->crl_issuer, err));
    TRY(check_crl_issuer(j, err));
    TRY(chain_check(j->a, &j->pki, c->tcb_info_issuer_chain, &verify_tcb_rule, &j->tcb_signer,
                    err));
    return chain_check(j->a, &j->pki, c->qe_identity_issuer_chain, &qe_rule, &j->qe_signer, err);
}

/* The root CRL speaks about what the root issued (and itself), the PCK CRL about PCK certificates.
 */
static enum rc check_revocation(struct job *j, struct err *err)
{
    const struct crl *root_crl = &j->root_crl;
    TRY(crl_check(&j->pki, j->c->root_ca_crl, j->pki.root, &verify_root_crl_rule, &j->root_crl,
                  err));
    TRY(crl_check(&j->pki, j->c->pck_crl, j->crl_issuer.cert[0], &pck_crl_rule, &j->pck_crl, err));
    if (crl_lists(root_crl, j->pki.root->serial))
        return err_set(err, BG_ROOT_REVOKED, "%s", "");
    if (crl_lists(root_crl, j->pck.cert[1]->serial))
        return err_set(err, BG_PCK_CA_REVOKED, "%s", "");
    if (crl_lists(root_crl, j->crl_issuer.cert[0]->serial))
        return err_set(err, BG_CRL_ISSUER_REVOKED, "%s", "");
    if (crl_lists(root_crl, j->tcb_signer.cert[0]->serial))
        return err_set(err, BG_TCB_SIGNER_REVOKED, "%s", "");
    if (crl_lists(root_crl, j->qe_signer.cert[0]->serial))
        return err_set(err, BG_QE_SIGNER_REVOKED, "%s", "");
    if (crl_lists(&j->pck_crl, j->pck.cert[0]->serial))
        return err_set(err, BG_PCK_REVOKED, "%s", "");
    return RC_OK;
}

/* The signatures are over the exact text; it is parsed only afterwards, from the same bytes. */
static enum rc check_documents(struct job *j, struct err *err)
{
    const struct collateral *c = j->c;
    if (c->tcb_info_signature.n != 64)
        return err_set(err, BG_TCB_INFO_SIG_SIZE, "%zu bytes", c->tcb_info_signature.n);
    if (c->qe_identity_signature.n != 64)
        return err_set(err, BG_QE_IDENTITY_SIG_SIZE, "%zu bytes", c->qe_identity_signature.n);
    if (!p256_check_raw(j->pki.p256, j->tcb_signer.cert[0]->point, c->tcb_info,
                        c->tcb_info_signature))
        return err_set(err, BG_TCB_INFO_SIGNATURE, "over %zu bytes of text", c->tcb_info.n);
    if (!p256_check_raw(j->pki.p256, j->qe_signer.cert[0]->point, c->qe_identity,
                        c->qe_identity_signature))
        return err_set(err, BG_QE_IDENTITY_SIGNATURE, "over %zu bytes of text", c->qe_identity.n);
    return RC_OK;
}

/* Everything is authentic; now, is it of today? Certificates, documents, then CRLs. */
static enum rc check_dates(struct job *j, const struct tcb_info *ti, const struct qe_identity *qi,
                           struct err *err)
{
    TRY(chain_check_dates(&j->pck, j->now, &j->window, err));
    TRY(chain_check_dates(&j->crl_issuer, j->now, &j->window, err));
    TRY(chain_check_dates(&j->tcb_signer, j->now, &j->window, err));
    TRY(chain_check_dates(&j->qe_signer, j->now, &j->window, err));
    TRY(tcb_info_check(ti, &j->tcb, j->now, err));
    TRY(qe_identity_check(qi, j->now, err));
    window_narrow(&j->window, ti->issue_date, ti->next_update, "TCB info");
    window_narrow(&j->window, qi->issue_date, qi->next_update, "QE identity");
    TRY(crl_check_dates(&j->root_crl, &verify_root_crl_rule, j->now, &j->window, err));
    return crl_check_dates(&j->pck_crl, &pck_crl_rule, j->now, &j->window, err);
}

static enum rc verify(struct job *j, struct bytes root, struct td_report *out, struct err *err)
{
    struct tcb_info ti = {0};
    struct qe_identity qi = {0};
    AUTO_P256 p256 = {0};
    TRY(p256_open(&p256, err));
    TRY(pki_init(&j->pki, &p256, root, err));
    TRY(quote_authenticate(j->a, &j->pki, j->q, &j->pck, &j->tcb, err));
    TRY(check_issuers(j, err));
    TRY(check_revocation(j, err));
    TRY(check_documents(j, err));
    TRY(tcb_info_parse(j->a, j->c->tcb_info, &ti, err));
    TRY(qe_identity_parse(j->a, j->c->qe_identity, &qi, err));
    TRY(check_dates(j, &ti, &qi, err));
    TRY(tcb_appraise(j->q, &j->tcb, &ti, &qi, &out->tcb, err));
    if (out->tcb.status == TCB_REVOKED)
        return err_set(err, BG_TCB_REVOKED, "platform %s, QE %s, module %s",
                       tcb_status_name(out->tcb.platform), tcb_status_name(out->tcb.qe),
                       tcb_status_name(out->tcb.module));
    return RC_OK;
}

enum rc quote_verify(struct arena *a, const struct quote *q, const struct collateral *c,
                     struct bytes root, uint64_t now, const struct td_report_ok **out,
                     struct err *err)
{
    struct job *j = ARENA_NEW(a, struct job, err);
    struct td_report_ok *ok = j ? ARENA_NEW(a, struct td_report_ok, err) : NULL;
    if (!ok)
        return err->rc;
    *j = (struct job){.a = a, .q = q, .c = c, .now = now};
    TRY(verify(j, root, &ok->report, err));
    ok->report.td = q->td;
    ok->report.quote_version = q->version;
    ok->report.pck = j->tcb;
    hash_sha256(BYTES_OF_ARRAY(j->tcb.ppid), ok->report.device_id);
    ok->report.valid_from = j->window.from;
    ok->report.valid_until = j->window.until;
    ok->report.valid_from_what = j->window.from_what;
    ok->report.valid_until_what = j->window.until_what;
    memcpy(ok->report.dated, j->window.v, sizeof ok->report.dated);
    ok->report.num_dated = j->window.n;
    ok->report.trailing = q->trailing;
    *out = ok;
    return RC_OK;
}
