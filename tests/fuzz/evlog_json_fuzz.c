/* evlog_json: dstack's event log as JSON, replayed against itself and looked up. */
#include <stdlib.h>

#include "base/limits.h"
#include "quote/evlog_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void judge(struct arena *a, const struct evlog *log)
{
    struct err err = {0};
    struct evlog_facts f = {0};
    uint8_t mr[4][48];
    if (log->n + log->no_action > LIMIT_EVENTS)
        abort();
    for (unsigned r = 0; r < 4; r++)
        evlog_replay_register(log, r, SIZE_MAX, mr[r]);
    if (evlog_match(log, (const uint8_t(*)[48])mr, &err) != RC_OK)
        abort();
    if (evlog_lookup(log, &f, &err) != RC_OK)
        return;
    struct td_report td = {0};
    struct os_image im = {0};
    struct boot_info bi = {0};
    if (boot_info_make(a, &td, &f, &im, BOOT_VIEW_KMS, &bi, &err) == RC_OK)
        json_decref(boot_info_json(&bi));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct arena *a = arena_new(64u << 20);
    struct evlog log = {0};
    struct err err = {0};
    if (evlog_parse_json(a, bytes_of(p, n), &log, &err) == RC_OK)
        judge(a, &log);
    err_clear(&err);
    if (evlog_parse_runtime(a, bytes_of(p, n), &log, &err) == RC_OK)
        judge(a, &log);
    arena_free(a);
    return 0;
}
