#define _GNU_SOURCE
#include "agent/guest/tsm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/clock.h"
#include "agent/guest/place.h"
#include "agent/watch.h"
#include "base/limits.h"

#define PROVIDER       "tdx_guest"
#define TRIES          8u /* while busy, interrupted, or written by somebody else */
#define TIMEOUTS       3u /* the kernel waits half a minute for the host each time */
#define FIRST_PAUSE_MS 50u
#define LAST_PAUSE_MS  2000u /* while the kernel or the host is busy */
#define SHORT_PAUSE_MS 200u  /* between interruptions and disturbances */

/* struct entry: our folder, and what has been tried in it. */
struct entry {
    struct arena *a;
    const struct tsm *t;
    int dir;
    unsigned busy, interrupted, timeouts, disturbed;
    unsigned pause_ms;
};

static bool pause_for(struct entry *e, unsigned longest)
{
    uint64_t now = clock_ms(), left = e->t->deadline_ms > now ? e->t->deadline_ms - now : 0;
    if (left <= e->pause_ms)
        return false;
    (void)poll(NULL, 0, (int)e->pause_ms);
    e->pause_ms = 2 * e->pause_ms > longest ? longest : 2 * e->pause_ms;
    return true;
}

/* again: this was not the end of it. */
static bool again(struct entry *e, unsigned *count, unsigned most, unsigned longest)
{
    return ++*count < most && pause_for(e, longest);
}

/* read_short: a text attribute, without the line's end. */
static bool read_short(int dir, const char *name, char out[static 64])
{
    AUTO_CLOSE fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : read(fd, out, 63);
    if (n <= 0)
        return false;
    n -= out[n - 1] == '\n';
    out[n] = '\0';
    return n > 0;
}

static enum rc generation(const struct entry *e, uint64_t *out, struct err *err)
{
    char text[64] = "";
    uint64_t v = 0;
    bool good = read_short(e->dir, "generation", text);
    size_t n = strspn(text, "0123456789");
    if (!good || n == 0 || n > 19 || text[n])
        return err_set(err, BG_TSM_GENERATION, "it reads \"%.20s\"", text);
    for (size_t i = 0; i < n; i++)
        v = 10 * v + (uint64_t)(text[i] - '0');
    *out = v;
    return RC_OK;
}

static enum rc provider(const struct entry *e, struct err *err)
{
    char text[64] = "";
    if (!read_short(e->dir, "provider", text) || strcmp(text, PROVIDER) != 0)
        return err_set(err, BG_TSM_PROVIDER, "it is \"%.40s\"", text);
    return RC_OK;
}

/* put_report_data: all of it in one write. errno EBUSY: later. */
static enum rc put_report_data(const struct entry *e, const uint8_t data[static 64],
                               struct err *err)
{
    AUTO_CLOSE fd = openat(e->dir, "inblob", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : write(fd, data, 64);
    int why = errno;
    if (n >= 0 && n != 64)
        return err_set(err, BG_TSM_SHORT, "%zd bytes of 64", n);
    if (n < 0 || close(watch_take_fd(&fd)) != 0) {
        if (n >= 0)
            why = errno;
        err_set(err, BG_TSM_WRITE, "%s", strerror(why));
        errno = why;
        return err->rc;
    }
    return RC_OK;
}

/* read_quote: *out_errno when it is an error of the kernel's. */
static enum rc read_quote(const struct entry *e, struct bytes *out, int *out_errno, struct err *err)
{
    AUTO_CLOSE fd = openat(e->dir, "outblob", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    uint8_t *p = arena_alloc(e->a, LIMIT_QUOTE + 1u, err);
    size_t n = 0;
    ssize_t got = -1;
    *out_errno = 0;
    if (!p)
        return err->rc;
    while (fd >= 0 && n <= LIMIT_QUOTE && (got = read(fd, p + n, LIMIT_QUOTE + 1u - n)) > 0)
        n += (size_t)got;
    if (got < 0) {
        *out_errno = errno;
        return err_set(err, BG_TSM_READ, "%s", strerror(errno));
    }
    if (n == 0)
        return err_set(err, BG_TSM_EMPTY, "%s", "");
    if (n > LIMIT_QUOTE)
        return err_set(err, BG_TSM_LARGE, "more than %u bytes", LIMIT_QUOTE);
    *out = bytes_of(p, n);
    return RC_OK;
}

/* kernel_says: what one error of the kernel means once it has come often enough. RC_OK: again. */
static enum rc kernel_says(struct entry *e, int why, const struct err *plain, struct err *err)
{
    switch (why) {
    case EBUSY:
        return again(e, &e->busy, TRIES, LAST_PAUSE_MS)
                   ? RC_OK
                   : err_set(err, BG_TSM_BUSY, "%u times", e->busy);
    case EINTR:
        return again(e, &e->interrupted, TRIES, SHORT_PAUSE_MS)
                   ? RC_OK
                   : err_set(err, BG_TSM_INTERRUPTED, "%u times", e->interrupted);
    case ETIMEDOUT:
        return again(e, &e->timeouts, TIMEOUTS, LAST_PAUSE_MS)
                   ? RC_OK
                   : err_set(err, BG_TSM_TIMEOUT, "%u times", e->timeouts);
    default:
        *err = *plain;
        return err->rc;
    }
}

/* one_try: RC_OK without a quote: try again. */
static enum rc one_try(struct entry *e, const uint8_t data[static 64], struct bytes *out,
                       struct err *err)
{
    uint64_t before, written, after;
    struct bytes quote = BYTES_NONE;
    struct err plain = {0};
    int why = 0;
    TRY(generation(e, &before, err));
    if (put_report_data(e, data, &plain) != RC_OK)
        return kernel_says(e, plain.rc == BG_TSM_WRITE ? errno : 0, &plain, err);
    TRY(generation(e, &written, err));
    if (written != before + 1)
        return again(e, &e->disturbed, TRIES, SHORT_PAUSE_MS)
                   ? RC_OK
                   : err_set(err, BG_TSM_WRITTEN, "generation %llu, then %llu",
                             (unsigned long long)before, (unsigned long long)written);
    if (read_quote(e, &quote, &why, &plain) != RC_OK)
        return kernel_says(e, why, &plain, err);
    TRY(generation(e, &after, err));
    if (after != written)
        return again(e, &e->disturbed, TRIES, SHORT_PAUSE_MS)
                   ? RC_OK
                   : err_set(err, BG_TSM_MOVED, "generation %llu, then %llu",
                             (unsigned long long)written, (unsigned long long)after);
    *out = quote;
    return RC_OK;
}

static enum rc use_entry(struct entry *e, const uint8_t data[static 64], struct bytes *out,
                         struct err *err)
{
    TRY(provider(e, err));
    *out = BYTES_NONE;
    while (!out->p)
        TRY(one_try(e, data, out, err));
    return RC_OK;
}

static enum rc make_entry(int reports, const struct tsm *t, int *out, struct err *err)
{
    if (mkdirat(reports, t->entry, 0700) != 0) {
        int why = errno;
        if (why == ENXIO || why == ENOENT)
            return err_set(err, BG_TSM_NO_PROVIDER, "%s", strerror(why));
        return err_set(err, BG_TSM_MKDIR, "%s: %s", t->entry, strerror(why));
    }
    *out = openat(reports, t->entry, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *out >= 0 ? RC_OK : err_set(err, BG_TSM_ENTRY, "%s: %s", t->entry, strerror(errno));
}

enum rc tsm_quote(struct arena *a, const struct tsm *t, const uint8_t report_data[static 64],
                  struct bytes *out, struct err *err)
{
    AUTO_CLOSE reports = place_open(t->root, TSM_REPORTS, O_PATH | O_DIRECTORY);
    AUTO_CLOSE dir = -1;
    struct bytes quote = BYTES_NONE;
    if (reports < 0)
        return err_set(err, BG_TSM_ABSENT, "%s: %s", TSM_REPORTS, strerror(errno));
    enum rc rc = make_entry(reports, t, &dir, err);
    if (rc == BG_TSM_MKDIR || rc == BG_TSM_NO_PROVIDER)
        return rc; /* there is none of ours */
    if (rc == RC_OK) {
        struct entry e = {.a = a, .t = t, .dir = dir, .pause_ms = FIRST_PAUSE_MS};
        rc = use_entry(&e, report_data, &quote, err);
    }
    watch_drop_fd(&dir);
    int removed = unlinkat(reports, t->entry, AT_REMOVEDIR);
    TRY(rc);
    if (removed != 0)
        return err_set(err, BG_TSM_REMOVE, "%s: %s", t->entry, strerror(errno));
    *out = quote;
    return RC_OK;
}

bool tsm_gave_nothing(enum rc rc)
{
    switch ((int)rc) {
    case BG_TSM_ABSENT:
    case BG_TSM_NO_PROVIDER:
    case BG_TSM_MKDIR:
    case BG_TSM_EMPTY:
    case BG_TSM_BUSY:
    case BG_TSM_TIMEOUT:
    case BG_TSM_READ:
        return true;
    default:
        return false;
    }
}

void tsm_remove(const struct tsm *t)
{
    AUTO_CLOSE reports = place_open(t->root, TSM_REPORTS, O_PATH | O_DIRECTORY);
    if (reports >= 0)
        (void)unlinkat(reports, t->entry, AT_REMOVEDIR);
}
