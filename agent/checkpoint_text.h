/* checkpoint_text: signed checkpoints as `checkpoint` prints them: for people and as JSON. */
#ifndef BOOTGATE_AGENT_CHECKPOINT_TEXT_H
#define BOOTGATE_AGENT_CHECKPOINT_TEXT_H

#include "agent/output.h"
#include "policy/beacon/checkpoint.h"

/* checkpoint_text_row: "  name      ", what every line of a document begins with. */
void checkpoint_text_row(FILE *f, const char *name);
/* checkpoint_text_block: network, fork, slot, root. n NULL: a network that is not known here. */
void checkpoint_text_block(FILE *f, const struct beacon_network *n, const uint8_t fork[static 4],
                           uint64_t slot, const uint8_t root[static 32]);
void checkpoint_text_life(FILE *f, uint64_t issued, uint64_t not_after);
/* checkpoint_text_boundary: a note when many nodes will serve no bootstrap for this block. */
void checkpoint_text_boundary(FILE *f, const struct beacon_network *n, uint64_t slot);
bool checkpoint_at_boundary(const struct beacon_network *n, uint64_t slot);
/* checkpoint_text_hex: "0x" and all of it. */
void checkpoint_text_hex(FILE *f, const uint8_t *p, size_t n);
/* checkpoint_json_hex: "0x..", at most 64 bytes; a new reference. */
json_t *checkpoint_json_hex(const uint8_t *p, size_t n);
/* checkpoint_json_start: {"root", "slot"}, as chain.checkpoint wants it; a new reference. */
json_t *checkpoint_json_start(const uint8_t root[static 32], uint64_t slot);

#endif
