/* picture_validity: how long each document is good, and where now is. */
#include "agent/clock.h"
#include "agent/picture.h"
#include "base/date.h"

#define MINUTE 60.0
#define HOUR   3600.0
#define DAY    86400.0
#define YEAR   (365 * DAY)

/* struct axis: of time, by the logarithm of how far a moment is from `mid`: a head is good for
 * hours, a root certificate for decades. */
struct axis {
    double x, w; /* on paper */
    double mid;  /* now; where it is not known, the newest beginning */
    double least, most;
    double now;
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

/* doublings of v >= 1: each takes the same room, within one it goes straight on. */
static double doublings(double v)
{
    unsigned n = 0;
    while (v >= 2) {
        v /= 2;
        n++;
    }
    return n + v - 1;
}

/* log_of: 0 in the middle, 1 after a minute, about 10.4 after a day, 19 after a year. */
static double log_of(const struct axis *x, double t)
{
    double far = t < x->mid ? x->mid - t : t - x->mid, n = doublings(1 + far / MINUTE);
    return t < x->mid ? -n : n;
}

static double apart(double a, double b)
{
    return a < b ? b - a : a - b;
}

static double at(const struct axis *x, double t)
{
    return x->x + x->w * (log_of(x, t) - x->least) / (x->most - x->least);
}

static void widen(struct axis *x, double t)
{
    double u = log_of(x, t);
    x->least = u < x->least ? u : x->least;
    x->most = u > x->most ? u : x->most;
}

/* axis_of spans the periods and now. */
static struct axis axis_of(const json_t *j, double w)
{
    struct axis x = {.x = w >= PICTURE_WIDE ? 276 : 8, .least = -1, .most = 1};
    size_t i;
    json_t *o;
    x.w = w - x.x - 8;
    x.has_now = time_of(json_object_get(j, "validity"), "now", &x.now);
    x.mid = x.now;
    json_array_foreach(periods_of(j), i, o)
    {
        double from;
        if (!x.has_now && i < PICTURE_PERIODS && is_period(o) && time_of(o, "from", &from))
            x.mid = from > x.mid ? from : x.mid;
    }
    json_array_foreach(periods_of(j), i, o)
    {
        double from, until;
        if (i >= PICTURE_PERIODS || !is_period(o) || !time_of(o, "from", &from))
            continue;
        widen(&x, from);
        if (time_of(o, "until", &until))
            widen(&x, until);
    }
    double room = (x.most - x.least) * .02;
    x.least -= room;
    x.most += room;
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
    if (far >= 3 * YEAR)
        snprintf(out, cap, "%.1f years %s", far / YEAR, what);
    else if (far >= 2 * DAY)
        snprintf(out, cap, "%.0f days %s", far / DAY, what);
    else if (far >= 2 * HOUR)
        snprintf(out, cap, "%.0f hours %s", far / HOUR, what);
    else
        snprintf(out, cap, "%.0f minutes %s", far / MINUTE, what);
}

/* ticks stand at round distances from now, as many as there is room for, the farthest first. */
static void ticks(struct pic *p, const struct axis *x, double top, double bottom)
{
    static const struct {
        double far;
        const char *name;
    } steps[] = {{1000 * YEAR, "1000 y"}, {100 * YEAR, "100 y"}, {10 * YEAR, "10 y"}, {YEAR, "1 y"},
                 {30 * DAY, "30 d"},      {DAY, "1 d"},          {HOUR, "1 h"}};
    double mid = at(x, x->mid);
    for (int side = -1; side <= 1; side += 2) {
        double last = side < 0 ? x->x - 24 : x->x + x->w + 24;
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            double px = at(x, x->mid + side * steps[i].far);
            bool inside = px >= x->x && px <= x->x + x->w;
            if (!inside || apart(px, last) < 44 || apart(px, mid) < 40)
                continue;
            last = px;
            svg_line(p, px, top, px, bottom, "grid");
            if (x->has_now)
                svg_words_f(p, px, bottom + 17, "s mid", "%s%s", side < 0 ? "-" : "+",
                            steps[i].name);
        }
    }
    if (x->has_now)
        svg_words(p, mid, bottom + 17, "s mid", "now");
}

#define NAME       32u /* columns of a name */
#define ROW_WIDE   40.0
#define ROW_NARROW 60.0

static double bar(struct pic *p, const struct axis *x, const json_t *o, size_t i, double y,
                  bool wide)
{
    static const char *const fill[] = {"f-none", "f-same", "f-diff", "f-unkn"};
    double from = 0, until = 0, top = wide ? y + 8 : y + 36;
    enum pic_state s = state_of(x, o);
    char words[64];
    said(words, sizeof words, x, o);
    (void)!time_of(o, "from", &from);
    svg_group(p, "period", pic_member(o, "what"), (long)i);
    svg_mark(p, 10, wide ? y + 15 : y + 10, s);
    svg_text(p, 26, wide ? y + 12 : y + 14, "t", pic_member(o, "what"), NAME);
    svg_words(p, 26, wide ? y + 27 : y + 29, s == PIC_DIFFERS ? "s c-diff" : "s", words);
    if (time_of(o, "until", &until)) {
        double left = at(x, from), width = at(x, until) - left;
        svg_rect(p, left, top, width < 3 ? 3 : width, 14, fill[s]);
    } else {
        svg_dot(p, at(x, from), top + 7, 6, fill[s]);
    }
    svg_group_end(p);
    return wide ? ROW_WIDE : ROW_NARROW;
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
    ticks(p, &x, 30, y);
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
            svg_line(p, px, 36 + ROW_NARROW * (double)k + 33, px, 36 + ROW_NARROW * (double)k + 53,
                     "l-unkn");
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
        if (pic_member(o, "anchor").n)
            table_cell(p, pic_member(o, "anchor"));
        else
            table_words(p, "nobody: not verified");
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
    .name = "validity",
    .title = "Validity",
    .lead = "How long each thing is good that the answer rests on. The scale grows with the "
            "distance from now: minutes, days, years. A cross: now is outside of it.",
    .absent = absent,
    .describe = describe,
    .draw = draw,
    .table = table,
};
