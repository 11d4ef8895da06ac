/*
 * header_fields: the fields of an execution header in order, for header.c and header_json.c only.
 * Yellow Paper, section 4.4; EIP-1559, EIP-4895, EIP-4844, EIP-4788, EIP-7685 appended theirs.
 */
#ifndef BOOTGATE_POLICY_ETH_HEADER_FIELDS_H
#define BOOTGATE_POLICY_ETH_HEADER_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

enum header_kind {
    HEADER_FIXED = 1, /* exactly `size` bytes */
    HEADER_DATA,      /* at most `size` bytes */
    HEADER_INTEGER    /* an integer of at most `size` bytes */
};

struct header_field {
    const char *name; /* JSON-RPC member (Ethereum execution APIs, Block) */
    enum header_kind kind;
    size_t size;
};

enum header_index {
    F_PARENT_HASH,
    F_OMMERS_HASH,
    F_COINBASE,
    F_STATE_ROOT,
    F_TRANSACTIONS_ROOT,
    F_RECEIPTS_ROOT,
    F_LOGS_BLOOM,
    F_DIFFICULTY,
    F_NUMBER,
    F_GAS_LIMIT,
    F_GAS_USED,
    F_TIMESTAMP,
    F_EXTRA_DATA,
    F_MIX_HASH,
    F_NONCE,
    F_BASE_FEE,         /* London, EIP-1559 */
    F_WITHDRAWALS_ROOT, /* Shanghai, EIP-4895 */
    F_BLOB_GAS_USED,    /* Cancun, EIP-4844 */
    F_EXCESS_BLOB_GAS,
    F_BEACON_ROOT,   /* Cancun, EIP-4788 */
    F_REQUESTS_HASH, /* Prague, EIP-7685 */
    NUM_HEADER_FIELDS
};

extern const struct header_field eth_header_fields[NUM_HEADER_FIELDS];

/* eth_header_count_ok: some fork's header has n fields. */
static inline bool eth_header_count_ok(size_t n)
{
    return n == F_BASE_FEE || n == F_WITHDRAWALS_ROOT || n == F_BLOB_GAS_USED ||
           n == F_REQUESTS_HASH || n == NUM_HEADER_FIELDS;
}

#endif
