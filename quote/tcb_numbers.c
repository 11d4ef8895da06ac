#include "quote/tcb_numbers.h"

#include "base/date.h"
#include "base/limits.h"
#include "quote/flat_json.h"
#include "quote/verify_internal.h"

#define VERSION_READ 1u /* the model that there is */

static enum rc bad(const char *where, struct err *err)
{
    return err_set(err, BG_TCB_NUMBERS_SHAPE, "%s", where);
}

static bool read_number(const struct flat *obj, struct tcb_number *out)
{
    uint64_t number;
    uint64_t after;
    if (!flat_u64(obj, "tcbEvaluationDataNumber", UINT32_MAX, &number) ||
        !flat_date(obj, "tcbRecoveryEventDate", &out->recovery_event) ||
        !flat_date(obj, "tcbDate", &out->date))
        return false;
    out->number = (uint32_t)number;
    return date_year_later(out->recovery_event, &after); /* the calendar has such a day */
}

static enum rc read_list(const struct flat *list, struct tcb_numbers *t, struct err *err)
{
    const struct flat *obj = NULL;
    if (!flat_is(list, FLAT_ARRAY) || flat_size(list) == 0 || flat_size(list) > TCB_NUMBERS_MAX)
        return bad("tcbEvalNumbers", err);
    for (; t->n < flat_size(list); t->n++) {
        obj = flat_next(list, obj);
        if (!read_number(obj, &t->v[t->n]))
            return bad("an entry of tcbEvalNumbers", err);
        for (size_t i = 0; i < t->n; i++)
            if (t->v[i].number == t->v[t->n].number)
                return bad("a number twice in tcbEvalNumbers", err);
    }
    return RC_OK;
}

static enum rc parse(struct arena *a, struct bytes text, struct tcb_numbers *out, struct err *err)
{
    struct tcb_numbers t = {0};
    const struct flat *root = NULL;
    struct bytes id;
    uint64_t version;
    size_t at = 0;
    struct err memory = {0};
    if (text.n > LIMIT_TCB_NUMBERS || !flat_read(a, text, &root, &at, &memory)) {
        if (memory.rc == RC_OK)
            return err_set(err, BG_TCB_NUMBERS_JSON, "at byte %zu of %zu", at, text.n);
        *err = memory;
        return memory.rc;
    }
    if (!flat_str(root, "id", &id))
        return bad("id", err);
    if (!flat_u64(root, "version", UINT32_MAX, &version))
        return bad("version", err);
    if (!bytes_eq_str(id, "TDX") || version != VERSION_READ)
        return err_set(err, BG_TCB_NUMBERS_KIND, "version %llu", (unsigned long long)version);
    if (!flat_date(root, "issueDate", &t.issue_date))
        return bad("issueDate", err);
    if (!flat_date(root, "nextUpdate", &t.next_update))
        return bad("nextUpdate", err);
    TRY(read_list(flat_get(root, "tcbEvalNumbers"), &t, err));
    *out = t;
    return RC_OK;
}

/* authentic: who signed the text, and that it is so today. */
static enum rc authentic(struct arena *a, struct pki *pki, const struct collateral_numbers *doc,
                         struct bytes root_crl, uint64_t now, struct err *err)
{
    struct chain chain;
    struct crl crl;
    struct window window = {0};
    TRY(chain_check(a, pki, doc->issuer_chain, &verify_tcb_rule, &chain, err));
    TRY(crl_check(pki, root_crl, pki->root, &verify_root_crl_rule, &crl, err));
    if (crl_lists(&crl, pki->root->serial) || crl_lists(&crl, chain.cert[0]->serial))
        return err_set(err, BG_TCB_NUMBERS_REVOKED, "%s", "");
    if (doc->signature.n != 64 ||
        !p256_check_raw(pki->p256, chain.cert[0]->point, doc->text, doc->signature))
        return err_set(err, BG_TCB_NUMBERS_SIGNATURE, "over %zu bytes of text", doc->text.n);
    TRY(chain_check_dates(&chain, now, &window, err));
    return crl_check_dates(&crl, &verify_root_crl_rule, now, &window, err);
}

enum rc tcb_numbers_verify(struct arena *a, const struct collateral_numbers *doc,
                           struct bytes root_crl, struct bytes root, uint64_t now,
                           struct tcb_numbers *out, struct err *err)
{
    struct tcb_numbers t = {0};
    struct pki *pki = ARENA_NEW(a, struct pki, err);
    AUTO_P256 p256 = {0};
    if (!pki)
        return err->rc;
    TRY(p256_open(&p256, err));
    TRY(pki_init(pki, &p256, root, err));
    TRY(authentic(a, pki, doc, root_crl, now, err));
    TRY(parse(a, doc->text, &t, err));
    if (now < t.issue_date || now > t.next_update)
        return err_set(err, BG_TCB_NUMBERS_DATE, "at %s, good from %s until %s", date_of(now).s,
                       date_of(t.issue_date).s, date_of(t.next_update).s);
    *out = t;
    return RC_OK;
}

enum rc tcb_numbers_switch(const struct tcb_numbers *n, uint32_t number, uint64_t now,
                           struct tcb_switch *out, struct err *err)
{
    for (size_t i = 0; i < n->n; i++) {
        struct tcb_switch s = {.recovery_event = n->v[i].recovery_event};
        if (n->v[i].number != number || !date_year_later(s.recovery_event, &s.standard))
            continue;
        s.due = now >= s.standard;
        s.days = s.due ? 0 : (s.standard - now) / 86400u;
        *out = s;
        return RC_OK;
    }
    return err_set(err, BG_TCB_NUMBERS_OTHER, "number %u", number);
}
