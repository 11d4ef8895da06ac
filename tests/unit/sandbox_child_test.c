/* What a confined process holds, what of files it is given, what is not run; and the gate's own
 * filter. */
#define _GNU_SOURCE
#include "tests/lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/clock.h"
#include "tests/lib/taken_over.h"

static const char *const roles[] = {"decide", "collect", "parse", "tpm", "resolve"};

struct ask {
    int (*call)(void);
};

static bool in_child(void *ctx)
{
    const struct ask *q = ctx;
    int got = q->call();
    return child_write(0, bytes_of(&got, sizeof got));
}

/* file_has: a line of /proc/PID/FILE. */
static bool file_has(pid_t pid, const char *file, const char *line)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    return strstr(text, line) != NULL;
}

static bool status_has(pid_t pid, const char *line)
{
    return file_has(pid, "status", line);
}

/* limited: proc_pid_limits(5): soft and hard are zero. */
static bool limited(pid_t pid, const char *what)
{
    char line[96];
    snprintf(line, sizeof line, "%-25s 0                    0 ", what);
    return file_has(pid, "limits", line);
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
        CASE(roles[r], limited(pid, "Max core file size"), "it may leave a core");
        CASE(roles[r], limited(pid, "Max file size") == (r != SANDBOX_COLLECT), "files");
        CASE(roles[r], limited(pid, "Max processes") == (r != SANDBOX_RESOLVE), "processes");
        close(end[1]);
        close(ready[0]);
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        CASE(roles[r], WIFEXITED(status) && WEXITSTATUS(status) == 0, "status 0x%x",
             (unsigned)status);
    }
}

/* A path that is named is given, and only that where no others are wanted. */
static int open_all(void)
{
    /* 1: another file was read; 2, 4: the named one was read, written */
    int other = open("/etc/passwd", O_RDONLY) >= 0 ? 1 : 0;
    int read_it = open(taken_file, O_RDONLY) >= 0 ? 2 : 0;
    return other | read_it | (open(taken_file, O_WRONLY) >= 0 ? 4 : 0);
}

static void named_paths_are_given(void **state)
{
    (void)state;
    struct err lacks = {0};
    if (sandbox_kernel(&lacks) != RC_OK) {
        case_skip(6, lacks.detail);
        return;
    }
    static const struct {
        const char *name;
        size_t num_paths;
        bool write, only;
        int want;
    } v[] = {
        {"none", 0, false, false, 1 | 2},        {"none, only these", 0, false, true, 0},
        {"to read", 1, false, false, 1 | 2},     {"to read, only these", 2, false, true, 2},
        {"to write", 2, true, false, 1 | 2 | 4}, {"to write, only these", 1, true, true, 2 | 4},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        AUTO_ARENA a = arena_new(1u << 16);
        struct ask q = {open_all};
        struct err err = {0};
        struct bytes out[CHILD_FLOWS];
        const struct sandbox_path paths[] = {{taken_file, v[i].write}, {"/no/such/path", true}};
        const struct child c = {.what = "paths",
                                .role = SANDBOX_COLLECT,
                                .run = in_child,
                                .ctx = &q,
                                .paths = paths,
                                .num_paths = v[i].num_paths,
                                .only_paths = v[i].only,
                                .n = 1,
                                .cap = {sizeof(int)},
                                .stdout_flow = -1};
        const struct watch w = {clock_ms() + 120000, -1};
        int got = -1;
        if (child_run(a, &c, &w, out, &err) == RC_OK)
            memcpy(&got, out[0].p, sizeof got);
        CASE(v[i].name, got == v[i].want, "%d, expected %d: BG-%d %s", got, v[i].want, (int)err.rc,
             err.detail);
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
    char loop[64];
    snprintf(loop, sizeof loop, "%s/loop", taken_dir);
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
    const struct watch w = {clock_ms() + 120000, -1};
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

#define OTHERS 57 /* a descriptor of the parent's own */

static int other_fd(void)
{
    return fcntl(OTHERS, F_GETFD) < 0 ? 0 : 1;
}

static bool write_too_much(void *ctx)
{
    (void)ctx;
    return child_write(0, bytes_of_str("seventeen letters"));
}

static void a_child_has_its_flows_and_no_more(void **state)
{
    (void)state;
    AUTO_ARENA a = arena_new(1u << 16);
    struct err err = {0};
    struct bytes out[CHILD_FLOWS];
    struct ask q = {other_fd};
    struct child c = {.what = "a child",
                      .role = SANDBOX_PARSE,
                      .run = in_child,
                      .ctx = &q,
                      .n = 1,
                      .cap = {sizeof(int)},
                      .stdout_flow = -1};
    const struct watch w = {clock_ms() + 120000, -1};
    int fd = open("/dev/null", O_RDONLY), got = -1;
    assert_true(fd >= 0 && dup2(fd, OTHERS) == OTHERS);
    assert_int_equal(child_run(a, &c, &w, out, &err), RC_OK);
    memcpy(&got, out[0].p, sizeof got);
    assert_int_equal(got, 0);
    close(OTHERS);
    close(fd);
    c.run = write_too_much;
    c.cap[0] = 16;
    assert_int_equal(child_run(a, &c, &w, out, &err), BG_CHILD_TOO_LONG);
    err_clear(&err);
    c.cap[0] = 17;
    assert_int_equal(child_run(a, &c, &w, out, &err), RC_OK);
    c.cap[0] = 0;
    assert_int_equal(child_run(a, &c, &w, out, &err), BG_CHILD_TOO_LONG);
}

/* parent: has a child of watch_fork's that waits for long, and waits itself. */
static _Noreturn void parent(int lives)
{
    struct err err = {0};
    int pidfd = -1;
    pid_t pid = watch_fork(&pidfd, &err);
    if (pid == 0 && write(lives, "x", 1) != 1)
        _exit(1);
    (void)sleep(120);
    _exit(0);
}

static void a_child_ends_with_its_parent(void **state)
{
    (void)state;
    int lives[2];
    char byte;
    assert_int_equal(pipe(lives), 0);
    pid_t pid = fork();
    if (pid == 0)
        parent(lives[1]);
    close(lives[1]);
    assert_int_equal(read(lives[0], &byte, 1), 1); /* the grandchild is there */
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    /* The pipe ends with the last of them. */
    struct pollfd end = {.fd = lives[0], .events = POLLIN};
    assert_int_equal(poll(&end, 1, 30000), 1);
    assert_int_equal(read(lives[0], &byte, 1), 0);
    close(lives[0]);
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
    assert_int_equal(gate(false, call_mount), DIED);
    assert_int_equal(gate(false, call_unshare), DIED);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_confined_process_has_no_rights_left),
        cmocka_unit_test(named_paths_are_given),
        cmocka_unit_test(an_unconfined_child_does_not_run),
        cmocka_unit_test(a_child_has_its_flows_and_no_more),
        cmocka_unit_test(a_child_ends_with_its_parent),
        cmocka_unit_test(the_gate_does_what_its_children_need_and_traces_nobody),
    };
    if (!taken_set_up())
        return 1;
    int status = HARNESS_RUN("sandbox_child", tests);
    return taken_tear_down() ? status : 1;
}
