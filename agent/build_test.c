#include "agent/build.h"

#include <stdlib.h>
#include <tss2/tss2_tcti_swtpm.h>

const char *const build_kind = "test";
const bool build_has_root_option = true;
build_tcti_fn *const build_tcti_init = Tss2_Tcti_Swtpm_Init;
/* swtpm stands behind two TCP ports. */
const char *const build_tpm_calls[] = {"socket",     "connect",    "sendto",      "recvfrom",
                                       "getsockopt", "setsockopt", "getsockname", "newfstatat",
                                       "bind",       NULL};
const bool build_collect_unix = true;
const bool build_boot_takes_options = true;
const char *const build_boot_config = "/usr/lib/bootgate/bootgate.json";
const uint64_t build_floor = 0;
/* A folder for the last-failure record, and a socket in the file system for the host API. */
const char *const build_stand_ins[] = {"BOOTGATE_TEST_RUN", "BOOTGATE_TEST_HOST_API", NULL};
const bool build_stops_machine = false;

const char *build_stand_in(const char *name)
{
    return getenv(name);
}

const char *build_run_dir(void)
{
    return build_stand_in("BOOTGATE_TEST_RUN");
}
