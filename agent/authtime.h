/*
 * authtime: time that somebody vouches for who is not the host: chronyd's, where it is steered by
 * sources authenticated with NTS (RFC 8915) alone (DESIGN section 3). chronyd and its configuration
 * are of the measured image. It is asked by a process of its own over its command socket; all of
 * these must hold, or the time stays the host's word:
 *   - it is synchronised, by a measurement that is not old, with a small error and correction;
 *   - one source is selected, and it and all that are combined with it are authenticated by NTS;
 *   - no source without authentication can be selected (authselectmode require, or noselect).
 * NOT checked: whose certificates chronyd believes in; that is its configuration's to say.
 */
#ifndef BOOTGATE_AGENT_AUTHTIME_H
#define BOOTGATE_AGENT_AUTHTIME_H

#include "agent/chrony.h"
#include "agent/config_guest.h"
#include "agent/watch.h"

#define AUTHTIME_MAX_AGE    3600u  /* seconds since the last measurement; chronyd's usual is 1024 */
#define AUTHTIME_AHEAD      60u    /* seconds that it may lie ahead of the clock */
#define AUTHTIME_MAX_ERROR  3000u  /* ms; chronyd's own limit for a source (maxdistance) */
#define AUTHTIME_MAX_ADJUST 10000u /* ms between the clock and chronyd's time */

struct authtime {
    bool asked;
    struct err why;        /* RC_OK: it is authenticated */
    int64_t correction_ms; /* to be added to the host's clock */
    uint64_t error_ms;     /* how far off it may be */
};

/* authtime_now: the corrected clock, Unix seconds. */
uint64_t authtime_now(const struct authtime *t);

/*
 * authtime_ask asks chronyd, again until it is ready but for at most guest.time_wait seconds.
 * Without guest.time nothing is asked. RC_OK: out->why says how it went; an error is of the asking
 * itself: the watch's deadline or a signal.
 */
enum rc authtime_ask(struct arena *a, const struct guest_config *g, const struct watch *w,
                     struct authtime *out, struct err *err) MUST_CHECK;

/* authtime_judge: is this the answer of a chronyd whose time is authenticated? Times as in struct
 * authtime, now: the host's clock. auth[i] is of source i, and looked at where that is selected. */
enum rc authtime_judge(const struct chrony_source *sources, const struct chrony_auth *auth,
                       size_t n, const struct chrony_tracking *t, uint64_t now,
                       struct authtime *out, struct err *err) MUST_CHECK;

#endif
