/*
 * chain_state: mainnet's eth_getProof answers and recorded calls, bound to what was asked (MANIFEST
 * of vectors/eth). Five of the derived answers pass a naive walk of their nodes.
 */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "base/hex.h"
#include "policy/chain_state.h"

static struct arena *a;

static int fresh(void **state)
{
    (void)state;
    a = arena_new((size_t)512 << 20);
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
        case_skip(cases, "no vectors/eth");
    return !path;
}

static const char *text(const json_t *obj, const char *key)
{
    const char *s = json_string_value(json_object_get(obj, key));
    if (!s)
        fail_msg("vector without %s", key);
    return s;
}

struct bound {
    struct chain_state st;
    struct eth_header h;
    struct answers answers;
    struct needs needs;
    struct err bad, err;
};

/* bind puts entries behind a chain_state at a header that the test vouches for. */
static void bind_answers(struct bound *b, const json_t *rpc, enum eth_fork fork)
{
    assert_int_equal(answers_read(a, rpc, &b->answers, &b->err), RC_OK);
    assert_int_equal(
        chain_state_init(&b->st, a, &b->answers, &b->h, fork, 1, &b->needs, &b->bad, &b->err),
        RC_OK);
    b->st.miss = MISS_HARD;
}

static json_t *proof_entry(json_t *address, json_t *proof)
{
    return json_pack("{s:s,s:[O,[],s],s:O}", "method", "eth_getProof", "params", address, "0x7",
                     "result", proof);
}

/* proven: the account and every slot asked for, from this one answer. */
static bool proven(const json_t *c, json_t *address, const json_t *keys, const json_t *want)
{
    struct bound b = {.h = {.number = 7}};
    uint8_t who[20], slot[32], value[32], expected[32];
    AUTO_JSON rpc = json_pack("[o]", proof_entry(address, json_object_get(c, "proof")));
    assert_true(hex_decode_0x(bytes_of_str(text(c, "stateRoot")), b.h.state_root, 32));
    bind_answers(&b, rpc, ETH_PRAGUE);
    assert_true(answers_fixed(address, who, 20));
    bool all = chain_state_account(&b.st, who) != NULL;
    size_t i;
    json_t *k;
    json_array_foreach(keys, i, k)
    {
        assert_true(answers_word(k, slot));
        if (!chain_state_slot(&b.st, who, slot, value)) {
            all = false;
            continue;
        }
        /* "ZERO/absent" in the vectors is zero here. */
        if (want && !answers_word(json_array_get(want, i), expected))
            memset(expected, 0, 32);
        CASE(text(c, "name"), !want || memcmp(value, expected, 32) == 0, "slot %zu", i);
    }
    assert_int_equal(b.err.rc, RC_OK);
    CASE(text(c, "name"), all == (needs_hard(&b.needs) == 0), "%zu needs", needs_hard(&b.needs));
    CASE(text(c, "name"), all || b.bad.rc || needs_hard(&b.needs), "no word why");
    return all;
}

static void mainnet_answers_are_proven(void **state)
{
    (void)state;
    if (absent("eth/proofs/mainnet-getproof-valid.json", 9))
        return;
    AUTO_JSON list = vectors_json("eth/proofs/mainnet-getproof-valid.json");
    size_t i, k;
    json_t *c, *s;
    assert_true(json_array_size(list) >= 9);
    json_array_foreach(list, i, c)
    {
        AUTO_JSON keys = json_array();
        json_t *proof = json_object_get(c, "proof"), *expect = json_object_get(c, "expect");
        json_array_foreach(json_object_get(proof, "storageProof"), k, s)
            json_array_append(keys, json_object_get(s, "key"));
        CASE(text(c, "name"),
             proven(c, json_object_get(proof, "address"), keys, json_object_get(expect, "storage")),
             "not proven");
    }
}

static void derived_answers_are_not(void **state)
{
    (void)state;
    if (absent("eth/proofs/derived-getproof-invalid.json", 22))
        return;
    AUTO_JSON list = vectors_json("eth/proofs/derived-getproof-invalid.json");
    size_t i;
    json_t *c;
    assert_true(json_array_size(list) >= 22);
    json_array_foreach(list, i, c)
    {
        json_t *asked = json_object_get(c, "requestedAddress");
        const json_t *keys = json_object_get(c, "requestedKeys");
        CASE(text(c, "name"), !proven(c, asked, keys, NULL), "%s", text(c, "why"));
        /* The same with the label the asker wants to see. */
        json_object_set(json_object_get(c, "proof"), "address", asked);
        CASE(text(c, "name"), !proven(c, asked, keys, NULL), "relabelled: %s", text(c, "why"));
    }
}

/* call_bundle: the recording as rpc entries at block 7's place: its own number. */
static json_t *call_bundle(const json_t *doc, const char *number)
{
    json_t *rpc = json_array(), *p;
    size_t i;
    const char *who;
    json_array_foreach(json_object_get(doc, "proofs"), i, p) json_array_append_new(
        rpc, json_pack("{s:s,s:[O,[],s],s:O}", "method", "eth_getProof", "params",
                       json_object_get(p, "address"), number, "result", p));
    json_object_foreach(json_object_get(doc, "code"), who, p)
        json_array_append_new(rpc, json_pack("{s:s,s:[s,s],s:O}", "method", "eth_getCode", "params",
                                             who, number, "result", p));
    return rpc;
}

static void call(struct bound *b, const json_t *doc, struct evm_result *out)
{
    const json_t *call_of = json_object_get(doc, "call");
    struct bytes to = unhex(a, text(call_of, "to"));
    assert_int_equal(to.n, 20);
    assert_int_equal(chain_state_call(&b->st, to.p, unhex(a, text(call_of, "data")), out), RC_OK);
}

static void recorded_calls_give_the_recorded_output(void **state)
{
    (void)state;
    static const char *const files[] = {"eth/calls/usdc-proxy-balanceOf-eth_call1.json",
                                        "eth/calls/usdc-proxy-balanceOf-eth_call3.json"};
    if (absent(files[0], 3))
        return;
    for (size_t i = 0; i < 2; i++) {
        AUTO_JSON doc = vectors_json(files[i]);
        AUTO_JSON rpc = call_bundle(doc, "0x7");
        struct bound b = {.h = {.number = 7, .gas_limit = 30000000}};
        struct evm_result e;
        assert_true(hex_decode_0x(bytes_of_str(text(doc, "stateRoot")), b.h.state_root, 32));
        bind_answers(&b, rpc, ETH_CANCUN);
        call(&b, doc, &e);
        CASE(files[i],
             e.outcome == EVM_RETURNED &&
                 bytes_eq(e.output, unhex(a, text(json_object_get(doc, "expect"), "output"))),
             "outcome %d: %s", e.outcome, b.bad.detail);
    }
}

/* weth: its header comes as a node gave it, and is found by its hash. */
static enum evm_outcome weth(const json_t *doc, struct bytes *out, enum rc *out_bad)
{
    json_t *header = json_object_get(doc, "header");
    AUTO_JSON rpc = call_bundle(doc, text(header, "number"));
    struct bound b = {0};
    struct evm_result e = {0};
    uint8_t hash[32];
    bool found;
    assert_true(answers_fixed(json_object_get(header, "hash"), hash, 32));
    json_array_append_new(rpc, json_pack("{s:s,s:[s,b],s:O}", "method", "eth_getBlockByHash",
                                         "params", text(header, "hash"), 0, "result", header));
    assert_int_equal(answers_read(a, rpc, &b.answers, &b.err), RC_OK);
    assert_int_equal(chain_header_find(a, &b.answers, hash, &b.h, &found, &b.bad, &b.err), RC_OK);
    if (found) {
        bind_answers(&b, rpc, ETH_PRAGUE);
        call(&b, doc, &e);
    }
    *out = e.output;
    *out_bad = b.bad.rc;
    return e.outcome;
}

static void weth_by_its_header_and_never_otherwise(void **state)
{
    (void)state;
    if (absent("eth/calls/weth-balanceOf-prague.json", 4))
        return;
    AUTO_JSON good = vectors_json("eth/calls/weth-balanceOf-prague.json");
    AUTO_JSON bad = vectors_json("eth/calls/derived-weth-invalid.json");
    struct bytes out;
    enum rc why;
    assert_int_equal(weth(good, &out, &why), EVM_RETURNED);
    assert_true(bytes_eq(out, unhex(a, text(json_object_get(good, "expect"), "output"))));
    size_t i;
    json_t *doc;
    assert_int_equal(json_array_size(bad), 3);
    json_array_foreach(bad, i, doc)
    {
        struct eth_header h;
        struct err err = {0};
        uint8_t hash[32];
        const char *name = text(json_object_get(doc, "expect"), "why");
        assert_true(
            hex_decode_0x(bytes_of_str(text(json_object_get(doc, "header"), "hash")), hash, 32));
        if (i == 2) { /* only its RLP is changed, which a bundle does not carry */
            enum rc rc = eth_header_from_rlp(unhex(a, text(doc, "headerRlp")), &h, &err);
            CASE(name, rc != RC_OK || memcmp(h.hash, hash, 32) != 0, "the hash is the same");
            continue;
        }
        enum evm_outcome outcome = weth(doc, &out, &why);
        CASE(name, outcome == EVM_MISSED && out.n == 0 && why == (i ? RC_OK : BG_CHAIN_CODE_HASH),
             "outcome %d, %d", outcome, why);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {
        T(mainnet_answers_are_proven),
        T(derived_answers_are_not),
        T(recorded_calls_give_the_recorded_output),
        T(weth_by_its_header_and_never_otherwise),
    };
    return HARNESS_RUN("chain_state", tests);
}
