#include "agent/cli.h"

#include <getopt.h>
#include <stdio.h>

#include "agent/build.h"
#include "agent/clock.h"

enum { ID_COLOR = 256, ID_JSON, ID_FIRST_OPT };

struct option_row {
    const char *name;
    int takes_argument;
    uint64_t bit; /* OPT_ bit; 0: taken by every verb */
    int id;       /* what getopt_long returns */
    const char *help;
};

#define ROW(name, arg, bit, help)                                                                  \
    {                                                                                              \
        name, arg, bit, ID_FIRST_OPT + __builtin_ctzll(bit), help                                  \
    }
static const struct option_row rows[] = {
    ROW("config", 1, OPT_CONFIG, "FILE    configuration (bootgate(5))"),
    ROW("bundle", 1, OPT_BUNDLE, "FILE    evidence, collateral and chain answers in one file"),
    ROW("collateral", 1, OPT_COLLATERAL, "FILE    DCAP collateral"),
    ROW("boot-info", 1, OPT_BOOT_INFO, "FILE    a bootAuth request, instead of evidence"),
    ROW("as", 1, OPT_AS, "app|kms whose boot is asked about"),
    ROW("mr", 1, OPT_MR, "boot|run: measurements up to boot-mr-done, or of the whole log"),
    ROW("at", 1, OPT_AT, "TIME    judge as of this time, Unix seconds or RFC 3339"),
    ROW("offline", 0, OPT_OFFLINE, "        fetch nothing"),
    ROW("checkpoint", 1, OPT_CHECKPOINT, "FILE    a signed checkpoint to begin at"),
    ROW("timeout", 1, OPT_TIMEOUT, "SECONDS for all of the network, 1 to 3600; 120 without it"),
    ROW("save-bundle", 1, OPT_SAVE_BUNDLE, "FILE    write all that the decision used"),
    {"output", 1, OPT_OUTPUT, 'o', "FILE    where the result goes; - for standard output"},
    ROW("seed", 1, OPT_SEED, "FILE    the seed, 32 bytes, instead of a new one"),
    ROW("wrap", 1, OPT_WRAP, "FILE    a secret to wrap under the new key"),
    ROW("raise", 0, OPT_RAISE, "        raise the version counter: older seeds are retired"),
    ROW("target", 1, OPT_TARGET, "FILE    where the seed goes: a new file in memory"),
    ROW("key", 1, OPT_KEY, "FILE    a signer's secret key, 32 bytes or their hex; mode 0400"),
    ROW("slot", 1, OPT_SLOT, "N       slot of the beacon block to sign"),
    ROW("block-root", 1, OPT_BLOCK_ROOT, "HEX     its root"),
    ROW("days", 1, OPT_DAYS, "N       how long it is good, at most (and without this) 14"),
    {"memory", 1, OPT_MEMORY, 'm', "SIZE    the guest's memory: 2G, 4096M, or bytes"},
    {"cpus", 1, OPT_CPUS, 'c', "N       its CPUs; only the ACPI tables follow from them"},
    ROW("qemu", 1, OPT_QEMU, "VERSION of QEMU, such as 8.2.2; 9.1 without it"),
    ROW("acpi", 1, OPT_ACPI,
        "DIR     its ACPI tables; or D,D,D: digests of loader, RSDP and tables, hex"),
    ROW("log", 1, OPT_LOG, "FILE    an event log that has them, or evidence with one"),
    ROW("lite", 1, OPT_LITE, "FILE    write the measurement material (measurement.tdx.cbor)"),
    ROW("image", 1, OPT_IMAGE, "DIR     the image that was meant to boot"),
    ROW("against", 1, OPT_AGAINST,
        "FILE    what was expected: evidence, a log, a measurement, or an app-compose.json"),
    ROW("early", 0, OPT_EARLY, "        against the coming TCB set, too"),
    ROW("report-data", 1, OPT_REPORT_DATA, "HEX 64 bytes that the quote is to carry"),
    ROW("html", 1, OPT_HTML, "FILE    all pictures on one page"),
    ROW("svg", 1, OPT_SVG,
        "NAME=FILE one of them: ladder, diff, matrix, tcb, trust, validity, strip"),
    {"json", 0, 0, ID_JSON, "        the verdict as JSON, on failure too"},
    {"color", 1, 0, ID_COLOR, "WHEN    auto, always or never"},
    {"verbose", 0, 0, 'v', "        full values"},
    {"quiet", 0, 0, 'q', "        print nothing; the exit status tells"},
    {"help", 0, 0, 'h', "        this text"},
    /* Last, so that the release build can leave them out. */
    ROW("root", 1, OPT_ROOT, "FILE    another PKI root, DER (test build only)"),
    ROW("tcti", 1, OPT_TCTI, "NAME    another TPM, swtpm:host=..,port=.. (test build only)"),
    ROW("guest-root", 1, OPT_GUEST_ROOT, "DIR  stands for the guest (test build only)"),
};
#define NUM_ROWS (sizeof rows / sizeof *rows)

static size_t rows_in_use(void)
{
    return build_has_root_option ? NUM_ROWS : NUM_ROWS - 3;
}

static const struct option_row *row_of(int id)
{
    for (size_t i = 0; i < rows_in_use(); i++)
        if (rows[i].id == id)
            return &rows[i];
    return NULL;
}

static bool read_color(const char *word, enum cli_color *out)
{
    static const char *const words[] = {"auto", "always", "never"};
    for (size_t i = 0; i < 3; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = (enum cli_color)i;
            return true;
        }
    return false;
}

/* read_seconds: 1 to 3600, in plain digits. */
static bool read_seconds(const char *word, uint64_t *out)
{
    uint64_t v = 0;
    size_t n = strspn(word, "0123456789");
    if (n == 0 || n > 4 || word[n])
        return false;
    for (size_t i = 0; i < n; i++)
        v = 10 * v + (uint64_t)(word[i] - '0');
    *out = v;
    return v >= 1 && v <= 3600;
}

/* store_value keeps the argument of an option that has a bit. */
static enum rc store_value(struct cli *c, const struct option_row *row, const char *value,
                           struct err *err)
{
    if (c->given & row->bit && (row->bit != OPT_SVG || c->num_svg == CLI_SVG_MAX))
        return err_set(err, BG_USAGE_REPEATED, "--%s", row->name);
    c->given |= row->bit;
    switch ((enum cli_option)row->bit) {
    case OPT_CONFIG:
        c->config = value;
        break;
    case OPT_BUNDLE:
        c->bundle = value;
        break;
    case OPT_COLLATERAL:
        c->collateral = value;
        break;
    case OPT_BOOT_INFO:
        c->boot_info = value;
        break;
    case OPT_AS:
        c->as = value;
        break;
    case OPT_MR:
        c->mr = value;
        break;
    case OPT_SAVE_BUNDLE:
        c->save_bundle = value;
        break;
    case OPT_ROOT:
        c->root = value;
        break;
    case OPT_OUTPUT:
        c->output = value;
        break;
    case OPT_SEED:
        c->seed = value;
        break;
    case OPT_WRAP:
        c->wrap = value;
        break;
    case OPT_TARGET:
        c->target = value;
        break;
    case OPT_TCTI:
        c->tcti = value;
        break;
    case OPT_KEY:
        c->key = value;
        break;
    case OPT_SLOT:
        c->slot = value;
        break;
    case OPT_BLOCK_ROOT:
        c->block_root = value;
        break;
    case OPT_DAYS:
        c->days = value;
        break;
    case OPT_CPUS:
        c->cpus = value;
        break;
    case OPT_MEMORY:
        c->memory = value;
        break;
    case OPT_QEMU:
        c->qemu = value;
        break;
    case OPT_ACPI:
        c->acpi = value;
        break;
    case OPT_LOG:
        c->log = value;
        break;
    case OPT_LITE:
        c->lite = value;
        break;
    case OPT_IMAGE:
        c->image = value;
        break;
    case OPT_AGAINST:
        c->against = value;
        break;
    case OPT_REPORT_DATA:
        c->report_data = value;
        break;
    case OPT_GUEST_ROOT:
        c->guest_root = value;
        break;
    case OPT_HTML:
        c->html = value;
        break;
    case OPT_SVG:
        c->svg[c->num_svg++] = value;
        break;
    case OPT_CHECKPOINT:
        c->checkpoint = value;
        break;
    case OPT_TIMEOUT:
        if (!read_seconds(value, &c->timeout))
            return err_set(err, BG_USAGE_TIMEOUT, "%s", value);
        break;
    case OPT_AT:
        if (!clock_read(bytes_of_str(value), &c->at))
            return err_set(err, BG_USAGE_AT, "%s", value);
        break;
    case OPT_EARLY:
    case OPT_OFFLINE:
    case OPT_RAISE:
        break;
    }
    return RC_OK;
}

static enum rc store(struct cli *c, const struct verb *verb, int id, const char *value,
                     struct err *err)
{
    switch (id) {
    case 'v':
        c->verbose = true;
        return RC_OK;
    case 'q':
        c->quiet = true;
        return RC_OK;
    case 'h':
        c->help = true;
        return RC_OK;
    case ID_JSON:
        c->json = true;
        return RC_OK;
    case ID_COLOR:
        if (!read_color(value, &c->color))
            return err_set(err, BG_USAGE_COLOR, "%s", value);
        return RC_OK;
    default:
        break;
    }
    const struct option_row *row = row_of(id);
    if (!row || !(row->bit & verb->options))
        return err_set(err, BG_USAGE_NOT_FOR_VERB, "--%s with %s", row ? row->name : "?",
                       verb->name);
    return store_value(c, row, value, err);
}

enum rc cli_parse(int argc, char **argv, const struct verb *verb, struct cli *out, struct err *err)
{
    struct option table[NUM_ROWS + 1] = {0};
    for (size_t i = 0; i < rows_in_use(); i++)
        table[i] = (struct option){rows[i].name, rows[i].takes_argument, NULL, rows[i].id};
    struct cli c = {0};
    optind = 0; /* glibc: start anew */
    opterr = 0;
    for (int id; (id = getopt_long(argc, argv, ":o:c:m:vqh", table, NULL)) != -1;) {
        const char *word = argv[optind > 0 ? optind - 1 : 0];
        if (id == ':')
            return err_set(err, BG_USAGE_NO_VALUE, "%s", word);
        if (id == '?')
            return err_set(err, BG_USAGE_OPTION, "%s", word);
        TRY(store(&c, verb, id, optarg, err));
    }
    c.args = (const char *const *)(argv + optind);
    c.num_args = argc - optind;
    if (!c.help && (c.num_args < verb->min_args || c.num_args > verb->max_args))
        return err_set(err, BG_USAGE_ARGUMENTS, "%s %s; got %d argument%s", verb->name, verb->args,
                       c.num_args, c.num_args == 1 ? "" : "s");
    *out = c;
    return RC_OK;
}

bool cli_wants_json(int argc, char *const *argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            return true;
    return false;
}

/* options_help lists those of `options` and those that every verb takes. */
static void options_help(uint64_t options)
{
    printf("\noptions:\n");
    for (size_t i = 0; i < rows_in_use(); i++) {
        char letter[8] = "    ";
        if (rows[i].bit && !(rows[i].bit & options))
            continue;
        if (rows[i].id < 128)
            snprintf(letter, sizeof letter, "-%c, ", rows[i].id);
        printf("  %s--%-12s %s\n", letter, rows[i].name, rows[i].help);
    }
}

void cli_help_verb(const struct verb *verb)
{
    printf("usage: bootgate %s [OPTIONS]%s%s\n\n%s\n", verb->name, *verb->args ? " " : "",
           verb->args, verb->help);
    options_help(verb->options);
}

void cli_help(const struct verb *verbs, size_t n)
{
    printf("bootgate: is this machine, running this image and this app, allowed to boot by the "
           "on-chain policy?\n\nusage: bootgate VERB [OPTIONS] [FILE]\n\nverbs:\n");
    for (size_t i = 0; i < n; i++) {
        char head[40];
        snprintf(head, sizeof head, "%s  %s", verbs[i].name, verbs[i].args);
        printf("  %-21s %s\n", head, verbs[i].help);
    }
    options_help(~UINT64_C(0));
    printf("  -V, --version              version and libraries\n"
           "\nexit status: 0 yes, 1 denied, 2 usage, 3 undecided (network, collateral, chain),\n"
           "4 undecided (evidence), 5 undecided (clock), 6 allowed but the release failed,\n"
           "10 would be allowed, 70 internal. `bootgate VERB --help` lists a verb's options.\n"
           "Manual: bootgate(1), bootgate(5), bootgate(7).\n");
}
