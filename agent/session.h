/*
 * session: what verify, check and chain have in common around the gate: configuration, bundle,
 * root, time in; report and exit status out.
 */
#ifndef BOOTGATE_AGENT_SESSION_H
#define BOOTGATE_AGENT_SESSION_H

#include "agent/authtime.h"
#include "agent/cli.h"
#include "agent/gate.h"

struct session {
    struct arena *a;
    const struct cli *cli;
    struct config config;
    struct bundle bundle;
    struct gate_input input;
    struct report report;
    struct store_files stored;
    uint8_t nonce[32]; /* of a proof of call */
    bool inputs_read;  /* the bundle holds all that was given: it may replace a file */
};

/*
 * session_open reads everything that the options name. The report's error is set on failure; the
 * session is to be closed in either case. config_required: a contract must be configured.
 */
enum rc session_open(struct session *s, struct arena *a, const struct cli *cli, enum gate_goal goal,
                     enum verdict_kind kind, bool contract_required) MUST_CHECK;
/* session_set_time: the run's time, once it is known whether somebody vouches for it. */
void session_set_time(struct session *s, const struct authtime *t);
/* session_ask puts the question of goal GATE_ASK, about --boot-info or the evidence. */
enum rc session_ask(struct session *s) MUST_CHECK;
/* session_open_config: the same under a configuration that was read before; boot's. */
enum rc session_open_config(struct session *s, struct arena *a, const struct cli *cli,
                            enum gate_goal goal, enum verdict_kind kind,
                            const struct config *config) MUST_CHECK;
/* session_keep writes what the store is to hold; that it could not is a note. */
void session_keep(struct session *s);
/* session_close does that, saves the bundle when asked to, prints the report, frees; the exit
 * status. */
int session_close(struct session *s);

#endif
