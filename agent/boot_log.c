#include "agent/boot_log.h"

#include <stdio.h>

#include "agent/child.h"
#include "agent/file.h"
#include "base/limits.h"
#include "quote/boot_log.h"

#define PATH "/sys/kernel/security/tpm0/binary_bios_measurements"

_Static_assert(TPM_PCR_MAX == 48 && TPM_BOOT_PCRS == TCG_PCRS, "the PCR values of both sides");

/* What the child hands back. */
enum flow { RESULT, LINE, FLOWS };

/* put appends to a line what fits. */
static size_t put(char *out, size_t n, const char *before, const char *what, unsigned pcr)
{
    size_t left = BOOT_LOG_TEXT_MAX - n;
    int m = snprintf(out + n, left, "%s%s PCR %u", before, what, pcr);
    return n + (m < 0 ? 0 : (size_t)m < left ? (size_t)m : left - 1);
}

void boot_log_line(const struct boot_log_facts *f, char out[static BOOT_LOG_TEXT_MAX])
{
    const struct boot_cover *last = NULL;
    size_t n = (size_t)snprintf(out, BOOT_LOG_TEXT_MAX, "%s", boot_path_name(f->path));
    for (size_t i = 0; i < f->n; i++) {
        const struct boot_cover *c = &f->covers[i];
        if (!(f->set >> c->pcr & 1u) ||
            (last && last->pcr == c->pcr && strcmp(last->what, c->what) == 0))
            continue;
        n = put(out, n, last ? ", " : ": ", c->what, c->pcr);
        last = c;
    }
}

static bool run(void *ctx)
{
    const struct boot_log_job *j = ctx;
    const struct boot_log_ok *ok = NULL;
    struct err err = {0};
    char line[BOOT_LOG_TEXT_MAX];
    if (boot_log_judge(j->a, j->log, j->bank, j->set, (const uint8_t(*)[TPM_PCR_MAX])j->pcrs, &ok,
                       &err) != RC_OK)
        return child_write_err(RESULT, &err);
    boot_log_line(boot_log_facts_of(ok), line);
    return child_write_err(RESULT, &err) && child_write(LINE, bytes_of_str(line));
}

enum rc boot_log_apart(struct arena *a, struct boot_log_job *j, const struct watch *w,
                       const char **out, struct err *err)
{
    struct child child = {.what = "the boot log",
                          .role = SANDBOX_PARSE,
                          .run = run,
                          .ctx = j,
                          .n = FLOWS,
                          .cap = {[RESULT] = CHILD_ERR_MAX, [LINE] = BOOT_LOG_TEXT_MAX},
                          .stdout_flow = -1};
    struct bytes said[CHILD_FLOWS];
    struct err result = {0};
    TRY(child_run(a, &child, w, said, err));
    bool sound =
        child_read_err(said[RESULT], &result) && (said[LINE].n > 0) == (result.rc == RC_OK);
    for (size_t i = 0; i < said[LINE].n; i++)
        sound = sound && said[LINE].p[i] >= 0x20 && said[LINE].p[i] <= 0x7e;
    if (!sound)
        return err_set(err, BG_BOOT_LOG_ANSWER, "%zu and %zu bytes", said[RESULT].n, said[LINE].n);
    if (result.rc != RC_OK) {
        *err = result;
        return err->rc;
    }
    *out = (const char *)arena_copy(a, said[LINE], err);
    return *out ? RC_OK : err->rc;
}

static enum rc read_log(struct arena *a, struct bytes *out, struct err *err)
{
    struct err why = {0};
    enum rc rc = file_read(a, PATH, LIMIT_EVENT_LOG, BG_BOOT_LOG_LARGE, out, &why);
    if (rc == BG_FILE_OPEN)
        return err_set(err, BG_BOOT_LOG_ABSENT, "%s", why.detail);
    *err = why;
    return rc;
}

enum rc boot_log_check(struct arena *a, const struct release_config *c, struct tpm *t,
                       const struct watch *w, const char **out, struct err *err)
{
    *out = NULL;
    if (c->no_boot_log)
        return RC_OK;
    struct boot_log_job *j = ARENA_NEW(a, struct boot_log_job, err);
    if (!j)
        return err->rc;
    j->a = a;
    j->bank = c->tpm.bank == TPM_BANK_SHA384 ? TCG_SHA384 : TCG_SHA256;
    j->set = c->tpm.boot_pcrs;
    TRY(read_log(a, &j->log, err));
    TRY(tpm_pcrs(t, j->pcrs, err));
    return boot_log_apart(a, j, w, out, err);
}
