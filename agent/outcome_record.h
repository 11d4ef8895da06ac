/*
 * outcome_record: last.json, how the last boot ended and how many ended so in a row. It is in
 * /run/bootgate for this boot, and in the configuration's store, which may outlive it. What is in
 * the store is the host's word: only the count is taken from it, and a count changes nothing but
 * how long a reboot is put off.
 *
 *   {"schema": 1, "allowed": false, "time": .., "code": "BG-0952", "status": 1,
 *    "sentence": "..", "failures": 3}
 */
#ifndef BOOTGATE_AGENT_OUTCOME_RECORD_H
#define BOOTGATE_AGENT_OUTCOME_RECORD_H

#include "agent/outcome.h"

#define RECORD_MAX          4096u
#define RECORD_MAX_FAILURES 1000000u

enum rc record_make(struct arena *a, const struct outcome *o, uint32_t failures, struct bytes *out,
                    struct err *err) MUST_CHECK;
/* record_failures: of a record's text; false: it is none. A yes counts none. */
bool record_failures(struct bytes text, uint32_t *out) MUST_CHECK;
/* record_count: of the directory's record, read in a process of its own; 0: none is there. */
uint32_t record_count(struct arena *a, const char *dir);
/* record_write puts it into the directory, in one step, mode 0600. */
enum rc record_write(const char *dir, struct bytes text, struct err *err) MUST_CHECK;

#endif
