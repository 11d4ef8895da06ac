/*
 * measured: a file that is part of what was measured at boot (DESIGN section 3): reached without a
 * link, in the initramfs (rootfs or ramfs), or on a read-only dm-verity device whose root hash
 * stands in /proc/cmdline. Everything else is refused by the name of its file system.
 */
#ifndef BOOTGATE_AGENT_MEASURED_H
#define BOOTGATE_AGENT_MEASURED_H

#include "base/arena.h"

/* measured_file: the file's bytes (more than max: too_large), or why they are not measured. */
enum rc measured_file(struct arena *a, const char *path, size_t max, enum rc too_large,
                      struct bytes *out, struct err *err) MUST_CHECK;
/* measured_read: the configuration, at most LIMIT_CONFIG. */
enum rc measured_read(struct arena *a, const char *path, struct bytes *out,
                      struct err *err) MUST_CHECK;

/* The parts that need no kernel. */
struct mount_seen {
    char type[32], options[64];
};
/* measured_mount finds a mount id in the text of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
bool measured_mount(struct bytes mountinfo, uint64_t mount_id, struct mount_seen *out) MUST_CHECK;
/* measured_verity_hash takes the root digest from a verity target's table line. */
bool measured_verity_hash(struct bytes parameters, struct bytes *out) MUST_CHECK;
/* measured_on_cmdline: roothash=, usrhash= or dstack.rootfs_hash= is this hash, and stands there
 * once. */
bool measured_on_cmdline(struct bytes cmdline, struct bytes hash) MUST_CHECK;

#endif
