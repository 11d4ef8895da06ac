/*
 * target: where a released key goes. One writer per type, all or nothing: when one fails, what the
 * others wrote is taken back. Never argv, a log or a terminal.
 *
 *   file     path, on tmpfs or ramfs, in a directory of mode 0700 that is ours: made complete and
 *            mode 0400, then linked; an existing name is refused. Taken back: unlinked.
 *   keyring  a user key in the session keyring, with a time-out. Taken back: revoked.
 *   unix     a listening socket for cryptsetup's key file protocol: one client of root or of our
 *            own user gets the key and the end of file.
 *   exec     standard input of one command: absolute path, arguments as they are, no shell, an
 * empty environment. It must end with status 0.
 *
 * What unix and exec handed out can't be taken back, so there is at most one of them, served last.
 */
#ifndef BOOTGATE_AGENT_TARGET_H
#define BOOTGATE_AGENT_TARGET_H

#include "agent/watch.h"
#include "base/secret.h"

enum target_type { TARGET_NONE = 0, TARGET_FILE, TARGET_KEYRING, TARGET_UNIX, TARGET_EXEC };

struct target_config {
    enum target_type type;
    const char *path;        /* file, unix: absolute */
    const char *name;        /* keyring: description of the key */
    const char *const *argv; /* exec: NULL-terminated, argv[0] absolute */
    uint32_t timeout_s;      /* keyring: the key's life */
};

/* struct target_done: what is needed to take a target back. */
struct target_done {
    const struct target_config *t;
    int dir_fd; /* file; -1: none */
    int32_t key_id;
};

/* targets_write gives the key to every target, or to none. Class RELEASE on failure. */
enum rc targets_write(const struct target_config *targets, size_t n, struct secret *key,
                      const struct watch *w, struct err *err) MUST_CHECK;
/* target_is_final: what it hands out can't be taken back. */
static inline bool target_is_final(enum target_type t)
{
    return t == TARGET_UNIX || t == TARGET_EXEC;
}

/* The writers, for target.c. */
enum rc target_file_write(const struct target_config *t, struct secret *key,
                          struct target_done *done, struct err *err) MUST_CHECK;
void target_file_undo(const struct target_done *done);
enum rc target_keyring_write(const struct target_config *t, struct secret *key,
                             struct target_done *done, struct err *err) MUST_CHECK;
void target_keyring_undo(const struct target_done *done);
enum rc target_unix_write(const struct target_config *t, struct secret *key, const struct watch *w,
                          struct err *err) MUST_CHECK;
enum rc target_exec_write(const struct target_config *t, struct secret *key, const struct watch *w,
                          struct err *err) MUST_CHECK;
/* target_open_dir opens the directory of a path, without following links, and checks that only we
 * can write in it. *out_name is the last component, within path. -1 with err set. */
int target_open_dir(const char *path, const char **out_name, struct err *err) MUST_CHECK;

#endif
