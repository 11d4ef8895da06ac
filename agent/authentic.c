#include "agent/authentic.h"

#include "agent/clock.h"
#include "agent/collateral_store.h"
#include "agent/node.h"
#include "agent/pcs.h"
#include "base/hex.h"

/* The services, what the bundle has, the root's distribution point, what the store has. */
#define SOURCES (LIMIT_URLS + 3u)
/* The contract is still to be asked when collateral was slow: it has at most this part of the time.
 */
#define TIME_SHARE 2u

/* struct source: somebody who may have documents. */
struct source {
    const char *name; /* of the host, or what it is */
    const char *url;  /* NULL: it is at hand */
    bool point;       /* url is the root CRL's own address */
    struct collateral has;
    bool got[COLLATERAL_DOCS];
    struct err why[COLLATERAL_DOCS];
};

/* struct search: on its way through the sources, document by document. */
struct search {
    struct arena *a;
    const struct gate_input *in;
    const struct quote *quote;
    struct report *r;
    struct collateral_need need;
    struct source v[SOURCES];
    size_t n;
    size_t at[COLLATERAL_DOCS]; /* the source whose document is being tried */
    struct turn turn;
};

/* --- sources --- */

static enum rc add_url(struct search *s, const char *url, bool point, struct err *err)
{
    char host[FETCH_HOST];
    fetch_url_host(url, host, sizeof host);
    struct source *to = &s->v[s->n++];
    to->url = url;
    to->point = point;
    to->name = arena_printf(s->a, err, "%s", host);
    return to->name ? RC_OK : err->rc;
}

static void add_given(struct search *s, const char *name, const struct collateral *c)
{
    struct source *to = &s->v[s->n++];
    to->name = name;
    to->has = *c;
    for (size_t d = 0; d < COLLATERAL_DOCS; d++)
        to->got[d] = true;
}

static enum rc add_urls(struct search *s, struct err *err)
{
    const struct url_list *urls = &s->in->config->guest.collateral;
    for (size_t i = 0; !s->in->offline && i < urls->n; i++)
        TRY(add_url(s, urls->v[i], false, err));
    return RC_OK;
}

static void add_stored(struct search *s)
{
    const struct store_files *stored = s->in->stored;
    struct collateral c = {0};
    struct err why = {0}, ignored = {0};
    if (!stored || !stored->collateral.n)
        return;
    if (collateral_stored_read(s->a, stored->collateral, &c, &why))
        add_given(s, "the store", &c);
    (void)!report_note(s->a, s->r, "collateral", &why, &ignored);
}

/*
 * add_sources: the order of trying. What somebody put into a file is what the question is about.
 * In the guest the bundle's set is the host's own choice, so the services of the configuration come
 * first. The distribution point is for PCS, which has no path for the root CRL.
 */
static enum rc add_sources(struct search *s, struct err *err)
{
    const struct bundle *b = s->in->bundle;
    bool guest = s->in->report_data != NULL;
    const struct url_list *urls = &s->in->config->guest.collateral;
    if (b->has_collateral && !guest)
        add_given(s, "the bundle", &b->collateral);
    TRY(add_urls(s, err));
    if (b->has_collateral && guest)
        add_given(s, "the bundle", &b->collateral);
    if (!s->in->offline && urls->n && s->need.root_crl_url)
        TRY(add_url(s, s->need.root_crl_url, true, err));
    add_stored(s);
    return RC_OK;
}

/* --- asking --- */

static void refuse(struct search *s, enum collateral_doc d, const struct err *why)
{
    struct source *from = &s->v[s->at[d]];
    struct err ignored = {0};
    const char *what =
        arena_printf(s->a, &ignored, "%s from %s", collateral_doc_name(d), from->name);
    from->why[d] = *why;
    from->got[d] = false;
    if (what)
        (void)!report_note(s->a, s->r, what, why, &ignored);
    s->at[d]++;
}

/* weight: how much a failure says about a document. */
static unsigned weight(enum rc rc)
{
    const struct err_info *i = err_info_of((int)rc);
    if (collateral_doc_of(rc) != COLLATERAL_DOCS)
        return 3;
    return !i || i->cls == ERR_NET ? 1 : 2;
}

/* nobody: why there is no such document: the weightiest reason, the first of equals. */
static enum rc nobody(const struct search *s, enum collateral_doc d, struct err *err)
{
    const struct err *best = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct err *e = &s->v[i].why[d];
        if (e->rc != RC_OK && (!best || weight(e->rc) > weight(best->rc)))
            best = e;
    }
    if (!best)
        return err_set(err, BG_GATE_COLLATERAL_NOBODY, "%s", collateral_doc_name(d));
    *err = *best;
    return err->rc;
}

/* skip passes over those who don't have this kind of document. */
static void skip(struct search *s, enum collateral_doc d)
{
    while (s->at[d] < s->n && s->v[s->at[d]].point && d != COLLATERAL_ROOT_CRL)
        s->at[d]++;
}

static size_t urls_left(const struct search *s, const struct pcs_ask *ask, size_t n)
{
    size_t from = s->n, left = 0;
    for (size_t i = 0; i < n; i++)
        if (s->at[ask[i].doc] < from)
            from = s->at[ask[i].doc];
    for (size_t i = from; i < s->n; i++)
        left += s->v[i].url != NULL;
    return left;
}

/* ask_services asks for all documents that are missing, each from its source, at once. */
static enum rc ask_services(struct search *s, struct pcs_ask *ask, size_t n, struct err *err)
{
    struct err late = {0};
    uint64_t ms = 0;
    s->turn.left = urls_left(s, ask, n);
    if (turn_take(&s->turn, &ms, &late) == RC_OK)
        TRY(pcs_ask(s->a, &s->need, ask, n, ms, err));
    for (size_t i = 0; i < n; i++) {
        if (late.rc != RC_OK)
            ask[i].why = late;
        if (ask[i].why.rc != RC_OK)
            refuse(s, ask[i].doc, &ask[i].why);
        else
            s->v[s->at[ask[i].doc]].got[ask[i].doc] = true;
    }
    return RC_OK;
}

/* complete: every document is there from some source, good or not. */
static enum rc complete(struct search *s, struct err *err)
{
    for (;;) {
        struct pcs_ask ask[COLLATERAL_DOCS] = {0};
        size_t n = 0;
        for (enum collateral_doc d = 0; d < COLLATERAL_DOCS; d++) {
            skip(s, d);
            if (s->at[d] == s->n)
                return nobody(s, d, err);
            struct source *from = &s->v[s->at[d]];
            if (!from->got[d])
                ask[n++] = (struct pcs_ask){
                    .doc = d, .whole = from->point, .url = from->url, .out = &from->has};
        }
        if (n == 0)
            return RC_OK;
        TRY(ask_services(s, ask, n, err));
    }
}

/* settle: a set that verifies. Each round but the last refuses one document of one source. */
static enum rc settle(struct search *s, struct collateral *set, const struct td_report_ok **out,
                      struct err *err)
{
    for (size_t round = 0; round <= COLLATERAL_DOCS * SOURCES; round++) {
        struct err why = {0};
        TRY(complete(s, err));
        for (enum collateral_doc d = 0; d < COLLATERAL_DOCS; d++)
            collateral_take(set, &s->v[s->at[d]].has, d);
        if (quote_verify(s->a, s->quote, set, s->in->root, s->in->now, out, &why) == RC_OK)
            return RC_OK;
        enum collateral_doc d = collateral_doc_of(why.rc);
        if (d == COLLATERAL_DOCS) {
            *err = why;
            return err->rc;
        }
        refuse(s, d, &why);
    }
    return err_set(err, BG_COLLATERAL_SEARCH, "%zu sources", s->n);
}

/* --- what comes of it --- */

static enum rc tell(struct search *s, const struct collateral *set, struct err *err)
{
    struct collateral_facts *f = &s->r->collateral;
    f->round_trips = s->turn.trips;
    for (enum collateral_doc d = 0; d < COLLATERAL_DOCS; d++) {
        struct collateral_fact *one = &f->v[f->n];
        one->doc = d;
        one->source = s->v[s->at[d]].name;
        if (collateral_dates(s->a, set, d, &one->from, &one->until))
            f->n++;
    }
    (void)err;
    return RC_OK;
}

/* keep: only what a service answered just now is worth a place in the store. */
static enum rc keep(struct search *s, const struct collateral *set, struct err *err)
{
    bool fetched = false;
    for (size_t d = 0; d < COLLATERAL_DOCS; d++)
        fetched = fetched || s->v[s->at[d]].url;
    if (!fetched)
        return RC_OK;
    TRY(bundle_set_collateral(s->a, s->in->bundle, set, err));
    if (!s->in->stored)
        return RC_OK;
    struct err why = {0};
    if (collateral_stored_make(s->a, set, &s->r->net.keep.collateral, &why) != RC_OK)
        return report_note(s->a, s->r, "collateral", &why, err);
    return RC_OK;
}

/* none: what is missing, by the names under which it can be had. The PCK certificate is not
 * authenticated here: this is a hint, nothing rests on it. */
static enum rc none(const struct search *s, bool known, struct err *err)
{
    char fmspc[2 * sizeof s->need.fmspc + 1] = "unknown";
    if (known)
        hex_encode(BYTES_OF_ARRAY(s->need.fmspc), fmspc);
    return err_set(err, BG_GATE_NO_COLLATERAL,
                   "missing: TCB info for FMSPC %s, TD QE identity, PCK CRL and root CA CRL, and "
                   "their issuer chains",
                   fmspc);
}

enum rc authentic_quote(struct arena *a, const struct gate_input *in, const struct quote *quote,
                        struct report *r, const struct td_report_ok **out, struct err *err)
{
    struct search *s = ARENA_NEW(a, struct search, err);
    struct collateral set = {0};
    struct err unread = {0};
    if (!s)
        return err->rc;
    uint64_t now = clock_ms();
    uint64_t left = in->deadline_ms > now ? in->deadline_ms - now : 0;
    *s = (struct search){.a = a, .in = in, .quote = quote, .r = r};
    s->turn.deadline_ms = now + left / TIME_SHARE;
    /* A quote whose certificate can't be read is refused by quote_verify, in its own words. */
    bool known = collateral_need_of(a, quote, in->root, &s->need, &unread) == RC_OK;
    if (known || in->bundle->has_collateral)
        TRY(add_sources(s, err));
    if (s->n == 0)
        return none(s, known, err);
    enum rc rc = settle(s, &set, out, err);
    r->collateral.round_trips = s->turn.trips;
    TRY(rc);
    TRY(tell(s, &set, err));
    return keep(s, &set, err);
}
