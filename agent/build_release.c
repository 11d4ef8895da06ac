#include "agent/build.h"

#include "agent/config.h"

/* `make BUILD_MIN_TCB_EVALUATION=` and `BUILD_MIN_TCB_DATE=` (Unix seconds). Without these: the
 * standard set of Intel's PCS since before 2026-02-18; a date is nobody's but the owner's to set.
 */
#ifndef BOOTGATE_MIN_TCB_EVALUATION
#define BOOTGATE_MIN_TCB_EVALUATION 18
#endif
#ifndef BOOTGATE_MIN_TCB_DATE
#define BOOTGATE_MIN_TCB_DATE 0
#endif

const char *const build_kind = "release";
const bool build_has_root_option = false;
build_tcti_fn *const build_tcti_init = NULL;
const char *const build_tpm_calls[] = {NULL};
const bool build_collect_unix = false;
const bool build_boot_takes_options = false;
build_guest_socket_fn *const build_guest_socket = NULL;
const char *const build_boot_config = "/usr/lib/bootgate/bootgate.json";
/* As good as a floor in measured memory: it can't be older than the image that it is in. */
const uint64_t build_floor = BOOTGATE_BUILD_FLOOR;
const struct tcb_minimum build_tcb_minimum = {BOOTGATE_MIN_TCB_DATE, BOOTGATE_MIN_TCB_EVALUATION};
const char *const build_stand_ins[] = {NULL};
const bool build_stops_machine = true;

const char *build_run_dir(void)
{
    return "/run/bootgate";
}

const char *build_stand_in(const char *name)
{
    (void)name;
    return NULL;
}
