/*
 * evlog_json: dstack's event_log array and its runtime_events.log. A runtime event's digest is
 * always recomputed from name and payload; a digest or preimage that was given must agree.
 */
#include <stdio.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/base64.h"
#include "quote/evlog_internal.h"

/* version: absent is 1 (dstack leaves it out). */
static bool read_version(const json_t *o, unsigned *out)
{
    uint64_t v = 1;
    if (json_object_get(o, "version") && !json_u64(o, "version", 2, &v))
        return false;
    *out = (unsigned)v;
    return v >= 1;
}

static enum rc check_preimage(struct arena *a, const json_t *o, size_t i, struct bytes want,
                              struct err *err)
{
    const json_t *given = json_object_get(o, "preimage");
    struct bytes got = BYTES_NONE;
    if (!given || json_is_null(given))
        return RC_OK;
    if (!json_is_string(given) || !hex_decode_any(a, json_view(given), &got, err) ||
        !bytes_eq(got, want))
        return err_set(err, BG_EVLOG_PREIMAGE, "record %zu", i);
    return RC_OK;
}

static enum rc finish_runtime(struct arena *a, const json_t *o, size_t i, struct event *e,
                              struct err *err)
{
    uint8_t given[48];
    struct bytes pre;
    memcpy(given, e->digest, sizeof given);
    if (e->rtmr != 3)
        return err_set(err, BG_EVLOG_RUNTIME_REGISTER, "record %zu \"%.40s\" in RTMR%u", i,
                       (const char *)e->name.p, e->rtmr);
    if (!read_version(o, &e->version))
        return err_set(err, BG_EVLOG_VERSION, "record %zu \"%.40s\"", i, (const char *)e->name.p);
    TRY(evlog_runtime_event(a, e, &pre, err));
    if (e->digest_given && memcmp(given, e->digest, sizeof given) != 0)
        return err_set(err, BG_EVLOG_DIGEST_MISMATCH, "record %zu \"%.40s\"", i,
                       (const char *)e->name.p);
    return check_preimage(a, o, i, pre, err);
}

static enum rc read_event(struct arena *a, const json_t *o, size_t i, struct event *e,
                          struct err *err)
{
    uint64_t imr, type;
    struct bytes name, payload, digest = BYTES_NONE;
    if (!json_u64(o, "imr", UINT32_MAX, &imr) || !json_u64(o, "event_type", UINT32_MAX, &type) ||
        !json_str(o, "event", &name) || !json_str(o, "event_payload", &payload) ||
        (json_object_get(o, "digest") && !json_str(o, "digest", &digest)))
        return err_set(err, BG_EVLOG_ENTRY, "record %zu", i);
    if (imr > 3)
        return err_set(err, BG_EVLOG_IMR, "record %zu: imr %llu", i, (unsigned long long)imr);
    e->rtmr = (unsigned)imr;
    e->type = (uint32_t)type;
    TRY(arena_keep(a, name, &e->name, err));
    if (!hex_decode_any(a, payload, &e->payload, err))
        return err_set(err, BG_EVLOG_PAYLOAD, "record %zu", i);
    e->digest_given = digest.n != 0;
    if (digest.n && !hex_decode(digest, e->digest, sizeof e->digest))
        return err_set(err, BG_EVLOG_DIGEST, "record %zu: %zu characters", i, digest.n);
    if (e->type == EVENT_DSTACK_RUNTIME)
        return finish_runtime(a, o, i, e, err);
    if (!digest.n && e->type != EV_NO_ACTION)
        return err_set(err, BG_EVLOG_DIGEST_MISSING, "record %zu, RTMR%u, type 0x%x", i, e->rtmr,
                       (unsigned)e->type);
    return RC_OK;
}

enum rc evlog_parse_json(struct arena *a, struct bytes text, struct evlog *out, struct err *err)
{
    const struct evlog_caps caps = {LIMIT_EVENT_LOG, LIMIT_EVENTS};
    return evlog_parse_json_within(a, text, &caps, out, err);
}

/* bad_json: where: what n counts; empty: it is about the whole text. */
static enum rc bad_json(struct err *err, const char *where, size_t n, const char *why)
{
    char place[48] = "";
    if (*where)
        snprintf(place, sizeof place, "%s %zu: ", where, n);
    return err_set(err, BG_EVLOG_JSON, "%s%s", place, why);
}

/* not_array says what a text is that does not begin as one. */
static enum rc not_array(struct bytes text, struct err *err)
{
    AUTO_JSON j = NULL;
    struct err why = {0};
    if (json_read(text, text.n, &j, &why) != RC_OK)
        return bad_json(err, "", 0, why.detail);
    return err_set(err, BG_EVLOG_NOT_ARRAY, "it begins with '%c'", text.n ? text.p[0] : ' ');
}

/* count_records goes over the text once, so that the array of events is made once. */
static enum rc count_records(struct bytes text, const struct evlog_caps *caps, size_t *out,
                             struct err *err)
{
    struct json_items it;
    struct bytes item;
    if (text.n > caps->bytes)
        return bad_json(err, "more bytes than", caps->bytes, "the most that is read here");
    if (!json_items_begin(text, &it))
        return not_array(text, err);
    do {
        if (!json_items_next(&it, &item))
            return bad_json(err, "at byte", it.at, "neither a comma and a record nor the end");
    } while (item.n);
    *out = it.n;
    if (it.n > caps->records)
        return err_set(err, BG_EVLOG_TOO_MANY, "%zu, at most %zu", it.n, caps->records);
    return RC_OK;
}

/* One record at a time: as a tree, a log takes ten times the room of its text. */
enum rc evlog_parse_json_within(struct arena *a, struct bytes text, const struct evlog_caps *caps,
                                struct evlog *out, struct err *err)
{
    struct json_items it;
    struct bytes item;
    struct evlog log = {0};
    size_t n = 0;
    TRY(count_records(text, caps, &n, err));
    log.v = ARENA_ARRAY(a, struct event, n, err);
    if (!log.v || !json_items_begin(text, &it))
        return err->rc;
    for (size_t i = 0; i < n && json_items_next(&it, &item); i++) {
        AUTO_JSON record = NULL;
        struct event e = {0};
        struct err why = {0};
        if (json_read(item, caps->bytes, &record, &why) != RC_OK)
            return bad_json(err, "record", i, why.detail);
        TRY(read_event(a, record, i, &e, err));
        if (e.type == EV_NO_ACTION) { /* TCG PFP 10.4.1: never extends */
            log.no_action++;
            continue;
        }
        log.covers[e.rtmr] = true;
        log.v[log.n++] = e;
    }
    *out = log;
    return RC_OK;
}

enum rc evlog_parse_runtime(struct arena *a, struct bytes text, struct evlog *out, struct err *err)
{
    AUTO_JSON root = NULL;
    struct err why = {0};
    if (json_read(text, LIMIT_EVENT_LOG, &root, &why) != RC_OK || !json_is_array(root))
        return err_set(err, BG_RUNTIME_LOG_JSON, "%s", root ? "not an array" : why.detail);
    size_t n = json_array_size(root);
    if (n > LIMIT_EVENTS)
        return err_set(err, BG_RUNTIME_LOG_TOO_MANY, "%zu", n);
    struct evlog log = {0};
    log.v = ARENA_ARRAY(a, struct event, n, err);
    if (!log.v)
        return err->rc;
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(root, i);
        struct event *e = &log.v[i];
        struct bytes name, payload, pre;
        if (!json_str(o, "event", &name) || !json_str(o, "payload", &payload) ||
            !read_version(o, &e->version) || !base64_decode(a, payload, &e->payload, err))
            return err_set(err, BG_RUNTIME_LOG_ENTRY, "record %zu", i);
        TRY(arena_keep(a, name, &e->name, err));
        TRY(evlog_runtime_event(a, e, &pre, err));
    }
    log.n = n;
    log.covers[3] = n > 0;
    *out = log;
    return RC_OK;
}
