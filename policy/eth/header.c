#include "policy/eth/header.h"

#include "base/limits.h"
#include "policy/eth/header_fields.h"
#include "policy/eth/keccak.h"
#include "policy/eth/rlp.h"

const struct header_field eth_header_fields[NUM_HEADER_FIELDS] = {
    [F_PARENT_HASH] = {"parentHash", HEADER_FIXED, 32},
    [F_OMMERS_HASH] = {"sha3Uncles", HEADER_FIXED, 32},
    [F_COINBASE] = {"miner", HEADER_FIXED, 20},
    [F_STATE_ROOT] = {"stateRoot", HEADER_FIXED, 32},
    [F_TRANSACTIONS_ROOT] = {"transactionsRoot", HEADER_FIXED, 32},
    [F_RECEIPTS_ROOT] = {"receiptsRoot", HEADER_FIXED, 32},
    [F_LOGS_BLOOM] = {"logsBloom", HEADER_FIXED, 256},
    [F_DIFFICULTY] = {"difficulty", HEADER_INTEGER, 32},
    [F_NUMBER] = {"number", HEADER_INTEGER, 8},
    [F_GAS_LIMIT] = {"gasLimit", HEADER_INTEGER, 8},
    [F_GAS_USED] = {"gasUsed", HEADER_INTEGER, 8},
    [F_TIMESTAMP] = {"timestamp", HEADER_INTEGER, 8},
    [F_EXTRA_DATA] = {"extraData", HEADER_DATA, 32},
    [F_MIX_HASH] = {"mixHash", HEADER_FIXED, 32},
    [F_NONCE] = {"nonce", HEADER_FIXED, 8},
    [F_BASE_FEE] = {"baseFeePerGas", HEADER_INTEGER, 32},
    [F_WITHDRAWALS_ROOT] = {"withdrawalsRoot", HEADER_FIXED, 32},
    [F_BLOB_GAS_USED] = {"blobGasUsed", HEADER_INTEGER, 8},
    [F_EXCESS_BLOB_GAS] = {"excessBlobGas", HEADER_INTEGER, 8},
    [F_BEACON_ROOT] = {"parentBeaconBlockRoot", HEADER_FIXED, 32},
    [F_REQUESTS_HASH] = {"requestsHash", HEADER_FIXED, 32},
};

/* Enough to tell a header of a later fork from what is none. */
#define MAX_FIELDS_SEEN 64u

static bool field_ok(const struct rlp_item *it, const struct header_field *f)
{
    uint8_t integer[32];
    switch (f->kind) {
    case HEADER_FIXED:
        return !it->list && it->body.n == f->size;
    case HEADER_DATA:
        return !it->list && it->body.n <= f->size;
    case HEADER_INTEGER:
        return rlp_uint(it, integer, f->size);
    }
    return false;
}

static void copy_fixed(const struct rlp_item *it, uint8_t *out, size_t n)
{
    struct cur c = cur_of(it->body);
    cur_copy(&c, out, n);
}

/* integer: field_ok has already said that it fits. */
static uint64_t integer(const struct rlp_item *it)
{
    uint64_t v = 0;
    return rlp_u64(it, &v) ? v : 0;
}

enum rc eth_header_from_rlp(struct bytes rlp, struct eth_header *out, struct err *err)
{
    struct rlp_item whole, it[NUM_HEADER_FIELDS];
    size_t n;
    if (rlp.n > LIMIT_HEADER_RLP)
        return err_set(err, BG_HEADER_SIZE, "%zu bytes", rlp.n);
    if (!rlp_whole(rlp, &whole) || !whole.list || !rlp_count(whole.body, MAX_FIELDS_SEEN, &n))
        return err_set(err, BG_HEADER_RLP, "%zu bytes", rlp.n);
    if (n > NUM_HEADER_FIELDS)
        return err_set(err, BG_HEADER_NEWER, "%zu fields", n);
    if (!eth_header_count_ok(n) || !rlp_list(whole.body, it, n))
        return err_set(err, BG_HEADER_FIELDS, "%zu fields", n);
    for (size_t i = 0; i < n; i++)
        if (!field_ok(&it[i], &eth_header_fields[i]))
            return err_set(err, BG_HEADER_FIELD, "%s: %s of %zu bytes", eth_header_fields[i].name,
                           it[i].list ? "list" : "string", it[i].body.n);

    struct eth_header h = {0};
    keccak256(rlp, h.hash);
    copy_fixed(&it[F_PARENT_HASH], h.parent_hash, sizeof h.parent_hash);
    copy_fixed(&it[F_COINBASE], h.coinbase, sizeof h.coinbase);
    copy_fixed(&it[F_STATE_ROOT], h.state_root, sizeof h.state_root);
    copy_fixed(&it[F_MIX_HASH], h.prev_randao, sizeof h.prev_randao);
    h.number = integer(&it[F_NUMBER]);
    h.gas_limit = integer(&it[F_GAS_LIMIT]);
    h.gas_used = integer(&it[F_GAS_USED]);
    h.timestamp = integer(&it[F_TIMESTAMP]);
    /* EIP-3675: both are constant zero since the merge. */
    h.pos = it[F_DIFFICULTY].body.n == 0 && bytes_is_zero(it[F_NONCE].body);
    h.has_base_fee = n > F_BASE_FEE && rlp_uint(&it[F_BASE_FEE], h.base_fee, sizeof h.base_fee);
    h.has_withdrawals_root = n > F_WITHDRAWALS_ROOT;
    h.has_blob_gas = h.has_beacon_root = n > F_BEACON_ROOT;
    if (h.has_blob_gas) {
        h.blob_gas_used = integer(&it[F_BLOB_GAS_USED]);
        h.excess_blob_gas = integer(&it[F_EXCESS_BLOB_GAS]);
        copy_fixed(&it[F_BEACON_ROOT], h.beacon_root, sizeof h.beacon_root);
    }
    h.has_requests_hash = n > F_REQUESTS_HASH;
    *out = h;
    return RC_OK;
}
