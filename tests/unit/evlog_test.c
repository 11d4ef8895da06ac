/* evlog: dstack's JSON log and CCEL, replay, look-up of boot events; on invented boots
 * (tests/lib/event_builder), each of which is then broken in every way that matters. */
#include "tests/lib/event_builder.h"
#include "tests/lib/harness.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/hex.h"
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

/* judge parses, replays and looks up, as evlog_replay does. */
static enum rc judge(struct bench *b, const char *text, struct evlog_facts *f, struct err *err)
{
    struct evlog *log = arena_alloc(b->a, sizeof *log, err);
    err_clear(err);
    memset(f, 0, sizeof *f);
    TRY(evlog_parse_json(b->a, bytes_of_str(text), log, err));
    TRY(evlog_match(log, (const uint8_t(*)[48])b->w.rtmr, err));
    return evlog_lookup(log, f, err);
}

static enum rc judge_json(struct bench *b, const json_t *log, struct evlog_facts *f,
                          struct err *err)
{
    char *text = json_dumps(log, JSON_COMPACT);
    enum rc rc = judge(b, text, f, err);
    free(text);
    return rc;
}

static void a_boot_replays_and_tells_its_facts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 32; i++) {
        struct event_spec spec = {.event_version = 1 + i % 2,
                                  .with_digests = i / 2 % 2 == 1,
                                  .no_instance_id = i / 4 % 2 == 1,
                                  .app_events = i / 8 % 2 ? 5 : 0,
                                  .until_boot_mr_done = i / 16 == 1,
                                  .init_scripts = i % 6};
        struct bench b = setup(&spec);
        struct evlog_facts f;
        struct err err = {0};
        enum rc rc = judge(&b, b.w.event_log, &f, &err);
        CASE("boot", rc == RC_OK, "%u: BG-%04d %s", i, rc, err.detail);
        CASE("app id", bytes_eq(f.app_id, bytes_of(b.w.app_id, 20)), "%u", i);
        CASE("compose", bytes_eq(f.compose_hash, bytes_of(b.w.compose_hash, 32)), "%u", i);
        CASE("instance",
             f.has_instance_id &&
                 bytes_eq(f.instance_id, bytes_of(b.w.instance_id, spec.no_instance_id ? 0 : 20)),
             "%u", i);
        bool done = !spec.until_boot_mr_done;
        CASE("provider",
             f.has_key_provider == done &&
                 bytes_eq(f.key_provider, done ? bytes_of_str(b.w.key_provider) : BYTES_NONE),
             "%u", i);
        CASE("image", bytes_eq(f.os_image_hash, bytes_of(b.w.os_image_hash, done ? 32 : 0)), "%u",
             i);
        CASE("markers", f.boot_mr_done && (f.system_ready != 0) == done, "%u", i);
        arena_free(b.a);
    }
}

static void runtime_digests_have_the_published_form(void **state)
{
    (void)state;
    /* dstack cc-eventlog's own examples of version 2, and RFC 8785 3.2.2.2's escapes */
    static const struct {
        unsigned version;
        const char *name, *payload, *canonical;
        size_t canonical_n; /* 0: text */
    } rows[] = {
        {2, "compose-hash", "\xab\xcd",
         "{\"name\":\"compose-hash\",\"payload\":\"abcd\","
         "\"type\":134217729}",
         0},
        {2, "", "", "{\"name\":\"\",\"payload\":\"\",\"type\":134217729}", 0},
        {2, "event\"with\\special\nchars", "\xff",
         "{\"name\":\"event\\\"with\\\\special\\nchars\",\"payload\":\"ff\",\"type\":134217729}",
         0},
        {2, "\b\f\n\r\t\x01\x1f\x7f/", "",
         "{\"name\":\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\",\"payload\":\"\",\"type\":134217729}",
         0},
        {2, "\xe6\xb5\x8b-\xf0\x9f\xa6\x80", "",
         "{\"name\":\"\xe6\xb5\x8b-\xf0\x9f\xa6\x80\",\"payload\":\"\",\"type\":134217729}", 0},
        {1, "app-id", "\xde\xad\xbe\xef", "\x01\0\0\x08:app-id:\xde\xad\xbe\xef", 16},
        {1, "", "", "\x01\0\0\x08::", 6},
    };
    struct arena *a = arena_new(1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        struct bytes pre;
        uint8_t want[48];
        struct bytes canonical =
            bytes_of(rows[i].canonical,
                     rows[i].canonical_n ? rows[i].canonical_n : strlen(rows[i].canonical));
        struct event e = {.version = rows[i].version,
                          .name = bytes_of_str(rows[i].name),
                          .payload = bytes_of_str(rows[i].payload)};
        enum rc rc = evlog_runtime_event(a, &e, &pre, &err);
        hash_sha384(canonical, want);
        CASE(rows[i].name, rc == RC_OK && bytes_eq(pre, canonical), "other preimage");
        CASE(rows[i].name, memcmp(e.digest, want, 48) == 0 && e.rtmr == 3, "other digest");
    }
    arena_free(a);
}

static void flip_hex(json_t *e, const char *key, size_t i)
{
    char *s = strdup(json_string_value(json_object_get(e, key)));
    s[i] = s[i] == '0' ? '1' : '0';
    json_object_set_new(e, key, json_string(s));
    free(s);
}

/* Each digit of each digest and runtime payload, each name, each place in the order. */
static void every_change_to_a_record_is_refused(void **state)
{
    (void)state;
    for (unsigned version = 1; version <= 2; version++) {
        struct bench b =
            setup(&(struct event_spec){.event_version = version, .with_digests = true});
        AUTO_JSON log = json_loads(b.w.event_log, 0, NULL);
        struct evlog_facts f;
        struct err err = {0};
        size_t n = json_array_size(log);
        for (size_t i = 0; i < n; i++) {
            json_t *e = json_array_get(log, i);
            bool ours = json_integer_value(json_object_get(e, "imr")) == 3;
            json_t *keep = json_deep_copy(e);
            for (size_t d = 0; d < 96; d++) {
                flip_hex(e, "digest", d);
                enum rc rc = judge_json(&b, log, &f, &err);
                CASE("digest", rc == (ours ? BG_EVLOG_DIGEST_MISMATCH : BG_REPLAY_MISMATCH),
                     "record %zu digit %zu: BG-%04d", i, d, rc);
                json_object_update(e, keep);
            }
            size_t digits = ours ? json_string_length(json_object_get(e, "event_payload")) : 0;
            for (size_t d = 0; d < digits; d++) {
                flip_hex(e, "event_payload", d);
                enum rc rc = judge_json(&b, log, &f, &err);
                CASE("payload", rc == BG_EVLOG_DIGEST_MISMATCH, "record %zu: BG-%04d", i, rc);
                json_object_set_new(e, "digest", json_string(""));
                rc = judge_json(&b, log, &f, &err);
                CASE("payload, no digest", rc == BG_REPLAY_MISMATCH, "record %zu: BG-%04d", i, rc);
                json_object_update(e, keep);
            }
            if (ours) {
                json_object_set_new(e, "event", json_string("another"));
                CASE("name", judge_json(&b, log, &f, &err) == BG_EVLOG_DIGEST_MISMATCH, "%zu", i);
                json_object_set_new(e, "digest", json_string(""));
                CASE("name", judge_json(&b, log, &f, &err) == BG_REPLAY_MISMATCH, "%zu", i);
                json_object_update(e, keep);
                json_object_set_new(e, "version", json_integer(3 - version));
                CASE("version", judge_json(&b, log, &f, &err) == BG_EVLOG_DIGEST_MISMATCH, "%zu",
                     i);
                json_object_del(e, "version");
                json_object_update(e, keep);
            }
            for (int imr = 0; imr < 5; imr++) {
                json_object_set_new(e, "imr", json_integer(imr));
                enum rc rc = judge_json(&b, log, &f, &err);
                bool same = imr == json_integer_value(json_object_get(keep, "imr"));
                CASE("register", (rc == RC_OK) == same, "record %zu to %d: BG-%04d", i, imr, rc);
            }
            json_object_update(e, keep);
            AUTO_JSON less = json_copy(log);
            AUTO_JSON more = json_copy(log);
            json_array_remove(less, i);
            CASE("left out", judge_json(&b, less, &f, &err) != RC_OK, "record %zu", i);
            json_array_insert(more, i, e);
            CASE("twice", judge_json(&b, more, &f, &err) != RC_OK, "record %zu", i);
            json_decref(keep);
        }
        CASE("untouched", judge_json(&b, log, &f, &err) == RC_OK, "BG-%04d %s", err.rc, err.detail);
        arena_free(b.a);
    }
}

static void order_counts_inside_a_register_only(void **state)
{
    (void)state;
    struct bench b = setup(&(struct event_spec){0});
    AUTO_JSON log = json_loads(b.w.event_log, 0, NULL);
    struct evlog_facts f;
    struct err err = {0};
    for (size_t i = 0; i + 1 < json_array_size(log); i++) {
        json_t *x = json_array_get(log, i), *y = json_array_get(log, i + 1);
        bool same = json_equal(json_object_get(x, "imr"), json_object_get(y, "imr"));
        AUTO_JSON swapped = json_copy(log);
        json_array_set(swapped, i, y);
        json_array_set(swapped, i + 1, x);
        enum rc rc = judge_json(&b, swapped, &f, &err);
        CASE("swap", rc == (same ? BG_REPLAY_MISMATCH : RC_OK), "at %zu: BG-%04d", i, rc);
    }
    arena_free(b.a);
}

/* set_digest gives a record the digest its name and payload have, as a forger would. */
static json_t *as_foreign(struct bench *b, const json_t *e)
{
    struct err err = {0};
    struct bytes pre;
    char hex[97];
    struct event ev = {.version = 1,
                       .name = json_view(json_object_get(e, "event")),
                       .payload =
                           unhex(b->a, json_string_value(json_object_get(e, "event_payload")))};
    assert_int_equal(evlog_runtime_event(b->a, &ev, &pre, &err), RC_OK);
    hex_encode(bytes_of(ev.digest, 48), hex);
    return json_pack("{s:i,s:i,s:s,s:s,s:s}", "imr", 3, "event_type", 6, "digest", hex, "event", "",
                     "event_payload", "");
}

/*
 * The register vouches for digests, not for how the log shows them: an app that logs its own
 * app-id behind system-ready must not gain by a log in which system-ready looks like something
 * else.
 */
static void hiding_a_boot_event_is_refused(void **state)
{
    (void)state;
    struct bench b = setup(&(struct event_spec){.app_events = 2});
    AUTO_JSON log = json_loads(b.w.event_log, 0, NULL);
    struct evlog_facts f;
    struct err err = {0};
    size_t n = json_array_size(log), refused = 0;
    for (size_t i = 0; i < n; i++) {
        json_t *e = json_array_get(log, i);
        if (json_integer_value(json_object_get(e, "imr")) != 3)
            continue;
        AUTO_JSON forged = json_copy(log);
        json_array_set_new(forged, i, as_foreign(&b, e));
        enum rc rc = judge_json(&b, forged, &f, &err);
        bool behind = i + 2 >= n; /* the application's own two */
        CASE("as foreign", rc == (behind ? RC_OK : BG_REPLAY_FOREIGN), "record %zu: BG-%04d", i,
             rc);
        refused += !behind;
    }
    CASE("all boot events", refused == 9, "%zu", refused);
    /* all of dstack's at once, so that the application's would be the first */
    AUTO_JSON all = json_deep_copy(log);
    for (size_t i = 0; i + 2 < n; i++)
        if (json_integer_value(json_object_get(json_array_get(all, i), "imr")) == 3)
            json_array_set_new(all, i, as_foreign(&b, json_array_get(all, i)));
    CASE("all as foreign", judge_json(&b, all, &f, &err) == BG_REPLAY_FOREIGN, "BG-%04d", err.rc);
    arena_free(b.a);
    /* the border between name and payload: an app id whose first byte is a colon */
    uint8_t id[20] = {':', 'x'};
    struct bench c = setup(&(struct event_spec){.app_id = id});
    AUTO_JSON other = json_loads(c.w.event_log, 0, NULL);
    size_t i;
    json_t *e;
    json_array_foreach(other, i, e)
    {
        if (strcmp(json_string_value(json_object_get(e, "event")), "app-id") != 0)
            continue;
        const char *payload = json_string_value(json_object_get(e, "event_payload"));
        AUTO_JSON rest = json_string(payload + 2);
        json_object_set_new(e, "event", json_string("app-id:"));
        json_object_set(e, "event_payload", rest);
    }
    CASE("colon", judge_json(&c, other, &f, &err) == BG_REPLAY_AMBIGUOUS, "BG-%04d", err.rc);
    arena_free(c.a);
}

/* A log of runtime events alone, whose registers are whatever it replays to. */
static enum rc lookup_only(struct arena *a, const char *const *names, const size_t *widths,
                           size_t n, struct evlog_facts *f, struct err *err)
{
    static const uint8_t zero[64];
    struct evlog *log = arena_alloc(a, sizeof *log, err);
    log->v = ARENA_ARRAY(a, struct event, n, err);
    log->n = n;
    for (size_t i = 0; i < n; i++)
        log->v[i] = (struct event){.rtmr = 3,
                                   .type = EVENT_DSTACK_RUNTIME,
                                   .version = 1,
                                   .name = bytes_of_str(names[i]),
                                   .payload = bytes_of(zero, widths[i])};
    err_clear(err);
    memset(f, 0, sizeof *f);
    return evlog_lookup(log, f, err);
}

static void boot_events_occur_once_and_have_their_width(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t width;
        bool exact, or_empty, many;
    } rows[] = {
        {"system-preparing", 0, true, true, false},  {"app-id", 20, true, false, false},
        {"compose-hash", 32, true, false, false},    {"instance-id", 20, true, true, false},
        {"boot-mr-done", 0, true, true, false},      {"os-image-hash", 32, true, false, false},
        {"key-provider", 40, false, true, false},    {"storage-fs", 3, false, true, false},
        {"gpu-policy-hash", 32, true, false, false}, {"mr-kms", 32, false, true, true},
        {"init-script-hash", 32, true, false, true}};
    struct arena *a = arena_new(1 << 20);
    struct evlog_facts f;
    struct err err = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *names[] = {rows[i].name, "other", rows[i].name};
        for (size_t w = 0; w <= 64; w++) {
            bool ok = !rows[i].exact || w == rows[i].width || (w == 0 && rows[i].or_empty);
            enum rc rc = lookup_only(a, names, &w, 1, &f, &err);
            CASE(rows[i].name, rc == (ok ? RC_OK : BG_REPLAY_WIDTH), "%zu bytes: BG-%04d", w, rc);
        }
        size_t widths[] = {rows[i].width, 0, rows[i].width};
        enum rc rc = lookup_only(a, names, widths, 3, &f, &err);
        CASE(rows[i].name, rc == (rows[i].many ? RC_OK : BG_REPLAY_DUPLICATE), "twice: BG-%04d",
             rc);
        CASE(rows[i].name, rows[i].many || strstr(err.detail, rows[i].name), "%s", err.detail);
        names[1] = "system-ready";
        rc = lookup_only(a, names, widths, 3, &f, &err);
        CASE(rows[i].name, rc == RC_OK && f.system_ready == 2, "behind system-ready: BG-%04d", rc);
    }
    const char *scripts[6];
    size_t widths[6];
    for (size_t n = 0; n < 6; n++) {
        scripts[n] = "init-script-hash";
        widths[n] = 32;
        enum rc rc = lookup_only(a, scripts, widths, n + 1, &f, &err);
        CASE("init scripts", rc == (n < 5 ? RC_OK : BG_REPLAY_DUPLICATE), "%zu: BG-%04d", n + 1,
             rc);
    }
    size_t one = 1;
    const char *ready = "system-ready";
    CASE("system-ready", lookup_only(a, &ready, &one, 1, &f, &err) == BG_REPLAY_WIDTH, "accepted");
    arena_free(a);
}

static void a_register_without_log_is_named(void **state)
{
    (void)state;
    struct bench b = setup(&(struct event_spec){0});
    struct evlog_facts f;
    struct err err = {0};
    for (int imr = 0; imr < 4; imr++) {
        AUTO_JSON log = json_loads(b.w.event_log, 0, NULL);
        char want[16];
        for (size_t i = json_array_size(log); i-- > 0;)
            if (json_integer_value(json_object_get(json_array_get(log, i), "imr")) == imr)
                json_array_remove(log, i);
        enum rc rc = judge_json(&b, log, &f, &err);
        snprintf(want, sizeof want, "RTMR%d", imr);
        CASE(want, rc == BG_REPLAY_NO_LOG && strstr(err.detail, want), "BG-%04d %s", rc,
             err.detail);
        uint8_t keep[48];
        memcpy(keep, b.w.rtmr[imr], 48);
        memset(b.w.rtmr[imr], 0, 48);
        rc = judge_json(&b, log, &f, &err);
        CASE(want, rc == RC_OK, "zero and no log: BG-%04d %s", rc, err.detail);
        memcpy(b.w.rtmr[imr], keep, 48);
        b.w.rtmr[imr][47] ^= 1;
        rc = judge(&b, b.w.event_log, &f, &err);
        CASE(want, rc == BG_REPLAY_MISMATCH && strstr(err.detail, want), "BG-%04d %s", rc,
             err.detail);
        b.w.rtmr[imr][47] ^= 1;
    }
    memset(b.w.rtmr, 0, sizeof b.w.rtmr);
    CASE("empty log, no extends", judge(&b, "[]", &f, &err) == RC_OK && !f.app_id.n, "BG-%04d",
         err.rc);
    arena_free(b.a);
}

#define D48                                                                                        \
    "0000000000000000000000000000000000000000000000000000000000000000"                             \
    "00000000000000000000000000000000"

static void malformed_json_logs_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        enum rc want;
    } rows[] = {
        {"empty", "", BG_EVLOG_JSON},
        {"cut", "[{", BG_EVLOG_JSON},
        {"trailing", "[] x", BG_EVLOG_JSON},
        {"object", "{}", BG_EVLOG_NOT_ARRAY},
        {"string", "\"[]\"", BG_EVLOG_NOT_ARRAY},
        {"not an object", "[1]", BG_EVLOG_ENTRY},
        {"null", "[null]", BG_EVLOG_ENTRY},
        {"duplicate key", "[{\"imr\":0,\"imr\":0}]", BG_EVLOG_JSON},
        {"NUL in name", "[{\"event\":\"a\\u0000b\"}]", BG_EVLOG_JSON},
        {"no imr",
         "[{\"event_type\":4,\"digest\":\"" D48 "\",\"event\":\"\",\"event_payload\":\"\"}]",
         BG_EVLOG_ENTRY},
        {"no payload", "[{\"imr\":0,\"event_type\":4,\"digest\":\"" D48 "\",\"event\":\"\"}]",
         BG_EVLOG_ENTRY},
        {"digest number",
         "[{\"imr\":0,\"event_type\":4,\"digest\":1,\"event\":\"\",\"event_payload\":\"\"}]",
         BG_EVLOG_ENTRY},
        {"negative imr",
         "[{\"imr\":-1,\"event_type\":4,\"digest\":\"\",\"event\":\"\",\"event_payload\":\"\"}]",
         BG_EVLOG_ENTRY},
        {"type of 33 bits",
         "[{\"imr\":0,\"event_type\":4294967296,\"digest\":\"\",\"event\":\"\",\"event_payload\":"
         "\"\"}]",
         BG_EVLOG_ENTRY},
        {"imr 4",
         "[{\"imr\":4,\"event_type\":4,\"digest\":\"" D48
         "\",\"event\":\"\",\"event_payload\":\"\"}]",
         BG_EVLOG_IMR},
        {"odd payload",
         "[{\"imr\":0,\"event_type\":4,\"digest\":\"" D48
         "\",\"event\":\"\",\"event_payload\":\"0\"}]",
         BG_EVLOG_PAYLOAD},
        {"0x payload",
         "[{\"imr\":0,\"event_type\":4,\"digest\":\"" D48
         "\",\"event\":\"\",\"event_payload\":\"0x00\"}]",
         BG_EVLOG_PAYLOAD},
        {"short digest",
         "[{\"imr\":0,\"event_type\":4,\"digest\":\"00\",\"event\":\"\",\"event_payload\":\"\"}]",
         BG_EVLOG_DIGEST},
        {"long digest",
         "[{\"imr\":0,\"event_type\":4,\"digest\":\"" D48
         "00\",\"event\":\"\",\"event_payload\":\"\"}]",
         BG_EVLOG_DIGEST},
        {"firmware without digest",
         "[{\"imr\":0,\"event_type\":4,\"event\":\"\",\"event_payload\":\"\"}]",
         BG_EVLOG_DIGEST_MISSING},
        {"runtime in RTMR2",
         "[{\"imr\":2,\"event_type\":134217729,\"event\":\"x\",\"event_payload\":\"\"}]",
         BG_EVLOG_RUNTIME_REGISTER},
        {"version 3",
         "[{\"imr\":3,\"event_type\":134217729,\"version\":3,\"event\":\"x\",\"event_payload\":"
         "\"\"}]",
         BG_EVLOG_VERSION},
        {"version 0",
         "[{\"imr\":3,\"event_type\":134217729,\"version\":0,\"event\":\"x\",\"event_payload\":"
         "\"\"}]",
         BG_EVLOG_VERSION},
        {"version text",
         "[{\"imr\":3,\"event_type\":134217729,\"version\":\"2\",\"event\":\"x\",\"event_payload\":"
         "\"\"}]",
         BG_EVLOG_VERSION},
        {"preimage",
         "[{\"imr\":3,\"event_type\":134217729,\"version\":2,\"event\":\"x\",\"event_payload\":"
         "\"\","
         "\"preimage\":\"00\"}]",
         BG_EVLOG_PREIMAGE},
        {"preimage number",
         "[{\"imr\":3,\"event_type\":134217729,\"version\":2,\"event\":\"x\",\"event_payload\":"
         "\"\","
         "\"preimage\":0}]",
         BG_EVLOG_PREIMAGE},
        {"right preimage",
         "[{\"imr\":3,\"event_type\":134217729,\"version\":2,\"event\":\"x\",\"event_payload\":"
         "\"\","
         "\"preimage\":"
         "\"7b226e616d65223a2278222c227061796c6f6164223a22222c2274797065223a313334323137"
         "3732397d\"}]",
         RC_OK},
        {"no action", "[{\"imr\":0,\"event_type\":3,\"event\":\"\",\"event_payload\":\"\"}]",
         RC_OK},
    };
    struct arena *a = arena_new(64 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        struct evlog log = {0};
        enum rc rc = evlog_parse_json(a, bytes_of_str(rows[i].text), &log, &err);
        CASE(rows[i].name, rc == rows[i].want, "BG-%04d %s", rc, err.detail);
        CASE(rows[i].name, rc == RC_OK || (!log.v && !log.n), "output touched");
        CASE(rows[i].name, rc == RC_OK || err_exit_status(rc) == 4, "exit %d", err_exit_status(rc));
    }
    arena_free(a);
}

static char *many(size_t n)
{
    static const char one[] =
        "{\"imr\":3,\"event_type\":134217729,\"event\":\"e\",\"event_payload\":"
        "\"00\"},";
    char *text = malloc(n * sizeof one + 3), *p = text;
    *p++ = '[';
    for (size_t i = 0; i < n; i++) {
        memcpy(p, one, sizeof one - 1);
        p += sizeof one - 1;
    }
    memcpy(p - (n > 0), "]", 2);
    return text;
}

/* What is stored grows with the records and nothing else; 10,000 of them are no trouble. */
static void cost_is_linear_in_the_records(void **state)
{
    (void)state;
    size_t used[2], counts[2] = {1000, 10000};
    for (int i = 0; i < 2; i++) {
        struct arena *a = arena_new(64 << 20);
        struct err err = {0};
        struct evlog log = {0};
        char *text = many(counts[i]);
        enum rc rc = evlog_parse_json(a, bytes_of_str(text), &log, &err);
        CASE("many", rc == RC_OK && log.n == counts[i], "BG-%04d %s", rc, err.detail);
        used[i] = arena_used(a);
        free(text);
        arena_free(a);
    }
    CASE("linear", used[1] < 11 * used[0], "%zu bytes for 1000, %zu for 10000", used[0], used[1]);
    struct arena *a = arena_new(64 << 20);
    struct err err = {0};
    struct evlog log = {0};
    char *big = many(LIMIT_EVENTS + 1); /* too many bytes, too */
    CASE("too large", evlog_parse_json(a, bytes_of_str(big), &log, &err) == BG_EVLOG_JSON, "%d",
         err.rc);
    free(big);
    big = malloc(2 * (LIMIT_EVENTS + 1) + 2);
    for (size_t i = 0; i <= LIMIT_EVENTS; i++)
        memcpy(big + 1 + 2 * i, "0,", 2);
    big[0] = '[';
    memcpy(big + 2 * (LIMIT_EVENTS + 1), "]", 2);
    err_clear(&err);
    CASE("too many", evlog_parse_json(a, bytes_of_str(big), &log, &err) == BG_EVLOG_TOO_MANY, "%d",
         err.rc);
    free(big);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_boot_replays_and_tells_its_facts),
        cmocka_unit_test(runtime_digests_have_the_published_form),
        cmocka_unit_test(every_change_to_a_record_is_refused),
        cmocka_unit_test(order_counts_inside_a_register_only),
        cmocka_unit_test(hiding_a_boot_event_is_refused),
        cmocka_unit_test(boot_events_occur_once_and_have_their_width),
        cmocka_unit_test(a_register_without_log_is_named),
        cmocka_unit_test(malformed_json_logs_are_refused_by_name),
        cmocka_unit_test(cost_is_linear_in_the_records),
    };
    return HARNESS_RUN("evlog", tests);
}
