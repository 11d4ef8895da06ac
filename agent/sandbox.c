#define _GNU_SOURCE
#include "agent/sandbox_parts.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Younger than Debian 12's header (Linux 6.3, uapi prctl.h): memory that was ever writable never
 * becomes executable. */
#define SET_MDWE              65
#define GET_MDWE              66
#define MDWE_REFUSE_EXEC_GAIN 1ul

/* /dev/tpmrm0 may belong to a user `tss`: the TPM's process opens it anew after each failure. That
 * it is no other file is Landlock's to say. */
static unsigned kept(enum sandbox_role role)
{
    return role == SANDBOX_TPM ? 1u << CAP_DAC_OVERRIDE : 0;
}

/* Without CAP_SETPCAP the bounding set stays; it gives nothing where there are no new privileges.
 */
static enum rc drop_capabilities(enum sandbox_role role, struct err *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct v[_LINUX_CAPABILITY_U32S_3] = {0};
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capget, &header, v) != 0)
        return err_set(err, BG_SANDBOX_CAPGET, "%s", strerror(errno));
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        v[i].permitted &= i == 0 ? kept(role) : 0;
        v[i].effective = v[i].permitted;
        v[i].inheritable = 0;
    }
    if (syscall(SYS_capset, &header, v) != 0)
        return err_set(err, BG_CONFINE, "%s", strerror(errno));
    return RC_OK;
}

static bool limit(int what, rlim_t n)
{
    struct rlimit r = {n, n};
    return setrlimit((__rlimit_resource_t)what, &r) == 0;
}

static enum rc limits(enum sandbox_role role, struct err *err)
{
    bool ok = limit(RLIMIT_CORE, 0);
    if (role != SANDBOX_COLLECT)
        ok = limit(RLIMIT_FSIZE, 0) && ok;
    if (role != SANDBOX_RESOLVE)
        ok = limit(RLIMIT_NPROC, 0) && ok;
    return ok ? RC_OK : err_set(err, BG_SANDBOX_LIMITS, "%s", strerror(errno));
}

enum rc sandbox_enter(const struct sandbox *s, struct err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return err_set(err, BG_SANDBOX_PRCTL, "%s", strerror(errno));
    (void)prctl(SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0); /* sandbox_kernel says if it is there */
    TRY(limits(s->role, err));
    TRY(sandbox_files(s, err));
    TRY(drop_capabilities(s->role, err));
    return sandbox_calls(s->role, err);
}

enum rc sandbox_gate(bool may_exec, struct err *err)
{
    return sandbox_gate_calls(may_exec, err); /* watch_open has set no_new_privs */
}

enum rc sandbox_kernel(struct err *err)
{
    int abi = sandbox_landlock_abi();
    bool mdwe = prctl(GET_MDWE, 0, 0, 0, 0) >= 0;
    if (abi >= SANDBOX_LANDLOCK_ALL && mdwe)
        return RC_OK;
    return err_set(err, BG_SANDBOX_PARTIAL, "Landlock %d of %d%s", abi, SANDBOX_LANDLOCK_ALL,
                   mdwe ? "" : ", no MDWE");
}
