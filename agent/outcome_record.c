#include "agent/outcome_record.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/child.h"
#include "agent/clock.h"
#include "agent/store.h"

#define NAME     "last.json"
#define COUNT_MS 2000u

enum rc record_make(struct arena *a, const struct outcome *o, uint32_t failures, struct bytes *out,
                    struct err *err)
{
    char line[OUTCOME_LINE] = "", code[16];
    bool allowed = o->status == 0 && o->why.rc == RC_OK;
    (void)snprintf(code, sizeof code, "BG-%04d", (int)o->why.rc);
    if (!allowed)
        outcome_line(&o->why, line);
    AUTO_JSON j = json_pack("{s:i, s:b, s:I, s:s?, s:i, s:s?, s:I}", "schema", 1, "allowed",
                            allowed, "time", (json_int_t)o->time, "code", allowed ? NULL : code,
                            "status", o->status, "sentence", allowed ? NULL : line, "failures",
                            (json_int_t)(allowed ? 0 : failures));
    char *text = j ? json_dumps(j, JSON_INDENT(1) | JSON_ENSURE_ASCII) : NULL;
    if (!text)
        return err_set(err, BG_OUTCOME_RECORD, "%s", code);
    char *whole = arena_printf(a, err, "%s\n", text);
    free(text);
    if (!whole)
        return err->rc;
    *out = bytes_of_str(whole);
    return RC_OK;
}

bool record_failures(struct bytes text, uint32_t *out)
{
    struct err err = {0};
    AUTO_JSON j = NULL;
    bool allowed = false;
    uint64_t schema = 0, n = 0;
    if (json_read(text, RECORD_MAX, &j, &err) != RC_OK || !json_u64(j, "schema", 1, &schema) ||
        schema != 1 || !json_bool(j, "allowed", &allowed) ||
        !json_u64(j, "failures", RECORD_MAX_FAILURES, &n))
        return false;
    *out = allowed ? 0 : (uint32_t)n;
    return true;
}

static bool in_child(void *ctx)
{
    const struct bytes *text = ctx;
    uint32_t n = 0;
    return record_failures(*text, &n) && child_write(0, bytes_of(&n, sizeof n));
}

uint32_t record_count(struct arena *a, const char *dir)
{
    struct err why = {0}, err = {0};
    struct bytes text = BYTES_NONE, said[CHILD_FLOWS];
    uint32_t n = 0;
    if (store_get(a, dir, NAME, RECORD_MAX, &text, &why, &err) != RC_OK || text.n == 0)
        return 0;
    const struct child c = {.what = "the last record",
                            .role = SANDBOX_PARSE,
                            .run = in_child,
                            .ctx = &text,
                            .n = 1,
                            .cap = {sizeof n},
                            .stdout_flow = -1};
    const struct watch w = {clock_ms() + COUNT_MS, -1};
    if (child_run(a, &c, &w, said, &err) != RC_OK || said[0].n != sizeof n)
        return 0;
    memcpy(&n, said[0].p, sizeof n);
    return n <= RECORD_MAX_FAILURES ? n : RECORD_MAX_FAILURES;
}

enum rc record_write(const char *dir, struct bytes text, struct err *err)
{
    return store_put(dir, NAME, text, err);
}
