/*
 * measured_table: the device mapper's live table of a dm-verity device. The device mapper tells it
 * to CAP_SYS_ADMIN only, which the gate's unit does not have: there it is what
 * bootgate-verity.service (`bootgate verity`) was told before and kept in MEASURED_TABLE_KEPT,
 * where nobody but root can have written.
 */
#ifndef BOOTGATE_AGENT_MEASURED_TABLE_H
#define BOOTGATE_AGENT_MEASURED_TABLE_H

#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

#define MEASURED_TABLE_MAX  4096u
#define MEASURED_TABLE_KEPT "/run/bootgate-verity/table" /* "MAJOR:MINOR PARAMETERS\n" */

struct measured_table {
    char room[MEASURED_TABLE_MAX];
};

/* measured_table_of: the parameters of the device's one target, of type verity; a view of t. False:
 * it is no such device, or nobody said. */
bool measured_table_of(dev_t dev, struct measured_table *t, struct bytes *parameters) MUST_CHECK;

/* measured_table_keep asks about the device that the file is on, and keeps the answer for the next
 * process; where there is none, nothing is kept. */
enum rc measured_table_keep(const char *file, struct err *err) MUST_CHECK;

/* measured_table_read: the parameters of this device in a kept text. Needs no kernel. */
bool measured_table_read(struct bytes kept, dev_t dev, struct bytes *parameters) MUST_CHECK;

#endif
