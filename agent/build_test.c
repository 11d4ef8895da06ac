#include "agent/build.h"

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
