/*
 * report: all that a run of the gate found out, for rendering. Pointers are NULL until the stage
 * that makes them succeeded, so nothing unauthenticated is ever printed as a fact.
 */
#ifndef BOOTGATE_AGENT_REPORT_H
#define BOOTGATE_AGENT_REPORT_H

#include "agent/driver.h"
#include "policy/decide.h"
#include "quote/collateral_need.h"
#include "quote/os_image.h"
#include "quote/predict.h"

/* struct report_tpm: what is known of the TPM that holds the seed. Words are static. */
struct report_tpm {
    const char *cls;      /* "host", "attested" */
    const char *srk;      /* what vouches for its storage key: "attested", "pinned", "unpinned" */
    const char *boot_log; /* what the boot PCRs cover; NULL: nobody looked */
    bool has_floor;       /* the floor below was read from it */
    bool floor_binds;     /* it is out of the host's reach; else it is advisory */
    uint64_t floor_position, floor_checkpoint;
};

/* struct collateral_fact: a document that a quote was verified with. */
struct collateral_fact {
    enum collateral_doc doc;
    const char *source;   /* host, "the bundle" or "the store" */
    uint64_t from, until; /* as it says itself; Unix seconds */
};
struct collateral_facts {
    struct collateral_fact v[COLLATERAL_DOCS]; /* n is 0 before there is a set that holds */
    size_t n;
    size_t round_trips; /* to services, one after the other */
};

/* struct report_stage: a part of the run that was reached, and how long it took. */
struct report_stage {
    const char *name; /* static */
    enum check_status status;
    uint64_t us; /* microseconds */
};
#define REPORT_STAGES 6

struct report {
    enum verdict_kind kind;
    struct err err; /* the run stopped here; RC_OK: it went to its end */
    struct checks checks;
    struct report_stage stages[REPORT_STAGES];
    size_t num_stages;
    enum evidence_format format;
    const struct td_report *td; /* authenticated */
    struct collateral_facts collateral;
    const struct evlog_facts *log; /* replayed */
    const struct os_image *image;
    const struct boot_info *boot_info;
    const struct predicted_boot_info
        *predicted;               /* what boot_info is made of; NULL: it was measured */
    enum boot_view as;            /* whose boot it is */
    enum boot_view mr;            /* the measurements in boot_info; NONE: there are none of ours */
    bool boot_info_given;         /* from --boot-info: nobody vouches for it */
    enum chain_question question; /* ASK_NONE: the contract is no part of this run */
    const struct chain_config *chain_config;
    const struct near_source *near_source; /* where chain_config->source says so */
    const struct chain_result *chain;
    struct driver_facts net; /* how chain was come by; also when it was not */
    struct verdict verdict;
    bool app_id_pinned, acpi_pinned; /* by the configuration */
    bool test_root;                  /* the PKI root is not Intel's */
    enum freshness freshness;
    uint64_t time_error_ms;  /* how far off now may be; 0: it is the host's word */
    bool has_time, at_given; /* has_time: a clock (or --at) was read; else now is 0 */
    uint64_t now;
    const struct report_tpm *tpm; /* NULL: none took part */
    const char *key_protection;   /* what guards the key against the host; NULL: none is released */
    bool has_config;
    uint8_t config_sha256[32]; /* of the effective configuration, canonical JSON */
};

/* report_yes: the question of this run was answered with yes (which means: see kind). */
bool report_yes(const struct report *r);
/* report_code: why it was not; RC_OK exactly when report_yes. */
enum rc report_code(const struct report *r);
/* report_reason: one line for report_code, or for the yes. Borrowed from r or static. */
const char *report_reason(const struct report *r);
/* report_exit_status: DESIGN section 6. */
int report_exit_status(const struct report *r);

/* struct anchor: what a fact of the report rests on (DESIGN section 3). */
struct anchor {
    const char *fact, *anchor, *assurance; /* static, or of the report */
};
#define REPORT_ANCHORS_MAX 10
/* report_anchors fills out and returns how many. */
size_t report_anchors(const struct report *r, struct anchor out[static REPORT_ANCHORS_MAX]);
/* report_note adds a line to the notes; why RC_OK: there is nothing to say. */
enum rc report_note(struct arena *a, struct report *r, const char *what, const struct err *why,
                    struct err *err) MUST_CHECK;
/* report_collateral: where the documents came from and how old they are, in one line. */
const char *report_collateral(struct arena *a, const struct report *r, struct err *err);
/* boot_view_as: "app" or "kms"; boot_view_mr: "boot" or "run"; NULL: neither. */
const char *boot_view_as(enum boot_view v);
const char *boot_view_mr(enum boot_view v);
/* report_vouch: f is known, too. What says more (a nonce of this run) stays. */
void report_vouch(struct report *r, enum freshness f);
const char *freshness_name(enum freshness f);
const char *verdict_kind_name(enum verdict_kind k);

#endif
