/* near_show: what of a verdict is NEAR's, as JSON and for people; only when r->net.near is set. */
#ifndef BOOTGATE_AGENT_NEAR_SHOW_H
#define BOOTGATE_AGENT_NEAR_SHOW_H

#include <jansson.h>
#include <stdio.h>

#include "agent/output.h"

/* The members `chain` and `contract` of the verdict (bootgate(1)). */
json_t *near_chain_json(const struct report *r);
json_t *near_contract_json(const struct report *r);
void near_contract_text(FILE *f, const struct style *st, const struct report *r);

#endif
