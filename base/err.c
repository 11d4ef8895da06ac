#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct err_info table[] = {
#define E(sym, num, cls, kind, text, hint) {BG_##sym, cls, #sym, kind, text, hint},
#include "base/errors.def"
#undef E
};

enum rc err_record(struct err *err, enum rc rc, const char *fmt, ...)
{
    if (err->rc != RC_OK)
        return err->rc;
    err->rc = rc;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(err->detail, sizeof err->detail, fmt, ap);
    va_end(ap);
    if (n < 0)
        err->detail[0] = '\0';
    /* Details quote input: keep them one printable line, whatever they were made of. */
    for (char *s = err->detail; *s; s++)
        if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
            *s = '?';
    return rc;
}

const struct err_info *err_info_at(size_t i)
{
    return i < sizeof table / sizeof *table ? &table[i] : NULL;
}

const struct err_info *err_info_of(int code)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if ((int)table[i].rc == code)
            return &table[i];
    return NULL;
}

int err_exit_status(enum rc rc)
{
    if (rc == RC_OK)
        return 0;
    const struct err_info *info = err_info_of((int)rc);
    switch (info ? info->cls : ERR_SYSTEM) {
    case ERR_USAGE:
        return 2;
    case ERR_POLICY:
        return 1;
    case ERR_NET:
    case ERR_COLLATERAL:
    case ERR_CHAIN:
        return 3;
    case ERR_EVIDENCE:
        return 4;
    case ERR_TIME:
        return 5;
    case ERR_RELEASE:
        return 6;
    case ERR_NONE:
    case ERR_SYSTEM:
        break;
    }
    return 70;
}
