/*
 * store: LightClientStore and its rules (consensus-specs altair/light-client/sync-protocol.md, with
 * capella, deneb, electra): validate_light_client_update, apply_light_client_update,
 * process_light_client_update. No force_update: less than two thirds never moves a header here.
 */
#ifndef BOOTGATE_POLICY_BEACON_STORE_H
#define BOOTGATE_POLICY_BEACON_STORE_H

#include "policy/beacon/types.h"

/* struct lc_hints: y-coordinates of a committee's keys, by the SHA-256 of the keys put together. */
struct lc_hints {
    uint8_t keys_sha256[32];
    struct bytes y; /* n x 48 bytes, big-endian */
};

struct lc_known_committee {
    bool known;
    uint8_t root[32]; /* hash tree root of the SyncCommittee */
    struct lc_committee raw;
    struct bls_committee *points; /* NULL until it was needed */
};

struct lc_store {
    const struct beacon_network *network;
    const struct lc_hints *hints;
    size_t num_hints;
    struct lc_header finalized, optimistic; /* zero slot: none yet */
    uint8_t finalized_root[32], optimistic_root[32];
    size_t finalized_participants, optimistic_participants;
    struct lc_known_committee current, next; /* of the finalized header's period, and after it */
    size_t updates;                          /* accepted in all */
};

/*
 * lc_store_start: a bootstrap for the root we trust. The header's root must be it, its committee
 * and execution payload proven under it.
 */
enum rc lc_store_start(struct arena *a, const struct beacon_network *n,
                       const uint8_t trusted_root[static 32], const struct lc_bootstrap *b,
                       struct lc_store *out, struct err *err) MUST_CHECK;
/*
 * lc_store_update: validates and applies one update of any kind at `now_slot`. RC_OK: it is valid
 * and the store was advanced as far as it carries; *out_moved: something changed. An update that
 * is valid and brings nothing new is RC_OK with *out_moved false, or BG_LC_IRRELEVANT where the
 * specification refuses it. A refused update leaves the store as it was.
 * finalized moves only with two thirds of the committee and a finality proof; so does optimistic
 * (two thirds, without finality): what DESIGN section 5 calls `attested`.
 */
enum rc lc_store_update(struct arena *a, struct lc_store *s, const struct lc_update *u,
                        uint64_t now_slot, bool *out_moved, struct err *err) MUST_CHECK;

#endif
