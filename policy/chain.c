#include "policy/chain.h"

#include "base/date.h"
#include "base/hex.h"
#include "base/limits.h"
#include "policy/abi.h"
#include "policy/chain_code.h"
#include "policy/chain_head.h"
#include "policy/chain_slots.h"
#include "policy/chain_state.h"

/* A header's time may be ahead of our clock by this much (DESIGN section 5). */
#define CLOCK_TOLERANCE 60u

/* One attempt: what every step of it needs. */
struct attempt {
    const struct chain_config *cfg;
    enum chain_question question;
    const struct boot_info *bi;
    const uint8_t *app; /* NULL: the question is not about one */
    const struct head_facts *head;
    struct slot_guesses guesses;
    struct chain_state st;
    struct chain_result r;
};

static enum rc config_ok(const struct chain_config *cfg, enum chain_question question,
                         struct err *err)
{
    if (cfg->source != CHAIN_PINNED && cfg->source != CHAIN_ETHEREUM)
        return err_set(err, BG_CHAIN_SOURCE, "source %d", (int)cfg->source);
    if (question != ASK_APP && question != ASK_KMS)
        return err_set(err, BG_CHAIN_QUESTION, "question %d", (int)question);
    if (cfg->kms_code.rule != CODE_ANY && cfg->kms_code.rule != CODE_HASHES)
        return err_set(err, BG_CHAIN_KMS_RULE, "rule %d", (int)cfg->kms_code.rule);
    if (cfg->app_code.rule != CODE_ANY && cfg->app_code.rule != CODE_HASHES &&
        cfg->app_code.rule != CODE_IMPLEMENTATION)
        return err_set(err, BG_CHAIN_APP_RULE, "rule %d", (int)cfg->app_code.rule);
    return RC_OK;
}

static enum rc time_ok(const struct chain_config *cfg, const struct eth_header *h, uint64_t now,
                       struct err *err)
{
    if (h->timestamp > now && h->timestamp - now > CLOCK_TOLERANCE)
        return err_set(err, BG_CHAIN_HEADER_FUTURE, "block time %s, our clock %s",
                       date_of(h->timestamp).s, date_of(now).s);
    if (cfg->max_head_age && now > h->timestamp && now - h->timestamp > cfg->max_head_age)
        return err_set(err, BG_CHAIN_HEAD_AGE, "%llu s old, at most %llu",
                       (unsigned long long)(now - h->timestamp),
                       (unsigned long long)cfg->max_head_age);
    return RC_OK;
}

/* denied records a no: authentic, and final for this block. */
static enum rc denied(struct attempt *t, enum rc code, const char *reason)
{
    if (!reason)
        return t->st.err->rc;
    t->r.say = CHAIN_DENIES;
    t->r.code = code;
    t->r.reason = reason;
    return RC_OK;
}

/* judge turns the outcome of the call into the contract's word; only a decoded true is a yes. */
static enum rc judge(struct attempt *t, const struct evm_result *e)
{
    struct arena *a = t->st.a;
    struct err *err = t->st.err, why = {0};
    struct bytes words;
    bool yes;
    t->r.gas_used = e->gas_used;
    t->r.output = e->output;
    switch (e->outcome) {
    case EVM_RETURNED:
        if (abi_decode_decision(e->output, &yes, &words, &why) != RC_OK)
            return denied(t, BG_CHAIN_ANSWER_FORMAT,
                          arena_printf(a, err, "the answer is not a canonical (bool, string): %s",
                                       why.detail));
        t->r.reason = abi_printable(a, words, err);
        if (!t->r.reason)
            return err->rc;
        if (!yes)
            return denied(t, BG_CHAIN_DENIED, t->r.reason);
        t->r.say = CHAIN_ALLOWS;
        return RC_OK;
    case EVM_REVERTED:
        t->r.reverted = true;
        return denied(t, BG_CHAIN_REVERTED, abi_revert_reason(a, e->output, err));
    case EVM_FAULTED:
        return denied(t, BG_CHAIN_FAULTED,
                      arena_printf(a, err, "%s", e->what ? e->what : "the call failed"));
    case EVM_UNSUPPORTED:
        return err_set(err, BG_CHAIN_UNSUPPORTED, "%s", e->what ? e->what : "");
    case EVM_MISSED:
    case EVM_NONE:
        break;
    }
    return err_set(err, BG_CHAIN_NO_OUTCOME, "outcome %d", (int)e->outcome);
}

/* ask puts the question. *out_missed: state is missing, needs say what. */
static enum rc ask(struct attempt *t, bool *out_missed)
{
    struct chain_state *st = &t->st;
    const uint8_t *kms = t->cfg->kms_contract;
    struct bytes code, input;
    *out_missed = true;
    st->miss = MISS_HARD;
    if (!chain_state_code(st, kms, &code))
        return st->err->rc;
    *out_missed = false;
    if (code.n == 0) {
        char *who = hex_str(st->a, bytes_of(kms, 20), st->err);
        return denied(t, BG_CHAIN_NO_CONTRACT,
                      who ? arena_printf(st->a, st->err, "there is no contract at 0x%s", who)
                          : NULL);
    }
    TRY(abi_encode_boot_info(st->a,
                             t->question == ASK_KMS ? ABI_IS_KMS_ALLOWED : ABI_IS_APP_ALLOWED,
                             t->bi, &input, st->err));
    struct evm_result e;
    st->record = true;
    TRY(chain_state_call(st, kms, input, &e));
    st->record = false;
    if (e.outcome == EVM_MISSED) {
        *out_missed = true;
        return RC_OK;
    }
    return judge(t, &e);
}

/* get calls a getter of the KMS; *out_ok false: no usable answer (yet). */
static enum rc get(struct attempt *t, uint32_t selector, struct bytes *out, bool *out_ok)
{
    struct bytes input;
    struct evm_result e;
    TRY(abi_encode_getter(t->st.a, selector, &input, t->st.err));
    TRY(chain_state_call(&t->st, t->cfg->kms_contract, input, &e));
    *out_ok = e.outcome == EVM_RETURNED;
    *out = e.output;
    return RC_OK;
}

static enum rc get_app_implementation(struct attempt *t)
{
    struct err ignored = {0};
    struct bytes out;
    bool ok;
    TRY(get(t, ABI_APP_IMPLEMENTATION, &out, &ok));
    t->r.has_app_implementation =
        ok && abi_decode_address(out, t->r.app_implementation, &ignored) == RC_OK;
    return RC_OK;
}

static enum rc get_wishes(struct attempt *t)
{
    struct err ignored = {0};
    struct bytes out, text, info[4];
    bool ok;
    TRY(get(t, ABI_GATEWAY_APP_ID, &out, &ok));
    if (ok && abi_decode_string(out, &text, &ignored) == RC_OK) {
        t->r.gateway_app_id = abi_printable(t->st.a, text, t->st.err);
        if (!t->r.gateway_app_id)
            return t->st.err->rc;
        t->r.has_gateway_app_id = true;
    }
    if (!chain_slots_kms_info(&t->st, t->cfg->kms_contract))
        return t->st.err->rc;
    TRY(get(t, ABI_KMS_INFO, &out, &ok));
    err_clear(&ignored);
    if (ok && abi_decode_kms_info(out, info, &ignored) == RC_OK) {
        t->r.k256_pubkey = info[0];
        t->r.has_kms_info = true;
    }
    return RC_OK;
}

/*
 * further reads: what the configuration pins is needed when the contract says yes, the rest is
 * wished, and for nothing but what is at hand when even that is unwanted.
 */
static enum rc further(struct attempt *t)
{
    const struct chain_config *cfg = t->cfg;
    bool yes = t->r.say == CHAIN_ALLOWS;
    bool app_pinned = yes && t->app && cfg->app_code.rule != CODE_ANY;
    bool named = app_pinned && cfg->app_code.rule == CODE_IMPLEMENTATION;
    /* The rules about the app need to know which code is the KMS's own. */
    bool kms_pinned = app_pinned || (yes && cfg->kms_code.rule != CODE_ANY);
    enum chain_miss extra = cfg->skip_wishes ? MISS_QUIET : MISS_WISHED;
    chain_code_look(&t->st, cfg->kms_contract, kms_pinned ? MISS_HARD : extra, t->app,
                    app_pinned ? MISS_HARD : extra, &t->r);
    if (t->st.err->rc != RC_OK)
        return t->st.err->rc;
    t->st.miss = named ? MISS_HARD : extra;
    if (named || !cfg->skip_wishes)
        TRY(get_app_implementation(t));
    t->st.miss = extra;
    return cfg->skip_wishes ? RC_OK : get_wishes(t);
}

static enum rc list_slots(struct attempt *t)
{
    struct chain_state *st = &t->st;
    struct slot_read *v = ARENA_ARRAY(st->a, struct slot_read, st->num_slots, st->err);
    if (!v)
        return st->err->rc;
    for (size_t i = 0; i < st->num_accounts; i++) {
        const struct proven_account *p = &st->accounts[i];
        for (size_t k = 0; k < p->num_slots; k++) {
            const struct proven_slot *s = &p->slots[k];
            if (!s->listed)
                continue;
            struct slot_read *o = &v[t->r.num_slots++];
            memcpy(o->address, p->address, 20);
            memcpy(o->slot, s->slot, 32);
            memcpy(o->value, s->value, 32);
            o->label = chain_slots_label(&t->guesses, p->address, s->slot);
            o->zero_leaf = s->zero_leaf;
        }
    }
    t->r.slots = v;
    return RC_OK;
}

static enum rc call_check(struct attempt *t, struct checks *cs)
{
    struct arena *a = t->st.a;
    const char *fn = t->question == ASK_KMS ? "isKmsAllowed" : "isAppAllowed";
    bool yes = t->r.say == CHAIN_ALLOWS;
    char *expected = arena_printf(a, t->st.err, "%s: true", fn);
    const char *actual = !expected ? NULL
                         : yes     ? expected
                                   : arena_printf(a, t->st.err, "%s: %s%s%s", fn,
                                              t->r.code == BG_CHAIN_DENIED ? "false" : "no answer",
                                              t->r.reason[0] ? ", " : "", t->r.reason);
    if (!actual)
        return t->st.err->rc;
    return checks_add(a, cs,
                      (struct check){.id = "chain.call",
                                     .status = yes ? CHECK_PASS : CHECK_FAIL,
                                     .code = t->r.code,
                                     .expected = expected,
                                     .actual = actual,
                                     .source = "the contract, run on proven state"},
                      t->st.err);
}

/* describe fills in what a result says about its block. */
static void describe(struct attempt *t)
{
    const struct eth_header *h = &t->head->header;
    t->r.block_number = h->number;
    t->r.block_time = h->timestamp;
    memcpy(t->r.block_hash, h->hash, 32);
    memcpy(t->r.state_root, h->state_root, 32);
    t->r.fork = t->st.block.fork;
    t->r.assurance = t->head->assurance;
    t->r.head = t->head;
}

/* prefetch asks at once for what a usual decision reads, so that it takes few round trips. */
static enum rc prefetch(struct attempt *t)
{
    bool implementation = t->app && t->cfg->app_code.rule == CODE_IMPLEMENTATION;
    t->st.record = false;
    chain_slots_prefetch(&t->st, &t->guesses, t->cfg->kms_contract, t->app,
                         implementation || !t->cfg->skip_wishes);
    return t->st.err->rc;
}

/* attempt_run: *out_stands false: hard needs are left. */
static enum rc attempt_run(struct attempt *t, bool *out_stands)
{
    bool missed;
    *out_stands = false;
    chain_slots_guess(t->question, t->bi, t->cfg->kms_contract, &t->guesses);
    TRY(ask(t, &missed));
    if (missed)
        return prefetch(t);
    if (t->r.code != BG_CHAIN_NO_CONTRACT)
        TRY(further(t));
    if (needs_hard(t->st.needs) > 0)
        return prefetch(t);
    *out_stands = true;
    return RC_OK;
}

enum rc chain_ask(struct arena *a, const struct chain_config *cfg, const struct chain_head *head,
                  enum chain_question question, const struct boot_info *bi,
                  const struct answers *answers, uint64_t now, struct needs *out_needs,
                  struct checks *checks, struct chain_result *out, struct err *out_last_bad,
                  struct err *err)
{
    /* Attempts are repeated; what a flood of answers decodes to must not add up over them. */
    AUTO_ARENA scratch = arena_new(LIMIT_ARENA);
    if (!scratch)
        return err_set(err, BG_CHAIN_SCRATCH, "%u bytes", LIMIT_ARENA);
    struct attempt t = {
        .cfg = cfg, .question = question, .bi = bi, .app = question == ASK_APP ? bi->app_id : NULL};
    struct needs needs = {0};
    bool stands;
    enum eth_fork fork;
    err_clear(out_last_bad);
    TRY(config_ok(cfg, question, err));
    TRY(chain_head_ok(cfg, head, err));
    t.head = head_facts_of(head);
    TRY(time_ok(cfg, &t.head->header, now, err));
    TRY(chain_head_fork(cfg, t.head, &fork, err));
    TRY(chain_state_init(&t.st, a, answers, &t.head->header, fork, cfg->chain_id, &needs,
                         out_last_bad, err));
    t.st.scratch = scratch;
    TRY(attempt_run(&t, &stands));
    describe(&t);
    if (!stands) {
        t.r.say = CHAIN_UNDECIDED;
        *out_needs = needs;
        *out = t.r;
        return RC_OK;
    }
    TRY(list_slots(&t));
    TRY(chain_head_checks(a, cfg, t.head, now, checks, err));
    TRY(call_check(&t, checks));
    if (t.r.code != BG_CHAIN_NO_CONTRACT)
        TRY(chain_code_checks(&t.st, cfg, t.app, &t.r, checks, err));
    *out_needs = needs;
    *out = t.r;
    return RC_OK;
}
