/*
 * beacon: recorded light-client objects of mainnet (Deneb, Electra, Fulu) and of three other
 * chains (vectors/eth/lc, vectors/contracts, MANIFEST.md of both), from bootstrap to finality, and
 * what was derived from them and must be refused. The consensus-spec tests: lc_steps_test.c.
 */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "base/hex.h"
#include "policy/beacon/read.h"
#include "policy/beacon/ssz.h"
#include "policy/beacon/store.h"

static struct arena *a;

static int fresh(void **state)
{
    (void)state;
    a = arena_new((size_t)128 << 20);
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
        case_skip(cases, "no light-client vectors");
    return !path;
}

static const struct beacon_network *mainnet(void)
{
    return beacon_network_named(bytes_of_str("mainnet"));
}

static void root_of(const char *hex, uint8_t out[static 32])
{
    assert_true(hex_decode_0x(bytes_of_str(hex), out, 32));
}

static void same_root(const char *what, const uint8_t got[static 32], const char *want)
{
    uint8_t w[32];
    root_of(want, w);
    CASE(what, memcmp(got, w, 32) == 0, "another root than %s", want);
}

static size_t split(const char *file, struct bytes *out, size_t max)
{
    struct err err = {0};
    size_t n = 0;
    assert_int_equal(lc_updates_split(vectors_bytes(a, file), out, max, &n, &err), RC_OK);
    return n;
}

static struct lc_update update_ssz(struct bytes ssz)
{
    struct err err = {0};
    struct lc_update u;
    if (lc_update_from_ssz(a, mainnet(), LC_UPDATE, ssz, &u, &err) != RC_OK)
        fail_msg("BG-%04d %s", err.rc, err.detail);
    return u;
}

static size_t signers(const struct lc_update *u)
{
    size_t n = 0;
    for (size_t i = 0; i < u->num_bits; i++)
        n += (unsigned)u->bits[i / 8] >> i % 8 & 1u;
    return n;
}

/* moves: the update is taken, and the store moves (or does not). */
static void moves(const char *what, struct lc_store *s, const struct lc_update *u, uint64_t now,
                  bool want)
{
    struct err err = {0};
    bool moved = !want;
    enum rc rc = lc_store_update(a, s, u, now, &moved, &err);
    CASE(what, rc == RC_OK && moved == want, "BG-%04d %s moved %d", rc, err.detail, moved);
}

static void refused(const char *what, const struct lc_store *s, const struct lc_update *u,
                    uint64_t now, enum rc want)
{
    struct err err = {0};
    struct lc_store copy = *s;
    bool moved = false;
    enum rc rc = lc_store_update(a, &copy, u, now, &moved, &err);
    copy.current.points = s->current.points;
    copy.next.points = s->next.points;
    CASE(what, rc == want && !moved, "BG-%04d %s, wanted BG-%04d", rc, err.detail, want);
    CASE(what, memcmp(&copy, s, sizeof copy) == 0, "the store was changed");
}

static struct lc_store start_ssz(const char *file, const char *root)
{
    struct err err = {0};
    struct lc_bootstrap b;
    struct lc_store s;
    uint8_t r[32];
    root_of(root, r);
    if (lc_bootstrap_from_ssz(a, mainnet(), vectors_bytes(a, file), &b, &err) != RC_OK ||
        lc_store_start(a, mainnet(), r, &b, &s, &err) != RC_OK)
        fail_msg("%s: BG-%04d %s", file, err.rc, err.detail);
    return s;
}

#define DENEB_ROOT "0xfc728271f234a95e04a101d2dc01717cd8e88edbc694f8a5377e396b08ff2591"

static void fifteen_periods_of_deneb(void **state)
{
    (void)state;
    if (absent("eth/lc/mainnet-deneb/bootstrap.ssz", 32))
        return;
    struct bytes first[1], rest[16];
    assert_int_equal(split("eth/lc/mainnet-deneb/updates_1392_1.ssz", first, 1), 1);
    assert_int_equal(split("eth/lc/mainnet-deneb/updates_1393_14.ssz", rest, 16), 14);
    /* The store that whoever followed period 1392 has: its next committee, nothing of 1393 yet. */
    struct lc_update u = update_ssz(first[0]);
    struct lc_store s = {.network = mainnet()};
    s.finalized.beacon.slot = s.optimistic.beacon.slot = 1393 * 8192;
    s.current = (struct lc_known_committee){.known = true, .raw = u.next};
    ssz_root_of_committee(&u.next, s.current.root);
    for (size_t i = 0; i < 14; i++) {
        u = update_ssz(rest[i]);
        CASE("signers", signers(&u) >= 510 && signers(&u) <= 512, "%zu of 512", signers(&u));
        moves("deneb update", &s, &u, u.signature_slot, true);
        CASE("period",
             beacon_period_at_slot(mainnet(), s.finalized.beacon.slot) == 1393 + i && s.next.known,
             "finalized %llu", (unsigned long long)s.finalized.beacon.slot);
        refused("the same again", &s, &u, u.signature_slot - 1, BG_LC_FUTURE);
    }
    struct lc_store b = start_ssz("eth/lc/mainnet-deneb/bootstrap.ssz", DENEB_ROOT);
    CASE("bootstrap", b.finalized.beacon.slot == 11526688, "other slot");
    CASE("bootstrap", memcmp(b.current.root, s.next.root, 32) == 0,
         "the next committee of 1406 is not the bootstrap's");
    /* Signed by the committee before: this store does not have it. */
    refused("older period", &b, &u, u.signature_slot, BG_LC_PERIOD);
}

static void electra(void **state)
{
    (void)state;
    if (absent("eth/lc/mainnet-electra/bootstrap.ssz", 6))
        return;
    struct lc_store s =
        start_ssz("eth/lc/mainnet-electra/bootstrap.ssz",
                  "0x318d7c4a0013bc0527d1897557330bf25fc2edb0fa48d385d89d9efb4824b704");
    struct bytes ssz[1];
    assert_int_equal(split("eth/lc/mainnet-electra/updates_1408_1.ssz", ssz, 1), 1);
    struct lc_update old = update_ssz(ssz[0]);
    refused("period 1408", &s, &old, 11698500, BG_LC_PERIOD);
    assert_int_equal(split("eth/lc/mainnet-electra/updates_1428_1.ssz", ssz, 1), 1);
    struct lc_update u = update_ssz(ssz[0]);
    CASE("signers", signers(&u) == 512, "%zu", signers(&u));
    moves("electra update", &s, &u, u.signature_slot, true);
    CASE("electra", s.next.known && s.optimistic.beacon.slot == 11698478, "not moved");
    moves("again", &s, &u, u.signature_slot, false);
}

/* data_of: `data` of an answer, or of an entry. */
static const json_t *data_of(const json_t *answer)
{
    const json_t *d = json_object_get(answer, "data");
    assert_non_null(d);
    return d;
}

static struct lc_update update_json(const struct beacon_network *n, enum lc_kind kind,
                                    const json_t *answer)
{
    struct err err = {0};
    struct lc_update u;
    if (lc_update_from_json(a, n, kind, data_of(answer), &u, &err) != RC_OK)
        fail_msg("BG-%04d %s", err.rc, err.detail);
    return u;
}

static struct lc_store start_json(const struct beacon_network *n, const char *root,
                                  const json_t *answer)
{
    struct err err = {0};
    struct lc_bootstrap b;
    struct lc_store s;
    uint8_t r[32];
    root_of(root, r);
    if (lc_bootstrap_from_json(a, n, data_of(answer), &b, &err) != RC_OK ||
        lc_store_start(a, n, r, &b, &s, &err) != RC_OK)
        fail_msg("BG-%04d %s", err.rc, err.detail);
    return s;
}

#define FULU      "eth/lc/mainnet-fulu/"
#define FULU_ROOT "0x9bcb90ec3a294591b77dd2a58e973578715cdc0e6eeeb286bc06dd120057f18b"
#define FULU_NOW  14018100u

static struct lc_store fulu_store(void)
{
    AUTO_JSON bootstrap = vectors_json(FULU "bootstrap.json");
    return start_json(mainnet(), FULU_ROOT, bootstrap);
}

static void fulu(void **state)
{
    (void)state;
    if (absent(FULU "bootstrap.json", 10))
        return;
    struct lc_store s = fulu_store();
    uint8_t h[32];
    AUTO_JSON updates = vectors_json(FULU "updates.json");
    AUTO_JSON finality = vectors_json(FULU "finality.json");
    AUTO_JSON optimistic = vectors_json(FULU "optimistic.json");
    struct lc_update u = update_json(mainnet(), LC_UPDATE, json_array_get(updates, 0));
    ssz_root_of_header(&u.attested.beacon, h);
    ssz_signing_root(h, beacon_fork_at_slot(mainnet(), u.signature_slot - 1)->version,
                     mainnet()->genesis_validators_root, h);
    same_root("signing root of the update", h,
              "0xa7d7c9ff14ccfac8854aff565e1acf8d02132b1c52a683a7046fffd17e1dccdf");
    moves("update", &s, &u, FULU_NOW, true);
    CASE("update", s.next.known && s.finalized.beacon.slot == 14017856, "not as expected");
    struct lc_store before = s;
    u = update_json(mainnet(), LC_FINALITY_UPDATE, finality);
    ssz_root_of_header(&u.attested.beacon, h);
    ssz_signing_root(h, beacon_fork_at_slot(mainnet(), u.signature_slot - 1)->version,
                     mainnet()->genesis_validators_root, h);
    same_root("signing root of the finality update", h,
              "0x58f31b4988e7e4085e81f602edf2031e1e6b1401ca8d57af00e3d9339e02c38c");
    moves("finality update", &s, &u, FULU_NOW, true);
    CASE("finality",
         s.finalized.beacon.slot == 14017952 && s.finalized_participants == 511 &&
             s.finalized_signature_slot == 14018020 && s.optimistic.beacon.slot == 14018019 &&
             s.updates == 2,
         "finalized %llu", (unsigned long long)s.finalized.beacon.slot);
    moves("again", &s, &u, FULU_NOW, false);
    s = before;
    u = update_json(mainnet(), LC_OPTIMISTIC_UPDATE, optimistic);
    moves("optimistic update", &s, &u, FULU_NOW, true);
    CASE("optimistic",
         s.finalized.beacon.slot == 14017856 && s.optimistic.beacon.slot == 14018019 &&
             s.optimistic_participants == signers(&u),
         "finalized moved");
}

static const struct {
    const char *name;
    enum rc rc;
} derived[] = {
    {"finality-signature-bitflip", BG_LC_SIGNATURE},
    {"finality-signature-infinity", BG_LC_SIGNATURE},
    {"finality-bit-cleared", BG_LC_SIGNATURE},
    {"finality-no-participants", BG_LC_NO_SIGNER},
    {"finality-attested-state-root", BG_LC_FINALITY_BRANCH},
    {"finality-branch-bitflip", BG_LC_FINALITY_BRANCH},
    {"finality-branch-short", BG_LC_JSON_UPDATE},
    {"finality-finalized-slot", BG_LC_FINALITY_BRANCH},
    {"finality-execution-stateroot", BG_LC_ATTESTED_HEADER},
    {"finality-finalized-execution-blockhash", BG_LC_FINALIZED_HEADER},
    {"finality-execution-branch", BG_LC_ATTESTED_HEADER},
    {"finality-sigslot-not-after-attested", BG_LC_SLOT_ORDER},
    {"finality-sigslot-next-period", BG_LC_FUTURE},
    {"finality-sigslot-fork-electra", BG_LC_SLOT_ORDER},
    {"update-next-committee-pubkey", BG_LC_NEXT_BRANCH},
    {"update-next-branch-bitflip", BG_LC_NEXT_BRANCH},
    {"bootstrap-committee-pubkey", BG_LC_BOOTSTRAP_COMMITTEE},
    {"bootstrap-header", BG_LC_BOOTSTRAP_ROOT},
    {"bootstrap-511-keys", BG_LC_JSON_BOOTSTRAP},
};

/* outcome: what reading and then taking the object gives. */
static enum rc outcome(const char *kind, const json_t *data, uint64_t now)
{
    struct err err = {0};
    if (strcmp(kind, "bootstrap") == 0) {
        struct lc_bootstrap b;
        struct lc_store s;
        uint8_t r[32];
        root_of(FULU_ROOT, r);
        enum rc rc = lc_bootstrap_from_json(a, mainnet(), data, &b, &err);
        return rc ? rc : lc_store_start(a, mainnet(), r, &b, &s, &err);
    }
    struct lc_store s = fulu_store();
    struct lc_update u;
    bool moved;
    enum lc_kind k = strcmp(kind, "update") == 0 ? LC_UPDATE : LC_FINALITY_UPDATE;
    enum rc rc = lc_update_from_json(a, mainnet(), k, data, &u, &err);
    return rc ? rc : lc_store_update(a, &s, &u, now, &moved, &err);
}

static void each_derived_object_is_refused(void **state)
{
    (void)state;
    size_t n = sizeof derived / sizeof *derived, i;
    if (absent(FULU "derived-invalid.json", n))
        return;
    AUTO_JSON all = vectors_json(FULU "derived-invalid.json");
    json_t *c;
    assert_int_equal(json_array_size(all), n);
    json_array_foreach(all, i, c)
    {
        const char *name = json_string_value(json_object_get(c, "name"));
        const char *kind = json_string_value(json_object_get(c, "kind"));
        const json_t *data = data_of(json_object_get(c, "object"));
        size_t k = 0;
        while (k < n && strcmp(derived[k].name, name) != 0)
            k++;
        if (k == n)
            fail_msg("no code expected for %s", name);
        enum rc rc = outcome(kind, data, FULU_NOW);
        CASE(name, rc == derived[k].rc, "BG-%04d, wanted BG-%04d", rc, derived[k].rc);
        /* When its time has come, its committee is still not known. */
        if (derived[k].rc == BG_LC_FUTURE)
            CASE(name, (rc = outcome(kind, data, FULU_NOW + 20000)) == BG_LC_PERIOD, "BG-%04d", rc);
    }
}

/* ---- vectors/contracts ---- */

struct chain {
    struct beacon_network n;
    struct beacon_fork_at forks[BEACON_FORK_MAX];
};

static const char *text(const json_t *obj, const char *key)
{
    const char *s = json_string_value(json_object_get(obj, key));
    if (!s)
        fail_msg("vector without %s", key);
    return s;
}

/* network: each fork up to `through` active from epoch 0; versions by upper-case name. */
static void network(struct chain *c, const char *preset, enum beacon_fork through,
                    const json_t *versions, const char *suffix)
{
    static const char *const names[] = {"GENESIS", "ALTAIR",  "BELLATRIX", "CAPELLA",
                                        "DENEB",   "ELECTRA", "FULU"};
    assert_true(beacon_preset(bytes_of_str(preset), &c->n));
    c->n.name = "vector";
    for (unsigned f = BEACON_PHASE0; f <= through; f++) {
        char key[64];
        snprintf(key, sizeof key, "%s%s", names[f - 1], suffix);
        c->forks[f - 1].fork = (enum beacon_fork)f;
        assert_true(hex_decode_0x(bytes_of_str(text(versions, key)), c->forks[f - 1].version, 4));
    }
    c->n.forks = c->forks;
    c->n.num_forks = through;
}

static void is_sound(const struct beacon_network *n)
{
    const char *why = "";
    if (!beacon_network_ok(n, &why))
        fail_msg("%s", why);
}

static bool is_block(const struct lc_header *h, const json_t *block)
{
    uint8_t state_root[32], hash[32];
    const json_t *header = json_object_get(block, "header");
    root_of(text(header, "stateRoot"), state_root);
    root_of(text(block, "headerHash"), hash);
    return memcmp(h->execution.state_root, state_root, 32) == 0 &&
           memcmp(h->execution.block_hash, hash, 32) == 0;
}

static json_t *set_json(const char *set, const char *file)
{
    char path[160];
    snprintf(path, sizeof path, "contracts/%s/%s", set, file);
    return vectors_json(path);
}

static void synthetic_chain(const char *set)
{
    struct chain c = {0};
    AUTO_JSON cfg = set_json(set, "lc-config.json");
    AUTO_JSON all_blocks = set_json(set, "lc-blocks.json");
    const json_t *blocks = json_object_get(all_blocks, "blocks");
    AUTO_JSON bootstrap = set_json(set, "lc-bootstrap.json");
    AUTO_JSON updates = set_json(set, "lc-updates.json");
    AUTO_JSON finality = set_json(set, "lc-finality-update.json");
    AUTO_JSON next = set_json(set, "lc-finality-update-next-period.json");
    AUTO_JSON weak = set_json(set, "lc-finality-update-60pct.json");
    const json_t *slots = json_object_get(cfg, "slots");
    network(&c, text(cfg, "preset"),
            beacon_fork_read(bytes_of_str(text(cfg, "forkEpochsAllZeroThrough"))),
            json_object_get(cfg, "forkVersions"), "");
    c.n.genesis_time = (uint64_t)json_integer_value(json_object_get(cfg, "genesisTime"));
    c.n.seconds_per_slot = (uint64_t)json_integer_value(json_object_get(cfg, "secondsPerSlot"));
    root_of(text(cfg, "genesisValidatorsRoot"), c.n.genesis_validators_root);
    is_sound(&c.n);
    uint64_t bootstrap_slot = (uint64_t)json_integer_value(json_object_get(slots, "bootstrap"));

    struct lc_store s = start_json(&c.n, text(cfg, "trustedBlockRoot"), bootstrap), begun = s;
    CASE(set, is_block(&s.finalized, json_object_get(blocks, "bootstrap")), "bootstrap's block");
    struct lc_update f = update_json(&c.n, LC_FINALITY_UPDATE, finality);
    struct lc_update n = update_json(&c.n, LC_FINALITY_UPDATE, next);
    struct lc_update w = update_json(&c.n, LC_FINALITY_UPDATE, weak);
    struct lc_update u100 = update_json(&c.n, LC_UPDATE, json_array_get(updates, 0));
    struct lc_update u101 = update_json(&c.n, LC_UPDATE, json_array_get(updates, 1));
    uint64_t now = f.signature_slot + 1, later = n.signature_slot + 1;

    CASE(set, signers(&w) == 307, "%zu signers", signers(&w));
    moves("60 % signed", &s, &w, now, false);
    CASE("60 % signed",
         s.finalized.beacon.slot == bootstrap_slot && s.optimistic.beacon.slot == bootstrap_slot,
         "%s: a header moved", set);
    moves("finality", &s, &f, now, true);
    CASE(set, is_block(&s.finalized, json_object_get(blocks, "finalized")), "finalized block");
    CASE(set, is_block(&s.optimistic, json_object_get(blocks, "attested")), "attested block");
    refused("next period, committee unknown", &s, &n, later, BG_LC_PERIOD);
    /* The finality update brought no committee, its full update does. */
    CASE(set, !s.next.known, "a committee out of nothing");
    moves("update 100", &s, &u100, later, true);
    CASE(set, s.next.known, "no next committee");
    moves("next period's finality", &s, &n, later, true);
    CASE(set, is_block(&s.finalized, json_object_get(blocks, "finalizedNextPeriod")),
         "next finalized block");
    CASE(set, is_block(&s.optimistic, json_object_get(blocks, "attestedNextPeriod")),
         "next attested block");
    CASE(set, !s.next.known, "the committee after the next out of nothing");
    moves("update 101", &s, &u101, later, true);
    CASE(set, signers(&u101) == 460 && s.next.known, "%zu signers", signers(&u101));

    /* The usual way: updates, then the newest finality. */
    s = begun;
    moves("update 100", &s, &u100, later, true);
    moves("update 101", &s, &u101, later, true);
    moves("finality 101", &s, &n, later, false);
    CASE(set, is_block(&s.finalized, json_object_get(blocks, "finalizedNextPeriod")),
         "finalized block");
    refused("the older finality", &s, &f, later, BG_LC_PERIOD);
    /* Another chain's name, another fork's version: the signature says no. */
    s = begun;
    c.n.genesis_validators_root[31] ^= 1;
    refused("other genesis", &s, &f, now, BG_LC_SIGNATURE);
    c.n.genesis_validators_root[31] ^= 1;
    c.forks[c.n.num_forks - 1].version[3] ^= 1;
    refused("other fork version", &s, &f, now, BG_LC_SIGNATURE);
}

static void synthetic_chains(void **state)
{
    (void)state;
    if (absent("contracts/prague-canonical/lc-config.json", 60))
        return;
    synthetic_chain("prague-canonical");
    synthetic_chain("osaka-devnode");
}

static void live_capella_chain(void **state)
{
    (void)state;
    if (absent("contracts/capella-devnet/lc-live.json", 10))
        return;
    struct chain c = {0};
    AUTO_JSON live = vectors_json("contracts/capella-devnet/lc-live.json");
    AUTO_JSON block = vectors_json("contracts/capella-devnet/block.json");
    const json_t *spec = data_of(json_object_get(live, "spec"));
    const json_t *genesis = data_of(json_object_get(live, "genesis"));
    network(&c, text(spec, "PRESET_BASE"), BEACON_CAPELLA, spec, "_FORK_VERSION");
    c.n.genesis_time = strtoull(text(genesis, "genesis_time"), NULL, 10);
    c.n.seconds_per_slot = strtoull(text(spec, "SECONDS_PER_SLOT"), NULL, 10);
    root_of(text(genesis, "genesis_validators_root"), c.n.genesis_validators_root);
    is_sound(&c.n);
    assert_int_equal(c.n.seconds_per_slot, 1);
    assert_int_equal(beacon_slot_at(&c.n, c.n.genesis_time + 51), 51);

    struct lc_store s =
        start_json(&c.n, text(live, "bootstrapRoot"), json_object_get(live, "bootstrap"));
    CASE("capella",
         s.finalized.has_execution && !s.finalized.execution.has_blob_gas &&
             is_block(&s.finalized, block),
         "bootstrap's block");
    uint64_t now = beacon_slot_at(&c.n, c.n.genesis_time + 51);
    struct lc_update u =
        update_json(&c.n, LC_UPDATE, json_array_get(json_object_get(live, "updates"), 0));
    moves("update of period 0", &s, &u, now, true);
    CASE("capella", signers(&u) == 32, "%zu of 32", signers(&u));
    u = update_json(&c.n, LC_FINALITY_UPDATE, json_object_get(live, "finality"));
    moves("finality", &s, &u, now, true);
    CASE("capella",
         s.finalized.beacon.slot == 32 && is_block(&s.finalized, block) &&
             s.optimistic.beacon.slot == 49,
         "finalized block");
    u = update_json(&c.n, LC_OPTIMISTIC_UPDATE, json_object_get(live, "optimistic"));
    moves("optimistic, the same block", &s, &u, now, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fifteen_periods_of_deneb, fresh, done),
        cmocka_unit_test_setup_teardown(electra, fresh, done),
        cmocka_unit_test_setup_teardown(fulu, fresh, done),
        cmocka_unit_test_setup_teardown(each_derived_object_is_refused, fresh, done),
        cmocka_unit_test_setup_teardown(synthetic_chains, fresh, done),
        cmocka_unit_test_setup_teardown(live_capella_chain, fresh, done),
    };
    return HARNESS_RUN("beacon vectors", tests);
}
