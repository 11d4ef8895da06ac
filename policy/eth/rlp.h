/*
 * rlp: strict RLP (Ethereum Yellow Paper, appendix B). Only the minimal encoding of a value is
 * accepted: no leading zero length bytes, no long form for short data, no single byte below 0x80
 * behind a prefix, no trailing bytes.
 */
#ifndef BOOTGATE_POLICY_ETH_RLP_H
#define BOOTGATE_POLICY_ETH_RLP_H

#include "base/arena.h"
#include "base/cur.h"

struct rlp_item {
    bool list;
    struct bytes body; /* the content without its prefix */
    struct bytes raw;  /* with its prefix */
};

/* rlp_next takes one item off the cursor; false (and c->bad) when it is missing or not minimal. */
bool rlp_next(struct cur *c, struct rlp_item *out) MUST_CHECK;
/* rlp_whole: exactly one item, checked recursively down to LIMIT_RLP_DEPTH, nothing behind it. */
bool rlp_whole(struct bytes in, struct rlp_item *out) MUST_CHECK;
/* rlp_list: exactly n items of a list's body (shallow). */
bool rlp_list(struct bytes body, struct rlp_item *out, size_t n) MUST_CHECK;
/* rlp_count: items in a list's body, at most max; false: malformed or more. */
bool rlp_count(struct bytes body, size_t max, size_t *out_n) MUST_CHECK;
/* rlp_uint: an integer of at most n bytes, right-aligned into out; no leading zeros allowed. */
bool rlp_uint(const struct rlp_item *it, uint8_t *out, size_t n) MUST_CHECK;
bool rlp_u64(const struct rlp_item *it, uint64_t *out) MUST_CHECK;

/* Writing: into a buffer of the caller; false when it does not fit. */
struct rlp_out {
    uint8_t *p;
    size_t n, cap;
};
bool rlp_put_bytes(struct rlp_out *o, struct bytes b) MUST_CHECK;
bool rlp_put_uint(struct rlp_out *o, struct bytes big_endian) MUST_CHECK; /* zeros stripped */
bool rlp_put_raw(struct rlp_out *o, struct bytes encoded) MUST_CHECK;
/* rlp_wrap turns everything from offset `start` into one list. */
bool rlp_wrap(struct rlp_out *o, size_t start) MUST_CHECK;

#endif
