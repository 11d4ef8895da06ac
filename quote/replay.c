/*
 * replay: from a parsed log to a trusted one. The log must explain all four registers of the
 * verified TD; then dstack's boot events are looked up, as far as nobody but dstack wrote them.
 */
#include "base/hex.h"
#include "quote/evlog_internal.h"

#define NO_LIMIT SIZE_MAX

static void short_hex(const uint8_t mr[48], char out[static 17])
{
    hex_encode(bytes_of(mr, 8), out);
}

enum rc evlog_match(const struct evlog *log, const uint8_t rtmr[4][48], struct err *err)
{
    bool any[4] = {false};
    for (size_t i = 0; i < log->n; i++)
        any[log->v[i].rtmr] = true;
    for (unsigned r = 0; r < 4; r++) {
        uint8_t got[48];
        char a[17], b[17];
        short_hex(rtmr[r], b);
        if (!any[r] && !mem_is_zero(rtmr[r], 48))
            return err_set(err, BG_REPLAY_NO_LOG, "no log for RTMR%u, quoted %s..", r, b);
        evlog_replay_register(log, r, NO_LIMIT, got);
        short_hex(got, a);
        if (memcmp(got, rtmr[r], 48) != 0)
            return err_set(err, BG_REPLAY_MISMATCH, "RTMR%u: replayed %s.., quoted %s..", r, a, b);
    }
    return RC_OK;
}

/* Payload widths: exactly `width`, or empty where `or_empty`; NO_LIMIT: any. */
enum known {
    SYSTEM_PREPARING,
    APP_ID,
    COMPOSE_HASH,
    INIT_SCRIPT_HASH,
    GPU_POLICY_HASH,
    INSTANCE_ID,
    BOOT_MR_DONE,
    OS_IMAGE_HASH,
    KEY_PROVIDER,
    STORAGE_FS,
    SYSTEM_READY,
    NUM_KNOWN
};

/* dstack-util system_setup (tdx facts 4.1); dstack-types MAX_INIT_SCRIPTS = 5. */
static const struct {
    const char *name;
    size_t width;
    unsigned most;
    bool or_empty;
} known[NUM_KNOWN] = {
    [SYSTEM_PREPARING] = {"system-preparing", 0, 1, false},
    [APP_ID] = {"app-id", 20, 1, false},
    [COMPOSE_HASH] = {"compose-hash", 32, 1, false},
    [INIT_SCRIPT_HASH] = {"init-script-hash", 32, 5, false},
    [GPU_POLICY_HASH] = {"gpu-policy-hash", 32, 1, false},
    [INSTANCE_ID] = {"instance-id", 20, 1, true},
    [BOOT_MR_DONE] = {"boot-mr-done", 0, 1, false},
    [OS_IMAGE_HASH] = {"os-image-hash", 32, 1, false},
    [KEY_PROVIDER] = {"key-provider", NO_LIMIT, 1, false},
    [STORAGE_FS] = {"storage-fs", NO_LIMIT, 1, false},
    [SYSTEM_READY] = {"system-ready", 0, 1, false},
};

static enum known find(struct bytes name)
{
    unsigned k = 0;
    while (k < NUM_KNOWN && !bytes_eq_str(name, known[k].name))
        k++;
    return (enum known)k;
}

static void keep(enum known k, const struct event *e, size_t position, struct evlog_facts *f)
{
    if (k == APP_ID)
        f->app_id = e->payload;
    else if (k == COMPOSE_HASH)
        f->compose_hash = e->payload;
    else if (k == INSTANCE_ID)
        f->instance_id = e->payload;
    else if (k == OS_IMAGE_HASH)
        f->os_image_hash = e->payload;
    else if (k == KEY_PROVIDER)
        f->key_provider = e->payload;
    else if (k == BOOT_MR_DONE)
        f->boot_mr_done = position;
    else if (k == SYSTEM_READY)
        f->system_ready = position;
    f->has_instance_id |= k == INSTANCE_ID;
    f->has_key_provider |= k == KEY_PROVIDER;
}

/*
 * The register vouches for digests and their order, not for names: an editor of the log may show a
 * dstack event as a foreign one with the same digest, or (encoding 1 hashes name ":" payload) move
 * the border between name and payload. Either would hide system-ready or app-id, and let the
 * application supply its own. So before system-ready both are refused. A log with no dstack event
 * at all in RTMR3 simply has no facts.
 */
static enum rc look_at(const struct event *e, size_t position, unsigned count[NUM_KNOWN],
                       struct evlog_facts *f, struct err *err)
{
    if (e->version == 1 && e->name.n && memchr(e->name.p, ':', e->name.n))
        return err_set(err, BG_REPLAY_AMBIGUOUS, "event %zu \"%.*s\"", position,
                       (int)(e->name.n < 40 ? e->name.n : 40), (const char *)e->name.p);
    enum known k = find(e->name);
    if (k == NUM_KNOWN)
        return RC_OK;
    if (++count[k] > known[k].most)
        return err_set(err, BG_REPLAY_DUPLICATE, "%s, more than %u before system-ready",
                       known[k].name, known[k].most);
    if (known[k].width != NO_LIMIT && e->payload.n != known[k].width &&
        !(known[k].or_empty && e->payload.n == 0))
        return err_set(err, BG_REPLAY_WIDTH, "%s has %zu bytes, not %zu", known[k].name,
                       e->payload.n, known[k].width);
    keep(k, e, position, f);
    return RC_OK;
}

enum rc evlog_lookup(const struct evlog *log, struct evlog_facts *out, struct err *err)
{
    struct evlog_facts f = {.log = log};
    unsigned count[NUM_KNOWN] = {0};
    size_t ours = 0, foreign = 0; /* positions, from 1 */
    for (size_t i = 0; i < log->n && !f.system_ready; i++) {
        const struct event *e = &log->v[i];
        if (e->rtmr != 3)
            continue;
        if (e->version)
            ours = i + 1;
        else
            foreign = i + 1;
        if (ours && foreign)
            return err_set(err, BG_REPLAY_FOREIGN, "event %zu, type 0x%x", foreign,
                           (unsigned)log->v[foreign - 1].type);
        if (e->version)
            TRY(look_at(e, i + 1, count, &f, err));
    }
    *out = f;
    return RC_OK;
}
