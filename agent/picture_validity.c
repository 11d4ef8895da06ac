/* picture_validity: how long each document is good, and where now is. */
#include "agent/clock.h"
#include "agent/picture.h"
#include "base/date.h"

#define DAY 86400.0

struct axis {
    double x, w; /* on paper */
    double from, until, now;
    bool has_now;
};

static const json_t *periods_of(const json_t *j)
{
    return json_object_get(json_object_get(j, "validity"), "periods");
}

static bool time_of(const json_t *o, const char *key, double *out)
{
    uint64_t t;
    if (!clock_read(pic_member(o, key), &t))
        return false;
    *out = (double)t;
    return true;
}

static bool is_period(const json_t *o)
{
    double from, until;
    return time_of(o, "from", &from) &&
           (time_of(o, "until", &until) ? until >= from
                                        : json_is_null(json_object_get(o, "until")));
}

static double at(const struct axis *x, double t)
{
    return x->x + x->w * (t - x->from) / (x->until - x->from);
}

/*
 * axis_of spans the periods and now. One that is much longer than the shortest would leave no room
 * for the others, so it runs out of the picture, and its end is written beside it.
 */
static struct axis axis_of(const json_t *j, double w)
{
    struct axis x = {.x = w >= PICTURE_WIDE ? 200 : 8, .from = 1e18, .until = -1};
    double shortest = 1e18, last_from = -1, first_until = 1e18;
    size_t i;
    json_t *o;
    x.w = w - x.x - 8;
    x.has_now = time_of(json_object_get(j, "validity"), "now", &x.now);
    json_array_foreach(periods_of(j), i, o)
    {
        double from, until;
        if (i >= PICTURE_PERIODS || !is_period(o) || !time_of(o, "from", &from))
            continue;
        bool ends = time_of(o, "until", &until);
        until = ends ? until : from;
        x.from = from < x.from ? from : x.from;
        x.until = until > x.until ? until : x.until;
        if (ends && until - from < shortest)
            shortest = until - from;
        last_from = ends && from > last_from ? from : last_from;
        first_until = ends && until < first_until ? until : first_until;
    }
    if (shortest < 1e18) {
        double least = last_from - 2 * shortest, most = first_until + 2 * shortest;
        x.from = x.from < least ? least : x.from;
        x.until = x.until > most ? most : x.until;
    }
    if (x.has_now) {
        x.from = x.now < x.from ? x.now : x.from;
        x.until = x.now > x.until ? x.now : x.until;
    }
    double room = (x.until - x.from) * .03 + DAY / 4;
    x.from -= room;
    x.until += room;
    return x;
}

static enum pic_state state_of(const struct axis *x, const json_t *o)
{
    double from, until;
    if (!x->has_now || !time_of(o, "from", &from))
        return PIC_UNKNOWN;
    if (!time_of(o, "until", &until))
        return PIC_NONE; /* a moment */
    return x->now < from || x->now > until ? PIC_DIFFERS : PIC_SAME;
}

/* said: "12 days left" and the like. */
static void said(char *out, size_t cap, const struct axis *x, const json_t *o)
{
    double from = 0, until = 0;
    bool ends = time_of(o, "until", &until);
    out[0] = '\0';
    if (!x->has_now || !time_of(o, "from", &from))
        return;
    double far = x->now < from    ? from - x->now
                 : !ends          ? x->now - from
                 : x->now > until ? x->now - until
                                  : until - x->now;
    const char *what = x->now < from    ? "until it begins"
                       : !ends          ? "old"
                       : x->now > until ? "past its end"
                                        : "left";
    if (far >= 2 * DAY)
        snprintf(out, cap, "%.0f days %s", far / DAY, what);
    else
        snprintf(out, cap, "%.0f hours %s", far / 3600, what);
}

static void ticks(struct pic *p, const struct axis *x, double top, double bottom, size_t most)
{
    static const double steps[] = {1,   2,    5,    10,    30,    60,     90,     180,    365,
                                   730, 1825, 3650, 18250, 36500, 182500, 365000, 1825000};
    double step = steps[0];
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        step = steps[i] * DAY;
        if ((x->until - x->from) / step <= (double)most)
            break;
    }
    /* The room at the edge of the axis may lie before 1970. */
    double first = x->from > 0 ? (double)(uint64_t)(x->from / step + 1) : 1;
    for (unsigned i = 0; step * (first + i) < x->until; i++) {
        double t = step * (first + i), px = at(x, t);
        svg_line(p, px, top, px, bottom, "grid");
        if (px > x->x + 34 && px < x->x + x->w - 34)
            svg_words_f(p, px, bottom + 17, "s mid", "%.10s", date_of((uint64_t)t).s);
    }
}

static double bar(struct pic *p, const struct axis *x, const json_t *o, size_t i, double y,
                  bool wide)
{
    static const char *const fill[] = {"f-none", "f-same", "f-diff", "f-unkn"};
    double from = 0, until = 0, top = wide ? y + 8 : y + 24;
    enum pic_state s = state_of(x, o);
    char words[64];
    said(words, sizeof words, x, o);
    (void)!time_of(o, "from", &from);
    svg_group(p, "period", pic_member(o, "what"), (long)i);
    svg_mark(p, 10, wide ? y + 15 : y + 10, s);
    svg_text(p, 26, wide ? y + 12 : y + 15, "t", pic_member(o, "what"), 22);
    svg_words(p, wide ? 26 : x->x + x->w, wide ? y + 27 : y + 15,
              s == PIC_DIFFERS ? (wide ? "s c-diff" : "s end c-diff")
              : wide           ? "s"
                               : "s end",
              words);
    if (time_of(o, "until", &until)) {
        double left = at(x, from < x->from ? x->from : from);
        double width = at(x, until > x->until ? x->until : until) - left;
        svg_rect(p, left, top, width < 3 ? 3 : width, 14, fill[s]);
        if (until > x->until)
            pic_f(p, "<path d=\"M%.1f %.1fl3.5 3.5l-3.5 3.5\" class=\"tick\"/>\n",
                  left + width - 10, top + 3.5);
    } else {
        svg_dot(p, at(x, from), top + 7, 6, fill[s]);
    }
    svg_group_end(p);
    return wide ? 44 : 52;
}

static double draw(struct pic *p, const json_t *j, double w)
{
    bool wide = w >= PICTURE_WIDE;
    struct axis x = axis_of(j, w);
    struct pic bars = {0};
    double y = 36;
    size_t i, rows = 0;
    json_t *o;
    json_array_foreach(periods_of(j), i, o)
    {
        if (i >= PICTURE_PERIODS || !is_period(o))
            continue;
        y += bar(&bars, &x, o, i, y, wide);
        rows++;
    }
    ticks(p, &x, 30, y, wide ? 7 : 3);
    svg_line(p, x.x, y, x.x + x.w, y, "rule");
    pic_join(p, &bars);
    pic_free(&bars);
    if (x.has_now) {
        double px = at(&x, x.now);
        struct bytes source = pic_member(json_object_get(j, "validity"), "now_source");
        /* Beside the line, on the side where it fits; else at the edge. */
        double room = SMALL * (double)(30 + (source.n < 20 ? source.n : 20));
        bool right = px + room > w && px >= room;
        double label = right ? px + 4 : px + room <= w ? px - 4 : w - room;
        /* Names stand over the bars on a phone, and are not to be crossed. */
        if (wide)
            svg_line(p, px, 22, px, y, "l-unkn");
        for (size_t k = 0; !wide && k < rows; k++)
            svg_line(p, px, 36 + 52 * (double)k + 21, px, 36 + 52 * (double)k + 41, "l-unkn");
        pic_f(p, "<text x=\"%.1f\" y=\"15\" class=\"s%s\">now %s, by ", label < 0 ? 0 : label,
              right ? " end" : "", date_of((uint64_t)x.now).s);
        if (bytes_eq(source, bytes_of_str("argument")))
            pic_raw(p, "--at");
        else
            pic_text(p, source, 20);
        pic_raw(p, "</text>\n");
    }
    return y + 26;
}

static void describe(struct pic *p, const json_t *j)
{
    struct axis x = axis_of(j, PICTURE_WIDE);
    size_t i, n = 0;
    json_t *o;
    json_array_foreach(periods_of(j), i, o)
    {
        char words[64];
        if (i >= PICTURE_PERIODS || !is_period(o))
            continue;
        said(words, sizeof words, &x, o);
        pic_raw(p, n++ ? "; " : "");
        pic_text(p, pic_member(o, "what"), 40);
        pic_f(p, ": %s", *words ? words : "now is not known");
    }
    pic_raw(p, ".");
}

static void table(struct pic *p, const json_t *j)
{
    static const char *const heads[] = {"Document", "Signed by", "From", "Until", ""};
    struct axis x = axis_of(j, PICTURE_WIDE);
    size_t i;
    json_t *o;
    table_open(p, "Validity", heads, 5);
    json_array_foreach(periods_of(j), i, o)
    {
        char words[64];
        if (i >= PICTURE_PERIODS)
            break;
        said(words, sizeof words, &x, o);
        table_row(p);
        table_cell(p, pic_member(o, "what"));
        table_cell(p, pic_member(o, "anchor"));
        table_cell(p, pic_member(o, "from"));
        table_cell(p, pic_member(o, "until"));
        table_state(p, state_of(&x, o), bytes_of_str(words));
        table_row_end(p);
    }
    table_close(p);
}

static const char *absent(const json_t *j)
{
    size_t i;
    json_t *o;
    json_array_foreach(periods_of(j), i, o)
    {
        if (i < PICTURE_PERIODS && is_period(o))
            return NULL;
    }
    return "No validity: the file has no collateral and no block whose time could be shown.";
}

const struct picture picture_validity = {
    "validity", "Validity", "How long each signed document is good. A cross: now is outside of it.",
    absent,     describe,   draw,
    table};
