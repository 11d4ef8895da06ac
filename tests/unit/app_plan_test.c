/*
 * app_plan, predict: dstack's events from an app's files, against an independent computation
 * (tests/oracles/app_plan.py); what dstack would refuse; what is unknown; and the boot info that
 * comes of it against a guest made forwards (tests/lib/event_builder).
 */
#include "tests/lib/event_builder.h"
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "quote/evlog_internal.h"
#include "tests/vectors/app_plan_cases.h"

#define LEAST "\"manifest_version\":2,\"name\":\"n\",\"runner\":\"r\""
#define NEW   "\"manifest_version\":\"3\",\"name\":\"n\",\"runner\":\"r\""
#define KMS   LEAST ",\"kms_enabled\":true"

static struct arena *a;

static int fresh(void **state)
{
    (void)state;
    a = arena_new(64u << 20);
    return a ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static bool hex_is(const uint8_t *b, size_t n, const char *want)
{
    char got[129] = {0};
    hex_encode(bytes_of(b, n), got);
    return strcmp(got, want) == 0;
}

static const uint8_t *drawn(void)
{
    static uint8_t seed[20];
    for (uint8_t i = 0; i < sizeof seed; i++)
        seed[i] = i;
    return seed;
}

/* known: all that a guest without GPU knows that measures by itself. */
static struct app_plan_input known(const char *compose, const char *info, bool gpu_policy)
{
    return (struct app_plan_input){.app_compose = bytes_of_str(compose),
                                   .instance_info = bytes_of_str(info),
                                   .seed = bytes_of(drawn(), 20),
                                   .gpu_policy = gpu_policy ? APP_EMITS : APP_EMITS_NOT,
                                   .gpu = APP_EMITS_NOT,
                                   .no_binding = true};
}

static enum rc plan(const struct app_plan_input *in, struct app_plan *p)
{
    struct err err = {0};
    memset(p, 0, sizeof *p);
    return app_plan_make(a, in, p, &err);
}

static void rtmr3_of(const struct app_plan *p, uint8_t out[48])
{
    struct evlog log = {.v = (struct event *)p->events, .n = p->num_events};
    evlog_replay_register(&log, 3, SIZE_MAX, out);
}

static void events_are_dstacks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct app_plan_input in = known(cases[i].compose, cases[i].info, cases[i].gpu_policy);
        struct app_plan p;
        uint8_t mr[48];
        enum rc rc = plan(&in, &p);
        CASE(cases[i].name, rc == RC_OK && !p.log_unknown, "BG-%04d", rc);
        CASE(cases[i].name, p.num_events == cases[i].events, "%zu events", p.num_events);
        CASE(cases[i].name, p.version == cases[i].version, "version %u", p.version);
        CASE(cases[i].name, hex_is(p.app_id, 20, cases[i].app_id), "app id");
        CASE(cases[i].name, hex_is(p.compose_hash, 32, cases[i].compose_hash), "compose hash");
        CASE(cases[i].name, hex_is(p.instance_id, p.has_instance_id ? 20 : 0, cases[i].instance_id),
             "instance id");
        rtmr3_of(&p, mr);
        CASE(cases[i].name, hex_is(mr, 48, cases[i].rtmr3), "RTMR3");
    }
}

static void what_dstack_refuses_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum rc rc;
        const char *compose, *info;
    } bad[] = {
        {BG_APP_COMPOSE_JSON, "", ""},
        {BG_APP_COMPOSE_JSON, "[]", ""},
        {BG_APP_COMPOSE_JSON, "{" LEAST, ""},
        {BG_APP_COMPOSE_JSON, "{" LEAST "} x", ""},
        {BG_APP_COMPOSE_JSON, "{" LEAST ",\"name\":\"n\"}", ""},
        {BG_APP_COMPOSE_JSON, "{" LEAST ",\"init_script\":\"\\u0000\"}", ""},
        {BG_APP_COMPOSE_MANIFEST, "{\"name\":\"n\",\"runner\":\"r\"}", ""},
        {BG_APP_COMPOSE_MANIFEST, "{\"manifest_version\":0,\"name\":\"n\",\"runner\":\"r\"}", ""},
        {BG_APP_COMPOSE_MANIFEST, "{\"manifest_version\":3,\"name\":\"n\",\"runner\":\"r\"}", ""},
        {BG_APP_COMPOSE_MANIFEST, "{\"manifest_version\":2.0,\"name\":\"n\",\"runner\":\"r\"}", ""},
        {BG_APP_COMPOSE_MANIFEST, "{\"manifest_version\":\"4\",\"name\":\"n\",\"runner\":\"r\"}",
         ""},
        {BG_APP_COMPOSE_MANIFEST, "{\"manifest_version\":\"03\",\"name\":\"n\",\"runner\":\"r\"}",
         ""},
        {BG_APP_COMPOSE_MANIFEST, "{\"manifest_version\":null,\"name\":\"n\",\"runner\":\"r\"}",
         ""},
        {BG_APP_COMPOSE_MEMBER, "{\"manifest_version\":2,\"runner\":\"r\"}", ""},
        {BG_APP_COMPOSE_MEMBER, "{\"manifest_version\":2,\"name\":\"n\"}", ""},
        {BG_APP_COMPOSE_MEMBER, "{\"manifest_version\":2,\"name\":\"n\",\"runner\":1}", ""},
        {BG_APP_COMPOSE_MEMBER, "{" LEAST ",\"kms_enabled\":1}", ""},
        {BG_APP_COMPOSE_MEMBER, "{" LEAST ",\"kms_enabled\":null}", ""},
        {BG_APP_COMPOSE_MEMBER, "{" LEAST ",\"local_key_provider_enabled\":\"true\"}", ""},
        {BG_APP_COMPOSE_MEMBER, "{" LEAST ",\"no_instance_id\":0}", ""},
        {BG_APP_COMPOSE_MEMBER, "{" LEAST ",\"init_script\":7}", ""},
        {BG_APP_COMPOSE_MEMBER, "{" NEW ",\"init_script\":[\"a\",1]}", ""},
        {BG_APP_COMPOSE_SCRIPTS, "{" NEW ",\"init_script\":[\"\",\"\",\"\",\"\",\"\",\"\"]}", ""},
        {BG_APP_COMPOSE_NEEDS_3, "{" LEAST ",\"init_script\":[\"a\",\"b\"]}", ""},
        {BG_APP_COMPOSE_NEEDS_3, "{" LEAST ",\"requirements\":{}}", ""},
        {BG_APP_COMPOSE_NEEDS_3,
         "{\"manifest_version\":2,\"name\":\"n\",\"runner\":\"nerdctl-compose\"}", ""},
        {BG_APP_COMPOSE_PROVIDER, "{" LEAST ",\"key_provider\":\"KMS\"}", ""},
        {BG_APP_COMPOSE_PROVIDER, "{" LEAST ",\"key_provider\":\"\"}", ""},
        {BG_APP_COMPOSE_PROVIDER, "{" LEAST ",\"key_provider\":2}", ""},
        {BG_APP_COMPOSE_EVENTS, "{" LEAST ",\"event_log_version\":0}", ""},
        {BG_APP_COMPOSE_EVENTS, "{" LEAST ",\"event_log_version\":3}", ""},
        {BG_APP_COMPOSE_EVENTS, "{" LEAST ",\"event_log_version\":\"2\"}", ""},
        {BG_APP_COMPOSE_EVENTS, "{" LEAST ",\"event_log_version\":null}", ""},
        {BG_APP_COMPOSE_REQUIREMENT, "{" NEW ",\"requirements\":[]}", ""},
        {BG_APP_COMPOSE_REQUIREMENT, "{" NEW ",\"requirements\":{\"gpu\":{}}}", ""},
        {BG_APP_COMPOSE_GPU, "{" NEW ",\"requirements\":{\"gpu_policy\":null}}", ""},
        {BG_APP_COMPOSE_GPU, "{" NEW ",\"requirements\":{\"gpu_policy\":[]}}", ""},
        {BG_APP_COMPOSE_GPU, "{" NEW ",\"requirements\":{\"gpu_policy\":{\"x\":1}}}", ""},
        {BG_APP_COMPOSE_GPU, "{" NEW ",\"requirements\":{\"gpu_policy\":{\"rego\":true}}}", ""},
        {BG_APP_COMPOSE_GPU, "{" NEW ",\"requirements\":{\"gpu_policy\":{\"attest_gpu\":null}}}",
         ""},
        {BG_INSTANCE_INFO_JSON, "{" LEAST "}", "x"},
        {BG_INSTANCE_INFO_JSON, "{" LEAST "}", "[]"},
        {BG_INSTANCE_INFO_MEMBER, "{" LEAST "}", "{\"app_id\":1}"},
        {BG_INSTANCE_INFO_MEMBER, "{" LEAST "}", "{\"app_id\":null}"},
        {BG_INSTANCE_INFO_MEMBER, "{" LEAST "}", "{\"instance_id\":\"0g\"}"},
        {BG_INSTANCE_INFO_MEMBER, "{" LEAST "}", "{\"instance_id_seed\":\"012\"}"},
        {BG_INSTANCE_INFO_MEMBER, "{" LEAST "}", "{\"instance_id_seed\":\"0x00\"}"},
        {BG_INSTANCE_INFO_APP_ID, "{" LEAST "}", "{\"app_id\":\"00\"}"},
        {BG_INSTANCE_INFO_APP_ID, "{" LEAST "}",
         "{\"app_id\":\"000000000000000000000000000000000000000000\"}"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct app_plan_input in = known(bad[i].compose, bad[i].info, true);
        struct app_plan p;
        enum rc rc = plan(&in, &p);
        CASE("refused", rc == bad[i].rc, "%zu: BG-%04d", i, rc);
        CASE("untouched", p.num_events == 0 && mem_is_zero(p.app_id, 20), "%zu", i);
    }
    struct app_plan_input in = known("{" LEAST "}", "", false);
    struct app_plan p;
    in.seed.n = 19;
    CASE("seed", plan(&in, &p) == BG_APP_PLAN_SEED, "19 bytes were taken");
}

static void what_is_not_known_is_not_guessed(void **state)
{
    (void)state;
    static const char kept[] =
        "{\"instance_id_seed\":\"6465666768696a6b6c6d6e6f7071727374757677\"}";
    struct app_plan p;
    struct app_plan_input in = known("{" KMS "}", kept, true);
    CASE("all known", plan(&in, &p) == RC_OK && !p.log_unknown && !p.instance_id_unknown, "not");
    in.no_binding = false;
    CASE("binding", plan(&in, &p) == RC_OK && p.instance_id_unknown && p.log_unknown, "known");
    CASE("no events", p.num_events == 0 && !p.has_instance_id, "%zu", p.num_events);
    in = known("{" KMS ",\"no_instance_id\":true}", kept, true);
    in.no_binding = false;
    CASE("no id, no binding", plan(&in, &p) == RC_OK && !p.log_unknown, "unknown");
    in = known("{" KMS "}", "", true);
    in.seed = BYTES_NONE;
    CASE("first boot", plan(&in, &p) == RC_OK && p.draws_seed && p.instance_id_unknown, "known");
    in = known("{" LEAST "}", kept, true);
    in.seed = BYTES_NONE;
    CASE("no provider", plan(&in, &p) == RC_OK && p.draws_seed && p.instance_id_unknown, "known");
    in = known("{" KMS "}", kept, true);
    in.gpu_policy = APP_EMITS_UNKNOWN;
    CASE("GPU policy", plan(&in, &p) == RC_OK && p.log_unknown && !p.instance_id_unknown, "known");
    in.gpu_policy = APP_EMITS;
    in.gpu = APP_EMITS_UNKNOWN;
    CASE("GPU unknown", plan(&in, &p) == RC_OK && p.log_unknown && p.attests_gpu, "known");
    in.gpu = APP_EMITS;
    CASE("GPU attested", plan(&in, &p) == RC_OK && p.log_unknown, "known");
    in.gpu_policy = APP_EMITS_NOT;
    CASE("an older dstack", plan(&in, &p) == RC_OK && !p.log_unknown, "unknown");
    in = known("{" NEW
               ",\"requirements\":{\"gpu_policy\":{\"attest_gpu\":false}},\"kms_enabled\":true}",
               kept, true);
    in.gpu = APP_EMITS;
    CASE("not attested", plan(&in, &p) == RC_OK && !p.log_unknown && !p.attests_gpu, "unknown");
    CASE("nothing to see to", !p.requirements, "requirements");
    in = known("{" NEW ",\"requirements\":{\"gpu_policy\":{\"rego\":\"x\"}}}", "", true);
    CASE("rego", plan(&in, &p) == RC_OK && p.requirements, "not told");
    in = known("{" NEW ",\"requirements\":{\"os_version\":\">=0.6\"}}", "", true);
    CASE("os_version", plan(&in, &p) == RC_OK && p.requirements, "not told");
}

static void an_instance_id_known_otherwise(void **state)
{
    (void)state;
    static const char kept[] =
        "{\"instance_id_seed\":\"6465666768696a6b6c6d6e6f7071727374757677\"}";
    struct err err = {0};
    struct app_plan p, want;
    uint8_t mr[48], want_mr[48];
    struct app_plan_input in = known("{" KMS "}", kept, true);
    assert_int_equal(plan(&in, &want), RC_OK);
    in.no_binding = false;
    assert_int_equal(plan(&in, &p), RC_OK);
    enum rc rc = app_plan_instance(a, &p, BYTES_OF_ARRAY(want.instance_id), &err);
    rtmr3_of(&p, mr);
    rtmr3_of(&want, want_mr);
    CASE("given", rc == RC_OK && memcmp(mr, want_mr, 48) == 0 && !p.log_unknown, "BG-%04d", rc);
    rc = app_plan_instance(a, &p, bytes_of(mr, 19), &err);
    CASE("width", rc == BG_APP_PLAN_INSTANCE, "BG-%04d", rc);
    in = known("{" KMS ",\"no_instance_id\":true}", kept, true);
    assert_int_equal(plan(&in, &p), RC_OK);
    err_clear(&err);
    rc = app_plan_instance(a, &p, bytes_of(mr, 20), &err);
    CASE("has none", rc == BG_APP_PLAN_INSTANCE, "BG-%04d", rc);
    err_clear(&err);
    CASE("none", app_plan_instance(a, &p, BYTES_NONE, &err) == RC_OK, "refused");
}

/* Every byte of the two files counts, but for the member that dstack makes anew. */
static void a_changed_byte_changes_the_register(void **state)
{
    (void)state;
    static const char kept[] = "{\"instance_id_seed\":\"6465666768696a6b6c6d6e6f7071727374757677\","
                               "\"app_id\":\"c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadb\","
                               "\"instance_id\":\"00\"}";
    static const char compose[] = "{" KMS ",\"init_script\":\"x\"}";
    const size_t remade = (size_t)(strstr(kept, "\"instance_id\":") - kept);
    char info[sizeof kept], text[sizeof compose];
    struct app_plan p;
    uint8_t mr[48], want[48];
    struct app_plan_input in = known(compose, kept, true);
    assert_int_equal(plan(&in, &p), RC_OK);
    rtmr3_of(&p, want);
    for (size_t i = 0; i + 1 < sizeof compose; i++) {
        memcpy(text, compose, sizeof compose);
        text[i] ^= 1;
        in = known(text, kept, true);
        bool refused = plan(&in, &p) != RC_OK;
        rtmr3_of(&p, mr);
        CASE("app-compose.json", refused || memcmp(mr, want, 48) != 0, "byte %zu", i);
    }
    for (size_t i = 0; i + 1 < sizeof kept; i++) {
        memcpy(info, kept, sizeof kept);
        info[i] ^= 1;
        in = known(compose, info, true);
        bool refused = plan(&in, &p) != RC_OK;
        rtmr3_of(&p, mr);
        CASE(".instance_info", refused || memcmp(mr, want, 48) != 0 || i > remade, "byte %zu", i);
    }
}

/* --- predict --- */

struct guest {
    struct event_world w;
    struct evlog firmware;
    struct td_report td;
    struct os_image image;
    char info[128];
};

/* A guest whose firmware has run, and nothing else; its files. */
static void boot(struct guest *g, const struct event_spec *spec)
{
    struct err err = {0};
    struct evlog log = {0};
    char app[41];
    memset(g, 0, sizeof *g);
    event_world_build(a, spec, &g->w);
    assert_int_equal(evlog_parse_json(a, bytes_of_str(g->w.event_log), &log, &err), RC_OK);
    g->firmware.v = ARENA_ARRAY(a, struct event, log.n, &err);
    assert_non_null(g->firmware.v);
    for (size_t i = 0; i < log.n; i++)
        if (log.v[i].rtmr != 3)
            g->firmware.v[g->firmware.n++] = log.v[i];
    memcpy(g->td.td.mr_td, g->w.mrtd, 48);
    memcpy(g->td.td.rtmr, g->w.rtmr, 3 * 48);
    memcpy(g->td.td.mr_config_id, g->w.mr_config_id, 48);
    memset(g->td.device_id, 0xd1, 32);
    memcpy(g->image.hash, g->w.os_image_hash, 32);
    g->td.tcb.status = TCB_UP_TO_DATE;
    hex_encode(bytes_of(g->w.app_id, 20), app);
    (void)snprintf(g->info, sizeof g->info, "{\"app_id\":\"%s\"}", app);
}

static void a_prediction_is_what_is_measured_later(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct guest g;
        struct err err = {0};
        struct app_plan p;
        struct predicted_boot_info got = {0};
        uint8_t app_id[20];
        memset(app_id, 0x5a, sizeof app_id);
        char compose[160];
        (void)snprintf(compose, sizeof compose, "{" KMS ",\"event_log_version\":%u%s}", 1 + i % 2,
                       i & 2 ? ",\"no_instance_id\":true" : "");
        boot(&g, &(struct event_spec){.app_compose = compose,
                                      .app_id = i & 4 ? app_id : NULL,
                                      .no_instance_id = (i & 2) != 0,
                                      .event_version = 1 + i % 2,
                                      .mr_config = i & 1});
        struct app_plan_input in = known(g.w.app_compose, g.info, false);
        in.seed = BYTES_NONE;
        assert_int_equal(plan(&in, &p), RC_OK);
        enum rc rc =
            app_plan_instance(a, &p, bytes_of(g.w.instance_id, g.w.has_instance_id ? 20 : 0), &err);
        CASE("plan", rc == RC_OK, "%u: BG-%04d", i, rc);
        rc = predict_make(a, &g.td, &g.firmware, &g.image, &p, &got, &err);
        CASE("predict", rc == RC_OK, "%u: BG-%04d %s", i, rc, err.detail);
        const struct boot_info *bi = &got.known;
        CASE("mrAggregated", memcmp(bi->mr_aggregated, g.w.mr_aggregated_app, 32) == 0, "%u", i);
        CASE("mrSystem", memcmp(bi->mr_system, g.w.mr_system_app, 32) == 0, "%u", i);
        CASE("ids",
             memcmp(bi->app_id, g.w.app_id, 20) == 0 &&
                 memcmp(bi->compose_hash, g.w.compose_hash, 32) == 0 &&
                 memcmp(bi->instance_id, g.w.instance_id, 20) == 0 &&
                 bi->has_instance_id == g.w.has_instance_id,
             "%u", i);
        CASE("known", !got.mr_aggregated_unknown && !got.instance_id_unknown, "%u", i);
        CASE("no key provider yet", bi->key_provider_info.n == 0, "%u", i);
    }
}

static void unknown_parts_are_zero_and_named(void **state)
{
    (void)state;
    struct guest g;
    struct err err = {0};
    struct app_plan p;
    struct predicted_boot_info got = {0};
    boot(&g, &(struct event_spec){.app_compose = "{" KMS "}"});
    struct app_plan_input in = known(g.w.app_compose, g.info, false);
    in.seed = BYTES_NONE;
    assert_int_equal(plan(&in, &p), RC_OK);
    enum rc rc = predict_make(a, &g.td, &g.firmware, &g.image, &p, &got, &err);
    CASE("predict", rc == RC_OK, "BG-%04d %s", rc, err.detail);
    CASE("named", got.mr_aggregated_unknown && got.instance_id_unknown, "not");
    CASE("mrAggregated", mem_is_zero(got.known.mr_aggregated, 32), "not zero");
    CASE("instanceId", mem_is_zero(got.known.instance_id, 20), "not zero");
    CASE("mrSystem", memcmp(got.known.mr_system, g.w.mr_system_app, 32) == 0, "another");
    CASE("appId", memcmp(got.known.app_id, g.w.app_id, 20) == 0, "another");
    CASE("composeHash", memcmp(got.known.compose_hash, g.w.compose_hash, 32) == 0, "another");
}

static void refused_predictions(void **state)
{
    (void)state;
    struct guest g;
    struct err err = {0};
    struct app_plan p;
    struct predicted_boot_info got = {0};
    boot(&g, &(struct event_spec){.app_compose = "{" KMS "}", .mr_config = 1});
    struct app_plan_input in = known(g.w.app_compose, g.info, false);
    assert_int_equal(plan(&in, &p), RC_OK);
    for (size_t i = 0; i < 48; i++) {
        g.td.td.rtmr[3][i] = 1;
        err_clear(&err);
        enum rc rc = predict_make(a, &g.td, &g.firmware, &g.image, &p, &got, &err);
        CASE("RTMR3 in use", rc == BG_PREDICT_MEASURED, "byte %zu: BG-%04d", i, rc);
        g.td.td.rtmr[3][i] = 0;
    }
    /* MRCONFIGID of version 1 binds the compose hash: other files are not this TD's. */
    in = known("{" KMS ",\"public_logs\":true}", g.info, false);
    assert_int_equal(plan(&in, &p), RC_OK);
    err_clear(&err);
    enum rc rc = predict_make(a, &g.td, &g.firmware, &g.image, &p, &got, &err);
    CASE("another app's files", rc == BG_MR_CONFIG_MISMATCH, "BG-%04d", rc);
    CASE("untouched", !got.known.tee_variant, "not");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_are_dstacks, fresh, done),
        cmocka_unit_test_setup_teardown(what_dstack_refuses_is_refused, fresh, done),
        cmocka_unit_test_setup_teardown(what_is_not_known_is_not_guessed, fresh, done),
        cmocka_unit_test_setup_teardown(an_instance_id_known_otherwise, fresh, done),
        cmocka_unit_test_setup_teardown(a_changed_byte_changes_the_register, fresh, done),
        cmocka_unit_test_setup_teardown(a_prediction_is_what_is_measured_later, fresh, done),
        cmocka_unit_test_setup_teardown(unknown_parts_are_zero_and_named, fresh, done),
        cmocka_unit_test_setup_teardown(refused_predictions, fresh, done),
    };
    return HARNESS_RUN("app_plan", tests);
}
