/* explain_text: one line, the registers as a table, then Why and Fix for each thing that is not as
 * it should be. */
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agent/explain.h"
#include "agent/text.h"
#include "base/date.h"

#define WIDTH_DEFAULT 97u
#define WIDTH_LEAST   50u
#define WIDTH_MOST    160u
#define INDENT        8u
#define TOLD          6u /* causes in full; the rest with -v */

struct page {
    FILE *f;
    const struct style *st;
    size_t width;
};

static const char *paint(const struct page *p, const char *sequence)
{
    return text_paint(p->st, sequence);
}

/* columns: of the terminal; else what COLUMNS says; else the width of bootgate's other tables. */
static size_t columns(FILE *f)
{
    struct winsize w = {0};
    const char *said = getenv("COLUMNS");
    size_t n = said && *said && strspn(said, "0123456789") == strlen(said) && strlen(said) < 5
                   ? strtoul(said, NULL, 10)
                   : 0;
    if (!n && isatty(fileno(f)) && ioctl(fileno(f), TIOCGWINSZ, &w) == 0)
        n = w.ws_col;
    n = n ? n : WIDTH_DEFAULT;
    return n < WIDTH_LEAST ? WIDTH_LEAST : n > WIDTH_MOST ? WIDTH_MOST : n;
}

/* wrapped prints words from column `at` on, further lines at INDENT. */
static void wrapped(const struct page *p, size_t at, const char *s)
{
    size_t column = at;
    bool first = true;
    while (s && *s) {
        size_t n = strcspn(s, " ");
        if (!first && column + 1 + n > p->width) {
            fprintf(p->f, "\n%*s", (int)INDENT, "");
            column = INDENT;
        } else if (!first) {
            fputc(' ', p->f);
            column++;
        }
        text_safe(p->f, bytes_of((const uint8_t *)s, n));
        column += n;
        first = false;
        s += n + strspn(s + n, " ");
    }
    fputc('\n', p->f);
}

static void mark(const struct page *p, enum explain_word w)
{
    static const struct {
        const char *unicode, *ascii, *color;
    } marks[] = {
        [EXPLAIN_SAME] = {"\342\234\223", "+", GREEN},
        [EXPLAIN_DIFFERS] = {"\342\234\227", "x", RED},
        [EXPLAIN_UNKNOWN] = {"?", "?", YELLOW},
        [EXPLAIN_NOT_COMPARED] = {"\342\200\223", "-", ""},
    };
    const char *color = paint(p, marks[w].color);
    fprintf(p->f, "  %s%s%s ", color, p->st->unicode ? marks[w].unicode : marks[w].ascii,
            *color ? PLAIN : "");
}

static void row(const struct page *p, const char *name, enum explain_word w, bool has_x,
                const uint8_t *x, bool has_y, const uint8_t *y, const char *note)
{
    mark(p, w);
    fprintf(p->f, "%-11s", name);
    if (has_y)
        text_hex(p->f, p->st, bytes_of(y, 48));
    else
        fputs("not stated", p->f);
    if (w == EXPLAIN_DIFFERS && has_x) {
        fprintf(p->f, "%sexpected ", p->st->verbose ? ",\n               " : ", ");
        text_hex(p->f, p->st, bytes_of(x, 48));
    }
    if (note)
        fprintf(p->f, "  %s", note);
    fputc('\n', p->f);
}

static void note_of(const struct explain *e, size_t r, char *out, size_t cap)
{
    const struct diff_register *q = &e->actual.reg[r];
    const struct diff *d = &e->diff[r];
    size_t differ = d->count[DIFF_CHANGED] + d->count[DIFF_REMOVED] + d->count[DIFF_ADDED];
    *out = '\0';
    if (e->has_rows[r] && e->reg[r] == EXPLAIN_DIFFERS)
        snprintf(out, cap, "%zu of %zu events%s", differ, d->n,
                 d->aligned ? "" : " (too many to align)");
    else if (!q->has_events && e->reg[r] == EXPLAIN_DIFFERS)
        snprintf(out, cap, "no log of it");
}

static void table(const struct page *p, const struct explain *e)
{
    const struct diff_side *x = &e->expected, *y = &e->actual;
    bool has = e->from != EXPECT_NOTHING;
    row(p, "MRTD", e->mrtd, has && x->has_mrtd, x->mrtd, y->has_mrtd, y->mrtd, NULL);
    for (size_t r = 0; r < 4; r++) {
        char note[64];
        note_of(e, r, note, sizeof note);
        row(p, explain_register_name((unsigned)r), e->reg[r], has && x->reg[r].has_value,
            x->reg[r].value, y->reg[r].has_value, y->reg[r].value, *note ? note : NULL);
    }
    row(p, "MRCONFIGID", e->mr_config, has && x->has_mr_config, x->mr_config_id, y->has_mr_config,
        y->mr_config_id, NULL);
}

static void pair(const struct page *p, const char *why, const char *fix)
{
    fprintf(p->f, "\n  %sWhy%s   ", paint(p, BOLD), paint(p, PLAIN));
    wrapped(p, INDENT, why);
    fprintf(p->f, "  %sFix%s   ", paint(p, BOLD), paint(p, PLAIN));
    wrapped(p, INDENT, fix);
}

/* where_text: which registers and event, how sure, under what it would be the same. */
static void where_text(const struct page *p, const struct cause *c)
{
    static const unsigned order[] = {4, 0, 1, 2, 3, 5};
    char line[1024];
    size_t n = 0, cap = sizeof line;
    for (size_t i = 0; i < 6; i++)
        if (c->registers & 1u << order[i])
            n += (size_t)snprintf(line + n, cap - n, "%s%s", n ? ", " : "",
                                  explain_register_name(order[i]));
    snprintf(line + n, cap - n, "%s%.64s; %s%s%.200s%s%s%s", c->event ? ", " : "",
             c->event ? c->event : "", cause_confidence_name(c->confidence),
             c->matches_if ? ": matches if " : "", c->matches_if ? c->matches_if : "",
             c->see ? " [" : "", c->see ? c->see : "", c->see ? "]" : "");
    fprintf(p->f, "%*s", (int)INDENT, "");
    wrapped(p, INDENT, line);
}

static void cause_text(const struct page *p, const struct cause *c)
{
    pair(p, c->why, c->fix);
    where_text(p, c);
}

static void causes_text(const struct page *p, const struct explain *e)
{
    size_t n = e->causes.n, shown = p->st->verbose || n <= TOLD ? n : TOLD;
    for (size_t i = 0; i < shown; i++)
        cause_text(p, &e->causes.v[i]);
    if (shown < n || e->causes.dropped)
        fprintf(p->f, "\n  %zu more cause%s%s\n", n - shown + e->causes.dropped,
                n - shown + e->causes.dropped == 1 ? "" : "s", shown < n ? ": -v" : "");
}

static void fixes_text(const struct page *p, const struct explain *e)
{
    for (size_t i = 0; i < e->num_fixes; i++) {
        const struct explain_fix *f = &e->fixes[i];
        fprintf(p->f, "\n  %sWhy%s   ", paint(p, BOLD), paint(p, PLAIN));
        wrapped(p, INDENT, f->why);
        if (f->slot) {
            fprintf(p->f, "%*s", (int)INDENT, "");
            text_safe(p->f, bytes_of_str(f->slot));
            fputs(" is ", p->f);
            text_safe(p->f, bytes_of_str(f->value ? f->value : "not known"));
            fputc('\n', p->f);
        }
        for (size_t k = 0; k < 2 && f->commands[k]; k++) { /* one line each, ready to paste */
            fprintf(p->f, k ? "        " : "  %sFix%s   ", paint(p, BOLD), paint(p, PLAIN));
            text_safe(p->f, bytes_of_str(f->commands[k]));
            fputc('\n', p->f);
        }
    }
}

/* switch_text: when the coming set becomes the standard. */
static void switch_text(const struct explain *e, char *out, size_t n)
{
    if (!e->has_switch)
        snprintf(out, n, "no document at hand says when it becomes the standard");
    else if (e->when.due)
        snprintf(out, n, "it was due to become the standard on %.10s (announced, not signed)",
                 date_of(e->when.standard).s);
    else
        snprintf(out, n, "it becomes the standard in %llu days, on %.10s (announced, not signed)",
                 (unsigned long long)e->when.days, date_of(e->when.standard).s);
}

static void gap_text(const struct page *p, const struct explain *e)
{
    const struct tcb_gap *g = &e->gap;
    char line[256];
    if (!e->has_gap || (tcb_gap_none(g) && (!e->has_early || tcb_gap_none(&e->early))))
        return;
    for (size_t i = 0; i < g->num_missing; i++) {
        static const char *const kinds[] = {"", "SGX component ", "TDX component ", "PCE"};
        const struct tcb_short *s = &g->missing[i];
        char index[8] = "";
        if (s->kind != TCB_SHORT_PCE)
            snprintf(index, sizeof index, "%u", s->index);
        snprintf(line, sizeof line, "TCB: %s%s is %u, needs %u (%u short)", kinds[s->kind], index,
                 s->have, s->need, s->need - s->have);
        char fix[128];
        snprintf(fix, sizeof fix, "update %s; then register the platform again", tcb_update_of(s));
        pair(p, line, fix);
    }
    if (g->module && g->module_gap.goal) {
        snprintf(line, sizeof line, "TCB: the TDX module is SVN %u, needs %u", g->module_gap.svn,
                 g->module_gap.goal->isv_svn);
        pair(p, line, "update the TDX module");
    }
    if (g->qe.goal) {
        snprintf(line, sizeof line, "TCB: the quoting enclave is SVN %u, needs %u", g->qe.svn,
                 g->qe.goal->isv_svn);
        pair(p, line, "update Intel's DCAP software on the host");
    }
    if (g->relaunch)
        pair(p, "TCB: the host was updated after this TD was started", "start the TD again");
    const struct tcb_info *next = &e->early.info;
    bool coming = e->has_early && next->evaluation_number > g->info.evaluation_number;
    if (e->has_early && !tcb_gap_none(&e->early) && (coming || tcb_gap_none(g))) {
        char when[128];
        switch_text(e, when, sizeof when);
        snprintf(line, sizeof line,
                 "TCB: the coming TCB set (number %u, issued %.10s) asks for more than this "
                 "platform has; %s",
                 next->evaluation_number, date_of(next->issue_date).s, when);
        pair(p, line, "update before it is in force: `bootgate tcb FILE --early`");
    }
    if (!g->num_missing && g->level && g->level->status != TCB_UP_TO_DATE) {
        snprintf(line, sizeof line,
                 !g->goal ? "TCB: the level is %.*s, and none in the TCB info is UpToDate"
                          : "TCB: no component is short, but the level is %.*s: settings of "
                            "the platform or hardening of its software",
                 (int)(g->level->status_text.n < 60 ? g->level->status_text.n : 60),
                 (const char *)g->level->status_text.p);
        pair(p, line, "see what the advisories ask for: `bootgate tcb FILE`");
    }
}

static void verdict_line(const struct page *p, const struct explain *e)
{
    const char *code = json_string_value(json_object_get(e->verdict, "code"));
    const char *reason = json_string_value(json_object_get(e->verdict, "reason"));
    if (!e->verdict)
        return;
    fprintf(p->f, "\n  %sVerdict%s ", paint(p, BOLD), paint(p, PLAIN));
    if (code)
        fprintf(p->f, "%s ", code);
    wrapped(p, 18, reason ? reason : code ? "no" : "yes");
}

static void failed_checks(const struct page *p, const struct explain *e)
{
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(e->verdict, "checks"), i, c)
    {
        const char *status = json_string_value(json_object_get(c, "status"));
        const char *id = json_string_value(json_object_get(c, "id"));
        const char *hint = json_string_value(json_object_get(c, "hint"));
        const char *actual = json_string_value(json_object_get(c, "actual"));
        const char *expected = json_string_value(json_object_get(c, "expected"));
        char line[400];
        if (!status || !id || strcmp(status, "fail") != 0 ||
            (e->num_fixes && strncmp(id, "contract", 8) == 0))
            continue;
        snprintf(line, sizeof line, "%s is %.150s%s%.150s", id,
                 actual ? actual : "not as it should be", expected ? ", expected " : "",
                 expected ? expected : "");
        pair(p, line, hint ? hint : "`bootgate explain` with the code above");
    }
}

/* first_short: what of the platform is too old, in a few words. */
static void first_short(const struct tcb_gap *g, char *out, size_t cap)
{
    size_t n = g->num_missing;
    struct bytes status = g->level ? g->level->status_text : bytes_of_str("below every level");
    snprintf(out, cap, "the platform's TCB is %.*s%s", (int)(status.n < 60 ? status.n : 60),
             (const char *)status.p, n ? ": components are short" : "");
}

static void headline(const struct page *p, const struct explain *e)
{
    static const char *const words[] = {"SAME", "DIFFERS", "UNKNOWN", "NOTHING TO COMPARE"};
    int status = explain_verdict_status(e);
    bool differs = e->result == EXPLAIN_DIFFERS, old = e->has_gap && !tcb_gap_none(&e->gap);
    const char *reason = json_string_value(json_object_get(e->verdict, "reason"));
    const char *word = differs       ? words[1]
                       : status == 1 ? "DENIED"
                       : status      ? "UNDECIDED"
                       : old         ? "NOT UP TO DATE"
                                     : words[e->result];
    const char *color = differs || status == 1                          ? RED
                        : status || old || e->result == EXPLAIN_UNKNOWN ? YELLOW
                                                                        : GREEN;
    char tcb[128];
    const char *why = e->causes.n ? e->causes.v[0].why : NULL;
    first_short(&e->gap, tcb, sizeof tcb);
    if (!why)
        why = status                         ? reason
              : old                          ? tcb
              : e->result == EXPLAIN_SAME    ? "every register that is stated is as expected"
              : e->result == EXPLAIN_DIFFERS ? "a register is not as expected"
              : e->result == EXPLAIN_UNKNOWN ? "nothing that is known differs; not all is known"
              : e->verdict                   ? reason
                           : "give what was expected: --image DIR -m SIZE, or --against FILE";
    fprintf(p->f, "%s%s%s%s: ", paint(p, BOLD), paint(p, color), word, paint(p, PLAIN));
    wrapped(p, strlen(word) + 2, why);
}

void explain_text(FILE *f, const struct style *st, const struct explain *e)
{
    struct page p = {f, st, columns(f)};
    headline(&p, e);
    if (e->has_actual) {
        fputc('\n', f);
        table(&p, e);
    }
    causes_text(&p, e);
    verdict_line(&p, e);
    fixes_text(&p, e);
    if (e->verdict)
        gap_text(&p, e);
    failed_checks(&p, e);
    if (st->verbose)
        explain_validity_text(f, st, e);
}
