/*
 * light_client: from a checkpoint to a proven head, with the answers at hand; else the needs that
 * stand between. Deterministic: no clock of its own, no network.
 */
#ifndef BOOTGATE_POLICY_BEACON_LIGHT_CLIENT_H
#define BOOTGATE_POLICY_BEACON_LIGHT_CLIENT_H

#include "policy/beacon/answers.h"
#include "policy/head.h"
#include "policy/needs.h"

enum lc_head_kind { LC_HEAD_FINALIZED = 1, LC_HEAD_ATTESTED };

struct lc_checkpoint {
    uint8_t root[32]; /* of the beacon block */
    uint64_t slot;    /* what the configuration says; the bootstrap's header must have it */
};

struct lc_config {
    const struct beacon_network *network;
    struct lc_checkpoint checkpoint;
    uint64_t checkpoint_max_age; /* seconds; default 14 days */
    enum lc_head_kind head;
    uint64_t max_head_age; /* seconds; 0: none */
    uint64_t floor_slot;   /* a head below it is refused; 0: none */
};

struct light_client; /* opaque; lives in the arena that made it */

/*
 * light_client_new: BG codes for a checkpoint that is too old (with the sentence where to get a
 * newer one), in the future, or a clock before genesis.
 */
enum rc light_client_new(struct arena *a, const struct lc_config *cfg, uint64_t now,
                         struct light_client **out, struct err *err) MUST_CHECK;
/*
 * light_client_step takes what the answers offer (each entry is looked at again only while it may
 * still help) and lists what is missing as NEED_BOOTSTRAP, NEED_UPDATES, NEED_FINALITY or
 * NEED_OPTIMISTIC (all that is known to be missing at once, so that a cold start is one round
 * trip). *out_head: the newest head of the configured kind that is young enough, not below the
 * floor; NULL: none yet, and hard needs say what could help. A head that is proven but too old is
 * kept in *out_last_bad (BG_LC_HEAD_AGE), a refused answer too, so the driver can say why.
 * refresh: list the need for a newer head as wished even when there is a head.
 */
enum rc light_client_step(struct light_client *lc, const struct beacon_answers *answers,
                          bool refresh, struct needs *out_needs, const struct chain_head **out_head,
                          struct err *out_last_bad, struct err *err) MUST_CHECK;
/* light_client_store: the state behind the head, for those who keep it (hints, show). */
const struct lc_store *light_client_store(const struct light_client *lc);

#endif
