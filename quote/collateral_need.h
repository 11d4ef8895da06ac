/*
 * collateral_need: what a quote needs of collateral, in the terms under which services have it
 * (Intel PCS API version 4; tdx facts 2.11), and which document an error of quote_verify is about.
 * Nothing here is authenticated: it says what to ask for, and whom to doubt.
 */
#ifndef BOOTGATE_QUOTE_COLLATERAL_NEED_H
#define BOOTGATE_QUOTE_COLLATERAL_NEED_H

#include "quote/collateral.h"
#include "quote/quote.h"

/* The documents of one set; each is asked for, and comes, with its issuer chain. */
enum collateral_doc {
    COLLATERAL_PCK_CRL,
    COLLATERAL_ROOT_CRL,
    COLLATERAL_TCB_INFO,
    COLLATERAL_QE_IDENTITY,
    COLLATERAL_DOCS
};

/* For people and for JSON: "PCK CRL", "pck_crl". */
const char *collateral_doc_name(enum collateral_doc d);
const char *collateral_doc_key(enum collateral_doc d);

struct collateral_need {
    uint8_t fmspc[6];
    bool processor;           /* the PCK certificate is the Processor CA's, not the Platform CA's */
    const char *root_crl_url; /* distribution point in the root certificate; NULL: it names none */
};

/* collateral_need_of reads the PCK certificate in the quote, and the PKI root (DER). */
enum rc collateral_need_of(struct arena *a, const struct quote *q, struct bytes root,
                           struct collateral_need *out, struct err *err) MUST_CHECK;

/* collateral_doc_of: the document that quote_verify failed on; COLLATERAL_DOCS: it failed on the
 * evidence, or on what authentic collateral says of it. Another document changes nothing then. */
enum collateral_doc collateral_doc_of(enum rc why);

/* collateral_take puts one document of a set, with its chain and signature, into another set. */
void collateral_take(struct collateral *to, const struct collateral *from, enum collateral_doc d);

/* collateral_dates: from when to when a document says it is good, Unix seconds. False: it can't be
 * read. */
bool collateral_dates(struct arena *a, const struct collateral *c, enum collateral_doc d,
                      uint64_t *out_from, uint64_t *out_until) MUST_CHECK;

#endif
