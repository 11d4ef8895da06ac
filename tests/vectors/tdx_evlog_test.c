/* Event logs, dstack's derived values and the image proof against vectors/tdx/index.json: real
 * logs and quotes, values computed by an independent script (MANIFEST.md there). */
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "quote/evlog_internal.h"
#include "quote/lite.h"
#include "quote/tcg_pcr.h"

static json_t *index_json(void)
{
    char *path = vectors_path("tdx/index.json");
    free(path);
    if (path)
        return vectors_json("tdx/index.json");
    case_skip(1, "vectors/tdx is not here");
    return NULL;
}

static const char *text_at(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static bool hex_is(const uint8_t *b, size_t n, const char *want)
{
    char got[129] = {0};
    assert_true(n <= 64);
    hex_encode(bytes_of(b, n), got);
    return want && strcmp(got, want) == 0;
}

static void ccel_case(const json_t *row)
{
    struct err err = {0};
    struct arena *a = arena_new(64 << 20);
    struct evlog log = {0};
    char path[200];
    const char *file = text_at(row, "file");
    const json_t *replay = json_object_get(row, "replay");
    snprintf(path, sizeof path, "tdx/%s", file);
    enum rc rc = evlog_parse_ccel(a, vectors_bytes(a, path), &log, &err);
    if (json_is_null(replay)) {
        CASE(file, rc == BG_CCEL_NO_SHA384, "BG-%04d %s", rc, err.detail);
        arena_free(a);
        return;
    }
    CASE(file, rc == RC_OK, "BG-%04d %s", rc, err.detail);
    size_t records = (size_t)json_integer_value(json_object_get(row, "records"));
    size_t end = (size_t)json_integer_value(json_object_get(row, "end_offset"));
    CASE(file, log.n + log.no_action == records, "%zu + %zu records", log.n, log.no_action);
    CASE(file, log.end_offset == end, "ends at %zu", log.end_offset);
    const json_t *extends = json_object_get(row, "extends");
    struct tcg_pcrs pcrs = {0};
    rc = tcg_pcr_replay(vectors_bytes(a, path), TCG_SHA384, &pcrs, &err);
    CASE(file, rc == RC_OK, "BG-%04d %s", rc, err.detail);
    for (unsigned r = 0; r < 4; r++) {
        uint8_t mr[48];
        char key[16], idx[16];
        size_t n = 0;
        snprintf(key, sizeof key, "rtmr%u", r);
        snprintf(idx, sizeof idx, "%u", r + 1);
        evlog_replay_register(&log, r, SIZE_MAX, mr);
        CASE(file, hex_is(mr, 48, text_at(replay, key)), "%s", key);
        /* read as a TPM's log, MR index 1 to 4 is PCR 1 to 4: the same records, the same values */
        CASE(file, hex_is(pcrs.value[r + 1], 48, text_at(replay, key)), "PCR %u", r + 1);
        for (size_t i = 0; i < log.n; i++)
            n += log.v[i].rtmr == r;
        CASE(file, (json_int_t)n == json_integer_value(json_object_get(extends, idx)),
             "%zu events in %s", n, key);
    }
    arena_free(a);
}

static void ccel_logs_replay_as_published(void **state)
{
    (void)state;
    AUTO_JSON index = index_json();
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(index, "event_logs"), i, row) ccel_case(row);
}

struct sample {
    struct arena *a;
    struct td_report td;
    struct evlog log;
    struct bytes quote, vm_config;
};

/* A GetQuote answer, or the decoded form of a SCALE attestation. */
static void load(struct sample *s, const char *file)
{
    struct err err = {0};
    char path[200];
    size_t stem = strcspn(file, ".");
    bool getquote = strstr(file, "attestation") == NULL;
    snprintf(path, sizeof path, "tdx/%.*s%s.json", (int)stem, file, getquote ? "" : ".decoded");
    AUTO_JSON j = vectors_json(path);
    const json_t *log = json_object_get(j, "event_log");
    const char *config = text_at(j, getquote ? "vm_config" : "config");
    struct quote q = {0};
    s->quote = unhex(s->a, text_at(j, "quote"));
    enum rc parsed = quote_parse(s->quote, &q, &err);
    CASE(file, parsed == RC_OK, "quote: BG-%04d %s", parsed, err.detail);
    s->td.td = q.td;
    char *text = json_is_string(log) ? strdup(json_string_value(log)) : json_dumps(log, 0);
    enum rc rc = evlog_parse_json(s->a, bytes_of_str(text), &s->log, &err);
    CASE(file, rc == RC_OK, "log: BG-%04d %s", rc, err.detail);
    s->vm_config = bytes_of(arena_copy(s->a, bytes_of_str(config ? config : ""), &err),
                            config ? strlen(config) : 0);
    free(text);
}

static void views(const json_t *row, struct sample *s, const struct evlog_facts *f)
{
    static const struct {
        enum boot_view view;
        const char *system, *aggregated;
    } v[] = {{BOOT_VIEW_KMS, "mr_system", "mr_aggregated"},
             {BOOT_VIEW_APP, "mr_system_boottime", "mr_aggregated_boottime"}};
    const char *file = text_at(row, "file");
    struct os_image image = {0};
    for (size_t i = 0; i < 2; i++) {
        struct err err = {0};
        struct boot_info bi = {0};
        enum rc rc = boot_info_make(s->a, &s->td, f, &image, v[i].view, &bi, &err);
        CASE(file, rc == RC_OK, "BG-%04d %s", rc, err.detail);
        CASE(file, hex_is(bi.mr_system, 32, text_at(row, v[i].system)), "%s", v[i].system);
        CASE(file, hex_is(bi.mr_aggregated, 32, text_at(row, v[i].aggregated)), "%s",
             v[i].aggregated);
        struct bytes kp =
            v[i].view == BOOT_VIEW_KMS ? bytes_of_str(text_at(row, "key_provider")) : BYTES_NONE;
        CASE(file, bytes_eq(bi.key_provider_info, kp), "key provider");
        CASE(file, bytes_eq(bytes_of(bi.app_id, 20), f->app_id), "app id");
    }
}

/*
 * predicted: the boot info of an app's key request, made before that boot's RTMR3 was written. The
 * recorded apps' files are not published: compose hash and app id are the recorded ones, the plan
 * around them is that of any app of that dstack.
 */
static void predicted(const json_t *row, struct sample *s, const struct evlog_facts *f)
{
    static const char any[] = "{\"manifest_version\":2,\"name\":\"any\",\"runner\":\"any\","
                              "\"key_provider\":\"kms\"}";
    const char *file = text_at(row, "file");
    struct app_plan_input in = {
        .app_compose = bytes_of_str(any), .gpu_policy = APP_EMITS_NOT, .gpu = APP_EMITS_NOT};
    struct os_image image = {0};
    struct predicted_boot_info p = {0};
    struct boot_info later = {0};
    struct evlog firmware = s->log;
    struct td_report td = s->td;
    struct app_plan plan;
    struct err err = {0};
    firmware.n = 0;
    for (size_t i = 0; i < s->log.n; i++)
        firmware.n += s->log.v[i].rtmr != 3;
    for (size_t i = 0; i < s->log.n; i++)
        CASE(file, (s->log.v[i].rtmr == 3) == (i >= firmware.n), "the firmware's come first");
    memset(td.td.rtmr[3], 0, 48);
    enum rc rc = app_plan_make(s->a, &in, &plan, &err);
    CASE(file, rc == RC_OK && plan.instance_id_unknown, "plan: BG-%04d", rc);
    memcpy(plan.compose_hash, f->compose_hash.p, 32);
    memcpy(plan.app_id, f->app_id.p, 20);
    rc = app_plan_instance(s->a, &plan, f->instance_id, &err);
    CASE(file, rc == RC_OK, "instance id: BG-%04d", rc);
    rc = predict_make(s->a, &td, &firmware, &image, &plan, &p, &err);
    CASE(file, rc == RC_OK, "predict: BG-%04d %s", rc, err.detail);
    CASE(file, hex_is(p.known.mr_aggregated, 32, text_at(row, "mr_aggregated_boottime")),
         "mrAggregated");
    CASE(file, hex_is(p.known.mr_system, 32, text_at(row, "mr_system_boottime")), "mrSystem");
    rc = boot_info_make(s->a, &s->td, f, &image, BOOT_VIEW_APP, &later, &err);
    json_t *was = boot_info_json(&p.known), *is = boot_info_json(&later);
    CASE(file, rc == RC_OK && json_equal(was, is), "another boot info than the key request's");
    json_decref(was);
    json_decref(is);
}

static void dstack_case(const json_t *row)
{
    struct sample s = {.a = arena_new(64 << 20)};
    const char *file = text_at(row, "file");
    const json_t *match = json_object_get(row, "rtmr_replay_match");
    struct err err = {0};
    struct evlog_facts f = {0};
    bool all = true;
    load(&s, file);
    for (unsigned r = 0; r < 4; r++) {
        uint8_t mr[48];
        bool want = json_is_true(json_array_get(match, r));
        evlog_replay_register(&s.log, r, SIZE_MAX, mr);
        CASE(file, (memcmp(mr, s.td.td.rtmr[r], 48) == 0) == want, "RTMR%u", r);
        all &= want;
    }
    enum rc rc = evlog_match(&s.log, (const uint8_t(*)[48])s.td.td.rtmr, &err);
    CASE(file, (rc == RC_OK) == all, "BG-%04d %s", rc, err.detail);
    CASE(file, all || rc == BG_REPLAY_MISMATCH, "a stripped log: BG-%04d", rc);
    err_clear(&err);
    rc = evlog_lookup(&s.log, &f, &err);
    CASE(file, rc == RC_OK, "BG-%04d %s", rc, err.detail);
    CASE(file, bytes_eq_str(f.key_provider, text_at(row, "key_provider")), "key provider");
    CASE(file, f.boot_mr_done && f.system_ready > f.boot_mr_done, "markers");
    CASE(file, hex_is(s.td.td.mr_config_id, 48, text_at(row, "mr_config_id")), "mr_config_id");
    views(row, &s, &f);
    predicted(row, &s, &f);
    arena_free(s.a);
}

static void dstack_values_are_the_published_ones(void **state)
{
    (void)state;
    AUTO_JSON index = index_json();
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(index, "dstack"), i, row) dstack_case(row);
}

static void lite_image_proves_its_hash(void **state)
{
    (void)state;
    AUTO_JSON index = index_json();
    if (!index)
        return;
    const json_t *row = json_object_get(index, "dstack_lite");
    struct sample s = {.a = arena_new(64 << 20)};
    struct os_image im = {0};
    struct err err = {0};
    load(&s, text_at(row, "file"));
    enum rc rc = os_image_check(s.a, s.vm_config, &s.td.td, &s.log, true, &im, &err);
    CASE("lite", rc == RC_OK && im.proven, "BG-%04d %s", rc, err.detail);
    CASE("lite hash", hex_is(im.hash, 32, text_at(row, "os_image_hash")), "other hash");
    CASE("lite MRTD", im.variant && strcmp(im.variant, "two_pass") == 0, "QEMU 8.2.2 is two-pass");
    CASE("lite ACPI", im.has_acpi && im.acpi[0][0] == 0x09 && im.acpi[2][0] == 0x30, "digests");
    arena_free(s.a);
}

static void images_without_material_are_host_stated_or_refused(void **state)
{
    (void)state;
    AUTO_JSON index = index_json();
    if (!index)
        return;
    struct sample s = {.a = arena_new(64 << 20)};
    struct os_image im = {0};
    struct err err = {0};
    load(&s, "dstack/quote-report.json");
    enum rc rc = os_image_check(s.a, s.vm_config, &s.td.td, &s.log, true, &im, &err);
    CASE("no material", rc == BG_OS_IMAGE_NONE && im.hash[0] == 0, "BG-%04d", rc);
    err_clear(&err);
    rc = os_image_check(s.a, s.vm_config, &s.td.td, &s.log, false, &im, &err);
    CASE("host-stated", rc == RC_OK && !im.proven && im.hash[0] == 0x14, "BG-%04d", rc);
    load(&s, "dstack/simulator-attestation.bin"); /* its vm_config is nested in a sys-config */
    rc = os_image_check(s.a, s.vm_config, &s.td.td, &s.log, false, &im, &err);
    CASE("nested", rc == RC_OK && !im.proven && im.hash[0] == 0xe6, "BG-%04d", rc);
    arena_free(s.a);
}

/* Each byte of every firmware digest and of the lite material decides. */
static void flipped_bytes_of_the_real_case_are_refused(void **state)
{
    (void)state;
    AUTO_JSON index = index_json();
    if (!index)
        return;
    struct sample s = {.a = arena_new(64 << 20)};
    struct os_image im = {0};
    load(&s, "dstack/tdx-lite-getquote.json");
    for (size_t i = 0; i < s.log.n; i++) {
        for (size_t b = 0; b < 48; b++) {
            struct err err = {0};
            s.log.v[i].digest[b] ^= 1;
            enum rc rc = evlog_match(&s.log, (const uint8_t(*)[48])s.td.td.rtmr, &err);
            CASE("digest flip", rc == BG_REPLAY_MISMATCH, "event %zu byte %zu: BG-%04d", i, b, rc);
            s.log.v[i].digest[b] ^= 1;
        }
    }
    uint8_t *mr[] = {s.td.td.mr_td, s.td.td.rtmr[0], s.td.td.rtmr[1], s.td.td.rtmr[2]};
    for (size_t i = 0; i < 4 * 48; i++) {
        struct err err = {0};
        mr[i / 48][i % 48] ^= 0x80;
        enum rc rc = os_image_check(s.a, s.vm_config, &s.td.td, &s.log, true, &im, &err);
        CASE("register flip", rc == (i < 48 ? BG_OS_IMAGE_MRTD : BG_OS_IMAGE_RTMR), "%zu: BG-%04d",
             i, rc);
        mr[i / 48][i % 48] ^= 0x80;
    }
    arena_free(s.a);
}

/* The whole path on a real dstack guest: evidence, collateral, quote, log, image, boot info. */
static void a_real_guest_passes_all_doors(void **state)
{
    (void)state;
    AUTO_JSON index = index_json();
    if (!index)
        return;
    struct arena *a = arena_new(64 << 20);
    struct err err = {0};
    struct evidence ev = {0};
    struct collateral col = {0};
    struct quote q = {0};
    struct evlog log = {0};
    struct os_image im = {0};
    struct boot_info bi = {0};
    const struct td_report_ok *td = NULL;
    const struct evlog_ok *ok = NULL;
    const json_t *row = json_array_get(json_object_get(index, "dstack"), 0);
    AUTO_JSON set = vectors_json("tdx/real/collateral/dcap-qvl-90c06f000000-2026-02.json");
    enum rc rc = evidence_read(a, vectors_bytes(a, "tdx/dstack/quote-report.json"), &ev, &err);
    if (rc == RC_OK)
        rc = collateral_from_json(a, set, &col, &err);
    if (rc == RC_OK)
        rc = quote_parse(ev.quote, &q, &err);
    if (rc == RC_OK)
        rc = quote_verify(a, &q, &col, quote_intel_root(), 1772496000, &td, &err);
    if (rc == RC_OK)
        rc = evlog_parse_evidence(a, &ev, &log, &err);
    if (rc == RC_OK)
        rc = evlog_replay(a, &log, td, &ok, &err);
    if (rc == RC_OK)
        rc = os_image_prove(a, ev.vm_config, td, ok, false, &im, &err);
    if (rc == RC_OK)
        rc = boot_info_from(a, td, ok, &im, BOOT_VIEW_KMS, &bi, &err);
    CASE("path", rc == RC_OK, "BG-%04d %s", rc, err.detail);
    CASE("mrAggregated", hex_is(bi.mr_aggregated, 32, text_at(row, "mr_aggregated")), "differs");
    CASE("mrSystem", hex_is(bi.mr_system, 32, text_at(row, "mr_system")), "differs");
    CASE("deviceId", hex_is(bi.device_id, 32, text_at(row, "device_id")), "differs");
    CASE("tcbStatus", bytes_eq_str(bi.tcb_status, "UpToDate"), "differs");
    if (rc == RC_OK) {
        rc = os_image_prove(a, ev.vm_config, td, ok, true, &im, &err);
        CASE("image required", rc == BG_OS_IMAGE_NONE, "BG-%04d", rc);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ccel_logs_replay_as_published),
        cmocka_unit_test(dstack_values_are_the_published_ones),
        cmocka_unit_test(lite_image_proves_its_hash),
        cmocka_unit_test(images_without_material_are_host_stated_or_refused),
        cmocka_unit_test(flipped_bytes_of_the_real_case_are_refused),
        cmocka_unit_test(a_real_guest_passes_all_doors),
    };
    return HARNESS_RUN("tdx_evlog", tests);
}
