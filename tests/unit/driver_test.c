/*
 * driver: a decision from a checkpoint, a bundle and a store, without a network: what is kept leads
 * there again, what does not hold is left out, floors refuse, and documents that contradict the
 * chain stop everything.
 */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "agent/driver.h"
#include "tests/lib/ethereum_world.h"

static struct arena *arena;
static struct ethereum_world world;
static uint8_t secrets[3][32], keys[3][CHECKPOINT_KEY];

static void open_world(void)
{
    arena = arena_new(1u << 30);
    ethereum_world_new(arena, &world, true);
    for (size_t i = 0; i < 3; i++) {
        struct checkpoint_doc d = {0};
        struct err err = {0};
        secrets[i][31] = (uint8_t)(i + 7);
        if (checkpoint_sign(&d, secrets[i], &err) != RC_OK)
            abort();
        memcpy(keys[i], d.signatures[0].key, sizeof keys[i]);
    }
}

struct
try {
    struct config config;
    struct bundle bundle;
    struct driver d;
    struct store_files stored;
    struct driver_facts facts;
    struct checks checks;
    struct chain_result out;
    struct err err;
};

/* begin: everything at hand, offline, allowed. */
static void begin(struct try *t)
{
    *t = (struct try){0};
    config_builtin(&t->config);
    t->config.chain = world.p.cfg;
    t->config.has_checkpoint = true;
    assert_int_equal(bundle_init(&t->bundle, &t->err), RC_OK);
    assert_int_equal(json_array_extend(t->bundle.rpc, world.rpc), 0);
    assert_int_equal(json_array_extend(t->bundle.beacon, world.s.beacon), 0);
    t->d = (struct driver){.config = &t->config,
                           .question = ASK_APP,
                           .offline = true,
                           .refresh = true,
                           .now = world.s.now,
                           .deadline_ms = UINT64_MAX};
}

static enum rc go(struct try *t)
{
    enum rc rc =
        driver_run(arena, &t->d, &world.p.bi, &t->bundle, &t->checks, &t->out, &t->facts, &t->err);
    assert_int_equal(rc, t->err.rc);
    return rc;
}

/* noted: one of the notes has this code. */
static bool noted(const struct try *t, enum rc code)
{
    char text[16];
    snprintf(text, sizeof text, "BG-%04d", (int)code);
    for (size_t i = 0; i < t->facts.num_notes; i++)
        if (strstr(t->facts.notes[i], text))
            return true;
    return false;
}

static bool allowed(struct try *t)
{
    return go(t) == RC_OK && t->out.say == CHAIN_ALLOWS && t->out.head &&
           t->out.head->slot == SCENE_FINALIZED;
}

static void a_bundle_is_enough(void **state)
{
    (void)state;
    struct try t;
    begin(&t);
    assert_true(allowed(&t));
    assert_string_equal(t.out.assurance, "finalized");
    assert_string_equal(t.facts.start_anchor, "config");
    assert_true(t.facts.round_trips == 0 && t.facts.num_notes == 0 && t.facts.signed_by == 0);
    assert_true(t.facts.keep.light.n == 0 && t.facts.keep.floor.n == 0); /* no store, no floor */
    assert_int_equal(json_array_size(t.bundle.committee_keys), 0);
    bundle_free(&t.bundle);
    begin(&t);
    json_array_clear(t.bundle.beacon);
    assert_int_equal(go(&t), BG_HEAD_OFFLINE);
    assert_int_equal(err_exit_status(t.err.rc), 3);
    bundle_free(&t.bundle);
    begin(&t);
    json_array_clear(t.bundle.rpc);
    assert_int_equal(go(&t), BG_DRIVER_OFFLINE);
    bundle_free(&t.bundle);
}

/* kept: what a run leaves for the store. */
static struct store_files kept(void)
{
    struct try t;
    begin(&t);
    t.d.stored = &t.stored;
    assert_true(allowed(&t));
    bundle_free(&t.bundle);
    return t.facts.keep;
}

static void what_is_kept_leads_there_again(void **state)
{
    (void)state;
    struct try t;
    struct store_floor floor = {0};
    struct store_files first = kept();
    const struct beacon_network *n = world.s.cfg.network;
    assert_true(
        store_floor_read(first.floor, n->genesis_validators_root, &floor, &(struct err){0}));
    assert_true(floor.slot == SCENE_FINALIZED && floor.checkpoint == 0);
    begin(&t);
    json_array_clear(t.bundle.beacon);
    t.stored = first;
    t.d.stored = &t.stored;
    assert_true(allowed(&t));
    assert_int_equal(t.facts.num_notes, 0);
    assert_true(bytes_eq(t.facts.keep.light, first.light));
    assert_true(bytes_eq(t.facts.keep.floor, first.floor));
    assert_int_equal(json_array_size(t.bundle.beacon), 3);
    assert_int_equal(json_array_size(t.bundle.committee_keys), 2);
    bundle_free(&t.bundle);
}

/* with_store: a run with the bundle's own answers and this in the store. */
static void with_store(struct try *t, const char *beacon, const char *floor)
{
    begin(t);
    t->stored.light = bytes_of_str(beacon ? beacon : "");
    t->stored.floor = bytes_of_str(floor ? floor : "");
    t->d.stored = &t->stored;
}

static void a_store_that_does_not_hold_is_left_out(void **state)
{
    (void)state;
    struct store_files good = kept();
    struct try t;
    static const struct {
        const char *name, *text;
        enum rc code;
    } cases[] = {
        {"garbage", "garbage", BG_JSON_SYNTAX},
        {"of other members", "{\"schema\":1,\"rpc\":[]}", BG_STORE_ANSWERS},
        {"of another shape", "{\"schema\":1,\"beacon\":[7]}", BG_BUNDLE_ENTRY},
        {"a lie beside the truth",
         "{\"schema\":1,\"beacon\":[{\"path\":\"/eth/v1/beacon/light_client/finality_update\","
         "\"ssz\":\"00\"}]}",
         RC_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        with_store(&t, cases[i].text, NULL);
        bool yes = allowed(&t);
        CASE(cases[i].name, yes && t.facts.num_notes == 1, "%d, code %d %s, %zu notes", yes,
             (int)t.err.rc, t.err.detail, t.facts.num_notes);
        CASE(cases[i].name, cases[i].code == RC_OK || noted(&t, cases[i].code), "%s",
             t.facts.num_notes ? t.facts.notes[0] : "nothing noted");
        CASE(cases[i].name, json_array_size(t.bundle.beacon) == 3, "%zu answers",
             json_array_size(t.bundle.beacon));
        CASE(cases[i].name, bytes_eq(t.facts.keep.light, good.light), "another store is kept");
        bundle_free(&t.bundle);
    }
    /* Each byte of the committee in the stored bootstrap: refused, and the decision is the same. */
    char *text = arena_printf(arena, &t.err, "%.*s", (int)good.light.n, (char *)good.light.p);
    char *ssz = strstr(text, "\"ssz\": \"");
    assert_non_null(ssz);
    for (size_t at = 8 + 2 * 300; at < 8 + 2 * 1000; at += 97) {
        char was = ssz[at];
        ssz[at] = was == '0' ? '1' : '0';
        with_store(&t, text, NULL);
        json_array_clear(t.bundle.beacon);
        enum rc rc = go(&t);
        CASE("a digit changed", rc == BG_HEAD_OFFLINE && t.facts.num_notes == 1,
             "at %zu: code %d, %zu notes", at, (int)rc, t.facts.num_notes);
        bundle_free(&t.bundle);
        with_store(&t, text, NULL); /* beside the truth: what is kept holds */
        bool yes = allowed(&t);
        struct store_files next = t.facts.keep;
        bundle_free(&t.bundle);
        with_store(&t, NULL, NULL);
        json_array_clear(t.bundle.beacon);
        t.stored.light = next.light;
        CASE("a digit changed", yes && allowed(&t) && t.facts.num_notes == 0, "at %zu: %d, code %d",
             at, yes, (int)t.err.rc);
        bundle_free(&t.bundle);
        ssz[at] = was;
    }
    /* Of another checkpoint: nothing in it is for us. */
    with_store(&t, text, NULL);
    json_array_clear(t.bundle.beacon);
    t.config.chain.light_client.checkpoint.root[7] ^= 1;
    assert_int_equal(go(&t), BG_HEAD_OFFLINE);
    assert_true(noted(&t, BG_STORE_FOREIGN));
    assert_int_equal(json_array_size(t.bundle.beacon), 0);
    bundle_free(&t.bundle);
}

#define ROOT_ONE "0x0000000000000000000000000000000000000000000000000000000000000001"

static void a_floor_only_refuses_and_only_rises(void **state)
{
    (void)state;
    const struct beacon_network *n = world.s.cfg.network;
    struct try t;
    static const struct {
        const char *name;
        uint64_t slot;
        enum rc code;
        uint64_t after; /* the floor that is kept */
    } cases[] = {
        {"none", 0, RC_OK, SCENE_FINALIZED},
        {"below", SCENE_FINALIZED - 1, RC_OK, SCENE_FINALIZED},
        {"the same", SCENE_FINALIZED, RC_OK, SCENE_FINALIZED},
        {"above", SCENE_FINALIZED + 1, BG_LC_HEAD_FLOOR, 0},
        {"far above", INT64_MAX, BG_LC_HEAD_FLOOR, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store_floor floor = {.slot = cases[i].slot};
        struct err ignored = {0};
        with_store(&t, NULL, NULL);
        assert_int_equal(
            store_floor_make(arena, n->genesis_validators_root, &floor, &t.stored.floor, &ignored),
            RC_OK);
        enum rc rc = go(&t);
        floor.slot = 0;
        if (t.facts.keep.floor.n)
            assert_true(
                store_floor_read(t.facts.keep.floor, n->genesis_validators_root, &floor, &ignored));
        CASE(cases[i].name, rc == cases[i].code && floor.slot == cases[i].after,
             "code %d, floor %llu", (int)rc, (unsigned long long)floor.slot);
        bundle_free(&t.bundle);
    }
    static const char *const useless[] = {
        "garbage", "{}", "{\"genesis_validators_root\":\"0x01\",\"slot\":9999}",
        "{\"genesis_validators_root\":\"" ROOT_ONE "\",\"slot\":9999}"};
    for (size_t i = 0; i < 4; i++) {
        with_store(&t, NULL, useless[i]);
        bool yes = allowed(&t);
        CASE(useless[i], yes && t.facts.num_notes == 1, "%d, code %d, %zu notes", yes,
             (int)t.err.rc, t.facts.num_notes);
        bundle_free(&t.bundle);
    }
    /* The time the program was made. */
    for (uint64_t late = 0; late < 2; late++) {
        begin(&t);
        t.d.floor_time = beacon_time_of(n, SCENE_FINALIZED + late);
        enum rc rc = go(&t);
        CASE("build floor", rc == (late ? BG_LC_HEAD_FLOOR : RC_OK), "%llu: code %d",
             (unsigned long long)late, (int)rc);
        bundle_free(&t.bundle);
    }
}

/* document: of this slot and root, signed by the first `signers` keys. */
static json_t *document(uint64_t slot, const uint8_t root[static 32], size_t signers)
{
    const struct beacon_network *n = world.s.cfg.network;
    struct checkpoint_doc d = {.slot = slot, .issued = world.s.now - 10};
    struct err err = {0};
    d.not_after = d.issued + 86400;
    memcpy(d.genesis_validators_root, n->genesis_validators_root, 32);
    memcpy(d.fork_version, beacon_fork_at_slot(n, slot)->version, 4);
    memcpy(d.root, root, 32);
    for (size_t i = 0; i < signers; i++)
        assert_int_equal(checkpoint_sign(&d, secrets[i], &err), RC_OK);
    return checkpoint_to_json(&d);
}

static void with_signers(struct try *t, bool own_checkpoint, json_t *doc)
{
    with_store(t, NULL, NULL);
    t->config.signers = (struct checkpoint_signers){(const uint8_t(*)[CHECKPOINT_KEY])keys, 3, 2};
    t->config.has_checkpoint = own_checkpoint;
    if (!own_checkpoint)
        t->config.chain.light_client.checkpoint = (struct lc_checkpoint){0};
    t->bundle.checkpoint = doc;
}

static void signed_checkpoints_are_begun_at(void **state)
{
    (void)state;
    const struct beacon_network *n = world.s.cfg.network;
    const struct lc_checkpoint *own = &world.p.cfg.light_client.checkpoint;
    uint8_t wrong[32] = {1}, head[32], before[32];
    struct try t;
    beacon_world_root(world.s.w, SCENE_FINALIZED, head);
    beacon_world_root(world.s.w, EW_CHECKPOINT - 1, before);
    with_signers(&t, false, document(own->slot, own->root, 2));
    assert_true(allowed(&t));
    assert_string_equal(t.facts.start_anchor, "checkpoint-signers 2/3");
    assert_true(t.facts.signed_by == 2 && t.facts.signers == 3);
    struct store_floor floor = {0};
    assert_true(
        store_floor_read(t.facts.keep.floor, n->genesis_validators_root, &floor, &(struct err){0}));
    assert_int_equal(floor.checkpoint, own->slot);
    struct bytes seen = t.facts.keep.floor;
    bundle_free(&t.bundle);

    const struct {
        const char *name;
        bool own;
        uint64_t slot;
        const uint8_t *root;
        size_t signers;
        enum rc code;  /* of the run */
        enum rc noted; /* in the notes; RC_OK: none */
    } cases[] = {
        {"three signed", false, own->slot, own->root, 3, RC_OK, RC_OK},
        {"one signed", false, own->slot, own->root, 1, BG_CHECKPOINT_THRESHOLD, RC_OK},
        {"one signed, and our own", true, own->slot, own->root, 1, RC_OK, BG_CHECKPOINT_THRESHOLD},
        {"the same as our own", true, own->slot, own->root, 2, RC_OK, RC_OK},
        {"older than our own", true, own->slot - 1, before, 2, RC_OK, BG_CHECKPOINT_OLD_SLOT},
        {"against our own", true, own->slot, wrong, 2, BG_START_CONTRADICTION, RC_OK},
        {"against the head", true, SCENE_FINALIZED, wrong, 2, BG_START_ALARM, RC_OK},
        {"the head itself, which nobody serves", true, SCENE_FINALIZED, head, 2, RC_OK,
         BG_HEAD_OFFLINE},
        {"a block that is none", false, own->slot, wrong, 2, BG_HEAD_OFFLINE, RC_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        with_signers(&t, cases[i].own, document(cases[i].slot, cases[i].root, cases[i].signers));
        enum rc rc = go(&t);
        CASE(cases[i].name, rc == cases[i].code, "code %d %s", (int)rc, t.err.detail);
        CASE(cases[i].name, cases[i].noted == RC_OK || noted(&t, cases[i].noted), "%zu notes: %s",
             t.facts.num_notes, t.facts.num_notes ? t.facts.notes[0] : "");
        CASE(cases[i].name, (t.facts.keep.floor.n != 0) == (rc == RC_OK), "%zu bytes are kept",
             t.facts.keep.floor.n);
        bundle_free(&t.bundle);
    }
    /* One that was overtaken by a document seen before; and with nobody configured to sign. */
    with_signers(&t, false, document(own->slot - 1, before, 2));
    t.stored.floor = seen;
    assert_int_equal(go(&t), BG_CHECKPOINT_OLD_SLOT);
    bundle_free(&t.bundle);
    with_signers(&t, false, NULL);
    assert_int_equal(go(&t), BG_START_NONE);
    bundle_free(&t.bundle);
    /* Too old is the configuration's mistake only where no document could come. */
    for (size_t i = 0; i < 4; i++) {
        with_signers(&t, i < 3,
                     i == 1   ? document(own->slot, own->root, 1)
                     : i == 3 ? document(own->slot, own->root, 2)
                              : NULL);
        t.config.chain.light_client.checkpoint_max_age = 1;
        if (i == 2)
            t.config.signers = (struct checkpoint_signers){0};
        enum rc rc = go(&t);
        CASE("too old",
             rc == (i == 2 ? BG_LC_CHECKPOINT_OLD : BG_START_USELESS) &&
                 err_exit_status(rc) == (i == 2 ? 2 : 3),
             "%zu: code %d %s", i, (int)rc, t.err.detail);
        bundle_free(&t.bundle);
    }
    /* A document that names a wrong slot is the signers' mistake. */
    with_signers(&t, false, document(own->slot + 1, own->root, 2));
    assert_int_equal(go(&t), BG_START_USELESS);
    bundle_free(&t.bundle);
    with_signers(&t, true, NULL);
    t.config.chain.light_client.checkpoint.slot++;
    assert_int_equal(go(&t), BG_LC_CHECKPOINT_SLOT);
    bundle_free(&t.bundle);
    with_signers(&t, true, document(SCENE_FINALIZED, wrong, 2));
    t.config.signers = (struct checkpoint_signers){0};
    assert_true(allowed(&t)); /* nobody was asked to believe it */
    bundle_free(&t.bundle);
}

static void hints_help_and_change_nothing(void **state)
{
    (void)state;
    struct try t;
    begin(&t);
    t.d.hints = true;
    assert_true(allowed(&t));
    assert_int_equal(json_array_size(t.bundle.committee_keys), 2);
    AUTO_JSON good = json_deep_copy(t.bundle.committee_keys);
    bundle_free(&t.bundle);
    begin(&t);
    t.d.hints = true;
    json_array_extend(t.bundle.committee_keys, good);
    assert_true(allowed(&t));
    assert_true(json_equal(t.bundle.committee_keys, good)); /* nothing comes twice */
    bundle_free(&t.bundle);
    /* Wrong ones, for the committee that signed: found out, and made anew. */
    begin(&t);
    t.d.hints = true;
    AUTO_JSON bad = json_deep_copy(good);
    for (size_t i = 0; i < 2; i++) {
        json_t *e = json_array_get(bad, i);
        char *y = arena_printf(arena, &t.err, "%s", json_string_value(json_object_get(e, "y")));
        y[40] = y[40] == '0' ? '1' : '0';
        json_object_set_new(e, "y", json_string(y));
    }
    json_array_extend(t.bundle.committee_keys, bad);
    assert_true(allowed(&t));
    assert_true(json_equal(t.bundle.committee_keys, good));
    bundle_free(&t.bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bundle_is_enough),
        cmocka_unit_test(what_is_kept_leads_there_again),
        cmocka_unit_test(a_store_that_does_not_hold_is_left_out),
        cmocka_unit_test(a_floor_only_refuses_and_only_rises),
        cmocka_unit_test(signed_checkpoints_are_begun_at),
        cmocka_unit_test(hints_help_and_change_nothing),
    };
    open_world();
    int rc = HARNESS_RUN("driver", tests);
    ethereum_world_free(&world);
    arena_free(arena);
    return rc;
}
