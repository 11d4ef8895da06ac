/* The verdict for people: one line, the checks as a table, then Why and Fix for what failed. */
#include "agent/periods.h"
#include "agent/text.h"
#include "base/date.h"
#include "base/hex.h"

#define MARGIN 31  /* where values begin: the mark or four spaces, the label, a space */
#define VALUE  66u /* of them stand in a line, then: 97 columns */

static bool is_hex_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* shorten takes the middle out of long runs of hex, then the end off a text that is still long;
 * returns the length: out is not terminated. */
static size_t shorten(const char *s, char *out, size_t cap)
{
    size_t n = 0;
    while (*s && n + HEAD + TAIL + 3 < cap) {
        size_t run = 0;
        while (is_hex_digit(s[run]))
            run++;
        if (run > LONG) {
            n += (size_t)snprintf(out + n, cap - n, "%.*s..%.*s", (int)HEAD, s, (int)TAIL,
                                  s + run - TAIL);
            s += run;
        } else {
            out[n++] = *s++;
        }
    }
    if (n <= VALUE)
        return n;
    memcpy(out + VALUE - 2, "..", 2);
    return VALUE;
}

/* value prints a check's value and returns how wide it came out. */
static size_t value(FILE *f, const struct style *st, const char *s)
{
    char text[1024];
    struct bytes b = bytes_of_str(s);
    if (!st->verbose) {
        b = bytes_of((const uint8_t *)text, shorten(s, text, sizeof text));
    }
    text_safe(f, b);
    return b.n;
}

static void mark(FILE *f, const struct style *st, enum check_status s)
{
    static const struct {
        const char *unicode, *ascii, *color;
    } marks[] = {
        [CHECK_NOT_RUN] = {"\342\200\223", "-", ""}, /* en dash */
        [CHECK_PASS] = {"\342\234\223", "+", GREEN}, /* check mark */
        [CHECK_FAIL] = {"\342\234\227", "x", RED},   /* ballot x */
        [CHECK_UNKNOWN] = {"?", "?", YELLOW},
    };
    const char *color = text_paint(st, marks[s].color);
    fprintf(f, "  %s%s%s ", color, st->unicode ? marks[s].unicode : marks[s].ascii,
            *color ? PLAIN : "");
}

static void headline(FILE *f, const struct style *st, const struct report *r)
{
    enum rc code = report_code(r);
    int status = report_exit_status(r);
    bool yes = report_yes(r), query = r->kind == VERDICT_QUERY;
    const char *word = "UNDECIDED";
    if (yes)
        word = r->question == ASK_NONE   ? "AUTHENTIC"
               : query                   ? "YES"
               : r->kind == VERDICT_LIVE ? "ALLOWED"
                                         : "WOULD BE ALLOWED";
    else if (status == 1)
        word = r->question == ASK_NONE ? "REFUSED" : query ? "NO" : "DENIED";
    else if (status == 2 || status == 70)
        word = "ERROR";
    fprintf(f, "%s%s%s%s", text_paint(st, BOLD), text_paint(st, yes ? GREEN : RED), word,
            text_paint(st, PLAIN));
    if (code != RC_OK)
        fprintf(f, " BG-%04d", (int)code);
    fputs(": ", f);
    text_safe(f, bytes_of_str(report_reason(r)));
    fprintf(f, " (%s%s)\n", verdict_kind_name(r->kind),
            r->test_root ? ", on a root that is not Intel's" : "");
}

static void table(FILE *f, const struct style *st, const struct checks *cs)
{
    for (size_t i = 0; i < cs->n; i++) {
        const struct check *c = &cs->v[i];
        mark(f, st, c->status);
        fprintf(f, "%-*s ", LABEL, c->id);
        if (c->status == CHECK_FAIL && c->expected && c->actual) {
            size_t wide = value(f, st, c->actual) + strlen(", expected ") + strlen(c->expected);
            if (wide > VALUE)
                fprintf(f, ",\n%*sexpected ", MARGIN, "");
            else
                fputs(", expected ", f);
            (void)value(f, st, c->expected);
        } else if (c->actual) {
            (void)value(f, st, c->actual);
        } else if (c->status == CHECK_NOT_RUN) {
            fputs("not run", f);
        }
        fputc('\n', f);
    }
}

/* wrapped prints words in the column of values. */
static void wrapped(FILE *f, const char *s)
{
    size_t column = 0;
    while (*s) {
        size_t n = strcspn(s, " ");
        if (column && column + 1 + n > VALUE) {
            fprintf(f, "\n%*s", MARGIN, "");
            column = 0;
        } else if (column) {
            fputc(' ', f);
            column++;
        }
        text_safe(f, bytes_of((const uint8_t *)s, n));
        column += n;
        s += n + strspn(s + n, " ");
    }
    fputc('\n', f);
}

/* open_questions lists what the run could not know or did not do, and what would settle it; but
 * not what Why and Fix will say of the code `told`. */
static void open_questions(FILE *f, const struct style *st, const struct checks *cs, enum rc told)
{
    const char *last = NULL;
    for (size_t i = 0; i < cs->n; i++) {
        const struct check *c = &cs->v[i];
        const struct err_info *info = err_info_of((int)c->code);
        const char *hint = c->hint ? c->hint : info ? info->hint : NULL;
        if ((c->status != CHECK_UNKNOWN && c->status != CHECK_NOT_RUN) || !hint)
            continue;
        if (c->code != RC_OK && c->code == told)
            continue;
        if (last && strcmp(hint, last) == 0)
            continue;
        if (!last)
            fprintf(f, "\n  %sOpen%s\n", text_paint(st, BOLD), text_paint(st, PLAIN));
        last = hint;
        fprintf(f, "    %-*s ", LABEL, c->id);
        wrapped(f, hint);
    }
}

static void fact_list(FILE *f, const char *name, const struct bytes *v, size_t n)
{
    text_label(f, name);
    for (size_t i = 0; i < n; i++) {
        fputs(i ? ", " : "", f);
        text_safe(f, v[i]);
    }
    fputs(n ? "\n" : "none\n", f);
}

static void td_facts(FILE *f, const struct style *st, const struct td_report *r)
{
    const struct td_body *b = &r->td;
    char from[DATE_TEXT], until[DATE_TEXT], date[DATE_TEXT];
    fprintf(f, "\n  %sTD%s\n", text_paint(st, BOLD), text_paint(st, PLAIN));
    text_fact_hex(f, st, "MRTD", b->mr_td, 48);
    static const char *const names[] = {"RTMR0", "RTMR1", "RTMR2", "RTMR3"};
    for (size_t i = 0; i < 4; i++)
        text_fact_hex(f, st, names[i], b->rtmr[i], 48);
    text_fact_hex(f, st, "MRCONFIGID", b->mr_config_id, 48);
    text_fact_hex(f, st, "report_data", b->report_data, 64);
    text_fact_hex(f, st, "TD attributes", b->td_attributes, 8);
    text_fact_hex(f, st, "XFAM", b->xfam, 8);
    text_fact_hex(f, st, "TEE TCB SVN", b->tee_tcb_svn, 16);
    if (st->verbose) {
        text_fact_hex(f, st, "MROWNER", b->mr_owner, 48);
        text_fact_hex(f, st, "MROWNERCONFIG", b->mr_owner_config, 48);
        text_fact_hex(f, st, "MRSEAM", b->mr_seam, 48);
        text_fact_hex(f, st, "MRSIGNERSEAM", b->mr_signer_seam, 48);
        text_fact_hex(f, st, "SEAM attributes", b->seam_attributes, 8);
        if (b->td15) {
            text_fact_hex(f, st, "TEE TCB SVN 2", b->tee_tcb_svn2, 16);
            text_fact_hex(f, st, "MR_SERVICE_TD", b->mr_service_td, 48);
        }
    }
    fprintf(f, "  %sTCB%s\n", text_paint(st, BOLD), text_paint(st, PLAIN));
    text_fact(f, "status", bytes_of_str(tcb_status_name(r->tcb.status)));
    text_fact(f, "platform", bytes_of_str(tcb_status_name(r->tcb.platform)));
    text_fact(f, "TDX module",
              bytes_of_str(r->tcb.module ? tcb_status_name(r->tcb.module) : "no identity in use"));
    text_fact(f, "quoting enclave", bytes_of_str(tcb_status_name(r->tcb.qe)));
    fact_list(f, "advisories", r->tcb.advisories.v, r->tcb.advisories.n);
    date_text(r->tcb.tcb_date, date);
    text_fact(f, "TCB date", bytes_of_str(date));
    text_fact_hex(f, st, "FMSPC", r->pck.fmspc, 6);
    text_fact_hex(f, st, "device id", r->device_id, 32);
    date_text(r->valid_from, from);
    date_text(r->valid_until, until);
    text_label(f, "valid");
    fprintf(f, "%s (%s) to %s (%s)\n", from, r->valid_from_what ? r->valid_from_what : "-", until,
            r->valid_until_what ? r->valid_until_what : "-");
}

static void boot_info_facts(FILE *f, const struct style *st, const struct report *r)
{
    const struct boot_info *b = r->boot_info;
    const struct predicted_boot_info *p = r->predicted;
    fprintf(f, "  %sboot info%s\n", text_paint(st, BOLD), text_paint(st, PLAIN));
    if (p && p->mr_aggregated_unknown)
        text_fact(f, "mrAggregated", bytes_of_str("unknown"));
    else
        text_fact_hex(f, st, "mrAggregated", b->mr_aggregated, 32);
    text_fact_hex(f, st, "mrSystem", b->mr_system, 32);
    text_fact_hex(f, st, "osImageHash", b->os_image_hash, 32);
    text_fact_hex(f, st, "appId", b->app_id, 20);
    text_fact_hex(f, st, "composeHash", b->compose_hash, 32);
    if (b->has_instance_id)
        text_fact_hex(f, st, "instanceId", b->instance_id, 20);
    else
        text_fact(f, "instanceId", bytes_of_str(p && p->instance_id_unknown ? "unknown" : "none"));
    text_fact_hex(f, st, "deviceId", b->device_id, 32);
    text_label(f, "tcbStatus");
    text_safe(f, b->tcb_status);
    fputc('\n', f);
}

/* periods_text: how long each thing is good, on demand. */
static void periods_text(FILE *f, const struct style *st, const struct report *r)
{
    struct period v[PERIODS_MAX];
    size_t n = st->verbose ? report_periods(r, v) : 0;
    if (n)
        fprintf(f, "  %sgood from and until%s\n", text_paint(st, BOLD), text_paint(st, PLAIN));
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "    %-36s %s  %-20s  %s\n", v[i].what, date_of(v[i].from).s,
                v[i].ends ? date_of(v[i].until).s : "-", v[i].anchor);
    }
}

/* notes_text: what went otherwise than it should. Where it did no harm, how much there is; all on
 * demand. Where the reason itself names every node, nothing more. */
static void notes_text(FILE *f, const struct style *st, const struct report *r)
{
    enum rc rc = r->err.rc;
    bool told = rc == RC_OK || rc == BG_HEAD_NETWORK || rc == BG_DRIVER_NODES ||
                rc == BG_NEAR_HEAD_NODES || rc == BG_NEAR_STATE_NODES;
    if (!r->net.num_notes || (told && rc != RC_OK && !st->verbose))
        return;
    if (told && !st->verbose) {
        fprintf(f, "  %sNotes%s %zu, shown with -v\n", text_paint(st, BOLD), text_paint(st, PLAIN),
                r->net.num_notes);
        return;
    }
    fprintf(f, "  %sNotes%s\n", text_paint(st, BOLD), text_paint(st, PLAIN));
    for (size_t i = 0; i < r->net.num_notes; i++) {
        fputs("    ", f);
        text_safe(f, bytes_of_str(r->net.notes[i]));
        fputc('\n', f);
    }
}

static void why_and_fix(FILE *f, const struct style *st, enum rc code, const char *detail,
                        const char *hint)
{
    const struct err_info *info = err_info_of((int)code);
    fprintf(f, "\n  %sWhy%s BG-%04d %s", text_paint(st, BOLD), text_paint(st, PLAIN), (int)code,
            info ? info->text : "unknown code");
    if (detail && *detail) {
        fputs(": ", f);
        text_safe(f, bytes_of_str(detail));
    }
    fprintf(f, "\n  %sFix%s ", text_paint(st, BOLD), text_paint(st, PLAIN));
    text_safe(f, bytes_of_str(hint ? hint : info ? info->hint : "-"));
    fputc('\n', f);
}

void verdict_text(FILE *f, const struct style *st, const struct report *r)
{
    headline(f, st, r);
    table(f, st, &r->checks);
    open_questions(f, st, &r->checks, r->err.rc);
    if (r->td)
        td_facts(f, st, r->td);
    if (r->boot_info)
        boot_info_facts(f, st, r);
    contract_text(f, st, r);
    periods_text(f, st, r);
    notes_text(f, st, r);
    if (r->err.rc != RC_OK)
        why_and_fix(f, st, r->err.rc, r->err.detail, NULL);
    for (size_t i = 0; i < r->checks.n; i++) {
        const struct check *c = &r->checks.v[i];
        if (c->status == CHECK_FAIL && c->code != r->err.rc)
            why_and_fix(f, st, c->code, c->actual, c->hint);
    }
}

void text_error(FILE *f, const struct err *err)
{
    const struct err_info *info = err_info_of((int)err->rc);
    fprintf(f, "bootgate: BG-%04d %s", (int)err->rc, info ? info->text : "unknown code");
    if (err->detail[0])
        fprintf(f, ": %s", err->detail);
    fprintf(f, "\n  Fix: %s\n", info ? info->hint : "-");
}
