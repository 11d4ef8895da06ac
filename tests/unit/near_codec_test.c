/*
 * near: base58, borsh, account ids, set keys, the contracts' STATE and the state trie, by hand-made
 * bytes: what is exactly right is read, and everything beside it is refused by its code.
 */
#include "tests/lib/harness.h"

#include "base/hex.h"
#include "base/limits.h"
#include "policy/near/base58.h"
#include "policy/near/contract.h"
#include "policy/near/trie.h"

static struct arena *new_arena(void)
{
    struct arena *a = arena_new(32u << 20);
    assert_non_null(a);
    return a;
}

/* ---- base58: draft-msporny-base58, section 5 (test vectors), and NEAR's lengths ---- */

static void base58_is_read_and_written_one_way(void **state)
{
    (void)state;
    struct arena *a = new_arena();
    static const struct {
        const char *text, *hex;
    } good[] = {
        {"1", "00"},
        {"11111111111111111111111111111111",
         "0000000000000000000000000000000000000000000000000000000000000000"},
        {"2NEpo7TZRRrLZSi2U", "48656c6c6f20576f726c6421"},
        {"USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
         "54686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a7920646f672"
         "e"},
        {"111233QC4", "000000287fb4cd"},
        {"JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG",
         "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct bytes want = unhex(a, good[i].hex), text = bytes_of_str(good[i].text);
        uint8_t out[64];
        char back[BASE58_MAX_TEXT];
        CASE(good[i].text, base58_read(text, out, want.n) && memcmp(out, want.p, want.n) == 0,
             "not read");
        base58_write(want, back);
        CASE(good[i].text, strcmp(back, good[i].text) == 0, "written as %s", back);
        CASE(good[i].text,
             !base58_read(text, out, want.n - 1) && !base58_read(text, out, want.n + 1),
             "read as another length");
    }
    static const char *const bad[] = {
        "",
        "0",
        "O",
        "I",
        "l",
        " ",
        "2\n",
        "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFH", /* 2^256 */
        "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG1",
        "1JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG",
        "1111111111111111111111111111111",   /* 31 zero bytes */
        "111111111111111111111111111111111", /* 33 */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t out[32];
        CASE(bad[i], !base58_read(bytes_of_str(bad[i]), out, 32), "read");
    }
    uint8_t many[64], out[64];
    char text[BASE58_MAX_TEXT];
    memset(many, 0xff, sizeof many);
    base58_write(BYTES_OF_ARRAY(many), text);
    CASE("64 bytes, the largest",
         base58_read(bytes_of_str(text), out, 64) && !memcmp(out, many, 64), "%s", text);
    CASE("65 bytes", !base58_read(bytes_of_str(text), out, 65), "read");
    arena_free(a);
}

/* ---- borsh and u128 ---- */

static void borsh_reads_what_it_writes_and_no_more(void **state)
{
    (void)state;
    uint8_t raw[64];
    struct borsh_out o = {.p = raw, .cap = sizeof raw};
    u128 big = ~(u128)0 - 5;
    borsh_put_u8(&o, 7);
    borsh_put_u32(&o, 0x01020304);
    borsh_put_u64(&o, 0x0102030405060708);
    borsh_put_u128(&o, big);
    borsh_put_bytes(&o, bytes_of_str("abc"));
    static const uint8_t want[] = {7,    4,    3,    2,    1,    8,    7,    6,    5,
                                   4,    3,    2,    1,    0xfa, 0xff, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 3,    0,    0,    0,    'a',  'b',  'c'};
    CASE("bytes", !o.bad && o.n == sizeof want && memcmp(raw, want, sizeof want) == 0, "%zu", o.n);
    for (size_t n = 0; n <= o.n; n++) {
        struct cur c = cur_of(bytes_of(raw, n));
        bool good = cur_u8(&c) == 7;
        good = cur_u32le(&c) == 0x01020304 && good;
        good = cur_u64le(&c) == 0x0102030405060708 && good;
        good = borsh_u128(&c) == big && good;
        good = bytes_eq_str(borsh_bytes(&c, 3), "abc") && good;
        CASE("cut", (good && cur_done(&c)) == (n == o.n), "%zu bytes", n);
    }
    struct cur c = cur_of(bytes_of(want + 29, 7));
    (void)borsh_bytes(&c, 2);
    CASE("longer than allowed", c.bad, "taken");
    for (unsigned v = 0; v < 256; v++) {
        uint8_t byte = (uint8_t)v;
        c = cur_of(bytes_of(&byte, 1));
        bool got = borsh_bool(&c);
        CASE("bool", c.bad == (v > 1) && got == (v == 1), "%u", v);
    }
    o = (struct borsh_out){.p = raw, .cap = 3};
    borsh_put_u32(&o, 1);
    CASE("no room", o.bad && o.n == 0, "%zu", o.n);
    borsh_put_u8(&o, 1);
    CASE("stays bad", o.bad && o.n == 0, "%zu", o.n);
}

static void u128_is_decimal_and_plain(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        uint64_t hi, lo;
    } cases[] = {
        {"0", true, 0, 0},
        {"1", true, 0, 1},
        {"18446744073709551615", true, 0, UINT64_MAX},
        {"18446744073709551616", true, 1, 0},
        {"340282366920938463463374607431768211455", true, UINT64_MAX, UINT64_MAX},
        {"340282366920938463463374607431768211456", false, 0, 0},
        {"999999999999999999999999999999999999999", false, 0, 0},
        {"1000000000000000000000000000000000000000", false, 0, 0},
        {"", false, 0, 0},
        {"00", false, 0, 0},
        {"01", false, 0, 0},
        {"+1", false, 0, 0},
        {"-1", false, 0, 0},
        {" 1", false, 0, 0},
        {"1 ", false, 0, 0},
        {"1e3", false, 0, 0},
        {"0x1", false, 0, 0},
        {"1/", false, 0, 0},
        {"1:", false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        u128 v = 77;
        bool got = u128_read(bytes_of_str(cases[i].text), &v);
        CASE(cases[i].text,
             got == cases[i].good && v == (got ? (u128)cases[i].hi << 64 | cases[i].lo : 77), "%d",
             got);
    }
}

/* ---- account ids: nearcore's rules ---- */

static void account_ids_follow_the_rules(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        bool good;
    } cases[] = {
        {"aa", true},
        {"a0", true},
        {"near", true},
        {"a-b_c.d", true},
        {"1234567890123456789012345678901234567890", true},
        {"0123456789012345678901234567890123456789012345678901234567890123", true},
        {"01234567890123456789012345678901234567890123456789012345678901234", false},
        {"", false},
        {"a", false},
        {"A1", false},
        {"nEar", false},
        {"-a", false},
        {"a-", false},
        {".near", false},
        {"near.", false},
        {"_x", false},
        {"a..b", false},
        {"a-_b", false},
        {"a.-b", false},
        {"a b", false},
        {"a,b", false},
        {"a\xc3\xa9", false},
        {"0x12/", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CASE(cases[i].id, near_account_ok(bytes_of_str(cases[i].id)) == cases[i].good, "%d",
             cases[i].good);
    CASE("a NUL", !near_account_ok(bytes_of("a\0b", 3)), "taken");
}

/* ---- our reading of near-sdk's sets (facts/near.md 1.5): the two keys worked out there ---- */

static void set_keys_are_those_of_the_reading(void **state)
{
    (void)state;
    static const struct {
        uint8_t prefix;
        const char *want;
    } cases[] = {
        {NEAR_KMS_OS_IMAGES, "992b64861c033da61a16cccb69e56e5a466af60ee81161509af64f384b006323"},
        {NEAR_APP_COMPOSE_HASHES,
         "591fca34de304fd072abbca483a8971ded24a82f5241ffd4d78569f5277762e9"},
    };
    char value[65] = {0}, have[65];
    for (size_t i = 0; i < 64; i++)
        value[i] = i % 2 ? 'b' : 'a';
    for (size_t i = 0; i < 2; i++) {
        uint8_t key[32], other[32];
        near_set_key(cases[i].prefix, bytes_of_str(value), key);
        hex_encode(BYTES_OF_ARRAY(key), have);
        CASE("our reading: set key", strcmp(have, cases[i].want) == 0, "%s", have);
        near_set_key((uint8_t)(cases[i].prefix + 1), bytes_of_str(value), other);
        CASE("another set", memcmp(key, other, 32) != 0, "same key");
        near_set_key(cases[i].prefix, bytes_of(value, 63), other);
        CASE("another value", memcmp(key, other, 32) != 0, "same key");
    }
}

/* ---- STATE ---- */

#define SET(d) "\x03\0\0\0\x02\0\0\0" d "v\x02\0\0\0" d "m"

static const uint8_t app_raw[] = SET("\0") "\x01" SET("\x01") "\0\x01\x08\0\0\0kms.near";
static const uint8_t kms_raw[] = "\x06\0\0\0mpc.ab\x02\0\0\0\0\0\0\0" SET("\0")
    SET("\x01") "\x01\x02\0\0\0gw"
                "\x01\x02\0\0\0pk\x01\0\0\0c"
                "\x01\0\0\0q\0\0\0\0" SET("\x02") SET("\x03") SET("\x04");

static enum rc read_app(struct bytes b, struct near_app_state *s)
{
    struct err err = {0};
    return near_app_state_read(b, s, &err);
}

static enum rc read_kms(struct bytes b, struct near_kms_state *s)
{
    struct err err = {0};
    return near_kms_state_read(b, s, &err);
}

static void the_apps_state_is_read_exactly(void **state)
{
    (void)state;
    const size_t n = sizeof app_raw - 1;
    struct near_app_state s = {0};
    uint8_t copy[sizeof app_raw + 1];
    CASE("our reading: app STATE",
         read_app(bytes_of(app_raw, n), &s) == RC_OK && s.compose_hashes == 3 && s.devices == 3 &&
             s.allow_any_device && !s.upgrades_disabled && s.has_kms_contract &&
             bytes_eq_str(s.kms_contract, "kms.near"),
         "%zu bytes", n);
    for (size_t k = 0; k < n; k++)
        CASE("cut", read_app(bytes_of(app_raw, k), &s) == BG_NEAR_APP_STATE, "%zu bytes", k);
    memcpy(copy, app_raw, n);
    copy[n] = 0;
    CASE("one more", read_app(bytes_of(copy, n + 1), &s) == BG_NEAR_APP_STATE, "read");
    CASE("without a KMS",
         read_app(bytes_of("" SET("\0") "\0" SET("\x01") "\x01\0", 35), &s) == RC_OK, "refused");
    CASE("flags", !s.allow_any_device && s.upgrades_disabled && !s.has_kms_contract, "wrong");
    /* Each byte in turn gets every value: only these may vary freely. */
    for (size_t k = 0; k < n; k++)
        for (unsigned v = 0; v < 256; v++) {
            memcpy(copy, app_raw, n);
            copy[k] = (uint8_t)v;
            bool count = k < 4 || (k >= 17 && k < 21), flag = k == 16 || k == 33;
            struct bytes id = bytes_of(copy + n - 8, 8);
            bool want =
                count || (flag && v <= 1) || v == app_raw[k] || (k >= n - 8 && near_account_ok(id));
            CASE("one byte", (read_app(bytes_of(copy, n), &s) == RC_OK) == want, "byte %zu is %u",
                 k, v);
        }
}

static void the_kms_state_is_read_exactly(void **state)
{
    (void)state;
    const size_t n = sizeof kms_raw - 1;
    struct near_kms_state s = {0};
    uint8_t copy[sizeof kms_raw + 1];
    CASE("our reading: KMS STATE",
         read_kms(bytes_of(kms_raw, n), &s) == RC_OK && bytes_eq_str(s.mpc_contract, "mpc.ab") &&
             s.mpc_domain == 2 && s.has_gateway_app_id && bytes_eq_str(s.gateway_app_id, "gw") &&
             s.has_info && bytes_eq_str(s.k256_pubkey, "pk") && bytes_eq_str(s.ca_pubkey, "c") &&
             bytes_eq_str(s.quote, "q") && s.event_log.n == 0,
         "%zu bytes", n);
    for (size_t i = 0; i < 5; i++)
        CASE("members", s.members[i] == 3, "set %zu", i);
    for (size_t k = 0; k < n; k++)
        CASE("cut", read_kms(bytes_of(kms_raw, k), &s) == BG_NEAR_KMS_STATE, "%zu bytes", k);
    memcpy(copy, kms_raw, n);
    copy[n] = 0;
    CASE("one more", read_kms(bytes_of(copy, n + 1), &s) == BG_NEAR_KMS_STATE, "read");
    /* Tags, lengths and prefixes: no other value at their place. */
    static const size_t fixed[] = {0,  1,  2,  3,  22, 26, 27, 28, 32, 33, 38, 42, 43, 44,
                                   48, 49, 50, 57, 58, 64, 69, 74, 82, 86, 87, 88, 92, 93};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        size_t refused = 0;
        for (unsigned v = 0; v < 256; v++) {
            memcpy(copy, kms_raw, n);
            copy[fixed[i]] = (uint8_t)v;
            refused += read_kms(bytes_of(copy, n), &s) != RC_OK;
        }
        CASE("a fixed byte", refused == 255, "byte %zu: %zu of 255", fixed[i], refused);
    }
}

/* ---- trie ---- */

struct node {
    uint8_t raw[600];
    size_t n;
};

static void add(struct node *o, const void *p, size_t n)
{
    assert_true(o->n + n <= sizeof o->raw);
    memcpy(o->raw + o->n, p, n);
    o->n += n;
}
#define ADD(o, literal) add((o), (literal), sizeof(literal) - 1)

static void node_hash(const struct node *o, uint8_t out[static 32])
{
    hash_sha256(bytes_of(o->raw, o->n), out);
}

static void end_of(struct node *o)
{
    ADD(o, "\x2a\0\0\0\0\0\0\0");
}

static struct node leaf(const char *key, size_t n, const char *value)
{
    struct node o = {0};
    uint8_t hash[32], len[4] = {(uint8_t)n}, vlen[4] = {(uint8_t)strlen(value)};
    hash_sha256(bytes_of_str(value), hash);
    ADD(&o, "\0");
    add(&o, len, 4);
    add(&o, key, n);
    add(&o, vlen, 4);
    add(&o, hash, 32);
    end_of(&o);
    return o;
}

static struct node extension(const char *key, size_t n, const struct node *child)
{
    struct node o = {0};
    uint8_t hash[32], len[4] = {(uint8_t)n};
    node_hash(child, hash);
    ADD(&o, "\x03");
    add(&o, len, 4);
    add(&o, key, n);
    add(&o, hash, 32);
    end_of(&o);
    return o;
}

/* branch with children at nibbles a < b; value: NULL for none. */
static struct node branch(unsigned a, const struct node *at_a, unsigned b, const struct node *at_b,
                          const char *value)
{
    struct node o = {0};
    uint8_t hash[32];
    unsigned bits = 1u << a | 1u << b;
    uint8_t map[2] = {(uint8_t)bits, (uint8_t)(bits >> 8)};
    if (value) {
        uint8_t vlen[4] = {(uint8_t)strlen(value)};
        hash_sha256(bytes_of_str(value), hash);
        ADD(&o, "\x02");
        add(&o, vlen, 4);
        add(&o, hash, 32);
    } else {
        ADD(&o, "\x01");
    }
    add(&o, map, 2);
    node_hash(at_a, hash);
    add(&o, hash, 32);
    node_hash(at_b, hash);
    add(&o, hash, 32);
    end_of(&o);
    return o;
}

static enum near_found get(const struct node *const *nodes, size_t n, const struct node *root,
                           struct bytes key, const char *want, enum rc *rc)
{
    struct arena *a = new_arena();
    struct bytes list[8];
    struct near_proof proof;
    struct err err = {0};
    uint8_t h[32], value[32], expected[32];
    uint32_t len;
    for (size_t i = 0; i < n; i++)
        list[i] = bytes_of(nodes[i]->raw, nodes[i]->n);
    assert_true(near_proof_open(a, list, n, &proof, &err));
    node_hash(root, h);
    enum near_found found = near_trie_get(&proof, h, key, &len, value, &err);
    if (found == NEAR_PRESENT && want) {
        hash_sha256(bytes_of_str(want), expected);
        assert_int_equal(len, strlen(want));
        assert_memory_equal(value, expected, 32);
    }
    *rc = err.rc;
    arena_free(a);
    return found;
}

static void a_trie_of_each_shape_is_walked(void **state)
{
    (void)state;
    /* Keys 0x1234 = "x", 0x1235 = "y", 0x12 = "z", 0x9a = "w". */
    struct node x = leaf("\x20", 1, "x"), y = leaf("\x20", 1, "y"),
                inner = branch(4, &x, 5, &y, NULL), down = extension("\x13", 1, &inner),
                w2 = leaf("\x3a", 1, "w");
    struct node at12 = branch(3, &inner, 7, &w2, "z"); /* 0x12, 0x123., 0x127a */
    struct node one = extension("\x12", 1, &at12), root = branch(1, &one, 9, &w2, NULL);
    const struct node *all[] = {&root, &one, &at12, &inner, &x, &y, &w2};
    static const struct {
        const char *key;
        size_t n;
        enum near_found found;
        const char *value;
    } cases[] = {
        {"\x12\x34", 2, NEAR_PRESENT, "x"},
        {"\x12\x35", 2, NEAR_PRESENT, "y"},
        {"\x12", 1, NEAR_PRESENT, "z"},
        {"\x9a", 1, NEAR_PRESENT, "w"},
        {"\x12\x7a", 2, NEAR_PRESENT, "w"},
        {"\x12\x36", 2, NEAR_ABSENT, NULL},     /* a branch without the child */
        {"\x12\x34\x56", 3, NEAR_ABSENT, NULL}, /* longer than the leaf */
        {"\x9b", 1, NEAR_ABSENT, NULL},         /* another leaf */
        {"\x9a\x9a", 2, NEAR_ABSENT, NULL},
        {"\x13", 1, NEAR_ABSENT, NULL}, /* off the extension */
        {"", 0, NEAR_ABSENT, NULL},     /* ends on a branch without value */
        {"\x12\x90", 2, NEAR_ABSENT, NULL},
        {"\x00", 1, NEAR_ABSENT, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum rc rc;
        enum near_found found =
            get(all, 7, &root, bytes_of(cases[i].key, cases[i].n), cases[i].value, &rc);
        CASE("walk", found == cases[i].found && rc == RC_OK, "case %zu: %d BG-%04d", i, found, rc);
    }
    enum rc rc;
    for (size_t gone = 0; gone < 5; gone++) { /* each node of the path to x */
        const struct node *some[7];
        size_t n = 0;
        for (size_t i = 0; i < 7; i++)
            if (i != gone)
                some[n++] = all[i];
        CASE("a node left out",
             get(some, n, &root, bytes_of("\x12\x34", 2), NULL, &rc) == NEAR_UNKNOWN &&
                 rc == BG_NEAR_NODE_MISSING,
             "node %zu: BG-%04d", gone, rc);
    }
    const struct node *ends[] = {&down, &inner};
    CASE("a path that ends inside an extension",
         get(ends, 2, &down, BYTES_NONE, NULL, &rc) == NEAR_ABSENT && rc == RC_OK, "BG-%04d", rc);
    struct node free_child = extension("\x11", 1, &inner);
    const struct node *cut[] = {&free_child};
    CASE("nothing behind an extension that fits",
         get(cut, 1, &free_child, bytes_of("\x12", 1), NULL, &rc) == NEAR_UNKNOWN &&
             rc == BG_NEAR_NODE_MISSING,
         "BG-%04d", rc);
    struct near_proof none = {0};
    uint8_t zero[32] = {0}, hash[32];
    uint32_t len;
    struct err err = {0};
    CASE("the empty trie",
         near_trie_get(&none, zero, bytes_of("a", 1), &len, hash, &err) == NEAR_ABSENT, "BG-%04d",
         err.rc);
}

/* one: the code that a single node is refused with, or RC_OK. */
static enum rc one(const struct node *o, struct bytes key)
{
    enum rc rc;
    (void)get(&o, 1, o, key, NULL, &rc);
    return rc;
}

static void what_is_no_node_is_refused(void **state)
{
    (void)state;
    struct node x = leaf("\x31", 1, "x"), y = leaf("\x31", 1, "y"),
                kinds[] = {leaf("\x3a", 1, "x"), extension("\x1a", 1, &x),
                           branch(1, &x, 2, &y, NULL), branch(1, &x, 2, &y, "v")};
    struct bytes away = bytes_of("\xff", 1);
    for (size_t k = 0; k < 4; k++) {
        struct node o = kinds[k];
        CASE("control", one(&o, away) == RC_OK, "kind %zu", k);
        for (size_t n = 0; n < o.n; n++) {
            struct node cut = {.n = n};
            memcpy(cut.raw, o.raw, n);
            CASE("cut", one(&cut, away) == BG_NEAR_NODE_FORMAT, "kind %zu, %zu bytes", k, n);
        }
        o.raw[o.n++] = 0;
        CASE("one more byte", one(&o, away) == BG_NEAR_NODE_FORMAT, "kind %zu", k);
        o = kinds[k];
        for (unsigned tag = 4; tag < 256; tag++) {
            o.raw[0] = (uint8_t)tag;
            CASE("tag", one(&o, away) == BG_NEAR_NODE_FORMAT, "%u", tag);
        }
    }
    struct node lengths = leaf("\x3a", 1, "x");
    lengths.raw[4] = 0x80; /* a key of 2 GiB */
    CASE("a length beyond the node", one(&lengths, away) == BG_NEAR_NODE_FORMAT, "read");
    struct node map = branch(1, &x, 2, &y, NULL);
    map.raw[1] = 0x07; /* three children, room for two */
    CASE("a bitmap of more children", one(&map, away) == BG_NEAR_NODE_FORMAT, "read");
    map.raw[1] = 0x01;
    CASE("a bitmap of fewer", one(&map, away) == BG_NEAR_NODE_FORMAT, "read");
    /* Every first byte of a path: flags for leaf (0x20) and odd (0x10), else zero. */
    for (unsigned v = 0; v < 256; v++) {
        char key[2] = {(char)v, 0x11};
        struct node l = leaf(key, 2, "x"), e = extension(key, 2, &x);
        bool odd = v & 0x10, shape = odd || !(v & 0x0f);
        CASE("leaf's flags", (one(&l, away) == BG_NEAR_LEAF_KEY) == !((v & 0xe0) == 0x20 && shape),
             "%02x", v);
        CASE("extension's flags",
             (one(&e, bytes_of("\x00", 1)) == BG_NEAR_EXTENSION_KEY) == !((v & 0xe0) == 0 && shape),
             "%02x", v);
    }
    struct node empty_leaf = leaf("", 0, "x"), empty = extension("", 0, &x),
                nothing = extension("\0", 1, &x);
    CASE("leaf without flags", one(&empty_leaf, away) == BG_NEAR_LEAF_KEY, "read");
    CASE("extension without flags", one(&empty, away) == BG_NEAR_EXTENSION_KEY, "read");
    CASE("extension of no nibbles", one(&nothing, away) == BG_NEAR_EXTENSION_KEY, "read");
}

static void proofs_are_bounded(void **state)
{
    (void)state;
    struct arena *a = new_arena();
    static uint8_t node[LIMIT_NEAR_NODE + 1];
    static struct bytes many[LIMIT_NEAR_PROOF_NODES + 1];
    struct near_proof p;
    for (size_t i = 0; i <= LIMIT_NEAR_PROOF_NODES; i++)
        many[i] = bytes_of(node, 1);
    struct err err = {0};
    CASE("as many as may be", near_proof_open(a, many, LIMIT_NEAR_PROOF_NODES, &p, &err), "BG-%04d",
         err.rc);
    CASE("one more",
         !near_proof_open(a, many, LIMIT_NEAR_PROOF_NODES + 1, &p, &err) &&
             err.rc == BG_NEAR_PROOF_NODES,
         "BG-%04d", err.rc);
    err_clear(&err);
    many[1] = bytes_of(node, LIMIT_NEAR_NODE);
    CASE("as large as may be", near_proof_open(a, many, 3, &p, &err), "BG-%04d", err.rc);
    many[1] = bytes_of(node, LIMIT_NEAR_NODE + 1);
    CASE("a byte larger", !near_proof_open(a, many, 3, &p, &err) && err.rc == BG_NEAR_NODE_SIZE,
         "BG-%04d", err.rc);
    arena_free(a);
}

/* ---- chunk roots ---- */

static void put_hash(uint8_t out[static 32], const uint8_t *l, const uint8_t *r)
{
    HASH_PARTS(hash_sha256_parts, out, bytes_of(l, 32), bytes_of(r, 32));
}

static void chunk_roots_make_one_root(void **state)
{
    (void)state;
    uint8_t roots[LIMIT_NEAR_SHARDS + 1][32], l[5][32], ab[32], cd[32], abcd[32], want[32], out[32];
    for (size_t i = 0; i < LIMIT_NEAR_SHARDS + 1; i++)
        memset(roots[i], (int)i + 1, 32);
    for (size_t i = 0; i < 5; i++)
        hash_sha256(bytes_of(roots[i], 32), l[i]);
    put_hash(ab, l[0], l[1]);
    put_hash(cd, l[2], l[3]);
    put_hash(abcd, ab, cd);
    near_merklize((const uint8_t(*)[32])roots, 1, out);
    CASE("1", memcmp(out, l[0], 32) == 0, "differs");
    near_merklize((const uint8_t(*)[32])roots, 2, out);
    CASE("2", memcmp(out, ab, 32) == 0, "differs");
    put_hash(want, ab, l[2]);
    near_merklize((const uint8_t(*)[32])roots, 3, out);
    CASE("3", memcmp(out, want, 32) == 0, "differs");
    near_merklize((const uint8_t(*)[32])roots, 4, out);
    CASE("4", memcmp(out, abcd, 32) == 0, "differs");
    put_hash(want, abcd, l[4]);
    near_merklize((const uint8_t(*)[32])roots, 5, out);
    CASE("5", memcmp(out, want, 32) == 0, "differs");
    near_merklize((const uint8_t(*)[32])roots, LIMIT_NEAR_SHARDS, out);
    CASE("as many as may be", !mem_is_zero(out, 32), "zero");
    near_merklize((const uint8_t(*)[32])roots, 0, out);
    CASE("none", mem_is_zero(out, 32), "a root");
    near_merklize((const uint8_t(*)[32])roots, LIMIT_NEAR_SHARDS + 1, out);
    CASE("one more", mem_is_zero(out, 32), "a root");
}

static void contract_keys(void **state)
{
    (void)state;
    struct arena *a = new_arena();
    struct err err = {0};
    struct bytes k = near_contract_key(a, bytes_of_str("a.near"), bytes_of_str("STATE"), &err);
    CASE("key", bytes_eq_str(k, "\ta.near,STATE"), "%zu bytes", k.n);
    k = near_contract_key(a, bytes_of_str("a.near"), BYTES_NONE, &err);
    CASE("no key", bytes_eq_str(k, "\ta.near,"), "%zu bytes", k.n);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base58_is_read_and_written_one_way),
        cmocka_unit_test(borsh_reads_what_it_writes_and_no_more),
        cmocka_unit_test(u128_is_decimal_and_plain),
        cmocka_unit_test(account_ids_follow_the_rules),
        cmocka_unit_test(set_keys_are_those_of_the_reading),
        cmocka_unit_test(the_apps_state_is_read_exactly),
        cmocka_unit_test(the_kms_state_is_read_exactly),
        cmocka_unit_test(a_trie_of_each_shape_is_walked),
        cmocka_unit_test(what_is_no_node_is_refused),
        cmocka_unit_test(proofs_are_bounded),
        cmocka_unit_test(chunk_roots_make_one_root),
        cmocka_unit_test(contract_keys),
    };
    return HARNESS_RUN("near_codec", tests);
}
