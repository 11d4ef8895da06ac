/*
 * tpm_child: the process that owns the TPM. It keeps no seed: after each request that saw one the
 * TSS context is closed, freed memory is overwritten by the allocator, and its stack is cleared.
 */
#define _GNU_SOURCE
#include "agent/tpm_attest.h"
#include "agent/tpm_floor.h"
#include "agent/tpm_wire.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/output.h"
#include "agent/sandbox.h"

#define EXIT_BROKEN    70
#define STACK_TO_CLEAR (96u << 10)

/* Nothing inherited but the socket, no dump, no life after the parent, no advice from outside. */
static bool harden(int fd, int parent)
{
    const struct rlimit no_core = {0, 0}, any = {RLIM_INFINITY, RLIM_INFINITY};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
        prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        setrlimit(RLIMIT_CORE, &no_core) != 0)
        return false;
    if ((fd > 3 && close_range(3, (unsigned)fd - 1, 0) != 0) ||
        close_range((unsigned)fd + 1, ~0u, 0) != 0)
        return false;
    /* The TSS logs to stderr or to a file as the environment says: it says nothing, and no more. */
    if (clearenv() != 0 || setenv("TSS2_LOG", "all+NONE", 1) != 0)
        return false;
    (void)prctl(PR_SET_NAME, "bootgate-tpm");
    (void)mallopt(M_PERTURB, 0xa5); /* freed memory is overwritten */
    /* Depth only: a tool's user may lack the right; `boot` runs as root. The limit goes first:
     * behind it the right to exceed it does. */
    if (setrlimit(RLIMIT_MEMLOCK, &any) == 0)
        (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    return true;
}

/* confine: libcrypto reads its configuration at its first use: before. */
static bool confine(void)
{
    const struct sandbox role = {.role = SANDBOX_TPM};
    struct err err = {0};
    if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1)
        return false;
    if (sandbox_enter(&role, &err) == RC_OK)
        return true;
    text_error(stderr, &err);
    return false;
}

__attribute__((noinline)) static void clear_stack(void)
{
    uint8_t area[STACK_TO_CLEAR];
    explicit_bzero(area, sizeof area);
}

/* The payload buffers, in protected memory: a seed or a blob each. */
struct payload {
    struct secret *in, *out;
};

static enum rc serve_floor(struct tpm_esys *t, const struct tpm_request *q, const uint8_t *key,
                           struct tpm_reply *r, struct err *err)
{
    if (q->op == TPM_OP_FLOOR_DEFINE)
        return tpm_floor_make(t, key, &q->floor, &r->floor, err);
    if (q->op == TPM_OP_FLOOR_RAISE)
        return tpm_floor_lift(t, key, &q->floor, &r->floor, err);
    return tpm_floor_get(t, key, &r->floor, err);
}

static enum rc serve_one(struct tpm_esys *t, const struct tpm_request *q, const struct payload *p,
                         struct tpm_reply *r, struct err *err)
{
    const uint8_t *in = secret_data(p->in);
    uint8_t *out = secret_data(p->out);
    uint32_t gate = t->cfg->gate_pcr;
    size_t n = 0;
    /* Until it is known what TPM this is, it is given nothing and believed nothing; but a door that
     * may be the right one can be shut. */
    if (t->cfg->cls == TPM_CLASS_ATTESTED && !t->attested && q->op != TPM_OP_HELLO &&
        q->op != TPM_OP_EK && q->op != TPM_OP_ATTEST && q->op != TPM_OP_GATE_EXTEND)
        return err_set(err, BG_TPM_ATTEST_ORDER, "request %u", q->op);
    switch (q->op) {
    case TPM_OP_HELLO:
        TRY(tpm_esys_open(t, err));
        memcpy(r->srk_name, t->srk_name, TPM_NAME_LEN);
        return RC_OK;
    case TPM_OP_SEAL:
        if (q->payload_len != TPM_SEED_LEN)
            break;
        TRY(tpm_seed_seal(t, in, out, &n, err));
        r->payload_len = (uint32_t)n;
        return RC_OK;
    case TPM_OP_UNSEAL:
        TRY(tpm_seed_unseal(t, bytes_of(in, q->payload_len), q->has_approval ? &q->approval : NULL,
                            out, err));
        r->payload_len = TPM_SEED_LEN;
        return RC_OK;
    case TPM_OP_GATE_EXTEND:
        TRY(tpm_esys_open(t, err));
        return tpm_pcr_gate_extend(t, q->gate, q->digest, r->gate, err);
    case TPM_OP_GATE_READ: {
        uint8_t pcrs[TPM_PCR_COUNT][TPM_PCR_MAX] = {0};
        TRY(tpm_esys_open(t, err));
        TRY(tpm_pcr_read(t, 1u << gate, pcrs, err));
        memcpy(r->gate, pcrs[gate], TPM_PCR_MAX);
        return RC_OK;
    }
    case TPM_OP_PCRS: {
        uint8_t pcrs[TPM_PCR_COUNT][TPM_PCR_MAX] = {0};
        TRY(tpm_esys_open(t, err));
        TRY(tpm_pcr_read(t, (1u << TPM_BOOT_PCRS) - 1, pcrs, err));
        memcpy(out, pcrs, TPM_BOOT_PCRS * sizeof *pcrs);
        r->payload_len = TPM_BOOT_PCRS * sizeof *pcrs;
        return RC_OK;
    }
    case TPM_OP_VERSION_RAISE:
        TRY(tpm_esys_open(t, err));
        return tpm_version_increment(t, &r->value, err);
    case TPM_OP_EK:
        TRY(tpm_attest_ek(t, out, &n, err));
        r->payload_len = (uint32_t)n;
        return RC_OK;
    case TPM_OP_ATTEST:
        return tpm_attest_prove(t, err);
    case TPM_OP_FLOOR_DEFINE:
    case TPM_OP_FLOOR_READ:
    case TPM_OP_FLOOR_RAISE:
        if (q->payload_len == TPM_FLOOR_KEY && t->cfg->floor_index != 0)
            return serve_floor(t, q, in, r, err);
        break;
    default:
        break;
    }
    return err_set(err, BG_TPM_REQUEST, "request %u of %u bytes", q->op, q->payload_len);
}

/* False: the parent is gone, or is not our parent's code. */
static bool receive(int fd, struct tpm_request *q, struct secret *in)
{
    struct iovec v[2] = {{q, sizeof *q}, {secret_data(in), secret_len(in)}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
    ssize_t n = recvmsg(fd, &m, 0);
    return n >= (ssize_t)sizeof *q && !(m.msg_flags & MSG_TRUNC) &&
           q->payload_len <= secret_len(in) && (size_t)n == sizeof *q + q->payload_len;
}

static bool send_reply(int fd, struct tpm_reply *r, struct secret *out)
{
    struct iovec v[2] = {{r, sizeof *r}, {secret_data(out), r->payload_len}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
    return sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)(sizeof *r + r->payload_len);
}

_Noreturn void tpm_child_serve(const struct tpm_config *cfg, int fd, int parent)
{
    struct tpm_esys t = {
        .cfg = cfg, .srk = ESYS_TR_NONE, .session = ESYS_TR_NONE, .ek = ESYS_TR_NONE};
    struct tpm_request q;
    struct err err = {0};
    if (!harden(fd, parent) || !confine())
        _exit(EXIT_BROKEN);
    struct payload p = {secret_new(TPM_PAYLOAD_MAX, &err), secret_new(TPM_PAYLOAD_MAX, &err)};
    if (!p.in || !p.out)
        _exit(EXIT_BROKEN);
    while (receive(fd, &q, p.in)) {
        struct tpm_reply r;
        memset(&r, 0, sizeof r); /* padding too: it crosses the socket */
        enum rc rc = serve_one(&t, &q, &p, &r, &r.err);
        if (rc != RC_OK)
            r.payload_len = 0;
        if (rc != RC_OK || q.payload_len != 0) /* a secret passed through it */
            tpm_esys_close(&t);
        clear_stack();
        if (!send_reply(fd, &r, p.out))
            break;
        explicit_bzero(secret_data(p.in), TPM_PAYLOAD_MAX);
        explicit_bzero(secret_data(p.out), TPM_PAYLOAD_MAX);
    }
    tpm_esys_close(&t);
    secret_free(p.in);
    secret_free(p.out);
    _exit(0);
}
