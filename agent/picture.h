/*
 * picture: the explanation (docs/explain.md) as pictures: SVG files, and one HTML page with all of
 * them. Drawn from the JSON object and from nothing else. Everything in that object may be
 * hostile: what was not written here is shown as printable ASCII only, other characters as
 * \u{..}, and cut to a width.
 */
#ifndef BOOTGATE_AGENT_PICTURE_H
#define BOOTGATE_AGENT_PICTURE_H

#include "base/json.h"

#define PICTURES        7u
#define PICTURE_WIDE    920.0 /* units a drawing is wide: on a desk and on paper, on a phone */
#define PICTURE_NARROW  340.0
#define PICTURE_BYTES   (16u << 20) /* one file */
#define PICTURE_RUNGS   40u         /* events of one register that are drawn, or put in a table */
#define PICTURE_ROWS    40u         /* differences of one register */
#define PICTURE_PERIODS 32u
#define PICTURE_CHECKS  160u /* columns of a text in a table */

/* struct pic: text that grows, at most PICTURE_BYTES; failed: it would have been more. */
struct pic {
    char *p;
    size_t n, cap;
    bool failed;
};

/* What a mark, a frame or a bar says. Colour never says it alone. */
enum pic_state { PIC_NONE = 0, PIC_SAME, PIC_DIFFERS, PIC_UNKNOWN, PIC_EARLY };

struct picture {
    const char *name, *title, *lead; /* "ladder"; a heading; what is to be seen in a sentence */
    /* absent: why there is nothing to draw, in a sentence; NULL: there is something. */
    const char *(*absent)(const json_t *j);
    void (*describe)(struct pic *p, const json_t *j);
    /* draw writes shapes at 0,0 and returns the height; w: PICTURE_WIDE or PICTURE_NARROW. */
    double (*draw)(struct pic *p, const json_t *j, double w);
    void (*table)(struct pic *p, const json_t *j);
};
extern const struct picture picture_ladder, picture_diff, picture_matrix, picture_tcb,
    picture_trust, picture_validity, picture_strip;

/* ---- what a verb uses ---- */

/* picture_find: by its name; NULL: there is none. picture_names: all of them, "ladder, diff, ..".
 */
const struct picture *picture_find(struct bytes name);
const char *picture_names(void);
/* Each writes a whole file's text and returns true when all of it is there. */
bool picture_svg(struct pic *p, const struct picture *v, const json_t *j) MUST_CHECK;
bool picture_html(struct pic *p, const json_t *j) MUST_CHECK;
void pic_free(struct pic *p);
#define AUTO_PIC __attribute__((cleanup(pic_free))) struct pic

/* ---- text ---- */

void pic_raw(struct pic *p, const char *markup); /* our own words */
void pic_f(struct pic *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* pic_text: data, made harmless, at most columns wide. */
void pic_text(struct pic *p, struct bytes data, size_t columns);
void pic_join(struct pic *p, const struct pic *other);
/* pic_member: the text of a member; empty where it is none. */
struct bytes pic_member(const json_t *o, const char *key);
/* pic_is: the member is this word. */
bool pic_is(const json_t *o, const char *key, const char *word);
size_t pic_total(const json_t *o, const char *key);
enum pic_state pic_status(const json_t *o, const char *key); /* "same", "differs"; else unknown */
const char *pic_sign(enum pic_state s);                      /* the mark as a character */

/* ---- shapes. c: classes of picture_style.c ---- */

#define SANS  7.7 /* width of a column of class t; of m and s below it */
#define MONO  7.3 /* m */
#define SMALL 6.7 /* s, ms */

void svg_group(struct pic *p, const char *key, struct bytes name, long index);
void svg_group_end(struct pic *p);
void svg_rect(struct pic *p, double x, double y, double w, double h, const char *c);
void svg_line(struct pic *p, double x1, double y1, double x2, double y2, const char *c);
void svg_dot(struct pic *p, double x, double y, double r, const char *c);
void svg_mark(struct pic *p, double x, double y, enum pic_state s);
/* svg_text: data; svg_words: our own. Classes t, m, s, ms, b, and end or mid for the anchor. */
void svg_text(struct pic *p, double x, double y, const char *c, struct bytes data, size_t columns);
void svg_words(struct pic *p, double x, double y, const char *c, const char *words);
void svg_words_f(struct pic *p, double x, double y, const char *c, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* svg_wrap: data in lines of so many columns; returns how many lines it took. */
size_t svg_wrap(struct pic *p, double x, double y, double leading, const char *c, struct bytes data,
                size_t columns, size_t lines);

/* ---- tables ---- */

void table_open(struct pic *p, const char *caption, const char *const *heads, size_t n);
void table_row(struct pic *p);
void table_cell(struct pic *p, struct bytes data);
void table_name(struct pic *p, struct bytes data); /* short, and kept in one line */
void table_words(struct pic *p, const char *words);
void table_number(struct pic *p, const json_t *v); /* null: "not known" */
void table_state(struct pic *p, enum pic_state s, struct bytes word);
void table_row_end(struct pic *p);
void table_more(struct pic *p, size_t columns, size_t more);
void table_close(struct pic *p);

/* picture_style: the style sheet; page: of the page, too. */
void picture_style(struct pic *p, bool page);

#endif
