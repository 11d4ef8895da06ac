/*
 * collateral_store: collateral as JSON, for a bundle and for collateral.json in the store: the set
 * that the last decision rested on. It is not trusted: it stands in only where nobody else has a
 * document that verifies, and is verified like any other.
 */
#ifndef BOOTGATE_AGENT_COLLATERAL_STORE_H
#define BOOTGATE_AGENT_COLLATERAL_STORE_H

#include "base/json.h"
#include "quote/collateral.h"

#define STORE_COLLATERAL_MAX (1u << 20) /* bytes; a set of today has 60 thousand */

/* collateral_to_json: the `collateral` member of a bundle; a new reference. */
enum rc collateral_to_json(struct arena *a, const struct collateral *c, json_t **out,
                           struct err *err) MUST_CHECK;
/* collateral_early_to_json: the same for `collateral_early`, which has no CRLs, and has numbers
 * where there are some. */
enum rc collateral_early_to_json(struct arena *a, const struct collateral *c,
                                 const struct collateral_numbers *n, json_t **out,
                                 struct err *err) MUST_CHECK;
/* collateral_stored_read: false: it is no such file; *why says what is wrong. */
bool collateral_stored_read(struct arena *a, struct bytes text, struct collateral *out,
                            struct err *why) MUST_CHECK;
/* collateral_stored_make: the file's text, or BG_COLLATERAL_STORED_SIZE. */
enum rc collateral_stored_make(struct arena *a, const struct collateral *c, struct bytes *out,
                               struct err *err) MUST_CHECK;

#endif
