/*
 * head: a proven head of source `ethereum`: runs the light client, fetches what it needs from any
 * of several untrusted beacon nodes, appends the answers to the bundle, runs it again.
 */
#ifndef BOOTGATE_AGENT_HEAD_H
#define BOOTGATE_AGENT_HEAD_H

#include "agent/beacon.h"
#include "agent/bundle.h"
#include "policy/beacon/light_client.h"

#define HEAD_ASKED 128u

struct head_asked {
    char path[BEACON_PATH];
    size_t node;
};

/* struct head_search: what stands above the gap is the caller's; the rest begins as zero. */
struct head_search {
    struct arena *a;
    struct bundle *bundle; /* answers are appended to beacon */
    struct nodes nodes;
    struct turn *turn;
    bool refresh; /* ask for a newer head even when the answers at hand prove one */
    uint64_t now;
    bool from_store; /* behind the first own_answers and own_hints come the store's: when one of
                        them is refused, they all go */
    size_t own_answers, own_hints;

    struct err store_bad; /* why they went */
    struct lc_config cfg;
    size_t rounds;           /* of asking */
    struct light_client *lc; /* of the start that was tried last */
    const struct chain_head *head;
    struct needs needs; /* what would help, after the last step */
    struct err bad;     /* why an answer at hand was not good enough */
    struct head_asked asked[HEAD_ASKED];
    size_t num_asked;
    json_t *useful; /* entries of rounds that brought the light client on, by path */
};

void head_close(struct head_search *h);

/*
 * head_find proves a head from a start: cfg with the checkpoint chosen. Needs no network when the
 * answers at hand do. On failure err says why nobody could help; hosts that failed are named.
 */
enum rc head_find(struct head_search *h, const struct lc_config *cfg, struct err *err) MUST_CHECK;
/*
 * head_newer asks every node once for a newer head than h->head. *out_moved: there is one.
 */
enum rc head_newer(struct head_search *h, bool *out_moved, struct err *err) MUST_CHECK;
/* head_knows: the verified chain has a block at this slot; *out_root: its root. */
bool head_knows(const struct head_search *h, uint64_t slot, const uint8_t **out_root);
/* head_entries: of the answers, those that lead to the head again; *out is a new reference. */
enum rc head_entries(struct head_search *h, json_t **out, struct err *err) MUST_CHECK;
/* head_hints adds the coordinates of the committees in these entries to bundle->committee_keys. */
enum rc head_hints(struct head_search *h, const json_t *entries, struct err *err) MUST_CHECK;

#endif
