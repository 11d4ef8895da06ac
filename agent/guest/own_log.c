#define _GNU_SOURCE
#include "agent/guest/own_log.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "agent/file.h"
#include "agent/guest/own.h"
#include "agent/guest/place.h"

#define LINE 256u /* the longest: some 110 bytes */

/* register_now: RTMR3 as the module has it. */
static enum rc register_now(const struct td_device *d, uint8_t out[static 48], struct err *err)
{
    static const uint8_t nothing[64];
    uint8_t raw[LOCAL_REPORT_SIZE];
    struct local_report report;
    TRY(td_device_report(d, nothing, raw, err));
    TRY(local_report_parse(BYTES_OF_ARRAY(raw), &report, err));
    memcpy(out, report.td.rtmr[3], 48);
    return RC_OK;
}

/* lock: dstack's own, waited for until the process is ended. */
static enum rc lock(int dir, int *out, struct err *err)
{
    AUTO_CLOSE fd =
        openat(dir, "runtime_event.lock", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    int got = fd < 0 ? -1 : flock(fd, LOCK_EX);
    while (got != 0 && fd >= 0 && errno == EINTR)
        got = flock(fd, LOCK_EX);
    if (got != 0)
        return err_set(err, BG_OWN_LOCK, "%s: %s", OWN_LOGS, strerror(errno));
    *out = watch_take_fd(&fd);
    return RC_OK;
}

/* new_file: one that is there means that somebody has measured already. */
static enum rc new_file(int dir, const char *name, int *out, struct err *err)
{
    int fd =
        openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return err_set(err, BG_OWN_LOG_THERE, "%s/%s", OWN_LOGS, name);
    if (fd < 0)
        return err_set(err, BG_OWN_LOG_NEW, "%s/%s: %s", OWN_LOGS, name, strerror(errno));
    *out = fd;
    return RC_OK;
}

/* line: an event as cc-eventlog writes it. Names are ours: nothing in them is to be escaped. */
static struct bytes line(const struct event *e, char out[static LINE])
{
    char payload[64];
    (void)EVP_EncodeBlock((unsigned char *)payload, e->payload.p, (int)e->payload.n);
    int n = snprintf(out, LINE, "{\"event\":\"%.*s\",\"payload\":\"%s\"%s}\n", (int)e->name.n,
                     (const char *)e->name.p, e->payload.n ? payload : "",
                     e->version == 2 ? ",\"version\":2" : "");
    return bytes_of(out, (size_t)n);
}

static enum rc write_events(const struct td_device *d, int log, const struct app_plan *plan,
                            struct err *err)
{
    char text[LINE];
    for (size_t i = 0; i < plan->num_events; i++) {
        const struct event *e = &plan->events[i];
        TRY(td_device_extend(d->root, 3, e->digest, err));
        if (!file_write_all(log, line(e, text)))
            return err_set(err, BG_OWN_LOG_BEHIND, "%.*s: %s", (int)e->name.n,
                           (const char *)e->name.p, strerror(errno));
    }
    return RC_OK;
}

enum rc own_log_write(const struct td_device *d, const struct app_plan *plan, struct err *err)
{
    struct evlog planned = {.v = (struct event *)plan->events, .n = plan->num_events};
    uint8_t now[48], want[48];
    AUTO_CLOSE locked = -1;
    AUTO_CLOSE log = -1;
    AUTO_CLOSE version = -1;
    AUTO_CLOSE dir = place_open(d->root, OWN_LOGS, O_RDONLY | O_DIRECTORY);
    if (dir < 0)
        return err_set(err, BG_OWN_LOG_DIR, "%s: %s", OWN_LOGS, strerror(errno));
    TRY(lock(dir, &locked, err));
    TRY(register_now(d, now, err));
    if (!mem_is_zero(now, sizeof now))
        return err_set(err, BG_OWN_MEASURED, "%s", "by its TDREPORT");
    TRY(new_file(dir, "runtime_events.log", &log, err));
    TRY(new_file(dir, "runtime_event_version", &version, err));
    if (!file_write_all(version, bytes_of_str(plan->version == 2 ? "2" : "1")))
        return err_set(err, BG_OWN_LOG_VERSION, "%s", strerror(errno));
    TRY(write_events(d, log, plan, err));
    evlog_replay_register(&planned, 3, SIZE_MAX, want);
    TRY(register_now(d, now, err));
    if (memcmp(now, want, sizeof now) != 0)
        return err_set(err, BG_OWN_REGISTER, "%zu events", plan->num_events);
    return RC_OK;
}
