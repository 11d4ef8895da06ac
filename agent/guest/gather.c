#include "agent/guest/gather.h"

#include <stdio.h>

#include "agent/build.h"
#include "agent/bundle.h"
#include "agent/guest/boot_files.h"
#include "agent/guest/own.h"
#include "agent/guest/place.h"

/* may: everything that is read below, and nothing else (agent/sandbox.h). */
static enum rc may(struct arena *a, const struct guest_config *c, struct gather *g, struct err *err)
{
    bool own = c->measure == MEASURE_OWN;
    const struct sandbox_path all[GATHER_PATHS] = {
        {TSM_REPORTS, true}, /* where it makes its folder */
        {TD_DEVICE, true},
        {TD_MEASUREMENTS, false},
        {CCEL_TABLE, false},
        {CCEL_DATA, false},
        {own ? OWN_COPY : c->host_shared, false},
        {own ? OWN_LOG : c->runtime_log, false},
        {c->host_bundle, false},
    };
    for (size_t i = 0; i < GATHER_PATHS; i++) {
        if (!all[i].path)
            continue;
        const char *path = arena_printf(a, err, "%s%s", c->root ? c->root : "", all[i].path);
        if (!path)
            return err->rc;
        g->may[g->num_may++] = (struct sandbox_path){path, all[i].write};
    }
    return RC_OK;
}

enum rc gather_init(struct arena *a, const struct config *c, const uint8_t report_data[static 64],
                    const char *entry, uint64_t deadline_ms, struct gather *out, struct err *err)
{
    const struct guest_config *guest = &c->guest;
    struct gather g = {.config = c, .report_data = report_data};
    g.tsm = (struct tsm){.root = guest->root, .deadline_ms = deadline_ms};
    g.device = (struct td_device){.root = guest->root, .socket = -1};
    g.qgs = (struct qgs_link){
        .cid = guest->qgs_cid, .port = guest->qgs_port, .socket = -1, .deadline_ms = deadline_ms};
    (void)snprintf(g.tsm.entry, sizeof g.tsm.entry, "%s", entry);
    TRY(may(a, guest, &g, err));
    *out = g;
    return RC_OK;
}

void gather_open(struct gather *g)
{
    const char *root = g->config->guest.root;
    if (root && build_guest_socket) {
        g->device.socket = build_guest_socket(root, "tdx_guest.sock");
        g->qgs.socket = build_guest_socket(root, "qgs.sock");
        g->qgs.port = 0; /* the machine's own is not meant */
    }
}

/* quote: by configfs-tsm; where that has none, from the host's service by vsock. What failed first
 * is what is to be mended. */
static enum rc quote(struct arena *a, const struct gather *g, struct bytes *out, struct err *err)
{
    uint8_t report[LOCAL_REPORT_SIZE];
    struct err first = {0}, second = {0};
    enum rc rc = tsm_quote(a, &g->tsm, g->report_data, out, &first);
    if (rc == RC_OK)
        return RC_OK;
    if (tsm_gave_nothing(rc) &&
        td_device_report(&g->device, g->report_data, report, &second) == RC_OK &&
        qgs_link_quote(a, &g->qgs, report, out, &second) == RC_OK)
        return RC_OK;
    *err = first;
    if (second.rc != RC_OK) {
        char *both = arena_printf(a, err, "%s; by vsock: BG-%04d %s", first.detail, (int)second.rc,
                                  second.detail);
        if (!both)
            return err->rc;
        (void)snprintf(err->detail, sizeof err->detail, "%s", both);
    }
    return err->rc;
}

/* files: existing: the boot was measured by dstack, and its log and files are there. own: measured
 * by us, from a copy, which stands for the host's directory from then on. predict: not measured. */
static enum rc files(struct arena *a, const struct gather *g, struct evidence *ev, struct err *err)
{
    const struct guest_config *c = &g->config->guest;
    const char *dir = c->measure == MEASURE_OWN ? OWN_COPY : c->host_shared;
    const char *log = c->measure == MEASURE_OWN ? OWN_LOG : c->runtime_log;
    TRY(ccel_collect(a, c->root, &ev->ccel, err));
    TRY(host_share_collect(a, c->root, dir, &ev->vm_config, &ev->app_compose, err));
    if (c->measure == MEASURE_PREDICT)
        return instance_info_collect(a, c->root, dir, &ev->instance_info, err);
    return runtime_log_collect(a, c->root, log, &ev->runtime_events, err);
}

/* collateral: wished for only: what does not come may be elsewhere, or will be missed later. */
static void collateral(struct arena *a, const struct gather *g, struct bundle *b)
{
    struct collateral c;
    struct err ignored = {0};
    if (g->config->guest.collateral.n == 0 &&
        qgs_link_collateral(a, &g->qgs, b->evidence.quote, &c, &ignored) == RC_OK)
        (void)!bundle_set_collateral(a, b, &c, &ignored);
}

static enum rc evidence(struct arena *a, const struct gather *g, struct evidence *ev,
                        struct err *err)
{
    uint8_t *report = arena_alloc(a, LOCAL_REPORT_SIZE, err);
    if (!report)
        return err->rc;
    TRY(quote(a, g, &ev->quote, err));
    TRY(files(a, g, ev, err));
    TRY(td_device_report(&g->device, g->report_data, report, err));
    TRY(td_device_registers(a, g->config->guest.root, report, err));
    ev->format = EVIDENCE_BUNDLE;
    ev->td_report = bytes_of(report, LOCAL_REPORT_SIZE);
    return RC_OK;
}

enum rc gather_text(struct arena *a, const struct gather *g, struct bytes *out, struct err *err)
{
    AUTO_BUNDLE b = {0};
    TRY(bundle_init(&b, err));
    TRY(evidence(a, g, &b.evidence, err));
    b.has_evidence = true;
    collateral(a, g, &b);
    return bundle_text(a, &b, out, err);
}

enum rc gather_host_bundle(struct arena *a, const struct gather *g, struct bytes *out,
                           struct err *err)
{
    const struct guest_config *c = &g->config->guest;
    struct err why = {0};
    *out = BYTES_NONE;
    if (!c->host_bundle)
        return RC_OK;
    enum rc rc = place_read(a, c->root, c->host_bundle, LIMIT_HOST_BUNDLE, out, &why);
    if (rc != RC_OK && rc != BG_GUEST_FILE_ABSENT)
        *err = why;
    return rc == BG_GUEST_FILE_ABSENT ? RC_OK : rc;
}
