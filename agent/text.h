/* text: how facts are laid out for people; one look for all that the program prints. */
#ifndef BOOTGATE_AGENT_TEXT_H
#define BOOTGATE_AGENT_TEXT_H

#include "agent/output.h"

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define BOLD   "\033[1m"
#define PLAIN  "\033[0m"

#define LABEL 26
#define LONG  40u /* hex digits that are shortened when there are more */
#define HEAD  16u /* shortened: this many from the front .. */
#define TAIL  8u  /* .. and from the end */

/* text_paint: the sequence, where there is colour. */
const char *text_paint(const struct style *st, const char *sequence);
/* text_label begins a line: four spaces, the name. */
void text_label(FILE *f, const char *name);
/* text_fact and its like are whole lines. */
void text_fact(FILE *f, const char *name, struct bytes value);
void text_fact_hex(FILE *f, const struct style *st, const char *name, const void *p, size_t n);
void text_fact_address(FILE *f, const char *name, const uint8_t address[static 20]);

#endif
