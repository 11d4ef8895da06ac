#include "policy/chain_code.h"

#include "base/hex.h"
#include "policy/chain_slots.h"

/* What the specification leaves to the consumer (dstack onchain-governance, section 6.1). */
#define SOURCE "account proofs; dstack on-chain governance 6.1"

static void look_one(struct chain_state *st, const uint8_t *address, const char *role,
                     struct chain_result *r)
{
    struct code_seen *c = &r->codes[r->num_codes++];
    *c = (struct code_seen){.role = role};
    if (!address)
        return;
    memcpy(c->address, address, 20);
    const struct proven_account *p = chain_state_account(st, address);
    if (!p)
        return;
    memcpy(c->hash, p->account.code_hash, 32);
    c->known = true;
}

/* look_two: an account and the implementation its ERC-1967 slot names. */
static void look_two(struct chain_state *st, const uint8_t *address, const char *role,
                     const char *role_implementation, struct chain_result *r)
{
    uint8_t to[20];
    bool is = false;
    look_one(st, address, role, r);
    bool known = chain_slots_implementation(st, address, to, &is);
    if (!known || is)
        look_one(st, known ? to : NULL, role_implementation, r);
}

void chain_code_look(struct chain_state *st, const uint8_t kms[static 20], enum chain_miss kms_miss,
                     const uint8_t *app, enum chain_miss app_miss, struct chain_result *r)
{
    enum chain_miss before = st->miss;
    r->num_codes = 0;
    st->miss = kms_miss;
    look_two(st, kms, "kms", "kms implementation", r);
    st->miss = app_miss;
    if (app)
        look_two(st, app, "app", "app implementation", r);
    st->miss = before;
}

static const struct code_seen *code_of_role(const struct chain_result *r, const char *role)
{
    for (size_t i = 0; i < r->num_codes; i++)
        if (strcmp(r->codes[i].role, role) == 0)
            return &r->codes[i];
    return NULL;
}

static bool listed(const struct code_policy *p, const uint8_t hash[static 32])
{
    for (size_t i = 0; i < p->num_hashes; i++)
        if (memcmp(p->hashes[i], hash, 32) == 0)
            return true;
    return false;
}

/* kms_part: the account is the KMS's proxy or implementation. */
static bool kms_part(const struct chain_result *r, const uint8_t *address)
{
    const struct code_seen *kms = code_of_role(r, "kms");
    const struct code_seen *impl = code_of_role(r, "kms implementation");
    return (kms && memcmp(kms->address, address, 20) == 0) ||
           (impl && impl->known && memcmp(impl->address, address, 20) == 0);
}

/* foreign: a code that the call read, that is not the KMS's, and that `fine` does not cover. */
static const struct proven_account *foreign(const struct chain_state *st,
                                            const struct chain_result *r,
                                            const struct code_policy *hashes)
{
    const struct code_seen *app = code_of_role(r, "app");
    const struct code_seen *impl = code_of_role(r, "app implementation");
    for (size_t i = 0; i < st->num_accounts; i++) {
        const struct proven_account *p = &st->accounts[i];
        if (!p->code_read || p->code.n == 0 || kms_part(r, p->address))
            continue;
        bool fine = hashes ? listed(hashes, p->account.code_hash)
                           : (app && memcmp(app->address, p->address, 20) == 0) ||
                                 (impl && memcmp(impl->address, p->address, 20) == 0);
        if (!fine)
            return p;
    }
    return NULL;
}

static enum rc add(struct arena *a, struct checks *cs, const char *id, enum check_status status,
                   enum rc code, const char *expected, const char *actual, const char *hint,
                   struct err *err)
{
    return checks_add(a, cs,
                      (struct check){.id = id,
                                     .status = status,
                                     .code = code,
                                     .expected = expected,
                                     .actual = actual,
                                     .source = SOURCE,
                                     .hint = hint},
                      err);
}

/* seen: "role 0x<hash>" of what a rule is about, for a reader who wants to pin it. */
static char *seen(struct arena *a, const struct chain_result *r, const char *role1,
                  const char *role2, struct err *err)
{
    char *text = arena_printf(a, err, "%s", "");
    for (size_t i = 0; i < r->num_codes && text; i++) {
        const struct code_seen *c = &r->codes[i];
        if (strcmp(c->role, role1) != 0 && strcmp(c->role, role2) != 0)
            continue;
        char *hash = hex_str(a, BYTES_OF_ARRAY(c->hash), err);
        if (!hash)
            return NULL;
        text = arena_printf(a, err, "%s%s%s %s%s", text, *text ? ", " : "", c->role,
                            c->known ? "0x" : "", c->known ? hash : "unknown");
    }
    return text;
}

/* all_proven: every code of the two roles is known. */
static bool all_proven(const struct chain_result *r, const char *role1, const char *role2)
{
    for (size_t i = 0; i < r->num_codes; i++)
        if (!r->codes[i].known &&
            (strcmp(r->codes[i].role, role1) == 0 || strcmp(r->codes[i].role, role2) == 0))
            return false;
    return code_of_role(r, role1) != NULL;
}

/* unlisted: the first code of the two roles that the list does not have. */
static const struct code_seen *unlisted(const struct code_policy *p, const struct chain_result *r,
                                        const char *role1, const char *role2)
{
    for (size_t i = 0; i < r->num_codes; i++) {
        const struct code_seen *c = &r->codes[i];
        if ((strcmp(c->role, role1) == 0 || strcmp(c->role, role2) == 0) && !listed(p, c->hash))
            return c;
    }
    return NULL;
}

static enum rc kms_check(struct chain_state *st, const struct chain_config *cfg,
                         const struct chain_result *r, struct checks *cs, struct err *err)
{
    static const char id[] = "chain.kms_code", want[] = "a code hash of policy.kms_code";
    char *actual = seen(st->a, r, "kms", "kms implementation", err);
    if (!actual)
        return err->rc;
    if (cfg->kms_code.rule == CODE_ANY)
        return add(st->a, cs, id, CHECK_UNKNOWN, BG_CHAIN_KMS_CODE_ANY, "a pinned code", actual,
                   NULL, err);
    if (!all_proven(r, "kms", "kms implementation"))
        return add(st->a, cs, id, CHECK_UNKNOWN, BG_CHAIN_KMS_CODE_UNPROVEN, want, actual, NULL,
                   err);
    if (unlisted(&cfg->kms_code, r, "kms", "kms implementation"))
        return add(st->a, cs, id, CHECK_FAIL, BG_CHAIN_KMS_CODE, want, actual, NULL, err);
    return add(st->a, cs, id, CHECK_PASS, RC_OK, want, actual, NULL, err);
}

static enum rc app_hashes(struct chain_state *st, const struct chain_config *cfg,
                          const struct chain_result *r, const char *actual, struct checks *cs,
                          struct err *err)
{
    static const char id[] = "chain.app_code", want[] = "code hashes of policy.app_code only";
    const struct proven_account *p = foreign(st, r, &cfg->app_code);
    if (p) {
        char *hash = hex_str(st->a, BYTES_OF_ARRAY(p->account.code_hash), err);
        char *who = hash ? hex_str(st->a, BYTES_OF_ARRAY(p->address), err) : NULL;
        actual = who ? arena_printf(st->a, err, "0x%s of 0x%s was read", hash, who) : NULL;
        if (!actual)
            return err->rc;
    }
    if (p || unlisted(&cfg->app_code, r, "app", "app implementation"))
        return add(st->a, cs, id, CHECK_FAIL, BG_CHAIN_APP_CODE, want, actual, NULL, err);
    return add(st->a, cs, id, CHECK_PASS, RC_OK, want, actual, NULL, err);
}

static enum rc app_implementation(struct chain_state *st, const struct chain_result *r,
                                  struct checks *cs, struct err *err)
{
    static const char id[] = "chain.app_code";
    const struct code_seen *impl = code_of_role(r, "app implementation");
    char *want = NULL, *got;
    if (r->has_app_implementation && !mem_is_zero(r->app_implementation, 20)) {
        char *hex = hex_str(st->a, BYTES_OF_ARRAY(r->app_implementation), err);
        want = hex ? arena_printf(st->a, err, "implementation 0x%s", hex) : NULL;
        if (!want)
            return err->rc;
    }
    if (impl) {
        char *hex = hex_str(st->a, BYTES_OF_ARRAY(impl->address), err);
        got = hex ? arena_printf(st->a, err, "implementation 0x%s", hex) : NULL;
    } else {
        got = arena_printf(st->a, err, "the app is not an ERC-1967 proxy");
    }
    if (!got)
        return err->rc;
    if (!want)
        return add(st->a, cs, id, CHECK_FAIL, BG_CHAIN_KMS_NAMES_NONE,
                   "an implementation named by the KMS", got, NULL, err);
    if (!impl || memcmp(impl->address, r->app_implementation, 20) != 0)
        return add(st->a, cs, id, CHECK_FAIL, BG_CHAIN_APP_IMPLEMENTATION, want, got, NULL, err);
    const struct code_seen *kms = code_of_role(r, "kms"), *app = code_of_role(r, "app");
    if (!kms || !app || !code_of_role(r, "kms implementation") ||
        memcmp(kms->hash, app->hash, 32) != 0) {
        got = seen(st->a, r, "kms", "app", err);
        if (!got)
            return err->rc;
        return add(st->a, cs, id, CHECK_FAIL, BG_CHAIN_APP_PROXY, "the KMS proxy's code", got, NULL,
                   err);
    }
    const struct proven_account *p = foreign(st, r, NULL);
    if (p) {
        char *hex = hex_str(st->a, BYTES_OF_ARRAY(p->address), err);
        got = hex ? arena_printf(st->a, err, "code of 0x%s was read too", hex) : NULL;
        if (!got)
            return err->rc;
        return add(st->a, cs, id, CHECK_FAIL, BG_CHAIN_APP_FOREIGN, want, got, NULL, err);
    }
    return add(st->a, cs, id, CHECK_PASS, RC_OK, want, got, NULL, err);
}

enum rc chain_code_checks(struct chain_state *st, const struct chain_config *cfg,
                          const uint8_t *app, const struct chain_result *r, struct checks *checks,
                          struct err *err)
{
    TRY(kms_check(st, cfg, r, checks, err));
    if (!app)
        return RC_OK;
    char *actual = seen(st->a, r, "app", "app implementation", err);
    if (!actual)
        return err->rc;
    if (cfg->app_code.rule == CODE_ANY)
        return add(st->a, checks, "chain.app_code", CHECK_UNKNOWN, BG_CHAIN_APP_CODE_ANY,
                   "a pinned code", actual, NULL, err);
    /* Nothing here can turn a denial into a yes; what was not asked for is then just unknown. */
    if (!all_proven(r, "app", "app implementation") || !all_proven(r, "kms", "kms implementation"))
        return add(st->a, checks, "chain.app_code", CHECK_UNKNOWN, BG_CHAIN_APP_CODE_UNPROVEN,
                   "a code that policy.app_code allows", actual, NULL, err);
    return cfg->app_code.rule == CODE_IMPLEMENTATION ? app_implementation(st, r, checks, err)
                                                     : app_hashes(st, cfg, r, actual, checks, err);
}
