#define _GNU_SOURCE
#include "agent/measured.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/file.h"
#include "agent/measured_table.h"
#include "agent/nolink.h"
#include "agent/watch.h"
#include "base/cur.h"
#include "base/limits.h"

#define MAX_MOUNTINFO (1u << 20)
#define MAX_CMDLINE   (64u << 10)
#define VERITY_DIGEST                                                                              \
    8u /* kernel, Documentation/admin-guide/device-mapper/verity.rst: <digest>                     \
        */

/* token takes what stands before the next of the two separators. False: nothing is left. */
static bool token(struct cur *c, char separator, char other, struct bytes *out)
{
    size_t n = 0, left = cur_left(c);
    struct bytes rest = bytes_of(c->p, left);
    if (left == 0)
        return false;
    while (n < left && rest.p[n] != (uint8_t)separator && rest.p[n] != (uint8_t)other)
        n++;
    *out = cur_take(c, n);
    (void)cur_take(c, n < left ? 1 : 0);
    return true;
}

static bool text_of(struct bytes b, char *out, size_t cap)
{
    if (b.n == 0 || b.n >= cap)
        return false;
    for (size_t i = 0; i < b.n; i++)
        if (b.p[i] < 0x21 || b.p[i] > 0x7e)
            return false;
    memcpy(out, b.p, b.n);
    out[b.n] = '\0';
    return true;
}

static bool number_is(struct bytes text, uint64_t want)
{
    char have[24];
    int n = snprintf(have, sizeof have, "%llu", (unsigned long long)want);
    return n > 0 && bytes_eq(text, bytes_of(have, (size_t)n));
}

/* proc_pid_mountinfo(5): id parent major:minor root point options [optional..] - type source .. */
bool measured_mount(struct bytes mountinfo, uint64_t mount_id, struct mount_seen *out)
{
    struct cur lines = cur_of(mountinfo);
    for (struct bytes line; token(&lines, '\n', '\n', &line);) {
        struct cur c = cur_of(line);
        struct bytes id, options = BYTES_NONE, field = BYTES_NONE, type;
        if (!token(&c, ' ', ' ', &id) || !number_is(id, mount_id))
            continue;
        for (size_t i = 0; i < 5; i++)
            if (!token(&c, ' ', ' ', &options))
                return false;
        while (!bytes_eq_str(field, "-"))
            if (!token(&c, ' ', ' ', &field))
                return false;
        return token(&c, ' ', ' ', &type) && text_of(type, out->type, sizeof out->type) &&
               text_of(options, out->options, sizeof out->options);
    }
    return false;
}

bool measured_verity_hash(struct bytes parameters, struct bytes *out)
{
    struct cur c = cur_of(parameters);
    struct bytes field, digest = BYTES_NONE;
    for (size_t i = 0; token(&c, ' ', ' ', &field); i++) {
        if (i == VERITY_DIGEST)
            digest = field;
        /* Blocks that do not hash to the tree would be read all the same; or when they are read for
         * the second time, and the disk under them is the host's to change in between. */
        if (bytes_eq_str(field, "ignore_corruption") || bytes_eq_str(field, "check_at_most_once"))
            return false;
    }
    if (digest.n != 64 && digest.n != 96 && digest.n != 128)
        return false;
    *out = digest;
    return true;
}

bool measured_on_cmdline(struct bytes cmdline, struct bytes hash)
{
    /* systemd's two, and the one of dstack's own initramfs (dstack-initscript/init). */
    static const char *const names[] = {"roothash=", "usrhash=", "dstack.rootfs_hash="};
    struct cur c = cur_of(cmdline);
    size_t seen[3] = {0}, same = 0;
    for (struct bytes word; token(&c, ' ', '\n', &word);)
        for (size_t i = 0; i < 3; i++) {
            struct cur w = cur_of(word);
            if (!bytes_eq_str(cur_take(&w, strlen(names[i])), names[i]))
                continue;
            seen[i]++;
            if (bytes_eq(cur_rest(&w), hash))
                same++;
        }
    return hash.n && same >= 1 && seen[0] <= 1 && seen[1] <= 1 && seen[2] <= 1;
}

static enum rc verity_bound(struct arena *a, const char *path, dev_t dev, struct err *err)
{
    struct bytes cmdline = BYTES_NONE, parameters, hash;
    struct measured_table t;
    if (!measured_table_of(dev, &t, &parameters) || !measured_verity_hash(parameters, &hash))
        return err_set(err, BG_MEASURED_VERITY, "%s: device %u:%u", path, major(dev), minor(dev));
    TRY(file_read(a, "/proc/cmdline", MAX_CMDLINE, BG_MEASURED_CMDLINE_SIZE, &cmdline, err));
    if (!measured_on_cmdline(cmdline, hash))
        return err_set(err, BG_MEASURED_CMDLINE, "%s: %.*s", path, (int)hash.n,
                       (const char *)hash.p);
    return RC_OK;
}

static enum rc place_ok(struct arena *a, const char *path, int fd, struct err *err)
{
    struct bytes mounts = BYTES_NONE;
    struct mount_seen m = {"unknown", ""};
    struct statx stx = {0};
    struct stat st;
    struct statvfs fs;
    TRY(file_read(a, "/proc/self/mountinfo", MAX_MOUNTINFO, BG_MEASURED_MOUNTS_SIZE, &mounts, err));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || fstatvfs(fd, &fs) != 0 ||
        statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) != 0 || !(stx.stx_mask & STATX_MNT_ID) ||
        !measured_mount(mounts, stx.stx_mnt_id, &m))
        return err_set(err, BG_MEASURED_PLACE, "%s: %s", path, strerror(errno));
    if (strcmp(m.type, "rootfs") == 0 || strcmp(m.type, "ramfs") == 0)
        return RC_OK;
    if (strcmp(m.type, "overlay") == 0 || strcmp(m.type, "tmpfs") == 0 || !(fs.f_flag & ST_RDONLY))
        return err_set(err, BG_MEASURED_FILE_SYSTEM, "%s is on %s, %s", path, m.type,
                       fs.f_flag & ST_RDONLY ? "read-only" : "writable");
    return verity_bound(a, path, st.st_dev, err);
}

enum rc measured_file(struct arena *a, const char *path, size_t max, enum rc too_large,
                      struct bytes *out, struct err *err)
{
    AUTO_CLOSE fd = nolink_open(AT_FDCWD, path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return err_set(err, BG_MEASURED_OPEN, "%s: %s", path, strerror(errno));
    TRY(place_ok(a, path, fd, err));
    /* The same open file, by its descriptor. */
    char self[32];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    return file_read(a, self, max, too_large, out, err);
}

enum rc measured_read(struct arena *a, const char *path, struct bytes *out, struct err *err)
{
    return measured_file(a, path, LIMIT_CONFIG, BG_MEASURED_SIZE, out, err);
}
