#define _GNU_SOURCE
#include "agent/guest/own_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "agent/file.h"
#include "agent/guest/own.h"
#include "agent/guest/place.h"
#include "base/limits.h"

#define KIB   1024u
#define PIECE (64u * KIB)

/* dstack-types shared_filenames.rs; dstack-util system_setup.rs, HostShared::copy. */
static const struct {
    const char *name;
    size_t max;
    bool required;
} files[] = {
    {"app-compose.json", LIMIT_GUEST_COMPOSE, true}, {".sys-config.json", LIMIT_SYS_CONFIG, true},
    {".instance_info", LIMIT_INSTANCE_INFO, false},  {".encrypted-env", 256u * KIB, false},
    {".user-config", 50u * KIB *KIB, false},
};

static enum rc cannot_write(const char *name, int why, struct err *err)
{
    if (why == ENOSPC || why == EDQUOT)
        return err_set(err, BG_OWN_NO_ROOM, "%s", name);
    return err_set(err, BG_OWN_WRITE, "%s: %s", name, strerror(why));
}

static enum rc cannot_open(const char *path, int why, struct err *err)
{
    if (why == ELOOP)
        return err_set(err, BG_OWN_FILE_LINK, "%s", path);
    return err_set(err, BG_OWN_FILE_OPEN, "%s: %s", path, strerror(why));
}

/* copy: from one open descriptor to its end: what is counted is what is written. */
static enum rc copy(struct arena *a, int from, int to, const char *path, size_t max,
                    struct err *err)
{
    struct stat st;
    uint8_t *piece = arena_alloc(a, PIECE, err);
    if (!piece)
        return err->rc;
    if (fstat(from, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(err, BG_OWN_FILE_KIND, "%s", path);
    for (size_t n = 0;;) {
        ssize_t got = read(from, piece, PIECE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, BG_OWN_FILE_READ, "%s: %s", path, strerror(errno));
        if (got == 0)
            return RC_OK;
        n += (size_t)got;
        if (n > max)
            return err_set(err, BG_OWN_FILE_LARGE, "%s: more than %zu bytes", path, max);
        if (!file_write_all(to, bytes_of(piece, (size_t)got)))
            return cannot_write(path, errno, err);
    }
}

static enum rc copy_file(struct arena *a, const char *root, const char *share, int dir, size_t i,
                         struct err *err)
{
    const char *name = files[i].name;
    char *path = arena_printf(a, err, "%s/%s", share, name);
    if (!path)
        return err->rc;
    AUTO_CLOSE from = place_open(root, path, O_RDONLY | O_NONBLOCK);
    if (from < 0 && errno == ENOENT && !files[i].required)
        return RC_OK;
    if (from < 0)
        return cannot_open(path, errno, err);
    AUTO_CLOSE to = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
    if (to < 0)
        return cannot_write(name, errno, err);
    return copy(a, from, to, path, files[i].max, err);
}

/* open_ours: a folder that nobody but us can have written, in memory. */
static enum rc open_ours(const char *root, int *out, struct err *err)
{
    struct statfs fs;
    struct stat st;
    AUTO_CLOSE fd = place_open(root, OWN_DIR, O_RDONLY | O_DIRECTORY);
    if (fd < 0 || fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0)
        return err_set(err, BG_OWN_DIR, "%s: %s", OWN_DIR, strerror(errno));
    if (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)
        return err_set(err, BG_OWN_NOT_TMPFS, "%s: type 0x%lx", OWN_DIR, (unsigned long)fs.f_type);
    if (st.st_uid != geteuid() || (st.st_mode & 022) != 0)
        return err_set(err, BG_OWN_DIR_OWNER, "%s: user %u, mode %o", OWN_DIR, (unsigned)st.st_uid,
                       (unsigned)st.st_mode & 07777u);
    *out = watch_take_fd(&fd);
    return RC_OK;
}

enum rc own_copy(struct arena *a, const char *root, const char *share, struct err *err)
{
    AUTO_CLOSE ours = -1;
    TRY(open_ours(root, &ours, err));
    if (mkdirat(ours, "app", 0700) != 0)
        return err_set(err, BG_OWN_NOT_FRESH, "%s: %s", OWN_COPY, strerror(errno));
    AUTO_CLOSE dir = openat(ours, "app", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return err_set(err, BG_OWN_COPY_OPEN, "%s: %s", OWN_COPY, strerror(errno));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        TRY(copy_file(a, root, share, dir, i, err));
    return RC_OK;
}

enum rc own_put(const char *root, const char *name, struct bytes text, struct err *err)
{
    AUTO_CLOSE dir = place_open(root, OWN_COPY, O_RDONLY | O_DIRECTORY);
    AUTO_CLOSE to = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
    return to >= 0 && file_write_all(to, text) ? RC_OK : cannot_write(name, errno, err);
}
