/* explain_read: the files that explain is given, and what of them differs. */
#include "agent/explain.h"
#include "agent/file.h"
#include "agent/log_input.h"
#include "base/limits.h"

/* read_file: in scratch, where nothing will be viewed of it any more once it is taken apart. */
static enum rc read_file(struct explain *e, struct arena *scratch, const char *path,
                         enum rc too_large, struct bytes *out, struct err *err)
{
    struct bytes text = BYTES_NONE;
    if (!scratch)
        return err_set(err, BG_EXPLAIN_MEMORY, "%s", path);
    TRY(file_read(scratch, path, LIMIT_TOOL_LOG, too_large, &text, err));
    *out = text;
    return log_input_is_array(text) ? RC_OK : arena_keep(e->a, text, out, err);
}

/* ---- what was given -------------------------------------------------------------------------- */

/* read_verdict_td: registers from a verdict's member td. */
static enum rc read_verdict_td(struct explain *e, const json_t *td, struct err *err)
{
    struct diff_side *s = &e->actual;
    s->has_mrtd = json_hex(td, "mr_td", false, s->mrtd, 48);
    s->has_mr_config = json_hex(td, "mr_config_id", false, s->mr_config_id, 48);
    bool ok = s->has_mrtd && s->has_mr_config;
    for (unsigned r = 0; r < 4; r++) {
        char name[] = "rtmr0";
        name[4] = (char)('0' + r);
        s->reg[r].has_value = json_hex(td, name, false, s->reg[r].value, 48);
        ok = ok && s->reg[r].has_value;
    }
    s->kind = DIFF_QUOTE;
    e->has_actual = ok;
    return ok ? RC_OK : err_set(err, BG_EXPLAIN_VERDICT, "%s: td", e->file);
}

/* read_verdict: one that bootgate printed. False in *out_is: it is something else. */
static enum rc read_verdict(struct explain *e, struct bytes text, bool *out_is, struct err *err)
{
    struct err ignored = {0};
    AUTO_JSON j = NULL;
    uint64_t schema;
    *out_is = false;
    if (text.n == 0 || text.p[0] != '{' || json_read(text, LIMIT_FILE, &j, &ignored) != RC_OK ||
        !json_is_array(json_object_get(j, "checks")) || !json_object_get(j, "boot_info"))
        return RC_OK;
    if (!json_u64(j, "schema", 1, &schema) || schema != 1)
        return err_set(err, BG_EXPLAIN_SCHEMA, "%s", e->file);
    *out_is = true;
    e->verdict = json_incref(j);
    const json_t *td = json_object_get(j, "td");
    return json_is_object(td) ? read_verdict_td(e, td, err) : RC_OK;
}

/* is_compose: JSON that describes an app, and nothing that holds evidence. */
static bool is_compose(struct bytes text)
{
    struct err ignored = {0};
    AUTO_JSON j = NULL;
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
        text = bytes_of(text.p + 3, text.n - 3);
    return json_read(text, LIMIT_APP_COMPOSE, &j, &ignored) == RC_OK && json_is_object(j) &&
           !json_object_get(j, "kind") && !json_object_get(j, "quote") &&
           (json_object_get(j, "manifest_version") || json_object_get(j, "docker_compose_file") ||
            json_object_get(j, "runner"));
}

/* ---- an image as what was expected ----------------------------------------------------------- */

static enum rc expected_of(struct explain *e, const struct measurement *m, struct err *err)
{
    struct diff_side *s = &e->expected;
    s->kind = DIFF_MEASUREMENT;
    s->has_mrtd = true;
    memcpy(s->mrtd, m->mrtd, 48);
    for (unsigned r = 0; r < 3; r++) {
        struct diff_register *g = &s->reg[r];
        struct diff_event *v = ARENA_ARRAY(e->a, struct diff_event, m->n, err);
        size_t n = 0;
        if (!v)
            return err->rc;
        for (size_t i = 0; i < m->n; i++) {
            const struct measured_event *x = &m->events[i];
            if (x->rtmr != r)
                continue;
            v[n] = (struct diff_event){
                .known = x->known, .label = bytes_of_str(x->what), .inputs = x->inputs};
            memcpy(v[n++].digest, x->digest, 48);
        }
        *g = (struct diff_register){.has_value = m->known[r], .has_events = true};
        g->replays = g->has_value;
        memcpy(g->value, m->rtmr[r], 48);
        g->list = (struct diff_list){v, n};
    }
    return RC_OK;
}

/* given_of: what only a log can tell is taken from the guest's own, where no option gives it: of
 * the ACPI tables nobody can say more than that they are the guest's. */
static void given_of(struct explain *e, const struct evlog *log)
{
    struct measured_guest of_log = {0};
    struct measured_guest *g = &e->image.guest;
    measured_given_of_log(log, &of_log);
    for (size_t i = 0; i < NUM_MEASURED_GIVEN; i++)
        if (!g->has_given[i] && of_log.has_given[i]) {
            g->has_given[i] = true;
            memcpy(g->given[i], of_log.given[i], 48);
        }
}

static enum rc measure(struct explain *e, struct err *err)
{
    struct measurement *m = ARENA_NEW(e->a, struct measurement, err);
    if (!m)
        return err->rc;
    e->has_guest = true;
    TRY(measurement_make(&e->image.image, &e->image.guest, m, err));
    return expected_of(e, m, err);
}

static enum rc expect_image(struct explain *e, const struct evlog *log, struct err *err)
{
    struct image_dir *dir = ARENA_NEW(e->a, struct image_dir, err);
    struct guest_options o = {.guest.memory = e->stated.memory, .qemu = NULL};
    if (!dir)
        return err->rc;
    TRY(guest_options_read(e->a, e->cli, &o, err));
    TRY(image_dir_read(e->a, e->cli->image, dir, err));
    o.guest.layout = dir->layout;
    e->image.files = &dir->files;
    e->image.guest = o.guest;
    e->image.tables = o.tables;
    e->image.asked = (struct cause_settings){o.guest.memory, o.cpus, o.qemu};
    e->image_version = dir->version;
    e->qemu = o.qemu;
    e->from = EXPECT_IMAGE;
    if (log && !e->cli->acpi && !e->cli->log)
        given_of(e, log);
    TRY(image_material(e->a, &dir->files, o.guest.memory, o.guest.header, &e->image.image, err));
    return measure(e, err);
}

/* expect_evidence: the image material that the evidence itself carries (dstack, lite). */
static enum rc expect_evidence(struct explain *e, const struct evlog *log, struct err *err)
{
    struct err ignored = {0};
    if (!e->stated.has_material || !e->stated.memory || !log)
        return RC_OK;
    e->image.image = e->stated.material;
    e->image.guest = (struct measured_guest){
        .memory = e->stated.memory, .order = TDVF_SINGLE_PASS, .header = BZIMAGE_PATCHED};
    /* The material has MRTD for both orders: either is the image's. */
    if (e->actual.has_mrtd && memcmp(e->actual.mrtd, e->stated.material.mrtd_two, 48) == 0)
        e->image.guest.order = TDVF_TWO_PASS;
    e->image.asked = e->image.stated;
    given_of(e, log);
    e->qemu = e->stated.qemu;
    e->from = EXPECT_EVIDENCE;
    if (measure(e, &ignored) == RC_OK)
        return RC_OK;
    e->from = EXPECT_NOTHING;
    e->has_guest = false;
    if (ignored.rc == BG_NOMEM)
        *err = ignored;
    return err->rc;
}

static enum rc expect_file(struct explain *e, struct bundle *other, struct err *err)
{
    struct bytes text = BYTES_NONE;
    AUTO_ARENA scratch = arena_new(LIMIT_ARENA);
    TRY(read_file(e, scratch, e->cli->against, BG_EXPLAIN_AGAINST_SIZE, &text, err));
    if (is_compose(text)) {
        e->compose = text;
        return RC_OK;
    }
    TRY(diff_side_text(e->a, e->cli->against, text, other, &e->expected, err));
    e->from = EXPECT_FILE;
    return RC_OK;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool states_register(const struct diff_side *s, size_t rtmr)
{
    return s->kind != DIFF_MEASUREMENT || rtmr < 3;
}

static enum explain_word word_of(const uint8_t *a, bool has_a, const uint8_t *b, bool has_b)
{
    if (!has_a && !has_b)
        return EXPLAIN_NOT_COMPARED;
    return !has_a || !has_b ? EXPLAIN_UNKNOWN : memcmp(a, b, 48) ? EXPLAIN_DIFFERS : EXPLAIN_SAME;
}

/* worse: what two words come to together. */
static enum explain_word worse(enum explain_word a, enum explain_word b)
{
    if (a == EXPLAIN_DIFFERS || b == EXPLAIN_DIFFERS)
        return EXPLAIN_DIFFERS;
    if (a == EXPLAIN_UNKNOWN || b == EXPLAIN_UNKNOWN)
        return EXPLAIN_UNKNOWN;
    return a == EXPLAIN_NOT_COMPARED ? b : a;
}

/* alone: with nothing to compare with, a log is held against its own quote. */
static enum explain_word alone(const struct diff_register *g)
{
    if (!g->has_events || !g->has_value)
        return EXPLAIN_NOT_COMPARED;
    return g->replays ? EXPLAIN_NOT_COMPARED : EXPLAIN_DIFFERS;
}

static enum rc compare(struct explain *e, struct err *err)
{
    const struct diff_side *x = &e->expected, *y = &e->actual;
    bool labels_alike = (x->kind == DIFF_MEASUREMENT) == (y->kind == DIFF_MEASUREMENT);
    e->mrtd = e->mr_config = EXPLAIN_NOT_COMPARED;
    if (e->from && x->kind != DIFF_LOG && y->kind != DIFF_LOG)
        e->mrtd = word_of(x->mrtd, x->has_mrtd, y->mrtd, y->has_mrtd);
    if (e->from && x->has_mr_config && y->has_mr_config)
        e->mr_config = word_of(x->mr_config_id, true, y->mr_config_id, true);
    e->result = worse(e->mrtd, e->mr_config);
    for (size_t r = 0; r < 4; r++) {
        const struct diff_register *p = &x->reg[r], *q = &y->reg[r];
        e->reg[r] = alone(q);
        if (e->from && states_register(x, r) && states_register(y, r)) {
            enum explain_word own = alone(q);
            e->reg[r] = word_of(p->value, p->has_value, q->value, q->has_value);
            e->has_rows[r] = p->has_events && q->has_events;
            if (e->has_rows[r]) {
                struct diff *d = &e->diff[r];
                TRY(diff_events(e->a, p->list, q->list, labels_alike || r == 3, d, err));
                if (e->reg[r] == EXPLAIN_UNKNOWN &&
                    (d->count[DIFF_CHANGED] || d->count[DIFF_REMOVED] || d->count[DIFF_ADDED]))
                    e->reg[r] = EXPLAIN_DIFFERS;
            }
            e->reg[r] = own == EXPLAIN_DIFFERS ? own : e->reg[r];
        }
        e->result = worse(e->result, e->reg[r]);
    }
    return RC_OK;
}

static struct cause_side side_of(const struct diff_side *s)
{
    struct cause_side c = {
        .has_mrtd = s->has_mrtd, .has_mr_config = s->has_mr_config, .reg = s->reg};
    memcpy(c.mrtd, s->mrtd, 48);
    memcpy(c.mr_config_id, s->mr_config_id, 48);
    return c;
}

static enum rc find_causes(struct explain *e, struct err *err)
{
    struct cause_side y = side_of(&e->actual), x = side_of(&e->expected);
    bool labels_alike =
        (e->expected.kind == DIFF_MEASUREMENT) == (e->actual.kind == DIFF_MEASUREMENT);
    struct causes *out = &e->causes;
    if (e->has_guest)
        TRY(cause_boot(e->a, &e->image, &y, out, err));
    else if (e->from == EXPECT_FILE)
        TRY(cause_sides(e->a, &x, &y, labels_alike, out, err));
    TRY(cause_log(e->a, &y, out, err));
    if (e->compose.n)
        TRY(cause_compose(e->a, e->compose, &y, out, err));
    TRY(cause_mr_config(e->a, &y, e->stated.mr_config, out, err));
    for (size_t i = 0; i < out->n; i++) {
        const struct cause *c = &out->v[i];
        for (unsigned r = 0; r < 4; r++)
            if (c->registers & 1u << r && e->reg[r] == EXPLAIN_NOT_COMPARED)
                e->reg[r] = EXPLAIN_DIFFERS;
        if (c->registers & CAUSE_MR_CONFIG)
            e->mr_config = EXPLAIN_DIFFERS;
        e->result = EXPLAIN_DIFFERS;
    }
    causes_sort(out);
    return RC_OK;
}

static enum rc check_usage(const struct explain *e, struct err *err)
{
    const struct cli *cli = e->cli;
    if (cli->image && cli->against)
        return err_set(err, BG_EXPLAIN_TWO_EXPECTED, "%s, %s", cli->image, cli->against);
    if (!cli->image && (cli->memory || cli->cpus || cli->qemu || cli->acpi || cli->log))
        return err_set(err, BG_EXPLAIN_NO_IMAGE, "%s", e->file);
    if (cli->against && strcmp(cli->against, "-") == 0 && strcmp(e->file, "-") == 0)
        return err_set(err, BG_EXPLAIN_TWO_INPUTS, "%s", "- -");
    return RC_OK;
}

/* read_actual: FILE; *out_is_verdict: it is one, and is in e->verdict. */
static enum rc read_actual(struct explain *e, struct bundle *b, bool *out_is_verdict,
                           struct err *err)
{
    struct bytes text = BYTES_NONE;
    AUTO_ARENA scratch = arena_new(LIMIT_ARENA);
    TRY(read_file(e, scratch, e->file, BG_EXPLAIN_FILE_SIZE, &text, err));
    TRY(read_verdict(e, text, out_is_verdict, err));
    if (*out_is_verdict)
        return RC_OK;
    TRY(diff_side_text(e->a, e->file, text, b, &e->actual, err));
    e->has_actual = true;
    TRY(os_image_stated_read(e->a, b->evidence.vm_config, &e->stated, err));
    e->image.stated = (struct cause_settings){e->stated.memory, e->stated.cpus, e->stated.qemu};
    return RC_OK;
}

enum rc explain_read(struct explain *e, struct bundle *b, struct bundle *other, struct err *err)
{
    bool is_verdict = false;
    TRY(check_usage(e, err));
    TRY(read_actual(e, b, &is_verdict, err));
    const struct evlog *log = e->actual.log;
    if (e->cli->image)
        TRY(expect_image(e, log, err));
    else if (e->cli->against)
        TRY(expect_file(e, other, err));
    else if (!is_verdict)
        TRY(expect_evidence(e, log, err));
    if (!e->has_actual)
        return RC_OK;
    TRY(compare(e, err));
    return find_causes(e, err);
}
