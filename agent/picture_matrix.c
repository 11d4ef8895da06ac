/* picture_matrix: which input reaches which register, and what the causes say about it. */
#include "agent/picture.h"

static const json_t *part(const json_t *j, const char *key)
{
    return json_object_get(json_object_get(j, "matrix"), key);
}

static const char *word_of(const json_t *j, size_t input, size_t reg)
{
    const char *w = json_string_value(json_array_get(json_array_get(part(j, "cells"), input), reg));
    return w ? w : "none";
}

static enum pic_state state_of(const char *w)
{
    return strcmp(w, "differs") == 0       ? PIC_DIFFERS
           : strcmp(w, "matches") == 0     ? PIC_SAME
           : strcmp(w, "contributes") == 0 ? PIC_UNKNOWN
                                           : PIC_NONE;
}

static double legend(struct pic *p, double y, double w)
{
    static const char *const words[] = {"does not reach it", "reaches it, and it matches",
                                        "reaches it: a cause", "reaches it, undecided"};
    static const enum pic_state order[] = {PIC_DIFFERS, PIC_SAME, PIC_UNKNOWN, PIC_NONE};
    for (size_t i = 0; i < 4; i++) {
        bool wide = w >= PICTURE_WIDE;
        double x = wide ? 10 + 225 * (double)i : 10, at = wide ? y : y + 24 * (double)i;
        if (order[i] == PIC_NONE)
            svg_line(p, x - 4, at - 4, x + 4, at - 4, "l-none");
        else
            svg_mark(p, x, at - 4, order[i]);
        svg_words(p, x + 16, at, "t", words[order[i]]);
    }
    return w >= PICTURE_WIDE ? 24 : 96;
}

/* head: in two lines where columns are narrow: "RTMR" over "0". */
static void head(struct pic *p, double x, struct bytes name, bool wide)
{
    size_t last = name.n == 5 ? name.n - 1 : name.n - 2;
    struct bytes top = bytes_of(name.p, last);
    if (wide || name.n < 4) {
        svg_text(p, x, 16, "m mid", name, 12);
        return;
    }
    if (name.n == 10)
        top = bytes_of(name.p + 2, 6); /* CONFIG */
    svg_text(p, x, 14, "ms mid", name.n == 4 ? bytes_of(name.p, 2) : top, 7);
    svg_text(p, x, 30, "ms mid",
             name.n == 4 ? bytes_of(name.p + 2, 2) : bytes_of(name.p + last, name.n - last), 7);
}

static double draw(struct pic *p, const json_t *j, double w)
{
    bool wide = w >= PICTURE_WIDE;
    size_t regs = json_array_size(part(j, "registers")),
           inputs = json_array_size(part(j, "inputs"));
    double left = wide ? 150 : 92, top = wide ? 30 : 42, row = 30;
    double col = (w - left) / (double)(regs ? regs : 1);
    for (size_t k = 0; k < regs; k++)
        head(p, left + col * ((double)k + .5), json_view(json_array_get(part(j, "registers"), k)),
             wide);
    for (size_t i = 0; i < inputs; i++) {
        double y = top + row * (double)i;
        struct bytes name = json_view(json_array_get(part(j, "inputs"), i));
        svg_line(p, 0, y, w, y, "grid");
        svg_text(p, 0, y + row / 2 + 5, wide ? "m" : "ms", name, 18);
        for (size_t k = 0; k < regs; k++) {
            enum pic_state s = state_of(word_of(j, i, k));
            static const char *const frame[] = {"o-none", "o-same", "o-diff", "o-unkn", "o-earl"};
            double x = left + col * (double)k;
            svg_group(p,
                      word_of(j, i, k)[0] == 'd'   ? "differs"
                      : word_of(j, i, k)[0] == 'm' ? "matches"
                      : word_of(j, i, k)[0] == 'c' ? "contributes"
                                                   : "none",
                      name, (long)k);
            if (s == PIC_NONE) {
                svg_line(p, x + col / 2 - 4, y + row / 2, x + col / 2 + 4, y + row / 2, "l-none");
            } else {
                svg_rect(p, x + 3, y + 3, col - 6, row - 6, frame[s]);
                svg_mark(p, x + col / 2, y + row / 2, s);
            }
            svg_group_end(p);
        }
    }
    double end = top + row * (double)inputs;
    svg_line(p, 0, end, w, end, "grid");
    return end + 30 + legend(p, end + 30, w) - 14;
}

static void describe(struct pic *p, const json_t *j)
{
    size_t regs = json_array_size(part(j, "registers")), n = 0;
    for (size_t i = 0; i < json_array_size(part(j, "inputs")); i++)
        for (size_t k = 0; k < regs; k++)
            if (state_of(word_of(j, i, k)) == PIC_DIFFERS) {
                pic_raw(p, n++ ? ", " : "Named as a cause: ");
                pic_text(p, json_view(json_array_get(part(j, "inputs"), i)), 20);
                pic_raw(p, " in ");
                pic_text(p, json_view(json_array_get(part(j, "registers"), k)), 12);
            }
    pic_raw(p, n ? "." : "No input is named as a cause.");
}

static void table(struct pic *p, const json_t *j)
{
    const char *heads[16] = {"Input"};
    size_t regs = json_array_size(part(j, "registers"));
    for (size_t k = 0; k < regs && k < 15; k++)
        heads[k + 1] = json_string_value(json_array_get(part(j, "registers"), k));
    table_open(p, "Inputs by registers", heads, regs + 1);
    for (size_t i = 0; i < json_array_size(part(j, "inputs")); i++) {
        table_row(p);
        table_name(p, json_view(json_array_get(part(j, "inputs"), i)));
        for (size_t k = 0; k < regs; k++) {
            const char *w = word_of(j, i, k);
            table_state(p, state_of(w), bytes_of_str(w));
        }
        table_row_end(p);
    }
    table_close(p);
}

static const char *absent(const json_t *j)
{
    return pic_is(j, "file_kind", "verdict") ? "No matrix: without the values of a quote there is "
                                               "nothing that inputs could reach."
                                             : NULL;
}

const struct picture picture_matrix = {
    "matrix",
    "Which knob",
    "What goes into each register. A cross marks the input that a cause names.",
    absent,
    describe,
    draw,
    table};
