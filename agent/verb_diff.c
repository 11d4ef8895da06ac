/* diff A B: two logs, measurements or quotes, register by register: what differs, what may be the
 * cause, what cannot be told. Exit status as that of diff(1): 0 the same, 1 not; 4 not known. */
#include "agent/diff_side.h"
#include "agent/event_text.h"
#include "agent/inputs_show.h"
#include "agent/output.h"
#include "base/hex.h"
#include "quote/measurement.h"

enum word { SAME = 0, DIFFERS, UNKNOWN, ABSENT /* one side is of a kind that never says it */ };
static const char *const words[] = {"same", "differs", "unknown", "not-compared"};

struct compared {
    struct diff_side side[2];
    enum word mrtd, reg[4], result;
    bool has_rows[4];
    struct diff diff[4];
};

/* speaks_of: a log alone never states MRTD, nor a measurement RTMR3: that is not held against it.
 */
static bool speaks_of_mrtd(const struct diff_side *s)
{
    return s->kind != DIFF_LOG;
}

static bool speaks_of(const struct diff_side *s, size_t rtmr)
{
    return s->kind != DIFF_MEASUREMENT || rtmr < 3;
}

static enum word word_of(const uint8_t *a, bool has_a, const uint8_t *b, bool has_b)
{
    if (!has_a || !has_b)
        return UNKNOWN;
    return memcmp(a, b, 48) == 0 ? SAME : DIFFERS;
}

static enum rc compare(struct arena *a, struct compared *c, struct err *err)
{
    const struct diff_side *x = &c->side[0], *y = &c->side[1];
    bool labels_alike = (x->kind == DIFF_MEASUREMENT) == (y->kind == DIFF_MEASUREMENT);
    c->mrtd = ABSENT;
    if (speaks_of_mrtd(x) && speaks_of_mrtd(y))
        c->mrtd = word_of(x->mrtd, x->has_mrtd, y->mrtd, y->has_mrtd);
    c->result = c->mrtd == DIFFERS ? DIFFERS : c->mrtd == UNKNOWN ? UNKNOWN : SAME;
    for (size_t r = 0; r < 4; r++) {
        const struct diff_register *p = &x->reg[r], *q = &y->reg[r];
        c->reg[r] = ABSENT;
        if (!speaks_of(x, r) || !speaks_of(y, r))
            continue;
        c->reg[r] = word_of(p->value, p->has_value, q->value, q->has_value);
        c->has_rows[r] = p->has_events && q->has_events;
        if (c->has_rows[r]) {
            struct diff *d = &c->diff[r];
            TRY(diff_events(a, p->list, q->list, labels_alike, d, err));
            /* Known events that differ make a register differ, whatever the others are. */
            if (c->reg[r] == UNKNOWN &&
                (d->count[DIFF_CHANGED] || d->count[DIFF_REMOVED] || d->count[DIFF_ADDED]))
                c->reg[r] = DIFFERS;
        }
        if (c->reg[r] == DIFFERS)
            c->result = DIFFERS;
        else if (c->reg[r] == UNKNOWN && c->result == SAME)
            c->result = UNKNOWN;
    }
    return RC_OK;
}

static unsigned inputs_of(const struct diff_event *x, const struct diff_event *y)
{
    /* What both say narrows it; one that says nothing does not widen it. */
    unsigned a = x ? x->inputs : 0, b = y ? y->inputs : 0;
    return a && b && (a & b) ? a & b : a | b;
}

static json_t *hex_json(struct arena *a, struct bytes b)
{
    struct err err = {0};
    char *s = hex_str(a, b, &err);
    return s ? json_string(s) : json_null();
}

static json_t *value_json(struct arena *a, bool has, const uint8_t *v)
{
    return has ? hex_json(a, bytes_of(v, 48)) : json_null();
}

static json_t *event_json(struct arena *a, const struct diff_event *e, size_t index)
{
    char text[512];
    if (!e)
        return json_null();
    json_t *label = json_stringn((const char *)e->label.p, e->label.n);
    if (!label) /* a log's names are any bytes */
        label = hex_json(a, e->label);
    bool says = event_describe(e->type, e->payload, text, sizeof text);
    return json_pack("{s:I, s:o, s:o, s:o, s:s?}", "index", (json_int_t)index, "event", label,
                     "digest", value_json(a, e->known, e->digest), "payload",
                     e->payload.n ? hex_json(a, e->payload) : json_null(), "says",
                     says ? text : NULL);
}

static const char *const op_names[] = {"", "same", "changed", "removed", "added", "unknown"};

/* events_of: a row's events; NULL for one that it does not have. */
static void events_of(const struct compared *c, size_t r, const struct diff_row *row,
                      const struct diff_event *out[2])
{
    out[0] = row->op == DIFF_ADDED ? NULL : &c->side[0].reg[r].list.v[row->a];
    out[1] = row->op == DIFF_REMOVED ? NULL : &c->side[1].reg[r].list.v[row->b];
}

static json_t *register_json(struct arena *a, const struct compared *c, size_t r)
{
    const struct diff_register *p = &c->side[0].reg[r], *q = &c->side[1].reg[r];
    const struct diff *d = &c->diff[r];
    json_t *rows = json_array();
    for (size_t i = 0; c->has_rows[r] && i < d->n; i++) {
        const struct diff_row *row = &d->rows[i];
        const struct diff_event *e[2];
        if (row->op == DIFF_SAME)
            continue;
        events_of(c, r, row, e);
        (void)json_array_append_new(rows, json_pack("{s:s, s:o, s:o, s:o}", "op", op_names[row->op],
                                                    "a", event_json(a, e[0], row->a), "b",
                                                    event_json(a, e[1], row->b), "depends_on",
                                                    inputs_json(inputs_of(e[0], e[1]))));
    }
    return json_pack("{s:i, s:s, s:o, s:o, s:b, s:b, s:I, s:o}", "rtmr", (int)r, "status",
                     words[c->reg[r]], "a", value_json(a, p->has_value, p->value), "b",
                     value_json(a, q->has_value, q->value), "compared", c->has_rows[r], "aligned",
                     c->has_rows[r] && d->aligned, "same_events", (json_int_t)d->count[DIFF_SAME],
                     "rows", rows);
}

static json_t *side_json(const struct diff_side *s)
{
    return json_pack("{s:s, s:s}", "file", s->path, "kind", diff_kind_name(s->kind));
}

static json_t *as_json(struct arena *a, const struct compared *c)
{
    const struct diff_side *x = &c->side[0], *y = &c->side[1];
    json_t *registers = json_array();
    for (size_t r = 0; r < 4; r++)
        (void)json_array_append_new(registers, register_json(a, c, r));
    return json_pack("{s:i, s:s, s:s, s:o, s:o, s:{s:s, s:o, s:o, s:o}, s:o}", "schema", 1, "kind",
                     "diff", "result", c->result == DIFFERS ? "differ" : words[c->result], "a",
                     side_json(x), "b", side_json(y), "mrtd", "status", words[c->mrtd], "a",
                     value_json(a, x->has_mrtd, x->mrtd), "b", value_json(a, y->has_mrtd, y->mrtd),
                     "depends_on", inputs_json(MRTD_INPUTS), "registers", registers);
}

static void digest_text(const struct style *st, const struct diff_event *e)
{
    if (!e)
        fputs("-         ", stdout);
    else if (!e->known)
        fputs("unknown   ", stdout);
    else if (st->verbose)
        text_hex(stdout, st, BYTES_OF_ARRAY(e->digest));
    else
        printf("%02x%02x%02x%02x..", e->digest[0], e->digest[1], e->digest[2], e->digest[3]);
}

static bool is_text(struct bytes b)
{
    for (size_t i = 0; i < b.n; i++)
        if (b.p[i] < 0x20 || b.p[i] > 0x7e)
            return false;
    return b.n > 0;
}

/* payload_text: what an event says, where there is more than its label. */
static void payload_text(const struct style *st, const char *mark, const struct diff_event *e)
{
    char text[512];
    if (!e || !e->payload.n)
        return;
    printf("         %s ", mark);
    if (is_text(e->payload))
        text_safe(stdout,
                  st->verbose || e->payload.n <= 80 ? e->payload : bytes_of(e->payload.p, 80));
    else if (event_describe(e->type, e->payload, text, sizeof text))
        printf("%s", text);
    else
        text_hex(stdout, st, e->payload);
    putchar('\n');
}

static void rows_text(const struct style *st, const struct compared *c, size_t r)
{
    static const char marks[] = {' ', '=', '~', '-', '+', '?'};
    const struct diff *d = &c->diff[r];
    size_t same = 0;
    for (size_t i = 0; i <= d->n; i++) {
        if (i < d->n && d->rows[i].op == DIFF_SAME) {
            same++;
            continue;
        }
        if (same)
            printf("       = %zu event%s the same\n", same, same == 1 ? "" : "s");
        same = 0;
        if (i == d->n)
            break;
        const struct diff_event *e[2];
        events_of(c, r, &d->rows[i], e);
        const struct diff_event *named = e[0] ? e[0] : e[1];
        struct bytes label = named ? named->label : BYTES_NONE;
        printf("       %c ", marks[d->rows[i].op]);
        text_safe(stdout, label);
        printf("%*s ", label.n < 34 ? (int)(34 - label.n) : 0, "");
        digest_text(st, e[0]);
        fputs(" | ", stdout);
        digest_text(st, e[1]);
        inputs_text(stdout, "  from ", inputs_of(e[0], e[1]));
        putchar('\n');
        if (e[0] && e[1] && bytes_eq(e[0]->payload, e[1]->payload))
            continue;
        payload_text(st, "A:", e[0]);
        payload_text(st, "B:", e[1]);
    }
    if (!d->aligned)
        printf("       (more than %u differences: events between the ends are not aligned)\n",
               DIFF_EDITS_MAX);
}

static void missing_text(const struct diff_side s[2], size_t r)
{
    for (size_t i = 0; i < 2; i++) {
        const struct diff_register *g = &s[i].reg[r];
        if (!g->has_value && !g->has_events)
            printf("       %s says nothing of it\n", i ? "B" : "A");
        else if (!g->has_events)
            printf("       %s has no events: which one it is cannot be told\n", i ? "B" : "A");
        else if (!g->replays && g->has_value)
            printf("       the events of %s do not lead to its quote\n", i ? "B" : "A");
    }
}

static void as_text(const struct style *st, const struct compared *c)
{
    for (size_t i = 0; i < 2; i++)
        printf("%s: %s (%s)\n", i ? "B" : "A", c->side[i].path, diff_kind_name(c->side[i].kind));
    printf("\nMRTD   %s", words[c->mrtd]);
    if (c->mrtd == DIFFERS) {
        fputs("  ", stdout);
        text_hex(stdout, st, BYTES_OF_ARRAY(c->side[0].mrtd));
        fputs(" | ", stdout);
        text_hex(stdout, st, BYTES_OF_ARRAY(c->side[1].mrtd));
        inputs_text(stdout, "  from ", MRTD_INPUTS);
    }
    putchar('\n');
    for (size_t r = 0; r < 4; r++) {
        printf("RTMR%zu  %s\n", r, words[c->reg[r]]);
        if (c->reg[r] == SAME || c->reg[r] == ABSENT)
            continue;
        missing_text(c->side, r);
        if (c->has_rows[r])
            rows_text(st, c, r);
    }
    printf("\n%s\n", c->result == SAME      ? "the same"
                     : c->result == DIFFERS ? "they differ"
                                            : "nothing that is known differs; not all is known");
}

static enum rc run(struct arena *a, const struct cli *cli, struct bundle *const b[2],
                   struct compared *c, struct err *err)
{
    if (strcmp(cli->args[0], "-") == 0 && strcmp(cli->args[1], "-") == 0)
        return err_set(err, BG_DIFF_TWO_INPUTS, "%s", "- -");
    for (size_t i = 0; i < 2; i++)
        TRY(diff_side_read(a, cli->args[i], b[i], &c->side[i], err));
    return compare(a, c, err);
}

int verb_diff(struct arena *a, const struct cli *cli)
{
    static const int status[] = {0, 1, 4, 0};
    struct err err = {0};
    struct compared c = {0};
    AUTO_BUNDLE first = {0};
    AUTO_BUNDLE second = {0};
    if (run(a, cli, (struct bundle *const[]){&first, &second}, &c, &err) != RC_OK)
        return output_error(cli->json, cli->quiet, &err);
    if (cli->quiet)
        return status[c.result];
    struct style st = output_style(cli);
    if (cli->json)
        output_json(as_json(a, &c));
    else
        as_text(&st, &c);
    return output_finish(status[c.result]);
}
