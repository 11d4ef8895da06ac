/* trusted: the whole path from evidence to boot info on an invented platform (tdx_world) running
 * an invented guest (event_builder), and the doors that stay shut. */
#include "tests/lib/event_builder.h"
#include "tests/lib/harness.h"
#include "tests/lib/tdx_world.h"

#include "base/hash.h"
#include "quote/boot_info.h"
#include "quote/os_image.h"

struct guest {
    struct tdx_world platform;
    struct tdx_bundle made;
    struct event_world w;
    struct evidence ev;
};

static void setup(struct arena *a, const struct event_spec *spec, struct guest *g)
{
    memset(g, 0, sizeof *g);
    event_world_build(a, spec, &g->w);
    tdx_world_default(&g->platform);
    memcpy(g->platform.quote.td.mr_td, g->w.mrtd, 48);
    memcpy(g->platform.quote.td.rtmr, g->w.rtmr, sizeof g->w.rtmr);
    memcpy(g->platform.quote.td.mr_config_id, g->w.mr_config_id, 48);
    memset(g->platform.quote.td.mr_owner, 0, 48);
    memset(g->platform.quote.td.mr_owner_config, 0, 48);
    g->ev.event_log = bytes_of_str(g->w.event_log);
    g->ev.vm_config = bytes_of_str(g->w.vm_config);
}

static enum rc run(struct arena *a, struct guest *g, enum boot_view view, struct os_image *im,
                   struct boot_info *bi, struct err *err)
{
    struct quote q;
    struct evlog log;
    const struct td_report_ok *td;
    const struct evlog_ok *ok;
    err_clear(err);
    tdx_world_build(a, &g->platform, &g->made);
    TRY(quote_parse(g->made.quote, &q, err));
    TRY(quote_verify(a, &q, &g->made.collateral, g->made.root, g->platform.now, &td, err));
    TRY(evlog_parse_evidence(a, &g->ev, &log, err));
    TRY(evlog_replay(a, &log, td, &ok, err));
    /* What was believed is a copy: the parsed log may change, or end with its scope. */
    memset(log.v, 0, log.n * sizeof *log.v);
    log = (struct evlog){0};
    TRY(os_image_prove(a, g->ev.vm_config, td, ok, true, im, err));
    return boot_info_from(a, td, ok, im, view, bi, err);
}

static void evidence_becomes_boot_info(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct arena *a = arena_new(256 << 20);
        struct guest g;
        struct os_image im = {0};
        struct boot_info bi = {0};
        struct err err = {0};
        uint8_t device[32];
        setup(a,
              &(struct event_spec){.event_version = 1 + i % 2,
                                   .until_boot_mr_done = i / 2 % 2 == 1,
                                   .mr_config = i / 4},
              &g);
        enum rc rc = run(a, &g, BOOT_VIEW_APP, &im, &bi, &err);
        CASE("app", rc == RC_OK && im.proven, "%u: BG-%04d %s", i, rc, err.detail);
        CASE("app", memcmp(bi.mr_aggregated, g.w.mr_aggregated_app, 32) == 0, "%u", i);
        CASE("app", memcmp(bi.mr_system, g.w.mr_system_app, 32) == 0, "%u", i);
        rc = run(a, &g, BOOT_VIEW_KMS, &im, &bi, &err);
        CASE("kms", rc == RC_OK, "%u: BG-%04d %s", i, rc, err.detail);
        CASE("kms", memcmp(bi.mr_aggregated, g.w.mr_aggregated_kms, 32) == 0, "%u", i);
        CASE("kms", memcmp(bi.mr_system, g.w.mr_system_kms, 32) == 0, "%u", i);
        CASE("image", memcmp(bi.os_image_hash, g.w.os_image_hash, 32) == 0, "%u", i);
        hash_sha256(bytes_of(g.platform.sgx.ppid, 16), device);
        CASE("device", memcmp(bi.device_id, device, 32) == 0, "%u", i);
        CASE("status", bytes_eq_str(bi.tcb_status, "UpToDate"), "%u", i);
        arena_free(a);
    }
}

static void a_log_of_another_boot_is_refused(void **state)
{
    (void)state;
    struct arena *a = arena_new(256 << 20);
    struct guest g;
    struct event_world other;
    struct os_image im = {0};
    struct boot_info bi = {0};
    struct err err = {0};
    setup(a, &(struct event_spec){0}, &g);
    event_world_build(a, &(struct event_spec){.app_compose = "{\"name\":\"evil\"}"}, &other);
    g.ev.event_log = bytes_of_str(other.event_log);
    CASE("app", run(a, &g, BOOT_VIEW_APP, &im, &bi, &err) == BG_REPLAY_MISMATCH, "BG-%04d", err.rc);
    event_world_build(a, &(struct event_spec){.image = "another"}, &other);
    g.ev.event_log = bytes_of_str(other.event_log);
    CASE("log", run(a, &g, BOOT_VIEW_APP, &im, &bi, &err) == BG_REPLAY_MISMATCH, "BG-%04d", err.rc);
    g.ev.event_log = bytes_of_str(g.w.event_log);
    g.ev.vm_config = bytes_of_str(other.vm_config);
    CASE("image", run(a, &g, BOOT_VIEW_APP, &im, &bi, &err) == BG_OS_IMAGE_MRTD, "BG-%04d", err.rc);
    g.ev.vm_config = bytes_of_str(g.w.vm_config);
    for (size_t i = 0; i < 4 * 48; i++) {
        uint8_t *mr = &g.platform.quote.td.rtmr[i / 48][i % 48];
        if (i % 48 > 0 && i % 48 < 47)
            continue; /* evlog_test flips the rest without making a quote each time */
        *mr ^= 1;
        enum rc rc = run(a, &g, BOOT_VIEW_APP, &im, &bi, &err);
        CASE("register", rc == BG_REPLAY_MISMATCH, "RTMR%zu: BG-%04d", i / 48, rc);
        *mr ^= 1;
    }
    g.platform.quote.td.mr_config_id[0] = 1;
    CASE("config", run(a, &g, BOOT_VIEW_APP, &im, &bi, &err) == BG_MR_CONFIG_MISMATCH, "BG-%04d",
         err.rc);
    CASE("nothing came out", !bi.tee_variant, "a boot info");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_becomes_boot_info),
        cmocka_unit_test(a_log_of_another_boot_is_refused),
    };
    return HARNESS_RUN("trusted", tests);
}
