/*
 * light_client: from a checkpoint to a verdict on the three recorded chains (MANIFEST of
 * vectors/contracts): bootstrap, updates, finality, account proofs, contract. The first set is a
 * real beacon node's, the objects of the other two were made with @lodestar and signed with blst.
 */
#include "policy/beacon/light_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "policy/decide.h"
#include "tests/lib/chain_case.h"
#include "tests/lib/lc_case.h"

static const char *const sets[] = {"capella-devnet", "prague-canonical", "osaka-devnode"};
static const char *const forks[] = {"shanghai", "prague", "osaka"};
#define SETS (sizeof sets / sizeof *sets)

static struct arena *a;

static int fresh(void **state)
{
    (void)state;
    a = arena_new((size_t)1 << 30);
    return a ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static bool absent(const char *file, size_t cases)
{
    char *path = vectors_path(file);
    free(path);
    if (!path)
        case_skip(cases, "no vectors");
    return !path;
}
#define NO_CONTRACTS(cases) absent("contracts/osaka-devnode/index.json", (cases))

static const char *text(const json_t *obj, const char *key)
{
    return json_string_value(json_object_get(obj, key));
}

/* The entries of a recorded session; what is NULL is left out. */
static json_t *recorded(const struct lc_case *c, json_t *updates, size_t num_updates,
                        json_t *finality)
{
    char path[LC_PATH_MAX];
    json_t *beacon = json_array();
    json_array_append_new(beacon,
                          lc_entry(lc_path_bootstrap(path, c->cfg.checkpoint.root), c->bootstrap));
    if (updates)
        json_array_append_new(
            beacon, lc_entry(lc_path_updates(
                                 path, beacon_period_at_slot(&c->network, c->cfg.checkpoint.slot),
                                 num_updates),
                             updates));
    if (finality)
        json_array_append_new(beacon, lc_entry(LC_PATH_FINALITY, finality));
    return beacon;
}

/* from_header: a block.json or lc-blocks.json header has the hash and root that the head has. */
static bool same_block(const struct head_facts *f, const json_t *header)
{
    uint8_t hash[32], root[32];
    uint64_t n, time;
    return answers_fixed(json_object_get(header, "hash"), hash, 32) &&
           answers_fixed(json_object_get(header, "stateRoot"), root, 32) &&
           answers_quantity(json_object_get(header, "number"), &n) &&
           answers_quantity(json_object_get(header, "timestamp"), &time) &&
           memcmp(hash, f->header.hash, 32) == 0 && memcmp(root, f->header.state_root, 32) == 0 &&
           n == f->header.number && time == f->header.timestamp;
}

static json_t *load(const char *set, const char *file)
{
    char path[200];
    snprintf(path, sizeof path, "contracts/%s/%s", set, file);
    return vectors_json(path);
}

static size_t asked;

/* ask_all: every case of a list, at a head that a light client proved. */
static void ask_all(const char *set, const char *list, const struct lc_case *lc,
                    const struct chain_head *head, uint64_t now)
{
    AUTO_JSON index = load(set, "index.json");
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(index, list), i, row)
    {
        struct chain_case c;
        char name[200];
        const char *file = text(row, "file"), *want = text(row, "verdict");
        if (!want)
            continue; /* a getter */
        asked++;
        snprintf(name, sizeof name, "%s/%s", set, file);
        chain_case_load(a, set, file, &c);
        c.cfg.source = CHAIN_ETHEREUM;
        c.cfg.light_client = lc->cfg;
        c.cfg.num_el_forks = 0; /* the beacon chain's fork is enough */
        c.now = now;
        struct chain_try t = chain_case_ask_at(a, &c, head, c.rpc);
        struct verdict v = {0};
        if (t.rc == RC_OK)
            policy_decide(&t.checks, &t.result, &v);
        CASE(name,
             t.rc == RC_OK && needs_hard(&t.needs) == 0 &&
                 verdict_is_allow(&v) == (strcmp(want, "allow") == 0),
             "rc %d %s, %zu needs, verdict %d %s; bad %s", t.rc, t.err.detail, needs_hard(&t.needs),
             v.decision, v.reason ? v.reason : "", t.bad.detail);
        CASE(name,
             t.result.assurance && strcmp(t.result.assurance, "finalized") == 0 &&
                 t.result.head == head_facts_of(head) && t.result.fork == c.fork.fork,
             "fork %s", eth_fork_name(t.result.fork));
        chain_case_free(&c);
    }
}

static void the_finalized_block_answers_every_case(void **state)
{
    (void)state;
    if (NO_CONTRACTS(80))
        return;
    asked = 0;
    for (size_t s = 0; s < SETS; s++) {
        struct lc_case c;
        lc_case_load(sets[s], &c);
        AUTO_JSON beacon = recorded(&c, NULL, 0, c.finality);
        struct lc_try t = lc_once(a, &c.cfg, c.now, beacon);
        if (t.rc != RC_OK || !t.head)
            fail_msg("%s: no head: %s; %s", sets[s], t.err.detail, t.bad.detail);
        const struct head_facts *f = head_facts_of(t.head);
        AUTO_JSON block = load(sets[s], "block.json");
        CASE(sets[s], same_block(f, json_object_get(block, "header")), "another block");
        CASE(sets[s], t.needs.n == 0, "%zu needs", t.needs.n);
        CASE(sets[s],
             f->by_light_client && f->participants == c.network.committee_size &&
                 f->committee_size == c.network.committee_size &&
                 strcmp(f->assurance, "finalized") == 0 && strcmp(f->network, sets[s]) == 0 &&
                 strcmp(eth_fork_name(f->fork), forks[s]) == 0 &&
                 beacon_time_of(&c.network, f->signature_slot) + c.network.seconds_per_slot ==
                     c.now &&
                 f->checkpoint_slot == c.cfg.checkpoint.slot && f->updates == 1,
             "%zu of %zu, %s %s", f->participants, f->committee_size, f->network,
             eth_fork_name(f->fork));
        ask_all(sets[s], "cases", &c, t.head, c.now);
        lc_case_free(&c);
    }
    assert_int_equal(asked, 26 + 27 + 27);
}

static void the_next_period_needs_its_committee(void **state)
{
    (void)state;
    if (NO_CONTRACTS(20))
        return;
    asked = 0;
    for (size_t s = 1; s < SETS; s++) {
        struct lc_case c;
        lc_case_load(sets[s], &c);
        uint64_t period = beacon_period_at_slot(&c.network, c.cfg.checkpoint.slot);
        AUTO_JSON blocks = load(sets[s], "lc-blocks.json");
        const json_t *next =
            json_object_get(json_object_get(blocks, "blocks"), "finalizedNextPeriod");
        uint64_t attested = (uint64_t)strtoull(
            text(json_object_get(
                     json_object_get(json_object_get(c.finality_next, "data"), "attested_header"),
                     "beacon"),
                 "slot"),
            NULL, 10);
        uint64_t now = beacon_time_of(&c.network, attested + 2);
        /* Without the update of the period before, the newest head can't be had. */
        AUTO_JSON without = recorded(&c, NULL, 0, c.finality_next);
        struct light_client *lc;
        struct err err = {0};
        assert_int_equal(light_client_new(a, &c.cfg, now, &lc, &err), RC_OK);
        struct lc_try t = lc_step(a, lc, without, false);
        const struct need *n = lc_need(&t, NEED_UPDATES);
        CASE(sets[s],
             t.rc == RC_OK && !t.head && n && n->hard && n->number == period && n->count == 1,
             "rc %d, head %d", t.rc, t.head != NULL);
        /* It comes, and what was there already is looked at again. */
        char path[LC_PATH_MAX];
        AUTO_JSON one = json_array();
        json_array_append(one, json_array_get(c.updates, 0));
        json_array_append_new(without, lc_entry(lc_path_updates(path, period, 1), one));
        t = lc_step(a, lc, without, false);
        if (t.rc != RC_OK || !t.head)
            fail_msg("%s: no head: %s; %s", sets[s], t.err.detail, t.bad.detail);
        const struct head_facts *f = head_facts_of(t.head);
        CASE(sets[s], same_block(f, json_object_get(next, "header")), "another block");
        CASE(sets[s], f->participants == 460 && f->updates == 2 && t.needs.n == 0,
             "%zu signers, %zu updates", f->participants, f->updates);
        ask_all(sets[s], "nextPeriodCases", &c, t.head, now);
        /* Both updates and no finality update: the second one carries the same proof. */
        AUTO_JSON only = recorded(&c, c.updates, 2, NULL);
        t = lc_once(a, &c.cfg, now, only);
        CASE(sets[s], t.head && same_block(head_facts_of(t.head), json_object_get(next, "header")),
             "%s", t.bad.detail);
        lc_case_free(&c);
    }
    assert_int_equal(asked, 4);
}

static void sixty_percent_never_move_the_head(void **state)
{
    (void)state;
    if (NO_CONTRACTS(6))
        return;
    for (size_t s = 1; s < SETS; s++) {
        struct lc_case c;
        lc_case_load(sets[s], &c);
        for (int kind = LC_HEAD_FINALIZED; kind <= LC_HEAD_ATTESTED; kind++) {
            struct lc_config cfg = c.cfg;
            cfg.head = (enum lc_head_kind)kind;
            AUTO_JSON beacon = recorded(&c, NULL, 0, c.finality_60pct);
            struct light_client *lc;
            struct err err = {0};
            assert_int_equal(light_client_new(a, &cfg, c.now, &lc, &err), RC_OK);
            struct lc_try t = lc_step(a, lc, beacon, false);
            CASE(sets[s],
                 t.rc == RC_OK && !t.head && needs_hard(&t.needs) == 1 &&
                     t.bad.rc == BG_LC_PARTICIPATION,
                 "rc %d, bad %d: %s", t.rc, t.bad.rc, t.bad.detail);
            /* The whole committee's word for the same block does. */
            json_array_append_new(beacon, lc_entry(LC_PATH_FINALITY, c.finality));
            t = lc_step(a, lc, beacon, false);
            CASE(sets[s], t.rc == RC_OK && t.head && head_facts_of(t.head)->participants == 512,
                 "rc %d, bad %s", t.rc, t.bad.detail);
        }
        lc_case_free(&c);
    }
}

/* A real node's optimistic update: a newer block, and no finality. */
static void an_attested_head_of_a_real_node(void **state)
{
    (void)state;
    if (NO_CONTRACTS(2))
        return;
    struct lc_case c;
    lc_case_load("capella-devnet", &c);
    c.cfg.head = LC_HEAD_ATTESTED;
    AUTO_JSON beacon = recorded(&c, NULL, 0, NULL);
    json_array_append_new(beacon, lc_entry(LC_PATH_OPTIMISTIC, c.optimistic));
    struct lc_try t = lc_once(a, &c.cfg, c.now, beacon);
    CASE("attested",
         t.head && head_facts_of(t.head)->slot == 49 &&
             head_facts_of(t.head)->header.number == 49 &&
             strcmp(head_facts_of(t.head)->assurance, "attested") == 0,
         "rc %d %s; %s", t.rc, t.err.detail, t.bad.detail);
    /* The same update proves nothing final. */
    c.cfg.head = LC_HEAD_FINALIZED;
    t = lc_once(a, &c.cfg, c.now, beacon);
    CASE("not finalized", t.rc == RC_OK && !t.head && lc_need(&t, NEED_FINALITY), "rc %d", t.rc);
    lc_case_free(&c);
}

/* The bootstraps' roots and the clock as MANIFEST.md states them. */
#define FULU_ROOT    "9bcb90ec3a294591b77dd2a58e973578715cdc0e6eeeb286bc06dd120057f18b"
#define ELECTRA_ROOT "318d7c4a0013bc0527d1897557330bf25fc2edb0fa48d385d89d9efb4824b704"
#define DENEB_ROOT   "fc728271f234a95e04a101d2dc01717cd8e88edbc694f8a5377e396b08ff2591"
#define FULU_CLOCK   14018100u

static json_t *fulu(const char *file)
{
    char path[100];
    snprintf(path, sizeof path, "eth/lc/mainnet-fulu/%s", file);
    return vectors_json(path);
}

static const json_t *beacon_header(const json_t *body, const char *key)
{
    return json_object_get(json_object_get(json_object_get(body, "data"), key), "beacon");
}

/* Mainnet itself: the built-in network, and an answer that was recorded from public servers. */
static void mainnet_of_the_fulu_fork(void **state)
{
    (void)state;
    if (absent("eth/lc/mainnet-fulu/bootstrap.json", 10))
        return;
    AUTO_JSON bootstrap = fulu("bootstrap.json");
    AUTO_JSON updates = fulu("updates.json");
    AUTO_JSON finality = fulu("finality.json");
    AUTO_JSON optimistic = fulu("optimistic.json");
    const struct beacon_network *n = beacon_network_named(bytes_of_str("mainnet"));
    assert_non_null(n);
    struct lc_config cfg = {.network = n,
                            .checkpoint_max_age = 14 * 86400,
                            .head = LC_HEAD_FINALIZED,
                            .max_head_age = 7200};
    const json_t *b = beacon_header(bootstrap, "header");
    cfg.checkpoint.slot = strtoull(text(b, "slot"), NULL, 10);
    struct err err = {0};
    assert_true(hex_decode(bytes_of_str(FULU_ROOT), cfg.checkpoint.root, 32));
    uint64_t signed_at =
        strtoull(text(json_object_get(finality, "data"), "signature_slot"), NULL, 10);
    uint64_t now = beacon_time_of(n, signed_at + 1);
    char path[LC_PATH_MAX];
    AUTO_JSON beacon = json_array();
    json_array_append_new(beacon,
                          lc_entry(lc_path_bootstrap(path, cfg.checkpoint.root), bootstrap));
    json_array_append_new(
        beacon,
        lc_entry(lc_path_updates(path, beacon_period_at_slot(n, cfg.checkpoint.slot), 1), updates));
    json_array_append_new(beacon, lc_entry(LC_PATH_FINALITY, finality));
    json_array_append_new(beacon, lc_entry(LC_PATH_OPTIMISTIC, optimistic));
    struct lc_try t = lc_once(a, &cfg, now, beacon);
    CASE("finalized", t.rc == RC_OK && t.head && t.needs.n == 0, "rc %d %s; %s", t.rc, t.err.detail,
         t.bad.detail);
    if (t.head) {
        const struct head_facts *f = head_facts_of(t.head);
        enum eth_fork fork = ETH_FORK_NONE;
        CASE("slot",
             f->slot ==
                 strtoull(text(beacon_header(finality, "finalized_header"), "slot"), NULL, 10),
             "%llu", (unsigned long long)f->slot);
        CASE("signers", f->participants == 511 && f->committee_size == 512, "%zu", f->participants);
        CASE("fork", f->fork == ETH_OSAKA, "%s", eth_fork_name(f->fork));
        /* Both tables agree: the beacon chain's epochs and the execution chain's times. */
        CASE("tables", eth_fork_of_beacon(&f->header, f->fork, 1, NULL, 0, &fork, &err) == RC_OK,
             "%s", err.detail);
    }
    cfg.head = LC_HEAD_ATTESTED;
    cfg.max_head_age = 300;
    t = lc_once(a, &cfg, now, beacon);
    CASE("attested", t.head && head_facts_of(t.head)->slot == 14018019, "rc %d %s; %s", t.rc,
         t.err.detail, t.bad.detail);
    /* An old world: the same answers a day later. */
    cfg.head = LC_HEAD_FINALIZED;
    cfg.max_head_age = 7200;
    t = lc_once(a, &cfg, now + 86400, beacon);
    CASE("a day old",
         t.rc == RC_OK && !t.head && t.bad.rc == BG_LC_HEAD_AGE && lc_need(&t, NEED_FINALITY),
         "rc %d, bad %d", t.rc, t.bad.rc);
    CASE("15 days old", lc_once(a, &cfg, now + 15 * 86400, beacon).rc == BG_LC_CHECKPOINT_OLD,
         "accepted");
    /* On another network nothing of it is proven. */
    static const char *const others[] = {"sepolia", "hoodi", "gnosis"};
    for (size_t i = 0; i < 3; i++) {
        cfg.network = beacon_network_named(bytes_of_str(others[i]));
        t = lc_once(a, &cfg, now, beacon);
        CASE(others[i], !t.head, "accepted");
    }
}

static struct bytes file(const char *name)
{
    char path[100];
    snprintf(path, sizeof path, "eth/lc/%s", name);
    return vectors_bytes(a, path);
}

/* Mainnet's answers in SSZ as they were served: a head out of an update's own finality proof. */
static void mainnet_in_ssz(void **state)
{
    (void)state;
    if (absent("eth/lc/mainnet-electra/bootstrap.ssz", 3))
        return;
    const struct beacon_network *n = beacon_network_named(bytes_of_str("mainnet"));
    struct lc_config cfg = {.network = n,
                            .checkpoint = {.slot = 11698208},
                            .checkpoint_max_age = 14 * 86400,
                            .head = LC_HEAD_FINALIZED};
    uint64_t now = beacon_time_of(n, 11698478 + 10);
    char path[LC_PATH_MAX];
    assert_true(hex_decode(bytes_of_str(ELECTRA_ROOT), cfg.checkpoint.root, 32));
    AUTO_JSON beacon = json_array();
    json_array_append_new(beacon, lc_entry_ssz(lc_path_bootstrap(path, cfg.checkpoint.root),
                                               file("mainnet-electra/bootstrap.ssz")));
    json_array_append_new(beacon, lc_entry_ssz(lc_path_updates(path, 1408, 1),
                                               file("mainnet-electra/updates_1408_1.ssz")));
    struct lc_try t = lc_once(a, &cfg, now, beacon);
    CASE("of a period long past", t.rc == RC_OK && !t.head && t.bad.rc == BG_LC_UNUSED, "bad %d %s",
         t.bad.rc, t.bad.detail);
    json_array_append_new(beacon, lc_entry_ssz(lc_path_updates(path, 1428, 1),
                                               file("mainnet-electra/updates_1428_1.ssz")));
    t = lc_once(a, &cfg, now, beacon);
    const struct head_facts *f = t.head ? head_facts_of(t.head) : NULL;
    CASE("electra",
         f && f->participants == 512 && f->fork == ETH_PRAGUE && f->slot > 11698208 &&
             f->slot < 11698478 && f->header.timestamp == beacon_time_of(n, f->slot),
         "rc %d %s; %s", t.rc, t.err.detail, t.bad.detail);
    /* Deneb: a bootstrap alone, and what came before it. */
    struct light_client *lc;
    struct err err = {0};
    cfg.checkpoint.slot = 11526688;
    assert_true(hex_decode(bytes_of_str(DENEB_ROOT), cfg.checkpoint.root, 32));
    now = beacon_time_of(n, 11526688 + 100);
    AUTO_JSON deneb = json_array();
    json_array_append_new(deneb, lc_entry_ssz(lc_path_updates(path, 1393, 14),
                                              file("mainnet-deneb/updates_1393_14.ssz")));
    json_array_append_new(deneb, lc_entry_ssz(lc_path_bootstrap(path, cfg.checkpoint.root),
                                              file("mainnet-deneb/bootstrap.ssz")));
    assert_int_equal(light_client_new(a, &cfg, now, &lc, &err), RC_OK);
    t = lc_step(a, lc, deneb, false);
    CASE("deneb",
         t.rc == RC_OK && !t.head && t.bad.rc == BG_LC_UNUSED &&
             light_client_store(lc)->finalized.beacon.slot == 11526688,
         "bad %d %s", t.bad.rc, t.bad.detail);
}

/* Each of the derived-invalid objects, in place of the good one of its kind. */
static void no_derived_invalid_object_makes_a_head(void **state)
{
    (void)state;
    if (absent("eth/lc/mainnet-fulu/derived-invalid.json", 19))
        return;
    AUTO_JSON list = fulu("derived-invalid.json");
    AUTO_JSON bootstrap = fulu("bootstrap.json");
    AUTO_JSON finality = fulu("finality.json");
    const struct beacon_network *n = beacon_network_named(bytes_of_str("mainnet"));
    struct lc_config cfg = {
        .network = n, .checkpoint_max_age = 14 * 86400, .head = LC_HEAD_FINALIZED};
    struct err err = {0};
    assert_true(hex_decode(bytes_of_str(FULU_ROOT), cfg.checkpoint.root, 32));
    cfg.checkpoint.slot = 14017856;
    uint64_t now = beacon_time_of(n, FULU_CLOCK);
    char path[LC_PATH_MAX];
    uint64_t period = beacon_period_at_slot(n, cfg.checkpoint.slot);
    size_t i;
    json_t *e;
    json_array_foreach(list, i, e)
    {
        const char *kind = text(e, "kind"), *name = text(e, "name");
        json_t *object = json_object_get(e, "object");
        if (strcmp(text(e, "expect"), "reject") != 0)
            continue;
        AUTO_JSON beacon = json_array();
        AUTO_JSON one = json_array();
        json_array_append(one, object);
        bool is_bootstrap = strcmp(kind, "bootstrap") == 0;
        json_array_append_new(beacon, lc_entry(lc_path_bootstrap(path, cfg.checkpoint.root),
                                               is_bootstrap ? object : bootstrap));
        if (strcmp(kind, "update") == 0)
            json_array_append_new(beacon, lc_entry(lc_path_updates(path, period, 1), one));
        else if (!is_bootstrap)
            json_array_append_new(beacon, lc_entry(LC_PATH_FINALITY, object));
        else
            json_array_append_new(beacon, lc_entry(LC_PATH_FINALITY, finality));
        struct light_client *lc;
        assert_int_equal(light_client_new(a, &cfg, now, &lc, &err), RC_OK);
        struct lc_try t = lc_step(a, lc, beacon, false);
        CASE(name, t.rc == RC_OK && !t.head && t.bad.rc != RC_OK, "rc %d, bad %d", t.rc, t.bad.rc);
        /* The good ones beside it are found all the same. */
        json_array_append_new(beacon,
                              lc_entry(lc_path_bootstrap(path, cfg.checkpoint.root), bootstrap));
        json_array_append_new(beacon, lc_entry(LC_PATH_FINALITY, finality));
        t = lc_step(a, lc, beacon, false);
        CASE(name, t.rc == RC_OK && t.head, "rc %d, %s", t.rc, t.bad.detail);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {
        T(the_finalized_block_answers_every_case),
        T(the_next_period_needs_its_committee),
        T(sixty_percent_never_move_the_head),
        T(an_attested_head_of_a_real_node),
        T(mainnet_of_the_fulu_fork),
        T(mainnet_in_ssz),
        T(no_derived_invalid_object_makes_a_head),
    };
    return HARNESS_RUN("light_client_vectors", tests);
}
