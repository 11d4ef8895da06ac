/* The release's configuration, what of it is refused; and the record that a decision comes as. */
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/decision.h"

#define H20  "0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0"
#define H32  "0x1111111111111111111111111111111111111111111111111111111111111111"
#define NAME "000b" H64
#define H64  "1111111111111111111111111111111111111111111111111111111111111111"
#define CHAIN                                                                                      \
    "{\"chain\":{\"source\":\"pinned\",\"chain_id\":31337,\"kms_contract\":\"" H20                 \
    "\",\"block_hash\":\"" H32 "\"}"
#define TPM0                                                                                       \
    "\"class\":\"host\",\"accept_host_tpm\":true,\"boot_pcrs\":[4,7],\"gate_pcr\":12,\"blob\":\"/" \
    "b\""
#define FILE0 "{\"type\":\"file\",\"path\":\"/run/x/key\"}"
/* A configuration with these members of release.tpm, these targets, and more of release. */
#define CONFIG(tpm, targets, more)                                                                 \
    CHAIN ",\"release\":{\"tpm\":{" tpm "},\"targets\":[" targets "]" more "}}"

static struct arena *arena;

#define ATTESTED "\"class\":\"attested\",\"boot_pcrs\":[4,7],\"gate_pcr\":12,\"blob\":\"/b\""

static enum rc config_of(const char *text, struct config *c)
{
    struct err err = {0};
    enum rc rc = config_read(arena, bytes_of_str(text), "test", c, &err);
    assert_int_equal(rc, err.rc);
    return rc;
}

static void the_whole_of_release_is_read(void **state)
{
    (void)state;
    struct config c;
    assert_int_equal(
        config_of(CONFIG(TPM0 ",\"bank\":\"sha384\",\"srk_name\":\"" NAME
                              "\",\"version_index\":25170000,\"version_minimum\":3,"
                              "\"authorize\":{\"key\":\"" H64 H64
                              "\",\"version\":9,\"approval\":\"/a/b\"},\"tcti\":\"swtpm:x\"",
                         FILE0 ",{\"type\":\"keyring\",\"name\":\"n\",\"timeout_s\":7},"
                               "{\"type\":\"keyring\",\"name\":\"m\"},"
                               "{\"type\":\"exec\",\"argv\":[\"/bin/cat\",\"-\"]}",
                         ",\"second_share\":\"/s\",\"wrapped\":\"/w\",\"deadline_s\":5"),
                  &c),
        RC_OK);
    const struct release_config *r = c.release;
    assert_non_null(r);
    assert_true(r->tpm.cls == TPM_CLASS_HOST && r->tpm.accept_host_tpm && r->tpm.dstack);
    assert_int_equal(r->tpm.bank, TPM_BANK_SHA384);
    assert_int_equal(r->tpm.boot_pcrs, 1u << 4 | 1u << 7);
    assert_int_equal(r->tpm.gate_pcr, 12);
    assert_true(r->tpm.srk_pinned && r->tpm.srk_name[1] == 0x0b && r->tpm.srk_name[33] == 0x11);
    assert_int_equal(r->tpm.version_index, 25170000);
    assert_int_equal(r->tpm.version_minimum, 3);
    assert_true(r->tpm.authorize && r->tpm.authorize_key[63] == 0x11);
    assert_int_equal(r->tpm.authorize_version, 9);
    assert_string_equal(r->approval, "/a/b");
    assert_string_equal(r->tpm.tcti, "swtpm:x");
    assert_false(r->no_boot_log);
    assert_string_equal(r->blob, "/b");
    assert_string_equal(r->second_share, "/s");
    assert_string_equal(r->wrapped, "/w");
    assert_int_equal(r->deadline_s, 5);
    assert_int_equal(r->num_targets, 4);
    assert_string_equal(r->targets[0].path, "/run/x/key");
    assert_int_equal(r->targets[1].timeout_s, 7);
    assert_int_equal(r->targets[2].timeout_s, 300);
    assert_string_equal(r->targets[3].argv[1], "-");
    assert_null(r->targets[3].argv[2]);
    assert_string_equal(release_key_protection(r), "second-share");
    assert_int_equal(config_of(CONFIG(TPM0, FILE0, ""), &c), RC_OK);
    assert_int_equal(c.release->deadline_s, RELEASE_DEADLINE);
    assert_int_equal(c.release->tpm.bank, TPM_BANK_SHA256);
    assert_string_equal(release_key_protection(c.release), "none-against-host");
    assert_int_equal(c.release->tpm.floor_index, 0);
    assert_int_equal(
        config_of(CONFIG(ATTESTED ",\"ek_ca\":\"/ca\",\"floor_index\":25170001", FILE0, ""), &c),
        RC_OK);
    assert_int_equal(c.release->tpm.cls, TPM_CLASS_ATTESTED);
    assert_int_equal(c.release->tpm.floor_index, 25170001);
    assert_string_equal(c.release->ek_ca, "/ca");
    assert_null(c.release->ek_crl);
    assert_string_equal(release_key_protection(c.release), "attested-tpm");
    assert_int_equal(
        config_of(CONFIG(ATTESTED ",\"ek_ca\":\"/ca\",\"ek_crl\":\"/crl\"", FILE0, ""), &c), RC_OK);
    assert_string_equal(c.release->ek_crl, "/crl");
    assert_int_equal(config_of(CONFIG(TPM0, FILE0, ""), &c), RC_OK);
    assert_false(c.freshness_given);
    /* What the file does not say, the program does; what it says, holds, 0 too. */
    static const struct tcb_minimum built = {1700000000, 18};
    config_strict(&c, &built);
    assert_int_equal(c.require_freshness, FRESH_FLOOR);
    assert_int_equal(c.td.min_tcb_date, 1700000000);
    assert_int_equal(c.td.min_evaluation_number, 18);
    assert_int_equal(config_of(CHAIN ",\"policy\":{\"require_freshness\":\"host-clock\","
                                     "\"min_tcb_date\":\"2025-01-01T00:00:00Z\","
                                     "\"min_tcb_evaluation\":0}}",
                               &c),
                     RC_OK);
    config_strict(&c, &built);
    assert_int_equal(c.require_freshness, FRESH_HOST_CLOCK);
    assert_int_equal(c.td.min_tcb_date, 1735689600);
    assert_int_equal(c.td.min_evaluation_number, 0);
    assert_int_equal(config_of(CHAIN "}", &c), RC_OK);
    assert_null(c.release);
}

static void what_would_not_be_enforced_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum rc rc;
    } v[] = {
        {CHAIN ",\"release\":{}}", BG_CONFIG_NOT_OBJECT},
        {CHAIN ",\"release\":7}", BG_CONFIG_NOT_OBJECT},
        {CONFIG(TPM0, FILE0, ",\"fallback\":true"), BG_CONFIG_KEY},
        {CONFIG(TPM0 ",\"password\":\"x\"", FILE0, ""), BG_CONFIG_KEY},
        {CONFIG("", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG("\"class\":\"hosted\"", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG("\"class\":\"host\",\"accept_host_tpm\":1", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"bank\":\"sha1\"", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"boot_log\":\"optional\"", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"boot_log\":false", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"boot_log\":\"None\"", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG("\"class\":\"host\",\"boot_pcrs\":[],\"gate_pcr\":12,\"blob\":\"/b\"", FILE0, ""),
         BG_CONFIG_VALUE},
        {CONFIG("\"class\":\"host\",\"boot_pcrs\":[4,4],\"gate_pcr\":12,\"blob\":\"/b\"", FILE0,
                ""),
         BG_CONFIG_VALUE},
        {CONFIG("\"class\":\"host\",\"boot_pcrs\":[24],\"gate_pcr\":12,\"blob\":\"/b\"", FILE0, ""),
         BG_CONFIG_VALUE},
        {CONFIG("\"class\":\"host\",\"boot_pcrs\":[-1],\"gate_pcr\":12,\"blob\":\"/b\"", FILE0, ""),
         BG_CONFIG_VALUE},
        {CONFIG("\"class\":\"host\",\"boot_pcrs\":[4],\"gate_pcr\":24,\"blob\":\"/b\"", FILE0, ""),
         BG_CONFIG_VALUE},
        {CONFIG("\"class\":\"host\",\"boot_pcrs\":[4],\"blob\":\"/b\"", FILE0, ""),
         BG_CONFIG_VALUE},
        {CONFIG("\"class\":\"host\",\"boot_pcrs\":[4],\"gate_pcr\":12", FILE0, ""),
         BG_CONFIG_VALUE},
        {CONFIG("\"class\":\"host\",\"boot_pcrs\":[4],\"gate_pcr\":12,\"blob\":\"b\"", FILE0, ""),
         BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"srk_name\":\"0b\"", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"version_index\":5", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"version_minimum\":5", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"authorize\":{\"key\":\"" H64 "\",\"version\":1,\"approval\":\"/a\"}",
                FILE0, ""),
         BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"authorize\":{\"key\":\"" H64 H64 "\",\"version\":1}", FILE0, ""),
         BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"floor_index\":0", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"floor_index\":\"25170001\"", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"floor_index\":4294967296", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(ATTESTED, FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(ATTESTED ",\"ek_ca\":\"ca\"", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(ATTESTED ",\"ek_ca\":\"/ca\",\"ek_crl\":7", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(ATTESTED ",\"ek_crl\":\"/crl\"", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"ek_ca\":\"/ca\"", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"ek_crl\":\"/crl\"", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0 ",\"tcti\":1", FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "7", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"stdout\"}", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, FILE0 "," FILE0 "," FILE0 "," FILE0 "," FILE0, ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"file\",\"path\":\"run/key\"}", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"file\",\"path\":\"/run/../key\"}", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"file\",\"path\":\"/run//key\"}", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"file\",\"path\":\"/run/key/\"}", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"file\",\"path\":\"/run/./key\"}", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"file\",\"path\":\"/\"}", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"file\",\"path\":\"/run/k\\u0001\"}", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"file\",\"path\":\"/run/k\",\"mode\":\"0644\"}", ""),
         BG_CONFIG_KEY},
        {CONFIG(TPM0, "{\"type\":\"keyring\",\"name\":\"\"}", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"keyring\",\"name\":\"n\",\"timeout_s\":0}", ""),
         BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"exec\",\"argv\":[]}", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"exec\",\"argv\":\"/bin/cat\"}", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"exec\",\"argv\":[\"cat\"]}", ""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, "{\"type\":\"exec\",\"argv\":[\"/bin/cat\",1]}", ""), BG_CONFIG_VALUE},
        /* What two of them were given could not be taken back. */
        {CONFIG(
             TPM0,
             "{\"type\":\"exec\",\"argv\":[\"/bin/cat\"]},{\"type\":\"unix\",\"path\":\"/run/s\"}",
             ""),
         BG_CONFIG_VALUE},
        {CONFIG(TPM0, FILE0, ",\"deadline_s\":0"), BG_CONFIG_VALUE},
        {CONFIG(TPM0, FILE0, ",\"deadline_s\":3601"), BG_CONFIG_VALUE},
        {CONFIG(TPM0, FILE0, ",\"second_share\":\"\""), BG_CONFIG_VALUE},
        {CONFIG(TPM0, FILE0, ",\"second_share\":null"), BG_CONFIG_VALUE},
        {CONFIG(TPM0, FILE0, ",\"wrapped\":false"), BG_CONFIG_VALUE},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        struct config c;
        enum rc rc = config_of(v[i].text, &c);
        CASE("config", rc == v[i].rc, "case %zu: %d: %s", i, (int)rc, v[i].text + sizeof CHAIN - 1);
    }
}

static struct decision yes(void)
{
    struct decision d = {.allow = true, .view = 1, .time = 0x0102030405060708, .chain_id = 31337};
    memset(d.kms_contract, 0xa1, sizeof d.kms_contract);
    memset(d.app_id, 0xa2, sizeof d.app_id);
    memset(d.block_hash, 0xa3, sizeof d.block_hash);
    memset(d.mr_aggregated, 0xa4, sizeof d.mr_aggregated);
    memset(d.config_sha256, 0xa5, sizeof d.config_sha256);
    return d;
}

static void a_record_is_laid_out_as_documented(void **state)
{
    (void)state;
    struct decision d = yes(), back;
    uint8_t record[DECISION_RECORD], want[DECISION_RECORD] = "bootgate/verdict/v1\n";
    const uint8_t head[] = {0x5a, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3,    4,
                            5,    6, 7, 8, 0, 0, 0, 0, 0, 0, 0x7a, 0x69};
    memcpy(want + 20, head, sizeof head);
    memset(want + 44, 0xa1, 20);
    memset(want + 64, 0xa2, 20);
    memset(want + 84, 0xa3, 32);
    memset(want + 116, 0xa4, 32);
    memset(want + 148, 0xa5, 32);
    decision_encode(&d, record);
    assert_memory_equal(record, want, sizeof want);
    assert_true(decision_decode(BYTES_OF_ARRAY(record), &back));
    assert_true(back.allow && back.time == d.time && back.chain_id == 31337);
    assert_memory_equal(back.app_id, d.app_id, 20);
    for (size_t n = 0; n < sizeof record; n++)
        CASE("cut", !decision_decode(bytes_of(record, n), &back), "%zu", n);
    uint8_t longer[DECISION_RECORD + 1] = {0};
    memcpy(longer, record, sizeof record);
    assert_false(decision_decode(BYTES_OF_ARRAY(longer), &back));
}

/* Magic, decision, and the code and status that a yes does not have: no other value is a yes. */
static void no_other_byte_makes_a_yes(void **state)
{
    (void)state;
    struct decision d = yes(), back;
    uint8_t record[DECISION_RECORD];
    for (size_t at = 0; at < 28; at++)
        for (unsigned v = 1; v < 256; v++) {
            decision_encode(&d, record);
            record[at] ^= (uint8_t)v;
            bool whole = decision_decode(BYTES_OF_ARRAY(record), &back);
            /* Byte 21 names the view: 0, 1 and 2 are all readable. */
            bool other_view = at == 21 && record[at] <= 2;
            CASE("byte", whole == other_view, "%zu ^ %02x", at, v);
        }
}

static void a_failed_decision_is_a_no_whatever_its_code(void **state)
{
    (void)state;
    struct config c;
    struct decision d, back;
    uint8_t record[DECISION_RECORD];
    assert_int_equal(config_of(CONFIG(TPM0, FILE0, ""), &c), RC_OK);
    static const enum rc codes[] = {RC_OK, BG_CHILD_DIED, BG_WATCH_DEADLINE, BG_NO_CODE};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        decision_failed(&c, 7, codes[i], &d);
        decision_encode(&d, record);
        CASE("no", !d.allow && d.code && d.status && decision_decode(BYTES_OF_ARRAY(record), &back),
             "code %d", (int)codes[i]);
        CASE("identity",
             back.chain_id == 31337 && back.kms_contract[0] == 0x9f && back.time == 7 &&
                 memcmp(back.config_sha256, c.sha256, 32) == 0,
             "code %d", (int)codes[i]);
    }
}

/* The deciding process is not believed about another question than this process was configured for.
 */
static void an_answer_is_to_our_question(void **state)
{
    (void)state;
    struct config c;
    assert_int_equal(config_of(CONFIG(TPM0, FILE0, ""), &c), RC_OK);
#define ANSWERS(want, change)                                                                      \
    do {                                                                                           \
        struct decision d = yes();                                                                 \
        d.chain_id = c.chain.chain_id;                                                             \
        decision_contract(&c, d.kms_contract);                                                     \
        memcpy(d.config_sha256, c.sha256, sizeof d.config_sha256);                                 \
        change;                                                                                    \
        CASE(#change, decision_answers(&c, &d) == (want), "not %d", want);                         \
    } while (0)
    ANSWERS(true, (void)0);
    ANSWERS(false, d.chain_id++);
    ANSWERS(false, d.kms_contract[19] ^= 1);
    ANSWERS(false, d.config_sha256[31] ^= 1);
    ANSWERS(false, (d.allow = false, d.chain_id++));
    ANSWERS(true, d.app_id[0] ^= 1); /* whose app is not pinned */
    c.has_app_id = true;
    memset(c.app_id, 0xa2, sizeof c.app_id);
    ANSWERS(true, (void)0);
    ANSWERS(false, d.app_id[19] ^= 1);
    ANSWERS(true, (d.allow = false, d.app_id[19] ^= 1)); /* a no may be because of it */
}

int main(void)
{
    arena = arena_new(1 << 24);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_of_release_is_read),
        cmocka_unit_test(what_would_not_be_enforced_is_refused),
        cmocka_unit_test(a_record_is_laid_out_as_documented),
        cmocka_unit_test(no_other_byte_makes_a_yes),
        cmocka_unit_test(a_failed_decision_is_a_no_whatever_its_code),
        cmocka_unit_test(an_answer_is_to_our_question),
    };
    int rc = HARNESS_RUN("release", tests);
    arena_free(arena);
    return rc;
}
