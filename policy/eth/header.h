/*
 * header: execution block headers, Frontier to Osaka, as RLP and as JSON-RPC objects, and the fork
 * rules that follow from one. A header is trusted only after its hash equals one we trust.
 */
#ifndef BOOTGATE_POLICY_ETH_HEADER_H
#define BOOTGATE_POLICY_ETH_HEADER_H

#include "base/json.h"

enum eth_fork {
    ETH_FORK_NONE = 0,
    ETH_FRONTIER_TO_LONDON, /* before Paris: recognised as headers, never run */
    ETH_PARIS,
    ETH_SHANGHAI,
    ETH_CANCUN,
    ETH_PRAGUE,
    ETH_OSAKA,
    ETH_FORK_MAX
};

struct eth_header {
    uint8_t hash[32]; /* keccak256 of the RLP; computed by us */
    uint8_t parent_hash[32];
    uint8_t coinbase[20];
    uint8_t state_root[32];
    uint8_t prev_randao[32]; /* mixHash */
    uint64_t number, gas_limit, gas_used, timestamp;
    bool pos; /* difficulty 0, nonce 0: after the merge */
    bool has_base_fee;
    uint8_t base_fee[32];
    bool has_withdrawals_root; /* Shanghai */
    bool has_blob_gas;         /* Cancun: blobGasUsed, excessBlobGas */
    uint64_t blob_gas_used, excess_blob_gas;
    bool has_beacon_root; /* Cancun: parentBeaconBlockRoot */
    uint8_t beacon_root[32];
    bool has_requests_hash; /* Prague */
};

/* eth_header_from_rlp: one whole header, minimal RLP, 15 to 21 fields in fork order. */
enum rc eth_header_from_rlp(struct bytes rlp, struct eth_header *out, struct err *err) MUST_CHECK;
/*
 * eth_header_from_json rebuilds the RLP from an eth_getBlockByNumber/ByHash result and hashes it;
 * the answer's own "hash" is only compared. The rebuilt RLP goes to *out_rlp (arena).
 */
enum rc eth_header_from_json(struct arena *a, const json_t *block, struct eth_header *out,
                             struct bytes *out_rlp, struct err *err) MUST_CHECK;

/* One row of a fork schedule: the fork is active from this timestamp on. */
struct eth_fork_time {
    enum eth_fork fork;
    uint64_t timestamp;
};

/*
 * eth_fork_of picks the fork: `custom` (num > 0) when given, else the built-in table of the chain
 * id (mainnet, sepolia, hoodi: facts/ethereum.md section 3), else by header shape: withdrawalsRoot
 * Shanghai, parentBeaconBlockRoot Cancun, requestsHash the newest known. A table that contradicts
 * the header's shape is an error.
 */
enum rc eth_fork_of(const struct eth_header *h, uint64_t chain_id,
                    const struct eth_fork_time *custom, size_t num_custom, enum eth_fork *out,
                    struct err *err) MUST_CHECK;
/*
 * eth_fork_of_beacon: for a header that comes from a beacon chain, which has no requestsHash to
 * show, but whose fork is known from the beacon block's (`said`, Paris or newer). The fields must
 * be that fork's as far as they are known, and a table (custom, or the chain id's), where it has a
 * fork for this time, must say the same: else an error.
 */
enum rc eth_fork_of_beacon(const struct eth_header *h, enum eth_fork said, uint64_t chain_id,
                           const struct eth_fork_time *custom, size_t num_custom,
                           enum eth_fork *out, struct err *err) MUST_CHECK;
const char *eth_fork_name(enum eth_fork f);     /* "shanghai", .. */
enum eth_fork eth_fork_read(struct bytes name); /* ETH_FORK_NONE: unknown */

#endif
