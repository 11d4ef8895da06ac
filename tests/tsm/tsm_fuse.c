/*
 * tsm_fuse: a file system that looks like /sys/kernel/config/tsm/report to whoever asks for quotes:
 * folders are made and removed, a folder has the attributes of a TDX guest, what is written to
 * inblob counts when it is closed, and outblob is made by the machine (tests/lib/td_machine) when
 * it is read. What goes wrong is the machine's fault, by name.
 *
 *     tsm_fuse DIR MOUNT-POINT -f
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/td_machine.h"

#define ENTRIES   8
#define QUOTE_MAX (1u << 17)

struct entry {
    char name[64];
    uint8_t in[64], pending[64];
    size_t in_len, pending_len;
    unsigned long generation, made; /* made: the generation that `out` is of; 0: none */
    uint8_t *out;
    size_t out_len;
};

enum attribute { FOLDER, INBLOB, OUTBLOB, GENERATION, PROVIDER, ATTRIBUTES };
static const char *const names[ATTRIBUTES] = {"", "inblob", "outblob", "generation", "provider"};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry entries[ENTRIES];
static const char *machine;

static struct entry *entry_at(const char *path, enum attribute *out)
{
    const char *rest = strchr(path + 1, '/');
    size_t n = rest ? (size_t)(rest - path - 1) : strlen(path + 1);
    for (struct entry *e = entries; e < entries + ENTRIES; e++) {
        if (!e->name[0] || strlen(e->name) != n || strncmp(e->name, path + 1, n) != 0)
            continue;
        for (int i = FOLDER; i < ATTRIBUTES; i++)
            if (strcmp(rest ? rest + 1 : "", names[i]) == 0) {
                *out = (enum attribute)i;
                return e;
            }
    }
    return NULL;
}

/* fault: that one is set; its argument as a number goes to *out. */
static bool fault(const char *name, char out[static TD_FAULT_MAX])
{
    struct td_machine m;
    const char *arg = "";
    td_machine_open(&m, machine);
    bool is = td_machine_happens(&m, name, &arg);
    (void)snprintf(out, TD_FAULT_MAX, "%.40s", is ? arg : "");
    td_machine_close(&m);
    return is;
}

static int fault_errno(const char *name)
{
    char arg[TD_FAULT_MAX];
    return fault(name, arg) ? -atoi(arg) : 0;
}

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *info)
{
    enum attribute a = FOLDER;
    (void)info;
    pthread_mutex_lock(&lock);
    bool there = strcmp(path, "/") == 0 || entry_at(path, &a);
    pthread_mutex_unlock(&lock);
    memset(st, 0, sizeof *st);
    if (!there)
        return -ENOENT;
    st->st_mode = a == FOLDER ? S_IFDIR | 0755 : S_IFREG | (a == INBLOB ? 0200 : 0400);
    st->st_nlink = a == FOLDER ? 2 : 1;
    st->st_uid = getuid();
    st->st_gid = getgid();
    return 0;
}

static int make_folder(const char *path, mode_t mode)
{
    int rc = fault_errno("mkdir:");
    (void)mode;
    pthread_mutex_lock(&lock);
    struct entry *e = entries;
    while (e < entries + ENTRIES && e->name[0])
        e++;
    if (rc == 0 && (e == entries + ENTRIES || strlen(path + 1) >= sizeof e->name))
        rc = -ENOSPC;
    if (rc == 0) {
        *e = (struct entry){.generation = 0};
        memcpy(e->name, path + 1, strlen(path + 1));
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

static int remove_folder(const char *path)
{
    enum attribute a;
    int rc = fault_errno("rmdir:");
    if (rc)
        return rc;
    pthread_mutex_lock(&lock);
    struct entry *e = entry_at(path, &a);
    if (e) {
        free(e->out);
        *e = (struct entry){.generation = 0};
    }
    pthread_mutex_unlock(&lock);
    return e ? 0 : -ENOENT;
}

static int open_file(const char *path, struct fuse_file_info *info)
{
    (void)path;
    info->direct_io = 1; /* or a second quote would be the first, from the page cache */
    return 0;
}

static int write_file(const char *path, const char *p, size_t n, off_t offset,
                      struct fuse_file_info *info)
{
    enum attribute a;
    char none[TD_FAULT_MAX];
    int rc = fault_errno("write:");
    (void)info;
    if (rc)
        return rc;
    bool half = fault("short", none);
    pthread_mutex_lock(&lock);
    struct entry *e = entry_at(path, &a);
    if (!e || a != INBLOB || offset != 0 || n > sizeof e->pending)
        rc = -EINVAL;
    else {
        n = half ? n / 2 : n;
        memcpy(e->pending, p, n);
        e->pending_len = n;
        rc = (int)n;
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

/* flush: the file is closed: what was written counts. */
static int flush_file(const char *path, struct fuse_file_info *info)
{
    enum attribute a;
    char none[TD_FAULT_MAX];
    (void)info;
    pthread_mutex_lock(&lock);
    struct entry *e = entry_at(path, &a);
    bool written = e && a == INBLOB && e->pending_len;
    pthread_mutex_unlock(&lock);
    if (!written)
        return 0;
    unsigned long count = fault("jump", none) ? 2 : fault("lost", none) ? 0 : 1;
    pthread_mutex_lock(&lock);
    memcpy(e->in, e->pending, e->pending_len);
    e->in_len = e->pending_len;
    e->pending_len = 0;
    e->generation += count;
    pthread_mutex_unlock(&lock);
    return 0;
}

/* make_quote: errno, or the quote in e. Hanging ends when whoever waits is killed. */
static int make_quote(struct entry *e)
{
    struct td_machine m;
    struct bytes quote = BYTES_NONE;
    AUTO_ARENA arena = arena_new(16u << 20);
    if (!arena || e->in_len != 64)
        return -EINVAL;
    td_machine_open(&m, machine);
    int rc = td_machine_quote(arena, &m, e->in, &quote);
    bool after = td_machine_happens(&m, "after", NULL);
    td_machine_close(&m);
    while (rc < 0 && !fuse_interrupted())
        usleep(10000);
    if (rc != 0)
        return rc < 0 ? -EINTR : -rc;
    free(e->out);
    e->out = malloc(QUOTE_MAX);
    if (!e->out || quote.n > QUOTE_MAX)
        return -EFBIG;
    if (quote.n)
        memcpy(e->out, quote.p, quote.n);
    e->out_len = quote.n;
    e->made = e->generation;
    e->generation += after;
    return 0;
}

static int copy_out(const void *from, size_t len, char *out, size_t n, off_t offset)
{
    size_t at = (size_t)offset;
    if (at >= len)
        return 0;
    n = n < len - at ? n : len - at;
    memcpy(out, (const char *)from + at, n);
    return (int)n;
}

static int read_file(const char *path, char *out, size_t n, off_t offset,
                     struct fuse_file_info *info)
{
    enum attribute a = FOLDER;
    char text[TD_FAULT_MAX + 2], arg[TD_FAULT_MAX];
    (void)info;
    pthread_mutex_lock(&lock);
    struct entry *e = entry_at(path, &a);
    pthread_mutex_unlock(&lock);
    if (!e)
        return -ENOENT;
    if (a == OUTBLOB) {
        int rc = offset == 0 && e->made != e->generation ? make_quote(e) : 0;
        return rc ? rc : copy_out(e->out, e->out_len, out, n, offset);
    }
    if (a == GENERATION && fault("generation:", arg))
        (void)snprintf(text, sizeof text, "%s\n", arg);
    else if (a == GENERATION)
        (void)snprintf(text, sizeof text, "%lu\n", e->generation);
    else if (a == PROVIDER)
        (void)snprintf(text, sizeof text, "%s\n", fault("provider:", arg) ? arg : "tdx_guest");
    else
        return -EACCES;
    return copy_out(text, strlen(text), out, n, offset);
}

static int list(const char *path, void *buffer, fuse_fill_dir_t add, off_t offset,
                struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
    (void)offset, (void)info, (void)flags;
    pthread_mutex_lock(&lock);
    for (int i = 0; strcmp(path, "/") == 0 && i < ENTRIES; i++)
        if (entries[i].name[0])
            (void)add(buffer, entries[i].name, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    for (int i = INBLOB; strcmp(path, "/") != 0 && i < ATTRIBUTES; i++)
        (void)add(buffer, names[i], NULL, 0, 0);
    return 0;
}

static const struct fuse_operations operations = {
    .getattr = get_attributes,
    .mkdir = make_folder,
    .rmdir = remove_folder,
    .open = open_file,
    .write = write_file,
    .flush = flush_file,
    .read = read_file,
    .readdir = list,
};

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: tsm_fuse DIR MOUNT-POINT [-f]\n");
        return 2;
    }
    machine = argv[1];
    argv[1] = argv[0];
    return fuse_main(argc - 1, argv + 1, &operations, NULL);
}
