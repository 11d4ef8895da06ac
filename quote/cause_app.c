/* cause_app: RTMR3 and MRCONFIGID: what dstack measures of the app and of its own settings. */
#include "base/hash.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/keccak.h"
#include "quote/cause.h"
#include "quote/dstack.h"

#define ROWS_TOLD    8u
#define LOG_PATCHES  256u /* events of a log up to which each one is left out, or doubled */
#define PROVIDER_MAX 4096u

static struct bytes payload_of(const struct cause_side *side, const char *name)
{
    const struct diff_list *l = &side->reg[3].list;
    for (size_t i = 0; i < l->n; i++)
        if (bytes_eq_str(l->v[i].label, name))
            return l->v[i].payload;
    return BYTES_NONE;
}

static const char *text_of(struct arena *a, struct bytes b, size_t most, struct err *err)
{
    char *t =
        arena_printf(a, err, "%.*s", (int)(b.n < most ? b.n : most), b.n ? (const char *)b.p : "");
    for (char *c = t; c && *c; c++)
        if (*c < 0x20 || *c > 0x7e)
            *c = '?';
    return t;
}

/* ---- logs ------------------------------------------------------------------------------------ */

static void extend(uint8_t mr[static 48], const uint8_t digest[static 48])
{
    HASH_PARTS(hash_sha384_parts, mr, bytes_of(mr, 48), bytes_of(digest, 48));
}

static void replay(uint8_t mr[static 48], const struct diff_list *l, size_t from)
{
    for (size_t i = from; i < l->n; i++)
        extend(mr, l->v[i].digest);
}

static enum rc log_cause(struct arena *a, struct causes *out, unsigned rtmr, const char *id,
                         const char *why, const char *matches_if, const char *event,
                         struct err *err)
{
    if (!why || !matches_if)
        return err->rc;
    (void)a;
    causes_add(
        out, (struct cause){.id = id,
                            .confidence = CAUSE_PROVEN,
                            .registers = 1u << rtmr,
                            .event = event,
                            .order = 8,
                            .why = why,
                            .matches_if = matches_if,
                            .see = "Dstack-TEE/dstack#706",
                            .fix = "take log and quote again, together, while nothing extends the "
                                   "register; where it stays so, start the guest anew: register "
                                   "and log of this boot will never agree again"});
    return RC_OK;
}

static enum rc explain_log(struct arena *a, unsigned rtmr, const struct diff_register *g,
                           struct causes *out, struct err *err)
{
    const struct diff_list *l = &g->list;
    uint8_t mr[48] = {0}, got[48];
    for (size_t i = 0; i <= l->n; i++) {
        if (memcmp(mr, g->value, 48) == 0)
            return log_cause(a, out, rtmr, "log-ahead",
                             arena_printf(a, err,
                                          "RTMR%u: the log has %zu event%s more than the register "
                                          "was extended with",
                                          rtmr, l->n - i, l->n - i == 1 ? "" : "s"),
                             arena_printf(a, err, "the log ends after %zu events", i), NULL, err);
        if (i < l->n)
            extend(mr, l->v[i].digest);
    }
    out->tried += l->n;
    memset(mr, 0, sizeof mr);
    for (size_t i = 0; l->n <= LOG_PATCHES && i < l->n; extend(mr, l->v[i++].digest)) {
        const char *name = text_of(a, l->v[i].label, 64, err);
        out->tried += 2;
        memcpy(got, mr, 48);
        replay(got, l, i + 1);
        if (name && memcmp(got, g->value, 48) == 0)
            return log_cause(a, out, rtmr, "log-not-extended",
                             arena_printf(a, err,
                                          "RTMR%u: event %zu (%s) stands in the log, but the "
                                          "register was never extended with it",
                                          rtmr, i, name),
                             arena_printf(a, err, "event %zu is left out", i), name, err);
        memcpy(got, mr, 48);
        extend(got, l->v[i].digest);
        replay(got, l, i);
        if (name && memcmp(got, g->value, 48) == 0)
            return log_cause(a, out, rtmr, "log-extended-twice",
                             arena_printf(a, err,
                                          "RTMR%u: the register was extended with event %zu (%s) "
                                          "twice, the log has it once",
                                          rtmr, i, name),
                             arena_printf(a, err, "event %zu counts twice", i), name, err);
    }
    const char *why = arena_printf(a, err,
                                   "RTMR%u: the log does not lead to the quoted value, nor "
                                   "with one event more or less: it is of another boot, or events "
                                   "are missing",
                                   rtmr);
    if (!why)
        return err->rc;
    causes_add(out, (struct cause){.id = "log",
                                   .registers = 1u << rtmr,
                                   .order = 30,
                                   .why = why,
                                   .fix = "take log and quote again from one boot of the guest"});
    return RC_OK;
}

enum rc cause_log(struct arena *a, const struct cause_side *actual, struct causes *out,
                  struct err *err)
{
    for (unsigned r = 0; r < 4; r++) {
        const struct diff_register *g = &actual->reg[r];
        if (g->has_events && g->has_value && !g->replays)
            TRY(explain_log(a, r, g, out, err));
    }
    return RC_OK;
}

/* ---- two sides ------------------------------------------------------------------------------- */

static const struct {
    const char *event, *id, *why, *fix, *see;
    unsigned order;
} app_events[] = {
    {"compose-hash", "compose", "the app-compose.json is another one",
     "see what the two files differ in: `bootgate hash FILE OTHER`", "LIT-Protocol/chipotle#422",
     7},
    {"init-script-hash", "init-script", "an init script of the app-compose.json is another one",
     "compare the init scripts of the two files", NULL, 8},
    {"gpu-policy-hash", "gpu-policy", "the policy for GPUs is another one",
     "compare the GPU policies of the two deployments", NULL, 9},
    {"os-image-hash", "os-image", "the key server saw another image",
     "deploy the same image, or whitelist the other one's os_image_hash", NULL, 9},
    {"storage-fs", "storage", "the data disk has another file system",
     "deploy with the same storage_fs", NULL, 11},
    {"instance-id", "instance-id",
     "it is another instance of the app: each has an instance id of its own",
     "compare instances by compose hash and app id, not by RTMR3; or deploy with no_instance_id",
     NULL, 12},
};

static const char *provider_name(struct arena *a, struct bytes payload, struct bytes *out_id,
                                 json_t **keep, struct err *err)
{
    struct err ignored = {0};
    struct bytes name = BYTES_NONE;
    *out_id = BYTES_NONE;
    if (json_read(payload, PROVIDER_MAX, keep, &ignored) != RC_OK ||
        !json_str(*keep, "name", &name))
        return NULL;
    if (!json_str(*keep, "id", out_id))
        *out_id = BYTES_NONE;
    return text_of(a, name, 24, err);
}

static enum rc key_provider(struct arena *a, struct bytes want, struct bytes have,
                            struct causes *out, struct err *err)
{
    AUTO_JSON x = NULL;
    AUTO_JSON y = NULL;
    struct bytes id, other;
    const char *was = provider_name(a, want, &id, &x, err),
               *is = provider_name(a, have, &other, &y, err);
    struct cause c = {.id = "key-provider", .registers = 8, .event = "key-provider", .order = 9};
    c.confidence = CAUSE_STATED;
    if (was && is && strcmp(was, is) != 0) {
        c.why = arena_printf(a, err, "the keys come from \"%s\", expected was \"%s\"", is, was);
        c.fix = "deploy with the key provider that was meant (key_provider in app-compose.json)";
    } else if (was && is) {
        c.why =
            arena_printf(a, err,
                         "the keys come from another %s: its id is %.12s.., expected "
                         "was %.12s..",
                         is, other.n ? (const char *)other.p : "", id.n ? (const char *)id.p : "");
        c.fix = "each key provider has a key of its own: deploy against the same one, or expect "
                "this one's";
    } else {
        c.why = "the key provider is another one";
        c.fix = "compare the two key-provider events: `bootgate diff A B -v`";
    }
    if (!c.why)
        return err->rc;
    causes_add(out, c);
    return RC_OK;
}

static enum rc app_id(struct arena *a, const struct cause_side *expected,
                      const struct cause_side *actual, struct causes *out, struct err *err)
{
    struct bytes x = payload_of(expected, "app-id"), y = payload_of(actual, "app-id");
    struct bytes cx = payload_of(expected, "compose-hash"), cy = payload_of(actual, "compose-hash");
    bool by_x = x.n == 20 && cx.n == 32 && memcmp(x.p, cx.p, 20) == 0;
    bool by_y = y.n == 20 && cy.n == 32 && memcmp(y.p, cy.p, 20) == 0;
    (void)a;
    (void)err;
    if (by_x && by_y && !bytes_eq(cx, cy))
        return RC_OK; /* it follows from the compose hash, which is told */
    causes_add(
        out,
        (struct cause){
            .id = "app-id",
            .confidence = by_x != by_y ? CAUSE_PROVEN : CAUSE_STATED,
            .registers = 8,
            .event = "app-id",
            .order = 8,
            .matches_if = by_x && !by_y ? "the app id is the beginning of the compose hash" : NULL,
            .why = by_x && !by_y   ? "the app was deployed with an app id of its own, "
                                     "expected was the beginning of its compose hash"
                   : by_y && !by_x ? "the app has the beginning of its compose hash for an app id, "
                                     "expected was one that was given"
                                   : "the app has another app id",
            .fix = "deploy with the app id that is registered on chain"});
    return RC_OK;
}

static enum rc app_event(struct arena *a, const struct cause_side *expected,
                         const struct cause_side *actual, struct bytes label, bool both,
                         struct causes *out, struct err *err)
{
    const char *name = text_of(a, label, 64, err);
    if (!name)
        return err->rc;
    if (both && strcmp(name, "app-id") == 0)
        return app_id(a, expected, actual, out, err);
    if (both && strcmp(name, "key-provider") == 0)
        return key_provider(a, payload_of(expected, name), payload_of(actual, name), out, err);
    for (size_t i = 0; i < sizeof app_events / sizeof *app_events; i++)
        if (strcmp(name, app_events[i].event) == 0) {
            causes_add(out, (struct cause){.id = app_events[i].id,
                                           .confidence = CAUSE_STATED,
                                           .registers = 8,
                                           .event = app_events[i].event,
                                           .order = app_events[i].order,
                                           .why = app_events[i].why,
                                           .fix = app_events[i].fix,
                                           .see = app_events[i].see});
            return RC_OK;
        }
    const char *why = arena_printf(a, err, "RTMR3: the event %s %s", name,
                                   both ? "has another payload" : "is on one side only");
    if (!why)
        return err->rc;
    causes_add(out,
               (struct cause){.id = "app-event",
                              .confidence = CAUSE_STATED,
                              .registers = 8,
                              .event = name,
                              .order = 13,
                              .why = why,
                              .fix = "it is measured by what runs in the guest: compare the two "
                                     "with `bootgate diff A B -v`"});
    return RC_OK;
}

/* settled: inputs that must be the same, because an event that follows from them is. */
static unsigned settled(const struct cause_side *expected, const struct diff d[4], bool mrtd_same)
{
    unsigned same = mrtd_same ? INPUT_FIRMWARE : 0;
    for (unsigned r = 0; r < 3; r++)
        for (size_t i = 0; i < d[r].n; i++) {
            const struct diff_event *e = &expected->reg[r].list.v[d[r].rows[i].a];
            if (d[r].rows[i].op != DIFF_SAME)
                continue;
            if (e->inputs == INPUT_CMDLINE || e->inputs == INPUT_INITRD)
                same |= e->inputs;
            if (e->inputs == (INPUT_MEMORY | INPUT_FIRMWARE)) /* the TD HOB */
                same |= INPUT_MEMORY;
            if (e->inputs & INPUT_KERNEL)
                same |= INPUT_KERNEL;
        }
    return same;
}

static unsigned both_inputs(const struct diff_event *x, const struct diff_event *y)
{
    unsigned a = x ? x->inputs : 0, b = y ? y->inputs : 0;
    return a && b && (a & b) ? a & b : a | b;
}

static enum rc side_rows(struct arena *a, const struct cause_side *expected,
                         const struct cause_side *actual, unsigned rtmr, const struct diff *d,
                         unsigned same, struct causes *out, struct err *err)
{
    size_t told = 0;
    for (size_t i = 0; i < d->n && told < ROWS_TOLD; i++) {
        const struct diff_row *row = &d->rows[i];
        if (row->op == DIFF_SAME || row->op == DIFF_UNKNOWN)
            continue;
        const struct diff_event *x =
            row->op == DIFF_ADDED ? NULL : &expected->reg[rtmr].list.v[row->a];
        const struct diff_event *y =
            row->op == DIFF_REMOVED ? NULL : &actual->reg[rtmr].list.v[row->b];
        const struct diff_event *named = x ? x : y;
        if (!named)
            continue;
        told++;
        if (rtmr == 3) {
            TRY(app_event(a, expected, actual, named->label, x && y, out, err));
            continue;
        }
        unsigned all = both_inputs(x, y), left = all & ~same;
        const char *label = text_of(a, named->label, 64, err);
        if (!label)
            return err->rc;
        TRY(causes_by_inputs(a, out, rtmr, label,
                             x && y ? "is another one"
                             : x    ? "was not measured"
                                    : "was measured in addition",
                             left ? left : all, err));
    }
    return RC_OK;
}

static unsigned register_inputs(unsigned rtmr)
{
    return rtmr == 0   ? INPUT_MEMORY | INPUT_CPUS | INPUT_DEVICES | INPUT_QEMU | INPUT_FIRMWARE
           : rtmr == 1 ? INPUT_KERNEL | INPUT_INITRD | INPUT_MEMORY | INPUT_QEMU | INPUT_FIRMWARE
                       : INPUT_CMDLINE | INPUT_INITRD;
}

static const char *kind_name(const uint8_t id[static 48])
{
    static const char *const names[] = {"of an unknown kind", "zero", "version 1", "version 2",
                                        "version 3"};
    return names[mr_config_kind_of(id)];
}

static enum rc two_mr_configs(struct arena *a, const struct cause_side *expected,
                              const struct cause_side *actual, struct causes *out, struct err *err)
{
    const uint8_t *x = expected->mr_config_id, *y = actual->mr_config_id;
    if (!expected->has_mr_config || !actual->has_mr_config || memcmp(x, y, 48) == 0)
        return RC_OK;
    bool kind = mr_config_kind_of(x) != mr_config_kind_of(y);
    const char *why =
        kind ? arena_printf(a, err, "MRCONFIGID is %s, expected was %s", kind_name(y), kind_name(x))
             : arena_printf(a, err, "MRCONFIGID (%s) is of another app or key provider",
                            kind_name(y));
    if (!why)
        return err->rc;
    causes_add(out, (struct cause){.id = kind ? "mrconfigid-kind" : "mrconfigid",
                                   .confidence = CAUSE_STATED,
                                   .registers = CAUSE_MR_CONFIG,
                                   .order = 10,
                                   .why = why,
                                   .fix = kind ? "the host's VMM sets it: use the same version of "
                                                 "dstack-vmm, or expect the other kind"
                                               : "compare compose hash, app id and key provider of "
                                                 "the two"});
    return RC_OK;
}

enum rc cause_sides(struct arena *a, const struct cause_side *expected,
                    const struct cause_side *actual, bool labels_alike, struct causes *out,
                    struct err *err)
{
    struct diff d[4] = {{0}};
    bool mrtd = expected->has_mrtd && actual->has_mrtd;
    bool mrtd_same = mrtd && memcmp(expected->mrtd, actual->mrtd, 48) == 0;
    for (unsigned r = 0; r < 4; r++)
        if (expected->reg[r].has_events && actual->reg[r].has_events)
            TRY(diff_events(a, expected->reg[r].list, actual->reg[r].list, labels_alike || r == 3,
                            &d[r], err));
    unsigned same = settled(expected, d, mrtd_same);
    if (mrtd && !mrtd_same)
        causes_add(out,
                   (struct cause){.id = "inputs",
                                  .confidence = CAUSE_NARROWED,
                                  .registers = CAUSE_MRTD,
                                  .inputs = MRTD_INPUTS,
                                  .order = 20,
                                  .why = "MRTD: only the firmware, and the order in which QEMU "
                                         "adds its pages, reach it",
                                  .fix = "compare the SHA-256 of the two OVMF files and the "
                                         "QEMU versions; with the image at hand: --image DIR"});
    for (unsigned r = 0; r < 4; r++) {
        const struct diff_register *x = &expected->reg[r], *y = &actual->reg[r];
        if (x->has_events && y->has_events)
            TRY(side_rows(a, expected, actual, r, &d[r], same, out, err));
        else if (r < 3 && x->has_value && y->has_value && memcmp(x->value, y->value, 48) != 0)
            TRY(causes_by_inputs(a, out, r, NULL, "differs (not both sides have its events)",
                                 register_inputs(r) & ~(r == 2 ? 0 : same), err));
        else if (r == 3 && x->has_value && y->has_value && memcmp(x->value, y->value, 48) != 0)
            causes_add(
                out,
                (struct cause){.id = "app",
                               .registers = 8,
                               .order = 30,
                               .why = "RTMR3: it differs, and not both sides have a log: the cause "
                                      "is unknown",
                               .fix = "give evidence with an event log on both sides"});
    }
    return two_mr_configs(a, expected, actual, out, err);
}

/* ---- MRCONFIGID ------------------------------------------------------------------------------ */

enum rc cause_mr_config(struct arena *a, const struct cause_side *actual, struct bytes document,
                        struct causes *out, struct err *err)
{
    static const char *const kinds[] = {"none", "local-sgx", "kms", "tpm"};
    const uint8_t *id = actual->mr_config_id;
    struct bytes compose = payload_of(actual, "compose-hash"), app = payload_of(actual, "app-id"),
                 provider = payload_of(actual, "key-provider"), hex = BYTES_NONE;
    struct err why = {0};
    bool known = false;
    AUTO_JSON j = NULL;
    if (!actual->has_mr_config || !actual->reg[3].has_events || compose.n != 32 ||
        mr_config_check(id, compose, app, provider, document, &known, &why) == RC_OK)
        return RC_OK;
    struct cause c = {.id = "mrconfigid",
                      .confidence = CAUSE_NARROWED,
                      .registers = CAUSE_MR_CONFIG,
                      .order = 10};
    c.why = arena_printf(a, err, "MRCONFIGID is not what the log says: %s", why.detail);
    c.fix = "the VMM that started the guest was given another app-compose.json, app id or key "
            "provider than the guest found: deploy again from one file";
    uint8_t key[PROVIDER_MAX / 2];
    if (mr_config_kind_of(id) == MR_CONFIG_V2 && app.n == 20 &&
        provider_name(a, provider, &hex, &j, err) && hex.n / 2 <= sizeof key &&
        hex_decode(hex, key, hex.n / 2))
        for (unsigned k = 0; k < 8; k++) { /* each kind, with the id that is logged and with none */
            uint8_t got[32], kind = (uint8_t)(k / 2);
            struct bytes with = k % 2 ? BYTES_NONE : bytes_of(key, hex.n / 2);
            out->tried++;
            HASH_PARTS(keccak256_parts, got, compose, app, bytes_of(&kind, 1), with);
            if (memcmp(got, id + 1, 32) != 0)
                continue;
            c.confidence = CAUSE_PROVEN;
            c.id = "mrconfigid-provider";
            c.matches_if = arena_printf(a, err, "the key provider is \"%s\"%s", kinds[kind],
                                        k % 2 ? " without an id" : "");
            c.why = arena_printf(a, err,
                                 "the guest was started for the key provider \"%s\"%s, but got its "
                                 "keys from the one in its log",
                                 kinds[kind], k % 2 ? " without an id" : "");
            break;
        }
    if (!c.why)
        return err->rc;
    causes_add(out, c);
    return RC_OK;
}
