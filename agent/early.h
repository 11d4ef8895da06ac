/*
 * early: the TCB set that Intel has published and not yet put in force (update=early). It decides
 * nothing: it says what will be missing once it is the standard (`bootgate tcb`).
 */
#ifndef BOOTGATE_AGENT_EARLY_H
#define BOOTGATE_AGENT_EARLY_H

#include "agent/authentic.h"
#include "quote/tcb_numbers.h"

/*
 * early_fetch asks the configured services, one after the other, for the coming set, until one is
 * authentic with the CRLs of the bundle's collateral, and puts that into the bundle. A quote that
 * the set refuses (revoked, not supported) makes it no less authentic. Then for the TCB evaluation
 * data numbers, likewise: without them the set is there all the same. RC_OK also where there is
 * nobody to ask, or it is there already; *why says what there is not, and why.
 */
enum rc early_fetch(struct arena *a, const struct gate_input *in, const struct quote *quote,
                    struct err *why, struct err *err) MUST_CHECK;

/* early_set: the early documents with the CRLs in force, as quote_verify takes them. */
struct collateral early_set(const struct bundle *b);

/*
 * early_switch: when the set with this number becomes the standard one, by the numbers beside it,
 * verified here with the root CRL of the bundle's collateral. False: that is not known; *why is
 * RC_OK where there are no numbers at all.
 */
bool early_switch(struct arena *a, const struct bundle *b, struct bytes root, uint64_t now,
                  uint32_t number, struct tcb_switch *out, struct err *why) MUST_CHECK;

#endif
