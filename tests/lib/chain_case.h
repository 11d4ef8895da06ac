/*
 * chain_case: the recorded decisions of vectors/contracts as bundle `rpc` entries, and a driver
 * over them that serves needs and counts round trips.
 */
#ifndef BOOTGATE_TESTS_CHAIN_CASE_H
#define BOOTGATE_TESTS_CHAIN_CASE_H

#include "policy/chain.h"
#include "tests/lib/harness.h"

struct chain_case {
    json_t *json;                 /* the case file; owned */
    json_t *rpc;                  /* its header and transcript as {method, params, result}; owned */
    struct boot_info bi;          /* when it has one */
    enum chain_question question; /* ASK_NONE: a getter */
    struct chain_config cfg;
    struct eth_fork_time fork; /* the set's fork from time 0 on */
    uint64_t now;              /* a moment after the block */
};

/* chain_case_load reads SET/FILE; fails the test when it is malformed. */
void chain_case_load(struct arena *a, const char *set, const char *file, struct chain_case *out);
void chain_case_free(struct chain_case *c);
/* chain_case_merge adds the entries of another file of the set. */
void chain_case_merge(const char *set, const char *file, json_t *rpc);

/* What one attempt gives. */
struct chain_try {
    enum rc rc;
    struct needs needs;
    struct checks checks;
    struct chain_result result;
    struct err bad, err;
};

/* chain_case_ask: one chain_ask over rpc. */
struct chain_try chain_case_ask(struct arena *a, const struct chain_case *c, const json_t *rpc);
/* chain_case_ask_at: the same at a head that was proven otherwise. */
struct chain_try chain_case_ask_at(struct arena *a, const struct chain_case *c,
                                   const struct chain_head *head, const json_t *rpc);
/* chain_case_drive starts with nothing and fetches from `source` what is asked for, until a result
 * stands and nothing new comes. *out_rounds: fetches until the result, *out_rpc (new): the bundle.
 */
struct chain_try chain_case_drive(struct arena *a, const struct chain_case *c, const json_t *source,
                                  size_t *out_rounds, json_t **out_rpc);

#endif
