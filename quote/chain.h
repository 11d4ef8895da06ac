/*
 * chain: certificate chains of the quote and the collateral, from PEM to checked links. One table
 * of certificates per verification, so what occurs in several chains is read and checked once.
 */
#ifndef BOOTGATE_QUOTE_CHAIN_H
#define BOOTGATE_QUOTE_CHAIN_H

#include "base/arena.h"
#include "quote/crl.h"
#include "quote/dated.h"

#define CHAIN_CERTS_MAX (4 * LIMIT_CERTS + 1) /* four chains and the root */

/* struct window: the intersection of the validity of every dated object, and whose ends they are;
 * and each of them. */
struct window {
    uint64_t from, until;
    const char *from_what, *until_what;
    struct dated v[DATED_MAX];
    size_t n;
};

void window_narrow(struct window *w, uint64_t from, uint64_t until, const char *what);

struct pki {
    struct p256 *p256;
    const struct cert *root; /* the pinned one */
    struct bytes vendor;     /* what stands before " SGX Root CA" in its name: "Intel" */
    struct cert certs[CHAIN_CERTS_MAX];
    size_t num_certs;
};

#define CHAIN_PCK_NAME    "PCK certificate"
#define CHAIN_PCK_CA_NAME "PCK CA certificate"
#define CHAIN_TCB_NAME    "TCB info signing certificate"
#define CHAIN_QE_NAME     "QE identity signing certificate"

/* struct chain_rule: what is demanded of one kind of chain, and how its failures are called. */
struct chain_rule {
    const char *first;       /* name of the first certificate, behind the vendor */
    const char *other_first; /* or this one; NULL: none */
    const char *first_what;  /* for the window: "PCK certificate" */
    bool first_is_ca;
    size_t length; /* certificates, root included */
    enum rc bad_pem, too_short, too_long, bad_cert, ca_first, untrusted_root, not_ca, bad_name,
        bad_length, bad_usage, bad_issuer, bad_signature, expired, not_yet_valid;
};

struct chain {
    const struct chain_rule *rule;
    struct cert *cert[LIMIT_CERTS]; /* first .. root */
    size_t n;
};

/* pki_init reads the pinned root. Nothing else vouches for it, so its own signature is not asked.
 */
enum rc pki_init(struct pki *pki, struct p256 *p256, struct bytes root, struct err *err) MUST_CHECK;

/*
 * chain_check reads pem and demands: the pinned root last, byte for byte; names, CA flags and key
 * usages as the rule says; each issued by the next. Dates and revocation: separately.
 */
enum rc chain_check(struct arena *a, struct pki *pki, struct bytes pem,
                    const struct chain_rule *rule, struct chain *out, struct err *err) MUST_CHECK;
/* chain_cert_name: what the i-th of n certificates is called in windows; first: the first one. */
const char *chain_cert_name(const char *first, size_t i, size_t n);
/* chain_check_dates: every certificate is valid at now; narrows the window. */
enum rc chain_check_dates(const struct chain *c, uint64_t now, struct window *w,
                          struct err *err) MUST_CHECK;

/* struct crl_rule: how one CRL's failures are called. */
struct crl_rule {
    const char *what; /* for the window and details: "PCK CRL" */
    enum rc bad_format, bad_issuer, bad_signature, expired, not_yet_valid;
};

/* crl_check reads der and demands that issuer (its very name, byte for byte) signed it. */
enum rc crl_check(struct pki *pki, struct bytes der, const struct cert *issuer,
                  const struct crl_rule *rule, struct crl *out, struct err *err) MUST_CHECK;
enum rc crl_check_dates(const struct crl *crl, const struct crl_rule *rule, uint64_t now,
                        struct window *w, struct err *err) MUST_CHECK;

#endif
