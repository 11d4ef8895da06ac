/*
 * confine: what a process gives up before it reads anything untrusted. No capabilities, so it can't
 * look into its parent, which is not dumpable; and, where the kernel has Landlock, nothing on any
 * file system can be changed, no process outside traced or signalled.
 */
#ifndef BOOTGATE_AGENT_CONFINE_H
#define BOOTGATE_AGENT_CONFINE_H

#include "base/err.h"

/* confine_self: for good. Capabilities must go; Landlock is as strong as the kernel has it. */
enum rc confine_self(struct err *err) MUST_CHECK;

#endif
