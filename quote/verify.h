/*
 * verify: from a parsed quote and collateral to td_report_ok, the only type that boot_info_from
 * accepts. Only quote_verify makes one, so the wrong order does not compile.
 */
#ifndef BOOTGATE_QUOTE_VERIFY_H
#define BOOTGATE_QUOTE_VERIFY_H

#include "quote/collateral.h"
#include "quote/dated.h"
#include "quote/quote.h"
#include "quote/tcb.h"

/* struct td_report: what a verified quote says. */
struct td_report {
    struct td_body td;
    uint16_t quote_version;
    struct pck_tcb pck;
    uint8_t device_id[32]; /* SHA-256(PPID) */
    struct tcb_result tcb;
    /* the window in which every dated object of this verification is valid, and its ends' owners */
    uint64_t valid_from, valid_until;
    const char *valid_from_what, *valid_until_what; /* static: "TCB info", "PCK CRL", .. */
    struct dated dated[DATED_MAX]; /* each of them, in the order in which they were checked */
    size_t num_dated;
    size_t trailing;
};

struct td_report_ok; /* opaque: made by quote_verify only */
const struct td_report *td_report_of(const struct td_report_ok *ok);

/* The Intel SGX Root CA, DER (tdx facts 2.3), compiled in. */
struct bytes quote_intel_root(void);

/*
 * quote_verify authenticates everything: PCK chain to `root` (DER, compared byte for byte), both
 * CRLs, names, usages, dates at `now`, the PCK's SGX extension, TCB info and TD QE identity over
 * their exact bytes, the QE report and its binding of the attestation key, the quote's signature;
 * then appraises the TCB. A Revoked result is an error (TCB_REVOKED, class POLICY); every other
 * status is a success and stands in the result. *out lives in the arena.
 * NOT checked: policy (quote/findings.h); what report_data is bound to; that `now` is right; that
 * no newer collateral exists (only that this is valid at now).
 */
enum rc quote_verify(struct arena *a, const struct quote *q, const struct collateral *c,
                     struct bytes root, uint64_t now, const struct td_report_ok **out,
                     struct err *err) MUST_CHECK;

#endif
