/*
 * beacon answers: REST answers as recorded in a bundle (`beacon`): {path, result} with the JSON
 * body, or {path, ssz} with the SSZ body in hex. path is without host: "/eth/v1/beacon/
 * light_client/bootstrap/0x..", ".../updates?start_period=P&count=N", ".../finality_update",
 * ".../optimistic_update". All of it is untrusted.
 */
#ifndef BOOTGATE_POLICY_BEACON_ANSWERS_H
#define BOOTGATE_POLICY_BEACON_ANSWERS_H

#include "base/json.h"
#include "policy/beacon/read.h"
#include "policy/beacon/store.h"

struct beacon_answer {
    enum lc_kind kind;     /* LC_UPDATE: a list of them; LC_NONE: a path we do not use */
    const char *path;      /* borrowed */
    const json_t *result;  /* whole body; NULL: ssz */
    const char *ssz_hex;   /* borrowed; NULL: result */
    uint8_t root[32];      /* LC_BOOTSTRAP: what was asked for */
    uint64_t first, count; /* LC_UPDATE: the periods that were asked for; count 1 to 128 */
};

struct beacon_answers {
    const struct beacon_answer *v;
    size_t n;
    const struct lc_hints *hints; /* bundle part `committee_keys`: [{"keys_sha256","y"}] */
    size_t num_hints;
};

/*
 * beacon_answers_read: beacon and committee_keys as they stand in a bundle; either may be NULL.
 * Borrowed: both must outlive it. Only the frame is judged here, with BG-135x; a body that is no
 * answer is for light_client_step to pass over.
 */
enum rc beacon_answers_read(struct arena *a, const json_t *beacon, const json_t *committee_keys,
                            struct beacon_answers *out, struct err *err) MUST_CHECK;

#endif
