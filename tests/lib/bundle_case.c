#include "tests/lib/bundle_case.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/output.h"
#include "base/hex.h"
#include "tests/lib/event_builder.h"
#include "tests/lib/policy_world.h"
#include "tests/lib/tdx_world.h"

#define REAL_AT 1772496000u /* 2026-03-03T00:00:00Z */

static void set(json_t *obj, const char *key, json_t *value)
{
    assert_true(value && json_object_set_new(obj, key, value) == 0);
}

static json_t *hex_json(struct arena *a, struct bytes b)
{
    struct err err = {0};
    char *text = hex_str(a, b, &err);
    assert_non_null(text);
    return json_string(text);
}

/* Slot osImageHash of the app instead of its slot 3: the sixth word of the tuple decides. */
static const char app_of_one_image[] = "60e43554"
                                       "5f52"
                                       "6040602052"
                                       "60605ff3";

/* chain_side puts the app at its id, and (image not NULL) allows that image alone. */
static json_t *chain_side(struct bundle_case *c, struct policy_world *w, const uint8_t app[20],
                          const uint8_t *image)
{
    uint8_t registered[32], slots[2][32];
    policy_world_new(c->a, w);
    memcpy(w->app, app, 20);
    if (image)
        w->app_code = unhex(c->a, app_of_one_image);
    policy_world_deploy(w);
    policy_world_registered(w, registered);
    policy_world_word(w, w->app, policy_world_erc1967, w->app_impl, 20);
    policy_world_word(w, w->kms, registered, (const uint8_t[]){1}, 1);
    policy_world_slot(w, w->app, 3, image ? 0 : 1);
    if (image)
        policy_world_word(w, w->app, image, (const uint8_t[]){1}, 1);
    for (uint8_t i = 9; i < 30; i++)
        policy_world_slot(w, w->app, i, i);
    w->block.timestamp = c->now - 12;
    policy_world_seal(w);
    json_t *rpc = policy_world_bundle(w);
    memcpy(slots[0], policy_world_erc1967, 32);
    if (image) {
        memcpy(slots[1], image, 32);
        json_array_set_new(rpc, BUNDLE_APP, world_proof(w->chain, w->app, slots, 2));
    }
    return rpc;
}

static void read_config(struct bundle_case *c, const struct policy_world *w, bool image)
{
    struct err err = {0};
    char kms[41], block[65];
    hex_encode(BYTES_OF_ARRAY(w->kms), kms);
    hex_encode(BYTES_OF_ARRAY(w->cfg.block_hash), block);
    char *text = arena_printf(
        c->a, &err,
        "{\"chain\":{\"source\":\"pinned\",\"chain_id\":424242,\"kms_contract\":\"%s\","
        "\"block_hash\":\"%s\",\"max_head_age\":3600},"
        "\"policy\":{\"app_code\":\"implementation\",\"require_os_image\":%s}}",
        kms, block, image ? "true" : "false");
    assert_non_null(text);
    assert_int_equal(config_read(c->a, bytes_of_str(text), "config", &c->config, &err), RC_OK);
}

/* start: what session_open fills in for `check --at`. */
static void start(const struct bundle_case *c, struct bundle *b, struct gate_input *in,
                  struct report *r)
{
    *in = (struct gate_input){.goal = GATE_CHECK,
                              .config = &c->config,
                              .bundle = b,
                              .root = c->root,
                              .view = BOOT_VIEW_APP,
                              .offline = true,
                              .now = c->now};
    *r = (struct report){.kind = VERDICT_REPLAY,
                         .question = ASK_APP,
                         .chain_config = &c->config.chain,
                         .freshness = FRESH_HOST_CLOCK,
                         .has_time = true,
                         .at_given = true,
                         .now = c->now,
                         .has_config = true};
    memcpy(r->config_sha256, c->config.sha256, sizeof r->config_sha256);
}

/* core_of: all of the verdict but how long its stages took. */
static char *core_of(const struct report *r)
{
    AUTO_JSON j = verdict_json(r);
    assert_int_equal(json_object_del(j, "stages"), 0);
    char *core = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
    assert_non_null(core);
    return core;
}

static struct bundle_verdict verdict_of(const struct bundle_case *c, const struct report *r)
{
    struct bundle_verdict v = {
        .yes = report_yes(r), .status = report_exit_status(r), .code = report_code(r)};
    char *core = v.yes && c->core ? core_of(r) : NULL;
    v.same = core && strcmp(core, c->core) == 0;
    free(core);
    return v;
}

struct bundle_verdict bundle_case_gate(const struct bundle_case *c, struct bundle *b)
{
    struct arena *a = arena_new((size_t)64 << 20);
    struct gate_input in;
    struct report r;
    start(c, b, &in, &r);
    (void)!gate_run(a, &in, &r); /* the report holds the result */
    struct bundle_verdict v = verdict_of(c, &r);
    arena_free(a);
    return v;
}

/* run: out_core NULL, or the core, malloc'd, when the answer is yes. */
static struct bundle_verdict run(const struct bundle_case *c, struct bytes text, char **out_core)
{
    struct arena *a = arena_new((size_t)64 << 20);
    AUTO_BUNDLE b;
    struct gate_input in;
    struct report r;
    start(c, &b, &in, &r);
    if (bundle_init(&b, &r.err) == RC_OK &&
        bundle_add_text(a, &b, text, "bundle.json", &r.err) == RC_OK)
        (void)!gate_run(a, &in, &r);
    struct bundle_verdict v = verdict_of(c, &r);
    if (out_core && v.yes)
        *out_core = core_of(&r);
    arena_free(a);
    return v;
}

struct bundle_verdict bundle_case_try(const struct bundle_case *c, struct bytes text)
{
    return run(c, text, NULL);
}

/* finish writes the text and demands that it is accepted. */
static void finish(struct bundle_case *c, json_t *owned_bundle)
{
    AUTO_JSON bundle = owned_bundle;
    set(bundle, "taken", json_pack("{s:s, s:i}", "by", "bundle_case", "height", 4660));
    char *text = json_dumps(bundle, JSON_INDENT(1));
    struct err err = {0};
    assert_non_null(text);
    const uint8_t *p = arena_copy(c->a, bytes_of_str(text), &err);
    assert_non_null(p);
    c->text = bytes_of(p, strlen(text));
    free(text);
    struct bundle_verdict v = run(c, c->text, &c->core);
    if (!v.yes || v.status != 10)
        fail_msg("%s is not accepted: BG-%04d", c->name, (int)v.code);
    assert_true(bundle_case_try(c, c->text).same);
}

/* unread: what GetQuote's answer, a collateral file and `fetch` put beside what is read. */
static void unread(struct bundle_case *c, json_t *bundle, struct bytes chain)
{
    static const uint8_t report[1024] = {0x81, 1};
    json_t *ev = json_object_get(bundle, "evidence");
    set(ev, "hash_algorithm", json_string("sha384"));
    set(ev, "prefix", json_string("app-data"));
    set(ev, "td_report", hex_json(c->a, BYTES_OF_ARRAY(report)));
    set(json_object_get(bundle, "collateral"), "pck_certificate_chain",
        json_stringn((const char *)chain.p, chain.n));
    set(bundle, "beacon",
        json_pack("[{s:s, s:{s:{s:s}}}]", "path", "/eth/v1/beacon/headers/head", "result", "data",
                  "root", "0x1234"));
}

void bundle_case_own(struct bundle_case *c)
{
    static const uint8_t behind[16] = {0x5a, 1, 2, 3};
    *c = (struct bundle_case){.name = "own", .a = arena_new((size_t)128 << 20)};
    struct tdx_world world;
    struct tdx_bundle made;
    struct event_world guest;
    struct policy_world chain;
    uint8_t app[20];
    tdx_world_default(&world);
    c->now = world.now;
    for (uint8_t i = 0; i < 20; i++)
        app[i] = (uint8_t)(0xa1 + i * 3);
    AUTO_JSON rpc = chain_side(c, &chain, app, NULL);
    struct event_spec events = {
        .app_id = app, .event_version = 2, .init_scripts = 2, .app_events = 4, .mr_config = 1};
    event_world_build(c->a, &events, &guest);
    world.quote.version = 5;
    world.quote.body_type = 3;
    memset(world.quote.td.mr_service_td, 0, 48);
    memcpy(world.quote.td.mr_td, guest.mrtd, 48);
    memcpy(world.quote.td.mr_config_id, guest.mr_config_id, 48);
    memcpy(world.quote.td.rtmr, guest.rtmr, sizeof guest.rtmr);
    world.quote.trailing = BYTES_OF_ARRAY(behind);
    world.pck_crl.revoked[world.pck_crl.num_revoked++] = 0x4242;
    tdx_world_build(c->a, &world, &made);
    c->root = made.root;
    json_t *bundle =
        json_pack("{s:i, s:{s:o, s:s, s:s, s:s, s:o}, s:o, s:O}", "schema", 1, "evidence", "quote",
                  hex_json(c->a, made.quote), "event_log", guest.event_log, "vm_config",
                  guest.vm_config, "app_compose", guest.app_compose, "report_data",
                  hex_json(c->a, BYTES_OF_ARRAY(world.quote.td.report_data)), "collateral",
                  tdx_collateral_json(c->a, &made.collateral), "rpc", rpc);
    unread(c, bundle, made.collateral.pck_crl_issuer_chain);
    read_config(c, &chain, true);
    policy_world_free(&chain);
    finish(c, bundle);
}

bool bundle_case_real(struct bundle_case *c)
{
    static const char answer[] = "tdx/dstack/quote-report.json",
                      docs[] = "tdx/real/collateral/dcap-qvl-90c06f000000-2026-02.json";
    char *one = vectors_path(answer), *two = vectors_path(docs);
    free(one);
    free(two);
    if (!one || !two)
        return false;
    *c = (struct bundle_case){.name = "real", .a = arena_new((size_t)128 << 20), .now = REAL_AT};
    c->root = quote_intel_root();
    struct policy_world chain;
    struct bytes app = unhex(c->a, "3763bc34552cf3a27ff71ad5f7a90471562a1a2d");
    struct bytes image =
        unhex(c->a, "14ad42d0270b444eaeb53918a5a94d9b17eec7a817cd336173b17c5327541c67");
    AUTO_JSON rpc = chain_side(c, &chain, app.p, image.p);
    json_t *bundle = json_pack("{s:i, s:o, s:o, s:O}", "schema", 1, "evidence",
                               vectors_json(answer), "collateral", vectors_json(docs), "rpc", rpc);
    read_config(c, &chain, false);
    policy_world_free(&chain);
    finish(c, bundle);
    return true;
}

void bundle_case_free(struct bundle_case *c)
{
    free(c->core);
    arena_free(c->a);
    *c = (struct bundle_case){0};
}

const char *bundle_case_event(void *ctx, const char *path, size_t i)
{
    (void)path; /* the log itself: records have no arrays */
    const json_t *log = ctx, *e = json_array_get(log, i);
    json_int_t type = json_integer_value(json_object_get(e, "event_type"));
    if (type != 0x08000001)
        return type == 10 ? "acpi" : "firmware";
    for (size_t k = 0; k < i; k++)
        if (strcmp(json_string_value(json_object_get(json_array_get(log, k), "event")),
                   "system-ready") == 0)
            return "app";
    return "dstack";
}
