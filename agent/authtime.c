#define _GNU_SOURCE
#include "agent/authtime.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/clock.h"

#define ANSWER_MS 1000u /* for one reply */
#define OTHERS    8u    /* answers to other questions that are passed over */
#define AGAIN_MS  500   /* between two tries */
#define MS        1000000
#define RECORD    16u

enum flow { TIME, HOW, FLOWS };

/* --- the answers --- */

static bool takes_part(const struct chrony_source *s)
{
    return s->state == '*' || s->state == '+';
}

static enum rc judge_sources(const struct chrony_source *v, const struct chrony_auth *auth,
                             size_t n, const struct chrony_tracking *t, struct err *err)
{
    size_t selected = 0;
    for (size_t i = 0; i < n; i++) {
        const struct chrony_source *s = &v[i];
        selected += s->state == '*' && memcmp(s->addr, t->addr, sizeof t->addr) == 0;
        if (!takes_part(s) && (s->authenticated || s->noselect))
            continue;
        if (!takes_part(s))
            return err_set(err, BG_TIME_NOT_REQUIRED, "source %zu of %zu", i + 1, n);
        if (!s->authenticated)
            return err_set(err, BG_TIME_UNAUTHENTICATED, "source %zu of %zu", i + 1, n);
        if (auth[i].mode != CHRONY_NTS || auth[i].key_length == 0)
            return err_set(err, BG_TIME_NOT_NTS, "source %zu of %zu: mode %u", i + 1, n,
                           auth[i].mode);
    }
    return selected == 1 ? RC_OK : err_set(err, BG_TIME_NONE_SELECTED, "of %zu sources", n);
}

static uint64_t ms_of(int64_t ns)
{
    return (uint64_t)(ns < 0 ? -(ns / MS) : ns / MS);
}

enum rc authtime_judge(const struct chrony_source *sources, const struct chrony_auth *auth,
                       size_t n, const struct chrony_tracking *t, uint64_t now,
                       struct authtime *out, struct err *err)
{
    if (t->leap >= CHRONY_LEAP_UNSYNCHRONISED)
        return err_set(err, BG_TIME_UNSYNCHRONISED, "%s", "");
    TRY(judge_sources(sources, auth, n, t, err));
    if (t->ref_seconds > now + AUTHTIME_AHEAD || t->ref_seconds + AUTHTIME_MAX_AGE < now)
        return err_set(err, BG_TIME_OLD, "measured at %llu, the clock says %llu",
                       (unsigned long long)t->ref_seconds, (unsigned long long)now);
    /* RFC 5905 section 11.2.1: root distance, as far as chronyd says it. */
    uint64_t error = ms_of(t->root_delay) / 2 + ms_of(t->root_dispersion);
    if (t->root_delay < 0 || t->root_dispersion < 0 || error > AUTHTIME_MAX_ERROR)
        return err_set(err, BG_TIME_ERROR, "up to %llu ms", (unsigned long long)error);
    if (ms_of(t->correction) > AUTHTIME_MAX_ADJUST)
        return err_set(err, BG_TIME_OFFSET, "%llu ms", (unsigned long long)ms_of(t->correction));
    out->correction_ms = t->correction / MS;
    out->error_ms = error + 1; /* rounded up */
    return RC_OK;
}

uint64_t authtime_now(const struct authtime *t)
{
    /* Half a second of the clock's own rounding is within what every comparison allows. */
    int64_t ms = (int64_t)clock_now() * 1000 + t->correction_ms;
    return ms > 0 ? (uint64_t)ms / 1000 : 0;
}

/* --- in the child --- */

struct job {
    const char *path; /* chronyd's socket */
    const char *own;  /* ours, which it answers to */
    uint64_t until_ms;
    int fd;
    uint32_t sequence;
    struct authtime time;
};

static bool address(const char *path, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    return snprintf(out->sun_path, sizeof out->sun_path, "%s", path) < (int)sizeof out->sun_path;
}

/* open_socket: chronyd answers to a name, so ours has one; and it may run as another user. */
static enum rc open_socket(struct job *j, struct err *err)
{
    struct sockaddr_un own, peer;
    if (!address(j->own, &own) || !address(j->path, &peer))
        return err_set(err, BG_TIME_PATH, "%s", j->path);
    AUTO_CLOSE fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)unlink(j->own); /* of a process of the same number that was cut short */
    if (fd < 0 || bind(fd, (const struct sockaddr *)&own, sizeof own) != 0 ||
        chmod(j->own, 0666) != 0 || connect(fd, (const struct sockaddr *)&peer, sizeof peer) != 0)
        return err_set(err, BG_TIME_SOCKET, "%s: %s", j->path, strerror(errno));
    j->fd = watch_take_fd(&fd);
    return RC_OK;
}

static bool time_is_left(const struct job *j)
{
    return clock_ms() < j->until_ms;
}

/* before: not confined yet; nothing is read here. */
static bool before(void *ctx)
{
    struct job *j = ctx;
    struct err *why = &j->time.why;
    while (open_socket(j, why) != RC_OK && time_is_left(j)) {
        err_clear(why);
        (void)poll(NULL, 0, AGAIN_MS);
    }
    return true;
}

/* drain: replies that came too late are to no question of ours. */
static void drain(int fd)
{
    uint8_t old[CHRONY_MESSAGE];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (unsigned i = 0; i < CHRONY_SOURCES && poll(&p, 1, 0) > 0; i++)
        if (read(fd, old, sizeof old) < 0)
            return;
}

static enum rc ask(struct job *j, enum chrony_command command, struct bytes argument,
                   uint8_t reply[static CHRONY_MESSAGE + 1], struct bytes *out, struct err *err)
{
    uint8_t request[CHRONY_MESSAGE];
    struct pollfd p = {.fd = j->fd, .events = POLLIN};
    size_t n = chrony_request(command, ++j->sequence, argument, request);
    drain(j->fd);
    /* A datagram is sent whole or not at all. */
    if (write(j->fd, request, n) != (ssize_t)n)
        return err_set(err, BG_TIME_SEND, "%s", strerror(errno));
    uint64_t now = clock_ms(), until = now + ANSWER_MS;
    for (unsigned i = 0; i < OTHERS && now < until; i++, now = clock_ms()) {
        if (poll(&p, 1, (int)(until - now)) <= 0)
            break;
        /* One byte more than any: what is longer is seen to be. */
        ssize_t got = read(j->fd, reply, CHRONY_MESSAGE + 1);
        if (got < 0)
            return err_set(err, BG_TIME_RECEIVE, "%s", strerror(errno));
        err_clear(err);
        enum rc rc = chrony_reply(bytes_of(reply, (size_t)got), command, j->sequence, out, err);
        if (rc != BG_TIME_OTHER_REPLY) /* a late one to an earlier question is passed over */
            return rc;
    }
    if (err->rc != RC_OK)
        return err->rc;
    return err_set(err, BG_TIME_SILENT, "nothing in %u ms", ANSWER_MS);
}

static enum rc ask_sources(struct job *j, struct chrony_source *v, struct chrony_auth *auth,
                           size_t *out_n, struct err *err)
{
    uint8_t reply[CHRONY_MESSAGE + 1];
    struct bytes data;
    TRY(ask(j, CHRONY_N_SOURCES, BYTES_NONE, reply, &data, err));
    uint32_t n = chrony_n_sources(data);
    if (n > CHRONY_SOURCES)
        return err_set(err, BG_TIME_SOURCES, "%u, at most %u", n, CHRONY_SOURCES);
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t index[4] = {0, 0, 0, (uint8_t)i};
        TRY(ask(j, CHRONY_SELECT_DATA, BYTES_OF_ARRAY(index), reply, &data, err));
        v[i] = chrony_source_read(data);
        if (!takes_part(&v[i]))
            continue;
        TRY(ask(j, CHRONY_AUTH_DATA, BYTES_OF_ARRAY(v[i].addr), reply, &data, err));
        auth[i] = chrony_auth_read(data);
    }
    *out_n = n;
    return RC_OK;
}

static enum rc ask_once(struct job *j, struct err *err)
{
    struct chrony_source v[CHRONY_SOURCES];
    struct chrony_auth auth[CHRONY_SOURCES] = {0};
    uint8_t reply[CHRONY_MESSAGE + 1];
    struct bytes data;
    size_t n = 0;
    TRY(ask_sources(j, v, auth, &n, err));
    /* Last: it must name a source that was seen before it. */
    TRY(ask(j, CHRONY_TRACKING, BYTES_NONE, reply, &data, err));
    struct chrony_tracking t = chrony_tracking_read(data);
    return authtime_judge(v, auth, n, &t, clock_now(), &j->time, err);
}

/* may_come: what a chronyd that has just started says. */
static bool may_come(enum rc rc)
{
    return rc == BG_TIME_SILENT || rc == BG_TIME_UNSYNCHRONISED || rc == BG_TIME_NONE_SELECTED ||
           rc == BG_TIME_OLD || rc == BG_TIME_ERROR || rc == BG_TIME_OFFSET;
}

static void put_be(uint8_t *at, uint64_t v)
{
    for (size_t i = 0; i < 8; i++)
        at[i] = (uint8_t)(v >> (8 * (7 - i)));
}

static bool run(void *ctx)
{
    struct job *j = ctx;
    struct err *why = &j->time.why;
    uint8_t record[RECORD];
    if (why->rc == RC_OK && getrandom(&j->sequence, sizeof j->sequence, 0) < 0)
        (void)!err_set(why, BG_TIME_RANDOM, "%s", strerror(errno));
    while (why->rc == RC_OK) {
        if (ask_once(j, why) == RC_OK || !may_come(why->rc) || !time_is_left(j))
            break;
        err_clear(why);
        (void)poll(NULL, 0, AGAIN_MS);
    }
    put_be(record, (uint64_t)j->time.correction_ms);
    put_be(record + 8, j->time.error_ms);
    return child_write(TIME, BYTES_OF_ARRAY(record)) && child_write_err(HOW, why);
}

/* --- in the parent --- */

static uint64_t take_be(struct bytes b, size_t at)
{
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++)
        v = v << 8 | b.p[at + i];
    return v;
}

/* decode: false: it is no record, or says what no judge lets pass. */
static bool decode(struct bytes record, struct bytes how, struct authtime *out)
{
    if (record.n != RECORD || !child_read_err(how, &out->why))
        return false;
    out->correction_ms = (int64_t)take_be(record, 0);
    out->error_ms = take_be(record, 8);
    return out->correction_ms <= (int64_t)AUTHTIME_MAX_ADJUST &&
           out->correction_ms >= -(int64_t)AUTHTIME_MAX_ADJUST &&
           out->error_ms <= AUTHTIME_MAX_ERROR + 1;
}

enum rc authtime_ask(struct arena *a, const struct guest_config *g, const struct watch *w,
                     struct authtime *out, struct err *err)
{
    struct bytes said[CHILD_FLOWS];
    *out = (struct authtime){.asked = g->time != NULL};
    if (!g->time)
        return RC_OK;
    /* The decision needs time, too. */
    uint64_t now = clock_ms(), left = w->deadline_ms > now ? (w->deadline_ms - now) / 2 : 0;
    uint64_t wait = g->time_wait * 1000 < left ? g->time_wait * 1000 : left;
    struct job job = {.path = g->time, .until_ms = now + wait, .fd = -1};
    const char *slash = strrchr(g->time, '/');
    job.own = arena_printf(a, err, "%.*s/bootgate.%ld.sock", slash ? (int)(slash - g->time) : 0,
                           g->time, (long)getpid());
    if (!job.own)
        return err->rc;
    struct child child = {.what = "the time",
                          .role = SANDBOX_PARSE,
                          .before = before,
                          .run = run,
                          .ctx = &job,
                          .n = FLOWS,
                          .cap = {[TIME] = RECORD, [HOW] = CHILD_ERR_MAX},
                          .stdout_flow = -1};
    struct err died = {0};
    enum rc rc = child_run(a, &child, w, said, &died);
    (void)unlink(job.own);
    /* A process that died is no reason not to boot on what the policy accepts without it. */
    if (rc == BG_CHILD_DIED || rc == BG_SANDBOX_BREACH || rc == BG_SANDBOX_UNCONFINED)
        out->why = died;
    else if (rc != RC_OK)
        *err = died;
    else if (!decode(said[TIME], said[HOW], out))
        (void)!err_set(&out->why, BG_TIME_RECORD, "%zu and %zu bytes", said[TIME].n, said[HOW].n);
    return err->rc;
}
