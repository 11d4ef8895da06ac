/*
 * bundle: everything a run is given, in one place: evidence, collateral, recorded chain answers
 * (DESIGN section 6). It is put together from one or more files: lists of answers are joined, any
 * other part that comes twice is refused, never overridden. Nothing in it is trusted.
 */
#ifndef BOOTGATE_AGENT_BUNDLE_H
#define BOOTGATE_AGENT_BUNDLE_H

#include "quote/collateral.h"
#include "quote/evidence.h"

struct bundle {
    bool has_evidence, has_collateral, has_early;
    struct evidence evidence;
    struct collateral collateral;
    struct collateral early;           /* of the coming TCB set: documents only, no CRLs */
    struct collateral_numbers numbers; /* beside it, where the service had them */
    json_t *rpc;                       /* array of {method, params, result}; never NULL */
    json_t *beacon;                    /* array of {path, result} or {path, ssz}; never NULL */
    json_t *committee_keys;            /* array of {keys_sha256, y}; never NULL */
    json_t *checkpoint;                /* a signed checkpoint document, or NULL */
    json_t *collateral_json;           /* as it was read, to write it again; or NULL */
    json_t *early_json;                /* likewise */
};

enum rc bundle_init(struct bundle *b, struct err *err) MUST_CHECK;
void bundle_free(struct bundle *b);
#define AUTO_BUNDLE __attribute__((cleanup(bundle_free))) struct bundle

/* bundle_add_text merges a file's content: a bundle, or evidence in any form. */
enum rc bundle_add_text(struct arena *a, struct bundle *b, struct bytes text, const char *path,
                        struct err *err) MUST_CHECK;
/* bundle_add_file: the same from a path ("-": standard input). */
enum rc bundle_add_file(struct arena *a, struct bundle *b, const char *path,
                        struct err *err) MUST_CHECK;
/* bundle_add_collateral: a file with a collateral object, or a bundle, of which nothing else is
 * taken. */
enum rc bundle_add_collateral(struct arena *a, struct bundle *b, const char *path,
                              struct err *err) MUST_CHECK;
/* bundle_set_collateral: this set in the place of what was there. */
enum rc bundle_set_collateral(struct arena *a, struct bundle *b, const struct collateral *c,
                              struct err *err) MUST_CHECK;
/* bundle_set_early: the same for the coming set. */
enum rc bundle_set_early(struct arena *a, struct bundle *b, const struct collateral *c,
                         const struct collateral_numbers *n, struct err *err) MUST_CHECK;
/* bundle_add_checkpoint: a file with a signed checkpoint document. */
enum rc bundle_add_checkpoint(struct arena *a, struct bundle *b, const char *path,
                              struct err *err) MUST_CHECK;
/* bundle_write saves all parts as one bundle; binary evidence is written as {"quote": hex}. */
enum rc bundle_write(struct arena *a, const struct bundle *b, const char *path,
                     struct err *err) MUST_CHECK;
/* bundle_text: the same as text, for another process of ours. */
enum rc bundle_text(struct arena *a, const struct bundle *b, struct bytes *out,
                    struct err *err) MUST_CHECK;
/* bundle_add_host takes of a bundle that the host put there what cannot change what is asked: rpc,
 * beacon, and collateral where there is none yet. All else in it is left. */
enum rc bundle_add_host(struct arena *a, struct bundle *b, struct bytes text,
                        struct err *err) MUST_CHECK;

#endif
