#include "agent/tpm.h"

#include "agent/clock.h"
#include "agent/tpm_policy.h"
#include "agent/tpm_wire.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLOSED_EVENT "bootgate/gate/closed/v1"
#define REAP_MS      500u /* how long a killed child may take to go */
#define GOODBYE_MS   300u /* how long one may take to flush what it holds in the TPM */

struct tpm {
    pid_t pid; /* 0: gone */
    int fd;
    uint64_t deadline;
    unsigned request_ms;
    enum tpm_bank bank;
    bool gate_closed;          /* by us, and read back; any failure leaves it false */
    uint8_t gate[TPM_PCR_MAX]; /* its value then */
};

int tpm_pid(const struct tpm *t)
{
    return t->pid;
}

int tpm_fd(const struct tpm *t)
{
    return t->fd;
}

/* Waits for the child's end; true: it is over, or was none of ours. */
static bool reap(const struct tpm *t, unsigned ms, int *status)
{
    const struct timespec moment = {0, 1000000};
    for (unsigned i = 0; i < ms; i++) {
        if (waitpid(t->pid, status, WNOHANG) != 0)
            return true;
        (void)nanosleep(&moment, NULL);
    }
    return false;
}

/* Ends the child and takes its status; a child that the kernel cannot end is left behind. */
static int end_child(struct tpm *t)
{
    int status = 0;
    if (t->pid == 0)
        return 0;
    (void)kill(t->pid, SIGKILL);
    (void)reap(t, REAP_MS, &status);
    t->pid = 0;
    t->gate_closed = false;
    (void)close(t->fd);
    t->fd = -1;
    return status;
}

/* Waits for an answer: 1 there is one, 0 the time is up, -1 the wait failed. */
static int wait_answer(const struct tpm *t)
{
    uint64_t now = clock_ms(), limit = t->deadline;
    if (t->request_ms && now + t->request_ms < limit)
        limit = now + t->request_ms;
    for (; now < limit; now = clock_ms()) {
        uint64_t left = limit - now;
        struct pollfd p = {.fd = t->fd, .events = POLLIN};
        int n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
        if (n > 0)
            return 1;
        if (n < 0 && errno != EINTR)
            return -1;
    }
    return 0;
}

static enum rc child_is_gone(struct tpm *t, struct err *err)
{
    const char *how = t->pid == 0 ? "ended before: signal" : "signal";
    int status = end_child(t);
    return err_set(err, BG_TPM_CHILD_GONE, "%s %d, exit status %d", how,
                   WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                   WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

static enum rc bad_reply(struct tpm *t, size_t n, struct err *err)
{
    end_child(t);
    return err_set(err, BG_TPM_REPLY, "%zu bytes", n);
}

/* One packet: *r and at most cap bytes into buf (NULL: none are expected). */
static enum rc receive(struct tpm *t, struct tpm_reply *r, void *buf, size_t cap, struct err *err)
{
    struct iovec v[2] = {{r, sizeof *r}, {buf, cap}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
    ssize_t n = recvmsg(t->fd, &m, MSG_DONTWAIT);
    if (n <= 0)
        return child_is_gone(t, err);
    if ((size_t)n < sizeof *r || m.msg_flags & MSG_TRUNC ||
        (size_t)n - sizeof *r != r->payload_len ||
        (r->err.rc != RC_OK && !err_info_of((int)r->err.rc)))
        return bad_reply(t, (size_t)n, err);
    return RC_OK;
}

/* Request and answer. Whatever fails here, the child is dead after it. */
static enum rc exchange(struct tpm *t, struct tpm_request *q, const void *payload, size_t n,
                        struct tpm_reply *r, void *buf, size_t cap, struct err *err)
{
    memset(r, 0, sizeof *r);
    if (t->pid == 0)
        return child_is_gone(t, err);
    q->payload_len = (uint32_t)n;
    struct iovec v[2] = {{q, sizeof *q}, {(void *)(uintptr_t)payload, n}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
    if (sendmsg(t->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)(sizeof *q + n))
        return child_is_gone(t, err);
    int answered = wait_answer(t);
    if (answered < 0)
        return child_is_gone(t, err);
    if (answered == 0) {
        end_child(t);
        return err_set(err, BG_TPM_DEADLINE, "request %u", q->op);
    }
    return receive(t, r, buf, cap, err);
}

/* The child's own error, as ours. */
static enum rc reply_error(struct tpm *t, struct tpm_reply *r, struct err *err)
{
    if (r->err.rc == RC_OK)
        return RC_OK;
    t->gate_closed = false;
    r->err.detail[ERR_DETAIL_MAX - 1] = '\0';
    return err_set(err, r->err.rc, "%s", r->err.detail);
}

static enum rc ask(struct tpm *t, struct tpm_request *q, const void *payload, size_t n,
                   struct tpm_reply *r, void *buf, size_t cap, struct err *err)
{
    enum rc rc = exchange(t, q, payload, n, r, buf, cap, err);
    if (rc != RC_OK) {
        t->gate_closed = false;
        return rc;
    }
    return reply_error(t, r, err);
}

static bool start_child(const struct tpm_config *cfg, struct tpm *t)
{
    int fd[2], parent = getpid();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        tpm_child_serve(cfg, fd[1], parent);
    (void)close(fd[1]);
    if (pid < 0) {
        (void)close(fd[0]);
        return false;
    }
    t->pid = pid;
    t->fd = fd[0];
    return true;
}

enum rc tpm_start(const struct tpm_config *cfg, uint64_t deadline, struct tpm **out,
                  struct tpm_facts *facts, struct err *err)
{
    struct tpm_request q = {.op = TPM_OP_HELLO};
    struct tpm_reply r;
    *out = NULL;
    TRY(tpm_config_check(cfg, err));
    struct tpm *t = malloc(sizeof *t);
    if (t)
        *t = (struct tpm){
            .fd = -1, .deadline = deadline, .request_ms = cfg->request_ms, .bank = cfg->bank};
    if (!t || !start_child(cfg, t)) {
        free(t);
        return err_set(err, BG_TPM_PROCESS, "errno %d", errno);
    }
    enum rc rc = ask(t, &q, NULL, 0, &r, NULL, 0, err);
    if (rc != RC_OK) {
        tpm_stop(t);
        return rc;
    }
    memcpy(facts->srk_name, r.srk_name, TPM_NAME_LEN);
    facts->srk_pinned = cfg->srk_pinned;
    facts->srk_attested = false;
    *out = t;
    return RC_OK;
}

struct tpm *tpm_stop(struct tpm *t)
{
    int status;
    if (t) {
        /* Between requests it ends by itself and leaves nothing in a TPM without a manager. */
        if (t->pid != 0 && shutdown(t->fd, SHUT_RDWR) == 0 && reap(t, GOODBYE_MS, &status)) {
            t->pid = 0;
            (void)close(t->fd);
        }
        end_child(t);
        free(t);
    }
    return NULL;
}

enum rc tpm_seal(struct tpm *t, struct secret *seed, uint8_t out[static TPM_BLOB_MAX],
                 size_t *out_len, struct err *err)
{
    struct tpm_request q = {.op = TPM_OP_SEAL};
    struct tpm_reply r;
    if (secret_len(seed) != TPM_SEED_LEN)
        return err_set(err, BG_TPM_SEED_SIZE, "%zu bytes", secret_len(seed));
    TRY(ask(t, &q, secret_data(seed), TPM_SEED_LEN, &r, out, TPM_BLOB_MAX, err));
    if (r.payload_len == 0)
        return bad_reply(t, 0, err);
    *out_len = r.payload_len;
    return RC_OK;
}

enum rc tpm_unseal(struct tpm *t, struct bytes blob, const struct tpm_approval *approval,
                   struct secret **out, struct err *err)
{
    struct tpm_request q = {.op = TPM_OP_UNSEAL, .has_approval = approval != NULL};
    struct tpm_reply r;
    if (blob.n > TPM_BLOB_MAX)
        return err_set(err, BG_TPM_BLOB_LARGE, "%zu bytes, at most %d", blob.n, TPM_BLOB_MAX);
    if (approval)
        q.approval = *approval;
    struct secret *seed = secret_new(TPM_SEED_LEN, err);
    if (!seed)
        return err->rc;
    enum rc rc = ask(t, &q, blob.p, blob.n, &r, secret_data(seed), TPM_SEED_LEN, err);
    if (rc == RC_OK && r.payload_len != TPM_SEED_LEN)
        rc = bad_reply(t, r.payload_len, err);
    if (rc != RC_OK) {
        secret_free(seed);
        return rc;
    }
    *out = seed;
    return RC_OK;
}

/* Extends from the value that the gate must have, and demands the one that it must have then. */
static enum rc gate_extend(struct tpm *t, const uint8_t before[static TPM_PCR_MAX],
                           const uint8_t digest[static TPM_PCR_MAX], struct err *err)
{
    struct tpm_request q = {.op = TPM_OP_GATE_EXTEND};
    struct tpm_reply r;
    uint8_t want[TPM_PCR_MAX];
    memcpy(q.gate, before, TPM_PCR_MAX);
    memcpy(q.digest, digest, TPM_PCR_MAX);
    memcpy(want, before, TPM_PCR_MAX);
    tpm_policy_pcr_extend(t->bank, want, digest);
    t->gate_closed = false;
    TRY(ask(t, &q, NULL, 0, &r, NULL, 0, err));
    if (memcmp(r.gate, want, tpm_bank_len(t->bank)) != 0)
        return err_set(err, BG_TPM_GATE_AFTER, "the value read back is another");
    memcpy(t->gate, want, TPM_PCR_MAX);
    t->gate_closed = true;
    return RC_OK;
}

enum rc tpm_gate_close(struct tpm *t, struct err *err)
{
    const uint8_t zero[TPM_PCR_MAX] = {0};
    uint8_t digest[TPM_PCR_MAX] = {0};
    struct bytes event = bytes_of_str(CLOSED_EVENT);
    if (t->bank == TPM_BANK_SHA384)
        hash_sha384(event, digest);
    else
        hash_sha256(event, digest);
    return gate_extend(t, zero, digest, err);
}

enum rc tpm_gate_extend(struct tpm *t, const uint8_t *digest, size_t n, struct err *err)
{
    uint8_t padded[TPM_PCR_MAX] = {0}, before[TPM_PCR_MAX];
    if (!t->gate_closed || n != tpm_bank_len(t->bank))
        return err_set(err, BG_TPM_GATE_ORDER, "gate %s, digest of %zu bytes",
                       t->gate_closed ? "closed" : "not known to be closed", n);
    memcpy(padded, digest, n);
    memcpy(before, t->gate, sizeof before);
    return gate_extend(t, before, padded, err);
}

enum rc tpm_gate_read(struct tpm *t, uint8_t out[static TPM_PCR_MAX], struct err *err)
{
    struct tpm_request q = {.op = TPM_OP_GATE_READ};
    struct tpm_reply r;
    TRY(ask(t, &q, NULL, 0, &r, NULL, 0, err));
    memcpy(out, r.gate, TPM_PCR_MAX);
    return RC_OK;
}

enum rc tpm_ek(struct tpm *t, uint8_t out[static TPM_BLOB_MAX], size_t *out_len, struct err *err)
{
    struct tpm_request q = {.op = TPM_OP_EK};
    struct tpm_reply r;
    TRY(ask(t, &q, NULL, 0, &r, out, TPM_BLOB_MAX, err));
    *out_len = r.payload_len;
    return RC_OK;
}

enum rc tpm_attested(struct tpm *t, struct tpm_facts *facts, struct err *err)
{
    struct tpm_request q = {.op = TPM_OP_ATTEST};
    struct tpm_reply r;
    TRY(ask(t, &q, NULL, 0, &r, NULL, 0, err));
    facts->srk_attested = true;
    return RC_OK;
}

enum rc tpm_pcrs(struct tpm *t, uint8_t out[static TPM_BOOT_PCRS][TPM_PCR_MAX], struct err *err)
{
    struct tpm_request q = {.op = TPM_OP_PCRS};
    struct tpm_reply r;
    size_t n = TPM_BOOT_PCRS * sizeof *out;
    TRY(ask(t, &q, NULL, 0, &r, out, n, err));
    return r.payload_len == n ? RC_OK : bad_reply(t, r.payload_len, err);
}

static enum rc floor_ask(struct tpm *t, enum tpm_op op, struct secret *key,
                         const struct tpm_floor *give, struct tpm_floor *out, struct err *err)
{
    struct tpm_request q = {.op = op};
    struct tpm_reply r;
    if (give)
        q.floor = *give;
    TRY(ask(t, &q, secret_data(key), secret_len(key), &r, NULL, 0, err));
    *out = r.floor;
    return RC_OK;
}

enum rc tpm_floor_define(struct tpm *t, struct secret *key, const struct tpm_floor *first,
                         struct tpm_floor *out, struct err *err)
{
    return floor_ask(t, TPM_OP_FLOOR_DEFINE, key, first, out, err);
}

enum rc tpm_floor_read(struct tpm *t, struct secret *key, struct tpm_floor *out, struct err *err)
{
    return floor_ask(t, TPM_OP_FLOOR_READ, key, NULL, out, err);
}

enum rc tpm_floor_raise(struct tpm *t, struct secret *key, const struct tpm_floor *to,
                        struct err *err)
{
    struct tpm_floor ignored;
    return floor_ask(t, TPM_OP_FLOOR_RAISE, key, to, &ignored, err);
}

enum rc tpm_version_raise(struct tpm *t, uint64_t *out_value, struct err *err)
{
    struct tpm_request q = {.op = TPM_OP_VERSION_RAISE};
    struct tpm_reply r;
    TRY(ask(t, &q, NULL, 0, &r, NULL, 0, err));
    *out_value = r.value;
    return RC_OK;
}
