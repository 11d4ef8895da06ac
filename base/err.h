/*
 * err: result codes. One code per failing site, listed in base/errors.def with its class, sentence
 * and next step; codes are printed BG-NNNN and never renumbered. Functions return enum rc, 0 is
 * success; what was seen goes into struct err, written once, where it happened.
 */
#ifndef BOOTGATE_BASE_ERR_H
#define BOOTGATE_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* enum err_class decides the exit status (DESIGN section 6). */
enum err_class {
    ERR_NONE = 0,
    ERR_USAGE,      /* exit 2: command line or configuration */
    ERR_POLICY,     /* exit 1: everything authentic, and the answer is no */
    ERR_NET,        /* exit 3: nothing answered */
    ERR_COLLATERAL, /* exit 3: collateral malformed, not authentic or expired */
    ERR_CHAIN,      /* exit 3: a chain answer is missing or not proven */
    ERR_EVIDENCE,   /* exit 4: quote, PCK chain, event log missing, malformed or not authentic */
    ERR_TIME,       /* exit 5: clock, not yet valid */
    ERR_RELEASE,    /* exit 6: allowed, but the release failed */
    ERR_SYSTEM,     /* exit 70: internal */
};

enum rc {
    RC_OK = 0,
#define E(sym, num, cls, kind, text, hint) BG_##sym = num,
#include "base/errors.def"
#undef E
};

#define ERR_DETAIL_MAX 320

struct err {
    enum rc rc;                  /* RC_OK: nothing went wrong (yet) */
    char detail[ERR_DETAIL_MAX]; /* what was seen, one line, no secrets; may be empty */
};

/* struct err_info: the row of errors.def. kind is error.class of the verdict (DESIGN section 6). */
struct err_info {
    enum rc rc;
    enum err_class cls;
    const char *symbol, *kind, *text, *hint;
};

/*
 * err_set records rc with a formatted detail and returns the recorded code. The first error wins:
 * a struct err that already holds one keeps it. err must not be NULL; fmt may be "". Never returns
 * RC_OK, whatever it was given: who returns err_set's value fails.
 */
#define err_set(...) err_known(err_record(__VA_ARGS__))

/* err_record: err_set's work; call err_set. */
enum rc err_record(struct err *err, enum rc rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), cold));

static inline enum rc err_known(enum rc rc)
{
    return rc == RC_OK ? BG_NO_CODE : rc;
}

static inline void err_clear(struct err *err)
{
    err->rc = RC_OK;
    err->detail[0] = '\0';
}

/* err_info_of returns the row of a code, or NULL for a number that is none. Static storage. */
const struct err_info *err_info_of(int code);
/* err_info_at walks the table: i from 0; NULL after the last row. */
const struct err_info *err_info_at(size_t i);
/* err_exit_status maps a code to the process exit status of DESIGN section 6. RC_OK gives 0. */
int err_exit_status(enum rc rc);

#define MUST_CHECK __attribute__((warn_unused_result))

/* TRY returns from the caller when the expression is not RC_OK. */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        enum rc try_rc_ = (expr);                                                                  \
        if (try_rc_ != RC_OK)                                                                      \
            return try_rc_;                                                                        \
    } while (0)

#endif
