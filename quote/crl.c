#include "quote/crl.h"

#include "quote/der.h"

/* Extensions ::= SEQUENCE OF Extension: none that we read; a critical one changes the meaning. */
static bool extensions_harmless(struct cur list)
{
    while (!list.bad && cur_left(&list)) {
        struct cur ext = der_sub(&list, DER_SEQUENCE);
        (void)der_oid(&ext);
        bool critical = der_is(&ext, DER_BOOLEAN) && der_bool(&ext);
        (void)der_take(&ext, DER_OCTET_STRING);
        if (critical || !cur_done(&ext))
            return false;
    }
    return cur_done(&list);
}

/* One entry: SEQUENCE { userCertificate INTEGER, revocationDate Time, extensions OPTIONAL } */
static bool read_entry(struct cur *list, struct bytes *out_serial)
{
    struct cur entry = der_sub(list, DER_SEQUENCE);
    *out_serial = der_integer(&entry);
    (void)der_time(&entry);
    if (cur_left(&entry) && !extensions_harmless(der_sub(&entry, DER_SEQUENCE)))
        return false;
    return cur_done(&entry) && out_serial->n > 0;
}

/*
 * TBSCertList ::= SEQUENCE { version v2, signature, issuer, thisUpdate, nextUpdate,
 * revokedCertificates OPTIONAL, [0] crlExtensions OPTIONAL }; we demand nextUpdate.
 */
static const char *read_tbs(struct cur tbs, struct crl *crl)
{
    if (der_uint(&tbs, DER_INTEGER, 1) != 1)
        return "not a version 2 list";
    if (!sig_alg_ok(&tbs))
        return "signature algorithm is not ecdsa-with-SHA256";
    crl->issuer = der_whole(&tbs, DER_SEQUENCE);
    crl->this_update = der_time(&tbs);
    crl->next_update = der_time(&tbs);
    if (tbs.bad)
        return "malformed issuer or dates";
    if (der_is(&tbs, DER_SEQUENCE))
        crl->revoked = der_take(&tbs, DER_SEQUENCE);
    struct cur list = cur_of(crl->revoked);
    struct bytes serial;
    while (cur_left(&list)) {
        if (!read_entry(&list, &serial))
            return "malformed entry, or one with a critical extension";
        crl->num_revoked++;
    }
    if (der_is(&tbs, DER_CONTEXT_0)) {
        struct cur outer = der_sub(&tbs, DER_CONTEXT_0);
        if (!extensions_harmless(der_sub(&outer, DER_SEQUENCE)) || !cur_done(&outer))
            return "malformed extensions, or a critical one";
    }
    return cur_done(&tbs) ? NULL : "malformed body";
}

bool crl_read(struct bytes der, struct crl *out, const char **out_why)
{
    struct crl crl = {0};
    struct cur c = cur_of(der), s = der_sub(&c, DER_SEQUENCE), body = s;
    if (der.n > LIMIT_CRL_DER || !cur_done(&c)) {
        *out_why = "not one DER revocation list";
        return false;
    }
    crl.tbs = der_whole(&s, DER_SEQUENCE);
    *out_why = read_tbs(der_sub(&body, DER_SEQUENCE), &crl);
    if (!*out_why && !sig_alg_ok(&s))
        *out_why = "outer signature algorithm is not ecdsa-with-SHA256";
    crl.signature = der_bits(&s);
    if (!*out_why && !cur_done(&s))
        *out_why = "malformed signature";
    if (*out_why)
        return false;
    *out = crl;
    return true;
}

bool crl_lists(const struct crl *crl, struct bytes serial)
{
    struct cur list = cur_of(crl->revoked);
    while (cur_left(&list)) {
        struct cur entry = der_sub(&list, DER_SEQUENCE);
        struct bytes seen = der_integer(&entry);
        if (entry.bad || bytes_eq(seen, serial)) /* bad: cannot be after crl_read; fail closed */
            return true;
    }
    return false;
}
