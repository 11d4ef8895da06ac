/* sandbox_parts: what sandbox.c is made of. */
#ifndef BOOTGATE_AGENT_SANDBOX_PARTS_H
#define BOOTGATE_AGENT_SANDBOX_PARTS_H

#include "agent/sandbox.h"

#define SANDBOX_LANDLOCK_ALL                                                                       \
    6 /* the ABI that has all we use: 3 truncation, 4 TCP, 5 device                                \
       * ioctls, 6 signals and abstract sockets */

/* sandbox_landlock_abi: 0: this kernel has none, or it is switched off. */
int sandbox_landlock_abi(void);
/* sandbox_files: no file but those of the role and s->paths, no TCP but the role's. RC_OK also
 * without Landlock. */
enum rc sandbox_files(const struct sandbox *s, struct err *err) MUST_CHECK;
/* sandbox_calls: the role's allow-list. Needs no_new_privs. */
enum rc sandbox_calls(enum sandbox_role role, struct err *err) MUST_CHECK;
/* sandbox_gate_calls: see sandbox_gate. */
enum rc sandbox_gate_calls(bool may_exec, struct err *err) MUST_CHECK;

#endif
