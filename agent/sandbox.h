/*
 * sandbox: what each process of the gate gives up for good before it touches anything untrusted
 * (DESIGN section 4): capabilities, new privileges, file systems (Landlock) and system calls
 * (seccomp allow-list: anything else ends the process with SIGSYS).
 */
#ifndef BOOTGATE_AGENT_SANDBOX_H
#define BOOTGATE_AGENT_SANDBOX_H

#include "base/err.h"

enum sandbox_role {
    SANDBOX_DECIDE,  /* network and parsing: no files, no processes, no other sockets than the net's
                      */
    SANDBOX_COLLECT, /* reads the guest's devices and files, vsock to the host; no network */
    SANDBOX_PARSE,   /* bytes in, bytes out: nothing else */
    SANDBOX_TPM,     /* one open TPM device: no network, no files */
};

/* sandbox_enter: RC_OK: this process is confined as its role demands. What an older kernel lacks of
 * Landlock is left out; that capabilities or the seccomp filter can't be had is an error. */
enum rc sandbox_enter(enum sandbox_role role, struct err *err) MUST_CHECK;

#endif
