/*
 * read: light-client objects from the beacon REST API's JSON (`data` of an answer; numbers are
 * decimal strings) and from SSZ. Shapes follow from the network and the slot of the object's own
 * header, never from a label beside it. Strict: exact lengths and offsets, no unknown or missing
 * members of those defined (JSON: unknown members are ignored, as the API allows).
 */
#ifndef BOOTGATE_POLICY_BEACON_READ_H
#define BOOTGATE_POLICY_BEACON_READ_H

#include "base/json.h"
#include "policy/beacon/types.h"

enum lc_kind { LC_NONE = 0, LC_BOOTSTRAP, LC_UPDATE, LC_FINALITY_UPDATE, LC_OPTIMISTIC_UPDATE };

enum rc lc_bootstrap_from_json(struct arena *a, const struct beacon_network *n, const json_t *data,
                               struct lc_bootstrap *out, struct err *err) MUST_CHECK;
enum rc lc_bootstrap_from_ssz(struct arena *a, const struct beacon_network *n, struct bytes ssz,
                              struct lc_bootstrap *out, struct err *err) MUST_CHECK;
/* kind: LC_UPDATE, LC_FINALITY_UPDATE or LC_OPTIMISTIC_UPDATE. */
enum rc lc_update_from_json(struct arena *a, const struct beacon_network *n, enum lc_kind kind,
                            const json_t *data, struct lc_update *out, struct err *err) MUST_CHECK;
enum rc lc_update_from_ssz(struct arena *a, const struct beacon_network *n, enum lc_kind kind,
                           struct bytes ssz, struct lc_update *out, struct err *err) MUST_CHECK;
/*
 * lc_updates_split cuts an SSZ answer of /light_client/updates into its objects: repeated
 * [u64 LE length][4-byte fork digest][SSZ] (beacon-APIs, getLightClientUpdatesByRange), or, as
 * Lighthouse sent it until it was mended (sigp/lighthouse issue 7759), an SSZ list of
 * {u64 length, {digest, byte list}}. The digest is not looked at: the slot says the fork. At most
 * max; views into `body`.
 */
enum rc lc_updates_split(struct bytes body, struct bytes *out, size_t max, size_t *out_n,
                         struct err *err) MUST_CHECK;

#endif
