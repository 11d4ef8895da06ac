#define _GNU_SOURCE
#include "tests/lib/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void tool_die(const char *what)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
    exit(2);
}

int tool_ask(size_t cap, void (*answer)(struct arena *a, char *line))
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        AUTO_ARENA a = arena_new(cap);
        if (!a)
            tool_die("no memory");
        answer(a, line);
    }
    free(line);
    return 0;
}
