/* environment: what this process takes over from whoever started it: a handful of variables. */
#ifndef BOOTGATE_AGENT_ENVIRONMENT_H
#define BOOTGATE_AGENT_ENVIRONMENT_H

#include <stdbool.h>

/*
 * environment_narrow drops every variable that this program does not read itself, and keeps OpenSSL
 * from reading a configuration: both can name modules to load and files to write. Once, first
 * thing. False: no memory.
 */
bool environment_narrow(void) __attribute__((warn_unused_result));

#endif
