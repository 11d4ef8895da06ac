#include "agent/decision.h"

#include <string.h>

#include "agent/build.h"
#include "agent/clock.h"
#include "agent/child.h"
#include "agent/fetch_shut.h"
#include "agent/file.h"
#include "agent/output.h"
#include "agent/session.h"
#include "base/cur.h"
#include "base/hash.h"

#define MAGIC    "bootgate/verdict/v1\n"
#define ALLOWED  0x5a
#define SPARE_MS 5000u

/* What the child hands back. */
enum flow { RECORD, KEEP, REPORT, FLOWS };

_Static_assert(sizeof MAGIC - 1 == 20, "the record's first member");

static uint8_t *put(uint8_t *at, const void *p, size_t n)
{
    memcpy(at, p, n);
    return at + n;
}

static uint8_t *put_be(uint8_t *at, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    return at + n;
}

static uint64_t take_be(struct cur *c, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | cur_u8(c);
    return v;
}

void decision_encode(const struct decision *d, uint8_t out[static DECISION_RECORD])
{
    uint8_t *at = put(out, MAGIC, sizeof MAGIC - 1);
    at = put_be(at, d->allow ? ALLOWED : 0, 1);
    at = put_be(at, d->view, 1);
    at = put_be(at, d->status, 2);
    at = put_be(at, d->code, 4);
    at = put_be(at, d->time, 8);
    at = put_be(at, d->chain_id, 8);
    at = put(at, d->kms_contract, sizeof d->kms_contract);
    at = put(at, d->app_id, sizeof d->app_id);
    at = put(at, d->block_hash, sizeof d->block_hash);
    at = put(at, d->mr_aggregated, sizeof d->mr_aggregated);
    (void)put(at, d->config_sha256, sizeof d->config_sha256);
}

bool decision_decode(struct bytes record, struct decision *out)
{
    struct cur c = cur_of(record);
    struct decision d = {0};
    bool magic = bytes_eq_str(cur_take(&c, sizeof MAGIC - 1), MAGIC);
    uint8_t say = cur_u8(&c);
    d.view = cur_u8(&c);
    d.status = (uint16_t)take_be(&c, 2);
    d.code = (uint32_t)take_be(&c, 4);
    d.time = take_be(&c, 8);
    d.chain_id = take_be(&c, 8);
    cur_copy(&c, d.kms_contract, sizeof d.kms_contract);
    cur_copy(&c, d.app_id, sizeof d.app_id);
    cur_copy(&c, d.block_hash, sizeof d.block_hash);
    cur_copy(&c, d.mr_aggregated, sizeof d.mr_aggregated);
    cur_copy(&c, d.config_sha256, sizeof d.config_sha256);
    d.allow = say == ALLOWED;
    if (!magic || !cur_done(&c) || (say != ALLOWED && say != 0) || d.view > 2)
        return false;
    /* A yes has no code and status 0, a no has both. */
    if (d.allow != (d.code == 0) || d.allow != (d.status == 0))
        return false;
    *out = d;
    return true;
}

void decision_contract(const struct config *c, uint8_t out[static 20])
{
    const struct near_config *n = &c->near.client;
    uint8_t text[3 * 64 + 2], digest[SHA256_LEN], *at = text;
    memcpy(out, c->chain.kms_contract, 20);
    if (c->chain.source != CHAIN_NEAR)
        return;
    at = put(at, c->near.network_id, strlen(c->near.network_id)); /* each is at most 64 long */
    *at++ = 0;
    at = put(at, n->contract_id.p, n->contract_id.n);
    *at++ = 0;
    if (n->app_account.n)
        at = put(at, n->app_account.p, n->app_account.n);
    hash_sha256(bytes_of(text, (size_t)(at - text)), digest);
    memcpy(out, digest, 20);
}

bool decision_answers(const struct config *c, const struct decision *d)
{
    uint8_t contract[20];
    decision_contract(c, contract);
    return d->chain_id == c->chain.chain_id &&
           memcmp(d->kms_contract, contract, sizeof d->kms_contract) == 0 &&
           memcmp(d->config_sha256, c->sha256, sizeof d->config_sha256) == 0 &&
           (!d->allow || !c->has_app_id || memcmp(d->app_id, c->app_id, sizeof d->app_id) == 0);
}

static void of_config(const struct config *c, uint64_t time, struct decision *d)
{
    *d = (struct decision){.time = time, .chain_id = c->chain.chain_id};
    decision_contract(c, d->kms_contract);
    memcpy(d->config_sha256, c->sha256, sizeof d->config_sha256);
}

/* no_of: status and code of a no; neither can be those of a yes. */
static void no_of(enum rc code, struct decision *d)
{
    int status = err_exit_status(code);
    d->code = code != RC_OK ? (uint32_t)code : (uint32_t)BG_DECISION_NONE;
    d->status = status != 0 ? (uint16_t)status : 70;
}

void decision_failed(const struct config *c, uint64_t time, enum rc code, struct decision *out)
{
    of_config(c, time, out);
    no_of(code, out);
}

/* --- in the child --- */

static void of_report(const struct config *c, const struct report *r, struct decision *d)
{
    of_config(c, r->now, d);
    d->view = r->question == ASK_APP ? 1 : r->question == ASK_KMS ? 2 : 0;
    d->allow = r->kind == VERDICT_LIVE && report_yes(r) && verdict_is_allow(&r->verdict);
    if (!d->allow)
        no_of(report_code(r), d);
    if (r->boot_info) {
        memcpy(d->app_id, r->boot_info->app_id, sizeof d->app_id);
        memcpy(d->mr_aggregated, r->boot_info->mr_aggregated, sizeof d->mr_aggregated);
    }
    if (r->chain)
        memcpy(d->block_hash, r->chain->block_hash, sizeof d->block_hash);
}

/* Behind the record: how far the chain was seen, position and checkpoint. */
#define SEEN 16u

static bool write_record(const struct decision *d, const struct store_floor *seen)
{
    uint8_t out[DECISION_RECORD + SEEN];
    decision_encode(d, out);
    (void)put_be(put_be(out + DECISION_RECORD, seen->slot, 8), seen->checkpoint, 8);
    return child_write(RECORD, BYTES_OF_ARRAY(out));
}

/* For the store: lengths of the floor and of the collateral, four bytes each, these two, the
 * answers. */
#define KEEP_HEAD 8u
#define KEEP_MAX  (KEEP_HEAD + STORE_FLOOR_MAX + STORE_COLLATERAL_MAX + STORE_LIGHT_MAX)

static bool write_keep(const struct store_files *keep)
{
    uint8_t head[KEEP_HEAD];
    if (!keep->floor.n && !keep->collateral.n)
        return true;
    (void)put_be(put_be(head, keep->floor.n, 4), keep->collateral.n, 4);
    return child_write(KEEP, BYTES_OF_ARRAY(head)) && child_write(KEEP, keep->floor) &&
           child_write(KEEP, keep->collateral) && child_write(KEEP, keep->light);
}

/* network_deadline leaves the child time to say which nodes failed before it is killed. */
static uint64_t network_deadline(uint64_t deadline_ms)
{
    uint64_t now = clock_ms(), left = deadline_ms > now ? deadline_ms - now : 0;
    uint64_t spare = left / 5 < SPARE_MS ? left / 5 : SPARE_MS;
    uint64_t most = LIMIT_RUN_SECONDS * UINT64_C(1000);
    return now + (left - spare < most ? left - spare : most);
}

/* struct job: what the child is to do. */
struct job {
    struct arena *a;
    const struct cli *cli;
    const struct decision_input *in;
    struct style style;
    uint64_t deadline_ms;
    struct session session;
    bool open; /* the session is; its report says why not */
};

/* given adds what was collected to what the session read: the bytes are parsed here only. */
static enum rc given(struct session *s, const struct collected *got, struct err *err)
{
    if (!got)
        return RC_OK;
    s->input.report_data = got->report_data;
    TRY(bundle_add_text(s->a, &s->bundle, got->evidence, "what was collected", err));
    return got->host_bundle.n ? bundle_add_host(s->a, &s->bundle, got->host_bundle, err) : RC_OK;
}

/* prepare: before this process is confined. Files are opened only as far as the command line names
 * them, which only the test build's boot lets it do. */
static bool prepare(void *ctx)
{
    struct job *job = ctx;
    struct session *s = &job->session;
    struct err lacks = {0};
    if (session_open_config(s, job->a, job->cli, GATE_CHECK, VERDICT_LIVE, job->in->config) ==
            RC_OK &&
        fetch_shut_in(job->a, &s->report.err) == RC_OK) {
        (void)!sandbox_kernel(&lacks);
        job->open = report_note(job->a, &s->report, "the sandbox", &lacks, &s->report.err) == RC_OK;
    }
    return true;
}

/* floor_of: what the TPM says of the chain. One that was never raised, and says nothing, bounds
 * nothing (DESIGN section 3). */
static const struct store_floor *floor_of(const struct report_tpm *tpm, struct report *r,
                                          struct store_floor *floor)
{
    if (!tpm || !tpm->has_floor)
        return NULL;
    *floor = (struct store_floor){tpm->floor_position, tpm->floor_checkpoint};
    if (tpm->floor_binds && floor->slot)
        report_vouch(r, FRESH_FLOOR);
    return floor;
}

/* boot_log: what the parent found before it took the seed. */
static void boot_log(struct session *s, const struct report_tpm *tpm)
{
    struct err later = {0};
    struct check c = {.id = "boot_log",
                      .status = tpm->boot_log ? CHECK_PASS : CHECK_UNKNOWN,
                      .code = tpm->boot_log ? RC_OK : BG_BOOT_LOG_NOT_JUDGED,
                      .actual = tpm->boot_log ? tpm->boot_log : "not judged",
                      .source = "TCG PC Client Platform Firmware Profile 1.06"};
    if (checks_add(s->a, &s->report.checks, c, &later) != RC_OK && s->report.err.rc == RC_OK)
        s->report.err = later;
}

static bool decide(void *ctx)
{
    struct job *job = ctx;
    const struct config *config = job->in->config;
    struct session *s = &job->session;
    struct store_floor floor = {0};
    struct decision d;
    if (job->open && given(s, job->in->collected, &s->report.err) == RC_OK) {
        s->input.stored = config->store ? job->in->stored : NULL;
        s->input.floor_time = build_floor;
        s->input.floor = floor_of(job->in->tpm, &s->report, &floor);
        if (job->in->time) /* more than a floor says */
            session_set_time(s, job->in->time);
        s->input.deadline_ms = network_deadline(job->deadline_ms);
        (void)!gate_run(job->a, &s->input, &s->report); /* the report holds the result */
    }
    s->report.tpm = job->in->tpm;
    if (job->in->tpm)
        boot_log(s, job->in->tpm);
    s->report.key_protection = release_key_protection(config->release);
    if (job->cli->json)
        output_json(verdict_json(&s->report));
    else
        verdict_text(stdout, &job->style, &s->report);
    of_report(config, &s->report, &d);
    bool whole = output_finish(0) == 0 && write_keep(&s->report.net.keep) &&
                 write_record(&d, &s->report.net.floor);
    bundle_free(&s->bundle);
    return whole;
}

/* --- in the parent --- */

/* split_keep: false: it is not what write_keep writes. */
static bool split_keep(struct bytes b, struct store_files *out)
{
    struct cur c = cur_of(b);
    if (b.n == 0)
        return true;
    size_t floor = (size_t)take_be(&c, 4), collateral = (size_t)take_be(&c, 4);
    out->floor = cur_take(&c, floor);
    out->collateral = cur_take(&c, collateral);
    out->light = cur_rest(&c);
    return cur_done(&c) && (floor || collateral) && floor <= STORE_FLOOR_MAX &&
           collateral <= STORE_COLLATERAL_MAX && out->light.n <= STORE_LIGHT_MAX &&
           (floor || !out->light.n);
}

/* split_record: false: it is not what write_record writes. */
static bool split_record(struct bytes b, struct decided *out)
{
    struct cur c = cur_of(b);
    struct bytes record = cur_take(&c, DECISION_RECORD);
    out->floor.position = take_be(&c, 8);
    out->floor.checkpoint = take_be(&c, 8);
    return cur_done(&c) && out->floor.position <= INT64_MAX && out->floor.checkpoint <= INT64_MAX &&
           decision_decode(record, &out->decision);
}

enum rc decision_run(struct arena *a, const struct cli *cli, const struct decision_input *in,
                     const struct watch *w, struct decided *out, struct err *err)
{
    struct job job = {
        .a = a, .cli = cli, .in = in, .style = output_style(cli), .deadline_ms = w->deadline_ms};
    struct child child = {.what = "the decision",
                          .role = SANDBOX_DECIDE,
                          .run = decide,
                          .before = prepare,
                          .ctx = &job,
                          .n = FLOWS,
                          .cap = {[RECORD] = DECISION_RECORD + SEEN,
                                  [KEEP] = in->config->store ? KEEP_MAX : 0,
                                  [REPORT] = DECISION_REPORT_MAX},
                          .stdout_flow = REPORT};
    struct bytes said[CHILD_FLOWS];
    TRY(child_run(a, &child, w, said, err));
    struct decided d = {.report = said[REPORT]};
    if (!split_record(said[RECORD], &d) || !split_keep(said[KEEP], &d.keep))
        return err_set(err, BG_DECISION_RECORD, "%zu and %zu bytes", said[RECORD].n, said[KEEP].n);
    *out = d;
    return RC_OK;
}
