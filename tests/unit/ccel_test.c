/* ccel: firmware event logs made from an invented boot (tests/lib/event_builder), broken ones, and
 * how the parts of the evidence are put together. */
#include "tests/lib/event_builder.h"
#include "tests/lib/harness.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/limits.h"
#include "quote/evlog_internal.h"

struct bench {
    struct arena *a;
    struct event_world w;
};

static struct bench setup(const struct event_spec *spec)
{
    struct bench b = {.a = arena_new(256 << 20)};
    assert_non_null(b.a);
    event_world_build(b.a, spec, &b.w);
    return b;
}

/* A CCEL area made from the JSON log: header, records, padding. */
struct area {
    uint8_t b[16384];
    size_t n;
};

static void put(struct area *t, uint64_t v, size_t width)
{
    for (; width; width--, v >>= 8)
        t->b[t->n++] = (uint8_t)v;
}

static void put_bytes(struct area *t, const void *p, size_t n)
{
    memcpy(t->b + t->n, p, n);
    t->n += n;
}

static void header(struct area *t, uint16_t alg, uint16_t size)
{
    t->n = 0;
    put(t, 1, 4);
    put(t, EV_NO_ACTION, 4);
    memset(t->b + t->n, 0, 20);
    t->n += 20;
    put(t, 16 + 8 + 4 + 4 + 1, 4);
    put_bytes(t, "Spec ID Event03", 16);
    put(t, 0x0200000200000000u, 8);
    put(t, 1, 4);
    put(t, alg, 2);
    put(t, size, 2);
    put(t, 0, 1);
}

static void ccel_record(struct area *t, uint32_t index, uint32_t type, const uint8_t digest[48],
                        const char *data)
{
    put(t, index, 4);
    put(t, type, 4);
    put(t, 1, 4);
    put(t, 0x000c, 2);
    put_bytes(t, digest, 48);
    put(t, strlen(data), 4);
    put_bytes(t, data, strlen(data));
}

static void ccel_of(const struct evlog *log, struct area *t)
{
    header(t, 0x000c, 48);
    for (size_t i = 0; i < log->n; i++)
        if (log->v[i].rtmr < 3)
            ccel_record(t, log->v[i].rtmr + 1, log->v[i].type, log->v[i].digest,
                        log->v[i].type == 10 ? "ACPI DATA" : "x");
}

static void a_ccel_says_the_same_as_the_json_log(void **state)
{
    (void)state;
    struct bench b = setup(&(struct event_spec){0});
    struct err err = {0};
    struct evlog json = {0}, ccel = {0};
    struct area t, p;
    assert_int_equal(evlog_parse_json(b.a, bytes_of_str(b.w.event_log), &json, &err), RC_OK);
    ccel_of(&json, &t);
    const struct {
        const char *name;
        uint8_t fill;
        size_t n;
    } ends[] = {{"at the end", 0, 0},
                {"0xff", 0xff, 100},
                {"0xff, 8 bytes", 0xff, 8},
                {"zeros", 0, 100},
                {"16 zeros", 0, 16}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        p = t;
        memset(p.b + p.n, ends[i].fill, ends[i].n);
        err_clear(&err);
        enum rc rc = evlog_parse_ccel(b.a, bytes_of(p.b, p.n + ends[i].n), &ccel, &err);
        CASE(ends[i].name, rc == RC_OK && ccel.end_offset == t.n, "BG-%04d %s", rc, err.detail);
        for (unsigned r = 0; r < 3; r++) {
            uint8_t mr[48];
            evlog_replay_register(&ccel, r, SIZE_MAX, mr);
            CASE(ends[i].name, memcmp(mr, b.w.rtmr[r], 48) == 0 && ccel.covers[r], "RTMR%u", r);
        }
        CASE(ends[i].name, !ccel.covers[3] && ccel.no_action == 1, "covers RTMR3");
    }
    /* cut anywhere: refused, or it no longer replays */
    for (size_t n = 0; n < t.n; n++) {
        err_clear(&err);
        enum rc rc = evlog_parse_ccel(b.a, bytes_of(t.b, n), &ccel, &err);
        if (rc == RC_OK)
            rc = evlog_match(&ccel, (const uint8_t(*)[48])b.w.rtmr, &err);
        CASE("cut", rc != RC_OK, "at %zu of %zu", n, t.n);
    }
    arena_free(b.a);
}

static void evidence_is_put_together_from_what_is_there(void **state)
{
    (void)state;
    struct bench b = setup(&(struct event_spec){.event_version = 2});
    struct err err = {0};
    struct evlog json = {0}, log = {0};
    struct area t;
    struct evlog_facts f;
    assert_int_equal(evlog_parse_json(b.a, bytes_of_str(b.w.event_log), &json, &err), RC_OK);
    ccel_of(&json, &t);
    AUTO_JSON runtime = json_array();
    AUTO_JSON boot = json_array();
    for (size_t i = 0; i < json.n; i++) {
        uint8_t b64[1024] = "";
        const struct event *e = &json.v[i];
        AUTO_JSON all = json_loads(b.w.event_log, 0, NULL);
        if (e->rtmr < 3) {
            json_array_append(boot, json_array_get(all, i));
            continue;
        }
        EVP_EncodeBlock(b64, e->payload.n ? e->payload.p : b64, (int)e->payload.n);
        json_array_append_new(runtime, json_pack("{s:s,s:s,s:i}", "event", (const char *)e->name.p,
                                                 "payload", b64, "version", 2));
    }
    char *rt = json_dumps(runtime, 0), *bt = json_dumps(boot, 0);
    struct evidence ev[] = {
        {.event_log = bytes_of_str(b.w.event_log)},
        {.ccel = bytes_of(t.b, t.n), .runtime_events = bytes_of_str(rt)},
        {.event_log = bytes_of_str(bt), .runtime_events = bytes_of_str(rt)},
        {.event_log = bytes_of_str(b.w.event_log), .runtime_events = bytes_of_str("[]")},
        {.event_log = bytes_of_str(b.w.event_log),
         .ccel = bytes_of(t.b, t.n),
         .runtime_events = bytes_of_str(rt)},
    };
    for (size_t i = 0; i < sizeof ev / sizeof *ev; i++) {
        err_clear(&err);
        enum rc rc = evlog_parse_evidence(b.a, &ev[i], &log, &err);
        if (rc == RC_OK)
            rc = evlog_match(&log, (const uint8_t(*)[48])b.w.rtmr, &err);
        if (rc == RC_OK)
            rc = evlog_lookup(&log, &f, &err);
        CASE("sources", rc == RC_OK && f.app_id.n == 20 && f.system_ready, "%zu: BG-%04d %s", i, rc,
             err.detail);
    }
    struct evidence none = {0}, bad = {.runtime_events = bytes_of_str("{}")},
                    worse = {.runtime_events =
                                 bytes_of_str("[{\"event\":\"x\",\"payload\":\"A\"}]")};
    err_clear(&err);
    CASE("none", evlog_parse_evidence(b.a, &none, &log, &err) == BG_EVLOG_NONE, "%d", err.rc);
    err_clear(&err);
    CASE("bad", evlog_parse_evidence(b.a, &bad, &log, &err) == BG_RUNTIME_LOG_JSON, "%d", err.rc);
    err_clear(&err);
    CASE("worse", evlog_parse_evidence(b.a, &worse, &log, &err) == BG_RUNTIME_LOG_ENTRY, "%d",
         err.rc);
    char *big = malloc(2 * (LIMIT_EVENTS + 1) + 2);
    for (size_t i = 0; i <= LIMIT_EVENTS; i++)
        memcpy(big + 1 + 2 * i, "0,", 2);
    big[0] = '[';
    memcpy(big + 2 * (LIMIT_EVENTS + 1), "]", 2);
    struct evidence huge = {.runtime_events = bytes_of_str(big)};
    err_clear(&err);
    CASE("huge", evlog_parse_evidence(b.a, &huge, &log, &err) == BG_RUNTIME_LOG_TOO_MANY, "%d",
         err.rc);
    free(big);
    free(rt);
    free(bt);
    arena_free(b.a);
}

static void malformed_ccel_is_refused_by_name(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 << 20);
    static const uint8_t digest[48] = {1};
    struct area ok, t;
    struct evlog log;
    header(&ok, 0x000c, 48);
    size_t first = ok.n;
    ccel_record(&ok, 1, 4, digest, "data");
    const struct {
        const char *name;
        size_t at, width;
        uint64_t v;
        enum rc want;
    } rows[] = {
        {"as it is", 0, 4, 1, RC_OK},
        {"header type", 4, 4, 4, BG_CCEL_HEADER},
        {"header size", 28, 4, 0xffffffff, BG_CCEL_HEADER},
        {"header size, one less", 28, 4, 32, BG_CCEL_SPEC_ID},
        {"header size, one more", 28, 4, 34, BG_CCEL_SPEC_ID},
        {"signature", 32, 1, 'X', BG_CCEL_SPEC_ID},
        {"no algorithms", 56, 4, 0, BG_CCEL_SPEC_ID},
        {"many algorithms", 56, 4, 0xffffffff, BG_CCEL_SPEC_ID},
        {"SM3", 60, 4, 0x00200012, BG_CCEL_NO_SHA384},
        {"SHA-384 of 32 bytes", 60, 4, 0x0020000c, BG_CCEL_SPEC_ID},
        {"vendor information", 64, 1, 1, BG_CCEL_SPEC_ID},
        {"index 0", first, 4, 0, RC_OK},
        {"index 4", first, 4, 4, RC_OK},
        {"index 5", first, 4, 5, BG_CCEL_INDEX},
        {"index -1", first, 4, 0xffffffff, BG_CCEL_INDEX},
        {"no digests", first + 8, 4, 0, BG_CCEL_RECORD},
        {"two digests", first + 8, 4, 2, BG_CCEL_ALGORITHM},
        {"2^32-1 digests", first + 8, 4, 0xffffffff, BG_CCEL_ALGORITHM},
        {"unknown algorithm", first + 12, 2, 0x000b, BG_CCEL_ALGORITHM},
        {"data too long", first + 62, 4, 5, BG_CCEL_RECORD},
        {"data huge", first + 62, 4, 0xffffffff, BG_CCEL_RECORD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        t = ok;
        for (size_t k = 0; k < rows[i].width; k++)
            t.b[rows[i].at + k] = (uint8_t)(rows[i].v >> (8 * k));
        enum rc rc = evlog_parse_ccel(a, bytes_of(t.b, t.n), &log, &err);
        CASE(rows[i].name, rc == rows[i].want, "BG-%04d %s", rc, err.detail);
    }
    struct err err = {0};
    t = ok;
    put(&t, 2, 4); /* an event without digests that would extend */
    put(&t, 4, 4);
    put(&t, 0, 8);
    CASE("no SHA-384", evlog_parse_ccel(a, bytes_of(t.b, t.n), &log, &err) == BG_CCEL_NO_DIGEST,
         "BG-%04d", err.rc);
    err_clear(&err);
    t = ok;
    ccel_record(&t, 0xffffffff, EV_NO_ACTION, digest, ""); /* GCE writes these */
    ccel_record(&t, 1, EV_NO_ACTION, digest, "");
    ccel_record(&t, 3, 4, digest, "");
    CASE("no action",
         evlog_parse_ccel(a, bytes_of(t.b, t.n), &log, &err) == RC_OK && log.n == 2 &&
             log.no_action == 3 && log.v[1].rtmr == 2,
         "BG-%04d %zu", err.rc, log.n);
    CASE("empty", evlog_parse_ccel(a, BYTES_NONE, &log, &err) == BG_CCEL_SIZE, "accepted");
    err_clear(&err);
    uint8_t *big = calloc(1, LIMIT_EVENT_LOG + 1);
    CASE("too large",
         evlog_parse_ccel(a, bytes_of(big, LIMIT_EVENT_LOG + 1), &log, &err) == BG_CCEL_SIZE, "%d",
         err.rc);
    /* the smallest records there are: no digests, no action */
    memcpy(big, ok.b, first);
    size_t n = first;
    for (size_t i = 0; i <= LIMIT_EVENTS; i++, n += 16)
        big[n + 4] = EV_NO_ACTION;
    err_clear(&err);
    CASE("too many", evlog_parse_ccel(a, bytes_of(big, n), &log, &err) == BG_CCEL_TOO_MANY, "%d",
         err.rc);
    err_clear(&err);
    CASE("as many as may be", evlog_parse_ccel(a, bytes_of(big, n - 16), &log, &err) == RC_OK, "%d",
         err.rc);
    free(big);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ccel_says_the_same_as_the_json_log),
        cmocka_unit_test(evidence_is_put_together_from_what_is_there),
        cmocka_unit_test(malformed_ccel_is_refused_by_name),
    };
    return HARNESS_RUN("ccel", tests);
}
