#include "policy/near/ask.h"

#include "base/limits.h"
#include "policy/abi.h"
#include "policy/near/question.h"
#include "policy/near/state.h"

#define NS     1000000000ull
#define SOURCE "the contracts' proven state, by near-kms' rules"

struct attempt {
    struct near_question q;
    struct near_state st;
    struct near_account kms, app;
    struct near_kms_state kms_state;
    struct near_app_state app_state;
    struct near_result *r;
};

static void note_read(struct attempt *t, struct bytes account, const char *label,
                      struct bytes member, bool present)
{
    struct near_result *r = t->r;
    if (r->num_reads < sizeof r->reads / sizeof *r->reads)
        r->reads[r->num_reads++] = (struct near_read){account, label, member, present};
}

/* state_of: a contract's STATE; false: it is a need now. One that is absent is a need, too: that
 * can't be told from another shard's absence. */
static bool state_of(struct attempt *t, struct near_account *account, const char *label,
                     struct bytes *out)
{
    if (near_state_get(&t->st, account, bytes_of_str("STATE"), true, out) != NEAR_PRESENT)
        return false;
    note_read(t, account->id, label, BYTES_NONE, true);
    return true;
}

/* in_set: the value is a member; its index entry is a position, 4 bytes. */
static enum near_found in_set(struct attempt *t, struct near_account *account, uint8_t prefix,
                              const char *label, struct bytes member, bool hard)
{
    struct bytes value;
    uint8_t *key = arena_alloc(t->st.a, 32, t->st.err);
    if (!key)
        return NEAR_UNKNOWN;
    near_set_key(prefix, member, key);
    enum near_found found = near_state_get(&t->st, account, bytes_of(key, 32), hard, &value);
    if (found == NEAR_PRESENT && value.n != 4) {
        (void)err_set(t->st.err, BG_NEAR_SET_VALUE, "%s: %zu bytes", label, value.n);
        return NEAR_UNKNOWN;
    }
    if (found != NEAR_UNKNOWN && hard)
        note_read(t, account->id, label, member, found == NEAR_PRESENT);
    return found;
}

/* with_prefix: the spelling that people add to the contract by mistake; it never matches there. */
static struct bytes with_prefix(struct attempt *t, struct bytes hex)
{
    char *text = arena_printf(t->st.a, t->st.err, "0x%.*s", (int)hex.n, (const char *)hex.p);
    return text ? bytes_of_str(text) : BYTES_NONE;
}

static void deny_as_contract(struct attempt *t, const char *reason)
{
    near_deny(t->r, BG_NEAR_DENIED, reason);
}

/*
 * must be a member: true when it is. Not: the contract's own reason, and a hint when only the "0x"
 * spelling is on chain.
 */
static bool must(struct attempt *t, struct near_account *account, uint8_t prefix, const char *label,
                 const char *hex, const char *reason)
{
    struct bytes member = BYTES_NONE; /* the result outlives the attempt that `hex` is of */
    if (arena_keep(t->st.a, bytes_of_str(hex), &member, t->st.err) != RC_OK)
        return false;
    enum near_found found = in_set(t, account, prefix, label, member, true);
    if (found == NEAR_PRESENT)
        return true;
    if (found == NEAR_UNKNOWN)
        return false;
    deny_as_contract(t, reason);
    if (in_set(t, account, prefix, label, with_prefix(t, member), false) == NEAR_PRESENT)
        t->r->hint = "the contract has this value with 0x before it, which never matches what the "
                     "KMS sends: add it again without 0x";
    return false;
}

static bool up_to_date(struct attempt *t)
{
    if (bytes_eq_str(t->q.boot.tcb_status, "UpToDate"))
        return true;
    deny_as_contract(t, "TCB status is not up to date");
    return false;
}

/* K view.rs is_kms_allowed, in its order. */
static void evaluate_kms(struct attempt *t)
{
    const struct near_boot *b = &t->q.boot;
    if (near_has_instance_id(&t->q, t->r) && up_to_date(t) &&
        must(t, &t->kms, NEAR_KMS_OS_IMAGES, "allowed_os_images", b->os_image_hash,
             "OS image is not allowed") &&
        must(t, &t->kms, NEAR_KMS_MRS, "kms_allowed_aggregated_mrs", b->mr_aggregated,
             "Aggregated MR not allowed") &&
        must(t, &t->kms, NEAR_KMS_DEVICES, "kms_allowed_device_ids", b->device_id,
             "KMS is not allowed to boot on this device"))
        t->r->chain.say = CHAIN_ALLOWS;
}

/* auth-near: registered, OS image; then the app contract's is_app_allowed: compose, device. */
static enum rc evaluate_app(struct attempt *t)
{
    const struct near_boot *b = &t->q.boot;
    struct bytes state;
    enum near_found registered =
        in_set(t, &t->kms, NEAR_KMS_APPS, "registered_apps", t->app.id, true);
    if (registered == NEAR_ABSENT)
        deny_as_contract(t, "App not registered");
    if (registered != NEAR_PRESENT || !must(t, &t->kms, NEAR_KMS_OS_IMAGES, "allowed_os_images",
                                            b->os_image_hash, "OS image is not allowed"))
        return RC_OK;
    if (!state_of(t, &t->app, "app contract", &state))
        return RC_OK;
    TRY(near_app_state_read(state, &t->app_state, t->st.err));
    if (t->app_state.has_kms_contract && !bytes_eq(t->app_state.kms_contract, t->kms.id)) {
        near_deny(t->r, BG_NEAR_APP_KMS, "the app contract names another KMS contract");
        return RC_OK;
    }
    if (!near_has_instance_id(&t->q, t->r))
        return RC_OK;
    if (!must(t, &t->app, NEAR_APP_COMPOSE_HASHES, "allowed_compose_hashes", b->compose_hash,
              "Compose hash not allowed"))
        return RC_OK;
    if (!t->app_state.allow_any_device && !must(t, &t->app, NEAR_APP_DEVICES, "allowed_device_ids",
                                                b->device_id, "Device not allowed"))
        return RC_OK;
    t->r->chain.say = CHAIN_ALLOWS;
    return RC_OK;
}

/* prefetch notes all that a usual decision reads, so that it takes one round trip. */
static void prefetch(struct attempt *t)
{
    const struct near_boot *b = &t->q.boot;
    bool kms = t->q.question == ASK_KMS;
    struct near_result spare = *t->r;
    struct bytes state;
    (void)state_of(t, &t->kms, "", &state);
    (void)in_set(t, &t->kms, NEAR_KMS_OS_IMAGES, "", bytes_of_str(b->os_image_hash), true);
    if (kms) {
        (void)in_set(t, &t->kms, NEAR_KMS_MRS, "", bytes_of_str(b->mr_aggregated), true);
        (void)in_set(t, &t->kms, NEAR_KMS_DEVICES, "", bytes_of_str(b->device_id), true);
    } else {
        (void)state_of(t, &t->app, "", &state);
        (void)in_set(t, &t->kms, NEAR_KMS_APPS, "", t->app.id, true);
        (void)in_set(t, &t->app, NEAR_APP_COMPOSE_HASHES, "", bytes_of_str(b->compose_hash), true);
        (void)in_set(t, &t->app, NEAR_APP_DEVICES, "", bytes_of_str(b->device_id), true);
    }
    *t->r = spare;
}

/* kms_contract: what it says of itself. *out_ok false: its STATE is a need now. */
static enum rc kms_contract(struct attempt *t, bool *out_ok)
{
    const struct near_kms_state *k = &t->kms_state;
    struct bytes state;
    *out_ok = state_of(t, &t->kms, "KMS contract", &state);
    if (!*out_ok)
        return t->st.err->rc;
    TRY(near_kms_state_read(state, &t->kms_state, t->st.err));
    if (k->has_gateway_app_id) {
        t->r->chain.gateway_app_id = abi_printable(t->st.a, k->gateway_app_id, t->st.err);
        t->r->chain.has_gateway_app_id = t->r->chain.gateway_app_id != NULL;
    }
    if (k->has_info) {
        t->r->chain.has_kms_info = true;
        t->r->chain.k256_pubkey = k->k256_pubkey;
    }
    return t->st.err->rc;
}

static void describe(struct attempt *t)
{
    struct chain_result *r = &t->r->chain;
    const struct near_head *h = t->st.head;
    r->block_number = h->height;
    r->block_time = h->timestamp / NS;
    memcpy(r->block_hash, h->block_hash, 32);
    memcpy(r->state_root, h->prev_state_root, 32);
    r->assurance = "finalized-data";
    if (r->say == CHAIN_ALLOWS)
        r->reason = "";
}

enum rc near_ask(struct arena *a, const struct near_config *cfg, const struct near_head *head,
                 enum chain_question question, const struct boot_info *bi,
                 const struct answers *answers, uint64_t now, struct needs *out_needs,
                 struct checks *checks, struct near_result *out, struct err *out_last_bad,
                 struct err *err)
{
    struct near_result result = {0};
    struct attempt t = {.r = &result};
    bool ok;
    *out_needs = (struct needs){0};
    *out = result;
    err_clear(out_last_bad);
    TRY(near_question_open(a, cfg, head, question, bi, now, &t.q, err));
    t.kms.id = t.q.kms;
    t.app.id = t.q.app;
    result.app_account = t.q.app;
    t.st = (struct near_state){.a = a,
                               .answers = answers,
                               .head = head,
                               .needs = out_needs,
                               .last_bad = out_last_bad,
                               .err = err};
    TRY(near_state_open(&t.st, &ok));
    if (ok)
        TRY(kms_contract(&t, &ok));
    if (ok && question == ASK_KMS)
        evaluate_kms(&t);
    else if (ok)
        TRY(evaluate_app(&t));
    if (err->rc != RC_OK)
        return err->rc;
    if (result.chain.say == CHAIN_UNDECIDED)
        prefetch(&t);
    if (err->rc != RC_OK)
        return err->rc;
    describe(&t);
    if (result.chain.say != CHAIN_UNDECIDED)
        TRY(near_question_checks(a, &t.q, &result, SOURCE, now, checks, err));
    *out = result;
    return RC_OK;
}
