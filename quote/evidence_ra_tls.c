/*
 * RA-TLS certificates of dstack (ra-tls oids.rs, traits.rs; tdx facts 4.9): the extension's value
 * is a DER OCTET STRING around the content. Any key type may occur, so OpenSSL reads these.
 */
#include "quote/evidence_parts.h"

#include <openssl/objects.h>
#include <openssl/x509.h>

#include "base/limits.h"
#include "quote/der.h"
#include "quote/pem.h"

#define OID_TDX_QUOTE   "1.3.6.1.4.1.62397.1.1"
#define OID_EVENT_LOG   "1.3.6.1.4.1.62397.1.2"
#define OID_ATTESTATION "1.3.6.1.4.1.62397.1.8"

static void x509_cleanup(X509 **x)
{
    X509_free(*x);
}

/* extension copies the content of dstack's extension; absent: the empty view. */
static enum rc extension(struct arena *a, const X509 *x, const char *oid, struct bytes *out,
                         struct err *err)
{
    ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
    int at = obj ? X509_get_ext_by_OBJ(x, obj, -1) : -1;
    bool again = at >= 0 && X509_get_ext_by_OBJ(x, obj, at) >= 0;
    ASN1_OBJECT_free(obj);
    *out = BYTES_NONE;
    if (at < 0)
        return RC_OK;
    const ASN1_OCTET_STRING *v = X509_EXTENSION_get_data(X509_get_ext(x, at));
    struct cur c = cur_of(bytes_of(ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v)));
    struct bytes content = der_take(&c, DER_OCTET_STRING);
    if (again || !cur_done(&c))
        return err_set(err, BG_RA_TLS_EXTENSION, "%s", oid);
    return arena_keep(a, content, out, err);
}

static enum rc key_of(struct arena *a, const X509 *x, struct bytes *out, struct err *err)
{
    unsigned char *der = NULL;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    if (n <= 0)
        return err_set(err, BG_RA_TLS_KEY, "%s", "");
    enum rc rc = arena_keep(a, bytes_of(der, (size_t)n), out, err);
    OPENSSL_free(der);
    return rc;
}

static enum rc parts(struct arena *a, const X509 *x, struct evidence *out, struct err *err)
{
    struct evidence ev = {0};
    struct bytes attestation;
    TRY(extension(a, x, OID_ATTESTATION, &attestation, err));
    if (attestation.n) {
        TRY(evidence_attestation(a, attestation, &ev, err));
    } else {
        TRY(extension(a, x, OID_TDX_QUOTE, &ev.quote, err));
        TRY(extension(a, x, OID_EVENT_LOG, &ev.event_log, err));
        if (ev.quote.n == 0)
            return err_set(err, BG_RA_TLS_NO_QUOTE, "%s", "");
        if (ev.event_log.n == 0 || ev.event_log.n > LIMIT_EVENT_LOG)
            return err_set(err, BG_RA_TLS_EVENT_LOG, "%zu bytes", ev.event_log.n);
    }
    TRY(key_of(a, x, &ev.ra_tls_spki, err));
    ev.format = EVIDENCE_RA_TLS;
    *out = ev;
    return RC_OK;
}

enum rc evidence_ra_tls_der(struct arena *a, struct bytes der, struct evidence *out,
                            struct err *err)
{
    const unsigned char *p = der.p;
    __attribute__((cleanup(x509_cleanup))) X509 *x =
        der.n <= LIMIT_EVENT_LOG ? d2i_X509(NULL, &p, (long)der.n) : NULL;
    if (!x || p != der.p + der.n)
        return err_set(err, BG_RA_TLS_DER, "%zu bytes", der.n);
    return parts(a, x, out, err);
}

enum rc evidence_ra_tls_pem(struct arena *a, struct bytes text, struct evidence *out,
                            struct err *err)
{
    struct bytes der;
    const char *why = NULL;
    /* A chain may follow; the evidence is in the first certificate. */
    if (!pem_next(a, &text, LIMIT_EVENT_LOG, &der, &why, err))
        return err->rc ? err->rc : err_set(err, BG_RA_TLS_PEM, "%s", why);
    return evidence_ra_tls_der(a, der, out, err);
}
