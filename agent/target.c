#define _GNU_SOURCE
#include "agent/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/nolink.h"

#define MAX_TARGETS 8u
#define MAX_DIR     1024u

int target_open_dir(const char *path, const char **out_name, struct err *err)
{
    char dir[MAX_DIR];
    const char *slash = strrchr(path, '/');
    int n = slash ? snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path) : -1;
    if (n <= 0 || (size_t)n >= sizeof dir || !slash[1]) {
        err_set(err, BG_TARGET_PATH, "%s", path);
        return -1;
    }
    int fd = nolink_open(AT_FDCWD, dir, O_PATH | O_DIRECTORY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        err_set(err, BG_TARGET_DIR_OPEN, "%s: %s", dir, strerror(errno));
        watch_close_fd(&fd);
        return -1;
    }
    if (st.st_uid != geteuid() || (st.st_mode & 07777) != 0700) {
        err_set(err, BG_TARGET_DIR_MODE, "%s: mode %04o, user %u", dir,
                (unsigned)(st.st_mode & 07777), (unsigned)st.st_uid);
        (void)close(fd);
        return -1;
    }
    *out_name = slash + 1;
    return fd;
}

static enum rc write_one(const struct target_config *t, struct secret *key, const struct watch *w,
                         struct target_done *done, struct err *err)
{
    switch (t->type) {
    case TARGET_FILE:
        return target_file_write(t, key, done, err);
    case TARGET_KEYRING:
        return target_keyring_write(t, key, done, err);
    case TARGET_UNIX:
        return target_unix_write(t, key, w, err);
    case TARGET_EXEC:
        return target_exec_write(t, key, w, err);
    case TARGET_NONE:
        break;
    }
    return err_set(err, BG_TARGET_TYPE, "type %d", (int)t->type);
}

static void undo(const struct target_done *done)
{
    if (done->t && done->t->type == TARGET_FILE)
        target_file_undo(done);
    else if (done->t && done->t->type == TARGET_KEYRING)
        target_keyring_undo(done);
}

/* write_kind serves the targets that can be taken back, or the one that can't. */
static enum rc write_kind(const struct target_config *targets, size_t n, bool final,
                          struct secret *key, const struct watch *w, struct target_done *done,
                          struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (target_is_final(targets[i].type) == final)
            TRY(write_one(&targets[i], key, w, &done[i], err));
    return RC_OK;
}

enum rc targets_write(const struct target_config *targets, size_t n, struct secret *key,
                      const struct watch *w, struct err *err)
{
    struct target_done done[MAX_TARGETS];
    if (n == 0 || n > MAX_TARGETS)
        return err_set(err, BG_TARGET_COUNT, "%zu", n);
    for (size_t i = 0; i < n; i++)
        done[i] = (struct target_done){.dir_fd = -1};
    enum rc rc = write_kind(targets, n, false, key, w, done, err);
    if (rc == RC_OK)
        rc = write_kind(targets, n, true, key, w, done, err);
    for (size_t i = 0; i < n; i++) {
        if (rc != RC_OK)
            undo(&done[i]);
        watch_close_fd(&done[i].dir_fd);
    }
    return rc;
}
