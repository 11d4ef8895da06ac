/*
 * collect -o FILE: evidence of the guest that this runs in, as a bundle, for another machine to
 * look at. It decides nothing. --report-data binds the quote to whatever somebody else asked for.
 */
#include "agent/clock.h"
#include "agent/collect_live.h"
#include "agent/output.h"
#include "base/hex.h"
#include "base/limits.h"

struct part {
    const char *name;
    size_t n;
};
#define PARTS 7u

static void parts_of(const struct bundle *b, struct part out[static PARTS])
{
    const struct evidence *e = &b->evidence;
    const struct part all[PARTS] = {
        {"quote", e->quote.n},
        {"td_report", e->td_report.n},
        {"ccel", e->ccel.n},
        {"runtime_events", e->runtime_events.n},
        {"vm_config", e->vm_config.n},
        {"app_compose", e->app_compose.n},
        {"collateral", b->has_collateral ? json_dumpb(b->collateral_json, NULL, 0, 0) : 0},
    };
    memcpy(out, all, sizeof all);
}

static void print_json(const struct cli *cli, const struct part *parts, const char *report_data)
{
    json_t *evidence = json_object();
    for (size_t i = 0; i < PARTS; i++)
        (void)json_object_set_new(evidence, parts[i].name, json_integer((json_int_t)parts[i].n));
    output_json(json_pack("{s:i,s:s,s:s,s:o}", "schema", 1, "file", cli->output, "report_data",
                          report_data, "bytes", evidence));
}

static void print_text(const struct cli *cli, FILE *f, const struct part *parts,
                       const char *report_data)
{
    fprintf(f, "collected: %s\n", cli->output);
    for (size_t i = 0; i < PARTS; i++)
        if (parts[i].n)
            fprintf(f, "  %-16s %zu bytes\n", parts[i].name, parts[i].n);
    fprintf(f, "  %-16s %s\n  next: bootgate verify %s\n", "report_data", report_data, cli->output);
}

static enum rc collect(struct arena *a, const struct cli *cli, struct bundle *b,
                       struct collected *got, struct err *err)
{
    struct config config;
    uint8_t data[REPORT_DATA];
    if (!cli->output)
        return err_set(err, BG_COLLECT_NO_OUTPUT, "%s", "");
    if (cli->json && strcmp(cli->output, "-") == 0)
        return err_set(err, BG_COLLECT_TWO_OUTPUTS, "%s", "-o - with --json");
    if (cli->report_data && !hex_decode_0x(bytes_of_str(cli->report_data), data, sizeof data))
        return err_set(err, BG_COLLECT_REPORT_DATA, "%zu characters", strlen(cli->report_data));
    TRY(config_load_any(a, cli->config, &config, err));
    config.guest.root = cli->guest_root;
    uint64_t seconds = cli->timeout ? cli->timeout : LIMIT_RUN_SECONDS;
    TRY(collect_live(a, &config, cli->report_data ? data : NULL,
                     clock_ms() + seconds * UINT64_C(1000), b, got, err));
    return bundle_write(a, b, cli->output, err);
}

int verb_collect(struct arena *a, const struct cli *cli)
{
    AUTO_BUNDLE b = {0};
    struct collected got = {0};
    struct part parts[PARTS];
    struct err err = {0};
    char report_data[2 * REPORT_DATA + 1];
    if (bundle_init(&b, &err) != RC_OK || collect(a, cli, &b, &got, &err) != RC_OK)
        return output_error(cli->json, cli->quiet, &err);
    parts_of(&b, parts);
    hex_encode(BYTES_OF_ARRAY(got.report_data), report_data);
    if (cli->json && !cli->quiet)
        print_json(cli, parts, report_data);
    else if (!cli->quiet)
        print_text(cli, strcmp(cli->output, "-") == 0 ? stderr : stdout, parts, report_data);
    return output_finish(0);
}
