/*
 * The sandbox: each role makes each call that a process taken over would try, and one that it is
 * there for. What becomes of it is the kernel's word: an errno, or the signal that ended it.
 */
#define _GNU_SOURCE
#include "tests/lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/clock.h"

#define DIED    (-1) /* by SIGSYS */
#define ALLOWED 0

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

static char dir[] = "/tmp/bootgate-sandbox.XXXXXX";
static char file[sizeof dir + 8], made[sizeof dir + 8];
static pid_t parent;
static int listener_port;

static int errno_of(long rc)
{
    return rc < 0 ? errno : ALLOWED;
}

/* --- the calls --- */

static int call_execve(void)
{
    char *argv[] = {"/bin/true", NULL};
    return errno_of(execve(argv[0], argv, NULL));
}
static int call_execveat(void)
{
    char *argv[] = {"true", NULL};
    return errno_of(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL, 0));
}
static int call_fork(void)
{
    pid_t pid = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0ul);
    if (pid == 0)
        syscall(SYS_exit_group, 0);
    return errno_of(pid);
}
static void *nothing(void *p)
{
    return p;
}
static int call_thread(void)
{
    pthread_t t;
    int rc = pthread_create(&t, NULL, nothing, NULL);
    return rc ? rc : pthread_join(t, NULL);
}
static int call_open(void)
{
    return errno_of(open(file, O_RDONLY));
}
static int call_open_to_write(void)
{
    return errno_of(open(file, O_WRONLY));
}
static int call_create(void)
{
    return errno_of(open(made, O_WRONLY | O_CREAT | O_EXCL, 0600));
}
static int call_open_device(void)
{
    return errno_of(open("/dev/zero", O_RDWR));
}
static int call_mkdir(void)
{
    return errno_of(mkdir(made, 0700));
}
static int call_unlink(void)
{
    return errno_of(unlink(file));
}
static int call_stat(void)
{
    struct stat st;
    return errno_of(stat(file, &st));
}
static int call_chmod(void)
{
    return errno_of(chmod(file, 0600));
}
static int call_rename(void)
{
    return errno_of(rename(file, made));
}
static int socket_of(int family, int type, int protocol)
{
    return errno_of(socket(family, type, protocol));
}
static int call_tcp(void)
{
    return socket_of(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}
static int call_tcp6(void)
{
    return socket_of(AF_INET6, SOCK_STREAM, IPPROTO_TCP);
}
static int call_udp(void)
{
    return socket_of(AF_INET, SOCK_DGRAM, 0);
}
static int call_raw(void)
{
    return socket_of(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}
static int call_unix(void)
{
    return socket_of(AF_UNIX, SOCK_STREAM, 0);
}
static int call_netlink(void)
{
    return socket_of(AF_NETLINK, SOCK_RAW, 0);
}
static int call_packet(void)
{
    return socket_of(AF_PACKET, SOCK_RAW, 0);
}
static int call_vsock(void)
{
    int rc = socket_of(AF_VSOCK, SOCK_STREAM, 0);
    return rc == EAFNOSUPPORT || rc == ENODEV ? ALLOWED : rc; /* a kernel without it */
}
static int call_connect(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)listener_port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? errno : errno_of(connect(fd, (struct sockaddr *)&to, sizeof to));
}
static int call_bind(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? errno : errno_of(bind(fd, (struct sockaddr *)&at, sizeof at));
}
static int call_listen(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? errno : errno_of(listen(fd, 1));
}
static int call_ptrace(void)
{
    return errno_of(ptrace(PTRACE_ATTACH, parent, NULL, NULL));
}
static int call_read_parent(void)
{
    char here;
    struct iovec to = {&here, 1}, from = {&listener_port, 1};
    return errno_of(syscall(SYS_process_vm_readv, (long)parent, &to, 1ul, &from, 1ul, 0ul));
}
static int call_kill(void)
{
    return errno_of(kill(parent, SIGURG)); /* ignored, were it let through */
}
static int call_pidfd(void)
{
    return errno_of(syscall(SYS_pidfd_open, (long)parent, 0ul));
}
static int call_limit_parent(void)
{
    struct rlimit none = {0, 0};
    return errno_of(prlimit(parent, RLIMIT_CORE, &none, NULL));
}
static int call_write_and_execute(void)
{
    void *p =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : ALLOWED;
}
static int call_execute_memory(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : ALLOWED;
}
static int call_become_executable(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : errno_of(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}
static int call_prctl(void)
{
    return errno_of(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}
static int call_setuid(void)
{
    return errno_of(syscall(SYS_setuid, 1l));
}
static int call_unshare(void)
{
    return errno_of(unshare(CLONE_NEWUSER));
}
static int call_mount(void)
{
    return errno_of(syscall(SYS_mount, "none", "/tmp", "tmpfs", 0ul, NULL));
}
static int call_bpf(void)
{
    return errno_of(syscall(SYS_bpf, 0l, NULL, 0ul));
}
static int call_io_uring(void)
{
    return errno_of(syscall(SYS_io_uring_setup, 1ul, NULL));
}
static int call_keyctl(void)
{
    return errno_of(syscall(SYS_keyctl, 0l, 0l, 0l, 0l, 0l));
}
static int call_reboot(void)
{
    return errno_of(syscall(SYS_reboot, 0l, 0l, 0l, NULL)); /* wrong magic: EINVAL at most */
}
static int call_ioctl(void)
{
    return errno_of(syscall(SYS_ioctl, 1l, 0x5412l, "x")); /* TIOCSTI */
}
static int call_dup_owner(void)
{
    return errno_of(fcntl(1, F_SETOWN, parent));
}
#if defined(__x86_64__)
/* The 32-bit entry has numbers of its own: getpid there is 20, writev here. */
static int call_other_abi(void)
{
    long rc;
    __asm__ volatile("int $0x80" : "=a"(rc) : "a"(20l) : "memory");
    return rc < 0 ? (int)-rc : ALLOWED;
}
#endif
static int call_allocate(void)
{
    void *p = malloc(8u << 20);
    if (!p)
        return ENOMEM;
    memset(p, 1, 8u << 20);
    free(p);
    return ALLOWED;
}
static int call_clock(void)
{
    return clock_ms() == UINT64_MAX || clock_now() == 0 ? EINVAL : ALLOWED;
}

/* --- the table: role by call --- */

struct trial {
    const char *name;
    int (*call)(void);
    /* What comes of it, by role. As in the test build: there the TPM's process makes sockets to a
     * software TPM, and the collecting one Unix sockets to stand-ins of the host. */
    int decide, collect, parse, tpm, resolve;
};

static const struct trial trials[] = {
    {"allocate", call_allocate, ALLOWED, ALLOWED, ALLOWED, ALLOWED, ALLOWED},
    {"clock", call_clock, ALLOWED, ALLOWED, ALLOWED, ALLOWED, ALLOWED},
    {"execve", call_execve, DIED, DIED, DIED, DIED, DIED},
    {"execveat", call_execveat, DIED, DIED, DIED, DIED, DIED},
    {"fork", call_fork, DIED, DIED, DIED, DIED, DIED},
    {"thread", call_thread, DIED, DIED, DIED, DIED, ALLOWED},
    {"open", call_open, DIED, ALLOWED, DIED, EACCES, EACCES},
    {"open to write", call_open_to_write, DIED, EACCES, DIED, EACCES, DIED},
    {"create", call_create, DIED, EACCES, DIED, DIED, DIED},
    {"open a device", call_open_device, DIED, EACCES, DIED, EACCES, DIED},
    {"mkdir", call_mkdir, DIED, EACCES, DIED, DIED, DIED},
    {"unlink", call_unlink, DIED, EACCES, DIED, DIED, DIED},
    {"chmod", call_chmod, DIED, DIED, DIED, DIED, DIED},
    {"rename", call_rename, DIED, DIED, DIED, DIED, DIED},
    {"TCP", call_tcp, ALLOWED, DIED, DIED, ALLOWED, ALLOWED},
    {"TCP over IPv6", call_tcp6, ALLOWED, DIED, DIED, ALLOWED, ALLOWED},
    {"UDP", call_udp, DIED, DIED, DIED, ALLOWED, ALLOWED},
    {"a raw socket", call_raw, DIED, DIED, DIED, EPERM, DIED},
    {"a Unix socket", call_unix, DIED, ALLOWED, DIED, ALLOWED, EAFNOSUPPORT},
    {"netlink", call_netlink, DIED, DIED, DIED, ALLOWED, ALLOWED},
    {"a packet socket", call_packet, DIED, DIED, DIED, EPERM, DIED},
    {"vsock", call_vsock, DIED, ALLOWED, DIED, ALLOWED, DIED},
    {"connect", call_connect, ALLOWED, DIED, DIED, ALLOWED, EACCES},
    {"bind", call_bind, DIED, DIED, DIED, EACCES, EACCES},
    {"listen", call_listen, DIED, DIED, DIED, DIED, DIED},
    {"ptrace", call_ptrace, DIED, DIED, DIED, DIED, DIED},
    {"read the parent's memory", call_read_parent, DIED, DIED, DIED, DIED, DIED},
    {"kill the parent", call_kill, DIED, DIED, DIED, DIED, DIED},
    {"pidfd_open", call_pidfd, DIED, DIED, DIED, DIED, DIED},
    {"limit the parent", call_limit_parent, DIED, DIED, DIED, DIED, DIED},
    {"own the parent's signals", call_dup_owner, DIED, DIED, DIED, DIED, DIED},
    {"memory to write and execute", call_write_and_execute, DIED, DIED, DIED, DIED, DIED},
    {"memory to execute", call_execute_memory, DIED, DIED, DIED, DIED, ALLOWED},
    {"memory made executable", call_become_executable, DIED, DIED, DIED, DIED, DIED},
    {"prctl", call_prctl, DIED, DIED, DIED, DIED, DIED},
    {"setuid", call_setuid, DIED, DIED, DIED, DIED, DIED},
    {"unshare", call_unshare, DIED, DIED, DIED, DIED, DIED},
    {"mount", call_mount, DIED, DIED, DIED, DIED, DIED},
    {"bpf", call_bpf, DIED, DIED, DIED, DIED, DIED},
    {"io_uring", call_io_uring, DIED, DIED, DIED, DIED, DIED},
    {"keyctl", call_keyctl, DIED, DIED, DIED, DIED, DIED},
    {"reboot", call_reboot, DIED, DIED, DIED, DIED, DIED},
    {"ioctl", call_ioctl, DIED, ENOTTY, DIED, DIED, DIED},
#if defined(__x86_64__)
    {"another machine's system call", call_other_abi, DIED, DIED, DIED, DIED, DIED},
#endif
    {"stat", call_stat, DIED, ALLOWED, DIED, ALLOWED, ALLOWED},
};

static const char *const roles[] = {"decide", "collect", "parse", "tpm", "resolve"};

static int expected(const struct trial *t, enum sandbox_role role)
{
    const int v[] = {t->decide, t->collect, t->parse, t->tpm, t->resolve};
    return v[role];
}

struct ask {
    int (*call)(void);
};

static bool in_child(void *ctx)
{
    const struct ask *q = ctx;
    int got = q->call();
    return child_write(0, bytes_of(&got, sizeof got));
}

static const char *outcome_text(int v, char out[static 64])
{
    snprintf(out, 64, "%s", v == DIED ? "ended by SIGSYS" : v == ALLOWED ? "allowed" : strerror(v));
    return out;
}

static void one(struct arena *a, enum sandbox_role role, const struct trial *t)
{
    struct ask q = {t->call};
    struct err err = {0};
    struct bytes out[CHILD_FLOWS];
    const struct child c = {.what = t->name,
                            .role = role,
                            .run = in_child,
                            .ctx = &q,
                            .n = 1,
                            .cap = {sizeof(int)},
                            .stdout_flow = -1};
    const struct watch w = {clock_ms() + 20000, -1};
    char name[96], want_text[64], got_text[64];
    int want = expected(t, role), got = DIED;
    snprintf(name, sizeof name, "%s: %s", roles[role], t->name);
    if (want == EACCES && sandbox_kernel(&err) != RC_OK) {
        case_skip(2, "this kernel's Landlock is too old, or off");
        return;
    }
    enum rc rc = child_run(a, &c, &w, out, &err);
    if (rc == RC_OK)
        memcpy(&got, out[0].p, sizeof got);
    CASE(name, rc == RC_OK || rc == BG_SANDBOX_BREACH, "BG-%d %s", (int)rc, err.detail);
    CASE(name, got == want, "%s, expected: %s", outcome_text(got, got_text),
         outcome_text(want, want_text));
}

static void each_role_makes_each_call(void **state)
{
    (void)state;
    if (SANITIZED) {
        case_skip(SANDBOX_ROLES * sizeof trials / sizeof *trials * 2,
                  "the sanitizers need calls that the release has not");
        return;
    }
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
        for (enum sandbox_role r = 0; r < SANDBOX_ROLES; r++) {
            AUTO_ARENA a = arena_new(1u << 16);
            assert_non_null(a);
            one(a, r, &trials[i]);
        }
}

/* The same calls without a sandbox: those that ended a process above do not end one by themselves.
 */
static void without_a_sandbox_they_are_calls_like_any_other(void **state)
{
    (void)state;
    static int (*const harmless[])(void) = {call_fork,  call_thread, call_open,     call_tcp,
                                            call_udp,   call_unix,   call_stat,     call_kill,
                                            call_pidfd, call_bind,   call_connect,  call_prctl,
                                            call_chmod, call_listen, call_allocate, call_netlink};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(harmless[i]() == ALLOWED ? 0 : 1);
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        CASE("no sandbox", WIFEXITED(status) && WEXITSTATUS(status) == 0, "call %zu: status 0x%x",
             i, (unsigned)status);
    }
}

/* --- what a role holds besides --- */

/* status_has: a line of /proc/PID/status. */
static bool status_has(pid_t pid, const char *line)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    return strstr(text, line) != NULL;
}

static void a_confined_process_has_no_rights_left(void **state)
{
    (void)state;
    for (enum sandbox_role r = 0; r < SANDBOX_ROLES; r++) {
        int ready[2], end[2];
        char byte;
        assert_int_equal(pipe(ready), 0);
        assert_int_equal(pipe(end), 0);
        pid_t pid = fork();
        if (pid == 0) {
            struct err err = {0};
            close(end[1]);
            if (sandbox_enter(&(struct sandbox){.role = r}, &err) != RC_OK ||
                write(ready[1], "x", 1) != 1)
                _exit(1);
            _exit(read(end[0], &byte, 1) == 0 ? 0 : 2);
        }
        close(ready[1]);
        close(end[0]);
        CASE(roles[r], read(ready[0], &byte, 1) == 1, "it could not be confined");
        const char *caps =
            r == SANDBOX_TPM && geteuid() == 0 ? "0000000000000002" : "0000000000000000";
        char line[64];
        snprintf(line, sizeof line, "CapEff:\t%s", caps);
        CASE(roles[r], status_has(pid, line), "not %s", line);
        snprintf(line, sizeof line, "CapPrm:\t%s", caps);
        CASE(roles[r], status_has(pid, line), "not %s", line);
        if (geteuid() == 0)
            CASE(roles[r], status_has(pid, "CapBnd:\t0000000000000000"),
                 "the bounding set is not empty");
        CASE(roles[r], status_has(pid, "NoNewPrivs:\t1"), "new privileges");
        CASE(roles[r], status_has(pid, "Seccomp:\t2"), "no filter");
        close(end[1]);
        close(ready[0]);
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        CASE(roles[r], WIFEXITED(status) && WEXITSTATUS(status) == 0, "status 0x%x",
             (unsigned)status);
    }
}

/* A path that is named is given, and only that. */
static int open_both(void)
{
    if (open("/etc/hostname", O_RDWR) >= 0)
        return EEXIST;
    int fd = open(file, O_RDWR);
    return fd < 0 ? errno : write(fd, "y", 1) == 1 ? ALLOWED : EIO;
}

static void named_paths_are_given(void **state)
{
    (void)state;
    struct err lacks = {0};
    if (sandbox_kernel(&lacks) != RC_OK) {
        case_skip(2, lacks.detail);
        return;
    }
    for (int write = 0; write < 2; write++) {
        AUTO_ARENA a = arena_new(1u << 16);
        struct ask q = {open_both};
        struct err err = {0};
        struct bytes out[CHILD_FLOWS];
        const struct sandbox_path paths[] = {{file, write == 1}, {"/no/such/path", true}};
        const struct child c = {.what = "paths",
                                .role = SANDBOX_COLLECT,
                                .run = in_child,
                                .ctx = &q,
                                .paths = paths,
                                .num_paths = 2,
                                .n = 1,
                                .cap = {sizeof(int)},
                                .stdout_flow = -1};
        const struct watch w = {clock_ms() + 20000, -1};
        assert_int_equal(child_run(a, &c, &w, out, &err), RC_OK);
        int got = -1;
        memcpy(&got, out[0].p, sizeof got);
        assert_int_equal(got, write == 1 ? ALLOWED : EACCES);
    }
}

static bool ran;

static bool run_and_say(void *ctx)
{
    (void)ctx;
    ran = true;
    return child_write(0, bytes_of_str("ran"));
}

static bool not_ready(void *ctx)
{
    (void)ctx;
    return false;
}

/* What can't be confined, or has not what it needs, is not run. */
static void an_unconfined_child_does_not_run(void **state)
{
    (void)state;
    AUTO_ARENA a = arena_new(1u << 16);
    struct err err = {0};
    struct bytes out[CHILD_FLOWS];
    char loop[sizeof dir + 8];
    snprintf(loop, sizeof loop, "%s/loop", dir);
    assert_int_equal(symlink(loop, loop), 0);
    const struct sandbox_path path = {loop, false};
    struct child c = {.what = "a child",
                      .role = SANDBOX_PARSE,
                      .run = run_and_say,
                      .paths = &path,
                      .num_paths = 1,
                      .n = 1,
                      .cap = {16},
                      .stdout_flow = -1};
    const struct watch w = {clock_ms() + 20000, -1};
    if (sandbox_kernel(&err) == RC_OK)
        assert_int_equal(child_run(a, &c, &w, out, &err), BG_SANDBOX_UNCONFINED);
    else
        case_skip(1, "this kernel's Landlock is too old, or off");
    assert_int_equal(unlink(loop), 0);
    err = (struct err){0};
    c.num_paths = 0;
    assert_int_equal(child_run(a, &c, &w, out, &err), RC_OK);
    assert_true(bytes_eq_str(out[0], "ran"));
    c.before = not_ready;
    assert_int_equal(child_run(a, &c, &w, out, &err), BG_CHILD_DIED);
    assert_false(ran); /* not in this process */
}

/* --- the gate itself --- */

static int gate(bool may_exec, int (*call)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        struct err err = {0};
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || sandbox_gate(may_exec, &err) != RC_OK)
            _exit(100);
        _exit(call() & 0x7f);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return DIED;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

static void the_gate_does_what_its_children_need_and_traces_nobody(void **state)
{
    (void)state;
    assert_int_equal(gate(false, call_execve), DIED);
    assert_int_equal(gate(false, call_execveat), DIED);
    assert_int_equal(gate(true, call_execve), 0); /* /bin/true */
    for (int e = 0; e < 2; e++) {
        assert_int_equal(gate(e, call_fork), ALLOWED);
        assert_int_equal(gate(e, call_open), ALLOWED);
        assert_int_equal(gate(e, call_connect), ALLOWED);
        assert_true(SANITIZED || gate(e, call_ptrace) == DIED);
        assert_int_equal(gate(e, call_read_parent), DIED);
        assert_int_equal(gate(e, call_bpf), DIED);
        assert_int_equal(gate(e, call_io_uring), DIED);
    }
}

static int set_up(void **state)
{
    (void)state;
    parent = getpid();
    int fd;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof at;
    if (!mkdtemp(dir))
        return -1;
    snprintf(file, sizeof file, "%s/file", dir);
    snprintf(made, sizeof made, "%s/made", dir);
    fd = open(file, O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) != 0)
        return -1;
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        return -1;
    listener_port = ntohs(at.sin_port);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(file);
    (void)unlink(made);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_makes_each_call),
        cmocka_unit_test(without_a_sandbox_they_are_calls_like_any_other),
        cmocka_unit_test(a_confined_process_has_no_rights_left),
        cmocka_unit_test(named_paths_are_given),
        cmocka_unit_test(an_unconfined_child_does_not_run),
        cmocka_unit_test(the_gate_does_what_its_children_need_and_traces_nobody),
    };
    if (set_up(NULL) != 0)
        return 1;
    int status = HARNESS_RUN("sandbox", tests);
    return tear_down(NULL) == 0 ? status : 1;
}
