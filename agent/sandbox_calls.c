/* System calls by seccomp: an allow-list for each role, and what the gate itself never does. */
#define _GNU_SOURCE
#include "agent/sandbox_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "agent/build.h"

#define DECIDE  (1u << SANDBOX_DECIDE)
#define COLLECT (1u << SANDBOX_COLLECT)
#define PARSE   (1u << SANDBOX_PARSE)
#define TPM     (1u << SANDBOX_TPM)
#define RESOLVE (1u << SANDBOX_RESOLVE)
#define ALL     (DECIDE | COLLECT | PARSE | TPM | RESOLVE)
#define NETWORK (DECIDE | RESOLVE)
#define SOCKETS (NETWORK | COLLECT)
#define FILES   (COLLECT | RESOLVE)

/* Calls whose arguments do not matter. Names that a machine does not have are left out there. */
static const struct {
    const char *name;
    unsigned roles;
} calls[] = {
    /* open descriptors, memory of its own, time */
    {"read", ALL},
    {"readv", ALL},
    {"write", ALL},
    {"writev", ALL},
    {"close", ALL},
    {"fstat", ALL},
    {"lseek", ALL},
    {"poll", ALL},
    {"ppoll", ALL},
    {"munmap", ALL},
    {"mremap", ALL},
    {"madvise", ALL},
    {"brk", ALL},
    {"mlock", ALL},
    {"munlock", ALL},
    {"futex", ALL},
    {"clock_gettime", ALL},
    {"clock_getres", ALL},
    {"gettimeofday", ALL},
    {"time", ALL},
    {"clock_nanosleep", ALL},
    {"nanosleep", ALL},
    {"restart_syscall", ALL},
    {"sched_yield", ALL},
    {"sched_getaffinity", ALL},
    {"sysinfo", ALL},
    {"uname", ALL},
    {"getrandom", ALL},
    {"getpid", ALL},
    {"gettid", ALL},
    {"getuid", ALL},
    {"geteuid", ALL},
    {"getgid", ALL},
    {"getegid", ALL},
    {"rt_sigaction", ALL},
    {"rt_sigprocmask", ALL},
    {"rt_sigreturn", ALL},
    {"sigaltstack", ALL},
    {"exit", ALL},
    {"exit_group", ALL},
    /* messages between our own processes */
    {"sendmsg", SOCKETS | TPM},
    {"recvmsg", SOCKETS | TPM},
    /* connections; sockets are made below */
    {"connect", SOCKETS},
    {"sendto", SOCKETS},
    {"recvfrom", SOCKETS},
    {"sendmmsg", RESOLVE},
    {"getsockopt", SOCKETS},
    {"setsockopt", SOCKETS},
    {"getsockname", SOCKETS},
    {"getpeername", SOCKETS},
    {"shutdown", SOCKETS},
    {"bind", RESOLVE | COLLECT},
    {"select", NETWORK},
    {"pselect6", NETWORK},
    {"epoll_create1", DECIDE},
    {"epoll_ctl", DECIDE},
    {"epoll_wait", DECIDE},
    {"epoll_pwait", DECIDE},
    {"pipe2", DECIDE},
    {"eventfd2", DECIDE},
    /* files: which, is Landlock's to say */
    {"stat", FILES},
    {"lstat", FILES},
    {"statx", FILES},
    {"newfstatat", FILES},
    {"access", FILES},
    {"faccessat", FILES},
    {"faccessat2", FILES},
    {"readlink", FILES},
    {"readlinkat", FILES},
    {"pread64", FILES},
    {"pwrite64", COLLECT},
    {"getdents64", COLLECT},
    {"fstatfs", COLLECT},
    {"statfs", COLLECT},
    {"flock", COLLECT},
    {"mkdir", COLLECT},
    {"mkdirat", COLLECT},
    {"rmdir", COLLECT},
    {"unlink", COLLECT},
    {"unlinkat", COLLECT},
    {"ioctl", COLLECT},
    /* threads */
    {"rseq", RESOLVE},
    {"set_robust_list", RESOLVE},
    {"set_tid_address", RESOLVE},
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    /* The sanitizers' own: to tell what went wrong. No release has them. */
    {"openat", ALL},
    {"open", ALL},
    {"readlink", ALL},
    {"prctl", ALL},
    {"mmap", ALL},
    {"mprotect", ALL},
    {"prlimit64", ALL},
    {"getrlimit", ALL},
    {"ioctl", ALL},
#endif
};

/* Calls that are allowed as far as their arguments are. A second row for the same is an "or". */
#define IS(n, v)                                                                                   \
    {                                                                                              \
        .arg = (n), .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)(v)                                \
    }
#define MASKED(n, mask, v)                                                                         \
    {                                                                                              \
        .arg = (n), .op = SCMP_CMP_MASKED_EQ, .datum_a = (scmp_datum_t)(mask),                     \
        .datum_b = (scmp_datum_t)(v)                                                               \
    }
#define SOCK_KIND  0xfu /* of the type; the rest are flags */
#define STREAM     MASKED(1, SOCK_KIND, SOCK_STREAM)
#define DATAGRAM   MASKED(1, SOCK_KIND, SOCK_DGRAM)
#define FAMILY(f)  IS(0, f)
#define NEVER_MADE (O_CREAT | O_TRUNC | O_APPEND | O_DIRECTORY)
#define READ_ONLY  (O_ACCMODE | O_CREAT | O_TRUNC)
#define THREAD     (CLONE_VM | CLONE_THREAD | CLONE_SIGHAND)

struct filtered {
    const char *name;
    unsigned roles;
    unsigned num_args;
    struct scmp_arg_cmp arg[3];
};

static const struct filtered filtered[] = {
    {"mmap", ALL, 1, {MASKED(2, PROT_EXEC, 0)}},
    {"mprotect", ALL, 1, {MASKED(2, PROT_EXEC, 0)}},
    /* the libraries that nsswitch.conf names */
    {"mmap", RESOLVE, 1, {MASKED(2, PROT_EXEC | PROT_WRITE, PROT_EXEC)}},
    /* fstat(3); a path with this flag tells no more than that a file is there */
    {"newfstatat", DECIDE | PARSE | TPM, 1, {IS(3, AT_EMPTY_PATH)}},
    {"fcntl", ALL, 1, {IS(1, F_GETFL)}},
    {"fcntl", ALL, 1, {IS(1, F_SETFL)}},
    {"fcntl", ALL, 1, {IS(1, F_GETFD)}},
    {"fcntl", ALL, 1, {IS(1, F_SETFD)}},
    {"prlimit64", ALL, 2, {IS(0, 0), IS(2, 0)}}, /* asks for its own */
    {"socket", NETWORK, 2, {FAMILY(AF_INET), STREAM}},
    {"socket", NETWORK, 2, {FAMILY(AF_INET6), STREAM}},
    {"socket", NETWORK, 2, {FAMILY(AF_INET6), DATAGRAM}}, /* curl tries whether there is IPv6 */
    {"socket", RESOLVE, 2, {FAMILY(AF_INET), DATAGRAM}},
    {"socket", RESOLVE, 2, {FAMILY(AF_NETLINK), IS(2, 0)}}, /* own addresses */
    {"socket", COLLECT, 1, {FAMILY(AF_VSOCK)}},
    {"socketpair", DECIDE, 1, {FAMILY(AF_UNIX)}}, /* to wake itself */
    {"openat", TPM, 1, {MASKED(2, NEVER_MADE, 0)}},
    {"openat", RESOLVE, 1, {MASKED(2, READ_ONLY, O_RDONLY)}},
    {"openat", COLLECT, 1, {MASKED(2, O_TRUNC, 0)}},
    {"ioctl", RESOLVE, 1, {IS(1, FIONREAD)}},
    {"clone", RESOLVE, 1, {MASKED(0, THREAD, THREAD)}},
};

static const struct filtered unix_socket = {"socket", COLLECT, 1, {FAMILY(AF_UNIX)}};

/* Refused with an error, for libraries that try and then do without. */
static const struct {
    struct filtered call;
    unsigned error;
} refused[] = {
    {{"socket", RESOLVE, 1, {FAMILY(AF_UNIX)}},
     EAFNOSUPPORT},                          /* nscd: any service of the machine */
    {{"clone3", RESOLVE, 0, {{0}}}, ENOSYS}, /* its arguments can't be seen: clone is used then */
};

static void release_filter(scmp_filter_ctx *f)
{
    if (*f)
        seccomp_release(*f);
}
#define AUTO_FILTER __attribute__((cleanup(release_filter))) scmp_filter_ctx

static enum rc add(scmp_filter_ctx f, uint32_t action, const struct filtered *c, struct err *err)
{
    int nr = seccomp_syscall_resolve_name(c->name);
    if (nr == __NR_SCMP_ERROR)
        return err_set(err, BG_SANDBOX_NAME, "%s", c->name);
    int rc = seccomp_rule_add_array(f, action, nr, c->num_args, c->arg);
    return rc == 0 ? RC_OK : err_set(err, BG_SANDBOX_CALL, "%s: %s", c->name, strerror(-rc));
}

static enum rc load(scmp_filter_ctx f, struct err *err)
{
    int rc = seccomp_attr_set(f, SCMP_FLTATR_CTL_NNP, 0); /* it is set */
    if (rc == 0)
        rc = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (rc == 0)
        rc = seccomp_load(f);
    return rc == 0 ? RC_OK : err_set(err, BG_SANDBOX_LOAD, "%s", strerror(-rc));
}

static enum rc allow_list(scmp_filter_ctx f, unsigned role, struct err *err)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].roles & role)
            TRY(add(f, SCMP_ACT_ALLOW, &(struct filtered){.name = calls[i].name}, err));
    for (size_t i = 0; i < sizeof filtered / sizeof *filtered; i++)
        if (filtered[i].roles & role)
            TRY(add(f, SCMP_ACT_ALLOW, &filtered[i], err));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (refused[i].call.roles & role)
            TRY(add(f, SCMP_ACT_ERRNO(refused[i].error), &refused[i].call, err));
    for (const char *const *name = build_tpm_calls; role == TPM && *name; name++)
        TRY(add(f, SCMP_ACT_ALLOW, &(struct filtered){.name = *name}, err));
    if (role == COLLECT && build_collect_unix)
        TRY(add(f, SCMP_ACT_ALLOW, &unix_socket, err));
    return RC_OK;
}

enum rc sandbox_calls(enum sandbox_role role, struct err *err)
{
    AUTO_FILTER f = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!f)
        return err_set(err, BG_SANDBOX_FILTER, "role %d", (int)role);
    TRY(allow_list(f, 1u << role, err));
    return load(f, err);
}

/* What no part of the gate does, and no command that a target runs has a reason to do: reading
 * others' memory, code in the kernel, other views of the file systems, another kernel. */
static const char *const never[] = {
#if !defined(__SANITIZE_ADDRESS__) /* which looks for leaks at the end by tracing itself */
    "ptrace",
#endif
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "pidfd_getfd",
    "kcmp",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "open_by_handle_at",
    "name_to_handle_at",
    "pivot_root",
    "chroot",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "iopl",
    "ioperm",
    "personality",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "syslog",
    "uselib",
    "lookup_dcookie",
    "nfsservctl",
    "fanotify_init",
    "setns",
};

enum rc sandbox_gate_calls(bool may_exec, struct err *err)
{
    /* A command may have to mount what the key opens; the gate itself never does. */
    static const char *const programs[] = {"execve",        "execveat", "mount",   "umount2",
                                           "move_mount",    "fsopen",   "fsmount", "open_tree",
                                           "mount_setattr", "unshare"};
    AUTO_FILTER f = seccomp_init(SCMP_ACT_ALLOW);
    if (!f)
        return err_set(err, BG_SANDBOX_GATE_FILTER, "%s", "no memory");
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        TRY(add(f, SCMP_ACT_KILL_PROCESS, &(struct filtered){.name = never[i]}, err));
    for (size_t i = 0; !may_exec && i < sizeof programs / sizeof *programs; i++)
        TRY(add(f, SCMP_ACT_KILL_PROCESS, &(struct filtered){.name = programs[i]}, err));
    return load(f, err);
}
