#include "agent/report.h"

enum rc report_code(const struct report *r)
{
    const struct check *failed = checks_failed(&r->checks);
    if (r->err.rc != RC_OK)
        return r->err.rc;
    if (r->question == ASK_NONE && failed)
        return failed->code;
    if (r->question == ASK_NONE ? r->td != NULL : verdict_is_allow(&r->verdict))
        return RC_OK;
    return r->verdict.code != RC_OK ? r->verdict.code : BG_REPORT_NO_VERDICT;
}

bool report_yes(const struct report *r)
{
    return report_code(r) == RC_OK && !checks_failed(&r->checks);
}

static const char *yes_reason(const struct report *r)
{
    if (r->question == ASK_NONE)
        return "the quote is authentic, and no policy switch objects";
    if (r->kind == VERDICT_QUERY)
        return "the contract says yes, proven";
    if (r->kind == VERDICT_PREDICTION)
        return "authentic so far, and allowed by the contract as far as can be predicted";
    return "authentic, and allowed by the contract";
}

const char *report_reason(const struct report *r)
{
    enum rc code = report_code(r);
    if (code == RC_OK)
        return yes_reason(r);
    if (r->err.rc == RC_OK && r->question != ASK_NONE && r->verdict.reason && r->verdict.reason[0])
        return r->verdict.reason;
    const struct err_info *info = err_info_of((int)code);
    return info ? info->text : "unknown code";
}

int report_exit_status(const struct report *r)
{
    if (!report_yes(r)) {
        int status = err_exit_status(report_code(r));
        return status ? status : 70; /* a no never leaves as 0 */
    }
    switch (r->kind) {
    case VERDICT_LIVE:
    case VERDICT_QUERY:
        return 0;
    case VERDICT_REPLAY:
    case VERDICT_PREDICTION:
        break;
    }
    return 10;
}

size_t report_anchors(const struct report *r, struct anchor out[static REPORT_ANCHORS_MAX])
{
    const char *root = r->test_root ? "test-root" : "intel-sgx-root";
    size_t n = 0;
    if (r->td) {
        out[n++] = (struct anchor){"td", root, "signed"};
        out[n++] = (struct anchor){"tcb_status", root, "signed"};
        out[n++] = (struct anchor){"device_id", root, "signed"};
    }
    if (r->boot_info && r->boot_info_given) {
        out[n++] = (struct anchor){"boot_info", "argument", "unproven"};
    } else if (r->boot_info) {
        bool proven = r->image && r->image->proven;
        const char *by = r->predicted ? "host" : root;
        const char *how = r->predicted ? "predicted" : "replayed";
        if (!r->predicted || !r->predicted->mr_aggregated_unknown)
            out[n++] = (struct anchor){"mr_aggregated", by, how};
        out[n++] = (struct anchor){"os_image_hash", proven ? root : "host",
                                   proven ? "reproduced" : "host-stated"};
        out[n++] = (struct anchor){"app_id", r->app_id_pinned ? "config" : "host-chosen",
                                   r->app_id_pinned ? "pinned" : how};
        if (r->image && r->image->has_acpi)
            out[n++] = (struct anchor){"acpi", r->acpi_pinned ? "config" : "host",
                                       r->acpi_pinned ? "pinned" : "host-stated"};
    }
    bool committee = r->chain && r->chain->head && r->chain->head->by_light_client;
    if (r->chain && r->net.near) {
        out[n++] = (struct anchor){"contract", "near-block-producers", r->chain->assurance};
        out[n++] = (struct anchor){"contract_code", "rpc-nodes", "unproven"};
        out[n++] = (struct anchor){"checkpoint", r->net.start_anchor, "given"};
    } else if (r->chain)
        out[n++] = (struct anchor){
            "contract", committee ? "sync-committee" : "block-hash-in-config", r->chain->assurance};
    if (committee)
        out[n++] = (struct anchor){"checkpoint", r->net.start_anchor,
                                   r->net.signed_by ? "signed" : "given"};
    return n;
}

enum rc report_note(struct arena *a, struct report *r, const char *what, const struct err *why,
                    struct err *err)
{
    return driver_note(a, &r->net, what, why, err);
}

const char *boot_view_as(enum boot_view v)
{
    if (v == BOOT_VIEW_APP)
        return "app";
    return v == BOOT_VIEW_KMS ? "kms" : NULL;
}

const char *boot_view_mr(enum boot_view v)
{
    if (v == BOOT_VIEW_APP)
        return "boot";
    return v == BOOT_VIEW_KMS ? "run" : NULL;
}

void report_vouch(struct report *r, enum freshness f)
{
    if (r->freshness < f)
        r->freshness = f;
}

const char *freshness_name(enum freshness f)
{
    switch (f) {
    case FRESH_NONCE:
        return "nonce";
    case FRESH_AUTHENTICATED_TIME:
        return "authenticated-time";
    case FRESH_FLOOR:
        return "floor";
    case FRESH_HOST_CLOCK:
        break;
    }
    return "host-clock";
}

const char *verdict_kind_name(enum verdict_kind k)
{
    switch (k) {
    case VERDICT_LIVE:
        return "live";
    case VERDICT_REPLAY:
        return "replay";
    case VERDICT_PREDICTION:
        return "prediction";
    case VERDICT_QUERY:
        break;
    }
    return "query";
}

/* age: of something issued then; a clock that is behind makes it 0. */
static unsigned long long days(uint64_t now, uint64_t from)
{
    return now > from ? (now - from) / 86400u : 0;
}

const char *report_collateral(struct arena *a, const struct report *r, struct err *err)
{
    const struct collateral_facts *f = &r->collateral;
    const char *line = "";
    for (size_t i = 0; line && i < f->n; i++) {
        const struct collateral_fact *one = &f->v[i];
        /* Where the next one has the same source, that is said once, behind the last of them. */
        bool last = i + 1 == f->n || strcmp(one->source, f->v[i + 1].source) != 0;
        line = arena_printf(a, err, "%s%s%s %llu d%s%s", line, i ? ", " : "",
                            collateral_doc_name(one->doc), days(r->now, one->from),
                            last ? " from " : "", last ? one->source : "");
    }
    return line;
}
