/*
 * driver: gets a chain result: a proven block first (a pinned one, or a head of the beacon chain),
 * then the contract's answer there. Everything is fetched from untrusted nodes; see agent/head.h
 * and agent/proofs.h.
 */
#ifndef BOOTGATE_AGENT_DRIVER_H
#define BOOTGATE_AGENT_DRIVER_H

#include "agent/bundle.h"
#include "agent/config.h"
#include "agent/store.h"

struct near_seen; /* agent/near.h */

struct driver {
    const struct config *config;
    enum chain_question question;
    bool offline;                     /* nobody is asked: only the bundle */
    bool refresh;                     /* a newer head is asked for even when the bundle has one */
    const struct store_files *stored; /* NULL: neither store nor floor take part */
    const struct store_floor *floor;  /* of who asks, beside the store's: the higher one counts;
                                         NULL: none */
    bool hints;           /* the bundle is to be kept: with what saves time the next time */
    const uint8_t *nonce; /* 32 random bytes of this run, for a proof of call; NULL: it is none */
    uint64_t floor_time;  /* heads from before it are refused; Unix seconds, 0: none */
    uint64_t now;
    uint64_t deadline_ms; /* clock_ms() */
};

#define DRIVER_NOTES 16u

/* struct driver_facts: how the result was come by. Filled in on failure as far as it went. */
struct driver_facts {
    size_t round_trips;        /* to the network, one after the other */
    const char *start_anchor;  /* what vouches for the checkpoint; NULL: there is none */
    size_t signed_by, signers; /* of a signed checkpoint; 0: it is the configuration's */
    const char *notes[DRIVER_NOTES];
    size_t num_notes;
    const struct near_seen *near; /* source near: what was seen; else NULL */
    struct store_files keep;      /* what the store is to hold from now on */
    struct store_floor floor;     /* and how far a floor may go; zero until there is a decision */
};

/*
 * driver_run: on success out->say is a decision and its checks were appended. What the nodes
 * answered is appended to the bundle, also on failure. *out keeps views into the bundle.
 */
enum rc driver_run(struct arena *a, const struct driver *d, const struct boot_info *bi,
                   struct bundle *bundle, struct checks *checks, struct chain_result *out,
                   struct driver_facts *facts, struct err *err) MUST_CHECK;

/* driver_note adds a line to the notes; why RC_OK, or no room left: nothing. */
enum rc driver_note(struct arena *a, struct driver_facts *f, const char *what,
                    const struct err *why, struct err *err) MUST_CHECK;

#endif
