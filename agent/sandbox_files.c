/* Files, TCP and signals by Landlock (landlock(7); uapi landlock.h). */
#define _GNU_SOURCE
#include "agent/sandbox_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/build.h"
#include "agent/watch.h"

/* Younger than Debian 12's header: ABI 3 (Linux 6.2), 4 (6.7), 5 (6.10), 6 (6.12). */
#define FS_TRUNCATE           (UINT64_C(1) << 14)
#define FS_IOCTL_DEV          (UINT64_C(1) << 15)
#define NET_BIND              (UINT64_C(1) << 0)
#define NET_CONNECT           (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_SOCKET (UINT64_C(1) << 0)
#define SCOPE_SIGNAL          (UINT64_C(1) << 1)
#define RULE_NET_PORT         2

#define READS       (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITES_FILE (LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define WRITES_DIR                                                                                 \
    (LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |   \
     LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define FOR_FILES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE | WRITES_FILE)

/* struct ruleset: landlock_ruleset_attr as of ABI 6; struct port: landlock_net_port_attr. */
struct ruleset {
    uint64_t fs, net, scoped;
};
struct port {
    uint64_t access, port;
};

/* What a role is given by itself. */
static const struct {
    enum sandbox_role role;
    struct sandbox_path path;
} own[] = {
    {SANDBOX_TPM, {"/dev/tpmrm0", true}},
    {SANDBOX_COLLECT, {"/dev/tdx_guest", true}},
    {SANDBOX_COLLECT, {"/sys/kernel/config/tsm/report", true}},
    {SANDBOX_COLLECT, {"/", false}},
    /* nsswitch.conf(5), resolv.conf(5), hosts(5), host.conf(5), gai.conf(5), and the libraries
     * that the first of these names. */
    {SANDBOX_RESOLVE, {"/etc/nsswitch.conf", false}},
    {SANDBOX_RESOLVE, {"/etc/resolv.conf", false}},
    {SANDBOX_RESOLVE, {"/etc/hosts", false}},
    {SANDBOX_RESOLVE, {"/etc/host.conf", false}},
    {SANDBOX_RESOLVE, {"/etc/gai.conf", false}},
    {SANDBOX_RESOLVE, {"/etc/ld.so.cache", false}},
    {SANDBOX_RESOLVE, {"/lib", false}},
    {SANDBOX_RESOLVE, {"/lib64", false}},
    {SANDBOX_RESOLVE, {"/usr/lib", false}},
    {SANDBOX_RESOLVE, {"/usr/lib64", false}},
};

int sandbox_landlock_abi(void)
{
    long abi =
        syscall(SYS_landlock_create_ruleset, NULL, 0ul, (long)LANDLOCK_CREATE_RULESET_VERSION);
    return abi < 0 ? 0 : (int)abi;
}

/* To any TCP port. */
static bool connects(enum sandbox_role role)
{
    return role == SANDBOX_DECIDE || (role == SANDBOX_TPM && build_tpm_calls[0]);
}

/* Every right that this kernel knows of: what is handled and not allowed by a rule is denied. */
static struct ruleset all(int abi, enum sandbox_role role)
{
    int bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
    struct ruleset r = {.fs = (UINT64_C(1) << bits) - 1};
    if (abi >= 4)
        r.net = connects(role) ? NET_BIND : NET_BIND | NET_CONNECT;
    if (abi >= 6)
        r.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
    return r;
}

static size_t size_of(int abi)
{
    return (abi >= 6 ? 3 : abi >= 4 ? 2 : 1) * sizeof(uint64_t);
}

static enum rc allow_path(int ruleset, uint64_t handled, const struct sandbox_path *p,
                          struct err *err)
{
    struct stat st;
    AUTO_CLOSE fd = open(p->path, O_PATH | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return RC_OK;
    if (fd < 0 || fstat(fd, &st) != 0)
        return err_set(err, BG_SANDBOX_PATH, "%s: %s", p->path, strerror(errno));
    struct landlock_path_beneath_attr rule = {.parent_fd = fd, .allowed_access = READS};
    if (p->write)
        rule.allowed_access |= WRITES_FILE | WRITES_DIR;
    if (!S_ISDIR(st.st_mode))
        rule.allowed_access &= FOR_FILES;
    rule.allowed_access &= handled;
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0ul) != 0)
        return err_set(err, BG_SANDBOX_RULE, "%s: %s", p->path, strerror(errno));
    return RC_OK;
}

static enum rc allow(int fd, const struct ruleset *r, const struct sandbox *s, struct err *err)
{
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i].role == s->role && !s->only_paths)
            TRY(allow_path(fd, r->fs, &own[i].path, err));
    for (size_t i = 0; i < s->num_paths; i++)
        TRY(allow_path(fd, r->fs, &s->paths[i], err));
    struct port dns = {NET_CONNECT, 53}; /* answers that are too long for UDP */
    if (s->role == SANDBOX_RESOLVE && r->net &&
        syscall(SYS_landlock_add_rule, fd, RULE_NET_PORT, &dns, 0ul) != 0)
        return err_set(err, BG_SANDBOX_PORT, "%s", strerror(errno));
    return RC_OK;
}

enum rc sandbox_files(const struct sandbox *s, struct err *err)
{
    int abi = sandbox_landlock_abi();
    if (abi < 1)
        return RC_OK;
    struct ruleset r = all(abi, s->role);
    AUTO_CLOSE fd = (int)syscall(SYS_landlock_create_ruleset, &r, size_of(abi), 0ul);
    if (fd < 0)
        return err_set(err, BG_SANDBOX_RULESET, "%s", strerror(errno));
    TRY(allow(fd, &r, s, err));
    if (syscall(SYS_landlock_restrict_self, fd, 0ul) != 0)
        return err_set(err, BG_SANDBOX_RESTRICT, "%s", strerror(errno));
    return RC_OK;
}
