#define _GNU_SOURCE
#include "agent/decision.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/build.h"
#include "agent/clock.h"
#include "agent/confine.h"
#include "agent/file.h"
#include "agent/output.h"
#include "agent/session.h"
#include "base/cur.h"
#include "base/hash.h"

#define MAGIC      "bootgate/verdict/v1\n"
#define ALLOWED    0x5a
#define RECORD_FD  3
#define KEEP_FD    4
#define SPARE_MS   5000u
#define CHILD_DONE 0
#define CHILD_LOST 70

_Static_assert(sizeof MAGIC - 1 == 20, "the record's first member");

static uint8_t *put(uint8_t *at, const void *p, size_t n)
{
    memcpy(at, p, n);
    return at + n;
}

static uint8_t *put_be(uint8_t *at, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    return at + n;
}

static uint64_t take_be(struct cur *c, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | cur_u8(c);
    return v;
}

void decision_encode(const struct decision *d, uint8_t out[static DECISION_RECORD])
{
    uint8_t *at = put(out, MAGIC, sizeof MAGIC - 1);
    at = put_be(at, d->allow ? ALLOWED : 0, 1);
    at = put_be(at, d->view, 1);
    at = put_be(at, d->status, 2);
    at = put_be(at, d->code, 4);
    at = put_be(at, d->time, 8);
    at = put_be(at, d->chain_id, 8);
    at = put(at, d->kms_contract, sizeof d->kms_contract);
    at = put(at, d->app_id, sizeof d->app_id);
    at = put(at, d->block_hash, sizeof d->block_hash);
    at = put(at, d->mr_aggregated, sizeof d->mr_aggregated);
    (void)put(at, d->config_sha256, sizeof d->config_sha256);
}

bool decision_decode(struct bytes record, struct decision *out)
{
    struct cur c = cur_of(record);
    struct decision d = {0};
    bool magic = bytes_eq_str(cur_take(&c, sizeof MAGIC - 1), MAGIC);
    uint8_t say = cur_u8(&c);
    d.view = cur_u8(&c);
    d.status = (uint16_t)take_be(&c, 2);
    d.code = (uint32_t)take_be(&c, 4);
    d.time = take_be(&c, 8);
    d.chain_id = take_be(&c, 8);
    cur_copy(&c, d.kms_contract, sizeof d.kms_contract);
    cur_copy(&c, d.app_id, sizeof d.app_id);
    cur_copy(&c, d.block_hash, sizeof d.block_hash);
    cur_copy(&c, d.mr_aggregated, sizeof d.mr_aggregated);
    cur_copy(&c, d.config_sha256, sizeof d.config_sha256);
    d.allow = say == ALLOWED;
    if (!magic || !cur_done(&c) || (say != ALLOWED && say != 0) || d.view > 2)
        return false;
    /* A yes has no code and status 0, a no has both. */
    if (d.allow != (d.code == 0) || d.allow != (d.status == 0))
        return false;
    *out = d;
    return true;
}

void decision_contract(const struct config *c, uint8_t out[static 20])
{
    const struct near_config *n = &c->near.client;
    uint8_t text[3 * 64 + 2], digest[SHA256_LEN], *at = text;
    memcpy(out, c->chain.kms_contract, 20);
    if (c->chain.source != CHAIN_NEAR)
        return;
    at = put(at, c->near.network_id, strlen(c->near.network_id)); /* each is at most 64 long */
    *at++ = 0;
    at = put(at, n->contract_id.p, n->contract_id.n);
    *at++ = 0;
    if (n->app_account.n)
        at = put(at, n->app_account.p, n->app_account.n);
    hash_sha256(bytes_of(text, (size_t)(at - text)), digest);
    memcpy(out, digest, 20);
}

static void of_config(const struct config *c, uint64_t time, struct decision *d)
{
    *d = (struct decision){.time = time, .chain_id = c->chain.chain_id};
    decision_contract(c, d->kms_contract);
    memcpy(d->config_sha256, c->sha256, sizeof d->config_sha256);
}

/* no_of: status and code of a no; neither can be those of a yes. */
static void no_of(enum rc code, struct decision *d)
{
    int status = err_exit_status(code);
    d->code = code != RC_OK ? (uint32_t)code : (uint32_t)BG_DECISION_NONE;
    d->status = status != 0 ? (uint16_t)status : 70;
}

void decision_failed(const struct config *c, uint64_t time, enum rc code, struct decision *out)
{
    of_config(c, time, out);
    no_of(code, out);
}

/* --- in the child --- */

static void of_report(const struct config *c, const struct report *r, struct decision *d)
{
    of_config(c, r->now, d);
    d->view = r->question == ASK_APP ? 1 : r->question == ASK_KMS ? 2 : 0;
    d->allow = r->kind == VERDICT_LIVE && report_yes(r) && verdict_is_allow(&r->verdict);
    if (!d->allow)
        no_of(report_code(r), d);
    if (r->boot_info) {
        memcpy(d->app_id, r->boot_info->app_id, sizeof d->app_id);
        memcpy(d->mr_aggregated, r->boot_info->mr_aggregated, sizeof d->mr_aggregated);
    }
    if (r->chain)
        memcpy(d->block_hash, r->chain->block_hash, sizeof d->block_hash);
}

static bool write_record(const struct decision *d)
{
    uint8_t record[DECISION_RECORD];
    decision_encode(d, record);
    /* Below PIPE_BUF: whole or not at all (pipe(7)). */
    return write(RECORD_FD, record, sizeof record) == (ssize_t)sizeof record;
}

/* For the store: length of the floor, four bytes, the floor, the answers. */
#define KEEP_MAX (4u + STORE_FLOOR_MAX + STORE_BEACON_MAX)

static bool write_keep(const struct store_files *keep)
{
    uint8_t head[4];
    if (!keep->floor.n)
        return true;
    (void)put_be(head, keep->floor.n, sizeof head);
    return file_write_all(KEEP_FD, BYTES_OF_ARRAY(head)) && file_write_all(KEEP_FD, keep->floor) &&
           file_write_all(KEEP_FD, keep->beacon);
}

/* network_deadline leaves the child time to say which nodes failed before it is killed. */
static uint64_t network_deadline(uint64_t deadline_ms)
{
    uint64_t now = clock_ms(), left = deadline_ms > now ? deadline_ms - now : 0;
    uint64_t spare = left / 5 < SPARE_MS ? left / 5 : SPARE_MS;
    uint64_t most = LIMIT_RUN_SECONDS * UINT64_C(1000);
    return now + (left - spare < most ? left - spare : most);
}

/* struct job: what the child is to do, and where it says how it went. */
struct job {
    const struct cli *cli;
    const struct config *config;
    const struct store_files *stored;
    struct style style;
    uint64_t deadline_ms;
    int record_fd, report_fd, keep_fd;
};

static _Noreturn void decide(struct arena *a, const struct job *job)
{
    const struct config *config = job->config;
    struct session s;
    struct err err = {0};
    struct decision d;
    /* Nothing but what it needs: not the TPM's socket, not the signals of the parent. */
    if (dup2(job->report_fd, STDOUT_FILENO) < 0 || dup2(job->record_fd, RECORD_FD) < 0 ||
        dup2(job->keep_fd, KEEP_FD) < 0 || close_range(KEEP_FD + 1, ~0u, 0) != 0 ||
        confine_self(&err) != RC_OK)
        _exit(CHILD_LOST);
    if (session_open_config(&s, a, job->cli, GATE_CHECK, VERDICT_LIVE, config) == RC_OK) {
        s.input.stored = config->store ? job->stored : NULL;
        s.input.floor_time = build_floor;
        s.input.deadline_ms = network_deadline(job->deadline_ms);
        (void)!gate_run(a, &s.input, &s.report); /* the report holds the result */
    }
    s.report.key_protection = release_key_protection(config->release);
    if (job->cli->json)
        output_json(verdict_json(&s.report));
    else
        verdict_text(stdout, &job->style, &s.report);
    of_report(config, &s.report, &d);
    bool whole = output_finish(0) == 0 && write_keep(&s.report.net.keep) && write_record(&d);
    bundle_free(&s.bundle);
    arena_free(a);
    _exit(whole ? CHILD_DONE : CHILD_LOST);
}

/* --- in the parent --- */

/* struct inflow: bytes from the child, up to a cap. */
struct inflow {
    int fd;
    uint8_t *p;
    size_t n, cap;
    bool ended;
};

static enum rc take(struct inflow *f, struct err *err)
{
    uint8_t over;
    bool full = f->n == f->cap;
    ssize_t got = read(f->fd, full ? &over : f->p + f->n, full ? 1 : f->cap - f->n);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return RC_OK;
    if (got < 0)
        return err_set(err, BG_DECISION_READ, "%s", strerror(errno));
    if (got > 0 && full)
        return err_set(err, BG_DECISION_TOO_LONG, "more than %zu bytes", f->cap);
    f->ended = got == 0;
    f->n += (size_t)got;
    return RC_OK;
}

#define FLOWS 3

static enum rc gather(struct inflow in[static FLOWS], int pidfd, const struct watch *w,
                      struct err *err)
{
    while (!in[0].ended || !in[1].ended || !in[2].ended) {
        struct pollfd p[FLOWS];
        for (size_t i = 0; i < FLOWS; i++)
            p[i] = (struct pollfd){.fd = in[i].ended ? -1 : in[i].fd, .events = POLLIN};
        TRY(watch_poll(w, p, FLOWS, "the decision", err));
        for (size_t i = 0; i < FLOWS; i++)
            if (p[i].revents)
                TRY(take(&in[i], err));
    }
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    return watch_poll(w, &end, 1, "the decision to end", err);
}

static enum rc pipe_make(int out[static 2], struct err *err)
{
    if (pipe2(out, O_CLOEXEC) != 0)
        return err_set(err, BG_DECISION_PIPE, "%s", strerror(errno));
    return RC_OK;
}

struct pipe_pair {
    int fd[2];
};
static void close_pipe(const struct pipe_pair *p)
{
    watch_close_fd(&p->fd[0]);
    watch_close_fd(&p->fd[1]);
}
#define AUTO_PIPE __attribute__((cleanup(close_pipe))) struct pipe_pair

/* split_keep: false: it is not what write_keep writes. */
static bool split_keep(struct bytes b, struct store_files *out)
{
    struct cur c = cur_of(b);
    if (b.n == 0)
        return true;
    out->floor = cur_take(&c, (size_t)take_be(&c, 4));
    out->beacon = cur_rest(&c);
    return cur_done(&c) && out->floor.n && out->floor.n <= STORE_FLOOR_MAX &&
           out->beacon.n <= STORE_BEACON_MAX;
}

enum rc decision_run(struct arena *a, const struct cli *cli, const struct config *config,
                     const struct store_files *stored, const struct watch *w, struct decided *out,
                     struct err *err)
{
    AUTO_PIPE record_pipe = {{-1, -1}}, report_pipe = {{-1, -1}}, keep_pipe = {{-1, -1}};
    AUTO_CLOSE pidfd = -1;
    uint8_t *text = arena_alloc(a, DECISION_REPORT_MAX, err), record[DECISION_RECORD];
    size_t keep_max = config->store ? KEEP_MAX : 0;
    uint8_t *keep = text ? arena_alloc(a, keep_max, err) : NULL;
    if (!keep)
        return err->rc;
    TRY(pipe_make(record_pipe.fd, err));
    TRY(pipe_make(report_pipe.fd, err));
    TRY(pipe_make(keep_pipe.fd, err)); /* last: above the numbers that the child uses */
    struct job job = {.cli = cli,
                      .config = config,
                      .stored = stored,
                      .style = output_style(cli),
                      .deadline_ms = w->deadline_ms,
                      .record_fd = record_pipe.fd[1],
                      .report_fd = report_pipe.fd[1],
                      .keep_fd = keep_pipe.fd[1]};
    pid_t pid = watch_fork(&pidfd, err);
    if (pid < 0)
        return err->rc;
    if (pid == 0)
        decide(a, &job);
    struct pipe_pair *pipes[FLOWS] = {&record_pipe, &report_pipe, &keep_pipe};
    for (size_t i = 0; i < FLOWS; i++) {
        watch_drop_fd(&pipes[i]->fd[1]);
        (void)fcntl(pipes[i]->fd[0], F_SETFL, O_NONBLOCK);
    }
    struct inflow in[FLOWS] = {{.fd = record_pipe.fd[0], .p = record, .cap = sizeof record},
                               {.fd = report_pipe.fd[0], .p = text, .cap = DECISION_REPORT_MAX},
                               {.fd = keep_pipe.fd[0], .p = keep, .cap = keep_max}};
    enum rc rc = gather(in, pidfd, w, err);
    int status = watch_reap(pid, rc != RC_OK);
    TRY(rc);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != CHILD_DONE)
        return err_set(err, BG_DECISION_DIED, "%s %d", WIFEXITED(status) ? "status" : "signal",
                       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    struct decided d = {.report = bytes_of(text, in[1].n)};
    if (!decision_decode(bytes_of(record, in[0].n), &d.decision) ||
        !split_keep(bytes_of(keep, in[2].n), &d.keep))
        return err_set(err, BG_DECISION_RECORD, "%zu and %zu bytes", in[0].n, in[2].n);
    *out = d;
    return RC_OK;
}
