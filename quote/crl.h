/*
 * crl: certificate revocation lists (RFC 5280 section 5), version 2, complete ones only: indirect,
 * delta and partitioned lists carry critical extensions, and those are refused.
 * NOT checked: CRL numbers. Whoever serves the list may choose an older one that is still valid.
 */
#ifndef BOOTGATE_QUOTE_CRL_H
#define BOOTGATE_QUOTE_CRL_H

#include "quote/x509.h"

struct crl {
    struct bytes tbs, signature;
    struct bytes issuer;               /* whole Name */
    uint64_t this_update, next_update; /* Unix seconds, both inclusive */
    struct bytes revoked;              /* content of revokedCertificates, all entries well formed */
    size_t num_revoked;
};

/* crl_read takes der apart; nothing is authenticated. False: *out_why says what is wrong. */
bool crl_read(struct bytes der, struct crl *out, const char **out_why) MUST_CHECK;
/* crl_lists: this serial number (content of the INTEGER) is revoked. */
bool crl_lists(const struct crl *crl, struct bytes serial) MUST_CHECK;

#endif
