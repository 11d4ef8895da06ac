#include "tests/lib/ek_ca.h"

#include "tests/lib/harness.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <stdlib.h>

#define YEAR 31536000

static void name_of(X509_NAME *n, const char *common_name)
{
    assert_int_equal(
        X509_NAME_add_entry_by_txt(n, "O", MBSTRING_ASC, (const unsigned char *)"Tests", -1, -1, 0),
        1);
    assert_int_equal(X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC,
                                                (const unsigned char *)common_name, -1, -1, 0),
                     1);
}

static X509_NAME *new_name(const char *common_name)
{
    X509_NAME *n = X509_NAME_new();
    assert_non_null(n);
    name_of(n, common_name);
    return n;
}

static void extend(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
}

static void extend_unknown(X509 *x, const char *oid)
{
    const unsigned char null[] = {5, 0};
    ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
    assert_true(o && s && ASN1_OCTET_STRING_set(s, null, sizeof null) == 1);
    X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, o, 1, s);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
    ASN1_OCTET_STRING_free(s);
    ASN1_OBJECT_free(o);
}

X509 *ek_cert_make(const struct ek_cert *c)
{
    X509 *x = X509_new();
    X509_NAME *subject = new_name(c->subject), *issuer = new_name(c->issuer);
    bool rsa = EVP_PKEY_is_a(c->key, "RSA");
    assert_non_null(x);
    assert_int_equal(X509_set_version(x, 2), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(x), c->serial ? c->serial : 1);
    X509_set_subject_name(x, subject);
    X509_set_issuer_name(x, issuer);
    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(c->from ? c->from : EK_NOW - YEAR));
    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(c->until ? c->until : EK_NOW + YEAR));
    X509_set_pubkey(x, c->key);
    extend(x, NID_basic_constraints, c->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    const char *usage = c->usage ? c->usage
                        : c->ca  ? "critical,keyCertSign,cRLSign"
                        : rsa    ? "critical,keyEncipherment"
                                 : "critical,keyAgreement";
    if (*usage)
        extend(x, NID_key_usage, usage);
    const char *ext_usage = c->ext_usage ? c->ext_usage : c->ca ? "" : "2.23.133.8.1";
    if (*ext_usage)
        extend(x, NID_ext_key_usage, ext_usage);
    if (c->extra_oid)
        extend_unknown(x, c->extra_oid);
    assert_true(X509_sign(x, c->issuer_key, c->md ? c->md : EVP_sha256()) > 0);
    X509_NAME_free(subject);
    X509_NAME_free(issuer);
    return x;
}

X509_CRL *ek_crl_make(const char *issuer, EVP_PKEY *key, long revoked, uint64_t from,
                      uint64_t until)
{
    X509_CRL *l = X509_CRL_new();
    X509_NAME *name = new_name(issuer);
    ASN1_TIME *t = ASN1_TIME_new();
    assert_true(l && t && X509_CRL_set_version(l, 1) == 1);
    X509_CRL_set_issuer_name(l, name);
    ASN1_TIME_set(t, (time_t)from);
    X509_CRL_set1_lastUpdate(l, t);
    if (revoked) {
        X509_REVOKED *r = X509_REVOKED_new();
        ASN1_INTEGER *serial = ASN1_INTEGER_new();
        ASN1_INTEGER_set(serial, revoked);
        X509_REVOKED_set_serialNumber(r, serial);
        X509_REVOKED_set_revocationDate(r, t);
        assert_int_equal(X509_CRL_add0_revoked(l, r), 1);
        ASN1_INTEGER_free(serial);
    }
    ASN1_TIME_set(t, (time_t)until);
    X509_CRL_set1_nextUpdate(l, t);
    X509_CRL_sort(l);
    assert_true(X509_CRL_sign(l, key, EVP_sha256()) > 0);
    ASN1_TIME_free(t);
    X509_NAME_free(name);
    return l;
}

static void append(struct bytes *pem, BIO *from)
{
    char *text = NULL;
    long n = BIO_get_mem_data(from, &text);
    uint8_t *p = malloc(pem->n + (size_t)n);
    assert_non_null(p);
    if (pem->n)
        memcpy(p, pem->p, pem->n);
    memcpy(p + pem->n, text, (size_t)n);
    free((void *)(uintptr_t)pem->p);
    *pem = bytes_of(p, pem->n + (size_t)n);
    BIO_free(from);
}

void ek_pem_cert(struct bytes *pem, X509 *cert)
{
    BIO *b = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(b, cert), 1);
    append(pem, b);
}

void ek_pem_crl(struct bytes *pem, X509_CRL *crl)
{
    BIO *b = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509_CRL(b, crl), 1);
    append(pem, b);
}

struct bytes ek_der(X509 *cert)
{
    unsigned char *der = NULL;
    int n = i2d_X509(cert, &der);
    assert_true(n > 0);
    uint8_t *p = malloc((size_t)n);
    assert_non_null(p);
    memcpy(p, der, (size_t)n);
    OPENSSL_free(der);
    return bytes_of(p, (size_t)n);
}

void ek_maker_open(struct ek_maker *m)
{
    m->root_key = EVP_EC_gen("P-384");
    m->ca_key = EVP_EC_gen("P-256");
    assert_true(m->root_key && m->ca_key);
    m->root = ek_cert_make(&(struct ek_cert){.subject = "Maker root",
                                             .issuer = "Maker root",
                                             .key = m->root_key,
                                             .issuer_key = m->root_key,
                                             .ca = true});
    m->ca = ek_cert_make(&(struct ek_cert){.subject = "Maker CA",
                                           .issuer = "Maker root",
                                           .key = m->ca_key,
                                           .issuer_key = m->root_key,
                                           .serial = 2,
                                           .ca = true});
}

void ek_maker_close(struct ek_maker *m)
{
    EVP_PKEY_free(m->root_key);
    EVP_PKEY_free(m->ca_key);
    X509_free(m->root);
    X509_free(m->ca);
}

struct ek_cert ek_maker_cert(const struct ek_maker *m, EVP_PKEY *ek)
{
    return (struct ek_cert){
        .subject = "TPM 1", .issuer = "Maker CA", .key = ek, .issuer_key = m->ca_key, .serial = 77};
}
