/*
 * cli: the command line. A table of verbs; one set of options, of which each verb names those it
 * takes: an option that a verb would ignore is refused.
 */
#ifndef BOOTGATE_AGENT_CLI_H
#define BOOTGATE_AGENT_CLI_H

#include "base/arena.h"

#define CLI_SVG_MAX 7

enum cli_color { COLOR_AUTO = 0, COLOR_ALWAYS, COLOR_NEVER };

/* Options a verb may take, as bits. --json -v -q -h --color are taken by all. */
enum cli_option {
    OPT_CONFIG = 1u << 0,
    OPT_BUNDLE = 1u << 1,
    OPT_COLLATERAL = 1u << 2,
    OPT_BOOT_INFO = 1u << 3,
    OPT_AS = 1u << 4,
    OPT_AT = 1u << 5,
    OPT_OFFLINE = 1u << 6,
    OPT_SAVE_BUNDLE = 1u << 7,
    OPT_ROOT = 1u << 8, /* test build only */
    OPT_OUTPUT = 1u << 9,
    OPT_MR = 1u << 10,
    OPT_SEED = 1u << 11,
    OPT_WRAP = 1u << 12,
    OPT_RAISE = 1u << 13,
    OPT_TARGET = 1u << 14,
    OPT_TCTI = 1u << 15, /* test build only */
    OPT_KEY = 1u << 16,
    OPT_SLOT = 1u << 17,
    OPT_BLOCK_ROOT = 1u << 18,
    OPT_DAYS = 1u << 19,
    OPT_CHECKPOINT = 1u << 20,
    OPT_TIMEOUT = 1u << 21,
    OPT_CPUS = 1u << 22,
    OPT_MEMORY = 1u << 23,
    OPT_QEMU = 1u << 24,
    OPT_ACPI = 1u << 25,
    OPT_LOG = 1u << 26,
    OPT_LITE = 1u << 27,
    OPT_IMAGE = 1u << 28,
    OPT_AGAINST = 1u << 29,
    OPT_EARLY = 1u << 30,
    OPT_REPORT_DATA = 1u << 31,
    OPT_GUEST_ROOT = UINT64_C(1) << 32, /* test build only */
    OPT_HTML = UINT64_C(1) << 33,
    OPT_SVG = UINT64_C(1) << 34, /* up to CLI_SVG_MAX times */
};

struct cli {
    uint64_t given; /* OPT_ bits */
    const char *config, *bundle, *collateral, *boot_info, *as, *mr, *save_bundle, *root, *output;
    const char *seed, *wrap, *target, *tcti, *key, *slot, *block_root, *days, *checkpoint;
    const char *cpus, *memory, *qemu, *acpi, *log, *lite, *image, *against;
    const char *report_data, *guest_root, *html;
    const char *svg[CLI_SVG_MAX]; /* NAME=FILE */
    size_t num_svg;
    uint64_t at, timeout; /* Unix seconds; seconds */
    bool json, quiet, verbose, help;
    enum cli_color color;
    const char *const *args;
    int num_args;
};

struct verb {
    const char *name, *args, *help;
    uint64_t options; /* OPT_ bits it takes */
    int min_args, max_args;
    int (*run)(struct arena *a, const struct cli *cli); /* returns the exit status */
};

/* cli_parse reads argv (after the verb's name; argv[0] is the verb). argv is reordered. */
enum rc cli_parse(int argc, char **argv, const struct verb *verb, struct cli *out,
                  struct err *err) MUST_CHECK;
/* cli_wants_json: --json stands anywhere: for errors found before the options were read. */
bool cli_wants_json(int argc, char *const *argv);
/* cli_help_verb: one verb and the options that it takes. */
void cli_help_verb(const struct verb *verb);
/* cli_help prints the verbs and options. */
void cli_help(const struct verb *verbs, size_t n);

int verb_verify(struct arena *a, const struct cli *cli);
int verb_check(struct arena *a, const struct cli *cli);
int verb_chain(struct arena *a, const struct cli *cli);
int verb_fetch(struct arena *a, const struct cli *cli);
int verb_hash(struct arena *a, const struct cli *cli);
int verb_log(struct arena *a, const struct cli *cli);
int verb_diff(struct arena *a, const struct cli *cli);
int verb_tcb(struct arena *a, const struct cli *cli);
int verb_measure(struct arena *a, const struct cli *cli);
int verb_explain(struct arena *a, const struct cli *cli);
int verb_boot(struct arena *a, const struct cli *cli);
int verb_shut(struct arena *a, const struct cli *cli);
int verb_verity(struct arena *a, const struct cli *cli);
int verb_seal(struct arena *a, const struct cli *cli);
int verb_unseal(struct arena *a, const struct cli *cli);
int verb_checkpoint(struct arena *a, const struct cli *cli);
int verb_collect(struct arena *a, const struct cli *cli);
int verb_doctor(struct arena *a, const struct cli *cli);
int verb_version(struct arena *a, const struct cli *cli);

#endif
