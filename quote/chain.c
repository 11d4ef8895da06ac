#include "quote/chain.h"

#include "base/date.h"
#include "quote/pem.h"

static const char root_name[] = " SGX Root CA";

static bool window_has(const struct window *w, const struct dated *d)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->v[i].from == d->from && w->v[i].until == d->until &&
            strcmp(w->v[i].what, d->what) == 0)
            return true;
    return false;
}

void window_narrow(struct window *w, uint64_t from, uint64_t until, const char *what)
{
    struct dated d = {what, from, until};
    if (w->n < DATED_MAX && !window_has(w, &d))
        w->v[w->n++] = d;
    if (!w->from_what || from > w->from) {
        w->from = from;
        w->from_what = what;
    }
    if (!w->until_what || until < w->until) {
        w->until = until;
        w->until_what = what;
    }
}

/* intern returns the table's certificate of these bytes, reading it when it is new. */
static struct cert *intern(struct pki *pki, struct bytes der, const char **why)
{
    for (size_t i = 0; i < pki->num_certs; i++)
        if (bytes_eq(pki->certs[i].der, der))
            return &pki->certs[i];
    *why = "too many certificates";
    if (pki->num_certs == CHAIN_CERTS_MAX)
        return NULL;
    struct cert *c = &pki->certs[pki->num_certs];
    if (!cert_read(der, c, why))
        return NULL;
    pki->num_certs++;
    return c;
}

/*
 * The other certificates are named after the root: "Intel SGX Root CA" vouches for "Intel SGX PCK
 * Certificate". So a test PKI needs no switch, and the built-in root means Intel's exact names.
 */
static bool is_named(const struct pki *pki, const struct cert *c, const char *name)
{
    struct cur cn = cur_of(c->common_name);
    return name && bytes_eq(cur_take(&cn, pki->vendor.n), pki->vendor) &&
           bytes_eq_str(cur_rest(&cn), name);
}

enum rc pki_init(struct pki *pki, struct p256 *p256, struct bytes root, struct err *err)
{
    const char *why = NULL;
    pki->p256 = p256;
    const struct cert *c = intern(pki, root, &why);
    if (!c)
        return err_set(err, BG_ROOT_FORMAT, "%s", why);
    size_t n = c->common_name.n;
    unsigned usage = KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN;
    if (n < sizeof root_name || !c->is_ca || (c->key_usage & usage) != usage)
        return err_set(err, BG_ROOT_UNUSABLE, "no certificate authority, or it has no name");
    pki->vendor = bytes_of(c->common_name.p, n - (sizeof root_name - 1));
    pki->root = c;
    if (!is_named(pki, c, root_name))
        return err_set(err, BG_ROOT_NAME, "its name is %.*s", (int)n,
                       (const char *)c->common_name.p);
    return RC_OK;
}

/* has_block: any PEM block begins in text. */
static bool has_block(struct bytes text)
{
    static const char begin[] = "-----BEGIN ";
    for (size_t i = 0; i + sizeof begin - 1 <= text.n; i++)
        if (memcmp(text.p + i, begin, sizeof begin - 1) == 0)
            return true;
    return false;
}

static enum rc read_pem(struct arena *a, struct pki *pki, struct bytes pem, struct chain *out,
                        struct err *err)
{
    const struct chain_rule *rule = out->rule;
    if (!has_block(pem)) /* whatever else is there: an empty chain */
        return err_set(err, rule->too_short, "no certificate");
    for (;;) {
        struct bytes der;
        const char *why = NULL;
        if (!pem_next(a, &pem, LIMIT_CERT_DER, &der, &why, err))
            return err->rc ? err->rc
                           : err_set(err, rule->bad_pem, "certificate %zu: %s", out->n + 1, why);
        if (!der.n)
            return RC_OK;
        if (out->n == LIMIT_CERTS)
            return err_set(err, rule->too_long, "more than %u certificates", LIMIT_CERTS);
        struct cert *c = intern(pki, der, &why);
        if (!c)
            return err_set(err, rule->bad_cert, "certificate %zu: %s", out->n + 1, why);
        out->cert[out->n++] = c;
    }
}

static enum rc check_shape(const struct pki *pki, const struct chain *c, struct err *err)
{
    const struct chain_rule *rule = c->rule;
    const struct cert *first = c->cert[0];
    if (c->n < 2 || c->n < rule->length)
        return err_set(err, rule->too_short, "%zu certificates of %zu", c->n, rule->length);
    if (first->is_ca && !rule->first_is_ca)
        return err_set(err, rule->ca_first, "the first certificate is a certificate authority");
    if (c->cert[c->n - 1] != pki->root)
        return err_set(err, rule->untrusted_root, "certificate %zu is not the pinned root", c->n);
    for (size_t i = rule->first_is_ca ? 0 : 1; i < c->n; i++)
        if (!c->cert[i]->is_ca || !(c->cert[i]->key_usage & KEY_USAGE_CERT_SIGN))
            return err_set(err, rule->not_ca, "certificate %zu may not issue certificates", i + 1);
    if (!is_named(pki, first, rule->first) && !is_named(pki, first, rule->other_first))
        return err_set(err, rule->bad_name, "its name is %.*s", (int)first->common_name.n,
                       (const char *)first->common_name.p);
    if (c->n != rule->length)
        return err_set(err, rule->bad_length, "%zu certificates of %zu", c->n, rule->length);
    unsigned usage = rule->first_is_ca ? KEY_USAGE_CRL_SIGN : KEY_USAGE_DIGITAL_SIGNATURE;
    if (!(first->key_usage & usage))
        return err_set(err, rule->bad_usage, "key usage bits 0x%x", first->key_usage);
    return RC_OK;
}

enum rc chain_check(struct arena *a, struct pki *pki, struct bytes pem,
                    const struct chain_rule *rule, struct chain *out, struct err *err)
{
    struct chain c = {.rule = rule};
    TRY(read_pem(a, pki, pem, &c, err));
    TRY(check_shape(pki, &c, err));
    for (size_t i = c.n - 1; i-- > 0;) {
        if (!bytes_eq(c.cert[i]->issuer, c.cert[i + 1]->subject))
            return err_set(err, rule->bad_issuer, "certificate %zu names another issuer", i + 1);
        if (!cert_signed_by(pki->p256, c.cert[i], c.cert[i + 1]))
            return err_set(err, rule->bad_signature, "certificate %zu", i + 1);
    }
    *out = c;
    return RC_OK;
}

const char *chain_cert_name(const char *first, size_t i, size_t n)
{
    return i == 0 ? first : i + 1 == n ? "root certificate" : CHAIN_PCK_CA_NAME;
}

enum rc chain_check_dates(const struct chain *c, uint64_t now, struct window *w, struct err *err)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct cert *cert = c->cert[i];
        const char *what = chain_cert_name(c->rule->first_what, i, c->n);
        if (now > cert->not_after)
            return err_set(err, c->rule->expired, "%s: at %s, valid until %s", what, date_of(now).s,
                           date_of(cert->not_after).s);
        if (now < cert->not_before)
            return err_set(err, c->rule->not_yet_valid, "%s: at %s, valid from %s", what,
                           date_of(now).s, date_of(cert->not_before).s);
        window_narrow(w, cert->not_before, cert->not_after, what);
    }
    return RC_OK;
}

enum rc crl_check(struct pki *pki, struct bytes der, const struct cert *issuer,
                  const struct crl_rule *rule, struct crl *out, struct err *err)
{
    struct crl crl;
    const char *why = NULL;
    if (!crl_read(der, &crl, &why))
        return err_set(err, rule->bad_format, "%s", why);
    if (!bytes_eq(crl.issuer, issuer->subject))
        return err_set(err, rule->bad_issuer, "%s: issued by somebody else", rule->what);
    if (!p256_check(pki->p256, issuer->point, crl.tbs, crl.signature))
        return err_set(err, rule->bad_signature, "%s", rule->what);
    *out = crl;
    return RC_OK;
}

enum rc crl_check_dates(const struct crl *crl, const struct crl_rule *rule, uint64_t now,
                        struct window *w, struct err *err)
{
    if (now > crl->next_update)
        return err_set(err, rule->expired, "at %s, next update was due at %s", date_of(now).s,
                       date_of(crl->next_update).s);
    if (now < crl->this_update)
        return err_set(err, rule->not_yet_valid, "at %s, issued at %s", date_of(now).s,
                       date_of(crl->this_update).s);
    window_narrow(w, crl->this_update, crl->next_update, rule->what);
    return RC_OK;
}
