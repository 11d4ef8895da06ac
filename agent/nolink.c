#define _GNU_SOURCE
#include "agent/nolink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/watch.h"

#define STEP (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* open_one: one name. The kernel calls a link ENOTDIR where a directory is asked for, and opens the
 * link itself where only its path is (open(2), O_NOFOLLOW and O_PATH): both are ELOOP here. */
static int open_one(int at, const char *name, int flags)
{
    struct stat st;
    int fd = openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && (!(flags & O_PATH) || (fstat(fd, &st) == 0 && !S_ISLNK(st.st_mode))))
        return fd;
    bool link = fd >= 0;
    int why = link ? ELOOP : errno;
    watch_close_fd(&fd);
    if (why == ENOTDIR && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
        why = ELOOP;
    errno = why;
    return -1;
}

int nolink_open(int dir, const char *path, int flags)
{
    AUTO_CLOSE held = -1;
    int at = dir;
    if (!*path) {
        errno = ENOENT;
        return -1;
    }
    if (*path == '/')
        at = held = open("/", STEP);
    for (;;) {
        char name[NAME_MAX + 1];
        path += strspn(path, "/");
        size_t n = strcspn(path, "/");
        if (at == -1)
            return -1;
        if (n > NAME_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, path, n);
        name[n] = '\0';
        path += n;
        if (!*path) /* "..": the kernel's; nothing after the last '/': the directory itself */
            return open_one(at, n ? name : ".", flags | (n ? 0 : O_DIRECTORY));
        int next = open_one(at, name, STEP);
        watch_close_fd(&held);
        at = held = next;
    }
}
