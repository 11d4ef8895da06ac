#define _GNU_SOURCE
#include "agent/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Landlock's numbers that are younger than Debian 12's header (Linux 6.2 and 6.12, uapi
 * landlock.h): truncation, and the scopes behind the network rights in struct
 * landlock_ruleset_attr.
 */
#define FS_TRUNCATE           (UINT64_C(1) << 14)
#define SCOPE_ABSTRACT_SOCKET (UINT64_C(1) << 0)
#define SCOPE_SIGNAL          (UINT64_C(1) << 1)

struct ruleset {
    uint64_t fs, net, scoped;
};

/* Every right of ABI 1 that changes something. Reading and executing are not handled: allowed. */
static uint64_t writes(void)
{
    uint64_t all = LANDLOCK_ACCESS_FS_WRITE_FILE;
    for (uint64_t bit = LANDLOCK_ACCESS_FS_REMOVE_DIR; bit <= LANDLOCK_ACCESS_FS_MAKE_SYM;
         bit <<= 1)
        all |= bit;
    return all;
}

static void landlock(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0ul, LANDLOCK_CREATE_RULESET_VERSION);
    struct ruleset r = {.fs = writes()};
    size_t size = sizeof r.fs;
    if (abi < 1)
        return;
    if (abi >= 3)
        r.fs |= FS_TRUNCATE;
    if (abi >= 6) {
        r.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
        size = sizeof r;
    }
    int fd = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0ul);
    if (fd < 0)
        return;
    (void)syscall(SYS_landlock_restrict_self, fd, 0ul);
    (void)close(fd);
}

enum rc sandbox_enter(enum sandbox_role role, struct err *err)
{
    (void)role;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_capset, &header, none) != 0)
        return err_set(err, BG_CONFINE, "%s", strerror(errno));
    landlock();
    return RC_OK;
}
