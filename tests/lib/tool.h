/* tool: what the tools behind tests/oracles share: one question a line on standard input. */
#ifndef BOOTGATE_TESTS_TOOL_H
#define BOOTGATE_TESTS_TOOL_H

#include "base/arena.h"

/* tool_die: a message with the program's name, exit status 2. */
void tool_die(const char *what) __attribute__((noreturn));
/* tool_ask answers each line with an arena of at most cap bytes of its own; main's return value. */
int tool_ask(size_t cap, void (*answer)(struct arena *a, char *line));

#endif
