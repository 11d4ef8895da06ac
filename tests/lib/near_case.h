/*
 * near_case: a decision on NEAR as JSON, and what came of it. Times are seconds, but the
 * checkpoint's: nanoseconds in a string. Hashes are base58.
 *   {"config": {"checkpoint": {hash, epoch_id, next_epoch_id, bp_hash, next_bp_hash, height,
 *     timestamp}, checkpoint_max_age?, max_head_age?, floor_height?, contract_id, app_account?},
 *    "now": N, "question": "app"|"kms", "refresh"?: bool, "boot_info": {..}, "rpc": [..],
 *    "nonce"?: 32 bytes of hex, or "recorded": the question is put by proof of call}
 */
#ifndef BOOTGATE_TESTS_NEAR_CASE_H
#define BOOTGATE_TESTS_NEAR_CASE_H

#include "policy/near/ask_call.h"

struct near_case {
    struct near_config cfg;
    uint64_t now;
    enum chain_question question;
    bool refresh, by_call, recorded;
    uint8_t nonce[NEAR_NONCE];
    struct boot_info bi;
    struct answers answers;
};

struct near_came {
    enum rc rc; /* not RC_OK: the run stopped */
    struct err err, last_bad;
    bool has_head;
    struct near_head head;
    struct near_result result;
    struct needs needs;
    struct checks checks;
};

/* near_case_read: borrowed: j must outlive it. False: not such a case. */
bool near_case_read(struct arena *a, const json_t *j, struct near_case *out);
/* near_case_run: a new client, one step, and the question when there is a head. */
void near_case_run(struct arena *a, const struct near_case *c, struct near_came *out);

#endif
