/*
 * beacon_mutants: every byte of an accepted bootstrap, update, finality and optimistic update is
 * changed, in SSZ; none may be accepted then. No byte is free: headers are signed or lie under a
 * trusted root, payload headers and committees under theirs, branches lead to them, offsets and
 * lengths have one value. One thing is nobody's: signature_slot says only which committee and
 * which fork signed ("untrusted" in the specification), so any slot after the attested one, not
 * after now, of the same period and fork does; these objects leave no such slot, and one test shows
 * the rule.
 * Keys of a 512-member committee are sampled; with AddressSanitizer every third byte gets one of
 * the three changes in turn. BOOTGATE_MUTANTS=full: all of them.
 */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "policy/beacon/store.h"
#include "tests/lib/lc_world.h"

enum { FLIPS = 3, KEY_STEP = 37 };

static const uint8_t flips[FLIPS] = {0x01, 0x80, 0xff};

static struct arena *keep;

struct subject {
    const char *name;
    const struct beacon_network *n;
    enum lc_kind kind;
    uint8_t root[32];      /* of a bootstrap: the trusted one */
    struct lc_store store; /* else what takes it */
    uint64_t now;
    struct bytes ssz;
    size_t keys_at, keys_end; /* where the committee's keys are, to sample them; 0: none */
};

static bool accepted(const struct subject *s, struct bytes ssz)
{
    struct arena *a = arena_new((size_t)8 << 20);
    struct err err = {0};
    struct lc_store store = s->store;
    bool ok, moved;
    assert_non_null(a);
    if (s->kind == LC_BOOTSTRAP) {
        struct lc_bootstrap b;
        ok = lc_bootstrap_from_ssz(a, s->n, ssz, &b, &err) == RC_OK &&
             lc_store_start(a, s->n, s->root, &b, &store, &err) == RC_OK;
    } else {
        struct lc_update u;
        ok = lc_update_from_ssz(a, s->n, s->kind, ssz, &u, &err) == RC_OK &&
             lc_store_update(a, &store, &u, s->now, &moved, &err) == RC_OK;
    }
    arena_free(a);
    return ok;
}

static void mutate(const struct subject *s, bool full)
{
    struct err err = {0};
    uint8_t *p = arena_copy(keep, s->ssz, &err);
    assert_non_null(p);
    struct bytes mutant = bytes_of(p, s->ssz.n);
    CASE(s->name, accepted(s, mutant), "as it is");
    size_t step = SAMPLE(3u);
    for (size_t i = 0; i < mutant.n; i += step) {
        bool key = i >= s->keys_at && i < s->keys_end;
        if (!full && key && (i - s->keys_at) % KEY_STEP)
            continue;
        for (size_t f = 0; f < (key && !full ? 1 : FLIPS); f++) {
            if (step > 1 && f != i / step % FLIPS)
                continue;
            p[i] ^= flips[f];
            CASE(s->name, !accepted(s, mutant), "byte %zu of %zu ^ %02x", i, mutant.n, flips[f]);
            p[i] ^= flips[f];
        }
    }
    CASE(s->name, accepted(s, mutant), "as it was");
    case_sampled(s->name, (unsigned)(step * step));
}

static bool want_full(void)
{
    return case_all();
}

/* ready: a store from the bootstrap at `slot`, its committee's points made. */
static struct lc_store ready(struct lc_world *w, uint64_t slot, const struct lc_update *first)
{
    struct err err = {0};
    struct lc_bootstrap b;
    struct lc_store s, spare;
    uint8_t root[32];
    bool moved;
    lc_world_bootstrap(w, slot, &b, root);
    assert_int_equal(lc_store_start(keep, &w->net, root, &b, &s, &err), RC_OK);
    spare = s;
    assert_int_equal(lc_store_update(keep, &spare, first, first->signature_slot, &moved, &err),
                     RC_OK);
    s.current.points = spare.current.points;
    return s;
}

static void world(enum beacon_fork fork, const char *preset, uint64_t slot, bool full)
{
    struct lc_world *w = lc_world_new(keep, preset, fork, 5);
    size_t keys = w->net.committee_size * BLS_KEY;
    struct lc_bootstrap b;
    struct subject s = {.n = &w->net, .kind = LC_BOOTSTRAP, .name = beacon_fork_name(fork)};
    /* An offset comes first, or a header of 112 bytes in place. */
    size_t at = fork >= BEACON_CAPELLA ? 4 : 112;
    lc_world_bootstrap(w, slot, &b, s.root);
    s.ssz = lc_bootstrap_to_ssz(keep, &w->net, &b);
    s.keys_at = at;
    s.keys_end = at + keys;
    mutate(&s, full);
    static const enum lc_kind kinds[] = {LC_UPDATE, LC_FINALITY_UPDATE, LC_OPTIMISTIC_UPDATE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct lc_update u;
        lc_world_update(w,
                        &(struct lc_world_ask){.kind = kinds[i],
                                               .finalized = slot + 8,
                                               .attested = slot + 25,
                                               .signature = slot + 26,
                                               .absent = 3},
                        &u);
        s.kind = kinds[i];
        s.store = ready(w, slot, &u);
        s.now = u.signature_slot;
        s.ssz = lc_update_to_ssz(keep, &w->net, kinds[i], &u);
        s.keys_at = kinds[i] == LC_UPDATE ? at : 0;
        s.keys_end = kinds[i] == LC_UPDATE ? at + keys : 0;
        mutate(&s, full);
    }
}

static int fresh(void **state)
{
    (void)state;
    keep = arena_new((size_t)128 << 20);
    return keep ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    arena_free(keep);
    return 0;
}

static void no_byte_of_small_committees_is_free(void **state)
{
    (void)state;
    world(BEACON_BELLATRIX, "minimal", 128, true);
    world(BEACON_CAPELLA, "minimal", 128, true);
    world(BEACON_DENEB, "minimal", 128, true);
    world(BEACON_ELECTRA, "minimal", 128, true);
}

static void no_byte_of_large_committees_is_free(void **state)
{
    (void)state;
    world(BEACON_FULU, "mainnet", 16384, want_full());
}

static void no_byte_of_mainnet_objects_is_free(void **state)
{
    (void)state;
    char *path = vectors_path("eth/lc/mainnet-electra/bootstrap.ssz");
    free(path);
    if (!path) {
        case_skip(2, "no vectors/eth/lc");
        return;
    }
    struct subject s = {.name = "mainnet bootstrap",
                        .kind = LC_BOOTSTRAP,
                        .keys_at = 4,
                        .keys_end = 4 + 512 * BLS_KEY};
    struct err err = {0};
    struct lc_bootstrap b;
    struct lc_update u;
    struct bytes chunk[1];
    size_t n;
    bool moved;
    struct bytes root =
        unhex(keep, "0x318d7c4a0013bc0527d1897557330bf25fc2edb0fa48d385d89d9efb4824b704");
    s.n = beacon_network_named(bytes_of_str("mainnet"));
    memcpy(s.root, root.p, 32);
    s.ssz = vectors_bytes(keep, "eth/lc/mainnet-electra/bootstrap.ssz");
    assert_int_equal(lc_bootstrap_from_ssz(keep, s.n, s.ssz, &b, &err), RC_OK);
    mutate(&s, want_full());
    struct bytes body = vectors_bytes(keep, "eth/lc/mainnet-electra/updates_1428_1.ssz");
    assert_int_equal(lc_updates_split(body, chunk, 1, &n, &err), RC_OK);
    assert_int_equal(lc_update_from_ssz(keep, s.n, LC_UPDATE, chunk[0], &u, &err), RC_OK);
    struct lc_store spare;
    assert_int_equal(lc_store_start(keep, s.n, s.root, &b, &s.store, &err), RC_OK);
    spare = s.store;
    s.now = u.signature_slot;
    assert_int_equal(lc_store_update(keep, &spare, &u, s.now, &moved, &err), RC_OK);
    s.store.current.points = spare.current.points;
    s.name = "mainnet update";
    s.kind = LC_UPDATE;
    s.ssz = chunk[0];
    mutate(&s, want_full());
}

static void any_slot_may_be_said_to_be_the_signatures(void **state)
{
    (void)state;
    struct lc_world *w = lc_world_new(keep, "minimal", BEACON_ELECTRA, 5);
    struct lc_update u;
    struct err err = {0};
    bool moved;
    lc_world_update(
        w,
        &(struct lc_world_ask){
            .kind = LC_FINALITY_UPDATE, .finalized = 136, .attested = 153, .signature = 160},
        &u);
    struct lc_store begun = ready(w, 128, &u);
    for (uint64_t slot = 100; slot < 300; slot++) {
        struct lc_store s = begun;
        u.signature_slot = slot;
        err_clear(&err);
        bool ok = lc_store_update(keep, &s, &u, 250, &moved, &err) == RC_OK;
        CASE("signature_slot", ok == (slot > 153 && slot < 192), "%llu: BG-%04d",
             (unsigned long long)slot, err.rc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_byte_of_small_committees_is_free, fresh, done),
        cmocka_unit_test_setup_teardown(no_byte_of_large_committees_is_free, fresh, done),
        cmocka_unit_test_setup_teardown(no_byte_of_mainnet_objects_is_free, fresh, done),
        cmocka_unit_test_setup_teardown(any_slot_may_be_said_to_be_the_signatures, fresh, done),
    };
    return HARNESS_RUN("beacon mutants", tests);
}
