/*
 * rtmr_fuse: a file system that looks like the registers of a TD in sysfs (Linux 6.16): rtmr0 to
 * rtmr3, 48 bytes each; what is written to rtmr2 or rtmr3 extends it, in the machine of
 * tests/lib/td_machine. Faults: extend:N (that errno), extend-twice (somebody else's extend comes
 * with ours), extend-held, N times (the answer to the N-th extend
 * does not come while the fault is there).
 *
 *     rtmr_fuse DIR MOUNT-POINT -f
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/td_machine.h"

static const char *machine;

/* index_of: of a file's path; -1: there is none. */
static int index_of(const char *path)
{
    for (int i = 0; i < 4; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "/rtmr%d:sha384", i);
        if (strcmp(path, name) == 0)
            return i;
    }
    return -1;
}

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *info)
{
    int i = index_of(path);
    (void)info;
    memset(st, 0, sizeof *st);
    if (i < 0 && strcmp(path, "/") != 0)
        return -ENOENT;
    st->st_mode = i < 0 ? S_IFDIR | 0755 : S_IFREG | (i < 2 ? 0444 : 0644);
    st->st_nlink = i < 0 ? 2 : 1;
    st->st_size = i < 0 ? 0 : 48;
    st->st_uid = getuid();
    st->st_gid = getgid();
    return 0;
}

static int open_file(const char *path, struct fuse_file_info *info)
{
    (void)path;
    info->direct_io = 1;
    return 0;
}

static int read_file(const char *path, char *out, size_t n, off_t offset,
                     struct fuse_file_info *info)
{
    struct td_machine m;
    int i = index_of(path);
    (void)info;
    if (i < 0 || offset >= 48)
        return i < 0 ? -ENOENT : 0;
    n = n < 48 - (size_t)offset ? n : 48 - (size_t)offset;
    td_machine_open(&m, machine);
    memcpy(out, m.rtmr[i] + offset, n);
    td_machine_close(&m);
    return (int)n;
}

static int write_file(const char *path, const char *p, size_t n, off_t offset,
                      struct fuse_file_info *info)
{
    struct td_machine m;
    const char *arg = "0";
    uint8_t digest[48];
    int i = index_of(path), rc = 48;
    (void)info;
    if (i < 2 || n != sizeof digest || offset != 0)
        return -EINVAL;
    memcpy(digest, p, sizeof digest);
    td_machine_open(&m, machine);
    if (td_machine_happens(&m, "extend:", &arg))
        rc = -atoi(arg);
    else
        td_machine_extend(&m, (unsigned)i, digest);
    if (td_machine_happens(&m, "extend-twice", NULL))
        td_machine_extend(&m, (unsigned)i, digest);
    bool held = td_machine_happens(&m, "extend-held", NULL) && m.times == 0;
    td_machine_close(&m);
    while (held) {
        (void)usleep(10000);
        td_machine_open(&m, machine);
        held = strcmp(m.fault, "extend-held") == 0;
        td_machine_close(&m);
    }
    return rc;
}

static int list(const char *path, void *buffer, fuse_fill_dir_t add, off_t offset,
                struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
    (void)path, (void)offset, (void)info, (void)flags;
    for (int i = 0; i < 4; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "rtmr%d:sha384", i);
        (void)add(buffer, name, NULL, 0, 0);
    }
    return 0;
}

static const struct fuse_operations operations = {
    .getattr = get_attributes,
    .open = open_file,
    .read = read_file,
    .write = write_file,
    .readdir = list,
};

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: rtmr_fuse DIR MOUNT-POINT [-f]\n");
        return 2;
    }
    machine = argv[1];
    argv[1] = argv[0];
    return fuse_main(argc - 1, argv + 1, &operations, NULL);
}
