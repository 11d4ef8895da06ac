/*
 * store: LightClientStore and its rules (consensus-specs altair/light-client/sync-protocol.md, with
 * capella, deneb, electra): validate_light_client_update, apply_light_client_update,
 * process_light_client_update. Two deviations, both stricter: there is no force_update, and the
 * optimistic header, too, moves only with two thirds of the committee (DESIGN section 5), where the
 * specification takes half of the most signers seen. Less than two thirds never moves a header.
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
    struct bls_committee *points; /* a cache, made when first needed; NULL: not yet */
};

/* Headers of slot 0 with zero roots: none yet. */
struct lc_store {
    const struct beacon_network *network;
    const struct lc_hints *hints; /* optional; the caller sets them after lc_store_start */
    size_t num_hints;
    size_t wrong_hints; /* y-coordinates that were no such thing, and did no harm */
    struct lc_header finalized, optimistic;
    uint8_t finalized_root[32], optimistic_root[32];
    /* of the update that brought the header; 0: the bootstrap */
    size_t finalized_participants, optimistic_participants;
    uint64_t finalized_signature_slot, optimistic_signature_slot;
    struct lc_known_committee current, next; /* of the finalized header's period, and after it */
    size_t updates;                          /* accepted in all */
};

/*
 * lc_store_start: a bootstrap for the root we trust. The header's root must be it, its committee
 * and execution payload proven under it. What the store keeps is copied into the arena. Its hints
 * are none.
 */
enum rc lc_store_start(struct arena *a, const struct beacon_network *n,
                       const uint8_t trusted_root[static 32], const struct lc_bootstrap *b,
                       struct lc_store *out, struct err *err) MUST_CHECK;

/*
 * lc_store_update: validates and applies one update of any kind at `now_slot`. RC_OK: it is valid
 * and the store was advanced as far as it carries; *out_moved: a header moved or a committee was
 * learned. An update that is valid and brings nothing new is RC_OK with *out_moved false, or
 * BG_LC_IRRELEVANT where the specification refuses it. A refused update leaves the store as it was,
 * but for the cache of points.
 * finalized moves only with two thirds of the committee and a finality proof; so does optimistic
 * (two thirds, without finality): what DESIGN section 5 calls `attested`.
 */
enum rc lc_store_update(struct arena *a, struct lc_store *s, const struct lc_update *u,
                        uint64_t now_slot, bool *out_moved, struct err *err) MUST_CHECK;

#endif
