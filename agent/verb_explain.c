/* explain FILE: why registers or a verdict are not as expected, and what to do. explain CODE: the
 * manual entry of an error code; `all` lists every one. */
#include <unistd.h>

#include "agent/explain.h"
#include "agent/file.h"
#include "agent/picture.h"

static const char *class_name(enum err_class c)
{
    switch (c) {
    case ERR_USAGE:
        return "usage";
    case ERR_POLICY:
        return "policy";
    case ERR_NET:
        return "network";
    case ERR_COLLATERAL:
        return "collateral";
    case ERR_CHAIN:
        return "chain";
    case ERR_EVIDENCE:
        return "evidence";
    case ERR_TIME:
        return "time";
    case ERR_RELEASE:
        return "release";
    case ERR_NONE:
    case ERR_SYSTEM:
        break;
    }
    return "system";
}

/* find reads "BG-0203", "0203", "203" or the symbol. */
static const struct err_info *find(const char *word)
{
    const struct err_info *info;
    for (size_t i = 0; (info = err_info_at(i)); i++)
        if (strcmp(info->symbol, word) == 0)
            return info;
    if (strncmp(word, "BG-", 3) == 0 || strncmp(word, "bg-", 3) == 0)
        word += 3;
    size_t n = strlen(word);
    int code = 0;
    if (n == 0 || n > 4)
        return NULL;
    for (; *word; word++) {
        if (*word < '0' || *word > '9')
            return NULL;
        code = code * 10 + (*word - '0');
    }
    return err_info_of(code);
}

static json_t *entry_json(const struct err_info *i)
{
    char code[16];
    snprintf(code, sizeof code, "BG-%04d", (int)i->rc);
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s}", "code", code, "symbol", i->symbol,
                     "class", class_name(i->cls), "kind", i->kind, "exit_status",
                     err_exit_status(i->rc), "text", i->text, "hint", i->hint);
}

static void entry_text(const struct err_info *i)
{
    printf("BG-%04d %s\n  %s\n  Fix: %s\n  class %s, kind %s, exit status %d\n", (int)i->rc,
           i->symbol, i->text, i->hint, class_name(i->cls), i->kind, err_exit_status(i->rc));
}

static int all(const struct cli *cli)
{
    const struct err_info *info;
    json_t *list = cli->json ? json_array() : NULL;
    for (size_t i = 0; (info = err_info_at(i)); i++) {
        if (cli->json)
            (void)json_array_append_new(list, entry_json(info));
        else if (!cli->quiet)
            entry_text(info);
    }
    if (cli->json && !cli->quiet)
        output_json(json_incref(list));
    json_decref(list);
    return output_finish(0);
}

/* is_word: like a code or a symbol, and no file has that name. */
static bool is_word(const char *s)
{
    return strcmp(s, "-") != 0 && !strchr(s, '/') && !strchr(s, '.') && access(s, F_OK) != 0;
}

static int code(const struct cli *cli)
{
    const struct err_info *info = find(cli->args[0]);
    struct err err = {0};
    if (!info) {
        err_set(&err, BG_EXPLAIN_UNKNOWN, "%s", cli->args[0]);
        return output_error(cli->json, cli->quiet, &err);
    }
    if (cli->quiet)
        return 0;
    if (cli->json)
        output_json(entry_json(info));
    else
        entry_text(info);
    return output_finish(0);
}

/* ---- pictures -------------------------------------------------------------------------------- */

/* svg_of: NAME=FILE. */
static enum rc svg_of(const char *option, const struct picture **out, const char **path,
                      struct err *err)
{
    const char *mark = strchr(option, '=');
    if (!mark || !mark[1])
        return err_set(err, BG_PICTURE_FORM, "%s", option);
    *out = picture_find(bytes_of(option, (size_t)(mark - option)));
    *path = mark + 1;
    return *out ? RC_OK : err_set(err, BG_PICTURE_NAME, "%s", option);
}

static bool is_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

/* pictures_asked looks at the options before anything is read; *out: how many go to stdout. */
static enum rc pictures_asked(const struct cli *cli, size_t *out, struct err *err)
{
    const struct picture *v = NULL;
    const char *path = NULL;
    *out = is_stdout(cli->html);
    for (size_t i = 0; i < cli->num_svg; i++) {
        TRY(svg_of(cli->svg[i], &v, &path, err));
        *out += is_stdout(path);
    }
    if (*out + (*out && cli->json) > 1)
        return err_set(err, BG_PICTURE_STDOUT, "-");
    return RC_OK;
}

static enum rc picture_write(const struct picture *v, const char *path, const json_t *j,
                             struct err *err)
{
    AUTO_PIC p = {0};
    if (!j || !(v ? picture_svg(&p, v, j) : picture_html(&p, j)))
        return err_set(err, BG_PICTURE_SIZE, "%s", path);
    return file_write(path, bytes_of(p.p, p.n), err);
}

static enum rc pictures_write(const struct cli *cli, const json_t *j, struct err *err)
{
    const struct picture *v = NULL;
    const char *path = NULL;
    if (cli->html)
        TRY(picture_write(NULL, cli->html, j, err));
    for (size_t i = 0; i < cli->num_svg; i++) {
        TRY(svg_of(cli->svg[i], &v, &path, err));
        TRY(picture_write(v, path, j, err));
    }
    return RC_OK;
}

static enum rc look(struct explain *e, struct bundle *b, struct bundle *other, struct session *s,
                    struct err *err)
{
    TRY(explain_read(e, b, other, err));
    TRY(explain_replay(e, s, err));
    return explain_fixes(e, err);
}

/* show prints, and writes the pictures, all from one object. */
static enum rc show(const struct explain *e, size_t on_stdout, struct err *err)
{
    const struct cli *cli = e->cli;
    bool pictures = cli->html || cli->num_svg;
    AUTO_JSON j = pictures || (cli->json && !cli->quiet) ? explain_json(e) : NULL;
    if (pictures)
        TRY(pictures_write(cli, j, err));
    struct style st = output_style(cli);
    if (!cli->quiet && cli->json)
        output_json(json_incref(j));
    else if (!cli->quiet && !on_stdout)
        explain_text(stdout, &st, e);
    return RC_OK;
}

static int file(struct arena *a, const struct cli *cli)
{
    static const int status[] = {0, 1, 4, 0};
    struct err err = {0};
    AUTO_BUNDLE b = {0};
    AUTO_BUNDLE other = {0};
    struct session *s = ARENA_NEW(a, struct session, &err);
    struct explain *e = s ? ARENA_NEW(a, struct explain, &err) : NULL;
    if (!e)
        return output_error(cli->json, cli->quiet, &err);
    *e = (struct explain){.a = a, .cli = cli, .file = cli->args[0]};
    e->result = e->mrtd = e->mr_config = EXPLAIN_NOT_COMPARED;
    int code = 0;
    size_t on_stdout = 0;
    if (pictures_asked(cli, &on_stdout, &err) != RC_OK || look(e, &b, &other, s, &err) != RC_OK ||
        show(e, on_stdout, &err) != RC_OK) {
        code = output_error(cli->json, cli->quiet, &err);
    } else {
        code = e->result == EXPLAIN_DIFFERS ? 1 : explain_verdict_status(e);
        if (!code)
            code = status[e->result];
        code = cli->quiet ? code : output_finish(code);
    }
    json_decref(e->verdict);
    bundle_free(&s->bundle);
    return code;
}

int verb_explain(struct arena *a, const struct cli *cli)
{
    const char *word = cli->args[0];
    struct err err = {0};
    bool is_code = strcmp(word, "all") == 0 || find(word) || is_word(word);
    if (is_code && (cli->html || cli->num_svg)) {
        err_set(&err, BG_PICTURE_CODE, "%s", word);
        return output_error(cli->json, cli->quiet, &err);
    }
    if (strcmp(word, "all") == 0)
        return all(cli);
    return is_code ? code(cli) : file(a, cli);
}
