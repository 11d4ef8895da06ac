/*
 * chain_head: the pinned way to a proven head, and what chain_ask has to know about any: that it is
 * of the configured source, which rules its block runs by, and what a verdict says about it.
 */
#ifndef BOOTGATE_POLICY_CHAIN_HEAD_H
#define BOOTGATE_POLICY_CHAIN_HEAD_H

#include "policy/chain.h"

/*
 * chain_head_pinned looks among the answers for the header whose recomputed hash is block_hash.
 * *out_head (arena) NULL: none of them is it, and NEED_HEADER was added to needs. An answer that
 * could have been it and is not is kept in *last_bad.
 */
enum rc chain_head_pinned(struct arena *a, const struct answers *answers,
                          const uint8_t block_hash[static 32], struct needs *needs,
                          const struct chain_head **out_head, struct err *last_bad,
                          struct err *err) MUST_CHECK;

/*
 * For chain_ask. chain_head_ok: the head was proven in the way that cfg says, from what it names.
 * chain_head_fork: the rules its block runs by. chain_head_checks appends chain.header and
 * chain.age.
 */
enum rc chain_head_ok(const struct chain_config *cfg, const struct chain_head *head,
                      struct err *err) MUST_CHECK;
enum rc chain_head_fork(const struct chain_config *cfg, const struct head_facts *f,
                        enum eth_fork *out, struct err *err) MUST_CHECK;
enum rc chain_head_checks(struct arena *a, const struct chain_config *cfg,
                          const struct head_facts *f, uint64_t now, struct checks *cs,
                          struct err *err) MUST_CHECK;

#endif
