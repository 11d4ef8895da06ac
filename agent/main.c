/* bootgate: the table of verbs, dispatch, exit status. */
#include <malloc.h>

#include "agent/cli.h"
#include "agent/environment.h"
#include "agent/output.h"
#include "base/limits.h"

static const struct verb verbs[] = {
    {"boot", "", "the gate: take the seed, shut the door, decide, release the key or nothing",
     OPT_CONFIG | OPT_BUNDLE | OPT_COLLATERAL | OPT_AS | OPT_AT | OPT_CHECKPOINT | OPT_ROOT |
         OPT_TCTI | OPT_GUEST_ROOT,
     0, 0, verb_boot},
    {"shut", "", "after a boot that said no or none: close the gate, end the machine",
     OPT_CONFIG | OPT_TCTI, 0, 0, verb_shut},
    {"verity", "", "for boot, which may not ask: the dm-verity table of the configuration's disk",
     0, 0, 0, verb_verity},
    {"seal", "", "provision: seal a seed in the TPM under the configured policy",
     OPT_CONFIG | OPT_SEED | OPT_WRAP | OPT_RAISE | OPT_TCTI, 0, 0, verb_seal},
    {"unseal", "", "test the policy: does the TPM give the seed?",
     OPT_CONFIG | OPT_TARGET | OPT_TCTI, 0, 0, verb_unseal},
    {"verify", "FILE", "authenticate a quote, appraise its TCB, list what policy objects to",
     OPT_CONFIG | OPT_BUNDLE | OPT_COLLATERAL | OPT_AS | OPT_MR | OPT_AT | OPT_OFFLINE |
         OPT_SAVE_BUNDLE | OPT_TIMEOUT | OPT_ROOT,
     0, 1, verb_verify},
    {"check", "[FILE]", "the whole decision, as the gate would take it, without release",
     OPT_CONFIG | OPT_BUNDLE | OPT_COLLATERAL | OPT_AS | OPT_MR | OPT_AT | OPT_OFFLINE |
         OPT_SAVE_BUNDLE | OPT_CHECKPOINT | OPT_TIMEOUT | OPT_ROOT | OPT_GUEST_ROOT,
     0, 1, verb_check},
    {"collect", "-o FILE", "evidence of the guest that this runs in, as a bundle",
     OPT_CONFIG | OPT_OUTPUT | OPT_REPORT_DATA | OPT_TIMEOUT | OPT_GUEST_ROOT, 0, 0, verb_collect},
    {"doctor", "", "what is missing on this machine, and how to fix it",
     OPT_CONFIG | OPT_TIMEOUT | OPT_GUEST_ROOT, 0, 0, verb_doctor},
    {"chain", "[FILE]", "ask the contract about a boot info, list every slot it reads",
     OPT_CONFIG | OPT_BUNDLE | OPT_COLLATERAL | OPT_BOOT_INFO | OPT_AS | OPT_MR | OPT_AT |
         OPT_OFFLINE | OPT_SAVE_BUNDLE | OPT_CHECKPOINT | OPT_TIMEOUT | OPT_ROOT,
     0, 1, verb_chain},
    {"fetch", "-o FILE [FILE]", "complete a bundle: all that a later --offline run needs",
     OPT_CONFIG | OPT_BUNDLE | OPT_COLLATERAL | OPT_BOOT_INFO | OPT_AS | OPT_MR | OPT_AT |
         OPT_OUTPUT | OPT_CHECKPOINT | OPT_TIMEOUT | OPT_ROOT,
     0, 1, verb_fetch},
    {"hash", "FILE [OTHER]", "compose hash and app id of an app-compose.json; what two differ in",
     0, 1, 2, verb_hash},
    {"log", "FILE", "decode an event log, replay it, compare with the quote", 0, 1, 1, verb_log},
    {"measure", "DIR", "what an image's registers must be, event by event, from its files",
     OPT_CPUS | OPT_MEMORY | OPT_QEMU | OPT_ACPI | OPT_LOG | OPT_LITE, 1, 1, verb_measure},
    {"diff", "A B",
     "two logs, measurements or quotes: which events differ, and what may be the cause", 0, 2, 2,
     verb_diff},
    {"tcb", "FILE", "what the platform of a quote lacks for UpToDate, and what to update",
     OPT_CONFIG | OPT_COLLATERAL | OPT_AT | OPT_OFFLINE | OPT_TIMEOUT | OPT_EARLY | OPT_ROOT, 1, 1,
     verb_tcb},
    {"checkpoint", "sign|verify|show [FILE]",
     "a recent beacon block to start from: sign it for others, verify who signed, print it",
     OPT_CONFIG | OPT_AT | OPT_TIMEOUT | OPT_OUTPUT | OPT_KEY | OPT_SLOT | OPT_BLOCK_ROOT |
         OPT_DAYS,
     1, 2, verb_checkpoint},
    {"explain", "FILE|CODE",
     "why registers or a verdict are not as expected, and what to do; the manual entry of an "
     "error code; `all` lists the codes",
     OPT_CONFIG | OPT_COLLATERAL | OPT_AS | OPT_AT | OPT_IMAGE | OPT_AGAINST | OPT_CPUS |
         OPT_MEMORY | OPT_QEMU | OPT_ACPI | OPT_LOG | OPT_HTML | OPT_SVG | OPT_ROOT,
     1, 1, verb_explain},
    {"version", "", "version and libraries", 0, 0, 0, verb_version},
};
#define NUM_VERBS (sizeof verbs / sizeof *verbs)

static const struct verb *verb_of(const char *name)
{
    for (size_t i = 0; i < NUM_VERBS; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    /* The two options that stand for a verb. */
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        return verb_of("version");
    return NULL;
}

/* help: of one verb, or (NULL) of all. */
static int help(const struct verb *verb)
{
    if (verb)
        cli_help_verb(verb);
    else
        cli_help(verbs, NUM_VERBS);
    return output_finish(0);
}

static int run(struct arena *a, int argc, char **argv)
{
    struct err err = {0};
    struct cli cli;
    bool json = cli_wants_json(argc, argv);
    const struct verb *verb = argc > 1 ? verb_of(argv[1]) : NULL;
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return help(NULL);
    if (!verb && argc > 1)
        err_set(&err, BG_USAGE_VERB, "%s", argv[1]);
    else if (!verb)
        err_set(&err, BG_USAGE_NO_VERB, "%s", "");
    else if (cli_parse(argc - 1, argv + 1, verb, &cli, &err) == RC_OK)
        return cli.help ? help(verb) : verb->run(a, &cli);
    return output_error(json, false, &err);
}

int main(int argc, char **argv)
{
    bool narrow = environment_narrow();
    output_prepare();
    /* Large areas (16 MiB of EVM memory a call) come fresh and untouched from the kernel each time:
     * glibc would otherwise keep the first and clear all of it for the next. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
    struct err err = {0};
    struct arena *a = arena_new(LIMIT_ARENA);
    if (!narrow || !a) {
        err_set(&err, BG_MAIN_MEMORY, "%s", "");
        return output_error(cli_wants_json(argc, argv), false, &err);
    }
    int status = run(a, argc, argv);
    arena_free(a);
    return status;
}
