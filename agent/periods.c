#include "agent/periods.h"

#include "base/ck.h"
#include "policy/beacon/network.h"

#define NS 1000000000u

/* aged: a block, which is good until it is max_age old. */
static struct period aged(const char *what, const char *anchor, uint64_t from, uint64_t max_age)
{
    struct period p = {.what = what, .anchor = anchor, .from = from};
    p.ends = max_age && ck_add_u64(from, max_age, &p.until);
    return p;
}

/* checkpoint_of: false where the source has none, or nothing is known of it yet. */
static bool checkpoint_of(const struct report *r, struct period *out)
{
    const char *anchor = r->net.start_anchor ? r->net.start_anchor : "config";
    if (r->question == ASK_NONE || !r->chain_config)
        return false;
    if (r->chain_config->source == CHAIN_NEAR && r->near_source) {
        const struct near_config *c = &r->near_source->client;
        *out = aged("checkpoint", anchor, c->checkpoint.timestamp / NS, c->checkpoint_max_age);
        return true;
    }
    if (r->chain_config->source != CHAIN_ETHEREUM || !r->chain_config->light_client.network)
        return false;
    const struct lc_config *c = &r->chain_config->light_client;
    const struct head_facts *h = r->chain ? r->chain->head : NULL;
    bool proven = h && h->by_light_client;
    uint64_t slot = proven ? h->checkpoint_slot : c->checkpoint.slot;
    if (slot == 0 && !proven) /* only documents of signers have one */
        return false;
    *out = aged("checkpoint", anchor, beacon_time_of(c->network, slot), c->checkpoint_max_age);
    return true;
}

size_t report_periods(const struct report *r, struct period out[static PERIODS_MAX])
{
    const char *root = r->test_root ? "test-root" : "intel-sgx-root";
    size_t n = 0;
    for (size_t i = 0; r->td && i < r->td->num_dated; i++) {
        const struct dated *d = &r->td->dated[i];
        out[n++] = (struct period){d->what, root, d->from, d->until, true};
    }
    n += checkpoint_of(r, &out[n]);
    if (r->chain && r->chain_config) {
        const struct head_facts *h = r->chain->head;
        const char *by = r->net.near               ? "near-block-producers"
                         : h && h->by_light_client ? "sync-committee"
                                                   : "block-hash-in-config";
        uint64_t max = r->chain_config->max_head_age;
        out[n++] = aged("head of the chain", by, r->chain->block_time, max);
    }
    return n;
}
