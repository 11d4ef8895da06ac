/*
 * checkpoint_live: `checkpoint show` without a file: the newest finalized beacon block, for
 * chain.checkpoint of an image. Proven from the configured checkpoint; or, where there is none,
 * what each beacon node says, which proves nothing and is printed as that.
 */
#ifndef BOOTGATE_AGENT_CHECKPOINT_LIVE_H
#define BOOTGATE_AGENT_CHECKPOINT_LIVE_H

#include "agent/cli.h"
#include "agent/config.h"

/* checkpoint_live prints what it found; c names a network. */
enum rc checkpoint_live(struct arena *a, const struct cli *cli, const struct config *c,
                        struct err *err) MUST_CHECK;

#endif
