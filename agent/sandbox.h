/*
 * sandbox: what each process of the gate gives up for good before it touches anything untrusted
 * (DESIGN section 4): capabilities, new privileges, file systems (Landlock) and system calls
 * (seccomp allow-list: anything else ends the process with SIGSYS).
 */
#ifndef BOOTGATE_AGENT_SANDBOX_H
#define BOOTGATE_AGENT_SANDBOX_H

#include <stdbool.h>

#include "base/err.h"

enum sandbox_role {
    SANDBOX_DECIDE,  /* network and parsing: TCP sockets and what is open; no files, no processes,
                      * no threads */
    SANDBOX_COLLECT, /* reads the guest's devices and files, vsock to the host; no network */
    SANDBOX_PARSE,   /* bytes in, bytes out: nothing else */
    SANDBOX_TPM,     /* the TPM device, again and again; no network, no other file */
    SANDBOX_RESOLVE, /* names to addresses (names.h): the files that say how, UDP and TCP, threads
                      */
    SANDBOX_ROLES,
};

/* struct sandbox_path: a file or directory that a role is given beside its own. */
struct sandbox_path {
    const char *path; /* one that is not there is left out */
    bool write;       /* also written, made and removed below it */
};
#define SANDBOX_PATHS 16u

struct sandbox {
    enum sandbox_role role;
    const struct sandbox_path *paths;
    size_t num_paths;
    bool only_paths; /* SANDBOX_COLLECT: of files and devices nothing but paths; else it reads all,
                      * and writes the guest's device and report folder */
};

/*
 * sandbox_enter: RC_OK: this process is confined as its role demands. It has one thread, and opens
 * what it needs beyond its role before. What an older kernel lacks of Landlock and MDWE is left
 * out; that capabilities, limits or the seccomp filter can't be had is an error.
 */
enum rc sandbox_enter(const struct sandbox *s, struct err *err) MUST_CHECK;
/*
 * sandbox_gate: the process that holds the seed and starts all others. It may still do what its
 * targets and children need; never trace or load code into the kernel; it runs a command, and lets
 * that one mount, only if may_exec.
 */
enum rc sandbox_gate(bool may_exec, struct err *err) MUST_CHECK;
/* sandbox_kernel: RC_OK: this kernel has all that a sandbox is made of. Else BG_SANDBOX_PARTIAL
 * with what it lacks: for the report. To be asked before sandbox_enter. */
enum rc sandbox_kernel(struct err *err) MUST_CHECK;

#endif
