#include "base/check.h"

enum rc checks_add(struct arena *a, struct checks *cs, struct check c, struct err *err)
{
    if (cs->n == cs->cap) {
        size_t cap = cs->cap ? 2 * cs->cap : 32;
        struct check *v = ARENA_ARRAY(a, struct check, cap, err);
        if (!v)
            return err->rc;
        if (cs->n)
            memcpy(v, cs->v, cs->n * sizeof *v);
        cs->v = v;
        cs->cap = cap;
    }
    cs->v[cs->n++] = c;
    return RC_OK;
}

const struct check *checks_failed(const struct checks *cs)
{
    for (size_t i = 0; i < cs->n; i++)
        if (cs->v[i].status == CHECK_FAIL)
            return &cs->v[i];
    return NULL;
}

const char *check_status_name(enum check_status s)
{
    switch (s) {
    case CHECK_PASS:
        return "pass";
    case CHECK_FAIL:
        return "fail";
    case CHECK_UNKNOWN:
        return "unknown";
    case CHECK_NOT_RUN:
        break;
    }
    return "not_run";
}
