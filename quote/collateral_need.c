#include "quote/collateral_need.h"

#include "quote/crl.h"
#include "quote/der.h"
#include "quote/pck.h"
#include "quote/pem.h"
#include "quote/tcb.h"

#define URL_MAX 512u

/* RFC 5280: 2.5.29.31 cRLDistributionPoints */
static const uint8_t crl_points[] = {0x55, 0x1d, 0x1f};
#define FULL_NAME                                                                                  \
    0xa0         /* DistributionPoint.distributionPoint and DistributionPointName.fullName         \
                  */
#define URI 0x86 /* GeneralName, section 4.2.1.6 */

static const struct {
    const char *name, *key;
} names[COLLATERAL_DOCS] = {
    [COLLATERAL_PCK_CRL] = {"PCK CRL", "pck_crl"},
    [COLLATERAL_ROOT_CRL] = {"root CA CRL", "root_ca_crl"},
    [COLLATERAL_TCB_INFO] = {"TCB info", "tcb_info"},
    [COLLATERAL_QE_IDENTITY] = {"QE identity", "qe_identity"},
};

const char *collateral_doc_name(enum collateral_doc d)
{
    return d < COLLATERAL_DOCS ? names[d].name : "";
}

const char *collateral_doc_key(enum collateral_doc d)
{
    return d < COLLATERAL_DOCS ? names[d].key : "";
}

/* point_of: the first URI of the extension's first distribution point (RFC 5280, 4.2.1.13). */
static struct bytes point_of(struct bytes extension)
{
    struct cur c = cur_of(extension);
    struct cur points = der_sub(&c, DER_SEQUENCE);
    struct cur point = der_sub(&points, DER_SEQUENCE);
    struct cur name = der_sub(&point, FULL_NAME);
    struct cur full = der_sub(&name, FULL_NAME);
    return der_take(&full, URI);
}

/* crl_url finds the extension in a certificate; empty: it has none, or it is not as it should be.
 */
static struct bytes crl_url(struct bytes der)
{
    struct cur outer = cur_of(der);
    struct cur cert = der_sub(&outer, DER_SEQUENCE);
    struct cur tbs = der_sub(&cert, DER_SEQUENCE);
    struct bytes content, whole;
    uint8_t tag;
    while (!der_is(&tbs, DER_CONTEXT_3))
        if (!der_any(&tbs, &tag, &content, &whole))
            return BYTES_NONE;
    struct cur explicit = der_sub(&tbs, DER_CONTEXT_3);
    struct cur list = der_sub(&explicit, DER_SEQUENCE);
    while (der_is(&list, DER_SEQUENCE)) {
        struct cur e = der_sub(&list, DER_SEQUENCE);
        struct bytes oid = der_oid(&e);
        if (der_is(&e, DER_BOOLEAN))
            (void)der_bool(&e);
        if (bytes_eq(oid, BYTES_OF_ARRAY(crl_points)))
            return point_of(der_take(&e, DER_OCTET_STRING));
    }
    return BYTES_NONE;
}

/* keep_url: only what is printable and of a length that a URL has. */
static enum rc keep_url(struct arena *a, struct bytes url, const char **out, struct err *err)
{
    *out = NULL;
    if (url.n == 0 || url.n > URL_MAX)
        return RC_OK;
    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] <= 0x20 || url.p[i] > 0x7e)
            return RC_OK;
    uint8_t *text = arena_alloc(a, url.n + 1, err);
    if (!text)
        return err->rc;
    memcpy(text, url.p, url.n);
    text[url.n] = '\0';
    *out = (const char *)text;
    return RC_OK;
}

static bool ends_with(struct bytes text, const char *end)
{
    size_t n = strlen(end);
    return text.n >= n && memcmp(text.p + text.n - n, end, n) == 0;
}

/* issued_by_processor: the common name of the certificate behind the leaf. */
static bool issued_by_processor(struct arena *a, struct bytes chain, struct err *err)
{
    struct bytes der = BYTES_NONE;
    struct cert ca;
    const char *why;
    return pem_next(a, &chain, LIMIT_CERT_DER, &der, &why, err) && der.n &&
           cert_read(der, &ca, &why) && ends_with(ca.common_name, "SGX PCK Processor CA");
}

enum rc collateral_need_of(struct arena *a, const struct quote *q, struct bytes root,
                           struct collateral_need *out, struct err *err)
{
    struct collateral_need n = {.processor = false};
    struct bytes chain = q->pck_chain_pem, der = BYTES_NONE;
    struct cert leaf = {0};
    struct pck_tcb pck = {0};
    struct err ignored = {0};
    const char *why = "no certificate";
    if (!pem_next(a, &chain, LIMIT_CERT_DER, &der, &why, err) || !der.n ||
        !cert_read(der, &leaf, &why) || !pck_read(leaf.sgx, &pck, &why))
        return err_set(err, BG_COLLATERAL_NEED_PCK, "%s", why ? why : "");
    memcpy(n.fmspc, pck.fmspc, sizeof n.fmspc);
    n.processor = issued_by_processor(a, chain, &ignored);
    TRY(keep_url(a, crl_url(root), &n.root_crl_url, err));
    *out = n;
    return RC_OK;
}

/* Codes are never renumbered (base/err.h), and those of one document stand together. */
static const struct {
    int from, to;
    enum collateral_doc doc;
} about[] = {
    {290, 304, COLLATERAL_PCK_CRL},     /* CRL_CHAIN_* */
    {355, 359, COLLATERAL_PCK_CRL},     /* PCK_CRL_* */
    {252, 252, COLLATERAL_PCK_CRL},     /* CRL_ISSUER_REVOKED */
    {350, 354, COLLATERAL_ROOT_CRL},    /* ROOT_CRL_* */
    {310, 323, COLLATERAL_TCB_INFO},    /* TCB_CHAIN_* */
    {240, 240, COLLATERAL_TCB_INFO},    /* TCB_INFO_SIG_SIZE */
    {242, 242, COLLATERAL_TCB_INFO},    /* TCB_INFO_SIGNATURE */
    {253, 253, COLLATERAL_TCB_INFO},    /* TCB_SIGNER_REVOKED */
    {410, 410, COLLATERAL_TCB_INFO},    /* TCB_INFO_JSON */
    {412, 412, COLLATERAL_TCB_INFO},    /* TCB_INFO_SHAPE */
    {420, 424, COLLATERAL_TCB_INFO},    /* TCB_INFO_KIND .. TCB_INFO_PCEID */
    {330, 343, COLLATERAL_QE_IDENTITY}, /* QE_CHAIN_* */
    {241, 241, COLLATERAL_QE_IDENTITY}, /* QE_IDENTITY_SIG_SIZE */
    {243, 243, COLLATERAL_QE_IDENTITY}, /* QE_IDENTITY_SIGNATURE */
    {254, 254, COLLATERAL_QE_IDENTITY}, /* QE_SIGNER_REVOKED */
    {411, 411, COLLATERAL_QE_IDENTITY}, /* QE_IDENTITY_JSON */
    {413, 413, COLLATERAL_QE_IDENTITY}, /* QE_IDENTITY_SHAPE */
    {425, 427, COLLATERAL_QE_IDENTITY}, /* QE_IDENTITY_KIND .. QE_IDENTITY_OLD */
};

enum collateral_doc collateral_doc_of(enum rc why)
{
    for (size_t i = 0; i < sizeof about / sizeof *about; i++)
        if ((int)why >= about[i].from && (int)why <= about[i].to)
            return about[i].doc;
    return COLLATERAL_DOCS;
}

void collateral_take(struct collateral *to, const struct collateral *from, enum collateral_doc d)
{
    switch (d) {
    case COLLATERAL_PCK_CRL:
        to->pck_crl = from->pck_crl;
        to->pck_crl_issuer_chain = from->pck_crl_issuer_chain;
        break;
    case COLLATERAL_ROOT_CRL:
        to->root_ca_crl = from->root_ca_crl;
        break;
    case COLLATERAL_TCB_INFO:
        to->tcb_info = from->tcb_info;
        to->tcb_info_signature = from->tcb_info_signature;
        to->tcb_info_issuer_chain = from->tcb_info_issuer_chain;
        break;
    case COLLATERAL_QE_IDENTITY:
        to->qe_identity = from->qe_identity;
        to->qe_identity_signature = from->qe_identity_signature;
        to->qe_identity_issuer_chain = from->qe_identity_issuer_chain;
        break;
    case COLLATERAL_DOCS:
        break;
    }
}

bool collateral_dates(struct arena *a, const struct collateral *c, enum collateral_doc d,
                      uint64_t *out_from, uint64_t *out_until)
{
    struct err ignored = {0};
    struct crl crl = {0};
    struct tcb_info ti = {0};
    struct qe_identity qi = {0};
    const char *why;
    bool ok = false;
    switch (d) {
    case COLLATERAL_PCK_CRL:
    case COLLATERAL_ROOT_CRL:
        ok = crl_read(d == COLLATERAL_PCK_CRL ? c->pck_crl : c->root_ca_crl, &crl, &why);
        *out_from = crl.this_update;
        *out_until = crl.next_update;
        break;
    case COLLATERAL_TCB_INFO:
        ok = tcb_info_parse(a, c->tcb_info, &ti, &ignored) == RC_OK;
        *out_from = ti.issue_date;
        *out_until = ti.next_update;
        break;
    case COLLATERAL_QE_IDENTITY:
        ok = qe_identity_parse(a, c->qe_identity, &qi, &ignored) == RC_OK;
        *out_from = qi.issue_date;
        *out_until = qi.next_update;
        break;
    case COLLATERAL_DOCS:
        break;
    }
    return ok;
}
