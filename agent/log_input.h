/*
 * log_input: an event log from a file of any kind that has one: a bare event_log array, a CCEL
 * area, a bundle, or evidence in any form. Parsed, not trusted: to be compared, never believed.
 */
#ifndef BOOTGATE_AGENT_LOG_INPUT_H
#define BOOTGATE_AGENT_LOG_INPUT_H

#include "agent/bundle.h"
#include "quote/evlog.h"
#include "quote/quote.h"

struct log_input {
    enum evidence_format format; /* EVIDENCE_NONE: a log alone */
    bool has_log, has_quote;
    struct evlog log;
    struct quote quote; /* not authenticated */
};

/* log_input_read takes text apart; path is for messages. Views live as long as *b and text; *b may
 * stay empty, the caller frees it. */
enum rc log_input_read(struct arena *a, struct bytes text, const char *path, struct bundle *b,
                       struct log_input *out, struct err *err) MUST_CHECK;
/* log_input_is_array: it is dstack's JSON, of which nothing is viewed: its text may go before. */
bool log_input_is_array(struct bytes text);
/* log_input_bytes: the file as it is. */
enum rc log_input_bytes(struct arena *a, const char *path, struct bytes *out,
                        struct err *err) MUST_CHECK;
/* log_input_text: the same, and there must be a log. log_input_file: that, from a file. */
enum rc log_input_text(struct arena *a, struct bytes text, const char *path, struct bundle *b,
                       struct log_input *out, struct err *err) MUST_CHECK;
enum rc log_input_file(struct arena *a, const char *path, struct bundle *b, struct log_input *out,
                       struct err *err) MUST_CHECK;

#endif
