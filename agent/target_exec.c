/* The exec target: one command that reads the key from its standard input, until the end. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/target.h"

#define NOT_STARTED 127

/* What the command prints goes to standard error: standard output is the verdict's. */
static void become(const char *const *argv, int key_fd)
{
    static char *const environment[] = {NULL};
    (void)signal(SIGPIPE, SIG_DFL);
    if (dup2(key_fd, STDIN_FILENO) == STDIN_FILENO &&
        dup2(STDERR_FILENO, STDOUT_FILENO) == STDOUT_FILENO &&
        close_range(STDERR_FILENO + 1, ~0u, 0) == 0)
        (void)execve(argv[0], (char *const *)argv, environment);
    _exit(NOT_STARTED);
}

/* feed writes the key and closes the pipe. A command that reads less is for its status to say. */
static enum rc feed(int *fd, int pidfd, struct secret *key, const struct watch *w, struct err *err)
{
    size_t at = 0, n = secret_len(key);
    while (at < n) {
        struct pollfd p[2] = {{.fd = *fd, .events = POLLOUT}, {.fd = pidfd, .events = POLLIN}};
        TRY(watch_poll(w, p, 2, "the command to read", err));
        if (p[0].revents == 0 && p[1].revents)
            break;
        ssize_t put = write(*fd, secret_data(key) + at, n - at);
        if (put < 0 && errno == EPIPE)
            break;
        if (put < 0 && errno != EINTR && errno != EAGAIN)
            return err_set(err, BG_TARGET_EXEC_WRITE, "%s", strerror(errno));
        at += put > 0 ? (size_t)put : 0;
    }
    watch_drop_fd(fd);
    if (at < n)
        return err_set(err, BG_TARGET_EXEC_UNREAD, "%zu of %zu bytes read", at, n);
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    return watch_poll(w, &p, 1, "the command to end", err);
}

enum rc target_exec_write(const struct target_config *t, struct secret *key, const struct watch *w,
                          struct err *err)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return err_set(err, BG_TARGET_EXEC_PIPE, "%s", strerror(errno));
    AUTO_CLOSE reading = pipe_fds[0];
    AUTO_CLOSE writing = pipe_fds[1];
    AUTO_CLOSE pidfd = -1;
    pid_t pid = watch_fork(&pidfd, err);
    if (pid == 0)
        become(t->argv, reading);
    if (pid < 0)
        return err->rc;
    watch_drop_fd(&reading);
    (void)fcntl(writing, F_SETFL, O_NONBLOCK);
    enum rc rc = feed(&writing, pidfd, key, w, err);
    int status = watch_reap(pid, rc != RC_OK);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED) {
        /* Whatever it looked like to the writer, this is the cause. */
        err_clear(err);
        return err_set(err, BG_TARGET_EXEC_START, "%s", t->argv[0]);
    }
    TRY(rc);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(err, BG_TARGET_EXEC_STATUS, "%s: %s %d", t->argv[0],
                       WIFEXITED(status) ? "status" : "signal",
                       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return RC_OK;
}
