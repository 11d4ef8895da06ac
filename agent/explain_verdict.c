/* explain_verdict: the verdict about the evidence, made again offline, or as it was given; and what
 * of the contract's storage would have to be otherwise for a yes. */
#include <stdlib.h>

#include "agent/clock.h"
#include "agent/early.h"
#include "agent/explain.h"
#include "base/hex.h"

enum rc explain_replay(struct explain *e, struct session *s, struct err *err)
{
    struct cli cli = *e->cli;
    bool config = cli.config != NULL;
    e->now = cli.given & OPT_AT ? cli.at : clock_now();
    /* Standard input was read once, and a log or a measurement is not to be judged. */
    if (e->verdict || strcmp(e->file, "-") == 0 || !e->has_actual ||
        (e->actual.kind != DIFF_EVIDENCE && e->actual.kind != DIFF_QUOTE))
        return RC_OK;
    cli.given |= OPT_OFFLINE;
    if (session_open(s, e->a, &cli, config ? GATE_CHECK : GATE_VERIFY, VERDICT_REPLAY, false) !=
        RC_OK) {
        *err = s->report.err;
        return err->rc;
    }
    e->has_collateral = s->bundle.has_collateral;
    e->collateral = s->bundle.collateral;
    if (!e->has_collateral && !config)
        return RC_OK;
    struct quote *q = ARENA_NEW(e->a, struct quote, err);
    struct err ignored = {0};
    if (!q)
        return err->rc;
    (void)!session_ask(s); /* a failure stands in the report, and that is what is shown */
    e->verdict = verdict_json(&s->report);
    bool parsed = quote_parse(s->bundle.evidence.quote, q, &ignored) == RC_OK;
    e->pck_chain = parsed ? q->pck_chain_pem : BYTES_NONE;
    e->has_gap = parsed && e->has_collateral &&
                 tcb_gap_find(e->a, q, &e->collateral, &e->gap, &ignored) == RC_OK;
    e->has_early = e->has_gap && s->bundle.has_early &&
                   tcb_gap_find(e->a, q, &s->bundle.early, &e->early, &ignored) == RC_OK;
    uint32_t next = e->early.info.evaluation_number;
    e->has_switch = e->has_early && next > e->gap.info.evaluation_number &&
                    early_switch(e->a, &s->bundle, s->input.root, e->now, next, &e->when, &ignored);
    return RC_OK;
}

int explain_verdict_status(const struct explain *e)
{
    const char *code = json_string_value(json_object_get(e->verdict, "code"));
    char *end = NULL;
    if (!code || strncmp(code, "BG-", 3) != 0)
        return 0;
    long n = strtol(code + 3, &end, 10);
    const struct err_info *info = *end || n <= 0 || n > 9999 ? NULL : err_info_of((int)n);
    return info ? err_exit_status(info->rc) : 70;
}

/* A slot that is zero where the contract wants one, and the call that sets it. Order
 * and names: dstack kms/auth-eth contracts and tasks (docs/onchain-governance). */
static const struct {
    const char *slot, *member; /* of boot_info: what is missing */
    bool app;                  /* the app's contract; else the KMS's */
    const char *function;
    const char *task; /* hardhat's, NULL: there is none */
    const char *why;
} denials[] = {
    {"registeredApps[appId]", "appId", false, "registerApp(address)", "kms:create-app",
     "the app is not registered with the KMS contract"},
    {"allowedOsImages[osImageHash]", "osImageHash", false, "addOsImageHash(bytes32)",
     "kms:add-image", "the OS image is not allowed by the KMS contract"},
    {"kmsAllowedAggregatedMrs[mrAggregated]", "mrAggregated", false, "addKmsAggregatedMr(bytes32)",
     NULL, "these measurements are not allowed for a KMS"},
    {"kmsAllowedDeviceIds[deviceId]", "deviceId", false, "addKmsDevice(bytes32)", NULL,
     "this machine is not allowed for a KMS"},
    {"allowedComposeHashes[composeHash]", "composeHash", true, "addComposeHash(bytes32)",
     "app:add-hash", "this app-compose.json is not allowed by the app's contract"},
    {"allowedDeviceIds[deviceId]", "deviceId", true, "addDevice(bytes32)", NULL,
     "this machine is not allowed by the app's contract, and not every one is"},
};
#define NUM_DENIALS (sizeof denials / sizeof *denials)

static const json_t *slot_of(const json_t *slots, const char *label)
{
    size_t i;
    json_t *s;
    json_array_foreach((json_t *)slots, i, s)
    {
        const char *have = json_string_value(json_object_get(s, "label"));
        if (have && strcmp(have, label) == 0)
            return s;
    }
    return NULL;
}

/* word_of: a slot's value. False: it was not read. */
static bool word_of(const json_t *slots, const char *label, uint8_t out[static 32])
{
    const json_t *s = slot_of(slots, label);
    return s && json_hex(s, "value", false, out, 32);
}

static bool is_hex(const char *s)
{
    return s && *s && strspn(s, "0123456789abcdef") == strlen(s);
}

enum rc explain_fix_add(struct explain *e, struct explain_fix f, struct err *err)
{
    if (!f.why || err->rc != RC_OK)
        return err->rc;
    if (e->num_fixes < EXPLAIN_FIXES)
        e->fixes[e->num_fixes++] = f;
    return RC_OK;
}

#define CAST_ENDS "--rpc-url \"$ETH_RPC_URL\" --private-key \"$PRIVATE_KEY\""

static enum rc add_denial(struct explain *e, size_t i, const char *value, const json_t *slot,
                          const char *kms, const char *app, struct err *err)
{
    const char *to = denials[i].app ? app : kms;
    const char *have = json_string_value(json_object_get(slot, "value"));
    struct explain_fix f = {.slot = denials[i].slot,
                            .value = have,
                            .why = denials[i].why,
                            .function = denials[i].function};
    if (!is_hex(value) || !is_hex(to))
        return RC_OK;
    f.commands[0] = arena_printf(e->a, err, "cast send 0x%s \"%s\" 0x%s " CAST_ENDS, to,
                                 denials[i].function, value);
    if (denials[i].task && strcmp(denials[i].task, "kms:create-app") == 0)
        f.commands[1] = arena_printf(e->a, err,
                                     "npx hardhat %s --network \"$NETWORK\" "
                                     "--allow-any-device  # or: a new app, with an id of its own",
                                     denials[i].task);
    else if (denials[i].task && denials[i].app)
        f.commands[1] = arena_printf(e->a, err,
                                     "npx hardhat %s --network \"$NETWORK\" --app-id "
                                     "0x%s 0x%s",
                                     denials[i].task, app, value);
    else if (denials[i].task)
        f.commands[1] = arena_printf(e->a, err,
                                     "KMS_CONTRACT_ADDRESS=0x%s npx hardhat %s --network "
                                     "\"$NETWORK\" 0x%s",
                                     kms, denials[i].task, value);
    return explain_fix_add(e, f, err);
}

static enum rc tcb_required(struct explain *e, const json_t *boot_info, const json_t *slots,
                            bool kms, const char *app, struct err *err)
{
    uint8_t word[32] = {0};
    const char *status = json_string_value(json_object_get(boot_info, "tcbStatus"));
    bool required = kms || (word_of(slots, "requireTcbUpToDate", word) && word[31] != 0);
    if (!required || !status || strcmp(status, "UpToDate") == 0)
        return RC_OK;
    struct explain_fix f = {
        .slot = kms ? NULL : "requireTcbUpToDate",
        .value =
            kms ? NULL
                : json_string_value(json_object_get(slot_of(slots, "requireTcbUpToDate"), "value")),
        .why = arena_printf(e->a, err,
                            "the contract wants a platform that is UpToDate, this one is "
                            "%s: see what is short below",
                            status)};
    if (!kms && is_hex(app)) {
        f.function = "setRequireTcbUpToDate(bool)";
        f.commands[0] = arena_printf(e->a, err,
                                     "cast send 0x%s \"setRequireTcbUpToDate(bool)\" "
                                     "false " CAST_ENDS "  # gives up the rule for every machine",
                                     app);
    }
    return explain_fix_add(e, f, err);
}

enum rc explain_fixes(struct explain *e, struct err *err)
{
    const json_t *contract = json_object_get(e->verdict, "contract");
    const json_t *boot_info = json_object_get(e->verdict, "boot_info");
    const json_t *slots = json_object_get(contract, "slots");
    const json_t *chain = json_object_get(e->verdict, "chain");
    const char *kms = json_string_value(json_object_get(chain, "kms_contract"));
    const char *app = json_string_value(json_object_get(boot_info, "appId"));
    const char *question = json_string_value(json_object_get(contract, "question"));
    uint8_t word[32] = {0}, flags[32] = {0};
    if (!json_is_object(contract) || json_is_true(json_object_get(contract, "is_allowed")))
        return RC_OK;
    if (json_is_array(json_object_get(contract, "fix")))
        return explain_near_fixes(e, contract, err);
    bool as_kms = question && strcmp(question, "isKmsAllowed") == 0;
    /* Two bool variables in one slot, the second above the first: byte 30 is allowAnyDevice. */
    bool any_device = word_of(slots, "upgradesDisabled, allowAnyDevice", flags) && flags[30] != 0;
    if (as_kms)
        TRY(tcb_required(e, boot_info, slots, true, app, err));
    for (size_t i = 0; i < NUM_DENIALS; i++) {
        if (i == 4 && !as_kms)
            TRY(tcb_required(e, boot_info, slots, false, app, err));
        if (!word_of(slots, denials[i].slot, word) || !mem_is_zero(word, 32) ||
            (any_device && strcmp(denials[i].slot, "allowedDeviceIds[deviceId]") == 0))
            continue;
        TRY(add_denial(e, i, json_string_value(json_object_get(boot_info, denials[i].member)),
                       slot_of(slots, denials[i].slot), kms, app, err));
    }
    return RC_OK;
}
