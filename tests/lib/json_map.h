/*
 * json_map: where in a JSON text each value stands, and what each byte of the text is: for tests
 * that change texts byte by byte and must know what they changed. The text is a test's own, known
 * to be valid; nothing of base/json is used.
 */
#ifndef BOOTGATE_TESTS_JSON_MAP_H
#define BOOTGATE_TESTS_JSON_MAP_H

#include "base/arena.h"

enum json_part {
    PART_SPACE = 0, /* between tokens */
    PART_PUNCT,     /* braces, brackets, colons, commas */
    PART_OPEN,      /* the quotation mark that begins a string */
    PART_CLOSE,     /* and the one that ends it */
    PART_KEY,       /* inside a member's name */
    PART_STRING,    /* inside a string value */
    PART_SCALAR,    /* number, true, false, null */
};

/* struct json_node: one value. Its member (of an object) begins at `begin`, else begin == value. */
struct json_node {
    const char *path; /* "rpc.3.params.0"; the root's is the prefix given */
    size_t begin, value, end;
    size_t parent; /* index; the root's is 0 */
    char type;     /* '{' '[' '"' or 's' */
};

struct json_map {
    struct bytes text;
    struct json_node *nodes; /* in the order of the text: the root first */
    size_t n;
    uint8_t *part;  /* enum json_part of each byte */
    uint32_t *node; /* each byte's value; a name belongs to its value, punctuation to its container
                     */
};

/* json_label names element i of the array at `path` instead of its number; NULL: the number. */
typedef const char *(*json_label)(void *ctx, const char *path, size_t i);

/* json_map_build: everything lives in the arena; a text that is not JSON fails the test. label may
 * be NULL. */
void json_map_build(struct arena *a, struct bytes text, const char *prefix, json_label label,
                    void *ctx, struct json_map *out);
/* json_map_find: the first node with this path; NULL: none. */
const struct json_node *json_map_find(const struct json_map *m, const char *path);
/*
 * json_map_unescape: the content of the string node, and for each of its bytes where in the text
 * it is written: (*out_at)[i] .. (*out_at)[i + 1]. Only the short escapes are known.
 */
struct bytes json_map_unescape(struct arena *a, const struct json_map *m,
                               const struct json_node *string, size_t **out_at);

#endif
