/*
 * authentic: from a quote to td_report_ok, asking for the collateral that it takes. Documents come
 * from services that the configuration names, from the bundle and from the store; none is trusted:
 * quote_verify judges every set, and a document that it refuses is asked from the next source,
 * until it holds or nobody is left.
 */
#ifndef BOOTGATE_AGENT_AUTHENTIC_H
#define BOOTGATE_AGENT_AUTHENTIC_H

#include "agent/gate.h"

/*
 * authentic_quote verifies the quote. Afterwards the bundle holds the set that it was verified
 * with, and the report says where that came from; what failed on the way stands in its notes. With
 * no set that holds, *err is what speaks most of all against the document that is missing:
 * quote_verify's code before one for a malformed answer before one for none.
 */
enum rc authentic_quote(struct arena *a, const struct gate_input *in, const struct quote *quote,
                        struct report *r, const struct td_report_ok **out,
                        struct err *err) MUST_CHECK;

#endif
