#define _GNU_SOURCE
#include "agent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/file.h"
#include "agent/output.h"

#define DONE       0
#define LOST       70
#define UNCONFINED 71

/* struct inflow: bytes from the child, up to a cap. */
struct inflow {
    int fd[2]; /* as pipe2 makes it; -1: closed */
    uint8_t *p;
    size_t n, cap;
    bool ended;
};

struct inflows {
    struct inflow v[CHILD_FLOWS];
};
static void close_inflows(const struct inflows *f)
{
    for (size_t i = 0; i < CHILD_FLOWS; i++) {
        watch_close_fd(&f->v[i].fd[0]);
        watch_close_fd(&f->v[i].fd[1]);
    }
}
#define AUTO_INFLOWS __attribute__((cleanup(close_inflows))) struct inflows

bool child_write(size_t flow, struct bytes b)
{
    return file_write_all(CHILD_FLOW_FD + (int)flow, b);
}

bool child_write_err(size_t flow, const struct err *e)
{
    uint8_t text[CHILD_ERR_MAX];
    uint32_t code = (uint32_t)e->rc;
    size_t n = strnlen(e->detail, sizeof text - 4);
    for (size_t i = 0; i < 4; i++)
        text[i] = (uint8_t)(code >> (8 * (3 - i)));
    memcpy(text + 4, e->detail, n);
    return child_write(flow, bytes_of(text, 4 + n));
}

bool child_read_err(struct bytes flow, struct err *e)
{
    uint32_t code = 0;
    if (flow.n < 4 || flow.n >= CHILD_ERR_MAX)
        return false;
    for (size_t i = 0; i < 4; i++)
        code = code << 8 | flow.p[i];
    if (code > INT32_MAX || (code != 0 && !err_info_of((int)code)))
        return false;
    err_clear(e);
    if (code != 0)
        (void)!err_set(e, (enum rc)code, "%.*s", (int)(flow.n - 4), (const char *)flow.p + 4);
    return true;
}

static enum rc take(struct inflow *f, struct err *err)
{
    uint8_t over;
    bool full = f->n == f->cap;
    ssize_t got = read(f->fd[0], full ? &over : f->p + f->n, full ? 1 : f->cap - f->n);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return RC_OK;
    if (got < 0)
        return err_set(err, BG_CHILD_READ, "%s", strerror(errno));
    if (got > 0 && full)
        return err_set(err, BG_CHILD_TOO_LONG, "more than %zu bytes", f->cap);
    f->ended = got == 0;
    f->n += (size_t)got;
    return RC_OK;
}

static enum rc gather(struct inflows *in, const struct child *c, int pidfd, const struct watch *w,
                      struct err *err)
{
    for (;;) {
        struct pollfd p[CHILD_FLOWS];
        size_t open = 0;
        for (size_t i = 0; i < c->n; i++) {
            p[i] = (struct pollfd){.fd = in->v[i].ended ? -1 : in->v[i].fd[0], .events = POLLIN};
            open += !in->v[i].ended;
        }
        if (open == 0)
            break;
        TRY(watch_poll(w, p, c->n, c->what, err));
        for (size_t i = 0; i < c->n; i++)
            if (p[i].revents)
                TRY(take(&in->v[i], err));
    }
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    return watch_poll(w, &end, 1, c->what, err);
}

/* in_child: nothing inherited but what it is to have. The numbers are taken from above first: a
 * pipe may stand where another is to go. */
static _Noreturn void in_child(const struct child *c, const struct inflows *in)
{
    struct err err = {0};
    /* Confined, it can't write to a file: its standard error may be one, and is not worth dying
     * for. */
    (void)signal(SIGXFSZ, SIG_IGN);
    int from[CHILD_FLOWS], base = CHILD_FLOW_FD + (int)CHILD_FLOWS, null = -1;
    for (size_t i = 0; i < c->n; i++)
        if ((from[i] = fcntl(in->v[i].fd[1], F_DUPFD, base)) < 0)
            _exit(LOST);
    for (size_t i = 0; i < c->n; i++)
        if (dup2(from[i], CHILD_FLOW_FD + (int)i) < 0)
            _exit(LOST);
    if (c->stdout_flow < 0)
        null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (dup2(c->stdout_flow < 0 ? null : CHILD_FLOW_FD + c->stdout_flow, STDOUT_FILENO) < 0 ||
        close_range((unsigned)(CHILD_FLOW_FD + (int)c->n), ~0u, 0) != 0 ||
        (c->before && !c->before(c->ctx)))
        _exit(LOST);
    if (sandbox_enter(&(struct sandbox){c->role, c->paths, c->num_paths, c->only_paths}, &err) !=
        RC_OK) {
        text_error(stderr, &err);
        _exit(UNCONFINED);
    }
    _exit(c->run(c->ctx) ? DONE : LOST);
}

static enum rc start(struct arena *a, const struct child *c, struct inflows *in, pid_t *pid,
                     int *pidfd, struct err *err)
{
    for (size_t i = 0; i < c->n; i++) {
        in->v[i].cap = c->cap[i];
        in->v[i].p = arena_alloc(a, c->cap[i], err);
        if (!in->v[i].p)
            return err->rc;
        if (pipe2(in->v[i].fd, O_CLOEXEC) != 0)
            return err_set(err, BG_CHILD_PIPE, "%s", strerror(errno));
    }
    *pid = watch_fork(pidfd, err);
    return *pid < 0 ? err->rc : RC_OK;
}

enum rc child_run(struct arena *a, const struct child *c, const struct watch *w,
                  struct bytes out[static CHILD_FLOWS], struct err *err)
{
    AUTO_INFLOWS in = {{{.fd = {-1, -1}}, {.fd = {-1, -1}}, {.fd = {-1, -1}}}};
    AUTO_CLOSE pidfd = -1;
    pid_t pid = -1;
    if (c->n > CHILD_FLOWS)
        return err_set(err, BG_CHILD_FLOWS, "%s: %zu", c->what, c->n);
    TRY(start(a, c, &in, &pid, &pidfd, err));
    if (pid == 0)
        in_child(c, &in);
    for (size_t i = 0; i < c->n; i++) {
        watch_drop_fd(&in.v[i].fd[1]);
        (void)fcntl(in.v[i].fd[0], F_SETFL, O_NONBLOCK);
    }
    enum rc rc = gather(&in, c, pidfd, w, err);
    int status = watch_reap(pid, rc != RC_OK);
    TRY(rc);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return err_set(err, BG_SANDBOX_BREACH, "%s", c->what);
    if (WIFEXITED(status) && WEXITSTATUS(status) == UNCONFINED)
        return err_set(err, BG_SANDBOX_UNCONFINED, "%s", c->what);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != DONE)
        return err_set(err, BG_CHILD_DIED, "%s: %s %d", c->what,
                       WIFEXITED(status) ? "status" : "signal",
                       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    for (size_t i = 0; i < c->n; i++)
        out[i] = bytes_of(in.v[i].p, in.v[i].n);
    return RC_OK;
}
