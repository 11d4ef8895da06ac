#include "tests/lib/collateral_builder.h"

#include <stdarg.h>
#include <stdio.h>

#include "tests/lib/pki.h"

struct text {
    char *p;
    size_t n, cap;
};

static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->p + t->n, t->cap - t->n, fmt, ap);
    va_end(ap);
    pki_must(n >= 0 && (size_t)n < t->cap - t->n);
    t->n += (size_t)n;
}

static struct text text_new(struct arena *a, size_t cap)
{
    struct err err = {0};
    struct text t = {arena_alloc(a, cap, &err), 0, cap};
    pki_must(t.p != NULL);
    return t;
}

static void add_hex(struct text *t, const char *key, const uint8_t *p, size_t n, bool lower)
{
    add(t, "\"%s\":\"", key);
    for (size_t i = 0; i < n; i++)
        add(t, lower ? "%02x" : "%02X", p[i]);
    add(t, "\",");
}

/* The common end of a level: tcbDate, tcbStatus, advisoryIDs. */
static void add_tail(struct text *t, const char *date, const char *status, const char *advisories)
{
    add(t, "\"tcbDate\":\"%s\",\"tcbStatus\":\"%s\"", date, status);
    if (advisories && *advisories) {
        add(t, ",\"advisoryIDs\":[");
        for (const char *s = advisories; *s;) {
            size_t n = strcspn(s, ",");
            add(t, "%s\"%.*s\"", s == advisories ? "" : ",", (int)n, s);
            s += n + (s[n] == ',');
        }
        add(t, "]");
    }
    add(t, "}");
}

static void add_svn_levels(struct text *t, const struct svn_level_spec *v, size_t n)
{
    add(t, "\"tcbLevels\":[");
    for (size_t i = 0; i < n; i++) {
        add(t, "%s{\"tcb\":{\"isvsvn\":%d},", i ? "," : "", v[i].svn);
        add_tail(t, v[i].date, v[i].status, v[i].advisories);
    }
    add(t, "]");
}

static void add_components(struct text *t, const char *key, const int *svn, size_t n, bool names)
{
    static const char *const sgx[16] = {
        [0] = "\"category\":\"BIOS\",\"type\":\"Early Microcode Update\"",
        [2] = "\"category\":\"OS/VMM\",\"type\":\"TXT SINIT\"",
        [3] = "\"category\":\"BIOS\"",
        [7] = "\"category\":\"OS/VMM\",\"type\":\"SEAMLDR ACM\""};
    static const char *const tdx[16] = {[0] = "\"category\":\"OS/VMM\",\"type\":\"TDX Module\"",
                                        [1] = "\"category\":\"OS/VMM\",\"type\":\"TDX Module\""};
    add(t, "\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        const char *name = i < 16 ? (key[0] == 's' ? sgx[i] : tdx[i]) : NULL;
        add(t, "%s{\"svn\":%d%s%s}", i ? "," : "", svn[i < 16 ? i : 15], names && name ? "," : "",
            names && name ? name : "");
    }
    add(t, "]");
}

static void add_module(struct text *t, const struct module_spec *m)
{
    add_hex(t, "mrsigner", m->mr_signer, sizeof m->mr_signer, false);
    add_hex(t, "attributes", m->attributes, sizeof m->attributes, false);
    add_hex(t, "attributesMask", m->attributes_mask, sizeof m->attributes_mask, false);
}

struct bytes tcb_info_text(struct arena *a, const struct tcb_info_spec *s)
{
    struct text t = text_new(a, 65536);
    add(&t, "{\"id\":\"%s\",\"version\":%d,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\",", s->id,
        s->version, s->issue_date, s->next_update);
    add_hex(&t, "fmspc", s->fmspc, sizeof s->fmspc, s->lower_case_fmspc);
    add_hex(&t, "pceId", s->pce_id, sizeof s->pce_id, false);
    add(&t, "\"tcbType\":%d,\"tcbEvaluationDataNumber\":%d,", s->tcb_type, s->evaluation_number);
    if (!s->no_module) {
        add(&t, "\"tdxModule\":{");
        add_module(&t, &s->module);
        t.n--; /* the comma behind the last member */
        add(&t, "},");
    }
    if (!s->no_identities) {
        add(&t, "\"tdxModuleIdentities\":[");
        for (size_t i = 0; i < s->num_identities; i++) {
            add(&t, "%s{\"id\":\"%s\",", i ? "," : "", s->identities[i].id);
            add_module(&t, &s->identities[i]);
            add_svn_levels(&t, s->identities[i].levels, s->identities[i].num_levels);
            add(&t, "}");
        }
        add(&t, "],");
    }
    add(&t, "\"tcbLevels\":[");
    for (size_t i = 0; i < s->num_levels; i++) {
        const struct comp_level_spec *l = &s->levels[i];
        add(&t, "%s{\"tcb\":{", i ? "," : "");
        add_components(&t, "sgxtcbcomponents", l->sgx, l->num_sgx, s->component_names);
        add(&t, ",\"pcesvn\":%d", l->pce_svn);
        if (l->num_tdx) {
            add(&t, ",");
            add_components(&t, "tdxtcbcomponents", l->tdx, l->num_tdx, s->component_names);
        }
        add(&t, "},");
        add_tail(&t, l->date, l->status, l->advisories);
    }
    add(&t, "]}");
    return bytes_of(t.p, t.n);
}

struct bytes qe_identity_text(struct arena *a, const struct qe_identity_spec *s)
{
    struct text t = text_new(a, 16384);
    add(&t, "{\"id\":\"%s\",\"version\":%d,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\",", s->id,
        s->version, s->issue_date, s->next_update);
    add(&t, "\"tcbEvaluationDataNumber\":%d,", s->evaluation_number);
    add_hex(&t, "miscselect", s->misc_select, sizeof s->misc_select, false);
    add_hex(&t, "miscselectMask", s->misc_select_mask, sizeof s->misc_select_mask, false);
    add_hex(&t, "attributes", s->attributes, sizeof s->attributes, false);
    add_hex(&t, "attributesMask", s->attributes_mask, sizeof s->attributes_mask, false);
    add_hex(&t, "mrsigner", s->mr_signer, sizeof s->mr_signer, false);
    add(&t, "\"isvprodid\":%d,", s->isv_prod_id);
    add_svn_levels(&t, s->levels, s->num_levels);
    add(&t, "}");
    return bytes_of(t.p, t.n);
}

struct bytes text_replace(struct arena *a, struct bytes text, const char *from, const char *to)
{
    size_t nf = strlen(from), nt = strlen(to), at = 0;
    while (at + nf <= text.n && memcmp(text.p + at, from, nf) != 0)
        at++;
    pki_must(at + nf <= text.n);
    struct text t = text_new(a, text.n + nt + 1);
    memcpy(t.p, text.p, at);
    memcpy(t.p + at, to, nt);
    memcpy(t.p + at + nt, text.p + at + nf, text.n - at - nf);
    return bytes_of(t.p, text.n - nf + nt);
}

#define ISSUED "2025-12-15T00:00:00Z"
#define NEXT   "2026-01-14T00:00:00Z"

void tcb_info_default(struct tcb_info_spec *s)
{
    *s = (struct tcb_info_spec){
        .id = "TDX",
        .version = 3,
        .issue_date = ISSUED,
        .next_update = NEXT,
        .fmspc = {0x90, 0xc0, 0x6f},
        .evaluation_number = 18,
        .identities = {{.id = "TDX_03",
                        .levels = {{3, "2024-11-13T00:00:00Z", "UpToDate", NULL}},
                        .num_levels = 1},
                       {.id = "TDX_01",
                        .levels = {{6, "2024-11-13T00:00:00Z", "UpToDate", NULL},
                                   {4, "2024-03-13T00:00:00Z", "OutOfDate",
                                    "INTEL-SA-01036,INTEL-SA-01099"},
                                   {2, "2023-08-09T00:00:00Z", "Revoked", "INTEL-SA-01036"}},
                        .num_levels = 3}},
        .num_identities = 2,
        .levels = {{.sgx = {3, 3, 2, 2, 4, 1, 0, 5},
                    .tdx = {5, 0, 3},
                    .pce_svn = 13,
                    .date = "2024-11-13T00:00:00Z",
                    .status = "UpToDate"},
                   {.sgx = {2, 2, 2, 2, 3, 1, 0, 5},
                    .tdx = {5, 0, 2},
                    .pce_svn = 13,
                    .date = "2024-03-13T00:00:00Z",
                    .status = "OutOfDate",
                    .advisories = "INTEL-SA-01036,INTEL-SA-01079"},
                   {.sgx = {2, 2, 2, 2, 3, 1, 0, 5},
                    .tdx = {5, 0, 2},
                    .pce_svn = 5,
                    .date = "2018-01-04T00:00:00Z",
                    .status = "OutOfDate",
                    .advisories = "INTEL-SA-00106"}},
        .num_levels = 3,
        .component_names = true};
    memset(s->module.attributes_mask, 0xff, sizeof s->module.attributes_mask);
    for (size_t i = 0; i < s->num_identities; i++)
        memset(s->identities[i].attributes_mask, 0xff, sizeof s->module.attributes_mask);
    for (size_t i = 0; i < s->num_levels; i++)
        s->levels[i].num_sgx = s->levels[i].num_tdx = 16;
}

void qe_identity_default(struct qe_identity_spec *s)
{
    *s = (struct qe_identity_spec){
        .id = "TD_QE",
        .version = 2,
        .issue_date = ISSUED,
        .next_update = NEXT,
        .evaluation_number = 18,
        .misc_select_mask = {0xff, 0xff, 0xff, 0xff},
        .attributes = {0x11},
        .attributes_mask = {0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
        .mr_signer = {0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34,
                      0xa7, 0xfc, 0x43, 0xed, 0x03, 0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba,
                      0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5},
        .isv_prod_id = 2,
        .levels = {{6, "2024-11-13T00:00:00Z", "UpToDate", NULL},
                   {4, "2023-03-13T00:00:00Z", "OutOfDate", "INTEL-SA-00615"},
                   {1, "2021-03-13T00:00:00Z", "Revoked", NULL}},
        .num_levels = 3};
}
