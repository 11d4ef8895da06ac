#include "agent/near_fix.h"

#include "base/json.h"
#include "policy/near/contract.h"

/* What adds a member to which set: near-kms, contracts/kms and contracts/app, src/lib.rs. */
static const struct {
    const char *label, *method, *argument;
} adders[] = {
    {"allowed_os_images", "add_os_image_hash", "os_image_hash"},
    {"kms_allowed_aggregated_mrs", "add_kms_aggregated_mr", "mr_aggregated"},
    {"kms_allowed_device_ids", "add_kms_device", "device_id"},
    {"allowed_compose_hashes", "add_compose_hash", "compose_hash"},
    {"allowed_device_ids", "add_device", "device_id"},
};

struct list {
    struct arena *a;
    struct near_fix *v;
    size_t n;
    struct err *err;
};

const char *near_fix_command(struct arena *a, const char *account, const char *method,
                             const char *args, struct err *err)
{
    /* It makes an account and a contract, and pays for their storage. */
    bool pays = strcmp(method, "register_app") == 0;
    return arena_printf(a, err, "near call %s %s '%s' --accountId <owner-account-id>%s", account,
                        method, args, pays ? " --deposit 30 --gas 200000000000000" : "");
}

static enum rc add(struct list *l, struct bytes account, const char *method, const char *args)
{
    if (!args || l->n == NEAR_FIXES)
        return l->err->rc;
    struct near_fix *f = &l->v[l->n];
    f->account = arena_printf(l->a, l->err, "%.*s", (int)account.n, (const char *)account.p);
    f->method = method;
    f->args = args;
    f->command = f->account ? near_fix_command(l->a, f->account, method, args, l->err) : NULL;
    l->n += f->command != NULL;
    return l->err->rc;
}

/* last_absent: the set that said no. */
static const struct near_read *last_absent(const struct near_result *r)
{
    for (size_t i = r->num_reads; i > 0; i--)
        if (r->reads[i - 1].member.n && !r->reads[i - 1].present)
            return &r->reads[i - 1];
    return NULL;
}

/* name_of: what register_app makes the account of: NAME "." contract; empty: it can't. */
static struct bytes name_of(struct bytes account, struct bytes contract)
{
    size_t n = account.n > contract.n + 1 ? account.n - contract.n - 1 : 0;
    struct bytes end = bytes_of(account.p + n, account.n - n);
    bool under = n && end.p[0] == '.' && bytes_eq(bytes_of(end.p + 1, end.n - 1), contract);
    return under ? bytes_of(account.p, n) : BYTES_NONE;
}

static enum rc register_app(struct list *l, const struct near_source *s, const struct boot_info *bi,
                            struct bytes account)
{
    struct near_boot boot;
    struct bytes name = name_of(account, s->client.contract_id);
    near_boot_from(bi, &boot);
    if (name.n == 0)
        return RC_OK;
    const char *args = arena_printf(
        l->a, l->err,
        "{\"app_id\":\"%.*s\",\"owner_id\":\"<owner-account-id>\",\"disable_upgrades\":false,"
        "\"allow_any_device\":false,\"initial_device_id\":\"%s\",\"initial_compose_hash\":\"%s\"}",
        (int)name.n, (const char *)name.p, boot.device_id, boot.compose_hash);
    return add(l, s->client.contract_id, "register_app", args);
}

static enum rc adder(struct list *l, const struct near_read *no)
{
    for (size_t i = 0; i < sizeof adders / sizeof *adders; i++) {
        if (strcmp(no->label, adders[i].label) != 0)
            continue;
        const char *args = arena_printf(l->a, l->err, "{\"%s\":\"%.*s\"}", adders[i].argument,
                                        (int)no->member.n, (const char *)no->member.p);
        TRY(add(l, no->account, adders[i].method, args));
    }
    if (strcmp(no->label, "allowed_device_ids") == 0)
        return add(l, no->account, "set_allow_any_device", "{\"allow_any_device\":true}");
    return RC_OK;
}

enum rc near_fixes(struct arena *a, const struct near_source *s, const struct boot_info *bi,
                   const struct near_result *r, struct near_fix out[static NEAR_FIXES],
                   size_t *out_n, const char **out_hint, struct err *err)
{
    struct list l = {.a = a, .v = out, .err = err};
    const struct near_read *no = last_absent(r);
    *out_n = 0;
    *out_hint = r->hint;
    if (r->chain.say != CHAIN_DENIES || !no)
        return RC_OK;
    TRY(strcmp(no->label, "registered_apps") == 0 ? register_app(&l, s, bi, no->member)
                                                  : adder(&l, no));
    *out_n = l.n;
    if (l.n)
        *out_hint =
            arena_printf(a, err, "%s%s%s%s%s", r->hint ? r->hint : "", r->hint ? "; " : "",
                         out[0].command, l.n > 1 ? "  or  " : "", l.n > 1 ? out[1].command : "");
    return err->rc;
}
