#define _GNU_SOURCE
#include "agent/collect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "agent/child.h"
#include "agent/clock.h"
#include "agent/guest/gather.h"
#include "agent/guest/place.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/limits.h"

#define TAG        "bootgate/quote/v1"
#define ENTRY      "bootgate-"
#define CLEANUP_MS 1000u
#define SPARE_MS   1000u

enum flow { EVIDENCE, ERROR, HOST_BUNDLE, FLOWS };

enum rc collect_report_data(const struct config *c, uint8_t out[static REPORT_DATA],
                            struct err *err)
{
    uint8_t text[sizeof TAG - 1 + 32 + sizeof c->sha256], *at = text;
    memcpy(at, TAG, sizeof TAG - 1);
    at += sizeof TAG - 1;
    if (getrandom(at, 32, 0) != 32)
        return err_set(err, BG_COLLECT_RANDOM, "%s", strerror(errno));
    memcpy(at + 32, c->sha256, sizeof c->sha256);
    hash_sha512(BYTES_OF_ARRAY(text), out);
    return RC_OK;
}

/* struct job: what the child is to do. */
struct job {
    struct arena *a;
    struct gather gather;
};

static bool before(void *ctx)
{
    gather_open(&((struct job *)ctx)->gather);
    return true;
}

/* --- in the child --- */

static bool run(void *ctx)
{
    struct job *j = ctx;
    struct bytes text = BYTES_NONE, host = BYTES_NONE;
    struct err err = {0};
    enum rc rc = gather_text(j->a, &j->gather, &text, &err);
    if (rc == RC_OK)
        rc = gather_host_bundle(j->a, &j->gather, &host, &err);
    if (rc == RC_OK && text.n > COLLECT_MAX)
        rc = err_set(&err, BG_COLLECT_LARGE, "%zu bytes, at most %u", text.n, COLLECT_MAX);
    if (rc == RC_OK && !(child_write(EVIDENCE, text) && child_write(HOST_BUNDLE, host)))
        return false;
    return child_write_err(ERROR, &err);
}

static bool clean_up(void *ctx)
{
    const struct job *j = ctx;
    tsm_remove(&j->gather.tsm);
    return true;
}

/* --- in the parent --- */

static void entry_away(struct arena *a, struct job *j)
{
    struct watch w = {clock_ms() + CLEANUP_MS, -1};
    struct child child = {.what = "the report folder",
                          .role = SANDBOX_COLLECT,
                          .paths = j->gather.may,
                          .num_paths = j->gather.num_may,
                          .only_paths = true,
                          .run = clean_up,
                          .ctx = j,
                          .stdout_flow = -1};
    struct bytes none[CHILD_FLOWS];
    struct err ignored = {0};
    (void)!child_run(a, &child, &w, none, &ignored);
}

static enum rc in_child(struct arena *a, struct job *j, const struct watch *w,
                        struct collected *out, struct err *err)
{
    struct child child = {
        .what = "the evidence",
        .role = SANDBOX_COLLECT,
        .paths = j->gather.may,
        .num_paths = j->gather.num_may,
        .only_paths = true,
        .before = before,
        .run = run,
        .ctx = j,
        .n = FLOWS,
        .cap = {[EVIDENCE] = COLLECT_MAX,
                [ERROR] = CHILD_ERR_MAX,
                [HOST_BUNDLE] = j->gather.config->guest.host_bundle ? LIMIT_HOST_BUNDLE : 0},
        .stdout_flow = -1};
    struct bytes said[CHILD_FLOWS];
    struct err why = {0};
    enum rc rc = child_run(a, &child, w, said, &why);
    if (rc != RC_OK)
        entry_away(a, j);
    if (rc == BG_WATCH_DEADLINE)
        return err_set(err, BG_COLLECT_DEADLINE, "%s", "the kernel or the host did not answer");
    if (rc != RC_OK) {
        *err = why;
        return rc;
    }
    if (!child_read_err(said[ERROR], &why) || (why.rc == RC_OK) != (said[EVIDENCE].n != 0))
        return err_set(err, BG_COLLECT_FLOW, "%zu bytes of evidence", said[EVIDENCE].n);
    if (why.rc != RC_OK) {
        *err = why;
        return err->rc;
    }
    out->evidence = said[EVIDENCE];
    out->host_bundle = said[HOST_BUNDLE];
    return RC_OK;
}

/* time_to_say: the child has to say what did not answer before it is killed. */
static uint64_t time_to_say(uint64_t deadline_ms)
{
    uint64_t now = clock_ms(), left = deadline_ms > now ? deadline_ms - now : 0;
    return deadline_ms - (left / 4 < SPARE_MS ? left / 4 : SPARE_MS);
}

enum rc collect_with(struct arena *a, const struct config *c, const struct watch *w,
                     struct collected *out, struct err *err)
{
    out->evidence = out->host_bundle = BYTES_NONE;
    struct watch own = *w;
    uint64_t latest = clock_ms() + COLLECT_SECONDS * UINT64_C(1000);
    struct job j = {.a = a};
    char name[TSM_ENTRY] = ENTRY;
    if (own.deadline_ms > latest)
        own.deadline_ms = latest;
    /* Of its own for every try, and known to us: to be taken away if the child is killed. */
    hex_encode(bytes_of(out->report_data, 8), name + sizeof ENTRY - 1);
    TRY(gather_init(a, c, out->report_data, name, time_to_say(own.deadline_ms), &j.gather, err));
    return in_child(a, &j, &own, out, err);
}

enum rc collect_run(struct arena *a, const struct config *c, const struct watch *w,
                    struct collected *out, struct err *err)
{
    TRY(collect_report_data(c, out->report_data, err));
    return collect_with(a, c, w, out, err);
}

bool collect_moved(enum rc rc)
{
    return rc == BG_LOCAL_REPORT_MOVED || rc == BG_RTMR_MOVED;
}

bool collect_possible(const struct config *c)
{
    AUTO_CLOSE tsm = place_open(c->guest.root, TSM_REPORTS, O_PATH);
    AUTO_CLOSE device = place_open(c->guest.root, TD_DEVICE, O_PATH);
    return c->guest.root || tsm >= 0 || device >= 0;
}
