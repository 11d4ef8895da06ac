#define _GNU_SOURCE
#include "agent/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/clock.h"
#include "agent/output.h"
#include "agent/sandbox.h"
#include "agent/watch.h"

#define SOCKET_FD 3
#define MAX_STUCK 16u /* lookups that did not end in time: their memory can't be had back */

/* One packet each way, of fixed size. */
struct names_query {
    uint32_t number, n, ms;
    char name[NAMES_AT_ONCE][NAMES_LEN];
};
struct names_reply {
    uint32_t number;
    struct name_answer v[NAMES_AT_ONCE];
};

/* --- the resolving process --- */

/* struct lookup: one name; outlives its question if it does not end in time. */
struct lookup {
    struct gaicb job;
    struct addrinfo hints;
    char name[NAMES_LEN];
    bool begun;
};

static struct lookup *begin(const char *name)
{
    struct lookup *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    memcpy(l->name, name, NAMES_LEN);
    l->hints.ai_socktype = SOCK_STREAM;
    l->job.ar_name = l->name;
    l->job.ar_request = &l->hints;
    struct gaicb *one = &l->job;
    if (getaddrinfo_a(GAI_NOWAIT, &one, 1, NULL) == 0)
        return l;
    free(l);
    return NULL;
}

static void wait_for(struct lookup *const *l, size_t n, uint64_t deadline)
{
    for (;;) {
        const struct gaicb *open[NAMES_AT_ONCE];
        int num_open = 0;
        uint64_t now = clock_ms();
        for (size_t i = 0; i < n; i++)
            if (l[i] && gai_error(&l[i]->job) == EAI_INPROGRESS)
                open[num_open++] = &l[i]->job;
        if (num_open == 0 || now >= deadline)
            return;
        struct timespec left = {(time_t)((deadline - now) / 1000),
                                (long)((deadline - now) % 1000 * 1000000)};
        (void)gai_suspend(open, num_open, &left);
    }
}

static void take(const struct addrinfo *list, struct name_answer *out)
{
    for (; list && out->n < NAMES_ADDRS; list = list->ai_next) {
        struct name_addr *a = &out->v[out->n];
        if (list->ai_family == AF_INET && list->ai_addrlen == sizeof(struct sockaddr_in)) {
            struct sockaddr_in in;
            memcpy(&in, list->ai_addr, sizeof in);
            a->len = 4;
            memcpy(a->v, &in.sin_addr, 4);
        } else if (list->ai_family == AF_INET6 && list->ai_addrlen == sizeof(struct sockaddr_in6)) {
            struct sockaddr_in6 in;
            memcpy(&in, list->ai_addr, sizeof in);
            a->len = 16;
            memcpy(a->v, &in.sin6_addr, 16);
        } else {
            continue;
        }
        out->n++;
    }
}

/* look_up answers one question; how many of its lookups have not ended. */
static unsigned look_up(const struct names_query *q, struct names_reply *r)
{
    struct lookup *l[NAMES_AT_ONCE] = {0};
    uint64_t deadline = clock_ms() + (q->ms < NAMES_MS ? q->ms : NAMES_MS);
    unsigned stuck = 0;
    memset(r, 0, sizeof *r);
    r->number = q->number;
    for (size_t i = 0; i < q->n; i++)
        l[i] = begin(q->name[i]);
    wait_for(l, q->n, deadline);
    for (size_t i = 0; i < q->n; i++) {
        int rc = l[i] ? gai_error(&l[i]->job) : EAI_MEMORY;
        if (rc == EAI_INPROGRESS) {
            stuck++;
            continue;
        }
        if (rc == 0)
            take(l[i]->job.ar_result, &r->v[i]);
        if (l[i] && l[i]->job.ar_result)
            freeaddrinfo(l[i]->job.ar_result);
        free(l[i]);
    }
    return stuck;
}

static bool sane(const struct names_query *q)
{
    if (q->n > NAMES_AT_ONCE)
        return false;
    for (size_t i = 0; i < q->n; i++)
        if (q->name[i][NAMES_LEN - 1] != '\0')
            return false;
    return true;
}

/* Nothing inherited but the socket: not the pipes of the process that asks. */
static _Noreturn void serve(int fd)
{
    struct names_query q;
    struct names_reply r;
    struct err err = {0};
    unsigned stuck = 0;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), high = fcntl(fd, F_DUPFD, 16);
    if (null < 0 || high < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(high, SOCKET_FD) < 0 || close_range(SOCKET_FD + 1, ~0u, 0) != 0)
        _exit(70);
    if (sandbox_enter(&(struct sandbox){.role = SANDBOX_RESOLVE}, &err) != RC_OK) {
        text_error(stderr, &err);
        _exit(70);
    }
    while (stuck <= MAX_STUCK && recv(SOCKET_FD, &q, sizeof q, 0) == (ssize_t)sizeof q &&
           sane(&q)) {
        stuck += look_up(&q, &r);
        if (send(SOCKET_FD, &r, sizeof r, MSG_NOSIGNAL) != (ssize_t)sizeof r)
            break;
    }
    _exit(0);
}

/* --- the process that asks --- */

enum rc names_start(struct names *out, struct err *err)
{
    int fd[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0)
        return err_set(err, BG_NAMES_SOCKET, "%s", strerror(errno));
    AUTO_CLOSE ours = fd[0], theirs = fd[1], pidfd = -1;
    pid_t pid = watch_fork(&pidfd, err);
    if (pid < 0)
        return err->rc;
    if (pid == 0)
        serve(theirs);
    *out = (struct names){.fd = watch_take_fd(&ours)};
    return RC_OK;
}

static bool answer_ok(const struct names_reply *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (r->v[i].n > NAMES_ADDRS)
            return false;
        for (size_t k = 0; k < r->v[i].n; k++)
            if (r->v[i].v[k].len != 4 && r->v[i].v[k].len != 16)
                return false;
    }
    return true;
}

/* receive: false: there will be none any more, or it makes no sense. */
static bool receive(const struct names *s, uint64_t deadline, struct names_reply *r)
{
    for (;;) {
        uint64_t now = clock_ms();
        struct pollfd p = {.fd = s->fd, .events = POLLIN};
        int ready = now < deadline ? poll(&p, 1, (int)(deadline - now)) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0 || recv(s->fd, r, sizeof *r, MSG_DONTWAIT) != (ssize_t)sizeof *r)
            return false;
        if (r->number == s->asked)
            return true;
    }
}

void names_ask(struct names *s, const char *const *name, size_t n, uint64_t ms,
               struct name_answer *out)
{
    struct names_query q;
    struct names_reply r;
    memset(out, 0, n * sizeof *out);
    memset(&q, 0, sizeof q);
    if (s->fd < 0 || n > NAMES_AT_ONCE)
        return;
    q.number = ++s->asked;
    q.ms = ms < NAMES_MS ? (uint32_t)ms : NAMES_MS;
    for (; q.n < n; q.n++)
        if (strlen(name[q.n]) < NAMES_LEN) /* "" is no name: it is not known */
            memcpy(q.name[q.n], name[q.n], strlen(name[q.n]));
    if (send(s->fd, &q, sizeof q, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof q ||
        !receive(s, clock_ms() + q.ms + 1000, &r) || !answer_ok(&r, n))
        return;
    memcpy(out, r.v, n * sizeof *out);
}
