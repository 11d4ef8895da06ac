#include "agent/build.h"

const char *const build_kind = "test";
const bool build_has_root_option = true;
