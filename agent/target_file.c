/* The file target: complete before it has a name, and only in memory. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "agent/target.h"

static bool in_memory(int fd)
{
    struct statfs fs;
    return fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

static bool write_key(int fd, struct secret *key)
{
    const uint8_t *p = secret_data(key);
    size_t n = secret_len(key), at = 0;
    while (at < n) {
        ssize_t put = write(fd, p + at, n - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        at += (size_t)put;
    }
    return true;
}

enum rc target_file_write(const struct target_config *t, struct secret *key,
                          struct target_done *done, struct err *err)
{
    const char *name = NULL;
    AUTO_CLOSE dir = target_open_dir(t->path, &name, err);
    if (dir < 0)
        return err->rc;
    if (!in_memory(dir))
        return err_set(err, BG_TARGET_NOT_MEMORY, "%s", t->path);
    AUTO_CLOSE fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0400);
    if (fd < 0 || fchmod(fd, 0400) != 0 || !write_key(fd, key))
        return err_set(err, BG_TARGET_FILE_WRITE, "%s: %s", t->path, strerror(errno));
    char self[32];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    /* A name that is there already, also a link, is EEXIST: O_EXCL and O_NOFOLLOW in one. */
    if (linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW) != 0)
        return err_set(err, BG_TARGET_FILE_NAME, "%s: %s", t->path, strerror(errno));
    *done = (struct target_done){.t = t, .dir_fd = watch_take_fd(&dir)};
    return RC_OK;
}

void target_file_undo(const struct target_done *done)
{
    const char *slash = strrchr(done->t->path, '/');
    if (slash)
        (void)unlinkat(done->dir_fd, slash + 1, 0);
}
