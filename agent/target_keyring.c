/* The keyring target: a user key with a time-out (keyrings(7), add_key(2), keyctl(2)). */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/keyctl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/target.h"

/* add_key would replace a key of that name: somebody else's. */
static bool is_taken(const char *name)
{
    return syscall(SYS_keyctl, (long)KEYCTL_SEARCH, (long)KEY_SPEC_SESSION_KEYRING, "user", name,
                   0L) >= 0;
}

enum rc target_keyring_write(const struct target_config *t, struct secret *key,
                             struct target_done *done, struct err *err)
{
    if (is_taken(t->name))
        return err_set(err, BG_TARGET_KEY_NAME, "%s", t->name);
    long id = syscall(SYS_add_key, "user", t->name, secret_data(key), secret_len(key),
                      (long)KEY_SPEC_SESSION_KEYRING);
    if (id < 0)
        return err_set(err, BG_TARGET_KEY_ADD, "%s: %s", t->name, strerror(errno));
    *done = (struct target_done){.t = t, .dir_fd = -1, .key_id = (int32_t)id};
    if (syscall(SYS_keyctl, (long)KEYCTL_SET_TIMEOUT, id, (long)t->timeout_s, 0L, 0L) == 0)
        return RC_OK;
    /* done is set: targets_write takes it back. */
    return err_set(err, BG_TARGET_KEY_TIMEOUT, "%s: %s", t->name, strerror(errno));
}

void target_keyring_undo(const struct target_done *done)
{
    (void)syscall(SYS_keyctl, (long)KEYCTL_REVOKE, (long)done->key_id, 0L, 0L, 0L);
    (void)syscall(SYS_keyctl, (long)KEYCTL_UNLINK, (long)done->key_id,
                  (long)KEY_SPEC_SESSION_KEYRING, 0L, 0L);
}
