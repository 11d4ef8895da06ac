/* config: what is accepted, what is refused and by which code; times as people write them. */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "agent/clock.h"
#include "agent/config.h"
#include "agent/fetch.h"
#include "base/hash.h"

#define H20 "0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0"
#define H32 "0x1111111111111111111111111111111111111111111111111111111111111111"
#define H48                                                                                        \
    "22222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222" \
    "2"                                                                                            \
    "222"
#define CHAIN                                                                                      \
    "\"chain\":{\"source\":\"pinned\",\"chain_id\":31337,\"kms_contract\":\"" H20                  \
    "\",\"block_hash\":\"" H32 "\"}"
#define POLICY(members) "{" CHAIN ",\"policy\":{" members "}}"

/* secp256k1's generator, and its triple's negative. */
#define K1  "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define K1X "0379be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define K2  "03f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9"
#define HFF "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define ETH(chain_id, network, more)                                                               \
    "{\"chain\":{\"source\":\"ethereum\",\"chain_id\":" chain_id ",\"kms_contract\":\"" H20        \
    "\",\"network\":" network more "}"
#define START ",\"checkpoint\":{\"root\":\"" H32 "\",\"slot\":7}"
#define OWN(seconds, forks)                                                                        \
    "{\"preset\":\"minimal\",\"seconds_per_slot\":" seconds ",\"genesis_time\":1700000000,"        \
    "\"genesis_validators_root\":\"" H32 "\",\"forks\":[" forks "]}"
#define FORK(name, epoch)  "{\"name\":\"" name "\",\"version\":\"0x50000001\",\"epoch\":" epoch "}"
#define FORK2(name, epoch) "{\"name\":\"" name "\",\"version\":\"0x60000001\",\"epoch\":" epoch "}"
#define SIGNERS(keys, k)   ",\"checkpoint_signers\":{\"keys\":[" keys "],\"threshold\":" k "}"

static struct arena *arena;

static enum rc read(const char *text, struct config *c)
{
    struct err err = {0};
    enum rc rc = config_read(arena, bytes_of_str(text), "test", c, &err);
    assert_int_equal(rc, err.rc);
    return rc;
}

static void a_misspelt_member_is_named_beside_the_right_ones(void **state)
{
    (void)state;
    struct config c;
    struct err err = {0};
    const char *text = "{\"chain\":{\"source\":\"ethereum\",\"kms_contact\":\"\"}}";
    assert_int_equal(config_read(arena, bytes_of_str(text), "test", &c, &err), BG_CONFIG_KEY);
    assert_non_null(
        strstr(err.detail, "chain has a member \"kms_contact\", and may have source, "));
    assert_non_null(strstr(err.detail, ", kms_contract, "));
    assert_non_null(strstr(err.detail, ", el_forks"));
    /* What is missing is not said to be something else. */
    err_clear(&err);
    text = "{\"chain\":{\"source\":\"near\",\"network_id\":\"testnet\",\"contract_id\":\"kms."
           "testnet\"},"
           "\"rpc\":[\"http://a\"]}";
    assert_int_equal(config_read(arena, bytes_of_str(text), "test", &c, &err),
                     BG_CONFIG_NOT_OBJECT);
    assert_string_equal(err.detail, "chain.checkpoint is missing");
    /* Longer than a detail may be: cut, not over the end. */
    char *name = test_malloc(4000);
    snprintf(name, 4000, "{\"policy\":{\"%03000d\":1}}", 7);
    err_clear(&err);
    assert_int_equal(config_read(arena, bytes_of_str(name), "test", &c, &err), BG_CONFIG_KEY);
    assert_true(strlen(err.detail) < sizeof err.detail);
    test_free(name);
}

static void the_whole_configuration_is_read(void **state)
{
    (void)state;
    struct config c;
    const char *text =
        "{\"chain\":{\"source\":\"pinned\",\"chain_id\":31337,\"kms_contract\":\"" H20 "\","
        "\"block_hash\":\"" H32 "\",\"max_head_age\":3600,"
        "\"el_forks\":[{\"fork\":\"cancun\",\"timestamp\":5},{\"fork\":\"prague\",\"timestamp\":7}]"
        "},\"rpc\":[\"https://a.example/key\",\"http://b.example:8545\"],"
        "\"policy\":{\"as\":\"kms\",\"app_id\":\"" H20 "\",\"device_ids\":[\"" H32 "\"],"
        "\"tcb_statuses\":[\"UpToDate\",\"SWHardeningNeeded\"],"
        "\"min_tcb_date\":\"2025-01-01T00:00:00Z\",\"min_tcb_evaluation\":18,"
        "\"deny_advisories\":[\"INTEL-SA-00837\"],\"sept_ve_disable\":false,\"mr_service_td\":true,"
        "\"acpi\":[\"" H48 "\"],\"app_code\":\"implementation\",\"kms_code\":[\"" H32 "\"],"
        "\"require_os_image\":false,\"require_assurance\":\"pinned\","
        "\"require_freshness\":\"authenticated-time\"}}";
    assert_int_equal(read(text, &c), RC_OK);
    assert_true(c.loaded && c.chain.source == CHAIN_PINNED && c.chain.chain_id == 31337);
    assert_int_equal(c.chain.kms_contract[0], 0x9f);
    assert_int_equal(c.chain.block_hash[31], 0x11);
    assert_int_equal(c.chain.max_head_age, 3600);
    assert_int_equal(c.chain.num_el_forks, 2);
    assert_int_equal(c.chain.el_forks[1].fork, ETH_PRAGUE);
    assert_int_equal(c.chain.el_forks[1].timestamp, 7);
    assert_int_equal(c.rpc.n, 2);
    assert_string_equal(c.rpc.v[1], "http://b.example:8545");
    assert_int_equal(c.as, BOOT_VIEW_KMS);
    assert_true(c.has_app_id && c.app_id[19] == 0xe0);
    assert_true(c.td.num_device_ids == 1 && c.td.device_ids[0][0] == 0x11);
    assert_int_equal(c.td.tcb_statuses, 1u << TCB_UP_TO_DATE | 1u << TCB_SW_HARDENING_NEEDED);
    assert_int_equal(c.td.min_tcb_date, 1735689600);
    assert_int_equal(c.td.min_evaluation_number, 18);
    assert_true(c.td.num_deny_advisories == 1 &&
                bytes_eq_str(c.td.deny_advisories[0], "INTEL-SA-00837"));
    assert_true(c.td.allow_sept_ve_clear && c.td.allow_mr_service_td);
    assert_false(c.td.allow_debug || c.td.allow_reserved_attributes);
    assert_true(c.acpi_pinned && c.num_acpi == 1 && c.acpi[0][47] == 0x22);
    assert_int_equal(c.chain.app_code.rule, CODE_IMPLEMENTATION);
    assert_true(c.chain.kms_code.rule == CODE_HASHES && c.chain.kms_code.num_hashes == 1);
    assert_false(c.require_os_image);
    assert_string_equal(c.require_assurance, "pinned");
    assert_int_equal(c.require_freshness, FRESH_AUTHENTICATED_TIME);
}

static void the_ethereum_source_is_read(void **state)
{
    (void)state;
    struct config c;
    const struct lc_config *lc = &c.chain.light_client;
    assert_int_equal(read(ETH("1", "\"mainnet\"", START "}"), &c), RC_OK);
    assert_true(c.chain.source == CHAIN_ETHEREUM && c.chain.chain_id == 1 && c.has_checkpoint);
    assert_string_equal(lc->network->name, "mainnet");
    assert_true(lc->checkpoint.slot == 7 && lc->checkpoint.root[31] == 0x11);
    assert_int_equal(lc->checkpoint_max_age, 14 * 86400);
    assert_int_equal(lc->head, LC_HEAD_FINALIZED);
    assert_true(lc->max_head_age == 7200 && c.chain.max_head_age == 7200);
    assert_true(c.signers.num_keys == 0 && c.beacon.n == 0 && !c.store);
    assert_int_equal(read(ETH("1", "\"mainnet\"", START ",\"head\":\"attested\"}"), &c), RC_OK);
    assert_true(lc->head == LC_HEAD_ATTESTED && lc->max_head_age == 300);
    assert_int_equal(
        read(ETH("17000", OWN("6", FORK("electra", "0") "," FORK2("fulu", "100")),
                 START SIGNERS(
                     "\"" K1 "\",\"0x" K2 "\"",
                     "2") ",\"checkpoint_max_age\":86400,"
                          "\"max_head_age\":60,\"head\":\"finalized\"},\"beacon\":[\"http://b:1\","
                          "\"https://b\"],\"checkpoints\":[\"https://c/d.json\"],\"store\":\"/var/"
                          "lib/b\""),
             &c),
        RC_OK);
    assert_true(c.chain.chain_id == 17000 && lc->network->seconds_per_slot == 6);
    assert_true(lc->network->committee_size == 32 && lc->network->slots_per_epoch == 8);
    assert_int_equal(lc->network->genesis_time, 1700000000);
    assert_int_equal(lc->network->genesis_validators_root[0], 0x11);
    assert_true(lc->network->num_forks == 2 && lc->network->forks[1].fork == BEACON_FULU &&
                lc->network->forks[1].epoch == 100 && lc->network->forks[0].version[3] == 1);
    assert_true(lc->checkpoint_max_age == 86400 && lc->max_head_age == 60 &&
                c.chain.max_head_age == 60);
    assert_true(c.signers.num_keys == 2 && c.signers.threshold == 2 && c.signers.keys[1][0] == 3);
    assert_true(c.beacon.n == 2 && c.checkpoints.n == 1);
    assert_string_equal(c.beacon.v[1], "https://b");
    assert_string_equal(c.store, "/var/lib/b");
    /* Signers alone are enough to begin. */
    assert_int_equal(read(ETH("1", "\"mainnet\"", SIGNERS("\"" K1 "\"", "1") "}"), &c), RC_OK);
    assert_false(c.has_checkpoint);
}

static void what_is_not_said_is_the_strict_default(void **state)
{
    (void)state;
    struct config c, built_in;
    config_builtin(&built_in);
    assert_int_equal(read("{}", &c), RC_OK);
    const struct config *both[] = {&c, &built_in};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(both[i]->chain.source, CHAIN_SOURCE_NONE);
        assert_int_equal(both[i]->as, BOOT_VIEW_APP);
        assert_true(both[i]->require_os_image);
        assert_false(both[i]->td.allow_debug || both[i]->td.allow_reserved_attributes ||
                     both[i]->td.allow_sept_ve_clear || both[i]->td.allow_mr_service_td);
        assert_int_equal(both[i]->td.tcb_statuses, 0);
        assert_false(both[i]->has_app_id || both[i]->acpi_pinned);
    }
    assert_true(c.loaded);
    assert_false(built_in.loaded);
    assert_int_equal(read(POLICY("\"sept_ve_disable\":true,\"mr_service_td\":false,"
                                 "\"require_os_image\":true,\"acpi\":\"any\",\"app_code\":\"any\""),
                          &c),
                     RC_OK);
    assert_false(c.td.allow_sept_ve_clear || c.td.allow_mr_service_td || c.acpi_pinned);
    assert_true(c.require_os_image && c.chain.app_code.rule == CODE_ANY);
}

static void the_hash_is_of_the_canonical_text(void **state)
{
    (void)state;
    struct config a, b, c;
    uint8_t want[32];
    assert_int_equal(read("{ \"policy\" : {\"as\":\"app\", \"app_id\":\"" H20 "\"} }", &a), RC_OK);
    assert_int_equal(read("{\"policy\":{\"app_id\":\"" H20 "\",\"as\":\"app\"}}", &b), RC_OK);
    assert_int_equal(read("{\"policy\":{\"app_id\":\"" H20 "\",\"as\":\"kms\"}}", &c), RC_OK);
    hash_sha256(bytes_of_str("{\"policy\":{\"app_id\":\"" H20 "\",\"as\":\"app\"}}"), want);
    assert_memory_equal(a.sha256, want, 32);
    assert_memory_equal(b.sha256, want, 32);
    assert_memory_not_equal(c.sha256, want, 32);
}

static void what_would_not_be_enforced_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        enum rc code;
    } cases[] = {
        {"empty", "", BG_CONFIG_JSON},
        {"not JSON", "chain: pinned", BG_CONFIG_JSON},
        {"cut", "{\"policy\":", BG_CONFIG_JSON},
        {"trailing text", "{} {}", BG_CONFIG_JSON},
        {"duplicate key", "{\"policy\":{\"as\":\"app\",\"as\":\"kms\"}}", BG_CONFIG_JSON},
        {"an array", "[]", BG_CONFIG_NOT_OBJECT},
        {"a string", "\"x\"", BG_CONFIG_NOT_OBJECT},
        {"unknown member", "{\"polciy\":{}}", BG_CONFIG_KEY},
        {"a position that is no word", "{\"measure\":{}}", BG_CONFIG_VALUE},
        {"unknown policy member", "{\"policy\":{\"appid\":\"\"}}", BG_CONFIG_KEY},
        {"policy a list", "{\"policy\":[]}", BG_CONFIG_NOT_OBJECT},
        {"chain a string", "{\"chain\":\"pinned\"}", BG_CONFIG_NOT_OBJECT},
        {"chain without source", "{\"chain\":{}}", BG_CONFIG_VALUE},
        {"ethereum without all", "{\"chain\":{\"source\":\"ethereum\"}}", BG_CONFIG_VALUE},
        {"no network",
         "{\"chain\":{\"source\":\"ethereum\",\"chain_id\":1,\"kms_contract\":\"" H20 "\"" START
         "}}",
         BG_CONFIG_VALUE},
        {"unknown network", ETH("1", "\"ropsten\"", START "}"), BG_CONFIG_VALUE},
        {"another chain id", ETH("5", "\"mainnet\"", START "}"), BG_CONFIG_CHAIN_ID},
        {"nothing to begin at", ETH("1", "\"mainnet\"", "}"), BG_CONFIG_NO_START},
        {"a block hash beside it", ETH("1", "\"mainnet\"", START ",\"block_hash\":\"" H32 "\"}"),
         BG_CONFIG_KEY},
        {"checkpoint a string", ETH("1", "\"mainnet\"", ",\"checkpoint\":\"" H32 "\"}"),
         BG_CONFIG_NOT_OBJECT},
        {"checkpoint without slot",
         ETH("1", "\"mainnet\"", ",\"checkpoint\":{\"root\":\"" H32 "\"}}"), BG_CONFIG_VALUE},
        {"checkpoint without root", ETH("1", "\"mainnet\"", ",\"checkpoint\":{\"slot\":1}}"),
         BG_CONFIG_VALUE},
        {"checkpoint with more",
         ETH("1", "\"mainnet\"", ",\"checkpoint\":{\"root\":\"" H32 "\",\"slot\":1,\"epoch\":1}}"),
         BG_CONFIG_KEY},
        {"head newest", ETH("1", "\"mainnet\"", START ",\"head\":\"head\"}"), BG_CONFIG_VALUE},
        {"head a number", ETH("1", "\"mainnet\"", START ",\"head\":1}"), BG_CONFIG_VALUE},
        {"head age 0", ETH("1", "\"mainnet\"", START ",\"max_head_age\":0}"), BG_CONFIG_VALUE},
        {"checkpoint age a string",
         ETH("1", "\"mainnet\"", START ",\"checkpoint_max_age\":\"14d\"}"), BG_CONFIG_VALUE},
        {"threshold 0", ETH("1", "\"mainnet\"", SIGNERS("\"" K1 "\"", "0") "}"), BG_CONFIG_VALUE},
        {"threshold over the keys", ETH("1", "\"mainnet\"", SIGNERS("\"" K1 "\"", "2") "}"),
         BG_CONFIG_VALUE},
        {"one signer twice", ETH("1", "\"mainnet\"", SIGNERS("\"" K1 "\",\"0x" K1 "\"", "2") "}"),
         BG_CHECKPOINT_SIGNERS_SAME},
        {"one signer, and its negative",
         ETH("1", "\"mainnet\"", SIGNERS("\"" K1 "\",\"0x" K1X "\"", "2") "}"),
         BG_CHECKPOINT_SIGNERS_SAME},
        {"a key that is no point", ETH("1", "\"mainnet\"", SIGNERS("\"02" HFF "\"", "1") "}"),
         BG_CHECKPOINT_SIGNERS_KEY},
        {"no signers", ETH("1", "\"mainnet\"", SIGNERS("", "1") "}"), BG_CONFIG_VALUE},
        {"an uncompressed key", ETH("1", "\"mainnet\"", SIGNERS("\"04" HFF "\"", "1") "}"),
         BG_CHECKPOINT_SIGNERS_KEY},
        {"own network without forks", ETH("5", OWN("6", ""), START "}"), BG_CONFIG_VALUE},
        {"own network, unknown fork", ETH("5", OWN("6", FORK("gloas", "0")), START "}"),
         BG_CONFIG_VALUE},
        {"own network, no slots", ETH("5", OWN("0", FORK("electra", "0")), START "}"),
         BG_CONFIG_NETWORK},
        {"own network, forks from epoch 1", ETH("5", OWN("6", FORK("electra", "1")), START "}"),
         BG_CONFIG_NETWORK},
        {"own network, forks out of order",
         ETH("5", OWN("6", FORK("electra", "0") "," FORK2("deneb", "9")), START "}"),
         BG_CONFIG_NETWORK},
        {"own network, a name", ETH("5", "{\"name\":\"x\"}", START "}"), BG_CONFIG_KEY},
        {"beacon without chain", "{\"beacon\":[\"http://b\"]}", BG_CONFIG_NOT_SOURCE},
        {"store with a pinned block", "{" CHAIN ",\"store\":\"/var/lib/b\"}", BG_CONFIG_NOT_SOURCE},
        {"store without a chain", "{\"store\":\"/var/lib/b\"}", BG_CONFIG_NOT_SOURCE},
        {"documents that nobody may sign",
         ETH("1", "\"mainnet\"", START "},\"checkpoints\":[\"http://c\"]"), BG_CONFIG_NO_SIGNERS},
        {"a relative store", ETH("1", "\"mainnet\"", START "},\"store\":\"b\""), BG_CONFIG_VALUE},
        {"a store above", ETH("1", "\"mainnet\"", START "},\"store\":\"/a/../b\""),
         BG_CONFIG_VALUE},
        {"op-stack", "{\"chain\":{\"source\":\"op-stack\"}}", BG_CONFIG_SOURCE_LATER},
        {"file", "{\"chain\":{\"source\":\"file\"}}", BG_CONFIG_SOURCE_LATER},
        {"unknown source", "{\"chain\":{\"source\":\"solana\"}}", BG_CONFIG_VALUE},
        {"source with NUL", "{\"chain\":{\"source\":\"pinned\\u0000\"}}", BG_CONFIG_JSON},
        {"pinned without block",
         "{\"chain\":{\"source\":\"pinned\",\"chain_id\":1,\"kms_contract\":\"" H20 "\"}}",
         BG_CONFIG_VALUE},
        {"chain id 0",
         "{\"chain\":{\"source\":\"pinned\",\"chain_id\":0,\"kms_contract\":\"" H20
         "\",\"block_hash\":\"" H32 "\"}}",
         BG_CONFIG_VALUE},
        {"chain id a string",
         "{\"chain\":{\"source\":\"pinned\",\"chain_id\":\"1\",\"kms_contract\":\"" H20
         "\",\"block_hash\":\"" H32 "\"}}",
         BG_CONFIG_VALUE},
        {"short address",
         "{\"chain\":{\"source\":\"pinned\",\"chain_id\":1,\"kms_contract\":\"0x1234\","
         "\"block_hash\":\"" H32 "\"}}",
         BG_CONFIG_VALUE},
        {"checkpoint of another source",
         "{\"chain\":{\"source\":\"pinned\",\"chain_id\":1,\"kms_contract\":\"" H20
         "\",\"block_hash\":\"" H32 "\",\"checkpoint\":{}}}",
         BG_CONFIG_KEY},
        {"forks out of order",
         "{\"chain\":{\"source\":\"pinned\",\"chain_id\":1,\"kms_contract\":\"" H20
         "\",\"block_hash\":\"" H32 "\",\"el_forks\":[{\"fork\":\"prague\",\"timestamp\":1},"
         "{\"fork\":\"cancun\",\"timestamp\":2}]}}",
         BG_CONFIG_VALUE},
        {"unknown fork",
         "{\"chain\":{\"source\":\"pinned\",\"chain_id\":1,\"kms_contract\":\"" H20
         "\",\"block_hash\":\"" H32
         "\",\"el_forks\":[{\"fork\":\"glamsterdam\",\"timestamp\":1}]}}",
         BG_CONFIG_VALUE},
        {"no URLs", "{\"rpc\":[]}", BG_CONFIG_VALUE},
        {"a URL outside a list", "{\"rpc\":\"http://a.example\"}", BG_CONFIG_VALUE},
        {"nine URLs",
         "{\"rpc\":[\"http://a\",\"http://a\",\"http://a\",\"http://a\",\"http://a\",\"http://a\","
         "\"http://a\",\"http://a\",\"http://a\"]}",
         BG_CONFIG_VALUE},
        {"a file URL", "{\"rpc\":[\"file:///etc/passwd\"]}", BG_CONFIG_URL},
        {"a URL without host", "{\"rpc\":[\"http:///x\"]}", BG_CONFIG_URL},
        {"a URL with a space", "{\"rpc\":[\"http://a b\"]}", BG_CONFIG_URL},
        {"a number for a URL", "{\"rpc\":[1]}", BG_CONFIG_URL},
        {"as nobody", "{\"policy\":{\"as\":\"App\"}}", BG_CONFIG_VALUE},
        {"as a number", "{\"policy\":{\"as\":1}}", BG_CONFIG_VALUE},
        {"app id too short", "{\"policy\":{\"app_id\":\"0x12\"}}", BG_CONFIG_VALUE},
        {"app id odd", "{\"policy\":{\"app_id\":\"" H20 "0\"}}", BG_CONFIG_VALUE},
        {"device id too short", "{\"policy\":{\"device_ids\":[\"" H20 "\"]}}", BG_CONFIG_HEX},
        {"no device ids", "{\"policy\":{\"device_ids\":[]}}", BG_CONFIG_VALUE},
        {"a status in another case", "{\"policy\":{\"tcb_statuses\":[\"uptodate\"]}}",
         BG_CONFIG_VALUE},
        {"Revoked accepted", "{\"policy\":{\"tcb_statuses\":[\"Revoked\"]}}", BG_CONFIG_VALUE},
        {"no statuses", "{\"policy\":{\"tcb_statuses\":[]}}", BG_CONFIG_VALUE},
        {"a date that is none", "{\"policy\":{\"min_tcb_date\":\"2025-02-30\"}}", BG_CONFIG_VALUE},
        {"evaluation negative", "{\"policy\":{\"min_tcb_evaluation\":-1}}", BG_CONFIG_VALUE},
        {"advisories a string", "{\"policy\":{\"deny_advisories\":\"INTEL-SA-1\"}}",
         BG_CONFIG_VALUE},
        {"switch a string", "{\"policy\":{\"sept_ve_disable\":\"false\"}}", BG_CONFIG_VALUE},
        {"image switch null", "{\"policy\":{\"require_os_image\":null}}", BG_CONFIG_VALUE},
        {"acpi all", "{\"policy\":{\"acpi\":\"all\"}}", BG_CONFIG_VALUE},
        {"acpi short", "{\"policy\":{\"acpi\":[\"" H32 "\"]}}", BG_CONFIG_HEX},
        {"app code a word", "{\"policy\":{\"app_code\":\"impl\"}}", BG_CONFIG_VALUE},
        {"KMS implementation", "{\"policy\":{\"kms_code\":\"implementation\"}}", BG_CONFIG_VALUE},
        {"no code hashes", "{\"policy\":{\"app_code\":[]}}", BG_CONFIG_VALUE},
        {"assurance unknown", "{\"policy\":{\"require_assurance\":\"high\"}}", BG_CONFIG_VALUE},
        {"assurance a number", "{\"policy\":{\"require_assurance\":1}}", BG_CONFIG_VALUE},
        {"freshness unknown", "{\"policy\":{\"require_freshness\":\"ntp\"}}", BG_CONFIG_VALUE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config c = {.rpc.n = 77};
        enum rc rc = read(cases[i].text, &c);
        CASE(cases[i].name, rc == cases[i].code, "code %d, not %d", (int)rc, (int)cases[i].code);
        CASE(cases[i].name, err_exit_status(rc) == 2 && c.rpc.n == 77, "exit %d, or written to",
             err_exit_status(rc));
    }
}

static void the_first_file_that_exists_is_taken(void **state)
{
    (void)state;
    struct config c;
    struct err err = {0};
    char path[] = "/tmp/bootgate-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    fputs("{\"policy\":{\"as\":\"kms\"}}", f);
    fclose(f);
    setenv("BOOTGATE_CONFIG", path, 1);
    assert_int_equal(config_load(arena, NULL, &c, &err), RC_OK);
    assert_int_equal(c.as, BOOT_VIEW_KMS);
    setenv("BOOTGATE_CONFIG", "/nonexistent/bootgate.json", 1);
    assert_int_equal(config_load(arena, path, &c, &err), RC_OK); /* the flag wins */
    assert_int_equal(config_load(arena, NULL, &c, &err), BG_FILE_OPEN);
    err_clear(&err);
    assert_int_equal(config_load(arena, "/", &c, &err), BG_FILE_DIRECTORY);
    err_clear(&err);
    /* Without a checkpoint only for who looks for one; wrong otherwise, it is refused to him too.
     */
    f = fopen(path, "w");
    fputs(ETH("1", "\"mainnet\"", "}"), f);
    fclose(f);
    assert_int_equal(config_load(arena, path, &c, &err), BG_CONFIG_NO_START);
    err_clear(&err);
    assert_int_equal(config_load_any(arena, path, &c, &err), RC_OK);
    assert_true(c.chain.source == CHAIN_ETHEREUM && !c.has_checkpoint && !c.signers.num_keys);
    f = fopen(path, "w");
    fputs(ETH("5", "\"mainnet\"", "}"), f);
    fclose(f);
    assert_int_equal(config_load_any(arena, path, &c, &err), BG_CONFIG_CHAIN_ID);
    err_clear(&err);
    unsetenv("BOOTGATE_CONFIG");
    f = fopen(path, "w");
    for (size_t i = 0; i <= LIMIT_CONFIG; i++)
        fputc(' ', f);
    fclose(f);
    assert_int_equal(config_load(arena, path, &c, &err), BG_CONFIG_SIZE);
    remove(path);
}

static void times_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        uint64_t want;
    } cases[] = {
        {"0", true, 0},
        {"1772492400", true, 1772492400},
        {"2026-03-02T23:00:00Z", true, 1772492400},
        {"2026-03-03", true, 1772496000},
        {"1970-01-01T00:00:00Z", true, 0},
        {"2024-02-29", true, 1709164800},
        {"9999-12-31T23:59:59Z", true, 253402300799},
        {"253402300799", true, 253402300799},
        {"253402300800", false, 0},
        {"2025-02-29", false, 0},
        {"2026-04-31", false, 0},
        {"2026-13-01", false, 0},
        {"2026-00-01", false, 0},
        {"2026-01-00", false, 0},
        {"1969-12-31", false, 0},
        {"2026-03-03T24:00:00Z", false, 0},
        {"2026-03-03T00:60:00Z", false, 0},
        {"2026-03-03T00:00:60Z", false, 0},
        {"2026-03-03T00:00:00", false, 0},
        {"2026-03-03T00:00:00z", false, 0},
        {"2026-03-03T00:00:00+01:00", false, 0},
        {"2026-03-03 00:00:00Z", false, 0},
        {"2026-3-3", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"0x10", false, 0},
        {"", false, 0},
        {"now", false, 0},
        {"9999999999999", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t got = 42;
        bool ok = clock_read(bytes_of_str(cases[i].text), &got);
        CASE(cases[i].text, ok == cases[i].ok && got == (ok ? cases[i].want : 42), "%d %llu", ok,
             (unsigned long long)got);
    }
}

static void a_url_is_shown_without_its_secrets(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host;
    } cases[] = {
        {"https://rpc.example/v3/secret", "https://rpc.example"},
        {"http://user:secret@rpc.example:8545/x", "http://rpc.example:8545"},
        {"https://a@b@c?key=secret", "https://c"},
        {"http://127.0.0.1:8545", "http://127.0.0.1:8545"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char host[64];
        fetch_url_host(cases[i].url, host, sizeof host);
        CASE(cases[i].url, strcmp(host, cases[i].host) == 0, "%s", host);
    }
}

int main(void)
{
    arena = arena_new(1 << 26);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_misspelt_member_is_named_beside_the_right_ones),
        cmocka_unit_test(the_whole_configuration_is_read),
        cmocka_unit_test(the_ethereum_source_is_read),
        cmocka_unit_test(what_is_not_said_is_the_strict_default),
        cmocka_unit_test(the_hash_is_of_the_canonical_text),
        cmocka_unit_test(what_would_not_be_enforced_is_refused),
        cmocka_unit_test(the_first_file_that_exists_is_taken),
        cmocka_unit_test(times_are_read_strictly),
        cmocka_unit_test(a_url_is_shown_without_its_secrets),
    };
    int rc = HARNESS_RUN("config", tests);
    arena_free(arena);
    return rc;
}
