/*
 * explain: all that `bootgate explain FILE` found out, for text and JSON (docs/explain.md) alike.
 * All of it is the files' word, but for a verdict that was made here from authenticated parts.
 */
#ifndef BOOTGATE_AGENT_EXPLAIN_H
#define BOOTGATE_AGENT_EXPLAIN_H

#include "agent/diff_side.h"
#include "agent/guest_options.h"
#include "agent/image_dir.h"
#include "agent/output.h"
#include "agent/session.h"
#include "quote/cause.h"
#include "quote/os_image.h"
#include "quote/tcb_gap.h"
#include "quote/tcb_numbers.h"

enum explain_word { EXPLAIN_SAME = 0, EXPLAIN_DIFFERS, EXPLAIN_UNKNOWN, EXPLAIN_NOT_COMPARED };

/* Whose word the expectation is. */
enum explain_from { EXPECT_NOTHING = 0, EXPECT_IMAGE, EXPECT_FILE, EXPECT_EVIDENCE };

#define EXPLAIN_FIXES 12u

/* struct explain_fix: one slot of the contract that says no, and what would change it. */
struct explain_fix {
    const char *slot, *value; /* as the verdict has them; NEAR: set[member] and account, "absent" */
    const char *why;
    const char *function;    /* "addComposeHash(bytes32)"; NULL: no call helps */
    const char *commands[2]; /* ready to paste; NULL: none */
};

struct explain {
    struct arena *a;
    const struct cli *cli;
    const char *file;
    bool has_actual;
    struct diff_side actual;
    enum explain_from from;
    struct diff_side expected; /* unless from is EXPECT_NOTHING */
    bool has_guest;            /* image and guest: EXPECT_IMAGE and EXPECT_EVIDENCE */
    struct cause_image image;
    const char *image_version, *qemu;
    struct os_image_stated stated;
    struct bytes compose; /* --against is an app-compose.json; else empty */

    enum explain_word mrtd, mr_config, reg[4], result;
    bool has_rows[4];
    struct diff diff[4];
    struct causes causes;

    json_t *verdict; /* as given, or made here; NULL: none */
    struct explain_fix fixes[EXPLAIN_FIXES];
    size_t num_fixes;
    bool has_gap, has_early, has_switch;
    struct tcb_gap gap, early; /* against the TCB set in force; against the coming one */
    struct tcb_switch when;    /* has_switch: the coming set becomes the standard one */
    bool has_collateral;
    struct collateral collateral; /* views of the bundle */
    struct bytes pck_chain;       /* of the quote, PEM; empty: none */
    uint64_t now;
};

/* explain_read reads the files and compares. *b: of FILE, other: of --against, s: of the replay;
 * they keep what is viewed, and the caller frees them. */
enum rc explain_read(struct explain *e, struct bundle *b, struct bundle *other,
                     struct err *err) MUST_CHECK;
/* explain_replay judges the evidence again, offline, where there is enough to judge it by. */
enum rc explain_replay(struct explain *e, struct session *s, struct err *err) MUST_CHECK;
/* explain_fixes: what of the verdict's contract says no. */
enum rc explain_fixes(struct explain *e, struct err *err) MUST_CHECK;
enum rc explain_near_fixes(struct explain *e, const json_t *contract, struct err *err) MUST_CHECK;
enum rc explain_fix_add(struct explain *e, struct explain_fix f, struct err *err) MUST_CHECK;
/* explain_verdict_status: the exit status of the verdict that there is; 0: a yes, or none. */
int explain_verdict_status(const struct explain *e);
json_t *explain_json(const struct explain *e);
/* The parts of it that are about TCB and validity. */
json_t *explain_tcb_json(const struct explain *e);
json_t *explain_validity_json(const struct explain *e);
void explain_text(FILE *f, const struct style *st, const struct explain *e);
void explain_validity_text(FILE *f, const struct style *st, const struct explain *e);
const char *explain_word_name(enum explain_word w);
const char *explain_from_name(enum explain_from f);
/* explain_app_input: what RTMR3 follows from, by its number: "compose", ..; NULL: no more. */
const char *explain_app_input(size_t i);
/* explain_register_name: 0 to 3 RTMR0.., 4 MRTD, 5 MRCONFIGID. */
const char *explain_register_name(unsigned bit);

#endif
