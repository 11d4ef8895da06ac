/*
 * ek_ca: a maker of TPMs for the tests: a root, an intermediate CA, endorsement certificates and
 * revocation lists, each defect by name. Keys are made anew in each run.
 */
#ifndef BOOTGATE_TESTS_EK_CA_H
#define BOOTGATE_TESTS_EK_CA_H

#include "base/bytes.h"

#include <openssl/x509v3.h>

#define EK_NOW UINT64_C(1790000000) /* what the tests take for now */

/* struct ek_cert: one certificate to make. What is left at zero is as it should be. */
struct ek_cert {
    const char *subject, *issuer;
    EVP_PKEY *key, *issuer_key;
    long serial;
    bool ca;
    uint64_t from, until; /* 0: around EK_NOW */
    const char *usage,
        *ext_usage;        /* OpenSSL's names; NULL: what an endorsement key has; "": none */
    const EVP_MD *md;      /* NULL: SHA-256 */
    const char *extra_oid; /* a critical extension of that kind */
};
X509 *ek_cert_make(const struct ek_cert *c);
/* ek_crl_make: the list of an issuer, with one serial number (0: none). */
X509_CRL *ek_crl_make(const char *issuer, EVP_PKEY *key, long revoked, uint64_t from,
                      uint64_t until);

/* PEM and DER into a malloc'd buffer that is the caller's; *pem begins as the empty view and may
 * be added to. */
void ek_pem_cert(struct bytes *pem, X509 *cert);
void ek_pem_crl(struct bytes *pem, X509_CRL *crl);
struct bytes ek_der(X509 *cert);

/* struct ek_maker: root -> intermediate; and another one with the same names. */
struct ek_maker {
    EVP_PKEY *root_key, *ca_key;
    X509 *root, *ca;
};
void ek_maker_open(struct ek_maker *m);
void ek_maker_close(struct ek_maker *m);
/* ek_maker_cert: an endorsement certificate for this key, as it should be. */
struct ek_cert ek_maker_cert(const struct ek_maker *m, EVP_PKEY *ek);

#endif
