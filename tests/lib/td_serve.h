/* td_serve: a made-up machine's devices, answered until the process is killed. */
#ifndef BOOTGATE_TESTS_TD_SERVE_H
#define BOOTGATE_TESTS_TD_SERVE_H

/* td_serve: argv ends in NULL; what stands in it is said in tests/tools/td_machine.c. It prints
 * "ready" when everything can be asked. Returns only on failure. */
int td_serve(const char *dir, char **argv);

#endif
