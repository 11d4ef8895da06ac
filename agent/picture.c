/* picture: SVG files, and the page of all pictures with the causes above them. */
#include "agent/picture.h"

#define CAUSES_TOLD 12u
#define FIXES_TOLD  12u
#define ONE_PAGE    1500.0 /* what is not higher is made to fit on one, below its heading */

static const struct picture *const pictures[PICTURES] = {
    &picture_ladder, &picture_diff,     &picture_matrix, &picture_tcb,
    &picture_trust,  &picture_validity, &picture_strip,
};

const struct picture *picture_find(struct bytes name)
{
    for (size_t i = 0; i < PICTURES; i++)
        if (bytes_eq(name, bytes_of_str(pictures[i]->name)))
            return pictures[i];
    return NULL;
}

const char *picture_names(void)
{
    return "ladder, diff, matrix, tcb, trust, validity or strip";
}

/* drawing is one <svg>; margin: of a file of its own, which says what it is, too. */
static void drawing(struct pic *p, const struct picture *v, const json_t *j, double w, bool file)
{
    struct pic shapes = {0};
    const char *absent = v->absent(j), *end = w >= PICTURE_WIDE ? "w" : "n";
    double margin = file ? 28 : 0, top = file ? 84 : 2, h = 30;
    if (absent)
        svg_wrap(&shapes, 0, 16, 20, "t", bytes_of_str(absent), (size_t)(w / SANS), 4);
    else
        h = v->draw(&shapes, j, w);
    /* A page needs no name space, and a file of its own does. */
    pic_f(p, "<svg%s viewBox=\"0 0 %.0f %.0f\" role=\"img\"",
          file ? " xmlns=\"http://www.w3.org/2000/svg\"" : "", w + 2 * margin,
          h + top + margin + 2);
    if (file)
        pic_f(p, " width=\"%.0f\" height=\"%.0f\"", w + 2 * margin, h + top + margin + 2);
    else if (h < ONE_PAGE)
        pic_raw(p, " class=\"one\"");
    pic_f(p,
          " aria-labelledby=\"t-%s-%s d-%s-%s\"><title id=\"t-%s-%s\">%s</title><desc "
          "id=\"d-%s-%s\">",
          v->name, end, v->name, end, v->name, end, v->title, v->name, end);
    if (absent)
        pic_text(p, bytes_of_str(absent), 300);
    else
        v->describe(p, j);
    pic_raw(p, "</desc>\n");
    if (file) {
        picture_style(p, false);
        pic_raw(p, "<rect width=\"100%\" height=\"100%\" class=\"paper\"/>\n");
        svg_words(p, margin, 40, "h", v->title);
        svg_text(p, margin, 62, "s", pic_member(j, "file"), 120);
    }
    pic_f(p, "<g transform=\"translate(%.0f %.0f)\">\n", margin, top);
    pic_join(p, &shapes);
    pic_free(&shapes);
    pic_raw(p, "</g></svg>\n");
}

bool picture_svg(struct pic *p, const struct picture *v, const json_t *j)
{
    pic_raw(p, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    drawing(p, v, j, PICTURE_WIDE, true);
    return !p->failed;
}

/* ---- the page -------------------------------------------------------------------------------- */

static void fact(struct pic *p, const char *name, struct bytes value)
{
    if (!value.n)
        return;
    pic_f(p, "<div><dt>%s</dt><dd>", name);
    pic_text(p, value, 120);
    pic_raw(p, "</dd></div>\n");
}

static const char *heading(const json_t *j)
{
    const json_t *v = json_object_get(j, "verdict");
    const json_t *code = json_object_get(v, "code");
    if (pic_is(j, "result", "differs"))
        return "Not as expected";
    if (json_is_string(code))
        return "Refused";
    if (pic_is(j, "result", "same"))
        return "All as expected";
    return json_is_object(v) ? "Nothing objects" : "Nothing to compare with";
}

static void header(struct pic *p, const json_t *j)
{
    const json_t *v = json_object_get(j, "verdict"), *guest = json_object_get(j, "guest");
    enum pic_state s = pic_is(j, "result", "differs") || json_is_string(json_object_get(v, "code"))
                           ? PIC_DIFFERS
                       : pic_is(j, "result", "same") || json_is_object(v) ? PIC_SAME
                                                                          : PIC_UNKNOWN;
    pic_raw(p, "<header><p class=\"lead eyebrow\">bootgate explain</p>\n<h1>");
    pic_f(p, "<span class=\"%s\">%s</span> %s</h1>\n",
          s == PIC_SAME      ? "h-same"
          : s == PIC_DIFFERS ? "h-diff"
                             : "h-unkn",
          pic_sign(s), heading(j));
    if (pic_member(v, "reason").n) {
        pic_raw(p, "<p class=\"lead\">");
        pic_text(p, pic_member(v, "code"), 20);
        pic_raw(p, json_is_string(json_object_get(v, "code")) ? ": " : "");
        pic_text(p, pic_member(v, "reason"), 400);
        pic_raw(p, "</p>\n");
    }
    pic_raw(p, "<dl class=\"facts\">\n");
    fact(p, "File", pic_member(j, "file"));
    fact(p, "What it is", pic_member(j, "file_kind"));
    fact(p, "Expected from", pic_member(j, "expected_from"));
    fact(p, "Held against", pic_member(j, "against"));
    fact(p, "QEMU", pic_member(guest, "qemu"));
    if (pic_total(guest, "memory"))
        pic_f(p, "<div><dt>Memory</dt><dd>%zu MiB</dd></div>\n", pic_total(guest, "memory") >> 20);
    fact(p, "Firmware layout", pic_member(guest, "layout"));
    fact(p, "Judged as of", pic_member(json_object_get(j, "validity"), "now"));
    pic_raw(p, "</dl>\n");
}

static void sentence(struct pic *p, const char *label, struct bytes text)
{
    if (!text.n)
        return;
    pic_f(p, "<p><strong>%s</strong> ", label);
    pic_text(p, text, 900);
    pic_raw(p, "</p>\n");
}

static void causes(struct pic *p, const json_t *j)
{
    size_t i, k;
    json_t *c, *r;
    const json_t *list = json_object_get(j, "causes");
    json_array_foreach(list, i, c)
    {
        if (i >= CAUSES_TOLD) {
            pic_f(p, "<p class=\"lead\">… %zu more causes</p>\n", json_array_size(list) - i);
            break;
        }
        pic_raw(p, "<div class=\"cause\"><h3><span class=\"h-diff\">");
        pic_text(p, pic_member(c, "id"), 30);
        pic_raw(p, "</span> ");
        json_array_foreach(json_object_get(c, "registers"), k, r)
        {
            pic_text(p, json_view(r), 12);
            pic_raw(p, " ");
        }
        pic_raw(p, "· ");
        pic_text(p, pic_member(c, "confidence"), 20);
        pic_raw(p, "</h3>\n");
        sentence(p, "Why", pic_member(c, "why"));
        sentence(p, "Fix", pic_member(c, "fix"));
        sentence(p, "Matches with", pic_member(c, "matches_if"));
        sentence(p, "See", pic_member(c, "see"));
        pic_raw(p, "</div>\n");
    }
}

static void fixes(struct pic *p, const json_t *j)
{
    size_t i, k;
    json_t *f, *command;
    json_array_foreach(json_object_get(j, "fixes"), i, f)
    {
        if (i >= FIXES_TOLD)
            break;
        pic_raw(p, "<div class=\"cause\"><h3><span class=\"h-diff\">contract</span> ");
        pic_text(p, pic_member(f, "slot"), 200);
        pic_raw(p, "</h3>\n");
        sentence(p, "Why", pic_member(f, "why"));
        sentence(p, "It is", pic_member(f, "value"));
        json_array_foreach(json_object_get(f, "commands"), k, command)
        {
            pic_raw(p, "<pre>");
            pic_text(p, json_view(command), 900);
            pic_raw(p, "</pre>\n");
        }
        pic_raw(p, "</div>\n");
    }
}

static void section(struct pic *p, const struct picture *v, const json_t *j)
{
    const char *absent = v->absent(j);
    bool is_long = v == &picture_ladder || v == &picture_diff;
    pic_f(p, "<section id=\"%s\"><h2>%s</h2>\n", v->name, v->title);
    if (absent) {
        pic_f(p, "<p class=\"absent\">%s</p></section>\n", absent);
        return;
    }
    pic_f(p, "<p class=\"lead\">%s</p>\n<figure class=\"%s\"><div class=\"wide\">\n", v->lead,
          is_long ? "long" : "short");
    drawing(p, v, j, PICTURE_WIDE, false);
    pic_raw(p, "</div><div class=\"narrow\">\n");
    drawing(p, v, j, PICTURE_NARROW, false);
    pic_raw(p, "</div></figure>\n<details><summary>As a table</summary>\n");
    v->table(p, j);
    pic_raw(p, "</details></section>\n");
}

bool picture_html(struct pic *p, const json_t *j)
{
    pic_raw(p, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
               "style-src 'unsafe-inline'\"/>"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
               "<title>bootgate: ");
    pic_text(p, pic_member(j, "file"), 80);
    pic_raw(p, "</title>\n");
    picture_style(p, true);
    pic_raw(p, "</head><body><main>\n");
    header(p, j);
    causes(p, j);
    fixes(p, j);
    pic_raw(p, "<nav aria-label=\"Pictures\">");
    for (size_t i = 0; i < PICTURES; i++)
        if (!pictures[i]->absent(j))
            pic_f(p, "<a href=\"#%s\">%s</a> ", pictures[i]->name, pictures[i]->title);
    pic_raw(p, "</nav></header>\n");
    for (size_t i = 0; i < PICTURES; i++)
        section(p, pictures[i], j);
    pic_raw(p, "</main></body></html>\n");
    return !p->failed;
}
