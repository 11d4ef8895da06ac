/*
 * lc_read: light-client containers of every fork, read from JSON and SSZ: what is written is what
 * is read, and what is written otherwise is refused. The objects are our own (tests/lib/lc_world).
 */
#include "tests/lib/harness.h"

#include "tests/lib/lc_world.h"

static struct arena *a;

static int fresh(void **state)
{
    (void)state;
    a = arena_new((size_t)256 << 20);
    return a ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static const char *const kinds[] = {"", "bootstrap", "update", "finality", "optimistic"};

/* again_json, again_ssz: an object read and written once more as SSZ; or the code of a refusal. */
static enum rc again_json(const struct beacon_network *n, enum lc_kind kind, const json_t *j,
                          struct bytes *out)
{
    struct err err = {0};
    struct lc_bootstrap b;
    struct lc_update u;
    enum rc rc = kind == LC_BOOTSTRAP ? lc_bootstrap_from_json(a, n, j, &b, &err)
                                      : lc_update_from_json(a, n, kind, j, &u, &err);
    assert_int_equal(rc, err.rc);
    if (rc == RC_OK && out)
        *out =
            kind == LC_BOOTSTRAP ? lc_bootstrap_to_ssz(a, n, &b) : lc_update_to_ssz(a, n, kind, &u);
    return rc;
}

static enum rc again_ssz(const struct beacon_network *n, enum lc_kind kind, struct bytes ssz,
                         struct bytes *out)
{
    struct err err = {0};
    struct lc_bootstrap b;
    struct lc_update u;
    enum rc rc = kind == LC_BOOTSTRAP ? lc_bootstrap_from_ssz(a, n, ssz, &b, &err)
                                      : lc_update_from_ssz(a, n, kind, ssz, &u, &err);
    assert_int_equal(rc, err.rc);
    if (rc == RC_OK && out)
        *out =
            kind == LC_BOOTSTRAP ? lc_bootstrap_to_ssz(a, n, &b) : lc_update_to_ssz(a, n, kind, &u);
    return rc;
}

/* object: of a kind, as both. Finalized at 132, where extra_data is empty: it ends the SSZ. */
static void object(struct lc_world *w, enum lc_kind kind, json_t **out_json, struct bytes *out_ssz)
{
    if (kind == LC_BOOTSTRAP) {
        struct lc_bootstrap b;
        uint8_t root[32];
        lc_world_bootstrap(w, 132, &b, root);
        *out_json = lc_bootstrap_to_json(&w->net, &b);
        *out_ssz = lc_bootstrap_to_ssz(a, &w->net, &b);
        return;
    }
    struct lc_update u;
    lc_world_update(w,
                    &(struct lc_world_ask){.kind = kind,
                                           .finalized = 132,
                                           .attested = kind == LC_OPTIMISTIC_UPDATE ? 165 : 150,
                                           .signature = 170},
                    &u);
    *out_json = lc_update_to_json(&w->net, kind, &u);
    *out_ssz = lc_update_to_ssz(a, &w->net, kind, &u);
}

static bool same(struct bytes x, struct bytes y)
{
    return bytes_eq(x, y);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    for (unsigned p = 0; p < 2; p++)
        for (unsigned f = BEACON_ALTAIR; f <= BEACON_FULU; f++) {
            struct lc_world *w = lc_world_new(a, p ? "mainnet" : "minimal", (enum beacon_fork)f, 1);
            w->distinct = 4;
            for (unsigned k = LC_BOOTSTRAP; k <= LC_OPTIMISTIC_UPDATE; k++) {
                json_t *made;
                struct bytes ssz, got;
                enum lc_kind kind = (enum lc_kind)k;
                object(w, kind, &made, &ssz);
                AUTO_JSON j = made;
                CASE(kinds[k], again_ssz(&w->net, kind, ssz, &got) == RC_OK && same(ssz, got),
                     "SSZ of %s", beacon_fork_name((enum beacon_fork)f));
                CASE(kinds[k], again_json(&w->net, kind, j, &got) == RC_OK && same(ssz, got),
                     "JSON of %s", beacon_fork_name((enum beacon_fork)f));
                /* One kind is never another. */
                for (unsigned o = LC_BOOTSTRAP; o <= LC_OPTIMISTIC_UPDATE; o++)
                    if (o != k)
                        CASE(kinds[k], again_ssz(&w->net, (enum lc_kind)o, ssz, NULL) != RC_OK,
                             "read as %s", kinds[o]);
            }
        }
}

/* Containers around a fork: the finalized header is of the fork before. */
static void headers_of_the_fork_before(void **state)
{
    (void)state;
    static const struct {
        uint64_t finalized, attested;
        bool execution, blob_gas; /* of the finalized header */
    } at[] = {
        {24, 40, false, false}, /* Bellatrix in Capella */
        {56, 72, true, false},  /* Capella in Deneb */
        {24, 72, false, false}, /* Bellatrix in Deneb */
        {88, 104, true, true},  /* Deneb in Electra: the same header, other branches */
    };
    struct lc_world *w = lc_world_new(a, "minimal", BEACON_FULU, 2);
    w->forks[BEACON_CAPELLA - 1].epoch = 4;
    w->forks[BEACON_DENEB - 1].epoch = 8;
    w->forks[BEACON_ELECTRA - 1].epoch = 12;
    w->forks[BEACON_FULU - 1].epoch = 16;
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        struct lc_update u, got;
        struct err err = {0};
        struct bytes again;
        lc_world_update(w,
                        &(struct lc_world_ask){.kind = LC_FINALITY_UPDATE,
                                               .finalized = at[i].finalized,
                                               .attested = at[i].attested,
                                               .signature = at[i].attested + 1},
                        &u);
        struct bytes ssz = lc_update_to_ssz(a, &w->net, LC_FINALITY_UPDATE, &u);
        AUTO_JSON j = lc_update_to_json(&w->net, LC_FINALITY_UPDATE, &u);
        CASE("fork before",
             lc_update_from_ssz(a, &w->net, LC_FINALITY_UPDATE, ssz, &got, &err) == RC_OK &&
                 got.finalized.has_execution == at[i].execution &&
                 got.finalized.execution.has_blob_gas == at[i].blob_gas,
             "SSZ of %zu: %s", i, err.detail);
        CASE("fork before",
             again_json(&w->net, LC_FINALITY_UPDATE, j, &again) == RC_OK && same(ssz, again),
             "JSON of %zu", i);
        /* A value that its fork does not have yet. */
        if (at[i].blob_gas)
            continue;
        if (at[i].execution)
            u.finalized.execution.excess_blob_gas = 1;
        else
            u.finalized.execution.transactions_root[9] = 1;
        ssz = lc_update_to_ssz(a, &w->net, LC_FINALITY_UPDATE, &u);
        AUTO_JSON bad = lc_update_to_json(&w->net, LC_FINALITY_UPDATE, &u);
        CASE("fork before", again_ssz(&w->net, LC_FINALITY_UPDATE, ssz, NULL) == BG_LC_SSZ_UPDATE,
             "SSZ of %zu", i);
        CASE("fork before", again_json(&w->net, LC_FINALITY_UPDATE, bad, NULL) == BG_LC_JSON_UPDATE,
             "JSON of %zu", i);
    }
}

/* struct leaf: the i-th string of a JSON value, and how to write another in its place. */
struct leaf {
    size_t left;
    json_t *parent;
    const char *key;
    size_t index;
    const char *text;
};

static bool find(json_t *j, struct leaf *l)
{
    const char *k;
    json_t *v;
    size_t i;
    if (json_is_object(j))
        json_object_foreach(j, k, v)
        {
            if (json_is_string(v) && l->left-- == 0) {
                *l = (struct leaf){0, j, k, 0, json_string_value(v)};
                return true;
            }
            if (find(v, l))
                return true;
        }
    json_array_foreach(j, i, v)
    {
        if (json_is_string(v) && l->left-- == 0) {
            *l = (struct leaf){0, j, NULL, i, json_string_value(v)};
            return true;
        }
        if (find(v, l))
            return true;
    }
    return false;
}

static void replace(const struct leaf *l, json_t *v)
{
    if (!v && l->key)
        json_object_del(l->parent, l->key);
    else if (!v)
        json_array_remove(l->parent, l->index);
    else if (l->key)
        json_object_set_new(l->parent, l->key, v);
    else
        json_array_set_new(l->parent, l->index, v);
}

/* other: the k-th thing that a leaf must not be; false: there are no more. */
static bool other(const struct leaf *l, size_t k, json_t **out)
{
    static const char *const numbers[] = {
        "",
        "-1",
        "+1",
        "01",
        " 1",
        "1 ",
        "0x1",
        "1e3",
        "1.0",
        "a",
        "1,0",
        "١",
        "115792089237316195423570985008687907853269984665640564039457584007913129639936",
        "18446744073709551616"};
    bool hex = l->text[0] == '0' && l->text[1] == 'x';
    size_t n = strlen(l->text);
    *out = NULL;
    if (k == 0)
        return true; /* not there */
    if (k == 1)
        return (*out = json_null()) != NULL;
    if (k == 2)
        return (*out = json_integer(1)) != NULL;
    if (k == 3)
        return (*out = json_array()) != NULL;
    k -= 4;
    if (!hex) {
        size_t count = sizeof numbers / sizeof *numbers;
        if (strcmp(l->key, "base_fee_per_gas") == 0)
            count--; /* the last is no more than 64 bits */
        return k < count && (*out = json_string(numbers[k])) != NULL;
    }
    char *t = arena_printf(a, &(struct err){0}, "%s?0", l->text);
    assert_non_null(t);
    switch (k) {
    case 0:
        t[n] = '0'; /* half a byte more */
        t[n + 1] = '\0';
        break;
    case 1:
        t[n > 2 ? n - 1 : n] = n > 2 ? '\0' : '0'; /* half a byte less */
        t[n + 1] = '\0';
        break;
    case 2:
        t += 2; /* no 0x */
        t[n - 2] = '\0';
        break;
    case 3:
        t[1] = 'X';
        t[n] = '\0';
        break;
    case 4:
        t[n] = '\0';
        t[n > 2 ? 2 : 0] = 'g';
        break;
    case 5:
        t[n] = '\0';
        t[n - 1] = ' ';
        break;
    case 6: /* 33 bytes: more than any extra_data, and not 20, 32, 48, 96 or 256 */
        t = arena_printf(a, &(struct err){0}, "0x%066d", 0);
        assert_non_null(t);
        break;
    default:
        return false;
    }
    return (*out = json_string(t)) != NULL;
}

static void json_that_is_not_exact(void **state)
{
    (void)state;
    for (unsigned f = BEACON_BELLATRIX; f <= BEACON_ELECTRA; f++) {
        struct lc_world *w = lc_world_new(a, "minimal", (enum beacon_fork)f, 3);
        w->distinct = 2;
        for (unsigned k = LC_BOOTSTRAP; k <= LC_OPTIMISTIC_UPDATE; k++) {
            json_t *made;
            struct bytes ssz;
            enum lc_kind kind = (enum lc_kind)k;
            object(w, kind, &made, &ssz);
            AUTO_JSON j = made;
            enum rc want = kind == LC_BOOTSTRAP ? BG_LC_JSON_BOOTSTRAP : BG_LC_JSON_UPDATE;
            for (size_t i = 0, more = 1; more; i++) {
                more = 0;
                for (size_t v = 0;; v++) {
                    AUTO_JSON copy = json_deep_copy(j);
                    struct leaf l = {.left = i};
                    json_t *bad;
                    if (!find(copy, &l) || !other(&l, v, &bad))
                        break;
                    more = 1;
                    const char *key = l.key ? l.key : "an element";
                    replace(&l, bad);
                    enum rc rc = again_json(&w->net, kind, copy, NULL);
                    CASE(kinds[k], rc == want, "%s: %s %zu: BG-%04d",
                         beacon_fork_name((enum beacon_fork)f), key, v, rc);
                }
            }
            CASE(kinds[k], again_json(&w->net, kind, NULL, NULL) == want, "NULL");
            AUTO_JSON text = json_string("0x");
            CASE(kinds[k], again_json(&w->net, kind, text, NULL) == want, "a string");
            AUTO_JSON list = json_pack("[O]", j);
            CASE(kinds[k], again_json(&w->net, kind, list, NULL) == want, "a list");
            /* What the API may add later is no error. */
            struct bytes again;
            json_object_set_new(j, "new_member", json_integer(1));
            CASE(kinds[k], again_json(&w->net, kind, j, &again) == RC_OK && same(ssz, again),
                 "a member that we do not know");
        }
    }
}

static void the_largest_numbers(void **state)
{
    (void)state;
    struct lc_world *w = lc_world_new(a, "minimal", BEACON_FULU, 4);
    struct lc_update u;
    struct bytes ssz, again;
    lc_world_update(w,
                    &(struct lc_world_ask){
                        .kind = LC_OPTIMISTIC_UPDATE, .attested = 150, .signature = UINT64_MAX},
                    &u);
    u.attested.beacon.proposer_index = UINT64_MAX;
    u.attested.execution.gas_limit = UINT64_MAX - 1;
    memset(u.attested.execution.base_fee, 0xff, 32);
    ssz = lc_update_to_ssz(a, &w->net, LC_OPTIMISTIC_UPDATE, &u);
    AUTO_JSON j = lc_update_to_json(&w->net, LC_OPTIMISTIC_UPDATE, &u);
    assert_int_equal(again_json(&w->net, LC_OPTIMISTIC_UPDATE, j, &again), RC_OK);
    assert_true(same(ssz, again));
    assert_int_equal(again_ssz(&w->net, LC_OPTIMISTIC_UPDATE, ssz, &again), RC_OK);
    assert_true(same(ssz, again));
}

/* Every length below the right one, and up to 40 bytes more. */
static void ssz_of_another_length(void **state)
{
    (void)state;
    for (unsigned f = BEACON_BELLATRIX; f <= BEACON_FULU; f++) {
        struct lc_world *w = lc_world_new(a, "minimal", (enum beacon_fork)f, 5);
        w->distinct = 2;
        for (unsigned k = LC_BOOTSTRAP; k <= LC_OPTIMISTIC_UPDATE; k++) {
            json_t *made;
            struct bytes ssz, again;
            enum lc_kind kind = (enum lc_kind)k;
            object(w, kind, &made, &ssz);
            json_decref(made);
            enum rc want = kind == LC_BOOTSTRAP ? BG_LC_SSZ_BOOTSTRAP : BG_LC_SSZ_UPDATE;
            size_t bad = 0;
            for (size_t n = 0; n < ssz.n; n++)
                bad += again_ssz(&w->net, kind, bytes_of(ssz.p, n), NULL) != want;
            CASE(kinds[k], bad == 0, "%s: %zu shorter ones were read",
                 beacon_fork_name((enum beacon_fork)f), bad);
            /* From Capella on, up to 32 bytes behind are extra_data: read, and another root. */
            for (size_t more = 1; more <= 40; more++) {
                uint8_t *p = arena_alloc(a, ssz.n + more, &(struct err){0});
                assert_non_null(p);
                memcpy(p, ssz.p, ssz.n);
                struct bytes longer = bytes_of(p, ssz.n + more);
                enum rc rc = again_ssz(&w->net, kind, longer, &again);
                if (rc == RC_OK)
                    CASE(kinds[k], f >= BEACON_CAPELLA && more <= 32 && same(longer, again),
                         "%s: %zu bytes more", beacon_fork_name((enum beacon_fork)f), more);
                else
                    CASE(kinds[k], rc == want && (f < BEACON_CAPELLA || more > 32),
                         "%s: %zu bytes more", beacon_fork_name((enum beacon_fork)f), more);
            }
        }
    }
}

/* Each offset has one value: every bit of every one is changed. */
static void ssz_with_other_offsets(void **state)
{
    (void)state;
    for (unsigned f = BEACON_CAPELLA; f <= BEACON_FULU; f++) {
        struct lc_world *w = lc_world_new(a, "minimal", (enum beacon_fork)f, 8);
        size_t committee = 33 * BLS_KEY + 32 * (f >= BEACON_ELECTRA ? 6u : 5u);
        w->distinct = 2;
        for (unsigned k = LC_BOOTSTRAP; k <= LC_OPTIMISTIC_UPDATE; k++) {
            json_t *made;
            struct bytes ssz;
            enum lc_kind kind = (enum lc_kind)k;
            object(w, kind, &made, &ssz);
            json_decref(made);
            uint8_t *p = arena_copy(a, ssz, &(struct err){0});
            assert_non_null(p);
            size_t at[6] = {0}, n = 1;
            size_t second = k == LC_UPDATE ? 4 + committee : 4;
            bool two = k == LC_UPDATE || k == LC_FINALITY_UPDATE;
            if (two)
                at[n++] = second;
            for (size_t h = 0; h < (two ? 2 : 1); h++) {
                const uint8_t *o = p + (h ? second : 0);
                size_t start = (size_t)o[0] | (size_t)o[1] << 8;
                at[n++] = start + 112;       /* of the payload in its header */
                at[n++] = start + 244 + 436; /* of extra_data in the payload */
            }
            for (size_t i = 0; i < n; i++)
                for (size_t bit = 0; bit < 32; bit++) {
                    p[at[i] + bit / 8] ^= (uint8_t)(1u << bit % 8);
                    CASE(kinds[k], again_ssz(&w->net, kind, bytes_of(p, ssz.n), NULL) != RC_OK,
                         "%s: offset %zu bit %zu", beacon_fork_name((enum beacon_fork)f), i, bit);
                    p[at[i] + bit / 8] ^= (uint8_t)(1u << bit % 8);
                }
            CASE(kinds[k], again_ssz(&w->net, kind, bytes_of(p, ssz.n), NULL) == RC_OK,
                 "as it was");
        }
    }
}

/* Each value of a payload header, in a container of Deneb, for a block that has no payload. */
static void payloads_before_capella(void **state)
{
    (void)state;
    struct lc_world *w = lc_world_new(a, "minimal", BEACON_DENEB, 9);
    w->forks[BEACON_CAPELLA - 1].epoch = 4;
    w->forks[BEACON_DENEB - 1].epoch = 8;
    struct lc_update good, u;
    lc_world_update(
        w,
        &(struct lc_world_ask){
            .kind = LC_FINALITY_UPDATE, .finalized = 24, .attested = 72, .signature = 73},
        &good);
    struct lc_execution *e = &u.finalized.execution;
    uint8_t *const bytes[] = {e->parent_hash,
                              e->fee_recipient,
                              e->state_root,
                              e->receipts_root,
                              e->logs_bloom + 255,
                              e->prev_randao,
                              e->base_fee + 31,
                              e->block_hash,
                              e->transactions_root,
                              e->withdrawals_root,
                              u.finalized.execution_branch[3]};
    uint64_t *const numbers[] = {&e->block_number, &e->gas_limit,     &e->gas_used,
                                 &e->timestamp,    &e->blob_gas_used, &e->excess_blob_gas};
    size_t nb = sizeof bytes / sizeof *bytes, nn = sizeof numbers / sizeof *numbers;
    for (size_t i = 0; i <= nb + nn + 1; i++) {
        u = good;
        if (i < nb)
            *bytes[i] = 1;
        else if (i < nb + nn)
            *numbers[i - nb] = 1;
        else if (i == nb + nn)
            e->extra_data_len = 1;
        bool ok = i > nb + nn;
        struct bytes ssz = lc_update_to_ssz(a, &w->net, LC_FINALITY_UPDATE, &u);
        AUTO_JSON j = lc_update_to_json(&w->net, LC_FINALITY_UPDATE, &u);
        CASE("no payload", (again_ssz(&w->net, LC_FINALITY_UPDATE, ssz, NULL) == RC_OK) == ok,
             "SSZ, value %zu", i);
        CASE("no payload", (again_json(&w->net, LC_FINALITY_UPDATE, j, NULL) == RC_OK) == ok,
             "JSON, value %zu", i);
    }
}

static void slots_before_altair(void **state)
{
    (void)state;
    struct lc_world *w = lc_world_new(a, "minimal", BEACON_ELECTRA, 6);
    for (unsigned k = LC_BOOTSTRAP; k <= LC_OPTIMISTIC_UPDATE; k++) {
        json_t *made;
        struct bytes ssz;
        enum lc_kind kind = (enum lc_kind)k;
        w->forks[BEACON_ALTAIR - 1].epoch = 0;
        for (unsigned f = BEACON_ALTAIR; f <= BEACON_ELECTRA; f++)
            w->forks[f - 1].epoch = 0;
        object(w, kind, &made, &ssz);
        AUTO_JSON j = made;
        for (unsigned f = BEACON_ALTAIR; f <= BEACON_ELECTRA; f++)
            w->forks[f - 1].epoch = 22; /* from slot 176 */
        CASE(kinds[k], again_ssz(&w->net, kind, ssz, NULL) != RC_OK, "SSZ");
        CASE(kinds[k], again_json(&w->net, kind, j, NULL) != RC_OK, "JSON");
        /* The shape of another fork than the slot's. */
        for (unsigned f = BEACON_ALTAIR; f <= BEACON_ELECTRA; f++)
            w->forks[f - 1].epoch = f <= BEACON_BELLATRIX ? 0 : 22;
        CASE(kinds[k], again_ssz(&w->net, kind, ssz, NULL) != RC_OK, "SSZ in Bellatrix");
        w->forks[BEACON_CAPELLA - 1].epoch = 0;
        CASE(kinds[k], again_ssz(&w->net, kind, ssz, NULL) != RC_OK, "SSZ in Capella");
        /* An optimistic update has no branch, and members that we do not know are ignored. */
        CASE(kinds[k], k == LC_OPTIMISTIC_UPDATE || again_json(&w->net, kind, j, NULL) != RC_OK,
             "JSON in Capella");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read, fresh, done),
        cmocka_unit_test_setup_teardown(headers_of_the_fork_before, fresh, done),
        cmocka_unit_test_setup_teardown(json_that_is_not_exact, fresh, done),
        cmocka_unit_test_setup_teardown(the_largest_numbers, fresh, done),
        cmocka_unit_test_setup_teardown(ssz_of_another_length, fresh, done),
        cmocka_unit_test_setup_teardown(ssz_with_other_offsets, fresh, done),
        cmocka_unit_test_setup_teardown(payloads_before_capella, fresh, done),
        cmocka_unit_test_setup_teardown(slots_before_altair, fresh, done),
    };
    return HARNESS_RUN("light client readers", tests);
}
