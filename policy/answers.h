/*
 * answers: JSON-RPC answers as recorded in a bundle (`rpc`), looked up by question. All of it is
 * untrusted; two entries for one question are both tried, and the proof decides.
 */
#ifndef BOOTGATE_POLICY_ANSWERS_H
#define BOOTGATE_POLICY_ANSWERS_H

#include "base/json.h"

struct answer {
    const char *method;       /* "eth_getProof", "eth_getCode", "eth_getBlockByNumber", .. */
    const json_t *params;     /* array */
    const json_t *result;
};

struct answers {
    const struct answer *v;
    size_t n;
};

/*
 * answers_read reads a bundle's `rpc` array ({method, params, result} each). Borrowed: rpc must
 * outlive it. BG-09xx for a wrong shape or more than LIMIT_RPC_ENTRIES.
 */
enum rc answers_read(struct arena *a, const json_t *rpc, struct answers *out, struct err *err)
    MUST_CHECK;
/* answers_quantity: a JSON-RPC quantity ("0x..", minimal or padded) of at most 64 bits. */
bool answers_quantity(const json_t *v, uint64_t *out) MUST_CHECK;

#endif
