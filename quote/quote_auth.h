/*
 * quote_auth: what a quote proves by itself, without collateral: that a platform whose PCK
 * certificate chains to the root signed it. Not whether that platform is revoked or out of date.
 */
#ifndef BOOTGATE_QUOTE_QUOTE_AUTH_H
#define BOOTGATE_QUOTE_QUOTE_AUTH_H

#include "quote/chain.h"
#include "quote/tcb.h"

/*
 * quote_authenticate: PCK chain to the root (dates: chain_check_dates), the certificate's SGX
 * extension, PCK key over QE report, QE report over attestation key, attestation key over quote.
 */
enum rc quote_authenticate(struct arena *a, struct pki *pki, const struct quote *q,
                           struct chain *out_pck, struct pck_tcb *out_tcb,
                           struct err *err) MUST_CHECK;

#endif
