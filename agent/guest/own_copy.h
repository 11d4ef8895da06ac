/* own_copy: the app's files, copied once from the host's directory to ours (agent/guest/own.h). */
#ifndef BOOTGATE_AGENT_GUEST_OWN_COPY_H
#define BOOTGATE_AGENT_GUEST_OWN_COPY_H

#include "base/arena.h"

/* own_copy makes OWN_COPY below root, which must not be there, on tmpfs or ramfs, and copies the
 * files that dstack's host shares: names and sizes as dstack-util takes them. */
enum rc own_copy(struct arena *a, const char *root, const char *share, struct err *err) MUST_CHECK;
/* own_put writes a new file of ours into the copy's directory. */
enum rc own_put(const char *root, const char *name, struct bytes text, struct err *err) MUST_CHECK;

#endif
