/* picture_diff: expected beside actual, aligned; what is the same is folded, and the causes stand
 * at the right (on a phone: below). */
#include "agent/picture.h"

#define CAUSES_DRAWN 6u

struct columns {
    bool wide;
    double left, right, width; /* of the two boxes */
    double cause, cause_width;
};

static struct columns columns_of(double w)
{
    return w >= PICTURE_WIDE ? (struct columns){true, 0, 300, 282, 620, 300}
                             : (struct columns){false, 0, 176, 163, 0, w};
}

static bool is_same(const json_t *row)
{
    return pic_is(row, "op", "same");
}

/* side draws one event of a row, or that there is none. */
static void side(struct pic *p, const struct columns *c, double x, double y, const json_t *r,
                 const json_t *row, bool expected)
{
    const json_t *index = json_object_get(row, expected ? "expected" : "actual");
    const json_t *e = json_array_get(json_object_get(r, expected ? "expected_events" : "events"),
                                     (size_t)json_integer_value(index));
    bool unknown = pic_is(row, "op", "unknown");
    if (!json_is_integer(index)) {
        svg_rect(p, x + .5, y, c->width, 62, "o-none dash");
        svg_words(p, x + 12, y + 35, "s", expected ? "not expected" : "not there");
        return;
    }
    svg_rect(p, x + .5, y, c->width, 62, unknown ? "o-unkn" : expected ? "o-same" : "o-diff");
    svg_words_f(p, x + c->width - 8, y + 16, "s end", "%lld", (long long)json_integer_value(index));
    svg_text(p, x + 12, y + 19, c->wide ? "m" : "ms", pic_member(e, "event"), c->wide ? 33 : 17);
    struct bytes says = pic_member(e, "says"), payload = pic_member(e, "payload");
    svg_text(p, x + 12, y + 36, "ms", says.n ? says : payload, c->wide ? 38 : 21);
    if (pic_member(e, "digest").n)
        svg_text(p, x + 12, y + 53, "ms", pic_member(e, "digest"), c->wide ? 38 : 21);
    else
        svg_words(p, x + 12, y + 53, "s", e ? "no digest in the log" : "beyond what is listed");
}

static double same_bar(struct pic *p, const struct columns *c, double y, const json_t *row)
{
    size_t n = pic_total(row, "count");
    svg_rect(p, c->left + .5, y, c->right + c->width - c->left, 28, "card");
    svg_mark(p, 18, y + 14, PIC_SAME);
    svg_words_f(p, 34, y + 18.5, "t", "%zu event%s the same", n, n == 1 ? "" : "s");
    return 36;
}

static void between(struct pic *p, const struct columns *c, double y, const json_t *row)
{
    double x = (c->left + c->width + c->right) / 2;
    svg_mark(p, x, y + 31, pic_is(row, "op", "unknown") ? PIC_UNKNOWN : PIC_DIFFERS);
}

static double rows(struct pic *p, const struct columns *c, const json_t *r, double y)
{
    size_t drawn = 0, left = 0, i;
    json_t *row;
    json_array_foreach(json_object_get(r, "rows"), i, row)
    {
        if (drawn >= PICTURE_ROWS) {
            left++;
            continue;
        }
        svg_group(p, "row", pic_member(r, "name"), (long)i);
        if (is_same(row)) {
            y += same_bar(p, c, y, row);
        } else {
            side(p, c, c->left, y, r, row, true);
            side(p, c, c->right, y, r, row, false);
            between(p, c, y, row);
            y += 72;
        }
        svg_group_end(p);
        drawn++;
    }
    if (left) {
        svg_words_f(p, 12, y + 14, "s", "… %zu more rows", left);
        y += 28;
    }
    return y;
}

/* whole: a register without events to align: its two values. */
static double whole(struct pic *p, const struct columns *c, const json_t *r, double y)
{
    static const char *const frames[] = {"o-none", "o-same", "o-diff", "o-unkn"};
    enum pic_state s = pic_status(r, "status");
    for (int k = 0; k < 2; k++) {
        struct bytes v = pic_member(r, k ? "actual" : "expected");
        double x = k ? c->right : c->left;
        svg_rect(p, x + .5, y, c->width, 48,
                 v.n ? frames[k                  ? s
                              : s == PIC_DIFFERS ? PIC_SAME
                                                 : s]
                     : "o-none dash");
        if (v.n)
            svg_wrap(p, x + 12, y + 20, 17, "ms", v, c->wide ? 38 : 21, 2);
        else
            svg_words(p, x + 12, y + 28, "s", "not known");
    }
    svg_mark(p, (c->left + c->width + c->right) / 2, y + 24, s);
    return y + 58;
}

static bool names(const json_t *cause, const json_t *r)
{
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(cause, "registers"), i, name)
    {
        if (bytes_eq(json_view(name), pic_member(r, "name")))
            return true;
    }
    return false;
}

static double causes(struct pic *p, const struct columns *c, const json_t *j, const json_t *r,
                     double y)
{
    size_t i, n = 0, more = 0, cols = c->wide ? 37 : 42;
    json_t *cause;
    json_array_foreach(json_object_get(j, "causes"), i, cause)
    {
        if (!names(cause, r))
            continue;
        if (n++ >= CAUSES_DRAWN) {
            more++;
            continue;
        }
        svg_group(p, "cause", pic_member(cause, "id"), (long)i);
        svg_line(p, c->cause + 1, y, c->cause + 1, y + 14, "l-diff");
        svg_text(p, c->cause + 12, y + 12, "m c-diff", pic_member(cause, "id"), 20);
        svg_text(p, c->cause + c->cause_width - 2, y + 12, "s end", pic_member(cause, "confidence"),
                 12);
        y += 31;
        y += 18 * (double)svg_wrap(p, c->cause + 12, y, 18, "t", pic_member(cause, "why"), cols, 7);
        struct bytes match = pic_member(cause, "matches_if");
        if (match.n) {
            svg_mark(p, c->cause + 20, y + 1, PIC_SAME);
            svg_words(p, c->cause + 36, y + 5, "s", "matches with");
            y += 23 + 17 * (double)svg_wrap(p, c->cause + 12, y + 24, 17, "m", match,
                                            c->wide ? 39 : 44, 4);
        }
        svg_group_end(p);
        y += 8;
    }
    if (more) {
        svg_words_f(p, c->cause + 12, y + 10, "s", "… %zu more", more);
        y += 20;
    }
    return y;
}

static bool compared(const json_t *r)
{
    return !pic_is(r, "status", "not-compared");
}

static double draw(struct pic *p, const json_t *j, double w)
{
    struct columns c = columns_of(w);
    double y = 14;
    size_t i, n = 0;
    json_t *r;
    svg_words(p, c.left, y, "s", "expected");
    svg_words(p, c.right, y, "s", "actual");
    if (c.wide)
        svg_words(p, c.cause + 12, y, "s", "why");
    y += 10;
    json_array_foreach(json_object_get(j, "registers"), i, r)
    {
        if (!compared(r))
            continue;
        if (n++)
            svg_line(p, 0, y, w, y, "rule");
        y += 26;
        svg_mark(p, 10, y - 5, pic_status(r, "status"));
        svg_text(p, 28, y, "b", pic_member(r, "name"), 12);
        y += 14;
        bool events = json_array_size(json_object_get(r, "rows")) > 0;
        double end = events ? rows(p, &c, r, y) : whole(p, &c, r, y);
        double said = causes(p, &c, j, r, c.wide ? y : end + 4);
        y = (said > end ? said : end) + 8;
    }
    return y;
}

static void describe(struct pic *p, const json_t *j)
{
    size_t i, n = 0;
    json_t *r;
    json_array_foreach(json_object_get(j, "registers"), i, r)
    {
        size_t k, same = 0, other = 0;
        json_t *row;
        if (!compared(r))
            continue;
        json_array_foreach(json_object_get(r, "rows"), k, row)
        {
            if (is_same(row))
                same += pic_total(row, "count");
            else
                other++;
        }
        pic_raw(p, n++ ? "; " : "");
        pic_text(p, pic_member(r, "name"), 12);
        if (same + other)
            pic_f(p, ": %zu events the same, %zu not", same, other);
        else
            pic_f(p, ": %s",
                  pic_status(r, "status") == PIC_SAME      ? "the same"
                  : pic_status(r, "status") == PIC_DIFFERS ? "differs"
                                                           : "unknown");
    }
    pic_raw(p, ".");
}

static void event_cell(struct pic *p, const json_t *r, const char *list, const json_t *index)
{
    const json_t *e = json_array_get(json_object_get(r, list), (size_t)json_integer_value(index));
    if (!json_is_integer(index)) {
        table_words(p, "–");
        return;
    }
    pic_f(p, "<td>%lld ", (long long)json_integer_value(index));
    pic_text(p, pic_member(e, "event"), 60);
    pic_raw(p, " <span class=\"hex\">");
    pic_text(p, pic_member(e, "digest"), 100);
    pic_raw(p, "</span> ");
    struct bytes says = pic_member(e, "says");
    pic_text(p, says.n ? says : pic_member(e, "payload"), 160);
    pic_raw(p, "</td>");
}

static void table(struct pic *p, const json_t *j)
{
    static const char *const heads[] = {"Register", "", "Expected", "Actual", "Events"};
    size_t i, k;
    json_t *r, *row;
    table_open(p, "Expected and actual, aligned", heads, 5);
    json_array_foreach(json_object_get(j, "registers"), i, r)
    {
        size_t n = json_array_size(json_object_get(r, "rows"));
        if (!compared(r))
            continue;
        json_array_foreach(json_object_get(r, "rows"), k, row)
        {
            if (k >= PICTURE_ROWS)
                break;
            table_row(p);
            table_name(p, pic_member(r, "name"));
            table_state(p,
                        is_same(row)                   ? PIC_SAME
                        : pic_is(row, "op", "unknown") ? PIC_UNKNOWN
                                                       : PIC_DIFFERS,
                        pic_member(row, "op"));
            event_cell(p, r, "expected_events", json_object_get(row, "expected"));
            event_cell(p, r, "events", json_object_get(row, "actual"));
            table_number(p, json_object_get(row, "count"));
            table_row_end(p);
        }
        if (n > PICTURE_ROWS)
            table_more(p, 5, n - PICTURE_ROWS);
        if (n)
            continue;
        table_row(p);
        table_name(p, pic_member(r, "name"));
        table_state(p, pic_status(r, "status"), pic_member(r, "status"));
        table_cell(p, pic_member(r, "expected"));
        table_cell(p, pic_member(r, "actual"));
        table_words(p, "");
        table_row_end(p);
    }
    table_close(p);
}

static const char *absent(const json_t *j)
{
    size_t i;
    json_t *r;
    json_array_foreach(json_object_get(j, "registers"), i, r)
    {
        if (compared(r))
            return NULL;
    }
    return "No differences: there is nothing to compare with. Give --image with --memory, or "
           "--against.";
}

const struct picture picture_diff = {
    "diff",
    "Expected and actual",
    "Both logs, aligned by what they have in common and not by position.",
    absent,
    describe,
    draw,
    table};
