/* render: the verdict as text (golden) and JSON (shape), and exit statuses: a no never leaves as 0.
 */
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/output.h"

static char *text_of(const struct report *r, struct style st)
{
    char *p = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&p, &n);
    verdict_text(f, &st, r);
    fclose(f);
    return p;
}

static struct check four_checks[] = {
    {.id = "quote.authentic", .status = CHECK_PASS, .actual = "UpToDate"},
    {.id = "td.debug",
     .status = CHECK_FAIL,
     .code = BG_RULE_APP_ID,
     .expected = "0",
     .actual = "1",
     .hint = "turn it off"},
    {.id = "policy.acpi",
     .status = CHECK_UNKNOWN,
     .actual = "a value that is far too long to stand in one line of a table, even a wide one",
     .hint = "a hint that is so long that it needs two lines of its own: words are kept whole"},
    {.id = "log.replay", .status = CHECK_NOT_RUN},
};

static void the_text_is_a_line_a_table_and_what_to_do(void **state)
{
    (void)state;
    struct report r = {.kind = VERDICT_REPLAY, .question = ASK_APP, .checks = {four_checks, 4, 4}};
    policy_decide(&r.checks, NULL, &r.verdict);
    char *got = text_of(&r, (struct style){0});
    assert_string_equal(
        got, "DENIED BG-1086: this is another app than policy.app_id names (replay)\n"
             "  + quote.authentic            UpToDate\n"
             "  x td.debug                   1, expected 0\n"
             "  ? policy.acpi                a value that is far too long to stand in one line of "
             "a table, ev..\n"
             "  - log.replay                 not run\n"
             "\n"
             "  Open\n"
             "    policy.acpi                a hint that is so long that it needs two lines of its "
             "own: words\n"
             "                               are kept whole\n"
             "\n"
             "  Why BG-1086 this is another app than policy.app_id names: 1\n"
             "  Fix turn it off\n");
    free(got);
    got = text_of(&r, (struct style){.unicode = true, .verbose = true});
    assert_non_null(strstr(got, "  \342\234\223 quote.authentic"));
    assert_non_null(strstr(got, "  \342\234\227 td.debug"));
    assert_non_null(strstr(got, "  \342\200\223 log.replay"));
    assert_non_null(strstr(got, "to stand in one line of a table, even a wide one\n"));
    assert_null(strstr(got, "\033"));
    free(got);
    got = text_of(&r, (struct style){.color = true});
    assert_non_null(strstr(got, "\033[31mx\033[0m td.debug"));
    free(got);
}

static void an_error_says_what_was_seen_and_what_to_do(void **state)
{
    (void)state;
    struct report r = {.kind = VERDICT_QUERY};
    err_set(&r.err, BG_GATE_NO_COLLATERAL, "missing: %s", "everything");
    char *got = text_of(&r, (struct style){0});
    assert_string_equal(
        got, "UNDECIDED BG-1082: there is no collateral to verify the quote with (query)\n"
             "\n"
             "  Why BG-1082 there is no collateral to verify the quote with: missing: everything\n"
             "  Fix name a PCCS or Intel's PCS in collateral of the configuration, or give "
             "--collateral FILE\n");
    free(got);
}

static void long_hex_keeps_both_ends(void **state)
{
    (void)state;
    static const struct {
        const char *actual, *expected, *line;
    } cases[] = {
        {"0x3763bc34552cf3a27ff71ad5f7a90471562a1a2d", NULL,
         "  x td.device                  0x3763bc34552cf3a27ff71ad5f7a90471562a1a2d\n"},
        {"ea0ba482106a22ecb76b59b95fed32b5cc3a81534b27d52ad2dfbcf27cca7d03", NULL,
         "  x td.device                  ea0ba482106a22ec..7cca7d03\n"},
        {"kms 0x4dffe8a90ebd7bb8cf12222cb9adcefd131481d6d6827ae0, app",
         "08a74f8963b337acb6c93682cb8d0bc4aa8f9a7eb0d6c0ea08a74f8963b337acb6c93682",
         "  x td.device                  kms 0x4dffe8a90ebd7bb8..d6827ae0, app,\n"
         "                               expected 08a74f8963b337ac..b6c93682\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct check c = {.id = "td.device",
                          .status = CHECK_FAIL,
                          .code = BG_RULE_APP_ID,
                          .actual = cases[i].actual,
                          .expected = cases[i].expected};
        struct report r = {.kind = VERDICT_QUERY, .checks = {&c, 1, 1}};
        char *got = text_of(&r, (struct style){0});
        CASE(cases[i].line, strstr(got, cases[i].line) != NULL, "%s", got);
        free(got);
        got = text_of(&r, (struct style){.verbose = true});
        CASE(cases[i].line, strstr(got, cases[i].actual) != NULL, "verbose: %s", got);
        free(got);
    }
}

static void slots_show_what_is_in_them(void **state)
{
    (void)state;
    struct slot_read slots[5] = {{.label = "registeredApps[appId]"},
                                 {.label = "app implementation (ERC-1967)"},
                                 {.label = "requireTcbUpToDate", .zero_leaf = true},
                                 {.label = NULL},
                                 {.label = "allowedComposeHashes[composeHash]"}};
    struct chain_config config = {.chain_id = 1};
    struct boot_info bi = {.tee_variant = "dstack-tdx"};
    struct chain_result chain = {.slots = slots, .num_slots = 5};
    struct report r = {
        .kind = VERDICT_QUERY, .chain = &chain, .chain_config = &config, .boot_info = &bi};
    memset(config.kms_contract, 0x9f, 20);
    memset(bi.app_id, 0x37, 20);
    memset(slots[0].address, 0x9f, 20);
    memset(slots[0].slot, 0xc4, 32);
    slots[0].value[31] = 1;
    memset(slots[1].address, 0x37, 20);
    memset(slots[1].slot, 0x36, 32);
    memset(slots[1].value + 12, 0x5f, 20);
    memset(slots[2].address, 0x37, 20);
    slots[2].slot[31] = 3;
    memset(slots[3].address, 0x11, 20);
    memset(slots[3].value, 0xee, 32);
    memset(slots[4].address, 0x37, 20);
    memset(slots[4].slot, 0xb1, 32);
    memset(slots[4].value + 24, 0xff, 8);
    char *p = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&p, &n);
    contract_text(f, &(struct style){0}, &r);
    fclose(f);
    assert_non_null(strstr(
        p, "  storage that was read\n"
           "    registeredApps[appId]             1                                          "
           "kms[0xc4c4..c4c4]\n"
           "    app implementation (ERC-1967)     0x5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f "
           "app[0x3636..3636]\n"
           "    requireTcbUpToDate                0                                          "
           "app[3] zero leaf\n"
           "    (not one of dstack's)             0xeeeeeeeeeeeeeeee..eeeeeeeeeeeeeeee       "
           "0x1111111111111111111111111111111111111111[0]\n"
           "    allowedComposeHashes[composeHash] 18446744073709551615                       "
           "app[0xb1b1..b1b1]\n"));
    free(p);
    f = open_memstream(&p, &n);
    contract_text(f, &(struct style){.verbose = true}, &r);
    fclose(f);
    assert_non_null(
        strstr(p, " 0x0000000000000000000000000000000000000000000000000000000000000001 "
                  "0x9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f"
                  "[0xc4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4]\n"));
    free(p);
}

static void a_head_says_who_signed_for_it(void **state)
{
    (void)state;
    struct head_facts head = {.by_light_client = true,
                              .network = "sepolia",
                              .slot = 7000,
                              .signature_slot = 7002,
                              .participants = 500,
                              .committee_size = 512,
                              .checkpoint_slot = 6000,
                              .updates = 1};
    struct chain_config config = {.source = CHAIN_ETHEREUM, .chain_id = 11155111};
    struct chain_result chain = {.assurance = "finalized", .head = &head, .block_time = 90};
    struct report r = {.kind = VERDICT_QUERY,
                       .question = ASK_APP,
                       .chain = &chain,
                       .chain_config = &config,
                       .now = 100,
                       .net = {.round_trips = 3,
                               .start_anchor = "checkpoint-signers 2/3",
                               .signed_by = 2,
                               .signers = 3,
                               .notes = {"beacon node: BG-1062 one", "another"},
                               .num_notes = 2}};
    memset(head.beacon_root, 0xbe, 32);
    memset(head.checkpoint_root, 0xcc, 32);
    char *got = text_of(&r, (struct style){0});
    assert_non_null(strstr(got,
                           "    beacon block               sepolia slot 7000, "
                           "bebebebebebebebe..bebebebe\n"
                           "    sync committee             500 of 512 signed, in slot 7002\n"
                           "    checkpoint                 slot 6000, cccccccccccccccc..cccccccc"
                           ", checkpoint-signers 2/3, 1 update before\n"
                           "    round trips                3\n"));
    assert_non_null(strstr(got, "  Notes 2, shown with -v\n")); /* nothing is undecided */
    assert_null(strstr(got, "BG-1062"));
    free(got);
    got = text_of(&r, (struct style){.verbose = true});
    assert_non_null(strstr(got, "  Notes\n    beacon node: BG-1062 one\n    another\n"));
    free(got);
    AUTO_JSON j = verdict_json(&r);
    AUTO_JSON want = json_loads(
        "{\"source\":\"ethereum\",\"network\":\"sepolia\",\"slot\":7000,\"signature_slot\":7002,"
        "\"participants\":500,\"committee_size\":512,\"updates\":1,\"round_trips\":3,\"age\":10,"
        "\"assurance\":\"finalized\"}",
        0, NULL);
    const json_t *c = json_object_get(j, "chain");
    const char *key;
    json_t *value;
    json_object_foreach(want, key, value)
        CASE(key, json_equal(json_object_get(c, key), value), "%s", key);
    const json_t *start = json_object_get(c, "checkpoint");
    assert_int_equal(json_integer_value(json_object_get(start, "slot")), 6000);
    assert_int_equal(json_integer_value(json_object_get(start, "signed_by")), 2);
    assert_int_equal(json_integer_value(json_object_get(start, "signers")), 3);
    assert_int_equal(strspn(json_string_value(json_object_get(start, "root")), "c"), 64);
    assert_int_equal(json_array_size(json_object_get(j, "notes")), 2);
    static const char *const anchors[][3] = {{"contract", "sync-committee", "finalized"},
                                             {"checkpoint", "checkpoint-signers 2/3", "signed"}};
    struct anchor v[REPORT_ANCHORS_MAX];
    assert_int_equal(report_anchors(&r, v), 2);
    for (size_t i = 0; i < 2; i++)
        CASE(anchors[i][0],
             strcmp(v[i].fact, anchors[i][0]) == 0 && strcmp(v[i].anchor, anchors[i][1]) == 0 &&
                 strcmp(v[i].assurance, anchors[i][2]) == 0,
             "%s %s %s", v[i].fact, v[i].anchor, v[i].assurance);
}

static void what_others_wrote_cannot_steer_a_terminal(void **state)
{
    (void)state;
    struct check c = {.id = "x", .status = CHECK_UNKNOWN, .actual = "a\033[2Jb\nc\302\233d\177"};
    struct chain_result chain = {.reason = ""};
    struct chain_config config = {.chain_id = 1};
    struct report r = {.kind = VERDICT_QUERY,
                       .question = ASK_APP,
                       .checks = {&c, 1, 1},
                       .chain = &chain,
                       .chain_config = &config};
    chain.has_gateway_app_id = true;
    chain.gateway_app_id = "\033]0;title\007";
    r.verdict = (struct verdict){VERDICT_DENY, BG_RULE_APP_ID, "no\r\nYES: \033[32m"};
    char *got = text_of(&r, (struct style){0});
    assert_non_null(strstr(got, "a?[2Jb?c??d?\n"));
    assert_non_null(strstr(got, "?]0;title?\n"));
    assert_non_null(strstr(got, "NO BG-1086: no??YES: ?[32m (query)\n"));
    for (const char *p = got; *p; p++)
        assert_true(*p == '\n' || (*p >= 0x20 && *p < 0x7f));
    free(got);
}

static const char *const members[] = {"schema",    "kind",
                                      "code",      "reason",
                                      "error",     "checks",
                                      "tcb",       "view",
                                      "td",        "collateral",
                                      "kms_view",  "boot_info",
                                      "device",    "policy_findings",
                                      "chain",     "contract",
                                      "freshness", "key_protection",
                                      "tpm",       "anchors",
                                      "notes",     "time",
                                      "stages",    "config_sha256"};

static void every_verdict_has_every_member(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum verdict_kind kind;
        const char *decision;
    } kinds[] = {{"live", VERDICT_LIVE, "allowed"},
                 {"replay", VERDICT_REPLAY, "would_be_allowed"},
                 {"prediction", VERDICT_PREDICTION, "would_be_allowed"},
                 {"query", VERDICT_QUERY, "allowed"}};
    for (size_t k = 0; k < 4; k++) {
        struct report r = {.kind = kinds[k].kind, .checks = {four_checks, 4, 4}};
        err_set(&r.err, BG_FETCH_TIMEOUT, "%s", "x\xff");
        AUTO_JSON j = verdict_json(&r);
        assert_int_equal(json_object_size(j), sizeof members / sizeof *members + 1);
        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
            CASE(members[i], json_object_get(j, members[i]) != NULL, "missing in %s",
                 kinds[k].name);
        const json_t *yes = json_object_get(j, kinds[k].decision);
        CASE(kinds[k].name, kinds[k].kind == VERDICT_QUERY ? json_is_null(yes) : json_is_false(yes),
             "decision is %d", yes ? (int)json_typeof(yes) : -1);
        assert_string_equal(json_string_value(json_object_get(j, "kind")), kinds[k].name);
        assert_string_equal(json_string_value(json_object_get(j, "code")), "BG-1063");
        const json_t *e = json_object_get(j, "error");
        assert_string_equal(json_string_value(json_object_get(e, "class")), "NETWORK");
        assert_string_equal(json_string_value(json_object_get(e, "detail")), "x?");
        assert_int_equal(json_array_size(json_object_get(j, "checks")), 4);
        const json_t *c = json_array_get(json_object_get(j, "checks"), 1);
        assert_int_equal(json_object_size(c), 6);
        assert_string_equal(json_string_value(json_object_get(c, "status")), "fail");
        assert_string_equal(json_string_value(json_object_get(c, "hint")), "turn it off");
        const json_t *f = json_object_get(j, "policy_findings");
        assert_int_equal(json_array_size(f), 1);
        assert_string_equal(json_string_value(json_array_get(f, 0)), "TD_DEBUG");
    }
}

static void bytes_that_are_no_text_are_still_shown(void **state)
{
    (void)state;
    struct chain_result chain = {.say = CHAIN_DENIES, .reason = "\xff\xfe no"};
    struct chain_config config = {.chain_id = UINT64_MAX};
    struct report r = {.kind = VERDICT_QUERY,
                       .question = ASK_KMS,
                       .chain = &chain,
                       .chain_config = &config,
                       .now = 5};
    chain.block_time = 9;
    AUTO_JSON j = verdict_json(&r);
    const json_t *c = json_object_get(j, "contract");
    assert_string_equal(json_string_value(json_object_get(c, "reason")), "?? no");
    assert_string_equal(json_string_value(json_object_get(c, "question")), "isKmsAllowed");
    assert_true(json_is_false(json_object_get(c, "is_allowed")));
    assert_true(json_is_null(json_object_get(json_object_get(j, "chain"), "age")));
}

static void a_no_never_leaves_as_zero(void **state)
{
    (void)state;
    static const enum verdict_kind kinds[] = {VERDICT_LIVE, VERDICT_REPLAY, VERDICT_PREDICTION,
                                              VERDICT_QUERY};
    static const struct td_report td;
    static struct check pass = {.id = "a", .status = CHECK_PASS};
    static struct check fail = {.id = "b", .status = CHECK_FAIL, .code = BG_RULE_ACPI};
    static struct check odd = {.id = "c", .status = CHECK_FAIL};
    const struct verdict allow = {VERDICT_ALLOW, RC_OK, "allowed"};
    for (size_t k = 0; k < 4; k++) {
        bool replay = kinds[k] == VERDICT_REPLAY || kinds[k] == VERDICT_PREDICTION;
        struct report r = {.kind = kinds[k]};
        CASE("nothing happened", report_exit_status(&r) == 70 && !report_yes(&r), "kind %zu", k);
        r.td = &td;
        CASE("authenticated", report_exit_status(&r) == (replay ? 10 : 0), "kind %zu", k);
        r.checks = (struct checks){&pass, 1, 1};
        CASE("passed", report_exit_status(&r) == (replay ? 10 : 0), "kind %zu", k);
        r.checks = (struct checks){&fail, 1, 1};
        CASE("finding", report_exit_status(&r) == 1, "kind %zu", k);
        r.checks = (struct checks){&odd, 1, 1};
        CASE("finding without code", report_exit_status(&r) == 70, "kind %zu", k);
        r.checks = (struct checks){&pass, 1, 1};
        r.question = ASK_APP;
        CASE("asked, no verdict", report_exit_status(&r) == 70, "kind %zu", k);
        r.verdict = allow;
        CASE("allowed", report_exit_status(&r) == (replay ? 10 : 0), "kind %zu", k);
        r.checks = (struct checks){&fail, 1, 1};
        CASE("allowed against a finding",
             report_exit_status(&r) != 0 && !report_yes(&r) && report_exit_status(&r) != 10,
             "kind %zu", k);
        r.checks = (struct checks){&pass, 1, 1};
        r.verdict.decision = VERDICT_DENY;
        CASE("denied without code", report_exit_status(&r) == 70, "kind %zu", k);
        r.verdict = allow;
        err_set(&r.err, BG_FETCH_FAILED, "%s", "");
        CASE("an error stands", report_exit_status(&r) == 3 && !report_yes(&r), "kind %zu", k);
    }
}

static void every_code_has_its_texts(void **state)
{
    (void)state;
    const struct err_info *info;
    for (size_t i = 0; (info = err_info_at(i)); i++) {
        CASE(info->symbol, info->text[0] && info->hint[0] && info->kind[0], "texts missing");
        size_t n = strlen(info->text);
        CASE(info->symbol, info->text[n - 1] != '.', "full stop");
        CASE(info->symbol, err_exit_status(info->rc) != 0, "exit status 0");
        CASE(info->symbol, err_info_of((int)info->rc) == info, "number used twice");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_a_line_a_table_and_what_to_do),
        cmocka_unit_test(an_error_says_what_was_seen_and_what_to_do),
        cmocka_unit_test(long_hex_keeps_both_ends),
        cmocka_unit_test(slots_show_what_is_in_them),
        cmocka_unit_test(a_head_says_who_signed_for_it),
        cmocka_unit_test(what_others_wrote_cannot_steer_a_terminal),
        cmocka_unit_test(every_verdict_has_every_member),
        cmocka_unit_test(bytes_that_are_no_text_are_still_shown),
        cmocka_unit_test(a_no_never_leaves_as_zero),
        cmocka_unit_test(every_code_has_its_texts),
    };
    return HARNESS_RUN("render", tests);
}
