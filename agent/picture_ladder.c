/* picture_ladder: register by register the chain of events, the running value at each rung, and
 * what it comes to against the quote. Behind the first difference nothing can be judged. */
#include "agent/picture.h"

#define NO_DIFFERENCE SIZE_MAX

static const json_t *events_of(const json_t *r)
{
    return json_object_get(r, "events");
}

static size_t first_of(const json_t *r)
{
    const json_t *v = json_object_get(r, "first_difference");
    return json_is_integer(v) ? (size_t)json_integer_value(v) : NO_DIFFERENCE;
}

/* shown: the first rungs, those about the difference, and the last; the others are counted. */
static bool shown(size_t i, size_t n, size_t first)
{
    if (n <= PICTURE_RUNGS || i < 10 || i + 4 >= n)
        return true;
    return first != NO_DIFFERENCE && i + 6 >= first && i <= first + 12;
}

static enum pic_state rung_state(const json_t *r, size_t i)
{
    size_t first = first_of(r);
    if (first != NO_DIFFERENCE)
        return i < first ? PIC_SAME : i == first ? PIC_DIFFERS : PIC_UNKNOWN;
    enum pic_state s = pic_status(r, "status");
    return s == PIC_DIFFERS ? PIC_UNKNOWN : s;
}

static const char *const line_of[] = {"l-none", "l-same", "l-diff", "l-unkn dash", "l-earl"};
static const char *const fill_of[] = {"f-none", "f-same", "f-diff", "f-unkn", "f-earl"};

static const char *status_words(const json_t *r)
{
    bool has = json_object_get(r, "log") != NULL;
    static const char *const words[] = {"not compared", "as expected",
                                        "differs from what was expected", "unknown", ""};
    if (has && pic_is(r, "log", "does-not-replay") && pic_status(r, "status") == PIC_SAME)
        return "as expected, but the log does not lead to it";
    return words[pic_status(r, "status")];
}

static double rung(struct pic *p, const json_t *r, size_t i, double y, double w)
{
    const json_t *e = json_array_get(events_of(r), i);
    bool wide = w >= PICTURE_WIDE;
    enum pic_state s = rung_state(r, i);
    svg_group(p, "rung", pic_member(r, "name"), (long)i);
    if (s == PIC_DIFFERS)
        svg_mark(p, 10, y - 4, s);
    else
        svg_dot(p, 10, y - 4, 4, fill_of[s]);
    struct bytes running = pic_member(e, "running");
    struct bytes says = pic_member(e, "says"), payload = pic_member(e, "payload");
    svg_words_f(p, wide ? 52 : 48, y, "ms end", "%zu", i);
    svg_text(p, wide ? 64 : 58, y, s == PIC_DIFFERS ? "m c-diff" : "m", pic_member(e, "event"),
             wide ? 36 : 37);
    if (wide)
        svg_text(p, 350, y, "ms", says.n ? says : payload, 47);
    struct bytes end = bytes_of(running.p, running.n < 24 ? running.n : 24);
    if (running.n)
        svg_text(p, wide ? w - 6 : 58, wide ? y : y + 17, wide ? "ms end" : "ms", end, 32);
    else
        svg_words(p, wide ? w - 6 : 58, wide ? y : y + 17, wide ? "s end" : "s",
                  "no digest in the log");
    svg_group_end(p);
    return wide ? 24 : 42;
}

static void value_line(struct pic *p, double y, double w, const char *what, struct bytes v,
                       enum pic_state s)
{
    bool wide = w >= PICTURE_WIDE;
    svg_mark(p, 36, y - 4, s);
    svg_words(p, 54, y, "t", what);
    svg_text(p, wide ? 264 : 54, wide ? y : y + 18, "ms", v, wide ? 96 : 42);
}

/* ending: where the log leads, what was quoted, what was expected. */
static double ending(struct pic *p, const json_t *r, double y, double w)
{
    double step = w >= PICTURE_WIDE ? 24 : 44, top = y;
    struct bytes actual = pic_member(r, "actual"), expected = pic_member(r, "expected");
    svg_group(p, "ending", pic_member(r, "name"), 0);
    if (actual.n) {
        bool log = json_array_size(events_of(r)) > 0;
        bool leads = pic_is(r, "log", "replays");
        value_line(p, y, w,
                   !log    ? "quoted"
                   : leads ? "quoted: the log agrees"
                           : "quoted: the log disagrees",
                   actual,
                   !log    ? PIC_NONE
                   : leads ? PIC_SAME
                           : PIC_DIFFERS);
        y += step;
    }
    if (expected.n) {
        value_line(p, y, w, "expected", expected, pic_status(r, "status"));
        y += step;
    }
    svg_group_end(p);
    return y - top;
}

/* rungs: those that are shown, with the others counted where they are left out. *split: where the
 * first difference is, or the end. */
static double rungs(struct pic *p, const json_t *r, double y, double w, double *split)
{
    *split = -1;
    size_t n = json_array_size(events_of(r)), total = pic_total(r, "events_total"), left = 0;
    size_t first = first_of(r);
    for (size_t i = 0; i < n; i++) {
        if (!shown(i, n, first)) {
            left++;
            continue;
        }
        if (left) {
            svg_words_f(p, 58, y, "s", "… %zu more", left);
            y += 24;
            left = 0;
        }
        *split = i == first ? y : *split;
        y += rung(p, r, i, y, w);
        if (i == first && i + 1 < n) {
            svg_words(p, 58, y, "s c-unkn",
                      w >= PICTURE_WIDE
                          ? "unknown after this: each later value carries the difference"
                          : "unknown after this");
            y += 24;
        }
    }
    if (total > n) {
        svg_words_f(p, 58, y, "s", "… %zu more", total - n + left);
        y += 24;
    }
    *split = *split < 0 ? y - 8 : *split;
    return y;
}

static double draw(struct pic *p, const json_t *j, double w)
{
    double y = 0;
    size_t i;
    json_t *r;
    json_array_foreach(json_object_get(j, "registers"), i, r)
    {
        enum pic_state s = pic_status(r, "status");
        bool wide = w >= PICTURE_WIDE;
        if (i)
            svg_line(p, 0, y, w, y, "rule");
        y += 28;
        svg_mark(p, 10, y - 5, s);
        svg_text(p, 28, y, "b", pic_member(r, "name"), 12);
        svg_words(p, wide ? 140 : 28, wide ? y : y + 19, s == PIC_DIFFERS ? "t c-diff" : "s",
                  status_words(r));
        y += wide ? 30 : 48;
        if (json_array_size(events_of(r))) {
            struct pic inner = {0};
            double split, end = rungs(&inner, r, y, w, &split);
            /* The rail lies under its rungs: whole up to the difference, dashed behind it. */
            svg_line(p, 10, y - 20, 10, split - 4, line_of[rung_state(r, 0)]);
            if (split < end)
                svg_line(p, 10, split - 4, 10, end - 12, line_of[PIC_UNKNOWN]);
            pic_join(p, &inner);
            pic_free(&inner);
            y = end + 6;
        }
        y += ending(p, r, y, w) + 4;
    }
    return y;
}

static void describe(struct pic *p, const json_t *j)
{
    size_t i;
    json_t *r;
    json_array_foreach(json_object_get(j, "registers"), i, r)
    {
        pic_raw(p, i ? "; " : "");
        pic_text(p, pic_member(r, "name"), 12);
        pic_f(p, ": %s", status_words(r));
        size_t n = json_array_size(events_of(r)), first = first_of(r);
        if (n)
            pic_f(p, ", %zu events", pic_total(r, "events_total"));
        if (first != NO_DIFFERENCE)
            pic_f(p, ", the first difference is event %zu", first);
    }
    pic_raw(p, ".");
}

static void table(struct pic *p, const json_t *j)
{
    static const char *const heads[] = {"Register",           "#", "Event", "Digest",
                                        "Register behind it", ""};
    size_t i;
    json_t *r;
    table_open(p, "Events in order, with the value of the register behind each", heads, 6);
    json_array_foreach(json_object_get(j, "registers"), i, r)
    {
        size_t n = json_array_size(events_of(r)), total = pic_total(r, "events_total"), drawn = 0;
        for (size_t k = 0; k < n; k++) {
            const json_t *e = json_array_get(events_of(r), k);
            if (!shown(k, n, first_of(r)))
                continue;
            drawn++;
            table_row(p);
            table_name(p, pic_member(r, "name"));
            table_number(p, json_object_get(e, "index"));
            table_cell(p, pic_member(e, "event"));
            table_cell(p, pic_member(e, "digest"));
            table_cell(p, pic_member(e, "running"));
            table_state(p, rung_state(r, k), BYTES_NONE);
            table_row_end(p);
        }
        if (total > drawn)
            table_more(p, 6, total - drawn);
        table_row(p);
        table_name(p, pic_member(r, "name"));
        table_words(p, "");
        table_words(p, "in the quote, and expected");
        table_cell(p, pic_member(r, "actual"));
        table_cell(p, pic_member(r, "expected"));
        table_state(p, pic_status(r, "status"), BYTES_NONE);
        table_row_end(p);
    }
    table_close(p);
}

static const char *absent(const json_t *j)
{
    return json_array_size(json_object_get(j, "registers"))
               ? NULL
               : "No registers: the file has a verdict without the values of a quote.";
}

const struct picture picture_ladder = {
    "ladder",
    "Register ladder",
    "Each register is the end of a chain: every event is hashed onto what was there before. "
    "Followed "
    "from the top, the first rung that is not as expected is the one to look at.",
    absent,
    describe,
    draw,
    table};
