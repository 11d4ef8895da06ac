/* picture_strip: the stages of the decision in their order, what each said, and how long it took.
 */
#include "agent/picture.h"

#define STAGES 12u

static const json_t *stages_of(const json_t *j)
{
    return json_object_get(json_object_get(j, "verdict"), "stages");
}

static size_t count(const json_t *j)
{
    size_t n = json_array_size(stages_of(j));
    return n < STAGES ? n : STAGES;
}

/* A stage that was not reached has no status, and no time. */
static enum pic_state state_of(const json_t *s)
{
    return pic_member(s, "status").n ? pic_status(s, "status") : PIC_NONE;
}

static struct bytes ending_of(const json_t *s)
{
    if (pic_is(s, "status", "not_run"))
        return bytes_of_str("not asked");
    return state_of(s) == PIC_NONE ? bytes_of_str("not reached") : pic_member(s, "status");
}

static bool time_of(const json_t *s, double *ms)
{
    const json_t *v = json_object_get(s, "us");
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return false;
    *ms = (double)json_integer_value(v) / 1000;
    return true;
}

static int digits(double ms)
{
    return ms < 1 ? 3 : ms < 100 ? 1 : 0;
}

static double total_of(const json_t *j)
{
    double sum = 0, ms;
    for (size_t i = 0; i < count(j); i++)
        if (time_of(json_array_get(stages_of(j), i), &ms))
            sum += ms;
    return sum;
}

static void milliseconds(struct pic *p, double x, double y, const char *c, const json_t *s)
{
    double ms;
    if (pic_is(s, "status", "not_run"))
        svg_words(p, x, y, c, "not asked");
    else if (time_of(s, &ms))
        svg_words_f(p, x, y, c, "%.*f ms", digits(ms), ms);
    else
        svg_words(p, x, y, c, state_of(s) == PIC_NONE ? "not reached" : "no time");
}

static double draw(struct pic *p, const json_t *j, double w)
{
    static const char *const frames[] = {"o-none dash", "o-same", "o-diff", "o-unkn"};
    static const char *const fills[] = {"f-none", "f-same", "f-diff", "f-unkn"};
    bool wide = w >= PICTURE_WIDE;
    size_t n = count(j);
    double gap = wide ? 22 : 14, box = wide ? (w - gap * (double)(n - 1)) / (double)n : w,
           height = wide ? 84 : 44;
    double sum = total_of(j), x = 0, y = .5, ms;
    for (size_t i = 0; i < n; i++) {
        const json_t *s = json_array_get(stages_of(j), i);
        enum pic_state state = state_of(s);
        svg_group(p, "stage", pic_member(s, "stage"), (long)i);
        svg_rect(p, x + .5, y, box - 1, height, frames[state]);
        svg_mark(p, x + 19, y + 22, state);
        svg_text(p, x + (wide ? 14 : 38), y + (wide ? 53 : 27), "b", pic_member(s, "stage"),
                 wide ? 13 : 20);
        milliseconds(p, x + (wide ? 14 : box - 12), y + (wide ? 72 : 27), wide ? "ms" : "m end", s);
        svg_group_end(p);
        if (i + 1 < n && wide)
            svg_line(p, x + box + 3, y + height / 2, x + box + gap - 3, y + height / 2, "l-none");
        else if (i + 1 < n)
            svg_line(p, 19, y + height + 2, 19, y + height + gap - 2, "l-none");
        x += wide ? box + gap : 0;
        y += wide ? 0 : height + gap;
    }
    y = wide ? height + 40 : y + 22;
    svg_words_f(p, 0, y - 10, "s", "%.*f ms together, to scale:", digits(sum), sum);
    x = 0;
    for (size_t i = 0; i < n && sum > 0; i++) {
        const json_t *s = json_array_get(stages_of(j), i);
        if (!time_of(s, &ms))
            continue;
        double width = ms / sum * w;
        svg_rect(p, x, y, width > 2 ? width - 1.5 : width, 12, fills[state_of(s)]);
        if (width > (wide ? 60 : 74))
            svg_text(p, x, y + 28, "s", pic_member(s, "stage"), (size_t)(width / 8));
        x += width;
    }
    return y + 36;
}

static void describe(struct pic *p, const json_t *j)
{
    for (size_t i = 0; i < count(j); i++) {
        const json_t *s = json_array_get(stages_of(j), i);
        double ms;
        pic_raw(p, i ? "; " : "");
        pic_text(p, pic_member(s, "stage"), 20);
        pic_raw(p, ": ");
        pic_text(p, ending_of(s), 20);
        if (time_of(s, &ms))
            pic_f(p, " in %.*f ms", digits(ms), ms);
    }
    pic_raw(p, ".");
}

static void table(struct pic *p, const json_t *j)
{
    static const char *const heads[] = {"Stage", "Result", "Milliseconds"};
    table_open(p, "Stages of the decision", heads, 3);
    for (size_t i = 0; i < count(j); i++) {
        const json_t *s = json_array_get(stages_of(j), i);
        double ms;
        table_row(p);
        table_cell(p, pic_member(s, "stage"));
        table_state(p, state_of(s), ending_of(s));
        if (time_of(s, &ms))
            pic_f(p, "<td>%.3f</td>", ms);
        else
            table_words(p, "no time");
        table_row_end(p);
    }
    table_close(p);
}

static const char *absent(const json_t *j)
{
    if (count(j))
        return NULL;
    return json_is_object(json_object_get(j, "verdict"))
               ? "No stages: this verdict does not say how long its stages took."
               : "No stages: nothing was decided here, because the file has no verdict and no "
                 "collateral to make one with.";
}

const struct picture picture_strip = {
    "strip",
    "Decision",
    "The stages in their order. The first that does not pass ends the run; what follows is not "
    "reached.",
    absent,
    describe,
    draw,
    table};
