/*
 * client: from a checkpoint to a verified head of NEAR with the JSON-RPC answers at hand; else the
 * needs that stand between. Deterministic; what it has verified it keeps, so that a further step
 * costs only what is new.
 */
#ifndef BOOTGATE_POLICY_NEAR_CLIENT_H
#define BOOTGATE_POLICY_NEAR_CLIENT_H

#include "policy/answers.h"
#include "policy/near/light.h"
#include "policy/needs.h"

struct near_config {
    struct near_checkpoint checkpoint;
    uint64_t checkpoint_max_age, max_head_age; /* seconds; 0: none */
    uint64_t floor_height;                     /* a head below it is refused; 0: none */
    struct bytes contract_id;                  /* the KMS contract's account */
    struct bytes app_account; /* the app contract's; empty: hex(app id) "." contract_id */
};

#define NEAR_CLOCK_TOLERANCE                                                                       \
    60u /* seconds a block may be ahead of our clock (DESIGN section 5)                            \
         */

struct near_client; /* opaque; lives in the arena that made it */

enum rc near_client_new(struct arena *a, const struct near_config *cfg, uint64_t now,
                        struct near_client **out, struct err *err) MUST_CHECK;
/*
 * near_client_step follows next_light_client_block answers from the head on. *out_head: a verified
 * head that is young enough and not below the floor; NULL: hard needs are listed. refresh: list a
 * newer block as wished even when there is a head. A refused answer, or a head that is proven and
 * too old, is kept in *out_last_bad.
 */
enum rc near_client_step(struct near_client *c, const struct answers *answers, bool refresh,
                         struct needs *out_needs, const struct near_head **out_head,
                         struct err *out_last_bad, struct err *err) MUST_CHECK;

/*
 * struct near_kept: the answers that lead from the checkpoint to the head, as few as there are: the
 * lists of producers, the first block of each epoch that was entered, and the head. Borrowed from
 * the answers that were given to near_client_step.
 */
#define NEAR_KEPT 64u
struct near_kept_answer {
    struct answer answer;
    bool producers;    /* a list; else a light client block */
    uint8_t after[32]; /* the block that it is to be asked for after */
};
struct near_kept {
    struct near_kept_answer v[NEAR_KEPT];
    size_t n;
};
/* near_client_kept: n is 0 when there are more than that. */
void near_client_kept(const struct near_client *c, struct near_kept *out);

#endif
