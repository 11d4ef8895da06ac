/*
 * near: decisions from proven state, by tries that are built here from the formulas of
 * facts/near.md 3: what an answer must be about, what its proof and value must be, which root
 * counts, and what near-kms' views say (our reading), one change at a time.
 */
#include "tests/lib/harness.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/limits.h"
#include "policy/near/ask.h"
#include "policy/near/base58.h"

#define KMS "kms.near"
#define APP "4444444444444444444444444444444444444444.kms.near"
enum { PAIRS = 16, NODES = 64, KEY = 256 };

/* ---- a trie ---- */

struct pair {
    const char *account; /* NULL: not there */
    uint8_t key[32];
    size_t key_n;
    uint8_t value[160];
    size_t value_n, more; /* more: what a leaf claims beyond its value */
    uint8_t path[KEY];    /* nibbles of 0x09 account 0x2c key */
    size_t path_n;
};

struct trie {
    struct pair v[PAIRS];
    size_t n;
    uint8_t node[NODES][700];
    size_t size[NODES], nodes;
    uint8_t root[32];
};

static size_t put_path(uint8_t *out, const uint8_t *nibbles, size_t n, bool leaf)
{
    size_t o = 0, i = n % 2;
    out[o++] = (uint8_t)((leaf ? 0x20 : 0) | (i ? 0x10 | nibbles[0] : 0));
    for (; i < n; i += 2)
        out[o++] = (uint8_t)(nibbles[i] << 4 | nibbles[i + 1]);
    return o;
}

static void put32(uint8_t *p, size_t v)
{
    for (size_t i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

/* node_end: the memory usage; any number does. */
static void node_end(struct trie *t, uint8_t *raw, size_t n, uint8_t out[static 32])
{
    memset(raw + n, 1, 8);
    assert_true(t->nodes < NODES);
    memcpy(t->node[t->nodes], raw, n + 8);
    t->size[t->nodes++] = n + 8;
    hash_sha256(bytes_of(raw, n + 8), out);
}

/* build: of the pairs that share the first `at` nibbles; none is the beginning of another. */
static void build(struct trie *t, struct pair **v, size_t n, size_t at, uint8_t out[static 32])
{
    uint8_t raw[700] = {0}, child[32];
    size_t same = at;
    if (n == 1) {
        size_t len = put_path(raw + 5, v[0]->path + at, v[0]->path_n - at, true);
        put32(raw + 1, len);
        put32(raw + 5 + len, v[0]->value_n + v[0]->more);
        hash_sha256(bytes_of(v[0]->value, v[0]->value_n), raw + 9 + len);
        node_end(t, raw, 41 + len, out);
        return;
    }
    for (bool all = true; all; same += all)
        for (size_t i = 1; i < n; i++)
            all = all && v[i]->path[same] == v[0]->path[same];
    if (same > at) {
        size_t len = put_path(raw + 5, v[0]->path + at, same - at, false);
        raw[0] = 3;
        put32(raw + 1, len);
        build(t, v, n, same, raw + 5 + len);
        node_end(t, raw, 37 + len, out);
        return;
    }
    size_t o = 3;
    raw[0] = 1;
    for (unsigned nibble = 0; nibble < 16; nibble++) {
        struct pair *part[PAIRS];
        size_t k = 0;
        for (size_t i = 0; i < n; i++)
            if (v[i]->path[at] == nibble)
                part[k++] = v[i];
        if (k == 0)
            continue;
        build(t, part, k, at + 1, child);
        raw[1 + nibble / 8] |= (uint8_t)(1u << nibble % 8);
        memcpy(raw + o, child, 32);
        o += 32;
    }
    node_end(t, raw, o, out);
}

static void grow(struct trie *t)
{
    struct pair *all[PAIRS];
    size_t n = 0;
    t->nodes = 0;
    memset(t->root, 0, 32);
    for (size_t i = 0; i < t->n; i++) {
        struct pair *p = &t->v[i];
        uint8_t raw[KEY / 2] = {9};
        size_t name = p->account ? strlen(p->account) : 0;
        if (!name)
            continue;
        assert_true(2 + name + p->key_n <= sizeof raw);
        memcpy(raw + 1, p->account, name);
        raw[1 + name] = 0x2c;
        memcpy(raw + 2 + name, p->key, p->key_n);
        p->path_n = 2 * (2 + name + p->key_n);
        for (size_t k = 0; k < p->path_n; k++)
            p->path[k] = k % 2 ? raw[k / 2] & 15 : raw[k / 2] >> 4;
        all[n++] = p;
    }
    if (n)
        build(t, all, n, 0, t->root);
}

/* ---- the contracts' state ---- */

struct stage {
    struct arena *a;
    struct trie shard[2]; /* the contracts are in the first, unless a case moves them */
    struct near_head head;
    struct near_config cfg;
    struct boot_info bi;
    enum chain_question question;
};

static struct pair *add(struct trie *t, const char *account, const void *key, size_t key_n,
                        const void *value, size_t value_n)
{
    struct pair *p = &t->v[t->n++];
    assert_true(t->n <= PAIRS && value_n <= sizeof p->value);
    p->account = account;
    memcpy(p->key, key, key_n);
    p->key_n = key_n;
    memcpy(p->value, value, value_n);
    p->value_n = value_n;
    return p;
}

/* member: SHA-256(prefix 'm' u32 length, text) has a position. */
static void member(struct trie *t, const char *account, uint8_t prefix, const char *text)
{
    uint8_t raw[256] = {prefix, 'm'}, key[32];
    size_t n = strlen(text);
    put32(raw + 2, n);
    memcpy(raw + 6, text, n);
    hash_sha256(bytes_of(raw, 6 + n), key);
    (void)add(t, account, key, 32, "\0\0\0\0", 4);
}

#define SET(d) "\1\0\0\0\2\0\0\0" d "v\2\0\0\0" d "m"
static const char kms_state[] = "\11\0\0\0v1.signer\2\0\0\0\0\0\0\0" SET("\0")
    SET("\1") "\1\4\0\0\0gate\0" SET("\2") SET("\3") SET("\4");
static const char app_state[] = SET("\0") "\0" SET("\1") "\0\1\10\0\0\0" KMS;
enum { STATE_KMS, STATE_APP, APPS, OS_IMAGES, MRS, DEVICES, APP_COMPOSE, APP_DEVICES };

#define EIGHT(c) c c c c c c c c
#define H(c)     EIGHT(EIGHT(c))

/* stage: everything is allowed; pair i is what the enumeration above says. */
static struct stage *stage(enum chain_question question)
{
    struct stage *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->a = arena_new(64u << 20);
    s->question = question;
    s->cfg.contract_id = bytes_of_str(KMS);
    s->head = (struct near_head){.height = 200, .producers = {NULL, 1}};
    memset(s->head.block_hash, 0x21, 32);
    memset(s->head.prev_block_hash, 0x22, 32);
    s->bi.has_instance_id = true;
    s->bi.tcb_status = bytes_of_str("UpToDate");
    memset(s->bi.os_image_hash, 0x11, 32);
    memset(s->bi.mr_aggregated, 0x22, 32);
    memset(s->bi.device_id, 0x33, 32);
    memset(s->bi.app_id, 0x44, 20);
    memset(s->bi.compose_hash, 0x55, 32);
    struct trie *t = &s->shard[0];
    (void)add(t, KMS, "STATE", 5, kms_state, sizeof kms_state - 1);
    (void)add(t, APP, "STATE", 5, app_state, sizeof app_state - 1);
    member(t, KMS, 1, APP);
    member(t, KMS, 2, H("1"));
    member(t, KMS, 3, H("2"));
    member(t, KMS, 4, H("3"));
    member(t, APP, 0, H("5"));
    member(t, APP, 1, H("3"));
    member(&s->shard[1], "other.near", 0, "x");
    member(&s->shard[1], "third.near", 0, "y");
    return s;
}

/* ---- the answers to it ---- */

static json_t *b58(const uint8_t hash[static 32])
{
    char text[BASE58_MAX_TEXT];
    base58_write(bytes_of(hash, 32), text);
    return json_string(text);
}

static json_t *b64(const uint8_t *p, size_t n)
{
    char text[1024];
    assert_true(n < 700);
    (void)EVP_EncodeBlock((unsigned char *)text, p, (int)n);
    return json_string(text);
}

/* settle: the tries grow, the head commits to them. */
static void settle(struct stage *s)
{
    uint8_t leaf[2][32];
    for (size_t i = 0; i < 2; i++) {
        grow(&s->shard[i]);
        hash_sha256(BYTES_OF_ARRAY(s->shard[i].root), leaf[i]);
    }
    HASH_PARTS(hash_sha256_parts, s->head.prev_state_root, BYTES_OF_ARRAY(leaf[0]),
               BYTES_OF_ARRAY(leaf[1]));
}

static json_t *block_answer(const struct stage *s)
{
    return json_pack("{s:s, s:{s:o}, s:{s:[{s:o},{s:o}]}}", "method", "block", "params", "block_id",
                     b58(s->head.block_hash), "result", "chunks", "prev_state_root",
                     b58(s->shard[0].root), "prev_state_root", b58(s->shard[1].root));
}

/* query: what a node of this shard says of pair p's key. */
static json_t *query(const struct stage *s, const struct trie *t, const struct pair *p,
                     const char *account)
{
    json_t *nodes = json_array(), *values = json_array();
    for (size_t i = 0; i < t->nodes; i++)
        (void)json_array_append_new(nodes, b64(t->node[i], t->size[i]));
    if (p->account)
        (void)json_array_append_new(values, json_pack("{s:o, s:o}", "key", b64(p->key, p->key_n),
                                                      "value", b64(p->value, p->value_n)));
    return json_pack("{s:s, s:{s:s, s:o, s:s, s:o, s:b}, s:{s:o, s:o}}", "method", "query",
                     "params", "request_type", "view_state", "block_id",
                     b58(s->head.prev_block_hash), "account_id", account, "prefix_base64",
                     b64(p->key, p->key_n), "include_proof", 1, "result", "proof", nodes, "values",
                     values);
}

/* answers: entry 0 is the block, entry 1 + i is about pair i. */
static json_t *answers(struct stage *s)
{
    static const char *const owner[] = {KMS, APP, KMS, KMS, KMS, KMS, APP, APP};
    settle(s);
    json_t *list = json_pack("[o]", block_answer(s));
    for (size_t i = 0; i < 8; i++)
        (void)json_array_append_new(list, query(s, &s->shard[0], &s->shard[0].v[i], owner[i]));
    return list;
}

struct came {
    enum rc rc;
    struct err err, bad;
    struct near_result r;
    size_t hard;
};

static struct came ask(struct stage *s, json_t *rpc)
{
    struct came c = {0};
    struct answers at_hand;
    struct needs needs = {0};
    struct checks checks = {0};
    assert_int_equal(answers_read(s->a, rpc, &at_hand, &c.err), RC_OK);
    c.rc = near_ask(s->a, &s->cfg, &s->head, s->question, &s->bi, &at_hand, 0, &needs, &checks,
                    &c.r, &c.bad, &c.err);
    c.hard = needs_hard(&needs);
    return c;
}

/* decided: with the answers as they are. */
static void decided(const char *name, struct stage *s, enum chain_say say, enum rc code,
                    const char *reason)
{
    AUTO_JSON rpc = answers(s);
    struct came c = ask(s, rpc);
    bool good = c.rc == RC_OK && c.r.chain.say == say && c.r.chain.code == code &&
                strcmp(c.r.chain.reason ? c.r.chain.reason : "(none)", reason) == 0;
    CASE(name, good, "BG-%04d, say %d, BG-%04d %s; BG-%04d", c.rc, c.r.chain.say, c.r.chain.code,
         c.r.chain.reason ? c.r.chain.reason : "", c.bad.rc);
    arena_free(s->a);
    free(s);
}

static void allowed(const char *name, struct stage *s)
{
    decided(name, s, CHAIN_ALLOWS, RC_OK, "");
}

static void denied(const char *name, struct stage *s, const char *reason)
{
    decided(name, s, CHAIN_DENIES, BG_NEAR_DENIED, reason);
}

/* open: nothing is proven, and why. */
static void open_is(const char *name, struct stage *s, json_t *rpc, enum rc bad)
{
    struct came c = ask(s, rpc);
    CASE(name, c.rc == RC_OK && c.r.chain.say == CHAIN_UNDECIDED && c.bad.rc == bad && c.hard,
         "BG-%04d %s, say %d, BG-%04d not BG-%04d", c.rc, c.err.detail, c.r.chain.say, c.bad.rc,
         bad);
    json_decref(rpc);
    arena_free(s->a);
    free(s);
}

static void the_views_say_what_the_state_holds(void **state)
{
    (void)state;
    struct stage *s;
    static const struct {
        enum chain_question question;
        size_t gone;
        const char *reason;
    } sets[] = {
        {ASK_KMS, OS_IMAGES, "OS image is not allowed"},
        {ASK_KMS, MRS, "Aggregated MR not allowed"},
        {ASK_KMS, DEVICES, "KMS is not allowed to boot on this device"},
        {ASK_APP, APPS, "App not registered"},
        {ASK_APP, OS_IMAGES, "OS image is not allowed"},
        {ASK_APP, APP_COMPOSE, "Compose hash not allowed"},
        {ASK_APP, APP_DEVICES, "Device not allowed"},
    };
    allowed("a KMS", stage(ASK_KMS));
    allowed("an app", stage(ASK_APP));
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        s = stage(sets[i].question);
        s->shard[0].v[sets[i].gone].account = NULL;
        denied(sets[i].reason, s, sets[i].reason);
        /* The first no in the order of the views: all that comes later is missing as well. */
        s = stage(sets[i].question);
        for (size_t k = sets[i].gone; k <= APP_DEVICES; k++)
            s->shard[0].v[k].account = NULL;
        denied("and all behind it", s, sets[i].reason);
    }
    s = stage(ASK_KMS);
    s->bi.tcb_status = bytes_of_str("OutOfDate");
    s->shard[0].v[OS_IMAGES].account = NULL;
    denied("a KMS's TCB", s, "TCB status is not up to date");
    s = stage(ASK_APP);
    s->bi.tcb_status = bytes_of_str("OutOfDate");
    allowed("an app's TCB is not the contract's to judge", s);
    s = stage(ASK_APP);
    s->shard[0].v[STATE_APP].value[16] = 1; /* allow_any_device */
    s->shard[0].v[APP_DEVICES].account = NULL;
    allowed("any device", s);
    s = stage(ASK_APP);
    s->shard[0].v[STATE_APP].value[40] = 'x';
    decided("another KMS's app", s, CHAIN_DENIES, BG_NEAR_APP_KMS,
            "the app contract names another KMS contract");
    s = stage(ASK_APP);
    s->shard[0].v[STATE_APP].value[34] = 0; /* it names no KMS */
    s->shard[0].v[STATE_APP].value_n = 35;
    allowed("nobody's app", s);
    for (size_t i = 0; i < 2; i++) {
        s = stage(i ? ASK_APP : ASK_KMS);
        s->bi.has_instance_id = false;
        decided("no instance id", s, CHAIN_DENIES, BG_NEAR_INSTANCE_ID,
                "instance_id is not an account id");
    }
}

static void accounts_have_names(void **state)
{
    (void)state;
    static const struct {
        const char *kms, *app;
        enum rc want;
    } cases[] = {
        {"Kms.near", "", BG_NEAR_CONTRACT_ID},
        {"", "", BG_NEAR_CONTRACT_ID},
        {"a", "", BG_NEAR_CONTRACT_ID},
        {"kms.near", "a,b", BG_NEAR_APP_ACCOUNT},
        {"a-name-of-24.characters.x", "", BG_NEAR_APP_ACCOUNT}, /* 40 + 1 + 25 */
        {"a-name-of-23.characters", "", RC_OK},                 /* 40 + 1 + 23 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage *s = stage(ASK_APP);
        s->cfg.contract_id = bytes_of_str(cases[i].kms);
        s->cfg.app_account = bytes_of_str(cases[i].app);
        AUTO_JSON rpc = answers(s);
        struct came c = ask(s, rpc);
        CASE("names", c.rc == cases[i].want && c.r.chain.say == CHAIN_UNDECIDED,
             "case %zu: BG-%04d", i, c.rc);
        arena_free(s->a);
        free(s);
    }
}

static json_t *result_of(json_t *rpc, size_t i)
{
    return json_object_get(json_array_get(rpc, i), "result");
}

static json_t *params_of(json_t *rpc, size_t i)
{
    return json_object_get(json_array_get(rpc, i), "params");
}

static json_t *copies(size_t n, json_t *owned)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append(list, owned);
    json_decref(owned);
    return list;
}

static void the_block_has_its_chunks(void **state)
{
    (void)state;
    uint8_t other[32];
    memset(other, 0x23, 32);
    struct stage *s = stage(ASK_KMS);
    json_t *rpc = answers(s);
    (void)json_object_set_new(params_of(rpc, 0), "block_id", b58(other));
    open_is("of another block", s, rpc, RC_OK);
    s = stage(ASK_KMS);
    rpc = answers(s);
    (void)json_object_set_new(result_of(rpc, 0), "chunks", json_array());
    open_is("none", s, rpc, BG_NEAR_CHUNKS);
    s = stage(ASK_KMS);
    rpc = answers(s);
    (void)json_object_set_new(
        result_of(rpc, 0), "chunks",
        copies(LIMIT_NEAR_SHARDS + 1, json_pack("{s:o}", "prev_state_root", b58(other))));
    open_is("too many", s, rpc, BG_NEAR_CHUNKS);
    s = stage(ASK_KMS);
    rpc = answers(s);
    (void)json_object_set_new(json_array_get(json_object_get(result_of(rpc, 0), "chunks"), 1),
                              "prev_state_root", b58(other));
    open_is("another root", s, rpc, BG_NEAR_CHUNK_ROOTS);
    s = stage(ASK_KMS);
    rpc = answers(s);
    (void)json_array_remove(json_object_get(result_of(rpc, 0), "chunks"), 1);
    open_is("one left out", s, rpc, BG_NEAR_CHUNK_ROOTS);
}

static void answers_are_about_what_was_asked(void **state)
{
    (void)state;
    uint8_t other[32];
    memset(other, 0x24, 32);
    const struct {
        const char *name, *key;
        json_t *v;
    } cases[] = {
        {"another account", "account_id", json_string("kms.nea")},
        {"another block", "block_id", b58(other)},
        {"the head itself", "block_id", json_integer(200)},
        {"another key", "prefix_base64", b64(other, 32)},
        {"a longer key", "prefix_base64", b64(other, 33)},
        {"no key", "prefix_base64", json_string("")},
        {"another question", "request_type", json_string("view_access_key")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage *s = stage(ASK_KMS);
        json_t *rpc = answers(s);
        (void)json_object_set_new(params_of(rpc, 1 + MRS), cases[i].key, cases[i].v);
        open_is(cases[i].name, s, rpc, RC_OK);
    }
}

static void proofs_have_bounds(void **state)
{
    (void)state;
    uint8_t node[64] = {0};
    char large[5601];
    memset(large, 'A', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    const struct {
        const char *name;
        json_t *proof;
        enum rc bad;
    } cases[] = {
        {"no list", json_null(), BG_NEAR_NO_PROOF},
        {"no nodes", json_array(), BG_NEAR_EMPTY_PROOF},
        {"too many", copies(LIMIT_NEAR_PROOF_NODES + 1, b64(node, 64)), BG_NEAR_NO_PROOF},
        {"as many as may be", copies(LIMIT_NEAR_PROOF_NODES, b64(node, 64)), BG_NEAR_OTHER_ROOT},
        {"no base64", json_pack("[s]", "AAA"), BG_NEAR_PROOF_FORMAT},
        {"numbers", json_pack("[i]", 1), BG_NEAR_PROOF_FORMAT},
        {"a node too large", json_pack("[s]", large), BG_NEAR_NODE_SIZE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage *s = stage(ASK_KMS);
        json_t *rpc = answers(s);
        (void)json_object_set_new(result_of(rpc, 1 + MRS), "proof", cases[i].proof);
        open_is(cases[i].name, s, rpc, cases[i].bad);
    }
}

static void values_are_the_proven_ones(void **state)
{
    (void)state;
    struct stage *s;
    json_t *rpc, *row;
    for (int i = 0; i < 6; i++) {
        s = stage(ASK_KMS);
        rpc = answers(s);
        json_t *values = json_object_get(result_of(rpc, 1 + STATE_KMS), "values");
        row = json_array_get(values, 0);
        uint8_t raw[160];
        const struct pair *p = &s->shard[0].v[STATE_KMS];
        memcpy(raw, p->value, p->value_n);
        raw[13] ^= 1; /* the number of its MPC domain */
        if (i == 0)
            (void)json_object_set_new(row, "value", b64(raw, p->value_n));
        else if (i == 1)
            (void)json_object_set_new(row, "value", b64(p->value, p->value_n - 1));
        else if (i == 2)
            (void)json_object_set_new(row, "key", b64(raw, 5));
        else if (i == 3)
            (void)json_array_clear(values);
        else if (i == 4)
            (void)json_object_set_new(row, "value", json_string("AA="));
        else
            for (size_t k = 0; k < LIMIT_NEAR_VALUES; k++)
                (void)json_array_insert_new(values, 0, json_object());
        open_is("values", s, rpc, BG_NEAR_VALUE);
    }
    s = stage(ASK_KMS);
    s->shard[0].v[STATE_KMS].more = 1;
    rpc = answers(s);
    open_is("a leaf of another length", s, rpc, BG_NEAR_VALUE);
    s = stage(ASK_KMS); /* a set's entry that is no position */
    s->shard[0].v[MRS].value_n = 5;
    AUTO_JSON last = answers(s);
    struct came c = ask(s, last);
    CASE("a position of 5 bytes", c.rc == BG_NEAR_SET_VALUE, "BG-%04d", c.rc);
    arena_free(s->a);
    free(s);
}

/* An account's keys lie in one shard. Which one nobody proves, so a no counts only where its STATE
 * was found, and so does a yes. */
static void the_root_of_the_state_is_the_root_of_all(void **state)
{
    (void)state;
    struct stage *s = stage(ASK_KMS);
    s->shard[0].v[STATE_KMS].account = NULL;
    json_t *rpc = answers(s);
    open_is("no STATE", s, rpc, BG_NEAR_NOTHING_THERE);
    s = stage(ASK_KMS); /* the member is in the other shard alone */
    struct pair *p = &s->shard[0].v[MRS];
    (void)add(&s->shard[1], KMS, p->key, 32, p->value, 4);
    p->account = NULL;
    rpc = answers(s);
    (void)json_array_set_new(rpc, 1 + MRS, query(s, &s->shard[1], &s->shard[1].v[2], KMS));
    open_is("a member elsewhere", s, rpc, BG_NEAR_OTHER_ROOT);
    s = stage(ASK_KMS); /* it is there, and another shard says that it has none */
    rpc = answers(s);
    p = &s->shard[0].v[MRS];
    json_t *none = query(s, &s->shard[1], p, KMS);
    (void)json_array_set_new(rpc, 1 + MRS, none);
    open_is("another shard's no", s, rpc, BG_NEAR_OTHER_ROOT);
    s = stage(ASK_APP); /* it need not be the first */
    struct trie first = s->shard[0];
    s->shard[0] = s->shard[1];
    s->shard[1] = first;
    settle(s);
    rpc = json_pack("[o]", block_answer(s));
    for (size_t i = 0; i < 8; i++)
        (void)json_array_append_new(
            rpc, query(s, &s->shard[1], &s->shard[1].v[i], s->shard[1].v[i].account));
    struct came c = ask(s, rpc);
    CASE("the second shard", c.rc == RC_OK && c.r.chain.say == CHAIN_ALLOWS, "BG-%04d", c.bad.rc);
    json_decref(rpc);
    arena_free(s->a);
    free(s);
    s = stage(ASK_KMS); /* both shards in one answer: the right one decides */
    rpc = answers(s);
    none = query(s, &s->shard[1], &s->shard[0].v[MRS], KMS);
    (void)json_array_extend(json_object_get(result_of(rpc, 1 + MRS), "proof"),
                            json_object_get(json_object_get(none, "result"), "proof"));
    json_decref(none);
    c = ask(s, rpc);
    CASE("nodes of both", c.rc == RC_OK && c.r.chain.say == CHAIN_ALLOWS, "BG-%04d", c.bad.rc);
    json_decref(rpc);
    arena_free(s->a);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_views_say_what_the_state_holds),
        cmocka_unit_test(accounts_have_names),
        cmocka_unit_test(the_block_has_its_chunks),
        cmocka_unit_test(answers_are_about_what_was_asked),
        cmocka_unit_test(proofs_have_bounds),
        cmocka_unit_test(values_are_the_proven_ones),
        cmocka_unit_test(the_root_of_the_state_is_the_root_of_all),
    };
    return HARNESS_RUN("near_state", tests);
}
