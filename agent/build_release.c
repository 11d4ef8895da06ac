#include "agent/build.h"

const char *const build_kind = "release";
const bool build_has_root_option = false;
