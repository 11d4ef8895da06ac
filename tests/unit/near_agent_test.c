/*
 * near_agent: source near at the rim: what its configuration takes and refuses, what nodes are
 * asked and how their refusals are told, floors, the identity of a key, the calls against a no.
 */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "agent/config.h"
#include "agent/decision.h"
#include "agent/kdf.h"
#include "agent/near_code.h"
#include "agent/near_fix.h"
#include "agent/rpc.h"
#include "agent/store.h"
#include "base/hash.h"
#include "base/hex.h"

#define B58 "11111111111111111111111111111112" /* 31 zero bytes and a one */
#define H20 "9fe46736679d2d9a65f0992f2272de9f3c7fa6e0"
#define H32 "1111111111111111111111111111111111111111111111111111111111111111"
#define POINT(hash, height, time)                                                                  \
    "\"checkpoint\":{\"block_hash\":\"" hash "\",\"height\":" height ",\"timestamp\":" time        \
    ",\"epoch_id\":\"" B58 "\",\"next_epoch_id\":\"" B58 "\",\"bp_hash\":\"" B58                   \
    "\",\"next_bp_hash\":\"" B58 "\"}"
#define START POINT(B58, "1000", "\"1760000000123456789\"")
#define NEAR(network, contract, more)                                                              \
    "{\"chain\":{\"source\":\"near\",\"network_id\":" network ",\"contract_id\":" contract more "}"
#define USUAL(more) NEAR("\"testnet\"", "\"kms.example.testnet\"", "," START more)
#define CODES       ",\"code_hashes\":{\"kms\":[\"" B58 "\",\"" H32 "\"],\"app\":[\"0x" H32 "\"]}"
#define THREE       "\"" B58 "\",\"" B58 "\",\"" B58 "\","
#define FOUR        THREE "\"" B58 "\","
#define RELEASE                                                                                    \
    ",\"release\":{\"tpm\":{\"class\":\"host\",\"accept_host_tpm\":true,\"boot_pcrs\":[4],"        \
    "\"gate_pcr\":12,\"blob\":\"/b\"},\"targets\":[{\"type\":\"file\",\"path\":\"/run/k\"}]}"

static struct arena *arena;

static enum rc read(const char *text, struct config *c)
{
    struct err err = {0};
    enum rc rc = config_read(arena, bytes_of_str(text), "test", c, &err);
    assert_int_equal(rc, err.rc);
    return rc;
}

static void the_source_is_read(void **state)
{
    (void)state;
    struct config c;
    const struct near_source *s = &c.near;
    assert_int_equal(read(USUAL("}"), &c), RC_OK);
    assert_int_equal(c.chain.source, CHAIN_NEAR);
    assert_string_equal(s->network_id, "testnet");
    assert_true(bytes_eq_str(s->client.contract_id, "kms.example.testnet"));
    assert_true(s->client.app_account.n == 0 && s->client.floor_height == 0);
    assert_int_equal(s->client.checkpoint.height, 1000);
    assert_int_equal(s->client.checkpoint.timestamp, 1760000000123456789);
    assert_int_equal(s->client.checkpoint.next_bp_hash[31], 1);
    assert_int_equal(s->client.checkpoint_max_age, 14 * 86400);
    assert_int_equal(s->client.max_head_age, 600);
    assert_true(s->report_code && s->kms_codes.n == 0 && s->app_codes.n == 0);
    assert_int_equal(read(USUAL(",\"app_account\":\"a-b.near\",\"max_head_age\":60,"
                                "\"checkpoint_max_age\":129600" CODES
                                ",\"code_hash\":\"require\"},\"store\":\"/var/lib/b\","
                                "\"rpc\":[\"http://a\",\"http://b\"]"),
                          &c),
                     RC_OK);
    assert_true(bytes_eq_str(s->client.app_account, "a-b.near"));
    assert_true(s->client.max_head_age == 60 && s->client.checkpoint_max_age == 129600);
    assert_true(s->kms_codes.n == 2 && s->kms_codes.v[0][31] == 1 && s->kms_codes.v[1][0] == 0x11);
    assert_true(s->app_codes.n == 1 && s->app_codes.v[0][31] == 0x11 && !s->report_code);
    assert_true(c.store && c.rpc.n == 2);
    /* Where a key is released, a code hash is required until somebody says otherwise. */
    assert_int_equal(read(USUAL(CODES "}" RELEASE), &c), RC_OK);
    assert_false(s->report_code);
    assert_int_equal(read(USUAL(",\"code_hash\":\"report\"}" RELEASE), &c), RC_OK);
    assert_true(s->report_code);
}

static void what_would_not_be_enforced_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        enum rc code;
    } cases[] = {
        {"nothing", "{\"chain\":{\"source\":\"near\"}}", BG_CONFIG_VALUE},
        {"a chain id", USUAL(",\"chain_id\":1}"), BG_CONFIG_KEY},
        {"an address", USUAL(",\"kms_contract\":\"0x" H20 "\"}"), BG_CONFIG_KEY},
        {"a block hash", USUAL(",\"block_hash\":\"" B58 "\"}"), BG_CONFIG_KEY},
        {"dstack's rpc_url", USUAL(",\"rpc_url\":\"http://a\"}"), BG_CONFIG_KEY},
        {"signers of another source", USUAL(",\"checkpoint_signers\":{}}"), BG_CONFIG_KEY},
        {"a network that is no word", NEAR("\"Main Net\"", "\"a.b\"", "," START "}"),
         BG_CONFIG_VALUE},
        {"an empty network", NEAR("\"\"", "\"a.b\"", "," START "}"), BG_CONFIG_VALUE},
        {"a long network", NEAR("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", "\"a.b\"", "," START "}"),
         BG_CONFIG_VALUE},
        {"an upper-case account", NEAR("\"t\"", "\"KMS.near\"", "," START "}"), BG_CONFIG_VALUE},
        {"an account with two dots", NEAR("\"t\"", "\"kms..near\"", "," START "}"),
         BG_CONFIG_VALUE},
        {"an account of one character", NEAR("\"t\"", "\"k\"", "," START "}"), BG_CONFIG_VALUE},
        {"an app account that is none", USUAL(",\"app_account\":\"-a\"}"), BG_CONFIG_VALUE},
        {"no checkpoint", NEAR("\"t\"", "\"a.b\"", "}"), BG_CONFIG_NOT_OBJECT},
        {"a hash in hex", NEAR("\"t\"", "\"a.b\"", "," POINT(H32, "1", "\"1\"") "}"),
         BG_CONFIG_VALUE},
        {"a short hash", NEAR("\"t\"", "\"a.b\"", "," POINT("112", "1", "\"1\"") "}"),
         BG_CONFIG_VALUE},
        {"a time that is a number", NEAR("\"t\"", "\"a.b\"", "," POINT(B58, "1", "1") "}"),
         BG_CONFIG_VALUE},
        {"a time over 63 bits",
         NEAR("\"t\"", "\"a.b\"", "," POINT(B58, "1", "\"9223372036854775808\"") "}"),
         BG_CONFIG_VALUE},
        {"a height that is a string",
         NEAR("\"t\"", "\"a.b\"", "," POINT(B58, "\"1\"", "\"1\"") "}"), BG_CONFIG_VALUE},
        {"head age 0", USUAL(",\"max_head_age\":0}"), BG_CONFIG_VALUE},
        {"codes in one list", USUAL(",\"code_hashes\":[\"" B58 "\"]}"), BG_CONFIG_NOT_OBJECT},
        {"codes of nobody", USUAL(",\"code_hashes\":{\"gateway\":[\"" B58 "\"]}}"), BG_CONFIG_KEY},
        {"no codes", USUAL(",\"code_hashes\":{\"kms\":[]}}"), BG_CONFIG_VALUE},
        {"a code that is no hash", USUAL(",\"code_hashes\":{\"kms\":[\"1111\"]}}"),
         BG_CONFIG_VALUE},
        {"another code rule", USUAL(",\"code_hash\":\"maybe\"}"), BG_CONFIG_VALUE},
        {"17 codes", USUAL(",\"code_hashes\":{\"kms\":[" FOUR FOUR FOUR FOUR "\"" B58 "\"]}}"),
         BG_CONFIG_VALUE},
        {"16 codes", USUAL(",\"code_hashes\":{\"kms\":[" FOUR FOUR FOUR THREE "\"" B58 "\"]}}"),
         RC_OK},
        {"another proof", USUAL(",\"proof\":\"calls\"}"), BG_CONFIG_VALUE},
        {"a relay and no call", USUAL(",\"relay\":[\"http://r\"]}"), BG_CONFIG_VALUE},
        {"a relay for state", USUAL(",\"proof\":\"state\",\"relay\":[\"http://r\"]}"),
         BG_CONFIG_VALUE},
        {"a call", USUAL(",\"proof\":\"call\",\"relay\":[\"http://r\"]}"), RC_OK},
        {"a call and codes", USUAL(",\"proof\":\"call\",\"relay\":[\"http://r\"]" CODES "}"),
         BG_CONFIG_VALUE},
        {"a call and a rule for code",
         USUAL(",\"proof\":\"call\",\"relay\":[\"http://r\"],\"code_hash\":\"report\"}"),
         BG_CONFIG_VALUE},
        {"codes required and not given", USUAL(",\"code_hash\":\"require\"}"),
         BG_CONFIG_NEAR_NO_CODES},
        {"the app's code not given",
         USUAL(",\"code_hashes\":{\"kms\":[\"" B58 "\"]},\"code_hash\":\"require\"}"),
         BG_CONFIG_NEAR_NO_CODES},
        {"a release without codes", USUAL("}" RELEASE), BG_CONFIG_NEAR_NO_CODES},
        {"a rule for EVM code", USUAL("},\"policy\":{\"app_code\":\"implementation\"}"),
         BG_CONFIG_NEAR_EVM_CODE},
        {"EVM code hashes", USUAL("},\"policy\":{\"kms_code\":[\"" H32 "\"]}"),
         BG_CONFIG_NEAR_EVM_CODE},
        {"beacon nodes", USUAL("},\"beacon\":[\"http://b\"]"), BG_CONFIG_NOT_SOURCE},
        {"checkpoint documents", USUAL("},\"checkpoints\":[\"http://b\"]"), BG_CONFIG_NO_SIGNERS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config c;
        enum rc rc = read(cases[i].text, &c);
        CASE(cases[i].name, rc == cases[i].code, "code %d, not %d", (int)rc, (int)cases[i].code);
    }
}

static char *call_text(const struct need *n)
{
    AUTO_JSON call = rpc_call_of(n);
    return call ? json_dumps(call, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
}

/* The shapes are nearcore's (chain/jsonrpc-primitives); base64 of "STATE" and of ff by coreutils.
 */
static void needs_become_calls(void **state)
{
    (void)state;
    static const uint8_t ff[1] = {0xff};
    struct need n = {.account = bytes_of_str("kms.near"), .key = bytes_of_str("STATE")};
    n.hash[31] = 1;
    static const struct {
        enum need_kind kind;
        const char *want;
    } v[] = {
        {NEED_NEAR_LIGHT, "{\"method\":\"next_light_client_block\",\"params\":{\"last_block_hash\":"
                          "\"" B58 "\"}}"},
        {NEED_NEAR_PRODUCERS, "{\"method\":\"EXPERIMENTAL_validators_ordered\",\"params\":"
                              "{\"block_id\":\"" B58 "\"}}"},
        {NEED_NEAR_BLOCK, "{\"method\":\"block\",\"params\":{\"block_id\":\"" B58 "\"}}"},
        {NEED_NEAR_STATE, "{\"method\":\"query\",\"params\":{\"account_id\":\"kms.near\","
                          "\"block_id\":\"" B58 "\",\"include_proof\":true,"
                          "\"prefix_base64\":\"U1RBVEU=\",\"request_type\":\"view_state\"}}"},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        n.kind = v[i].kind;
        char *text = call_text(&n);
        CASE("call", text && strcmp(text, v[i].want) == 0, "%s", text ? text : "none");
        free(text);
    }
    struct need call = {.kind = NEED_NEAR_RELAY,
                        .account = bytes_of_str("kms.near"),
                        .key = bytes_of_str("is_kms_allowed"),
                        .args = bytes_of_str("STATE")};
    char *asked = call_text(&call);
    CASE("relay",
         asked && strcmp(asked,
                         "{\"method\":\"bootgate_relay\",\"params\":{\"args\":\"U1RBVEU=\","
                         "\"contract_id\":\"kms.near\",\"method_name\":\"is_kms_allowed\"}}") == 0,
         "%s", asked ? asked : "none");
    free(asked);
    call = (struct need){.kind = NEED_NEAR_RECEIPT_OUTCOME, .account = bytes_of_str("kms.near")};
    call.hash[31] = call.head[31] = 1;
    asked = call_text(&call);
    CASE("receipt",
         asked && strcmp(asked, "{\"method\":\"EXPERIMENTAL_light_client_proof\",\"params\":{"
                                "\"light_client_head\":\"" B58 "\",\"receipt_id\":\"" B58 "\","
                                "\"receiver_id\":\"kms.near\",\"type\":\"receipt\"}}") == 0,
         "%s", asked ? asked : "none");
    free(asked);
    n.key = BYTES_OF_ARRAY(ff);
    char *text = call_text(&n);
    CASE("a key that is no text", text && strstr(text, "\"/w==\""), "%s", text ? text : "none");
    free(text);
    static const uint8_t long_key[LIMIT_NEAR_KEY + 1];
    n.key = BYTES_OF_ARRAY(long_key);
    text = call_text(&n);
    CASE("a key that is too long", !text, "%s", text);
    free(text);
}

static void refusals_are_told_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *cause, *words;
    } v[] = {
        {"TOO_LARGE_CONTRACT_STATE", "trie_viewer_state_size_limit"},
        {"UNKNOWN_BLOCK", "does not have the block"},
        {"GARBAGE_COLLECTED_BLOCK", "state any more"},
        {"UNAVAILABLE_SHARD", "does not follow"},
        {"SOMETHING_NEW", "error SOMETHING_NEW"},
    };
    AUTO_JSON calls = json_pack("[{s:s, s:{}}]", "method", "query", "params");
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        AUTO_JSON entries = json_array();
        char body[256];
        bool single;
        struct err err = {0};
        snprintf(body, sizeof body,
                 "{\"jsonrpc\":\"2.0\",\"id\":0,\"error\":{\"name\":\"HANDLER_ERROR\",\"cause\":"
                 "{\"name\":\"%s\",\"info\":{}},\"code\":-32000,\"message\":\"Server error\"}}",
                 v[i].cause);
        enum rc rc = rpc_collect(bytes_of_str(body), calls, entries, &single, &err);
        CASE(v[i].cause,
             rc == BG_RPC_NO_RESULT && strstr(err.detail, v[i].words) &&
                 json_array_size(entries) == 0,
             "%d %s", (int)rc, err.detail);
    }
}

static void floors_are_of_a_network_and_a_contract(void **state)
{
    (void)state;
    struct near_source s = {.network_id = "testnet"};
    s.client.contract_id = bytes_of_str("kms.near");
    struct bytes text = BYTES_NONE;
    struct err err = {0};
    uint64_t height = 0;
    assert_int_equal(store_near_floor_make(arena, &s, 77, &text, &err), RC_OK);
    assert_true(store_near_floor_read(text, &s, &height, &err));
    assert_int_equal(height, 77);
    static const struct {
        const char *name, *text;
        enum rc code;
    } bad[] = {
        {"another network",
         "{\"network_id\":\"mainnet\",\"contract_id\":\"kms.near\",\"height\":9}",
         BG_STORE_NEAR_FLOOR_FOREIGN},
        {"another contract",
         "{\"network_id\":\"testnet\",\"contract_id\":\"kms.nearx\",\"height\":9}",
         BG_STORE_NEAR_FLOOR_FOREIGN},
        {"ethereum's", "{\"genesis_validators_root\":\"0x" H32 "\",\"slot\":9}",
         BG_STORE_NEAR_FLOOR},
        {"no height", "{\"network_id\":\"testnet\",\"contract_id\":\"kms.near\"}",
         BG_STORE_NEAR_FLOOR},
        {"more", "{\"network_id\":\"testnet\",\"contract_id\":\"kms.near\",\"height\":9,\"a\":1}",
         BG_STORE_NEAR_FLOOR},
        {"a negative height",
         "{\"network_id\":\"testnet\",\"contract_id\":\"kms.near\",\"height\":-9}",
         BG_STORE_NEAR_FLOOR},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err why = {0};
        bool ok = store_near_floor_read(bytes_of_str(bad[i].text), &s, &height, &why);
        CASE(bad[i].name, !ok && why.rc == bad[i].code && height == 77, "%d", (int)why.rc);
    }
}

/* What agent/kdf.h and agent/decision.h lay down, put together by hand. */
static void an_identity_names_all_that_was_asked(void **state)
{
    (void)state;
    struct config c = {.chain.source = CHAIN_NEAR, .near.network_id = "testnet"};
    c.near.client.contract_id = bytes_of_str("kms.near");
    uint8_t info[KDF_INFO_MAX], contract[20], other[20], digest[32];
    size_t n = 0;
    struct err err = {0};
    struct kdf_identity id = {.source = "near", .network_id = "testnet"};
    id.contract_id = c.near.client.contract_id;
    memset(id.app_id, 0x22, 20);
    assert_int_equal(kdf_info(&id, info, &n, &err), RC_OK);
    struct bytes want = unhex(arena, "626f6f74676174652f6b656b2f7631"
                                     "00046e656172"
                                     "0007746573746e6574"
                                     "00086b6d732e6e656172"
                                     "00142222222222222222222222222222222222222222"
                                     "0000");
    assert_true(bytes_eq(want, bytes_of(info, n)));
    id.app_account = bytes_of_str("a.near");
    assert_int_equal(kdf_info(&id, info, &n, &err), RC_OK);
    assert_true(n == want.n + 6 && memcmp(info + n - 8, "\0\6a.near", 8) == 0);
    id.contract_id = BYTES_NONE;
    assert_int_equal(kdf_info(&id, info, &n, &err), BG_KDF_NEAR);
    err_clear(&err);
    id.contract_id = c.near.client.contract_id;
    id.source = "pinned";
    assert_int_equal(kdf_info(&id, info, &n, &err), BG_KDF_NEAR);
    decision_contract(&c, contract);
    hash_sha256(bytes_of((const uint8_t *)"testnet\0kms.near\0", 17), digest);
    assert_memory_equal(contract, digest, 20);
    c.near.client.app_account = bytes_of_str("a.near");
    decision_contract(&c, other);
    assert_memory_not_equal(contract, other, 20);
}

/* Methods and arguments: near-kms, contracts/{kms,app}/src/lib.rs at b329f4b0 and ce8a1027. */
static void a_no_has_the_calls_that_change_it(void **state)
{
    (void)state;
    static const struct {
        const char *label, *method, *args;
        size_t n;
    } v[] = {
        {"allowed_os_images", "add_os_image_hash", "{\"os_image_hash\":\"ab\"}", 1},
        {"kms_allowed_aggregated_mrs", "add_kms_aggregated_mr", "{\"mr_aggregated\":\"ab\"}", 1},
        {"kms_allowed_device_ids", "add_kms_device", "{\"device_id\":\"ab\"}", 1},
        {"allowed_compose_hashes", "add_compose_hash", "{\"compose_hash\":\"ab\"}", 1},
        {"allowed_device_ids", "add_device", "{\"device_id\":\"ab\"}", 2},
        {"something else", NULL, NULL, 0},
    };
    struct near_source s = {.client.contract_id = bytes_of_str("kms.near")};
    struct boot_info bi = {.tcb_status = bytes_of_str("UpToDate")};
    struct near_fix fix[NEAR_FIXES];
    const char *hint;
    size_t n;
    struct err err = {0};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        struct near_result r = {.chain.say = CHAIN_DENIES, .num_reads = 2};
        r.reads[0] = (struct near_read){bytes_of_str("kms.near"), "KMS contract", BYTES_NONE, true};
        r.reads[1] =
            (struct near_read){bytes_of_str("a.near"), v[i].label, bytes_of_str("ab"), false};
        assert_int_equal(near_fixes(arena, &s, &bi, &r, fix, &n, &hint, &err), RC_OK);
        CASE(v[i].label,
             n == v[i].n &&
                 (n == 0 ||
                  (strcmp(fix[0].method, v[i].method) == 0 && strcmp(fix[0].args, v[i].args) == 0 &&
                   strcmp(fix[0].account, "a.near") == 0 && hint && strstr(hint, fix[0].command))),
             "%zu calls", n);
        r.reads[1].present = true;
        assert_int_equal(near_fixes(arena, &s, &bi, &r, fix, &n, &hint, &err), RC_OK);
        CASE("nothing is missing", n == 0 && !hint, "%zu calls", n);
    }
    /* Only an account below the contract's can be registered. */
    static const struct {
        const char *account, *name;
    } apps[] = {{"ab.kms.near", "\"app_id\":\"ab\""},
                {"ab.xkms.near", NULL},
                {".kms.near", NULL},
                {"kms.near", NULL},
                {"abkms.near", NULL}};
    for (size_t i = 0; i < sizeof apps / sizeof *apps; i++) {
        struct near_result r = {.chain.say = CHAIN_DENIES, .num_reads = 1};
        r.reads[0] = (struct near_read){s.client.contract_id, "registered_apps",
                                        bytes_of_str(apps[i].account), false};
        assert_int_equal(near_fixes(arena, &s, &bi, &r, fix, &n, &hint, &err), RC_OK);
        CASE(apps[i].account,
             n == (apps[i].name ? 1u : 0u) && (!n || (strstr(fix[0].args, apps[i].name) &&
                                                      strcmp(fix[0].method, "register_app") == 0 &&
                                                      strcmp(fix[0].account, "kms.near") == 0)),
             "%zu calls", n);
    }
}

/* The tripwire wants two providers: one that is named twice is one. */
static void a_host_is_one_provider(void **state)
{
    (void)state;
    static const struct {
        const char *v[4];
        size_t n, want;
    } cases[] = {
        {{"https://a.example/"}, 1, 1},
        {{"https://a.example/", "https://b.example/"}, 2, 2},
        {{"https://a.example/", "http://a.example", "https://a.example/key?x#y"}, 3, 1},
        {{"https://a.example", "https://a.example:443/", "https://a.example:8443"}, 3, 1},
        {{"https://a.example", "https://A.Example./x"}, 2, 1},
        {{"https://u:p@a.example/", "https://w@x@a.example:1/", "https://a.example/@b.example"},
         3,
         1},
        {{"https://a.example@b.example/", "https://a.example/"}, 2, 2},
        {{"http://[::1]:1/", "http://[::1]:2", "http://[::2]"}, 3, 2},
        {{"https://a.example", "https://a.example.org", "https://aa.example"}, 3, 3},
        {{"https://b.example", "https://a.example", "https://b.example:2", "https://A.example"},
         4,
         2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct url_list urls = {.n = cases[i].n};
        const char *out[LIMIT_URLS];
        for (size_t k = 0; k < urls.n; k++)
            urls.v[k] = cases[i].v[k];
        size_t n = near_code_providers(&urls, out);
        CASE("providers", n == cases[i].want && out[0] == urls.v[0], "case %zu: %zu", i, n);
    }
}

int main(void)
{
    arena = arena_new(1 << 22);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_source_is_read),
        cmocka_unit_test(what_would_not_be_enforced_is_refused),
        cmocka_unit_test(needs_become_calls),
        cmocka_unit_test(refusals_are_told_in_words),
        cmocka_unit_test(floors_are_of_a_network_and_a_contract),
        cmocka_unit_test(an_identity_names_all_that_was_asked),
        cmocka_unit_test(a_no_has_the_calls_that_change_it),
        cmocka_unit_test(a_host_is_one_provider),
    };
    int rc = HARNESS_RUN("near_agent", tests);
    arena_free(arena);
    return rc;
}
