/*
 * lc_steps: the consensus-spec tests of the light client (minimal preset, Electra), step by step
 * with the store that each step must leave (MANIFEST of vectors/eth, spec-minimal-electra).
 * Our library has no force_update: the test does it to the struct, with the specification's
 * best_valid_update and is_better_update.
 */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "base/hex.h"
#include "policy/beacon/read.h"
#include "policy/beacon/ssz.h"
#include "policy/beacon/store.h"

#define UPDATE_TIMEOUT                                                                             \
    64u /* slots of a period: SLOTS_PER_EPOCH * EPOCHS_PER_SYNC_COMMITTEE_PERIOD */

static const struct beacon_fork_at forks[] = {
    {BEACON_PHASE0, {0, 0, 0, 1}, 0},    {BEACON_ALTAIR, {1, 0, 0, 1}, 0},
    {BEACON_BELLATRIX, {2, 0, 0, 1}, 0}, {BEACON_CAPELLA, {3, 0, 0, 1}, 0},
    {BEACON_DENEB, {4, 0, 0, 1}, 0},     {BEACON_ELECTRA, {5, 0, 0, 1}, 0},
};

struct run {
    struct arena *a;
    struct beacon_network n;
    struct lc_store s;
    bool has_best;
    struct lc_update best;
};

/* struct lines: a YAML file of this kind, line by line: key and value. */
struct lines {
    struct bytes text;
    size_t at;
    char key[80], value[200];
    unsigned indent;
};

static bool next_line(struct lines *l)
{
    while (l->at < l->text.n) {
        char line[320];
        size_t n = 0;
        while (l->at < l->text.n && l->text.p[l->at] != '\n') {
            assert_true(n < sizeof line - 1);
            line[n++] = (char)l->text.p[l->at++];
        }
        l->at++;
        line[n] = '\0';
        l->indent = (unsigned)strspn(line, " -");
        l->value[0] = '\0';
        if (sscanf(line + l->indent, "%79[^:]: %199s", l->key, l->value) >= 1)
            return true;
    }
    return false;
}

/* value_of: a plain or quoted scalar. */
static const char *value_of(struct lines *l)
{
    size_t n = strlen(l->value);
    if (n > 1 && l->value[0] == '\'') {
        l->value[n - 1] = '\0';
        return l->value + 1;
    }
    return l->value;
}

static struct bytes file_of(struct run *r, const char *folder, const char *name, const char *ext)
{
    char path[256];
    snprintf(path, sizeof path, "eth/lc/spec-minimal-electra/%s/%s%s", folder, name, ext);
    return vectors_bytes(r->a, path);
}

static void hex32(const char *text, uint8_t out[static 32])
{
    if (!hex_decode_0x(bytes_of_str(text), out, 32))
        fail_msg("not a root: %s", text);
}

static void begin(struct run *r, const char *folder)
{
    struct err err = {0};
    const char *why = "";
    uint8_t root[32] = {0};
    struct lc_bootstrap b;
    assert_true(beacon_preset(bytes_of_str("minimal"), &r->n));
    r->n.name = "spec";
    r->n.seconds_per_slot = 6;
    r->n.forks = forks;
    r->n.num_forks = sizeof forks / sizeof *forks;
    struct lines meta = {.text = file_of(r, folder, "meta", ".yaml")};
    while (next_line(&meta))
        if (strcmp(meta.key, "genesis_validators_root") == 0)
            hex32(value_of(&meta), r->n.genesis_validators_root);
        else if (strcmp(meta.key, "trusted_block_root") == 0)
            hex32(value_of(&meta), root);
    assert_true(beacon_network_ok(&r->n, &why));
    assert_int_equal(UPDATE_TIMEOUT, r->n.slots_per_epoch * r->n.epochs_per_period);
    if (lc_bootstrap_from_ssz(r->a, &r->n, file_of(r, folder, "bootstrap", ".ssz"), &b, &err) ||
        lc_store_start(r->a, &r->n, root, &b, &r->s, &err))
        fail_msg("BG-%04d %s", err.rc, err.detail);
}

static uint64_t period(const struct run *r, uint64_t slot)
{
    return beacon_period_at_slot(&r->n, slot);
}

static size_t signers(const struct lc_update *u)
{
    size_t n = 0;
    for (size_t i = 0; i < u->num_bits; i++)
        n += (unsigned)u->bits[i / 8] >> i % 8 & 1u;
    return n;
}

static bool enough(const struct lc_update *u)
{
    return signers(u) * 3 >= u->num_bits * 2;
}

/* better: is_better_update. */
static bool better(const struct run *r, const struct lc_update *x, const struct lc_update *y)
{
    if (enough(x) != enough(y))
        return enough(x);
    if (!enough(x) && signers(x) != signers(y))
        return signers(x) > signers(y);
    bool xr =
        lc_brings_next(x) && period(r, x->attested.beacon.slot) == period(r, x->signature_slot);
    bool yr =
        lc_brings_next(y) && period(r, y->attested.beacon.slot) == period(r, y->signature_slot);
    if (xr != yr)
        return xr;
    if (lc_brings_finality(x) != lc_brings_finality(y))
        return lc_brings_finality(x);
    if (lc_brings_finality(x)) {
        bool xf = period(r, x->finalized.beacon.slot) == period(r, x->attested.beacon.slot);
        bool yf = period(r, y->finalized.beacon.slot) == period(r, y->attested.beacon.slot);
        if (xf != yf)
            return xf;
    }
    if (signers(x) != signers(y))
        return signers(x) > signers(y);
    if (x->attested.beacon.slot != y->attested.beacon.slot)
        return x->attested.beacon.slot < y->attested.beacon.slot;
    return x->signature_slot < y->signature_slot;
}

static void take(struct run *r, const char *name, struct bytes ssz, uint64_t now)
{
    struct err err = {0};
    struct lc_update u;
    bool moved;
    if (lc_update_from_ssz(r->a, &r->n, LC_UPDATE, ssz, &u, &err) != RC_OK)
        fail_msg("%s: BG-%04d %s", name, err.rc, err.detail);
    /* All sign here, so that we ask for two thirds where the specification does not changes
     * nothing.
     */
    CASE(name, signers(&u) == r->n.committee_size, "%zu signers", signers(&u));
    struct lc_store before = r->s;
    enum rc rc = lc_store_update(r->a, &r->s, &u, now, &moved, &err);
    CASE(name, rc == RC_OK, "BG-%04d %s", rc, err.detail);
    if (!r->has_best || better(r, &u, &r->best))
        r->best = u;
    r->has_best = true;
    /* apply_light_client_update ran: a normal update forgets the best one. */
    if (r->s.finalized.beacon.slot != before.finalized.beacon.slot ||
        r->s.next.known != before.next.known)
        r->has_best = false;
}

static void learn(struct run *r, struct lc_known_committee *c)
{
    *c = (struct lc_known_committee){.known = lc_brings_next(&r->best), .raw = r->best.next};
    ssz_root_of_committee(&r->best.next, c->root);
}

/* force: process_light_client_store_force_update. */
static void force(struct run *r, uint64_t now)
{
    struct lc_store *s = &r->s;
    if (now <= s->finalized.beacon.slot + UPDATE_TIMEOUT || !r->has_best)
        return;
    if (r->best.finalized.beacon.slot <= s->finalized.beacon.slot)
        r->best.finalized = r->best.attested;
    uint64_t to = period(r, r->best.finalized.beacon.slot);
    uint64_t from = period(r, s->finalized.beacon.slot);
    if (!s->next.known) {
        assert_int_equal(to, from);
        learn(r, &s->next);
    } else if (to == from + 1) {
        s->current = s->next;
        learn(r, &s->next);
    }
    if (r->best.finalized.beacon.slot > s->finalized.beacon.slot) {
        s->finalized = r->best.finalized;
        ssz_root_of_header(&s->finalized.beacon, s->finalized_root);
        if (s->finalized.beacon.slot > s->optimistic.beacon.slot) {
            s->optimistic = s->finalized;
            memcpy(s->optimistic_root, s->finalized_root, 32);
        }
    }
    r->has_best = false;
}

/* check: slot, beacon_root and execution_root of one header. */
static void check(struct lines *l, const char *step, const char *which, const struct lc_header *h,
                  const uint8_t root[static 32])
{
    uint8_t want[32], execution[32];
    ssz_root_of_execution(&h->execution, execution);
    for (int i = 0; i < 3 && next_line(l); i++) {
        const char *v = value_of(l);
        bool same = false;
        if (strcmp(l->key, "slot") == 0) {
            same = h->beacon.slot == strtoull(v, NULL, 10);
        } else if (strcmp(l->key, "beacon_root") == 0) {
            hex32(v, want);
            same = memcmp(want, root, 32) == 0;
        } else if (strcmp(l->key, "execution_root") == 0) {
            hex32(v, want);
            same = memcmp(want, execution, 32) == 0;
        } else {
            fail_msg("a check of %s", l->key);
        }
        CASE(step, same, "%s %s %s", which, l->key, v);
    }
}

static void steps(const char *folder, size_t want_steps)
{
    struct run r = {.a = arena_new((size_t)64 << 20)};
    char update[200] = "";
    size_t n = 0;
    assert_non_null(r.a);
    begin(&r, folder);
    struct lines l = {.text = file_of(&r, folder, "steps", ".yaml")};
    bool forced = false;
    while (next_line(&l)) {
        if (strcmp(l.key, "process_update") == 0 || strcmp(l.key, "force_update") == 0) {
            forced = strcmp(l.key, "force_update") == 0;
            n++;
        } else if (strcmp(l.key, "update") == 0) {
            snprintf(update, sizeof update, "%s", value_of(&l));
        } else if (strcmp(l.key, "current_slot") == 0) {
            uint64_t now = strtoull(value_of(&l), NULL, 10);
            if (forced)
                force(&r, now);
            else
                take(&r, update, file_of(&r, folder, update, ".ssz"), now);
        } else if (strcmp(l.key, "finalized_header") == 0) {
            check(&l, forced ? "force_update" : update, l.key, &r.s.finalized, r.s.finalized_root);
        } else if (strcmp(l.key, "optimistic_header") == 0) {
            check(&l, forced ? "force_update" : update, l.key, &r.s.optimistic,
                  r.s.optimistic_root);
        } else if (strcmp(l.key, "update_fork_digest") != 0 && strcmp(l.key, "checks") != 0) {
            fail_msg("a step with %s", l.key);
        }
    }
    CASE(folder, n == want_steps, "%zu steps", n);
    arena_free(r.a);
}

static void spec_steps(void **state)
{
    (void)state;
    char *path = vectors_path("eth/lc/spec-minimal-electra/light_client_sync/steps.yaml");
    free(path);
    if (!path) {
        case_skip(118, "no vectors/eth/lc/spec-minimal-electra");
        return;
    }
    steps("light_client_sync", 10);
    steps("advance_finality_without_sync_committee", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(spec_steps)};
    return HARNESS_RUN("light client steps", tests);
}
