/*
 * beacon_answers: a bundle's beacon entries through beacon_answers_read and a light client, first
 * the half of them, then all. The input is {"root", "slot", "now", "attested", "beacon",
 * "committee_keys"}; seeds come from tests/tools/beacon_bundle, and so does the network.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/beacon/light_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct light_client *lc, const struct lc_config *cfg, uint64_t now,
                  const struct chain_head *head, const struct needs *needs)
{
    const struct lc_store *s = light_client_store(lc);
    if (!head) {
        if (needs_hard(needs) == 0)
            abort(); /* nothing would ever be asked */
        return;
    }
    const struct head_facts *f = head_facts_of(head);
    bool attested = cfg->head == LC_HEAD_ATTESTED;
    if (needs->n || 3 * f->participants < 2 * f->committee_size || f->slot < cfg->checkpoint.slot ||
        f->signature_slot <= f->slot || beacon_time_of(cfg->network, f->signature_slot) > now ||
        f->slot != (attested ? s->optimistic.beacon.slot : s->finalized.beacon.slot) ||
        memcmp(f->beacon_root, attested ? s->optimistic_root : s->finalized_root, 32) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct beacon_fork_at fork = {BEACON_ELECTRA, {0x42, 0, 0, BEACON_ELECTRA}, 0};
    struct beacon_network network = {.name = "testnet",
                                     .genesis_time = 1700000000,
                                     .seconds_per_slot = 6,
                                     .forks = &fork,
                                     .num_forks = 1};
    struct lc_config cfg = {.network = &network, .checkpoint_max_age = 14 * 86400};
    AUTO_JSON in = NULL;
    struct err err = {0}, bad = {0};
    uint64_t now;
    bool attested = false;
    memset(network.genesis_validators_root, 0x6b, 32);
    if (!beacon_preset(bytes_of("minimal", 7), &network) ||
        json_read(bytes_of(data, n), 1u << 20, &in, &err) != RC_OK)
        return 0;
    if (!json_hex(in, "root", true, cfg.checkpoint.root, 32) ||
        !json_u64(in, "slot", UINT64_MAX, &cfg.checkpoint.slot) ||
        !json_u64(in, "now", UINT64_MAX, &now))
        return 0;
    (void)!json_bool(in, "attested", &attested);
    cfg.head = attested ? LC_HEAD_ATTESTED : LC_HEAD_FINALIZED;
    struct arena *a = arena_new((size_t)256 << 20);
    struct light_client *lc = NULL;
    struct beacon_answers answers;
    if (a && light_client_new(a, &cfg, now, &lc, &err) == RC_OK &&
        beacon_answers_read(a, json_object_get(in, "beacon"), json_object_get(in, "committee_keys"),
                            &answers, &err) == RC_OK) {
        size_t all = answers.n;
        for (size_t half = 0; half < 2; half++) {
            struct needs needs = {0};
            const struct chain_head *head = NULL;
            answers.n = half ? all : all / 2;
            if (light_client_step(lc, &answers, false, &needs, &head, &bad, &err) != RC_OK)
                break;
            check(lc, &cfg, now, head, &needs);
        }
    }
    arena_free(a);
    return 0;
}
