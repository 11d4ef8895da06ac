#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

#include "agent/build.h"
#include "agent/clock.h"
#include "agent/outcome.h"
#include "agent/watch.h"

#define SYNC_MS 10000u

uint32_t outcome_back_off(uint32_t failures)
{
    uint32_t s = OUTCOME_BACK_OFF;
    for (uint32_t i = 1; i < failures && s < OUTCOME_BACK_OFF_MAX; i++)
        s *= 2;
    return s < OUTCOME_BACK_OFF_MAX ? s : OUTCOME_BACK_OFF_MAX;
}

/* sync_bounded: a disk of the host may never answer; the machine goes all the same. The child is
 * not waited for to its end: in a system call that hangs, nothing can end it but what comes. */
static void sync_bounded(void)
{
    struct err err = {0};
    const struct watch w = {clock_ms() + SYNC_MS, -1};
    AUTO_CLOSE pidfd = -1;
    pid_t pid = watch_fork(&pidfd, &err);
    if (pid == 0) {
        sync();
        _exit(0);
    }
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    if (pid > 0 && watch_poll(&w, &end, 1, "the disks", &err) == RC_OK)
        (void)watch_reap(pid, false);
}

static void wait_s(uint32_t s)
{
    uint64_t until = clock_ms() + s * UINT64_C(1000);
    for (uint64_t now = clock_ms(); now < until; now = clock_ms()) {
        struct timespec left = {(time_t)((until - now) / 1000),
                                (long)((until - now) % 1000) * 1000000};
        (void)nanosleep(&left, NULL);
    }
}

enum rc outcome_stop(enum denied_action action, uint32_t failures, struct err *err)
{
    static const struct {
        const char *word;
        int command;
    } how[] = {[DENIED_POWEROFF] = {"power off", RB_POWER_OFF},
               [DENIED_HALT] = {"halt", (int)RB_HALT_SYSTEM},
               [DENIED_REBOOT] = {"reboot", RB_AUTOBOOT}};
    uint32_t wait = action == DENIED_REBOOT ? outcome_back_off(failures) : 0;
    fprintf(stderr, "bootgate: %s%s in %u s\n",
            build_stops_machine ? "" : "test build, would: ", how[action].word, wait);
    if (!build_stops_machine)
        return RC_OK;
    sync_bounded();
    wait_s(wait);
    (void)reboot(how[action].command);
    return err_set(err, BG_OUTCOME_STOP, "%s: %s", how[action].word, strerror(errno));
}
