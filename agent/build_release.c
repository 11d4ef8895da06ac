#include "agent/build.h"

const char *const build_kind = "release";
const bool build_has_root_option = false;
build_tcti_fn *const build_tcti_init = NULL;
const bool build_boot_takes_options = false;
const char *const build_boot_config = "/usr/lib/bootgate/bootgate.json";
