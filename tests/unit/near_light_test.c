/*
 * near: the light client's rules one by one, on blocks that are signed here, and the client around
 * them: time, floor, the newest of several answers, and how much it asks.
 */
#include "tests/lib/harness.h"

#include <openssl/evp.h>

#include "base/limits.h"
#include "policy/near/ask.h"
#include "policy/near/base58.h"
#include "policy/near/ed25519.h"

enum { MAX = 8 };
#define NS 1000000000ull

static EVP_PKEY *keys[2 * MAX];
static uint8_t public_keys[2 * MAX][32];

static int make_keys(void)
{
    for (size_t i = 0; i < 2 * MAX; i++) {
        uint8_t seed[32];
        size_t n = 32;
        memset(seed, (int)i + 1, 32);
        keys[i] = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
        if (!keys[i] || EVP_PKEY_get_raw_public_key(keys[i], public_keys[i], &n) != 1)
            return 1;
    }
    return 0;
}

static void drop_keys(void)
{
    for (size_t i = 0; i < 2 * MAX; i++)
        EVP_PKEY_free(keys[i]);
}

/* struct scene: a head in epoch 1 whose producers are keys 0.., the next epoch's are MAX.. */
struct scene {
    struct arena *a;
    struct near_producer now[MAX], then[MAX];
    struct near_head head;
    struct near_block block;
    struct near_approval approvals[MAX + 2];
    struct err err;
};

static void list(struct near_producer *v, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        v[i] = (struct near_producer){.account_id = bytes_of_str("pool.near"), .stake = 10};
        memcpy(v[i].key, public_keys[first + i], 32);
    }
}

static struct scene scene(size_t n)
{
    struct scene s = {.a = arena_new(8u << 20)};
    assert_non_null(s.a);
    list(s.now, 0, n);
    list(s.then, MAX, n);
    s.head = (struct near_head){.height = 100, .timestamp = 1000 * NS};
    memset(s.head.prev_state_root, 7, 32);
    memset(s.head.epoch_id, 1, 32);
    memset(s.head.next_epoch_id, 2, 32);
    s.block.lite = (struct near_inner_lite){.height = 101, .timestamp = 1001 * NS};
    memset(s.block.lite.epoch_id, 1, 32);
    memset(s.block.lite.next_epoch_id, 2, 32);
    memset(s.block.next_block_inner_hash, 9, 32);
    s.block.num_approvals = n;
    return s;
}

/* wire: the scene's pointers, where it lies now. */
static void wire(struct scene *s, size_t n)
{
    s->head.producers = (struct near_producers){s->now, n};
    s->head.next_producers = (struct near_producers){s->then, n};
    assert_int_equal(near_bp_hash(s->a, &s->head.producers, s->head.bp_hash, &s->err), RC_OK);
    assert_int_equal(near_bp_hash(s->a, &s->head.next_producers, s->head.next_bp_hash, &s->err),
                     RC_OK);
    memcpy(s->block.lite.next_bp_hash, s->head.next_bp_hash, 32);
    s->block.approvals = s->approvals;
}

static void sign_one(struct scene *s, size_t i, size_t key)
{
    uint8_t next[32], message[41] = {0};
    size_t n = 64;
    near_block_hash(&s->block.lite, s->block.inner_rest_hash, s->block.prev_block_hash,
                    s->block.hash);
    HASH_PARTS(hash_sha256_parts, next, BYTES_OF_ARRAY(s->block.next_block_inner_hash),
               BYTES_OF_ARRAY(s->block.hash));
    memcpy(message + 1, next, 32);
    for (size_t k = 0; k < 8; k++)
        message[33 + k] = (uint8_t)((s->block.lite.height + 2) >> (8 * k));
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    assert_true(c && EVP_DigestSignInit(c, NULL, NULL, NULL, keys[key]) == 1 &&
                EVP_DigestSign(c, s->approvals[i].signature, &n, message, 41) == 1);
    EVP_MD_CTX_free(c);
    s->approvals[i].given = true;
}

static void sign_all(struct scene *s, size_t n, size_t first)
{
    for (size_t i = 0; i < n; i++)
        sign_one(s, i, first + i);
}

static enum rc accept(struct scene *s)
{
    err_clear(&s->err);
    return near_light_accept(s->a, &s->head, &s->block, &s->err);
}

/* refused: by this code, and the head is as it was. */
static void refused(const char *name, struct scene *s, enum rc want)
{
    struct near_head before = s->head;
    enum rc rc = accept(s);
    CASE(name, rc == want && memcmp(&before, &s->head, sizeof before) == 0, "BG-%04d %s", rc,
         s->err.detail);
    arena_free(s->a);
}

static void accepted(const char *name, struct scene *s)
{
    enum rc rc = accept(s);
    CASE(name,
         rc == RC_OK && s->head.height == s->block.lite.height &&
             memcmp(s->head.block_hash, s->block.hash, 32) == 0,
         "BG-%04d %s", rc, s->err.detail);
    arena_free(s->a);
}

static void more_than_two_thirds_must_have_signed(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 6; n++)
        for (size_t signers = 0; signers <= n; signers++) {
            struct scene s = scene(n);
            wire(&s, n);
            sign_all(&s, signers, 0);
            if (signers * 3 > n * 2)
                accepted("stake", &s);
            else
                refused("stake", &s, BG_NEAR_STAKE);
        }
    struct scene s = scene(3);
    s.now[0].stake = 11; /* 21 of 31 */
    wire(&s, 3);
    sign_all(&s, 2, 0);
    accepted("just over two thirds", &s);
    s = scene(3);
    s.now[2].stake = 11; /* 20 of 31 */
    wire(&s, 3);
    sign_all(&s, 2, 0);
    refused("just under", &s, BG_NEAR_STAKE);
    s = scene(4);
    for (size_t i = 0; i < 4; i++)
        s.now[i].stake = 0;
    wire(&s, 4);
    sign_all(&s, 4, 0);
    refused("no stake at all", &s, BG_NEAR_STAKE);
    s = scene(3);
    s.now[0].stake = (u128)1 << 119; /* large, and all sums still fit */
    s.now[1].stake = (u128)1 << 119;
    wire(&s, 3);
    sign_all(&s, 2, 0);
    accepted("stakes as large as may be", &s);
    s = scene(3);
    s.now[0].stake = ((u128)1 << 120) + 1;
    wire(&s, 3);
    sign_all(&s, 3, 0);
    refused("a stake beyond all supply", &s, BG_NEAR_STAKE_RANGE);
    s = scene(3);
    s.now[0].stake = s.now[1].stake = (u128)1 << 120;
    wire(&s, 3);
    sign_all(&s, 3, 0);
    refused("a sum beyond all supply", &s, BG_NEAR_STAKE_RANGE);
    s = scene(3);
    s.now[2].stake = ~(u128)0;
    wire(&s, 3);
    sign_all(&s, 3, 0);
    refused("the largest number", &s, BG_NEAR_STAKE_RANGE);
}

static void approvals_stand_where_their_producer_does(void **state)
{
    (void)state;
    struct scene s = scene(4);
    wire(&s, 4);
    sign_one(&s, 0, 0);
    s.block.num_approvals = 1;
    refused("a short list counts all producers", &s, BG_NEAR_STAKE);
    s = scene(4);
    wire(&s, 4);
    sign_all(&s, 3, 0);
    s.block.num_approvals = 3;
    accepted("a short list that suffices", &s);
    s = scene(4);
    wire(&s, 4);
    sign_all(&s, 3, 0);
    s.approvals[4] = (struct near_approval){.given = true};
    s.block.num_approvals = 6;
    accepted("surplus approvals do not matter", &s);
    s = scene(4);
    wire(&s, 4);
    sign_all(&s, 2, 0);
    sign_one(&s, 4, 2);
    sign_one(&s, 5, 3);
    s.block.num_approvals = 6;
    refused("surplus approvals do not count", &s, BG_NEAR_STAKE);
    s = scene(4);
    wire(&s, 4);
    sign_all(&s, 4, 0);
    s.approvals[3].signature[63] ^= 1;
    refused("one bad among enough", &s, BG_NEAR_APPROVAL);
    s = scene(4);
    wire(&s, 4);
    sign_all(&s, 4, MAX);
    refused("of the next epoch's producers", &s, BG_NEAR_APPROVAL);
    s = scene(4);
    wire(&s, 4);
    sign_all(&s, 4, 0);
    struct near_approval swap = s.approvals[0];
    s.approvals[0] = s.approvals[1];
    s.approvals[1] = swap;
    refused("exchanged", &s, BG_NEAR_APPROVAL);
    s = scene(4);
    wire(&s, 4);
    sign_all(&s, 4, 0);
    s.block.hash[0] ^= 1;
    refused("for another block", &s, BG_NEAR_APPROVAL);
    s = scene(4);
    wire(&s, 4);
    sign_all(&s, 4, 0);
    s.block.next_block_inner_hash[0] ^= 1;
    refused("for another successor", &s, BG_NEAR_APPROVAL);
    s = scene(4);
    s.now[3].key_type = 1; /* its approval cannot be checked: neither wrong nor counted */
    wire(&s, 4);
    sign_all(&s, 4, 0);
    memset(s.approvals[3].signature, 0, 64);
    accepted("a secp256k1 producer beside enough others", &s);
    s = scene(4);
    s.now[3].key_type = 1;
    wire(&s, 4);
    sign_all(&s, 2, 0);
    sign_one(&s, 3, 3);
    refused("a secp256k1 producer does not count", &s, BG_NEAR_STAKE);
}

static void height_and_epoch_decide(void **state)
{
    (void)state;
    for (uint64_t h = 98; h <= 102; h++) {
        struct scene s = scene(3);
        s.block.lite.height = h;
        wire(&s, 3);
        sign_all(&s, 3, 0);
        if (h > 100)
            accepted("height", &s);
        else
            refused("height", &s, BG_NEAR_NOT_NEWER);
    }
    struct scene s = scene(3);
    s.block.lite.height = UINT64_MAX - 1;
    wire(&s, 3);
    sign_all(&s, 3, 0);
    refused("a height without successors", &s, BG_NEAR_HEIGHT_RANGE);
    s = scene(3);
    memset(s.block.lite.epoch_id, 3, 32);
    wire(&s, 3);
    sign_all(&s, 3, 0);
    refused("an epoch skipped", &s, BG_NEAR_EPOCH);
    s = scene(3);
    wire(&s, 3);
    sign_all(&s, 3, 0);
    s.head.producers.n = 0;
    refused("producers not at hand", &s, BG_NEAR_NO_PRODUCERS);
}

/* turn: the block is the next epoch's, with the producers of the one after it. */
static struct scene turn(struct near_producer after[static 3])
{
    struct scene s = scene(3);
    memset(s.block.lite.epoch_id, 2, 32);
    memset(s.block.lite.next_epoch_id, 3, 32);
    list(after, 4, 3);
    return s;
}

static void wire_turn(struct scene *s, const struct near_producer *after)
{
    wire(s, 3);
    s->block.next_bps = (struct near_producers){after, 3};
    s->block.has_next_bps = true;
    assert_int_equal(near_bp_hash(s->a, &s->block.next_bps, s->block.lite.next_bp_hash, &s->err),
                     RC_OK);
}

static void epochs_turn(void **state)
{
    (void)state;
    struct near_producer after[3];
    struct scene s = turn(after);
    wire_turn(&s, after);
    sign_all(&s, 3, MAX);
    uint8_t was_next[32];
    memcpy(was_next, s.head.next_bp_hash, 32);
    enum rc rc = accept(&s);
    CASE("a rotation",
         rc == RC_OK && s.head.epochs == 1 && s.head.producers.v == s.then &&
             s.head.next_producers.v == after && memcmp(s.head.bp_hash, was_next, 32) == 0 &&
             memcmp(s.head.next_bp_hash, s.block.lite.next_bp_hash, 32) == 0 &&
             s.head.epoch_id[0] == 2 && s.head.next_epoch_id[0] == 3,
         "BG-%04d", rc);
    arena_free(s.a);
    s = turn(after);
    wire_turn(&s, after);
    sign_all(&s, 3, 0);
    refused("signed by the epoch before", &s, BG_NEAR_APPROVAL);
    s = turn(after);
    wire_turn(&s, after);
    sign_all(&s, 3, MAX);
    s.block.has_next_bps = false;
    refused("without the next producers", &s, BG_NEAR_NO_NEXT_BPS);
    s = turn(after);
    wire_turn(&s, after);
    sign_all(&s, 3, MAX);
    after[1].stake++;
    refused("with a stake changed", &s, BG_NEAR_NEXT_BP_HASH);
    s = turn(after);
    wire_turn(&s, after);
    sign_all(&s, 3, MAX);
    after[1].account_id = bytes_of_str("pool.nean");
    refused("with a name changed", &s, BG_NEAR_NEXT_BP_HASH);
    s = turn(after);
    wire_turn(&s, after);
    sign_all(&s, 3, MAX);
    after[1].key_type = 1;
    refused("with a key type changed", &s, BG_NEAR_NEXT_BP_HASH);
    s = turn(after);
    wire_turn(&s, after);
    sign_all(&s, 3, MAX);
    s.block.next_bps.n = 2;
    refused("with one left out", &s, BG_NEAR_NEXT_BP_HASH);
    s = turn(after);
    wire_turn(&s, after);
    sign_all(&s, 3, MAX);
    s.head.next_producers.n = 0;
    refused("by producers not at hand", &s, BG_NEAR_NO_PRODUCERS);
    s = scene(3); /* the same epoch, and other next producers: then the old list is dropped */
    wire(&s, 3);
    s.block.lite.next_bp_hash[0] ^= 1;
    sign_all(&s, 3, 0);
    rc = accept(&s);
    CASE("the next producers changed", rc == RC_OK && s.head.next_producers.n == 0, "BG-%04d", rc);
    arena_free(s.a);
    /* The largest list that can be read is hashed; a made-up name beyond all rules is not. */
    s = scene(3);
    wire(&s, 3);
    s.now[0].account_id = bytes_of((const uint8_t[1024]){0}, 1024);
    CASE("a name too long",
         near_bp_hash(s.a, &s.head.producers, was_next, &s.err) == BG_NEAR_PRODUCERS_SIZE,
         "BG-%04d", s.err.rc);
    arena_free(s.a);
}

static void lists_are_known_by_their_hash(void **state)
{
    (void)state;
    struct scene s = scene(3);
    wire(&s, 3);
    struct near_checkpoint c = {.height = 100};
    struct near_head h;
    struct near_producers now = {s.now, 3}, then = {s.then, 3}, fewer = {s.now, 2};
    memcpy(c.bp_hash, s.head.bp_hash, 32);
    memcpy(c.next_bp_hash, s.head.next_bp_hash, 32);
    near_head_start(&c, &h);
    CASE("neither", !near_head_producers(s.a, &h, &fewer, &s.err) && h.producers.n == 0, "taken");
    CASE("this epoch's",
         near_head_producers(s.a, &h, &now, &s.err) && h.producers.n == 3 && !h.next_producers.n,
         "not taken");
    CASE("the next one's", near_head_producers(s.a, &h, &then, &s.err) && h.next_producers.n == 3,
         "not taken");
    memcpy(c.next_bp_hash, c.bp_hash, 32);
    near_head_start(&c, &h);
    CASE("both", near_head_producers(s.a, &h, &now, &s.err) && h.producers.n && h.next_producers.n,
         "not taken");
    arena_free(s.a);
}

static void ed25519_refuses_what_is_not_signed(void **state)
{
    (void)state;
    struct scene s = scene(1);
    wire(&s, 1);
    sign_one(&s, 0, 0);
    uint8_t zero[64] = {0}, key[32] = {0};
    struct bytes other = bytes_of_str("y");
    CASE("zeros", !ed25519_verify(key, other, zero), "accepted");
    CASE("another message", !ed25519_verify(public_keys[0], other, s.approvals[0].signature),
         "accepted");
    arena_free(s.a);
}

/* ---- the client ---- */

static const struct answers no_answers;

static struct near_config config_at(uint64_t seconds, uint64_t max_age)
{
    return (struct near_config){.checkpoint = {.height = 100, .timestamp = seconds * NS},
                                .checkpoint_max_age = max_age};
}

static void the_checkpoint_has_an_age(void **state)
{
    (void)state;
    static const struct {
        uint64_t at, now, max_age;
        enum rc want;
    } cases[] = {
        {1000, 1000, 60, RC_OK},
        {1000, 1060, 60, RC_OK},
        {1000, 1061, 60, BG_NEAR_CHECKPOINT_AGE},
        {1000, 999999, 0, RC_OK}, /* no limit */
        {1060, 1000, 60, RC_OK},
        {1061, 1000, 60, BG_NEAR_CHECKPOINT_FUTURE},
        {UINT64_MAX / NS, 1000, 0, BG_NEAR_CHECKPOINT_FUTURE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *a = arena_new(1 << 20);
        struct near_config cfg = config_at(cases[i].at, cases[i].max_age);
        struct near_client *c;
        struct err err = {0};
        enum rc rc = near_client_new(a, &cfg, cases[i].now, &c, &err);
        CASE("age", rc == cases[i].want, "case %zu: BG-%04d", i, rc);
        arena_free(a);
    }
}

static void a_client_without_answers_asks(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    struct near_config cfg = config_at(1000, 0);
    struct near_client *c;
    struct err err = {0}, bad = {0};
    struct needs needs = {0};
    const struct near_head *head = NULL;
    assert_int_equal(near_client_new(a, &cfg, 1000, &c, &err), RC_OK);
    assert_int_equal(near_client_step(c, &no_answers, false, &needs, &head, &bad, &err), RC_OK);
    CASE("one need, hard",
         !head && needs.n == 1 && needs_hard(&needs) == 1 && needs.v[0].kind == NEED_NEAR_LIGHT &&
             bad.rc == RC_OK,
         "%zu needs", needs.n);
    arena_free(a);
}

/* The checkpoint is no head, and a head has its rules wherever it comes from. */
static void questions_need_a_verified_head(void **state)
{
    (void)state;
    struct scene s = scene(3);
    wire(&s, 3);
    struct near_config cfg = {.contract_id = bytes_of_str("kms.near"), .max_head_age = 60};
    struct boot_info bi = {.has_instance_id = true};
    struct needs needs;
    struct checks checks = {0};
    struct near_result r;
    struct err bad = {0}, err = {0}, err_root = {0};
    struct near_head start;
    near_head_start(&cfg.checkpoint, &start);
    const struct {
        const struct near_head *h;
        uint64_t now, floor;
        enum rc want;
    } cases[] = {
        {NULL, 1000, 0, BG_NEAR_NO_HEAD},
        {&start, 1000, 0, BG_NEAR_NO_HEAD},
        {&s.head, 1000, 0, RC_OK},
        {&s.head, 1060, 100, RC_OK},
        {&s.head, 940, 0, RC_OK},
        {&s.head, 1061, 0, BG_NEAR_HEAD_RULES},
        {&s.head, 939, 0, BG_NEAR_HEAD_RULES},
        {&s.head, 1000, 101, BG_NEAR_HEAD_RULES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        err_clear(&err);
        cfg.floor_height = cases[i].floor;
        enum rc rc = near_ask(s.a, &cfg, cases[i].h, ASK_KMS, &bi, &no_answers, cases[i].now,
                              &needs, &checks, &r, &bad, &err);
        CASE("head", rc == cases[i].want && r.chain.say == CHAIN_UNDECIDED && checks.n == 0,
             "case %zu: BG-%04d", i, rc);
        if (rc == RC_OK)
            CASE("all is asked for at once", needs.n == 5 && needs_hard(&needs) == 5, "%zu needs",
                 needs.n);
    }
    err_clear(&err);
    cfg.floor_height = 0;
    enum rc rc = near_ask(s.a, &cfg, &s.head, ASK_NONE, &bi, &no_answers, 1000, &needs, &checks, &r,
                          &bad, &err);
    CASE("no question", rc == BG_NEAR_QUESTION, "BG-%04d", rc);
    memset(s.head.prev_state_root, 0, 32);
    rc = near_ask(s.a, &cfg, &s.head, ASK_KMS, &bi, &no_answers, 1000, &needs, &checks, &r, &bad,
                  &err_root);
    CASE("a block without a state", rc == BG_NEAR_NO_STATE_ROOT, "BG-%04d", rc);
    arena_free(s.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_two_thirds_must_have_signed),
        cmocka_unit_test(approvals_stand_where_their_producer_does),
        cmocka_unit_test(height_and_epoch_decide),
        cmocka_unit_test(epochs_turn),
        cmocka_unit_test(lists_are_known_by_their_hash),
        cmocka_unit_test(ed25519_refuses_what_is_not_signed),
        cmocka_unit_test(the_checkpoint_has_an_age),
        cmocka_unit_test(a_client_without_answers_asks),
        cmocka_unit_test(questions_need_a_verified_head),
    };
    if (make_keys() != 0)
        return 1;
    int rc = HARNESS_RUN("near_light", tests);
    drop_keys();
    return rc;
}
