/* hash FILE [OTHER]: the compose hash of the exact bytes, and the app id that follows from it; with
 * two files, what they differ in besides. */
#include <stdlib.h>

#include "agent/file.h"
#include "agent/output.h"
#include "base/hex.h"
#include "base/limits.h"
#include "quote/dstack.h"
#include "quote/json_diff.h"

struct compose {
    const char *path;
    struct bytes text;
    char hash[65], app_id[41];
};

static enum rc read_compose(struct arena *a, const char *path, struct compose *out, struct err *err)
{
    uint8_t hash[32], app_id[20];
    out->path = path;
    TRY(file_read(a, path, LIMIT_APP_COMPOSE, BG_COMPOSE_FILE_SIZE, &out->text, err));
    dstack_compose_hash(out->text, hash);
    dstack_app_id(hash, app_id);
    hex_encode(BYTES_OF_ARRAY(hash), out->hash);
    hex_encode(BYTES_OF_ARRAY(app_id), out->app_id);
    return RC_OK;
}

static const char *const op_names[] = {"", "same", "changed", "removed", "added", "unknown"};
static const char op_marks[] = {' ', '=', '~', '-', '+', '?'};

static json_t *line_json(struct bytes line)
{
    json_t *s = json_stringn((const char *)line.p, line.n);
    return line.p && s ? s : (json_decref(s), json_null());
}

static json_t *change_json(const struct json_change *c)
{
    json_t *j = json_pack("{s:s, s:s}", "op", op_names[c->op], "path", c->path);
    if (c->is_line) {
        (void)json_object_set_new(j, "line", json_integer((json_int_t)c->line));
        (void)json_object_set_new(j, "from", line_json(c->from));
        (void)json_object_set_new(j, "to", line_json(c->to));
    } else {
        (void)json_object_set_new(j, "from", c->a ? json_deep_copy(c->a) : json_null());
        (void)json_object_set_new(j, "to", c->b ? json_deep_copy(c->b) : json_null());
    }
    return j;
}

static json_t *as_json(const struct compose *c, const struct json_changes *changes)
{
    json_t *j = json_pack("{s:s, s:s}", "compose_hash", c[0].hash, "app_id", c[0].app_id), *list;
    if (!changes)
        return j;
    list = json_array();
    for (size_t i = 0; i < changes->n; i++)
        (void)json_array_append_new(list, change_json(&changes->v[i]));
    (void)json_object_set_new(
        j, "other", json_pack("{s:s, s:s}", "compose_hash", c[1].hash, "app_id", c[1].app_id));
    (void)json_object_set_new(j, "same_bytes", json_boolean(bytes_eq(c[0].text, c[1].text)));
    (void)json_object_set_new(j, "same_values", json_boolean(changes->total == 0));
    (void)json_object_set_new(j, "changes", list);
    (void)json_object_set_new(j, "num_changes", json_integer((json_int_t)changes->total));
    return j;
}

/* cut prints at most a line's worth, unless all is wanted. */
static void cut(const struct style *st, struct bytes b)
{
    while (b.n && (b.p[b.n - 1] == '\n' || b.p[b.n - 1] == '\r'))
        b.n--;
    bool whole = st->verbose || b.n <= 100;
    text_safe(stdout, whole ? b : bytes_of(b.p, 98));
    fputs(whole ? "\n" : "..\n", stdout);
}

static void value_text(const struct style *st, char mark, const json_t *j)
{
    if (!j)
        return;
    char *text = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    printf("    %c ", mark);
    cut(st, bytes_of_str(text ? text : "?"));
    free(text);
}

static void changes_text(const struct style *st, const struct json_changes *changes)
{
    const char *path = "";
    for (size_t i = 0; i < changes->n; i++) {
        const struct json_change *c = &changes->v[i];
        if (!c->is_line || strcmp(path, c->path) != 0) {
            printf("  %c ", c->is_line ? '~' : op_marks[c->op]);
            text_safe(stdout, bytes_of_str(c->path));
            putchar('\n');
        }
        path = c->is_line ? c->path : "";
        if (!c->is_line) {
            value_text(st, '-', c->a);
            value_text(st, '+', c->b);
            continue;
        }
        if (c->from.p) {
            printf("    - %zu: ", c->line);
            cut(st, c->from);
        }
        if (c->to.p) {
            printf("    + %zu: ", c->line);
            cut(st, c->to);
        }
    }
    if (changes->total > changes->n)
        printf("  .. and %zu more\n", changes->total - changes->n);
}

static void as_text(const struct style *st, const struct compose *c,
                    const struct json_changes *changes)
{
    for (int i = 0; i < (changes ? 2 : 1); i++) {
        if (changes)
            printf("%s\n", c[i].path);
        printf("compose hash  %s\napp id        %s\n", c[i].hash, c[i].app_id);
    }
    if (!changes)
        return;
    if (bytes_eq(c[0].text, c[1].text))
        puts("\nthe same bytes");
    else if (changes->total == 0)
        puts("\nthe same values in other bytes (order of members, white space): the hash is of the "
             "bytes");
    else
        printf("\n%zu change%s\n", changes->total, changes->total == 1 ? "" : "s");
    changes_text(st, changes);
}

int verb_hash(struct arena *a, const struct cli *cli)
{
    struct err err = {0};
    struct compose c[2] = {{0}};
    struct json_changes *changes = NULL;
    AUTO_JSON first = NULL;
    AUTO_JSON second = NULL;
    bool two = cli->num_args == 2;
    enum rc rc = read_compose(a, cli->args[0], &c[0], &err);
    if (rc == RC_OK && two) {
        changes = ARENA_NEW(a, struct json_changes, &err);
        if (!changes || read_compose(a, cli->args[1], &c[1], &err) != RC_OK ||
            file_json(c[0].text, c[0].path, BG_HASH_JSON, &first, &err) != RC_OK ||
            file_json(c[1].text, c[1].path, BG_HASH_OTHER_JSON, &second, &err) != RC_OK ||
            json_compare(a, first, second, changes, &err) != RC_OK)
            rc = err.rc;
    }
    if (rc != RC_OK)
        return output_error(cli->json, cli->quiet, &err);
    /* As diff(1): 1, they differ. One file alone has nothing to differ from. */
    int status = two && !bytes_eq(c[0].text, c[1].text);
    if (cli->quiet)
        return status;
    struct style st = output_style(cli);
    if (cli->json)
        output_json(as_json(c, changes));
    else
        as_text(&st, c, changes);
    return output_finish(status);
}
