/* inputs_show: INPUT_ bits (quote/measurement.h) in words, and as JSON. */
#ifndef BOOTGATE_AGENT_INPUTS_SHOW_H
#define BOOTGATE_AGENT_INPUTS_SHOW_H

#include <jansson.h>
#include <stdio.h>

/* inputs_text writes "memory, firmware", with `before` in front; nothing for none. */
void inputs_text(FILE *f, const char *before, unsigned inputs);
/* inputs_json: an array of names; a new reference. */
json_t *inputs_json(unsigned inputs);

#endif
