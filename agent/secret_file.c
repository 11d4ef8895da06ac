#include "agent/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
    if (*fd > STDERR_FILENO)
        (void)close(*fd);
}

/* open_private: NULL, or why it is not to be read. */
static const char *open_private(const char *path, int *fd)
{
    struct stat st;
    if (strcmp(path, "-") == 0) {
        *fd = STDIN_FILENO;
        return NULL;
    }
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (*fd < 0 || fstat(*fd, &st) != 0)
        return strerror(errno);
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077) || (st.st_uid != geteuid() && st.st_uid != 0))
        return "not a regular file of its owner alone (mode 0400)";
    return NULL;
}

/* fill reads until the end or n bytes; -1: errno. */
static ssize_t fill(int fd, uint8_t *p, size_t n)
{
    size_t at = 0;
    while (at < n) {
        ssize_t got = read(fd, p + at, n - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        at += (size_t)got;
    }
    return (ssize_t)at;
}

enum rc secret_file_read(const char *path, size_t min, size_t max, enum rc bad, struct secret **out,
                         struct err *err)
{
    __attribute__((cleanup(close_fd))) int fd = -1;
    const char *why = open_private(path, &fd);
    /* One byte more than there may be, to see that there is. */
    AUTO_SECRET buffer = why ? NULL : secret_new(max + 1, err);
    if (!why && !buffer)
        return err->rc;
    ssize_t got = why ? 0 : fill(fd, secret_data(buffer), max + 1);
    size_t n = got > 0 ? (size_t)got : 0;
    if (got < 0)
        why = strerror(errno);
    else if (!why && n < min)
        why = "too short";
    else if (!why && n > max)
        why = "too long";
    if (why)
        return err_set(err, bad, "%s: %s", path, why);
    struct secret *s = secret_new(n, err);
    if (!s)
        return err->rc;
    memcpy(secret_data(s), secret_data(buffer), n);
    *out = s;
    return RC_OK;
}
