#include "policy/near/ask_call.h"

#include "base/base64.h"
#include "base/hex.h"
#include "base/limits.h"
#include "policy/abi.h"
#include "policy/near/call.h"
#include "policy/near/question.h"

#define NS     1000000000ull
#define SOURCE "the contracts' own code, run with this run's nonce; proven outcomes"

struct attempt {
    struct near_question q;
    struct near_calls calls;
    struct near_result *r;
    char nonce[2 * NEAR_NONCE + 1];
};

/* --- what is called --- */

/* plain: goes into JSON text as it is. */
static bool plain(struct bytes s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7e || s.p[i] == '"' || s.p[i] == '\\')
            return false;
    return true;
}

/* advisories: ["INTEL-SA-00001",..] */
static const char *advisories(struct attempt *t)
{
    const struct boot_info *bi = t->q.bi;
    char *text = arena_printf(t->calls.a, t->calls.err, "[");
    for (size_t i = 0; text && i < bi->num_advisory_ids; i++) {
        struct bytes id = bi->advisory_ids[i];
        if (!plain(id)) {
            (void)!err_set(t->calls.err, BG_NEAR_CALL_TEXT, "advisory %zu", i);
            return NULL;
        }
        text = arena_printf(t->calls.a, t->calls.err, "%s%s\"%.*s\"", text, i ? "," : "", (int)id.n,
                            (const char *)id.p);
    }
    return text ? arena_printf(t->calls.a, t->calls.err, "%s]", text) : NULL;
}

/*
 * boot_args: {"boot_info": AppBootInfo, "nonce": hex}. The views take no nonce; near-sdk leaves
 * members that it does not know alone. The order is fixed: a recording is asked for byte by byte.
 */
static struct bytes boot_args(struct attempt *t)
{
    const struct near_boot *b = &t->q.boot;
    const struct boot_info *bi = t->q.bi;
    struct bytes app = t->q.app;
    char instance[2 * sizeof bi->instance_id + 1], system[2 * sizeof bi->mr_system + 1];
    const char *list = advisories(t);
    if (!list)
        return BYTES_NONE;
    if (!plain(b->tcb_status)) {
        (void)!err_set(t->calls.err, BG_NEAR_CALL_STATUS, "%zu characters", b->tcb_status.n);
        return BYTES_NONE;
    }
    hex_encode(BYTES_OF_ARRAY(bi->instance_id), instance);
    hex_encode(BYTES_OF_ARRAY(bi->mr_system), system);
    if (app.n == 0) /* about a KMS: an AccountId all the same */
        app = bytes_of_str(b->app_id);
    const char *text = arena_printf(
        t->calls.a, t->calls.err,
        "{\"boot_info\":{\"app_id\":\"%.*s\",\"compose_hash\":\"%s\",\"instance_id\":\"%s\","
        "\"device_id\":\"%s\",\"mr_aggregated\":\"%s\",\"mr_system\":\"%s\",\"os_image_hash\":\"%"
        "s\","
        "\"tcb_status\":\"%.*s\",\"advisory_ids\":%s},\"nonce\":\"%s\"}",
        (int)app.n, (const char *)app.p, b->compose_hash, instance, b->device_id, b->mr_aggregated,
        system, b->os_image_hash, (int)b->tcb_status.n, (const char *)b->tcb_status.p, list,
        t->nonce);
    return text ? bytes_of_str(text) : BYTES_NONE;
}

static struct bytes word_args(struct attempt *t, const char *key, struct bytes value)
{
    const char *text = arena_printf(t->calls.a, t->calls.err, "{\"%s\":\"%.*s\",\"nonce\":\"%s\"}",
                                    key, (int)value.n, (const char *)value.p, t->nonce);
    return text ? bytes_of_str(text) : BYTES_NONE;
}

/* --- what was answered --- */

enum said { NOT_SAID, SAID_NO, SAID_YES };

/* call: the proven return value, JSON text; false: not at hand, or err is set. */
static bool call(struct attempt *t, struct bytes contract, const char *method, struct bytes args,
                 struct bytes *out)
{
    struct near_call c = {contract, bytes_of_str(method), args};
    return args.n && near_call_prove(&t->calls, &c, out);
}

/* ask_bool: a view that returns true or false. */
static enum said ask_bool(struct attempt *t, const char *method, struct bytes args,
                          const char *reason)
{
    struct bytes value;
    if (!call(t, t->q.kms, method, args, &value))
        return NOT_SAID;
    if (bytes_eq_str(value, "true"))
        return SAID_YES;
    if (!bytes_eq_str(value, "false")) {
        (void)!err_set(t->calls.err, BG_NEAR_CALL_BOOL, "%s", method);
        return NOT_SAID;
    }
    near_deny(t->r, BG_NEAR_CALL_DENIED, reason);
    return SAID_NO;
}

/* ask_boot: a view that returns [bool, reason]. */
static enum said ask_boot(struct attempt *t, struct bytes contract, const char *method)
{
    AUTO_JSON j = NULL;
    struct bytes value;
    struct err why = {0};
    if (!call(t, contract, method, boot_args(t), &value))
        return NOT_SAID;
    if (json_read(value, LIMIT_REASON + 16, &j, &why) != RC_OK) {
        (void)!err_set(t->calls.err, BG_NEAR_CALL_JSON, "%s: %s", method, why.detail);
        return NOT_SAID;
    }
    const json_t *yes = json_array_get(j, 0), *reason = json_array_get(j, 1);
    if (json_array_size(j) != 2 || !json_is_boolean(yes) || !json_is_string(reason)) {
        (void)!err_set(t->calls.err, BG_NEAR_CALL_PAIR, "%s", method);
        return NOT_SAID;
    }
    if (json_is_true(yes))
        return SAID_YES;
    const char *words = abi_printable(t->calls.a, json_view(reason), t->calls.err);
    near_deny(t->r, BG_NEAR_CALL_REFUSED, words ? words : "");
    return SAID_NO;
}

/*
 * ask_all puts every call, so that all that is missing is asked for at once; the first no in the
 * order of auth-near decides.
 */
static void ask_all(struct attempt *t)
{
    bool app = t->q.question == ASK_APP;
    if (!near_has_instance_id(&t->q, t->r))
        return;
    enum said registered = SAID_YES, image = SAID_YES;
    struct near_result first = {0};
    if (app) {
        registered = ask_bool(t, "is_app_registered", word_args(t, "app_id", t->q.app),
                              "App not registered");
        first = *t->r;
        image = ask_bool(t, "is_os_image_allowed",
                         word_args(t, "os_image_hash", bytes_of_str(t->q.boot.os_image_hash)),
                         "OS image is not allowed");
        if (first.chain.say == CHAIN_UNDECIDED)
            first = *t->r;
    }
    /* Undecided before is undecided after: a later no may not be the one the contract gives. */
    enum said boot =
        app ? ask_boot(t, t->q.app, "is_app_allowed") : ask_boot(t, t->q.kms, "is_kms_allowed");
    if (registered == NOT_SAID || (registered == SAID_YES && image == NOT_SAID)) {
        t->r->chain.say = CHAIN_UNDECIDED;
        return;
    }
    if (first.chain.say == CHAIN_DENIES) {
        t->r->chain = first.chain;
        return;
    }
    if (boot == SAID_YES)
        t->r->chain.say = CHAIN_ALLOWS;
}

static enum rc describe(struct attempt *t, uint64_t now)
{
    struct chain_result *r = &t->r->chain;
    const struct near_calls *s = &t->calls;
    uint64_t age, max = t->q.cfg->max_head_age;
    r->assurance = "proof-of-call";
    r->block_number = s->height;
    r->block_time = s->timestamp / NS;
    memcpy(r->block_hash, s->block_hash, 32);
    if (r->say == CHAIN_ALLOWS)
        r->reason = "";
    if (s->height == 0) { /* a no that needed no call */
        r->block_number = s->head->height;
        r->block_time = s->head->timestamp / NS;
        memcpy(r->block_hash, s->head->block_hash, 32);
    }
    age = now > r->block_time ? now - r->block_time : 0;
    if (max && age > max)
        return err_set(s->err, BG_NEAR_CALL_AGE, "%llu s, at most %llu s", (unsigned long long)age,
                       (unsigned long long)max);
    return RC_OK;
}

enum rc near_ask_call(struct arena *a, const struct near_config *cfg, const struct near_head *head,
                      enum chain_question question, const struct boot_info *bi,
                      const uint8_t nonce[static NEAR_NONCE], const struct answers *answers,
                      uint64_t now, struct needs *out_needs, struct checks *checks,
                      struct near_result *out, struct err *out_last_bad, struct err *err)
{
    struct near_result result = {0};
    struct attempt t = {.r = &result};
    *out_needs = (struct needs){0};
    *out = result;
    err_clear(out_last_bad);
    hex_encode(bytes_of(nonce, NEAR_NONCE), t.nonce);
    TRY(near_question_open(a, cfg, head, question, bi, now, &t.q, err));
    result.app_account = t.q.app;
    t.calls = (struct near_calls){.a = a,
                                  .answers = answers,
                                  .head = head,
                                  .needs = out_needs,
                                  .last_bad = out_last_bad,
                                  .err = err};
    ask_all(&t);
    if (err->rc != RC_OK)
        return err->rc;
    if (result.chain.say != CHAIN_UNDECIDED) {
        *out_needs = (struct needs){0}; /* a first no needs no more */
        TRY(describe(&t, now));
        TRY(near_question_checks(a, &t.q, &result, SOURCE, now, checks, err));
    }
    *out = result;
    return RC_OK;
}

bool near_recorded_nonce(struct arena *a, const struct answers *answers,
                         uint8_t out[static NEAR_NONCE])
{
    for (size_t i = answers->n; i > 0; i--) {
        const struct answer *e = &answers->v[i - 1];
        struct bytes text, args;
        struct err ignored = {0};
        AUTO_JSON j = NULL;
        if (strcmp(e->method, "bootgate_relay") == 0 && json_str(e->params, "args", &text) &&
            base64_decode(a, text, &args, &ignored) &&
            json_read(args, LIMIT_NEAR_ARGS, &j, &ignored) == RC_OK &&
            json_hex(j, "nonce", false, out, NEAR_NONCE))
            return true;
    }
    return false;
}
