/*
 * json_diff: what differs between two JSON documents, by path. Members of objects go by name,
 * elements of arrays and lines of long strings are aligned (quote/diff.h), so that one more at the
 * front is one difference. The order of members and white space do not count.
 */
#ifndef BOOTGATE_QUOTE_JSON_DIFF_H
#define BOOTGATE_QUOTE_JSON_DIFF_H

#include "base/json.h"
#include "quote/diff.h"

/* Kept; more are counted, then a list or a text of lines as one, however much of it differs. */
#define JSON_CHANGES_MAX 500u

struct json_change {
    enum diff_op op;     /* DIFF_CHANGED, DIFF_REMOVED or DIFF_ADDED */
    const char *path;    /* ".services[0].name"; "." is the document */
    const json_t *a, *b; /* borrowed; NULL: not there, or a line */
    bool is_line;        /* of a string of several lines: the lines are below */
    size_t line;         /* from 1, of the first document; an added one's: of the second */
    struct bytes from, to;
};

struct json_changes {
    struct json_change v[JSON_CHANGES_MAX];
    size_t n, total;
};

enum rc json_compare(struct arena *a, const json_t *first, const json_t *second,
                     struct json_changes *out, struct err *err) MUST_CHECK;

#endif
