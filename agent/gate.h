/*
 * gate: from collected bytes to a verdict. collect -> parse -> authenticate -> replay -> boot info
 * -> decide. gate_run is the only place where the stages are put together; what it found is in
 * struct report.
 */
#ifndef BOOTGATE_AGENT_GATE_H
#define BOOTGATE_AGENT_GATE_H

#include "agent/bundle.h"
#include "agent/config.h"
#include "agent/report.h"

/* How far a run goes, and what its yes means. */
enum gate_goal {
    GATE_VERIFY, /* is the quote authentic, does policy object? Event logs only where given. */
    GATE_ASK,    /* what does the contract say about the boot info of this evidence? */
    GATE_CHECK,  /* the whole decision */
};

struct gate_input {
    enum gate_goal goal;
    const struct config *config;
    struct bundle *bundle; /* chain answers are appended to it */
    struct bytes root;     /* PKI root, DER */
    enum boot_view view;   /* of the measurements: --mr, or what goes with the question */
    bool offline;          /* nobody is asked over the network */
    bool refresh;          /* a newer head is asked for even where there is one */
    const struct store_files *stored; /* NULL: store and floor take no part */
    const struct store_floor *floor;  /* beside the store's: the higher one counts; NULL: none */
    bool hints;           /* the bundle will be saved: with what saves time the next time */
    const uint8_t *nonce; /* 32 random bytes of this run; NULL: a recording is judged */
    uint64_t floor_time;  /* heads from before it are refused; 0: none */
    uint64_t deadline_ms; /* for the network, clock_ms() */
    bool answer_needed;   /* the contract's answer is wanted even where policy already refused */
    /* What the quote was asked to carry in this very run, 64 bytes: then the evidence is this
     * machine's and is held against its own TDREPORT. NULL: it came from a file. */
    const uint8_t *report_data;
    uint64_t now;
};

/*
 * gate_run fills r (kind, question, time and freshness are the caller's); a failure stands in
 * r->err as well. r keeps views into the input and the arena.
 */
enum rc gate_run(struct arena *a, const struct gate_input *in, struct report *r) MUST_CHECK;
/* gate_ask: the last stage alone, about a boot info that somebody states (--boot-info). */
enum rc gate_ask(struct arena *a, const struct gate_input *in, const struct boot_info *bi,
                 struct report *r) MUST_CHECK;

#endif
