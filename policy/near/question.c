#include "policy/near/question.h"

#include "base/hex.h"

#define NS 1000000000ull

/* head_ok: near_client_step gives no other head; whoever makes one by other means is stopped. */
static enum rc head_ok(const struct near_config *cfg, const struct near_head *h, uint64_t now,
                       struct err *err)
{
    if (!h || h->producers.n == 0)
        return err_set(err, BG_NEAR_NO_HEAD, "%s", h ? "its producers are not known" : "none");
    uint64_t t = h->timestamp / NS, age = now > t ? now - t : 0;
    if (h->height < cfg->floor_height || (cfg->max_head_age && age > cfg->max_head_age) ||
        (t > now && t - now > NEAR_CLOCK_TOLERANCE))
        return err_set(err, BG_NEAR_HEAD_RULES, "height %llu, %llu s old",
                       (unsigned long long)h->height, (unsigned long long)age);
    return RC_OK;
}

/* accounts: the KMS contract's, and the app's: by the operator's rule, or as configured. */
static enum rc accounts(struct arena *a, struct near_question *q, struct err *err)
{
    q->kms = q->cfg->contract_id;
    if (!near_account_ok(q->kms))
        return err_set(err, BG_NEAR_CONTRACT_ID, "%zu characters", q->kms.n);
    q->app = q->cfg->app_account;
    if (q->question == ASK_APP && q->app.n == 0) {
        char *id =
            arena_printf(a, err, "%s.%.*s", q->boot.app_id, (int)q->kms.n, (const char *)q->kms.p);
        if (!id)
            return err->rc;
        q->app = bytes_of_str(id);
    }
    if (q->question == ASK_APP && !near_account_ok(q->app))
        return err_set(err, BG_NEAR_APP_ACCOUNT, "%zu characters, at most 64", q->app.n);
    return RC_OK;
}

enum rc near_question_open(struct arena *a, const struct near_config *cfg,
                           const struct near_head *head, enum chain_question question,
                           const struct boot_info *bi, uint64_t now, struct near_question *out,
                           struct err *err)
{
    struct near_question q = {.cfg = cfg, .question = question, .bi = bi};
    if (question != ASK_APP && question != ASK_KMS)
        return err_set(err, BG_NEAR_QUESTION, "question %d", (int)question);
    TRY(head_ok(cfg, head, now, err));
    near_boot_from(bi, &q.boot);
    TRY(accounts(a, &q, err));
    *out = q;
    return RC_OK;
}

void near_deny(struct near_result *r, enum rc code, const char *reason)
{
    r->chain.say = CHAIN_DENIES;
    r->chain.code = code;
    r->chain.reason = reason;
}

bool near_has_instance_id(const struct near_question *q, struct near_result *r)
{
    if (!q->bi->has_instance_id)
        near_deny(r, BG_NEAR_INSTANCE_ID, "instance_id is not an account id");
    return q->bi->has_instance_id;
}

enum rc near_question_checks(struct arena *a, const struct near_question *q,
                             const struct near_result *result, const char *source, uint64_t now,
                             struct checks *cs, struct err *err)
{
    const struct chain_result *r = &result->chain;
    bool yes = r->say == CHAIN_ALLOWS;
    const char *fn = q->question == ASK_KMS ? "is_kms_allowed" : "is_app_allowed";
    char *hash = hex_str(a, BYTES_OF_ARRAY(r->block_hash), err);
    char *age =
        hash ? arena_printf(a, err, "%llu s",
                            (unsigned long long)(now > r->block_time ? now - r->block_time : 0))
             : NULL;
    char *want = age ? arena_printf(a, err, "%s: true", fn) : NULL;
    char *have = want ? arena_printf(a, err, "%s: %s%s%s", fn, yes ? "true" : "false",
                                     r->reason[0] ? ", " : "", r->reason)
                      : NULL;
    if (!have)
        return err->rc;
    TRY(checks_add(a, cs,
                   (struct check){.id = "chain.header",
                                  .status = CHECK_PASS,
                                  .actual = hash,
                                  .source = "approvals of over two thirds of the stake, from the "
                                            "checkpoint"},
                   err));
    TRY(checks_add(a, cs,
                   (struct check){.id = "chain.age",
                                  .status = q->cfg->max_head_age ? CHECK_PASS : CHECK_NOT_RUN,
                                  .actual = age,
                                  .source = "chain.max_head_age"},
                   err));
    return checks_add(a, cs,
                      (struct check){.id = "chain.call",
                                     .status = yes ? CHECK_PASS : CHECK_FAIL,
                                     .code = r->code,
                                     .expected = want,
                                     .actual = have,
                                     .source = source,
                                     .hint = result->hint},
                      err);
}
