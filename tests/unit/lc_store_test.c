/*
 * lc_store: each rule of the light client's store on a chain of our own (tests/lib/lc_world): what
 * each refusal's code stands for, what moves and what does not, and that what is refused changes
 * nothing.
 */
#include "tests/lib/harness.h"

#include "base/hash.h"
#include "policy/beacon/ssz.h"
#include "policy/beacon/store.h"
#include "tests/lib/lc_world.h"

/* The minimal preset: 32 members, 64 slots a period. */
enum { BOOTSTRAP = 128 };

static struct arena *a;
static struct lc_world *w;

static int fresh(void **state)
{
    (void)state;
    a = arena_new((size_t)128 << 20);
    w = a ? lc_world_new(a, "minimal", BEACON_ELECTRA, 1) : NULL;
    return w ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static struct lc_store started(uint64_t slot)
{
    struct lc_bootstrap b;
    struct lc_store s;
    struct err err = {0};
    uint8_t root[32];
    lc_world_bootstrap(w, slot, &b, root);
    if (lc_store_start(a, &w->net, root, &b, &s, &err) != RC_OK)
        fail_msg("BG-%04d %s", err.rc, err.detail);
    return s;
}

static struct lc_update update(enum lc_kind kind, uint64_t finalized, uint64_t attested,
                               size_t absent)
{
    struct lc_update u;
    lc_world_update(w,
                    &(struct lc_world_ask){.kind = kind,
                                           .finalized = finalized,
                                           .attested = attested,
                                           .signature = attested + 1,
                                           .absent = absent},
                    &u);
    return u;
}

/* takes: RC_OK, and *out_moved is as said. */
static void takes(const char *what, struct lc_store *s, const struct lc_update *u, bool want)
{
    struct err err = {0};
    bool moved = !want;
    size_t before = s->updates;
    enum rc rc = lc_store_update(a, s, u, u->signature_slot, &moved, &err);
    CASE(what, rc == RC_OK && moved == want && s->updates == before + 1, "BG-%04d %s moved %d", rc,
         err.detail, moved);
}

static void at(const char *what, const struct lc_store *s, uint64_t finalized, uint64_t optimistic,
               bool next_known)
{
    uint8_t root[32];
    ssz_root_of_header(&s->finalized.beacon, root);
    CASE(what, s->finalized.beacon.slot == finalized && memcmp(root, s->finalized_root, 32) == 0,
         "finalized %llu", (unsigned long long)s->finalized.beacon.slot);
    ssz_root_of_header(&s->optimistic.beacon, root);
    CASE(what, s->optimistic.beacon.slot == optimistic && memcmp(root, s->optimistic_root, 32) == 0,
         "optimistic %llu", (unsigned long long)s->optimistic.beacon.slot);
    CASE(what, s->next.known == next_known, "next committee %d", s->next.known);
    CASE(what, s->current.known, "no committee");
}

static void refused_at(const char *what, const struct lc_store *s, const struct lc_update *u,
                       uint64_t now, enum rc want)
{
    struct err err = {0};
    struct lc_store copy = *s;
    bool moved = false;
    enum rc rc = lc_store_update(a, &copy, u, now, &moved, &err);
    /* The points are a cache: the same keys give the same ones. */
    copy.current.points = s->current.points;
    copy.next.points = s->next.points;
    CASE(what, rc == want && rc == err.rc && !moved, "BG-%04d %s, wanted BG-%04d", rc, err.detail,
         want);
    CASE(what, memcmp(&copy, s, sizeof copy) == 0, "the store was changed");
}

static void refused(const char *what, const struct lc_store *s, const struct lc_update *u,
                    enum rc want)
{
    refused_at(what, s, u, u->signature_slot, want);
}

static void each_fork_and_preset(void **state)
{
    (void)state;
    for (unsigned p = 0; p < 2; p++)
        for (unsigned f = BEACON_ALTAIR; f <= BEACON_FULU; f++) {
            uint64_t period = p ? 8192 : 64, from = 10 * period;
            const char *name = beacon_fork_name((enum beacon_fork)f);
            w = lc_world_new(a, p ? "mainnet" : "minimal", (enum beacon_fork)f, 7);
            w->distinct = 4;
            struct lc_store s = started(from);
            struct lc_update u = update(LC_UPDATE, from + 8, from + 24, 0);
            takes(name, &s, &u, true);
            at(name, &s, from + 8, from + 24, true);
            u = update(LC_OPTIMISTIC_UPDATE, 0, from + 26, 0);
            takes(name, &s, &u, true);
            at(name, &s, from + 8, from + 26, true);
            u = update(LC_FINALITY_UPDATE, from + period + 8, from + period + 25, 0);
            takes(name, &s, &u, true);
            at(name, &s, from + period + 8, from + period + 25, false);
            u = update(LC_UPDATE, from + period + 16, from + period + 33, 0);
            takes(name, &s, &u, true);
            at(name, &s, from + period + 16, from + period + 33, true);
            CASE(name,
                 s.updates == 4 && s.finalized_participants == w->net.committee_size &&
                     s.finalized_signature_slot == from + period + 34,
                 "what is told of the head");
        }
}

static void bootstraps(void **state)
{
    (void)state;
    struct lc_bootstrap good, b;
    struct lc_store s, untouched;
    uint8_t root[32], keys[32][BLS_KEY];
    lc_world_bootstrap(w, BOOTSTRAP, &good, root);
    for (int i = 0; i <= 12; i++) {
        struct err err = {0};
        enum rc want = RC_OK;
        b = good;
        memcpy(keys, good.committee.keys, sizeof keys);
        b.committee.keys = (const uint8_t(*)[BLS_KEY])keys;
        switch (i) {
        case 1:
            b.header.beacon.slot++;
            want = BG_LC_BOOTSTRAP_ROOT;
            break;
        case 2:
            b.header.beacon.state_root[0] ^= 1;
            want = BG_LC_BOOTSTRAP_ROOT;
            break;
        case 3:
            b.header.execution.gas_used ^= 1;
            want = BG_LC_BOOTSTRAP_HEADER;
            break;
        case 4:
            b.header.execution_branch[3][31] ^= 1;
            want = BG_LC_BOOTSTRAP_HEADER;
            break;
        case 5: /* the header of a fork before: it says less */
            b.header.execution.has_blob_gas = false;
            want = BG_LC_BOOTSTRAP_HEADER;
            break;
        case 6:
            b.header.has_execution = false;
            want = BG_LC_BOOTSTRAP_HEADER;
            break;
        case 7:
            keys[31][47] ^= 1;
            want = BG_LC_BOOTSTRAP_COMMITTEE;
            break;
        case 8:
            b.committee.aggregate[47] ^= 1;
            want = BG_LC_BOOTSTRAP_COMMITTEE;
            break;
        case 9:
            b.branch.node[0][0] ^= 1;
            want = BG_LC_BOOTSTRAP_COMMITTEE;
            break;
        case 10:
            b.branch.n--;
            want = BG_LC_BOOTSTRAP_COMMITTEE;
            break;
        case 11:
            b.committee.n--;
            want = BG_LC_BOOTSTRAP_COMMITTEE;
            break;
        case 12: /* the next committee in the place of the current one */
        {
            struct lc_world_block block;
            lc_world_block(w, BOOTSTRAP, NULL, &block);
            b.committee = block.next;
            b.branch = block.next_branch;
            want = BG_LC_BOOTSTRAP_COMMITTEE;
            break;
        }
        default:
            break;
        }
        memset(&s, 0x11, sizeof s);
        untouched = s;
        enum rc rc = lc_store_start(a, &w->net, root, &b, &s, &err);
        CASE("bootstrap", rc == want, "%d: BG-%04d %s", i, rc, err.detail);
        CASE("bootstrap", rc == RC_OK || memcmp(&s, &untouched, sizeof s) == 0, "%d: written", i);
    }
    root[5] ^= 1;
    struct err err = {0};
    CASE("bootstrap", lc_store_start(a, &w->net, root, &good, &s, &err) == BG_LC_BOOTSTRAP_ROOT,
         "another trusted root");
}

static void two_thirds_and_not_one_less(void **state)
{
    (void)state;
    struct lc_store begun = started(BOOTSTRAP), s = begun;
    struct lc_update u;
    /* 21 of 32 is 65.6 %, 22 is 68.8 %. */
    for (size_t absent = 0; absent < 32; absent++) {
        bool enough = 32 - absent >= 22;
        s = begun;
        u = update(LC_UPDATE, 136, 152, absent);
        takes("update", &s, &u, enough);
        at("update", &s, enough ? 136 : 128, enough ? 152 : 128, enough);
        s = begun;
        u = update(LC_OPTIMISTIC_UPDATE, 0, 152, absent);
        takes("optimistic", &s, &u, enough);
        at("optimistic", &s, 128, enough ? 152 : 128, false);
        CASE("optimistic", s.optimistic_participants == (enough ? 32 - absent : 0), "%zu",
             s.optimistic_participants);
    }
    u = update(LC_UPDATE, 136, 152, 32);
    refused("nobody", &begun, &u, BG_LC_NO_SIGNER);
    /* Of 512: 341 is 66.6 %, 342 is 66.8 %. */
    w = lc_world_new(a, "mainnet", BEACON_FULU, 3);
    for (size_t absent = 170; absent <= 171; absent++) {
        s = started(8192);
        u = update(LC_UPDATE, 8200, 8300, absent);
        takes("512", &s, &u, absent == 170);
        at("512", &s, absent == 170 ? 8200 : 8192, absent == 170 ? 8300 : 8192, absent == 170);
    }
}

static void each_refusal_by_its_code(void **state)
{
    (void)state;
    struct lc_store s = started(BOOTSTRAP);
    struct lc_update good = update(LC_UPDATE, 136, 152, 0), u;
    uint8_t keys[32][BLS_KEY];

    u = good;
    u.num_bits = 16;
    refused("half a bitvector", &s, &u, BG_LC_NO_SIGNER);

    u = good;
    u.attested.execution.block_hash[0] ^= 1;
    refused("attested payload", &s, &u, BG_LC_ATTESTED_HEADER);
    u = good;
    u.attested.execution_branch[0][0] ^= 1;
    refused("attested payload's branch", &s, &u, BG_LC_ATTESTED_HEADER);
    u = good;
    u.attested.beacon.body_root[0] ^= 1;
    lc_world_sign(w, &u);
    refused("signed, but another body", &s, &u, BG_LC_ATTESTED_HEADER);

    refused_at("a slot too early", &s, &good, 152, BG_LC_FUTURE);
    u = good;
    u.signature_slot = UINT64_MAX;
    refused_at("the end of time", &s, &u, 153, BG_LC_FUTURE);
    refused_at("the end of time, and it is now", &s, &u, UINT64_MAX, BG_LC_PERIOD);

    u = good;
    u.signature_slot = 152;
    lc_world_sign(w, &u);
    refused("signed in its own slot", &s, &u, BG_LC_SLOT_ORDER);
    lc_world_update(w,
                    &(struct lc_world_ask){
                        .kind = LC_UPDATE, .finalized = 156, .attested = 152, .signature = 160},
                    &u);
    refused("finalized after attested", &s, &u, BG_LC_SLOT_ORDER);

    u = update(LC_UPDATE, 200, 216, 0);
    refused("next period, committee unknown", &s, &u, BG_LC_PERIOD);
    u = update(LC_UPDATE, 72, 90, 0);
    refused("the period before", &s, &u, BG_LC_PERIOD);

    u = update(LC_FINALITY_UPDATE, 120, 128, 0);
    refused("nothing newer", &s, &u, BG_LC_IRRELEVANT);
    u = update(LC_OPTIMISTIC_UPDATE, 0, 128, 0);
    refused("nothing newer, optimistic", &s, &u, BG_LC_IRRELEVANT);

    /* The committee that it brings follows on another period than the store's. */
    u = update(LC_UPDATE, 120, 127, 0);
    refused("a next committee of the period before", &s, &u, BG_LC_IRRELEVANT);

    u = good;
    memset(u.finality_branch.node, 0, sizeof u.finality_branch.node);
    refused("finalized without proof", &s, &u, BG_LC_FINALITY_UNPROVEN);
    u = update(LC_OPTIMISTIC_UPDATE, 0, 152, 0);
    u.finalized = good.finalized;
    refused("finalized in an optimistic update", &s, &u, BG_LC_FINALITY_UNPROVEN);

    u = good;
    memset(&u.finalized, 0, sizeof u.finalized);
    u.finalized.beacon.proposer_index = 1;
    refused("genesis that is not empty", &s, &u, BG_LC_FINALITY_GENESIS);
    uint8_t *const roots[] = {u.finalized.beacon.parent_root, u.finalized.beacon.state_root,
                              u.finalized.beacon.body_root, u.finalized.execution.fee_recipient,
                              u.finalized.execution_branch[2]};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        memset(&u.finalized, 0, sizeof u.finalized);
        roots[i][0] = 1;
        refused("genesis that is not empty", &s, &u, BG_LC_FINALITY_GENESIS);
    }
    u = update(LC_OPTIMISTIC_UPDATE, 0, 152, 0);
    u.finalized.beacon.slot = 1;
    refused("a slot and nothing else", &s, &u, BG_LC_FINALITY_UNPROVEN);
    u = good;
    memset(&u.finalized, 0, sizeof u.finalized);
    u.finalized.execution.extra_data_len = 1;
    refused("genesis with a payload", &s, &u, BG_LC_FINALITY_GENESIS);
    memset(&u.finalized, 0, sizeof u.finalized);
    refused("genesis, and the state says otherwise", &s, &u, BG_LC_FINALITY_BRANCH);

    u = good;
    u.finalized.execution.state_root[0] ^= 1;
    refused("finalized payload", &s, &u, BG_LC_FINALIZED_HEADER);
    u = good;
    u.finalized.execution.has_blob_gas = false;
    refused("finalized payload of another fork", &s, &u, BG_LC_FINALIZED_HEADER);

    u = good;
    u.finalized.beacon.slot--;
    refused("finalized slot", &s, &u, BG_LC_FINALITY_BRANCH);
    u = good;
    u.finality_branch.n--;
    refused("short branch", &s, &u, BG_LC_FINALITY_BRANCH);
    struct lc_world_block other;
    lc_world_block(w, 140, NULL, &other);
    u = good;
    u.finalized = other.header;
    refused("another block of the chain", &s, &u, BG_LC_FINALITY_BRANCH);

    u = good;
    memset(u.next_branch.node, 0, sizeof u.next_branch.node);
    refused("next committee without proof", &s, &u, BG_LC_NEXT_UNPROVEN);
    memset(keys, 0, sizeof keys);
    u.next.keys = (const uint8_t(*)[BLS_KEY])keys;
    refused("its aggregate without proof", &s, &u, BG_LC_NEXT_UNPROVEN);
    u = update(LC_FINALITY_UPDATE, 136, 152, 0);
    u.next = good.next;
    refused("a next committee where there is none", &s, &u, BG_LC_NEXT_UNPROVEN);

    u = good;
    memcpy(keys, good.next.keys, sizeof keys);
    keys[3][20] ^= 1;
    u.next.keys = (const uint8_t(*)[BLS_KEY])keys;
    refused("next committee", &s, &u, BG_LC_NEXT_BRANCH);
    u = good;
    u.next.n--;
    refused("next committee, one less", &s, &u, BG_LC_NEXT_BRANCH);
    lc_world_block(w, 152, NULL, &other);
    u = good;
    u.next = other.current;
    u.next_branch = other.current_branch;
    refused("the current committee as the next", &s, &u, BG_LC_NEXT_BRANCH);

    u = good;
    u.signature[95] ^= 1;
    refused("signature", &s, &u, BG_LC_SIGNATURE);
    u = good;
    u.bits[0] ^= 1;
    refused("one who did not sign", &s, &u, BG_LC_SIGNATURE);
    u = update(LC_UPDATE, 136, 152, 5);
    u.bits[0] |= 1;
    refused("one who did not sign, in its place", &s, &u, BG_LC_SIGNATURE);
    u = good;
    u.attested.beacon.proposer_index ^= 1;
    refused("signed header", &s, &u, BG_LC_SIGNATURE);
    u = good;
    u.attested.beacon.parent_root[3] ^= 1;
    refused("signed parent", &s, &u, BG_LC_SIGNATURE);

    /* All of it against a store that has taken the good one. */
    takes("the good one", &s, &good, true);
    u = good;
    u.next.keys = (const uint8_t(*)[BLS_KEY])keys;
    refused("another next committee", &s, &u, BG_LC_NEXT_OTHER);
    takes("again", &s, &good, false);
    u = update(LC_UPDATE, 264, 280, 0);
    refused("two periods ahead", &s, &u, BG_LC_PERIOD);
}

static void a_committee_that_is_none(void **state)
{
    (void)state;
    w->bad_key = 7;
    struct lc_store s = started(BOOTSTRAP);
    w->bad_key = 0;
    struct lc_update u = update(LC_UPDATE, 136, 152, 0);
    refused("no point", &s, &u, BG_LC_COMMITTEE_KEYS);
}

/* The genesis checkpoint: the state's finalized root is zeros, the header empty. */
static void nothing_finalized_yet(void **state)
{
    (void)state;
    struct lc_store s = started(2);
    struct lc_update u = update(LC_UPDATE, 0, 10, 0);
    CASE("genesis", lc_brings_finality(&u), "no branch");
    takes("genesis", &s, &u, true);
    /* Period 0 is finalized as the header says, so its next committee is taken. */
    at("genesis", &s, 2, 10, true);
    /* The same, told without finality: it moves what is attested only. */
    s = started(2);
    lc_world_update(w,
                    &(struct lc_world_ask){
                        .kind = LC_UPDATE, .attested = 12, .signature = 13, .no_finality = true},
                    &u);
    takes("no finality", &s, &u, true);
    at("no finality", &s, 2, 12, false);
}

static void from_period_to_period(void **state)
{
    (void)state;
    struct lc_store s = started(BOOTSTRAP), learned;
    struct lc_update u = update(LC_UPDATE, 136, 152, 0);
    takes("update", &s, &u, true);
    learned = s;
    /* Attested in period 2, signed in 3: by the next committee, which is known. */
    lc_world_update(
        w,
        &(struct lc_world_ask){
            .kind = LC_FINALITY_UPDATE, .finalized = 168, .attested = 191, .signature = 192},
        &u);
    takes("the first slot of a period", &s, &u, true);
    at("the first slot of a period", &s, 168, 191, true);
    /* Attested in period 3, finalized still in 2: the committees stay. */
    u = update(LC_UPDATE, 176, 200, 0);
    takes("attested ahead", &s, &u, true);
    at("attested ahead", &s, 176, 200, true);
    CASE("attested ahead",
         memcmp(s.next.root, learned.next.root, 32) == 0 &&
             memcmp(s.current.root, learned.current.root, 32) == 0,
         "committees moved");
    /* Finalized in 3: they move up, and the one after is taken with them. */
    u = update(LC_UPDATE, 192, 210, 0);
    takes("turn", &s, &u, true);
    at("turn", &s, 192, 210, true);
    CASE("turn", memcmp(s.current.root, learned.next.root, 32) == 0, "another committee");
    /* The same by a finality update: who follows is not known then, until an update says it. */
    s = learned;
    u = update(LC_FINALITY_UPDATE, 192, 210, 0);
    takes("turn without the next", &s, &u, true);
    at("turn without the next", &s, 192, 210, false);
    u = update(LC_FINALITY_UPDATE, 256, 270, 0);
    refused("not known", &s, &u, BG_LC_PERIOD);
    lc_world_update(w,
                    &(struct lc_world_ask){.kind = LC_UPDATE,
                                           .finalized = 200,
                                           .attested = 205,
                                           .signature = 206,
                                           .no_next = true},
                    &u);
    takes("an update without a committee", &s, &u, true);
    at("an update without a committee", &s, 200, 210, false);
    u = update(LC_UPDATE, 192, 200, 0);
    takes("older, but it brings the next", &s, &u, true);
    at("older, but it brings the next", &s, 200, 210, true);
    refused("again", &s, &u, BG_LC_IRRELEVANT);
}

/* A committee whose period's finality is not there yet is not taken. */
static void a_committee_before_its_time(void **state)
{
    (void)state;
    struct lc_store s = started(BOOTSTRAP);
    struct lc_update u = update(LC_UPDATE, 120, 150, 0);
    takes("finalized in the period before", &s, &u, true);
    at("finalized in the period before", &s, 128, 150, false);
    lc_world_update(w,
                    &(struct lc_world_ask){
                        .kind = LC_UPDATE, .attested = 151, .signature = 152, .no_finality = true},
                    &u);
    takes("not finalized", &s, &u, true);
    at("not finalized", &s, 128, 151, false);
}

/* The version that signs is that of the slot before the signature's, not the attested one's. */
static void around_a_fork(void **state)
{
    (void)state;
    w->forks[BEACON_ELECTRA - 1].epoch = 18; /* slot 144 */
    static const struct {
        uint64_t attested, signature;
    } slots[] = {{142, 143}, {142, 144}, {142, 145}, {143, 144},
                 {143, 145}, {143, 150}, {144, 145}};
    struct lc_store begun = started(BOOTSTRAP);
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        struct lc_store s = begun;
        struct lc_update u;
        lc_world_update(w,
                        &(struct lc_world_ask){.kind = LC_UPDATE,
                                               .finalized = 136,
                                               .attested = slots[i].attested,
                                               .signature = slots[i].signature},
                        &u);
        bool electra = slots[i].attested >= 144;
        CASE("around a fork", u.finality_branch.n == (electra ? 7 : 6), "%zu nodes",
             u.finality_branch.n);
        takes("around a fork", &s, &u, true);
        /* Signed with the other version: by a world whose fork is one slot's difference away. */
        bool by_electra = slots[i].signature - 1 >= 144;
        uint8_t keep[4];
        struct beacon_fork_at *f = &w->forks[(by_electra ? BEACON_ELECTRA : BEACON_DENEB) - 1];
        memcpy(keep, f->version, 4);
        memcpy(f->version, w->forks[(by_electra ? BEACON_DENEB : BEACON_ELECTRA) - 1].version, 4);
        lc_world_sign(w, &u);
        memcpy(f->version, keep, 4);
        refused("the other version", &begun, &u, BG_LC_SIGNATURE);
    }
}

static void hints(void **state)
{
    (void)state;
    static uint8_t y[32][FP_BYTES];
    struct bls_committee c;
    struct lc_store s = started(BOOTSTRAP);
    struct lc_update u = update(LC_UPDATE, 136, 152, 0);
    const char *why;
    size_t wrong;
    assert_true(bls_committee_read(s.current.raw.keys, 32, NULL, &c, &wrong, &why));
    bls_committee_hints(&c, y);
    struct lc_hints h[2] = {{{0}, BYTES_NONE}, {{0}, BYTES_OF_ARRAY(y)}};
    hash_sha256(bytes_of(s.current.raw.keys, 32 * BLS_KEY), h[1].keys_sha256);
    for (int i = 0; i < 4; i++) {
        s = started(BOOTSTRAP);
        s.hints = h;
        s.num_hints = 2;
        if (i == 1)
            y[9][0] ^= 1; /* one that is wrong: the root is worked out instead */
        if (i == 2)
            h[1].y.n -= FP_BYTES; /* not of this committee's size: not used */
        if (i == 3) {             /* of another committee: its y would be wrong ones */
            h[1].y.n += FP_BYTES;
            h[1].keys_sha256[0] ^= 1;
        }
        takes("hints", &s, &u, true);
        CASE("hints", s.wrong_hints == (i == 1 ? 1 : 0), "%d: %zu wrong", i, s.wrong_hints);
        at("hints", &s, 136, 152, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_fork_and_preset, fresh, done),
        cmocka_unit_test_setup_teardown(bootstraps, fresh, done),
        cmocka_unit_test_setup_teardown(two_thirds_and_not_one_less, fresh, done),
        cmocka_unit_test_setup_teardown(each_refusal_by_its_code, fresh, done),
        cmocka_unit_test_setup_teardown(a_committee_that_is_none, fresh, done),
        cmocka_unit_test_setup_teardown(nothing_finalized_yet, fresh, done),
        cmocka_unit_test_setup_teardown(from_period_to_period, fresh, done),
        cmocka_unit_test_setup_teardown(a_committee_before_its_time, fresh, done),
        cmocka_unit_test_setup_teardown(around_a_fork, fresh, done),
        cmocka_unit_test_setup_teardown(hints, fresh, done),
    };
    return HARNESS_RUN("light client store", tests);
}
