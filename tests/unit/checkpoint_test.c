/*
 * checkpoint: signed checkpoint documents. The document, its canonical bytes, keys and signatures
 * were made by @noble/curves and Node.js (tests/oracles/checkpoint_diff.mjs compares many more);
 * the rules are those of policy/beacon/checkpoint.h, each with its code, at both of its edges.
 */
#include "tests/lib/harness.h"

#include <secp256k1.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/hex.h"
#include "policy/beacon/checkpoint.h"

/* Secret of signer i: SHA-256("signer i"), i from 1. */
static const char text[] =
    "{'schema': 1,"
    " 'genesis_validators_root':"
    " '0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95',"
    " 'fork_version': '0x06000000', 'slot': 13164608,"
    " 'root': '0x92c89d9853a2f5716d2a23633e86835afaa5d4213580dbee0844f53767d293c8',"
    " 'issued': 1764800319, 'not_after': 1766009919, 'signatures': ["
    "{'key': '0x02256752ab86d472283f28a7a3dbe899b5d6e0f9b7306ea846c088329de5c431e5', 'signature':"
    " '0x2d8bf39ed7c67d1b031b3a154cbc3273d2cecf2dc4397296ab536b1594cde1c9"
    "7abdd96c530b3d4cc8cf2cebbac3e8cdcfa4971d9fd0e936e679c8e77f43c22d'},"
    "{'key': '0x034649c0ed11b6fea4594cb346393bacbdc96565c6c696f9afc357ab639ef57e5a', 'signature':"
    " '0x6ecf6824a89a2edcd0553c51cca02306ce8b7af713c20b43400c9e5a6103b3f7"
    "10f8682f0d77144af0901c78593dc30656536bbc8ed138cdc346271b7061deef'},"
    "{'key': '0x0341f47292d23e6e1ffb1d10cb6ae58260e73d77bb2770049bf7d5abeef307a8b5', 'signature':"
    " '0x98c23f7674247b1fc51484f3fe536c94ac6991631afaa9941657364b48c94566"
    "0f7b94884e308c877e0718b170a26d001b5cefc00ea9e366ca520fe4267fceb6'},"
    "{'key': '0x0277c8dfae812c86bdd0f38f24d670c3533a5e119beda1ce0cf3ce8813e3014153', 'signature':"
    " '0xdb3596c2cc0ede9fb37d81169f890d4da32a3fc0f952c78076f57ebb5872fd04"
    "47ef817ab58dbf1bc9b001cc73f2bd58730d6207c13d1317d1dea6e448b4a80d'}]}";
static const char message_hex[] =
    "626f6f74676174652f636865636b706f696e742f7631"
    "4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95060000000000000000c8e040"
    "92c89d9853a2f5716d2a23633e86835afaa5d4213580dbee0844f53767d293c8"
    "000000006930b73f0000000069432c3f";
#define ISSUED     1764800319u
#define NOT_AFTER  1766009919u
#define SLOT       13164608u
#define FULU_EPOCH 411392u
static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                  0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};

static struct arena *a;
static struct err err;
static const struct beacon_network *mainnet;
static struct checkpoint_doc doc;
static uint8_t keys[CHECKPOINT_SIGNERS_MAX + 1][CHECKPOINT_KEY];

static struct bytes quoted(void)
{
    uint8_t *t = arena_copy(a, bytes_of_str(text), &err);
    assert_non_null(t);
    for (size_t i = 0; i < sizeof text - 1; i++)
        t[i] = t[i] == '\'' ? '"' : t[i];
    return bytes_of(t, sizeof text - 1);
}

static json_t *document(void)
{
    json_t *j = NULL;
    assert_int_equal(json_read(quoted(), 1 << 16, &j, &err), RC_OK);
    return j;
}

static enum rc read_text(struct bytes t, struct checkpoint_doc *out)
{
    AUTO_JSON j = NULL;
    err_clear(&err);
    TRY(json_read(t, 1 << 16, &j, &err));
    return checkpoint_read(j, out, &err);
}

static int fresh(void **state)
{
    (void)state;
    a = arena_new(16u << 20);
    err_clear(&err);
    mainnet = beacon_network_named(bytes_of_str("mainnet"));
    if (!a || !mainnet || read_text(quoted(), &doc) != RC_OK || doc.num_signatures != 4)
        return 1;
    for (size_t i = 0; i < 4; i++)
        memcpy(keys[i], doc.signatures[i].key, CHECKPOINT_KEY);
    return 0;
}

static int done(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static void secret_of(unsigned i, uint8_t out[static 32])
{
    char name[32];
    snprintf(name, sizeof name, "signer %u", i);
    hash_sha256(bytes_of_str(name), out);
}

/* resign: the document as it is now, signed by signers 1 to n. */
static void resign(struct checkpoint_doc *d, unsigned n)
{
    uint8_t secret[32];
    d->num_signatures = 0;
    for (unsigned i = 1; i <= n; i++) {
        secret_of(i, secret);
        err_clear(&err);
        assert_int_equal(checkpoint_sign(d, secret, &err), RC_OK);
    }
}

static struct checkpoint_signers signers(size_t n, size_t threshold)
{
    return (struct checkpoint_signers){(const uint8_t(*)[CHECKPOINT_KEY])keys, n, threshold};
}

static struct checkpoint_ok ok;

/* judge: k of the n keys must have signed; what the failure leaves in `ok` is checked as well. */
static enum rc judge(const struct checkpoint_doc *d, size_t threshold, size_t n, uint64_t min_slot,
                     uint64_t now)
{
    struct checkpoint_ok before;
    struct checkpoint_signers s = signers(n, threshold);
    memset(&before, 0xa5, sizeof before);
    ok = before;
    err_clear(&err);
    enum rc rc = checkpoint_verify(d, mainnet, &s, min_slot, now, &ok, &err);
    if (rc != RC_OK && (memcmp(&ok, &before, sizeof ok) != 0 || err.rc != rc))
        case_fail("output", "a refusal wrote something, or another code");
    return rc;
}

#define IS(name, call, code)                                                                       \
    do {                                                                                           \
        enum rc got_ = (call);                                                                     \
        CASE((name), got_ == (code), "BG-%04d, expected BG-%04d (%s)", got_, (code), err.detail);  \
    } while (0)

static void a_document_of_another_implementation_verifies(void **state)
{
    (void)state;
    uint8_t message[CHECKPOINT_MESSAGE];
    checkpoint_message(&doc, message);
    assert_true(bytes_eq(BYTES_OF_ARRAY(message), unhex(a, message_hex)));
    for (size_t k = 1; k <= 4; k++) {
        IS("k of 4", judge(&doc, k, 4, 0, ISSUED), RC_OK);
        assert_true(ok.signed_by == 4 && ok.unknown == 0 && ok.checkpoint.slot == SLOT);
        assert_true(ok.issued == ISSUED && ok.not_after == NOT_AFTER);
        assert_memory_equal(ok.checkpoint.root, doc.root, 32);
    }
    IS("1 of the first", judge(&doc, 1, 1, 0, ISSUED), RC_OK);
    assert_true(ok.signed_by == 1 && ok.unknown == 3 && ok.signer[0] && !ok.signer[1]);
}

/* RFC 6979 gives one signature for a key and a message: noble's bytes are ours. */
static void signing_gives_the_bytes_of_another_implementation(void **state)
{
    (void)state;
    struct checkpoint_doc mine = doc;
    memset(mine.signatures, 0, sizeof mine.signatures);
    resign(&mine, 4);
    assert_memory_equal(&mine, &doc, sizeof doc);
}

static void what_is_written_reads_the_same(void **state)
{
    (void)state;
    struct checkpoint_doc again;
    for (size_t n = 0; n <= 4; n++) {
        struct checkpoint_doc d = doc;
        memset(&d.signatures[n], 0, (CHECKPOINT_SIGNERS_MAX - n) * sizeof *d.signatures);
        d.num_signatures = n;
        AUTO_JSON j = checkpoint_to_json(&d);
        assert_int_equal(checkpoint_read(j, &again, &err), RC_OK);
        assert_memory_equal(&again, &d, sizeof d);
    }
}

static void reader_case(const char *name, json_t *j, enum rc code)
{
    struct checkpoint_doc d, before;
    memset(&d, 0xa5, sizeof d);
    before = d;
    err_clear(&err);
    IS(name, checkpoint_read(j, &d, &err), code);
    if (code != RC_OK)
        CASE(name, memcmp(&d, &before, sizeof d) == 0, "a refusal wrote something");
    json_decref(j);
}

static json_t *with(const char *key, json_t *value)
{
    json_t *j = document();
    if (value)
        json_object_set_new(j, key, value);
    else
        json_object_del(j, key);
    return j;
}

static void the_reader_is_strict(void **state)
{
    (void)state;
    static const char *const hex[] = {"genesis_validators_root", "fork_version", "root"};
    static const char *const numbers[] = {"slot", "issued", "not_after"};
    reader_case("control", document(), RC_OK);
    reader_case("list", json_array(), BG_CHECKPOINT_MEMBERS);
    reader_case("null", json_null(), BG_CHECKPOINT_MEMBERS);
    reader_case("unknown member", with("note", json_null()), BG_CHECKPOINT_MEMBERS);
    reader_case("no schema", with("schema", NULL), BG_CHECKPOINT_SCHEMA);
    reader_case("schema 0", with("schema", json_integer(0)), BG_CHECKPOINT_SCHEMA);
    reader_case("schema 2", with("schema", json_integer(2)), BG_CHECKPOINT_SCHEMA);
    reader_case("schema \"1\"", with("schema", json_string("1")), BG_CHECKPOINT_SCHEMA);
    reader_case("schema 1.0", with("schema", json_real(1.0)), BG_CHECKPOINT_SCHEMA);
    for (size_t i = 0; i < 3; i++) {
        AUTO_JSON j = document();
        const char *value = json_string_value(json_object_get(j, hex[i]));
        char *shorter = arena_printf(a, &err, "%.*s", (int)strlen(value) - 2, value);
        reader_case(hex[i], with(hex[i], NULL), BG_CHECKPOINT_HEX);
        reader_case(hex[i], with(hex[i], json_integer(0)), BG_CHECKPOINT_HEX);
        reader_case(hex[i], with(hex[i], json_string("")), BG_CHECKPOINT_HEX);
        reader_case(hex[i], with(hex[i], json_string(shorter)), BG_CHECKPOINT_HEX);
        reader_case(hex[i], with(hex[i], json_sprintf("%s0", value)), BG_CHECKPOINT_HEX);
        reader_case(hex[i], with(hex[i], json_sprintf("%s00", value)), BG_CHECKPOINT_HEX);
        reader_case(hex[i], with(hex[i], json_sprintf("%sg0", shorter)), BG_CHECKPOINT_HEX);
        reader_case(hex[i], with(hex[i], json_string(value + 2)), RC_OK);
        reader_case(numbers[i], with(numbers[i], NULL), BG_CHECKPOINT_NUMBER);
        reader_case(numbers[i], with(numbers[i], json_integer(-1)), BG_CHECKPOINT_NUMBER);
        reader_case(numbers[i], with(numbers[i], json_real(1.0)), BG_CHECKPOINT_NUMBER);
        reader_case(numbers[i], with(numbers[i], json_string("1")), BG_CHECKPOINT_NUMBER);
        reader_case(numbers[i], with(numbers[i], json_true()), BG_CHECKPOINT_NUMBER);
        reader_case(numbers[i], with(numbers[i], json_integer(0)), RC_OK);
        reader_case(numbers[i], with(numbers[i], json_integer(INT64_MAX)), RC_OK);
    }
}

static json_t *one_signature(const char *key, json_t *value)
{
    json_t *j = document(), *e = json_array_get(json_object_get(j, "signatures"), 2);
    if (value)
        json_object_set_new(e, key, value);
    else
        json_object_del(e, key);
    return j;
}

static json_t *many_signatures(size_t n)
{
    json_t *j = document(), *list = json_object_get(j, "signatures");
    while (json_array_size(list) < n)
        json_array_append(list, json_array_get(list, 0));
    return j;
}

static void the_reader_is_strict_with_signatures(void **state)
{
    (void)state;
    reader_case("none", with("signatures", json_array()), RC_OK);
    reader_case("16", many_signatures(16), RC_OK);
    reader_case("17", many_signatures(17), BG_CHECKPOINT_SIGNATURES);
    reader_case("missing", with("signatures", NULL), BG_CHECKPOINT_SIGNATURES);
    reader_case("object", with("signatures", json_object()), BG_CHECKPOINT_SIGNATURES);
    reader_case("entry of another type", with("signatures", json_pack("[s]", "x")),
                BG_CHECKPOINT_SIGNATURE_SHAPE);
    reader_case("entry null", with("signatures", json_pack("[n]")), BG_CHECKPOINT_SIGNATURE_SHAPE);
    reader_case("unknown member", one_signature("by", json_true()), BG_CHECKPOINT_SIGNATURE_SHAPE);
    static const char *const members[] = {"key", "signature"};
    for (size_t i = 0; i < 2; i++) {
        const char *m = members[i];
        reader_case(m, one_signature(m, NULL), BG_CHECKPOINT_SIGNATURE_SHAPE);
        reader_case(m, one_signature(m, json_true()), BG_CHECKPOINT_SIGNATURE_SHAPE);
        reader_case(m, one_signature(m, json_string("0x")), BG_CHECKPOINT_SIGNATURE_SHAPE);
        reader_case(m, one_signature(m, json_sprintf("0x%0*d", i ? 126 : 64, 0)),
                    BG_CHECKPOINT_SIGNATURE_SHAPE);
        reader_case(m, one_signature(m, json_sprintf("0x%0*d", i ? 130 : 68, 0)),
                    BG_CHECKPOINT_SIGNATURE_SHAPE);
        reader_case(m, one_signature(m, json_sprintf("%0*d", i ? 128 : 66, 0)), RC_OK);
    }
    AUTO_JSON j = NULL;
    struct bytes t = bytes_of_str("{\"schema\": 1, \"slot\": 1, \"slot\": 2}");
    IS("a member twice", json_read(t, 1 << 16, &j, &err), BG_JSON_SYNTAX);
}

/* All four signatures are needed: then every bit of the document counts. */
static void every_bit_counts(void **state)
{
    (void)state;
    const struct {
        const char *name;
        size_t at, n;
    } fields[] = {
        {"network", offsetof(struct checkpoint_doc, genesis_validators_root), 32},
        {"fork", offsetof(struct checkpoint_doc, fork_version), 4},
        {"root", offsetof(struct checkpoint_doc, root), 32},
        {"slot", offsetof(struct checkpoint_doc, slot), 8},
        {"issued", offsetof(struct checkpoint_doc, issued), 8},
        {"not_after", offsetof(struct checkpoint_doc, not_after), 8},
        {"signatures", offsetof(struct checkpoint_doc, signatures),
         4 * sizeof(struct checkpoint_signature)},
    };
    IS("control", judge(&doc, 4, 4, 0, ISSUED + 10), RC_OK);
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
        for (size_t bit = 0; bit < 8 * fields[f].n; bit++) {
            struct checkpoint_doc d = doc;
            ((uint8_t *)&d)[fields[f].at + bit / 8] ^= (uint8_t)(1u << bit % 8);
            CASE(fields[f].name, judge(&d, 4, 4, 0, ISSUED + 10) != RC_OK, "bit %zu", bit);
        }
}

/* In the text a byte may only change what does not matter: the case of a hex digit, white space. */
static void every_byte_of_the_text_counts(void **state)
{
    (void)state;
    static const uint8_t masks[] = {0x01, 0x20, 0x80};
    struct bytes t = quoted();
    size_t same = 0;
    for (size_t i = 0; i < t.n; i++)
        for (size_t k = 0; k < sizeof masks; k++) {
            struct checkpoint_doc d;
            uint8_t *m = arena_copy(a, t, &err);
            assert_non_null(m);
            m[i] ^= masks[k];
            if (read_text(bytes_of(m, t.n), &d) != RC_OK ||
                judge(&d, 4, 4, 0, ISSUED + 10) != RC_OK) {
                case_pass();
                continue;
            }
            same++;
            CASE("text", memcmp(&d, &doc, sizeof d) == 0, "byte %zu", i);
        }
    assert_true(same > 0); /* hex letters in upper case */
}

static void times_and_slots_at_their_edges(void **state)
{
    (void)state;
    const uint64_t began = beacon_time_of(mainnet, SLOT);
    assert_int_equal(began, 1606824023 + 12 * (uint64_t)SLOT);
    IS("60 s ahead", judge(&doc, 2, 4, 0, ISSUED - 60), RC_OK);
    IS("61 s ahead", judge(&doc, 2, 4, 0, ISSUED - 61), BG_CHECKPOINT_FUTURE);
    assert_int_equal(err_exit_status(BG_CHECKPOINT_FUTURE), 5);
    IS("no clock", judge(&doc, 2, 4, 0, 0), BG_CHECKPOINT_FUTURE);
    IS("last second", judge(&doc, 2, 4, 0, NOT_AFTER), RC_OK);
    IS("expired", judge(&doc, 2, 4, 0, NOT_AFTER + 1), BG_CHECKPOINT_EXPIRED);
    IS("far future", judge(&doc, 2, 4, 0, UINT64_MAX), BG_CHECKPOINT_EXPIRED);
    assert_int_equal(err_exit_status(BG_CHECKPOINT_EXPIRED), 3);
    IS("known slot", judge(&doc, 2, 4, SLOT, ISSUED), RC_OK);
    IS("older than known", judge(&doc, 2, 4, SLOT + 1, ISSUED), BG_CHECKPOINT_OLD_SLOT);
    const struct {
        const char *name;
        uint64_t issued, not_after;
        enum rc code;
    } lives[] = {
        {"14 days", ISSUED, ISSUED + 14 * 86400, RC_OK},
        {"14 days and a second", ISSUED, ISSUED + 14 * 86400 + 1, BG_CHECKPOINT_LIFE},
        {"one second", ISSUED, ISSUED + 1, RC_OK},
        {"no time", ISSUED, ISSUED, BG_CHECKPOINT_LIFE},
        {"backwards", ISSUED, ISSUED - 1, BG_CHECKPOINT_LIFE},
        {"for ever", ISSUED, INT64_MAX, BG_CHECKPOINT_LIFE},
        {"all of time", 0, INT64_MAX, BG_CHECKPOINT_LIFE},
        {"issued with its slot", began, began + 86400, RC_OK},
        {"issued before its slot", began - 1, began + 86400, BG_CHECKPOINT_BEFORE_SLOT},
        {"issued at the end of time", INT64_MAX - 1, INT64_MAX, BG_CHECKPOINT_FUTURE},
    };
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        struct checkpoint_doc d = doc;
        d.issued = lives[i].issued;
        d.not_after = lives[i].not_after;
        resign(&d, 2);
        IS(lives[i].name, judge(&d, 2, 4, 0, i == 7 ? began : ISSUED), lives[i].code);
    }
    struct checkpoint_doc d = doc;
    d.slot = INT64_MAX;
    resign(&d, 2);
    IS("a slot at the end of time", judge(&d, 2, 4, 0, ISSUED), BG_CHECKPOINT_BEFORE_SLOT);
}

static void network_and_fork_at_their_edges(void **state)
{
    (void)state;
    static const uint8_t electra[4] = {5, 0, 0, 0}, fulu[4] = {6, 0, 0, 0}, next[4] = {7, 0, 0, 0};
    const struct {
        const char *name;
        uint64_t slot;
        const uint8_t *version;
        enum rc code;
    } rows[] = {
        {"last of Electra", FULU_EPOCH * 32 - 1, electra, RC_OK},
        {"last of Electra as Fulu", FULU_EPOCH * 32 - 1, fulu, BG_CHECKPOINT_FORK},
        {"first of Fulu", FULU_EPOCH * 32, fulu, RC_OK},
        {"first of Fulu as Electra", FULU_EPOCH * 32, electra, BG_CHECKPOINT_FORK},
        {"a fork nobody knows", SLOT, next, BG_CHECKPOINT_FORK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct checkpoint_doc d = doc;
        d.slot = rows[i].slot;
        memcpy(d.fork_version, rows[i].version, 4);
        resign(&d, 2);
        IS(rows[i].name, judge(&d, 2, 4, 0, ISSUED), rows[i].code);
    }
    struct checkpoint_doc d = doc;
    const struct beacon_network *sepolia = beacon_network_named(bytes_of_str("sepolia"));
    assert_non_null(sepolia);
    memcpy(d.genesis_validators_root, sepolia->genesis_validators_root, 32);
    resign(&d, 2);
    IS("another network", judge(&d, 2, 4, 0, ISSUED), BG_CHECKPOINT_NETWORK);
    /* The same document under the network that it names: its fork is not that one's. */
    struct checkpoint_signers s = signers(4, 2);
    err_clear(&err);
    IS("its own network", checkpoint_verify(&d, sepolia, &s, 0, ISSUED, &ok, &err),
       BG_CHECKPOINT_FORK);
}

/* high_s: s becomes n - s: the same signature for a lenient verifier. */
static void high_s(struct checkpoint_signature *s)
{
    assert_true(secp256k1_ec_seckey_negate(secp256k1_context_static, s->signature + 32));
}

static void only_good_signatures_count(void **state)
{
    (void)state;
    struct checkpoint_doc d = doc;
    high_s(&d.signatures[1]);
    IS("high s", judge(&d, 1, 4, 0, ISSUED), BG_CHECKPOINT_SIG_HIGH_S);
    d = doc;
    memcpy(d.signatures[0].signature, order, 32);
    IS("r is the order", judge(&d, 1, 4, 0, ISSUED), BG_CHECKPOINT_SIG_RANGE);
    d = doc;
    memset(d.signatures[0].signature + 32, 0xff, 32);
    IS("s beyond the order", judge(&d, 1, 4, 0, ISSUED), BG_CHECKPOINT_SIG_RANGE);
    for (size_t half = 0; half < 2; half++) {
        d = doc;
        memset(d.signatures[0].signature + 32 * half, 0, 32);
        IS("r or s is 0", judge(&d, 1, 4, 0, ISSUED), BG_CHECKPOINT_SIGNATURE_BAD);
    }
    d = doc;
    memcpy(d.signatures[0].signature, doc.signatures[1].signature, 64);
    IS("another's signature", judge(&d, 1, 4, 0, ISSUED), BG_CHECKPOINT_SIGNATURE_BAD);
    d = doc;
    d.signatures[0].key[0] ^= 1; /* its negative: a key that is not configured */
    IS("the key's negative", judge(&d, 4, 4, 0, ISSUED), BG_CHECKPOINT_THRESHOLD);
}

static void distinct_configured_keys_are_counted(void **state)
{
    (void)state;
    struct checkpoint_doc d = doc;
    resign(&d, 2);
    IS("2 of 2 needed", judge(&d, 2, 4, 0, ISSUED), RC_OK);
    assert_true(ok.signed_by == 2 && ok.unknown == 0);
    IS("2, 3 needed", judge(&d, 3, 4, 0, ISSUED), BG_CHECKPOINT_THRESHOLD);
    IS("both unknown", judge(&d, 1, 0, 0, ISSUED), BG_CHECKPOINT_SIGNERS);
    d.num_signatures = 0;
    IS("none", judge(&d, 1, 4, 0, ISSUED), BG_CHECKPOINT_THRESHOLD);
    resign(&d, 1);
    for (size_t i = 1; i < CHECKPOINT_SIGNERS_MAX; i++)
        d.signatures[d.num_signatures++] = d.signatures[0];
    IS("one key 16 times", judge(&d, 2, 4, 0, ISSUED), BG_CHECKPOINT_THRESHOLD);
    IS("one key 16 times, for 1", judge(&d, 1, 4, 0, ISSUED), RC_OK);
    assert_true(ok.signed_by == 1 && ok.unknown == 0);
    d.signatures[9].signature[0] ^= 1;
    IS("one of them bad", judge(&d, 1, 4, 0, ISSUED), BG_CHECKPOINT_SIGNATURE_BAD);
    /* What others signed is not looked at, good or bad: it can't help, and it can't stop us. */
    d = doc;
    memset(d.signatures[2].signature, 0xff, 64);
    memset(d.signatures[3].key, 0, CHECKPOINT_KEY);
    IS("unknown keys", judge(&d, 2, 2, 0, ISSUED), RC_OK);
    assert_true(ok.signed_by == 2 && ok.unknown == 2);
}

static enum rc signers_rc(size_t n, size_t threshold)
{
    struct checkpoint_signers s = signers(n, threshold);
    err_clear(&err);
    return checkpoint_signers_ok(&s, &err);
}

static void signers_have_to_make_sense(void **state)
{
    (void)state;
    IS("4 of 4", signers_rc(4, 4), RC_OK);
    IS("none", signers_rc(0, 0), BG_CHECKPOINT_SIGNERS);
    IS("threshold 0", signers_rc(4, 0), BG_CHECKPOINT_SIGNERS_THRESHOLD);
    IS("5 of 4", signers_rc(4, 5), BG_CHECKPOINT_SIGNERS_THRESHOLD);
    struct checkpoint_doc d = doc;
    resign(&d, CHECKPOINT_SIGNERS_MAX);
    for (size_t i = 0; i < CHECKPOINT_SIGNERS_MAX; i++)
        memcpy(keys[i], d.signatures[i].key, CHECKPOINT_KEY);
    IS("16 of 16", signers_rc(16, 16), RC_OK);
    IS("16 of 16", judge(&d, 16, 16, 0, ISSUED), RC_OK);
    IS("17", signers_rc(17, 1), BG_CHECKPOINT_SIGNERS);
    keys[1][0] = 4;
    IS("no compressed key", signers_rc(4, 2), BG_CHECKPOINT_SIGNERS_KEY);
    memcpy(keys[1], keys[0], CHECKPOINT_KEY);
    IS("one key twice", signers_rc(4, 2), BG_CHECKPOINT_SIGNERS_SAME);
    keys[1][0] ^= 1;
    IS("a key and its negative", signers_rc(4, 2), BG_CHECKPOINT_SIGNERS_SAME);
    IS("verify asks that too", judge(&doc, 1, 4, 0, ISSUED), BG_CHECKPOINT_SIGNERS_SAME);
    memset(keys[1] + 1, 0xff, 32);
    IS("x beyond the field", signers_rc(4, 2), BG_CHECKPOINT_SIGNERS_KEY);
}

static enum rc sign_rc(struct checkpoint_doc *d, const uint8_t secret[static 32], enum rc code)
{
    struct checkpoint_doc before = *d;
    err_clear(&err);
    enum rc rc = checkpoint_sign(d, secret, &err);
    CASE("sign", rc == code && (rc == RC_OK || memcmp(d, &before, sizeof before) == 0),
         "BG-%04d, expected BG-%04d, or the document changed", rc, code);
    return rc;
}

static void signing_refuses_what_makes_no_sense(void **state)
{
    (void)state;
    static const uint8_t zero[32];
    uint8_t secret[32], ones[32];
    memset(ones, 0xff, sizeof ones);
    struct checkpoint_doc d = doc;
    (void)sign_rc(&d, zero, BG_CHECKPOINT_SECRET);
    (void)sign_rc(&d, order, BG_CHECKPOINT_SECRET);
    (void)sign_rc(&d, ones, BG_CHECKPOINT_SECRET);
    for (unsigned i = 1; i <= 4; i++) {
        secret_of(i, secret);
        (void)sign_rc(&d, secret, BG_CHECKPOINT_SIGNED_ALREADY);
    }
    secret_of(5, secret);
    struct checkpoint_doc damaged = doc;
    damaged.signatures[3].signature[40] ^= 4;
    (void)sign_rc(&damaged, secret, BG_CHECKPOINT_SIGNATURE_BAD);
    damaged = doc;
    damaged.root[0] ^= 1;
    (void)sign_rc(&damaged, secret, BG_CHECKPOINT_SIGNATURE_BAD);
    damaged = doc;
    high_s(&damaged.signatures[0]);
    (void)sign_rc(&damaged, secret, BG_CHECKPOINT_SIG_HIGH_S);
    damaged = doc;
    memcpy(damaged.signatures[2].signature, order, 32);
    (void)sign_rc(&damaged, secret, BG_CHECKPOINT_SIG_RANGE);
    damaged = doc;
    damaged.signatures[2].key[0] = 7;
    (void)sign_rc(&damaged, secret, BG_CHECKPOINT_KEY_POINT);
    (void)sign_rc(&d, secret, RC_OK);
    assert_int_equal(d.num_signatures, 5);
    resign(&d, CHECKPOINT_SIGNERS_MAX);
    secret_of(17, secret);
    (void)sign_rc(&d, secret, BG_CHECKPOINT_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_document_of_another_implementation_verifies, fresh, done),
        cmocka_unit_test_setup_teardown(signing_gives_the_bytes_of_another_implementation, fresh,
                                        done),
        cmocka_unit_test_setup_teardown(what_is_written_reads_the_same, fresh, done),
        cmocka_unit_test_setup_teardown(the_reader_is_strict, fresh, done),
        cmocka_unit_test_setup_teardown(the_reader_is_strict_with_signatures, fresh, done),
        cmocka_unit_test_setup_teardown(every_bit_counts, fresh, done),
        cmocka_unit_test_setup_teardown(every_byte_of_the_text_counts, fresh, done),
        cmocka_unit_test_setup_teardown(times_and_slots_at_their_edges, fresh, done),
        cmocka_unit_test_setup_teardown(network_and_fork_at_their_edges, fresh, done),
        cmocka_unit_test_setup_teardown(only_good_signatures_count, fresh, done),
        cmocka_unit_test_setup_teardown(distinct_configured_keys_are_counted, fresh, done),
        cmocka_unit_test_setup_teardown(signers_have_to_make_sense, fresh, done),
        cmocka_unit_test_setup_teardown(signing_refuses_what_makes_no_sense, fresh, done),
    };
    return HARNESS_RUN("checkpoint", tests);
}
