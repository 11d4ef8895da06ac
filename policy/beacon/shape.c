#include "policy/beacon/shape.h"

bool lc_shape_at(const struct beacon_network *n, uint64_t slot, struct lc_shape *out)
{
    enum beacon_fork f = beacon_fork_at_slot(n, slot)->fork;
    if (f < BEACON_ALTAIR)
        return false;
    bool electra = f >= BEACON_ELECTRA;
    *out = (struct lc_shape){
        .fork = f,
        .execution = f >= BEACON_CAPELLA,
        .blob_gas = f >= BEACON_DENEB,
        .finality_gindex = electra ? 169 : 105,
        .current_gindex = electra ? 86 : 54,
        .next_gindex = electra ? 87 : 55,
        .finality_nodes = electra ? 7 : 6,
        .committee_nodes = electra ? 6 : 5,
    };
    return true;
}

static bool execution_is_empty(const struct lc_header *h)
{
    const struct lc_execution *e = &h->execution;
    const uint8_t *const roots[] = {e->parent_hash,       e->state_root,      e->receipts_root,
                                    e->prev_randao,       e->base_fee,        e->block_hash,
                                    e->transactions_root, e->withdrawals_root};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        if (!mem_is_zero(roots[i], 32))
            return false;
    return mem_is_zero(e->fee_recipient, sizeof e->fee_recipient) &&
           mem_is_zero(e->logs_bloom, sizeof e->logs_bloom) && e->block_number == 0 &&
           e->gas_limit == 0 && e->gas_used == 0 && e->timestamp == 0 && e->extra_data_len == 0 &&
           e->blob_gas_used == 0 && e->excess_blob_gas == 0 &&
           mem_is_zero(h->execution_branch, sizeof h->execution_branch);
}

bool lc_header_is_empty(const struct lc_header *h)
{
    const struct beacon_header *b = &h->beacon;
    return b->slot == 0 && b->proposer_index == 0 && mem_is_zero(b->parent_root, 32) &&
           mem_is_zero(b->state_root, 32) && mem_is_zero(b->body_root, 32) && execution_is_empty(h);
}

bool lc_header_settle(const struct beacon_network *n, struct lc_header *h)
{
    enum beacon_fork own = beacon_fork_at_slot(n, h->beacon.slot)->fork;
    if (h->has_execution && own < BEACON_CAPELLA) {
        if (!execution_is_empty(h))
            return false;
        h->has_execution = false;
        h->execution.has_blob_gas = false;
    }
    if (h->has_execution && h->execution.has_blob_gas && own < BEACON_DENEB) {
        if (h->execution.blob_gas_used || h->execution.excess_blob_gas)
            return false;
        h->execution.has_blob_gas = false;
    }
    return true;
}
