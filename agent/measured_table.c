#define _GNU_SOURCE
#include "agent/measured_table.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "agent/file.h"
#include "agent/nolink.h"
#include "agent/watch.h"
#include "base/cur.h"

#define NUMBERS 32u /* "MAJOR:MINOR " */

struct answer {
    struct dm_ioctl head;
    char room[MEASURED_TABLE_MAX];
};

/* ask: the live table: one target, of type verity. *refused: this process may not ask. */
static bool ask(dev_t dev, struct measured_table *t, struct bytes *parameters, bool *refused)
{
    AUTO_CLOSE fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct answer in = {.head = {.version = {DM_VERSION_MAJOR, 0, 0},
                                 .data_size = sizeof in,
                                 .data_start = sizeof in.head,
                                 .flags = DM_STATUS_TABLE_FLAG,
                                 .dev = (uint64_t)dev}};
    *refused = fd < 0;
    if (fd < 0)
        return false;
    if (ioctl(fd, DM_TABLE_STATUS, &in) != 0) {
        *refused = errno == EACCES || errno == EPERM;
        return false;
    }
    if (in.head.target_count != 1 || in.head.flags & DM_BUFFER_FULL_FLAG ||
        in.head.data_start > sizeof in.room)
        return false;
    struct cur c = cur_of(bytes_of(&in, sizeof in));
    struct dm_target_spec spec;
    (void)cur_take(&c, in.head.data_start);
    cur_copy(&c, &spec, sizeof spec);
    struct bytes text = cur_rest(&c);
    size_t n = text.p ? strnlen((const char *)text.p, text.n) : 0;
    if (n == 0 || n >= text.n || n >= sizeof t->room ||
        strncmp(spec.target_type, "verity", sizeof spec.target_type) != 0)
        return false;
    memcpy(t->room, text.p, n);
    *parameters = bytes_of(t->room, n);
    return true;
}

bool measured_table_read(struct bytes kept, dev_t dev, struct bytes *parameters)
{
    char numbers[NUMBERS];
    int n = snprintf(numbers, sizeof numbers, "%u:%u ", major(dev), minor(dev));
    struct cur c = cur_of(kept);
    if (n <= 0 || !bytes_eq_str(cur_take(&c, (size_t)n), numbers))
        return false;
    struct bytes rest = cur_rest(&c);
    /* One whole line: what was cut short does not end like this. */
    if (rest.n < 2 || memchr(rest.p, '\n', rest.n) != rest.p + rest.n - 1)
        return false;
    *parameters = bytes_of(rest.p, rest.n - 1);
    return true;
}

/* kept: by root, in memory, for nobody else to write. */
static bool kept(dev_t dev, struct measured_table *t, struct bytes *parameters)
{
    AUTO_CLOSE fd = nolink_open(AT_FDCWD, MEASURED_TABLE_KEPT, O_RDONLY | O_NOCTTY | O_NONBLOCK);
    struct statfs fs;
    struct stat st;
    size_t n = 0;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != 0 ||
        (st.st_mode & 022) != 0 || fstatfs(fd, &fs) != 0 ||
        (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC))
        return false;
    for (ssize_t got; n < sizeof t->room; n += (size_t)got)
        if ((got = read(fd, t->room + n, sizeof t->room - n)) <= 0)
            break;
    return n < sizeof t->room && measured_table_read(bytes_of(t->room, n), dev, parameters);
}

bool measured_table_of(dev_t dev, struct measured_table *t, struct bytes *parameters)
{
    bool refused = false;
    if (ask(dev, t, parameters, &refused))
        return true;
    return refused && kept(dev, t, parameters);
}

enum rc measured_table_keep(const char *file, struct err *err)
{
    char line[MEASURED_TABLE_MAX + NUMBERS];
    struct measured_table t;
    struct bytes parameters;
    struct stat st;
    bool refused = false;
    AUTO_CLOSE fd = nolink_open(AT_FDCWD, file, O_RDONLY | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0 || !ask(st.st_dev, &t, &parameters, &refused))
        return RC_OK;
    int n = snprintf(line, sizeof line, "%u:%u %.*s\n", major(st.st_dev), minor(st.st_dev),
                     (int)parameters.n, (const char *)parameters.p);
    AUTO_CLOSE to =
        open(MEASURED_TABLE_KEPT, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
    if (to < 0 || n <= 0 || (size_t)n >= sizeof line ||
        !file_write_all(to, bytes_of(line, (size_t)n)))
        return err_set(err, BG_MEASURED_TABLE_KEEP, "%s: %s", MEASURED_TABLE_KEPT, strerror(errno));
    return RC_OK;
}
