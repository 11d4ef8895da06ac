#define _GNU_SOURCE
#include "base/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct secret {
    size_t mapped, n;
    uint8_t data[];
};

struct secret *secret_new(size_t n, struct err *err)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), want;
    if (n == 0 || __builtin_add_overflow(n, sizeof(struct secret) + page - 1, &want)) {
        err_set(err, BG_SECRET_SIZE, "%zu bytes", n);
        return NULL;
    }
    want -= want % page;
    void *p = mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        err_set(err, BG_SECRET_MEMORY, "mmap of %zu bytes", want);
        return NULL;
    }
    if (mlock(p, want) != 0 || madvise(p, want, MADV_DONTDUMP) != 0 ||
        madvise(p, want, MADV_WIPEONFORK) != 0) {
        munmap(p, want);
        err_set(err, BG_SECRET_LOCK, "%zu bytes", want);
        return NULL;
    }
    struct secret *s = p;
    s->mapped = want;
    s->n = n;
    return s;
}

uint8_t *secret_data(struct secret *s)
{
    return s->data;
}

size_t secret_len(const struct secret *s)
{
    return s->n;
}

struct secret *secret_free(struct secret *s)
{
    if (s) {
        size_t mapped = s->mapped;
        explicit_bzero(s, mapped);
        munmap(s, mapped);
    }
    return NULL;
}
