#define _GNU_SOURCE
#include "tests/lib/swtpm.h"

#include "agent/tpm_put.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX 8192

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static int listen_at(int port)
{
    const int on = 1;
    struct sockaddr_in a = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (const struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 16) != 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

/*
 * Two listeners on neighbouring free ports: the swtpm transport wants control at P + 1. They are
 * looked for below the range that connections take theirs from (32768 and up on Linux): those stay
 * taken for a minute after they were closed, and a suite makes tens of thousands of them.
 */
static int listen_pair(int fd[2])
{
    static unsigned turn;
    unsigned start = (unsigned)getpid() * 37u;
    for (int tries = 0; tries < 4000; tries++) {
        int port = 10240 + (int)((start + turn++) % 11000) * 2;
        fd[0] = listen_at(port);
        if (fd[0] < 0)
            continue;
        fd[1] = listen_at(port + 1);
        if (fd[1] >= 0)
            return port;
        close(fd[0]);
    }
    fail_msg("no two neighbouring free ports");
    return 0;
}

static int connect_to(int port)
{
    struct sockaddr_in a = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof a) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool send_all(int fd, const uint8_t *p, size_t n)
{
    while (n) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static bool read_all(int fd, uint8_t *p, size_t n)
{
    while (n) {
        ssize_t k = recv(fd, p, n, 0);
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* One TPM command or answer: tag 2, size 4, code 4, the rest. */
static size_t read_message(int fd, uint8_t *p)
{
    if (!read_all(fd, p, 10))
        return 0;
    size_t n = be32(p + 2);
    if (n < 10 || n > MESSAGE_MAX || !read_all(fd, p + 10, n - 10))
        return 0;
    return n;
}

static bool contains(const uint8_t *p, size_t n, const uint8_t *what, size_t len)
{
    return !mem_is_zero(what, len) && memmem(p, n, what, len) != NULL;
}

static void look(struct tap *t, const uint8_t *p, size_t n)
{
    t->marker_seen += contains(p, n, t->marker, sizeof t->marker);
    t->control_seen += contains(p, n, t->control, sizeof t->control);
}

/* One command to the TPM; its response code, or -1. */
static int64_t transact(int tpm, const uint8_t *c, size_t n)
{
    uint8_t answer[MESSAGE_MAX];
    return send_all(tpm, c, n) && read_message(tpm, answer) ? (int64_t)be32(answer + 6) : -1;
}

/* TPM2_PCR_Extend with an empty password (Part 3, 22.2); sha384 may be NULL. */
static bool extend_raw(int tpm, uint32_t pcr, const uint8_t *sha256, const uint8_t *sha384)
{
    uint8_t c[128];
    struct put o = {c, 0, sizeof c, false};
    put_be(&o, 0x8002, 2);
    put_be(&o, sha384 ? 115 : 65, 4);
    put_be(&o, 0x182, 4);
    put_be(&o, pcr, 4);
    put_be(&o, 9, 4); /* authorization: TPM_RS_PW, no nonce, no attributes, no password */
    put_be(&o, 0x40000009, 4);
    put_be(&o, 0, 5);
    put_be(&o, sha384 ? 2 : 1, 4);
    put_be(&o, 0x0b, 2);
    put_bytes(&o, sha256, 32);
    if (sha384) {
        put_be(&o, 0x0c, 2);
        put_bytes(&o, sha384, 48);
    }
    return transact(tpm, c, o.n) == 0;
}

static bool extend_one(int tpm, uint32_t pcr)
{
    const uint8_t event[32] = {1};
    return extend_raw(tpm, pcr, event, NULL);
}

/* TPM2_Clear by the lockout authority with an empty password (Part 3, 24.6). */
static bool clear_raw(int tpm)
{
    uint8_t c[27];
    struct put o = {c, 0, sizeof c, false};
    put_be(&o, 0x8002, 2);
    put_be(&o, sizeof c, 4);
    put_be(&o, 0x126, 4);
    put_be(&o, 0x4000000a, 4);
    put_be(&o, 9, 4);
    put_be(&o, 0x40000009, 4);
    put_be(&o, 0, 5);
    return transact(tpm, c, o.n) == 0;
}

/* The answer that came first in the place of this one. */
static size_t replay(struct tap *t, uint8_t *p, size_t n)
{
    if (t->recorded_len == 0 && n <= sizeof t->recorded) {
        memcpy(t->recorded, p, n);
        t->recorded_len = (uint32_t)n;
        return n;
    }
    memcpy(p, t->recorded, t->recorded_len);
    t->hits++;
    return t->recorded_len;
}

struct link {
    int tpm, port;
    bool answered;
};

/* exchange sends a command, and gives the answer in its place; 0: the connection is over. swtpm
 * serves one client at a time, and on a busy machine may drop one that comes right behind another
 * or right after its start: as long as it has answered nothing, it is asked again. */
static size_t exchange(struct link *l, uint8_t p[static MESSAGE_MAX], size_t n)
{
    uint8_t answer[MESSAGE_MAX];
    for (unsigned tries = 0;; tries++) {
        size_t got = l->tpm >= 0 && send_all(l->tpm, p, n) ? read_message(l->tpm, answer) : 0;
        if (got)
            memcpy(p, answer, got);
        if (got || l->answered || tries == 400) {
            l->answered = true;
            return got;
        }
        if (l->tpm >= 0)
            close(l->tpm);
        usleep(50000);
        l->tpm = connect_to(l->port);
    }
}

/* Serves one connection to the command port; false when it is over. */
static bool relay_command(struct tap *t, int client, struct link *l)
{
    uint8_t p[MESSAGE_MAX];
    size_t n = read_message(client, p);
    if (!n)
        return false;
    bool hit = t->command != 0 && be32(p + 6) == t->command;
    enum tap_mode mode = hit ? t->mode : TAP_PASS;
    look(t, p, n);
    if (mode == TAP_FLIP_COMMAND) {
        t->answer_len = (uint32_t)n;
        if (t->offset < n) {
            p[t->offset] ^= 1;
            t->hits++;
        }
    }
    n = exchange(l, p, n);
    if (!n)
        return false;
    look(t, p, n);
    if (hit && mode != TAP_FLIP_COMMAND)
        t->answer_len = (uint32_t)n;
    if (mode == TAP_FLIP_ANSWER && t->offset < n) {
        p[t->offset] ^= 1;
        t->hits++;
    }
    if (mode == TAP_REPLAY)
        n = replay(t, p, n);
    if (mode == TAP_CLEAR && t->hits++ == 0 && !clear_raw(l->tpm))
        return false;
    if (mode == TAP_RACE && t->hits < t->times) {
        t->hits++;
        if (!extend_one(l->tpm, t->offset ? t->offset : 10))
            return false;
    }
    if (mode == TAP_DROP || mode == TAP_TRUNCATE) {
        t->hits++;
        if (mode == TAP_TRUNCATE)
            send_all(client, p, n / 2);
        return false;
    }
    return send_all(client, p, n);
}

/* Whatever goes over the control port, both ways. */
static void relay_raw(int client, int tpm)
{
    uint8_t p[MESSAGE_MAX];
    struct pollfd v[2] = {{.fd = client, .events = POLLIN}, {.fd = tpm, .events = POLLIN}};
    while (poll(v, 2, -1) > 0)
        for (int i = 0; i < 2; i++) {
            if (!v[i].revents)
                continue;
            ssize_t k = recv(v[i].fd, p, sizeof p, 0);
            if (k <= 0 || !send_all(v[1 - i].fd, p, (size_t)k))
                return;
        }
}

_Noreturn static void tap_serve(struct tap *t, const int fd[2], int tpm_port)
{
    struct pollfd v[2] = {{.fd = fd[0], .events = POLLIN}, {.fd = fd[1], .events = POLLIN}};
    signal(SIGCHLD, SIG_IGN);
    while (poll(v, 2, -1) > 0)
        for (int i = 0; i < 2; i++) {
            int client = v[i].revents ? accept(fd[i], NULL, NULL) : -1;
            if (client < 0)
                continue;
            if (fork() == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                struct link l = {connect_to(tpm_port + i), tpm_port + i, false};
                if (l.tpm >= 0 && i == 1)
                    relay_raw(client, l.tpm);
                else if (i == 0)
                    while (relay_command(t, client, &l))
                        ;
                _exit(0);
            }
            close(client);
        }
    _exit(0);
}

static void moment(void)
{
    const struct timespec t = {0, 5000000};
    nanosleep(&t, NULL);
}

bool swtpm_available(size_t cases)
{
    if (system("command -v swtpm >/dev/null && command -v tpm2_unseal >/dev/null") == 0)
        return true;
    case_skip(cases, "swtpm or tpm2-tools is not installed");
    return false;
}

void swtpm_power_on(struct swtpm *s)
{
    char state[96], server[64], ctrl[64];
    snprintf(state, sizeof state, "dir=%s", s->dir);
    snprintf(server, sizeof server, "type=tcp,bindaddr=127.0.0.1,port=%d", s->port);
    snprintf(ctrl, sizeof ctrl, "type=tcp,bindaddr=127.0.0.1,port=%d", s->port + 1);
    for (int tries = 0; tries < 5; tries++) {
        s->pid = fork();
        assert_true(s->pid >= 0);
        if (s->pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            int null = open("/dev/null", O_RDWR);
            dup2(null, 1);
            dup2(null, 2);
            execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server,
                   "--ctrl", ctrl, "--flags", "not-need-init,startup-clear", (char *)NULL);
            _exit(127);
        }
        for (int i = 0; i < 12000; i++, moment()) {
            int fd = connect_to(s->port + 1);
            if (fd >= 0) {
                close(fd);
                return;
            }
            if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
                break; /* the port is not free yet */
        }
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    }
    fail_msg("swtpm does not start");
}

void swtpm_start(struct swtpm *s)
{
    int fd[2];
    memset(s, 0, sizeof *s);
    const char *tmp = getenv("TMPDIR");
    snprintf(s->dir, sizeof s->dir, "%s/bootgate-tpm-XXXXXX",
             tmp && strlen(tmp) < 32 ? tmp : "/tmp");
    assert_non_null(mkdtemp(s->dir));
    s->tap = mmap(NULL, sizeof *s->tap, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(s->tap != MAP_FAILED);
    s->port = listen_pair(fd);
    int tap_fd[2];
    s->tap_port = listen_pair(tap_fd);
    close(fd[0]);
    close(fd[1]);
    swtpm_power_on(s);
    s->tap_pid = fork();
    assert_true(s->tap_pid >= 0);
    if (s->tap_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        tap_serve(s->tap, tap_fd, s->port);
    }
    close(tap_fd[0]);
    close(tap_fd[1]);
    snprintf(s->tcti, sizeof s->tcti, "swtpm:host=127.0.0.1,port=%d", s->tap_port);
    snprintf(s->direct, sizeof s->direct, "swtpm:host=127.0.0.1,port=%d", s->port);
}

void swtpm_power_off(struct swtpm *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
}

void swtpm_stop(struct swtpm *s)
{
    char command[128];
    swtpm_power_off(s);
    kill(s->tap_pid, SIGKILL);
    waitpid(s->tap_pid, NULL, 0);
    snprintf(command, sizeof command, "rm -rf '%s'", s->dir);
    assert_int_equal(system(command), 0);
    munmap(s->tap, sizeof *s->tap);
}

void swtpm_extend(const struct swtpm *s, uint32_t pcr, const uint8_t sha256[static 32],
                  const uint8_t sha384[static 48])
{
    /* swtpm serves one connection at a time, and on a busy machine may drop one while it ends the
     * one before. An extension that was done after all shows in the PCR, and fails the test. */
    bool done = false;
    for (unsigned i = 0; i < 400 && !done; i++) {
        int tpm = connect_to(s->port);
        done = tpm >= 0 && extend_raw(tpm, pcr, sha256, sha384);
        if (tpm >= 0)
            close(tpm);
        if (!done)
            usleep(50000);
    }
    assert_true(done);
}

void swtpm_flush(const struct swtpm *s)
{
    /* Part 2, 7.2: handle types HMAC session, policy session, transient. */
    const uint32_t types[] = {0x02000000, 0x03000000, 0x80000000};
    int tpm = connect_to(s->port);
    for (size_t i = 0; tpm >= 0 && i < sizeof types / sizeof *types; i++)
        for (uint32_t k = 0; k < 6; k++) {
            uint8_t c[14];
            struct put o = {c, 0, sizeof c, false};
            put_be(&o, 0x8001, 2);
            put_be(&o, sizeof c, 4);
            put_be(&o, 0x165, 4); /* TPM2_FlushContext; most handles do not exist */
            put_be(&o, types[i] + k, 4);
            (void)transact(tpm, c, o.n);
        }
    if (tpm >= 0)
        close(tpm);
}

int swtpm_run(const struct swtpm *s, const char *fmt, ...)
{
    char command[1024], whole[1400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    snprintf(whole, sizeof whole,
             "cd '%s' && unset TSS2_LOG TSS2_LOGFILE && export TPM2TOOLS_TCTI='%s' && { %s; } >out "
             "2>&1 </dev/null",
             s->dir, s->direct, command);
    int status = system(whole);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool swtpm_output_has(const struct swtpm *s, const char *text)
{
    char path[96], buf[8192];
    snprintf(path, sizeof path, "%s/out", s->dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(buf, 1, sizeof buf - 1, f);
    fclose(f);
    buf[n] = '\0';
    return strstr(buf, text) != NULL;
}

bool swtpm_file(const struct swtpm *s, const char *name, uint8_t *out, size_t n)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", s->dir, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    size_t got = fread(out, 1, n, f);
    bool end = fgetc(f) == EOF;
    fclose(f);
    return got == n && end;
}
