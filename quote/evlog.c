/* evlog: one runtime event's digest, one register's value, and what log the evidence has. */
#include "quote/evlog.h"

#include "base/cur.h"
#include "base/hash.h"
#include "base/hex.h"
#include "quote/evlog_internal.h"

size_t jcs_escape(uint8_t c, char out[static 7])
{
    static const char hexdigit[] = "0123456789abcdef";
    const char *from = "\b\t\n\f\r\"\\", *to = "btnfr\"\\";
    const char *at = c ? strchr(from, c) : NULL;
    out[0] = '\\';
    if (at) {
        out[1] = to[at - from];
        return 2;
    }
    if (c < 0x20) {
        memcpy(out + 1, "u00", 3);
        out[4] = hexdigit[c >> 4];
        out[5] = hexdigit[c & 15];
        return 6;
    }
    out[0] = (char)c;
    return 1;
}

static const char v2_name[] = "{\"name\":\"", v2_payload[] = "\",\"payload\":\"",
                  v2_type[] = "\",\"type\":134217729}";

/* dstack cc-eventlog, version 2: the JCS form of {name, payload: lower-case hex, type}. */
static enum rc preimage_v2(struct arena *a, const struct event *e, struct bytes *out,
                           struct err *err)
{
    size_t fixed = sizeof v2_name + sizeof v2_payload + sizeof v2_type - 3;
    size_t n = fixed + e->payload.n * 2;
    char esc[7];
    for (size_t i = 0; i < e->name.n; i++)
        n += jcs_escape(e->name.p[i], esc);
    uint8_t *p = arena_alloc(a, n + 1, err); /* hex_encode ends with a NUL */
    if (!p)
        return err->rc;
    size_t at = sizeof v2_name - 1;
    memcpy(p, v2_name, at);
    for (size_t i = 0; i < e->name.n; i++) {
        size_t len = jcs_escape(e->name.p[i], esc);
        memcpy(p + at, esc, len);
        at += len;
    }
    memcpy(p + at, v2_payload, sizeof v2_payload - 1);
    at += sizeof v2_payload - 1;
    hex_encode(e->payload, (char *)p + at);
    at += e->payload.n * 2;
    memcpy(p + at, v2_type, sizeof v2_type - 1);
    *out = bytes_of(p, n);
    return RC_OK;
}

/* dstack cc-eventlog, version 1: the type in little-endian, name and payload, colons between. */
static enum rc preimage_v1(struct arena *a, const struct event *e, struct bytes *out,
                           struct err *err)
{
    static const uint8_t head[] = {0x01, 0x00, 0x00, 0x08, ':'};
    size_t n = sizeof head + e->name.n + 1 + e->payload.n;
    uint8_t *p = arena_alloc(a, n, err);
    if (!p)
        return err->rc;
    memcpy(p, head, sizeof head);
    if (e->name.n)
        memcpy(p + sizeof head, e->name.p, e->name.n);
    p[sizeof head + e->name.n] = ':';
    if (e->payload.n)
        memcpy(p + sizeof head + e->name.n + 1, e->payload.p, e->payload.n);
    *out = bytes_of(p, n);
    return RC_OK;
}

enum rc evlog_runtime_event(struct arena *a, struct event *e, struct bytes *out_preimage,
                            struct err *err)
{
    struct bytes pre = BYTES_NONE;
    TRY(e->version == 2 ? preimage_v2(a, e, &pre, err) : preimage_v1(a, e, &pre, err));
    hash_sha384(pre, e->digest);
    e->rtmr = 3;
    e->type = EVENT_DSTACK_RUNTIME;
    *out_preimage = pre;
    return RC_OK;
}

void evlog_replay_register(const struct evlog *log, unsigned rtmr, size_t upto, uint8_t out[48])
{
    uint8_t mr[48] = {0};
    for (size_t i = 0; i < log->n && i < upto; i++) {
        if (log->v[i].rtmr == rtmr)
            HASH_PARTS(hash_sha384_parts, mr, BYTES_OF_ARRAY(mr), BYTES_OF_ARRAY(log->v[i].digest));
    }
    memcpy(out, mr, sizeof mr);
}

static bool has_events(const struct evlog *log, bool runtime)
{
    for (size_t i = 0; i < log->n; i++)
        if ((log->v[i].rtmr == 3) == runtime)
            return true;
    return false;
}

/* append takes over the events of `from` that are (not) RTMR3's; the caller made room. */
static void append(struct evlog *to, const struct evlog *from, bool runtime)
{
    for (size_t i = 0; i < from->n; i++)
        if ((from->v[i].rtmr == 3) == runtime)
            to->v[to->n++] = from->v[i];
    for (unsigned r = runtime ? 3 : 0; r < (runtime ? 4 : 3); r++)
        to->covers[r] = from->covers[r];
    to->no_action += runtime ? 0 : from->no_action;
    to->end_offset = from->end_offset > to->end_offset ? from->end_offset : to->end_offset;
}

/*
 * The boot registers come from one source and RTMR3 from one source, each the first that says
 * anything about it: dstack's log, then CCEL, then the separate list of runtime events. The order
 * between registers carries no meaning.
 */
enum rc evlog_parse_evidence(struct arena *a, const struct evidence *ev, struct evlog *out,
                             struct err *err)
{
    struct evlog src[3] = {0};
    if (!ev->event_log.n && !ev->ccel.n && !ev->runtime_events.n)
        return err_set(err, BG_EVLOG_NONE, "no event_log, CCEL or runtime events");
    if (ev->event_log.n)
        TRY(evlog_parse_json(a, ev->event_log, &src[0], err));
    if (ev->ccel.n)
        TRY(evlog_parse_ccel(a, ev->ccel, &src[1], err));
    if (ev->runtime_events.n)
        TRY(evlog_parse_runtime(a, ev->runtime_events, &src[2], err));
    struct evlog all = {0};
    all.v = ARENA_ARRAY(a, struct event, src[0].n + src[1].n + src[2].n, err);
    if (!all.v)
        return err->rc;
    for (int runtime = 0; runtime < 2; runtime++) {
        size_t s = 0;
        while (s < 2 && !has_events(&src[s], runtime))
            s++;
        append(&all, &src[s], runtime);
    }
    *out = all;
    return RC_OK;
}
