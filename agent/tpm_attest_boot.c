#include "agent/tpm_attest_boot.h"

#include "agent/child.h"

#include <time.h>

struct job {
    const struct tpm_ek_trust *trust;
    struct bytes ek;
};

/* In the child, which has neither TPM nor files: the certificate is whatever the host put there. */
static bool verify(void *ctx)
{
    const struct job *job = ctx;
    struct err found = {0};
    (void)!tpm_ek_verify(job->trust, job->ek, &found); /* found holds the result */
    return child_write_err(0, &found);
}

enum rc tpm_attest_run(struct arena *a, struct tpm *t, const struct tpm_ek_trust *trust,
                       const struct watch *w, struct tpm_facts *facts, struct err *err)
{
    uint8_t ek[TPM_BLOB_MAX];
    size_t n = 0;
    struct err found = {0};
    struct bytes said[CHILD_FLOWS];
    TRY(tpm_ek(t, ek, &n, err));
    struct job job = {.trust = trust, .ek = bytes_of(ek, n)};
    const struct child child = {.what = "the look at the TPM's certificate",
                                .role = SANDBOX_PARSE,
                                .run = verify,
                                .ctx = &job,
                                .n = 1,
                                .cap = {CHILD_ERR_MAX},
                                .stdout_flow = -1};
    tzset(); /* gmtime(3) reads the time zone at its first use: the child can open no file */
    TRY(child_run(a, &child, w, said, err));
    if (!child_read_err(said[0], &found))
        return err_set(err, BG_TPM_EK_SAID, "%zu bytes", said[0].n);
    if (found.rc != RC_OK) {
        *err = found;
        return err->rc;
    }
    return tpm_attested(t, facts, err);
}
