/*
 * ccel: the log area that the ACPI CCEL table points to: records of quote/tcg_log.h whose index is
 * an MR index (UEFI 2.10 section 38).
 */
#include "base/limits.h"
#include "quote/evlog.h"
#include "quote/tcg_log.h"

/* extends: MR index 0 is MRTD, which the TDX module measures before any log exists. */
static bool extends(const struct tcg_record *r)
{
    return r->type != EV_NO_ACTION && r->index != 0;
}

static enum rc add_event(const struct tcg_record *r, size_t offset, struct evlog *log,
                         struct err *err)
{
    if (!extends(r)) {
        log->no_action++;
        return RC_OK;
    }
    if (r->index > 4)
        return err_set(err, BG_CCEL_INDEX, "at offset %zu: MR index 0x%x, type 0x%x", offset,
                       (unsigned)r->index, (unsigned)r->type);
    if (!r->sha384.p)
        return err_set(err, BG_CCEL_NO_DIGEST, "at offset %zu", offset);
    struct event *e = &log->v[log->n++];
    e->rtmr = r->index - 1;
    e->type = r->type;
    memcpy(e->digest, r->sha384.p, sizeof e->digest);
    e->digest_given = true;
    e->payload = r->data;
    if (e->rtmr == 3)
        log->covers[3] = true; /* else the guest's own extends are logged elsewhere */
    return RC_OK;
}

static enum rc count_events(struct cur c, const struct tcg_algorithms *algs, size_t area,
                            size_t most, size_t *out, struct err *err)
{
    size_t n = 0;
    for (size_t records = 0; !tcg_log_at_end(&c); records++) {
        struct tcg_record r;
        if (records == most)
            return err_set(err, BG_CCEL_TOO_MANY, "more than %zu", most);
        TRY(tcg_log_record(&c, algs, area - cur_left(&c), &r, err));
        n += extends(&r);
    }
    *out = n;
    return RC_OK;
}

enum rc evlog_parse_ccel(struct arena *a, struct bytes area, struct evlog *out, struct err *err)
{
    const struct evlog_caps caps = {LIMIT_EVENT_LOG, LIMIT_EVENTS};
    return evlog_parse_ccel_within(a, area, &caps, out, err);
}

enum rc evlog_parse_ccel_within(struct arena *a, struct bytes area, const struct evlog_caps *caps,
                                struct evlog *out, struct err *err)
{
    if (area.n == 0 || area.n > caps->bytes)
        return err_set(err, BG_CCEL_SIZE, "%zu bytes", area.n);
    struct tcg_algorithms algs = {0};
    struct cur c = cur_of(area);
    TRY(tcg_log_header(&c, &algs, err));
    if (!tcg_log_has(&algs, TCG_SHA384))
        return err_set(err, BG_CCEL_NO_SHA384, "%zu algorithms, the first is 0x%x", algs.n,
                       (unsigned)algs.id[0]);
    size_t n = 0;
    TRY(count_events(c, &algs, area.n, caps->records, &n, err));
    struct evlog log = {.no_action = 1, .covers = {true, true, true, false}}; /* the header */
    log.v = ARENA_ARRAY(a, struct event, n, err);
    if (!log.v)
        return err->rc;
    while (!tcg_log_at_end(&c)) {
        struct tcg_record r;
        size_t offset = area.n - cur_left(&c);
        TRY(tcg_log_record(&c, &algs, offset, &r, err));
        TRY(add_event(&r, offset, &log, err));
    }
    log.end_offset = area.n - cur_left(&c);
    *out = log;
    return RC_OK;
}
