/* ccel: a firmware event log area. Whatever is accepted lies inside the area and is bounded. */
#include <stdlib.h>

#include "base/limits.h"
#include "quote/evlog_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct arena *a = arena_new(64u << 20);
    struct evlog log = {0};
    struct err err = {0};
    if (evlog_parse_ccel(a, bytes_of(p, n), &log, &err) == RC_OK) {
        struct evlog_facts f = {0};
        uint8_t mr[48];
        if (log.n > LIMIT_EVENTS || log.end_offset > n)
            abort();
        for (size_t i = 0; i < log.n; i++)
            if (log.v[i].rtmr > 3 || log.v[i].payload.n > n || log.v[i].version)
                abort();
        evlog_replay_register(&log, 0, SIZE_MAX, mr);
        if (evlog_lookup(&log, &f, &err) != RC_OK || f.app_id.n)
            abort(); /* firmware events are no dstack events */
    } else if (log.v) {
        abort();
    }
    arena_free(a);
    return 0;
}
