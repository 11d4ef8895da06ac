/*
 * build: all that differs between the release build and the test build (DESIGN section 2). Exactly
 * one of build_release.c and build_test.c is linked.
 */
#ifndef BOOTGATE_AGENT_BUILD_H
#define BOOTGATE_AGENT_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "release" or "test": printed by `version`. */
extern const char *const build_kind;
/* --root DER: verify against another PKI root than Intel's. The release does not know the option.
 */
extern const bool build_has_root_option;
/* Opens a TPM that is no device, tpm_config.tcti "swtpm:CONF" (tss2_tcti.h's types). The release
 * has none: NULL. */
struct TSS2_TCTI_OPAQUE_CONTEXT_BLOB;
typedef uint32_t build_tcti_fn(struct TSS2_TCTI_OPAQUE_CONTEXT_BLOB *ctx, size_t *size,
                               const char *conf);
extern build_tcti_fn *const build_tcti_init;
/* System calls of the TPM's process beside those of the device's TCTI, NULL at the end. The release
 * has none. */
extern const char *const build_tpm_calls[];
/* The collecting process may make AF_UNIX sockets: stand-ins for the host's vsock. */
extern const bool build_collect_unix;
/* boot with evidence, configuration and time as the command line names them. The release's boot
 * takes none of these: its configuration is the measured one, its evidence this guest's. */
extern const bool build_boot_takes_options;
/* --guest-root DIR: a directory that stands for the guest, and a socket in it for each of its
 * devices: connected, or -1. The release does not know the option: NULL. */
typedef int build_guest_socket_fn(const char *root, const char *name);
extern build_guest_socket_fn *const build_guest_socket;
/* The one configuration of the release's boot. */
extern const char *const build_boot_config;

/* Where the last-failure record of this boot is; NULL: nowhere. */
const char *build_run_dir(void);
/* What the environment names in place of a thing that only a guest has; the release: NULL, always.
 */
const char *build_stand_in(const char *name);
/* The names that build_stand_in knows; NULL is the last. The release has none. */
extern const char *const build_stand_ins[];
/* false: what would be done to the machine is only said. */
extern const bool build_stops_machine;

/* No head of a chain is from before this (Unix seconds): the program is younger. For boot; 0: none.
 * The release has the time of its last commit, or what `make BUILD_FLOOR=` says. */
extern const uint64_t build_floor;
/* What boot demands of TCB dates and of TCB info and QE identity where its configuration says
 * nothing (DESIGN section 3): the host can hand out an old set that is still valid. */
struct tcb_minimum;
extern const struct tcb_minimum build_tcb_minimum;

#endif
