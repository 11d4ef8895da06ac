/*
 * tpm: the seed in a real TPM 2.0 (swtpm). Each policy, each refusal; tpm2-tools is the second
 * client that must see the same PCRs and get the same refusals.
 */
#include "tests/lib/tpm_case.h"

static void every_policy_gives_the_seed_back(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        struct tpm_case c;
        case_open(&c, variant);
        case_seal(&c);
        struct secret *seed = NULL;
        enum rc rc = case_unseal(&c, &seed);
        CASE(c.name, rc == RC_OK && seed && memcmp(secret_data(seed), case_seed, 32) == 0,
             "BG-%d %s", (int)rc, c.err.detail);
        secret_free(seed);
        case_close(&c);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_policy_gives_the_seed_back),
};

int main(void)
{
    if (!swtpm_available(sizeof tests / sizeof *tests)) {
        printf("0 passed, 0 failed, %zu skipped\n", sizeof tests / sizeof *tests);
        return 0;
    }
    return HARNESS_RUN("tpm", tests);
}
