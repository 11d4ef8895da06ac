#include "agent/bundle.h"

#include <stdlib.h>

#include "agent/collateral_store.h"
#include "agent/file.h"
#include "base/hex.h"
#include "base/limits.h"

enum rc bundle_init(struct bundle *b, struct err *err)
{
    *b = (struct bundle){
        .rpc = json_array(), .beacon = json_array(), .committee_keys = json_array()};
    return b->rpc && b->beacon && b->committee_keys ? RC_OK
                                                    : err_set(err, BG_BUNDLE_MEMORY, "%s", "");
}

void bundle_free(struct bundle *b)
{
    json_decref(b->rpc);
    json_decref(b->collateral_json);
    json_decref(b->early_json);
    json_decref(b->beacon);
    json_decref(b->committee_keys);
    json_decref(b->checkpoint);
    *b = (struct bundle){0};
}

/* twice: a second opinion on what the evidence is must not silently win. */
static enum rc twice(struct err *err, const char *part, const char *path)
{
    return err_set(err, BG_BUNDLE_TWICE, "%s, again in %s", part, path);
}

static enum rc add_collateral_json(struct arena *a, struct bundle *b, json_t *obj, const char *path,
                                   struct err *err)
{
    if (b->has_collateral)
        return twice(err, "collateral", path);
    TRY(collateral_from_json(a, obj, &b->collateral, err));
    b->has_collateral = true;
    b->collateral_json = json_incref(obj);
    return RC_OK;
}

static enum rc add_early(struct arena *a, struct bundle *b, json_t *obj, const char *path,
                         struct err *err)
{
    if (b->has_early)
        return twice(err, "collateral_early", path);
    TRY(collateral_early_from_json(a, obj, &b->early, &b->numbers, err));
    b->has_early = true;
    b->early_json = json_incref(obj);
    return RC_OK;
}

/* struct list_part: a part whose entries have exactly the members of one of two shapes. */
struct list_part {
    const char *name;
    size_t members; /* of each shape */
    const char *const shape[2][3];
    size_t limit; /* entries, in all */
};

static const struct list_part rpc_part = {
    "rpc", 3, {{"method", "params", "result"}}, LIMIT_RPC_ENTRIES};
static const struct list_part beacon_part = {
    "beacon", 2, {{"path", "result"}, {"path", "ssz"}}, LIMIT_BEACON_ENTRIES};
static const struct list_part keys_part = {
    "committee_keys", 2, {{"keys_sha256", "y"}}, LIMIT_COMMITTEES};

static bool has_shape(const json_t *e, const struct list_part *p, size_t shape)
{
    for (size_t i = 0; i < p->members; i++)
        if (!p->shape[shape][i] || !json_object_get(e, p->shape[shape][i]))
            return false;
    return json_object_size(e) == p->members;
}

/* add_list joins the parts whose shape we define; their content is for policy/ to judge. */
static enum rc add_list(const struct list_part *p, json_t *have, json_t *list, struct err *err)
{
    if (!json_is_array(list))
        return err_set(err, BG_BUNDLE_LIST, "%s", p->name);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *e = json_array_get(list, i);
        if (!has_shape(e, p, 0) && !has_shape(e, p, 1))
            return err_set(err, BG_BUNDLE_ENTRY, "%s[%zu]", p->name, i);
    }
    if (json_array_size(have) + json_array_size(list) > p->limit)
        return err_set(err, BG_BUNDLE_ENTRIES, "%s: at most %zu", p->name, p->limit);
    if (json_array_extend(have, list) != 0)
        return err_set(err, BG_BUNDLE_MERGE, "%s", p->name);
    return RC_OK;
}

static enum rc add_rpc(struct bundle *b, json_t *list, struct err *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *e = json_array_get(list, i), *params = json_object_get(e, "params");
        if (has_shape(e, &rpc_part, 0) && (!json_is_string(json_object_get(e, "method")) ||
                                           !(json_is_array(params) || json_is_object(params))))
            return err_set(err, BG_BUNDLE_CALL, "rpc[%zu]", i);
    }
    return add_list(&rpc_part, b->rpc, list, err);
}

/* add_beacon: what helps the light client. */
static enum rc add_beacon(struct bundle *b, const json_t *j, const char *path, struct err *err)
{
    json_t *v;
    if ((v = json_object_get(j, "beacon")))
        TRY(add_list(&beacon_part, b->beacon, v, err));
    if ((v = json_object_get(j, "committee_keys")))
        TRY(add_list(&keys_part, b->committee_keys, v, err));
    if ((v = json_object_get(j, "checkpoint"))) {
        if (b->checkpoint)
            return twice(err, "checkpoint", path);
        if (!json_is_object(v))
            return err_set(err, BG_BUNDLE_CHECKPOINT, "%s", path);
        b->checkpoint = json_incref(v);
    }
    return RC_OK;
}

/* check_members: a JSON object with a "schema" member is a bundle that this version can read. */
static enum rc check_members(const json_t *j, const char *path, struct err *err)
{
    static const char *const keys[] = {"schema",     "evidence", "collateral",
                                       "rpc",        "beacon",   "committee_keys",
                                       "checkpoint", "taken",    "collateral_early"};
    const char *bad = NULL;
    uint64_t schema = 0;
    if (!json_only_keys(j, keys, sizeof keys / sizeof *keys, &bad))
        return err_set(err, BG_BUNDLE_KEY, "%s: \"%s\"", path, bad ? bad : "?");
    if (!json_u64(j, "schema", UINT32_MAX, &schema) || schema != 1)
        return err_set(err, BG_BUNDLE_SCHEMA, "%s", path);
    return RC_OK;
}

/* add_bundle merges all its parts. */
static enum rc add_bundle(struct arena *a, struct bundle *b, const json_t *j, const char *path,
                          struct err *err)
{
    json_t *v;
    TRY(check_members(j, path, err));
    if (json_object_get(j, "evidence")) {
        if (b->has_evidence)
            return twice(err, "evidence", path);
        TRY(evidence_from_bundle(a, j, &b->evidence, err));
        b->has_evidence = true;
    }
    if ((v = json_object_get(j, "collateral")))
        TRY(add_collateral_json(a, b, v, path, err));
    if ((v = json_object_get(j, "collateral_early")))
        TRY(add_early(a, b, v, path, err));
    if ((v = json_object_get(j, "rpc")))
        TRY(add_rpc(b, v, err));
    return add_beacon(b, j, path, err);
}

/* looks_like_object: text whose first byte that is no space is a brace. */
static bool looks_like_object(struct bytes t)
{
    size_t i = 0;
    while (i < t.n && (t.p[i] == ' ' || t.p[i] == '\t' || t.p[i] == '\n' || t.p[i] == '\r'))
        i++;
    return i < t.n && t.p[i] == '{';
}

/* add_if_bundle: *out_is: the text is a bundle, and was merged. Nothing keeps a view of the text.
 */
static enum rc add_if_bundle(struct arena *a, struct bundle *b, struct bytes text, const char *path,
                             bool *out_is, struct err *err)
{
    AUTO_JSON j = NULL;
    *out_is = false;
    if (text.n == 0)
        return err_set(err, BG_FILE_EMPTY, "%s", path);
    if (!looks_like_object(text))
        return RC_OK;
    TRY(file_json(text, path, BG_EVIDENCE_JSON, &j, err));
    *out_is = json_object_get(j, "schema") != NULL;
    return *out_is ? add_bundle(a, b, j, path, err) : RC_OK;
}

/* add_evidence: text that is evidence itself, in any form; views of it are kept. */
static enum rc add_evidence(struct arena *a, struct bundle *b, struct bytes text, const char *path,
                            struct err *err)
{
    if (b->has_evidence)
        return twice(err, "evidence", path);
    TRY(evidence_read(a, text, &b->evidence, err));
    b->has_evidence = true;
    return RC_OK;
}

enum rc bundle_add_text(struct arena *a, struct bundle *b, struct bytes text, const char *path,
                        struct err *err)
{
    bool is = false;
    TRY(add_if_bundle(a, b, text, path, &is, err));
    return is ? RC_OK : add_evidence(a, b, text, path, err);
}

enum rc bundle_add_file(struct arena *a, struct bundle *b, const char *path, struct err *err)
{
    /* A bundle is large, and its text of no use once it is read. */
    AUTO_ARENA scratch = arena_new(LIMIT_ARENA);
    struct bytes text = BYTES_NONE;
    bool is = false;
    if (!scratch)
        return err_set(err, BG_BUNDLE_SCRATCH, "%s", path);
    TRY(file_read(scratch, path, LIMIT_FILE, BG_EVIDENCE_FILE_SIZE, &text, err));
    TRY(add_if_bundle(a, b, text, path, &is, err));
    if (is)
        return RC_OK;
    TRY(arena_keep(a, text, &text, err));
    return add_evidence(a, b, text, path, err);
}

enum rc bundle_add_collateral(struct arena *a, struct bundle *b, const char *path, struct err *err)
{
    struct bytes text = BYTES_NONE;
    AUTO_JSON j = NULL;
    TRY(file_read(a, path, LIMIT_FILE, BG_COLLATERAL_FILE_SIZE, &text, err));
    TRY(file_json(text, path, BG_COLLATERAL_JSON, &j, err));
    if (!json_object_get(j, "schema"))
        return add_collateral_json(a, b, j, path, err);
    TRY(check_members(j, path, err));
    json_t *part = json_object_get(j, "collateral");
    return part ? add_collateral_json(a, b, part, path, err)
                : err_set(err, BG_BUNDLE_NO_COLLATERAL, "%s", path);
}

enum rc bundle_set_collateral(struct arena *a, struct bundle *b, const struct collateral *c,
                              struct err *err)
{
    json_t *j = NULL;
    TRY(collateral_to_json(a, c, &j, err));
    json_decref(b->collateral_json);
    b->collateral_json = j;
    b->collateral = *c;
    b->has_collateral = true;
    return RC_OK;
}

enum rc bundle_set_early(struct arena *a, struct bundle *b, const struct collateral *c,
                         const struct collateral_numbers *n, struct err *err)
{
    json_t *j = NULL;
    TRY(collateral_early_to_json(a, c, n, &j, err));
    json_decref(b->early_json);
    b->early_json = j;
    b->early = *c;
    b->numbers = *n;
    b->has_early = true;
    return RC_OK;
}

enum rc bundle_add_checkpoint(struct arena *a, struct bundle *b, const char *path, struct err *err)
{
    struct bytes text = BYTES_NONE;
    TRY(file_read(a, path, LIMIT_CHECKPOINT, BG_CHECKPOINT_INPUT_SIZE, &text, err));
    if (b->checkpoint)
        return twice(err, "checkpoint", path);
    return file_json(text, path, BG_CHECKPOINT_INPUT, &b->checkpoint, err);
}

/* put_hex and put_text add a member only when there is something to add. */
static bool put_hex(struct arena *a, json_t *o, const char *key, struct bytes v, struct err *err)
{
    if (v.n == 0)
        return true;
    char *text = hex_str(a, v, err);
    return text && json_object_set_new(o, key, json_string(text)) == 0;
}

static bool put_text(json_t *o, const char *key, struct bytes v)
{
    return v.n == 0 || json_object_set_new(o, key, json_stringn((const char *)v.p, v.n)) == 0;
}

/* evidence_json writes evidence of any form with the names of a bundle. A certificate's key is not
 * kept: what it was bound to stands in the quote. */
static json_t *evidence_json(struct arena *a, const struct evidence *ev, struct err *err)
{
    json_t *o = json_object();
    if (put_hex(a, o, "quote", ev->quote, err) && put_text(o, "event_log", ev->event_log) &&
        put_text(o, "runtime_events", ev->runtime_events) && put_hex(a, o, "ccel", ev->ccel, err) &&
        put_text(o, "vm_config", ev->vm_config) &&
        put_hex(a, o, "report_data", ev->report_data, err) &&
        put_hex(a, o, "td_report", ev->td_report, err) &&
        put_text(o, "app_compose", ev->app_compose) &&
        put_text(o, "instance_info", ev->instance_info))
        return o;
    json_decref(o);
    return NULL;
}

/* text_of: all parts as JSON text, to be freed; NULL: no memory. */
static char *text_of(struct arena *a, const struct bundle *b, size_t flags, struct err *err)
{
    AUTO_JSON o = json_object();
    bool ok = json_object_set_new(o, "schema", json_integer(1)) == 0;
    if (b->has_evidence)
        ok = ok && json_object_set_new(o, "evidence", evidence_json(a, &b->evidence, err)) == 0;
    if (b->has_collateral)
        ok = ok && json_object_set(o, "collateral", b->collateral_json) == 0;
    if (b->has_early)
        ok = ok && json_object_set(o, "collateral_early", b->early_json) == 0;
    if (json_array_size(b->rpc))
        ok = ok && json_object_set(o, "rpc", b->rpc) == 0;
    if (json_array_size(b->beacon))
        ok = ok && json_object_set(o, "beacon", b->beacon) == 0;
    if (json_array_size(b->committee_keys))
        ok = ok && json_object_set(o, "committee_keys", b->committee_keys) == 0;
    if (b->checkpoint)
        ok = ok && json_object_set(o, "checkpoint", b->checkpoint) == 0;
    return ok ? json_dumps(o, flags) : NULL;
}

enum rc bundle_write(struct arena *a, const struct bundle *b, const char *path, struct err *err)
{
    char *text = text_of(a, b, JSON_INDENT(1), err);
    if (!text)
        return err_set(err, BG_BUNDLE_DUMP, "%s", path);
    /* What could not be read again is not written. */
    enum rc rc = strlen(text) <= LIMIT_FILE ? file_write(path, bytes_of_str(text), err)
                                            : err_set(err, BG_BUNDLE_SIZE, "%zu bytes, at most %u",
                                                      strlen(text), LIMIT_FILE);
    free(text);
    return rc;
}

enum rc bundle_text(struct arena *a, const struct bundle *b, struct bytes *out, struct err *err)
{
    char *text = text_of(a, b, JSON_COMPACT, err);
    if (!text)
        return err_set(err, BG_BUNDLE_TEXT, "%s", "");
    enum rc rc = arena_keep(a, bytes_of_str(text), out, err);
    free(text);
    return rc;
}

enum rc bundle_add_host(struct arena *a, struct bundle *b, struct bytes text, struct err *err)
{
    static const char path[] = "the host's bundle";
    AUTO_JSON j = NULL;
    json_t *v;
    TRY(file_json(text, path, BG_BUNDLE_HOST, &j, err));
    TRY(check_members(j, path, err));
    if ((v = json_object_get(j, "collateral")) && !b->has_collateral)
        TRY(add_collateral_json(a, b, v, path, err));
    if ((v = json_object_get(j, "rpc")))
        TRY(add_rpc(b, v, err));
    if ((v = json_object_get(j, "beacon")))
        TRY(add_list(&beacon_part, b->beacon, v, err));
    return RC_OK;
}
