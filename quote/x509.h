/*
 * x509: X.509 certificates (RFC 5280) of Intel's profile, read into views, NOT trusted: version 3,
 * ecdsa-with-SHA256, P-256 keys. OpenSSL's decoder costs twice an ECDSA check per certificate, so
 * we read DER ourselves; tests hold it against OpenSSL's.
 * NOT checked: key identifiers and path lengths (quote/chain.c demands fixed chains, and signatures
 * settle whose key it is); extensions unknown here, unless critical: those are refused.
 */
#ifndef BOOTGATE_QUOTE_X509_H
#define BOOTGATE_QUOTE_X509_H

#include "base/cur.h"
#include "base/limits.h"
#include "quote/p256.h"

enum key_usage { /* RFC 5280 section 4.2.1.3, bit 0 is the first bit of the string */
                 KEY_USAGE_DIGITAL_SIGNATURE = 1u << 0,
                 KEY_USAGE_CERT_SIGN = 1u << 5,
                 KEY_USAGE_CRL_SIGN = 1u << 6,
};

struct cert {
    struct bytes der;
    struct bytes tbs;       /* whole encoding: what the issuer signed */
    struct bytes signature; /* DER */
    struct bytes serial;    /* content of the INTEGER */
    struct bytes issuer;    /* whole Name */
    struct bytes subject;
    struct bytes common_name;       /* of the subject; empty: none */
    struct bytes point;             /* x||y, 64 */
    struct bytes sgx;               /* Intel's SGX extension (tdx facts 2.6), empty: none */
    uint64_t not_before, not_after; /* Unix seconds, both inclusive */
    bool is_ca;
    unsigned key_usage;             /* bits of enum key_usage; 0: extension absent */
    const struct cert *verified_by; /* whose signature check passed; NULL: none yet */
};

/* cert_read takes der apart. False: *out_why says what is wrong (static). */
bool cert_read(struct bytes der, struct cert *out, const char **out_why) MUST_CHECK;
/* cert_signed_by checks c's signature with issuer's key, once; the result is kept in c. */
bool cert_signed_by(struct p256 *p, struct cert *c, const struct cert *issuer) MUST_CHECK;

/* sig_alg_ok: the next element is AlgorithmIdentifier ecdsa-with-SHA256. Shared with crl.c. */
bool sig_alg_ok(struct cur *c) MUST_CHECK;

#endif
