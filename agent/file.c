#include "agent/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
    if (*fd > STDERR_FILENO)
        (void)close(*fd);
}
#define AUTO_FD __attribute__((cleanup(close_fd))) int

static void free_bytes(uint8_t **p)
{
    free(*p);
}

/* read_all reads until the end or max + 1 bytes, whichever comes first. -1: errno. */
static ssize_t read_all(int fd, uint8_t **buf, size_t max)
{
    size_t n = 0, cap = 0;
    while (n <= max) {
        if (n == cap) {
            cap = cap ? 2 * cap : 65536;
            if (cap > max + 1)
                cap = max + 1;
            uint8_t *more = realloc(*buf, cap);
            if (!more)
                return -1;
            *buf = more;
        }
        ssize_t got = read(fd, *buf + n, cap - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    return (ssize_t)n;
}

enum rc file_read(struct arena *a, const char *path, size_t max, enum rc too_large,
                  struct bytes *out, struct err *err)
{
    bool standard_input = strcmp(path, "-") == 0;
    AUTO_FD fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_set(err, BG_FILE_OPEN, "%s: %s", path, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        return err_set(err, BG_FILE_DIRECTORY, "%s", path);
    __attribute__((cleanup(free_bytes))) uint8_t *buf = NULL;
    ssize_t n = read_all(fd, &buf, max);
    if (n < 0)
        return err_set(err, BG_FILE_READ, "%s: %s", path, strerror(errno));
    if ((size_t)n > max)
        return err_set(err, too_large, "%s: more than %zu bytes", path, max);
    const uint8_t *copy = arena_copy(a, bytes_of(buf, (size_t)n), err);
    if (!copy)
        return err->rc;
    *out = bytes_of(copy, (size_t)n);
    return RC_OK;
}

enum rc file_json(struct bytes text, const char *path, enum rc malformed, json_t **out,
                  struct err *err)
{
    struct err why = {0};
    if (json_read(text, text.n, out, &why) == RC_OK)
        return RC_OK;
    return err_set(err, malformed, "%s: %s", path, why.detail);
}

bool file_write_all(int fd, struct bytes b)
{
    struct bytes left = b;
    while (left.n) {
        ssize_t put = write(fd, left.p, left.n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        left = bytes_of(left.p + put, left.n - (size_t)put);
    }
    return true;
}

enum rc file_write(const char *path, struct bytes text, struct err *err)
{
    if (strcmp(path, "-") == 0) {
        if (!file_write_all(STDOUT_FILENO, text))
            return err_set(err, BG_FILE_WRITE_STDOUT, "%s", strerror(errno));
        return RC_OK;
    }
    struct stat st; /* a rename over /dev/null would be its end, one over a link breaks the link */
    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return err_set(err, BG_FILE_NOT_REGULAR, "%s", path);
    char temporary[4096];
    int len = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (len < 0 || (size_t)len >= sizeof temporary)
        return err_set(err, BG_FILE_NAME, "%zu characters", strlen(path));
    AUTO_FD fd = mkstemp(temporary);
    if (fd < 0)
        return err_set(err, BG_FILE_CREATE, "%s: %s", path, strerror(errno));
    if (file_write_all(fd, text) && fchmod(fd, 0644) == 0 && fsync(fd) == 0 &&
        rename(temporary, path) == 0)
        return RC_OK;
    int why = errno;
    (void)unlink(temporary);
    return err_set(err, BG_FILE_WRITE, "%s: %s", path, strerror(why));
}
