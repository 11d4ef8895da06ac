#define _GNU_SOURCE
#include "agent/guest/place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/nolink.h"
#include "agent/watch.h"

#define FIRST_READ 8192u

int place_open(const char *root, const char *path, int flags)
{
    AUTO_CLOSE dir = open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return -1;
    while (*path == '/')
        path++;
    return nolink_open(dir, *path ? path : ".", flags & O_PATH ? flags : flags | O_NOCTTY);
}

static enum rc cannot_open(const char *path, int why, struct err *err)
{
    if (why == ENOENT || why == ENOTDIR)
        return err_set(err, BG_GUEST_FILE_ABSENT, "%s", path);
    if (why == ELOOP)
        return err_set(err, BG_GUEST_FILE_LINK, "%s", path);
    return err_set(err, BG_GUEST_FILE_OPEN, "%s: %s", path, strerror(why));
}

enum rc place_read_fd(struct arena *a, int fd, const char *path, size_t max, struct bytes *out,
                      struct err *err)
{
    size_t n = 0, room = max < FIRST_READ ? max + 1 : FIRST_READ;
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(err, BG_GUEST_FILE_KIND, "%s", path);
    uint8_t *p = arena_alloc(a, room, err);
    while (p) {
        ssize_t got = read(fd, p + n, room - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, BG_GUEST_FILE_READ, "%s: %s", path, strerror(errno));
        n += (size_t)got;
        if (n > max)
            return err_set(err, BG_GUEST_FILE_LARGE, "%s: more than %zu bytes", path, max);
        if (got == 0)
            break;
        if (n < room)
            continue;
        size_t more = 2 * room > max + 1 ? max + 1 : 2 * room;
        uint8_t *larger = arena_alloc(a, more, err);
        if (larger)
            memcpy(larger, p, n);
        p = larger;
        room = more;
    }
    if (!p)
        return err->rc;
    if (n == 0)
        return err_set(err, BG_GUEST_FILE_EMPTY, "%s", path);
    *out = bytes_of(p, n);
    return RC_OK;
}

enum rc place_read(struct arena *a, const char *root, const char *path, size_t max,
                   struct bytes *out, struct err *err)
{
    AUTO_CLOSE fd = place_open(root, path, O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return cannot_open(path, errno, err);
    return place_read_fd(a, fd, path, max, out, err);
}
