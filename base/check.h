/*
 * check: one line of a verdict. Parsing stops at the first error; policy checks run all and end up
 * in one list, which feeds text, JSON and the journal alike. Zero is "not run".
 */
#ifndef BOOTGATE_BASE_CHECK_H
#define BOOTGATE_BASE_CHECK_H

#include "base/arena.h"

enum check_status { CHECK_NOT_RUN = 0, CHECK_PASS, CHECK_FAIL, CHECK_UNKNOWN };

struct check {
    const char *id; /* stable, dotted, lower-case: "quote.signature", "td.debug" */
    enum check_status status;
    enum rc code;         /* the errors.def row of a FAIL (or of the reason for UNKNOWN) */
    const char *expected; /* arena strings or literals; NULL: nothing to show */
    const char *actual;
    const char *source; /* specification or the document the expectation comes from */
    const char *hint;   /* next step when it does not pass; NULL: errors.def's */
};

struct checks {
    struct check *v;
    size_t n, cap;
};

/*
 * checks_add appends a copy of c (its strings are borrowed: arena or literals). BG_NOMEM only.
 * Ids may repeat when one rule is asked of several things.
 */
enum rc checks_add(struct arena *a, struct checks *cs, struct check c, struct err *err) MUST_CHECK;
/* checks_failed: the first FAIL, or NULL. */
const struct check *checks_failed(const struct checks *cs);
/* check_status_name: "pass", "fail", "unknown", "not_run". */
const char *check_status_name(enum check_status s);

#endif
