/* explain_json: what was found, as the JSON of docs/explain.md. */
#include "agent/event_text.h"
#include "agent/explain.h"
#include "agent/inputs_show.h"
#include "base/date.h"
#include "base/hash.h"
#include "base/hex.h"

#define EVENTS_SHOWN 1024u /* of one register */
#define ROWS_SHOWN   1024u

const char *explain_word_name(enum explain_word w)
{
    static const char *const names[] = {"same", "differs", "unknown", "not-compared"};
    return names[w];
}

const char *explain_from_name(enum explain_from f)
{
    static const char *const names[] = {NULL, "image", "file", "evidence"};
    return names[f];
}

const char *explain_app_input(size_t i)
{
    static const char *const names[] = {"compose",      "app-id",      "init-script",
                                        "key-provider", "instance-id", "storage"};
    return i < sizeof names / sizeof *names ? names[i] : NULL;
}

const char *explain_register_name(unsigned bit)
{
    static const char *const names[] = {"RTMR0", "RTMR1", "RTMR2", "RTMR3", "MRTD", "MRCONFIGID"};
    return names[bit];
}

static json_t *hex_json(const struct explain *e, struct bytes b)
{
    struct err err = {0};
    char *s = hex_str(e->a, b, &err);
    return s ? json_string(s) : json_null();
}

static json_t *value_json(bool has, const uint8_t v[static 48])
{
    char text[97];
    hex_encode(bytes_of(v, 48), text);
    return has ? json_string(text) : json_null();
}

/* text_json: a log's names are any bytes. */
static json_t *text_json(const struct explain *e, struct bytes b)
{
    json_t *s = json_stringn((const char *)b.p, b.n);
    return s ? s : hex_json(e, b);
}

static json_t *event_json(const struct explain *e, const struct diff_event *v, size_t index,
                          const uint8_t running[static 48])
{
    char says[512];
    bool has = event_describe(v->type, v->payload, says, sizeof says);
    json_t *digest = value_json(v->known, v->digest);
    return json_pack("{s:I, s:o, s:s?, s:o, s:o, s:o, s:s?, s:o}", "index", (json_int_t)index,
                     "event", text_json(e, v->label), "type",
                     v->type ? event_type_name(v->type) : NULL, "digest", digest, "running",
                     value_json(v->known, running), "payload",
                     v->payload.n ? hex_json(e, v->payload) : json_null(), "says",
                     has ? says : NULL, "depends_on", inputs_json(v->inputs));
}

/* events_json: the ladder: every event with the register's value behind it. */
static json_t *events_json(const struct explain *e, const struct diff_register *g)
{
    json_t *list = json_array();
    uint8_t running[48] = {0};
    bool known = true;
    for (size_t i = 0; g->has_events && i < g->list.n && i < EVENTS_SHOWN; i++) {
        struct diff_event v = g->list.v[i];
        known = known && v.known;
        HASH_PARTS(hash_sha384_parts, running, BYTES_OF_ARRAY(running), bytes_of(v.digest, 48));
        json_t *j = event_json(e, &v, i, running);
        if (!known)
            (void)json_object_set_new(j, "running", json_null());
        (void)json_array_append_new(list, j);
    }
    return list;
}

static unsigned inputs_of_row(const struct explain *e, size_t r, const struct diff_row *row)
{
    unsigned a = row->op == DIFF_ADDED ? 0 : e->expected.reg[r].list.v[row->a].inputs;
    unsigned b = row->op == DIFF_REMOVED ? 0 : e->actual.reg[r].list.v[row->b].inputs;
    return a && b && (a & b) ? a & b : a | b;
}

static json_t *index_json(bool has, size_t i)
{
    return has ? json_integer((json_int_t)i) : json_null();
}

/* rows_json: in order; runs of the same are one row with a count. */
static json_t *rows_json(const struct explain *e, size_t r)
{
    static const char *const ops[] = {"", "same", "changed", "removed", "added", "unknown"};
    const struct diff *d = &e->diff[r];
    json_t *list = json_array();
    for (size_t i = 0; e->has_rows[r] && i < d->n && json_array_size(list) < ROWS_SHOWN;) {
        const struct diff_row *row = &d->rows[i];
        size_t n = 1;
        while (row->op == DIFF_SAME && i + n < d->n && d->rows[i + n].op == DIFF_SAME)
            n++;
        (void)json_array_append_new(
            list, json_pack("{s:s, s:o, s:o, s:I, s:o}", "op", ops[row->op], "expected",
                            index_json(row->op != DIFF_ADDED, row->a), "actual",
                            index_json(row->op != DIFF_REMOVED, row->b), "count", (json_int_t)n,
                            "depends_on",
                            inputs_json(row->op == DIFF_SAME ? 0 : inputs_of_row(e, r, row))));
        i += n;
    }
    return list;
}

/* first_difference: the event of the actual side from which on the register is another. */
static json_t *first_difference(const struct explain *e, size_t r)
{
    const struct diff *d = &e->diff[r];
    for (size_t i = 0; e->has_rows[r] && i < d->n; i++)
        if (d->rows[i].op != DIFF_SAME && d->rows[i].op != DIFF_UNKNOWN)
            return json_integer((json_int_t)d->rows[i].b);
    return json_null();
}

static json_t *plain_register(const char *name, enum explain_word w, bool has_x, const uint8_t *x,
                              bool has_y, const uint8_t *y)
{
    return json_pack("{s:s, s:s, s:o, s:o}", "name", name, "status", explain_word_name(w),
                     "expected", value_json(has_x, x), "actual", value_json(has_y, y));
}

static json_t *register_json(const struct explain *e, size_t r)
{
    const struct diff_register *p = &e->expected.reg[r], *q = &e->actual.reg[r];
    bool has = e->from != EXPECT_NOTHING;
    json_t *j = plain_register(explain_register_name((unsigned)r), e->reg[r], has && p->has_value,
                               p->value, q->has_value, q->value);
    const char *log = !q->has_events ? "absent" : q->replays ? "replays" : "does-not-replay";
    const struct diff *d = &e->diff[r];
    (void)json_object_set_new(j, "log", json_string(log));
    (void)json_object_set_new(j, "first_difference", first_difference(e, r));
    (void)json_object_set_new(j, "expected_total", json_integer(has ? (json_int_t)p->list.n : 0));
    (void)json_object_set_new(j, "expected_events", has ? events_json(e, p) : json_array());
    (void)json_object_set_new(j, "events_total", json_integer((json_int_t)q->list.n));
    (void)json_object_set_new(j, "events", events_json(e, q));
    (void)json_object_set_new(j, "aligned", json_boolean(e->has_rows[r] && d->aligned));
    (void)json_object_set_new(j, "rows", rows_json(e, r));
    return j;
}

static json_t *registers_json(const struct explain *e)
{
    const struct diff_side *x = &e->expected, *y = &e->actual;
    bool has = e->from != EXPECT_NOTHING;
    json_t *list = json_array();
    if (!e->has_actual)
        return list;
    (void)json_array_append_new(
        list, plain_register("MRTD", e->mrtd, has && x->has_mrtd, x->mrtd, y->has_mrtd, y->mrtd));
    for (size_t r = 0; r < 4; r++)
        (void)json_array_append_new(list, register_json(e, r));
    (void)json_array_append_new(list,
                                plain_register("MRCONFIGID", e->mr_config, has && x->has_mr_config,
                                               x->mr_config_id, y->has_mr_config, y->mr_config_id));
    return list;
}

/* ---- causes ---------------------------------------------------------------------------------- */

static json_t *names_of_registers(unsigned bits)
{
    static const unsigned order[] = {4, 0, 1, 2, 3, 5};
    json_t *list = json_array();
    for (size_t i = 0; i < 6; i++)
        if (bits & 1u << order[i])
            (void)json_array_append_new(list, json_string(explain_register_name(order[i])));
    return list;
}

static json_t *causes_json(const struct explain *e)
{
    json_t *list = json_array();
    for (size_t i = 0; i < e->causes.n; i++) {
        const struct cause *c = &e->causes.v[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:o, s:s?, s:s, s:s, s:s?, s:s?, s:o}", "id", c->id,
                            "confidence", cause_confidence_name(c->confidence), "registers",
                            names_of_registers(c->registers), "event", c->event, "why", c->why,
                            "fix", c->fix, "matches_if", c->matches_if, "see", c->see, "inputs",
                            inputs_json(c->inputs)));
    }
    return list;
}

/* ---- inputs by registers --------------------------------------------------------------------- */

static enum explain_word status_of(const struct explain *e, unsigned reg)
{
    return reg == 4 ? e->mrtd : reg == 5 ? e->mr_config : e->reg[reg];
}

/* reaches: inputs of a register, from its events; MRTD's and RTMR3's are the same everywhere. */
static unsigned reaches(const struct explain *e, unsigned reg)
{
    unsigned all = reg == 4 ? MRTD_INPUTS : 0;
    for (int side = 0; reg < 3 && side < 2; side++) {
        const struct diff_list *l = side ? &e->actual.reg[reg].list : &e->expected.reg[reg].list;
        for (size_t i = 0; i < l->n && i < EVENTS_SHOWN; i++)
            all |= l->v[i].inputs;
    }
    return all;
}

static bool app_reaches(size_t app, unsigned reg)
{
    return reg == 3 || (reg == 5 && (app == 0 || app == 1 || app == 3));
}

/* blamed: a cause says that this input makes the register differ. */
static bool blamed(const struct explain *e, unsigned reg, unsigned input, const char *app)
{
    for (size_t i = 0; i < e->causes.n; i++) {
        const struct cause *c = &e->causes.v[i];
        if (c->registers & 1u << reg &&
            (app ? strncmp(c->id, app, strlen(app)) == 0 : (c->inputs & input) != 0))
            return true;
    }
    return false;
}

static const char *cell(const struct explain *e, unsigned reg, bool reached, unsigned input,
                        const char *app)
{
    if (blamed(e, reg, input, app))
        return "differs";
    if (!reached)
        return "none";
    return status_of(e, reg) == EXPLAIN_SAME ? "matches" : "contributes";
}

static json_t *matrix_json(const struct explain *e)
{
    static const unsigned columns[] = {4, 0, 1, 2, 3, 5};
    json_t *inputs = json_array(), *cells = json_array();
    for (unsigned i = 0; i < NUM_MEASURED_INPUTS; i++) {
        json_t *row = json_array();
        for (size_t k = 0; k < 6; k++) {
            unsigned reg = columns[k];
            bool reached = reaches(e, reg) & 1u << i;
            (void)json_array_append_new(row, json_string(cell(e, reg, reached, 1u << i, NULL)));
        }
        (void)json_array_append_new(inputs, json_string(measured_input_name(i)));
        (void)json_array_append_new(cells, row);
    }
    for (size_t i = 0; explain_app_input(i); i++) {
        json_t *row = json_array();
        for (size_t k = 0; k < 6; k++)
            (void)json_array_append_new(row,
                                        json_string(cell(e, columns[k], app_reaches(i, columns[k]),
                                                         0, explain_app_input(i))));
        (void)json_array_append_new(inputs, json_string(explain_app_input(i)));
        (void)json_array_append_new(cells, row);
    }
    return json_pack("{s:o, s:o, s:o}", "inputs", inputs, "registers", names_of_registers(63),
                     "cells", cells);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static json_t *guest_json(const struct explain *e)
{
    const struct measured_guest *g = &e->image.guest;
    const struct cause_settings *s = &e->image.asked;
    if (!e->has_guest)
        return json_null();
    return json_pack("{s:s?, s:I, s:o, s:s?, s:s, s:s, s:s}", "image", e->image_version, "memory",
                     (json_int_t)g->memory, "cpus",
                     s->cpus ? json_integer((json_int_t)s->cpus) : json_null(), "qemu", e->qemu,
                     "layout", measured_layout_name(g->layout), "page_order",
                     guest_order_name(g->order), "kernel_header", guest_header_name(g->header));
}

static json_t *stated_json(const struct explain *e)
{
    const struct os_image_stated *s = &e->stated;
    return json_pack("{s:o, s:o, s:s?}", "memory",
                     s->memory ? json_integer((json_int_t)s->memory) : json_null(), "cpus",
                     s->cpus ? json_integer((json_int_t)s->cpus) : json_null(), "qemu", s->qemu);
}

static json_t *fixes_json(const struct explain *e)
{
    json_t *list = json_array();
    for (size_t i = 0; i < e->num_fixes; i++) {
        const struct explain_fix *f = &e->fixes[i];
        json_t *commands = json_array();
        for (size_t k = 0; k < 2; k++)
            if (f->commands[k])
                (void)json_array_append_new(commands, json_string(f->commands[k]));
        (void)json_array_append_new(list, json_pack("{s:s?, s:s?, s:s, s:s?, s:o}", "slot", f->slot,
                                                    "value", f->value, "why", f->why, "function",
                                                    f->function, "commands", commands));
    }
    return list;
}

json_t *explain_json(const struct explain *e)
{
    const char *against = e->cli->image ? e->cli->image : e->cli->against;
    const char *kind = e->has_actual ? diff_kind_name(e->actual.kind) : "verdict";
    return json_pack("{s:i, s:s, s:s, s:s, s:s?, s:s?, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:o, "
                     "s:O?, s:o, s:o}",
                     "schema", 1, "kind", "explanation", "file", e->file, "file_kind", kind,
                     "expected_from", explain_from_name(e->from), "against", against, "result",
                     explain_word_name(e->result), "guest", guest_json(e), "stated", stated_json(e),
                     "registers", registers_json(e), "matrix", matrix_json(e), "causes",
                     causes_json(e), "variants_tried", (json_int_t)e->causes.tried, "fixes",
                     fixes_json(e), "verdict", e->verdict, "tcb", explain_tcb_json(e), "validity",
                     explain_validity_json(e));
}
