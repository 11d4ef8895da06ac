#define _GNU_SOURCE
#include "tests/lib/td_serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "tests/lib/td_machine.h"

#define FRAME_MAX     4096u
#define DEVICE_ANSWER (1u << 20)

static _Noreturn void stop(const char *what)
{
    fprintf(stderr, "td_machine: %s: %s\n", what, errno ? strerror(errno) : "no");
    exit(1);
}

enum what { WHAT_QUOTE, WHAT_REPORT, WHAT_QGS };

static bool read_all(int fd, uint8_t *p, size_t n)
{
    for (ssize_t got; n; p += got, n -= (size_t)got)
        if ((got = read(fd, p, n)) <= 0)
            return false;
    return true;
}

static void answer(int fd, struct bytes b)
{
    for (ssize_t put; b.n; b.p += put, b.n -= (size_t)put)
        if ((put = write(fd, b.p, b.n)) <= 0)
            return;
}

/* one: a question and its answer. False: there is no more to come on this descriptor. */
static bool one(const char *dir, enum what what, int fd)
{
    AUTO_ARENA a = arena_new(16u << 20);
    uint8_t in[FRAME_MAX], report[TD_REPORT_SIZE];
    struct td_machine m;
    struct bytes out = BYTES_NONE;
    size_t n = what == WHAT_QGS ? 4 : 64;
    uint8_t refusal;
    int rc = 0;
    if (!a || !read_all(fd, in, n))
        return false;
    if (what == WHAT_QGS) {
        n = (size_t)in[2] << 8 | in[3];
        if (in[0] || in[1] || n > sizeof in - 4 || !read_all(fd, in + 4, n))
            return false;
    }
    td_machine_open(&m, dir);
    if (what == WHAT_QUOTE)
        rc = td_machine_quote(a, &m, in, &out);
    else if (what == WHAT_REPORT)
        out = bytes_of(report, td_machine_report(&m, in, report));
    else
        out = td_machine_qgs(a, &m, bytes_of(in, 4 + n));
    bool hangs = rc < 0 || (what == WHAT_QGS && strcmp(m.fault, "hang") == 0);
    td_machine_close(&m);
    if (hangs)
        (void)pause();
    refusal = (uint8_t)rc;
    answer(fd, rc ? bytes_of(&refusal, 1) : out);
    /* What is cut ends there. */
    bool whole = what != WHAT_REPORT || out.n == TD_REPORT_SIZE;
    if (what == WHAT_QGS)
        whole =
            out.n > 4 && ((size_t)out.p[1] << 16 | (size_t)out.p[2] << 8 | out.p[3]) == out.n - 4;
    return whole;
}

static int listen_at(const char *path)
{
    struct sockaddr_un u = {.sun_family = AF_UNIX};
    struct sockaddr_vm v = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY};
    bool vsock = strncmp(path, "vsock:", 6) == 0;
    int fd = socket(vsock ? AF_VSOCK : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!vsock && strlen(path) >= sizeof u.sun_path)
        stop(path);
    if (vsock)
        v.svm_port = (unsigned)strtoul(path + 6, NULL, 10);
    else {
        memcpy(u.sun_path, path, strlen(path) + 1);
        (void)unlink(path);
    }
    if (fd < 0 ||
        bind(fd, vsock ? (struct sockaddr *)&v : (struct sockaddr *)&u,
             vsock ? sizeof v : sizeof u) != 0 ||
        listen(fd, 8) != 0)
        stop(path);
    return fd;
}

static _Noreturn void serve_socket(const char *dir, enum what what, int listening)
{
    (void)signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        if (fork() == 0) { /* one that hangs is not to keep others waiting */
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            while (one(dir, what, fd))
                ;
            _exit(0);
        }
        close(fd);
    }
}

/* extend: 48 bytes of digest and the register's number; 0 or an errno. */
static int extend(struct td_machine *m, const uint8_t what[static 64])
{
    const char *arg = NULL;
    if (td_machine_happens(m, "extend:", &arg))
        return atoi(arg);
    pki_must(what[48] == 2 || what[48] == 3);
    td_machine_extend(m, what[48], what);
    return 0;
}

/* serve_device: tests/vm/faketsm's questions: a letter and 64 bytes; letter, errno and what was
 * asked for are written back, in one piece. */
static _Noreturn void serve_device(const char *dir, const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    uint8_t in[65], *out = malloc(DEVICE_ANSWER);
    if (fd < 0 || !out)
        stop(path);
    while (read(fd, in, sizeof in) == (ssize_t)sizeof in) {
        AUTO_ARENA a = arena_new(16u << 20);
        struct td_machine m;
        struct bytes b = BYTES_NONE;
        uint8_t report[TD_REPORT_SIZE];
        int rc = 0;
        pki_must(a != NULL);
        td_machine_open(&m, dir);
        if (in[0] == 'Q')
            rc = td_machine_quote(a, &m, in + 1, &b);
        else if (in[0] == 'E')
            rc = extend(&m, in + 1);
        else
            b = bytes_of(report, td_machine_report(&m, in + 1, report));
        td_machine_close(&m);
        if (rc < 0) /* the device has a time limit of its own */
            continue;
        pki_must(b.n <= DEVICE_ANSWER - 2);
        out[0] = in[0];
        out[1] = (uint8_t)rc;
        if (b.n)
            memcpy(out + 2, b.p, b.n);
        answer(fd, bytes_of(out, 2 + b.n));
    }
    stop(path);
}

static void serve_one(const char *dir, char *arg)
{
    static const char *const names[] = {"quote=", "report=", "qgs="};
    enum what what = WHAT_QUOTE;
    const char *path = arg;
    struct stat st;
    for (unsigned i = 0; i < 3; i++)
        if (strncmp(arg, names[i], strlen(names[i])) == 0) {
            what = (enum what)i;
            path = arg + strlen(names[i]);
        }
    bool device = stat(path, &st) == 0 && S_ISCHR(st.st_mode);
    int listening = device ? -1 : listen_at(path);
    pid_t pid = fork();
    if (pid < 0)
        stop("fork");
    if (pid > 0) {
        if (listening >= 0)
            close(listening);
        return;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (device)
        serve_device(dir, path);
    serve_socket(dir, what, listening);
}

int td_serve(const char *dir, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN);
    for (; *argv; argv++)
        serve_one(dir, *argv);
    puts("ready");
    fflush(stdout);
    while (wait(NULL) > 0)
        ;
    return 1;
}
