/*
 * start: where the light client may begin: at the checkpoint of the configuration, or at one that
 * enough of the configured signers vouch for.
 */
#ifndef BOOTGATE_AGENT_START_H
#define BOOTGATE_AGENT_START_H

#include "agent/head.h"
#include "agent/node.h"

#define STARTS_MAX (LIMIT_URLS + 2u)

struct start {
    struct lc_checkpoint checkpoint;
    json_t *doc;      /* borrowed; NULL: the configuration's */
    size_t signed_by; /* 0: the configuration's */
};

struct starts {
    struct start v[STARTS_MAX]; /* newest first */
    size_t n;
    struct err bad; /* why the last refused document was; RC_OK: none was */
};

/* starts_fetch asks for the signed documents at `urls`, all at once, and appends those that are
 * JSON to docs. Nothing is said of those that fail: bad is for starts_choose. */
enum rc starts_fetch(struct nodes *nodes, struct turn *turn, json_t *docs,
                     struct err *err) MUST_CHECK;
/*
 * starts_choose lists what may be begun at: documents that verify, and the configuration's
 * checkpoint. min_slot: documents below it were overtaken by one that was seen. Two of them that
 * contradict each other are BG_START_CONTRADICTION; none at all is why the last one was refused.
 */
enum rc starts_choose(const struct config *c, const json_t *docs, uint64_t min_slot, uint64_t now,
                      struct starts *out, struct err *err) MUST_CHECK;
/* starts_agree: no document contradicts what was proven: BG_START_ALARM. */
enum rc starts_agree(const struct starts *s, const struct head_search *h,
                     struct err *err) MUST_CHECK;

#endif
