#include "agent/outcome.h"

#include <stdio.h>

#include "agent/build.h"
#include "agent/notify.h"
#include "agent/outcome_host.h"
#include "agent/outcome_record.h"

void outcome_line(const struct err *why, char out[static OUTCOME_LINE])
{
    const struct err_info *info = err_info_of((int)why->rc);
    int n = snprintf(out, OUTCOME_LINE, "BG-%04d %s%s%s", (int)why->rc,
                     info ? info->text : "no known code", why->detail[0] ? ": " : "", why->detail);
    for (int i = 0; i < n && i < (int)OUTCOME_LINE - 1; i++)
        if (out[i] < 0x20 || out[i] > 0x7e)
            out[i] = '?';
}

static bool is_told(const struct outcome_to *to)
{
    return to->config && to->config->guest.notify_host;
}

void outcome_stage(struct outcome_to *to, const char *stage, uint64_t extend_ms, bool tell_host)
{
    struct err err = {0};
    (void)!notify_send(NOTIFY_STATUS, stage, extend_ms, &err);
    if (!tell_host || to->host_mute || !is_told(to))
        return;
    err_clear(&err);
    to->host_mute =
        outcome_host_notify(to->a, &to->config->guest, "boot.progress", stage, &err) != RC_OK;
}

/* diagnose: what the owner should see in the journal and nobody's decision rests on. */
static void diagnose(const struct outcome_to *to, const char *what, const struct err *err)
{
    char line[OUTCOME_LINE];
    if (err->rc == RC_OK || to->quiet)
        return;
    outcome_line(err, line);
    fprintf(stderr, "bootgate: %s: %s\n", what, line);
}

/* keep_record: in /run for `shut` and whoever looks now, in the store for the next boot. A machine
 * without a configuration of ours is nobody's to write to. */
static void keep_record(struct outcome_to *to, const struct outcome *o)
{
    if (!to->config)
        return;
    const char *run = build_run_dir(), *store = to->config->store;
    struct err err = {0};
    struct bytes text = BYTES_NONE;
    uint32_t before = store ? record_count(to->a, store) : 0;
    if (record_make(to->a, o, before < RECORD_MAX_FAILURES ? before + 1 : before, &text, &err) ==
            RC_OK &&
        run)
        (void)!record_write(run, text, &err);
    diagnose(to, "the last-failure record", &err);
    err_clear(&err);
    /* A yes ends a count; where there is none, a disk need not be written to. */
    if (store && text.n && (o->status != 0 || before != 0))
        (void)!record_write(store, text, &err);
    diagnose(to, "the store's last-failure record", &err);
}

static void tell_host(struct outcome_to *to, const char *line)
{
    const struct guest_config *g = &to->config->guest;
    struct err err = {0};
    if (outcome_host_notify(to->a, g, "boot.error", line, &err) == RC_OK &&
        g->denied == DENIED_POWEROFF)
        /* Said, so that dstack's VMM does not start a machine anew that went off on purpose
         * (vmm/src/app.rs, vm_event_report). */
        (void)!outcome_host_notify(to->a, g, "shutdown.progress", "powering off", &err);
    diagnose(to, "the host was not told", &err);
}

static void end_with_no(struct outcome_to *to, const struct outcome *o)
{
    char line[OUTCOME_LINE], status[OUTCOME_LINE + 16];
    struct err err = {0};
    outcome_line(&o->why, line);
    (void)snprintf(status, sizeof status, "denied: %s", line);
    if (!to->quiet)
        fprintf(stderr, "bootgate: %s\n", status);
    keep_record(to, o);
    (void)!notify_send(NOTIFY_STOPPING, status, 0, &err);
    if (is_told(to))
        tell_host(to, line);
}

void outcome_end(struct outcome_to *to, const struct outcome *o)
{
    struct err err = {0};
    if (o->status != 0) {
        end_with_no(to, o);
        return;
    }
    keep_record(to, o);
    if (is_told(to) && !to->host_mute)
        (void)!outcome_host_notify(to->a, &to->config->guest, "boot.progress",
                                   "the boot gate is passed", &err);
    err_clear(&err);
    /* Last: whoever waits for us starts now. If nobody hears it, the unit fails. */
    (void)!notify_send(NOTIFY_READY, "allowed", 0, &err);
    diagnose(to, "the service manager", &err);
}

uint32_t outcome_failures(struct arena *a)
{
    const char *run = build_run_dir();
    return run ? record_count(a, run) : 0;
}
