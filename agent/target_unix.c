/*
 * The unix target: cryptsetup and systemd-cryptsetup take an AF_UNIX socket as key file: they
 * connect and read until the end (systemd, crypttab(5), "AF_UNIX key files").
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/target.h"

#define MAX_REFUSED 64u /* clients that are not ours, before we give up */

static bool is_ours(int fd)
{
    struct ucred peer;
    socklen_t n = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && n == sizeof peer &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static int accept_ours(int listening, const struct watch *w, struct err *err)
{
    for (unsigned i = 0; i < MAX_REFUSED; i++) {
        struct pollfd p = {.fd = listening, .events = POLLIN};
        if (watch_poll(w, &p, 1, "a client of the socket", err) != RC_OK)
            return -1;
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0 && is_ours(fd))
            return fd;
        watch_close_fd(&fd);
    }
    err_set(err, BG_TARGET_UNIX_CLIENTS, "%u clients", MAX_REFUSED);
    return -1;
}

/* send_all: until the client has closed its end, so that what it did not read is our failure. */
static enum rc send_all(int fd, struct secret *key, const struct watch *w, struct err *err)
{
    size_t at = 0, n = secret_len(key);
    while (at < n) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        TRY(watch_poll(w, &p, 1, "the socket's client to read", err));
        ssize_t put = send(fd, secret_data(key) + at, n - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno != EINTR && errno != EAGAIN)
            return err_set(err, BG_TARGET_UNIX_SEND, "%zu of %zu bytes: %s", at, n,
                           strerror(errno));
        at += put > 0 ? (size_t)put : 0;
    }
    uint8_t answer;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    (void)shutdown(fd, SHUT_WR);
    TRY(watch_poll(w, &p, 1, "the socket's client to finish", err));
    /* Unread data when the client closes is ECONNRESET (unix(7)). */
    if (recv(fd, &answer, sizeof answer, MSG_DONTWAIT) != 0)
        return err_set(err, BG_TARGET_UNIX_UNREAD, "%zu bytes", n);
    return RC_OK;
}

static enum rc serve(int listening, struct secret *key, const struct watch *w, struct err *err)
{
    AUTO_CLOSE fd = accept_ours(listening, w, err);
    return fd < 0 ? err->rc : send_all(fd, key, w, err);
}

enum rc target_unix_write(const struct target_config *t, struct secret *key, const struct watch *w,
                          struct err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const char *name = NULL;
    AUTO_CLOSE dir = target_open_dir(t->path, &name, err);
    if (dir < 0)
        return err->rc;
    /* By the directory we looked at, whatever the path has become since. */
    int n = snprintf(at.sun_path, sizeof at.sun_path, "/proc/self/fd/%d/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof at.sun_path)
        return err_set(err, BG_TARGET_UNIX_PATH, "%s", t->path);
    AUTO_CLOSE fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);
    bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
    (void)umask(mask);
    if (!bound)
        return err_set(err, BG_TARGET_UNIX_BIND, "%s: %s", t->path, strerror(errno));
    enum rc rc = listen(fd, 4) == 0
                     ? serve(fd, key, w, err)
                     : err_set(err, BG_TARGET_UNIX_LISTEN, "%s: %s", t->path, strerror(errno));
    (void)unlinkat(dir, name, 0);
    return rc;
}
