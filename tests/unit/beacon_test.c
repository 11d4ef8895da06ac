/* beacon: networks as data, and hash tree roots and branches. */
#include "tests/lib/harness.h"

#include "base/hash.h"
#include "base/hex.h"
#include "policy/beacon/network.h"
#include "policy/beacon/ssz.h"

static const struct beacon_network *net(const char *name)
{
    const struct beacon_network *n = beacon_network_named(bytes_of_str(name));
    assert_non_null(n);
    return n;
}

static void built_in_networks_are_sound(void **state)
{
    (void)state;
    static const uint64_t ids[] = {1, 11155111, 560048, 100};
    const char *why = "";
    size_t i = 0;
    for (const struct beacon_network *n; (n = beacon_network_at(i)); i++) {
        CASE(n->name, beacon_network_ok(n, &why), "%s", why);
        CASE(n->name, beacon_network_named(bytes_of_str(n->name)) == n, "by name");
        CASE(n->name, n->chain_id == ids[i] && beacon_network_of_chain(ids[i]) == n, "by chain");
        /* Presets: presets/mainnet and gnosis of their specifications. */
        struct beacon_network p = {0};
        assert_true(beacon_preset(bytes_of_str(n->chain_id == 100 ? "gnosis" : "mainnet"), &p));
        CASE(n->name,
             p.slots_per_epoch == n->slots_per_epoch &&
                 p.epochs_per_period == n->epochs_per_period &&
                 p.committee_size == n->committee_size,
             "not its preset");
        CASE(n->name, n->num_forks == 7 && n->forks[6].fork == BEACON_FULU, "forks");
    }
    assert_int_equal(i, 4);
    assert_null(beacon_network_named(bytes_of_str("Mainnet")));
    assert_null(beacon_network_named(BYTES_NONE));
    assert_null(beacon_network_of_chain(0));
    assert_null(beacon_network_of_chain(31337));
    struct beacon_network p;
    assert_false(beacon_preset(bytes_of_str("main"), &p));
    assert_true(beacon_preset(bytes_of_str("minimal"), &p));
    assert_true(p.slots_per_epoch == 8 && p.epochs_per_period == 8 && p.committee_size == 32);
}

/*
 * A fork of the beacon chain is one of the execution chain, at the same second: the table of
 * execution forks, which was written from other sources, must agree.
 */
static void forks_agree_with_the_execution_layer(void **state)
{
    (void)state;
    for (size_t i = 0; beacon_network_at(i); i++) {
        const struct beacon_network *n = beacon_network_at(i);
        for (size_t k = 1; k < n->num_forks; k++) {
            const struct beacon_fork_at *f = &n->forks[k];
            enum eth_fork el = beacon_el_fork(f->fork), got = ETH_FORK_NONE;
            struct err err = {0};
            if (f->fork < BEACON_DENEB || f->epoch == 0)
                continue;
            struct eth_header h = {.pos = true,
                                   .has_base_fee = true,
                                   .has_withdrawals_root = true,
                                   .has_blob_gas = true,
                                   .has_beacon_root = true,
                                   .has_requests_hash = f->fork >= BEACON_ELECTRA};
            h.timestamp = beacon_time_of(n, f->epoch * n->slots_per_epoch);
            CASE(n->name, eth_fork_of(&h, n->chain_id, NULL, 0, &got, &err) == RC_OK && got == el,
                 "%s: %s", beacon_fork_name(f->fork), err.detail);
            /* One second before it is the fork before, or the header has no such shape yet. */
            h.timestamp--;
            err_clear(&err);
            CASE(n->name,
                 eth_fork_of(&h, n->chain_id, NULL, 0, &got, &err) != RC_OK ||
                     got == beacon_el_fork(f[-1].fork),
                 "%s began earlier", beacon_fork_name(f->fork));
        }
    }
}

static void forks_change_at_their_slot(void **state)
{
    (void)state;
    for (size_t i = 0; beacon_network_at(i); i++) {
        const struct beacon_network *n = beacon_network_at(i);
        for (size_t k = 0; k < n->num_forks; k++) {
            const struct beacon_fork_at *f = &n->forks[k];
            uint64_t slot = f->epoch * n->slots_per_epoch;
            bool last_here = k + 1 == n->num_forks || f[1].epoch > f->epoch;
            if (last_here)
                CASE(n->name, beacon_fork_at_slot(n, slot) == f, "%s", beacon_fork_name(f->fork));
            if (slot)
                CASE(n->name, beacon_fork_at_slot(n, slot - 1) < f, "%s too early",
                     beacon_fork_name(f->fork));
        }
        /* Past the table's end the last fork stays. */
        assert_int_equal(beacon_fork_at_slot(n, UINT64_MAX)->fork, BEACON_FULU);
    }
    struct beacon_network none = {.slots_per_epoch = 8};
    assert_int_equal(beacon_fork_at_slot(&none, 5)->fork, BEACON_FORK_NONE);
    for (unsigned f = BEACON_PHASE0; f < BEACON_FORK_MAX; f++) {
        enum beacon_fork b = (enum beacon_fork)f;
        assert_int_equal(beacon_fork_read(bytes_of_str(beacon_fork_name(b))), b);
        assert_int_not_equal(beacon_el_fork(b), ETH_FORK_NONE);
    }
    assert_int_equal(beacon_fork_read(bytes_of_str("none")), BEACON_FORK_NONE);
    assert_int_equal(beacon_fork_read(bytes_of_str("gloas")), BEACON_FORK_NONE);
    assert_int_equal(beacon_el_fork(BEACON_FORK_NONE), ETH_FORK_NONE);
    assert_int_equal(beacon_el_fork(BEACON_BELLATRIX), ETH_PARIS);
    assert_int_equal(beacon_el_fork(BEACON_CAPELLA), ETH_SHANGHAI);
    assert_string_equal(beacon_fork_name(BEACON_FORK_MAX), "none");
}

static void slots_periods_and_times(void **state)
{
    (void)state;
    const struct beacon_network *m = net("mainnet"), *g = net("gnosis");
    /* Mainnet slot 14017856 of vectors/eth/lc: period 1711. */
    assert_int_equal(beacon_period_at_slot(m, 14017856), 1711);
    assert_int_equal(beacon_period_at_slot(m, 8191), 0);
    assert_int_equal(beacon_period_at_slot(m, 8192), 1);
    assert_int_equal(beacon_period_at_slot(g, 8192), 1);
    assert_int_equal(beacon_time_of(m, 0), 1606824023);
    /* gnosis: its first block's slot is 0 at 2021-12-08 19:55:40; 5 seconds a slot. */
    assert_int_equal(beacon_time_of(g, 10), 1638993390);
    assert_int_equal(beacon_slot_at(m, 1606824023 + 23), 1);
    assert_int_equal(beacon_slot_at(m, 1606824023 + 24), 2);
    assert_int_equal(beacon_slot_at(m, 1606824022), 0);
    assert_int_equal(beacon_slot_at(m, 0), 0);
    assert_int_equal(beacon_time_of(m, UINT64_MAX), UINT64_MAX);
    assert_int_equal(beacon_time_of(m, (UINT64_MAX - 1606824023) / 12 + 1), UINT64_MAX);
    assert_true(beacon_slot_at(m, UINT64_MAX) > UINT64_MAX / 13);
    assert_true(beacon_period_at_slot(m, UINT64_MAX) == UINT64_MAX / 8192);
    struct beacon_network zero = {0};
    assert_int_equal(beacon_period_at_slot(&zero, 5), 0);
    assert_int_equal(beacon_slot_at(&zero, 5), 0);
}

/* A network of a configuration that breaks one rule at a time. */
static void custom_networks_keep_the_rules(void **state)
{
    (void)state;
    const struct beacon_fork_at good[] = {{BEACON_PHASE0, {0, 0, 0, 9}, 0},
                                          {BEACON_ALTAIR, {1, 0, 0, 9}, 0},
                                          {BEACON_CAPELLA, {3, 0, 0, 9}, 4}};
    struct beacon_fork_at forks[3];
    const char *why;
    for (int rule = 0; rule <= 16; rule++) {
        struct beacon_network n = {.name = "custom",
                                   .genesis_validators_root = {1},
                                   .seconds_per_slot = 1,
                                   .slots_per_epoch = 8,
                                   .epochs_per_period = 8,
                                   .committee_size = 32,
                                   .forks = forks,
                                   .num_forks = 3};
        memcpy(forks, good, sizeof forks);
        switch (rule) {
        case 0:
            break;
        case 1:
            n.name = NULL;
            break;
        case 2:
            n.name = "";
            break;
        case 3:
            n.seconds_per_slot = 0;
            break;
        case 4:
            n.slots_per_epoch = 0;
            break;
        case 5:
            n.epochs_per_period = 0;
            break;
        case 6:
            n.committee_size = 64;
            break;
        case 7:
            n.epochs_per_period = UINT64_MAX / 4;
            break;
        case 8:
            n.genesis_validators_root[0] = 0;
            break;
        case 9:
            n.num_forks = 0;
            break;
        case 10:
            forks[0].epoch = 1;
            break;
        case 11:
            forks[1].fork = BEACON_PHASE0;
            break;
        case 12:
            forks[2].epoch = UINT64_MAX;
            break;
        case 13:
            forks[1].fork = BEACON_FORK_MAX;
            break;
        case 14:
            forks[1].epoch = 5;
            break;
        case 15:
            memcpy(forks[2].version, forks[0].version, 4);
            break;
        default:
            n.forks = NULL;
        }
        why = NULL;
        bool ok = beacon_network_ok(&n, &why);
        CASE("custom network", ok == (rule == 0) && why && (ok || *why), "rule %d: %s", rule,
             ok ? "accepted" : "no reason");
    }
}

/* ---- hash tree roots ---- */

static void is_hex(const char *what, const uint8_t got[static 32], const char *want)
{
    char text[65];
    hex_encode(bytes_of(got, 32), text);
    CASE(what, strcmp(text, want) == 0, "%s, wanted %s", text, want);
}

/* The roots of trees of zeros, as consensus-specs' deposit contract and its tests list them. */
static const char *const zeros[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b",
    "db56114e00fdd4c1f85c892bf35ac9a89289aaecb1ebd0a96cde606a748b5d71",
    "c78009fdf07fc56a11f122370658a353aaa542ed63e44c4bc15ff4cd105ab33c",
    "536d98837f2dd165a55d5eeae91485954472d56f246df256bf3cae19352a123c",
    "9efde052aa15429fae05bad4d0b1d7c64da64d03d7a1854a588c2cb8430c0d30",
};

/* naive: the root of leaves i.., by definition. */
static void naive(const uint8_t (*leaves)[32], size_t n, unsigned depth, uint8_t out[static 32])
{
    uint8_t l[32], r[32];
    size_t half = depth ? (size_t)1 << (depth - 1) : 0;
    if (depth == 0) {
        memset(out, 0, 32);
        if (n)
            memcpy(out, leaves[0], 32);
        return;
    }
    naive(leaves, n < half ? n : half, depth - 1, l);
    naive(leaves + (n < half ? n : half), n < half ? 0 : n - half, depth - 1, r);
    HASH_PARTS(hash_sha256_parts, out, BYTES_OF_ARRAY(l), BYTES_OF_ARRAY(r));
}

static void trees_of_every_filling(void **state)
{
    (void)state;
    uint8_t leaves[70][32], got[32], want[32];
    for (unsigned d = 0; d < sizeof zeros / sizeof *zeros; d++) {
        ssz_merkleize(NULL, 0, d, got);
        is_hex("zeros", got, zeros[d]);
    }
    for (size_t i = 0; i < 70; i++)
        hash_sha256(bytes_of(&i, sizeof i), leaves[i]);
    for (unsigned depth = 0; depth <= 9; depth++)
        for (size_t n = 0; n <= 70 && n <= (size_t)1 << depth; n++) {
            ssz_merkleize((const uint8_t(*)[32])leaves, n, depth, got);
            naive((const uint8_t(*)[32])leaves, n, depth, want);
            CASE("merkleize", memcmp(got, want, 32) == 0, "%zu leaves, depth %u", n, depth);
        }
}

static void empty_containers(void **state)
{
    (void)state;
    struct beacon_header h = {0};
    struct lc_execution e = {0};
    uint8_t got[32], a[32], b[32];
    /* Five zero chunks in a tree of eight. */
    ssz_root_of_header(&h, got);
    is_hex("empty header", got, zeros[3]);
    /* A committee of zero keys: each key is two zero chunks. */
    static uint8_t keys[512][BLS_KEY];
    for (size_t n = 32; n <= 512; n += 480) {
        struct lc_committee c = {.keys = (const uint8_t(*)[BLS_KEY])keys, .n = n};
        ssz_root_of_committee(&c, got);
        ssz_merkleize(NULL, 0, n == 32 ? 6 : 10, a);
        ssz_merkleize(NULL, 0, 1, b);
        HASH_PARTS(hash_sha256_parts, a, BYTES_OF_ARRAY(a), BYTES_OF_ARRAY(b));
        CASE("empty committee", memcmp(got, a, 32) == 0, "%zu keys", n);
    }
    /* An empty payload header: zeros but at logs_bloom (depth 3) and extra_data (a zero chunk with
     * its length: depth 1). */
    uint8_t chunks[17][32] = {{0}};
    assert_true(hex_decode(bytes_of_str(zeros[3]), chunks[4], 32));
    assert_true(hex_decode(bytes_of_str(zeros[1]), chunks[10], 32));
    ssz_root_of_execution(&e, got);
    naive((const uint8_t(*)[32])chunks, 15, 4, a);
    CASE("empty execution", memcmp(got, a, 32) == 0, "15 fields");
    e.has_blob_gas = true;
    ssz_root_of_execution(&e, got);
    naive((const uint8_t(*)[32])chunks, 17, 5, a);
    CASE("empty execution", memcmp(got, a, 32) == 0, "17 fields");
}

/* Domains of facts/ethereum.md section 3; those of mainnet were proven by signatures. */
static void signing_roots_use_the_published_domains(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        enum beacon_fork fork;
        const char *domain;
    } known[] = {
        {"mainnet", BEACON_DENEB,
         "070000006a95a1a967855d676d48be69883b712607f952d5198d0f5677564636"},
        {"mainnet", BEACON_ELECTRA,
         "07000000ad532ceb9ec5d246daad29da8aa157bfdab35e5f069f9db81f1da754"},
        {"mainnet", BEACON_FULU,
         "0700000082fae541f8a3db43adb5e7997ac5f562cf682ce6bc41b8ec28ba1a07"},
        {"sepolia", BEACON_FULU,
         "07000000f52c15272cff99835cd05aa522af469210b5b2c8807e372b6b9ca539"},
        {"hoodi", BEACON_FULU, "07000000e9730835ed8469ff3cbc6064cb6e858ed44584ee2b21754ea0cd0ab5"},
        {"gnosis", BEACON_FULU, "07000000f9ab5f8547bc7528a8abc1d43804ffd7dbf41ca6fa27c9d40f6134f9"},
    };
    uint8_t object[32] = {7}, domain[32], want[32], got[32];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const struct beacon_network *n = net(known[i].network);
        const struct beacon_fork_at *f = &n->forks[known[i].fork - BEACON_PHASE0];
        assert_int_equal(f->fork, known[i].fork);
        assert_true(hex_decode(bytes_of_str(known[i].domain), domain, 32));
        HASH_PARTS(hash_sha256_parts, want, BYTES_OF_ARRAY(object), BYTES_OF_ARRAY(domain));
        ssz_signing_root(object, f->version, n->genesis_validators_root, got);
        CASE(known[i].network, memcmp(got, want, 32) == 0, "%s", beacon_fork_name(f->fork));
    }
}

/* Every node of a tree of depth 7, and every way to be wrong about one. */
static void branches_are_bound_to_their_place(void **state)
{
    (void)state;
    static uint8_t tree[256][32];
    uint8_t branch[8][32];
    for (size_t i = 255; i >= 128; i--)
        hash_sha256(bytes_of(&i, sizeof i), tree[i]);
    for (size_t i = 127; i >= 1; i--)
        HASH_PARTS(hash_sha256_parts, tree[i], BYTES_OF_ARRAY(tree[2 * i]),
                   BYTES_OF_ARRAY(tree[2 * i + 1]));
    for (uint64_t g = 1; g < 256; g++) {
        size_t n = 0;
        for (uint64_t i = g; i > 1; i >>= 1)
            memcpy(branch[n++], tree[i ^ 1], 32);
        memset(branch[n], 0, n < 8 ? 32 : 0);
        const uint8_t(*b)[32] = (const uint8_t(*)[32])branch;
        CASE("branch", ssz_branch_ok(tree[g], b, n, g, tree[1]), "%llu", (unsigned long long)g);
        uint64_t other = 0;
        while (other < 256 && (other == g || !ssz_branch_ok(tree[g], b, n, other, tree[1])))
            other++;
        CASE("other index", other == 256, "%llu for %llu", (unsigned long long)other,
             (unsigned long long)g);
        CASE("shorter", n == 0 || !ssz_branch_ok(tree[g], b, n - 1, g, tree[1]), "%llu",
             (unsigned long long)g);
        CASE("longer", n == 7 || !ssz_branch_ok(tree[g], b, n + 1, g, tree[1]), "%llu",
             (unsigned long long)g);
        for (size_t i = 0; i < n; i++) {
            branch[i][g % 32] ^= 1;
            CASE("changed", !ssz_branch_ok(tree[g], b, n, g, tree[1]), "%llu node %zu",
                 (unsigned long long)g, i);
            branch[i][g % 32] ^= 1;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_networks_are_sound),
        cmocka_unit_test(forks_agree_with_the_execution_layer),
        cmocka_unit_test(forks_change_at_their_slot),
        cmocka_unit_test(slots_periods_and_times),
        cmocka_unit_test(custom_networks_keep_the_rules),
        cmocka_unit_test(trees_of_every_filling),
        cmocka_unit_test(empty_containers),
        cmocka_unit_test(signing_roots_use_the_published_domains),
        cmocka_unit_test(branches_are_bound_to_their_place),
    };
    return HARNESS_RUN("beacon", tests);
}
