/* boot_info and dstack: AppBootInfo of an invented guest in both views, its JSON both ways, and
 * MRCONFIGID against the log. */
#include "tests/lib/event_builder.h"
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/keccak.h"
#include "quote/dstack.h"
#include "quote/evlog_internal.h"

struct bench {
    struct arena *a;
    struct event_world w;
    struct evlog log;
    struct evlog_facts f;
    struct td_report td;
    struct os_image im;
};

static void setup(struct bench *b, const struct event_spec *spec)
{
    struct err err = {0};
    memset(b, 0, sizeof *b);
    b->a = arena_new(64 << 20);
    assert_non_null(b->a);
    event_world_build(b->a, spec, &b->w);
    assert_int_equal(evlog_parse_json(b->a, bytes_of_str(b->w.event_log), &b->log, &err), RC_OK);
    assert_int_equal(evlog_lookup(&b->log, &b->f, &err), RC_OK);
    memcpy(b->td.td.mr_td, b->w.mrtd, 48);
    memcpy(b->td.td.rtmr, b->w.rtmr, sizeof b->w.rtmr);
    memcpy(b->td.td.mr_config_id, b->w.mr_config_id, 48);
    memset(b->td.device_id, 0xd1, 32);
    memcpy(b->im.hash, b->w.os_image_hash, 32);
    b->td.tcb.status = TCB_OUT_OF_DATE;
    b->td.tcb.advisories = (struct tcb_advisories){
        .v = {bytes_of_str("INTEL-SA-00960"), bytes_of_str("INTEL-SA-00982")}, .n = 2};
}

static enum rc make(struct bench *b, enum boot_view view, struct boot_info *bi)
{
    struct err err = {0};
    memset(bi, 0, sizeof *bi);
    return boot_info_make(b->a, &b->td, &b->f, &b->im, view, bi, &err);
}

static void both_views_give_dstacks_values(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        struct bench b;
        struct boot_info bi;
        setup(&b, &(struct event_spec){.event_version = 1 + i % 2,
                                       .mr_config = i / 2 % 2,
                                       .no_instance_id = i / 4 % 2 == 1,
                                       .app_events = i / 8 ? 3 : 0});
        enum rc rc = make(&b, BOOT_VIEW_APP, &bi);
        CASE("app", rc == RC_OK, "%u: BG-%04d", i, rc);
        CASE("app", memcmp(bi.mr_system, b.w.mr_system_app, 32) == 0, "%u mrSystem", i);
        CASE("app", memcmp(bi.mr_aggregated, b.w.mr_aggregated_app, 32) == 0, "%u mrAggregated", i);
        CASE("app", bi.key_provider_info.n == 0, "%u key provider", i);
        rc = make(&b, BOOT_VIEW_KMS, &bi);
        CASE("kms", rc == RC_OK, "%u: BG-%04d", i, rc);
        CASE("kms", memcmp(bi.mr_system, b.w.mr_system_kms, 32) == 0, "%u mrSystem", i);
        CASE("kms", memcmp(bi.mr_aggregated, b.w.mr_aggregated_kms, 32) == 0, "%u mrAggregated", i);
        CASE("kms", bytes_eq_str(bi.key_provider_info, b.w.key_provider), "%u key provider", i);
        CASE("ids", memcmp(bi.app_id, b.w.app_id, 20) == 0, "%u app", i);
        CASE("ids", memcmp(bi.compose_hash, b.w.compose_hash, 32) == 0, "%u compose", i);
        CASE("ids", bi.has_instance_id == b.w.has_instance_id, "%u instance", i);
        CASE("ids", memcmp(bi.instance_id, b.w.instance_id, 20) == 0, "%u instance", i);
        CASE("ids", bi.device_id[0] == 0xd1 && bi.device_id[31] == 0xd1, "%u device", i);
        CASE("tcb",
             bytes_eq_str(bi.tcb_status, "OutOfDate") && bi.num_advisory_ids == 2 &&
                 bytes_eq_str(bi.advisory_ids[1], "INTEL-SA-00982"),
             "%u", i);
        arena_free(b.a);
    }
}

/* Any non-zero byte of the three configuration fields brings all three into mrAggregated. */
static void configuration_fields_count_when_one_is_set(void **state)
{
    (void)state;
    struct bench b;
    struct boot_info plain, bi;
    setup(&b, &(struct event_spec){0});
    assert_int_equal(make(&b, BOOT_VIEW_KMS, &plain), RC_OK);
    uint8_t *fields[] = {b.td.td.mr_config_id, b.td.td.mr_owner, b.td.td.mr_owner_config};
    for (size_t i = 0; i < 3; i++) {
        uint8_t buf[48 * 8] = {0}, want[32];
        fields[i][47] = 9; /* as MRCONFIGID: of no known kind */
        memcpy(buf, b.w.mrtd, 48);
        memcpy(buf + 48, b.w.rtmr, sizeof b.w.rtmr);
        for (size_t k = 0; k < 3; k++)
            memcpy(buf + 240 + 48 * k, fields[k], 48);
        hash_sha256(BYTES_OF_ARRAY(buf), want);
        enum rc rc = make(&b, BOOT_VIEW_KMS, &bi);
        CASE("set", rc == RC_OK && memcmp(bi.mr_aggregated, want, 32) == 0, "field %zu: BG-%04d", i,
             rc);
        CASE("mrSystem", memcmp(bi.mr_system, plain.mr_system, 32) == 0, "field %zu", i);
        fields[i][47] = 0;
    }
    arena_free(b.a);
}

static void missing_events_are_named(void **state)
{
    (void)state;
    struct bench b;
    struct boot_info bi;
    setup(&b, &(struct event_spec){0});
    struct evlog_facts all = b.f;
    CASE("no view", make(&b, BOOT_VIEW_NONE, &bi) == BG_BOOT_VIEW, "accepted");
    b.f.app_id = BYTES_NONE;
    CASE("app-id", make(&b, BOOT_VIEW_KMS, &bi) == BG_BOOT_NO_APP_ID, "accepted");
    b.f = all;
    b.f.compose_hash = BYTES_NONE;
    CASE("compose-hash", make(&b, BOOT_VIEW_KMS, &bi) == BG_BOOT_NO_COMPOSE_HASH, "accepted");
    b.f = all;
    b.f.has_instance_id = false;
    CASE("instance-id", make(&b, BOOT_VIEW_KMS, &bi) == BG_BOOT_NO_INSTANCE_ID, "accepted");
    b.f = all;
    b.f.boot_mr_done = 0;
    CASE("boot-mr-done", make(&b, BOOT_VIEW_APP, &bi) == BG_BOOT_NO_BOOT_MR, "accepted");
    CASE("boot-mr-done, KMS", make(&b, BOOT_VIEW_KMS, &bi) == RC_OK, "refused");
    CASE("output", bi.tee_variant != NULL, "empty");
    b.f = all;
    static const char document[] = "dstack-mr-config-v3:\0{}";
    b.im.mr_config = bytes_of_str("{}");
    b.td.td.mr_config_id[0] = 3;
    hash_sha256(bytes_of(document, sizeof document - 1), b.td.td.mr_config_id + 1);
    CASE("MRCONFIGID 3", make(&b, BOOT_VIEW_APP, &bi) == BG_MR_CONFIG_MISMATCH, "not looked at");
    b.im.mr_config = BYTES_NONE;
    CASE("MRCONFIGID 3, no document", make(&b, BOOT_VIEW_APP, &bi) == RC_OK, "refused");
    memset(&bi, 0, sizeof bi);
    memset(b.td.td.mr_config_id, 0, 48);
    b.td.td.mr_config_id[0] = 1;
    CASE("MRCONFIGID", make(&b, BOOT_VIEW_APP, &bi) == BG_MR_CONFIG_MISMATCH && !bi.tee_variant,
         "accepted");
    arena_free(b.a);
}

static void json_is_dstacks_request_in_its_order(void **state)
{
    (void)state;
    struct bytes ids[] = {bytes_of_str("INTEL-SA-1"), bytes_of_str("x\"y")};
    struct boot_info bi = {.tee_variant = "dstack-tdx",
                           .mr_aggregated = {0xab},
                           .os_image_hash = {1},
                           .mr_system = {2},
                           .app_id = {3},
                           .compose_hash = {4},
                           .instance_id = {5},
                           .has_instance_id = true,
                           .device_id = {6},
                           .key_provider_info = bytes_of_str("{}"),
                           .tcb_status = bytes_of_str("UpToDate"),
                           .advisory_ids = ids,
                           .num_advisory_ids = 2};
#define Z31 "00000000000000000000000000000000000000000000000000000000000000"
#define Z19 "00000000000000000000000000000000000000"
    static const char want[] =
        "{\"teeVariant\":\"dstack-tdx\",\"mrAggregated\":\"ab" Z31 "\",\"osImageHash\":\"01" Z31
        "\",\"mrSystem\":\"02" Z31 "\",\"appId\":\"03" Z19 "\",\"composeHash\":\"04" Z31
        "\",\"instanceId\":\"05" Z19 "\",\"deviceId\":\"06" Z31
        "\",\"keyProviderInfo\":\"7b7d\",\"tcbStatus\":\"UpToDate\","
        "\"advisoryIds\":[\"INTEL-SA-1\",\"x\\\"y\"]}";
    struct arena *a = arena_new(1 << 20);
    struct err err = {0};
    struct boot_info back = {0};
    AUTO_JSON j = boot_info_json(&bi);
    char *text = json_dumps(j, JSON_COMPACT);
    CASE("text", strcmp(text, want) == 0, "%s", text);
    free(text);
    CASE("read", boot_info_read(a, j, &back, &err) == RC_OK, "BG-%04d %s", err.rc, err.detail);
    AUTO_JSON again = boot_info_json(&back);
    CASE("both ways", json_equal(j, again), "differs");
    bi.has_instance_id = false;
    bi.key_provider_info = bytes_of_str("");
    bi.num_advisory_ids = 0;
    AUTO_JSON bare = boot_info_json(&bi);
    CASE("empty instance",
         json_string_length(json_object_get(bare, "instanceId")) == 0 &&
             json_array_size(json_object_get(bare, "advisoryIds")) == 0 &&
             json_string_length(json_object_get(bare, "keyProviderInfo")) == 0,
         "not empty");
    CASE("empty instance read",
         boot_info_read(a, bare, &back, &err) == RC_OK && !back.has_instance_id &&
             back.key_provider_info.n == 0,
         "BG-%04d", err.rc);
    arena_free(a);
}

static json_t *request(void)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "appId",
                     "0303030303030303030303030303030303030303", "composeHash", "04" Z31,
                     "instanceId", "", "deviceId", "06" Z31, "mrAggregated", "0xab" Z31,
                     "osImageHash", "01" Z31);
}

static void requests_are_read_with_exact_widths(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    struct boot_info bi;
    struct err err = {0};
    AUTO_JSON base = request();
    CASE("least",
         boot_info_read(a, base, &bi, &err) == RC_OK && bi.mr_aggregated[0] == 0xab &&
             strcmp(bi.tee_variant, "dstack-tdx") == 0 && !bi.has_instance_id,
         "BG-%04d %s", err.rc, err.detail);
    static const char *const must[] = {"appId",    "composeHash",  "instanceId",
                                       "deviceId", "mrAggregated", "osImageHash"};
    for (size_t i = 0; i < 6; i++) {
        AUTO_JSON j = request();
        json_object_del(j, must[i]);
        err_clear(&err);
        CASE(must[i], boot_info_read(a, j, &bi, &err) == BG_BOOT_INFO_MEMBER, "optional");
    }
    const struct {
        const char *key;
        json_t *value;
        enum rc want;
    } rows[] = {
        {"appId", json_string("03"), BG_BOOT_INFO_MEMBER},
        {"appId", json_string("04" Z31), BG_BOOT_INFO_MEMBER},
        {"appId", json_string(""), BG_BOOT_INFO_MEMBER},
        {"appId", json_integer(3), BG_BOOT_INFO_MEMBER},
        {"appId", json_string("0x03" Z19), RC_OK},
        {"composeHash", json_string("04" Z31 " "), BG_BOOT_INFO_MEMBER},
        {"composeHash", json_string("03" Z19), BG_BOOT_INFO_MEMBER},
        {"deviceId", json_string("zz" Z31), BG_BOOT_INFO_MEMBER},
        {"mrSystem", json_string(""), BG_BOOT_INFO_MEMBER},
        {"mrSystem", json_string("02" Z31), RC_OK},
        {"mrSystem", json_null(), BG_BOOT_INFO_MEMBER},
        {"instanceId", json_string("0x"), RC_OK},
        {"instanceId", json_string("05" Z19), RC_OK},
        {"instanceId", json_string("05"), BG_BOOT_INFO_MEMBER},
        {"instanceId", json_null(), BG_BOOT_INFO_MEMBER},
        {"teeVariant", json_string("dstack-amd-sev-snp"), RC_OK},
        {"teeVariant", json_string("tdx"), BG_BOOT_INFO_MEMBER},
        {"teeVariant", json_null(), BG_BOOT_INFO_MEMBER},
        {"tcbStatus", json_string("UpToDate"), RC_OK},
        {"tcbStatus", json_integer(0), BG_BOOT_INFO_MEMBER},
        {"advisoryIds", json_array(), RC_OK},
        {"advisoryIds", json_string("x"), BG_BOOT_INFO_MEMBER},
        {"advisoryIds", json_pack("[i]", 1), BG_BOOT_INFO_MEMBER},
        {"keyProviderInfo", json_string("7b7"), BG_BOOT_INFO_MEMBER},
        {"keyProviderInfo", json_string("0x7b7d"), RC_OK},
        {"keyProviderInfo", json_true(), BG_BOOT_INFO_MEMBER},
        {"mrImage", json_string("02" Z31), BG_BOOT_INFO_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO_JSON j = request();
        json_object_set_new(j, rows[i].key, rows[i].value);
        struct err e = {0};
        enum rc rc = boot_info_read(a, j, &bi, &e);
        CASE(rows[i].key, rc == rows[i].want, "row %zu: BG-%04d %s", i, rc, e.detail);
        CASE(rows[i].key, rc == RC_OK || err_exit_status(rc) == 2, "row %zu: exit status", i);
    }
    AUTO_JSON list = json_array();
    err_clear(&err);
    CASE("not an object", boot_info_read(a, list, &bi, &err) == BG_BOOT_INFO_UNKNOWN, "accepted");
    for (int i = 0; i < 129; i++)
        json_array_append_new(list, json_string("a"));
    AUTO_JSON j = request();
    json_object_set(j, "advisoryIds", list);
    err_clear(&err);
    CASE("129 advisories", boot_info_read(a, j, &bi, &err) == BG_BOOT_INFO_MEMBER, "accepted");
    arena_free(a);
}

static void compose_hash_and_app_id(void **state)
{
    (void)state;
    /* SHA-256("abc"), FIPS 180-4 example */
    uint8_t hash[32], id[20], want[32];
    dstack_compose_hash(bytes_of_str("abc"), hash);
    dstack_app_id(hash, id);
    assert_true(
        hex_decode(bytes_of_str("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
                   want, 32));
    assert_memory_equal(hash, want, 32);
    assert_memory_equal(id, want, 20);
    char *path = vectors_path("tdx/dstack/simulator-app-compose.json");
    if (!path) {
        case_skip(1, "vectors/tdx is not here");
        return;
    }
    free(path);
    struct arena *a = arena_new(1 << 20);
    dstack_compose_hash(vectors_bytes(a, "tdx/dstack/simulator-app-compose.json"), hash);
    CASE("simulator", hash[0] == 0x65 && hash[1] == 0xb4 && hash[31] == 0xbb, "%02x%02x", hash[0],
         hash[1]);
    arena_free(a);
}

#define KMS "{\"name\":\"kms\",\"id\":\"33333333\"}"

static enum rc config(const uint8_t id[48], const char *provider, const char *document, bool *known)
{
    struct err err = {0};
    uint8_t compose[32], app[20];
    memset(compose, 0x22, 32);
    memset(app, 0x11, 20);
    *known = false;
    return mr_config_check(id, BYTES_OF_ARRAY(compose), BYTES_OF_ARRAY(app), bytes_of_str(provider),
                           bytes_of_str(document), known, &err);
}

static void flip_all(const char *name, uint8_t id[48], const char *provider, const char *document)
{
    bool known;
    enum rc rc = config(id, provider, document, &known);
    CASE(name, rc == RC_OK && known, "BG-%04d, known %d", rc, known);
    for (size_t i = 0; i < 48; i++) {
        id[i] ^= 0x40;
        rc = config(id, provider, document, &known);
        if (i == 0 || i > 32) /* another kind: nothing is claimed */
            CASE(name, rc == RC_OK && !known, "byte %zu: BG-%04d, known %d", i, rc, known);
        else
            CASE(name, rc == BG_MR_CONFIG_MISMATCH && !known, "byte %zu: BG-%04d", i, rc);
        id[i] ^= 0x40;
    }
}

static void v2_id(const char *kind, const char *id_bytes, uint8_t id[48])
{
    uint8_t text[32 + 20 + 1 + 4];
    memset(text, 0x22, 32);
    memset(text + 32, 0x11, 20);
    text[52] = (uint8_t)kind[0];
    size_t n = strlen(id_bytes);
    memcpy(text + 53, id_bytes, n);
    memset(id, 0, 48);
    id[0] = 2;
    keccak256(bytes_of(text, 53 + n), id + 1);
}

static void mr_config_id_agrees_with_the_log(void **state)
{
    (void)state;
    uint8_t id[48] = {0};
    bool known;
    CASE("zero", config(id, KMS, "", &known) == RC_OK && !known, "known");
    id[0] = 1;
    memset(id + 1, 0x22, 32);
    flip_all("version 1", id, KMS, "");
    flip_all("version 1, provider of no account", id, "?", "");
    v2_id("\x02", "3333", id);
    flip_all("version 2", id, KMS, "");
    CASE("provider",
         config(id, "{\"name\":\"kms\",\"id\":\"33333334\"}", "", &known) == BG_MR_CONFIG_MISMATCH,
         "accepted");
    CASE("provider kind",
         config(id, "{\"name\":\"tpm\",\"id\":\"33333333\"}", "", &known) == BG_MR_CONFIG_MISMATCH,
         "accepted");
    CASE("no provider", config(id, "", "", &known) == RC_OK && !known, "known");
    static const char *const bad[] = {"{}", "kms", "{\"name\":\"kms\",\"id\":\"3\"}",
                                      "{\"name\":\"kms\",\"id\":\"33\",\"x\":1}",
                                      "{\"name\":1,\"id\":\"33\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CASE(bad[i], config(id, bad[i], "", &known) == BG_KEY_PROVIDER, "accepted");
    CASE("unknown provider",
         config(id, "{\"name\":\"hsm\",\"id\":\"\"}", "", &known) == BG_KEY_PROVIDER_NAME,
         "accepted");
    v2_id("\x01", "3333", id);
    flip_all("version 2, local", id, "{\"name\":\"local-sgx\",\"id\":\"33333333\"}", "");
    v2_id("\x03", "", id);
    flip_all("version 2, tpm", id, "{\"name\":\"tpm\",\"id\":\"\"}", "");
}

#define C32 "2222222222222222222222222222222222222222222222222222222222222222"
#define A20 "1111111111111111111111111111111111111111"

static void mr_config_documents_agree_with_the_log(void **state)
{
    (void)state;
    static const struct {
        const char *name, *document, *provider;
        enum rc want;
    } rows[] = {
        {"least", "{\"compose_hash\":\"" C32 "\",\"key_provider\":\"kms\"}", KMS, RC_OK},
        {"full",
         "{\"app_id\":\"" A20 "\",\"compose_hash\":\"" C32
         "\",\"key_provider\":\"kms\",\"key_provider_id\":\"33333333\",\"version\":3}",
         KMS, RC_OK},
        {"local", "{\"compose_hash\":\"" C32 "\",\"key_provider\":\"local\"}",
         "{\"name\":\"local-sgx\",\"id\":\"33\"}", RC_OK},
        {"no event yet", "{\"compose_hash\":\"" C32 "\",\"key_provider\":\"kms\"}", "", RC_OK},
        {"version 2", "{\"compose_hash\":\"" C32 "\",\"version\":2}", KMS, BG_MR_CONFIG_MISMATCH},
        {"version 4", "{\"compose_hash\":\"" C32 "\",\"version\":4}", KMS, BG_MR_CONFIG_MISMATCH},
        {"no compose hash", "{\"key_provider\":\"kms\"}", KMS, BG_MR_CONFIG_MISMATCH},
        {"other compose hash", "{\"compose_hash\":\"" A20 "\"}", KMS, BG_MR_CONFIG_MISMATCH},
        {"other app",
         "{\"compose_hash\":\"" C32 "\",\"app_id\":\"" C32 "\",\"key_provider\":\"kms\"}", KMS,
         BG_MR_CONFIG_MISMATCH},
        {"other provider", "{\"compose_hash\":\"" C32 "\",\"key_provider\":\"tpm\"}", KMS,
         BG_MR_CONFIG_MISMATCH},
        {"no provider", "{\"compose_hash\":\"" C32 "\"}", KMS, BG_MR_CONFIG_MISMATCH},
        {"other provider id",
         "{\"compose_hash\":\"" C32 "\",\"key_provider\":\"kms\",\"key_provider_id\":\"33\"}", KMS,
         BG_MR_CONFIG_MISMATCH},
        {"not JSON", "x", KMS, BG_MR_CONFIG_DOCUMENT},
        {"array", "[]", KMS, BG_MR_CONFIG_DOCUMENT},
        {"duplicate", "{\"compose_hash\":\"" C32 "\",\"compose_hash\":\"" C32 "\"}", KMS,
         BG_MR_CONFIG_DOCUMENT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512] = "dstack-mr-config-v3:";
        uint8_t id[48] = {3};
        bool known;
        size_t domain = strlen(text) + 1, n = strlen(rows[i].document);
        memcpy(text + domain, rows[i].document, n);
        hash_sha256(bytes_of(text, domain + n), id + 1);
        enum rc rc = config(id, rows[i].provider, rows[i].document, &known);
        CASE(rows[i].name, rc == rows[i].want && known == (rc == RC_OK), "BG-%04d", rc);
        if (rc == RC_OK)
            flip_all(rows[i].name, id, rows[i].provider, rows[i].document);
        CASE(rows[i].name, config(id, rows[i].provider, "", &known) == RC_OK && !known, "no text");
        CASE(rows[i].name, err_exit_status(rows[i].want) == 4 || rows[i].want == RC_OK, "exit");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_views_give_dstacks_values),
        cmocka_unit_test(configuration_fields_count_when_one_is_set),
        cmocka_unit_test(missing_events_are_named),
        cmocka_unit_test(json_is_dstacks_request_in_its_order),
        cmocka_unit_test(requests_are_read_with_exact_widths),
        cmocka_unit_test(compose_hash_and_app_id),
        cmocka_unit_test(mr_config_id_agrees_with_the_log),
        cmocka_unit_test(mr_config_documents_agree_with_the_log),
    };
    return HARNESS_RUN("boot_info", tests);
}
