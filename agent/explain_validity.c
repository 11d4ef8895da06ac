/* explain_validity: from when until when each thing is good that the verdict rests on: as the
 * verdict has it, or, where the documents were not found authentic, as they say themselves. */
#include "agent/clock.h"
#include "agent/explain.h"
#include "agent/text.h"
#include "base/date.h"
#include "quote/chain.h"
#include "quote/pem.h"

#define PERIODS 32u /* of a verdict that somebody gives */

static void period(json_t *list, const char *what, uint64_t from, uint64_t until)
{
    size_t i;
    json_t *o, *p = json_pack("{s:s, s:n, s:s, s:s}", "what", what, "anchor", "from",
                              date_of(from).s, "until", date_of(until).s);
    json_array_foreach(list, i, o)
    {
        if (json_equal(o, p)) { /* a root stands in every chain */
            json_decref(p);
            return;
        }
    }
    (void)json_array_append_new(list, p);
}

static void crl_period(json_t *list, const char *what, struct bytes der)
{
    struct crl crl;
    const char *why;
    if (der.n && crl_read(der, &crl, &why))
        period(list, what, crl.this_update, crl.next_update);
}

/* chain_periods: `first` names the first certificate, the next but the last one is an authority. */
static void chain_periods(const struct explain *e, json_t *list, struct bytes pem,
                          const char *first)
{
    struct cert certs[LIMIT_CERTS];
    struct err err = {0};
    const char *why;
    size_t n = 0;
    for (; n < LIMIT_CERTS; n++) {
        struct bytes der = BYTES_NONE;
        if (!pem_next(e->a, &pem, LIMIT_CERT_DER, &der, &why, &err) || der.n == 0 ||
            !cert_read(der, &certs[n], &why))
            break;
    }
    for (size_t i = 0; i < n; i++)
        period(list, chain_cert_name(first, i, n), certs[i].not_before, certs[i].not_after);
}

/* of_files: what the documents say themselves; anchor: null. */
static json_t *of_files(const struct explain *e)
{
    const struct collateral *c = &e->collateral;
    json_t *list = json_array();
    if (e->pck_chain.n)
        chain_periods(e, list, e->pck_chain, CHAIN_PCK_NAME);
    if (e->has_collateral) {
        chain_periods(e, list, c->pck_crl_issuer_chain, CHAIN_PCK_CA_NAME);
        chain_periods(e, list, c->tcb_info_issuer_chain, CHAIN_TCB_NAME);
        chain_periods(e, list, c->qe_identity_issuer_chain, CHAIN_QE_NAME);
    }
    if (e->has_gap) {
        period(list, "TCB info", e->gap.info.issue_date, e->gap.info.next_update);
        period(list, "QE identity", e->gap.identity.issue_date, e->gap.identity.next_update);
    }
    if (e->has_collateral) {
        crl_period(list, "root CRL", c->root_ca_crl);
        crl_period(list, "PCK CRL", c->pck_crl);
    }
    return list;
}

static bool has_documents(const json_t *periods)
{
    size_t i;
    json_t *o;
    json_array_foreach((json_t *)periods, i, o)
    {
        const char *what = json_string_value(json_object_get(o, "what"));
        if (i < PERIODS && what && strcmp(what, "TCB info") == 0)
            return true;
    }
    return false;
}

/* together: in which time all documents of the platform are good, and which of them end it. */
static json_t *together(const json_t *times, const json_t *anchor)
{
    const char *from = json_string_value(json_object_get(times, "valid_from"));
    const char *until = json_string_value(json_object_get(times, "valid_until"));
    if (!from || !until)
        return NULL;
    return json_pack("{s:s, s:O?, s:s, s:s, s:s?, s:s?}", "what", "documents together", "anchor",
                     anchor, "from", from, "until", until, "from_what",
                     json_string_value(json_object_get(times, "valid_from_what")), "until_what",
                     json_string_value(json_object_get(times, "valid_until_what")));
}

static json_t *text_of(const json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);
    return json_is_string(v) ? json_incref(v) : json_null();
}

json_t *explain_validity_json(const struct explain *e)
{
    const json_t *times = json_object_get(e->verdict, "time");
    const json_t *given = json_object_get(times, "periods");
    bool authentic = has_documents(given);
    json_t *list = authentic ? json_array() : of_files(e);
    const json_t *root = authentic ? json_object_get(json_array_get(given, 0), "anchor") : NULL;
    json_t *all = together(times, root);
    size_t i;
    json_t *o;
    json_array_foreach((json_t *)given, i, o)
    {
        if (i >= PERIODS || !json_is_object(o))
            continue;
        if (all && !json_equal(json_object_get(o, "anchor"), root)) {
            (void)json_array_append_new(list, all);
            all = NULL;
        }
        (void)json_array_append_new(list,
                                    json_pack("{s:o, s:o, s:o, s:o}", "what", text_of(o, "what"),
                                              "anchor", text_of(o, "anchor"), "from",
                                              text_of(o, "from"), "until", text_of(o, "until")));
    }
    if (all)
        (void)json_array_append_new(list, all);
    const char *now = json_string_value(json_object_get(times, "now_text"));
    return json_pack("{s:s?, s:s?, s:o}", "now", now, "now_source",
                     json_string_value(json_object_get(times, "source")), "periods", list);
}

static struct bytes member(const json_t *o, const char *key, const char *none)
{
    json_t *v = json_object_get(o, key);
    return json_is_string(v) ? json_view(v) : bytes_of_str(none);
}

/* cell: at most so many columns, and filled up to them. */
static void cell(FILE *f, struct bytes text, size_t columns)
{
    struct bytes shown = bytes_of(text.p, text.n < columns ? text.n : columns);
    text_safe(f, shown);
    fprintf(f, "%*s", (int)(columns - shown.n) + 2, "");
}

/* left: "12 days left", "3 hours past its end"; empty where a time is not known. */
static void left(FILE *f, const json_t *o, uint64_t now)
{
    uint64_t from, until;
    if (!clock_read(member(o, "from", ""), &from))
        return;
    bool ends = clock_read(member(o, "until", ""), &until), early = now < from;
    if (!early && !ends)
        return;
    uint64_t far = early ? from - now : now > until ? now - until : until - now;
    uint64_t unit = far >= 2 * 86400u ? 86400u : far >= 2 * 3600u ? 3600u : 60u;
    fprintf(f, "%llu %s %s", (unsigned long long)(far / unit),
            unit == 86400u  ? "days"
            : unit == 3600u ? "hours"
                            : "minutes",
            early         ? "until it begins"
            : now > until ? "past its end"
                          : "left");
}

void explain_validity_text(FILE *f, const struct style *st, const struct explain *e)
{
    AUTO_JSON v = explain_validity_json(e);
    const json_t *periods = json_object_get(v, "periods");
    uint64_t now;
    bool has_now = clock_read(member(v, "now", ""), &now);
    size_t i;
    json_t *o;
    if (json_array_size(periods) == 0)
        return;
    fprintf(f, "\n  %sValidity%s", text_paint(st, BOLD), text_paint(st, PLAIN));
    if (has_now) {
        fprintf(f, " at %s, by ", date_of(now).s);
        bool given = bytes_eq_str(member(v, "now_source", "-"), "argument");
        text_safe(f, given ? bytes_of_str("--at") : member(v, "now_source", "-"));
    }
    fputc('\n', f);
    json_array_foreach((json_t *)periods, i, o)
    {
        fputs("    ", f);
        cell(f, member(o, "what", "-"), 32);
        cell(f, member(o, "from", "-"), 20);
        cell(f, member(o, "until", "-"), 20);
        if (has_now)
            left(f, o, now);
        if (!json_is_string(json_object_get(o, "anchor")))
            fputs(", not verified", f);
        fputc('\n', f);
    }
}
