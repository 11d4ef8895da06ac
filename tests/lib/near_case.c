#include "tests/lib/near_case.h"

#include "policy/near/base58.h"

static bool hash(const json_t *j, const char *key, uint8_t out[static 32])
{
    struct bytes text;
    return json_str(j, key, &text) && base58_read(text, out, 32);
}

static uint64_t number(const json_t *j, const char *key)
{
    uint64_t v = 0;
    return json_u64(j, key, INT64_MAX, &v) ? v : 0;
}

static bool read_checkpoint(const json_t *j, struct near_checkpoint *out)
{
    struct bytes time;
    u128 ns;
    if (!hash(j, "hash", out->block_hash) || !hash(j, "epoch_id", out->epoch_id) ||
        !hash(j, "next_epoch_id", out->next_epoch_id) || !hash(j, "bp_hash", out->bp_hash) ||
        !hash(j, "next_bp_hash", out->next_bp_hash) ||
        !json_u64(j, "height", INT64_MAX, &out->height) || !json_str(j, "timestamp", &time) ||
        !u128_read(time, &ns))
        return false;
    out->timestamp = (uint64_t)ns;
    return true;
}

bool near_case_read(struct arena *a, const json_t *j, struct near_case *out)
{
    const json_t *cfg = json_object_get(j, "config");
    struct near_config *c = &out->cfg;
    struct bytes question;
    struct err err = {0};
    *out = (struct near_case){.now = number(j, "now"),
                              .refresh = json_is_true(json_object_get(j, "refresh"))};
    if (!read_checkpoint(json_object_get(cfg, "checkpoint"), &c->checkpoint) ||
        !json_str(cfg, "contract_id", &c->contract_id) || !json_str(j, "question", &question))
        return false;
    c->checkpoint_max_age = number(cfg, "checkpoint_max_age");
    c->max_head_age = number(cfg, "max_head_age");
    c->floor_height = number(cfg, "floor_height");
    if (!json_str(cfg, "app_account", &c->app_account))
        c->app_account = BYTES_NONE;
    out->question = bytes_eq_str(question, "app")   ? ASK_APP
                    : bytes_eq_str(question, "kms") ? ASK_KMS
                                                    : ASK_NONE;
    if (boot_info_read(a, json_object_get(j, "boot_info"), &out->bi, &err) != RC_OK)
        return false;
    if (answers_read(a, json_object_get(j, "rpc"), &out->answers, &err) != RC_OK)
        return false;
    struct bytes word;
    out->by_call = json_str(j, "nonce", &word);
    out->recorded = out->by_call && bytes_eq_str(word, "recorded");
    return !out->by_call || out->recorded || json_hex(j, "nonce", false, out->nonce, NEAR_NONCE);
}

static enum rc ask(struct arena *a, const struct near_case *c, const struct near_head *head,
                   struct near_came *out, struct needs *needs, struct err *bad)
{
    uint8_t nonce[NEAR_NONCE];
    memcpy(nonce, c->nonce, sizeof nonce);
    if (!c->by_call)
        return near_ask(a, &c->cfg, head, c->question, &c->bi, &c->answers, c->now, needs,
                        &out->checks, &out->result, bad, &out->err);
    if (c->recorded && !near_recorded_nonce(a, &c->answers, nonce))
        return RC_OK; /* nothing is recorded: undecided */
    return near_ask_call(a, &c->cfg, head, c->question, &c->bi, nonce, &c->answers, c->now, needs,
                         &out->checks, &out->result, bad, &out->err);
}

void near_case_run(struct arena *a, const struct near_case *c, struct near_came *out)
{
    struct near_client *client = NULL;
    const struct near_head *head = NULL;
    *out = (struct near_came){0};
    out->rc = near_client_new(a, &c->cfg, c->now, &client, &out->err);
    if (out->rc == RC_OK)
        out->rc = near_client_step(client, &c->answers, c->refresh, &out->needs, &head,
                                   &out->last_bad, &out->err);
    if (out->rc != RC_OK || !head)
        return;
    out->has_head = true;
    out->head = *head;
    struct needs more = {0};
    struct err bad = {0};
    out->rc = ask(a, c, head, out, &more, &bad);
    for (size_t i = 0; i < more.n && out->rc == RC_OK; i++)
        out->rc = needs_take(a, &out->needs, &more.v[i], &out->err);
    if (bad.rc != RC_OK)
        out->last_bad = bad;
}
