/* picture_trust: what each fact of the verdict rests on. What only the host says is dashed. */
#include "agent/picture.h"

#define FACTS 24u

static const json_t *anchors_of(const json_t *j)
{
    return json_object_get(json_object_get(j, "verdict"), "anchors");
}

static size_t count(const json_t *j)
{
    size_t n = json_array_size(anchors_of(j));
    return n < FACTS ? n : FACTS;
}

/* holds: somebody vouches for it with more than his word. A word that is not known does not. */
static bool holds(const json_t *fact)
{
    static const char *const strong[] = {"signed",         "replayed",     "reproduced",
                                         "pinned",         "attested",     "finalized",
                                         "finalized-data", "proof-of-call"};
    bool found = false;
    for (size_t i = 0; i < sizeof strong / sizeof *strong; i++)
        found = found || pic_is(fact, "assurance", strong[i]);
    return found && !pic_is(fact, "anchor", "host") && !pic_is(fact, "anchor", "host-chosen") &&
           !pic_is(fact, "anchor", "argument");
}

/* same_anchor: the first fact that has the same anchor. */
static size_t same_anchor(const json_t *j, size_t i)
{
    struct bytes a = pic_member(json_array_get(anchors_of(j), i), "anchor");
    for (size_t k = 0; k < i; k++)
        if (bytes_eq(a, pic_member(json_array_get(anchors_of(j), k), "anchor")))
            return k;
    return i;
}

static double draw(struct pic *p, const json_t *j, double w)
{
    bool wide = w >= PICTURE_WIDE;
    size_t n = count(j), boxes = 0, slot[FACTS] = {0};
    double fact = wide ? 280 : 132, box = wide ? 280 : 158, row = 58, top = 30;
    for (size_t i = 0; i < n; i++)
        slot[i] = same_anchor(j, i) == i ? boxes++ : slot[same_anchor(j, i)];
    double height = row * (double)n, each = height / (double)(boxes ? boxes : 1);
    svg_words(p, 0, 14, "s", "what was found");
    svg_words(p, w - box, 14, "s", "what it rests on");
    for (size_t i = 0; i < n; i++) {
        double y = top + row * (double)i + 23, to = top + each * ((double)slot[i] + .5);
        pic_f(p, "<path d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\" class=\"%s\"/>\n", fact, y,
              (fact + w - box) / 2, y, (fact + w - box) / 2, to, w - box, to,
              holds(json_array_get(anchors_of(j), i)) ? "l-same" : "l-diff dash");
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *f = json_array_get(anchors_of(j), i);
        double y = top + row * (double)i;
        bool good = holds(f);
        svg_group(p, "fact", pic_member(f, "fact"), (long)i);
        svg_rect(p, .5, y, fact, 46, good ? "o-same" : "o-diff dash");
        if (wide)
            svg_mark(p, 20, y + 23, good ? PIC_SAME : PIC_UNKNOWN);
        svg_text(p, wide ? 40 : 9, y + 20, wide ? "m" : "ms", pic_member(f, "fact"),
                 wide ? 32 : 18);
        svg_text(p, wide ? 40 : 9, y + 37, "s", pic_member(f, "assurance"), wide ? 34 : 18);
        svg_group_end(p);
        if (same_anchor(j, i) == i) {
            double at = top + each * ((double)slot[i] + .5);
            svg_group(p, "anchor", pic_member(f, "anchor"), (long)slot[i]);
            svg_rect(p, w - box, at - 20, box - .5, 40, "card");
            svg_text(p, w - box + (wide ? 16 : 9), at + 4, wide ? "m" : "ms",
                     pic_member(f, "anchor"), wide ? 34 : 22);
            svg_group_end(p);
        }
    }
    double y = top + height + 20;
    svg_line(p, 0, y - 4, 34, y - 4, "l-same");
    svg_words(p, 44, y, "s", "proven or pinned");
    svg_line(p, wide ? 180 : 0, wide ? y - 4 : y + 18, wide ? 214 : 34, wide ? y - 4 : y + 18,
             "l-diff dash");
    svg_words(p, wide ? 224 : 44, wide ? y : y + 22, "s", "only said so: nobody vouches for it");
    return y + (wide ? 8 : 30);
}

static void describe(struct pic *p, const json_t *j)
{
    for (size_t i = 0; i < count(j); i++) {
        const json_t *f = json_array_get(anchors_of(j), i);
        pic_raw(p, i ? "; " : "");
        pic_text(p, pic_member(f, "fact"), 40);
        pic_raw(p, " rests on ");
        pic_text(p, pic_member(f, "anchor"), 40);
        pic_raw(p, " (");
        pic_text(p, pic_member(f, "assurance"), 40);
        pic_raw(p, ")");
    }
    pic_raw(p, ".");
}

static void table(struct pic *p, const json_t *j)
{
    static const char *const heads[] = {"Fact", "Anchor", "Assurance"};
    table_open(p, "Facts and what they rest on", heads, 3);
    for (size_t i = 0; i < count(j); i++) {
        const json_t *f = json_array_get(anchors_of(j), i);
        table_row(p);
        table_cell(p, pic_member(f, "fact"));
        table_cell(p, pic_member(f, "anchor"));
        table_state(p, holds(f) ? PIC_SAME : PIC_UNKNOWN, pic_member(f, "assurance"));
        table_row_end(p);
    }
    table_close(p);
}

static const char *absent(const json_t *j)
{
    return count(j)
               ? NULL
               : "No trust map: nothing was authenticated here, because the file has no verdict "
                 "and no collateral to make one with.";
}

const struct picture picture_trust = {
    "trust",
    "Trust map",
    "Every fact of the verdict, and whose word it finally is. A dashed line ends at somebody who "
    "could say anything.",
    absent,
    describe,
    draw,
    table};
