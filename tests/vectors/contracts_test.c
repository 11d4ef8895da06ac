/*
 * contracts: dstack's questions on three recorded chains (MANIFEST of vectors/contracts): verdict,
 * reason, return data and gas of every case against what nodes and @ethereumjs/evm answered.
 */
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "policy/abi.h"
#include "policy/chain_state.h"
#include "policy/decide.h"
#include "tests/lib/chain_case.h"

static const char *const sets[] = {"capella-devnet", "prague-canonical", "osaka-devnode"};
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

static bool absent(size_t cases)
{
    char *path = vectors_path("contracts/osaka-devnode/index.json");
    free(path);
    if (!path)
        case_skip(cases, "no vectors/contracts");
    return !path;
}

static const char *text(const json_t *obj, const char *key)
{
    return json_string_value(json_object_get(obj, key));
}

static struct verdict decide(const struct chain_try *t)
{
    struct verdict v = {0};
    if (t->rc == RC_OK)
        policy_decide(&t->checks, &t->result, &v);
    return v;
}

/* recorded_value: a slot's value in the case's accounts; false: it is not recorded. */
static bool recorded_value(const json_t *accounts, const struct slot_read *s, uint8_t value[32])
{
    char who[43] = "0x";
    uint8_t slot[32];
    size_t k;
    json_t *e;
    hex_encode(BYTES_OF_ARRAY(s->address), who + 2);
    json_array_foreach(json_object_get(json_object_get(accounts, who), "slots"), k, e)
    {
        assert_true(answers_word(json_object_get(e, "key"), slot));
        if (memcmp(slot, s->slot, 32) == 0)
            return answers_word(json_object_get(e, "value"), value);
    }
    return false;
}

/*
 * same_slots: every slot listed is recorded, with its value. The other way round holds where the
 * node gave an access list; the other sets record for four cases a slot that the call does not read
 * (the device list where any device is allowed, the compose hash behind a TCB denial).
 */
static bool same_slots(const struct chain_case *c, const struct chain_result *r, char *why,
                       size_t n)
{
    const json_t *accounts = json_object_get(c->json, "accounts");
    size_t recorded = 0, leaves = 0, listed_leaves = 0;
    const char *who;
    json_t *acc;
    json_object_foreach((json_t *)(uintptr_t)accounts, who, acc)
    {
        uint64_t zero = 0;
        assert_true(json_u64(acc, "zeroValuedLeaves", 1000, &zero));
        leaves += zero;
        recorded += json_array_size(json_object_get(acc, "slots"));
    }
    for (size_t i = 0; i < r->num_slots; i++) {
        uint8_t value[32];
        if (!recorded_value(accounts, &r->slots[i], value) ||
            memcmp(value, r->slots[i].value, 32) != 0) {
            snprintf(why, n, "%s listed otherwise than recorded", r->slots[i].label);
            return false;
        }
        listed_leaves += r->slots[i].zero_leaf;
    }
    snprintf(why, n, "%zu slots listed, %zu recorded; %zu zero leaves, %zu recorded", r->num_slots,
             recorded, listed_leaves, leaves);
    bool exact = c->fork.fork == ETH_OSAKA;
    return listed_leaves == leaves &&
           (exact ? r->num_slots == recorded
                  : r->num_slots <= recorded && r->num_slots + 1 >= recorded);
}

static void check_case(const char *set, const char *file)
{
    struct chain_case c;
    char name[200], why[200];
    snprintf(name, sizeof name, "%s/%s", set, file);
    chain_case_load(a, set, file, &c);
    struct bytes calldata;
    struct err err = {0};
    assert_int_equal(
        abi_encode_boot_info(a, c.question == ASK_KMS ? ABI_IS_KMS_ALLOWED : ABI_IS_APP_ALLOWED,
                             &c.bi, &calldata, &err),
        RC_OK);
    CASE(name, bytes_eq(calldata, unhex(a, text(c.json, "calldata"))), "other calldata");
    struct chain_try t = chain_case_ask(a, &c, c.rpc);
    const struct chain_result *r = &t.result;
    if (t.rc != RC_OK || needs_hard(&t.needs) || !r->reason) {
        CASE(name, false, "rc %d (%s), %zu needs; last bad %d: %s", t.rc, t.err.detail,
             needs_hard(&t.needs), t.bad.rc, t.bad.detail);
        chain_case_free(&c);
        return;
    }
    const json_t *result = json_object_get(c.json, "result");
    bool allow = strcmp(text(c.json, "verdict"), "allow") == 0;
    CASE(name, r->say == (allow ? CHAIN_ALLOWS : CHAIN_DENIES), "says %d", r->say);
    CASE(name, verdict_is_allow(&(struct verdict){decide(&t).decision, 0, NULL}) == allow,
         "verdict %d", decide(&t).decision);
    if (text(result, "reason"))
        CASE(name, strcmp(r->reason, text(result, "reason")) == 0 && !r->reverted, "reason %s",
             r->reason);
    else
        CASE(name, r->reverted && r->code == BG_CHAIN_REVERTED, "code %d", r->code);
    if (text(c.json, "returndata"))
        CASE(name, bytes_eq(r->output, unhex(a, text(c.json, "returndata"))), "other data");
    CASE(name,
         (json_int_t)r->gas_used == json_integer_value(json_object_get(c.json, "executionGas")),
         "gas %llu", (unsigned long long)r->gas_used);
    CASE(name, same_slots(&c, r, why, sizeof why), "%s", why);
    for (size_t i = 0; i < r->num_slots; i++)
        CASE(name, r->slots[i].label, "slot without a name");
    CASE(name, mem_is_zero(&t.bad, sizeof t.bad.rc), "bad answer %d: %s", t.bad.rc, t.bad.detail);
    chain_case_free(&c);
}

static void each_file(void (*fn)(const char *set, const char *file, const json_t *row))
{
    for (size_t s = 0; s < SETS; s++) {
        char path[100];
        snprintf(path, sizeof path, "contracts/%s/index.json", sets[s]);
        AUTO_JSON index = vectors_json(path);
        static const char *const lists[] = {"cases", "nextPeriodCases"};
        for (size_t l = 0; l < 2; l++) {
            size_t i;
            json_t *row;
            json_array_foreach(json_object_get(index, lists[l]), i, row)
                fn(sets[s], text(row, "file"), row);
        }
    }
}

static size_t seen;

static void one_case(const char *set, const char *file, const json_t *row)
{
    if (text(row, "verdict")) {
        check_case(set, file);
        seen++;
    }
}

static void every_recorded_decision(void **state)
{
    (void)state;
    if (absent(84))
        return;
    seen = 0;
    each_file(one_case);
    assert_int_equal(seen, 26 + 29 + 29);
}

/* What a gate says that pins the app's code to the implementation the KMS names. */
static void one_pinned(const char *set, const char *file, const json_t *row)
{
    struct chain_case c;
    if (!text(row, "pinnedVerdict") || strncmp(file, "next", 4) == 0)
        return;
    seen++;
    chain_case_load(a, set, file, &c);
    chain_case_merge(set, "case-getter-app-implementation.json", c.rpc);
    c.cfg.app_code.rule = CODE_IMPLEMENTATION;
    struct chain_try t = chain_case_ask(a, &c, c.rpc);
    struct verdict v = decide(&t);
    bool allow = strcmp(text(row, "pinnedVerdict"), "allow") == 0;
    CASE(file, t.rc == RC_OK && needs_hard(&t.needs) == 0 && verdict_is_allow(&v) == allow,
         "%s: rc %d (%s), %zu needs, verdict %d: %s", set, t.rc, t.err.detail, needs_hard(&t.needs),
         v.decision, v.reason ? v.reason : "");
    CASE(file,
         t.result.say == (strcmp(text(row, "verdict"), "allow") == 0 ? CHAIN_ALLOWS : CHAIN_DENIES),
         "%s: says %d", set, t.result.say);
    chain_case_free(&c);
}

static void every_pinned_verdict(void **state)
{
    (void)state;
    if (absent(80))
        return;
    seen = 0;
    each_file(one_pinned);
    assert_int_equal(seen, 26 + 27 + 27);
}

/* The getters, through the path that chain_ask takes for them. */
static void one_getter(const char *set, const char *file, const json_t *row)
{
    struct chain_case c;
    struct answers answers;
    struct eth_header h;
    struct chain_state st;
    struct needs needs = {0};
    struct err bad = {0}, err = {0};
    struct evm_result e;
    bool found;
    if (text(row, "verdict"))
        return;
    seen++;
    chain_case_load(a, set, file, &c);
    assert_int_equal(answers_read(a, c.rpc, &answers, &err), RC_OK);
    assert_int_equal(chain_header_find(a, &answers, c.cfg.block_hash, &h, &found, &bad, &err),
                     RC_OK);
    assert_true(found);
    assert_int_equal(chain_state_init(&st, a, &answers, &h, c.fork.fork, 31337, &needs, &bad, &err),
                     RC_OK);
    assert_int_equal(
        chain_state_call(&st, c.cfg.kms_contract, unhex(a, text(c.json, "calldata")), &e), RC_OK);
    CASE(file, e.outcome == EVM_RETURNED, "%s: outcome %d: %s", set, e.outcome, bad.detail);
    CASE(file, bytes_eq(e.output, unhex(a, text(c.json, "returndata"))), "%s: other data", set);
    CASE(file,
         (json_int_t)e.gas_used == json_integer_value(json_object_get(c.json, "executionGas")),
         "%s: gas %llu", set, (unsigned long long)e.gas_used);
    chain_case_free(&c);
}

static void every_getter(void **state)
{
    (void)state;
    if (absent(9))
        return;
    seen = 0;
    each_file(one_getter);
    assert_int_equal(seen, 9);
}

/* source: everything recorded in a set at its main block, the header first. */
static json_t *everything(const char *set)
{
    struct chain_case c;
    chain_case_load(a, set, "case-app-allowed.json", &c);
    json_t *rpc = json_incref(c.rpc);
    chain_case_free(&c);
    static const char *const more[] = {
        "case-kms-allowed.json", "case-getter-app-implementation.json",
        "case-getter-gateway-app-id.json", "case-getter-kms-info.json"};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        chain_case_merge(set, more[i], rpc);
    return rpc;
}

static void a_usual_decision_takes_three_round_trips(void **state)
{
    (void)state;
    if (absent(6))
        return;
    for (size_t s = 0; s < SETS; s++) {
        AUTO_JSON source = everything(sets[s]);
        static const char *const files[] = {"case-app-allowed.json", "case-kms-allowed.json"};
        for (size_t f = 0; f < 2; f++) {
            struct chain_case c;
            size_t rounds;
            json_t *rpc;
            chain_case_load(a, sets[s], files[f], &c);
            if (f == 0)
                c.cfg.app_code.rule = CODE_IMPLEMENTATION;
            struct chain_try t = chain_case_drive(a, &c, source, &rounds, &rpc);
            struct verdict v = decide(&t);
            CASE(files[f], t.rc == RC_OK && verdict_is_allow(&v) && rounds <= 3,
                 "%s: rc %d (%s), %zu rounds, %zu needs", sets[s], t.rc, t.err.detail, rounds,
                 needs_hard(&t.needs));
            const struct chain_result *r = &t.result;
            /* All that was wished came with the three round trips, too. */
            CASE(files[f], t.needs.n == 0, "%s: %zu wishes left", sets[s], t.needs.n);
            CASE(files[f], r->has_gateway_app_id && strcmp(r->gateway_app_id, "app-gateway-1") == 0,
                 "%s: gateway", sets[s]);
            CASE(files[f],
                 r->has_app_implementation &&
                     bytes_eq(BYTES_OF_ARRAY(r->app_implementation),
                              unhex(a, "5fbdb2315678afecb367f032d93f642f64180aa3")),
                 "%s: app implementation", sets[s]);
            CASE(files[f],
                 r->has_kms_info &&
                     bytes_eq(r->k256_pubkey, unhex(a, "02dccb34babb510b36df61f06b8fc5826840cace29a"
                                                       "cfa3fd80a07305d3b267c63")),
                 "%s: k256 key", sets[s]);
            CASE(files[f], r->num_codes == (f == 0 ? 4u : 2u), "%zu codes", r->num_codes);
            for (size_t i = 0; i < r->num_codes; i++)
                CASE(r->codes[i].role, r->codes[i].known, "%s: unknown", sets[s]);
            json_decref(rpc);
            chain_case_free(&c);
        }
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {
        T(every_recorded_decision),
        T(every_pinned_verdict),
        T(every_getter),
        T(a_usual_decision_takes_three_round_trips),
    };
    return HARNESS_RUN("contracts", tests);
}
