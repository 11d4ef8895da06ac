/*
 * doctor: what is missing on this machine for a decision, and how to fix it. Each device and file
 * is tried in a process of its own, confined as the collecting one is, with a time limit: whatever
 * hangs or is garbled is a finding. Nothing is decided and nothing is authenticated here.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/build.h"
#include "agent/child.h"
#include "agent/clock.h"
#include "agent/collect.h"
#include "agent/guest/boot_files.h"
#include "agent/guest/gather.h"
#include "agent/measured.h"
#include "agent/output.h"
#include "base/limits.h"

#define PROBE_SECONDS 20u
#define FINDINGS_MAX  16u
#define TPM_DEVICE    "/dev/tpmrm0"
#define CA_FILE       "/etc/ssl/certs/ca-certificates.crt"
/* The newest part that everything rests on: configfs-tsm came with Linux 6.7. */
#define KERNEL_MAJOR 6u
#define KERNEL_MINOR 7u
/* No machine's clock that is right shows less: 2025-01-01. */
#define CLOCK_LEAST UINT64_C(1735689600)

enum state { STATE_OK, STATE_OPTIONAL, STATE_MISSING };

struct finding {
    const char *id, *what; /* what was seen, or what is wrong */
    const char *fix;       /* NULL: nothing to do */
    enum rc code;          /* RC_OK: none */
    enum state state;
};

struct doctor {
    struct arena *a;
    const struct cli *cli;
    struct config config;
    struct gather gather;
    uint8_t report_data[REPORT_DATA];
    struct finding v[FINDINGS_MAX];
    size_t n;
    bool have_quote;
};

static void add(struct doctor *d, struct finding f)
{
    if (d->n < FINDINGS_MAX)
        d->v[d->n++] = f;
}

static const char *copy(struct doctor *d, const char *text)
{
    struct err err = {0};
    const char *p = arena_printf(d->a, &err, "%s", text);
    return p ? p : "";
}

/* add_error: what a code of ours says, and its next step. */
static void add_error(struct doctor *d, const char *id, bool needed, const struct err *e,
                      const char *absent)
{
    const struct err_info *info = err_info_of((int)e->rc);
    struct err err = {0};
    struct finding f = {.id = id, .code = e->rc, .state = needed ? STATE_MISSING : STATE_OPTIONAL};
    f.what = info && e->detail[0] ? arena_printf(d->a, &err, "%s: %s", info->text, e->detail)
             : info               ? info->text
                                  : "unknown";
    f.fix = e->rc == BG_GUEST_FILE_ABSENT && absent ? absent : info ? info->hint : NULL;
    add(d, f);
}

/* --- probes, each in a child --- */

static enum rc probe_report(struct doctor *d, struct err *err)
{
    uint8_t report[LOCAL_REPORT_SIZE];
    struct local_report parsed;
    TRY(td_device_report(&d->gather.device, d->report_data, report, err));
    return local_report_parse(BYTES_OF_ARRAY(report), &parsed, err);
}

static enum rc probe_quote(struct doctor *d, struct err *err)
{
    struct bytes raw = BYTES_NONE;
    struct quote q;
    TRY(tsm_quote(d->a, &d->gather.tsm, d->report_data, &raw, err));
    return quote_parse(raw, &q, err);
}

static enum rc probe_qgs(struct doctor *d, struct err *err)
{
    uint8_t report[LOCAL_REPORT_SIZE];
    struct bytes raw = BYTES_NONE;
    struct quote q;
    TRY(td_device_report(&d->gather.device, d->report_data, report, err));
    TRY(qgs_link_quote(d->a, &d->gather.qgs, report, &raw, err));
    return quote_parse(raw, &q, err);
}

static enum rc probe_ccel(struct doctor *d, struct err *err)
{
    struct bytes area = BYTES_NONE;
    return ccel_collect(d->a, d->config.guest.root, &area, err);
}

static enum rc probe_share(struct doctor *d, struct err *err)
{
    struct bytes vm_config = BYTES_NONE, compose = BYTES_NONE;
    return host_share_collect(d->a, d->config.guest.root, d->config.guest.host_shared, &vm_config,
                              &compose, err);
}

static enum rc probe_log(struct doctor *d, struct err *err)
{
    struct bytes events = BYTES_NONE;
    return runtime_log_collect(d->a, d->config.guest.root, d->config.guest.runtime_log, &events,
                               err);
}

struct probe {
    const char *id, *good, *absent; /* absent: what to do where a file is not there */
    enum rc (*try)(struct doctor *d, struct err *err);
};

struct probing {
    struct doctor *d;
    const struct probe *p;
};

static bool before_probe(void *ctx)
{
    gather_open(&((const struct probing *)ctx)->d->gather);
    return true;
}

static bool run_probe(void *ctx)
{
    const struct probing *p = ctx;
    struct err err = {0};
    (void)!p->p->try(p->d, &err);
    return child_write_err(0, &err);
}

static bool run_cleanup(void *ctx)
{
    tsm_remove(&((const struct probing *)ctx)->d->gather.tsm);
    return true;
}

/* in_child: *why is how the probe ended, or why there is no telling. */
static void in_child(struct doctor *d, const struct probe *p, struct err *why)
{
    uint64_t seconds = d->cli->timeout ? d->cli->timeout : PROBE_SECONDS;
    struct watch w = {clock_ms() + seconds * UINT64_C(1000), -1};
    struct probing ctx = {d, p};
    struct child child = {.what = p->id,
                          .role = SANDBOX_COLLECT,
                          .paths = d->gather.may,
                          .num_paths = d->gather.num_may,
                          .before = before_probe,
                          .run = run_probe,
                          .ctx = &ctx,
                          .n = 1,
                          .cap = {CHILD_ERR_MAX},
                          .stdout_flow = -1};
    struct bytes said[CHILD_FLOWS];
    d->gather.tsm.deadline_ms = d->gather.qgs.deadline_ms = w.deadline_ms;
    if (child_run(d->a, &child, &w, said, why) == RC_OK) {
        if (!child_read_err(said[0], why))
            err_set(why, BG_DOCTOR_FLOW, "%s", p->id);
        return;
    }
    struct err ignored = {0};
    child.before = NULL;
    child.run = run_cleanup;
    child.n = 0;
    w.deadline_ms = clock_ms() + 1000;
    (void)!child_run(d->a, &child, &w, said, &ignored);
}

static bool try_probe(struct doctor *d, const struct probe *p, bool needed)
{
    struct err why = {0};
    in_child(d, p, &why);
    if (why.rc == RC_OK)
        add(d, (struct finding){.id = p->id, .what = p->good});
    else
        add_error(d, p->id, needed, &why, p->absent);
    return why.rc == RC_OK;
}

/* A quote from either place will do. */
static void quotes(struct doctor *d)
{
    static const struct probe by_tsm = {"quote", "configfs-tsm gives one", NULL, probe_quote};
    static const struct probe by_qgs = {"quote.vsock", "the quote generation service gives one",
                                        NULL, probe_qgs};
    struct err tsm = {0}, qgs = {0};
    in_child(d, &by_tsm, &tsm);
    in_child(d, &by_qgs, &qgs);
    if (tsm.rc == RC_OK)
        add(d, (struct finding){.id = by_tsm.id, .what = by_tsm.good});
    else
        add_error(d, by_tsm.id, qgs.rc != RC_OK, &tsm, NULL);
    if (qgs.rc == RC_OK)
        add(d, (struct finding){.id = by_qgs.id, .what = by_qgs.good});
    else
        add_error(d, by_qgs.id, false, &qgs, NULL);
}

/* --- what needs no child --- */

static void kernel(struct doctor *d)
{
    struct utsname u;
    unsigned long major = 0, minor = 0;
    struct finding f = {.id = "kernel", .what = "unknown"};
    if (uname(&u) == 0) {
        char *dot = NULL;
        f.what = copy(d, u.release);
        major = strtoul(u.release, &dot, 10);
        minor = *dot == '.' ? strtoul(dot + 1, NULL, 10) : 0;
    }
    if (major < KERNEL_MAJOR || (major == KERNEL_MAJOR && minor < KERNEL_MINOR)) {
        f.state = STATE_OPTIONAL;
        f.fix = "use Linux 6.7 or later, with CONFIG_TDX_GUEST_DRIVER and CONFIG_TSM_REPORTS: "
                "before, quotes come by vsock only";
    }
    add(d, f);
}

static void machine_clock(struct doctor *d)
{
    struct finding f = {.id = "clock", .what = "not from before this program was made"};
    if (clock_now() < (build_floor > CLOCK_LEAST ? build_floor : CLOCK_LEAST))
        f = (struct finding){.id = "clock",
                             .what = "the machine's clock shows a time long past",
                             .fix = "set it before the gate starts: chrony with NTS, or the "
                                    "host's real-time clock",
                             .state = STATE_MISSING};
    add(d, f);
}

static bool has_https(const struct url_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (strncmp(l->v[i], "https:", 6) == 0)
            return true;
    return false;
}

static void certificates(struct doctor *d)
{
    const struct config *c = &d->config;
    bool https = has_https(&c->rpc) || has_https(&c->beacon) || has_https(&c->checkpoints) ||
                 has_https(&c->guest.collateral);
    struct finding f = {.id = "ca_certificates", .what = CA_FILE};
    if (access(CA_FILE, R_OK) != 0)
        f = (struct finding){.id = "ca_certificates",
                             .what = CA_FILE " cannot be read",
                             .fix = "install the package ca-certificates: https needs it",
                             .state = https ? STATE_MISSING : STATE_OPTIONAL};
    add(d, f);
}

static void tpm(struct doctor *d)
{
    struct finding f = {.id = "tpm", .what = TPM_DEVICE};
    if (access(TPM_DEVICE, R_OK | W_OK) != 0)
        f = (struct finding){.id = "tpm",
                             .what = TPM_DEVICE " cannot be used",
                             .fix = "give the machine a TPM 2.0 (QEMU: -tpmdev), and run as root",
                             .state = d->config.release ? STATE_MISSING : STATE_OPTIONAL};
    add(d, f);
}

static void configuration(struct doctor *d)
{
    struct bytes text = BYTES_NONE;
    struct err err = {0};
    bool chain = d->config.chain.source != CHAIN_SOURCE_NONE;
    add(d, (struct finding){
               .id = "config",
               .what = !d->config.loaded ? "there is none"
                       : chain           ? config_source_name(d->config.chain.source)
                                         : "no contract is configured",
               .fix = chain ? NULL : "write one with a member chain: bootgate(5) has examples",
               .state = chain ? STATE_OK : STATE_MISSING});
    if (measured_read(d->a, build_boot_config, &text, &err) == RC_OK)
        add(d, (struct finding){.id = "config.measured", .what = build_boot_config});
    else
        add_error(d, "config.measured", false, &err, NULL);
}

static void collateral(struct doctor *d)
{
    bool some = d->config.guest.collateral.n != 0;
    add(d, (struct finding){.id = "collateral",
                            .what = some ? d->config.guest.collateral.v[0] : "no URL is configured",
                            .fix = some ? NULL
                                        : "set collateral in the configuration to a PCS or PCCS, "
                                          "unless the quote generation service has it",
                            .state = some ? STATE_OK : STATE_OPTIONAL});
}

static void examine(struct doctor *d)
{
    static const struct probe report = {"td_report", "the TDX module gives one", NULL,
                                        probe_report};
    static const struct probe ccel = {"ccel", "the firmware's event log is there",
                                      "boot with TDX's firmware (TDVF), and a kernel that shows "
                                      "ACPI tables in sysfs",
                                      probe_ccel};
    static const struct probe share = {"host_share", "vm_config and app-compose.json are there",
                                       "mount what dstack's host shares, or name the directory in "
                                       "guest.host_shared of the configuration",
                                       probe_share};
    static const struct probe log = {"runtime_log", "dstack's events are there",
                                     "start after dstack's setup, or name its log in "
                                     "guest.runtime_log of the configuration",
                                     probe_log};
    kernel(d);
    (void)try_probe(d, &report, true);
    quotes(d);
    (void)try_probe(d, &ccel, true);
    (void)try_probe(d, &share, true);
    (void)try_probe(d, &log, d->config.guest.measure == MEASURE_EXISTING);
    machine_clock(d);
    certificates(d);
    collateral(d);
    tpm(d);
    configuration(d);
}

/* --- output --- */

static const char *state_name(enum state s)
{
    return s == STATE_OK ? "ok" : s == STATE_OPTIONAL ? "optional" : "missing";
}

static void print_json(const struct doctor *d, bool whole)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->n; i++) {
        const struct finding *f = &d->v[i];
        json_t *o = json_pack("{s:s,s:s,s:s*,s:s*}", "id", f->id, "state", state_name(f->state),
                              "what", f->what, "fix", f->fix);
        char code[16];
        (void)snprintf(code, sizeof code, "BG-%04d", (int)f->code);
        if (o && f->code != RC_OK)
            (void)json_object_set_new(o, "code", json_string(code));
        (void)json_array_append_new(list, o);
    }
    output_json(json_pack("{s:i,s:b,s:o}", "schema", 1, "complete", whole, "findings", list));
}

static void print_text(const struct doctor *d, bool whole)
{
    static const char *const marks[2][3] = {{"ok", "-", "NO"}, {"\u2713", "\u2013", "\u2717"}};
    struct style st = output_style(d->cli);
    printf("%s\n", whole ? "this machine has what a decision needs"
                         : "this machine lacks what a decision needs");
    for (size_t i = 0; i < d->n; i++) {
        const struct finding *f = &d->v[i];
        printf("  %s  %-16s ", marks[st.unicode][f->state], f->id);
        text_safe(stdout, bytes_of_str(f->what));
        if (f->code != RC_OK)
            printf(" (BG-%04d)", (int)f->code);
        putchar('\n');
        if (f->fix)
            printf("      %-16s %s: %s\n", "", f->state == STATE_MISSING ? "Fix" : "If needed",
                   f->fix);
    }
}

static enum rc prepare(struct doctor *d, struct err *err)
{
    TRY(config_load_any(d->a, d->cli->config, &d->config, err));
    d->config.guest.root = d->cli->guest_root;
    TRY(collect_report_data(&d->config, d->report_data, err));
    return gather_init(d->a, &d->config, d->report_data, "bootgate-doctor", 0, &d->gather, err);
}

int verb_doctor(struct arena *a, const struct cli *cli)
{
    struct doctor d = {.a = a, .cli = cli};
    struct err err = {0};
    bool whole = true;
    if (prepare(&d, &err) != RC_OK)
        return output_error(cli->json, cli->quiet, &err);
    examine(&d);
    for (size_t i = 0; i < d.n; i++)
        whole = whole && d.v[i].state != STATE_MISSING;
    if (cli->json && !cli->quiet)
        print_json(&d, whole);
    else if (!cli->quiet)
        print_text(&d, whole);
    return output_finish(whole ? 0 : 4);
}
