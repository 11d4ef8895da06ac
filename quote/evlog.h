/*
 * evlog: event logs, parsed (not trusted), and replayed against a verified TD (trusted).
 * Sources: TCG PC Client Platform Firmware Profile (event records), ACPI 6.5 CCEL, dstack
 * cc-eventlog (runtime events v1, v2); tdx facts 3 and 4.1.
 */
#ifndef BOOTGATE_QUOTE_EVLOG_H
#define BOOTGATE_QUOTE_EVLOG_H

#include "quote/evidence.h"
#include "quote/verify.h"

#define EVENT_DSTACK_RUNTIME 0x08000001u /* dstack cc-eventlog: type of runtime events */
#define EV_NO_ACTION         3u          /* TCG PFP: never extends */

struct event {
    unsigned rtmr; /* 0..3 */
    uint32_t type;
    uint8_t digest[48];   /* what extends the register; runtime events: recomputed by us */
    bool digest_given;    /* the log carried a digest (and it agreed when recomputed) */
    unsigned version;     /* dstack runtime event encoding: 1 or 2; 0: not a runtime event */
    struct bytes name;    /* dstack "event"; empty for firmware events */
    struct bytes payload; /* event data */
};

struct evlog {
    struct event *v;
    size_t n;
    size_t no_action;  /* records that do not extend, skipped */
    size_t end_offset; /* CCEL: where the log ended */
    bool covers[4];    /* the log is a complete statement about this register */
};

/* evlog_parse_json: dstack's event_log array. Recomputes every runtime event's digest. */
enum rc evlog_parse_json(struct arena *a, struct bytes text, struct evlog *out,
                         struct err *err) MUST_CHECK;
/* evlog_parse_ccel: a CCEL data area; refuses logs without a SHA-384 bank. */
enum rc evlog_parse_ccel(struct arena *a, struct bytes area, struct evlog *out,
                         struct err *err) MUST_CHECK;
/* struct evlog_caps: how large a log may be. Those above take what a decision may rest on; tools
 * that only show a log may take more. */
struct evlog_caps {
    size_t bytes, records;
};
enum rc evlog_parse_json_within(struct arena *a, struct bytes text, const struct evlog_caps *caps,
                                struct evlog *out, struct err *err) MUST_CHECK;
enum rc evlog_parse_ccel_within(struct arena *a, struct bytes area, const struct evlog_caps *caps,
                                struct evlog *out, struct err *err) MUST_CHECK;
/* evlog_parse_evidence picks whatever the evidence has (JSON log, CCEL + runtime events). */
enum rc evlog_parse_evidence(struct arena *a, const struct evidence *ev, struct evlog *out,
                             struct err *err) MUST_CHECK;
/* evlog_replay_register: RTMR value after the first `upto` events of the log (SIZE_MAX: all). */
void evlog_replay_register(const struct evlog *log, unsigned rtmr, size_t upto, uint8_t out[48]);

/* struct evlog_facts: what a replayed log says (dstack system_setup order, tdx facts 4.1). */
struct evlog_facts {
    const struct evlog *log;
    size_t boot_mr_done;       /* index of that event + 1; 0: absent */
    size_t system_ready;       /* the same */
    struct bytes app_id;       /* 20 bytes, or empty when absent */
    struct bytes compose_hash; /* 32, or empty */
    struct bytes instance_id;  /* 0 or 20 */
    bool has_instance_id;      /* the event was there (it may be empty) */
    bool has_key_provider;
    struct bytes key_provider;  /* JSON payload */
    struct bytes os_image_hash; /* 32 or empty: as the KMS answered at that boot */
};

struct evlog_ok; /* opaque: made by evlog_replay only */
const struct evlog_facts *evlog_facts_of(const struct evlog_ok *ok);

/*
 * evlog_replay demands that the log replays to all four RTMRs of the verified TD, then looks the
 * dstack events up: only before system-ready; known names at most once (init-script-hash up to 5).
 * A register mismatch is an error naming the register. *out keeps a copy of the log; names and
 * payloads are still views of what the log was parsed from. NOT checked: names and data of firmware
 * events (RTMR0-2), which their digests need not cover.
 */
enum rc evlog_replay(struct arena *a, const struct evlog *log, const struct td_report_ok *td,
                     const struct evlog_ok **out, struct err *err) MUST_CHECK;

#endif
