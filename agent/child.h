/*
 * child: a function run in a process of its own, which gives up what it does not need (sandbox.h)
 * before it starts, and hands back bytes over pipes, each with a cap. How the gate is divided
 * (DESIGN section 4): who holds the seed parses nothing; who parses holds neither seed nor TPM.
 */
#ifndef BOOTGATE_AGENT_CHILD_H
#define BOOTGATE_AGENT_CHILD_H

#include "agent/sandbox.h"
#include "agent/watch.h"
#include "base/arena.h"

#define CHILD_FLOWS   3u
#define CHILD_FLOW_FD 3 /* in the child: flow i is descriptor CHILD_FLOW_FD + i */
#define CHILD_ERR_MAX (4u + ERR_DETAIL_MAX)

struct child {
    const char *what; /* "the decision": for errors */
    enum sandbox_role role;
    /* run: in the child, confined. True: it wrote everything. Its standard output goes nowhere,
     * unless stdout_flow names a flow. */
    bool (*run)(void *ctx);
    /* before: in the child, before it is confined: opens what run needs, and touches nothing
     * untrusted. NULL: nothing to do. */
    bool (*before)(void *ctx);
    void *ctx;
    const struct sandbox_path *paths; /* beside the role's own */
    size_t num_paths;
    bool only_paths; /* see struct sandbox */
    size_t n;        /* flows in use */
    size_t cap[CHILD_FLOWS];
    int stdout_flow; /* -1: none */
};

/*
 * child_run forks, gathers until every flow has ended and the child too, and kills it at the
 * watch's deadline. RC_OK: it ended by itself and said that it wrote everything; out[i] is in the
 * arena. What it wrote is for the caller to doubt.
 */
enum rc child_run(struct arena *a, const struct child *c, const struct watch *w,
                  struct bytes out[static CHILD_FLOWS], struct err *err) MUST_CHECK;

/* In the child: a whole flow. */
bool child_write(size_t flow, struct bytes b) MUST_CHECK;

/* How a child ended, as a flow of at most CHILD_ERR_MAX bytes: the code's number, 4 bytes
 * big-endian, 0 for success, and the detail. */
bool child_write_err(size_t flow, const struct err *e) MUST_CHECK;
/* child_read_err: e is RC_OK or a known code. False: it is no such flow. */
bool child_read_err(struct bytes flow, struct err *e) MUST_CHECK;

#endif
