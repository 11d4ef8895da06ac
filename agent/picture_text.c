/* picture_text: text that is made harmless, and the shapes and tables that carry it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/picture.h"

#define CUT '\001' /* stands for the dots behind what was cut off */

static void put(struct pic *p, const char *s, size_t n)
{
    if (p->failed || n > PICTURE_BYTES - p->n) {
        p->failed = true;
        return;
    }
    if (p->n + n > p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 65536;
        while (cap < p->n + n)
            cap *= 2;
        char *more = realloc(p->p, cap);
        if (!more) {
            p->failed = true;
            return;
        }
        p->p = more;
        p->cap = cap;
    }
    memcpy(p->p + p->n, s, n);
    p->n += n;
}

void pic_free(struct pic *p)
{
    free(p->p);
    *p = (struct pic){0};
}

void pic_raw(struct pic *p, const char *markup)
{
    put(p, markup, strlen(markup));
}

static void put_v(struct pic *p, const char *fmt, va_list ap)
{
    char buf[1024];
    int n = vsnprintf(buf, sizeof buf, fmt, ap);
    if (n < 0 || (size_t)n >= sizeof buf)
        p->failed = true;
    else
        put(p, buf, (size_t)n);
}

void pic_f(struct pic *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_v(p, fmt, ap);
    va_end(ap);
}

void pic_join(struct pic *p, const struct pic *other)
{
    p->failed = p->failed || other->failed;
    if (other->n)
        put(p, other->p, other->n);
}

/* code_point reads one of UTF-8 that jansson accepted; a stray byte stands for itself. */
static size_t code_point(struct bytes s, uint32_t *out)
{
    uint8_t b = s.p[0];
    size_t n = b < 0xc0 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
    uint32_t v = n == 1 ? b : (uint32_t)(b & (0xffu >> (n + 1)));
    if (n > s.n) {
        *out = b;
        return 1;
    }
    for (size_t i = 1; i < n; i++)
        v = v << 6 | (s.p[i] & 0x3fu);
    *out = v;
    return n;
}

/*
 * clean: printable ASCII, at most columns of it, with CUT at the end of what was longer. Anything
 * else could hide, turn round or pile up what stands beside it (control and format characters,
 * right-to-left letters, combining marks), so it is spelled out.
 */
static size_t clean(char *out, size_t cap, struct bytes data, size_t columns)
{
    size_t n = 0, max = columns < cap - 16 ? columns : cap - 16;
    while (data.n) {
        uint32_t c;
        char one[16];
        size_t used = code_point(data, &c);
        int len = snprintf(one, sizeof one, c >= 0x20 && c < 0x7f ? "%c" : "\\u{%x}", (int)c);
        size_t left = data.n - used;
        if (len < 0 || n + (size_t)len > max - (left ? 1 : 0)) {
            out[n++] = CUT;
            break;
        }
        memcpy(out + n, one, (size_t)len);
        n += (size_t)len;
        data = bytes_of(data.p + used, left);
    }
    return n;
}

static void escaped(struct pic *p, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *e = s[i] == '<'    ? "&lt;"
                        : s[i] == '>'  ? "&gt;"
                        : s[i] == '&'  ? "&amp;"
                        : s[i] == '"'  ? "&quot;"
                        : s[i] == '\'' ? "&#39;"
                        : s[i] == CUT  ? "…"
                                       : NULL;
        if (e)
            pic_raw(p, e);
        else
            put(p, &s[i], 1);
    }
}

void pic_text(struct pic *p, struct bytes data, size_t columns)
{
    char buf[1024];
    escaped(p, buf, clean(buf, sizeof buf, data, columns));
}

/* ---- members --------------------------------------------------------------------------------- */

struct bytes pic_member(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return json_is_string(v) ? json_view(v) : BYTES_NONE;
}

bool pic_is(const json_t *o, const char *key, const char *word)
{
    return bytes_eq(pic_member(o, key), bytes_of_str(word));
}

size_t pic_total(const json_t *o, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(o, key));
    return v > 0 ? (size_t)v : 0;
}

enum pic_state pic_status(const json_t *o, const char *key)
{
    if (pic_is(o, key, "same") || pic_is(o, key, "matches") || pic_is(o, key, "pass"))
        return PIC_SAME;
    if (pic_is(o, key, "differs") || pic_is(o, key, "fail"))
        return PIC_DIFFERS;
    return pic_is(o, key, "none") || pic_is(o, key, "not_run") || pic_is(o, key, "not-compared")
               ? PIC_NONE
               : PIC_UNKNOWN;
}

const char *pic_sign(enum pic_state s)
{
    static const char *const signs[] = {"–", "✓", "✗", "?", "?"};
    return signs[s];
}

/* ---- shapes ---------------------------------------------------------------------------------- */

void svg_group(struct pic *p, const char *key, struct bytes name, long index)
{
    pic_f(p, "<g data-k=\"%s\" data-name=\"", key);
    pic_text(p, name, 80);
    pic_f(p, "\" data-i=\"%ld\">", index);
}

void svg_group_end(struct pic *p)
{
    pic_raw(p, "</g>\n");
}

void svg_rect(struct pic *p, double x, double y, double w, double h, const char *c)
{
    pic_f(p,
          "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%d\" class=\"%s\"/>\n",
          x, y, w, h, h >= 14 && w >= 14 ? 5 : 2, c);
}

void svg_line(struct pic *p, double x1, double y1, double x2, double y2, const char *c)
{
    pic_f(p, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2,
          y2, c);
}

void svg_dot(struct pic *p, double x, double y, double r, const char *c)
{
    pic_f(p, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"/>\n", x, y, r, c);
}

void svg_mark(struct pic *p, double x, double y, enum pic_state s)
{
    static const struct {
        const char *c, *path;
    } marks[] = {
        {"none", "M-3.5 0h7"},
        {"same", "M-4 .5l2.8 3L4-3.5"},
        {"diff", "M-3.3-3.3l6.6 6.6M3.3-3.3l-6.6 6.6"},
        {"unkn", "M-2.4-2.2a2.5 2.5 0 1 1 3.6 2.3q-1.2.6-1.2 1.6M0 4.1v.3"},
        {"earl", "M0-4v5M0 4v.3"},
    };
    pic_f(p,
          "<g transform=\"translate(%.1f %.1f)\"><circle r=\"8\" class=\"f-%s\"/>"
          "<path d=\"%s\" class=\"tick\"/></g>\n",
          x, y, marks[s].c, marks[s].path);
}

static void text_open(struct pic *p, double x, double y, const char *c)
{
    pic_f(p, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, c);
}

void svg_text(struct pic *p, double x, double y, const char *c, struct bytes data, size_t columns)
{
    if (!data.n)
        return;
    text_open(p, x, y, c);
    pic_text(p, data, columns);
    pic_raw(p, "</text>\n");
}

void svg_words(struct pic *p, double x, double y, const char *c, const char *words)
{
    text_open(p, x, y, c);
    pic_raw(p, words);
    pic_raw(p, "</text>\n");
}

void svg_words_f(struct pic *p, double x, double y, const char *c, const char *fmt, ...)
{
    va_list ap;
    text_open(p, x, y, c);
    va_start(ap, fmt);
    put_v(p, fmt, ap);
    va_end(ap);
    pic_raw(p, "</text>\n");
}

size_t svg_wrap(struct pic *p, double x, double y, double leading, const char *c, struct bytes data,
                size_t columns, size_t lines)
{
    char buf[1024];
    size_t n = clean(buf, sizeof buf, data, columns * lines), at = 0, line = 0;
    while (at < n && line < lines) {
        size_t len = n - at <= columns ? n - at : columns;
        while (at + len < n && len > columns / 2 && buf[at + len] != ' ')
            len--;
        if (at + len < n && buf[at + len] != ' ')
            len = columns; /* one long word */
        bool cut = line + 1 == lines && at + len < n;
        text_open(p, x, y + (double)line * leading, c);
        escaped(p, buf + at, cut && len == columns ? len - 1 : len);
        pic_raw(p, cut ? "…</text>\n" : "</text>\n");
        at += len;
        while (at < n && buf[at] == ' ')
            at++;
        line++;
    }
    return line;
}

/* ---- tables ---------------------------------------------------------------------------------- */

void table_open(struct pic *p, const char *caption, const char *const *heads, size_t n)
{
    pic_f(p, "<table><caption>%s</caption><thead><tr>", caption);
    for (size_t i = 0; i < n; i++)
        pic_f(p, "<th scope=\"col\">%s</th>", heads[i]);
    pic_raw(p, "</tr></thead><tbody>\n");
}

void table_row(struct pic *p)
{
    pic_raw(p, "<tr>");
}

void table_cell(struct pic *p, struct bytes data)
{
    pic_raw(p, "<td>");
    pic_text(p, data, PICTURE_CHECKS);
    pic_raw(p, "</td>");
}

void table_name(struct pic *p, struct bytes data)
{
    pic_raw(p, "<td class=\"n\">");
    pic_text(p, data, 20);
    pic_raw(p, "</td>");
}

void table_words(struct pic *p, const char *words)
{
    pic_f(p, "<td>%s</td>", words);
}

void table_number(struct pic *p, const json_t *v)
{
    if (json_is_integer(v))
        pic_f(p, "<td class=\"n\">%lld</td>", (long long)json_integer_value(v));
    else
        table_words(p, "not known");
}

void table_state(struct pic *p, enum pic_state s, struct bytes word)
{
    static const char *const classes[] = {"none", "same", "diff", "unkn", "earl"};
    pic_f(p, "<td class=\"n h-%s\">%s ", classes[s], pic_sign(s));
    pic_text(p, word, 40);
    pic_raw(p, "</td>");
}

void table_row_end(struct pic *p)
{
    pic_raw(p, "</tr>\n");
}

void table_more(struct pic *p, size_t columns, size_t more)
{
    pic_f(p, "<tr><td colspan=\"%zu\">… %zu more</td></tr>\n", columns, more);
}

void table_close(struct pic *p)
{
    pic_raw(p, "</tbody></table>\n");
}
