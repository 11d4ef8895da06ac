/*
 * The sandbox: each role makes each call that a process taken over would try, and one that it is
 * there for. What becomes of it is the kernel's word: an errno, or the signal that ended it.
 */
#define _GNU_SOURCE
#include "tests/lib/harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/clock.h"
#include "tests/lib/taken_over.h"

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
    const struct watch w = {clock_ms() + 120000, -1};
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
        case_left(SANDBOX_ROLES * sizeof trials / sizeof *trials * 2,
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_makes_each_call),
        cmocka_unit_test(without_a_sandbox_they_are_calls_like_any_other),
    };
    if (!taken_set_up())
        return 1;
    int status = HARNESS_RUN("sandbox", tests);
    return taken_tear_down() ? status : 1;
}
