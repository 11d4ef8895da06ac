/*
 * output: results on standard output, diagnostics on standard error. A reader that closed its end
 * changes no exit status; a full disk does.
 */
#ifndef BOOTGATE_AGENT_OUTPUT_H
#define BOOTGATE_AGENT_OUTPUT_H

#include <stdio.h>

#include "agent/cli.h"
#include "agent/report.h"

/* struct style: how to print to this terminal. */
struct style {
    bool color, unicode, verbose;
};

/* output_prepare: SIGPIPE ignored, descriptors 0-2 open. Once, first thing. */
void output_prepare(void);
/* output_style from the options, NO_COLOR, TERM, the locale and whether stdout is a terminal. */
struct style output_style(const struct cli *cli);
/* output_finish flushes stdout: `status`, or 70 when what was to be printed could not be. */
int output_finish(int status);
/* output_json prints one JSON value, ASCII only, and a newline. Takes the reference. */
void output_json(json_t *j);
/* output_report prints a report as the options want it, and returns its exit status. */
int output_report(const struct cli *cli, const struct report *r);
/* output_error: an error that ended a verb without a report of its own. */
int output_error(bool json, bool quiet, const struct err *err);

/* verdict_json: the verdict of DESIGN section 6; a new reference, NULL: no memory. */
json_t *verdict_json(const struct report *r);
/* verdict_text writes the same for people. */
void verdict_text(FILE *f, const struct style *st, const struct report *r);
/* contract_text lists what the contract read: slots, codes, getters. */
void contract_text(FILE *f, const struct style *st, const struct report *r);
/* text_error writes one error: code, sentence, detail, next step. */
void text_error(FILE *f, const struct err *err);
/* text_safe writes n bytes with everything but printable ASCII replaced by '?'. */
void text_safe(FILE *f, struct bytes text);
/* text_hex: full when verbose, else its first bytes and dots. */
void text_hex(FILE *f, const struct style *st, struct bytes b);

#endif
