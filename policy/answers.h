/*
 * answers: JSON-RPC answers as recorded in a bundle (`rpc`), looked up by question. All of it is
 * untrusted; two entries for one question are both tried, and the proof decides.
 */
#ifndef BOOTGATE_POLICY_ANSWERS_H
#define BOOTGATE_POLICY_ANSWERS_H

#include "base/json.h"

struct answer {
    const char *method;   /* "eth_getProof", "eth_getCode", "eth_getBlockByNumber", .. */
    const json_t *params; /* array (an object for some of NEAR's) */
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
enum rc answers_read(struct arena *a, const json_t *rpc, struct answers *out,
                     struct err *err) MUST_CHECK;
/* answers_quantity: a JSON-RPC quantity ("0x..", minimal or padded) of at most 64 bits. */
bool answers_quantity(const json_t *v, uint64_t *out) MUST_CHECK;
/* answers_word: a number of at most 256 bits in hex, minimal or padded, right-aligned into out. */
bool answers_word(const json_t *v, uint8_t out[static 32]) MUST_CHECK;
/* answers_fixed: "0x" and exactly n bytes of hex (addresses, hashes). */
bool answers_fixed(const json_t *v, uint8_t *out, size_t n) MUST_CHECK;
/* answers_data: "0x" and any whole number of bytes up to max. False: not that, or no memory. */
bool answers_data(struct arena *a, const json_t *v, size_t max, struct bytes *out,
                  struct err *err) MUST_CHECK;
/* answers_names_block: a block parameter that is our block: its number, its hash or {blockHash}. */
bool answers_names_block(const json_t *v, uint64_t number, const uint8_t hash[static 32]);
/* answers_about: an entry of this method about the address (first parameter) and our block (last).
 */
bool answers_about(const struct answer *e, const char *method, size_t num_params, uint64_t number,
                   const uint8_t hash[static 32], const uint8_t address[static 20]);

#endif
