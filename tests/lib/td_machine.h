/*
 * td_machine: a made-up machine with one TD, as its own devices would answer: TDREPORT, quote,
 * quote generation service, RTMRs that move. Its values and what goes wrong with it are in
 * DIR/machine.json, which tests/tools/td_machine.c `world` makes; keys and certificates follow from
 * their names (tests/lib/pki). Layouts are written here a second time on purpose: nothing of quote/
 * is used but the plain structs.
 */
#ifndef BOOTGATE_TESTS_TD_MACHINE_H
#define BOOTGATE_TESTS_TD_MACHINE_H

#include "tests/lib/tdx_world.h"

#define TD_REPORT_SIZE 1024u
#define TD_FAULT_MAX   64u

struct td_machine {
    char dir[256];
    int lock; /* descriptor */
    uint64_t at;
    char tcb[64];
    unsigned quote_version; /* 4, or 5 (with the TD 1.5 members) */
    uint8_t mr_td[48], mr_config_id[48], rtmr[4][48];
    uint8_t last_report_data[64]; /* of the quote before */
    char fault[TD_FAULT_MAX];     /* "" or see td_machine_faults */
    int64_t times;                /* how often it still happens; negative: always */
};

/* What can go wrong, one a line, for people. */
extern const char td_machine_faults[];

/* td_machine_open reads the machine and keeps it from others until td_machine_close, which writes
 * it back. Both end the program when they can't. */
void td_machine_open(struct td_machine *m, const char *dir);
void td_machine_close(struct td_machine *m);
/* td_machine_new: a machine to be written by td_machine_close. */
void td_machine_new(struct td_machine *m, const char *dir);

/* td_machine_happens: that fault is set, and has not happened often enough; *arg: what stands
 * behind its colon. NULL: of no interest. */
bool td_machine_happens(struct td_machine *m, const char *fault, const char **arg);

/* td_machine_world: certificates, collateral and quote of now, all good. */
void td_machine_world(struct arena *a, const struct td_machine *m, struct tdx_world *w);
/*
 * td_machine_quote: 0 and the bytes that come for that report data; or an errno; or -1: nothing
 * ever comes.
 */
int td_machine_quote(struct arena *a, struct td_machine *m, const uint8_t report_data[static 64],
                     struct bytes *out);
/* td_machine_report: the TDREPORT; its length. */
size_t td_machine_report(struct td_machine *m, const uint8_t report_data[static 64],
                         uint8_t out[static TD_REPORT_SIZE]);
/* td_machine_qgs: the service's frame in answer to a frame; empty: none. */
struct bytes td_machine_qgs(struct arena *a, struct td_machine *m, struct bytes frame);

void td_machine_extend(struct td_machine *m, unsigned rtmr, const uint8_t digest[static 48]);
/* td_machine_event: a dstack runtime event, in the log and in RTMR3. */
void td_machine_event(struct td_machine *m, const char *name, struct bytes payload);

#endif
