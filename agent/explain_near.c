/* explain_near: what of near-kms' state says no, and the calls that would change it. A verdict is
 * anybody's word, and its commands are to be pasted: they are written again here, of words that are
 * harmless in a shell. */
#include "agent/explain.h"
#include "agent/near_fix.h"

#define WORD_MOST 128u

/* is_word: letters, digits and what account ids and placeholders have besides. */
static bool is_word(const char *s)
{
    size_t n = s ? strlen(s) : 0;
    return n && n <= WORD_MOST &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

/* is_value: what stands between the quotes of the arguments. */
static bool is_value(const json_t *v)
{
    const char *s = json_string_value(v);
    return json_is_boolean(v) || is_word(s) || (s && strcmp(s, "<owner-account-id>") == 0);
}

static const char *arguments(struct explain *e, const json_t *args, struct err *err)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)args, key, v)
    {
        if (!is_word(key) || !is_value(v))
            return NULL;
    }
    char *text = json_is_object(args) ? json_dumps(args, JSON_COMPACT) : NULL;
    const char *kept = text ? arena_printf(e->a, err, "%s", text) : NULL;
    free(text);
    return kept;
}

/* absent: the set that said no: the last one that a member was looked for in, and not found. */
static const json_t *absent(const json_t *reads)
{
    for (size_t i = json_array_size(reads); i > 0; i--) {
        const json_t *r = json_array_get(reads, i - 1);
        if (json_is_false(json_object_get(r, "present")) &&
            json_is_string(json_object_get(r, "member")))
            return r;
    }
    return NULL;
}

static enum rc slot_of(struct explain *e, const json_t *contract, struct explain_fix *f,
                       struct err *err)
{
    const json_t *r = absent(json_object_get(contract, "reads"));
    const char *set = json_string_value(json_object_get(r, "set"));
    const char *member = json_string_value(json_object_get(r, "member"));
    const char *account = json_string_value(json_object_get(r, "account"));
    const char *hint = json_string_value(json_object_get(contract, "hint"));
    if (!is_word(set) || !is_word(member) || !is_word(account))
        return RC_OK;
    f->slot = arena_printf(e->a, err, "%s[%s] of %s", set, member, account);
    f->value = hint ? "absent, with 0x before it present" : "absent";
    return err->rc;
}

enum rc explain_near_fixes(struct explain *e, const json_t *contract, struct err *err)
{
    const json_t *calls = json_object_get(contract, "fix");
    const char *reason = json_string_value(json_object_get(contract, "reason"));
    const char *hint = json_string_value(json_object_get(contract, "hint"));
    struct explain_fix f = {.why = reason && *reason ? reason : "the contract says no"};
    size_t i, n = 0;
    json_t *c;
    if (hint)
        f.why = arena_printf(e->a, err, "%s: %s", f.why, hint);
    else if (strcmp(f.why, "TCB status is not up to date") == 0)
        f.why =
            arena_printf(e->a, err, "%s: see what is short below, or `bootgate tcb FILE`", f.why);
    if (!f.why)
        return err->rc;
    TRY(slot_of(e, contract, &f, err));
    json_array_foreach((json_t *)calls, i, c)
    {
        const char *account = json_string_value(json_object_get(c, "account"));
        const char *method = json_string_value(json_object_get(c, "method"));
        const char *args = arguments(e, json_object_get(c, "args"), err);
        if (n == 2 || !args || !is_word(account) || !is_word(method))
            continue;
        f.function = n ? f.function : method;
        f.commands[n] = near_fix_command(e->a, account, method, args, err);
        n += f.commands[n] != NULL;
    }
    return err->rc != RC_OK ? err->rc : explain_fix_add(e, f, err);
}
