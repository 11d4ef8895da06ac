/*
 * build: all that differs between the release build and the test build (DESIGN section 2). Exactly
 * one of build_release.c and build_test.c is linked.
 */
#ifndef BOOTGATE_AGENT_BUILD_H
#define BOOTGATE_AGENT_BUILD_H

#include <stdbool.h>

/* "release" or "test": printed by `version`. */
extern const char *const build_kind;
/* --root DER: verify against another PKI root than Intel's. The release does not know the option.
 */
extern const bool build_has_root_option;

#endif
