/*
 * verify_internal: the rules of quote_verify for what signs TCB info, which tcb_numbers.c shares.
 * Nothing else includes it.
 */
#ifndef BOOTGATE_QUOTE_VERIFY_INTERNAL_H
#define BOOTGATE_QUOTE_VERIFY_INTERNAL_H

#include "quote/chain.h"

extern const struct chain_rule verify_tcb_rule;
extern const struct crl_rule verify_root_crl_rule;

#endif
