/* picture_tcb: component by component what the platform has, what the TCB set in force asks for,
 * and what the coming one will. */
#include "agent/picture.h"

#define BAR 96.0 /* height of the highest */

static const json_t *tcb_of(const json_t *j)
{
    return json_object_get(j, "tcb");
}

static long number(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return json_is_integer(v) ? (long)json_integer_value(v) : -1;
}

static long highest(const json_t *o)
{
    static const char *const keys[] = {"platform", "standard", "early"};
    long max = 0;
    for (size_t i = 0; i < 3; i++)
        max = number(o, keys[i]) > max ? number(o, keys[i]) : max;
    return max;
}

static enum pic_state state_of(const json_t *c)
{
    if (number(c, "standard") < 0)
        return PIC_UNKNOWN;
    if (number(c, "short") > 0)
        return PIC_DIFFERS;
    return number(c, "early") > number(c, "platform") ? PIC_EARLY : PIC_SAME;
}

static const char *const fills[] = {"f-none", "f-same", "f-diff", "f-unkn", "f-earl"};

/* column: one component, upright. */
static void column(struct pic *p, const json_t *c, double x, double base, double col, long max)
{
    double scale = BAR / (double)(max ? max : 1), bw = col * .56, at = x + (col - bw) / 2;
    long have = number(c, "platform"), want = number(c, "standard"), next = number(c, "early");
    enum pic_state s = state_of(c);
    svg_group(p, "component", pic_member(c, "kind"), number(c, "index"));
    if (have > 0)
        svg_rect(p, at, base - (double)have * scale, bw, (double)have * scale, fills[s]);
    if (want > have && have >= 0)
        svg_rect(p, at + .5, base - (double)want * scale, bw - 1, (double)(want - have) * scale,
                 "o-diff fine");
    if (want > 0)
        svg_line(p, at - 3, base - (double)want * scale, at + bw + 3, base - (double)want * scale,
                 "goal");
    if (next > 0 && next != want)
        svg_line(p, at - 4, base - (double)next * scale, at + bw + 4, base - (double)next * scale,
                 "l-earl fine");
    long top = have > want ? have : want;
    top = next > top ? next : top;
    svg_words_f(p, x + col / 2, base - 8 - (double)(top > 0 ? top : 0) * scale,
                s == PIC_DIFFERS ? "ms mid c-diff" : "m mid", "%ld", have);
    svg_words_f(p, x + col / 2, base + 17, "s mid", "%ld", number(c, "index") + 1);
    svg_group_end(p);
}

static double panel(struct pic *p, const json_t *list, const char *kind, const char *title,
                    double y, double w)
{
    size_t i, n = 0, low = 0;
    json_t *c;
    long max = 0;
    json_array_foreach(list, i, c)
    {
        if (!pic_is(c, "kind", kind))
            continue;
        n++;
        low += state_of(c) == PIC_DIFFERS;
        max = highest(c) > max ? highest(c) : max;
    }
    if (!n)
        return y;
    double base = y + 60 + BAR, col = w / (double)n, x = 0;
    svg_mark(p, 10, y + 13, low ? PIC_DIFFERS : PIC_SAME);
    svg_words(p, 28, y + 18, "b", title);
    svg_line(p, 0, base, w, base, "rule");
    json_array_foreach(list, i, c)
    {
        if (!pic_is(c, "kind", kind))
            continue;
        column(p, c, x, base, col, max);
        x += col;
    }
    return base + 46;
}

/* single: one number on its own, lying. */
static double single(struct pic *p, const json_t *c, const char *title, double y, double w)
{
    if (!json_is_object(c))
        return y;
    bool wide = w >= PICTURE_WIDE;
    long have = number(c, "platform"), want = number(c, "standard"), next = number(c, "early");
    long max = highest(c) ? highest(c) : 1;
    double x = wide ? 220 : 0, line = wide ? y + 12 : y + 38, room = (wide ? w - 220 : w) * .55,
           scale = room / (double)max;
    enum pic_state s = state_of(c);
    svg_group(p, "single", bytes_of_str(title), have);
    svg_mark(p, 10, y + 12, s);
    svg_words(p, 28, y + 17, "t", title);
    if (have > 0)
        svg_rect(p, x, line - 7, (double)have * scale, 14, fills[s]);
    if (want > have && have >= 0)
        svg_rect(p, x + (double)have * scale, line - 7, (double)(want - have) * scale, 14,
                 "o-diff fine");
    if (want > 0)
        svg_line(p, x + (double)want * scale, line - 11, x + (double)want * scale, line + 11,
                 "goal");
    if (next > 0 && next != want)
        svg_line(p, x + (double)next * scale, line - 11, x + (double)next * scale, line + 11,
                 "l-earl fine");
    double tx = x + room + 16;
    svg_words_f(p, tx, line + 4.5, s == PIC_DIFFERS ? "m c-diff" : "m", "%ld", have);
    if (want >= 0)
        svg_words_f(p, tx + 32, line + 4.5, "s", next >= 0 ? "of %ld, then %ld" : "of %ld", want,
                    next);
    else
        svg_words(p, tx + 32, line + 4.5, "s", "no level known");
    svg_group_end(p);
    return y + (wide ? 34 : 62);
}

static double legend(struct pic *p, double y, double w, bool early)
{
    bool wide = w >= PICTURE_WIDE;
    svg_rect(p, 0, y - 11, 12, 12, "f-same");
    svg_words(p, 22, y, "s", "the platform has");
    svg_line(p, 160, y - 5, 180, y - 5, "goal");
    svg_words(p, 190, y, "s", "the set in force asks");
    double x = wide ? 350 : 0, at = wide ? y : y + 22;
    svg_rect(p, x + .5, at - 11, 12, 12, "o-diff fine");
    svg_words(p, x + 22, at, "s", "short of it");
    x += wide ? 120 : 160;
    if (early) {
        svg_line(p, x, at - 5, x + 20, at - 5, "l-earl fine");
        svg_words(p, x + 30, at, "s", "the coming set asks");
    }
    if (!early) {
        svg_words(p, wide ? 470 : 0, wide ? y : y + 44, "s",
                  "The coming set is not in the file, and is left out.");
        at = wide ? at : y + 44;
    }
    return at + 10;
}

static double draw(struct pic *p, const json_t *j, double w)
{
    const json_t *t = tcb_of(j), *list = json_object_get(t, "components");
    size_t i;
    json_t *c;
    bool early = false;
    double y = panel(p, list, "sgx", "SGX components", 0, w);
    y = panel(p, list, "tdx", "TDX components", y, w);
    json_array_foreach(list, i, c)
    {
        early = early || number(c, "early") >= 0;
        if (pic_is(c, "kind", "pcesvn"))
            y = single(p, c, "PCE", y, w);
    }
    y = single(p, json_object_get(t, "tdx_module"), "TDX module", y, w);
    y = single(p, json_object_get(t, "quoting_enclave"), "Quoting enclave", y, w);
    return legend(p, y + 24, w, early);
}

static size_t short_ones(struct pic *p, const json_t *j)
{
    size_t i, n = 0;
    json_t *c;
    json_array_foreach(json_object_get(tcb_of(j), "components"), i, c)
    {
        if (state_of(c) != PIC_DIFFERS)
            continue;
        pic_raw(p, n++ ? "; " : "");
        pic_text(p, pic_member(c, "kind"), 10);
        pic_f(p, " component %ld has %ld of %ld", number(c, "index") + 1, number(c, "platform"),
              number(c, "standard"));
    }
    return n;
}

static void describe(struct pic *p, const json_t *j)
{
    pic_raw(p, "Status ");
    pic_text(p, pic_member(tcb_of(j), "status"), 40);
    pic_raw(p, ". ");
    pic_raw(p, short_ones(p, j) ? "." : "No component is short of the set in force.");
    const json_t *early = json_object_get(tcb_of(j), "early_set");
    struct bytes day = pic_member(early, "becomes_standard");
    if (day.n < 10)
        return;
    pic_raw(p, json_is_true(json_object_get(early, "due"))
                   ? " The coming set was due to become the standard on "
                   : " The coming set becomes the standard on ");
    pic_text(p, bytes_of(day.p, 10), 10);
    pic_raw(p, " (announced, not signed).");
}

static void line(struct pic *p, const json_t *c, const char *name, long index)
{
    table_row(p);
    pic_f(p, index < 0 ? "<td>%s</td>" : "<td>%s %ld</td>", name, index + 1);
    table_number(p, json_object_get(c, "platform"));
    table_number(p, json_object_get(c, "standard"));
    table_number(p, json_object_get(c, "early"));
    table_number(p, json_object_get(c, "short"));
    table_state(p, state_of(c), pic_member(c, "update"));
    table_row_end(p);
}

static void table(struct pic *p, const json_t *j)
{
    static const char *const heads[] = {"Component", "Platform", "In force",
                                        "Coming",    "Short",    "Update"};
    const json_t *t = tcb_of(j);
    size_t i;
    json_t *c;
    table_open(p, "Security version numbers", heads, 6);
    json_array_foreach(json_object_get(t, "components"), i, c)
        line(p, c,
             pic_is(c, "kind", "sgx")   ? "SGX"
             : pic_is(c, "kind", "tdx") ? "TDX"
                                        : "PCE",
             pic_is(c, "kind", "pcesvn") ? -1 : number(c, "index"));
    if (json_is_object(json_object_get(t, "tdx_module")))
        line(p, json_object_get(t, "tdx_module"), "TDX module", -1);
    line(p, json_object_get(t, "quoting_enclave"), "Quoting enclave", -1);
    table_close(p);
}

static const char *absent(const json_t *j)
{
    return json_is_object(tcb_of(j))
               ? NULL
               : "No TCB levels: the file has no collateral, so there is nothing "
                 "to hold the platform against.";
}

const struct picture picture_tcb = {
    "tcb",
    "Platform and TCB",
    "Security version numbers of the platform against the TCB set in force and, where the file has "
    "it, the coming one. Components are counted from 1, as Intel does.",
    absent,
    describe,
    draw,
    table};
